"""The server as a whole: its introduction, its robustness, and its secrets."""

import logging
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver.exceptions import UnexpectedResourceError
from mcp_types import ResourceTemplateReference
from pydantic import SecretStr

from conftest import FAST, KEY, Mode, make_settings
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.output import saving
from gemini_interactions_mcp.server import context
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.server.tools.table import TOOLS
from gemini_interactions_mcp.text import rendering
from journaling import join_connection_threads
from reading import LEGACY, call, complaint, id_of, newest, note, text_of
from wired import PATIENCE

INDEX = "gemini://interactions"
NEEDING_A_KEY: list[tuple[str, dict[str, Any]]] = [
    ("gemini_ask", {"prompt": "hi"}),
    ("gemini_ask", {"prompt": "hi", "store": False}),
    ("gemini_continue", {"prompt": "hi", "previous_interaction_id": "v1_x"}),
    ("analyze_file", {"prompt": "hi", "files": ["https://example.com/a.pdf"]}),
    ("generate_image", {"prompt": "hi"}),
    ("start_research", {"prompt": "hi"}),
    ("check_research", {"interaction_id": "v1_x"}),
    ("cancel_research", {"interaction_id": "v1_x"}),
    ("read_interaction", {"interaction_id": "v1_x"}),
]


def crash(*_: object, **__: object) -> Any:
    """Fail as a bug in this server would."""
    raise ZeroDivisionError("a secret of the server")


async def test_the_server_says_who_it_is_in_both_eras(client: Client, mode: Mode) -> None:
    assert client.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
    assert client.server_info
    assert (client.server_info.name, client.server_info.version) == ("gemini-interactions-mcp", __version__)
    assert client.server_info.title == "Gemini Interactions"


@pytest.mark.slow
async def test_the_instructions_name_only_tools_that_exist_and_the_flow_of_ids(client: Client) -> None:
    said = client.instructions or ""
    tools = [tool.name for tool in (await client.list_tools()).tools]
    assert len(said) <= 2000
    named = [line[2:].partition(":")[0] for line in said.splitlines() if line.startswith("- ")]
    assert {name for names in named for name in names.split(", ")} <= set(tools)
    assert "interaction_id" in said
    assert "never ask the same again" in said


async def test_the_server_offers_tools_resources_prompts_and_completions(client: Client) -> None:
    offered = client.server_capabilities
    assert offered.tools
    assert offered.prompts
    assert offered.completions
    assert offered.resources
    assert offered.resources.subscribe


@pytest.mark.slow
@LEGACY
async def test_tools_are_titled_hinted_and_listed_in_order(client: Client) -> None:
    tools = (await client.list_tools()).tools
    hints = {
        tool.name: (
            tool.annotations.read_only_hint,
            tool.annotations.destructive_hint,
            tool.annotations.idempotent_hint,
            tool.annotations.open_world_hint,
        )
        for tool in tools
        if tool.annotations
    }
    assert list(hints.items()) == [
        *((name, (False, False, False, True)) for name in ("gemini_ask", "gemini_continue", "analyze_file")),
        *((name, (False, False, False, True)) for name in ("generate_image", "generate_audio", "generate_video")),
        ("start_research", (False, False, False, True)),
        ("check_research", (True, False, False, True)),
        ("cancel_research", (False, True, True, True)),
        ("manage_store", (False, True, False, True)),
        ("list_interactions", (True, False, True, False)),
        ("read_interaction", (True, False, False, True)),
        ("delete_interaction", (False, True, True, True)),
    ]
    assert all(tool.title and tool.description for tool in tools)
    assert [tool.name for tool in tools if (tool.meta or {}).get("anthropic/alwaysLoad")] == ["gemini_ask"]
    assert all((tool.meta or {}).get("anthropic/searchHint") for tool in tools[1:])


