"""The models and agents that are used by default, those that have taken the place of others, and what is their own.

Ids: google-genai 3.6.1, types/interactions/model.py and agentoption.py.
"""

from typing import Final

MODEL: Final = "gemini-3.8-flash"
IMAGE_MODEL: Final = "gemini-nano-banana-2.1"
RESEARCH_AGENT: Final = "deep-research-preview-04-2026"

DEEP_RESEARCH: Final = "deep-research"
"""How the ids of Google's research agents begin; other agents take tasks."""

LEAST_THINKING: Final[dict[str, str]] = {
    MODEL: "low",
    "gemini-3.1-pro-preview": "low",
    "gemini-3.1-pro-preview-customtools": "low",
}
"""The least level of thinking of models that refuse `minimal`: https://ai.google.dev/gemini-api/docs/thinking"""

SUCCESSORS: Final = {
    "antigravity-preview-05-2026": "antigravity-preview-09-2026",
    "deep-research-pro-preview-12-2025": RESEARCH_AGENT,
    "gemini-2.5-flash-image": IMAGE_MODEL,
    "gemini-3.1-flash-image": IMAGE_MODEL,
    "gemini-3.1-flash-tts-preview": "gemini-3.8-flash-lite-tts",
    "gemini-3.5-flash": "gemini-3.6-flash",
    "gemini-3.7-flash": "gemini-3.8-flash",
    "gemini-omni-1.1-flash": "gemini-omni-1.2-flash",
    "gemini-omni-flash-preview": "gemini-omni-1.2-flash",
    "lyria-3-clip-preview": "lyria-3.5-clip-preview",
    "lyria-3-pro-preview": "lyria-3.5",
}
"""What Google names in place of a retired or retiring id: https://ai.google.dev/gemini-api/docs/deprecations"""


def successor(name: str | None, *defaults: str) -> str | None:
    """What to use where a model or an agent is gone: what follows it, or else the first default that is another."""
    return next((each for each in (SUCCESSORS.get(name or ""), *defaults) if each and each != name), None)


def thinking_level(level: str, model: str | None) -> str:
    """The level as it is sent: for `minimal`, the least that the model takes."""
    return LEAST_THINKING.get(model or "", level) if level == "minimal" else level
