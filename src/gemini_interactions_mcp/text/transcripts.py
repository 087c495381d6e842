"""Transcripts: the text of a recording by speaker and time. Pure.

The words and labels are foreign: times may be missing, absurd or out of order, and words may not be those of the text.
Nothing of the text is left out, whatever they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import make_inert

PAUSE_MILLISECONDS: Final = 1_500
"""Silence after which a new paragraph begins."""

LONG_PARAGRAPH_MILLISECONDS: Final = 30_000
"""Duration of a paragraph after which the next sentence begins a new one."""

SEARCHED_CHARACTERS: Final = 400
"""Characters of a text in which the next word is looked for: it stands right there, or the words are another text's."""

LABEL_CHARACTERS: Final = 40
"""Maximum length of the name of a speaker."""

SENTENCE_END: Final = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019\xbb)]{0,2}\s*\Z")

NUMBERED_SPEAKER: Final = re.compile(r"(?:spk|speaker)[\s_:-]*\d{1,6}", re.IGNORECASE)
"""Labels that only tell speakers apart: `spk_1`, `spk:0`."""


class SpokenWord(NamedTuple):
    """A word, or the part of a text that begins with it, as it was spoken.

    Attributes:
        start: When it begins, in milliseconds from the start of the recording; None if unknown.
        end: When it ends.
        speaker: Label of the speaker; empty if unknown.
    """

    text: str
    start: int | None = None
    end: int | None = None
    speaker: str = ""


