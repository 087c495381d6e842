"""What somebody who sets up a server for a team is told by its commands."""

import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from conftest import KEY
from gemini_interactions_mcp.cli.findings import Finding
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.cli.team_checks import check_issuer, check_named_tokens, list_team_settings
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.database_url import describe_address
from gemini_interactions_mcp.journal.everybody import list_last_interactions, read_others_use
from gemini_interactions_mcp.journal.journal import Journal, open_database
from gemini_interactions_mcp.settings.table import FIELD_VARIABLES, SETTING_VARIABLES, Settings
from issuing import issuing
from journaling import record
from wired import SERVE, environment

Said = tuple[int, str, str]
Run = Callable[..., Said]

MISSPELLED = "GEMINI_MCP_DATABSE_URL is not a setting; did you mean GEMINI_MCP_DATABASE_URL?"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in the settings of the test, to which its keywords are added."""
    for name, value in environment(tmp_path, None).items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str, **settings: str) -> Said:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            try:
                status = main(arguments)
            except SystemExit as exc:
                status = int(str(exc.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def spend(folder: Path, **micros: int) -> None:
    """Let principals have paid; the owner is `_`."""

    async def fill() -> None:
        for name, cost in micros.items():
            journal = Journal(folder / "journal.sqlite3", principal=name.strip("_"))
            fields = {"kind": "research", "cost_micros": cost, "status": "completed"}
            await journal.insert(record(f"i-{name}", created_at=clock.now(), **fields))
            await journal.close()

    anyio.run(fill)


# What everybody has spent -------------------------------------------------------------------------------


def test_the_doctor_tells_what_the_limits_of_a_server_count(run: Run, tmp_path: Path) -> None:
    spend(tmp_path, alice=150_000, bob=40_000)
    limits = {"GEMINI_MCP_DOLLARS_PER_DAY": "0.2", "GEMINI_MCP_DOLLARS_PER_MONTH": "1", "GEMINI_MCP_RUNS_PER_DAY": "2"}
    _, out, _ = run("doctor", **limits, GEMINI_API_KEY="")
    assert "spent or reserved: $0.19 of $0.20, $0.01 left ($0.19 of it by principals)\n" in out
    assert "spent or reserved: $0.19 of $1.00, $0.81 left ($0.19 of it by principals)\n" in out
    assert "WARN    research     requests sent today: 2 of 2, 0 left (2 of it by principals)\n" in out
    assert re.search(r"journal +\S+ is writable; latest interaction \d{4}-", out)


def test_the_owner_is_told_that_others_have_spent_too(run: Run, tmp_path: Path) -> None:
    assert run("usage")[1] == "Nothing has been asked.\n"
    spend(tmp_path, alice=150_000, bob=40_000)
    told = "Principals have spent or reserved $0.19 in 2 runs: `gemini-interactions-mcp admin usage` sums them.\n"
    assert run("usage")[1] == f"Nothing has been asked by the owner.\n{told}"
    spend(tmp_path, _=1_000_000)
    out = run("usage", "--since", "1d")[1]
    assert re.search(r"total +1 ", out)
    assert out.endswith(f"\n{told}")
    later = f"{clock.now().year + 1}-01-01"
    assert run("usage", "--since", later)[1] == f"Nothing has been asked since {later} (UTC).\n"


async def test_what_others_use_is_summed(journal_url: str) -> None:
    for number, name in enumerate(["", "ada", "ben"]):
        journal = Journal(journal_url, principal=name)
        kind = "research" if name == "ben" else "ask"
        await journal.insert(record(f"{number}", kind=kind, created_at=clock.now(), cost_micros=10**number))
        await journal.close()
    database = open_database(journal_url)
    assert await read_others_use(database, clock.get_day_start()) == (2, 1, 110)
    assert await read_others_use(database, clock.now()) == (0, 0, 0)
    assert set(await list_last_interactions(database)) == {"ada", "ben"}
    await database.close()


# What is misspelled -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "list"),
        ("token", "add", "bob"),
        ("admin", "principals"),
        ("usage",),
        ("serve", "--http", "--host", "::"),
    ],
)
def test_a_misspelled_setting_is_named(run: Run, arguments: tuple[str, ...]) -> None:
    err = run(*arguments, GEMINI_MCP_DATABSE_URL="sqlite:///hush", GEMINI_MCP_OF_ANOTHER_PROGRAM="1")[2]
    assert f"gemini-interactions-mcp: {MISSPELLED}\n" in err
    assert "hush" not in err
    assert "ANOTHER" not in err


def serve_nothing(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Keep `serve` from serving; return the settings with which it would have."""
    served: list[Settings] = []

    async def serve(_server: object, settings: Settings, _plan: object, _announce: object) -> None:
        served.append(settings)

    monkeypatch.setattr("gemini_interactions_mcp.cli.team.serve_http", serve)
    return served


