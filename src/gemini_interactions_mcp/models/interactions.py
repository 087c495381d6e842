"""The nouns of this server: what is asked of Gemini, what came back and what the journal keeps."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from .catalog import DEEP_RESEARCH

Kind = Literal["ask", "analyze", "image", "research"]
"""What an interaction is for; decides how it is sent and shown."""

Content = Mapping[str, Any]
"""One content block as the API takes it.

Source: google-genai 3.4.0, types/interactions/content.py
"""


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, also where it names no time zone; the ends of the calendar stay as they are."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(in_utc)]
"""A time, in UTC, whoever has written it."""

TERMINAL: Final = frozenset({"completed", "failed", "cancelled", "incomplete", "budget_exceeded"})
"""Statuses after which an interaction does not change.

Source: google-genai 3.4.0, types/interactions/interaction.py
"""

WAITING_FOR_CLIENT: Final = frozenset({"requires_action", "requires_continuation"})
"""Statuses that only a further request of the client can change."""

OCTETS: Final = "application/octet-stream"
"""The type of bytes that no program is told to open."""

UNKNOWN: Final = "unknown"
"""Our one status that is not the API's: the request may or may not have been taken."""


PLACE: Final = re.compile(r"!\[([^\[\]\n]{0,200})\]\(media:(\d+)\)")
"""Where the n-th of an answer's media belongs in its text: `![image 2](media:2)`."""


def settled(status: str) -> bool:
    """Whether there is nothing to wait for any more; an unknown status of the API counts as running."""
    return status in TERMINAL or status in WAITING_FOR_CLIENT


def unadorned(schema: dict[str, Any]) -> None:
    """Leave out of a class's schema what hosts pay for and nobody reads there: its docstring, and that it is closed."""
    schema.pop("description", None)
    schema.pop("additionalProperties", None)


