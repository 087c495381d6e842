"""What results tell programs: facts in `_meta`, codes of errors, and structured content where it is asked for."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent
from pydantic import SecretStr

from conftest import FAST, KEY, Mode, make_settings
from consenting import User
from gemini_interactions_mcp.core import codes, errors
from gemini_interactions_mcp.core.codes import ERROR_CODES, ErrorCode, find_error_code
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models import error_codes
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.results import answers
from gemini_interactions_mcp.server.results.programs import (
    RESULT_KEY,
    ResultFacts,
    ResultFile,
    build_result_schema,
    structure_result,
)
from gemini_interactions_mcp.server.tools.table import TOOLS
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import STRUCTURED, call, facts_of, id_of, text_of
from tasking import begun, settled, tasking
from tenanting import placed
from wired import environment, wired

PAGE = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
"""The page about the Python API."""

NOTHING = "http://127.0.0.1:9"


async def failed(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """What programs are told of a call that must fail."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return facts_of(result)


async def test_an_answer_tells_its_id_model_tokens_and_cost(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="Why is the sky blue?")
    facts = facts_of(result)
    counted = sum(int(each.replace(",", "")) for each in re.findall(r"([\d,]+) (?:in|out|thought)", text_of(result)))
    assert facts == {
        "interaction_id": id_of(result),
        "kind": "ask",
        "status": "completed",
        "finished": True,
        "model": "gemini-3.8-flash",
        "tokens": counted,
        "cost_usd": facts["cost_usd"],
    }
    assert 0 < facts["cost_usd"] < 0.1


async def test_what_is_not_known_is_absent(client: Client, emulator: Emulator) -> None:
    emulator.faults += [Fault("create", "no_usage"), Fault("get", "no_usage", times=9)]
    facts = facts_of(await call(client, "gemini_ask", prompt="Why?", store=False))
    assert not {"tokens", "cost_usd", "files", "code", "agent"} & set(facts)