def test_a_server_says_at_its_start_what_will_not_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve_nothing(monkeypatch)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    settings = {
        "GEMINI_MCP_AUTH": "token",
        "GEMINI_MCP_DATABSE_URL": "x",
        "GEMINI_MCP_MAPPED_DIRS": f"docs={tmp_path / 'nowhere'},files={tmp_path}",
        "GEMINI_MCP_METRICS_TOKEN": "a" * 16,
    }
    assert run("serve", "--http", "--host", "0.0.0.0", **settings)[0] == 0
    assert len(served) == 1
    assert caplog.messages == [
        MISSPELLED,
        f"GEMINI_MCP_MAPPED_DIRS: docs is {tmp_path.resolve() / 'nowhere'}, and there is no such folder.",
        "GEMINI_MCP_METRICS_TOKEN is set, and /metrics tells nothing without the extra: pip install "
        "'gemini-interactions-mcp[team]'",
        "There is no public URL (--public-url or GEMINI_MCP_PUBLIC_URL): results have no links to files, and uploads "
        "go to whatever host a request names.",
    ]


def test_a_server_that_lacks_nothing_is_silent(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    serve_nothing(monkeypatch)
    settings = {"GEMINI_MCP_AUTH": "token", "GEMINI_MCP_METRICS_TOKEN": "a" * 16}
    assert run("serve", "--http", "--public-url", "https://gemini.example.com", **settings)[0] == 0
    assert run("serve", "--http")[0] == 0
    assert caplog.messages == []


@pytest.mark.slow
async def test_a_host_finds_a_misspelled_setting_in_the_log(tmp_path: Path) -> None:
    env = environment(tmp_path, None, GEMINI_MCP_DATABSE_URL="sqlite:///hush")
    done = await anyio.run_process(SERVE, input=b"", env=env, check=False)
    assert MISSPELLED in done.stderr.decode()


# Tokens -------------------------------------------------------------------------------------------------


def test_a_new_token_is_told_with_its_journal_and_what_servers_need(run: Run, tmp_path: Path) -> None:
    _, out, err = run("token", "add", "alice")
    assert re.fullmatch(r"gim_\S+\n", out)
    assert f"It is in the journal {tmp_path / 'journal.sqlite3'}.\n" in err
    assert "Servers take it only with GEMINI_MCP_AUTH=token, which is not set here.\n" in err
    assert (
        "Servers take it only with GEMINI_MCP_AUTH=token; here it is oauth."
        in (run("token", "add", "alice", GEMINI_MCP_AUTH="oauth")[2])
    )
    assert "Servers take" not in run("token", "add", "alice", GEMINI_MCP_AUTH="token")[2]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://u:hush@db.example:5433/name?password=hush", "postgresql://db.example:5433/name"),
        ("postgresql://u:hush@db.example/name", "postgresql://db.example/name"),
        ("postgresql://u@/name?host=/run/hush", "postgresql:///name"),
        ("sqlite:////one/journal.sqlite3?timeout=9", "/one/journal.sqlite3"),
        ("sqlite://", ":memory:"),
        (Path("/one/a b"), "/one/a b"),
    ],
)
def test_a_journal_is_named_without_its_password(address: str | Path, told: str) -> None:
    assert describe_address(address) == told


def test_a_token_that_changes_the_limits_of_all_says_so(run: Run) -> None:
    run("token", "add", "alice", "--dollars-per-day", "5")
    assert "alice" in run("token", "add", "alice", "--dollars-per-day", "5")[2]
    _, out, err = run("token", "add", "alice", "--dollars-per-day", "7", "--runs-per-day", "3")
    assert re.fullmatch(r"gim_\S+\n", out)
    assert "For all tokens of alice:\ndollars-per-day: $5.00 -> $7.00\nruns-per-day: none -> 3\n" in err
    assert "For all tokens" not in run("token", "add", "alice", "--dollars-per-day", "7")[2]


def test_what_is_revoked_already_is_said_and_not_written_down_again(run: Run) -> None:
    run("token", "add", "alice")
    assert run("admin", "restore", "alice")[1] == "alice was not revoked; nothing changes.\n"
    assert run("admin", "revoke", "alice")[1].startswith("alice is revoked; servers notice")
    assert run("admin", "revoke", "alice")[1] == "alice was revoked already; nothing changes.\n"
    assert run("admin", "restore", "alice")[1] == "alice is allowed again what its tokens allow.\n"
    acts = run("admin", "audit")[1]
    assert (acts.count("principal.revoke"), acts.count("principal.restore")) == (1, 1)
    token_id = run("token", "revoke", "alice")[1].split()[1]
    for named in ("alice", token_id):
        status, _, err = run("token", "revoke", named)
        assert (status, "revoked already" in err) == (2, True)
    assert run("admin", "audit")[1].count("token.revoke") == 1


