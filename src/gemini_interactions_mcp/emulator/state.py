"""The emulator's state: interactions, files, environments, recorded requests; and accepting a request."""

import base64
from dataclasses import dataclass, field, replace
from typing import cast

import anyio
from anyio.abc import TaskGroup

from .answers import answer_question, make_workspace_files
from .directed import apply_directives
from .doubts import DEFAULT_DOUBTS, ENVIRONMENT_ROOT_FILES, Doubts, History, check_doubtful, insert_server_calls
from .environments import EmulatedEnvironment, describe_sandbox, find_environment_name, mount_sources
from .faults import Fault, apply_run_fault, continue_answer, select_faults
from .files import EmulatedFiles
from .filming import make_free_box
from .interactions import EmulatedInteraction
from .protocol import (
    NOT_FOUND_MESSAGE,
    JsonDict,
    classify_name,
    ensure_object,
    ensure_objects,
    ensure_text,
    make_refusal,
)
from .questions import Question
from .requests import list_output_images, parse_input_steps, parse_turn, read_function_names, read_response_formats
from .stores import EmulatedStores
from .validation import check_request


@dataclass(frozen=True)
class RecordedRequest:
    """One received request; `headers` lack the API key, `body` is the parsed JSON or None."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object = None


@dataclass
class Emulator:
    """A local Interactions API; pass it to `serve_emulator`.

    Attributes:
        research_seconds: Duration of a Deep Research run.
        step_seconds: Duration of any other run, for each of its steps.
        processing_seconds: Seconds for which an uploaded video or audio stays `PROCESSING`.
        video_padding: Number of zero bytes after a generated video.
        picture_scale: Factor by which pictures are smaller than requested, because drawing takes time.
        id_suffix: Suffix of the ids of new interactions, for characters that no real id has had so far.
        max_body_bytes: Larger requests are refused: 100 MB, https://ai.google.dev/gemini-api/docs/audio
        max_file_bytes: Larger uploads are refused: 2 GB, https://ai.google.dev/gemini-api/docs/files
        faults: Scripted failures; append to them at any time.
        requests: Every request, in order of arrival.
        creates: Bodies of the accepted creates, which the real API would bill.
        cancels: Ids of the cancelled interactions.
        deletes: Ids of the deleted interactions.
        interactions: Stored interactions, by id.
        indexing_seconds: Seconds that it takes to index a document of a file search store.
        files: The Files API.
        stores: The file search stores.
        environments: Content of the files of each environment, by its id and their paths.
        networks: What environments may reach, where a request has said so, by their ids.
        doubts: Decisions on undocumented behaviour of the real API.
        redirects: Targets of redirect links, by the last part of the link; all others lead to one site.
        runs: Task group of the runs; `serve_emulator` sets it.
    """

    research_seconds: float = 4.0
    step_seconds: float = 0.02
    processing_seconds: float = 0.05
    video_padding: int = 0
    indexing_seconds: float = 0.3
    picture_scale: float = 1.0
    id_suffix: str = ""
    max_body_bytes: int = 100 * 2**20
    max_file_bytes: int = 2 * 2**30
    faults: list[Fault] = field(default_factory=list[Fault])
    requests: list[RecordedRequest] = field(default_factory=list[RecordedRequest])
    creates: list[JsonDict] = field(default_factory=list[JsonDict])
    cancels: list[str] = field(default_factory=list[str])
    deletes: list[str] = field(default_factory=list[str])
    interactions: dict[str, EmulatedInteraction] = field(default_factory=dict[str, EmulatedInteraction])
    files: EmulatedFiles = field(init=False)
    stores: EmulatedStores = field(init=False)
    environments: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    networks: dict[str, object] = field(default_factory=dict[str, object])
    doubts: Doubts = DEFAULT_DOUBTS
    redirects: dict[str, str] = field(default_factory=dict[str, str])
    runs: TaskGroup | None = field(default=None, init=False, repr=False)
    _deleted: dict[str, EmulatedInteraction] = field(
        default_factory=dict[str, EmulatedInteraction], init=False, repr=False
    )
    _backgrounds: int = field(default=0, init=False, repr=False)
    _unfinished: dict[str, Question] = field(default_factory=dict[str, Question], init=False, repr=False)

    def __post_init__(self) -> None:
        """Create an empty Files API, and no file search stores."""
        self.files = EmulatedFiles(self.processing_seconds, self.max_file_bytes)
        self.stores = EmulatedStores(self.indexing_seconds, self.doubts)

    async def create(self, body: JsonDict, raw: bytes, base_url: str) -> EmulatedInteraction:
        """Accept a request and start its run, or refuse it.

        Args:
            body: The request.
            raw: The same as received, for faults to match.
            base_url: Base URL for downloads of generated files.

        Raises:
            RefusalError: The real API would refuse it.
        """
        check_request(body)
        self._backgrounds += body.get("background") is True and "model" in body
        check_doubtful(self.doubts, body, self._backgrounds)
        question, steps = self._make_question(body, base_url)
        answer = apply_directives(
            insert_server_calls(self.doubts, body, await answer_question(question)), question.turn
        )
        if "continuation_token" in body:
            answer = continue_answer(answer)
        faults = list(select_faults(self.faults, "run", ("create",), raw))
        for fault in faults:
            answer = apply_run_fault(answer, fault, read_function_names(body))
            fault.reached.set()
        wanted = {entry.get("type"): entry.get("delivery") for entry in read_response_formats(body)}
        if "uri" in wanted.values() and not ("video" in wanted and self.doubts.video_delivery == "inline"):
            answer = replace(answer, steps=[self._store_media(step, base_url) for step in answer.steps])
        history = History(self.doubts, len(self.creates) + 1)
        interaction = EmulatedInteraction(
            question, steps, answer, history, faults, self.doubts.make_id() + self.id_suffix
        )
        self._accept(interaction)
        return interaction

    def _accept(self, interaction: EmulatedInteraction) -> None:
        self.creates.append(interaction.body)
        if interaction.stored:
            self.interactions[interaction.id] = interaction
        if interaction.environment_id:
            files = self.environments.setdefault(interaction.environment_id, {})
            given = interaction.body["environment"]
            files |= mount_sources(given)
            if network := ensure_object(given).get("network"):
                self.networks[interaction.environment_id] = network
            files |= make_workspace_files(interaction.question) | (
                ENVIRONMENT_ROOT_FILES if self.doubts.root_entries else {}
            )
        if interaction.answer.continuation_token:
            interaction.answer.continuation_token = f"continue-{interaction.id}"
            self._unfinished[interaction.answer.continuation_token] = interaction.question
        if interaction.find_fault("queued"):
            interaction.status = "queued"
        # Set by `serve_emulator`, without which this request could not have arrived.
        cast(TaskGroup, self.runs).start_soon(interaction.run, self._choose_seconds(interaction))

    def _store_media(self, step: JsonDict, base_url: str) -> JsonDict:
        """Return a step with its inline media replaced by files."""
        contents = [
            {"type": part["type"], "mime_type": part["mime_type"], "uri": self._store_part(part, base_url)}
            if "data" in part
            else part
            for part in ensure_objects(step.get("content"))
        ]
        return {**step, "content": contents} if contents else step

    def _store_part(self, part: JsonDict, base_url: str) -> str:
        content, padding = base64.b64decode(part["data"]), 0
        if part["type"] == "video" and self.video_padding:
            content, padding = content + make_free_box(self.video_padding), self.video_padding
        return self.files.generate(content, part["mime_type"], padding).represent(base_url)["downloadUri"]

    def _choose_seconds(self, interaction: EmulatedInteraction) -> float:
        seconds = interaction.question.turn.read_number("seconds")
        if seconds is not None:
            return seconds
        researches = classify_name(interaction.question.name) == "research"
        return self.research_seconds if researches else self.step_seconds * len(interaction.answer.steps)

    def _make_question(self, body: JsonDict, base_url: str) -> tuple[Question, list[JsonDict]]:
        """Return the question of a request, with its chain, and the input as steps."""
        chain = self._find_chain(body.get("previous_interaction_id"))
        token = body.get("continuation_token")
        if token is not None and token not in self._unfinished:
            raise make_refusal(400, "Invalid value for 'continuation_token'.")
        if token is not None and "input" not in body:
            return replace(self._unfinished[token], body=body), []
        last = chain[-1] if chain else None
        if last:
            last.history.check_continue(body, last.environment_id)
        steps = parse_input_steps(body.get("input"))
        turn = parse_turn(steps, self.files.find)
        config = ensure_object(last.body.get("agent_config")) if last else {}
        question = Question(
            body,
            turn,
            earlier_prompts=tuple(interaction.question.turn.prompt for interaction in chain),
            earlier_bytes=last.text_bytes if last else 0,
            earlier_images=tuple(
                image for interaction in chain for image in list_output_images(interaction.answer.steps)
            ),
            planned=bool(config.get("collaborative_planning")),
            file_citations=self.stores.cite(body),
            base_url=base_url,
            picture_scale=self.picture_scale,
            sandbox=self._describe_sandbox(body.get("environment")),
        )
        return question, steps

    def _describe_sandbox(self, given: object) -> tuple[str, ...]:
        """Return what an agent finds in its environment, in lines.

        Raises:
            RefusalError: The environment is unknown.
        """
        named = find_environment_name(given)
        files = self.find_environment(named) if named else {}
        return describe_sandbox(
            files | mount_sources(given), ensure_object(given).get("network") or self.networks.get(named)
        )

    def _find_chain(self, previous_id: object) -> list[EmulatedInteraction]:
        """Return the interactions that a new one follows, oldest first.

        Raises:
            RefusalError: The previous one is unknown, or still in progress.
        """
        chain: list[EmulatedInteraction] = []
        while previous_id is not None:
            previous = self.find(ensure_text(previous_id), malformed="Invalid JSON payload received.")
            if not previous.finished.is_set():
                raise make_refusal(400, "The previous interaction is still in progress.", "failed_precondition")
            chain.insert(0, previous)
            previous_id = previous.body.get("previous_interaction_id")
            if previous_id not in self.interactions:
                break
        return chain

    def find(self, interaction_id: str, *, malformed: str = "") -> EmulatedInteraction:
        """Return a stored interaction.

        Args:
            interaction_id: Its id.
            malformed: Message for a malformed id, in place of the usual one.

        Raises:
            RefusalError: 400 for a malformed id, 404 for an unknown interaction.
        """
        if interaction_id in self.interactions:
            return self.interactions[interaction_id]
        if not interaction_id.startswith("v1") or not interaction_id.isascii():
            raise make_refusal(400, malformed or f"Invalid interaction name: interactions/{interaction_id}")
        # The real API never says which entity.
        raise make_refusal(404, NOT_FOUND_MESSAGE)

    def read(self, interaction_id: str) -> EmulatedInteraction:
        """Return an interaction for a `GET`.

        Raises:
            RefusalError: It is unknown, or cannot be read (yet).
        """
        deleted = self._deleted.get(interaction_id)
        if deleted is not None and deleted.history.count_deleted_read():
            return deleted
        interaction = self.find(interaction_id)
        interaction.history.check_read()
        return interaction

    def forget(self, interaction: EmulatedInteraction) -> None:
        """Stop an interaction, and remove it without a trace."""
        self.interactions.pop(interaction.id, None)
        interaction.abandon()

    def add_environment(self, environment: EmulatedEnvironment) -> None:
        """Add an environment without an interaction."""
        self.environments[environment.id] = environment.files
        if environment.network is not None:
            self.networks[environment.id] = environment.network

    def find_environment(self, environment_id: str) -> dict[str, bytes]:
        """Return the content of the files of an environment, by path.

        Raises:
            RefusalError: It is unknown.
        """
        if environment_id not in self.environments:
            raise make_refusal(404, NOT_FOUND_MESSAGE)
        return self.environments[environment_id]

    def cancel(self, interaction_id: str) -> EmulatedInteraction:
        """Cancel a background run.

        Raises:
            RefusalError: It is unknown, has ended, or runs in the foreground.
        """
        interaction = self.find(interaction_id)
        if interaction.finished.is_set() or not interaction.background:
            raise make_refusal(400, "Only running background interactions can be cancelled.", "failed_precondition")
        self.cancels.append(interaction_id)
        if self.doubts.cancel_seconds:
            cast(TaskGroup, self.runs).start_soon(self._cancel_later, interaction)
        else:
            interaction.cancel()
        return interaction

    async def _cancel_later(self, interaction: EmulatedInteraction) -> None:
        await anyio.sleep(self.doubts.cancel_seconds)
        interaction.cancel()

    def delete(self, interaction_id: str) -> None:
        """Delete an interaction; its run continues, as on the real API.

        Raises:
            RefusalError: It is unknown.
        """
        self._deleted[interaction_id] = self.find(interaction_id)
        self.deletes.append(interaction_id)
        del self.interactions[interaction_id]
