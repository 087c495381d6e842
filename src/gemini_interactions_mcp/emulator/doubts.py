"""Undocumented behaviour of the real API: each doubt is a field of `Doubts`, and can be decided either way.

The defaults apply unless told otherwise; `CONTRARY` has the opposite of each. A client that loses nothing and buys
nothing twice under both depends on none of them.
"""

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .protocol import (
    FOREGROUND_MODELS,
    INVALID_MESSAGE,
    LIMITED_THINKING_LEVELS,
    NOT_FOUND_MESSAGE,
    NOT_READ_MESSAGES,
    THINKING_LEVELS,
    JsonDict,
    ensure_object,
    ensure_objects,
    ensure_text,
    is_object,
    make_refusal,
    refuse_value,
)
from .questions import Answer
from .requests import read_generation_value, read_model_or_agent, read_tool_types

LOST_COMPLETION_ERROR = {"code": "not_found", "message": "Failed to get completed interaction: Result not found."}
ENVIRONMENT_ROOT_FILES = {"config": b"[core]\n", "src/main.py": b"print('emulated')\n"}


@dataclass(frozen=True)
class Doubts:
    """The outcome of each doubt.

    Attributes:
        id_form: `url-safe` ids are `v1_` and URL-safe Base64; `dotted` ones also contain `.` and `=`.
        first_status: Status of a run before it starts.
        foreground_models: Models that never run in the background.
        passing_refusals: Refuse every n-th background request to a model, which would succeed if repeated; 0 for none.
        streamed_refusals: Whether a streaming request is refused by an `error` event in place of an HTTP status.
        minimal_thinking: Whether the newest Flash and Pro models accept `thinking_level: minimal`.
        maps_and_search: Whether `google_maps` is accepted together with `google_search`.
        environment_optional: Whether a request that continues an agent's interaction may omit the environment.
        late_continues: Number of requests to continue an interaction that are answered 404 before one is accepted.
        bare_foreground: Whether a foreground stream names the interaction only with its first output, has no event
            ids, cannot be resumed, and leaves nothing to read after a drop.
        completed_usage: Whether the `interaction.completed` event of a model includes the usage.
        streamed_annotations: Whether a stream includes the annotations of the text.
        lost_completions: End every n-th stream with an `error` event in place of `interaction.completed`; 0 for none.
        late_reads: Number of reads of an interaction that are answered 404 before one succeeds.
        bare_reads: Number of reads of a completed interaction that lack steps and usage.
        refused_reads: HTTP statuses, assigned to the interactions in turn, that refuse all reads once a stream was
            sent to its end; 0 refuses none.
        input_steps: Whether a read includes the user's input among the steps.
        labels_echoed: Whether a read includes the labels of the request.
        unstored_ids: Whether an interaction that is not stored has an id.
        cancel_seconds: Seconds for which a run continues after the response to its cancel.
        deleted_reads: Number of reads that still show a deleted interaction.
        retry_delay: Where a 429 gives its retry delay: as `scripted`, or only in its `message`.
        entry_types: Case of the types in a list of an environment's files.
        entry_sizes: JSON type of the sizes in that list.
        root_entries: Whether an environment has files outside its workspace.
        empty_folders: Response to the list of a folder without files.
        server_calls: Steps that report calls to an MCP server.
        video_delivery: How a video comes that is asked for as `uri`.
        inline_reads: Whether a read shows a video as data that the stream has shown as `uri`.
        late_files: Number of downloads of a generated file that are answered 403 before one succeeds.
        redirected_downloads: Whether a download is redirected to another path.
        ranges: Whether a part of a file can be downloaded.
        missing_stores: HTTP status for a file search store, a document or an operation that does not exist.
        late_documents: Whether a document is listed only once it is indexed.
    """

    id_form: Literal["url-safe", "dotted"] = "url-safe"
    first_status: str = "in_progress"
    foreground_models: tuple[str, ...] = FOREGROUND_MODELS
    passing_refusals: int = 0
    streamed_refusals: bool = False
    minimal_thinking: bool = False
    maps_and_search: bool = True
    environment_optional: bool = True
    late_continues: int = 0
    bare_foreground: bool = False
    completed_usage: bool = True
    streamed_annotations: bool = True
    lost_completions: int = 0
    late_reads: int = 0
    bare_reads: int = 0
    refused_reads: tuple[int, ...] = (0,)
    input_steps: bool = True
    labels_echoed: bool = True
    unstored_ids: bool = False
    cancel_seconds: float = 0.0
    deleted_reads: int = 0
    retry_delay: Literal["scripted", "message"] = "scripted"
    entry_types: Literal["lower", "upper"] = "lower"
    entry_sizes: Literal["text", "number"] = "text"
    root_entries: bool = False
    empty_folders: Literal["empty list", "404"] = "empty list"
    server_calls: Literal["none", "tool_call"] = "none"
    video_delivery: Literal["uri", "inline"] = "uri"
    inline_reads: bool = False
    late_files: int = 0
    redirected_downloads: bool = False
    ranges: bool = True
    missing_stores: Literal["403", "404"] = "403"
    late_documents: bool = False

    def list_thinking_levels(self, model: str) -> tuple[str, ...]:
        """Return the thinking levels that a model accepts."""
        levels = LIMITED_THINKING_LEVELS.get(model, THINKING_LEVELS)
        return ("minimal", *levels) if self.minimal_thinking and "minimal" not in levels else levels

    def make_id(self) -> str:
        """Return a new interaction id."""
        return f"v1_{secrets.token_urlsafe(48)}" if self.id_form == "url-safe" else f"v1.{secrets.token_urlsafe(48)}=="


