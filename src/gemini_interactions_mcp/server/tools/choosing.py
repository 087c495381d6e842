"""Chooses the model or agent of a call, and checks by the catalog that it takes what is asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gemini_interactions_mcp import models
from gemini_interactions_mcp.core import InputError, logger, make_inert
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import InteractionKind, Request, stores
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.settings import Settings, get_chosen_variable

from .arguments import match_choice

if TYPE_CHECKING:
    from gemini_interactions_mcp.models import Catalog, DefaultName


@dataclass(frozen=True)
class Choice:
    """The model or agent of a call.

    Attributes:
        name: Its id.
        notes: What the caller is to know, in sentences.
        catalog: What it was chosen by.
    """

    name: str
    notes: tuple[str, ...]
    catalog: "Catalog"

    def admit(self, request: Request, kinds: Collection[str] = ()) -> Request:
        """Return a request as the model or agent takes it, as `admission.admit_request`."""
        return models.admission.admit_request(request, self.catalog, kinds)


class ChosenTools(NamedTuple):
    """The tools of a model: types of Gemini's own, and file search stores."""

    types: tuple[str, ...]
    stores: tuple[str, ...]


def choose_tools(tools: Sequence[str], metadata_filter: str | None) -> ChosenTools:
    """Return the tools that a caller of a model means.

    Raises:
        InputError: There is no such tool, or a filter without a store.
    """
    meant = match_tools(tools)
    own = tuple(tool for tool in meant if tool in agents.OWN_TOOLS)
    unknown = next((tool for tool in meant if tool not in own and not tool.startswith(agents.STORE_TOOL_PREFIX)), None)
    if unknown:
        raise agents.make_unknown_tool_error(unknown)
    return ChosenTools(own, agents.parse_store_tools(meant, metadata_filter))


def match_tools(tools: Sequence[str]) -> list[str]:
    """Return the names of tools in Google's spelling; one text may have several.

    Raises:
        InputError: A store is called by its display name.
    """
    given = [part.strip() for tool in tools for part in tool.split(",")]
    for tool in given:
        check_store_name(tool)
    return [match_choice(tool, agents.OWN_TOOLS) for tool in given if tool]


def check_store_name(tool: str) -> None:
    """Check that a tool which searches a store has the name that Google gives.

    Raises:
        InputError: It has not.
    """
    if tool.startswith(stores.STORE_TOOL) and stores.spell_store_name(tool) is None:
        raise InputError(
            f"{make_inert(tool)!r} names no file search store: write file_search:fileSearchStores/name, with the name "
            'that Google gives. manage_store(action="list") lists the names of all stores.'
        )


async def choose_maker(app: AppContext, kind: InteractionKind, given: str | None) -> Choice:
    """Return the model or agent that a call names, or else the default for its kind.

    Raises:
        InputError: It is shut down.
    """
    catalog = await app.catalogs.read()
    chosen = models.admission.choose_name(given, get_default_name(app.settings, kind), catalog, clock.now().date())
    problem = app.catalogs.take_problem()
    if problem and app.principal.remote:
        logger.warning("%s", problem)
        problem = None
    return Choice(chosen.name, tuple(filter(None, (chosen.note, problem))), catalog)


def get_default_name(settings: Settings, kind: InteractionKind) -> "DefaultName":
    """Return the default model or agent for a kind of request."""
    traits = models.KINDS[kind]
    if traits.setting is None:
        return models.DefaultName(traits.default)
    return models.DefaultName(getattr(settings, traits.setting), get_chosen_variable(settings, traits.setting))
