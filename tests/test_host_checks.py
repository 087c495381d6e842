"""What `doctor` says of hosts: what each would start, with which settings, and whether it works."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.cli.findings import Finding
from gemini_interactions_mcp.cli.host_checks import check_hosts
from gemini_interactions_mcp.cli.hosts import starting
from gemini_interactions_mcp.cli.hosts.launches import find_launches, make_host_environment
from gemini_interactions_mcp.cli.hosts.machine import Machine
from gemini_interactions_mcp.cli.hosts.starting import NOWHERE, make_harmless
from gemini_interactions_mcp.cli.hosts.table import HOST_SPECS
from gemini_interactions_mcp.core.timing import DEFAULT_TIMING
from wired import at_import

KEY = "AIzaSy-hush-5f2e-and-more"
SPECS = {host.id: host for host in HOST_SPECS}
RUNS: dict[str, Any] = {"command": sys.executable, "args": ["-P", "-m", "gemini_interactions_mcp"]}
OFF: dict[str, Any] = {"command": "gemini-interactions-mcp", "disabled": True}
ENDS: dict[str, Any] = {
    "command": sys.executable,
    "args": ["-c", f"import sys; sys.exit('no such {KEY}')", "gemini-interactions-mcp"],
}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A user with no host, in a folder of a project."""
    monkeypatch.setenv("PATH", "")
    (tmp_path / "project").mkdir()
    return Machine("linux", tmp_path, {"HOME": str(tmp_path), "GEMINI_API_KEY": KEY}, tmp_path / "project")


def configure(machine: Machine, host: str, **servers: Any) -> Path:
    path = SPECS[host].list_paths(machine)[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({SPECS[host].section[0]: servers}))
    return path


async def checked(machine: Machine) -> list[Finding]:
    found = await check_hosts(machine, DEFAULT_TIMING)
    assert KEY not in str(found)
    return found


def texts(found: list[Finding], topic: str, ok: object = ...) -> list[str]:
    return [each.text for each in found if each.topic == topic and ok in (..., each.ok)]


async def test_a_server_that_works_is_started_and_leaves_nothing(machine: Machine) -> None:
    env = {"GEMINI_API_KEY": "${GEMINI_API_KEY}", "GEMINI_MCP_MODEL": "gemini-3-pro", "OTHER": KEY}
    configure(machine, "claude-code", gemini=RUNS | {"env": env}, other={"command": "npx"})
    before = sorted(machine.home.rglob("*"))
    found = await checked(machine)
    assert sorted(machine.home.rglob("*")) == before
    starts, settings, places, works = texts(found, "claude-code")
    assert starts.startswith("~/.claude.json: gemini starts ")
    assert settings == "settings: GEMINI_API_KEY=${GEMINI_API_KEY}, GEMINI_MCP_MODEL=gemini-3-pro, OTHER"
    assert places.startswith("journal: ~/.local/share/gemini-interactions-mcp/journal.sqlite3; files: ")
    assert works.startswith(f"starts: version {__version__}, 13 tools, ")
    assert texts(found, "claude-code", True) == [works]


async def test_a_server_whose_packages_are_gone_does_not_start_though_it_would_greet(machine: Machine) -> None:
    broken = at_import(machine.home, ("mcp_types",), "raise ImportError(\"No module named 'mcp_types'\")")
    configure(machine, "cursor", gemini=RUNS | {"env": broken})
    said = texts(await checked(machine), "cursor", False)
    assert said[-1] == "does not start: it ends before it answers: ImportError: No module named 'mcp_types'"


async def test_what_ends_or_is_not_there_is_said_without_secrets(machine: Machine) -> None:
    env = {"env": {"GEMINI_API_KEY": KEY}}
    configure(machine, "cursor", gemini=ENDS | env)
    configure(machine, "windsurf", gemini={"command": "gemini-interactions-mcp"} | env)
    found = await checked(machine)
    assert texts(found, "cursor", False) == ["does not start: it ends before it answers: no such [secret]"]
    assert texts(found, "cursor")[0].endswith("sys.exit('no such [secret]') gemini-interactions-mcp")
    missing = "does not start: there is no gemini-interactions-mcp on the PATH that Windsurf has"
    assert texts(found, "windsurf", False) == [missing]


