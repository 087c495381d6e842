"""One interaction as this process follows it: its record, its phase, and the state of its stream and reads."""

import math
import random
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import anyio

from gemini_interactions_mcp.api import StepAssembler, assemble_answer
from gemini_interactions_mcp.core import GeminiMCPError, quote_name
from gemini_interactions_mcp.models import Interaction, Record, Request, SavedFile, Usage, is_settled

from . import intents


class Phase(StrEnum):
    """Where a run is on its way from the intent to the answer."""

    INTENDED = "intended"
    """The intent is in the journal; nothing has been sent."""
    SENDING = "sending"
    """The request is being sent; the interaction has no id yet."""
    NAMED = "named"
    """The id is known; nothing has been read or streamed yet."""
    STREAMING = "streaming"
    """Events of its stream arrive."""
    POLLING = "polling"
    """It is read repeatedly, until it has settled or a read completes what its stream told."""
    WATCHING = "watching"
    """Another server follows it; this one waits for the result in the journal."""
    SETTLED = "settled"
    """Its end is known, from Google, the journal or a deletion."""
    FAILED = "failed"
    """It could not be started or followed; `Run.error` says why."""


NOT_TAKEN_PHASES: Final = frozenset({Phase.INTENDED, Phase.SENDING})
"""Phases in which nothing has said yet that Google has taken the request."""

FINAL_PHASES: Final = frozenset({Phase.SETTLED, Phase.FAILED})
"""Phases that only another end follows."""

PHASE_TRANSITIONS: Final[Mapping[Phase, frozenset[Phase]]] = {
    Phase.INTENDED: frozenset({Phase.SENDING}) | FINAL_PHASES,
    # STREAMING: with store=false our label stands for the id. SENDING: a request whose background is refused is sent
    # once more.
    Phase.SENDING: frozenset({Phase.SENDING, Phase.NAMED, Phase.STREAMING}) | FINAL_PHASES,
    Phase.NAMED: frozenset({Phase.STREAMING, Phase.POLLING, Phase.WATCHING}) | FINAL_PHASES,
    Phase.STREAMING: frozenset({Phase.STREAMING, Phase.POLLING}) | FINAL_PHASES,
    Phase.POLLING: frozenset({Phase.STREAMING, Phase.POLLING}) | FINAL_PHASES,
    Phase.WATCHING: frozenset({Phase.WATCHING, Phase.POLLING}) | FINAL_PHASES,
    # A read may show the end before the stream does, and saving the result may fail.
    Phase.SETTLED: FINAL_PHASES,
    Phase.FAILED: frozenset({Phase.FAILED}),
}
"""Phases that may follow each phase."""


