"""The `doctor` command, against the emulator and with everything that can be wrong."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
import pytest

from conftest import KEY
from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from wired import command, environment, journal

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def closed_url() -> Iterator[str]:
    """Return the URL of a port that is bound but does not listen."""
    with contextlib.closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


async def examined(env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> tuple[int, str]:
    """Return status and output; in a thread, because the command has an event loop of its own."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    status = await anyio.to_thread.run_sync(main, ["doctor"])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return status, said.out


def real(path: Path) -> Path:
    """Resolve symbolic links, which temporary folders of macOS contain."""
    return path.resolve()


def line(out: str, topic: str) -> str:
    """Return the line of a topic."""
    return next(each for each in out.splitlines() if each[8:].startswith(f"{topic} "))


@pytest.mark.slow
async def test_all_is_well_with_a_key_and_the_api_in_reach(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, url), monkeypatch, capsys)
    root = real(tmp_path)
    assert status == 0
    assert out.startswith(f"gemini-interactions-mcp {__version__}\nPython ")
    assert "google-genai 3." in out
    assert line(out, "model").endswith("gemini-3.8-flash")
    assert line(out, "wait").endswith("20 s until a call returns the id instead of the answer")
    assert line(out, "asking").endswith("paid requests are sent without asking")
    assert line(out, "today (UTC)") == "        today (UTC)  spent or reserved: $0.00, no limit"
    assert line(out, "month (UTC)") == "        month (UTC)  spent or reserved: $0.00, no limit"
    assert line(out, "research") == "        research     requests sent today: 0, no limit"
    assert "gemini-interactions-mcp view" in line(out, "view")
    assert "MCP servers" not in out
    assert line(out, "directory") == f"ok      directory    {root / 'files'}"
    api = line(out, "API")
    assert api.startswith("ok ")
    assert api.endswith(f"found models/gemini-3.8-flash at {url} with the key in GEMINI_API_KEY")
    assert line(out, "output") == f"ok      output       {root / 'output'} is writable"
    assert line(out, "journal") == f"ok      journal      {root / 'journal.sqlite3'} is writable; no interactions yet"
    assert "FAIL" not in out
    assert emulator.creates == []
    assert not (tmp_path / "output").exists()
    assert journal(tmp_path) == {}


@pytest.mark.slow
async def test_it_makes_no_folder_on_the_way_to_the_output_folder_and_leaves_an_existing_one_empty(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "there").mkdir()
    for place in ("not/there/yet", "there"):
        env = environment(tmp_path, url, GEMINI_MCP_OUTPUT_DIR=str(tmp_path / place))
        status, out = await examined(env, monkeypatch, capsys)
        assert (status, line(out, "output")[:3]) == (0, "ok ")
    assert not (tmp_path / "not").exists()
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.slow
async def test_it_says_which_key_it_uses_and_when_the_latest_interaction_was(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_API_KEY=None, GOOGLE_API_KEY=KEY)
    noon = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    earlier = Journal(env["GEMINI_MCP_DATABASE_URL"])
    await earlier.insert(Record(label="a", kind="ask", prompt="Why?", created_at=noon, updated_at=noon))
    await earlier.close()
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 0
    assert line(out, "API").endswith("with the key in GOOGLE_API_KEY")
    assert line(out, "journal").endswith("latest interaction 2026-03-01 12:30 UTC")
    assert len(journal(tmp_path)) == 1


