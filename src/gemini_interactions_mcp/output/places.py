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

from gemini_interactions_mcp.core import Principal, folders
from gemini_interactions_mcp.models import SavedFile, is_object_address
from gemini_interactions_mcp.settings import Settings

from .unwritable import make_unwritable_error

SLUG_CHARACTERS: Final = 24
FOLDER_DIGEST_CHARACTERS: Final = 16


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
            raise make_unwritable_error(directory, exc) from exc
        return None if name is None else Placed(name, str(directory / name))

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
                return cast("BinaryIO", tempfile.TemporaryFile(buffering=0, dir=directory))
        except OSError as exc:
            raise make_unwritable_error(directory, exc) from exc

    def check_writable(self) -> None:
        """Try a file in a folder that is removed again; missing folders are not made."""
        try:
            folders.check_path_writable(self.directory / "probe")
        except OSError as exc:
            raise make_unwritable_error(self.directory, exc) from exc

    def sweep(self, seconds: float) -> None:
        """Remove what a server has left half-written that ended in the midst of it."""
        folders.remove_partial_files(self.directory.absolute(), seconds)


def open_place(settings: Settings, principal: Principal) -> Place:
    """Return where the files of a principal are saved: the output directory of these settings, or a folder of a store.

    Nothing is accessed yet.

    Raises:
        ConfigurationError: The store cannot be opened: the extra is not installed, or its address is wrong.
    """
    if settings.output_url is None:
        return LocalFolder(settings.output_dir)
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
