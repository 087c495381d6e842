"""The docs hold together, and their commands work.

Every command of a ```sh block belongs to one class. Those of this server are run here, with an emulated API and a new
HOME; `make hosts` runs those of hosts and installers. What runs nowhere here is parsed, and the files it names exist.
"""

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
import yaml

from documented import Block, list_anchors, list_blocks, list_commands, list_inline_commands, list_links
from gemini_interactions_mcp.cli.parser import build_parser
from gemini_interactions_mcp.emulator import Emulator, serve_emulator
from wired import PATIENCE, environment

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
SITE: Final = "https://gemini-interactions-mcp.github.io/gemini-interactions-mcp/"
REPOSITORY: Final = "https://github.com/gemini-interactions-mcp/gemini-interactions-mcp/"
PAGES: Final = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("bench/*.md"), *ROOT.glob("examples/*.md")})

HOST_IDS: Final = "claude-desktop claude-code codex gemini-cli cursor vscode windsurf opencode copilot-cli zed goose"
HOST_NAMES: Final = "Claude Desktop|Claude Code|Codex|Gemini CLI|Cursor|VS Code|Windsurf|opencode|Copilot CLI|Zed|Goose"

SHELL: Final = {"export", "cd"}
HOSTS: Final = {"claude", "codex", "gemini", "copilot", "opencode", "code", "goose", "cursor", "zed"}
INSTALLERS: Final = {"uv", "uvx", "pip", "pipx", "python", "python3"}
ELSEWHERE: Final = {
    *("docker", "kubectl", "systemctl", "sudo", "nginx", "ssh", "curl", "openssl", "psql"),
    *("git", "gh", "npm", "npx", "pre-commit", "prek", "nox", "actionlint", "zizmor"),
}
"""Commands that need a network, another machine or another user."""


