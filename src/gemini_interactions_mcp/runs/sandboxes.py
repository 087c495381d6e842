"""Lists the files that agents have left in their environments, and saves them."""

import fnmatch
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Final

import anyio.to_thread

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import GeminiMCPError, InputError, quote_name
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import WORKSPACE_DIRECTORY, Record, SandboxFile, SavedFile
from gemini_interactions_mcp.output import Place, saving

MAX_SANDBOX_FILES: Final = 50
"""Maximum number of files that one call saves."""
MAX_NAMED_FILES: Final = 10
"""Maximum number of files that are named where none fits."""
MAX_SANDBOX_FILE_BYTES: Final = 64 * 2**20
"""Maximum size in bytes of a file that is saved."""


class Environments:
    """The environments that managed agents work in; Google keeps one for 7 days.

    Source: https://ai.google.dev/gemini-api/docs/antigravity-agent
    """

    def __init__(self, gemini: Gemini, place: Place, saved: SavedFiles) -> None:
        self._gemini = gemini
        self._place = place
        self._saved = saved

    async def files(self, record: Record) -> Sequence[SandboxFile]:
        """Return the files in the environment of an interaction.

        Raises:
            GeminiMCPError: The environment cannot be read, or not any more.
        """
        return await self._gemini.environment_files(str(record.environment_id), WORKSPACE_DIRECTORY)

    async def save(self, record: Record, pattern: str) -> tuple[tuple[SavedFile, ...], list[str]]:
        """Save the files that match a pattern; return them, and a sentence on each that was not saved.

        Raises:
            InputError: No file matches, or too many do.
            GeminiMCPError: The environment cannot be read.
        """
        saved: list[SavedFile] = []
        complaints: list[str] = []
        for file in select_sandbox_files(await self.files(record), pattern):
            try:
                taken = {each.name for each in (*record.files, *saved)}
                saved.append(await self._download(record, file, taken))
            except GeminiMCPError as exc:
                complaints.append(f"{quote_name(file.path)} was not saved: {exc}")
        return tuple(saved), complaints

    async def _download(self, record: Record, file: SandboxFile, taken: Collection[str]) -> SavedFile:
        check_sandbox_file_size(file.bytes)
        content = await self._gemini.download_environment_file(str(record.environment_id), file.path)
        # The list may have named no size, or the file may have grown.
        check_sandbox_file_size(len(content))
        return await anyio.to_thread.run_sync(self._keep, record, file, content, taken)

    def _keep(self, record: Record, file: SandboxFile, content: bytes, taken: Collection[str]) -> SavedFile:
        """Save a file; return the earlier copy instead if it was saved before and is unchanged."""
        for earlier in record.files:
            if earlier.within == file.path and self._saved.holds(earlier, content):
                return earlier
        stem = saving.make_stem(PurePosixPath(file.path).stem, clock.now(), record.label)
        return saving.save_sandbox_file(content, self._place, stem, file, taken=taken)


def check_sandbox_file_size(size: int) -> None:
    """Check the size of a file that is to be saved.

    Raises:
        InputError: It is too large.
    """
    if size > MAX_SANDBOX_FILE_BYTES:
        raise InputError(f"It has {size:,} bytes; at most {MAX_SANDBOX_FILE_BYTES:,} are saved.")


def normalize_pattern(pattern: str) -> str:
    """Return a pattern as paths are written in a list; a folder, with a slash at its end, stands for all below it."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    folder = pattern.endswith(("/", "/.")) or not parts
    return "/".join([*parts, "*"] if folder else parts)


def find_matching_files(files: Sequence[SandboxFile], pattern: str) -> list[SandboxFile]:
    """Return the files that have a name, or else those that match it as a pattern: names may have brackets."""
    if found := [file for file in files if pattern in list_matchable_names(file)]:
        return found
    return [file for file in files if any(fnmatch.fnmatchcase(name, pattern) for name in list_matchable_names(file))]


def select_sandbox_files(files: Sequence[SandboxFile], pattern: str) -> list[SandboxFile]:
    """Return the files whose path or name matches a pattern.

    Raises:
        InputError: No file matches, or too many do.
    """
    found = find_matching_files(files, normalize_pattern(pattern))
    if not found:
        there = ", ".join(repr(quote_name(f"/{file.path}")) for file in files[:MAX_NAMED_FILES])
        more = f" and {len(files) - MAX_NAMED_FILES} more" if len(files) > MAX_NAMED_FILES else ""
        raise InputError(
            f"No file in the agent's environment matches {quote_name(pattern)!r}."
            + (f" There are {there}{more}." if there else "")
        )
    if len(found) > MAX_SANDBOX_FILES:
        raise InputError(
            f"{len(found)} files match {quote_name(pattern)!r}; at most {MAX_SANDBOX_FILES} are saved at once."
        )
    return found


def list_matchable_names(file: SandboxFile) -> tuple[str, str, str]:
    """Return the names that a pattern may match: the path, the path below the workspace, and the file name."""
    return file.path, file.path.removeprefix(f"{WORKSPACE_DIRECTORY}/"), PurePosixPath(file.path).name