async def test_a_secret_among_the_arguments_is_not_shown(machine: Machine) -> None:
    arguments = ["--token", "hush-1", "--api-key=hush-2", "postgres://me:hush-3@host/db"]
    configure(machine, "cursor", gemini=OFF | {"args": arguments, "env": {"MY_KEY": "hush-4", "HTTPS_PROXY": "hush-5"}})
    found = await checked(machine)
    assert "hush" not in str(found)
    assert texts(found, "cursor")[0].count("[secret]") == 3


async def test_what_does_not_answer_is_given_up(machine: Machine) -> None:
    silent = {"command": sys.executable, "args": ["-c", "import sys; sys.stdin.read()", "gemini-interactions-mcp"]}
    configure(machine, "claude-code", gemini=silent)
    found = await check_hosts(machine, replace(DEFAULT_TIMING, host_start=0.5))
    assert texts(found, "claude-code", False) == ["does not start: it has not answered within 0 seconds"]


async def test_what_is_no_mcp_is_not_shown(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    script = f"import sys; print('hush-5f2e {KEY}', flush=True); sys.stdin.read()"
    talks = {"command": sys.executable, "args": ["-c", script, "gemini-interactions-mcp"]}
    configure(machine, "claude-code", gemini=talks)
    found = await check_hosts(machine, replace(DEFAULT_TIMING, host_start=0.5))
    assert len(texts(found, "claude-code", False)) == 1
    assert caplog.text == ""


def test_only_the_end_of_what_goes_to_stderr_is_kept() -> None:
    with starting.ErrorTail() as errors:
        for number in range(100_000):
            errors.file.write(f"line {number}\n")
        assert errors.quote_cause() == ": line 99999"
        assert len(errors.kept) == starting.KEPT_BYTES


UV = "error: Failed to fetch: `https://host/simple/x/`\n  Caused by: error sending request\nhint: Try --native-tls"
SOLVER = "  x No solution found:\n  Because x was not found, it cannot be used.\n\nhint: Packages were unavailable"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (UV, "error: Failed to fetch: `https://host/simple/x/`"),
        ("warning: old\n\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: no network\nhint: wait", "error: no network"),
        ("ERROR: No matching distribution\n[notice] A new release of pip", "ERROR: No matching distribution"),
        (SOLVER, "Because x was not found, it cannot be used."),
        ("Traceback:\n  errors = 1\nValueError: bad\n", "ValueError: bad"),
        ("hint: only this", "hint: only this"),
        ("errors in configuration follow\nline 3 is wrong", "line 3 is wrong"),
    ],
)
def test_the_line_that_tells_the_error_is_quoted(written: str, told: str) -> None:
    with starting.ErrorTail() as errors:
        errors.file.write(written)
        assert errors.quote_cause() == f": {told}"


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"GEMINI_MCP_MODLE": "x"}, "GEMINI_MCP_MODLE is not a setting; did you mean GEMINI_MCP_MODEL?"),
        ({"GEMINI_MCP_WAIT_SECONDS": "soon"}, "GEMINI_MCP_WAIT_SECONDS should be"),
        ({"GEMINI_API_KEY": ""}, "Cursor gives the server no API key: it refers to GEMINI_API_KEY, which is empty"),
        ({}, "Cursor gives the server no API key: `gemini-interactions-mcp install cursor` adds it"),
    ],
)
async def test_wrong_settings_are_named(env: dict[str, str], told: str, machine: Machine) -> None:
    configure(machine, "cursor", gemini=OFF | {"env": env})
    found = await checked(machine)
    assert any(text.startswith(told) for text in texts(found, "cursor", False))
    assert "is switched off there, and not started" in texts(found, "cursor")


