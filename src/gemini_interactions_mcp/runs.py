"""Follows interactions that outlive the call that started them: waits, progress, hand-off, resume.

Every interaction takes the same path: a row in the journal, the request, its id into the journal with the first
event, the stream for progress, one plain read for the result, the result into the journal, waiters woken.
"""

import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from . import media, records
from .errors import (
    BackgroundRefusedError,
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    InteractionNotFoundError,
    JournalError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
)
from .faults import UNKNOWN_OUTCOME
from .gemini import Gemini
from .models import Event, Interaction, Record, Request, SavedFile, Usage, settled
from .store import Journal

logger = logging.getLogger(__name__)

Report = Callable[[float, str], Awaitable[None]]
"""Told the seconds of waiting, which only grow, and what the interaction does now."""

Announce = Callable[[str], Awaitable[None]]
"""Told the id of an interaction that has settled."""


CLOSING_EVENTS = ("interaction.completed", "error")
"""After these, a stream has nothing more to say."""


@dataclass(frozen=True)
class Pace:
    """How patient we are, in seconds.

    Attributes:
        first_poll: Before the second look at a run; grows to `slowest_poll`.
        tolerance: So long, 403 and 404 for a fresh id mean "not yet".
        stuck: After this, a run that is still in progress is told as stuck; Deep Research ends within 60
            minutes (https://ai.google.dev/gemini-api/docs/deep-research).
        silence: After this without an event, a stream is taken for dead.
        least_report: Between two progress reports at the least.
        most_report: Between two progress reports at the most.
    """

    first_poll: float = 2.0
    slowest_poll: float = 30.0
    tolerance: float = 300.0
    stuck: float = 65 * 60.0
    silence: float = 90.0
    least_report: float = 1.0
    most_report: float = 5.0


@dataclass(eq=False)
class Run:
    """An interaction as this process follows it.

    Attributes:
        record: What the journal says of it; replaced as it changes.
        text: The part of the answer that has been streamed so far.
        error: Why it could not be started or followed; what went wrong inside it is in the record.
        named: Set once its id is known, or will never be.
        done: Set once it is not followed any more.
    """

    record: Record
    request: Request | None = None
    text: str = ""
    activity: str | None = None
    usage: Usage | None = None
    last_event_id: str | None = None
    error: GeminiMCPError | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    named: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)
    moved: anyio.Event = field(default_factory=anyio.Event)

    @property
    def id(self) -> str | None:
        """The interaction's id, once the API has named it."""
        return self.record.interaction_id

    @property
    def stored(self) -> bool:
        """Whether Google keeps it, so that it can be read and continued."""
        return self.request is None or self.request.store

    def age(self) -> float:
        """Seconds since the request."""
        return records.age(self.record)

    def move(self) -> None:
        """Wake whoever waits for news."""
        self.moved.set()
        self.moved = anyio.Event()

    def end(self) -> None:
        """Wake everyone: nothing more will come."""
        self.named.set()
        self.done.set()
        self.move()

    def headline(self) -> str:
        """What a progress report says: the id, so that a call that times out has told it, and the activity."""
        what = self.activity or ("Sending" if self.id is None else self.record.status)
        return f"{what} ({self.id})" if self.id else what


