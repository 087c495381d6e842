"""Follows one interaction through the API: the request, its id, the stream for progress, one plain read for the result.

It decides nothing about when or for whom, and keeps nothing but the ids that it passes on.
"""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio

from . import wire
from .errors import (
    BackgroundRefusedError,
    GeminiMCPError,
    InteractionFailedError,
    InteractionNotFoundError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
)
from .faults import UNKNOWN_OUTCOME, Caller, streamed
from .gemini import Gemini
from .ledger import Ledger
from .models import Event, Interaction, Request, settled
from .run import Pace, Run

logger = logging.getLogger(__name__)

RESEARCH_STREAMS: Final = 64
"""Streams of research open at once; further runs are polled. A process on macOS may have 256 open files, and research
holds a stream for up to an hour."""

CLOSING_EVENTS: Final = ("interaction.completed", "error")
"""After these, a stream has nothing more to say."""


class Follower:
    """The one path that every interaction takes.

    Args:
        named: Told of a run whose id has just been written down.
    """

    def __init__(self, gemini: Gemini, ledger: Ledger, pace: Pace, named: Callable[[Run], None]) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._pace = pace
        self._named = named
        self._foreground_only: set[str | None] = set()
        self._research_streams = 0

    async def follow(self, run: Run) -> Interaction:
        """Send the run's request, if it has one, and return the interaction once it has settled.

        Raises:
            GeminiMCPError: It was not taken, or cannot be read; an id that was named is written down all the same.
        """
        begun = await self._begin(run, run.request) if run.request else None
        return begun or await self._pursue(run)

    async def _begin(self, run: Run, request: Request) -> Interaction | None:
        asked = request.model or request.agent
        background = request.store and asked not in self._foreground_only
        try:
            return await self._send(run, request, background=background)
        except BackgroundRefusedError:
            if not run.wanted():
                raise
            begun = await self._send(run, request, background=False)
            self._foreground_only.add(asked)
            return begun

    async def _send(self, run: Run, request: Request, *, background: bool) -> Interaction | None:
        """Create the interaction; returned only if it has settled, for `_pursue` to read otherwise."""
        # Not streamed: parsing an image out of events blocks the loop for 0.2 s per MiB.
        if request.kind == "image" or (background and self._crowded(run)):
            interaction = await self._gemini.create(request, background=background, caller=Caller(wanted=run.wanted))
            if interaction.id or not settled(interaction.status):
                await self._name(run, interaction.id, interaction.status)
            return interaction if settled(interaction.status) else None
        silence = self._pace.silence if background else self._pace.foreground_silence
        async with self._gemini.stream(request, background=background, caller=Caller(wanted=run.wanted)) as events:
            completed = await self._listen(run, events, silence)
        if not request.store:
            return accumulated(run, completed)
        if run.id is None:
            raise unnamed(completed)
        return None

    async def _pursue(self, run: Run) -> Interaction:
        """Read it until it has settled, listening where its stream can be resumed."""
        delay = self._pace.first_poll
        while True:
            interaction = await self._look(run)
            if interaction is not None and settled(interaction.status):
                return interaction
            if run.age() > self._pace.stuck:
                raise InteractionFailedError(
                    "Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably "
                    "stuck at Google. It is kept; check_research looks again.",
                    interaction_id=run.id,
                )
            if not await self._rejoin(run):
                await run.nap(delay)
                delay = min(delay * 1.5, self._pace.slowest_poll)

    async def _look(self, run: Run) -> Interaction | None:
        """Read it once; None when it cannot be read yet."""
        try:
            interaction = await self._gemini.get(str(run.id))
        except (InteractionNotFoundError, PermissionDeniedError):
            if run.age() > self._pace.tolerance:
                raise
            return None
        except (NetworkError, OverloadedError, QuotaError) as exc:
            logger.info("Interaction %s could not be read, and will be again: %s", run.id, exc)
            return None
        if interaction.status != run.record.status and not settled(interaction.status):
            await self._ledger.write(run, status=interaction.status)
        return interaction

    async def _rejoin(self, run: Run) -> bool:
        """Go on listening where the stream ended; False when there was nothing more to hear."""
        since = run.last_event_id
        if since is None or self._crowded(run):
            return False
        try:
            async with self._gemini.resume(str(run.id), since) as events:
                await self._listen(run, events, self._pace.silence)
        except GeminiMCPError as exc:
            logger.info("The stream of %s cannot be resumed: %s", run.id, exc)
        if run.last_event_id == since:
            run.last_event_id = None
            return False
        return True

    async def _listen(self, run: Run, events: AsyncIterator[Event], silence: float) -> Event | None:
        """Take in events until the stream ends, however it does; return its closing event, if one came."""
        event = None
        self._research_streams += run.record.kind == "research"
        try:
            while event is None or event.type not in CLOSING_EVENTS:
                event = None
                with anyio.move_on_after(silence):
                    event = await anext(events, None)
                if event is None:
                    return None
                await self._hear(run, event)
        except NetworkError:
            if run.id is None:
                raise OutcomeUnknownError(
                    f"The connection broke before the interaction was named. {UNKNOWN_OUTCOME}"
                ) from None
            return None
        finally:
            self._research_streams -= run.record.kind == "research"
        return event

    def _crowded(self, run: Run) -> bool:
        return run.record.kind == "research" and self._research_streams >= RESEARCH_STREAMS

    async def _hear(self, run: Run, event: Event) -> None:
        run.last_event_id = event.event_id or run.last_event_id
        run.usage = event.usage or run.usage
        run.steps.take(event.data)
        run.searches |= dict.fromkeys(event.searches)
        run.pages |= dict.fromkeys(event.pages)
        run.activity = event.activity or run.activity
        if run.id is None and event.interaction_id:
            await self._name(run, event.interaction_id, event.status)
        if event.activity or event.text:
            run.move()

    async def _name(self, run: Run, interaction_id: str | None, status: str | None) -> None:
        """Write the id down before anything else may fail."""
        if interaction_id is None:
            raise OutcomeUnknownError(f"Google answered without an interaction id. {UNKNOWN_OUTCOME}")
        await self._ledger.write(run, interaction_id=interaction_id, status=status or "in_progress")
        self._named(run)
        run.move()


def unnamed(closing: Event | None) -> GeminiMCPError:
    """The error of a stream that ended before the interaction was named."""
    if closing is not None and closing.type == "error":
        return streamed(closing.error_code, closing.error_message)
    return OutcomeUnknownError(f"The stream ended before the interaction was named. {UNKNOWN_OUTCOME}")


def accumulated(run: Run, completed: Event | None) -> Interaction:
    """The interaction as its stream told it, where Google keeps nothing that could be read.

    Raises:
        OutcomeUnknownError: The stream ended early.
    """
    if completed is None or completed.type == "error":
        reason = completed.error_message if completed else None
        raise OutcomeUnknownError(
            f"The stream ended before the answer was complete{f' ({reason})' if reason else ''}, and store=false "
            f"keeps nothing to read it from. It was probably charged."
        )
    told = wire.interaction({"steps": run.steps.all()})
    return told.model_copy(update={"id": run.id, "status": completed.status or "completed", "usage": run.usage})