async def test_a_desktop_may_not_have_the_key_of_this_shell(machine: Machine) -> None:
    configure(machine, "cursor", gemini=OFF | {"env": {"GEMINI_API_KEY": "${env:GEMINI_API_KEY}"}})
    configure(machine, "vscode", gemini=OFF | {"env": {"GEMINI_API_KEY": "${input:gemini_key}"}})
    found = await checked(machine)
    assert "Cursor has to be started with GEMINI_API_KEY set, as this shell has it" in texts(found, "cursor")
    assert texts(found, "vscode")[1] == "settings: GEMINI_API_KEY=${input:gemini_key}"
    assert [each for each in found if each.ok is False] == []


async def test_a_file_of_a_project_is_read_and_never_started(machine: Machine) -> None:
    made = machine.cwd / "made"
    evil = {"command": sys.executable, "args": ["-c", f"open({str(made)!r}, 'w')", "gemini-interactions-mcp"]}
    (machine.cwd / ".mcp.json").write_text(json.dumps({"mcpServers": {"g\x1b[2J": evil}}))
    found = await checked(machine)
    assert "\x1b" not in str([each.text for each in found])
    assert texts(found, "claude-code")[-1] == "is not started: a project's configuration may name any command"
    assert not made.exists()


def write_local(machine: Machine, **folders: dict[str, Any]) -> None:
    """Write servers of single folders, as `claude mcp add` does."""
    projects = {folder: {"mcpServers": {"gemini": server}} for folder, server in folders.items()}
    (machine.home / ".claude.json").write_text(json.dumps({"projects": projects}))


@pytest.mark.parametrize("inner", [".", "src/deep"])
async def test_a_server_of_the_working_directory_alone_is_started(inner: str, machine: Machine) -> None:
    (machine.cwd / ".git").mkdir()
    (machine.cwd / inner).mkdir(parents=True, exist_ok=True)
    write_local(machine, **{str(machine.cwd): RUNS, "/b": RUNS, "/c": RUNS, "/d": {"command": "npx"}})
    found = await checked(replace(machine, cwd=machine.cwd / inner))
    said = texts(found, "claude-code")
    assert said[0] == "~/.claude.json: has it for 2 other folders alone"
    assert said[1].startswith("~/.claude.json, for this folder alone: gemini starts ")
    assert "without this server" not in str(found)
    assert len(texts(found, "claude-code", True)) == 1


async def test_a_server_of_other_folders_alone_is_not_started(machine: Machine) -> None:
    write_local(machine, **{"/b": RUNS, str(machine.cwd / "below"): RUNS, str(machine.home): RUNS})
    (told,) = texts(await checked(machine), "claude-code")
    assert told == (
        "~/.claude.json: has it for 3 other folders alone, and not for this one; "
        "`gemini-interactions-mcp install claude-code` adds it for all"
    )


async def test_a_file_that_cannot_be_read_is_said(machine: Machine) -> None:
    configure(machine, "zed").write_text('{\n"key": "hush-5f2e"')
    found = await checked(machine)
    (told,) = texts(found, "zed", False)
    assert told.startswith("~/.config/zed/settings.json cannot be read: it is no JSON: line 2")
    assert "hush" not in told


async def test_hosts_with_different_journals_are_told(machine: Machine) -> None:
    key = {"GEMINI_API_KEY": KEY}
    place = "postgresql+asyncpg://me:hush-5f2e@db.example/journal"
    configure(machine, "cursor", gemini={**OFF, "disabled": False, "env": key})
    configure(
        machine, "claude-code", gemini={**OFF, "disabled": False, "env": key | {"GEMINI_MCP_DATABASE_URL": place}}
    )
    found = await checked(machine)
    (told,) = texts(found, "journals", "warn")
    assert "claude-code: postgresql+asyncpg://db.example/journal" in told
    assert "cursor: ~/.local/share/gemini-interactions-mcp/journal.sqlite3" in told
    assert "hush" not in str(found)