async def test_it_says_what_stands_before_research_and_what_is_allowed_beyond_the_usual(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    servers = '{"docs": {"url": "https://docs.example/?key=hush-5f2e", "headers": {"X-Key": "hush-5f2e"}}}'
    env = environment(
        tmp_path,
        url.replace("//", "//me:hush-5f2e@"),
        GEMINI_MCP_SERVERS=servers,
        GEMINI_MCP_RUNS_PER_DAY="3",
        GEMINI_MCP_CONFIRM="true",
        GEMINI_MCP_ALLOW_SECRETS="true",
    )
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 0
    assert line(out, "asking").endswith("before every paid request")
    assert line(out, "MCP servers").endswith(" mcp:docs")
    assert "GEMINI_MCP_ALLOW_SECRETS" in line(out, "secrets")
    assert "//me:[secret]@" in line(out, "API")
    assert "hush" not in out


async def test_the_limits_are_told_with_what_is_left(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(
        tmp_path,
        url,
        GEMINI_MCP_DOLLARS_PER_DAY="5",
        GEMINI_MCP_DOLLARS_PER_MONTH="1",
        GEMINI_MCP_RUNS_PER_DAY="3",
        GEMINI_MCP_CONFIRM="above:0.50",
    )
    earlier = Journal(env["GEMINI_MCP_DATABASE_URL"])
    moment = clock.now()
    research = Record(label="a", kind="research", cost_micros=1_000_000, created_at=moment, updated_at=moment)
    await earlier.insert(research)
    await earlier.insert(research.model_copy(update={"label": "b", "kind": "ask", "cost_micros": 250_000}))
    await earlier.close()
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 0
    assert line(out, "asking").endswith("before requests that may cost more than $0.50, or have no known price")
    assert line(out, "today (UTC)") == "        today (UTC)  spent or reserved: $1.25 of $5.00, $3.75 left"
    assert line(out, "month (UTC)") == "WARN    month (UTC)  spent or reserved: $1.25 of $1.00, $0.00 left"
    assert line(out, "research") == "        research     requests sent today: 1 of 3, 2 left"


async def test_a_limit_that_cannot_be_read_is_not_told_as_none(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    wrong = ("DOLLARS_PER_DAY", "DOLLARS_PER_MONTH", "RUNS_PER_DAY", "CONFIRM")
    env = environment(tmp_path, url) | {f"GEMINI_MCP_{name}": "few" for name in wrong}
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert len(lines(out, "settings")) == len(wrong)
    for topic in ("today (UTC)", "month (UTC)", "research", "asking"):
        assert lines(out, topic) == []


@pytest.mark.slow
async def test_google_genai_does_not_say_that_it_uses_another_key(tmp_path: Path, url: str) -> None:
    env = environment(tmp_path, url, GOOGLE_API_KEY="invalid-other", GEMINI_MCP_LOG_LEVEL="INFO")
    status, out, err = await command(env, "doctor")
    assert status == 0
    assert line(out, "API").endswith("with the key in GEMINI_API_KEY")
    assert "GOOGLE_API_KEY" not in out + err


@pytest.mark.slow
async def test_folders_that_are_not_there_are_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_ALLOWED_DIRS=f"~nobody-4711/docs;{tmp_path / 'files'}")
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "directory").startswith("FAIL ")
    assert line(out, "directory").endswith(" ~nobody-4711/docs: no such user".replace("/", os.sep))
    assert f"ok      directory    {real(tmp_path) / 'files'}" in out


async def test_an_output_folder_of_nobody_is_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    env = environment(tmp_path, url, GEMINI_MCP_OUTPUT_DIR="~nobody-4711/out")
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "output").startswith("FAIL    output       Cannot write to ~nobody-4711")
    assert "there is no such user" in line(out, "output")
    assert out.count(": no such user") == 1
    assert not (tmp_path / "~nobody-4711").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("GEMINI_MCP_MODLE", "FAIL    variable     GEMINI_MCP_MODLE is not a setting; did you mean GEMINI_MCP_MODEL?"),
        ("GEMINI_MCP_ALLOWED_DIR", "; did you mean GEMINI_MCP_ALLOWED_DIRS?"),
        ("GEMINI_MCP_API_KEY", "; did you mean GEMINI_API_KEY?"),
        ("GEMINI_MCP_BASE_URL", "; did you mean GOOGLE_GEMINI_BASE_URL?"),
        ("GEMINI_MCP_ZZ", "        variable     GEMINI_MCP_ZZ is not a setting"),
    ],
)
async def test_a_variable_that_is_no_setting_is_named_with_the_one_that_is_meant(
    name: str, told: str, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, url) | {name: "hush-5f2e"}, monkeypatch, capsys)
    assert status == (1 if "mean" in told else 0)
    assert line(out, "variable").endswith(told)
    assert "hush" not in out


