"""What is not known for certain of the real API: every doubt is a field of `Doubts`, and can be played both ways.

The defaults are what the emulator plays unless told otherwise, `CONTRARY` is the other outcome of every doubt. A client
that is complete and buys nothing twice with both depends on none of them.
"""

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .answers import Answer
from .protocol import (
    FEWER_LEVELS,
    FOREGROUND_MODELS,
    INVALID,
    NOT_FOUND,
    NOT_READ,
    THINKING_LEVELS,
    Json,
    is_object,
    object_of,
    objects_of,
    refused,
    text_of,
)
from .requests import generation, name_of, refuse_value, tools_of

LOST = {"code": "not_found", "message": "Failed to get completed interaction: Result not found."}
ROOT_FILES = {"config": b"[core]\n", "src/main.py": b"print('emulated')\n"}


@dataclass(frozen=True)
class Doubts:
    """The outcome of each doubt.

    Attributes:
        id_form: `url-safe` ids are `v1_` and URL-safe Base64, `dotted` ones also have `.` and `=`.
        first_status: Of a run that has not begun.
        foreground_models: Models that never run in the background.
        passing_refusals: Every so many-th model is refused the background, and would have it the next time.
        streamed_refusals: Whether a request for a stream is refused by an `error` event in place of the HTTP status.
        minimal_thinking: Whether the newest Flash and Pro models take `thinking_level: minimal`.
        maps_and_search: Whether `google_maps` is taken together with `google_search`.
        environment_optional: Whether a request that continues an agent's may leave the environment out.
        late_continues: So many requests that continue an interaction are answered 404 before one is taken.
        bare_foreground: Whether a foreground stream names the interaction only with its first output, has no event
            ids, cannot be resumed, and leaves nothing to be read when it drops.
        completed_usage: Whether a model's `interaction.completed` has the usage.
        streamed_annotations: Whether a stream has the annotations of the text.
        lost_completions: Every so many-th stream ends with an `error` event in place of `interaction.completed`.
        late_reads: So many reads of an interaction are answered 404 before one is answered.
        bare_reads: So many reads of a completed interaction lack steps and usage.
        refused_reads: By turns of the interactions, the status by which all reads are refused once a stream has told
            the interaction to its end; 0 refuses none.
        input_steps: Whether a read has the user's input among the steps.
        labels_echoed: Whether a read has the labels of the request.
        unstored_ids: Whether an interaction that is not stored has an id.
        cancel_seconds: So long, a run goes on after its cancel was answered.
        deleted_reads: So many reads still show an interaction that was deleted.
        retry_delay: Where a 429 says when to try again: as `scripted`, or nowhere but in its `message`.
        entry_types: The case of the types in a list of an environment's files.
        entry_sizes: What the sizes in it are.
        root_entries: Whether an environment has files beside its workspace.
        empty_folders: How a folder without files is answered.
        server_calls: The steps that tell of calls to an MCP server.
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

    def levels_of(self, model: str) -> tuple[str, ...]:
        """Return the levels of thinking that a model takes."""
        levels = FEWER_LEVELS.get(model, THINKING_LEVELS)
        return ("minimal", *levels) if self.minimal_thinking and "minimal" not in levels else levels

    def new_id(self) -> str:
        """Return an id for an interaction."""
        return f"v1_{secrets.token_urlsafe(48)}" if self.id_form == "url-safe" else f"v1.{secrets.token_urlsafe(48)}=="


ACCEPTED = Doubts()
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
)


class History:
    """What has happened to an interaction, as far as doubtful answers depend on it.

    Args:
        doubts: Their outcomes.
        number: Of the interaction, from 1 on.
    """

    def __init__(self, doubts: Doubts, number: int) -> None:
        self.doubts = doubts
        self.number = number
        self.told = False
        self._seen: Counter[str] = Counter()

    def _first(self, what: str, times: int) -> bool:
        """Count, and tell whether this is one of the first."""
        self._seen[what] += 1
        return self._seen[what] <= times

    @property
    def completion_lost(self) -> bool:
        """Whether its stream ends without `interaction.completed`."""
        return struck(self.number, self.doubts.lost_completions)

    def check_continue(self, body: Json, environment_id: str) -> None:
        """Let a request pass that continues it.

        Raises:
            RefusalError: It is too fresh, or the environment has to be named that an agent goes on in.
        """
        if self._first("continue", self.doubts.late_continues):
            raise refused(404, NOT_FOUND)
        unnamed = environment_id and "agent" in body and "environment" not in body
        if unnamed and not self.doubts.environment_optional:
            raise refused(400, INVALID)

    def check_read(self) -> None:
        """Let a read pass, unless it comes too early or after a stream that has told everything.

        Raises:
            RefusalError: It is not shown.
        """
        if self._first("read", self.doubts.late_reads):
            raise refused(404, NOT_FOUND)
        turns = self.doubts.refused_reads
        status = turns[(self.number - 1) % len(turns)] if self.told else 0
        if status:
            raise refused(status, NOT_READ[status])

    def first_told(self, event: Json, *, bare: bool) -> Json:
        """Return an event as the stream of the create tells it."""
        if self.completion_lost and event["event_type"] == "interaction.completed":
            event = {"event_type": "error", "error": LOST, "event_id": event["event_id"]}
        return {key: value for key, value in event.items() if key != "event_id" or not bare}

    def bare_read(self) -> bool:
        """Tell whether this read of the completed interaction lacks what it has come to."""
        return self._first("completed", self.doubts.bare_reads)

    def deleted_read(self) -> bool:
        """Tell whether this read still shows the deleted interaction."""
        return self._first("deleted", self.doubts.deleted_reads)


def struck(number: int, every: int) -> bool:
    """Tell whether a number is one of every so many."""
    return bool(every) and number % every == 0


def check_doubtful(doubts: Doubts, body: Json, backgrounds: int) -> None:
    """Let a request pass that the API takes if the doubts are decided like this.

    Args:
        doubts: Their outcomes.
        body: The request.
        backgrounds: How many requests for a model in the background there have been, this one included.

    Raises:
        RefusalError: It does not take it.
    """
    name = name_of(body)
    passing = "model" in body and struck(backgrounds, doubts.passing_refusals)
    if body.get("background") and (name in doubts.foreground_models or passing):
        raise refused(400, f"Model '{name}' does not support background interactions.")
    refuse_value("generation_config.thinking_level", generation(body, "thinking_level"), doubts.levels_of(name))
    if not doubts.maps_and_search and {"google_maps", "google_search"} <= set(tools_of(body)):
        raise refused(400, "google_maps and google_search cannot be used together.")


def with_server_calls(doubts: Doubts, body: Json, answer: Answer) -> Answer:
    """Return an answer with the steps that tell of calls to MCP servers, if there are any."""
    servers = [tool for tool in objects_of(body.get("tools")) if tool["type"] == "mcp_server"]
    if doubts.server_calls == "none" or not servers or not answer.steps:
        return answer
    told: list[Json] = []
    for number, server in enumerate(servers):
        called = {"name": "lookup", "server_name": server.get("name", "")}
        told.append({"type": "tool_call", "id": f"call_server_{number}", **called, "arguments": {"query": "emulated"}})
        told.append({"type": "tool_result", "call_id": f"call_server_{number}", **called, "result": "Emulated result"})
    *before, last = answer.steps
    return replace(answer, steps=[*before, *told, last])


def is_told(doubts: Doubts, event: Json) -> bool:
    """Tell whether a stream has an event at all."""
    return doubts.streamed_annotations or object_of(event.get("delta")).get("type") != "text_annotation_delta"


def delay_in_message(headers: Mapping[str, str], body: object) -> tuple[dict[str, str], object]:
    """Return headers and body of a 429 that tells in its message alone when to try again."""
    error = object_of(object_of(body).get("error"))
    details = [text_of(detail.get("retryDelay")) for detail in objects_of(error.get("details"))]
    [delay, *_] = [*filter(None, details), *(f"{value}s" for value in _retry_after(headers)), ""]
    kept = {name: value for name, value in headers.items() if name.lower() != "retry-after"}
    if not delay or not is_object(body):
        return kept, body
    told = {key: value for key, value in error.items() if key != "details"}
    return kept, {"error": told | {"message": f"{text_of(error.get('message'))} Please retry in {delay}."}}


def _retry_after(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the delay of the header, when it is in seconds."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and re.fullmatch(r"[\d.]+", value):
            yield value


def as_listed(doubts: Doubts, entry: Json) -> Json:
    """Return an entry of a list of an environment's files as it is written."""
    shown = dict(entry)
    if doubts.entry_types == "upper":
        shown["type"] = entry["type"].upper()
    if doubts.entry_sizes == "number" and "size_bytes" in entry:
        shown["size_bytes"] = int(entry["size_bytes"])
    return shown
