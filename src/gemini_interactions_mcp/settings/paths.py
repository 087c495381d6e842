"""Configured directories and files: how they are written, and what they stand for."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Final, cast

import platformdirs
from pydantic import SecretStr

from gemini_interactions_mcp.core import ConfigurationError, strip_quotes

from .environment import SettingsEnvironment

APP_NAME: Final = "gemini-interactions-mcp"

ALLOWED_DIRS_VARIABLE: Final = "GEMINI_MCP_ALLOWED_DIRS"
FOLDER_SEPARATORS: Final = (os.pathsep, ";", "\n", ",")
"""Separators of directories in one text, the usual one first."""
OUTPUT_DIR_VARIABLE: Final = "GEMINI_MCP_OUTPUT_DIR"
PROGRAM_FOLDER_VARIABLES: Final = ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMFILES(X86)")
"""Variables of Windows with the folders of its own files and of programs."""
MAPPED_DIRS_VARIABLE: Final = "GEMINI_MCP_MAPPED_DIRS"
MAPPED_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
OUTPUT_URL_VARIABLE: Final = "GEMINI_MCP_OUTPUT_URL"
PUBLIC_URL_VARIABLE: Final = "GEMINI_MCP_PUBLIC_URL"


def parse_output_dir(environment: SettingsEnvironment, text: str | None) -> Path:
    """Return the resolved directory that files are saved in."""
    return resolve_leniently(expand_folder(text, environment.home) if text else find_documents_dir() / APP_NAME)


def parse_allowed_dirs(environment: SettingsEnvironment, text: str | None) -> tuple[Path, ...]:
    """Return the resolved directories below which files may be read and written, the output directory included.

    The default is the working directory, unless it is the root of a disk, the home directory itself or a folder of
    programs: a host that starts its servers there did not mean to open all of it.

    Raises:
        ConfigurationError: The text begins like a JSON list and is not one.
    """
    home, cwd = environment.home, environment.cwd
    output = parse_output_dir(environment, environment.values.get(OUTPUT_DIR_VARIABLE))
    if text is not None:
        chosen = [resolve_leniently(expand_folder(part, home)) for part in split_folders(text, home)]
    else:
        chosen = [cwd] if cwd and is_project(cwd, resolve_leniently(home), environment.values) else []
    return tuple(dict.fromkeys([*chosen, output]))


def is_project(cwd: PurePath, home: PurePath, values: Mapping[str, str]) -> bool:
    """Whether a user may have started the server in a directory for what is in it; Windows starts programs in its own.

    Source: https://learn.microsoft.com/en-us/windows/deployment/usmt/usmt-recognized-environment-variables
    """
    programs = [type(cwd)(values[name]) for name in PROGRAM_FOLDER_VARIABLES if name in values]
    programs += [type(cwd)(name) for name in ("/Applications", "/System")]
    return cwd not in (type(cwd)(cwd.anchor), home) and not any(map(cwd.is_relative_to, programs))


def parse_mapped_dirs(environment: SettingsEnvironment, text: str | None) -> tuple[tuple[str, Path], ...]:
    """Return directories that are written `NAME=/path`, resolved, by their names.

    Raises:
        ConfigurationError: One is written otherwise, two have one name, or a path is relative.
    """
    mapped: dict[str, Path] = {}
    parts = re.split(f"[{re.escape(''.join(FOLDER_SEPARATORS))}]", text or "")
    for part in filter(None, map(str.strip, parts)):
        name, _, path = (each.strip() for each in part.partition("="))
        if not MAPPED_NAME.fullmatch(name) or not path or name in mapped:
            raise ConfigurationError(f"{MAPPED_DIRS_VARIABLE} is a list of NAME=/path, each with a name of its own.")
        folder = expand_folder(path, environment.home)
        if not (folder.is_absolute() or has_unknown_user(folder)):
            raise ConfigurationError(f"{MAPPED_DIRS_VARIABLE}: the path of {name} is relative; it takes NAME=/path.")
        mapped[name] = resolve_leniently(folder)
    return tuple(mapped.items())


def split_folders(text: str, home: Path) -> list[str]:
    """Split a text into directories: a JSON list, or separated as in PATH, by semicolons, commas or newlines.

    Raises:
        ConfigurationError: The text begins like a JSON list and is not one.
    """
    if text.startswith("[") and not is_folder(expand_folder(text, home)):
        parts = parse_json_folders(text)
    else:
        parts = split_unless_whole(text, lambda part: is_folder(expand_folder(part, home)), FOLDER_SEPARATORS)
    return [part for part in map(strip_quotes, parts) if part]


def parse_json_folders(text: str) -> list[str]:
    """Parse a JSON list of strings.

    Raises:
        ConfigurationError: The text is something else.
    """
    with suppress(ValueError, RecursionError):
        found = cast("list[object]", json.loads(text))
        if all(isinstance(each, str) for each in found):
            return cast("list[str]", found)
    raise ConfigurationError(f'{ALLOWED_DIRS_VARIABLE} begins with [ and is not JSON like ["/one/folder", "/another"].')


def split_unless_whole(text: str, is_whole: Callable[[str], bool], separators: Sequence[str]) -> list[str]:
    """Split a text at each separator in turn; a part that `is_whole` stays one, whatever it contains."""
    if not separators or is_whole(strip_quotes(text)):
        return [text]
    return [part for piece in text.split(separators[0]) for part in split_unless_whole(piece, is_whole, separators[1:])]


def parse_database_url(_: SettingsEnvironment, text: str | None) -> str | Path:
    """Return the URL of the journal, or the default path of its SQLite file."""
    return text or platformdirs.user_data_path(APP_NAME) / "journal.sqlite3"


def parse_output_url(_: SettingsEnvironment, text: str | None) -> SecretStr | None:
    """Return the address of the object store that files are saved in.

    Raises:
        ConfigurationError: It is none.
    """
    if text and not re.fullmatch(r"s3://[^/?@]+(/[^?]*)?(\?.*)?|file:///[^?]+", text):
        raise ConfigurationError(f"{OUTPUT_URL_VARIABLE} is an address like s3://bucket/prefix.")
    return SecretStr(text) if text else None


def parse_public_address(_: SettingsEnvironment, text: str | None) -> str | None:
    """Return the address by which clients reach this server, without a slash at its end.

    Raises:
        ConfigurationError: It is none.
    """
    if text and not re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", text):
        raise ConfigurationError(f"{PUBLIC_URL_VARIABLE} is an address like https://gemini.example.com.")
    return text.rstrip("/") if text else None


def parse_catalog_path(environment: SettingsEnvironment, text: str | None) -> Path | None:
    """Return the path of the user's catalog."""
    return expand_folder(text, environment.home) if text else None


