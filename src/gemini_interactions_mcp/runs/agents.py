"""Builds requests to agents from the arguments of `start_research`. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gemini_interactions_mcp.core import InputError, quote_name
from gemini_interactions_mcp.models import DEEP_RESEARCH_PREFIX, NEW_ENVIRONMENT, Record, RemoteServer, Request, stores
from gemini_interactions_mcp.settings import Settings

from .sandbox_arguments import NO_SANDBOX, SandboxTerms, build_sandbox, parse_environment

ANTIGRAVITY_PREFIX: Final = "antigravity"
"""Prefix of the ids of Google's general agents, which work in an environment.

Source: https://ai.google.dev/gemini-api/docs/antigravity-agent
"""

OWN_TOOLS: Final = ("google_search", "url_context", "code_execution", "google_maps")
"""Types of Gemini's own tools."""
STORE_TOOL_PREFIX: Final = stores.STORE_TOOL
"""Prefix of a tool that searches a file search store."""
SERVER_TOOL_PREFIX: Final = "mcp:"
"""Prefix of a tool that is a remote MCP server of the user's."""

MANAGED_SERVER_NAME: Final = re.compile(r"[a-z0-9]+")
"""Names of remote MCP servers that managed agents take: https://ai.google.dev/gemini-api/docs/antigravity-agent"""


PLAN_REFUSAL: Final = "`plan_first` works with Deep Research agents only; other agents start at once. Nothing was sent."
"""What managed agents do not take."""

UNMANAGED_REFUSALS: Final = {
    "budget_tokens": "`budget_tokens` works with other agents only; Deep Research takes no budget. Nothing was sent.",
    **{
        name: f"`{name}` works with other agents only, such as antigravity: Deep Research has no sandbox. "
        "Nothing was sent."
        for name in ("environment", "repository", "network")
    },
}
"""What Deep Research does not take, and why."""


def build_agent_request(
    settings: Settings,
    prompt: str,
    *,
    agent: str,
    plan_first: bool,
    previous: Record | None,
    previous_interaction_id: str | None,
    contents_digest: str,
    tools: Sequence[str],
    metadata_filter: str | None,
    visualization: bool,
    output_format: str | None,
    budget_tokens: int | None,
    sandbox: SandboxTerms = NO_SANDBOX,
) -> Request:
    """Return the request for a run of an agent, without contents: they are added once they may be sent.

    A request that follows a plan has the plan's tools with their filter, unless others are given. A new environment is
    the usual one of a task that continues nothing, also if the caller names it.

    Raises:
        InputError: The agent cannot make plans, keep to a budget or work in a sandbox, or a tool is unknown.
    """
    tools, metadata_filter = choose_agent_tools(previous, tools, metadata_filter)
    deep = is_deep_research_agent(agent)
    if plan_first and not deep:
        raise InputError(PLAN_REFUSAL)
    if deep:
        check_unmanaged(budget_tokens=budget_tokens, **sandbox.name_wishes())
    wanted = build_sandbox(sandbox)
    usual = choose_environment(agent, previous, filled=sandbox.has_files or wanted is not None)
    given = parse_environment(sandbox.environment)
    return Request(
        kind="research",
        prompt=f"{prompt}\n\nFormat of the answer: {output_format}" if output_format else prompt,
        topic=prompt if output_format else None,
        agent=agent,
        contents_digest=contents_digest,
        previous_interaction_id=previous_interaction_id,
        tools=tuple(tool for tool in tools if tool in OWN_TOOLS),
        stores=parse_store_tools(tools, metadata_filter),
        metadata_filter=metadata_filter,
        servers=find_remote_servers(tools, settings, managed=not deep),
        environment=given or usual,
        derived=given is None or (given == usual and not previous_interaction_id),
        sandbox=wanted,
        approves=bool(previous and previous.plan) and not plan_first,
        agent_config=build_config(agent, plan_first, visualization, budget_tokens),
    )


def is_deep_research_agent(agent: str) -> bool:
    """Whether an agent is Deep Research; all others are managed agents, which work in a sandbox."""
    return agent.startswith(DEEP_RESEARCH_PREFIX)


def check_unmanaged(**given: object) -> None:
    """Check that a request to Deep Research has nothing that only managed agents take.

    Raises:
        InputError: It has.
    """
    if name := next((name for name, value in given.items() if value is not None), None):
        raise InputError(UNMANAGED_REFUSALS[name])


def choose_agent_tools(
    previous: Record | None, tools: Sequence[str], metadata_filter: str | None
) -> tuple[Sequence[str], str | None]:
    """Return the tools and the filter that are given, or else those of the plan that a request follows."""
    if tools or previous is None or not previous.plan:
        return tools, metadata_filter
    kept = previous.terms.metadata_filter if previous.terms else None
    return previous.tools or (), metadata_filter or kept


def list_tool_names(request: Request) -> tuple[str, ...]:
    """Return the tools of a request, as the arguments `tools` name them."""
    searched = (f"{STORE_TOOL_PREFIX}{name}" for name in request.stores)
    return (*request.tools, *searched, *(f"{SERVER_TOOL_PREFIX}{each.name}" for each in request.servers))