@dataclass(eq=False)
class Run:
    """An interaction as this process follows it.

    Attributes:
        record: The journal's row; replaced as it changes.
        request: The request, if this process sends it.
        phase: Changed by `enter` only.
        outcome: The settled interaction as Google has shown it.
        error: Why the run could not be started or followed; errors of the interaction itself are in the record.
        steps: The steps streamed so far.
        searches: The searches made so far, each once.
        pages: The addresses read so far, each once.
        activity: What the interaction does now, in a line.
        usage: The token counts of the whole, streamed at its end.
        usage_so_far: The token counts streamed or read last, while it goes on.
        last_event_id: Id of the last event, from which a broken stream can be resumed.
        stopped: Whether somebody has asked this process to stop it; an unsent request is not sent then.
        background: Whether it goes on at Google without a connection.
        waiting: What the request waits for before it is sent again, in a sentence.
        heard_at: Time of the last sign from Google, on the clock of the event loop.
        garbled: Whether its stream had an event that cannot be parsed, so that only a read is complete.
        refusals: Number of consecutive reads that Google has refused.
        hollow_since: Time of the first read that was completed without an answer, on the same clock.
        listening: Scope of the current stream or read; cancelled once the end is known.
        looking: Held while the run is read for a waiting caller.
        previews: Small JPEGs of pictures that could not be saved, together no larger than one.
        unwritten: Changes of the record that the journal could not take.
        unadded: Files that the journal could not take.
        writing: Held while they are written.
        scope: Scope of the task that follows the run.
        named: Set once the id is known, or will never be.
        done: Set once the run is not followed any more.
        moved: Set and replaced whenever there is news.
        moves: Number of times that there was news.
    """

    record: Record
    request: Request | None = None
    phase: Phase = field(init=False)
    outcome: Interaction | None = None
    error: GeminiMCPError | None = None
    steps: StepAssembler = field(default_factory=StepAssembler)
    searches: dict[str, None] = field(default_factory=dict[str, None])
    pages: dict[str, None] = field(default_factory=dict[str, None])
    activity: str | None = None
    usage: Usage | None = None
    usage_so_far: Usage | None = None
    last_event_id: str | None = None
    stopped: bool = False
    background: bool = True
    waiting: str = ""
    heard_at: float = -math.inf
    garbled: bool = False
    refusals: int = 0
    hollow_since: float | None = None
    listening: anyio.CancelScope | None = None
    looking: anyio.Lock = field(default_factory=anyio.Lock)
    previews: tuple[bytes, ...] = ()
    unwritten: dict[str, object] = field(default_factory=dict[str, object])
    unadded: list[SavedFile] = field(default_factory=list[SavedFile])
    writing: anyio.Lock = field(default_factory=anyio.Lock)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    named: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)
    moved: anyio.Event = field(default_factory=anyio.Event)
    moves: int = 0

    def __post_init__(self) -> None:
        self.phase = Phase.NAMED if self.request is None else Phase.INTENDED

    @property
    def id(self) -> str | None:
        """The interaction's id, once Google has named it."""
        return self.record.interaction_id

    @property
    def stored(self) -> bool:
        """Whether Google stores it, so that it can be read and continued."""
        return self.record.stored

    @property
    def reports(self) -> bool:
        """Whether its answer is a report, which is saved as a file."""
        return self.record.kind == "research" and not self.record.plan

    @property
    def text(self) -> str:
        """The part of the answer that has been streamed so far."""
        return assemble_answer(self.steps.all()).text

    @property
    def settled(self) -> bool:
        """Whether its end is known."""
        return self.phase is Phase.SETTLED

    def enter(self, phase: Phase) -> bool:
        """Change the phase; False where the run has ended, which stays so.

        A stream and a read follow a run at once, and the slower of them finds it ended.

        Raises:
            RuntimeError: `PHASE_TRANSITIONS` does not allow the change.
        """
        if phase in PHASE_TRANSITIONS[self.phase]:
            self.phase = phase
            return True
        if self.phase in FINAL_PHASES:
            return False
        raise RuntimeError(f"a run does not go from {self.phase} to {phase}")

    def settle(self, interaction: Interaction) -> None:
        """Keep the settled interaction that Google has shown."""
        if self.enter(Phase.SETTLED):
            self.outcome = interaction

    def interrupt(self, interaction: Interaction) -> None:
        """Settle a run that another task listens to or waits for, and end that."""
        self.settle(interaction)
        if self.listening is not None:
            self.listening.cancel()
        self.move()

    def fail(self, error: GeminiMCPError) -> None:
        """Keep the error that ended the run."""
        self.enter(Phase.FAILED)
        self.error = error

    def wanted(self) -> bool:
        """Whether nobody has asked this process to stop it."""
        return not self.stopped

    def hear(self, waiting: str) -> None:
        """Note what the request waits for before it is sent again; empty once it is sent."""
        self.waiting = waiting
        self.move()

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Run a block that is cancelled as soon as the end is known."""
        before = self.listening
        with anyio.CancelScope() as scope:
            self.listening = scope
            try:
                yield
            finally:
                self.listening = before

    def age(self) -> float:
        """Return the seconds since the request."""
        return intents.measure_age(self.record)

    def move(self) -> None:
        """Wake the tasks that wait for news."""
        self.moves += 1
        self.moved.set()
        self.moved = anyio.Event()

    async def nap(self, delay: float) -> None:
        """Sleep until there is news, or for about `delay` seconds."""
        # Jitter, so that many runs do not read all at once. Not cryptography.
        with anyio.move_on_after(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            await self.moved.wait()

    def end(self) -> None:
        """Note that the run is not followed any more, and wake all tasks that wait for it."""
        self.named.set()
        self.done.set()
        self.move()

    def headline(self) -> str:
        """Return the text of a progress report: the activity, and the id for a call that times out."""
        what = self.waiting or self.activity or ("Sending" if self.id is None else self.record.status)
        return f"{quote_name(what)} ({quote_name(self.id)})" if self.id else quote_name(what)


def make_finished_run(record: Record) -> Run:
    """Return an ended run for a row that nobody follows any more."""
    run = Run(record)
    if is_settled(record.status):
        run.enter(Phase.SETTLED)
    run.end()
    return run
