"""`install`: what it writes into each host's configuration, what it keeps, and how it is undone."""

import io
import json
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gemini_interactions_mcp.cli.hosts.commands import Running, choose_command
from gemini_interactions_mcp.cli.hosts.formats import ConfigFormat
from gemini_interactions_mcp.cli.hosts.ids import HOST_IDS
from gemini_interactions_mcp.cli.hosts.launches import choose_config_path, find_launches
from gemini_interactions_mcp.cli.hosts.machine import Machine
from gemini_interactions_mcp.cli.hosts.table import HOST_SPECS, HostSpec
from gemini_interactions_mcp.cli.main import main

Capture = pytest.CaptureFixture[str]
KEY = "AIzaSy-hush-5f2e-and-more"
SPECS = {host.id: host for host in HOST_SPECS}
WRITES_KEY = ("claude-desktop", "zed")
"""Hosts that expand no variables."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with no host."""
    return enter_home(tmp_path, monkeypatch)


def enter_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the home of a user who has a key, and nothing else of the one who tests."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "GOOGLE_API_KEY", "CODEX_HOME", "CLAUDE_CONFIG_DIR", "UV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", str(folder / "bin"))
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.chdir(folder)
    return folder


def config_of(host: str, home: Path) -> Path:
    return choose_config_path(SPECS[host], Machine("linux", home, {}, home))


def parsed(host: HostSpec, text: str) -> dict[str, Any]:
    read = {ConfigFormat.JSON: json.loads, ConfigFormat.TOML: tomllib.loads, ConfigFormat.YAML: yaml.safe_load}
    return read[host.format](text)


def server(host: str, home: Path) -> dict[str, Any]:
    found = parsed(SPECS[host], config_of(host, home).read_text())
    return found[SPECS[host].section[0]]["gemini"]


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    status = main(["install", *arguments])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return status, said.out, said.err


def test_the_table_has_the_hosts_of_the_command_line() -> None:
    assert tuple(SPECS) == HOST_IDS


@pytest.mark.parametrize("host", HOST_IDS)
def test_a_host_without_a_configuration_gets_one_and_undo_removes_it(host: str, home: Path, capsys: Capture) -> None:
    status, out, _ = run(capsys, host, "--yes", "--env", "GEMINI_MCP_DOLLARS_PER_DAY=5")
    assert status == 0
    assert "+" in out
    text = config_of(host, home).read_text()
    assert (KEY in text) == (host in WRITES_KEY)
    launch = next(find_launches(SPECS[host], Path(), parsed(SPECS[host], text), project=False))
    assert Path(launch.command[0]).is_absolute()
    assert launch.env["GEMINI_MCP_DOLLARS_PER_DAY"] == "5"
    assert "GEMINI_API_KEY" in {*launch.env, *launch.names}
    status, out, _ = run(capsys, host, "--yes")
    assert (status, "nothing was written" in out) == (0, True)
    status, out, _ = run(capsys, host, "--undo", "--yes")
    assert (status, config_of(host, home).exists()) == (0, False)
    assert [path for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("host", HOST_IDS)
def test_a_configuration_with_others_is_restored_byte_for_byte(host: str, home: Path, capsys: Capture) -> None:
    before = {
        ConfigFormat.JSON: '{ // mine\r\n  "a": {"b": [1, 2]},\r\n}\r\n',
        ConfigFormat.TOML: "# mine\n[other]\nb = [ 1,2 ]\n",
        ConfigFormat.YAML: "# mine\nother: {b:   [1,2]}\n",
    }[SPECS[host].format].encode()
    path = config_of(host, home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xef\xbb\xbf" + before if host == "vscode" else before)
    original = path.read_bytes()
    assert run(capsys, host, "--yes")[0] == 0
    assert b"mine" in path.read_bytes()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") == (host == "vscode")
    assert run(capsys, host, "--undo", "--yes")[0] == 0
    assert path.read_bytes() == original
    assert run(capsys, host, "--undo", "--yes")[0] == 1


def test_undo_takes_out_only_this_server_from_what_has_changed_since(home: Path, capsys: Capture) -> None:
    path = config_of("cursor", home)
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"other": {"command": "x"}}}')
    assert run(capsys, "cursor", "--yes")[0] == 0
    path.write_text(path.read_text().replace('"command": "x"', '"command": "y"'))
    assert run(capsys, "cursor", "--yes", "--env", "GEMINI_MCP_MODEL=gemini-3-pro")[0] == 0
    assert run(capsys, "cursor", "--undo", "--yes")[0] == 0
    assert json.loads(path.read_text()) == {"mcpServers": {"other": {"command": "y"}}}