async def test_hosts_without_the_server_and_bundles_are_told(machine: Machine) -> None:
    assert texts(await checked(machine), "hosts") == ["none was found that `gemini-interactions-mcp install` knows"]
    configure(machine, "cursor", other={"command": "npx"})
    manifest = machine.home / ".config/Claude/Claude Extensions/x/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"name": "gemini-interactions-mcp", "version": "0.1.0"}')
    found = await checked(machine)
    assert texts(found, "claude-desktop") == ["has it as the bundle 0.1.0; the host keeps its settings"]
    assert texts(found, "hosts") == ["cursor: without this server; `gemini-interactions-mcp install HOST` adds it"]


PASSED = [
    ("claude-code", {"A": "${B:-c}", "D": "${GEMINI_API_KEY}"}, {"A": "c", "D": KEY, "PLAIN": "p", "MY_TOKEN": "t"}),
    ("gemini-cli", {"D": "$GEMINI_API_KEY", "E": "${PLAIN}/x"}, {"D": KEY, "E": "p/x", "PLAIN": "p"}),
    ("cursor", {"D": "${env:GEMINI_API_KEY}", "E": "$PLAIN"}, {"D": KEY, "E": "$PLAIN"}),
    ("opencode", {"D": "{env:GEMINI_API_KEY}"}, {"D": KEY, "PLAIN": "p", "MY_TOKEN": "t", "GEMINI_API_KEY": KEY}),
    ("claude-desktop", {"D": "${PLAIN}"}, {"D": "${PLAIN}"}),
]


@pytest.mark.parametrize(("host", "env", "expected"), PASSED)
def test_each_host_passes_on_what_it_does(
    host: str, env: dict[str, str], expected: dict[str, str], tmp_path: Path
) -> None:
    spec = SPECS[host]
    given = {"PATH": "/bin", "GEMINI_API_KEY": KEY, "PLAIN": "p", "MY_TOKEN": "t"}
    server = spec.write_server(["gemini-interactions-mcp"], env)
    launch = next(find_launches(spec, tmp_path, {spec.section[0]: {"g": server}}, project=False))
    made = make_host_environment(launch, Machine("linux", tmp_path, given, tmp_path))
    passed_key = {"GEMINI_API_KEY": KEY} if host == "claude-code" else {}
    assert made == {"PATH": "/bin", **passed_key, **expected}


def test_codex_passes_on_what_its_configuration_names(tmp_path: Path) -> None:
    spec = SPECS["codex"]
    server = spec.write_server(["gemini-interactions-mcp"], {}, ["GEMINI_API_KEY"])
    launch = next(find_launches(spec, tmp_path, {"mcp_servers": {"g": server}}, project=False))
    given = {"PATH": "/bin", "GEMINI_API_KEY": KEY, "PLAIN": "p"}
    made = make_host_environment(launch, Machine("linux", tmp_path, given, tmp_path))
    assert made == {"PATH": "/bin", "GEMINI_API_KEY": KEY}


def test_a_start_reaches_nobody(tmp_path: Path) -> None:
    env = {
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": "https://real",
        "https_proxy": "http://p",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://o",
        "GEMINI_MCP_OUTPUT_URL": "s3://b",
        "GEMINI_MCP_DATABASE_URL": "postgresql://real",
        "GEMINI_MCP_MODEL": "m",
    }
    made = make_harmless(env, tmp_path)
    assert made.pop("GEMINI_MCP_DATABASE_URL").startswith("sqlite+aiosqlite:///" + tmp_path.as_posix())
    assert made == {
        "GEMINI_API_KEY": "unused",
        "GOOGLE_GEMINI_BASE_URL": NOWHERE,
        "GEMINI_MCP_MODEL": "m",
        "GEMINI_MCP_GREETING": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