def test_principals_are_listed_with_their_last_interaction(run: Run, tmp_path: Path) -> None:
    assert run("admin", "principals")[1] == (
        "There are no principals: nobody has a token, and nobody has used this server through a network.\n"
    )
    run("token", "add", "idle")
    spend(tmp_path, alice=1)
    head, *rows = run("admin", "principals")[1].splitlines()
    assert "last interaction (UTC)" in head
    assert [bool(re.search(r"\d\d:\d\d +- +- +-$", row)) for row in rows] == [True, False]
    assert re.match(r"alice +allowed +- +\d{4}-\d\d-\d\d \d\d:\d\d", rows[0])
    assert re.match(r"idle +allowed +\d{4}-\d\d-\d\d \d\d:\d\d +- ", rows[1])


# What the doctor says of a team's settings --------------------------------------------------------------


def settings_of(folder: Path, **variables: str) -> Settings:
    """The settings of an environment."""
    return Settings.from_environ(environment(folder, None) | variables)


def told(findings: object) -> dict[str, tuple[object, str]]:
    """Findings by topic."""
    assert not isinstance(findings, Finding)
    return {each.topic: (each.ok, each.text) for each in findings}  # type: ignore[attr-defined]


def test_the_doctor_says_nothing_of_a_team_to_one_person(tmp_path: Path) -> None:
    assert list(list_team_settings(settings_of(tmp_path))) == []


def test_the_doctor_examines_the_settings_of_a_team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    variables = {
        "GEMINI_MCP_AUTH": "oauth",
        "GEMINI_MCP_MAPPED_DIRS": f"docs={tmp_path / 'nowhere'}",
        "GEMINI_MCP_METRICS_TOKEN": "a" * 16,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318",
    }
    found = list(list_team_settings(settings_of(tmp_path, **variables)))
    assert [(each.ok, each.topic) for each in found] == [
        (False, "auth"),
        ("warn", "public URL"),
        (False, "mapped"),
        ("warn", "metrics"),
        ("warn", "traces"),
    ]
    assert "GEMINI_MCP_OAUTH_ISSUER" in found[0].text
    assert found[2].text == f"docs is {tmp_path.resolve() / 'nowhere'}: no such folder"


@pytest.mark.parametrize(("auth", "mark"), [("none", "warn"), ("token", False)])
def test_the_doctor_examines_the_addresses_of_a_team(tmp_path: Path, auth: str, mark: object) -> None:
    variables = {"GEMINI_MCP_AUTH": auth, "GEMINI_MCP_PUBLIC_URL": "http://gemini.example"}
    variables |= {"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318", "GEMINI_MCP_MAPPED_DIRS": f"docs={tmp_path}"}
    found = told(list_team_settings(settings_of(tmp_path, **variables)))
    assert found["public URL"][0] == "warn"
    assert "unencrypted" in found["public URL"][1]
    assert found["traces"][0] == mark
    assert found["mapped"][0] is True
    secure = variables | {"GEMINI_MCP_PUBLIC_URL": "https://gemini.example"}
    assert told(list_team_settings(settings_of(tmp_path, **secure)))["public URL"] == (None, "https://gemini.example")


async def test_the_doctor_counts_the_names_with_a_token(tmp_path: Path, run: Run) -> None:
    settings = settings_of(tmp_path, GEMINI_MCP_AUTH="token")
    database = open_database(settings.database_url)
    assert "token add NAME" in (await check_named_tokens(database)).text
    await anyio.to_thread.run_sync(run, "token", "add", "alice")
    assert await check_named_tokens(database) == (True, "auth", "1 name has a valid token")
    await database.close()


async def test_the_doctor_asks_the_issuer_for_its_keys(tmp_path: Path) -> None:
    async with issuing() as issuer:
        assert await check_issuer(issuer.address) == f"{issuer.address} has 1 usable key"
        with pytest.raises(InputError, match=r"of another issuer|answers 404"):
            await check_issuer(f"{issuer.address}/other")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(InputError, match="cannot be used"):
            await check_issuer(f"http://127.0.0.1:{bound.getsockname()[1]}")


# What is written wrongly --------------------------------------------------------------------------------

ANY_TEXT = {
    *("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_MCP_MODEL", "GEMINI_MCP_IMAGE_MODEL", "GEMINI_MCP_RESEARCH_AGENT"),
    *("GOOGLE_GEMINI_BASE_URL", "GEMINI_MCP_CATALOG", "GEMINI_MCP_OUTPUT_DIR", "GEMINI_MCP_OAUTH_AUDIENCE"),
}
"""Settings that take any text; the doctor says whether what it names is there."""

