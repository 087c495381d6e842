"""Requests, interactions and their parts, and the records of the journal."""

import operator
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from .attachments import Attachment
from .defaults import DEEP_RESEARCH_PREFIX
from .frozen import FrozenModel
from .kinds import InteractionKind
from .sandbox_files import Sandbox, asks_for_nothing
from .speech import Speech, Transcription
from .videos import VideoFormat

ContentItem = Mapping[str, Any]
"""A content block in the API's format. Source: google-genai 3.6.1, types/interactions/content.py"""


def convert_to_utc(moment: datetime) -> datetime:
    """Convert a time to UTC, which is assumed where it has no time zone; the ends of the calendar stay as they are."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


UtcDatetime = Annotated[datetime, AfterValidator(convert_to_utc)]
"""A time, converted to UTC."""

TERMINAL_STATUSES: Final = frozenset({"completed", "failed", "cancelled", "incomplete", "budget_exceeded"})
"""Statuses of an interaction that will not change any more.

Source: google-genai 3.6.1, types/interactions/interaction.py
"""

CLIENT_WAIT_STATUSES: Final = frozenset({"requires_action", "requires_continuation"})
"""Statuses that only another request of the client can change."""

OCTET_STREAM: Final = "application/octet-stream"
"""Media type of content that no program should open."""

UNKNOWN_STATUS: Final = "unknown"
"""The only status that is not the API's: the request may or may not have been accepted."""

MEDIA_PLACEHOLDER: Final = re.compile(r"!\[([^\[\]\n]{0,200})\]\(media:(\d+)\)")
"""Placeholder of the n-th of an answer's media in its text: `![image 2](media:2)`."""


def is_settled(status: str) -> bool:
    """Whether there is nothing left to wait for; a status that is not known here counts as running."""
    return status in TERMINAL_STATUSES or status in CLIENT_WAIT_STATUSES


class Contents(FrozenModel):
    """Files and other content that accompany a prompt.

    Attributes:
        parts: Pairs of a label, possibly empty, and a content block, in the order of the sources.
        notes: Sentences for the caller on what was skipped in folders and globs.
        digest: Hash of names and contents, independent of where they are uploaded.
        attachments: The files and addresses, in the order of the sources.
    """

    parts: tuple[tuple[str, ContentItem], ...] = Field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    digest: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def blocks(self) -> tuple[ContentItem, ...]:
        """Content blocks without labels."""
        return tuple(block for _, block in self.parts)

    @property
    def labelled(self) -> tuple[ContentItem, ...]:
        """Content blocks, each preceded by its label, since a picture does not contain its name."""
        return tuple(each for label, block in self.parts for each in (*make_label_blocks(label), block))


def make_label_blocks(label: str) -> tuple[ContentItem, ...]:
    """Return a label as a content block; nothing for an empty label."""
    return ({"type": "text", "text": f"File {label}:"},) if label else ()


class Citation(FrozenModel):
    """A source of a segment of the answer.

    Attributes:
        url: Address of the page, file or place; empty if people cannot open it.
        title: Title of the source.
        page: Page of a document, from 1.
        start: Offset of the segment's first byte in the UTF-8 of the answer's text.
        end: Offset after its last byte.
        resolved: Target of `url` if that is one of Google's redirects and has been resolved.

    Source: google-genai 3.6.1, types/interactions/{urlcitation,filecitation,placecitation}.py
    """

    url: str = ""
    title: str = ""
    page: int | None = None
    resolved: str = ""
    start: int | None = None
    end: int | None = None


Counts = Annotated[dict[str, int], Field(exclude_if=lambda counts: not counts)]
"""Counts by name; left out of rows and JSON where there are none."""


