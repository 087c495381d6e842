"""Reads the steps of an interaction beside its answer: code that was run, and tool calls that failed. Pure.

Shapes: google-genai 3.6.1, types/interactions/*step.py; MCP servers also have `tool_call` and `tool_result` steps.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

from gemini_interactions_mcp.core import Json, coerce_object, get_text, iter_objects, list_texts, make_inert
from gemini_interactions_mcp.models import Execution

MAX_LISTED_FAILURES: Final = 12
"""Maximum number of failed calls that are reported one by one."""

FAILURE_LINE_CHARACTERS: Final = 300
"""Maximum length of the line about one failed call: the tool's name with an address or an error."""

RETRIEVED_STATUSES: Final = ("", "success")
"""Statuses of a page that was read; a page without a status counts as read."""

RETRIEVAL_STATUS_PREFIX: Final = "url_retrieval_status_"
"""Prefix of the same statuses in `generateContent` (google-genai 3.6.1, `UrlRetrievalStatus`)."""


def parse_executions(steps: Sequence[Json]) -> Iterator[Execution]:
    """Yield each run of code with its results, in order; then results without a call."""
    results: defaultdict[str, list[Json]] = defaultdict(list)
    for step in select_steps(steps, "code_execution_result"):
        results[str(step.get("call_id"))].append(step)
    calls = [(call, results.pop(str(call.get("id")), [])) for call in select_steps(steps, "code_execution_call")]
    orphans = [(coerce_object(None), answers) for answers in results.values()]
    for call, answers in [*calls, *orphans]:
        if (found := parse_execution(call, answers)).code or found.output or found.failed:
            yield found


def select_steps(steps: Iterable[Json], kind: str) -> Iterator[Json]:
    """Return the steps of a type."""
    return (step for step in steps if step.get("type") == kind)


def parse_execution(call: Json, results: Sequence[Json]) -> Execution:
    """Parse a call of code execution and its results."""
    arguments = coerce_object(call.get("arguments"))
    return Execution(
        code=get_text(arguments.get("code")) or "",
        language=get_text(arguments.get("language")) or "",
        output="\n".join(filter(None, map(join_tool_output, results))),
        failed=any(map(is_failed_result, results)),
    )


def join_tool_output(step: Json) -> str:
    """Return the text that a tool returned, in any shape."""
    result = step.get("result")
    if isinstance(result, str):
        return get_text(result) or ""
    told = coerce_object(result)
    blocks = [*iter_objects(result), told, *iter_objects(told.get("content"))]
    return "\n".join(filter(None, (get_text(block.get("text")) for block in blocks)))


def is_failed_result(step: Json) -> bool:
    """Whether the result of a tool is an error; MCP results say so inside."""
    result = coerce_object(step.get("result"))
    return bool(
        True in (step.get("is_error"), result.get("isError"), result.get("is_error"))
        or step.get("error")
        or result.get("error")
    )


def describe_tool_failures(steps: Sequence[Json]) -> tuple[str, ...]:
    """Describe the failed tool calls, one line each and each once; beyond the first, only their number."""
    calls = {str(step.get("id")): step for step in steps if step.get("id")}
    read = {
        page.get("url")
        for step in steps
        for page in iterate_retrieved_pages(step)
        if get_retrieval_status(page) in RETRIEVED_STATUSES
    }
    lines = (
        line for step in steps for line in describe_failed_result(step, calls.get(str(step.get("call_id")), {}), read)
    )
    told = list(dict.fromkeys(lines))
    if (more := len(told) - MAX_LISTED_FAILURES) > 0:
        told[MAX_LISTED_FAILURES:] = [f"and {more} more"]
    return tuple(told)


def describe_failed_result(step: Json, call: Json, read: Container[object]) -> Iterator[str]:
    """Yield a line for each failure that a result reports; a page that was read by another call is none.

    Args:
        step: A step of any type.
        call: The call that it answers; empty if there is none.
        read: The addresses of pages that were read.
    """
    kind = str(step.get("type"))
    if kind == "url_context_result":
        unread = [
            (page.get("url"), get_retrieval_status(page))
            for page in iterate_retrieved_pages(step)
            if get_retrieval_status(page) not in RETRIEVED_STATUSES
        ]
        if is_failed_result(step) and not list(iterate_retrieved_pages(step)):
            unread = [(url, "error") for url in get_list_argument(call, "urls")]
        yield from (
            make_inert(f"not read: {url}", FAILURE_LINE_CHARACTERS) + f" ({make_inert(status)})"
            for url, status in unread
            if url not in read
        )
    elif kind.endswith("_result") and is_failed_result(step):
        why = explain_tool_failure(step, call)
        yield make_inert(f"{get_tool_name(step, call)} failed{f': {why}' if why else ''}", FAILURE_LINE_CHARACTERS)


def iterate_retrieved_pages(step: Json) -> Iterator[Json]:
    """Yield the pages that a step was to read: of a list, or a single one."""
    if step.get("type") == "url_context_result":
        result = step.get("result")
        yield from (*iter_objects(result), *filter(None, [coerce_object(result)]))


def get_retrieval_status(page: Json) -> str:
    """Return the status of reading a page, in lower case."""
    return (get_text(page.get("status")) or "").lower().removeprefix(RETRIEVAL_STATUS_PREFIX)


def get_list_argument(call: Json, argument: str) -> list[str]:
    """Return the values of a call's argument that is a list."""
    return list_texts(coerce_object(call.get("arguments")).get(argument))


def get_tool_name(step: Json, call: Json) -> str:
    """Return the name of a tool: `code`, `google_search`, or `server/tool` for an MCP server."""
    names = (get_text(step.get(key)) or get_text(call.get(key)) for key in ("server_name", "name"))
    kind = str(step.get("type")).removesuffix("_result")
    return "/".join(filter(None, names)) or ("code" if kind == "code_execution" else kind)


def explain_tool_failure(step: Json, call: Json) -> str:
    """Return why a tool failed: its output (of code, the last line), else the API's error, else the search queries."""
    told = join_tool_output(step).strip()
    last = told.rpartition("\n")[2] if step.get("type") == "code_execution_result" else told
    faults = (coerce_object(step.get("error")), coerce_object(coerce_object(step.get("result")).get("error")))
    said = (get_text(fault.get("message")) for fault in faults)
    return last or next(filter(None, said), "") or "; ".join(get_list_argument(call, "queries"))