WRONG_TEXTS = {
    "GEMINI_MCP_ALLOWED_DIRS": "[hush",
    "GEMINI_MCP_METRICS_TOKEN": "hush",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "hush:4318",
    "GEMINI_MCP_MAPPED_DIRS": "docs=hush/relative",
}

JARGON = re.compile(r"Input should|unable to|parse_|validation|invalid|Traceback|literal|Errno")


@pytest.mark.parametrize("variable", sorted(set(SETTING_VARIABLES) - ANY_TEXT))
def test_a_wrong_setting_is_said_in_plain_words(run: Run, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve_nothing(monkeypatch)
    status, out, err = run("serve", "--http", **{variable: WRONG_TEXTS.get(variable, "hush!")})
    assert (status, out, served) == (2, "", [])
    assert re.fullmatch(rf"gemini-interactions-mcp: {variable}\b[^\n]+\.\n", err)
    assert not JARGON.search(err)
    assert "hush" not in err.replace("toolset hush", "")


@pytest.mark.parametrize(
    ("variable", "text", "taken"),
    [
        ("GEMINI_MCP_METRICS_TOKEN", "short", "a text of at least 16 characters"),
        ("GEMINI_MCP_CALLS_PER_MINUTE", "abc", "a whole number from 1 to 1,000,000"),
        ("GEMINI_MCP_RUNS_PER_DAY", "0", "a whole number of at least 1"),
        ("GEMINI_MCP_AUTH", "tokens", "none, token or oauth"),
        ("GEMINI_MCP_KEEP_DAYS", "0", "a number above 0 and up to 36,500"),
        ("GEMINI_MCP_WAIT_SECONDS", "-1", "a number of at least 0"),
        ("GEMINI_MCP_DOLLARS_PER_DAY", "2000000", "an amount of US dollars from 0 to 1,000,000"),
        ("GEMINI_MCP_PREVIEWS", "maybe", "true or false"),
        ("GEMINI_MCP_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    ],
)
def test_what_a_setting_takes_is_said(tmp_path: Path, variable: str, text: str, taken: str) -> None:
    assert settings_of(tmp_path, **{variable: text}).findings == (f"{variable} should be {taken}.",)


def test_the_fields_that_take_any_text_are_known() -> None:
    assert {each.name for variables in FIELD_VARIABLES.values() for each in variables} > ANY_TEXT


ADD = ("token", "add", "bob")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "abc"), "a port is a number from 0 to 65535, not 'abc'"),
        (("serve", "--http", "--port", "99999"), "a port is a number from 0 to 65535, not '99999'"),
        (("serve", "--http", "--drain-seconds", "abc"), "seconds are a number from 0 to 3600, not 'abc'"),
        (("serve", "--http", "--drain-seconds", "nan"), "seconds are a number from 0 to 3600, not 'nan'"),
        (("serve", "--http", "--public-url", ""), "--public-url: an address such as https://"),
        (("serve", "--http", "--public-url", " "), "--public-url: an address such as https://"),
        (("serve", "--http", "--public-url", "gemini.example"), "needs authentication|takes an address"),
        (("serve", "--http", "--host", "no such host"), "--host: no such host is no address of this machine"),
        (("serve", "--http", "--host", ""), "--host: an address of this machine is needed"),
        (("serve", "--http", "--drain", "5"), "unrecognized arguments: --drain 5"),
        (("--vers",), "unrecognized arguments: --vers"),
        ((*ADD, "--runs", "1"), "unrecognized arguments: --runs 1"),
        ((*ADD, "--runs-per-day", "abc"), "--runs-per-day takes a whole number from 1"),
        ((*ADD, "--runs-per-day", "0"), "--runs-per-day takes a whole number from 1"),
        ((*ADD, "--dollars-per-day", "abc"), "--dollars-per-day takes an amount"),
        ((*ADD, "--expires", "abc"), "--expires takes a number of days"),
        ((*ADD, "--scope", "abc"), "There is no scope abc"),
        ((*ADD, "--key-reference", "abc"), "--key-reference takes env:NAME"),
        (("usage", "--since", "abc"), "--since takes a date"),
        (("admin", "usage", "--since", "abc"), "--since takes a date"),
        (("admin", "audit", "--since", "abc"), "--since takes a date"),
    ],
)
def test_a_wrong_option_is_said_in_plain_words(run: Run, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert re.search(said, err)
    assert not JARGON.search(err)


def test_a_host_that_this_machine_has_not_is_not_a_port(run: Run) -> None:
    status, _, err = run("serve", "--http", "--host", "192.0.2.77", GEMINI_MCP_AUTH="token")
    assert status == 1
    assert "this machine does not have the address of --host." in err.lower()
    assert "port" not in err.splitlines()[-1]


def test_no_help_says_that_something_stops_to_work(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("token", "add"), ("admin", "principals"), ("serve",)):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "stops to" not in said
    assert "who has used this server" not in said
    assert KEY not in said
