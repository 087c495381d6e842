"""The table of MCP tools.

A new tool is an async function in a module beside this one, and a row in TOOLS. Its docstring is its description: a
model reads it and pays for it.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations

from gemini_interactions_mcp.core import DELETE_SCOPE, READ_SCOPE, SPEND_SCOPE, WRITE_SCOPE, Principal
from gemini_interactions_mcp.settings import TOOLSETS
from gemini_interactions_mcp.text import ToolGuide

from .asking import analyze_file, gemini_ask, gemini_continue
from .making import generate_audio, generate_image, generate_video
from .parameters import translate_errors
from .past import delete_interaction, list_interactions, read_interaction
from .references import spell_out_references
from .researching import cancel_research, check_research, start_research
from .schemas import drop_required, slim_schema
from .storing import manage_store
from .uploading import UPLOAD_TOOL, upload_file
from .viewing import read_view


@dataclass(frozen=True)
class ToolEntry:
    """A row of the table.

    Attributes:
        toolset: The group that a user chooses it by.
        function: The tool; its name and docstring are those of the tool.
        title: Shown to users.
        annotations: The hints of MCP.
        scope: What a token must allow; what arguments need beside it is in `server.scopes`.
        search: Words by which Claude Code finds a tool whose schema it has not loaded; None loads it always.
        characters: Characters of a result that Claude Code shows before it moves the result to a file.
    """

    toolset: str
    function: Callable[..., Awaitable[CallToolResult | InputRequiredResult]]
    title: str
    annotations: ToolAnnotations
    scope: str
    search: str | None = None
    characters: int | None = None


def build_hints(*, read_only: bool = False, destructive: bool = False, idempotent: bool = False) -> ToolAnnotations:
    """Return all four hints; every tool reaches Google, except the list, which reads the journal."""
    return ToolAnnotations(
        read_only_hint=read_only, destructive_hint=destructive, idempotent_hint=idempotent, open_world_hint=True
    )


TOOLS: Final = (
    ToolEntry("ask", gemini_ask, "Ask Gemini", build_hints(), SPEND_SCOPE),
    ToolEntry(
        "ask", gemini_continue, "Continue with Gemini", build_hints(), SPEND_SCOPE, "Gemini follow-up conversation"
    ),
    ToolEntry(
        "files",
        analyze_file,
        "Analyze files",
        build_hints(),
        SPEND_SCOPE,
        "Gemini image audio video pdf document youtube transcribe",
    ),
    ToolEntry(
        "images", generate_image, "Generate or edit image", build_hints(), SPEND_SCOPE, "Gemini picture draw edit photo"
    ),
    ToolEntry(
        "audio",
        generate_audio,
        "Speak or make music",
        build_hints(),
        SPEND_SCOPE,
        "Gemini speech voice text-to-speech song audio",
    ),
    ToolEntry(
        "video",
        generate_video,
        "Make or change video",
        build_hints(),
        SPEND_SCOPE,
        "Gemini video film clip animate edit",
    ),
    ToolEntry(
        "research",
        start_research,
        "Start Deep Research",
        build_hints(),
        SPEND_SCOPE,
        "Gemini deep research web report agent",
    ),
    ToolEntry(
        "research",
        check_research,
        "Check research",
        build_hints(read_only=True),
        READ_SCOPE,
        "Gemini research status report",
        100_000,
    ),
    ToolEntry(
        "research",
        cancel_research,
        "Cancel research",
        build_hints(destructive=True, idempotent=True),
        SPEND_SCOPE,
        "Gemini stop research",
    ),
    ToolEntry(
        "stores",
        manage_store,
        "Manage knowledge stores",
        build_hints(destructive=True),
        READ_SCOPE,
        "Gemini file search store knowledge base RAG index documents",
    ),
    ToolEntry(
        "history",
        list_interactions,
        "List interactions",
        ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False),
        READ_SCOPE,
        "Gemini history past",
    ),
    ToolEntry(
        "history",
        read_interaction,
        "Read interaction",
        build_hints(read_only=True),
        READ_SCOPE,
        "Gemini answer page result",
        100_000,
    ),
    ToolEntry(
        "history",
        delete_interaction,
        "Delete interaction",
        build_hints(destructive=True, idempotent=True),
        DELETE_SCOPE,
        "Gemini forget privacy",
    ),
)
"""All tools, in listing order."""


VIEW_ENTRY: Final = ToolEntry("history", read_view, "Read for the view", build_hints(read_only=True), READ_SCOPE, "")
"""The tool of the view, which is always there and no user chooses."""

UPLOAD_ENTRY: Final = ToolEntry(
    "files", upload_file, "Send a file", build_hints(), WRITE_SCOPE, "Gemini upload send local file attach"
)
"""The tool of remote clients, which has the place of paths."""


TOOL_SCOPES: Final = {entry.function.__name__: entry.scope for entry in (*TOOLS, UPLOAD_ENTRY, VIEW_ENTRY)}
"""What a token must allow for each tool."""


def list_offered_tools(toolsets: Collection[str]) -> list[ToolEntry]:
    """Return the rows of some toolsets, and of the tool that fetches what takes longer than a call."""
    return [entry for entry in TOOLS if entry.toolset in toolsets or entry.function is read_interaction]


def is_offered(tool: str, principal: Principal) -> bool:
    """Whether a tool is of use to a principal: it may be called, and files need not be sent on one's own machine."""
    return TOOL_SCOPES[tool] in principal.scopes and (principal.remote or tool != UPLOAD_TOOL)