def test_undo_leaves_what_the_user_has_put_there_instead(home: Path, capsys: Capture) -> None:
    path = config_of("cursor", home)
    path.parent.mkdir()
    path.write_text('{"mcpServers": {}}')
    assert run(capsys, "cursor", "--yes")[0] == 0
    path.write_text('{"mcpServers": {"gemini": {"command": "npx", "args": ["other"]}}}')
    status, out, _ = run(capsys, "cursor", "--undo", "--yes")
    assert (status, "no longer has it" in out, "other" in path.read_text()) == (0, True, True)


def test_undo_takes_the_question_of_vs_code_out_of_what_has_changed_since(home: Path, capsys: Capture) -> None:
    path = config_of("vscode", home)
    path.parent.mkdir(parents=True)
    path.write_text('{"a": 1}')
    assert run(capsys, "vscode", "--yes")[0] == 0
    path.write_text(path.read_text().replace("1", "2"))
    assert run(capsys, "vscode", "--undo", "--yes")[0] == 0
    assert json.loads(path.read_text()) == {"a": 2, "servers": {}}


@pytest.mark.parametrize("given", ["GEMINI_API_KEY=", "GOOGLE_API_KEY= ", "OTHER=\udcff"])
def test_a_value_that_cannot_be_meant_is_refused(given: str, home: Path, capsys: Capture) -> None:
    status, _, err = run(capsys, "cursor", "--yes", "--env", given)
    assert (status, "--env" in err, config_of("cursor", home).exists()) == (1, True, False)


def test_an_empty_key_is_replaced_by_a_reference(home: Path, capsys: Capture) -> None:
    path = config_of("cursor", home)
    path.parent.mkdir()
    entry = {"command": "uvx", "args": ["gemini-interactions-mcp"], "env": {"GEMINI_API_KEY": ""}}
    path.write_text(json.dumps({"mcpServers": {"gemini": entry}}))
    assert run(capsys, "cursor", "--yes")[0] == 0
    assert server("cursor", home)["env"] == {"GEMINI_API_KEY": "${env:GEMINI_API_KEY}"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the working directory of a process")
def test_a_working_directory_that_is_gone_does_not_matter(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    gone = home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(capsys, "cursor", "--yes", "--env", "GEMINI_MCP_MODEL=gemini-3-pro")[0] == 0


def test_what_the_user_has_set_of_this_server_stays(home: Path, capsys: Capture) -> None:
    path = config_of("codex", home)
    path.parent.mkdir()
    mine = '[mcp_servers.google]\ncommand = "uvx"\nargs = ["gemini-interactions-mcp"]\ntool_timeout_sec = 90 # mine\n'
    path.write_text(mine + '[mcp_servers.google.env]\nGEMINI_API_KEY = "' + KEY + '"\nGEMINI_MCP_MODEL = "m"\n')
    status, out, _ = run(capsys, "codex", "--yes")
    assert (status, "as you have set it" in out) == (0, True)
    found = tomllib.loads(path.read_text())["mcp_servers"]
    assert set(found) == {"google"}
    assert found["google"]["env"] == {"GEMINI_API_KEY": KEY, "GEMINI_MCP_MODEL": "m"}
    assert found["google"]["tool_timeout_sec"] == 90
    assert found["google"]["startup_timeout_sec"] == 60
    assert "# mine" in path.read_text()
    assert "env_vars" not in found["google"]


def test_another_server_of_this_name_is_not_replaced(home: Path, capsys: Capture) -> None:
    path = config_of("gemini-cli", home)
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"gemini": {"command": "npx", "args": ["other-gemini"]}}}')
    status, _, err = run(capsys, "gemini-cli", "--yes")
    assert (status, "starts something else" in err) == (1, True)
    assert "other-gemini" in path.read_text()


