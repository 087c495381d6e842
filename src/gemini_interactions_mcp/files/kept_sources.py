"""Sources that this server keeps, or Google keeps for it: saved files, files of remote clients, and uploads."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from urllib.parse import unquote

import anyio.to_thread

from gemini_interactions_mcp.core import FileRefusedError, quote_name
from gemini_interactions_mcp.models import Record, SavedFile

from .boundary import Boundary
from .naming import NamedSource
from .opening import locate_saved_file
from .remote_sources import find_api_file, make_missing_file_error
from .saved_files import SavedFiles
from .sources import RECEIVED_FILE_URI, SAVED_FILES_URI

RecordLookup = Callable[[str], Awaitable[Record]]
"""Id of an interaction -> its record, with the files saved for it."""

ReceivedLookup = Callable[[str], Awaitable[SavedFile]]
"""Id of a file that a remote client has sent -> where it is kept."""

HoldingCheck = Callable[[str], Awaitable[bool]]
"""Name of a file of the Files API -> whether it is the user's."""


class KeptSources:
    """Finds what sources stand for that name something kept.

    Args:
        boundary: What may be read.
        saved: The saved files.
        earlier: Finds earlier interactions, whose saved files can be sources.
        received: Finds files that remote clients have sent; None where there are none.
        holds: Whether the user holds a file of the Files API; None where every file of the key is the user's.
    """

    def __init__(
        self,
        boundary: Boundary,
        saved: SavedFiles,
        earlier: RecordLookup,
        received: ReceivedLookup | None,
        holds: HoldingCheck | None,
    ) -> None:
        self._boundary = boundary
        self._saved = saved
        self._earlier = earlier
        self._received = received
        self._holds = holds

    async def expand(self, sources: Sequence[NamedSource]) -> list[NamedSource]:
        """Return sources with the files in the place of what names them.

        Raises:
            FileRefusedError: There is no such file, it has changed, or it is another's.
            GeminiMCPError: An interaction is unknown, or whose a file is cannot be read.
        """
        await self._check_held(each.source for each in sources)
        return [part for each in sources for part in await self._expand_one(each)]

    async def _check_held(self, sources: Iterable[str]) -> None:
        """Check that the user holds the files of the Files API among some sources.

        Raises:
            FileRefusedError: One is not there, or another's.
            JournalError: Whose they are cannot be read.
        """
        for source in sources:
            name = find_api_file(source)
            if name is not None and self._holds is not None and not await self._holds(name):
                raise make_missing_file_error(source)

    async def _expand_one(self, given: NamedSource) -> list[NamedSource]:
        sent = RECEIVED_FILE_URI.fullmatch(given.source)
        if sent and self._received:
            return [given._replace(saved=await self._received(sent[1]))]
        address = SAVED_FILES_URI.fullmatch(given.source)
        if address is None:
            return [given]
        record = await self._earlier(unquote(address[1]))
        name = unquote(address[2]) if address[2] else None
        # A document that was made of the answer is meant only by its name.
        files = [file for file in record.files if name == file.name or (name is None and not file.exported)]
        if not files:
            has = ", ".join(file.name for file in record.files) or "none"
            raise FileRefusedError(
                f"There is no file {quote_name(given.source)}; saved for that interaction: {quote_name(has)}."
            )
        await anyio.to_thread.run_sync(self._check_unchanged, files)
        return [locate_saved_file(given, file, address[1], self._boundary) for file in files]

    def _check_unchanged(self, files: Sequence[SavedFile]) -> None:
        for file in files:
            self._saved.opened(file).close()