async def test_an_unfinished_answer_is_told_from_its_end(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    early = facts_of(await call(client, "gemini_ask", prompt="Why?", wait_seconds=0))
    assert (early["finished"], "cost_usd" in early) == (False, False)
    hold.release.set()
    late = facts_of(await call(client, "read_interaction", interaction_id=early["interaction_id"], wait_seconds=20))
    assert (late["finished"], late["status"]) == (True, "completed")
    assert late["interaction_id"] == early["interaction_id"]


async def test_files_are_told_with_an_address_that_can_be_read(client: Client, tmp_path: Path) -> None:
    (file,) = facts_of(await call(client, "generate_image", prompt="A red bicycle"))["files"]
    assert set(file) == set(ResultFile.model_fields)
    assert Path(file["path"]).is_relative_to(tmp_path)
    assert (await anyio.Path(file["path"]).stat()).st_size == file["bytes"]
    (read,) = (await client.read_resource(file["uri"])).contents
    assert read.mime_type == file["mime_type"]


async def test_a_document_is_the_only_file_of_the_call_that_saves_it(client: Client) -> None:
    report = facts_of(await call(client, "start_research", prompt="Rivers"))
    assert (report["kind"], report["agent"]) == ("research", "deep-research-preview-04-2026")
    read = facts_of(await call(client, "check_research", interaction_id=report["interaction_id"], wait_seconds=20))
    assert read["files"]
    saved = facts_of(
        await call(client, "read_interaction", interaction_id=report["interaction_id"], save_as="rivers.html")
    )
    assert [file["mime_type"] for file in saved["files"]] == ["text/html"]


async def test_people_on_other_machines_are_told_no_paths(settings: Settings) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        (file,) = facts_of(await call(anna, "generate_image", prompt="A red bicycle"))["files"]
    assert set(file) == set(ResultFile.model_fields) - {"path"}


async def test_secrets_are_removed_from_facts(client: Client) -> None:
    (file,) = facts_of(await call(client, "generate_image", prompt="A boat", output_path=f"{KEY}.jpg"))["files"]
    assert KEY not in json.dumps(file)
    assert "[secret]" in file["name"]


async def test_stopping_and_deleting_tell_what_became_of_it(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    started = facts_of(await call(client, "start_research", prompt="Rivers"))["interaction_id"]
    stopped = facts_of(await call(client, "cancel_research", interaction_id=started))
    assert (stopped["interaction_id"], stopped["finished"]) == (started, True)
    hold.release.set()
    emulator.faults.append(refused := Fault("delete", "http", http_status=503, times=99))
    kept = facts_of(await call(client, "delete_interaction", interaction_id=started))
    assert (kept["status"], kept["code"]) == ("kept", "overloaded")
    emulator.faults.remove(refused)
    deleted = facts_of(await call(client, "delete_interaction", interaction_id=started))
    assert deleted == {"interaction_id": started, "status": "deleted"}


async def test_stores_are_told_by_their_names(client: Client, tmp_path: Path) -> None:
    (tmp_path / "files" / "a.txt").write_text("What is this?", encoding="utf-8")
    made = facts_of(await call(client, "manage_store", action="create", store="Notes"))
    assert made == {"status": "created", "store": made["store"]}
    path = str(tmp_path / "files" / "a.txt")
    told = [
        facts_of(await call(client, "manage_store", action=action, store="Notes", **more))
        for action, more in (
            ("create", {}),
            ("add", {"files": [path]}),
            ("list", {}),
            ("remove", {"document": "a.txt"}),
            ("delete", {"force": True}),
        )
    ]
    assert [facts["status"] for facts in told] == ["exists", "completed", "listed", "removed", "deleted"]
    assert {facts["store"] for facts in told} == {made["store"]}


@pytest.mark.parametrize("arguments", [{"action": "list"}, {"action": "delete"}, {"action": "remove", "document": "a"}])
@pytest.mark.parametrize("store", ["Nothing", "fileSearchStores/nothing-at-all"])
async def test_a_store_that_is_not_there_has_a_code_of_its_own(
    client: Client, arguments: dict[str, str], store: str
) -> None:
    told = await failed(client, "manage_store", store=store, **arguments)
    assert told == {"code": "store_not_found"}


async def test_a_document_that_is_not_there_has_the_code_of_stores(client: Client) -> None:
    await call(client, "manage_store", action="create", store="Notes")
    told = await failed(client, "manage_store", action="remove", store="Notes", document="a.txt")
    assert told == {"code": "store_not_found"}


async def test_what_a_user_declines_is_told_and_no_error(tmp_path: Path, url: str, emulator: Emulator) -> None:
    server = build_server(make_settings(tmp_path, url, confirm=Confirmation(above=0)), FAST)
    async with Client(server, cache=None, elicitation_callback=User("decline").answer) as client:
        assert facts_of(await call(client, "gemini_ask", prompt="Why?")) == {"status": "declined"}
    assert not emulator.interactions


RETRY = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Please retry in 7200.5s."}}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("create", "http", http_status=401), "key_rejected"),
        (Fault("create", "http", http_status=403), "permission_denied"),
        (Fault("create", "http", http_status=404), "model_not_found"),
        (Fault("create", "http", http_status=400, body={"error": {"code": "safety", "message": "No."}}), "blocked"),
        (Fault("create", "http", http_status=500), "outcome_unknown"),
        (Fault("create", "drop_taken"), "outcome_unknown"),
        (Fault("create", "blocked"), "blocked"),
        (Fault("create", "status", run_status="failed", body=[{"code": "no_image", "message": "x"}]), "no_answer"),
        (Fault("create", "status", run_status="failed", body=[{"code": "odd", "message": "x"}]), "interaction_failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_error_has_a_code(fault: Fault, code: str, client: Client, emulator: Emulator) -> None:
    emulator.faults.append(fault)
    assert (await failed(client, "generate_image", prompt="A boat"))["code"] == code


async def test_an_interaction_that_fails_tells_its_facts_too(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "blocked"))
    facts = await failed(client, "gemini_ask", prompt="Why?")
    (asked,) = emulator.interactions.values()
    assert facts["interaction_id"] == asked.id
    assert (facts["status"], facts["finished"], facts["kind"]) == ("failed", True, "ask")


async def test_a_delay_that_google_names_is_told_in_seconds(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "http", http_status=429, body=RETRY, times=9))
    facts = await failed(client, "gemini_ask", prompt="Why?", wait_seconds=0)
    assert (facts["code"], facts["retry_after_seconds"]) == ("quota_exceeded", 7200.5)


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("gemini_ask", {}, "invalid_arguments"),
        ("gemini_ask", {"prompt": "x", "temprature": 1}, "invalid_arguments"),
        ("gemini_ask", {"prompt": "x", "wait_seconds": "soon"}, "invalid_arguments"),
        ("gemini_ask", {"prompt": "x", "model": "deep-research-preview-04-2026"}, "invalid_arguments"),
        ("gemini_aks", {"prompt": "x"}, "unknown_tool"),
        ("analyze_file", {"prompt": "x", "files": ["/etc/passwd"]}, "file_refused"),
        ("read_interaction", {"interaction_id": "v1_nobody-has-it"}, "interaction_not_found"),
        ("manage_store", {"action": "add", "store": "nobody's", "files": ["a.txt"]}, "file_refused"),
        ("list_interactions", {"limit": 0}, "invalid_arguments"),
    ],
)
async def test_a_call_that_is_refused_here_has_a_code(
    tool: str, arguments: dict[str, Any], code: str, client: Client
) -> None:
    assert (await failed(client, tool, **arguments))["code"] == code


