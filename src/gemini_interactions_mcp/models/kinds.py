"""The kinds of interactions: how each is sent, shown and continued. Constants, since the start needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, LiteralString

from .defaults import (
    DEFAULT_IMAGE_MODEL,
    DEFAULT_MODEL,
    DEFAULT_MUSIC_MODEL,
    DEFAULT_RESEARCH_AGENT,
    DEFAULT_SPEECH_MODEL,
    DEFAULT_TRANSCRIPTION_MODEL,
    DEFAULT_VIDEO_MODEL,
)

InteractionKind = Literal["ask", "analyze", "transcript", "image", "speech", "music", "video", "research"]
"""Purpose of an interaction, which decides how it is sent and shown."""


@dataclass(frozen=True)
class KindTraits:
    """What distinguishes a kind.

    Attributes:
        default: The model or agent, unless the caller or the user names another.
        setting: The setting by which the user names another; None where there is none.
        work: What the model does, as the user is asked about it.
        takes: The kind of the model, as in the catalog; None for any.
        makes: The content type that an answer must have; None for text.
        continued_by: The tool that continues it.
        streamed: Whether the answer comes as a stream; parsing a file out of events blocks the loop for 0.2 s per MiB.
        background: Whether Google is asked to work without a connection, where the model does.
    """

    default: str
    setting: str | None
    work: str
    takes: str | None = None
    makes: str | None = None
    continued_by: LiteralString = "gemini_continue"
    streamed: bool = True
    background: bool = True


KINDS: Final[Mapping[InteractionKind, KindTraits]] = {
    "ask": KindTraits(DEFAULT_MODEL, "model", "answer"),
    "analyze": KindTraits(DEFAULT_MODEL, "model", "answer"),
    "transcript": KindTraits(DEFAULT_TRANSCRIPTION_MODEL, None, "transcribe", takes="transcription"),
    "image": KindTraits(
        DEFAULT_IMAGE_MODEL, "image_model", "make an image", "image", "image", "generate_image", streamed=False
    ),
    "speech": KindTraits(DEFAULT_SPEECH_MODEL, None, "speak", "speech", "audio", streamed=False),
    "music": KindTraits(DEFAULT_MUSIC_MODEL, None, "make music", "music", "audio", streamed=False),
    # A stream names the video's address. Of five videos that were made in the background, two could not be read:
    # field reports (2026-11).
    "video": KindTraits(
        DEFAULT_VIDEO_MODEL, None, "make a video", "video", "video", "generate_video", background=False
    ),
    "research": KindTraits(DEFAULT_RESEARCH_AGENT, "research_agent", "research"),
}
"""The traits of each kind."""

MAKING_KINDS: Final[Mapping[str, InteractionKind]] = {"image": "image", "audio": "speech", "video": "video"}
"""The kind of an interaction that something else has started, by the content type that it has made."""