def name_page(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def each_block(*languages: str) -> list[Any]:
    """Every block in one of these languages, with its page."""
    return [
        pytest.param(path, block, id=f"{name_page(path)}-{place}")
        for path in PAGES
        for place, block in enumerate(list_blocks(path))
        if block.language in languages
    ]


def classify(words: list[str]) -> str:
    """How a command is tested; empty for one that nobody would notice if it did not work."""
    name = words[0].rpartition("/")[2]
    ours = name == "gemini-interactions-mcp" or (name == "uvx" and any(map(names_package, words)))
    if ours:
        return "hosts" if "install" in words else "run"
    classes = {"make": {"make"}, "shell": SHELL, "hosts": HOSTS, "installers": INSTALLERS, "elsewhere": ELSEWHERE}
    return next((each for each, names in classes.items() if name in names), "")


def names_package(word: str) -> bool:
    return bool(re.fullmatch(r"gemini-interactions-mcp(@.*)?", word))


@pytest.mark.parametrize("path", PAGES, ids=name_page)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert [link for link in list_links(path) if not leads_somewhere(path, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file and the anchor of a link exist; foreign addresses are not asked."""
    address, _, anchor = link.partition("#")
    if address.startswith(SITE):
        target = DOCS / f"{address.removeprefix(SITE).strip('/') or 'index'}.md"
    elif found := re.fullmatch(rf"{REPOSITORY}(?:blob|tree|raw)/main/(.*)", address):
        target = ROOT / found[1]
    elif ":" in address:
        return True
    else:
        target = (page.parent / address).resolve() if address else page
    return target.exists() and (not anchor or anchor in list_anchors(target))


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (page := tmp_path / "a.md").write_text(
        "# One `two` & three's\n\n![](b.png) [c](c.md) [d](#one-two--threes) [e](#e)"
    )
    assert [link for link in list_links(page) if not leads_somewhere(page, link)] == ["b.png", "c.md", "#e"]
    for there, link in {True: "tools/#prompts", False: "tools/#prompt"}.items():
        assert leads_somewhere(page, f"{SITE}{link}") is there
    for there, link in {True: "tree/main/bench", False: "blob/main/bench/none.py"}.items():
        assert leads_somewhere(page, f"{REPOSITORY}{link}") is there


def list_nav(entries: object) -> Iterator[str]:
    """The pages of a part of the navigation."""
    match entries:
        case str():
            yield entries
        case list() | dict():
            parts: Any = entries.values() if isinstance(entries, dict) else entries  # pyright: ignore[reportUnknownVariableType] - YAML
            for part in parts:
                yield from list_nav(part)
        case _:
            raise TypeError(entries)


def test_every_page_is_in_the_navigation_and_linked_from_another() -> None:
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert sorted(list_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])) == sorted(pages)
    linked = {
        (path.parent / link.partition("#")[0]).resolve()
        for path in PAGES
        for link in list_links(path)
        if ":" not in link and not link.startswith("#")
    }
    assert {page for page in pages if (DOCS / page).resolve() not in linked} <= {"index.md"}


FOOTNOTE: Final = re.compile(r"\[\^\w+\]")


def test_no_page_has_footnotes_which_the_site_shows_as_they_are_written() -> None:
    extensions = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["markdown_extensions"]
    assert "footnotes" not in extensions
    assert [name_page(page) for page in PAGES if FOOTNOTE.search(page.read_text(encoding="utf-8"))] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_package_index_shows_no_link_into_the_repository(tmp_path: Path) -> None:
    hooks = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["metadata"]["hooks"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for each in hooks["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    (shown := tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert [link for link in list_links(shown) if ":" not in link and not link.startswith("#")] == []
    assert [link for link in list_links(shown) if not leads_somewhere(shown, link)] == []


def test_every_host_has_its_section_with_a_way_to_add_the_server() -> None:
    text = (DOCS / "hosts.md").read_text(encoding="utf-8")
    headings = [heading for heading in re.findall(r"^## (.*)$", text, re.MULTILINE) if heading in HOST_NAMES.split("|")]
    assert headings == HOST_NAMES.split("|")
    shown = {block.heading for block in list_blocks(DOCS / "hosts.md") if block.title}
    assert shown >= set(headings)


@pytest.mark.parametrize(("path", "block"), each_block("json", "toml", "yaml", "python"))
def test_every_file_that_is_shown_can_be_read(path: Path, block: Block) -> None:
    parse: Any = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load, "python": ast.parse}
    assert parse[block.language](block.text), name_page(path)


def test_every_block_has_a_language_that_is_tested() -> None:
    known = {"sh", "text", "json", "jsonc", "toml", "yaml", "python", "powershell"}  # the last: test_project_files
    found = {(name_page(path), block.language) for path in PAGES for block in list_blocks(path)}
    assert {(page, language) for page, language in found if language not in known} == set()


@pytest.mark.parametrize(("path", "block"), each_block("sh"))
def test_every_command_belongs_to_a_class(path: Path, block: Block) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for words in list_commands(block.text):
        match classify(words):
            case "make":
                assert set(words[1:]) <= targets, words
            case "hosts" if words[0] not in HOSTS:
                asked = {word for word in words[words.index("install") + 1 :] if re.fullmatch(r"[a-z][a-z-]*", word)}
                assert asked <= set(HOST_IDS.split()), words
            case "":
                pytest.fail(f"{name_page(path)}: nothing tests {words}")
            case _:
                assert missing_files(words) == [], words
        for found in re.findall(r"gemini-interactions-mcp\[([\w,]+)\]", " ".join(words)):
            assert set(found.split(",")) <= set(extras), words


def missing_files(words: list[str]) -> list[str]:
    """The files of this repository that a command names and that are not there."""
    ours = re.compile(r"(?:deploy|docs|tests|bench|examples|src|skills)/[\w./-]+")
    return [word for word in words if ours.fullmatch(word) and not (ROOT / word).exists()]


def test_a_command_that_nothing_tests_is_found() -> None:
    told = "A=1 ls -l # no\nfrobnicate 'a && b' > c; /opt/x/pip install \\\n  d | tee e"
    assert list(list_commands(told)) == [
        ["ls", "-l"],
        ["frobnicate", "a && b"],
        ["/opt/x/pip", "install", "d"],
        ["tee", "e"],
    ]
    assert [classify(words) for words in list_commands(told)] == ["", "", "installers", ""]
    assert missing_files(["kubectl", "apply", "-f", "deploy/kubernetes.yaml", "deploy/none.yaml"]) == [
        "deploy/none.yaml"
    ]
    assert classify(["uvx", "--from", "gemini-interactions-mcp[export]", "gemini-interactions-mcp"]) == "run"


@pytest.mark.parametrize("path", PAGES, ids=name_page)
def test_commands_in_the_text_are_commands(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in list_inline_commands(path, "gemini-interactions-mcp"):
        assert "install" in words or is_command(words[1:], capsys), words


def is_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether the command line takes these arguments, perhaps with further ones that it requires."""
    try:
        build_parser().parse_args(arguments)
    except SystemExit as ended:
        return not ended.code or "are required" in capsys.readouterr().err
    return True


def test_what_is_no_command_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"doctor --live": True, "token add": True, "--version": True, "doctr": False, "usage --since": False}
    assert {text: is_command(text.split(), capsys) for text in told} == told


with_bash = pytest.mark.skipif(not shutil.which("bash"), reason="The commands of the docs are for a POSIX shell.")


@with_bash
@pytest.mark.parametrize(("path", "block"), each_block("sh"))
def test_every_block_is_a_script(path: Path, block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.text.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b""), name_page(path)


RUNNABLE: Final = [
    each for each in each_block("sh") if any(classify(words) == "run" for words in list_commands(each.values[1].text))
]
SHIM: Final = """#!/bin/sh
case "$1" in serve|view|emulator) set -- "$@" --port {port};; esac
exec {python} -P -m gemini_interactions_mcp "$@"
"""
"""Stands for the installed command; a server listens on a free port."""
UVX: Final = """#!/bin/sh
[ "$1" = --from ] && shift 2
shift
exec gemini-interactions-mcp "$@"
"""


@with_bash
@pytest.mark.slow
@pytest.mark.parametrize(("path", "block"), RUNNABLE)
async def test_the_commands_of_this_server_run(path: Path, block: Block, tmp_path: Path) -> None:
    kept = [line for line in block.text.splitlines() if is_run_here(line)]
    async with serve_emulator(Emulator()) as url:
        env = environment(tmp_path, url, PATH=f"{put_shims(tmp_path)}{os.pathsep}{os.environ['PATH']}", BROWSER="true")
        script = "\n".join(["set -e", *kept])
        serves = bool(re.search(r"\b(serve|view|emulator)\b", script))
        status, said = await run_script(script, env, until=rb"https?://\S+" if serves else None)
    assert status == 0, f"{name_page(path)}: {script}\n{said}"
    assert "Traceback" not in said


def is_run_here(line: str) -> bool:
    return all(classify(words) in {"run", "shell"} for words in list_commands(line))


def put_shims(folder: Path) -> Path:
    """A folder with `gemini-interactions-mcp` and `uvx`."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    (shims := folder / "bin").mkdir()
    for name, text in {"gemini-interactions-mcp": SHIM.format(port=port, python=sys.executable), "uvx": UVX}.items():
        (shims / name).write_text(text, encoding="utf-8")
        (shims / name).chmod(0o755)
    return shims


async def run_script(script: str, env: dict[str, str], until: bytes | None) -> tuple[int, str]:
    """Run it to its end, or until it has said that it serves; its status (0 if it serves) and output."""
    process = await anyio.open_process(
        ["bash", "-c", script], env=env, cwd=env["HOME"], stderr=subprocess.STDOUT, start_new_session=True
    )
    said, serving = b"", False
    assert process.stdout
    with anyio.fail_after(PATIENCE):
        async for chunk in process.stdout:
            said += chunk
            if serving := bool(until and re.search(until, said)):
                os.killpg(process.pid, signal.SIGKILL)
                break
        status = await process.wait()
    await process.aclose()
    return 0 if serving else status, said.decode()