@pytest.mark.parametrize(
    "address", ["not a url", "localhost:8766", "http://", "ftp://host", "http://[::", "http://h:x"]
)
async def test_an_address_that_is_no_url_is_told_by_its_variable(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, address), monkeypatch, capsys)
    assert status == 1
    assert line(out, "API").endswith("because GOOGLE_GEMINI_BASE_URL is no URL: write https://host.")


async def test_a_missing_key_is_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, url, GEMINI_API_KEY=None), monkeypatch, capsys)
    assert status == 1
    assert line(out, "API").startswith("FAIL    API          No Gemini API key is set. Put GEMINI_API_KEY")


@pytest.mark.slow
@pytest.mark.parametrize("key", ["invalid-4f1a9c", "two words 4f1a9c", "line\nbreak-4f1a9c"])
async def test_a_key_that_is_rejected_or_malformed_is_wrong_and_not_repeated(
    key: str, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, url, GEMINI_API_KEY=key), monkeypatch, capsys)
    assert status == 1
    assert line(out, "API").startswith("FAIL ")
    assert "key" in line(out, "API")
    assert "4f1a9c" not in out


@pytest.mark.slow
async def test_an_api_out_of_reach_is_wrong_and_the_rest_is_still_examined(
    tmp_path: Path, closed_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined(environment(tmp_path, closed_url), monkeypatch, capsys)
    assert status == 1
    assert line(out, "API").startswith("FAIL    API          Google cannot be reached")
    assert line(out, "output").startswith("ok ")
    assert line(out, "journal").startswith("ok ")


@pytest.mark.slow
async def test_a_model_that_is_gone_is_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_MODEL="gemini-1.0-ultra")
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "API").startswith("FAIL    API          Google has no model or agent gemini-1.0-ultra")


@pytest.mark.slow
async def test_an_api_that_refuses_is_wrong(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    emulator.faults.append(Fault("model", "http", http_status=402))
    status, out = await examined(environment(tmp_path, url), monkeypatch, capsys)
    assert status == 1
    assert "Add credit or billing" in line(out, "API")


@pytest.mark.parametrize("database", ["no url", "postgresql+nodriver://user:secret-4f1a9c@db/journal"])
async def test_a_bad_journal_url_is_wrong_and_its_password_is_not_repeated(
    database: str, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_DATABASE_URL=database)
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "journal").startswith("FAIL ")
    assert "4f1a9c" not in out


async def test_an_output_folder_that_is_a_file_is_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "taken").write_bytes(b"")
    env = environment(tmp_path, url, GEMINI_MCP_OUTPUT_DIR=str(tmp_path / "taken"))
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "output").startswith("FAIL ")
    assert str(tmp_path / "taken") in line(out, "output")


@pytest.mark.slow
async def test_an_allowed_directory_that_is_not_there_is_wrong(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_ALLOWED_DIRS=str(tmp_path / "nowhere"))
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "directory") == f"FAIL    directory    {real(tmp_path) / 'nowhere'}: no such folder"


@pytest.mark.slow
async def test_all_wrong_settings_are_told_without_their_values_and_the_rest_is_examined(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_WAIT_SECONDS=KEY, GEMINI_MCP_PREVIEWS=KEY, GEMINI_MCP_SERVERS=KEY)
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert "FAIL    settings     GEMINI_MCP_WAIT_SECONDS should be a number of at least 0." in out
    assert "FAIL    settings     GEMINI_MCP_PREVIEWS should be true or false.\n" in out
    assert "FAIL    settings     GEMINI_MCP_SERVERS is not JSON like" in out
    assert line(out, "API").startswith("ok ")


def lines(out: str, topic: str) -> list[str]:
    """Return all lines of a topic."""
    return [each for each in out.splitlines() if each[8:].startswith(f"{topic} ")]