class Usage(FrozenModel):
    """Token counts under the API's names; zero where the API gave none.

    Attributes:
        input_tokens_by_modality: Parts of `total_input_tokens` by modality, such as `image`; the others alike.
        grounding_tool_count: Number of searches, by the type of the tool.
        unpriced: Whether this server knows no price for these counts; not a field of the API.

    Source: google-genai 3.6.1, types/interactions/usage.py
    """

    total_input_tokens: int = 0
    total_output_tokens: int = 0
    total_thought_tokens: int = 0
    total_tool_use_tokens: int = 0
    total_cached_tokens: int = 0
    total_tokens: int = 0
    input_tokens_by_modality: Counts = Field(default_factory=dict[str, int])
    output_tokens_by_modality: Counts = Field(default_factory=dict[str, int])
    cached_tokens_by_modality: Counts = Field(default_factory=dict[str, int])
    tool_use_tokens_by_modality: Counts = Field(default_factory=dict[str, int])
    grounding_tool_count: Counts = Field(default_factory=dict[str, int])
    unpriced: bool = Field(default=False, exclude_if=operator.not_)


class Media(FrozenModel):
    """A generated image, audio, video or document, as returned by the API.

    Attributes:
        kind: Content type: image, audio, video or document.
        data: Content in base64, if it was included.
        uri: Address of the content otherwise, for 48 hours: https://ai.google.dev/gemini-api/docs/files
    """

    kind: str
    mime_type: str = OCTET_STREAM
    data: str | None = Field(default=None, repr=False)
    uri: str | None = None


class Execution(FrozenModel):
    """Code that Gemini has executed, and its output.

    Source: google-genai 3.6.1, types/interactions/{codeexecutioncallstep,codeexecutionresultstep}.py
    """

    code: str = ""
    language: str = ""
    output: str = ""
    failed: bool = False


class Terms(FrozenModel):
    """Constraints of a request that its answer is checked against.

    Attributes:
        response_schema: JSON Schema of the answer.
        max_output_tokens: A model's token limit, thoughts included.
        max_total_tokens: An agent's token budget.
        service_tier: As in `Request`; decides on the price.
        metadata_filter: As in `Request`; what runs a plan has that of the plan.
    """

    response_schema: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    max_total_tokens: int | None = None
    service_tier: str | None = Field(default=None, exclude_if=lambda tier: tier is None)
    metadata_filter: str | None = Field(default=None, exclude_if=lambda text: text is None)


class SavedFile(FrozenModel):
    """A file saved for an interaction.

    Attributes:
        name: Last segment of its resource URI, and of its path unless that name was taken when it was saved again.
            Unique within the interaction on one machine.
        path: Absolute path.
        bytes: Size.
        sha256: Hexadecimal hash of its content; empty in rows of versions before 0.3.
        place: Index among the interaction's media, from 1, as in `MEDIA_PLACEHOLDER`; None for other files.
        within: Its path in an agent's environment.
        seconds: Duration of audio or video.
        exported: Whether it is a document that somebody asked for, made of the answer as it was then.
        width: Width of an image in pixels, beside its height.
    """

    name: str
    path: str
    mime_type: str
    bytes: int
    sha256: str = ""
    place: int | None = None
    within: str | None = None
    seconds: float | None = Field(default=None, exclude_if=lambda seconds: seconds is None)
    exported: bool = Field(default=False, exclude_if=lambda exported: not exported)
    width: int | None = None
    height: int | None = None


class Interaction(FrozenModel):
    """An interaction as returned by the API, reduced to what this server shows.

    Attributes:
        text: All text blocks of all `model_output` steps, with a `MEDIA_PLACEHOLDER` for each of the `media`.
        spoken: Whether words of the text are marked as those of a recording.
        environment_id: Id of the sandbox that an agent has worked in.
        steps: Types of all steps, in order.
        thoughts: Thought summaries, in order.
        code: Executed code, in order.
        failures: Failed tool calls, one line each; the first ones if there are very many.
        prompt: Last user input, if the API returned it.
        error: The API's error message.
        reasons: Finish reasons, under the names in `error_codes`.
        terms: Constraints of the request, if the API returned them.
    """

    id: str | None = None
    status: str
    model: str | None = None
    agent: str | None = None
    previous_interaction_id: str | None = None
    environment_id: str | None = None
    text: str = ""
    spoken: bool = False
    citations: tuple[Citation, ...] = ()
    usage: Usage | None = None
    media: tuple[Media, ...] = ()
    steps: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    code: tuple[Execution, ...] = ()
    failures: tuple[str, ...] = ()
    prompt: str | None = None
    error: str | None = None
    reasons: tuple[str, ...] = ()
    terms: Terms | None = None
    created: str | None = None


