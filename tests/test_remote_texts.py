"""What people on other machines are told: nothing of the server's paths, and nothing that only its owner can do."""

import errno
import json
import re
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies
from mcp import Client, MCPError
from mcp_types import ElicitRequestParams, ElicitResult
from pydantic import SecretStr

from gemini_interactions_mcp.core import folders
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.files.addresses import SOURCE_FORMS
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.server.app import build_instructions
from gemini_interactions_mcp.server.prompts import PROMPTS
from gemini_interactions_mcp.server.remote_texts import CLAUSE, SETTING_NAME, RemoteTexts, explain_remedy
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES
from gemini_interactions_mcp.settings import TOOLSETS, Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from journaling import join_connection_threads
from reading import call, complaint, id_of, text_of
from tenanting import placed

ADVICE = re.compile(
    r"Ask the administrator of this server, who can set [^.]*\.|[Tt]he administrator of this server (?:can|adds) .*"
)
DESKTOP = re.compile(r"\b(?:paths?|folders?|globs?|director(?:y|ies)|local)\b|the user's (?!files)", re.IGNORECASE)
SENDER = "upload_file"


def unseemly(said: str, hidden: Path) -> list[str]:
    """What nobody on another machine should read: the folder of the test, and settings without who can set them."""
    advised = set(SETTING_NAME.findall(" ".join(ADVICE.findall(said))))
    told = [name for name in SETTING_NAME.findall(said) if name not in advised]
    found = [each for each in (str(hidden), str(Path.home()) + "/", "the user can", "stderr") if each in said]
    return [*told, *(each for each in found if each != "stderr" or "administrator" not in said)]