def build_config(agent: str, plan_first: bool, visualization: bool, budget_tokens: int | None) -> dict[str, Any] | None:
    """Return the configuration of an agent; None for its own."""
    if is_deep_research_agent(agent):
        return build_research_config(plan_first=plan_first, visualization=visualization)
    return build_managed_config(budget_tokens)


def build_research_config(*, plan_first: bool, visualization: bool) -> dict[str, Any]:
    """Return the configuration of Deep Research.

    Source: google-genai 3.6.1, types/interactions/deepresearchagentconfig.py
    """
    return {
        "type": "deep-research",
        "thinking_summaries": "auto",
        "visualization": "auto" if visualization else "off",
        # false is sent too: it approves a plan.
        "collaborative_planning": plan_first,
    }


def build_managed_config(budget_tokens: int | None) -> dict[str, Any] | None:
    """Return the configuration of a managed agent; None for the agent's own.

    Custom agents extend Antigravity: https://ai.google.dev/gemini-api/docs/custom-agents
    Source: google-genai 3.6.1, types/interactions/antigravityagentconfig.py
    """
    return {"type": "antigravity", "max_total_tokens": budget_tokens} if budget_tokens else None


def choose_environment(agent: str, previous: Record | None, *, filled: bool = False) -> str | None:
    """Return the environment for an agent: that of the previous interaction, which has its files, or a new one.

    An agent of the user's own may bring an environment, and is given a new one only to put something into.
    """
    if is_deep_research_agent(agent):
        return None
    if previous and previous.environment_id:
        return previous.environment_id
    return NEW_ENVIRONMENT if filled or agent.startswith(ANTIGRAVITY_PREFIX) else None


def check_agent_tool(tool: str, settings: Settings) -> str:
    """Return the tool if agents can use it.

    Raises:
        InputError: They cannot; the message lists those that they can use.
    """
    if tool in OWN_TOOLS or tool.startswith((STORE_TOOL_PREFIX, SERVER_TOOL_PREFIX)):
        return tool
    raise make_unknown_tool_error(tool, settings.servers)


def parse_store_tool(tool: str) -> str:
    """Return the name of a file search store in the API's form.

    Raises:
        InputError: The tool does not name one.
    """
    found = stores.spell_store_name(tool)
    if found is None:
        raise InputError(f"{quote_name(tool)!r} names no file search store: write file_search:fileSearchStores/name.")
    return found


def find_remote_servers(tools: Iterable[str], settings: Settings, *, managed: bool) -> tuple[RemoteServer, ...]:
    """Return the remote MCP servers among the tools of an agent.

    Raises:
        InputError: A tool is unknown, or a managed agent does not take the name of a server.
    """
    found = tuple(
        find_remote_server(tool, settings)
        for tool in tools
        if check_agent_tool(tool, settings).startswith(SERVER_TOOL_PREFIX)
    )
    if managed and (wrong := next((each.name for each in found if not MANAGED_SERVER_NAME.fullmatch(each.name)), None)):
        raise InputError(
            f"This agent takes MCP servers whose name has lower-case letters and digits only, and not "
            f"{quote_name(wrong)!r}: the user can rename it in GEMINI_MCP_SERVERS. Nothing was sent."
        )
    return found


def find_remote_server(tool: str, settings: Settings) -> RemoteServer:
    """Return the remote MCP server that a tool names.

    Raises:
        InputError: The user has not configured a server of this name.
    """
    name = tool.removeprefix(SERVER_TOOL_PREFIX)
    found = next((each for each in settings.servers if each.name == name), None)
    if found is None:
        raise make_unknown_tool_error(tool, settings.servers)
    return found


def parse_store_tools(tools: Iterable[str], metadata_filter: str | None) -> tuple[str, ...]:
    """Return the names of the stores among tools, in the API's form, each once.

    Raises:
        InputError: One of the tools names no store, or there is none to filter.
    """
    named = (parse_store_tool(tool) for tool in tools if tool.startswith(STORE_TOOL_PREFIX))
    found = tuple(dict.fromkeys(named))
    if metadata_filter and not found:
        raise InputError("metadata_filter is for the files of a store: name one in tools, as file_search:STORE.")
    return found


def make_unknown_tool_error(tool: str, servers: Iterable[RemoteServer] | None = None) -> InputError:
    """Return the error for an unknown tool of an agent; without `servers`, of a model."""
    names = [*OWN_TOOLS, f"{STORE_TOOL_PREFIX}STORE", *(f"{SERVER_TOOL_PREFIX}{each.name}" for each in servers or ())]
    whose = "models" if servers is None else "agents"
    ways = "" if servers is None else " The user adds remote MCP servers with GEMINI_MCP_SERVERS."
    return InputError(f"There is no tool {quote_name(tool)!r} for {whose}; there are {', '.join(names)}.{ways}")
