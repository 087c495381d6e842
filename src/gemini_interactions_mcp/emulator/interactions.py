"""Interactions: their runs, which publish events until they settle, and how the API represents them."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio

from .doubts import History, is_streamed
from .environments import find_environment_name
from .events import split_step
from .faults import Fault
from .protocol import JsonDict, format_timestamp
from .questions import Answer, Question
from .usage import compute_usage, count_text_bytes

# Keys of a request that `GET` returns: google-genai 3.6.1, `Interaction`.
ECHOED_REQUEST_KEYS = (
    "agent_config",
    "environment",
    "generation_config",
    "labels",
    "response_format",
    "safety_settings",
    "service_tier",
    "system_instruction",
    "tools",
    "webhook_config",
)


def _format_now() -> str:
    return format_timestamp(datetime.now(UTC))


@dataclass
class EmulatedInteraction:
    """An accepted interaction.

    Attributes:
        input_steps: The input of the newest turn, as steps.
        answer: The outcome of the run, valid once `finished` is set.
        events: The log; the id of an event is its position. Streams read it, and wait for `changed`.
        history: Counts of requests, for the doubts that depend on them.
        faults: Faults scripted for the run.
        usage: Usage of the whole interaction, known from the start and published at the end.
        finished: Set once the run has settled; status and log do not change any more.
    """

    question: Question
    input_steps: list[JsonDict]
    answer: Answer
    history: History
    faults: list[Fault]
    id: str
    status: str = field(init=False)
    events: list[JsonDict] = field(default_factory=list[JsonDict])
    created: str = field(default_factory=_format_now)
    updated: str = field(default_factory=_format_now)
    environment_id: str = ""
    changed: anyio.Event = field(default_factory=anyio.Event)
    finished: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def __post_init__(self) -> None:
        """Set the first status, and the environment if the request asks for one."""
        self.status = self.history.doubts.first_status
        self.environment_id = _choose_environment_id(self.body.get("environment"))

    @property
    def body(self) -> JsonDict:
        """The request."""
        return self.question.body

    @property
    def stored(self) -> bool:
        """Whether it can be retrieved; the default."""
        return self.body.get("store") is not False

    @property
    def public_id(self) -> str:
        """The id in responses: empty for an unstored interaction, unless `Doubts` decide otherwise."""
        return self.id if self.stored or self.history.doubts.unstored_ids else ""

    @property
    def bare(self) -> bool:
        """Whether it is in the foreground, and `Doubts.bare_foreground` applies."""
        return self.history.doubts.bare_foreground and not self.background

    @property
    def background(self) -> bool:
        """Whether the create is answered before the run has ended."""
        return self.body.get("background") is True

    @property
    def usage(self) -> JsonDict:
        """The cost of the run in tokens."""
        return compute_usage(self.question.turn, self.question.earlier_bytes, self.answer.steps)

    @property
    def text_bytes(self) -> int:
        """Size of the text that a next turn has to read again."""
        return self.question.earlier_bytes + count_text_bytes([*self.input_steps, *self.answer.steps])

    @property
    def is_closed(self) -> bool:
        """Whether the run has settled or was stopped; a task that is still on its way publishes nothing more."""
        return self.finished.is_set() or self.scope.cancel_called

    def find_fault(self, kind: str) -> Fault | None:
        """Return the fault of that kind that is scripted for the run."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    async def run(self, seconds: float) -> None:
        """Publish the answer event by event over that many seconds, then finish with its status."""
        with self.scope:
            await self._start()
            every = [event for index, step in enumerate(self.answer.steps) for event in split_step(index, step)]
            events = [event for event in every if is_streamed(self.history.doubts, event)]
            for event in events:
                await anyio.sleep(seconds / len(events))
                self.publish(event)
            if self.answer.status == "in_progress":
                await anyio.sleep_forever()
            self.finish(self.answer.status)

    async def _start(self) -> None:
        created = {"event_type": "interaction.created", "interaction": summarize_interaction(self)}
        if not self.bare:
            self.publish(created)
        if not self.find_fault("queued"):
            self._set_status("in_progress")
        for kind in ("queued", "hold"):
            fault = self.find_fault(kind)
            if fault is not None:
                await fault.release.wait()
        if self.bare:
            self.publish(created)
        self._set_status("in_progress")
        update = {"interaction_id": self.public_id, "status": self.status}
        self.publish({"event_type": "interaction.status_update", **update})

    # A cancel scope does not interrupt a task whose wait is over, even if the task has not continued yet. So whatever
    # a run does after a wait goes through these three methods, which do nothing once it is closed.

    def _set_status(self, status: str) -> None:
        if not self.is_closed:
            self.status = status

    def publish(self, event: JsonDict) -> None:
        """Append an event to the log, and wake the streams that follow it; does nothing once the run is closed."""
        if self.is_closed:
            return
        self.events.append({**event, "event_id": f"e{len(self.events)}"})
        self.updated = _format_now()
        self.changed.set()
        self.changed = anyio.Event()

    def finish(self, status: str) -> None:
        """Settle the run: the status is final, and the log is complete; does nothing once the run is closed."""
        if self.is_closed:
            return
        self.status = status
        completed = summarize_interaction(self)
        if self.answer.continuation_token and status == self.answer.status:
            completed["continuation_token"] = self.answer.continuation_token
        # According to field reports, the last event of a research agent has no usage; a later GET has.
        if "agent" not in self.body and self.history.doubts.completed_usage and not self.find_fault("no_usage"):
            completed["usage"] = self.usage
        self.publish({"event_type": "interaction.completed", "interaction": completed})
        self.finished.set()

    def cancel(self) -> None:
        """Stop the run unless it is closed; nothing that it has generated is kept."""
        if self.is_closed:
            return
        self.answer = Answer([], "cancelled")
        self.finish("cancelled")
        self.scope.cancel()

    def abandon(self) -> None:
        """Stop the run without an outcome."""
        self.scope.cancel()

    async def read_event(self, position: int) -> JsonDict | None:
        """Return the event at a position of the log, once it is published; None after the last one."""
        while position >= len(self.events):
            if self.finished.is_set():
                self.history.told = True
                return None
            await self.changed.wait()
        return self.events[position]

    async def read_first_event(self, position: int) -> JsonDict | None:
        """Return the event at a position as the first stream sends it, which may lose the last one."""
        lost = self.history.completion_lost and self.finished.is_set()
        if lost and position >= len(self.events):
            return None
        event = await self.read_event(position)
        return event and self.history.rewrite_first(event, bare=self.bare)