class Event(FrozenModel):
    """One event of a stream.

    Attributes:
        type: The API's event type; `unknown` if it is not known here.
        event_id: Id after which a dropped stream can be resumed.
        text: Text that the event adds to the answer.
        activity: One line for people on what the interaction does now.
        searches: Search queries of the interaction.
        pages: Addresses that the interaction has read.
        usage: Token counts of the whole interaction.
        usage_so_far: Token counts up to this event, of an interaction that goes on.
        data: The event as received.
    """

    type: str
    event_id: str | None = None
    interaction_id: str | None = None
    status: str | None = None
    text: str = ""
    activity: str | None = None
    searches: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    usage: Usage | None = None
    usage_so_far: Usage | None = None
    error_code: str | None = None
    error_message: str | None = None
    data: Mapping[str, Any] = Field(default_factory=dict[str, Any], repr=False)


class RemoteServer(FrozenModel):
    """A remote MCP server that an agent at Google may use, as configured by the user.

    Attributes:
        headers: Request headers, which may contain secrets and are never shown.

    Source: google-genai 3.6.1, types/interactions/mcpserver.py
    """

    name: str
    url: str
    headers: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr], repr=False)


class Request(FrozenModel):
    """An interaction to start.

    Attributes:
        contents: Content blocks that precede the prompt.
        contents_digest: Hash of the contents, as in `Contents`; not sent.
        tools: Types of Gemini's built-in tools.
        stores: File search stores.
        metadata_filter: Which files of the stores are searched.
        servers: Remote MCP servers.
        environment: `remote` for a new sandbox or the id of an existing one, for agents that work in a sandbox.
        derived: Whether this server has chosen the environment, and not the caller.
        sandbox: What that sandbox is to have.
        approves: Whether it approves the research plan that it follows.
        topic: The caller's own words, if `prompt` contains more; not sent.
        response_schema: JSON Schema of the answer.
        image: `aspect_ratio` and `image_size` of an image to generate.
        speech: How the prompt is spoken.
        transcription: How the recording among `contents` is written down; the prompt is not sent.
        video: How a video is made.
        output_path: Requested path of what is made, as given by the caller; not sent.
        agent_config: Configuration of `agent`; `generation_config` is that of `model`.
        service_tier: `flex`, `standard` or `priority`: https://ai.google.dev/gemini-api/docs/pricing
        attachments: The files among `contents`, for an estimate of the cost; not sent.
    """

    kind: InteractionKind
    prompt: str
    model: str | None = None
    agent: str | None = None
    contents: tuple[ContentItem, ...] = Field(default=(), repr=False)
    contents_digest: str = ""
    previous_interaction_id: str | None = None
    system_instruction: str | None = None
    tools: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    metadata_filter: str | None = Field(default=None, exclude_if=lambda text: text is None)
    servers: tuple[RemoteServer, ...] = ()
    environment: str | None = None
    derived: bool = Field(default=False, exclude=True)
    sandbox: Sandbox | None = Field(default=None, exclude_if=asks_for_nothing)
    approves: bool = False
    topic: str | None = None
    response_schema: dict[str, Any] | None = None
    thinking_level: str | None = None
    max_output_tokens: int | None = None
    store: bool = True
    image: dict[str, str] | None = None
    speech: Speech | None = Field(default=None, exclude_if=lambda speech: speech is None)
    transcription: Transcription | None = Field(default=None, exclude_if=lambda given: given is None)
    video: VideoFormat | None = Field(default=None, exclude_if=lambda given: given is None)
    output_path: str | None = None
    agent_config: dict[str, Any] | None = None
    service_tier: str | None = Field(default=None, exclude_if=lambda tier: tier is None)
    attachments: tuple[Attachment, ...] = Field(default=(), repr=False, exclude=True)

    @property
    def plan(self) -> bool:
        """Whether a research plan is requested instead of the research."""
        return bool((self.agent_config or {}).get("collaborative_planning"))


