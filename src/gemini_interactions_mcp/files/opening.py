"""Opens what callers name: files of this machine, and files that this server keeps for them. Everything here blocks."""

from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import PurePath
from urllib.parse import quote

from gemini_interactions_mcp.models import SavedFile, is_object_address

from .boundary import Boundary
from .inspection import LocalFile, NamedFile
from .naming import NamedSource
from .saved_files import SavedFiles


class FileOpener:
    """Opens files that may be given to Gemini.

    Args:
        boundary: What may be read of this machine.
        saved: The files that this server keeps.
    """

    def __init__(self, boundary: Boundary, saved: SavedFiles) -> None:
        self._boundary = boundary
        self._saved = saved

    @contextmanager
    def open(self, file: NamedFile | LocalFile, *, whole: bool = False) -> Generator[BufferedReader]:
        """Open a file once, and yield the stream at its start; `whole` is as for `Boundary.open`.

        Raises:
            FileRefusedError: It must not be read, or is not what was saved.
        """
        if file.saved is None:
            with self._boundary.open(file.source, whole=whole) as stream:
                yield stream
            return
        with self._saved.opened(file.saved) as stream:
            self._boundary.check_content(PurePath(file.saved.name), stream, file.source, whole=whole)
            yield stream


def locate_saved_file(given: NamedSource, file: SavedFile, interaction_id: str, boundary: Boundary) -> NamedSource:
    """Return a source that names a saved file: its path, or its address where the path is no one of the caller's."""
    if boundary.closed or is_object_address(file.path):
        return given._replace(source=f"gemini://interactions/{interaction_id}/files/{quote(file.name)}", saved=file)
    return given._replace(source=file.path)