@pytest.mark.parametrize("content", [b'{"a": ', b"\xff\xfe{\x00}\x00", b"[]", b'{"mcpServers": 3}'])
def test_what_cannot_be_parsed_is_left_alone(content: bytes, home: Path, capsys: Capture) -> None:
    path = config_of("claude-code", home)
    path.write_bytes(content)
    status, out, err = run(capsys, "claude-code", "--yes")
    assert (status, out) == (1, "")
    assert "was not changed" in err
    assert path.read_bytes() == content


def test_the_secrets_of_others_are_not_shown(home: Path, capsys: Capture) -> None:
    path = config_of("windsurf", home)
    path.parent.mkdir(parents=True)
    others = {
        "env": {"DOCS_TOKEN": "hush-one", "PGPASSWORD": "hush-two"},
        "headers": {"Authorization": "Bearer hush-three"},
        "args": ["--api-key", "hush-four", "--token=hush-five", "postgres://me:hush-six@host/db"],
    }
    path.write_text(json.dumps({"mcpServers": {"other": others}}))
    status, out, _ = run(capsys, "windsurf", "--dry-run", "--env", "HTTPS_PROXY=http://me:hush-seven@proxy")
    assert status == 0
    assert "[secret]" in out
    assert "hush" not in out
    assert "gemini" not in path.read_text()


def test_a_secret_is_not_shown_however_it_is_spelled(home: Path, capsys: Capture) -> None:
    path = config_of("cursor", home)
    path.parent.mkdir(parents=True)
    path.write_text(
        '{"servers": {"A_TOKEN": "\\u0068ush-\\u00fc\\/one", "B_KEY": "abc", "C_KEY": "ü\\"hush-two"},'
        ' "args": ["--header", "Authorization: Bearer hush-three", "-H", "X-Api-Key: hush-four"], "D_KEY": "${D}"}'
    )
    status, out, _ = run(capsys, "cursor", "--dry-run", "--env", "OTHER=ab")
    assert status == 0
    shown = [word for word in ("ush-", '"abc"', '"ab"') if word in out]
    assert (shown, out.count("[secret]"), '"${D}"' in out) == ([], 11, True)


@pytest.mark.parametrize("host", ["cursor", "codex", "goose"])
def test_a_value_of_several_lines_is_not_shown(host: str, home: Path, capsys: Capture) -> None:
    status, out, _ = run(capsys, host, "--yes", "--env", "OTHER=hush-5f2e\n'hush' \"ü")
    assert (status, "hush" in out, server(host, home)[SPECS[host].env]["OTHER"]) == (0, False, "hush-5f2e\n'hush' \"ü")


def test_a_value_that_is_no_secret_is_shown_and_hides_nothing_else(home: Path, capsys: Capture) -> None:
    given = ("--env", "GEMINI_MCP_MODEL=gemini", "--env", "OTHER=true")
    status, out, _ = run(capsys, "goose", "--dry-run", *given)
    assert (status, "name: gemini\n" in out, "GEMINI_MCP_MODEL: gemini\n" in out) == (0, True, True)
    assert ("enabled: true\n" in out, out.count("[secret]")) == (True, 1)


def test_a_comment_does_not_steer_the_terminal(home: Path, capsys: Capture) -> None:
    path = config_of("cursor", home)
    path.parent.mkdir(parents=True)
    path.write_text("{\n\t// \x1b[2J\u202e\n}")
    status, out, _ = run(capsys, "cursor", "--dry-run")
    assert (status, "\x1b" in out, "\u202e" in out, "\t// " in out) == (0, False, False, True)