class Model(BaseModel):
    """Frozen and closed: what we make has exactly these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=unadorned)


class Contents(Model):
    """What is given to Gemini beside a prompt.

    Attributes:
        parts: Labels, where they are needed, and blocks, in the order of the sources.
        notes: What of folders and globs was left out, in sentences for the caller.
        digest: What makes two of them the same: names and contents, wherever they are uploaded to.
    """

    parts: tuple[tuple[str, Content], ...] = Field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def blocks(self) -> tuple[Content, ...]:
        """The content blocks."""
        return tuple(block for _, block in self.parts)

    @property
    def labelled(self) -> tuple[Content, ...]:
        """The content blocks, each after its label: a picture does not tell its name."""
        return tuple(each for label, block in self.parts for each in (*labels(label), block))


def labels(label: str) -> tuple[Content, ...]:
    """A label as a block."""
    return ({"type": "text", "text": f"File {label}:"},) if label else ()


class Citation(Model):
    """A source of a stretch of the answer.

    Attributes:
        url: Of the page, file or place; empty where that has no address for people.
        title: What it is called.
        page: Of a document, from 1.
        start: First byte of the stretch in the UTF-8 of the answer's text.
        end: The byte after its last.
        resolved: Where `url` leads, when that is one of Google's redirects and somebody asked.

    Source: google-genai 3.6.1, types/interactions/{urlcitation,filecitation,placecitation}.py
    """

    url: str = ""
    title: str = ""
    page: int | None = None
    resolved: str = ""
    start: int | None = None
    end: int | None = None


class Usage(Model):
    """Tokens, in the API's own names; zero where it said nothing.

    Source: google-genai 3.4.0, types/interactions/usage.py
    """

    total_input_tokens: int = 0
    total_output_tokens: int = 0
    total_thought_tokens: int = 0
    total_tool_use_tokens: int = 0
    total_cached_tokens: int = 0
    total_tokens: int = 0


class Media(Model):
    """A generated image, audio, video or document, as the API returned it.

    Attributes:
        kind: The content type: image, audio, video or document.
        data: Base64 text, when the bytes came along.
        uri: Where they are otherwise.
    """

    kind: str
    mime_type: str = OCTETS
    data: str | None = Field(default=None, repr=False)
    uri: str | None = None


class Execution(Model):
    """Code that Gemini has run, and what it printed.

    Source: google-genai 3.6.1, types/interactions/{codeexecutioncallstep,codeexecutionresultstep}.py
    """

    code: str = ""
    language: str = ""
    output: str = ""
    failed: bool = False


class Terms(Model):
    """What an answer is held against that was asked for.

    Attributes:
        response_schema: JSON Schema that it must follow.
        max_output_tokens: Of a model, which its thoughts count towards.
        max_total_tokens: An agent's budget.
    """

    response_schema: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    max_total_tokens: int | None = None


class SavedFile(Model):
    """A file written for an interaction.

    Attributes:
        name: The last part of its resource URI, and of its path unless that was taken when it was saved again. Unique
            within the interaction on one machine.
        path: Absolute path.
        bytes: Size of its content.
        sha256: Digest of its content in hexadecimal digits; empty in rows of versions before 0.3.
        place: Which of the interaction's media it is, from 1, as `PLACE` names it; None for other files.
        within: Path in an agent's environment.
        width: Pixels, of images.
        height: Pixels, of images.
    """

    name: str
    path: str
    mime_type: str
    bytes: int
    sha256: str = ""
    place: int | None = None
    within: str | None = None
    width: int | None = None
    height: int | None = None


class Uploaded(Model):
    """A file that the Files API keeps.

    Attributes:
        name: Such as `files/abc`.
        uri: Address for content blocks.
        expires_at: When Google deletes it; aware.
    """

    name: str
    uri: str
    expires_at: Moment


class Interaction(Model):
    """What the API says of an interaction, reduced to what this server shows.

    Attributes:
        text: All text blocks of all `model_output` steps; `PLACE` says where `media` belong.
        environment_id: Of the sandbox that an agent has worked in.
        steps: The types of all steps, in order.
        thoughts: Thought summaries, in order.
        code: What code was run, in order.
        failures: Calls of tools that came to nothing, a line each, of very many the first.
        prompt: The last user input, when the API returned it.
        error: What went wrong, in the API's words.
        reasons: Why it ended as it did, by the names that `codes` has.
        terms: What was asked for, when the API returned it.
    """

    id: str | None = None
    status: str
    model: str | None = None
    agent: str | None = None
    previous_interaction_id: str | None = None
    environment_id: str | None = None
    text: str = ""
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


class Event(Model):
    """One event of a stream.

    Attributes:
        type: The API's event type; `unknown` for one that we do not know.
        event_id: Where a dropped stream can be resumed.
        text: Text that this event adds to the answer.
        activity: One line on what the interaction does now, for people.
        searches: What it has searched for.
        pages: The addresses that it has read.
        data: The event as it came.
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
    error_code: str | None = None
    error_message: str | None = None
    data: Mapping[str, Any] = Field(default_factory=dict[str, Any], repr=False)


class RemoteServer(Model):
    """A remote MCP server that an agent at Google may use, as the user has configured it.

    Attributes:
        headers: May carry secrets, so they show nowhere.

    Source: google-genai 3.6.1, types/interactions/mcpserver.py
    """

    name: str
    url: str
    headers: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr], repr=False)


class SandboxFile(Model):
    """A file in the environment of a managed agent.

    Attributes:
        path: Relative to the environment's workspace.

    Source: google-genai 3.6.1, types/environments/environmentfile.py
    """

    path: str
    bytes: int = 0
    mime_type: str = ""