async def test_limits_and_keys_have_codes(tmp_path: Path, url: str) -> None:
    for changes, code in (
        ({"api_key": None}, "key_missing"),
        ({"dollars_per_day": 0}, "spending_limit"),
        ({"findings": ("GEMINI_MCP_PREVIEWS should be true or false.",)}, "configuration"),
    ):
        async with Client(build_server(make_settings(tmp_path, url, **changes), FAST), cache=None) as client:
            assert (await failed(client, "gemini_ask", prompt="Why?"))["code"] == code


async def test_a_bug_has_a_code_and_nothing_else(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of the server")

    monkeypatch.setattr(answers, "describe_run", crash)
    assert await failed(client, "gemini_ask", prompt="Why?") == {"code": "internal"}


def test_each_class_of_error_has_a_code_of_its_own() -> None:
    classes = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.GeminiMCPError) and value is not errors.GeminiMCPError
    }
    assert set(ERROR_CODES) == classes
    assert len(set(ERROR_CODES.values())) == len(classes)
    assert set(ErrorCode) - set(ERROR_CODES.values()) == {
        ErrorCode.UNKNOWN_TOOL,
        ErrorCode.NO_ANSWER,
        ErrorCode.INTERNAL,
    }


def test_a_class_without_a_code_has_that_of_its_base() -> None:
    class OddError(errors.QuotaError):
        pass

    assert find_error_code(OddError("Wait.")) is ErrorCode.QUOTA_EXCEEDED
    assert find_error_code(ValueError()) is codes.ErrorCode.INTERNAL


@pytest.mark.parametrize("reason", error_codes.REMEDIES)
def test_each_reason_of_google_has_a_code_in_any_spelling(reason: str) -> None:
    for spelled in (reason, reason.upper(), f"FINISH_REASON_{reason.upper()}"):
        told = f"It failed. {error_codes.explain_code(spelled, 'Sorry.')}"
        assert error_codes.find_reason_code(told) is error_codes.REASON_CODES[reason]
    assert error_codes.find_reason_code("The picture is not safe, and no language is.") is None


async def test_a_task_tells_its_facts_before_and_after(settings: Settings, emulator: Emulator) -> None:
    async with tasking(build_server(settings, FAST)) as host:
        task = await begun(host, "start_research", prompt="Rivers")
        early = task["_meta"][RESULT_KEY]
        assert (early["finished"], early["kind"]) == (False, "research")
        late = (await settled(host, task))["result"]["_meta"][RESULT_KEY]
        assert (late["finished"], late["interaction_id"]) == (True, early["interaction_id"])
        emulator.faults.append(Fault("create", "blocked"))
        task = await begun(host, "start_research", prompt="Lakes")
        result = (await settled(host, task))["result"]
        assert (result["isError"], result["_meta"][RESULT_KEY]["code"]) == (True, "blocked")


@asynccontextmanager
async def structured(folder: Path, url: str, **changes: Any) -> AsyncGenerator[Client]:
    """A client of a server that gives structured content; it checks that against the schema."""
    async with Client(build_server(make_settings(folder, url, structured=True, **changes), FAST), cache=None) as client:
        await client.list_tools()
        yield client


def check_structure(result: CallToolResult) -> dict[str, Any]:
    """What structured content has beside the text, which is all of the text."""
    content = dict(result.structured_content or {})
    assert content.pop("text") == "\n\n".join(each.text for each in result.content if isinstance(each, TextContent))
    assert content == facts_of(result)
    return content


