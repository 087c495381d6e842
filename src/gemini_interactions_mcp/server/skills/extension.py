"""Skills over MCP: `skills/list` and `skills/get`; the files of skills are read as resources.

Protocol: the extension `io.modelcontextprotocol/skills`, SEP-2640
(https://github.com/modelcontextprotocol/ext-skills/blob/main/specification/stable/skills.mdx). It is served in every
protocol era.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.extension import Extension, MethodBinding
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams, RequestParams

from gemini_interactions_mcp.core import Principal
from gemini_interactions_mcp.server.fixed_resources import MARKDOWN_TYPE
from gemini_interactions_mcp.server.identity import identify_principal
from gemini_interactions_mcp.server.tools.table import name_offered_tools

from .documents import SKILL_SCHEME, ServedSkill, build_skills, find_skill_file

SKILLS_EXTENSION: Final = "io.modelcontextprotocol/skills"

SKILLS_ENVELOPE: Final = {"resultType": "complete", "ttlMs": 3_600_000, "cacheScope": "private"}
"""What every result has beside the skills, which depend on what a client's token allows."""


class SkillParams(RequestParams):
    """The parameters of `skills/get`: the address of a `SKILL.md`."""

    uri: str


class SkillsExtension(Extension):
    """The skills that are of use with the tools of some toolsets."""

    identifier = SKILLS_EXTENSION

    def __init__(self, toolsets: tuple[str, ...]) -> None:
        self._toolsets = toolsets

    def methods(self) -> Sequence[MethodBinding]:
        """Bind `skills/list` and `skills/get`."""
        return (
            MethodBinding("skills/list", PaginatedRequestParams, self._list),
            MethodBinding("skills/get", SkillParams, self._get),
        )

    def read_file(self, address: str, principal: Principal) -> ReadResourceContents:
        """Read a file of a skill.

        Raises:
            ResourceNotFoundError: No skill that the principal is offered has a file there.
        """
        text = find_skill_file(self._choose(principal), address)
        if text is None:
            raise ResourceNotFoundError(describe_unknown_skill(address))
        return ReadResourceContents(content=text, mime_type=MARKDOWN_TYPE)

    async def declare(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Name the extension in the result of `initialize`, as a middleware: the SDK does so in discovery only."""
        result = await call_next(ctx)
        if ctx.method != "initialize" or not isinstance(result, dict):
            return result
        capabilities = cast("dict[str, Any]", result["capabilities"])
        declared = capabilities.get("extensions", {}) | {SKILLS_EXTENSION: self.settings()}
        return result | {"capabilities": capabilities | {"extensions": declared}}

    def _choose(self, principal: Principal) -> tuple[ServedSkill, ...]:
        return build_skills(name_offered_tools(self._toolsets, principal))

    async def _list(self, ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> HandlerResult:
        if params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "The skills are on one page; call skills/list without a cursor.")
        return SKILLS_ENVELOPE | {"skills": [skill.entry for skill in self._choose(identify_principal(ctx))]}

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: SkillParams) -> HandlerResult:
        skills = self._choose(identify_principal(ctx))
        found = next((skill.entry for skill in skills if skill.address == params.uri), None)
        if found is None:
            raise MCPError(INVALID_PARAMS, describe_unknown_skill(params.uri))
        return SKILLS_ENVELOPE | {"skill": found}


def is_skill_address(address: str) -> bool:
    """Whether an address has the form of a skill's files."""
    return address.startswith(SKILL_SCHEME)


def describe_unknown_skill(address: str) -> str:
    """Return the error text for an address that no skill has."""
    return f"There is no skill at {address[:200]!r}; skills/list names all."