def find_user_home(values: Mapping[str, str] = os.environ) -> Path:
    """Return the user's home directory."""
    return Path(values.get("HOME") or Path.home())


def expand_folder(text: str, home: Path) -> Path:
    """Return a configured path, in which `~`, `$HOME` and `${HOME}` stand for the home directory.

    A path that begins with the name of an unknown user, as in `~nobody/docs`, is left as written.
    """
    path = Path(re.sub(r"^(~|\$HOME|\$\{HOME\})(?=$|[/\\])", lambda _: str(home), text))
    with suppress(RuntimeError):
        return path.expanduser()
    return path


def resolve_leniently(path: Path) -> Path:
    """Resolve the links of a path as far as possible; a path below an unknown user's home has none to follow."""
    if has_unknown_user(path):
        return path
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def find_working_directory(chosen: Path | None) -> Path | None:
    """Return the directory that the server was started in, or None if it is gone."""
    try:
        return resolve_leniently(chosen or Path.cwd())
    except OSError:
        return None


def is_folder(path: Path) -> bool:
    """Whether a path is an existing directory."""
    try:
        return path.is_dir()
    except OSError:
        return False


def has_unknown_user(path: Path) -> bool:
    """Whether a configured directory lies below the home of an unknown user; only such a path is relative."""
    return str(path).startswith("~")


def describe_missing_folder(path: Path) -> str | None:
    """Describe what is missing for a configured directory to exist; None if it exists."""
    if has_unknown_user(path):
        return "no such user"
    return None if is_folder(path) else "no such folder"


def find_documents_dir() -> Path:
    """Return the user's documents directory."""
    return platformdirs.user_documents_path()