class Runs:
    """All interactions that this process follows; they live in `tasks`, not in the call that began them."""

    def __init__(
        self,
        *,
        gemini: Gemini,
        journal: Journal,
        output_dir: Path,
        tasks: TaskGroup,
        announce: Announce,
        pace: Pace | None = None,
    ) -> None:
        self._gemini = gemini
        self._journal = journal
        self._output_dir = output_dir
        self._tasks = tasks
        self._announce = announce
        self._pace = pace or Pace()
        self._runs: dict[str, Run] = {}
        self._unnamed: set[Run] = set()
        self._foreground_only: set[str | None] = set()
        self._starting = anyio.Lock()

    # Starting and finding ------------------------------------------------------------------------------

    async def start(self, request: Request, *, target: Path | None = None) -> Run:
        """Write the intent down, then send the request in the background.

        Raises:
            JournalError: It could not be written down; nothing was sent.
        """
        # Off the loop: a request may carry megabytes.
        record = await anyio.to_thread.run_sync(records.intent, request)
        await self._journal.insert(record)
        run = Run(record, request)
        if run.id is None:
            self._unnamed.add(run)
        else:
            self._keep(run, run.id)
        self._tasks.start_soon(self._drive, run, target)
        return run

    async def start_once(self, request: Request) -> tuple[Run, bool]:
        """Start, unless an identical request was made within ten minutes; tell which.

        Raises:
            OutcomeUnknownError: The identical one may have been taken or not.
            JournalError: The journal cannot be used; nothing was sent.
        """
        async with self._starting:
            twin = await self._twin(request)
            if twin is None:
                return await self.start(request), True
        if run := next((run for run in self._unnamed if run.record.label == twin.label), None):
            return run, False
        if twin.interaction_id is None:
            raise OutcomeUnknownError(
                f"The same research was asked for at {twin.created_at:%H:%M} UTC, and whether Google took it is not "
                "known: it was not sent again. Call start_research with force=true to pay for another run."
            )
        return await self.find(twin.interaction_id), False

    async def find(self, interaction_id: str) -> Run:
        """The run of any id: one that is followed, in the journal, or only at Google.

        Raises:
            InteractionNotFoundError: There is none.
            GeminiMCPError: Google could not be asked.
        """
        if run := self._runs.get(interaction_id):
            return run
        record = await self._recorded(interaction_id)
        if record is not None and records.unstored(record):
            raise InteractionNotFoundError(
                "That interaction was asked for with store=false: its answer was kept nowhere, and was read before or "
                "lost when this server ended.",
                interaction_id=interaction_id,
            )
        if record is not None and records.complete(record):
            return finished(record)
        try:
            interaction = await self._gemini.get(interaction_id)
        except GeminiMCPError as exc:
            return self._unseen(record, exc)
        run = Run(record or await self._adopt(interaction, interaction_id))
        if not settled(interaction.status):
            await self._note(run, status=interaction.status)
            return self._follow(run)
        await self._finish(run, interaction, None)
        run.end()
        return run

    def _unseen(self, record: Record | None, exc: GeminiMCPError) -> Run:
        """What is known here of an interaction that Google does not show, or not yet.

        Raises:
            GeminiMCPError: Nothing is.
        """
        if record is not None and records.readable(record):
            return finished(record)
        hidden = isinstance(exc, InteractionNotFoundError | PermissionDeniedError)
        if record is None or settled(record.status) or not hidden or records.age(record) > self._pace.tolerance:
            raise exc
        return self._follow(Run(record))

    async def resume(self) -> None:
        """Follow the journal's unfinished rows, as after a restart."""
        try:
            rows = await self._journal.unfinished()
        except JournalError as exc:
            logger.warning("Unfinished interactions cannot be followed: %s", exc)
            return
        for record in rows:
            if record.interaction_id not in self._runs and not records.unstored(record):
                self._follow(Run(record))

    # Waiting and stopping ------------------------------------------------------------------------------

    async def wait(self, run: Run, seconds: float, report: Report) -> bool:
        """Wait until the run is done, reporting progress; False when `seconds` have passed before."""
        with anyio.move_on_after(0 if run.done.is_set() else seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._report, run, report, anyio.current_time())
                await run.done.wait()
                tasks.cancel_scope.cancel()
        if run.done.is_set() and not run.stored:
            # Whoever waited has the answer now; it was in memory only.
            self._runs.pop(str(run.id), None)
        return run.done.is_set()

    async def _report(self, run: Run, report: Report, since: float) -> None:
        while True:
            await report(anyio.current_time() - since, run.headline())
            await anyio.sleep(self._pace.least_report)
            with anyio.move_on_after(self._pace.most_report - self._pace.least_report):
                await run.moved.wait()

    def abandon(self, run: Run) -> None:
        """Nobody wants it any more: cancel it at Google as soon as its id is known. Returns at once.

        What is not stored has no id there: hanging up is all that can be done.
        """
        if run.stored:
            self._tasks.start_soon(self._stop, run)
        else:
            run.scope.cancel()

    async def _stop(self, run: Run) -> None:
        await run.named.wait()
        if run.id and not run.done.is_set():
            try:
                await self._gemini.cancel(run.id)
            except GeminiMCPError as exc:
                logger.warning("Interaction %s could not be cancelled: %s", run.id, exc)
            run.move()

    async def cancel(self, interaction_id: str, seconds: float = 5.0) -> Run:
        """Stop an interaction at Google and wait a little for it to end.

        Raises:
            GeminiMCPError: Google would not cancel it.
        """
        run = await self.find(interaction_id)
        if not run.done.is_set():
            interaction = await self._gemini.cancel(interaction_id)
            if settled(interaction.status):
                await self._note(run, status=interaction.status)
            run.move()
            with anyio.move_on_after(seconds):
                await run.done.wait()
        return run

    async def forget(self, interaction_id: str) -> None:
        """Stop following it."""
        if run := self._runs.pop(interaction_id, None):
            run.scope.cancel()
            run.end()

    async def close(self, seconds: float = 1.0) -> None:
        """Before the end: give requests that are on their way the time to learn their ids."""
        with anyio.move_on_after(seconds):
            for run in list(self._unnamed):
                await run.named.wait()

    # The one path --------------------------------------------------------------------------------------

    def _follow(self, run: Run) -> Run:
        if already := self._runs.get(str(run.id)):
            return already
        self._keep(run, str(run.id))
        self._tasks.start_soon(self._drive, run, None)
        return run

    def _keep(self, run: Run, interaction_id: str) -> None:
        self._runs[interaction_id] = run
        self._unnamed.discard(run)
        run.named.set()

    async def _drive(self, run: Run, target: Path | None) -> None:
        try:
            with run.scope:
                begun = await self._begin(run, run.request) if run.request else None
                await self._finish(run, begun or await self._pursue(run), target)
            if run.scope.cancelled_caught and self._runs.pop(str(run.id), None):
                await self._note(run, status="cancelled", error="The call was cancelled.", finished_at=records.now())
        except GeminiMCPError as exc:
            await self._fail(run, exc)
        except Exception:  # an error that reached the task group would end the server
            logger.exception("Following interaction %s failed", run.id)
            await self._fail(run, InteractionFailedError("This server failed; its log on stderr says why."))
        finally:
            self._unnamed.discard(run)
            run.end()

    async def _begin(self, run: Run, request: Request) -> Interaction | None:
        asked = request.model or request.agent
        background = request.store and asked not in self._foreground_only
        try:
            return await self._send(run, request, background=background)
        except BackgroundRefusedError:
            self._foreground_only.add(asked)
            return await self._send(run, request, background=False)

    async def _send(self, run: Run, request: Request, *, background: bool) -> Interaction | None:
        """Create the interaction; returned only if it has settled, for `_pursue` to read otherwise."""
        if request.kind == "image":
            # Not streamed: parsing an image out of events blocks the loop for 0.2 s per MiB.
            interaction = await self._gemini.create(request, background=background)
            if interaction.id or not settled(interaction.status):
                await self._name(run, interaction.id, interaction.status)
            return interaction if settled(interaction.status) else None
        async with self._gemini.stream(request, background=background) as events:
            completed = await self._listen(run, events)
        if not request.store:
            return accumulated(run, completed)
        if run.id is None:
            reason = f" ({completed.error_message})" if completed and completed.error_message else ""
            raise OutcomeUnknownError(f"The stream ended{reason} before the interaction was named. {UNKNOWN_OUTCOME}")
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
                await self._nap(run, delay)
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
            await self._note(run, status=interaction.status)
        return interaction

    async def _rejoin(self, run: Run) -> bool:
        """Go on listening where the stream ended; False when there was nothing more to hear."""
        since = run.last_event_id
        if since is None:
            return False
        try:
            async with self._gemini.resume(str(run.id), since) as events:
                await self._listen(run, events)
        except GeminiMCPError as exc:
            logger.info("The stream of %s cannot be resumed: %s", run.id, exc)
        if run.last_event_id == since:
            run.last_event_id = None
            return False
        return True

    async def _nap(self, run: Run, delay: float) -> None:
        # Jitter, so that many runs do not look all at once. Not cryptography.
        with anyio.move_on_after(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            await run.moved.wait()

    async def _listen(self, run: Run, events: AsyncIterator[Event]) -> Event | None:
        """Take in events until the stream ends, however it does; return its closing event, if one came."""
        event = None
        try:
            while event is None or event.type not in CLOSING_EVENTS:
                event = await self._next(events)
                if event is None:
                    return None
                await self._hear(run, event)
        except NetworkError:
            if run.id is None:
                raise OutcomeUnknownError(
                    f"The connection broke before the interaction was named. {UNKNOWN_OUTCOME}"
                ) from None
            return None
        return event

    async def _next(self, events: AsyncIterator[Event]) -> Event | None:
        with anyio.move_on_after(self._pace.silence):
            return await anext(events, None)
        return None

    async def _hear(self, run: Run, event: Event) -> None:
        run.last_event_id = event.event_id or run.last_event_id
        run.usage = event.usage or run.usage
        run.text += event.text
        run.activity = event.activity or run.activity
        if run.id is None and event.interaction_id:
            await self._name(run, event.interaction_id, event.status)
        if event.activity or event.text:
            run.move()

    # The journal ---------------------------------------------------------------------------------------

    async def _name(self, run: Run, interaction_id: str | None, status: str | None) -> None:
        """Write the id down before anything else may fail."""
        if interaction_id is None:
            raise OutcomeUnknownError(f"Google answered without an interaction id. {UNKNOWN_OUTCOME}")
        await self._note(run, interaction_id=interaction_id, status=status or "in_progress")
        self._keep(run, interaction_id)
        run.move()

    async def _note(self, run: Run, **changes: object) -> bool:
        """Change the record, here and in the journal; a journal that fails does not lose the run."""
        run.record = run.record.model_copy(update=changes)
        # Again, in case that the journal could not be written when it was new.
        changes["interaction_id"] = run.id
        try:
            await self._journal.update(run.record.label, **changes)
        except JournalError as exc:
            logger.warning("Interaction %s is not in the journal: %s", run.id, exc)
            return False
        return True

    async def _finish(self, run: Run, interaction: Interaction, target: Path | None) -> None:
        """Save what came, and write it all down."""
        interaction = interaction.model_copy(update={"text": interaction.text or run.text})
        files, complaint = await self._save(run, interaction, target)
        error = " ".join(filter(None, (records.shortcoming(interaction), complaint))) or None
        private = not run.stored
        result = {
            "status": interaction.status,
            "model": interaction.model or run.record.model,
            "agent": interaction.agent or run.record.agent,
            "usage": interaction.usage or run.usage,
            "files": files,
            "error": error,
            "finished_at": records.now(),
        }
        content = {"text": interaction.text, "citations": interaction.citations}
        journaled = await self._note(run, **result) if private else await self._note(run, **result, **content)
        if private:
            run.record = run.record.model_copy(update=content)
        if run.id is not None:
            if journaled and run.stored:
                self._runs.pop(run.id, None)
            await self._tell(run.id)

    async def _tell(self, interaction_id: str) -> None:
        try:
            await self._announce(interaction_id)
        except Exception:  # a client that has gone must not take the answer from the others
            logger.exception("Nobody could be told that interaction %s has settled", interaction_id)

    async def _save(
        self, run: Run, interaction: Interaction, target: Path | None
    ) -> tuple[tuple[SavedFile, ...], str | None]:
        """Write media and reports to disk; a full disk does not lose the answer."""

        def write() -> tuple[SavedFile, ...]:
            stem = media.stem(run.record.prompt or interaction.prompt or "", run.record.created_at)
            saved = [
                media.save(each, self._output_dir, stem, target=target if index == 0 else None)
                for index, each in enumerate(interaction.media)
            ]
            if run.record.kind == "research" and not run.record.plan and interaction.text:
                saved.append(media.save_text(interaction.text, self._output_dir, stem))
            return tuple(saved)

        try:
            return await anyio.to_thread.run_sync(write), None
        except (ConfigurationError, InputError, InteractionFailedError) as exc:
            return (), f"{records.UNSAVED}: {exc} Then read_interaction saves them."

    async def _fail(self, run: Run, exc: GeminiMCPError) -> None:
        """Write down why there is no answer; a run with an id may still end well, and stays as it was."""
        exc.interaction_id = exc.interaction_id or run.id
        run.error = exc
        changes: dict[str, object] = {"error": str(exc)}
        if (run.id is None or not run.stored) and not isinstance(exc, OutcomeUnknownError):
            changes |= {"status": "failed", "finished_at": records.now()}
        elif isinstance(exc, InteractionNotFoundError):
            # Not finished: whoever asks for it again makes us look again.
            changes |= {"status": "failed"}
        await self._note(run, **changes)
        if not run.stored and run.text:
            # Not into the journal.
            run.error = type(exc)(f"{exc} The text that came: {run.text}", interaction_id=run.id)
        if run.id is not None:
            self._runs.pop(run.id, None)

    async def _recorded(self, interaction_id: str) -> Record | None:
        try:
            return await self._journal.find(interaction_id)
        except JournalError as exc:
            logger.warning("The journal cannot be read, Google is asked instead: %s", exc)
            return None

    async def _adopt(self, interaction: Interaction, interaction_id: str) -> Record:
        """Write down an interaction that something else has started, so that its media are saved once."""
        record = records.foreign(interaction, interaction_id)
        try:
            await self._journal.insert(record)
        except JournalError as exc:
            logger.warning("Interaction %s is not in the journal: %s", interaction_id, exc)
        return record

    async def _twin(self, request: Request) -> Record | None:
        """A recent research run that was asked for in the same words."""
        rows, _ = await self._journal.page(kind="research", limit=50)
        mark = records.fingerprint(request)
        return next((row for row in rows if row.label.startswith(mark) and records.counts_as_twin(row)), None)


def finished(record: Record) -> Run:
    """A run that is over."""
    run = Run(record)
    run.end()
    return run


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
    return Interaction(id=run.id, status=completed.status or "completed", text=run.text, usage=run.usage)
