"""Errors of tools as results: one sentence for models and people, a code for programs."""

from collections.abc import Iterable

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, TextContent
from pydantic import ValidationError

from gemini_interactions_mcp.core import ErrorCode, GeminiMCPError, logger
from gemini_interactions_mcp.server.tools.argument_errors import describe_invalid_arguments

from .programs import ResultFacts, describe_error, tell_programs


class UnknownToolError(ToolError):
    """There is no tool of this name."""


def explain_tool_error(exc: ToolError, names: Iterable[str]) -> ToolError:
    """Return an error without the SDK's prefix and pydantic's URLs, with the cause of the first.

    Args:
        exc: The SDK's error.
        names: The tools that there are.
    """
    match exc.__cause__:
        case ValidationError() as cause:
            told = ToolError(describe_invalid_arguments(cause))
        case ToolError() as cause:
            told = ToolError(str(cause))
            told.__cause__ = cause.__cause__
            return told
        case _:
            told = UnknownToolError(f"{exc}. The tools are: {', '.join(names)}.")
    told.__cause__ = exc.__cause__
    return told


def build_error_result(name: str, exc: ToolError) -> CallToolResult:
    """Return the result of a tool that has failed, and log it."""
    if isinstance(exc, UnexpectedToolError):
        logger.error("Tool %r raised an unexpected exception", name, exc_info=exc)
    elif not isinstance(exc.__cause__, ValidationError):  # whose text says what the caller has sent
        logger.info("Tool %r failed: %r", name, str(exc))
    return tell_programs(CallToolResult(content=[TextContent(text=str(exc))], is_error=True), describe_tool_error(exc))


def describe_tool_error(exc: ToolError) -> ResultFacts:
    """Return what programs are told of a tool's error."""
    match exc, exc.__cause__:
        case UnexpectedToolError(), _:
            return ResultFacts(code=ErrorCode.INTERNAL)
        case UnknownToolError(), _:
            return ResultFacts(code=ErrorCode.UNKNOWN_TOOL)
        case _, GeminiMCPError() as cause:
            return describe_error(cause)
        case _:
            return ResultFacts(code=ErrorCode.INVALID_ARGUMENTS)
