"""Between the Interactions API's JSON and our models. Pure: no I/O, and no type of the SDK.

What the API sends is read leniently: an unknown step, event or field is passed over, never an error.
The shapes are those of google-genai 3.4.0 (google/genai/_gaos/types/interactions).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import quote

from gemini_interactions_mcp.core import (
    InputError,
    Json,
    as_json,
    blank,
    concatenated,
    inert,
    items,
    long,
    number,
    text_of,
    utf8_length,
)
from gemini_interactions_mcp.models import (
    OCTETS,
    PLACE,
    Citation,
    Content,
    Event,
    Interaction,
    Media,
    Request,
    SandboxFile,
    Usage,
    catalog,
    terms,
)
from gemini_interactions_mcp.text import citations

from .endings import error_code, reasons_told, reported_error
from .steps import asked_for, executions, failures

MEDIA: Final = ("image", "audio", "video", "document")
"""Content types that are bytes."""

INTERACTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""Ids as the API has made them so far."""

LONGEST_ID: Final = 512


def checked_id(text: str) -> str:
    """The text, if it can be an interaction id that somebody else than Google names.

    Raises:
        InputError: It has other characters, or is empty or over 256 long.
    """
    if INTERACTION_ID.fullmatch(text):
        return text
    raise InputError(
        "That is not an interaction id: an id has only letters, digits, '-' and '_'. "
        "list_interactions shows the ids of this server."
    )


def path_segment(given: str) -> str:
    """An id that Google gave, as one segment of a URL's path: the SDK puts it there as it is.

    Raises:
        InputError: It is empty, over 512 characters long, no text, or nothing but dots, which a URL does not keep.
    """
    if not given.strip(".") or len(given) > LONGEST_ID:
        raise InputError("That is not an id of the API. list_interactions shows the ids of this server.")
    try:
        return quote(given, safe="")
    except UnicodeEncodeError:
        raise InputError("That is not an id of the API: it has half a character.") from None


def checked_path(path: str) -> str:
    """A path in an agent's environment as it may stand in a URL, which the SDK would take as it is.

    Raises:
        InputError: It leads out of the environment.
    """
    if ".." in path.split("/"):
        raise InputError("That path leads out of the agent's environment.")
    return quote(path)


# Requests ------------------------------------------------------------------------------------------------