def test_without_a_terminal_nothing_is_written_unless_told_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    status, _, err = run(capsys, "zed")
    assert (status, "--yes" in err, config_of("zed", home).exists()) == (2, True, False)


@pytest.mark.parametrize(
    ("answer", "written"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("no\n", False)]
)
def test_it_asks_before_it_writes(
    answer: str, written: bool, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    status, out, err = run(capsys, "goose")
    assert "Write it? [y/N]" in err
    assert (status, config_of("goose", home).exists()) == (0 if written else 1, written)
    assert ("Restart Goose" in out) == written


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("GEMINI_MCP_MODLE=x", "did you mean GEMINI_MCP_MODEL?"),
        ("GEMINI_MCP_WAIT_SECONDS=soon", "GEMINI_MCP_WAIT_SECONDS should be"),
        ("hush-5f2e", "takes NAME=VALUE"),
        ("=x", "takes NAME=VALUE"),
        ("A B=x", "takes NAME=VALUE"),
    ],
)
def test_a_wrong_variable_is_refused(given: str, complaint: str, home: Path, capsys: Capture) -> None:
    status, out, err = run(capsys, "cursor", "--yes", "--env", given)
    assert (status, out, complaint in err) == (1, "", True)
    assert not config_of("cursor", home).exists()


def test_without_a_key_it_is_said(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    assert "No key is written" in run(capsys, "claude-desktop", "--yes")[1]
    assert "GEMINI_API_KEY is not set in this shell" in run(capsys, "codex", "--yes")[1]
    assert "env" not in server("claude-desktop", home)
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    run(capsys, "opencode", "--yes")
    assert server("opencode", home)["environment"] == {"GOOGLE_API_KEY": "{env:GOOGLE_API_KEY}"}


def test_a_key_that_is_given_is_written_instead_of_a_reference(home: Path, capsys: Capture) -> None:
    assert run(capsys, "vscode", "--yes", "--env", f"GEMINI_API_KEY={KEY}")[0] == 0
    assert server("vscode", home)["env"] == {"GEMINI_API_KEY": KEY}
    assert "inputs" not in json.loads(config_of("vscode", home).read_text())


def test_inputs_of_others_stay(home: Path, capsys: Capture) -> None:
    path = config_of("vscode", home)
    path.parent.mkdir(parents=True)
    path.write_text('{\n  "inputs": [\n    // mine\n    {"id": "a"}\n  ]\n}\n')
    assert run(capsys, "vscode", "--yes")[0] == 0
    found = path.read_text()
    assert '    // mine\n    {"id": "a"},\n' in found
    assert [each["id"] for each in json.loads(found.replace("// mine", ""))["inputs"]] == ["a", "gemini_key"]


def test_the_hosts_on_this_machine_are_listed(home: Path, capsys: Capture) -> None:
    (home / ".cursor").mkdir()
    (home / "bin").mkdir()
    (home / "bin" / "codex").write_text("#!/bin/sh\n")
    (home / "bin" / "codex").chmod(0o755)
    (home / ".claude.json").write_text("{")
    run(capsys, "cursor", "--yes")
    status, out, _ = run(capsys)
    assert status == 0
    assert [line.split("  ")[0] for line in out.splitlines()[:3]] == ["claude-code", "codex", "cursor"]
    assert "cannot be read" in out.splitlines()[0]
    assert "does not have it" in out.splitlines()[1]
    assert "has it as gemini" in out.splitlines()[2]
    assert "Not found: claude-desktop, gemini-cli, vscode" in out


@pytest.mark.parametrize("argv", [["--undo"], ["--env", "A=b"], ["nothing"]])
def test_what_needs_a_host_is_refused_without_one(argv: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main(["install", *argv])
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


ROAMING = "AppData/Roaming"
PLACES: list[tuple[str, str, dict[str, str], str]] = [
    ("claude-desktop", "win32", {}, f"{ROAMING}/Claude/claude_desktop_config.json"),
    ("claude-desktop", "win32", {"APPDATA": "/r"}, "/r/Claude/claude_desktop_config.json"),
    ("claude-desktop", "darwin", {}, "Library/Application Support/Claude/claude_desktop_config.json"),
    ("claude-desktop", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/Claude/claude_desktop_config.json"),
    ("claude-code", "darwin", {}, ".claude.json"),
    ("claude-code", "linux", {"CLAUDE_CONFIG_DIR": "/c"}, "/c/.claude.json"),
    ("codex", "win32", {}, ".codex/config.toml"),
    ("codex", "linux", {"CODEX_HOME": "/c"}, "/c/config.toml"),
    ("gemini-cli", "linux", {"GEMINI_CLI_HOME": "/g"}, "/g/.gemini/settings.json"),
    ("cursor", "win32", {"APPDATA": "/r"}, ".cursor/mcp.json"),
    ("vscode", "darwin", {}, "Library/Application Support/Code/User/mcp.json"),
    ("vscode", "win32", {"APPDATA": "/r"}, "/r/Code/User/mcp.json"),
    ("vscode", "linux", {"VSCODE_PORTABLE": "/p"}, "/p/user-data/User/mcp.json"),
    ("windsurf", "darwin", {}, ".config/devin/mcp_config.json"),
    ("windsurf", "win32", {"APPDATA": "/r"}, "/r/devin/mcp_config.json"),
    ("opencode", "win32", {"APPDATA": "/r"}, ".config/opencode/opencode.json"),
    ("opencode", "linux", {"XDG_CONFIG_HOME": "/x"}, "/x/opencode/opencode.json"),
    ("copilot-cli", "linux", {"COPILOT_HOME": "/c"}, "/c/mcp-config.json"),
    ("zed", "darwin", {"XDG_CONFIG_HOME": "/x"}, ".config/zed/settings.json"),
    ("zed", "win32", {"APPDATA": "/r"}, "/r/Zed/settings.json"),
    ("goose", "win32", {"APPDATA": "/r"}, "/r/Block/goose/config/config.yaml"),
    ("goose", "darwin", {}, ".config/goose/config.yaml"),
    ("goose", "linux", {"GOOSE_PATH_ROOT": "/g"}, "/g/config/config.yaml"),
]


@pytest.mark.parametrize(("host", "system", "environ", "expected"), PLACES)
def test_each_system_has_its_place(
    host: str, system: Any, environ: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert choose_config_path(SPECS[host], Machine(system, tmp_path, environ, tmp_path)) == tmp_path / expected


def test_claude_desktop_from_the_store_has_a_place_of_its_own(tmp_path: Path) -> None:
    package = tmp_path / "AppData/Local/Packages/Claude_abc/LocalCache/Roaming"
    package.mkdir(parents=True)
    machine = Machine("win32", tmp_path, {}, tmp_path)
    assert choose_config_path(SPECS["claude-desktop"], machine) == package / "Claude/claude_desktop_config.json"


def test_a_configuration_that_exists_is_the_one(tmp_path: Path) -> None:
    (tmp_path / ".config/opencode").mkdir(parents=True)
    (tmp_path / ".config/opencode/opencode.jsonc").write_text("{}")
    machine = Machine("linux", tmp_path, {}, tmp_path)
    assert choose_config_path(SPECS["opencode"], machine).name == "opencode.jsonc"


def installed(folder: Path) -> Running:
    scripts = folder / "bin"
    scripts.mkdir(parents=True)
    (scripts / "gemini-interactions-mcp").write_text("")
    return Running(folder, scripts, "/python")


def test_an_installed_command_is_named_by_the_link_that_outlives_an_upgrade(tmp_path: Path) -> None:
    running = installed(tmp_path / "tools" / "gemini-interactions-mcp")
    script = running.scripts / "gemini-interactions-mcp"
    assert choose_command(running, {}, lambda _: None) == [str(script)]
    link = tmp_path / "linked"
    link.symlink_to(script)
    assert choose_command(running, {}, lambda _: str(link)) == [str(link)]
    assert choose_command(running, {}, lambda _: "/elsewhere/gemini-interactions-mcp") == [str(script)]


@pytest.mark.parametrize("cache", ["archive-v0/abc", "environments-v2/abc-def", "archive-v17/x/y"])
def test_what_runs_from_the_cache_of_uv_is_started_by_uvx(cache: str, tmp_path: Path) -> None:
    running = installed(tmp_path / "uv" / cache)
    (tmp_path / "uvx").write_text("")
    uvx = str(tmp_path / "uvx")
    assert choose_command(running, {"UV": str(tmp_path / "uv")}, lambda _: None) == [uvx, "gemini-interactions-mcp"]
    assert choose_command(running, {}, {"uvx": "/bin/uvx"}.get) == ["/bin/uvx", "gemini-interactions-mcp"]
    source = replace_source(running, "git+https://example.org/x@main")
    assert choose_command(source, {}, {"uvx": "/bin/uvx"}.get)[1:3] == ["--from", "git+https://example.org/x@main"]


def replace_source(running: Running, source: str) -> Running:
    return running._replace(source=source)


def test_what_pipx_runs_is_started_by_pipx(tmp_path: Path) -> None:
    running = installed(tmp_path / "pipx" / ".cache" / "abc")
    assert choose_command(running, {}, {"pipx": "/bin/pipx"}.get) == ["/bin/pipx", "run", "gemini-interactions-mcp"]


def test_a_package_without_a_command_is_started_by_its_python(tmp_path: Path) -> None:
    command = choose_command(Running(tmp_path, tmp_path, "/python"), {}, lambda _: None)
    assert command == ["/python", "-P", "-m", "gemini_interactions_mcp"]


def test_a_host_that_is_switched_off_or_remote_is_told_apart() -> None:
    entries = {
        "a": {"command": "uvx", "args": ["gemini-interactions-mcp@0.2"], "disabled": True},
        "b": {"command": "C:\\x\\gemini-interactions-mcp.exe", "enabled": False},
        "c": {"command": "uvx", "args": ["--from", "git+https://h/gemini-interactions-mcp.git", "g"]},
        "d": {"command": "python", "args": ["-m", "gemini_interactions_mcp"]},
        "e": {"command": "uvx", "args": ["gemini-interactions-mcp[team]>=1"]},
        "f": {"command": "npx", "args": ["gemini-mcp"]},
        "g": {"url": "https://h/gemini-interactions-mcp"},
        "h": {"command": "uvx", "args": ["not-gemini-interactions-mcp-at-all"]},
        "i": 3,
        "j": {"command": "npx", "args": ["-y", "server-filesystem", "/home/me/src/gemini-interactions-mcp"]},
        "k": {"command": "uv", "args": ["--directory", "/home/me/gemini-interactions-mcp", "run", "other"]},
        "l": {"command": "github-mcp", "args": ["--repo=gemini-interactions-mcp", "gemini-interactions-mcp"]},
        "m": {"command": "op", "args": ["run", "--", "/opt/bin/gemini-interactions-mcp"]},
        "n": {"command": "doppler", "args": ["run", "--command", "/x/uvx", "gemini-interactions-mcp"]},
        "o": {"command": "uv", "args": ["--directory", "/x/gemini-interactions-mcp", "run", "gemini-interactions-mcp"]},
    }
    host = replace(SPECS["cursor"], section=("s",))
    found = {each.name: each.enabled for each in find_launches(host, Path(), {"s": entries}, project=False)}
    assert found == {"a": False, "b": False, "c": True, "d": True, "e": True, "m": True, "n": True, "o": True}
