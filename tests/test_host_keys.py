"""`doctor` without a key in the shell: whether the hosts have one."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import KEY
from test_doctor import examined, line
from test_install import Capture
from wired import environment

OFF_WITH_KEY = {"command": "gemini-interactions-mcp", "disabled": True, "env": {"GEMINI_API_KEY": KEY}}


async def examined_beside_cursor(
    server: Mapping[str, object], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> tuple[int, str]:
    """Return status and output without a key in the shell, and with a server that a host has."""
    env = environment(folder, "http://127.0.0.1:9", GEMINI_API_KEY=None)
    path = Path(env["HOME"]) / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"mcpServers": {"gemini": server}}))
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return await examined(env, monkeypatch, capsys)


async def test_a_key_that_only_a_host_has_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    status, out = await examined_beside_cursor(OFF_WITH_KEY, tmp_path, monkeypatch, capsys)
    assert line(out, "API") == (
        "WARN    API          No Gemini API key is set in this terminal; Cursor gives the server one. "
        "Google was not asked whether a key works."
    )
    left_out = "        look-up      left out, since they need a key: the default model, the image model, the agent"
    assert line(out, "look-up") == left_out
    assert (status, "FAIL" in out) == (0, False)


@pytest.mark.parametrize(
    "env", [{}, {"GEMINI_API_KEY": ""}, {"GEMINI_API_KEY": "${env:GEMINI_API_KEY}"}, {"OTHER_KEY": KEY}]
)
async def test_a_key_that_no_host_has_either_is_wrong(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    server = OFF_WITH_KEY | {"env": env}
    status, out = await examined_beside_cursor(server, tmp_path, monkeypatch, capsys)
    assert (status, line(out, "API").startswith("FAIL ")) == (1, True)
