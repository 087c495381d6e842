"""The nouns of this server: what is asked of Gemini, what came back and what the journal keeps."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Kind = Literal["ask", "analyze", "image", "research"]
"""What an interaction is for; decides how it is sent and shown."""

Content = Mapping[str, Any]
"""One content block as the API takes it.

Source: google-genai 3.4.0, types/interactions/content.py
"""

TERMINAL: Final = frozenset({"completed", "failed", "cancelled", "incomplete", "budget_exceeded"})
"""Statuses after which an interaction does not change.

Source: google-genai 3.4.0, types/interactions/interaction.py
"""

WAITING_FOR_CLIENT: Final = frozenset({"requires_action", "requires_continuation"})
"""Statuses that only a further request of the client can change."""

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
        parts: Labels, which most files have not, and blocks, in the order of the sources.
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
        """The content blocks, each after the name by which it was found: a picture does not tell its own."""
        return tuple(each for label, block in self.parts for each in (*labels(label), block))


def labels(label: str) -> tuple[Content, ...]:
    """A label as a block."""
    return ({"type": "text", "text": f"File {label}:"},) if label else ()


class Citation(Model):
    """A source of a stretch of the answer.

    Attributes:
        url: The page, file or place.
        start: First byte of the stretch in the UTF-8 of the answer's text.
        end: The byte after its last.
        resolved: Where `url` leads, when that is one of Google's redirects and somebody asked.

    Source: google-genai 3.4.0, types/interactions/urlcitation.py
    """

    url: str
    title: str = ""
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
    mime_type: str = "application/octet-stream"
    data: str | None = Field(default=None, repr=False)
    uri: str | None = None


class SavedFile(Model):
    """A file written for an interaction.

    Attributes:
        name: The last part of its resource URI, and of its path unless that was taken when it was saved again. Unique
            within the interaction on one machine.
        path: Absolute.
        sha256: Of its content, in hexadecimal digits; empty in rows of versions before 0.3.
        place: Which of the interaction's media it is, from 1: the one that `PLACE` names; None for other files.
        within: The path that it has in an agent's environment.
        width: Pixels, for images.
        height: Pixels, for images.
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
        name: `files/abc`.
        uri: What a content block names it by.
        expires_at: When Google deletes it; aware.
    """

    name: str
    uri: str
    expires_at: datetime


class Interaction(Model):
    """What the API says of an interaction, reduced to what this server shows.

    Attributes:
        text: All text blocks of all `model_output` steps; `PLACE` says where `media` belong.
        environment_id: Of the sandbox that an agent has worked in.
        steps: The types of all steps, in order.
        thoughts: Thought summaries, in order.
        prompt: The last user input, when the API returned it.
        error: What went wrong, in the API's words.
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
    prompt: str | None = None
    error: str | None = None
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
        label: Ours, unique, written before the request is sent.
        interaction_id: The API's, as soon as it has named one.
        plan: The answer is a research plan, to approve or refine.
        tools: Of an agent, by the names that `start_research` takes; None where they were the agent's own.
        text: As in `Interaction`; the `place` of a file says which of the media it is.
        status: The API's, verbatim, or `unknown`.
        error: Why there is no answer, in a sentence.
        created_at: When the request was about to be sent; aware.
        finished_at: When this server saw it settle; aware.
        delivered_at: When a call last returned its answer; aware. None while nobody has been given it.
        detached_at: When its call ended without the answer, by a hand-over or a cancellation; aware.
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
    usage: Usage | None = None
    files: tuple[SavedFile, ...] = ()
    error: str | None = None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    delivered_at: datetime | None = None
    detached_at: datetime | None = None


class RecordSummary(Model):
    """A row of `list_interactions`; what is not known is empty."""

    interaction_id: str
    kind: str
    status: str
    model: str
    created_at: str
    prompt: str
    files: int


class RecordPage(Model):
    """What `list_interactions` returns: newest first, and the cursor of the next page."""

    interactions: list[RecordSummary]
    next_cursor: str | None = None
