"""The models and agents that are used unless others are named. Constants, since the start needs them."""

from typing import Final

DEFAULT_MODEL: Final = "gemini-3.8-flash"
DEFAULT_IMAGE_MODEL: Final = "gemini-nano-banana-2.1"
DEFAULT_SPEECH_MODEL: Final = "gemini-3.8-flash-tts"
DEFAULT_MUSIC_MODEL: Final = "lyria-3.5"
DEFAULT_VIDEO_MODEL: Final = "gemini-omni-1.2-flash"
DEFAULT_TRANSCRIPTION_MODEL: Final = "gemini-3.5-transcribe"
DEFAULT_RESEARCH_AGENT: Final = "deep-research-preview-04-2026"

DEEP_RESEARCH_PREFIX: Final = "deep-research"
"""Prefix of the ids of Google's research agents; other agents perform tasks."""

MUSIC_PREFIX: Final = "lyria"
"""Prefix of the ids of Google's music models."""
