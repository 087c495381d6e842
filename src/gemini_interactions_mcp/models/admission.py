"""Decides, by the catalog, which model or agent a request is for, and whether that takes what the request asks. Pure.

Ids that the catalog does not know pass unchecked, and so does what it does not know of others.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import InputError, quote_name

from .catalog import Catalog, CatalogRow
from .interactions import Request
from .kinds import KINDS
from .terms import get_request_terms

STORE_EXCLUSIONS: Final = (("file_search", "google_search"), ("file_search", "url_context"))
"""Tools that no model takes together: https://ai.google.dev/gemini-api/docs/file-search (2026-10)"""


class DefaultName(NamedTuple):
    """The model or agent of calls that name none.

    Attributes:
        variable: The variable by which the user has chosen it; None for this server's own default.
    """

    name: str
    variable: str | None = None


class NameChoice(NamedTuple):
    """The id of the model or agent that a request is for, and what the caller is to know about it."""

    name: str
    note: str | None = None


def choose_name(given: str | None, default: DefaultName, catalog: Catalog, day: date) -> NameChoice:
    """Return the id that an id or alias stands for, or that of the default; a dead default gives way to its successor.

    Args:
        given: What the caller has named.
        default: What is used otherwise.
        catalog: The catalog.
        day: The UTC date.

    Raises:
        InputError: What the caller or the user has named is shut down.
    """
    name = given or default.name
    row = catalog.find(name)
    if row is None or row.is_alive(day):
        return NameChoice(row.id if row else name)
    successor = catalog.find_living_successor(row, day)
    if given or default.variable or successor is None:
        raise InputError(describe_shutdown(row, successor, None if given else default.variable))
    return NameChoice(successor, f"Google has shut down {row.id} ({row.shutdown}); {successor} is used in its place.")


def describe_shutdown(row: CatalogRow, successor: str | None, variable: str | None) -> str:
    """Return the error for a model or an agent that is shut down; nothing was sent."""
    chosen = f", which {variable} names" if variable else ""
    remedy = f" Use {successor} instead." if successor else ""
    setting = f" The user can set {variable} to it." if successor and variable else ""
    return f"Google has shut down {row.id} ({row.shutdown}){chosen}; nothing was sent.{remedy}{setting}"


def admit_request(request: Request, catalog: Catalog, kinds: Collection[str] = ()) -> Request:
    """Return a request as its model or agent takes it: the level `minimal` becomes the lowest one.

    Args:
        request: The request, with the id of its model or agent.
        catalog: The catalog.
        kinds: The types of content of its files, where they are not among its contents yet.

    Raises:
        InputError: The model or agent cannot take it; the message says what it takes.
    """
    row = catalog.find(request.model or request.agent)
    if row is None:
        check_store_tools(request)
        return request
    if request.thinking_level:
        level = row.choose_thinking_level(request.thinking_level)
        request = request.model_copy(update={"thinking_level": level})
    for rule in ADMISSION_RULES:
        if refusal := rule(request, row, kinds):
            raise InputError(f"{refusal} Nothing was sent.")
    return request


def check_kind(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the kind of a model or an agent."""
    if request.model and row.is_agent:
        return f"{row.id} is an agent and no model; start_research takes it."
    if request.agent and not row.is_agent:
        return f"{row.id} is a model and no agent; gemini_ask takes it."
    if KINDS[request.kind].takes not in (None, row.kind):
        return f"{row.id} is for {row.kind}, and cannot {KINDS[request.kind].work}."
    return None


def check_level(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the thinking level."""
    return describe_untaken(row, "thinking_level", [request.thinking_level], row.thinking_levels)


def check_size(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the size of the image or the video."""
    lines = request.video.resolution if request.video else None
    return describe_untaken(
        row, "image_size", [(request.image or {}).get("image_size")], row.sizes
    ) or describe_untaken(row, "resolution", [lines], row.sizes)


def check_seconds(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the duration of the video."""
    wanted = request.video.seconds if request.video else None
    if wanted is None or row.seconds is None or row.seconds[0] <= wanted <= row.seconds[1]:
        return None
    return f"{row.id} makes videos of {row.seconds[0]} to {row.seconds[1]} seconds, not of {wanted}."


def check_tools(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the tools: one of them, or two together."""
    types = list_tool_types(request)
    excluded = (*row.excluded_tools, *(STORE_EXCLUSIONS if request.model else ()))
    together = next((each for each in excluded if set(each) <= set(types)), None)
    if together:
        return f"{row.id} does not take {quote_name(' and '.join(together))} together."
    return describe_untaken(row, "the tool", types, row.tools)


def check_store_tools(request: Request) -> None:
    """Check that a model, known or not, is not to use tools together that none takes together.

    Raises:
        InputError: It is.
    """
    types = list_tool_types(request) if request.model else []
    together = next((each for each in STORE_EXCLUSIONS if set(each) <= set(types)), None)
    if together:
        raise InputError(f"No model takes {' and '.join(together)} together. Nothing was sent.")


def check_files(request: Request, row: CatalogRow, kinds: Collection[str]) -> str | None:
    """Return what is wrong with the files."""
    given = [*kinds, *(str(block.get("type")) for block in request.contents)]
    return describe_untaken(row, "files of type", given, row.files)


def check_tier(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the service tier."""
    return describe_untaken(row, "service_tier", [request.service_tier], row.service_tiers)


def check_budget(request: Request, row: CatalogRow, _: Collection[str]) -> str | None:
    """Return what is wrong with the budget of tokens."""
    terms = get_request_terms(request)
    budget = terms.max_total_tokens if terms else None
    return f"{row.id} does not take budget_tokens." if budget and row.max_total_tokens is False else None


ADMISSION_RULES: Final[tuple[Callable[[Request, CatalogRow, Collection[str]], str | None], ...]] = (
    check_kind,
    check_level,
    check_size,
    check_seconds,
    check_tools,
    check_files,
    check_tier,
    check_budget,
)
"""What is wrong with a request, first match first."""


def list_tool_types(request: Request) -> list[str]:
    """Return the types of all tools of a request, as the API names them."""
    stores = ["file_search"] if request.stores else []
    return [*request.tools, *stores, *(["mcp_server"] if request.servers else [])]


def describe_untaken(
    row: CatalogRow, what: str, given: Iterable[str | None], taken: Collection[str] | None
) -> str | None:
    """Return which of the given values a model does not take, and which it takes; None if it takes all."""
    if taken is None:
        return None
    wrong = next((value for value in given if value and value not in taken), None)
    return f"{row.id} does not take {what} {wrong}; it takes {quote_name(', '.join(taken))}." if wrong else None
