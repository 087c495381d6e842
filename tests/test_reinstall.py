"""`install` and `doctor` where a host already has this server, in a way of the user's own."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_interactions_mcp.cli.hosts.bundles import list_bundles
from gemini_interactions_mcp.cli.hosts.launches import is_installed_host, read_host
from gemini_interactions_mcp.cli.hosts.machine import Machine
from gemini_interactions_mcp.cli.main import main
from test_install import SPECS, Capture, config_of, enter_home, run, server


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has uvx on the PATH."""
    for name in ("uvx", "gemini-interactions-mcp"):
        make_program(tmp_path / "bin" / name)
    return enter_home(tmp_path, monkeypatch)


def make_program(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    path.chmod(0o755)


def put(host: str, user: Path, **entry: Any) -> Path:
    path = config_of(host, user)
    path.parent.mkdir(parents=True, exist_ok=True)
    section = "mcp" if host == "opencode" else "mcpServers"
    path.write_text(json.dumps({section: {"gemini": entry}}))
    return path


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "uvx", "args": ["--from", "gemini-interactions-mcp[export]", "gemini-interactions-mcp"]},
        {"command": "{home}/bin/uvx", "args": ["--with", "foo", "gemini-interactions-mcp"]},
        {"command": "${{env:HOME}}/bin/uvx", "args": ["gemini-interactions-mcp==0.2"]},
        {"command": "gemini-interactions-mcp"},
        {"command": "bin/gemini-interactions-mcp", "cwd": "{home}"},
    ],
)
def test_a_command_that_is_there_stays(entry: dict[str, Any], user: Path, capsys: Capture) -> None:
    entry = {name: each.format(home=user) if isinstance(each, str) else each for name, each in entry.items()}
    put("cursor", user, **entry)
    status, out, _ = run(capsys, "cursor", "--yes")
    assert (status, "The command stays as you have set it." in out) == (0, True)
    assert server("cursor", user) == entry | {"env": {"GEMINI_API_KEY": "${env:GEMINI_API_KEY}"}}
    assert "nothing was written" in run(capsys, "cursor", "--yes")[1]


def test_a_command_in_a_list_stays_and_time_outs_are_added(user: Path, capsys: Capture) -> None:
    words = ["uvx", "--with", "foo", "gemini-interactions-mcp"]
    put("opencode", user, type="local", command=words)
    assert run(capsys, "opencode", "--yes")[0] == 0
    found = server("opencode", user)
    assert (found["command"], found["timeout"]) == (words, 600_000)


@pytest.mark.parametrize("command", ["{home}/gone/uvx", "pipx", "gone/uvx"])
def test_a_command_that_is_gone_is_replaced(command: str, user: Path, capsys: Capture) -> None:
    put("cursor", user, command=command.format(home=user), args=["gemini-interactions-mcp"])
    status, out, _ = run(capsys, "cursor", "--yes")
    assert (status, "The command stays" in out) == (0, False)
    found = server("cursor", user)
    assert found["command"] != command.format(home=user)
    assert Path(found["command"]).is_absolute()


def put_local(user: Path, *folders: str, **entry: Any) -> Path:
    path = config_of("claude-code", user)
    projects = {str(user / folder): {"mcpServers": {"local": entry}} for folder in folders}
    path.write_text(json.dumps({"projects": projects}))
    return path


def test_a_server_of_one_folder_is_told_and_stays(user: Path, capsys: Capture) -> None:
    path = put_local(user, ".", "b", "c", command="uvx", args=["gemini-interactions-mcp"])
    main(["install"])
    assert "has it as local in this folder alone" in capsys.readouterr().out
    status, out, _ = run(capsys, "claude-code", "--yes")
    told = "for this folder (as local) and 2 other folders alone: that stays, and goes before one of the same name."
    assert (status, told in out) == (0, True)
    found = json.loads(path.read_text())
    assert list(found["mcpServers"]) == ["gemini"]
    assert len(found["projects"]) == 3


def test_a_server_of_other_folders_is_told(user: Path, capsys: Capture) -> None:
    put_local(user, "b", command="uvx", args=["gemini-interactions-mcp"])
    main(["install"])
    assert "has it in 1 other folder alone" in capsys.readouterr().out


OLD = ".codeium/windsurf"
NEW = ".config/devin"


@pytest.mark.parametrize(
    ("folders", "expected"), [((), NEW), ((OLD,), OLD), ((NEW,), NEW), ((OLD, NEW), NEW), ((".codeium",), NEW)]
)
def test_windsurf_is_found_under_both_names(folders: tuple[str, ...], expected: str, user: Path) -> None:
    for folder in folders:
        (user / folder).mkdir(parents=True)
    assert config_of("windsurf", user) == user / expected / "mcp_config.json"
    machine = Machine("linux", user, {}, user)
    known = any(folder in (OLD, NEW) for folder in folders)
    assert is_installed_host(SPECS["windsurf"], machine, lambda _: None) == known


def test_what_a_version_before_the_change_of_name_has_left_is_not_read(user: Path) -> None:
    put("windsurf", user, command="uvx", args=["gemini-interactions-mcp"])
    machine = Machine("linux", user, {}, user)
    (old, new) = (user / OLD / "mcp_config.json", user / NEW / "mcp_config.json")
    old.parent.mkdir(parents=True)
    new.replace(old)
    assert config_of("windsurf", user) == new
    new.parent.rmdir()
    assert [launch.path for launch in read_host(SPECS["windsurf"], machine).launches] == [old]


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
@pytest.mark.parametrize("make", [make_pipe, make_socket, make_device, Path.mkdir])
@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused(
    make: Callable[[Path], None], user: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    path = config_of("cursor", user)
    path.parent.mkdir()
    monkeypatch.chdir(path.parent)
    make(path)
    status, out, err = run(capsys, "cursor", "--yes")
    assert (status, out) == (1, "")
    assert str(path) in err
    state = read_host(SPECS["cursor"], Machine("linux", user, {}, user))
    assert state.problem == "it is no regular file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
@pytest.mark.timeout(20)
def test_a_bundle_that_is_no_file_is_passed_over(user: Path) -> None:
    folder = user / ".gemini" / "extensions" / "x"
    folder.mkdir(parents=True)
    make_pipe(folder / "gemini-extension.json")
    assert list(list_bundles(Machine("linux", user, {}, user))) == []
