"""Which groups of tools are offered."""

from typing import Final

from gemini_interactions_mcp.core import ConfigurationError, quote_name

from .environment import SettingsEnvironment

TOOLSETS_VARIABLE: Final = "GEMINI_MCP_TOOLSETS"

TOOLSETS: Final = ("ask", "files", "images", "audio", "video", "research", "stores", "history")
"""The groups, in the order in which their tools are listed."""


def parse_toolsets(_: SettingsEnvironment, text: str | None) -> tuple[str, ...] | None:
    """Parse names that commas or spaces separate, or `all`; None where it is unset.

    Raises:
        ConfigurationError: A group does not exist.
    """
    if text is None:
        return None
    names = text.casefold().replace(",", " ").split()
    if not names or names == ["all"]:
        return TOOLSETS
    if unknown := next((name for name in names if name not in TOOLSETS), None):
        raise ConfigurationError(
            f"{TOOLSETS_VARIABLE}: there is no toolset {quote_name(unknown)}; the toolsets are {', '.join(TOOLSETS)}."
        )
    return tuple(name for name in TOOLSETS if name in names)