def create_arguments(request: Request, *, background: bool, stream: bool) -> dict[str, Any]:
    """Keyword arguments of the SDK's `interactions.create`.

    None-valued ones are left out: `agent=None` beside `model` raises there.
    """
    arguments: dict[str, Any] = {
        "model": request.model,
        "agent": request.agent,
        "input": input_of(request),
        "previous_interaction_id": request.previous_interaction_id,
        "system_instruction": request.system_instruction,
        "tools": list(tools(request)) or None,
        "environment": request.environment,
        "generation_config": generation_config(request) or None,
        "response_format": response_format(request),
        "agent_config": request.agent_config,
        "background": background or None,
        "stream": stream or None,
        "store": request.store,
        # The SDK would otherwise send several billed requests for one. Beside `background`, where the
        # server continues by itself, giving the argument raises.
        "automatic_continuation": None if background else False,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def input_of(request: Request) -> str | list[Content]:
    """The prompt alone, or after the content blocks that it is about."""
    if not request.contents:
        return request.prompt
    return [*request.contents, {"type": "text", "text": request.prompt}]


def tools(request: Request) -> Iterator[Json]:
    """Gemini's own tools, file search stores and remote MCP servers."""
    yield from ({"type": tool} for tool in request.tools)
    if request.stores:
        yield {"type": "file_search", "file_search_store_names": list(request.stores)}
    for server in request.servers:
        headers = {name: value.get_secret_value() for name, value in server.headers.items()}
        yield {"type": "mcp_server", "name": server.name, "url": server.url} | ({"headers": headers} if headers else {})


def generation_config(request: Request) -> dict[str, Any]:
    """How a model thinks and when it stops."""
    config: dict[str, Any] = {}
    if request.thinking_level:
        # Without summaries there is nothing to show while a model thinks.
        level = catalog.thinking_level(request.thinking_level, request.model)
        config |= {"thinking_level": level, "thinking_summaries": "auto"}
    if request.max_output_tokens:
        config["max_output_tokens"] = request.max_output_tokens
    return config


def response_format(request: Request) -> dict[str, Any] | list[dict[str, Any]] | None:
    """An image, with the text that a model adds to it, or an answer that follows a JSON Schema.

    Several kinds are asked for as a list: https://ai.google.dev/gemini-api/docs/interactions-breaking-changes-may-2026
    """
    if request.image is not None:
        return [{"type": "text"}, {"type": "image", **request.image}]
    if request.response_schema is not None:
        return {"type": "text", "mime_type": "application/json", "schema": request.response_schema}
    return None


# Responses -----------------------------------------------------------------------------------------------


def interaction(payload: object) -> Interaction:
    """Read an Interaction; what is missing stays empty, a missing status is `in_progress`."""
    data = as_json(payload)
    steps = list(items(data.get("steps")))
    draft = answer(steps)
    return Interaction(
        id=text_of(data.get("id")),
        status=text_of(data.get("status")) or "in_progress",
        model=text_of(data.get("model")),
        agent=text_of(data.get("agent")),
        previous_interaction_id=text_of(data.get("previous_interaction_id")),
        environment_id=text_of(data.get("environment_id")),
        text=draft.text,
        citations=tuple(draft.citations),
        usage=usage(data.get("usage")),
        media=tuple(draft.media),
        steps=tuple(str(step.get("type", "unknown")) for step in steps),
        thoughts=tuple(thought for step in steps for thought in thoughts(step)),
        code=tuple(executions(steps)),
        failures=failures(steps),
        prompt=prompt(steps),
        error=reported_error(data, steps),
        reasons=tuple(dict.fromkeys(reasons_told(data, steps))),
        terms=terms.of_answer(data),
        created=text_of(data.get("created")),
    )


@dataclass
class Draft:
    """The answer as it is joined from blocks.

    The SDK's `output_text` is only the trailing run of text: a chart or a tool call in between loses
    what came before.

    Attributes:
        parts: The text so far.
        size: Of it, in bytes of UTF-8.
        written: Something is written around the media.
        interrupted: Something else than text came last.
    """

    parts: list[str] = field(default_factory=list[str])
    size: int = 0
    citations: list[Citation] = field(default_factory=list[Citation])
    media: list[Media] = field(default_factory=list[Media])
    written: bool = False
    interrupted: bool = False

    @property
    def text(self) -> str:
        """All of it; empty where nothing is written around the media."""
        return concatenated(self.parts) if self.written else ""

    def add_text(self, block: Json) -> None:
        """Append a text block; its citations' byte offsets move along."""
        text = text_of(block.get("text")) or ""
        if not text:
            return
        if self.interrupted and self.parts and not self.parts[-1].endswith("\n") and not text.startswith("\n"):
            self._append("\n\n")
        self.interrupted = False
        self.citations += [shifted(found, self.size) for found in cited(block)]
        self.written = self.written or not (blank(text) or PLACE.fullmatch(text))
        self._append(text)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.size += utf8_length(text)

    def add_media(self, block: Json) -> None:
        """Note generated media and where they belong; of those that come as an address, the text has it."""
        media = Media(
            kind=str(block["type"]),
            mime_type=mime_type(block),
            data=text_of(block.get("data")),
            uri=text_of(block.get("uri")),
        )
        self.interrupted = True
        if media.data:
            self.media.append(media)
            self.add_text({"text": f"![{media.kind} {len(self.media)}](media:{len(self.media)})"})
        elif media.uri:
            self.add_text({"text": media_link(media.kind, media.uri)})
        self.interrupted = True


def mime_type(block: Json) -> str:
    """The MIME type of a media block; raw samples say nothing of their rate and channels themselves."""
    named = text_of(block.get("mime_type")) or OCTETS
    told = {"rate": number(block.get("sample_rate")), "channels": number(block.get("channels"))}
    return ";".join([named, *(f"{name}={value}" for name, value in told.items() if value and ";" not in named)])


def answer(steps: list[Json]) -> Draft:
    """Join all text blocks of all `model_output` steps, and collect the media."""
    draft = Draft()
    for step in steps:
        draft.interrupted |= step.get("type") != "model_output"
        for block in contents(step):
            if block.get("type") == "text":
                draft.add_text(block)
            elif block.get("type") in MEDIA:
                draft.add_media(block)
    return draft


def contents(step: Json) -> list[Json]:
    """What a step adds to the answer: all that a model says, and of what code did only the pictures that it drew.

    Source: google-genai 3.6.1, types/interactions/codeexecutionresultstep.py
    """
    match step.get("type"):
        case "model_output":
            return list(items(step.get("content")))
        case "code_execution_result":
            return [block for block in items(step.get("result")) if block.get("type") in MEDIA]
        case _:
            return []


def media_link(kind: str, address: str) -> str:
    """Generated media that came as an address: a link, unless nobody can follow it."""
    if citations.linkable(address):
        return f"[{kind}]({citations.destination(address)})"
    return f"({kind}: {inert(address)})"


def cited(block: Json) -> Iterator[Citation]:
    """The sources of a text block: pages that a link can lead to; files and places also by their names alone."""
    for note in items(block.get("annotations")):
        given = text_of(note.get("url")) or text_of(note.get("document_uri")) or ""
        url = given if citations.linkable(given) else ""
        name = text_of(note.get("file_name")) or text_of(note.get("name")) or file_called(note)
        if url or name:
            yield Citation(
                url=url,
                title=text_of(note.get("title")) or name,
                page=number(note.get("page_number")),
                start=number(note.get("start_index")),
                end=number(note.get("end_index")),
            )


def file_called(note: Json) -> str:
    """What a file is called that has no name: the last part of its address."""
    folder, _, name = (text_of(note.get("document_uri")) or "").rstrip("/").rpartition("/")
    return name if folder else ""


def shifted(citation: Citation, base: int) -> Citation:
    """The citation in a text that has `base` bytes before the block."""
    return citation.model_copy(
        update={name: at + base for name in ("start", "end") if (at := getattr(citation, name)) is not None}
    )


def thoughts(step: Json) -> Iterator[str]:
    """The summaries of a thought step."""
    if step.get("type") == "thought":
        for block in items(step.get("summary")):
            if text := text_of(block.get("text")):
                yield text


def prompt(steps: list[Json]) -> str | None:
    """What the user said last."""
    said = [step for step in steps if step.get("type") == "user_input"]
    texts = [text for block in items(said[-1].get("content")) if (text := text_of(block.get("text")))] if said else []
    return "\n\n".join(texts) or None


def usage(payload: object) -> Usage | None:
    """Token counts; None where the API said nothing, as on some paths it does."""
    data = as_json(payload)
    counts = {name: count for name in Usage.model_fields if (count := number(data.get(name))) is not None}
    return Usage(**counts) if counts else None


NAMED: Final = re.compile(r'"(?:interaction_)?id"\s*:\s*"(v1(?:[^"\\]|\\.){1,510})"')
"""An interaction's id where nothing else can be read. All begin with `v1`, other ids of an answer do not."""


def named(text: str) -> str | None:
    """The id of the interaction in an answer that cannot be parsed, or has been cut off."""
    for found in NAMED.finditer(text):
        try:
            return text_of(json.loads(f'"{found[1]}"'))
        except ValueError:
            continue
    return None


def sandbox_files(payload: object) -> list[SandboxFile]:
    """The files of a page of an environment's list; folders are left out."""
    return [
        SandboxFile(path=path, bytes=long(entry.get("size_bytes")), mime_type=text_of(entry.get("mime_type")) or "")
        for entry in items(as_json(payload).get("files"))
        if entry.get("type") != "directory" and (path := text_of(entry.get("path")))
    ]


# Streams -------------------------------------------------------------------------------------------------


def event(payload: object) -> Event:
    """Read one event of a stream; a truncated or unknown one is of type `unknown`."""
    data = as_json(payload)
    about = as_json(data.get("interaction"))
    fault = as_json(data.get("error"))
    unnamed = "error" if fault else "unknown"
    part = as_json(data.get("delta")) or as_json(data.get("step"))
    return Event(
        type=text_of(data.get("event_type")) or unnamed,
        event_id=text_of(data.get("event_id")),
        interaction_id=text_of(about.get("id")) or text_of(data.get("interaction_id")),
        status=text_of(about.get("status")) or text_of(data.get("status")),
        text=added_text(part),
        activity=activity(part),
        searches=asked(part, "queries"),
        pages=asked(part, "urls"),
        usage=usage(about.get("usage")),
        error_code=error_code(fault) or None,
        error_message=text_of(fault.get("message")),
        data=data,
    )


def added_text(part: Json) -> str:
    """The answer's text in a delta, or in a step that begins with content."""
    if part.get("type") == "text":
        return text_of(part.get("text")) or ""
    return answer([part]).text


class Steps:
    """The steps of an interaction as its stream tells them: they begin, then grow by deltas.

    Source: google-genai 3.4.0, types/interactions/stepstart.py, stepdelta.py

    Attributes:
        size: Characters of text that have come in deltas.
    """

    def __init__(self) -> None:
        self._steps: dict[int, dict[str, Any]] = {}
        self.size = 0

    def take(self, payload: object) -> None:
        """Take an event in, whatever it is."""
        data = as_json(payload)
        index = number(data.get("index"))
        if index is None:
            return
        if step := as_json(data.get("step")):
            self._steps[index] = {**step, "content": [growing(block) for block in items(step.get("content"))]}
        elif delta := as_json(data.get("delta")):
            step = self._steps.setdefault(index, {"type": "model_output", "content": []})
            if delta.get("type") == step.get("type"):
                self._steps[index] = merged(step, delta)
            elif delta.get("type") == "thought_summary":
                step["summary"] = [*items(step.get("summary")), as_json(delta.get("content"))]
            else:
                self.size += len(text_of(delta.get("text")) or "")
                grow(step["content"], delta)

    def all(self) -> list[Json]:
        """The steps so far, in order."""
        steps = [self._steps[index] for index in sorted(self._steps)]
        return [{**step, "content": [grown(block) for block in step["content"]]} for step in steps]


def merged(step: dict[str, Any], delta: Json) -> dict[str, Any]:
    """A step of a tool with what a delta of its own type adds: its result grows, other values are replaced."""
    before, added = step.get("result"), delta.get("result")
    if isinstance(before, str) and isinstance(added, str):
        delta = {**delta, "result": before + added}
    elif isinstance(before, list) and isinstance(added, list):
        delta = {**delta, "result": [*cast("list[object]", before), *cast("list[object]", added)]}
    # What a model says comes in blocks of its own.
    return {**step, **delta, "content": step["content"]}


def grow(blocks: list[dict[str, Any]], delta: Json) -> None:
    """Add a delta to the content of its step: to its last text block, or as a block of its own."""
    kind = delta.get("type")
    if kind in MEDIA:
        blocks.append(growing(delta))
    if kind not in ("text", "text_annotation_delta"):
        return
    if not blocks or blocks[-1].get("type") != "text":
        blocks.append(growing({"type": "text"}))
    blocks[-1]["parts"].append(text_of(delta.get("text")) or "")
    blocks[-1]["annotations"].extend(items(delta.get("annotations")))


def growing(block: Json) -> dict[str, Any]:
    """A block that grows: a text is kept in parts, since joining it at each delta takes quadratic time."""
    if block.get("type") != "text":
        return dict(block)
    return {**block, "parts": [text_of(block.get("text")) or ""], "annotations": [*items(block.get("annotations"))]}


def grown(block: Json) -> Json:
    """The block as the API shows it."""
    return {**block, "text": concatenated(block["parts"])} if block.get("type") == "text" else block


ACTIVITIES: Final = {
    "google_search_call": ("Searching", "queries"),
    "google_maps_call": ("Looking at maps", "queries"),
    "url_context_call": ("Reading", "urls"),
    "code_execution_call": ("Running code", ""),
    "model_output": ("Writing", ""),
    "thought": ("Thinking", ""),
}
"""What a step or delta type means to people, and which of its arguments says more."""


def activity(part: Json) -> str | None:
    """One line on what the interaction does now."""
    kind = str(part.get("type"))
    if kind == "thought_summary":
        return headline(text_of(as_json(part.get("content")).get("text")))
    if kind not in ACTIVITIES:
        return None
    verb, argument = ACTIVITIES[kind]
    return headline(next(thoughts(part), None)) or listed(verb, asked_for(part, argument))


def asked(part: Json, argument: str) -> tuple[str, ...]:
    """What a tool's call asks for: the `queries` of a search, the `urls` that are read."""
    return tuple(asked_for(part, argument)) if str(part.get("type")).endswith("_call") else ()


def headline(text: str | None) -> str | None:
    """The first line of a thought summary without its Markdown, at most 160 characters."""
    lines = (line.strip("*# \t") for line in (text or "").splitlines())
    return next((line[:160] for line in lines if line), None)


def listed(verb: str, things: list[str]) -> str:
    """`Searching: a; b`, at most 160 characters."""
    return f"{verb}: {'; '.join(things)}"[:160] if things else verb