class Record(FrozenModel):
    """A row of the journal.

    Attributes:
        label: Our own name, unique, written before the request is sent. It stands for an id where Google names none.
        interaction_id: The API's, as soon as it has named one; the label where Google keeps nothing.
        plan: Whether the answer is a research plan, to approve or refine.
        tools: Tools of an agent, by the names that `start_research` takes; None where they were the agent's own.
        text: As in `Interaction`; the `place` of a file says which of the media it is.
        code: As in `Interaction`; like `failures`, None in rows of versions before 0.3.
        media: The media of the answer without their data; None where all of them came as data.
        status: The API's, verbatim, or `unknown`. A settled one may become another: `failed` without `finished_at` is
            an interaction that Google does not show, but may; a plan that is given up becomes `cancelled`.
        error: Why there is no answer or what is wrong with it, in sentences; an unsettled row with one is not followed.
        terms: What was asked for that the answer is held against.
        stopped_by: The tool or method by which somebody has asked this server to stop it.
        created_at: When the request was about to be sent; aware.
        finished_at: When everything was written down and saved; aware.
        delivered_at: When a call last returned its answer; aware. None while nobody has been given it.
        detached_at: When its call ended without the answer, by a hand-over or a cancellation; aware.
        topic: What it is about, where its prompt does not say: the question of the first request of its chain.
        fingerprint: What makes two requests identical; empty where something else has sent it.
        approves: Whether it runs the plan that it continues; a plan is run once, however the request is worded.
        origin: Whether this server has sent the request, or something else.
        stored: Whether Google keeps it, so that it can be read and continued.
        files_pending: Whether files of a settled interaction could not be saved, and may be fetched again.
        principal: Whose it is; empty on a desktop.
        cost_micros: What counts against the limits in dollars, in millionths of a dollar: the most that it may cost,
            until it has settled with token counts that have a price; None where the price is not known. See `cost`.
        settled_at: When this server saw `status` become the settled one that it is; aware.
    """

    label: str
    interaction_id: str | None = None
    kind: InteractionKind
    plan: bool = False
    status: str = UNKNOWN_STATUS
    model: str | None = None
    agent: str | None = None
    previous_interaction_id: str | None = None
    environment_id: str | None = None
    tools: tuple[str, ...] | None = None
    prompt: str = ""
    text: str = ""
    citations: tuple[Citation, ...] = ()
    code: tuple[Execution, ...] | None = None
    failures: tuple[str, ...] | None = None
    usage: Usage | None = None
    files: tuple[SavedFile, ...] = ()
    error: str | None = None
    terms: Terms | None = None
    stopped_by: str | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    finished_at: UtcDatetime | None = None
    delivered_at: UtcDatetime | None = None
    detached_at: UtcDatetime | None = None
    topic: str | None = None
    fingerprint: str = Field(default="", exclude=True)
    approves: bool = Field(default=False, exclude=True)
    origin: Literal["ours", "foreign"] = Field(default="ours", exclude=True)
    stored: bool = Field(default=True, exclude=True)
    files_pending: bool = Field(default=False, exclude=True)
    principal: str = Field(default="", exclude=True)
    cost_micros: int | None = Field(default=None, exclude=True)
    settled_at: UtcDatetime | None = Field(default=None, exclude=True)
    media: tuple[Media, ...] | None = Field(default=None, exclude=True)

    @property
    def task(self) -> bool:
        """Whether an agent other than Deep Research works on it."""
        return self.kind == "research" and not (self.agent or DEEP_RESEARCH_PREFIX).startswith(DEEP_RESEARCH_PREFIX)

    @property
    def cost(self) -> int | None:
        """What it has cost, in millionths of a dollar; None where that is not known, or not yet."""
        # An API that counts nothing has not counted yet.
        counted = is_settled(self.status) and self.usage not in (None, Usage()) and not self.usage.unpriced
        return self.cost_micros if counted or self.cost_micros == 0 else None

    @property
    def title(self) -> str:
        """Its topic, or else all of its prompt."""
        return self.topic or self.prompt

    @property
    def wording(self) -> str:
        """What was asked for, as files tell it: the topic, then what was to change; running a plan adds nothing."""
        if self.topic is None or self.prompt.startswith(self.topic):
            return self.prompt
        runs_plan = self.kind == "research" and not self.plan
        return self.topic if runs_plan else f"{self.topic}\n\n{self.prompt}"
