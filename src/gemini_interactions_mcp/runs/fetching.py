"""Fetches media that came as addresses, into files without a name beside those that are saved."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import anyio.to_thread

from gemini_interactions_mcp.core import FileTooLargeError, GeminiMCPError, RefusedError, make_inert
from gemini_interactions_mcp.models import BytesReceivedCallback, Media
from gemini_interactions_mcp.output import Place

from .intents import measure_age
from .run import Run

FetchFunction = Callable[[str, BinaryIO, BytesReceivedCallback], Awaitable[None]]
"""Writes the content at an address to an open file, as `api.Downloads.fetch`."""

KEPT_SECONDS: Final = 48 * 3600
"""Time for which Google keeps a generated file: https://ai.google.dev/gemini-api/docs/files"""


async def refuse_fetch(address: str, file: BinaryIO, moved: BytesReceivedCallback) -> None:
    """Fetch nothing.

    Raises:
        RefusedError: Always.
    """
    del address, file, moved
    raise RefusedError("This server downloads nothing.")


@dataclass
class FetchedMedia:
    """What came of fetching.

    Attributes:
        files: The content that was fetched, in open files, by its place among the media.
        notes: Why some was not, in sentences.
        pending: Whether that may be fetched later.
    """

    files: dict[int, BinaryIO] = field(default_factory=dict[int, BinaryIO])
    notes: list[str] = field(default_factory=list[str])
    pending: bool = False


class MediaFetcher:
    """Fetches the media of runs.

    Args:
        fetch: Reads an address.
        place: Beside whose files they are.
    """

    def __init__(self, fetch: FetchFunction, place: Place) -> None:
        self._fetch = fetch
        self._place = place

    @asynccontextmanager
    async def fetched(self, run: Run, media: Sequence[Media], places: Collection[int]) -> AsyncGenerator[FetchedMedia]:
        """Fetch the media at some places, as far as they have an address only; their files are open within the context.

        Args:
            run: Whose progress tells how much has arrived.
            media: All media of an answer.
            places: From 1.
        """
        result = FetchedMedia()
        with ExitStack() as opened:
            for place, each in enumerate(media, 1):
                if place in places and each.uri and not each.data:
                    await self._add(run, place, each, result, opened)
            yield result

    async def _add(self, run: Run, place: int, each: Media, result: FetchedMedia, opened: ExitStack) -> None:
        """Fetch one medium."""
        if measure_age(run.record) > KEPT_SECONDS:
            result.notes.append(f"The {each.kind} cannot be downloaded any more: Google keeps it for 48 hours.")
            return
        try:
            file = opened.enter_context(await anyio.to_thread.run_sync(self._place.open_nameless))
            await self._fetch(str(each.uri), file, tell_arrival(run, each.kind))
        except GeminiMCPError as exc:
            again = not isinstance(exc, FileTooLargeError)
            result.pending = result.pending or again
            result.notes.append(describe_failed_fetch(each, exc, again=again and run.stored))
        else:
            result.files[place] = file


def tell_arrival(run: Run, kind: str) -> BytesReceivedCallback:
    """Return what shows how much of a medium has arrived as the activity of a run."""

    def moved(received: int, whole: int | None) -> None:
        of = f" of {whole:,}" if whole else ""
        run.activity = f"Downloading the {kind}: {received:,}{of} bytes"
        run.move()

    return moved


def describe_failed_fetch(each: Media, exc: GeminiMCPError, *, again: bool) -> str:
    """Return why a medium was not fetched, and where it is."""
    later = " read_interaction tries again." if again else ""
    where = f"It is at {make_inert(str(each.uri))} for 48 hours, for whoever has the API key."
    return f"The {each.kind} could not be downloaded: {exc}{later} {where}"


def list_addressed(media: Sequence[Media]) -> tuple[Media, ...] | None:
    """Return media without their data, as the journal keeps them; None where none has an address only."""
    if not any(each.uri and not each.data for each in media):
        return None
    return tuple(each.model_copy(update={"data": None}) for each in media)