async def test_structured_content_is_the_facts_and_the_whole_text(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files" / "a.txt").parent.mkdir(exist_ok=True)
    async with structured(tmp_path, url) as client:
        emulator.faults.append(hold := Fault("create", "hold"))
        early = check_structure(await client.call_tool("gemini_ask", {"prompt": "Why?", "wait_seconds": 0}))
        hold.release.set()
        about = {"interaction_id": early["interaction_id"], "wait_seconds": 20}
        assert check_structure(await client.call_tool("read_interaction", about))["finished"]
        assert check_structure(await client.call_tool("generate_image", {"prompt": "A boat"}))["files"]
        assert check_structure(await client.call_tool("manage_store", {"action": "list"}))["status"] == "listed"
        for tool, arguments, code in (
            ("gemini_ask", {}, "invalid_arguments"),
            ("list_interactions", {"limit": 0}, "invalid_arguments"),
            ("read_interaction", {"interaction_id": "v1_nobody"}, "interaction_not_found"),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert check_structure(result)["code"] == code
        listed = await client.call_tool("list_interactions", {})
        assert set(listed.structured_content or {}) == {"interactions"}


async def test_structured_content_hides_what_the_text_hides(tmp_path: Path, url: str) -> None:
    settings = make_settings(tmp_path, url, structured=True, api_key=SecretStr(KEY))
    async with placed(settings) as place, place.client("anna") as anna:
        await anna.list_tools()
        told = await anna.call_tool("analyze_file", {"prompt": f"{KEY}?", "files": [str(tmp_path / "files" / KEY)]})
        check_structure(told)
        assert told.is_error
        drawn = await anna.call_tool("generate_image", {"prompt": f"A boat {KEY}"})
        assert "path" not in check_structure(drawn)["files"][0]
    for result in (told, drawn):
        assert KEY not in result.model_dump_json()
        assert str(tmp_path) not in result.model_dump_json()


async def test_a_task_of_a_structured_server_has_a_structured_result(tmp_path: Path, url: str) -> None:
    async with tasking(build_server(make_settings(tmp_path, url, structured=True), FAST)) as host:
        result = (await settled(host, await begun(host, "start_research", prompt="Rivers")))["result"]
    (text,) = (block["text"] for block in result["content"] if block["type"] == "text")
    assert result["structuredContent"] == result["_meta"][RESULT_KEY] | {"text": text}


async def test_every_tool_declares_a_portable_schema_only_where_structure_is_asked_for(
    tmp_path: Path, server: Any, mode: Mode
) -> None:
    async with structured(tmp_path, NOTHING) as client, Client(server, mode=mode, cache=None) as plain:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        usual = {tool.name: tool.output_schema for tool in (await plain.list_tools()).tools}
    assert set(schemas) == {entry.function.__name__ for entry in TOOLS}
    assert {name for name, schema in usual.items() if schema} == {STRUCTURED}
    assert schemas.pop(STRUCTURED) == usual[STRUCTURED]
    assert all(schema == build_result_schema() for schema in schemas.values())
    written = json.dumps(build_result_schema())
    assert build_result_schema()["type"] == "object"
    assert not re.search(r'"(\$ref|\$defs|anyOf|oneOf|allOf|null|enum|title|prefixItems)"', written)
    assert set(build_result_schema()["properties"]) == {"text", *ResultFacts.model_fields}


@pytest.mark.parametrize(
    "result",
    [{}, {"content": []}, {"_meta": {}, "content": []}, {"contents": [{"text": "x"}], "_meta": {RESULT_KEY: {}}}],
)
def test_what_tells_programs_nothing_gets_no_structure(result: dict[str, Any]) -> None:
    assert structure_result(result) == result


@pytest.mark.parametrize("code", ["quota_of_moons", "", "REFUSED"])
def test_what_a_later_version_tells_can_be_read(code: str) -> None:
    file = {"uri": "gemini://x", "name": "a.jpg", "mime_type": "image/jpeg", "bytes": 1, "sha256": "00"}
    facts = ResultFacts.model_validate({"status": "failed", "code": code, "budget": 1, "files": [file]})
    assert (facts.code, facts.files[0].name) == (ErrorCode.REFUSED, "a.jpg")


@pytest.mark.slow
async def test_the_setting_is_read_from_the_environment(tmp_path: Path, url: str) -> None:
    async with wired(environment(tmp_path, url, GEMINI_MCP_STRUCTURED="true")) as server:
        await server.open("2025-11-25")
        result = await server.call("gemini_ask", prompt="Why?")
    assert result["structuredContent"]["text"] == result["content"][0]["text"]
    assert result["structuredContent"]["status"] == "completed"


def list_rows(heading: str) -> dict[str, str]:
    """The rows of the table below a heading of the page: the first cell, and the second."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))


def test_the_page_explains_each_field_and_each_code() -> None:
    assert list(list_rows("What every result tells programs")) == list(ResultFacts.model_fields)
    assert list(list_rows("Error codes")) == list(ErrorCode)
    assert set(ResultFile.model_fields) <= set(
        re.findall(r"`(\w+)`", list_rows("What every result tells programs")["files"])
    )
    assert f"`{RESULT_KEY}`" in PAGE