DEFAULT_DOUBTS = Doubts()
CONTRARY = Doubts(
    id_form="dotted",
    first_status="idle",
    foreground_models=(),
    passing_refusals=2,
    streamed_refusals=True,
    minimal_thinking=True,
    maps_and_search=False,
    environment_optional=False,
    late_continues=2,
    bare_foreground=True,
    completed_usage=False,
    streamed_annotations=False,
    lost_completions=3,
    late_reads=2,
    bare_reads=1,
    refused_reads=(0, 400, 403, 404),
    input_steps=False,
    labels_echoed=False,
    unstored_ids=True,
    cancel_seconds=0.05,
    deleted_reads=1,
    retry_delay="message",
    entry_types="upper",
    entry_sizes="number",
    root_entries=True,
    empty_folders="404",
    server_calls="tool_call",
    video_delivery="inline",
    inline_reads=True,
    late_files=2,
    redirected_downloads=True,
    ranges=False,
    missing_stores="404",
    late_documents=True,
)


class History:
    """Counts the requests to one interaction, as far as doubtful responses depend on them.

    Args:
        doubts: The outcome of each doubt.
        number: Ordinal of the interaction, from 1.

    Attributes:
        told: Whether a stream was sent to its end.
    """

    def __init__(self, doubts: Doubts, number: int) -> None:
        self.doubts = doubts
        self.number = number
        self.told = False
        self._seen: Counter[str] = Counter()

    def _count_up_to(self, request: str, times: int) -> bool:
        """Count a request; return whether it is among the first `times` of its kind."""
        self._seen[request] += 1
        return self._seen[request] <= times

    @property
    def completion_lost(self) -> bool:
        """Whether the stream ends without `interaction.completed`."""
        return is_nth(self.number, self.doubts.lost_completions)

    def check_continue(self, body: JsonDict, environment_id: str) -> None:
        """Check a request that continues the interaction.

        Raises:
            RefusalError: The interaction is too new, or the request must name the environment of an agent.
        """
        if self._count_up_to("continue", self.doubts.late_continues):
            raise make_refusal(404, NOT_FOUND_MESSAGE)
        unnamed = environment_id and "agent" in body and "environment" not in body
        if unnamed and not self.doubts.environment_optional:
            raise make_refusal(400, INVALID_MESSAGE)

    def check_read(self) -> None:
        """Check a read of the interaction.

        Raises:
            RefusalError: It comes too early, or after a stream that was sent to its end.
        """
        if self._count_up_to("read", self.doubts.late_reads):
            raise make_refusal(404, NOT_FOUND_MESSAGE)
        turns = self.doubts.refused_reads
        status = turns[(self.number - 1) % len(turns)] if self.told else 0
        if status:
            raise make_refusal(status, NOT_READ_MESSAGES[status])

    def rewrite_first(self, event: JsonDict, *, bare: bool) -> JsonDict:
        """Return an event as the first stream of the interaction sends it: `bare` ones have no event ids."""
        if self.completion_lost and event["event_type"] == "interaction.completed":
            event = {"event_type": "error", "error": LOST_COMPLETION_ERROR, "event_id": event["event_id"]}
        return {key: value for key, value in event.items() if key != "event_id" or not bare}

    def count_bare_read(self) -> bool:
        """Count a read of the completed interaction; return whether it lacks steps and usage."""
        return self._count_up_to("completed", self.doubts.bare_reads)

    def count_deleted_read(self) -> bool:
        """Count a read of the deleted interaction; return whether it still shows the interaction."""
        return self._count_up_to("deleted", self.doubts.deleted_reads)


