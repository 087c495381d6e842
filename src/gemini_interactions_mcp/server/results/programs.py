"""What a result tells programs, beside the text that it has for models and people.

Protocol: https://modelcontextprotocol.io/specification/2026-07-28/basic (`_meta`, and the form of its keys).
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, cast

from mcp.server.context import HandlerResult
from mcp_types import CallToolResult, Tool
from pydantic import ConfigDict, Field

from gemini_interactions_mcp.core import (
    ErrorCode,
    GeminiMCPError,
    InteractionFailedError,
    RefusedError,
    find_error_code,
)
from gemini_interactions_mcp.models import (
    Record,
    SavedFile,
    amounts,
    error_codes,
    is_object_address,
    is_settled,
    name_kind,
)
from gemini_interactions_mcp.models.frozen import FrozenModel
from gemini_interactions_mcp.server.tools.schemas import slim_schema
from gemini_interactions_mcp.text import rendering, resource_addresses

RESULT_KEY: Final = "io.github.gemini-interactions-mcp/result"
"""Key of the facts in the `_meta` of a result."""

DECLINED: Final = "declined"
"""The status of what a user was asked about and did not agree to."""


class ToldModel(FrozenModel):
    """Base of what programs are told: of what a later version tells, they read the fields that they know."""

    model_config = ConfigDict(extra="ignore")


class ResultFile(ToldModel):
    """A saved file, as programs are told of it."""

    uri: Annotated[str, Field(description="Address of the resource that has its content")]
    name: str
    mime_type: str
    bytes: int
    path: Annotated[str | None, Field(description="On the server's machine; for its own users only")] = None


class ResultFacts(ToldModel):
    """What a result tells programs; what is unknown, or not there, is absent."""

    interaction_id: Annotated[str | None, Field(description="What every tool takes as the id")] = None
    kind: Annotated[str | None, Field(description="ask, analyze, transcript, image, research, ...")] = None
    status: Annotated[
        str | None, Field(description="The interaction's, as Google has it; or what became of what was asked")
    ] = None
    finished: Annotated[bool | None, Field(description="Whether the status is final; else fetch it later")] = None
    model: str | None = None
    agent: str | None = None
    tokens: Annotated[int | None, Field(description="In all")] = None
    cost_usd: Annotated[float | None, Field(description="An estimate; 0 where nothing is charged")] = None
    files: Annotated[tuple[ResultFile, ...], Field(description="The first 30 that were saved")] = ()
    store: Annotated[str | None, Field(description="fileSearchStores/... that was worked on")] = None
    code: Annotated[ErrorCode | None, Field(description="Of an error")] = None
    retry_after_seconds: Annotated[float | None, Field(description="Where Google names a delay")] = None


NO_FACTS: Final = ResultFacts()


def describe_record(record: Record, *, remote: bool, finished: bool | None = None) -> ResultFacts:
    """Return what programs are told of an interaction.

    Args:
        record: The journal's record.
        remote: Whether they run on another machine, which has no use for paths of this one.
        finished: Whether its status is final; None goes by the status.
    """
    # One that was never taken gets no id, and nothing can be read by its label.
    unsent = record.interaction_id is None and record.status in ("failed", "cancelled")
    return ResultFacts(
        interaction_id=None if unsent else rendering.get_handle(record),
        kind=name_kind(record),
        status=record.status,
        finished=is_settled(record.status) if finished is None else finished,
        model=record.model,
        agent=record.agent,
        tokens=(record.usage.total_tokens if record.usage else 0) or None,
        cost_usd=amounts.convert_to_dollars(record.cost),
        files=list_result_files(record, record.files[: rendering.MAX_LISTED_FILES], remote=remote),
    )


def list_result_files(record: Record, files: Iterable[SavedFile], *, remote: bool) -> tuple[ResultFile, ...]:
    """Return some saved files of an interaction, as programs are told of them."""
    return tuple(
        ResultFile(
            uri=resource_addresses.make_resource_uri(record, file),
            name=file.name,
            mime_type=file.mime_type,
            bytes=file.bytes,
            path=None if remote or is_object_address(file.path) else file.path,
        )
        for file in files
    )


def fit_facts(facts: ResultFacts, room: int) -> tuple[ResultFacts, int]:
    """Return facts with the first files that fit into some bytes of JSON, and the bytes that are left."""
    room -= measure_facts(facts.model_copy(update={"files": ()}))
    kept: list[ResultFile] = []
    for file in facts.files:
        size = measure_facts(file) + 1
        if size > room:
            break
        room -= size
        kept.append(file)
    return facts.model_copy(update={"files": tuple(kept)}), room


def measure_facts(facts: FrozenModel) -> int:
    """Return the size of facts as JSON in bytes."""
    return len(facts.model_dump_json(exclude_defaults=True).encode())


def describe_error(error: GeminiMCPError) -> ResultFacts:
    """Return what programs are told of an error."""
    code = find_error_code(error)
    if isinstance(error, InteractionFailedError):
        code = error_codes.find_reason_code(str(error)) or code
    told: dict[str, object] = {"code": code}
    told |= {"interaction_id": error.interaction_id} if error.interaction_id else {}
    if isinstance(error, RefusedError):
        told["retry_after_seconds"] = error.retry_after_seconds
    return ResultFacts.model_validate({**error.facts, **told})


def tell_programs(result: CallToolResult, facts: ResultFacts, more: Mapping[str, Any] | None = None) -> CallToolResult:
    """Put facts into a result, with what else its `_meta` has."""
    result.meta = {**(result.meta or {}), **(more or {}), RESULT_KEY: dump_facts(facts)}
    return result


def dump_facts(facts: ResultFacts) -> dict[str, Any]:
    """Return facts as JSON, without what is absent."""
    return facts.model_dump(mode="json", exclude_defaults=True)


def structure_result(result: HandlerResult) -> HandlerResult:
    """Give structured content to a tool's result in its wire form, or to that of a task: its facts, and its text.

    Made of what is told anyway, after all that changes it. What has structured content of its own keeps it.
    """
    if not isinstance(result, dict):
        return result
    if isinstance(task := result.get("result"), dict):
        return {**result, "result": structure_result(cast("dict[str, Any]", task))}
    meta = cast("dict[str, Any]", result.get("_meta") or {})
    if RESULT_KEY not in meta or "content" not in result or "structuredContent" in result:
        return result
    texts = [block["text"] for block in result["content"] if block.get("type") == "text"]
    return {**result, "structuredContent": {**meta[RESULT_KEY], "text": "\n\n".join(texts)}}


def declare_result(tool: Tool) -> Tool:
    """Return a tool with the schema of its structured content, where it has none of its own."""
    return tool if tool.output_schema else tool.model_copy(update={"output_schema": build_result_schema()})


@functools.cache
def build_result_schema() -> dict[str, Any]:
    """Return the schema of structured content: an object without references, null or combinations."""
    schema = ResultFacts.model_json_schema(mode="serialization")
    parts = schema.pop("$defs")
    properties: dict[str, Any] = schema["properties"]
    del properties["files"]["default"]
    properties["files"]["items"] = parts[ResultFile.__name__]
    # Codes are added in later versions, and a client of an earlier list would refuse the result.
    properties["code"] = {"type": "string", "description": properties["code"]["description"]}
    text = {"type": "string", "description": "The whole text of the result"}
    return slim_schema({"type": "object", "properties": {"text": text, **properties}, "required": ["text"]})
