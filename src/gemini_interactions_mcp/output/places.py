"""Where files are saved: a folder of this machine, or an object store that several machines share.

Everything here blocks.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import BinaryIO, Final, NamedTuple, Protocol, cast
from urllib.parse import quote

from gemini_interactions_mcp.core import ConfigurationError, Principal, folders, logger
from gemini_interactions_mcp.models import SavedFile, is_object_address
from gemini_interactions_mcp.settings import Settings

from .unwritable import make_unwritable_error

SLUG_CHARACTERS: Final = 24
FOLDER_DIGEST_CHARACTERS: Final = 16

FOLDER_SCHEME: Final = "folder://"
"""Begins the addresses of files in a folder whose path is not told."""


class Placed(NamedTuple):
    """Where a file was saved: its name there, and its whole path."""

    name: str
    path: str


class Place(Protocol):
    """Where new files are saved."""

    @property
    def title(self) -> str:
        """Name the place in a message."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of this machine that it consists of."""
        ...

    def add(self, content: folders.FileContent, names: Iterable[str]) -> Placed | None:
        """Write a complete file under the first free name; return None if no name is free.

        Raises:
            ConfigurationError: It cannot be written.
        """
        ...

    def beside(self, target: PurePath, modes: folders.FileModes) -> "Place":
        """Return the place of an approved path, in which new files have these permissions, where there are any."""
        ...

    def below(self, name: str) -> "Place":
        """Return the folder of a name in this place."""
        ...

    def spell(self, target: PurePath) -> str:
        """Return an approved path as a saved file has it."""
        ...

    def target(self, file: SavedFile) -> Path:
        """Return the approved path of a saved file in this place, wherever it was saved."""
        ...

    def locate(self, file: SavedFile) -> Path | None:
        """Return where a saved file is on this machine; None if it is in a store."""
        ...

    def contains(self, file: SavedFile) -> bool:
        """Whether a file was saved here, and is there."""
        ...

    def relate(self, file: SavedFile) -> str:
        """Return the destination of a link from a Markdown file in this place to a saved file."""
        ...

    def open_nameless(self) -> BinaryIO:
        """Open a new file, which is gone when it is closed, however this process ends.

        Raises:
            ConfigurationError: It cannot be written.
        """
        ...

    def check_writable(self) -> None:
        """Check that files can be written, by writing one and removing it.

        Raises:
            ConfigurationError: They cannot.
        """
        ...

    def sweep(self, seconds: float) -> None:
        """Remove files that were not finished, and were last written longer ago."""
        ...

    def discard(self, name: str) -> bool:
        """Remove the file of a name, whatever is in it, and return whether there was one.

        Raises:
            ConfigurationError: It cannot be removed.
        """
        ...