def is_nth(number: int, every: int) -> bool:
    """Whether a number is a multiple of `every`; never for 0."""
    return bool(every) and number % every == 0


def check_doubtful(doubts: Doubts, body: JsonDict, backgrounds: int) -> None:
    """Check a request against the rules that are in doubt.

    Args:
        doubts: The outcome of each doubt.
        body: The request.
        backgrounds: Number of background requests to models so far, this one included.

    Raises:
        RefusalError: The API would refuse it.
    """
    name = read_model_or_agent(body)
    passing = "model" in body and is_nth(backgrounds, doubts.passing_refusals)
    if body.get("background") and (name in doubts.foreground_models or passing):
        raise make_refusal(400, f"Model '{name}' does not support background interactions.")
    refuse_value(
        "generation_config.thinking_level",
        read_generation_value(body, "thinking_level"),
        doubts.list_thinking_levels(name),
    )
    if not doubts.maps_and_search and {"google_maps", "google_search"} <= set(read_tool_types(body)):
        raise make_refusal(400, "google_maps and google_search cannot be used together.")


def insert_server_calls(doubts: Doubts, body: JsonDict, answer: Answer) -> Answer:
    """Insert the steps that report calls to the MCP servers of a request, if the API has such steps."""
    servers = [tool for tool in ensure_objects(body.get("tools")) if tool["type"] == "mcp_server"]
    if doubts.server_calls == "none" or not servers or not answer.steps:
        return answer
    told: list[JsonDict] = []
    for number, server in enumerate(servers):
        called = {"name": "lookup", "server_name": server.get("name", "")}
        told.append({"type": "tool_call", "id": f"call_server_{number}", **called, "arguments": {"query": "emulated"}})
        told.append({"type": "tool_result", "call_id": f"call_server_{number}", **called, "result": "Emulated result"})
    *before, last = answer.steps
    return replace(answer, steps=[*before, *told, last])


def is_streamed(doubts: Doubts, event: JsonDict) -> bool:
    """Whether a stream includes an event."""
    return doubts.streamed_annotations or ensure_object(event.get("delta")).get("type") != "text_annotation_delta"


def move_delay_to_message(headers: Mapping[str, str], body: object) -> tuple[dict[str, str], object]:
    """Return headers and body of a 429 with the retry delay moved into the message."""
    error = ensure_object(ensure_object(body).get("error"))
    details = [ensure_text(detail.get("retryDelay")) for detail in ensure_objects(error.get("details"))]
    [delay, *_] = [*filter(None, details), *(f"{value}s" for value in _read_retry_after(headers)), ""]
    kept = {name: value for name, value in headers.items() if name.lower() != "retry-after"}
    if not delay or not is_object(body):
        return kept, body
    told = {key: value for key, value in error.items() if key != "details"}
    return kept, {"error": told | {"message": f"{ensure_text(error.get('message'))} Please retry in {delay}."}}


def _read_retry_after(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the delay of a `retry-after` header in seconds; nothing if it is a date or missing."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and re.fullmatch(r"[\d.]+", value):
            yield value


def format_environment_entry(doubts: Doubts, entry: JsonDict) -> JsonDict:
    """Return an entry of a list of an environment's files, with type and size in the decided form."""
    listed = dict(entry)
    if doubts.entry_types == "upper":
        listed["type"] = entry["type"].upper()
    if doubts.entry_sizes == "number" and "size_bytes" in entry:
        listed["size_bytes"] = int(entry["size_bytes"])
    return listed
