"""One interaction as this process follows it, and how patient it is."""

import math
import random
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from gemini_interactions_mcp.api import StepAssembler, assemble_answer
from gemini_interactions_mcp.core import GeminiMCPError, shown
from gemini_interactions_mcp.models import Interaction, Record, Request, Usage

from . import intents


@dataclass(frozen=True)
class Pace:
    """How patient we are, in seconds.

    Attributes:
        first_poll: Before the second look at a run; grows to `slowest_poll`.
        tolerance: So long, 403 and 404 for a fresh id mean "not yet".
        stuck: After this, a run that is still in progress is told as stuck; Deep Research ends within 60
            minutes (https://ai.google.dev/gemini-api/docs/deep-research).
        silence: After this without an event, a stream is taken for dead that only tells how the run is doing.
        foreground_silence: The same for a stream that carries the only answer.
        look: Somebody who reads or waits has Google looked at this long after its last sign.
        yielding: A finished run that another server follows is left to that server for so long.
        enrichment: So long, an answer that was streamed waits for what only a read tells.
        hollow: So long, a completed interaction without an answer is looked at again.
        lease: Lease duration; renewed three times per period.
        late: Between two attempts to write what the journal could not take.
        usage: Before token counts are asked for that came with no answer; grows with each of `usage_looks`.
        usage_looks: How often they are asked for.
        telling: So long, a subscriber may take to be told of a change.
        listing: Between two notifications that there are other resources, at the least.
        newcomers: Between two looks for resources that other servers have added.
        refusal: So long, a refusal of background is remembered.
        naming: So long, the id of a request that another process is sending is waited for.
        least_report: Between two progress reports at the least.
        most_report: Between two progress reports at the most.
    """

    first_poll: float = 2.0
    slowest_poll: float = 30.0
    tolerance: float = 300.0
    stuck: float = 65 * 60.0
    silence: float = 90.0
    foreground_silence: float = 900.0
    look: float = 2.0
    yielding: float = 0.7
    enrichment: float = 3.0
    hollow: float = 8.0
    lease: float = 30.0
    late: float = 1.0
    usage: float = 5.0
    usage_looks: int = 3
    telling: float = 5.0
    listing: float = 1.0
    newcomers: float = 10.0
    refusal: float = 300.0
    naming: float = 4.0
    least_report: float = 1.0
    most_report: float = 5.0


@dataclass(eq=False)
class Run:
    """An interaction as this process follows it.

    Attributes:
        record: What the journal says of it; replaced as it changes.
        steps: What has been streamed so far.
        searches: What it has searched for so far, each once.
        pages: The addresses that it has read so far, each once.
        seen: How Google has shown it, settled, before it was followed.
        watched: Another process follows it; this one waits for what that writes down.
        stopped: Somebody has asked for its end; what has not been sent yet is not sent.
        background: Whether it goes on at Google without a connection.
        waiting: What the request waits for before it is sent again, in a sentence.
        heard_at: When Google last gave a sign of it, on the clock of the event loop.
        garbled: Whether its stream had something that cannot be understood, so that only a read tells all of it.
        refusals: How many reads in a row Google has refused.
        hollow_since: When it was first read as completed without an answer, on the same clock.
        listening: Cancelled to end the stream that is being listened to.
        looking: Held while it is looked at.
        error: Why it could not be started or followed; what went wrong inside it is in the record.
        previews: Small JPEGs of pictures that could not be saved, together no larger than one.
        unwritten: Changes of the record that the journal could not take.
        writing: Held while they are written.
        named: Set once its id is known, or will never be.
        done: Set once it is not followed any more.
    """

    record: Record
    request: Request | None = None
    steps: StepAssembler = field(default_factory=StepAssembler)
    searches: dict[str, None] = field(default_factory=dict[str, None])
    pages: dict[str, None] = field(default_factory=dict[str, None])
    activity: str | None = None
    usage: Usage | None = None
    last_event_id: str | None = None
    seen: Interaction | None = None
    watched: bool = False
    stopped: bool = False
    background: bool = True
    waiting: str = ""
    heard_at: float = -math.inf
    garbled: bool = False
    refusals: int = 0
    hollow_since: float | None = None
    listening: anyio.CancelScope | None = None
    looking: anyio.Lock = field(default_factory=anyio.Lock)
    error: GeminiMCPError | None = None
    previews: tuple[bytes, ...] = ()
    unwritten: dict[str, object] = field(default_factory=dict[str, object])
    writing: anyio.Lock = field(default_factory=anyio.Lock)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    named: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)
    moved: anyio.Event = field(default_factory=anyio.Event)
    moves: int = 0

    @property
    def id(self) -> str | None:
        """The interaction's id, once the API has named it."""
        return self.record.interaction_id

    @property
    def stored(self) -> bool:
        """Whether Google keeps it, so that it can be read and continued."""
        return self.request is None or self.request.store

    @property
    def reports(self) -> bool:
        """Whether its answer is a report, which is saved as a file."""
        return self.record.kind == "research" and not self.record.plan

    @property
    def text(self) -> str:
        """The part of the answer that has been streamed so far."""
        return assemble_answer(self.steps.all()).text

    def wanted(self) -> bool:
        """Whether nobody has asked for its end."""
        return not self.stopped

    def hear(self, waiting: str) -> None:
        """Note what the request waits for before it is sent again; nothing once it is sent."""
        self.waiting = waiting
        self.move()

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """What is ended as soon as Google has shown the end."""
        before = self.listening
        with anyio.CancelScope() as scope:
            self.listening = scope
            try:
                yield
            finally:
                self.listening = before

    def show(self, interaction: Interaction) -> None:
        """Take in what Google shows of it, settled, and stop listening."""
        self.seen = interaction
        if self.listening is not None:
            self.listening.cancel()
        self.move()

    def age(self) -> float:
        """Seconds since the request."""
        return intents.age(self.record)

    def move(self) -> None:
        """Wake whoever waits for news."""
        self.moves += 1
        self.moved.set()
        self.moved = anyio.Event()

    async def nap(self, delay: float) -> None:
        """Sleep until there is news, or for about `delay` seconds."""
        # Jitter, so that many runs do not look all at once. Not cryptography.
        with anyio.move_on_after(delay * random.uniform(0.8, 1.2)):  # noqa: S311
            await self.moved.wait()

    def end(self) -> None:
        """Wake everyone: nothing more will come."""
        self.named.set()
        self.done.set()
        self.move()

    def headline(self) -> str:
        """What a progress report says: the id, so that a call that times out has told it, and the activity."""
        what = self.waiting or self.activity or ("Sending" if self.id is None else self.record.status)
        return f"{shown(what)} ({shown(self.id)})" if self.id else shown(what)


def finished(record: Record) -> Run:
    """A run that is over."""
    run = Run(record)
    run.end()
    return run