async def test_without_a_key_everything_starts_and_each_call_says_what_to_set(
    tmp_path: Path, url: str, mode: Mode, emulator: Emulator
) -> None:
    server = build_server(make_settings(tmp_path, url, api_key=None, key_variable=None), FAST)
    async with Client(server, mode=mode, cache=None) as client:
        assert len((await client.list_tools()).tools) == len(TOOLS)
        assert len((await client.list_prompts()).prompts) == 4
        for tool, arguments in NEEDING_A_KEY:
            said = await complaint(client, tool, **arguments)
            assert said.startswith("No Gemini API key is set. Put GEMINI_API_KEY")
        assert "Google: not deleted. No Gemini API key is set." in text_of(
            await call(client, "delete_interaction", interaction_id="v1_x")
        )
        assert text_of(await call(client, "list_interactions")) == "No interactions found.\n"
    assert emulator.requests == []


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
async def test_a_key_that_cannot_be_one_is_told_without_showing_it(
    tmp_path: Path, url: str, key: str, emulator: Emulator
) -> None:
    async with Client(build_server(make_settings(tmp_path, url, api_key=SecretStr(key))), cache=None) as client:
        said = await complaint(client, "gemini_ask", prompt="hi")
    assert said.startswith("The API key in GEMINI_API_KEY has a space, a line break or another character")
    assert key not in said
    assert emulator.requests == []


@pytest.mark.slow
async def test_a_key_that_google_rejects_is_told_without_showing_it(tmp_path: Path, url: str) -> None:
    settings = make_settings(tmp_path, url, api_key=SecretStr("invalid-41e0"))
    async with Client(build_server(settings), cache=None) as client:
        said = await complaint(client, "gemini_ask", prompt="hi")
    assert said.startswith("Google rejected the API key")
    assert "GEMINI_API_KEY" in said
    assert "invalid-41e0" not in said


async def test_without_a_journal_nothing_is_paid_for_and_the_reason_is_told(
    tmp_path: Path, url: str, mode: Mode, emulator: Emulator
) -> None:
    (tmp_path / "taken").mkdir()
    database = f"sqlite+aiosqlite:///{(tmp_path / 'taken').as_posix()}"
    async with Client(build_server(make_settings(tmp_path, url, database_url=database)), mode=mode) as client:
        for tool, arguments in (("gemini_ask", {"prompt": "hi"}), ("start_research", {"prompt": "hi"})):
            assert "The journal at" in await complaint(client, tool, **arguments)
        assert "The journal at" in await complaint(client, "list_interactions")
        assert len((await client.list_tools()).tools) == len(TOOLS)
        with pytest.raises(MCPError, match="The journal at"):
            await client.list_resources()
        with pytest.raises(MCPError, match="The journal at"):
            await client.read_resource(INDEX)
        reference = ResourceTemplateReference(uri=f"{INDEX}/{{interaction_id}}")
        found = await client.complete(reference, {"name": "interaction_id", "value": ""})
        assert found.completion.values == []
    await join_connection_threads()
    assert emulator.creates == []


async def test_a_broken_installation_still_answers_the_host_and_logs_why(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> None:
        raise ImportError("No module named 'sqlalchemy'")

    monkeypatch.setattr(context, "load_slow_modules", missing)
    with anyio.fail_after(5):
        async with Client(server, cache=None) as client:
            said = await complaint(client, "gemini_ask", prompt="hi")
            while "This server cannot open what it needs" not in caplog.text:
                assert len((await client.list_tools()).tools) == len(TOOLS)
    assert said == "gemini_ask failed because of a bug in this server; its log on stderr says more."
    assert "No module named 'sqlalchemy'" in caplog.text


async def test_a_server_that_does_not_run_has_nothing_to_read(server: Server) -> None:
    with pytest.raises(UnexpectedResourceError) as caught:
        await server.read_resource(INDEX)
    assert str(caught.value.__cause__) == "the server is not running"


@pytest.mark.slow
async def test_a_crash_inside_a_tool_is_masked_and_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, emulator: Emulator
) -> None:
    monkeypatch.setattr(rendering, "render_answer", crash)
    said = await complaint(client, "gemini_ask", prompt="hi")
    assert said == "gemini_ask failed because of a bug in this server; its log on stderr says more."
    assert "ZeroDivisionError: a secret of the server" in caplog.text
    monkeypatch.undo()
    read = await call(client, "read_interaction", interaction_id=newest(emulator).id, wait_seconds=5)
    assert "You asked: “hi”" in text_of(read)


