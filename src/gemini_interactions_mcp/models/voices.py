"""The voices of Gemini's speech models, and what a caller says of voices and speakers. Pure."""

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from gemini_interactions_mcp.core import InputError, quote_name, strip_hidden

from .speech import SpeakerVoice, Speech, VoiceDescription

PREBUILT_VOICES: Final[Mapping[str, str]] = {
    "Zephyr": "bright",
    "Puck": "upbeat",
    "Charon": "informative",
    "Kore": "firm",
    "Fenrir": "excitable",
    "Leda": "youthful",
    "Orus": "firm",
    "Aoede": "breezy",
    "Callirrhoe": "easy-going",
    "Autonoe": "bright",
    "Enceladus": "breathy",
    "Iapetus": "clear",
    "Umbriel": "easy-going",
    "Algieba": "smooth",
    "Despina": "smooth",
    "Erinome": "clear",
    "Algenib": "gravelly",
    "Rasalgethi": "informative",
    "Laomedeia": "upbeat",
    "Achernar": "soft",
    "Alnilam": "firm",
    "Schedar": "even",
    "Gacrux": "mature",
    "Pulcherrima": "forward",
    "Achird": "friendly",
    "Zubenelgenubi": "casual",
    "Vindemiatrix": "gentle",
    "Sadachbia": "lively",
    "Sadaltager": "knowledgeable",
    "Sulafat": "warm",
}
"""Names and manners of the voices that every key has: https://ai.google.dev/gemini-api/docs/speech-generation"""

DEFAULT_VOICE: Final = "Kore"
"""The voice of Google's examples."""

CUSTOM_VOICE: Final = re.compile(r"voice(key)?_.+")
"""Voices that users have made: google-genai 3.6.1, types/voices/voice_output.py"""

MAX_SPEAKERS: Final = 2
"""Speakers of a conversation, at most and at least: https://ai.google.dev/gemini-api/docs/speech-generation"""

MAX_SPEECH_TOKENS: Final = 8_192
"""Input tokens of a speech model, at most: https://ai.google.dev/gemini-api/docs/speech-generation"""

SPEECH_BYTES_PER_TOKEN: Final = 4
"""Bytes of text per token: https://ai.google.dev/gemini-api/docs/tokens"""

MAX_SPEECH_BYTES: Final = MAX_SPEECH_TOKENS * SPEECH_BYTES_PER_TOKEN

CUT_WORDS: Final = 6
"""Words before a place to cut that are told."""

CUT_CHARACTERS: Final = 60
"""Characters of these words, at most."""

CUT_PLACES: Final = (
    re.compile(r"\n\s*\n"),
    re.compile("[.!?\u2026\u3002\uff01\uff1f][\"\u201d\u2019')\\]]*\\s"),
    re.compile(r"\s"),
)
"""Ends of paragraphs, sentences and words, at which a text is best cut."""


def list_prebuilt_voices() -> tuple[VoiceDescription, ...]:
    """Return the voices that every key has."""
    return tuple(VoiceDescription(name=name, manner=manner) for name, manner in PREBUILT_VOICES.items())


def parse_speech(text: str, voice: str | None, style: str | None) -> Speech:
    """Return how a text is spoken.

    Args:
        text: The text; with two voices, a script whose turns begin with the names of the speakers.
        voice: One voice, or `Joe=Puck, Jane=Kore`.
        style: How it is spoken, in words.

    Raises:
        InputError: The voices are not one or two, or the script does not fit them.
    """
    voices = parse_voices(strip_hidden(voice or DEFAULT_VOICE))
    if voices[0].speaker is None:
        return Speech(voices=voices, style=style)
    return Speech(voices=voices, turns=split_script(text, [str(each.speaker) for each in voices]), style=style)


def parse_voices(voice: str) -> tuple[SpeakerVoice, ...]:
    """Return the voices of `Kore` or `Joe=Puck, Jane=Kore`.

    Raises:
        InputError: There is neither one voice nor one for each of two speakers.
    """
    parts = [part.strip() for part in voice.split(",") if part.strip()]
    pairs = [tuple(map(str.strip, part.split("=", 1))) for part in parts]
    if len(pairs) == 1 and len(pairs[0]) == 1:
        return (SpeakerVoice(voice=pairs[0][0]),)
    speakers = {pair[0].casefold() for pair in pairs if len(pair) == MAX_SPEAKERS and all(pair)}
    if len(pairs) != MAX_SPEAKERS or len(speakers) != MAX_SPEAKERS:
        raise InputError(
            "voice is one name (Kore), or a name for each of exactly two speakers (Joe=Puck, Jane=Kore). Nothing was "
            "sent."
        )
    return tuple(SpeakerVoice(speaker=pair[0], voice=pair[1]) for pair in pairs)