def align_words(text: str, words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """Divide a text among its words: each gets what follows it, up to the next. Joined, they are the text.

    Words that are not found are left out; if none is found, the text is one part, from the first time to the last. An
    empty text is that of the words. There is always a part.
    """
    if not text.strip():
        return [word._replace(text=f"{word.text} ") for word in words if word.text] or [SpokenWord(text)]
    found = list(find_words(text, words))
    if not found:
        starts = [word.start for word in words if word.start is not None]
        ends = [word.end for word in words if word.end is not None]
        return [SpokenWord(text, min(starts, default=None), max(ends, default=None))]
    bounds = [0, *(place for place, _ in found[1:]), len(text)]
    return [
        word._replace(text=text[begin:end]) for (_, word), begin, end in zip(found, bounds, bounds[1:], strict=False)
    ]


def find_words(text: str, words: Iterable[SpokenWord]) -> Iterator[tuple[int, SpokenWord]]:
    """Yield the words that are found in a text, one after the other, with their offsets."""
    since = 0
    for word in words:
        place = find_word(text, word.text, since) if word.text else -1
        if place >= 0:
            yield place, word
            since = place + len(word.text)


def find_word(text: str, word: str, since: int) -> int:
    """Return the offset of a word that begins no later than `SEARCHED_CHARACTERS` from `since`; -1 if there is none."""
    until = since + SEARCHED_CHARACTERS + len(word)
    place = text.find(word, since, until)
    # Not within another word, except where the word before ends: not every script has spaces.
    while place > since and text[place - 1].isalnum() and word[0].isalnum():
        place = text.find(word, place + 1, until)
    return place


def order_times(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """Return words with times that never go back; a word without a time begins where the one before ends.

    A time after that of the next word is not believed. Without any times, the words stay without them.
    """
    if all(word.start is None and word.end is None for word in words):
        return list(words)
    ordered: list[SpokenWord] = []
    clock, following = 0, list_following_starts(words)
    for word, after in zip(words, following, strict=True):
        believed = word.start is not None and (after is None or word.start <= after)
        start = max(clock, word.start) if believed and word.start is not None else clock
        end = start if word.end is None else max(start, word.end)
        ordered.append(word._replace(start=start, end=end if after is None else min(end, max(start, after))))
        clock = start
    return ordered


def list_following_starts(words: Sequence[SpokenWord]) -> list[int | None]:
    """Return, for each word, the next start that is known."""
    following: list[int | None] = []
    known: int | None = None
    for word in reversed(words):
        following.append(known)
        known = word.start if word.start is not None else known
    return following[::-1]


class SpeakerNames:
    """Names of speakers: `Speaker 1` for the first label that only has a number, other labels as they are."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {"": ""}
        self._numbered = 0

    def get(self, label: str) -> str:
        """Return the name for a label; empty for an unknown speaker."""
        if label not in self._names:
            self._names[label] = self._make(label)
        return self._names[label]

    def _make(self, label: str) -> str:
        own = make_inert(label, LABEL_CHARACTERS)
        if own and not NUMBERED_SPEAKER.fullmatch(own):
            return own
        self._numbered += 1
        return f"Speaker {self._numbered}"


def name_speakers(words: Iterable[SpokenWord], names: SpeakerNames) -> list[SpokenWord]:
    """Return words with the names of their speakers; an unknown speaker is the one before."""
    named: list[SpokenWord] = []
    speaker = ""
    for word in words:
        speaker = names.get(word.speaker) or speaker
        named.append(word._replace(speaker=speaker))
    return named


def render_transcript(words: Sequence[SpokenWord]) -> str:
    """Return words as paragraphs by speaker and time, as far as these are known: `[00:01.2] Speaker 1: Hello.`."""
    return "\n\n".join(map(render_turn, split_turns(words)))


def split_turns(words: Iterable[SpokenWord]) -> Iterator[list[SpokenWord]]:
    """Yield the words of each paragraph: another begins with another speaker, and after a pause."""
    turn: list[SpokenWord] = []
    for word in words:
        if turn and begins_turn(turn, word):
            yield turn
            turn = []
        turn.append(word)
    if turn:
        yield turn


def begins_turn(turn: Sequence[SpokenWord], word: SpokenWord) -> bool:
    """Whether a word begins a paragraph after others."""
    first, last = turn[0], turn[-1]
    if word.speaker != last.speaker:
        return True
    if word.start is None or first.start is None or last.end is None:
        return False
    paused = word.start - last.end >= PAUSE_MILLISECONDS
    long = word.start - first.start >= LONG_PARAGRAPH_MILLISECONDS
    return paused or (long and SENTENCE_END.search(last.text[-LABEL_CHARACTERS:]) is not None)


def render_turn(turn: Sequence[SpokenWord]) -> str:
    """Return a paragraph."""
    first = turn[0]
    when = "" if first.start is None else f"[{format_offset(first.start)}]"
    who = f"{first.speaker}:" if first.speaker else ""
    said = " ".join("".join(word.text for word in turn).split())
    return " ".join(filter(None, (when, who, said)))


TURN_HEAD: Final = re.compile(r"\[(?:(?P<hours>\d+):)?(?P<minutes>\d\d):(?P<seconds>\d\d)\.(?P<tenths>\d)\] ?")
SPEAKER_HEAD: Final = re.compile(rf"(?P<name>[^:\n]{{1,{LABEL_CHARACTERS}}}): ")


class TranscriptTurn(NamedTuple):
    """A paragraph of a transcript.

    Attributes:
        start: When it begins, in seconds from the start of the recording; None if unknown.
        end: When the next one begins; None if unknown.
        speaker: Name of the speaker; empty if unknown.
    """

    start: float | None
    end: float | None
    speaker: str
    text: str


def parse_turns(transcript: str) -> list[TranscriptTurn]:
    """Return the paragraphs of a transcript that `render_transcript` has made.

    Where speakers were told apart, each paragraph names one; else, a word before a colon is none.
    """
    paragraphs = [paragraph for paragraph in transcript.split("\n\n") if paragraph.strip()]
    turns = [parse_paragraph(paragraph, named=True) for paragraph in paragraphs]
    if not all(turn.speaker for turn in turns):
        turns = [parse_paragraph(paragraph, named=False) for paragraph in paragraphs]
    starts = [turn.start for turn in turns[1:]]
    return [turn._replace(end=end) for turn, end in zip(turns, [*starts, None], strict=False)]


def parse_paragraph(paragraph: str, *, named: bool) -> TranscriptTurn:
    """Return a paragraph that `render_turn` has made; only one with a time may name a speaker."""
    head = TURN_HEAD.match(paragraph)
    if head is None:
        return TranscriptTurn(None, None, "", paragraph.strip())
    said = paragraph[head.end() :]
    start = int(head["hours"] or 0) * 3600 + int(head["minutes"]) * 60 + int(head["seconds"]) + int(head["tenths"]) / 10
    speaker = SPEAKER_HEAD.match(said) if named else None
    return TranscriptTurn(start, None, speaker["name"] if speaker else "", said[speaker.end() if speaker else 0 :])


def format_offset(milliseconds: int) -> str:
    """Format a time as `01:02.5`, or `1:01:02.5` from an hour on."""
    minutes, tenths = divmod(milliseconds // 100, 600)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}:{minutes:02}" if hours else f"{minutes:02}"
    return f"{front}:{tenths // 10:02}.{tenths % 10}"