class Request(Model):
    """An interaction to start.

    Attributes:
        contents: Content blocks that go before the prompt.
        contents_digest: What makes two requests' contents the same, as in `Contents`; is not sent.
        tools: Types of Gemini's built-in tools.
        stores: File search stores to search.
        servers: Remote MCP servers to use.
        environment: `remote` for a new sandbox, or the id of one, for agents that work in one.
        approves: It runs the plan that it follows.
        topic: The caller's own words, where `prompt` has more than these; not sent.
        response_schema: JSON Schema that the answer must follow.
        image: `aspect_ratio` and `image_size` of an image to make.
        output_path: Where the image is wanted, as the caller named it; not sent.
        agent_config: Goes with `agent`; `generation_config` goes with `model`.
    """

    kind: Kind
    prompt: str
    model: str | None = None
    agent: str | None = None
    contents: tuple[Content, ...] = Field(default=(), repr=False)
    contents_digest: str = ""
    previous_interaction_id: str | None = None
    system_instruction: str | None = None
    tools: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    servers: tuple[RemoteServer, ...] = ()
    environment: str | None = None
    approves: bool = False
    topic: str | None = None
    response_schema: dict[str, Any] | None = None
    thinking_level: str | None = None
    max_output_tokens: int | None = None
    store: bool = True
    image: dict[str, str] | None = None
    output_path: str | None = None
    agent_config: dict[str, Any] | None = None

    @property
    def plan(self) -> bool:
        """Whether a research plan is asked for, instead of the research."""
        return bool((self.agent_config or {}).get("collaborative_planning"))


class Record(Model):
    """A row of the journal.

    Attributes:
        label: Our own name, unique, written before the request is sent. It stands for an id where Google names none.
        interaction_id: The API's, as soon as it has named one; the label where Google keeps nothing.
        plan: Whether the answer is a research plan, to approve or refine.
        tools: Tools of an agent, by the names that `start_research` takes; None where they were the agent's own.
        text: As in `Interaction`; the `place` of a file says which of the media it is.
        code: As in `Interaction`; like `failures`, None in rows of versions before 0.3.
        status: The API's, verbatim, or `unknown`. A settled one may become another: `failed` without `finished_at` is
            an interaction that Google does not show, but may; a plan that is given up becomes `cancelled`.
        error: Why there is no answer, or what is wrong with it, in sentences for people. A row that has not settled
            is not followed any more where it has one.
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
        cost_micros: Its cost in millionths of a dollar, where that is known.
        settled_at: When this server saw `status` become the settled one that it is; aware.
    """

    label: str
    interaction_id: str | None = None
    kind: Kind
    plan: bool = False
    status: str = UNKNOWN
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
    created_at: Moment
    updated_at: Moment
    finished_at: Moment | None = None
    delivered_at: Moment | None = None
    detached_at: Moment | None = None
    topic: str | None = None
    fingerprint: str = Field(default="", exclude=True)
    approves: bool = Field(default=False, exclude=True)
    origin: Literal["ours", "foreign"] = Field(default="ours", exclude=True)
    stored: bool = Field(default=True, exclude=True)
    files_pending: bool = Field(default=False, exclude=True)
    principal: str = Field(default="", exclude=True)
    cost_micros: int | None = Field(default=None, exclude=True)
    settled_at: Moment | None = Field(default=None, exclude=True)

    @property
    def task(self) -> bool:
        """Whether an agent other than Deep Research works on it."""
        return self.kind == "research" and not (self.agent or DEEP_RESEARCH).startswith(DEEP_RESEARCH)

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


class RecordSummary(Model):
    """A row of `list_interactions`; what is not known is empty or absent.

    Attributes:
        label: By what a row is deleted that Google has never taken, and that has no id.
        seconds: How long it has run so far.
        activity: What it does now.
        sources: Pages read so far; of what has ended, sources cited.
    """

    interaction_id: str
    label: str | None = None
    kind: str
    status: str
    model: str
    created_at: str
    topic: str | None = None
    prompt: str
    files: int
    seconds: int | None = None
    activity: str | None = None
    sources: int | None = None
    tokens: int | None = None
    finished_at: str | None = None
    error: str | None = None


class RecordPage(Model):
    """What `list_interactions` returns: newest first, and the cursor of the next page."""

    interactions: list[RecordSummary]
    next_cursor: str | None = None


Moved = Callable[[int], None]
"""Told how many bytes have been sent so far; fewer than before, when some have to be sent again."""


class Source(Protocol):
    """What is uploaded: read once from its start to its end, unless a part has to be sent again."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go to an offset."""
        ...