async def test_every_configured_model_and_agent_is_looked_up(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    names = {"GEMINI_MCP_MODEL": "pro", "GEMINI_MCP_RESEARCH_AGENT": "deep research max"}
    status, out = await examined(environment(tmp_path, url) | names, monkeypatch, capsys)
    assert status == 0
    assert "found models/gemini-3.1-pro-preview at" in line(out, "API")
    assert [each.split(maxsplit=2) for each in lines(out, "look-up")] == [
        ["ok", "look-up", "found models/gemini-nano-banana-2.1"],
        ["ok", "look-up", "found agents/deep-research-max-preview-04-2026"],
    ]
    assert [request.path for request in emulator.requests] == [
        "/v1/models/gemini-3.1-pro-preview",
        "/v1/models/gemini-nano-banana-2.1",
        "/v1/agents/deep-research-max-preview-04-2026",
    ]


async def test_a_configured_model_that_google_does_not_have_names_another(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    names = {"GEMINI_MCP_IMAGE_MODEL": "gemini-9-image", "GEMINI_MCP_RESEARCH_AGENT": "my-agent"}
    status, out = await examined(environment(tmp_path, url) | names, monkeypatch, capsys)
    assert status == 1
    image, agent = lines(out, "look-up")
    assert image.startswith("FAIL")
    assert image.endswith("Use gemini-nano-banana-2.1 instead.")
    assert agent.startswith("FAIL")
    assert "no model or agent my-agent" in agent


async def test_an_agent_of_the_catalog_that_google_does_not_list_is_no_failure(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    emulator.faults.append(Fault("model", "http", 1, http_status=404, match="/agents/"))
    status, out = await examined(environment(tmp_path, url), monkeypatch, capsys)
    assert status == 0
    assert "is in the catalog; Google does not list it" in lines(out, "look-up")[1]


async def test_an_agent_that_cannot_be_looked_up_is_a_failure(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    emulator.faults.append(Fault("model", "http", 9, http_status=500, match="/agents/"))
    status, out = await examined(environment(tmp_path, url), monkeypatch, capsys)
    assert status == 1
    assert lines(out, "look-up")[1].startswith("FAIL")


@pytest.mark.parametrize(
    ("day", "mark", "said"),
    [
        ((2026, 3, 8), "", ""),
        ((2026, 3, 9), "WARN", "Google shuts down gemini-nano-banana-2.1 on 2026-05-08, in 60 days; use gemini-3-pro-"),
        (
            (2026, 5, 7),
            "WARN",
            "Google shuts down gemini-nano-banana-2.1 on 2026-05-08, in 1 day; use gemini-3-pro-image",
        ),
        (
            (2026, 5, 8),
            "FAIL",
            "Google has shut down gemini-nano-banana-2.1 (2026-05-08); use gemini-3-pro-image instead",
        ),
    ],
)
async def test_a_shutdown_is_warned_of_sixty_days_before(
    tmp_path: Path,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    day: tuple[int, int, int],
    mark: str,
    said: str,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*day, tzinfo=UTC))
    rows = '["gemini-nano-banana-2.1"]\nshutdown = 2026-05-08\nsuccessor = "gemini-3-pro-image"\n'
    (catalog := tmp_path / "catalog.toml").write_text(rows, encoding="utf-8")
    status, out = await examined(environment(tmp_path, url, GEMINI_MCP_CATALOG=str(catalog)), monkeypatch, capsys)
    assert status == (1 if mark == "FAIL" else 0)
    assert line(out, "catalog") == f"ok      catalog      {catalog} is read"
    found = lines(out, "shutdown")
    assert len(found) == bool(mark)
    assert all(each.startswith(f"{mark:<7} shutdown     {said}") for each in found)


async def test_a_shutdown_without_a_successor_names_none(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    names = {"GEMINI_MCP_MODEL": "gemini-3.1-flash-lite"}
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 5, 1, tzinfo=UTC))
    _, out = await examined(environment(tmp_path, url) | names, monkeypatch, capsys)
    assert line(out, "shutdown").endswith("Google shuts down gemini-3.1-flash-lite on 2027-05-07, in 6 days")


async def test_a_wrong_catalog_is_a_failure(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    env = environment(tmp_path, url, GEMINI_MCP_CATALOG=str(tmp_path / "gone.toml"))
    status, out = await examined(env, monkeypatch, capsys)
    assert status == 1
    assert line(out, "catalog").startswith("FAIL    catalog      GEMINI_MCP_CATALOG (")
