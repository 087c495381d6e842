"""Writes configurations whole or not at all, keeps what was there, and tells later what may be undone. Blocks."""

import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.settings import APP_NAME

from .contents import read_regular_file

MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark, which Windows editors write."""


class ConfigUnwritableError(InputError):
    """A configuration cannot be written; nothing has changed."""


@dataclass(frozen=True)
class InstallRecord:
    """What `install` has changed, as it is kept until it is undone.

    Attributes:
        path: Of the configuration.
        name: Of the server there.
        existed: Whether the configuration existed before.
        after: SHA-256 of the configuration as it was written.
        previous: The server as it was before; None if it was not there.
        whole: Whether the copy of the configuration is what it was before all changes.
    """

    path: str
    name: str
    existed: bool
    after: str
    previous: dict[str, Any] | None = None
    whole: bool = True


def get_record_folder() -> Path:
    """Return where copies of changed configurations are."""
    return platformdirs.user_data_path(APP_NAME) / "install"


def get_copy_path(host: str) -> Path:
    """Return where the copy of a host's configuration is."""
    return get_record_folder() / f"{host}.before"


def read_record(host: str) -> InstallRecord | None:
    """Return what was changed in a host's configuration; None if nothing was, or if that is not known."""
    try:
        found = json.loads((get_record_folder() / f"{host}.json").read_text(encoding="utf-8"))
        return InstallRecord(**found)
    except (OSError, ValueError, TypeError):
        return None


def keep_record(host: str, record: InstallRecord, copy: bytes | None) -> None:
    """Keep what is about to change, and a copy of the configuration, readable for the user alone.

    Raises:
        ConfigUnwritableError: It cannot be kept.
    """
    folder = get_record_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if copy is not None:
            replace_file(get_copy_path(host), copy)
        replace_file(folder / f"{host}.json", json.dumps(asdict(record)).encode())
    except OSError as exc:
        raise ConfigUnwritableError(f"{folder} cannot be written: {exc.strerror or type(exc).__name__}.") from exc


def forget_record(host: str) -> None:
    """Forget what was changed, once it is undone."""
    for path in (get_copy_path(host), get_record_folder() / f"{host}.json"):
        with suppress(OSError):
            path.unlink()


def read_bytes(path: Path) -> bytes | None:
    """Return the content of a file, None if there is none.

    Raises:
        ConfigUnwritableError: It cannot be read.
    """
    try:
        return read_regular_file(path)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigUnwritableError(f"{path} cannot be read: {exc.strerror or type(exc).__name__}.") from exc


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()


def encode_config(text: str, before: bytes | None) -> bytes:
    """Return the bytes of a text; with a byte order mark, if there was one."""
    return (MARK if before and before.startswith(MARK) else b"") + text.encode()


def write_config(path: Path, before: bytes | None, after: bytes | None) -> None:
    """Replace what a configuration holds, or remove it where `after` is None; a link to it stays a link.

    Raises:
        ConfigUnwritableError: It has changed meanwhile, or cannot be written. Nothing has changed then.
    """
    target = Path(os.path.realpath(path))
    if read_bytes(target) != before:
        raise ConfigUnwritableError(f"{path} has changed meanwhile; run this again.")
    try:
        links = check_target(path, target) if before is not None else 0
        if after is None:
            target.unlink(missing_ok=True)
        elif links > 1:
            overwrite_file(target, after)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, after)
    except OSError as exc:
        raise ConfigUnwritableError(f"{path} cannot be written: {exc.strerror or type(exc).__name__}.") from exc


def check_target(path: Path, target: Path) -> int:
    """Return how many names a file has.

    Raises:
        ConfigUnwritableError: It is no file, or is not to be written; that a folder can be written does not count.
        OSError: It cannot be examined.
    """
    found = target.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ConfigUnwritableError(f"{path} is no regular file.")
    if not found.st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise ConfigUnwritableError(f"{path} is read-only.")
    return found.st_nlink


def overwrite_file(target: Path, content: bytes) -> None:
    """Overwrite a file that has several names, which would part if it was replaced; a copy is kept meanwhile.

    Raises:
        OSError: It cannot be written.
    """
    with target.open("r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def replace_file(target: Path, content: bytes) -> None:
    """Replace a file in one step; it keeps its mode, and a new one is readable for the user alone.

    Raises:
        OSError: It cannot be written.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{APP_NAME}-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        copy_mode(target, Path(name))
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def copy_mode(source: Path, target: Path) -> None:
    """Give a file the mode and, as far as possible, the owner of another; nothing, if that does not exist."""
    try:
        found = source.stat()
    except FileNotFoundError:
        return
    target.chmod(found.st_mode & 0o7777)
    if hasattr(os, "chown") and (found.st_uid, found.st_gid) != (os.getuid(), os.getgid()):
        with suppress(OSError):
            os.chown(target, found.st_uid, found.st_gid)
