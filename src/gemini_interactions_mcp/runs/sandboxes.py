"""What an agent has left in its environment: listed, and saved below the output directory when asked for."""

import fnmatch
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import anyio.to_thread

from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import GeminiMCPError, InputError, shown
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import Record, SandboxFile, SavedFile
from gemini_interactions_mcp.output import saving

WORKSPACE: Final = "workspace"
"""Where agents work: google-genai 3.6.1, types/environments/environmentfile.py"""

MOST_FILES: Final = 50
MOST_BYTES: Final = 64 * 2**20
"""How many files, and of what size each, are saved by one call."""


class Environments:
    """The environments that managed agents work in; Google keeps one for 7 days.

    Source: https://ai.google.dev/gemini-api/docs/antigravity-agent
    """

    def __init__(self, gemini: Gemini, output_dir: Path, saved: SavedFiles) -> None:
        self._gemini = gemini
        self._output_dir = output_dir
        self._saved = saved

    async def files(self, record: Record) -> Sequence[SandboxFile]:
        """The files in the environment of an interaction.

        Raises:
            GeminiMCPError: It cannot be read, or not any more.
        """
        return await self._gemini.environment_files(str(record.environment_id), WORKSPACE)

    async def save(self, record: Record, pattern: str) -> tuple[tuple[SavedFile, ...], list[str]]:
        """Save the files that a pattern fits; what was saved, and a sentence on each that was not.

        Raises:
            InputError: It fits none, or too many.
            GeminiMCPError: The environment cannot be read.
        """
        saved: list[SavedFile] = []
        complaints: list[str] = []
        for file in chosen(await self.files(record), pattern):
            try:
                taken = {each.name for each in (*record.files, *saved)}
                saved.append(await self._download(record, file, taken))
            except GeminiMCPError as exc:
                complaints.append(f"{shown(file.path)} was not saved: {exc}")
        return tuple(saved), complaints

    async def _download(self, record: Record, file: SandboxFile, taken: Collection[str]) -> SavedFile:
        if file.bytes > MOST_BYTES:
            raise InputError(f"It has {file.bytes:,} bytes; at most {MOST_BYTES:,} are saved.")
        content = await self._gemini.environment_file(str(record.environment_id), file.path)
        return await anyio.to_thread.run_sync(self._keep, record, file, content, taken)

    def _keep(self, record: Record, file: SandboxFile, content: bytes, taken: Collection[str]) -> SavedFile:
        """Save a file, unless it was saved before and still is the same."""
        for earlier in record.files:
            if earlier.within == file.path and self._saved.holds(earlier, content):
                return earlier
        stem = saving.stem(PurePosixPath(file.path).stem, clock.now(), record.label)
        return saving.save_bytes(content, self._output_dir, stem, file, taken=taken)


def chosen(files: Sequence[SandboxFile], pattern: str) -> list[SandboxFile]:
    """The files that a pattern fits, by their path or their name.

    Raises:
        InputError: It fits none, or too many.
    """
    found = [file for file in files if any(fnmatch.fnmatchcase(name, pattern) for name in names(file))]
    if not found:
        raise InputError(f"No file in the agent's environment fits {shown(pattern)!r}.")
    if len(found) > MOST_FILES:
        raise InputError(f"{len(found)} files fit {shown(pattern)!r}; at most {MOST_FILES} are saved at once.")
    return found


def names(file: SandboxFile) -> tuple[str, str, str]:
    """What a file is called: its path, the path below the workspace, the last part of it."""
    return file.path, file.path.removeprefix(f"{WORKSPACE}/"), PurePosixPath(file.path).name
