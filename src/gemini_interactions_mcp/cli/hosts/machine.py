"""The machine that hosts are looked for on, so that each system's paths can be had on every other. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gemini_interactions_mcp.settings import copy_environment, find_user_home

System = Literal["linux", "darwin", "win32"]


@dataclass(frozen=True)
class Machine:
    """A system, a user and a shell.

    Attributes:
        system: As Python names it; all that is neither macOS nor Windows is as Linux.
        home: The user's home directory.
        environ: The variables of this shell.
        cwd: The working directory, whose project has configurations of its own.
    """

    system: System
    home: Path
    environ: Mapping[str, str]
    cwd: Path

    def find_folder(self, variable: str, *usual: str) -> Path:
        """Return the directory that a variable names, else one below the home directory."""
        named = self.environ.get(variable, "").strip()
        return Path(named) if named else self.home.joinpath(*usual)

    @property
    def config(self) -> Path:
        """Where programs keep their configurations on Linux: https://specifications.freedesktop.org/basedir/latest/"""
        return self.find_folder("XDG_CONFIG_HOME", ".config")

    @property
    def roaming(self) -> Path:
        """Where desktop apps keep their configurations: Electron's `appData`.

        https://www.electronjs.org/docs/latest/api/app#appgetpathname
        """
        if self.system == "win32":
            return self.find_folder("APPDATA", "AppData", "Roaming")
        if self.system == "darwin":
            return self.home / "Library" / "Application Support"
        return self.config

    @property
    def local(self) -> Path:
        """Where Windows keeps what does not move with the user."""
        return self.find_folder("LOCALAPPDATA", "AppData", "Local")

    def shorten(self, path: Path) -> str:
        """Return a path with `~` for the home directory."""
        return f"~/{path.relative_to(self.home).as_posix()}" if path.is_relative_to(self.home) else str(path)


def find_machine() -> Machine:
    """Return this machine."""
    system: System = sys.platform if sys.platform in ("darwin", "win32") else "linux"
    environ = copy_environment()
    home = Path.home() if system == "win32" else find_user_home(environ)
    try:
        cwd = Path.cwd()
    except FileNotFoundError:
        # It has been removed, and has no project.
        cwd = home
    return Machine(system, home, environ, cwd)
