"""Default models and agents, successors of retired ones, and thinking levels that models lack. Pure.

Ids: google-genai 3.6.1, types/interactions/model.py and agentoption.py.
"""

from typing import Final

DEFAULT_MODEL: Final = "gemini-3.8-flash"
DEFAULT_IMAGE_MODEL: Final = "gemini-nano-banana-2.1"
DEFAULT_RESEARCH_AGENT: Final = "deep-research-preview-04-2026"

DEEP_RESEARCH_PREFIX: Final = "deep-research"
"""Prefix of the ids of Google's research agents; other agents perform tasks."""

LOWEST_THINKING_LEVELS: Final[dict[str, str]] = {
    DEFAULT_MODEL: "low",
    "gemini-3.1-pro-preview": "low",
    "gemini-3.1-pro-preview-customtools": "low",
}
"""Lowest thinking level of the models that reject `minimal`: https://ai.google.dev/gemini-api/docs/thinking"""

SUCCESSORS: Final = {
    "antigravity-preview-05-2026": "antigravity-preview-09-2026",
    "deep-research-pro-preview-12-2025": DEFAULT_RESEARCH_AGENT,
    "gemini-2.5-flash-image": DEFAULT_IMAGE_MODEL,
    "gemini-3.1-flash-image": DEFAULT_IMAGE_MODEL,
    "gemini-3.1-flash-tts-preview": "gemini-3.8-flash-lite-tts",
    "gemini-3.5-flash": "gemini-3.6-flash",
    "gemini-3.7-flash": "gemini-3.8-flash",
    "gemini-omni-1.1-flash": "gemini-omni-1.2-flash",
    "gemini-omni-flash-preview": "gemini-omni-1.2-flash",
    "lyria-3-clip-preview": "lyria-3.5-clip-preview",
    "lyria-3-pro-preview": "lyria-3.5",
}
"""Replacements that Google names for retired and retiring ids: https://ai.google.dev/gemini-api/docs/deprecations"""


def find_successor(name: str | None, *defaults: str) -> str | None:
    """Return the successor of a retired model or agent, or else the first default that differs from it."""
    return next((each for each in (SUCCESSORS.get(name or ""), *defaults) if each and each != name), None)


def choose_thinking_level(level: str, model: str | None) -> str:
    """Return the level to send: for `minimal`, the lowest one that the model accepts."""
    return LOWEST_THINKING_LEVELS.get(model or "", level) if level == "minimal" else level
