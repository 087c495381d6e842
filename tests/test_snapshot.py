"""`greeting.json` is what the SDK answers; `make snapshot` writes it anew."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import make_settings
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.hosts import HOSTS
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.table import FIELD_VARIABLES, SETTING_VARIABLES
from gemini_interactions_mcp.transports import stdin_capture
from gemini_interactions_mcp.transports.greeting import Greeter
from gemini_interactions_mcp.transports.stdin_capture import SNAPSHOT_PATH, load_snapshot
from snapshotting import LISTS, REVISIONS, VIEWS, Json, ask_first, opening, take_snapshot
from wired import HANDSHAKES, MODERN

UPDATE = os.environ.get("UPDATE") == "1"
CLIENTS = (
    "any",
    "",
    "codex-mcp-client-2",
    *HOSTS,
    *(f"{name}{more}" for name in ("Visual Studio Code", "mcp-inspector") for more in (" - Insiders", "-2", "2")),
)


@pytest.fixture
def unset(tmp_path: Path) -> Settings:
    """The settings of a user who has set nothing, not even a key."""
    return make_settings(tmp_path, "http://127.0.0.1:9", api_key=None)


async def test_the_snapshot_is_what_the_sdk_answers(unset: Settings) -> None:
    taken = await take_snapshot(unset)
    if UPDATE:
        text = json.dumps(taken, indent=1, ensure_ascii=False) + "\n"
        SNAPSHOT_PATH.write_text(text, encoding="utf-8", newline="\n")
    assert json.loads(SNAPSHOT_PATH.read_text(encoding="utf-8")) == taken, "`make snapshot` writes it anew"


@pytest.mark.parametrize("views", VIEWS)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_client_is_greeted_with_what_the_sdk_answers_it(unset: Settings, revision: str, views: str) -> None:
    for name in CLIENTS:
        expected = await ask_first(build_server(unset), revision, name, VIEWS[views])
        greeted = greet(load_snapshot({}), revision, name, VIEWS[views])
        assert json.dumps(greeted, sort_keys=True) == json.dumps(expected, sort_keys=True), name
        assert list_arguments(greeted) == list_arguments(expected), name


def list_arguments(results: Json) -> list[list[str]]:
    """Return the arguments of each tool in their order, in which a model reads them."""
    return [list(tool["inputSchema"]["properties"]) for tool in results["tools/list"]["tools"]]


def greet(snapshot: Json | None, revision: str, name: str = "any", capabilities: Json | None = None) -> Json:
    """Return the results of the greeting by their methods."""
    greeter = Greeter(snapshot)
    method, opened, following = opening(revision, name, capabilities or {})
    results: Json = {}
    for each, params in {method: opened, **dict.fromkeys(LISTS, following)}.items():
        request = {"jsonrpc": "2.0", "id": each, "method": each, "params": params}
        if answer := greeter.find_answer(json.dumps(request).encode()):
            results[each] = json.loads(answer)["result"]
    return results


SAMPLES: Mapping[str, str] = {
    "GEMINI_API_KEY": "a-key",
    "GOOGLE_API_KEY": "a-key",
    "GEMINI_MCP_MODEL": "gemini-4-argon",
    "GEMINI_MCP_IMAGE_MODEL": "another-image-model",
    "GEMINI_MCP_RESEARCH_AGENT": "another-agent",
    "GEMINI_MCP_CATALOG": "catalog.json",
    "GEMINI_MCP_ALLOWED_DIRS": "files",
    "GEMINI_MCP_MAPPED_DIRS": "docs=/srv/docs",
    "GEMINI_MCP_OUTPUT_DIR": "elsewhere",
    "GEMINI_MCP_OUTPUT_URL": "s3://bucket/folder",
    "GEMINI_MCP_PUBLIC_URL": "https://mcp.example.com",
    "GEMINI_MCP_UPLOAD_BYTES": "1000000",
    "GEMINI_MCP_DATABASE_URL": "sqlite+aiosqlite:///{folder}/another.sqlite3",
    "GEMINI_MCP_WAIT_SECONDS": "5",
    "GEMINI_MCP_INLINE_BYTES": "1000",
    "GEMINI_MCP_ALLOW_SECRETS": "true",
    "GEMINI_MCP_KEEP_DAYS": "1",
    "GEMINI_MCP_SERVERS": '{"docs": {"url": "https://mcp.example.com/docs"}}',
    "GEMINI_MCP_PREVIEWS": "false",
    "GEMINI_MCP_STRUCTURED": "true",
    "GEMINI_MCP_GREETING": "false",
    "GEMINI_MCP_CONFIRM": "always",
    "GEMINI_MCP_RUNS_PER_DAY": "1",
    "GEMINI_MCP_DOLLARS_PER_DAY": "1",
    "GEMINI_MCP_DOLLARS_PER_MONTH": "1",
    "GEMINI_MCP_TOOLSETS": "ask,history",
    "GEMINI_MCP_LOG_LEVEL": "DEBUG",
    "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
    "GEMINI_MCP_AUTH": "token",
    "GEMINI_MCP_OAUTH_ISSUER": "https://login.example.com",
    "GEMINI_MCP_OAUTH_AUDIENCE": "https://mcp.example.com",
    "GEMINI_MCP_ALLOWED_ORIGINS": "https://chat.example.com",
    "GEMINI_MCP_PRINCIPAL_DOLLARS_PER_DAY": "1",
    "GEMINI_MCP_CALLS_PER_MINUTE": "1",
    "GEMINI_MCP_METRICS_TOKEN": "a-token-of-some-length",
    "GEMINI_MCP_LOG_FORMAT": "json",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
}
"""For each variable, a value that is not its default."""


@pytest.mark.parametrize("variable", SETTING_VARIABLES)
def test_each_sample_sets_something(variable: str, tmp_path: Path) -> None:
    assert variable in SAMPLES, "a new setting: add a value that is not its default to SAMPLES"
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    unset = Settings.from_environ(home, tmp_path)
    found = Settings.from_environ(home | {variable: SAMPLES[variable]}, tmp_path)
    assert found.findings == ()
    field = next(name for name, known in FIELD_VARIABLES.items() if variable in [each.name for each in known])
    assert getattr(found, field) != getattr(unset, field)


CHANGING = {"GEMINI_MCP_TOOLSETS", "GEMINI_MCP_STRUCTURED"}
"""The variables that change an answer, beside the one that turns the greeting off."""


@pytest.mark.parametrize("variable", sorted({*SETTING_VARIABLES} - CHANGING))
async def test_no_other_setting_changes_an_answer(variable: str, tmp_path: Path) -> None:
    for text in (SAMPLES[variable].replace("{folder}", tmp_path.as_posix()), "hush!", f"${{{variable}}}"):
        environ = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), variable: text}
        for revision, bundled in ((HANDSHAKES[-1], True), (MODERN, False)):
            found = Settings.from_environ(environ, tmp_path, bundled=bundled)
            assert await ask_first(build_server(found), revision) == greet(load_snapshot({}), revision), text


@pytest.mark.parametrize("variable", sorted(CHANGING))
async def test_a_setting_that_changes_an_answer_turns_the_greeting_off(variable: str, tmp_path: Path) -> None:
    changed = Settings.from_environ({"HOME": str(tmp_path), variable: SAMPLES[variable]}, tmp_path)
    answers = await ask_first(build_server(changed), MODERN)
    assert answers != greet(load_snapshot({}), MODERN)
    assert load_snapshot({variable: SAMPLES[variable]}) is None


def test_the_snapshot_names_the_settings_that_change_an_answer() -> None:
    snapshot = json.loads(SNAPSHOT_PATH.read_bytes())
    assert set(snapshot["settings"]) == CHANGING | {"GEMINI_MCP_GREETING"}
    assert all(load_snapshot({name: usual}) == snapshot for name, usual in snapshot["settings"].items())


@pytest.mark.parametrize(
    "text", ["false", "0", "no", "off", "FALSE", " false ", "hush!", "${GEMINI_MCP_GREETING}", "${user_config.x}"]
)
def test_the_greeting_is_off_unless_its_setting_is_the_usual_one(text: str) -> None:
    assert load_snapshot({"GEMINI_MCP_GREETING": text}) is None


def test_a_snapshot_of_another_version_greets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin_capture, "__version__", f"{__version__}.1")
    assert load_snapshot({}) is None


@pytest.mark.parametrize("text", [None, "", "{", "{}", "[]", "null", '{"settings": []}', '{"settings": {}}'])
def test_a_damaged_snapshot_greets_nobody(text: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stdin_capture, "SNAPSHOT_PATH", tmp_path / "greeting.json")
    if text is not None:
        (tmp_path / "greeting.json").write_text(text, encoding="utf-8")
    assert load_snapshot({}) is None