class LocalFolder:
    """A folder of this machine.

    Args:
        directory: Created when it is needed.
        modes: Permissions of new folders and files.
    """

    def __init__(self, directory: Path, modes: folders.FileModes = folders.OWNER_ONLY_MODES) -> None:
        self.directory = directory
        self._modes = modes

    @property
    def title(self) -> str:
        """Its path."""
        return str(self.directory)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folder itself."""
        return (self.directory,)

    def add(self, content: folders.FileContent, names: Iterable[str]) -> Placed | None:
        """Write a file, without following links or overwriting; as `Place` says."""
        directory = self.directory.absolute()
        try:
            with folders.open_folder(directory, create=self._modes.folder) as folder:
                name = folder.add(content, names, self._modes.file)
        except OSError as exc:
            raise self._refuse(exc) from exc
        return None if name is None else Placed(name, self.spell(directory / name))

    def beside(self, target: PurePath, modes: folders.FileModes) -> "LocalFolder":
        """Return the folder of a path."""
        return LocalFolder(Path(target).parent, modes)

    def below(self, name: str) -> "LocalFolder":
        """Return a folder in this one."""
        return LocalFolder(self.directory / name, self._modes)

    def spell(self, target: PurePath) -> str:
        """Return the path itself."""
        return str(target)

    def target(self, file: SavedFile) -> Path:
        """Return the path of a file, or that of its name in this folder."""
        path = Path(file.path)
        return path if path.is_relative_to(self.directory) else self.directory / PurePath(file.name).name

    def locate(self, file: SavedFile) -> Path | None:
        """Return the path of a file, in whatever folder."""
        return locate_local(file)

    def contains(self, file: SavedFile) -> bool:
        """Never: `is_absent` looks at local files, wherever they are."""
        del file
        return False

    def relate(self, file: SavedFile) -> str:
        """Return a relative path, or a URL of a file on another drive or in a store."""
        if is_object_address(file.path):
            return file.path
        try:
            return quote(os.path.relpath(file.path, self.directory.absolute()).replace(os.sep, "/"))
        except ValueError:
            return Path(file.path).as_uri()  # on another drive

    def open_nameless(self) -> BinaryIO:
        """Open a file without a name in the folder."""
        directory = self.directory.absolute()
        try:
            with folders.open_folder(directory, create=folders.OWNER_ONLY_MODES.folder):
                # Without a buffer, whose errors would come when it is closed.
                return cast("BinaryIO", tempfile.TemporaryFile(buffering=0, dir=folders.lengthen_path(directory)))
        except OSError as exc:
            raise self._refuse(exc) from exc

    def check_writable(self) -> None:
        """Try a file in a folder that is removed again; missing folders are not made."""
        try:
            folders.check_path_writable(self.directory / "probe")
        except OSError as exc:
            raise self._refuse(exc) from exc

    def sweep(self, seconds: float) -> None:
        """Remove what a server has left half-written that ended in the midst of it."""
        folders.remove_partial_files(self.directory.absolute(), seconds)

    def discard(self, name: str) -> bool:
        """Remove a file that nothing else is known of."""
        try:
            with folders.open_folder(self.directory.absolute()) as folder:
                return folder.remove(name, folder.status(name))
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise self._refuse(exc) from exc

    def _refuse(self, exc: OSError) -> ConfigurationError:
        """Return the error for a folder that cannot be written."""
        return make_unwritable_error(self.directory, exc)


class UnnamedFolder(LocalFolder):
    """A folder of this machine whose path its principal is not told: saved files have addresses as in a store.

    Args:
        directory: As for `LocalFolder`.
        modes: As for `LocalFolder`.
        root: The folder that addresses begin at; None where that is this one.
    """

    def __init__(
        self, directory: Path, modes: folders.FileModes = folders.OWNER_ONLY_MODES, root: Path | None = None
    ) -> None:
        super().__init__(directory, modes)
        self._root = root or directory
        self._address = f"{FOLDER_SCHEME}{self._root.name}/"

    @property
    def title(self) -> str:
        """Its kind: the path is the administrator's business."""
        return "the output folder of this server"

    def beside(self, target: PurePath, modes: folders.FileModes) -> "UnnamedFolder":
        """Return the folder of a path."""
        return UnnamedFolder(Path(target).parent, modes, self._root)

    def below(self, name: str) -> "UnnamedFolder":
        """Return a folder in this one."""
        return UnnamedFolder(self.directory / name, self._modes, self._root)

    def spell(self, target: PurePath) -> str:
        """Return the address of a path in the folder."""
        return self._address + PurePath(target).relative_to(self._root.absolute()).as_posix()

    def target(self, file: SavedFile) -> Path:
        """Return the path of a file, or that of its name in this folder."""
        return self._find(file) or self.directory / PurePath(file.name).name

    def locate(self, file: SavedFile) -> Path | None:
        """Return the path of a file in this folder, or of one that has a path."""
        return self._find(file) or locate_local(file)

    def contains(self, file: SavedFile) -> bool:
        """Whether something is at the address of a file."""
        path = self._find(file)
        return path is not None and os.path.lexists(path)

    def relate(self, file: SavedFile) -> str:
        """Return a relative path, or the address of a file in a store."""
        path = self._find(file)
        return file.path if path is None else quote(Path(os.path.relpath(path, self.directory.absolute())).as_posix())

    def _find(self, file: SavedFile) -> Path | None:
        """Return the path that an address leads to, unless that is elsewhere."""
        name = file.path.removeprefix(self._address)
        return None if name == file.path or {"", ".", ".."} & set(name.split("/")) else self._root / PurePath(name)

    def _refuse(self, exc: OSError) -> ConfigurationError:
        logger.warning("The output folder cannot be written: %s", super()._refuse(exc))
        return ConfigurationError(f"Cannot write to {self.title}: its administrator can see why in the log.")


def locate_local(file: SavedFile) -> Path | None:
    """Return the path of a file; None if it has an address instead."""
    return None if is_object_address(file.path) else Path(file.path)


def open_place(settings: Settings, principal: Principal) -> Place:
    """Return where the files of a principal are saved: the output directory of these settings, or a folder of a store.

    Nothing is accessed yet.

    Raises:
        ConfigurationError: The store cannot be opened: the extra is not installed, or its address is wrong.
    """
    if settings.output_url is None:
        return (UnnamedFolder if principal.remote else LocalFolder)(settings.output_dir)
    from .objects import open_object_store  # noqa: PLC0415 - an extra, which the default does not need

    return open_object_store(settings.output_url.get_secret_value(), name_principal_folder(principal.name))


def name_principal_folder(name: str) -> str:
    """Return the name of the folder that a principal's files are in; empty for the owner of the server.

    It is different for each, whatever characters a name has, and tells people whose it is.
    """
    if not name:
        return ""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:SLUG_CHARACTERS].strip("-")
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:FOLDER_DIGEST_CHARACTERS]
    return f"{slug}-{digest}" if slug else digest