def split_script(text: str, speakers: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the turns of a script: `Joe: Hello` begins one, and lines without a name continue it.

    Hidden characters, such as direction marks, are left out.

    Raises:
        InputError: It does not begin with a speaker, or one of them says nothing.
    """
    names = "|".join(f"({re.escape(name)})" for name in speakers)
    begins = re.compile(rf"[ \t]*[*_]*(?:{names})[*_]*[ \t]*:[*_]*[ \t]*", re.IGNORECASE)
    turns: list[tuple[str, str]] = []
    for line in strip_hidden(text).splitlines():
        if (begun := begins.match(line)) and begun.lastindex:
            turns.append((speakers[begun.lastindex - 1], line[begun.end() :]))
        elif turns:
            turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
        elif line.strip():
            raise InputError(describe_script(speakers, f"its first line is {quote_name(line.strip())}"))
    said = tuple((speaker, words.strip()) for speaker, words in turns if words.strip())
    if missing := [name for name in speakers if name not in {speaker for speaker, _ in said}]:
        raise InputError(describe_script(speakers, f"{quote_name(missing[0])} says nothing"))
    return said


def describe_script(speakers: Sequence[str], wrong: str) -> str:
    """Return the error for a script that does not fit its speakers."""
    forms = " and ".join(f"“{quote_name(name)}: …”" for name in speakers)
    return f"With two voices, the prompt is a script whose turns begin with {forms}, but {wrong}. Nothing was sent."


def check_voices(speech: Speech, known: Collection[str]) -> Speech:
    """Return the speech with the voices in Google's spelling; those that users have made pass unchecked.

    Raises:
        InputError: There is no such voice; the message names similar ones.
    """
    names = {name.casefold(): name for name in known}
    found = [each.model_copy(update={"voice": choose_voice(each.voice, names)}) for each in speech.voices]
    return speech.model_copy(update={"voices": tuple(found)})


def choose_voice(voice: str, names: Mapping[str, str]) -> str:
    """Return a voice in Google's spelling.

    Raises:
        InputError: There is none of this name.
    """
    if CUSTOM_VOICE.fullmatch(voice):
        return voice
    if voice.casefold() in names:
        return names[voice.casefold()]
    near = [names[each] for each in difflib.get_close_matches(voice.casefold(), names, n=3, cutoff=0.5)]
    meant = f" Similar names: {', '.join(near)}." if near else ""
    raise InputError(f"There is no voice {quote_name(voice)}.{meant} gemini://voices lists all. Nothing was sent.")


def check_speech_length(text: str) -> None:
    """Check that a speech model takes all of a text.

    Raises:
        InputError: It is too long; the message says where to cut it.
    """
    content = text.encode(errors="replace")
    if len(content) <= MAX_SPEECH_BYTES:
        return
    first = content[:MAX_SPEECH_BYTES].decode(errors="ignore")
    cut = find_cut(first)
    words = " ".join(first[:cut].split()[-CUT_WORDS:])[-CUT_CHARACTERS:]
    raise InputError(
        f"The text has about {math.ceil(len(content) / SPEECH_BYTES_PER_TOKEN):,} tokens, and a speech model takes "
        f"{MAX_SPEECH_TOKENS:,}. Cut it after character {cut:,} (“…{quote_name(words)}”) and speak the rest with "
        "another call. Nothing was sent."
    )


def check_style_length(text: str, speech: Speech) -> None:
    """Check that a speech model takes all of a text together with its style, which goes with each turn.

    Raises:
        InputError: They are too long.
    """
    turns = max(1, len(speech.turns))
    size = len(text.encode(errors="replace")) + turns * len((speech.style or "").encode(errors="replace"))
    if size <= MAX_SPEECH_BYTES:
        return
    each = f", which goes with each of the {turns:,} turns," if turns > 1 else ""
    raise InputError(
        f"With its style{each} the text has about {math.ceil(size / SPEECH_BYTES_PER_TOKEN):,} tokens, and a speech "
        f"model takes {MAX_SPEECH_TOKENS:,}. Shorten `style`, or speak a part of the text at a time. Nothing was sent."
    )


def find_cut(text: str) -> int:
    """Return the length of a text up to its last paragraph, else its last sentence or word, in its second half."""
    for pattern in CUT_PLACES:
        ends = [found.end() for found in pattern.finditer(text)]
        if ends and ends[-1] > len(text) // 2:
            return ends[-1]
    return len(text)
