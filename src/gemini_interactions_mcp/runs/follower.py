"""Follows one interaction through the API: the request, its id, the stream, and the reads that show what came of it.

It decides nothing about when or for whom, and keeps nothing but the ids that it passes on.
"""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Caller, Gemini, codec
from gemini_interactions_mcp.core import (
    BackgroundRefusedError,
    GeminiMCPError,
    InteractionFailedError,
    InteractionNotFoundError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
    beside,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import Event, Interaction, Request, settled

from . import intents
from .bookkeeping import Ledger
from .run import Pace, Phase, Run

logger = logging.getLogger(__name__)

RESEARCH_STREAMS: Final = 64
"""Streams of research open at once; further runs are polled. A process on macOS may have 256 open files, and research
holds a stream for up to an hour."""

GLANCE_SECONDS: Final = 4.0
"""How long one look at a run may take that somebody waits for; after that, the next look may be answered sooner."""

REFUSED_READS: Final = 3
"""How many refusals in a row to show an interaction are taken for its last word; 403 and 404 may pass for longer."""

YOUNG_SECONDS: Final = 600.0
"""Age up to which the API may not find an interaction yet that exists."""

REFUSALS: Final = 2
"""How many refusals of background make a model one that is asked in the foreground."""

CLOSING_EVENTS: Final = ("interaction.completed", "error")
"""After these, a stream has nothing more to say."""


@dataclass
class Refusal:
    """How often a model has refused the background in a row, and when last, on the clock of the event loop."""

    count: int = 0
    at: float = 0.0


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
        self._refusals: dict[str, Refusal] = {}
        self._research_streams = 0

    async def follow(self, run: Run) -> Interaction:
        """Send the run's request, if it has one, and return the interaction once it has settled.

        Raises:
            GeminiMCPError: It was not taken, or cannot be read; an id that was named is written down all the same.
        """
        told = await self._begin(run, run.request) if run.request else None
        told = told or await self._pursue(run)
        return told if whole(run, told) else await self._enriched(run, told)

    async def glance(self, run: Run) -> None:
        """Look at a run at Google, unless it gave a sign within the last moments; what is settled ends the waiting."""
        async with run.looking:
            if run.id is None or not run.stored or run.done.is_set() or run.settled or self._fresh(run):
                return
            with anyio.move_on_after(GLANCE_SECONDS):
                interaction = await self._read(run)
                if interaction is not None:
                    await self._take(run, interaction)

    def _fresh(self, run: Run) -> bool:
        return anyio.current_time() - run.heard_at < self._pace.look

    # Sending -------------------------------------------------------------------------------------------

    async def _begin(self, run: Run, request: Request) -> Interaction | None:
        asked = request.model or request.agent or ""
        if not request.store or self._refuses(asked):
            return await self._send(run, request, background=False)
        try:
            begun = await self._send(run, request, background=True)
        except BackgroundRefusedError:
            refusal = self._refusals.setdefault(asked, Refusal())
            refusal.count, refusal.at = refusal.count + 1, anyio.current_time()
            if not run.wanted():
                raise
            return await self._send(run, request, background=False)
        self._refusals.pop(asked, None)
        return begun

    def _refuses(self, asked: str) -> bool:
        """Whether a model has refused the background repeatedly, and not long ago."""
        refusal = self._refusals.get(asked)
        if refusal and anyio.current_time() - refusal.at > self._pace.refusal:
            del self._refusals[asked]
            return False
        return refusal is not None and refusal.count >= REFUSALS

    async def _send(self, run: Run, request: Request, *, background: bool) -> Interaction | None:
        """Create the interaction; returned only if it has settled, for `_pursue` to read otherwise."""
        run.enter(Phase.SENDING)
        run.background = background
        caller = Caller(run.wanted, run.hear, partial(self._exists, request.previous_interaction_id))
        try:
            if request.kind == "image" or (background and self._crowded(run)):
                return await self._created(run, request, caller)
            return await self._streamed(run, request, caller)
        except OutcomeUnknownError as exc:
            if exc.interaction_id is None or not run.stored or run.id is not None:
                raise
            await self._name(run, exc.interaction_id, None)
            return None

    async def _created(self, run: Run, request: Request, caller: Caller) -> Interaction | None:
        """Create it without a stream: parsing an image out of events blocks the loop for 0.2 s per MiB."""
        interaction = await self._gemini.create(request, background=run.background, caller=caller)
        if interaction.id or not settled(interaction.status):
            await self._name(run, interaction.id, interaction.status)
        return interaction if settled(interaction.status) else None

    async def _streamed(self, run: Run, request: Request, caller: Caller) -> Interaction | None:
        silence = self._pace.silence if run.background else self._pace.foreground_silence
        async with self._gemini.stream(request, background=run.background, caller=caller) as events:
            closing = await self._listen(run, events, silence)
        if not request.store:
            return await accumulated(run, closing)
        if run.id is None:
            raise OutcomeUnknownError(f"The stream ended before the interaction was named. {UNKNOWN_OUTCOME}")
        return await told(run, closing)

    async def _exists(self, interaction_id: str | None) -> bool:
        """Whether an interaction is there though the API does not find it: young in the journal, or readable."""
        if interaction_id is None:
            return False
        record = await self._ledger.find(interaction_id)
        if record is not None:
            return (clock.now() - (record.finished_at or record.created_at)).total_seconds() < YOUNG_SECONDS
        try:
            await self._gemini.get(interaction_id)
        except GeminiMCPError:
            return False
        return True

    # Reading -------------------------------------------------------------------------------------------

    async def _pursue(self, run: Run) -> Interaction:
        """Read it until it has settled, listening where its stream can be resumed."""
        delay = self._pace.first_poll
        while run.outcome is None:
            refusal = await self._look(run)
            if run.outcome is not None:
                break
            since = run.last_event_id
            if (heard := await self._heard(run, refused=refusal is not None)) is not None:
                return heard
            if refusal is not None and not self._passing(run, refusal):
                raise refusal
            if run.last_event_id in (None, since):
                await run.nap(delay)
                delay = min(delay * 1.5, self._pace.slowest_poll)
        return run.outcome

    def _check_age(self, run: Run) -> None:
        """Give a run up that takes longer than any does.

        Raises:
            InteractionFailedError: It does.
        """
        if run.age() > self._pace.stuck:
            raise InteractionFailedError(
                "Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably "
                "stuck at Google. It is kept; check_research looks again.",
                interaction_id=run.id,
            )

    def _passing(self, run: Run, refusal: RefusedError) -> bool:
        """Whether a refusal to show an interaction may pass: it may be too young, or the refusal a fault."""
        if isinstance(refusal, InteractionNotFoundError | PermissionDeniedError):
            return run.age() <= self._pace.tolerance
        return run.refusals < REFUSED_READS

    async def _heard(self, run: Run, *, refused: bool) -> Interaction | None:
        """What its stream tells to its end: from where it broke off, or from its start where reads are refused."""
        since = run.last_event_id
        heard = await told(run, await self._rejoin(run))
        if heard is None and refused and run.last_event_id in (None, since):
            heard = await self._replay(run)
        return heard

    async def _take(self, run: Run, interaction: Interaction) -> None:
        """Note what a read shows."""
        if settled(interaction.status):
            if self.convincing(run, interaction):
                run.settle(interaction)
        elif interaction.status != run.record.status:
            await self._ledger.write(run, status=interaction.status)

    def convincing(self, run: Run, interaction: Interaction) -> bool:
        """Whether a settled read is the last word: a completed one without an answer is read again for a while."""
        if not hollow(interaction):
            return True
        now = anyio.current_time()
        run.hollow_since = now if run.hollow_since is None else run.hollow_since
        return now - run.hollow_since >= self._pace.hollow

    async def _look(self, run: Run) -> RefusedError | None:
        """Read it once; the refusal, if Google does not show it."""
        run.enter(Phase.POLLING)
        try:
            with run.interruptible():
                interaction = await self._gemini.get(str(run.id))
                await self._take(run, interaction)
                run.refusals = 0
                if run.outcome is None:
                    self._check_age(run)
        except (NetworkError, OverloadedError, QuotaError) as exc:
            logger.info("Interaction %s could not be read, and will be again: %s", run.id, exc)
        except RefusedError as exc:
            run.refusals += 1
            return exc
        finally:
            run.heard_at = anyio.current_time()
        return None

    async def _read(self, run: Run) -> Interaction | None:
        """Read it once; None when it cannot be read, whatever the reason."""
        try:
            return await self._gemini.get(str(run.id))
        except GeminiMCPError as exc:
            logger.info("Interaction %s could not be looked at: %s", run.id, exc)
            return None
        finally:
            run.heard_at = anyio.current_time()

    async def _enriched(self, run: Run, told: Interaction) -> Interaction:
        """What was told, with what only a read tells; a read that fails takes nothing away."""
        answered = bool(told.text or told.media)
        if answered and run.stored:
            await self._ledger.write(run, status=told.status, text=told.text, citations=told.citations)
        with anyio.move_on_after(self._pace.enrichment if answered or told.error else self._pace.hollow):
            while True:
                read = await self._read(run)
                if read is not None and settled(read.status):
                    told = richer(read, told)
                    if not hollow(read):
                        return told
                await run.nap(self._pace.first_poll / 2)
        return told

    async def _replay(self, run: Run) -> Interaction | None:
        """The interaction as its stream tells it from the start: that may work where a read is refused."""
        heard, run.steps = run.steps, codec.Steps()
        replayed = None if self._crowded(run) else await told(run, await self._resume(run, None))
        if replayed is None:
            run.steps = heard
        return replayed

    # Listening -----------------------------------------------------------------------------------------

    async def _rejoin(self, run: Run) -> Event | None:
        """Go on listening where the stream ended; its closing event, if one came."""
        since = run.last_event_id
        if since is None or self._crowded(run):
            return None
        closing = await self._resume(run, since)
        if run.last_event_id == since:
            run.last_event_id = None
        return closing

    async def _resume(self, run: Run, since: str | None) -> Event | None:
        """Listen to the stream from after an event, or from its start; its closing event, if one came."""
        try:
            with run.interruptible():
                async with self._gemini.resume(str(run.id), since) as events:
                    return await self._listen(run, events, self._pace.silence)
        except GeminiMCPError as exc:
            logger.info("The stream of %s cannot be resumed: %s", run.id, exc)
        return None

    async def _listen(self, run: Run, events: AsyncIterator[Event], silence: float) -> Event | None:
        """Take in events until the stream ends, however it does; return its closing event, if one came."""
        self._research_streams += run.record.kind == "research"
        event = None
        try:
            with run.interruptible():
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
        run.heard_at = anyio.current_time()
        run.last_event_id = event.event_id or run.last_event_id
        run.usage = event.usage or run.usage
        try:
            run.steps.take(event.data)
        except Exception:  # foreign data of any shape must not end the run: a read tells what it came to
            logger.exception("An event of %s cannot be understood", run.id)
            run.garbled = True
        run.searches |= dict.fromkeys(event.searches)
        run.pages |= dict.fromkeys(event.pages)
        run.activity = event.activity or run.activity
        if run.id is None and event.interaction_id:
            await self._name(run, event.interaction_id, event.status)
        if run.id is not None:
            run.enter(Phase.STREAMING)
        if event.activity or event.text:
            run.move()

    async def _name(self, run: Run, interaction_id: str | None, status: str | None) -> None:
        """Write the id down before anything else may fail."""
        if interaction_id is None:
            raise OutcomeUnknownError(f"Google answered without an interaction id. {UNKNOWN_OUTCOME}")
        run.heard_at = anyio.current_time()
        run.enter(Phase.NAMED)
        await self._ledger.write(run, interaction_id=interaction_id, status=status or "in_progress")
        self._named(run)
        run.move()


# What was told -------------------------------------------------------------------------------------------


async def told(run: Run, closing: Event | None) -> Interaction | None:
    """The interaction as its stream told it to its end; None where the end did not come."""
    if closing is None or closing.type != "interaction.completed" or (run.garbled and run.stored):
        return None
    status = closing.status or "completed"
    if not settled(status):
        return None
    about = codec.interaction(closing.data.get("interaction"))
    shown = await beside(run.steps.size, lambda: codec.interaction({"steps": run.steps.all()}))
    return shown.model_copy(
        update={
            "id": run.id,
            "status": status,
            "model": about.model,
            "agent": about.agent,
            "environment_id": about.environment_id,
            "error": about.error or shown.error,
            "reasons": about.reasons or shown.reasons,
            "usage": run.usage,
        }
    )


async def accumulated(run: Run, closing: Event | None) -> Interaction:
    """The interaction as its stream told it, where Google keeps nothing that could be read.

    Raises:
        OutcomeUnknownError: The stream ended early.
    """
    shown = await told(run, closing)
    if shown is not None:
        return shown
    reason = closing.error_message if closing else None
    raise OutcomeUnknownError(
        f"The stream ended before the answer was complete{f' ({reason})' if reason else ''}, and store=false "
        f"keeps nothing to read it from. It was probably charged."
    )


def hollow(interaction: Interaction) -> bool:
    """Whether an interaction that has written shows no answer, and not even what it did: it was read too early."""
    written = interaction.status in ("completed", *intents.LIMITED)
    answered = interaction.text or interaction.media
    return written and not answered and not (interaction.usage and interaction.steps)


def whole(run: Run, interaction: Interaction) -> bool:
    """Whether a read has nothing to add; only a read is sure to tell sources, and what agents have used."""
    if not run.stored or run.outcome is interaction:
        return True
    if interaction.status != "completed":
        return interaction.status == "cancelled"
    answered = bool(interaction.text or interaction.media)
    sourced = bool(interaction.citations) or not (run.request and run.request.tools)
    return answered and sourced and interaction.usage is not None and run.record.agent is None


def richer(read: Interaction, told: Interaction) -> Interaction:
    """Of two accounts of one interaction the fuller, with what only the other has."""
    fuller, other = (read, told) if amount(read) >= amount(told) else (told, read)
    missing = ("model", "agent", "environment_id", "usage", "prompt", "created", "error", "reasons", "terms")
    return fuller.model_copy(
        update={
            name: value
            for name in (*missing, "code", "failures")
            if not getattr(fuller, name) and (value := getattr(other, name))
        }
    )


def amount(interaction: Interaction) -> tuple[int, int, int]:
    """How much of an answer an account has."""
    return len(interaction.media), len(interaction.text), len(interaction.citations)
