"""How a text is spoken, by which voices, and how speech is written down."""

from .frozen import FrozenModel


class SpeakerVoice(FrozenModel):
    """The voice of a speaker; without a name, of all of a text."""

    voice: str
    speaker: str | None = None


class Speech(FrozenModel):
    """How a text is spoken.

    Attributes:
        voices: One voice, or one for each of two speakers.
        turns: Pairs of a speaker and what that one says; empty for one voice.
        style: How it is spoken, in words.
    """

    voices: tuple[SpeakerVoice, ...]
    turns: tuple[tuple[str, str], ...] = ()
    style: str | None = None


class Transcription(FrozenModel):
    """How speech is written down.

    Attributes:
        speakers: Whether speakers are told apart.
        timestamps: Whether each word has a time.
    """

    speakers: bool = True
    timestamps: bool = True


class VoiceDescription(FrozenModel):
    """A voice that a speech model has.

    Attributes:
        name: What `voice` takes.
        manner: How it sounds; empty where that is not known.
        languages: The language and accent that it was made for; empty where it speaks all.
    """

    name: str
    manner: str = ""
    languages: str = ""