def name_offered_tools(toolsets: Collection[str], principal: Principal) -> frozenset[str]:
    """Return the names of the tools that a principal is offered, without that of the view."""
    names = (entry.function.__name__ for entry in (*list_offered_tools(toolsets), UPLOAD_ENTRY))
    return frozenset(name for name in names if is_offered(name, principal))


@functools.cache
def build_guide(toolsets: tuple[str, ...]) -> ToolGuide:
    """Return what adapts texts to the tools of some toolsets."""
    offered = [entry.function.__name__ for entry in list_offered_tools(toolsets)]
    return ToolGuide(offered, [entry.function.__name__ for entry in TOOLS])


class InterpretedArguments(FuncMetadata):
    """The SDK's reader of arguments, which would parse every text as JSON, even one to search for or to send."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments unchanged; `Server.call_tool` has interpreted them."""
        return data


@functools.cache
def build_tools(toolsets: tuple[str, ...] = TOOLSETS) -> tuple[Tool, ...]:
    """Return the tools of some toolsets as the SDK takes them, with slim schemas; the last two are for remote clients
    and for the view.

    Built once, since that takes 13 ms: servers of one process share them, and nothing changes a `Tool` afterwards.
    """
    entries = list_offered_tools(toolsets)
    offered = [entry.function.__name__ for entry in entries]
    return tuple(build_tool(entry, offered) for entry in (*entries, UPLOAD_ENTRY, VIEW_ENTRY))


def build_tool(entry: ToolEntry, offered: Collection[str]) -> Tool:
    """Build the SDK's tool of a row, which refers to `offered` tools only."""
    structured = entry.function is list_interactions
    tool = Tool.from_function(
        translate_errors(entry.function),
        title=entry.title,
        description=" ".join((inspect.getdoc(entry.function) or "").split()),
        annotations=entry.annotations,
        meta=build_meta(entry),
        structured_output=structured,
    )
    tool.parameters = slim_schema(tool.parameters)
    spell_out_references(tool.parameters, offered)
    tool.fn_metadata = InterpretedArguments(**dict(tool.fn_metadata))
    if structured and tool.fn_metadata.output_schema:
        tool.fn_metadata.output_schema = drop_required(slim_schema(tool.fn_metadata.output_schema))
    return tool


def build_meta(entry: ToolEntry) -> dict[str, Any]:
    """Return the metadata that Claude Code reads; other hosts ignore it."""
    if entry is VIEW_ENTRY:
        return {}
    if entry.search is None:
        return {"anthropic/alwaysLoad": True}
    found: dict[str, Any] = {"anthropic/searchHint": entry.search}
    return found | ({"anthropic/maxResultSizeChars": entry.characters} if entry.characters else {})