@LEGACY
async def test_a_crash_while_an_interaction_is_followed_tells_its_id_and_loses_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, emulator: Emulator
) -> None:
    monkeypatch.setattr(saving, "make_stem", crash)
    said = await complaint(client, "gemini_ask", prompt="hi")
    assert "its log on stderr says why" in said
    assert newest(emulator).id in said
    assert "ZeroDivisionError: a secret of the server" in caplog.text
    monkeypatch.undo()
    read = await call(client, "read_interaction", interaction_id=newest(emulator).id, wait_seconds=5)
    assert "You asked: “hi”" in text_of(read)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_a_crash_while_a_resource_is_read_tells_nothing_of_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await call(client, "gemini_ask", prompt="hi")
    monkeypatch.setattr(rendering, "render_document", crash)
    with pytest.raises(MCPError, match="because of a bug in this server; its log on stderr says more") as caught:
        await client.read_resource(f"{INDEX}/{id_of(answer)}")
    assert "secret" not in str(caught.value)
    assert "ZeroDivisionError: a secret of the server" in caplog.text


@pytest.mark.slow
async def test_the_tools_are_listed_while_a_hundred_questions_are_in_flight(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    faults = [Fault("create", "hold", match=f"question {number:03}") for number in range(100)]
    emulator.faults += faults
    answers: dict[str, str] = {}

    async def ask(client: Client, prompt: str) -> None:
        answers[prompt] = text_of(await call(client, "gemini_ask", prompt=prompt, wait_seconds=60))

    with anyio.fail_after(PATIENCE):
        server = build_server(make_settings(tmp_path, url))
        async with Client(server, mode="legacy", cache=None) as client, anyio.create_task_group() as tasks:
            for fault in faults:
                tasks.start_soon(ask, client, fault.match)
            for fault in faults:
                await fault.reached.wait()
            assert len((await client.list_tools()).tools) == len(TOOLS)
            assert (await client.read_resource(INDEX)).contents
            assert answers == {}
            for fault in faults:
                fault.release.set()
    assert len(answers) == len(emulator.creates) == 100
    assert all(f"You asked: “{prompt}”" in text for prompt, text in answers.items())


@pytest.mark.slow
async def test_the_key_is_in_no_answer_log_or_file(
    tmp_path: Path,
    url: str,
    mode: Mode,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings = make_settings(tmp_path, url, inline_bytes=4, log_level="DEBUG")
    said: list[str] = []
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        caplog.set_level(logging.DEBUG)

        async def use(tool: str, **arguments: Any) -> None:
            said.append(str(await client.call_tool(tool, arguments)))

        file = str(note(settings.allowed_dirs[0]))
        await use("gemini_ask", prompt="hi", tools=["google_search"])
        await use("analyze_file", prompt="hi", files=[file])
        await use("generate_image", prompt="hi")
        await use("start_research", prompt="hi")
        await use("check_research", interaction_id=newest(emulator).id, wait_seconds=10)
        await use("gemini_ask", prompt="hi", model="gpt-5")
        for fault in (
            Fault("create", "http", http_status=401, body={"error": {"message": "Bad key.", "code": "authentication"}}),
            Fault("create", "http", http_status=500, body="<html>Proxy</html>"),
            Fault("create", "drop"),
            Fault("stream", "cut", after=1),
            Fault("stream", "truncate", after=3),
        ):
            emulator.faults.append(fault)
            await use("gemini_ask", prompt="hi")
        await use("list_interactions")
        listed = (await client.list_resources()).resources
        said += [str(await client.read_resource(resource.uri)) for resource in listed]
    assert len(emulator.creates) >= 6
    written = [path.read_bytes() for path in files_below(tmp_path)]
    assert len(written) >= 4
    assert KEY not in "".join(said)
    assert "POST" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in "".join(capfd.readouterr())
    assert not any(KEY.encode() in content for content in written)


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
@LEGACY
async def test_a_key_in_googles_own_words_is_not_passed_on(client: Client, emulator: Emulator) -> None:
    body = {"error": {"message": f"API key {KEY} not valid.", "code": "authentication"}}
    emulator.faults.append(Fault("create", "http", http_status=401, body=body))
    said = await complaint(client, "gemini_ask", prompt="hi")
    assert said.startswith("Google rejected the API key")
    assert KEY not in said
