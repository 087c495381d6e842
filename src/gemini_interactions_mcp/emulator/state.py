"""The emulator itself: its interactions with their runs, what it records, and how it takes a request."""

import base64
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import anyio
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync

from .answers import Answer, Question, image_answer, research_answer, text_answer, text_bytes, usage_of, workspace
from .directed import directed
from .doubts import (
    ACCEPTED,
    ROOT_FILES,
    Doubts,
    History,
    check_doubtful,
    is_told,
    with_server_calls,
)
from .events import step_events
from .faults import Fault, altered, continued, striking
from .files import Files
from .protocol import NOT_FOUND, Json, family, object_of, objects_of, refused, text_of, timestamp
from .requests import check, formats_of, functions_of, images_in, steps_of, turn_of

ANSWERS = {"text": text_answer, "coding": text_answer, "image": image_answer, "research": research_answer}
# What `GET` tells again of a request: google-genai 3.4.0, `Interaction`.
ECHOED = (
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


def _now() -> str:
    return timestamp(datetime.now(UTC))


@dataclass
class Interaction:
    """An interaction from its acceptance on.

    Attributes:
        input_steps: The input of the newest turn, as steps.
        answer: What it will end with, and has ended with once `finished` is set.
        events: The log; an event's id is its place. Streams read it, and wait for `changed`.
        history: What has happened to it, and the doubts that depend on that.
        faults: What was scripted for the run.
        usage: That of the whole interaction, known from the start and told at the end.
    """

    question: Question
    input_steps: list[Json]
    answer: Answer
    history: History
    faults: list[Fault]
    id: str
    status: str = field(init=False)
    events: list[Json] = field(default_factory=list[Json])
    created: str = field(default_factory=_now)
    updated: str = field(default_factory=_now)
    environment_id: str = ""
    changed: anyio.Event = field(default_factory=anyio.Event)
    finished: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def __post_init__(self) -> None:
        """Set its first status, and name the environment when one is asked for."""
        self.status = self.history.doubts.first_status
        self.environment_id = _environment_id(self.body.get("environment"))

    @property
    def body(self) -> Json:
        """The request."""
        return self.question.body

    @property
    def stored(self) -> bool:
        """Whether it can be retrieved; so by default."""
        return self.body.get("store") is not False

    @property
    def told_id(self) -> str:
        """The id as it is told: an unstored one has none, unless that is in doubt."""
        return self.id if self.stored or self.history.doubts.unstored_ids else ""

    @property
    def bare(self) -> bool:
        """Whether it is in the foreground, and that is less than the background in every respect."""
        return self.history.doubts.bare_foreground and not self.background

    @property
    def background(self) -> bool:
        """Whether the create answers before the run has ended."""
        return self.body.get("background") is True

    @property
    def usage(self) -> Json:
        """What the run costs."""
        return usage_of(self.question.turn, self.question.earlier_bytes, self.answer.steps)

    @property
    def text_bytes(self) -> int:
        """The size of the text that a next turn would have to read again."""
        return self.question.earlier_bytes + text_bytes([*self.input_steps, *self.answer.steps])

    def struck_by(self, kind: str) -> Fault | None:
        """Return the fault of that kind that was scripted for the run."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    async def run(self, seconds: float) -> None:
        """Tell the answer event by event over that many seconds, and end with its status."""
        with self.scope:
            await self._start()
            steps = self.answer.steps
            told = [event for index, step in enumerate(steps) for event in step_events(index, step)]
            events = [event for event in told if is_told(self.history.doubts, event)]
            for event in events:
                await anyio.sleep(seconds / len(events))
                if self.finished.is_set():
                    # Cancelled when the sleep was over already, which no cancel scope interrupts any more.
                    return
                self.publish(event)
            if self.answer.status == "in_progress":
                await anyio.sleep_forever()
            self.finish(self.answer.status)

    async def _start(self) -> None:
        created = {"event_type": "interaction.created", "interaction": summary(self)}
        if not self.bare:
            self.publish(created)
        if not self.struck_by("queued"):
            self.status = "in_progress"
        for kind in ("queued", "hold"):
            fault = self.struck_by(kind)
            if fault is not None:
                await fault.release.wait()
        if self.bare:
            self.publish(created)
        self.status = "in_progress"
        update = {"interaction_id": self.told_id, "status": self.status}
        self.publish({"event_type": "interaction.status_update", **update})

    def publish(self, event: Json) -> None:
        """Append an event to the log and wake those who follow it."""
        self.events.append({**event, "event_id": f"e{len(self.events)}"})
        self.updated = _now()
        self.changed.set()
        self.changed = anyio.Event()

    async def event(self, position: int) -> Json | None:
        """Return the event at a place of the log, waiting for it; None after the last."""
        while position >= len(self.events):
            if self.finished.is_set():
                self.history.told = True
                return None
            await self.changed.wait()
        return self.events[position]

    async def first_told(self, position: int) -> Json | None:
        """Return the event at a place as the stream of the create tells it, which may lose the last."""
        lost = self.history.completion_lost and self.finished.is_set()
        if lost and position >= len(self.events):
            return None
        event = await self.event(position)
        return event and self.history.first_told(event, bare=self.bare)

    def finish(self, status: str) -> None:
        """End the run: the status holds from here on, and the log is complete."""
        self.status = status
        completed = summary(self)
        if self.answer.continuation_token and status == self.answer.status:
            completed["continuation_token"] = self.answer.continuation_token
        # A research agent's last event has no usage by field reports; a later GET has.
        if "agent" not in self.body and self.history.doubts.completed_usage and not self.struck_by("no_usage"):
            completed["usage"] = self.usage
        self.finished.set()
        self.publish({"event_type": "interaction.completed", "interaction": completed})

    def cancel(self) -> None:
        """Stop the run, unless it has ended; nothing that it has generated is kept."""
        if self.finished.is_set():
            return
        self.answer = Answer([], "cancelled")
        self.finish("cancelled")
        self.scope.cancel()


def summary(interaction: Interaction) -> Json:
    """Return the partial resource of the first and the last event."""
    asked = {key: interaction.body[key] for key in ("model", "agent") if key in interaction.body}
    named = {"id": interaction.told_id} if interaction.told_id else {}
    times = {"created": interaction.created, "updated": interaction.updated}
    tier = {"service_tier": interaction.body.get("service_tier", "standard")}
    return {**named, "status": interaction.status, "object": "interaction", **asked, **times, **tier}


def resource(interaction: Interaction, *, whole: bool = False, include_input: bool = False) -> Json:
    """Return an interaction as the API shows it.

    Args:
        interaction: The interaction.
        whole: As `GET` shows it: the user's steps too, and what the request said. By field reports.
        include_input: With the input beside the steps.
    """
    shown = summary(interaction)
    body = interaction.body
    if "previous_interaction_id" in body:
        shown["previous_interaction_id"] = body["previous_interaction_id"]
    if interaction.environment_id:
        shown["environment_id"] = interaction.environment_id
    doubts = interaction.history.doubts
    if whole:
        shown |= {key: body[key] for key in ECHOED if key in body and (key != "labels" or doubts.labels_echoed)}
    if include_input:
        shown["input"] = body.get("input")
    if not interaction.finished.is_set():
        return {**shown, "steps": []} if whole else shown
    return {**shown, **_ended(interaction, whole)}


def _ended(interaction: Interaction, whole: bool) -> Json:
    answer = interaction.answer
    asked = interaction.input_steps if whole and interaction.history.doubts.input_steps else []
    ended: Json = {"steps": [*asked, *answer.steps]}
    if answer.errors:
        ended["errors"] = answer.errors
    if answer.continuation_token:
        ended["continuation_token"] = answer.continuation_token
    if whole or not interaction.struck_by("no_usage"):
        ended["usage"] = interaction.usage
    return ended


def _environment_id(asked: object) -> str:
    """Return the environment's bare UUID, new unless the request names one."""
    if not asked:
        return ""
    named = text_of(asked) or text_of(object_of(asked).get("environment_id"))
    return str(uuid.uuid4()) if named in ("", "remote") else named


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it came in; `headers` lack the key, `body` is the parsed JSON or None."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object = None


@dataclass
class Emulator:
    """A local Interactions API; give it to `serve`.

    Attributes:
        research_seconds: How long a Deep Research run takes.
        step_seconds: How long another run takes for each of its steps.
        processing_seconds: How long an uploaded video or audio stays `PROCESSING`.
        picture_scale: By which pictures are smaller than asked for: drawing takes time.
        id_suffix: Ends the ids of new interactions, so that they have characters that no id has had so far.
        max_body_bytes: Larger requests are refused: 100 MB, https://ai.google.dev/gemini-api/docs/audio
        max_file_bytes: Larger uploads are refused: 2 GB, https://ai.google.dev/gemini-api/docs/files
        faults: What goes wrong; append to it at any time.
        requests: Every request, in the order of arrival.
        creates: The bodies of the creates that were taken, which the real API would bill.
        cancels: The ids of the interactions that were cancelled.
        deletes: The ids of the interactions that were deleted.
        interactions: All stored interactions, by id.
        files: The Files API.
        environments: The files of each environment, by its id and their paths.
        doubts: What is uncertain of the real API, and how it is decided here.
        redirects: Where redirect links lead, by their last part; all others lead to one site.
    """

    research_seconds: float = 4.0
    step_seconds: float = 0.02
    processing_seconds: float = 0.05
    picture_scale: float = 1.0
    id_suffix: str = ""
    max_body_bytes: int = 100 * 2**20
    max_file_bytes: int = 2 * 2**30
    faults: list[Fault] = field(default_factory=list[Fault])
    requests: list[RecordedRequest] = field(default_factory=list[RecordedRequest])
    creates: list[Json] = field(default_factory=list[Json])
    cancels: list[str] = field(default_factory=list[str])
    deletes: list[str] = field(default_factory=list[str])
    interactions: dict[str, Interaction] = field(default_factory=dict[str, Interaction])
    files: Files = field(init=False)
    environments: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    doubts: Doubts = ACCEPTED
    redirects: dict[str, str] = field(default_factory=dict[str, str])
    runs: TaskGroup | None = field(default=None, init=False, repr=False)
    _deleted: dict[str, Interaction] = field(default_factory=dict[str, Interaction], init=False, repr=False)
    _backgrounds: int = field(default=0, init=False, repr=False)
    _unfinished: dict[str, Question] = field(default_factory=dict[str, Question], init=False, repr=False)

    def __post_init__(self) -> None:
        """Open an empty Files API."""
        self.files = Files(self.processing_seconds, self.max_file_bytes)

    async def create(self, body: Json, said: bytes, base_url: str) -> Interaction:
        """Take a request and start its run, or refuse it.

        Args:
            body: The request.
            said: The same as it came in, for faults to match.
            base_url: Where generated files can be downloaded.

        Raises:
            RefusalError: The real API would not take it.
        """
        check(body)
        self._backgrounds += body.get("background") is True and "model" in body
        check_doubtful(self.doubts, body, self._backgrounds)
        question, steps = self._question(body, base_url)
        answer = directed(with_server_calls(self.doubts, body, await _answered(question)), question.turn)
        if "continuation_token" in body:
            answer = continued(answer)
        faults = list(striking(self.faults, "run", ("create",), said))
        for fault in faults:
            answer = altered(answer, fault, functions_of(body))
            fault.reached.set()
        if any(entry.get("delivery") == "uri" for entry in formats_of(body)):
            answer = replace(answer, steps=[self._as_files(step, base_url) for step in answer.steps])
        history = History(self.doubts, len(self.creates) + 1)
        interaction = Interaction(question, steps, answer, history, faults, self.doubts.new_id() + self.id_suffix)
        self._take(interaction)
        return interaction

    def _take(self, interaction: Interaction) -> None:
        self.creates.append(interaction.body)
        if interaction.stored:
            self.interactions[interaction.id] = interaction
        if interaction.environment_id:
            files = self.environments.setdefault(interaction.environment_id, {})
            files |= workspace(interaction.question) | (ROOT_FILES if self.doubts.root_entries else {})
        if interaction.answer.continuation_token:
            interaction.answer.continuation_token = f"continue-{interaction.id}"
            self._unfinished[interaction.answer.continuation_token] = interaction.question
        if interaction.struck_by("queued"):
            interaction.status = "queued"
        # Present from `serve` on; without it nobody could have sent this request.
        cast(TaskGroup, self.runs).start_soon(interaction.run, self._seconds(interaction))

    def _as_files(self, step: Json, base_url: str) -> Json:
        """Return a step whose inline media have become files."""
        contents = [
            {"type": part["type"], "mime_type": part["mime_type"], "uri": self._kept(part, base_url)}
            if "data" in part
            else part
            for part in objects_of(step.get("content"))
        ]
        return {**step, "content": contents} if contents else step

    def _kept(self, part: Json, base_url: str) -> str:
        file = self.files.generate(base64.b64decode(part["data"]), part["mime_type"])
        return file.resource(base_url)["uri"]

    def _seconds(self, interaction: Interaction) -> float:
        directed = interaction.question.turn.directive("seconds")
        if directed is not None:
            return directed
        researches = family(interaction.question.name) == "research"
        return self.research_seconds if researches else self.step_seconds * len(interaction.answer.steps)

    def _question(self, body: Json, base_url: str) -> tuple[Question, list[Json]]:
        """Return what a request asks, with its chain, and its input as steps."""
        chain = self._chain(body.get("previous_interaction_id"))
        token = body.get("continuation_token")
        if token is not None and token not in self._unfinished:
            raise refused(400, "Invalid value for 'continuation_token'.")
        if token is not None and "input" not in body:
            return replace(self._unfinished[token], body=body), []
        last = chain[-1] if chain else None
        if last:
            last.history.check_continue(body, last.environment_id)
        steps = steps_of(body.get("input"))
        turn = turn_of(steps, self.files.find)
        config = object_of(last.body.get("agent_config")) if last else {}
        question = Question(
            body,
            turn,
            earlier_prompts=tuple(interaction.question.turn.prompt for interaction in chain),
            earlier_bytes=last.text_bytes if last else 0,
            earlier_images=tuple(image for interaction in chain for image in images_in(interaction.answer.steps)),
            planned=bool(config.get("collaborative_planning")),
            base_url=base_url,
            picture_scale=self.picture_scale,
        )
        return question, steps

    def _chain(self, previous_id: object) -> list[Interaction]:
        """Return the interactions before a new one, oldest first.

        Raises:
            RefusalError: The previous one is unknown, or still in progress.
        """
        chain: list[Interaction] = []
        while previous_id is not None:
            previous = self.find(text_of(previous_id), malformed="Invalid JSON payload received.")
            if not previous.finished.is_set():
                raise refused(400, "The previous interaction is still in progress.", "failed_precondition")
            chain.insert(0, previous)
            previous_id = previous.body.get("previous_interaction_id")
            if previous_id not in self.interactions:
                break
        return chain

    def find(self, interaction_id: str, *, malformed: str = "") -> Interaction:
        """Return a stored interaction.

        Raises:
            RefusalError: 400 when the id is none, 404 when there is no such interaction.
        """
        if interaction_id in self.interactions:
            return self.interactions[interaction_id]
        if not interaction_id.startswith("v1") or not interaction_id.isascii():
            raise refused(400, malformed or f"Invalid interaction name: interactions/{interaction_id}")
        # Which entity, the real one never says.
        raise refused(404, NOT_FOUND)

    def read(self, interaction_id: str) -> Interaction:
        """Return an interaction to somebody who reads it.

        Raises:
            RefusalError: There is none, or it is not shown (yet).
        """
        deleted = self._deleted.get(interaction_id)
        if deleted is not None and deleted.history.deleted_read():
            return deleted
        interaction = self.find(interaction_id)
        interaction.history.check_read()
        return interaction

    def forget(self, interaction: Interaction) -> None:
        """Stop an interaction and keep nothing of it."""
        self.interactions.pop(interaction.id, None)
        interaction.scope.cancel()

    def environment(self, environment_id: str) -> dict[str, bytes]:
        """Return the files of an environment.

        Raises:
            RefusalError: It is unknown.
        """
        if environment_id not in self.environments:
            raise refused(404, NOT_FOUND)
        return self.environments[environment_id]

    def cancel(self, interaction_id: str) -> Interaction:
        """Stop a background run.

        Raises:
            RefusalError: It is unknown, has ended, or runs in the foreground.
        """
        interaction = self.find(interaction_id)
        if interaction.finished.is_set() or not interaction.background:
            raise refused(400, "Only running background interactions can be cancelled.", "failed_precondition")
        self.cancels.append(interaction_id)
        if self.doubts.cancel_seconds:
            cast(TaskGroup, self.runs).start_soon(self._cancel_later, interaction)
        else:
            interaction.cancel()
        return interaction

    async def _cancel_later(self, interaction: Interaction) -> None:
        await anyio.sleep(self.doubts.cancel_seconds)
        interaction.cancel()

    def delete(self, interaction_id: str) -> None:
        """Forget an interaction; a run goes on, as on the real API.

        Raises:
            RefusalError: It is unknown.
        """
        self._deleted[interaction_id] = self.find(interaction_id)
        self.deletes.append(interaction_id)
        del self.interactions[interaction_id]


async def _answered(question: Question) -> Answer:
    answer_of = ANSWERS[family(question.name)]
    if question.draws:
        return await run_sync(answer_of, question)
    return answer_of(question)