def summarize_interaction(interaction: EmulatedInteraction) -> JsonDict:
    """Return the partial resource of the first and the last event."""
    named = {key: interaction.body[key] for key in ("model", "agent") if key in interaction.body}
    ids = {"id": interaction.public_id} if interaction.public_id else {}
    times = {"created": interaction.created, "updated": interaction.updated}
    tier = {"service_tier": interaction.body.get("service_tier", "standard")}
    return {**ids, "status": interaction.status, "object": "interaction", **named, **times, **tier}


def represent_interaction(
    interaction: EmulatedInteraction, *, whole: bool = False, include_input: bool = False
) -> JsonDict:
    """Return the resource of an interaction.

    Args:
        interaction: The interaction.
        whole: As `GET` returns it, with the user's steps and keys of the request, according to field reports.
        include_input: Include the input beside the steps.
    """
    fields = summarize_interaction(interaction)
    body = interaction.body
    if "previous_interaction_id" in body:
        fields["previous_interaction_id"] = body["previous_interaction_id"]
    if interaction.environment_id:
        fields["environment_id"] = interaction.environment_id
    doubts = interaction.history.doubts
    if whole:
        fields |= {
            key: body[key] for key in ECHOED_REQUEST_KEYS if key in body and (key != "labels" or doubts.labels_echoed)
        }
    if include_input:
        fields["input"] = body.get("input")
    if not interaction.finished.is_set():
        return {**fields, "steps": []} if whole else fields
    return {**fields, **_represent_outcome(interaction, whole)}


def _represent_outcome(interaction: EmulatedInteraction, whole: bool) -> JsonDict:
    answer = interaction.answer
    inputs = interaction.input_steps if whole and interaction.history.doubts.input_steps else []
    fields: JsonDict = {"steps": [*inputs, *answer.steps]}
    if answer.errors:
        fields["errors"] = answer.errors
    if answer.continuation_token:
        fields["continuation_token"] = answer.continuation_token
    if whole or not interaction.find_fault("no_usage"):
        fields["usage"] = interaction.usage
    return fields


def _choose_environment_id(given: object) -> str:
    """Return the bare UUID of the environment in a request, a new one for `remote`; empty without any."""
    return (find_environment_name(given) or str(uuid.uuid4())) if given else ""
