"""What an agent has left in its environment: listed, and saved below the output directory when asked for."""

import fnmatch
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import anyio.to_thread

from . import media, records
from .errors import GeminiMCPError, InputError
from .gemini import Gemini
from .models import Record, SandboxFile, SavedFile

WORKSPACE: Final = "workspace"
"""Where agents work: google-genai 3.6.1, types/environments/environmentfile.py"""

MOST_FILES: Final = 50
MOST_BYTES: Final = 64 * 2**20
"""How many files, and of what size each, are saved by one call."""


class Environments:
    """The environments that managed agents work in; Google keeps one for 7 days.

    Source: https://ai.google.dev/gemini-api/docs/antigravity-agent
    """

    def __init__(self, gemini: Gemini, output_dir: Path) -> None:
        self._gemini = gemini
        self._output_dir = output_dir

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
                saved.append(await self._download(record, file))
            except GeminiMCPError as exc:
                complaints.append(f"{file.path} was not saved: {exc}")
        return tuple(saved), complaints

    async def _download(self, record: Record, file: SandboxFile) -> SavedFile:
        if file.bytes > MOST_BYTES:
            raise InputError(f"It has {file.bytes:,} bytes; at most {MOST_BYTES:,} are saved.")
        content = await self._gemini.environment_file(str(record.environment_id), file.path)
        earlier = [each for each in record.files if each.within == file.path]
        if earlier and await anyio.to_thread.run_sync(same, earlier[-1], content):
            return earlier[-1]
        stem = media.stem(PurePosixPath(file.path).stem, records.now())
        return await anyio.to_thread.run_sync(media.save_bytes, content, self._output_dir, stem, file)


def same(file: SavedFile, content: bytes) -> bool:
    """Whether a file that was saved earlier is still there and has this content."""
    try:
        return Path(file.path).read_bytes() == content
    except OSError:
        return False


def chosen(files: Sequence[SandboxFile], pattern: str) -> list[SandboxFile]:
    """The files that a pattern fits, by their path or their name.

    Raises:
        InputError: It fits none, or too many.
    """
    found = [file for file in files if any(fnmatch.fnmatchcase(name, pattern) for name in names(file))]
    if not found:
        raise InputError(f"No file in the agent's environment fits {pattern!r}.")
    if len(found) > MOST_FILES:
        raise InputError(f"{len(found)} files fit {pattern!r}; at most {MOST_FILES} are saved at once.")
    return found


def names(file: SandboxFile) -> tuple[str, str, str]:
    """What a file is called: its path, the path below the workspace, the last part of it."""
    return file.path, file.path.removeprefix(f"{WORKSPACE}/"), PurePosixPath(file.path).name
