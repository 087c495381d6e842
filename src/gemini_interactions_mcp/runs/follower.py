"""Follows one interaction through the API: the request, its id, its stream, and the reads that show its outcome.

When to follow, and for whom, is decided by its callers.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio

from gemini_interactions_mcp.api import UNKNOWN_OUTCOME, Caller, Gemini, StepAssembler
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
    Timing,
    logger,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import KINDS, Event, Interaction, Request, is_settled

from .bookkeeping import Ledger
from .outcomes import (
    assemble_streamed,
    assemble_unstored,
    is_complete_account,
    is_final,
    is_hollow,
    is_timed,
    merge_accounts,
    recall_account,
)
from .run import Phase, Run

MAX_RESEARCH_STREAMS: Final = 64
"""Maximum number of open research streams; further runs are polled. A process on macOS may have 256 open files, and
research holds a stream for up to an hour."""

MAX_REFUSED_READS: Final = 3
"""Number of consecutive refused reads that are final; 403 and 404 may pass for longer."""

MAX_BACKGROUND_REFUSALS: Final = 2
"""Number of consecutive refusals of background after which a model is asked in the foreground."""

CLOSING_EVENTS: Final = ("interaction.completed", "error")
"""Types of the events that end a stream."""


@dataclass
class BackgroundRefusals:
    """Consecutive refusals of background by one model.

    Attributes:
        count: Number of refusals.
        at: Time of the last one, on the clock of the event loop.
    """

    count: int = 0
    at: float = 0.0


class Follower:
    """Takes runs from their requests to their outcomes.

    Args:
        gemini: The API.
        ledger: Writes ids and statuses.
        timing: Delays and deadlines.
        named: Called with a run whose id has just been written.
    """

    def __init__(self, gemini: Gemini, ledger: Ledger, timing: Timing, named: Callable[[Run], None]) -> None:
        self._gemini = gemini
        self._ledger = ledger
        self._timing = timing
        self._named = named
        self._refusals: dict[str, BackgroundRefusals] = {}
        self._research_streams = 0

    async def follow(self, run: Run) -> Interaction:
        """Send the run's request, if it has one, and return the interaction once it has settled.

        Raises:
            GeminiMCPError: It was not taken, or cannot be read; an id is written in any case.
        """
        told = await self._begin(run, run.request) if run.request else None
        told = told or await self._poll_or_recall(run)
        return told if is_complete_account(run, told) else await self._enrich(run, told)

    async def _poll_or_recall(self, run: Run) -> Interaction:
        """Read it until it has settled; where Google refuses that, return what its row knows of its answer."""
        try:
            return await self._poll_to_end(run)
        except RefusedError as exc:
            recalled = recall_account(run.record) if is_final(exc) else None
            if recalled is None:
                raise
            return recalled

    async def glance(self, run: Run) -> None:
        """Read a run at Google, unless the last sign of it is recent; its end wakes whoever waits for it."""
        async with run.looking:
            if run.id is None or not run.stored or run.done.is_set() or run.settled or self._is_fresh(run):
                return
            with anyio.move_on_after(self._timing.glance):
                interaction = await self._read(run)
                if interaction is not None:
                    await self._note_read(run, interaction)

    def is_conclusive(self, run: Run, interaction: Interaction) -> bool:
        """Whether a settled read is final: a completed one without an answer is reread for `Timing.answer_lag`."""
        if not is_hollow(interaction):
            return True
        now = anyio.current_time()
        run.hollow_since = now if run.hollow_since is None else run.hollow_since
        return now - run.hollow_since >= self._timing.answer_lag

    def _is_fresh(self, run: Run) -> bool:
        return anyio.current_time() - run.heard_at < self._timing.freshness

    async def _begin(self, run: Run, request: Request) -> Interaction | None:
        asked = request.model or request.agent or ""
        if not request.store or not KINDS[request.kind].background or self._refuses_background(asked):
            return await self._send(run, request, background=False)
        try:
            begun = await self._send(run, request, background=True)
        except BackgroundRefusedError:
            refusal = self._refusals.setdefault(asked, BackgroundRefusals())
            refusal.count, refusal.at = refusal.count + 1, anyio.current_time()
            if not run.wanted():
                raise
            return await self._send(run, request, background=False)
        self._refusals.pop(asked, None)
        return begun

    def _refuses_background(self, asked: str) -> bool:
        """Whether a model has refused the background repeatedly, and not long ago."""
        refusal = self._refusals.get(asked)
        if refusal and anyio.current_time() - refusal.at > self._timing.refusal:
            del self._refusals[asked]
            return False
        return refusal is not None and refusal.count >= MAX_BACKGROUND_REFUSALS

    async def _send(self, run: Run, request: Request, *, background: bool) -> Interaction | None:
        """Create the interaction; return it if it has settled and need not be polled."""
        run.enter(Phase.SENDING)
        run.background = background
        caller = Caller(run.wanted, run.hear, partial(self._exists, request.previous_interaction_id))
        try:
            if not KINDS[request.kind].streamed or (background and self._is_crowded(run)):
                return await self._create(run, request, caller)
            return await self._stream(run, request, caller)
        except OutcomeUnknownError as exc:
            if exc.interaction_id is None or not run.stored or run.id is not None:
                raise
            await self._note_id(run, exc.interaction_id, None)
            return None

    async def _create(self, run: Run, request: Request, caller: Caller) -> Interaction | None:
        """Create it without a stream."""
        interaction = await self._gemini.create(request, background=run.background, caller=caller)
        if interaction.id or not is_settled(interaction.status):
            await self._note_id(run, interaction.id, interaction.status)
        return interaction if is_settled(interaction.status) else None

    async def _stream(self, run: Run, request: Request, caller: Caller) -> Interaction | None:
        idle = self._timing.stream_idle if run.background else self._timing.foreground_idle
        async with self._gemini.stream(request, background=run.background, caller=caller) as events:
            closing = await self._listen(run, events, idle)
        if not request.store:
            return await assemble_unstored(run, closing)
        if run.id is None:
            raise OutcomeUnknownError(f"The stream ended before the interaction was named. {UNKNOWN_OUTCOME}")
        return await assemble_streamed(run, closing)

    async def _exists(self, interaction_id: str | None) -> bool:
        """Whether an interaction that the API does not find exists: it is young in the journal, or readable."""
        if interaction_id is None:
            return False
        record = await self._ledger.find(interaction_id)
        if record is not None:
            return (clock.now() - (record.finished_at or record.created_at)).total_seconds() < self._timing.unlisted
        try:
            await self._gemini.get(interaction_id)
        except GeminiMCPError:
            return False
        return True

    async def _poll_to_end(self, run: Run) -> Interaction:
        """Read it until it has settled, and listen in between where its stream can be resumed."""
        delay = self._timing.first_poll
        while run.outcome is None:
            refusal = await self._poll(run)
            if run.outcome is not None:
                break
            since = run.last_event_id
            if (heard := await self._listen_again(run, refused=refusal is not None)) is not None:
                return heard
            if refusal is not None and not self._may_pass(run, refusal):
                raise refusal
            if run.last_event_id in (None, since):
                await run.nap(delay)
                delay = min(delay * 1.5, self._timing.slowest_poll)
        return run.outcome

    async def _poll(self, run: Run) -> RefusedError | None:
        """Read it once; return the refusal if Google does not show it."""
        run.enter(Phase.POLLING)
        try:
            with run.interruptible():
                interaction = await self._gemini.get(str(run.id))
                await self._note_read(run, interaction)
                run.refusals = 0
                if run.outcome is None:
                    self._check_age(run)
        except (NetworkError, OverloadedError, QuotaError) as exc:
            logger.info("Interaction %s could not be read and will be reread: %s", run.id, exc)
        except RefusedError as exc:
            run.refusals += 1
            return exc
        finally:
            run.heard_at = anyio.current_time()
        return None

    async def _read(self, run: Run) -> Interaction | None:
        """Read it once; None if it cannot be read."""
        try:
            return await self._gemini.get(str(run.id))
        except GeminiMCPError as exc:
            logger.info("Interaction %s could not be read: %s", run.id, exc)
            return None
        finally:
            run.heard_at = anyio.current_time()

    async def _note_read(self, run: Run, interaction: Interaction) -> None:
        """Note what a read shows."""
        if is_settled(interaction.status):
            if self.is_conclusive(run, interaction):
                run.interrupt(interaction)
            return
        run.usage_so_far = interaction.usage or run.usage_so_far
        if interaction.status != run.record.status:
            await self._ledger.write(run, status=interaction.status)

    def _check_age(self, run: Run) -> None:
        """Give up a run that is older than any can be.

        Raises:
            InteractionFailedError: It is.
        """
        if run.age() > self._timing.stuck:
            raise InteractionFailedError(
                "Still in progress after 65 minutes, longer than Deep Research ever takes: it is probably "
                "stuck at Google. It is kept; check_research looks again.",
                interaction_id=run.id,
            )

    def _may_pass(self, run: Run, refusal: RefusedError) -> bool:
        """Whether a refused read is worth repeating: the interaction may be too young, or the refusal a fault."""
        if isinstance(refusal, InteractionNotFoundError | PermissionDeniedError):
            return run.age() <= self._timing.tolerance
        return run.refusals < MAX_REFUSED_READS

    async def _enrich(self, run: Run, told: Interaction) -> Interaction:
        """Complete what a stream told with a read; if that fails, return it as it is."""
        answered = bool(told.text or told.media)
        if answered:
            await self._ledger.note_account(run, told)
        run.enter(Phase.POLLING)
        enough = bool(told.error) or (answered and is_timed(run, told))
        with anyio.move_on_after(self._timing.enrichment if enough else self._timing.answer_lag):
            while (read := await self._read_settled(run)) is None or is_hollow(read):
                told = told if read is None else merge_accounts(read, told)
                await run.nap(self._timing.first_poll / 2)
            return merge_accounts(read, told)
        return told

    async def _read_settled(self, run: Run) -> Interaction | None:
        """Read it once; None if it cannot be read or has not settled."""
        read = await self._read(run)
        return read if read is not None and is_settled(read.status) else None

    async def _listen_again(self, run: Run, *, refused: bool) -> Interaction | None:
        """Return what its stream tells to its end: resumed, or from its start where reads are refused."""
        since = run.last_event_id
        heard = await assemble_streamed(run, await self._rejoin(run))
        if heard is None and refused and run.last_event_id in (None, since):
            heard = await self._replay(run)
        return heard

    async def _replay(self, run: Run) -> Interaction | None:
        """Return what its stream tells from the start, which may work where a read is refused."""
        heard, run.steps = run.steps, StepAssembler()
        replayed = None if self._is_crowded(run) else await assemble_streamed(run, await self._resume(run, None))
        if replayed is None:
            run.steps = heard
        return replayed

    async def _rejoin(self, run: Run) -> Event | None:
        """Resume the stream where it ended; return its closing event, if one came."""
        since = run.last_event_id
        if since is None or self._is_crowded(run):
            return None
        closing = await self._resume(run, since)
        if run.last_event_id == since:
            run.last_event_id = None
        return closing

    async def _resume(self, run: Run, since: str | None) -> Event | None:
        """Listen to the stream from after an event, or from its start; return its closing event, if one came."""
        try:
            with run.interruptible():
                async with self._gemini.resume(str(run.id), since) as events:
                    return await self._listen(run, events, self._timing.stream_idle)
        except GeminiMCPError as exc:
            logger.info("The stream of %s cannot be resumed: %s", run.id, exc)
        return None

    async def _listen(self, run: Run, events: AsyncIterator[Event], idle: float) -> Event | None:
        """Listen until the stream ends, breaks or falls silent; return its closing event, if one came.

        Raises:
            OutcomeUnknownError: It broke before the interaction was named.
        """
        self._research_streams += run.record.kind == "research"
        try:
            with run.interruptible():
                return await self._take_events(run, events, idle)
        except NetworkError:
            if run.id is None:
                raise OutcomeUnknownError(
                    f"The connection broke before the interaction was named. {UNKNOWN_OUTCOME}"
                ) from None
        finally:
            self._research_streams -= run.record.kind == "research"
        return None

    def _is_crowded(self, run: Run) -> bool:
        return run.record.kind == "research" and self._research_streams >= MAX_RESEARCH_STREAMS

    async def _take_events(self, run: Run, events: AsyncIterator[Event], idle: float) -> Event | None:
        while event := await receive_event(events, idle):
            await self._take_event(run, event)
            if event.type in CLOSING_EVENTS:
                return event
        return None

    async def _take_event(self, run: Run, event: Event) -> None:
        run.heard_at = anyio.current_time()
        run.last_event_id = event.event_id or run.last_event_id
        run.usage = event.usage or run.usage
        run.usage_so_far = event.usage_so_far or run.usage_so_far
        try:
            run.steps.take(event.data)
        except Exception:  # foreign data of any shape must not end the run: a read has all of it
            logger.exception("An event of %s cannot be parsed", run.id)
            run.garbled = True
        run.searches |= dict.fromkeys(event.searches)
        run.pages |= dict.fromkeys(event.pages)
        run.activity = event.activity or run.activity
        if run.id is None and event.interaction_id:
            await self._note_id(run, event.interaction_id, event.status)
        if run.id is not None:
            run.enter(Phase.STREAMING)
        if event.activity or event.text:
            run.move()

    async def _note_id(self, run: Run, interaction_id: str | None, status: str | None) -> None:
        """Write the id before anything else may fail."""
        if interaction_id is None:
            raise OutcomeUnknownError(f"Google answered without an interaction id. {UNKNOWN_OUTCOME}")
        run.heard_at = anyio.current_time()
        await self._ledger.write(run, interaction_id=interaction_id, status=status or "in_progress")
        run.enter(Phase.NAMED)
        self._named(run)
        run.move()


async def receive_event(events: AsyncIterator[Event], idle: float) -> Event | None:
    """Return the next event of a stream; None at its end, or after `idle` seconds without one."""
    with anyio.move_on_after(idle):
        return await anext(events, None)
    return None
