"""What every command prints arrives through a pipe of any code page, whatever script its names are in."""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from conftest import KEY
from gemini_interactions_mcp.cli.main import main, tolerate_letters
from gemini_interactions_mcp.journal.journal import Journal
from journaling import insert_all, record
from wired import SERVE, environment

SCRIPTS = "日本語-ñandú-Жук-αβγ-שלום-🛢️-\u2192"
CODE_PAGES = ("cp1252", "cp932", "cp437", "ascii")
COMMANDS = (
    ("--help",),
    ("doctor",),
    ("usage", "--by", "model"),
    ("usage", "--since", SCRIPTS),
    ("token", "add", SCRIPTS),
    ("token", "add", "bot"),
    ("token", "list"),
    ("admin", "principals"),
    ("admin", "usage"),
    ("admin", "audit"),
    ("serve", "--http", "--host", SCRIPTS),
    ("view", "--no-open", "--port", SCRIPTS),
    (SCRIPTS,),
)
NOWHERE = "http://127.0.0.1:9"


async def fill_journal(folder: Path) -> None:
    """Add an interaction of a model whose name is in many scripts."""
    journal = Journal(f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}")
    try:
        row = record("a", model=SCRIPTS, status="completed", interaction_id="v1_a", cost_micros=1)
        await insert_all(journal, [row])
    finally:
        await journal.close()


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a command, whose folders and models have names in many scripts."""
    folder = tmp_path_factory.mktemp("pages")
    anyio.run(fill_journal, folder)
    output = str(folder / SCRIPTS)
    return environment(folder, NOWHERE, PYTHONUTF8="0", GEMINI_MCP_OUTPUT_DIR=output, GEMINI_MCP_MODEL=SCRIPTS)


def run_piped(arguments: Sequence[str], code_page: str, monkeypatch: pytest.MonkeyPatch) -> tuple[object, str]:
    """Run a command whose output goes to a strict pipe of a code page; return its status and what it has printed."""
    raws = [io.BytesIO(), io.BytesIO()]
    pipes = [io.TextIOWrapper(raw, encoding=code_page, errors="strict") for raw in raws]
    monkeypatch.setattr(sys, "stdout", pipes[0])
    monkeypatch.setattr(sys, "stderr", pipes[1])
    try:
        status: object = main(arguments)
    except SystemExit as exc:
        status = exc.code
    for pipe in pipes:
        pipe.flush()
    return status, "".join(raw.getvalue().decode(code_page) for raw in raws)


@pytest.mark.parametrize("code_page", CODE_PAGES)
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda command: " ".join(command).replace(SCRIPTS, "SCRIPTS"))
def test_every_command_prints_through_a_pipe_of_any_code_page(
    arguments: Sequence[str], code_page: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    status, told = run_piped(arguments, code_page, monkeypatch)
    assert status in (0, 1, 2)
    assert told.strip()
    assert KEY not in told


@pytest.mark.parametrize("code_page", CODE_PAGES)
def test_a_letter_that_the_code_page_lacks_is_escaped(code_page: str, environ: dict[str, str]) -> None:
    piped = environ | {"PYTHONIOENCODING": code_page}
    told = subprocess.run([*SERVE, "usage", "--by", "model"], env=piped, capture_output=True, check=True).stdout
    shown = told.decode(code_page)
    assert SCRIPTS[:2] in shown or ascii(SCRIPTS[:2])[1:-1] in shown


@pytest.mark.parametrize("typed", [b"\xff\xfey\n", b"\x81\n", "ня\n".encode("cp1251")])
def test_what_is_typed_in_another_code_page_is_read_and_means_no(monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    for code_page in CODE_PAGES:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding=code_page))
        tolerate_letters()
        assert sys.stdin.readline().strip().lower() not in ("y", "yes")


def test_a_stream_that_is_closed_or_no_file_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    tolerate_letters()
    assert sys.stdout is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names of any bytes")
def test_a_path_of_undecodable_bytes_is_printed(tmp_path: Path, environ: dict[str, str]) -> None:
    """Python reads such names as lone surrogates."""
    given = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    given[b"GEMINI_MCP_OUTPUT_DIR"] = os.fsencode(tmp_path) + b"/caf\xe9"
    done = subprocess.run([*SERVE, "doctor"], env=given, capture_output=True, check=False)
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"caf\\udce9" in done.stdout
