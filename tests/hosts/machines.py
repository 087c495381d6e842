"""A computer as a new user has it: an empty home folder, uv and one host; PyPI and GitHub are stood in for."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
REPOSITORY: Final = "gemini-interactions-mcp/gemini-interactions-mcp"
SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
SECONDS: Final = 240
"""Deadline in seconds for a command; the first one downloads all dependencies."""

TRUSTED: Final = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
"""How this network is reached, which is no part of what is proved."""


class World(NamedTuple):
    """What stands in for the rest of the world."""

    tools: Path  # where the hosts, uv and pipx are installed
    wheels: Path  # what PyPI would offer
    clone: Path  # what GitHub would offer
    cache: Path  # of uv and pip
    api: str  # the address of the emulator
    commands: bool  # whether the command lines of the hosts are there


class Machine:
    """One computer of one user.

    Attributes:
        home: The home folder.
        project: The working directory.
        shell: The variables of the user's shell; the key is exported, as many users have it.
    """

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        self.home = folder / "home"
        self.project = folder / "project"
        for each in (self.home / "bin", self.home / ".config" / "uv", self.project):
            each.mkdir(parents=True)
        for name in ("uv", "uvx", "pipx"):
            (self.home / "bin" / name).symlink_to(world.tools / "python" / "bin" / name)
        (self.home / ".config" / "uv" / "uv.toml").write_text(self._uv_settings(), encoding="utf-8")
        (self.home / ".gitconfig").write_text(self._git_settings(), encoding="utf-8")
        network = {name: os.environ[name] for name in TRUSTED if name in os.environ}
        self.shell = network | {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin:{self.home}/.local/bin:{SYSTEM_PATH}",
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "PIP_FIND_LINKS": str(world.wheels),
            "PIP_CACHE_DIR": str(world.cache / "pip"),
            "GEMINI_API_KEY": "key-of-the-shell",
            "GOOGLE_GEMINI_BASE_URL": world.api,
        }

    def _uv_settings(self) -> str:
        # All machines of a run share what they have downloaded; those of another run might get an older wheel.
        return f'find-links = ["{self.world.wheels}"]\ncache-dir = "{self.world.cache}"\nsystem-certs = true\n'

    def _git_settings(self) -> str:
        address = f"https://github.com/{REPOSITORY}"
        return f'[url "{self.world.clone.as_uri()}"]\n\tinsteadOf = {address}.git\n\tinsteadOf = {address}\n'

    def add_host(self, command: str) -> None:
        """Put the command of a host on the PATH, and the Node that its package asks for."""
        for name, target in ((command, self.world.tools / "node_modules" / ".bin" / command), ("node", find_node())):
            if not (link := self.home / "bin" / name).exists():
                link.symlink_to(target)

        # Gemini CLI asks about every folder that is new to it, and starts no server before.
        (trusted := self.home / ".gemini" / "trustedFolders.json").parent.mkdir(exist_ok=True)
        trusted.write_text(json.dumps({str(self.project): "TRUST_FOLDER"}), encoding="utf-8")

    def run(self, command: Sequence[str], answers: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command as the user would, in the folder of a project."""
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.project,
            env=self.shell,
            timeout=SECONDS,
            input=answers,
        )

    def place(self, title: str) -> Path:
        """The path of a file that a page names: `~/.cursor/mcp.json`, or one in the project's folder."""
        return self.home / title[2:] if title.startswith("~/") else self.project / title


def find_node() -> Path:
    """The Node of this computer."""
    found = shutil.which("node")
    if not found:
        raise SystemExit("Node is needed: the hosts are installed from npm.")
    return Path(found)


@contextmanager
def make_machine(world: World) -> Generator[Machine]:
    """A machine that is gone afterwards."""
    # Codex refuses to work in a folder for temporary files.
    with tempfile.TemporaryDirectory(dir=world.tools, prefix="machine-", ignore_cleanup_errors=True) as folder:
        yield Machine(Path(folder), world)


def build_wheel(tools: Path, target: Path) -> None:
    """Build what is published on PyPI."""
    uv = tools / "python" / "bin" / "uv"
    subprocess.run([str(uv), "build", "--wheel", "--quiet", "--out-dir", str(target)], check=True, cwd=ROOT)


def clone_checkout(target: Path) -> None:
    """Make a repository of what is here, as GitHub would offer it."""
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    names = subprocess.run(listed, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split("\0")
    for name in (name for name in names if name and (ROOT / name).is_file()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    for step in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "--quiet", "--message", "All")):
        subprocess.run(["git", *step], check=True, cwd=target)


@contextmanager
def emulate_api() -> Generator[str]:
    """Run the emulated API, and yield its address."""
    command = (sys.executable, "-m", "gemini_interactions_mcp", "emulator", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
        finally:
            process.terminate()


def narrow(variables: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The variables of these names."""
    return {name: variables[name] for name in names if name in variables}