def dumped(answer: Any) -> str:
    return answer.model_dump_json().replace('\\"', '"')


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder that an administrator has mapped."""
    folder = tmp_path / "of the server" / "reports-7a"
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text("A note.", encoding="utf-8")
    (folder / "empty.txt").touch()
    (folder / "id_rsa").write_text("-----BEGIN " + "PRIVATE KEY-----", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "note.txt").write_text("Another.", encoding="utf-8")
    (folder / "sub" / "x.bin").write_bytes(bytes(range(256)))
    (folder / "out").symlink_to(tmp_path / "files")
    (folder / "loop").symlink_to(folder / "loop")
    return folder


@asynccontextmanager
async def guest(settings: Settings, **options: Any) -> AsyncGenerator[Client]:
    async with placed(settings) as place, place.client("anna", **options) as anna:
        yield anna


async def test_tools_are_described_for_who_has_no_path_here(settings: Settings) -> None:
    async with guest(settings) as anna:
        tools = {tool.name: tool for tool in (await anna.list_tools()).tools}
        assert SENDER in tools
        for tool in tools.values():
            described = [
                tool.description,
                *(each.get("description") for each in tool.input_schema["properties"].values()),
            ]
            for text in filter(None, described):
                assert not DESKTOP.search(text), (tool.name, text)
        assert "gemini://uploads/{id}" in json.dumps(tools["analyze_file"].input_schema)
        assert "gemini://uploads/{id}" in json.dumps(tools["manage_store"].input_schema)
        assert SENDER in str(anna.instructions)


async def test_mapped_folders_are_told_by_their_names(settings: Settings, docs: Path) -> None:
    async with guest(settings.model_copy(update={"mapped_dirs": (("docs", docs),)})) as anna:
        tools = {tool.name: tool for tool in (await anna.list_tools()).tools}
        files = tools["analyze_file"].input_schema["properties"]["files"]["description"]
        assert files.endswith("; on this server, paths, folders and globs in docs/")
        assert str(docs.parent) not in json.dumps([tool.model_dump(mode="json") for tool in tools.values()])


@pytest.mark.parametrize("toolsets", [TOOLSETS, ("ask",)])
def test_the_instructions_say_how_files_come_here(toolsets: tuple[str, ...]) -> None:
    said = build_instructions(toolsets, shared=True)
    assert (SENDER in said) == ("files" in toolsets)
    assert len(said) <= 500
    assert SENDER not in build_instructions(toolsets)


async def test_prompts_say_how_a_file_comes_here(settings: Settings) -> None:
    async with guest(settings) as anna:
        named = {"path": "a.png", "change": "?"}
        assert SENDER in dumped(await anna.get_prompt("edit_image", named))
        assert SENDER in dumped(await anna.get_prompt("explain_file", {"path": "a.png"}))
        for _, function, _ in PROMPTS:
            with suppress(MCPError):
                await anna.get_prompt(function.__name__, {})


async def test_what_is_in_a_mapped_folder_is_told_by_its_name(
    settings: Settings, docs: Path, emulator: Emulator, tmp_path: Path
) -> None:
    async with guest(settings.model_copy(update={"mapped_dirs": (("docs", docs),)})) as anna:
        for source in ("docs/note.txt", "docs", "docs/**/*.txt", "DOCS/note.txt", "docs/NOTE.txt", "docs/sub/N*.txt"):
            answer = await anna.call_tool("analyze_file", {"prompt": "?", "files": [source]})
            assert not unseemly(dumped(answer), tmp_path), source
            assert answer.is_error == source.startswith("DOCS")
        assert "docs/" in dumped(await anna.call_tool("analyze_file", {"prompt": "?", "files": ["docs"]}))
        assert docs.name not in str(emulator.creates)
        for source in MISSING:
            said = await complaint(anna, "analyze_file", prompt="?", files=[source])
            assert not unseemly(said, tmp_path), said
            assert source.partition("/")[0] in said
        store = id_of_store(text_of(await call(anna, "manage_store", action="create", store="Notes")))
        added = await anna.call_tool("manage_store", {"action": "add", "store": store, "files": ["docs"]})
        assert not unseemly(dumped(added), tmp_path)


MISSING = (
    *(
        "docs/none.txt",
        "docs/empty.txt",
        "docs/id_rsa",
        "docs/out/x.txt",
        "docs/loop/x",
        "docs/none/*.txt",
        "docs/*.qq",
    ),
    *("docs/sub/x.bin", "docs/.git/x", "docs/note.txt/x", f"docs/{'x' * 300}"),
)
"""What is refused of a mapped folder."""


def id_of_store(said: str) -> str:
    found = re.search(r"fileSearchStores/[\w-]+", said)
    assert found
    return found[0]


BAD: dict[str, list[dict[str, Any]]] = {
    "gemini_ask": [{}, {"prompt": "?", "model": 7}, {"prompt": "?", "tools": ["mcp:none"]}, {"prompt": "?", "zz": 1}],
    "gemini_continue": [{"prompt": "?", "previous_interaction_id": "v1_none"}],
    "analyze_file": [
        *(
            {"prompt": "?", "files": [each]}
            for each in ("/etc/passwd", "a.png", "gs://a/b", "http://10.0.0.1/x", "x://y")
        ),
        *(
            {"prompt": "?", "files": [each]}
            for each in ("gemini://uploads/none", "files/none", "http://[", "docs/../x")
        ),
        {"prompt": "?", "files": []},
        {"prompt": "?", "files": ["https://a.org/a.pdf"] * 2 + [f"https://a.org/{n}.pdf" for n in range(200)]},
    ],
    "generate_image": [
        *({"prompt": "?", "output_path": each} for each in ("/etc/a.png", "../a.png", "~/a.png", "a.exe", "x/" * 3000)),
        {"prompt": "?", "images": ["logo=/etc/logo.png"]},
    ],
    "generate_audio": [{"prompt": "?", "voice": "Nobody"}, {"prompt": "?", "output_path": "/a.wav"}],
    "generate_video": [{"prompt": "?", "video": "/etc/a.mp4"}, {"prompt": "?", "duration_seconds": 99}],
    "start_research": [
        {"prompt": "?", "tools": ["mcp:none"]},
        {"prompt": "?", "files": ["/etc/passwd"]},
        {"prompt": "?", "agent": "gemini-3-flash"},
    ],
    "check_research": [{"interaction_id": "v1_none"}, {}],
    "cancel_research": [{"interaction_id": "v1_none"}],
    "manage_store": [
        {"action": "add", "store": "none", "files": ["/etc/passwd"]},
        {"action": "delete", "store": "none"},
        {"action": "create"},
    ],
    "list_interactions": [{"cursor": "zz"}, {"limit": -1}],
    "read_interaction": [{"interaction_id": "v1_none"}, {"interaction_id": "v1_none", "save_as": "/etc/a.md"}],
    "delete_interaction": [{"interaction_id": "v1_none"}],
    "upload_file": [{"name": "/etc/a"}, {"name": "a.png", "bytes": 10**15}, {}],
    "read_view": [{}, {"interaction_id": "v1_none", "name": "x"}],
    "no_such_tool": [{}],
}
"""Arguments that cannot work, of every tool."""

GOOD: dict[str, dict[str, Any]] = {
    "gemini_ask": {"prompt": "?"},
    "analyze_file": {"prompt": "?", "files": ["docs/note.txt"]},
    "generate_image": {"prompt": "?"},
    "generate_audio": {"prompt": "?"},
    "generate_video": {"prompt": "?"},
    "start_research": {"prompt": "?"},
    "manage_store": {"action": "list"},
    "list_interactions": {},
    "upload_file": {"name": "a.png"},
    "read_view": {"list": "history"},
}


def test_every_tool_is_tried() -> None:
    assert BAD.keys() >= TOOL_SCOPES.keys()


async def answers(anna: Client, calls: dict[str, list[dict[str, Any]]]) -> AsyncGenerator[tuple[str, str]]:
    """What a client gets for calls: their text, or that of an error of the protocol."""
    for name, each in ((name, each) for name, tried in calls.items() for each in tried):
        try:
            yield name, dumped(await anna.call_tool(name, each))
        except MCPError as exc:
            yield name, str(exc)


async def test_wrong_arguments_are_told_without_the_server(settings: Settings, docs: Path, tmp_path: Path) -> None:
    async with guest(settings.model_copy(update={"mapped_dirs": (("docs", docs),)})) as anna:
        async for name, said in answers(anna, BAD):
            assert not unseemly(said, tmp_path), (name, said)
            assert "glob" not in said
        assert SENDER in text_of(await anna.call_tool("no_such_tool", {}))


def no_key(settings: Settings, _: Emulator) -> Settings:
    return settings.model_copy(update={"api_key": None})


def wrong_address(settings: Settings, _: Emulator) -> Settings:
    return settings.model_copy(update={"base_url": "http://no-such-host.internal-7f.example:81"})


def odd_address(settings: Settings, _: Emulator) -> Settings:
    return settings.model_copy(update={"base_url": "nonsense"})


def no_output(settings: Settings, _: Emulator) -> Settings:
    shutil.rmtree(settings.output_dir, ignore_errors=True)
    settings.output_dir.write_text("in the way", encoding="utf-8")
    return settings


def wrong_catalog(settings: Settings, _: Emulator) -> Settings:
    return settings.model_copy(update={"catalog_path": settings.output_dir.parent / "no-catalog.toml"})


def full(settings: Settings, _: Emulator) -> Settings:
    return settings.model_copy(update={"dollars_per_day": 0, "runs_per_day": 1})


CONDITIONS = (no_key, wrong_address, odd_address, no_output, wrong_catalog, full)


@pytest.mark.parametrize("spoil", CONDITIONS, ids=lambda each: each.__name__)
async def test_what_fails_is_told_without_the_server(
    settings: Settings, emulator: Emulator, docs: Path, tmp_path: Path, spoil: Callable[[Settings, Emulator], Settings]
) -> None:
    mapped = settings.model_copy(update={"mapped_dirs": (("docs", docs),)})
    failed = 0
    async with guest(spoil(mapped, emulator)) as anna:
        async for name, said in answers(anna, {name: [each] for name, each in GOOD.items()}):
            assert not unseemly(said, tmp_path), (name, said)
            assert "internal-7f" not in said
            failed += 'isError":true' in said.replace(" ", "").replace("is_error", "isError")
        for address in ("gemini://models", "gemini://usage", "gemini://interactions", "gemini://interactions/v1_x"):
            try:
                said = dumped(await anna.read_resource(address))
            except MCPError as exc:
                said = str(exc)
            assert str(tmp_path) not in said
    assert failed or spoil is wrong_catalog


async def test_a_full_disk_is_told_without_its_place(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "output" / "a.png"))

    monkeypatch.setattr(folders.Folder, "add", fill)
    async with guest(settings) as anna:
        drawn = await anna.call_tool("generate_image", {"prompt": "?", "output_path": "a.png"})
        asked = id_of(await call(anna, "gemini_ask", prompt="?"))
        kept = await anna.call_tool("read_interaction", {"interaction_id": asked, "save_as": "md"})
        listed = await call(anna, "list_interactions")
        for answer in (drawn, kept, listed):
            assert not unseemly(dumped(answer), tmp_path)
        assert (drawn.is_error, kept.is_error) == (False, True)
        assert all("administrator can see why" in text_of(each) for each in (drawn, kept))


async def test_what_a_result_says_of_a_failure_names_the_administrator(
    settings: Settings, emulator: Emulator, tmp_path: Path
) -> None:
    redirected: dict[str, Any] = {"http_status": 302, "headers": {"location": "https://elsewhere.example/"}}
    async with guest(settings) as anna:
        asked = id_of(await call(anna, "gemini_ask", prompt="?"))
        emulator.faults += [Fault("delete", "http", 9, **redirected), Fault("cancel", "http", 9, **redirected)]
        said = [
            text_of(await call(anna, "delete_interaction", interaction_id=asked)),
            text_of(await anna.call_tool("cancel_research", {"interaction_id": asked})),
        ]
        assert [unseemly(each, tmp_path) for each in said] == [[], []]
        assert "administrator" in said[0]


@pytest.mark.parametrize("journal", ["a folder in its place", "elsewhere", "deleted"])
async def test_a_journal_that_cannot_be_used_is_told_without_its_place(
    settings: Settings, tmp_path: Path, journal: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.sqlite3"
    if journal == "elsewhere":
        url = "postgresql://me:hush-4711-dbpw@127.0.0.1:9/journal"
        settings = settings.model_copy(update={"database_url": url})
    elif journal.startswith("a folder"):
        path.mkdir()
    async with guest(settings) as anna:
        if journal == "deleted":
            await call(anna, "list_interactions")
            path.unlink()
        async for name, said in answers(anna, {name: [each] for name, each in GOOD.items()}):
            assert not unseemly(said, tmp_path), (name, said)
            assert not re.search(r"127\.0\.0\.1[:'\", ]+9\b|hush|sqlite", said), said
    await join_connection_threads()
    assert ("127.0.0.1" if journal == "elsewhere" else str(path)) in caplog.text


async def test_a_bug_is_told_with_who_can_look(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "secret-place"))

    monkeypatch.setattr("gemini_interactions_mcp.server.tools.past.open_app", fail)
    async with guest(settings) as anna:
        said = await complaint(anna, "list_interactions")
        assert not unseemly(said, tmp_path)
        assert "Ask the administrator" in said


async def test_a_question_names_no_command_of_the_server(settings: Settings, tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(_: object, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="cancel")

    asking = settings.model_copy(update={"confirm": Confirmation(0)})
    async with guest(asking, asked=answer) as anna:
        said = text_of(await call(anna, "gemini_ask", prompt="?"))
        assert "An administrator of this server has chosen" in said
        assert asked
        assert not unseemly(f"{asked} {said}", tmp_path)


# Without a server ---------------------------------------------------------------------------------------


@given(strategies.text(alphabet=" .;:!?ab\n(/", max_size=40))
def test_clauses_are_the_whole_text(text: str) -> None:
    assert "".join(CLAUSE.findall(text)) == text
    assert explain_remedy(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No key is set. Put GEMINI_API_KEY (from https://a.b) into `env`, then restart it.", "No key is set. {}"),
        (
            "It was no answer (html); check GOOGLE_GEMINI_BASE_URL. (interaction_id: v1_x)",
            "It was no answer (html). {} (interaction_id: v1_x)",
        ),
        (
            "GOOGLE_GEMINI_BASE_URL is no URL: write https://host",
            "GOOGLE_GEMINI_BASE_URL is no URL: write https://host. {}",
        ),
        ("Set GEMINI_API_KEY.", "{}"),
        (
            "It failed; its log on stderr says why.",
            "It failed; its log on stderr says why. Ask the administrator of this server.",
        ),
        (
            "There is none. The user adds some with GEMINI_MCP_SERVERS.",
            "There is none. The administrator of this server adds some with GEMINI_MCP_SERVERS.",
        ),
    ],
)
def test_what_the_owner_can_do_is_told_as_the_administrators(text: str, told: str) -> None:
    name = next(iter(SETTING_NAME.findall(text)), "")
    said = explain_remedy(text)
    assert said == told.format(f"Ask the administrator of this server, who can set {name}.")
    assert explain_remedy(said) == said


async def test_paths_and_hosts_of_the_server_are_in_no_error(settings: Settings, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    texts = RemoteTexts(
        settings.model_copy(
            update={
                "mapped_dirs": (("reports", docs),),
                "database_url": "postgresql://me@db.internal:5432/journal",
                "output_url": SecretStr("s3://bucket/a"),
                "otlp_endpoint": "http://collector:4318",
            }
        )
    )
    for text, told in (
        (f"[Errno 2] No such file: '{docs}/a b.txt'", "[Errno 2] No such file: 'reports/a b.txt'"),
        (f"file://{docs}/x and {docs}-2/y", "reports/x and [path]"),
        (f"{settings.output_dir}/p/a.png: full", "[path]: full"),
        ("Connect call failed ('db.internal', 5432)", "Connect call failed ('[host]', 5432)"),
        ("at db.internal:5432 or collector:4318", "at [host] or [host]"),
        ("The collector says https://example.org/tmp/a", "The collector says https://example.org/tmp/a"),
        (f"Give {SOURCE_FORMS}.", None),
    ):
        said = texts.explain(text)
        assert said == told if told else SENDER in said


async def test_a_result_is_left_alone_but_for_its_errors(settings: Settings) -> None:
    texts = RemoteTexts(settings)
    wrong = {"isError": True, "content": [{"type": "text", "text": "Set GEMINI_API_KEY."}, {"type": "image"}]}
    right = {"content": [{"type": "text", "text": "Set GEMINI_API_KEY."}], "result": "a"}
    assert texts.explain_result(right) == right
    assert texts.explain_result(None) is None
    said = "Set GEMINI_API_KEY."
    for answer in (wrong, {"result": wrong}, {"error": {"message": said}}, {"statusMessage": said}):
        assert "Ask the administrator" in json.dumps(texts.explain_result(answer))


def test_a_path_outside_mapped_folders_has_no_name(tmp_path: Path) -> None:
    boundary = Boundary((tmp_path / "docs",), tmp_path, closed=True, mapped={"docs": tmp_path / "docs"})
    assert boundary.spell(tmp_path / "docs" / "a") == "docs/a"
    with pytest.raises(FileRefusedError, match="closed"):
        boundary.spell(tmp_path / "other")
