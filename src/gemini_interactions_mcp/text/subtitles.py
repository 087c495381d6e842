"""Subtitles of a transcript, as SRT and WebVTT. Pure.

WebVTT: https://www.w3.org/TR/webvtt1/. SRT has no standard, and players read tags in it: it gets none.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, groupby
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import strip_hidden

from .transcripts import PAUSE_MILLISECONDS, SENTENCE_END, SpokenWord

LINE_CHARACTERS: Final = 42
"""Maximum length of a line, and the number of lines below: the usual ones of television and of streaming services."""
CUE_LINES: Final = 2
JOINED_LINES: Final = 4
"""Maximum number of lines of subtitles that are joined because one alone would be too short."""

LONGEST_CUE_MILLISECONDS: Final = 6_000
SHORTEST_CUE_MILLISECONDS: Final = 700

CHARACTER_MILLISECONDS: Final = 67
"""Usual duration of a character of speech: 150 words a minute."""

WORD_OR_SPACE: Final = re.compile(rf"\S{{1,{LINE_CHARACTERS}}}\s*")

SRT_REPLACEMENTS: Final = str.maketrans({"<": "\u2039", ">": "\u203a", "{": "(", "}": ")"})
"""Replacements of what players take for tags or for the arrow between times."""

VTT_REPLACEMENTS: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class SubtitleCue(NamedTuple):
    """A subtitle: its times in milliseconds, and its lines."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass
class CueDraft:
    """A subtitle under construction.

    Attributes:
        start: When it begins, in milliseconds.
        end: When its last word ends.
        speaker: Name of its speaker.
        lines: Its lines; white space at their ends is kept until it is complete.
    """

    start: int
    end: int
    speaker: str
    lines: list[str] = field(default_factory=lambda: [""])

    def has_room(self, text: str) -> bool:
        """Whether a text fits into the last line, or into another one."""
        return len(self.lines) < CUE_LINES or self._fits(text)

    def _fits(self, text: str) -> bool:
        return len((self.lines[-1] + text).rstrip()) <= LINE_CHARACTERS

    def add(self, text: str, end: int) -> None:
        """Add a text."""
        if not self._fits(text):
            self.lines.append("")
        self.lines[-1] += text
        self.end = max(self.end, end)

    def can_join(self, other: "CueDraft") -> bool:
        """Whether this one would be too short alone, and has room for the lines of the next one."""
        hasty = other.start - self.start < SHORTEST_CUE_MILLISECONDS
        return hasty and len(self.lines) + len(other.lines) <= JOINED_LINES

    def join(self, other: "CueDraft") -> None:
        """Add the lines of the next one."""
        self.lines += other.lines
        self.end = max(self.end, other.end)

    @property
    def is_rounded(self) -> bool:
        """Whether it ends with a sentence, and has more than a line."""
        return len(self.lines) > 1 and SENTENCE_END.search(self.lines[-1]) is not None


def build_cues(words: Sequence[SpokenWord]) -> list[SubtitleCue]:
    """Return the subtitles of words whose times never go back; none if no word has a time."""
    drafts: list[CueDraft] = []
    for piece in split_words(fill_times(words)):
        start, end = piece.start or 0, piece.end or 0
        last = drafts[-1] if drafts else None
        if last is None or begins_cue(last, piece):
            turns = piece.speaker and (last is None or last.speaker != piece.speaker)
            last = CueDraft(start, end, piece.speaker)
            drafts.append(last)
            if turns:
                last.add(f"{piece.speaker}: ", end)
        last.add(piece.text, end)
    return list(time_cues(join_hasty_drafts(drafts)))


def fill_times(words: Iterable[SpokenWord]) -> list[SpokenWord]:
    """Return words of which each has a time: those without any follow the one before. Empty if none has a time."""
    runs = [(timed, list(run)) for timed, run in groupby(words, has_times)]
    filled: list[SpokenWord] = []
    clock = 0
    for number, (timed, run) in enumerate(runs):
        until = runs[number + 1][1][0].start if number + 1 < len(runs) else None
        filled += run if timed else share_time(run, clock, until)
        clock = max([clock, *(word.end or 0 for word in filled[-1:])])
    return filled if any(timed for timed, _ in runs) else []


def has_times(word: SpokenWord) -> bool:
    """Whether it is known when a word begins and ends."""
    return word.start is not None and word.end is not None


def share_time(words: Sequence[SpokenWord], start: int, until: int | None) -> list[SpokenWord]:
    """Return words, one by one, that are spoken at the usual speed, or faster to end by `until`."""
    words = [word._replace(text=text) for word in words for text in re.findall(r"\S+\s*", word.text)]
    ends = list(accumulate((len(word.text) for word in words), initial=0))
    usual = ends[-1] * CHARACTER_MILLISECONDS
    length = usual if until is None else max(0, min(usual, until - start))
    marks = [start + length * end // max(1, ends[-1]) for end in ends]
    return [word._replace(start=begin, end=end) for word, begin, end in zip(words, marks[:-1], marks[1:], strict=True)]


def begins_cue(draft: CueDraft, piece: SpokenWord) -> bool:
    """Whether a piece begins another subtitle."""
    start, end = piece.start or 0, piece.end or 0
    return (
        piece.speaker != draft.speaker
        or not draft.has_room(piece.text)
        or draft.is_rounded
        or start - draft.end >= PAUSE_MILLISECONDS
        or end - draft.start > LONGEST_CUE_MILLISECONDS
    )


def split_words(words: Sequence[SpokenWord]) -> Iterator[SpokenWord]:
    """Yield the pieces of words that no line breaks; those of a longer text share its time."""
    for number, word in enumerate(words):
        if word.start is None or word.end is None:
            continue
        pieces: list[str] = WORD_OR_SPACE.findall(strip_hidden(word.text))
        after = words[number + 1].start if number + 1 < len(words) else None
        end = max(word.end, after or 0) if len(pieces) > 1 else word.end
        for place, text in enumerate(pieces):
            start, until = (word.start + (end - word.start) * at // len(pieces) for at in (place, place + 1))
            yield SpokenWord(re.sub(r"\s+", " ", text), start, until, word.speaker)


def join_hasty_drafts(drafts: Iterable[CueDraft]) -> list[CueDraft]:
    """Return subtitles; one that would be too short to be read is joined to the next, where that has room."""
    joined: list[CueDraft] = []
    for draft in drafts:
        if joined and joined[-1].can_join(draft):
            joined[-1].join(draft)
        else:
            joined.append(draft)
    return joined


def time_cues(drafts: Sequence[CueDraft]) -> Iterator[SubtitleCue]:
    """Yield subtitles one after the other, each long enough to be read: a later one waits for it."""
    clock = 0
    for number, draft in enumerate(drafts):
        start = max(draft.start, clock)
        following = drafts[number + 1].start if number + 1 < len(drafts) else draft.end
        end = min(draft.end, following, start + LONGEST_CUE_MILLISECONDS)
        clock = max(end, start + SHORTEST_CUE_MILLISECONDS)
        yield SubtitleCue(start, clock, tuple(line.strip() for line in draft.lines if line.strip()))


def render_srt(cues: Iterable[SubtitleCue]) -> str:
    """Return subtitles as SRT."""
    return "\n".join(f"{number}\n{render_cue(cue, ',', SRT_REPLACEMENTS)}" for number, cue in enumerate(cues, 1))


def render_vtt(cues: Iterable[SubtitleCue]) -> str:
    """Return subtitles as WebVTT."""
    return "\n".join(chain(["WEBVTT\n"], (render_cue(cue, ".", VTT_REPLACEMENTS) for cue in cues)))


def render_cue(cue: SubtitleCue, point: str, replacements: dict[int, str]) -> str:
    """Return the times and the lines of a subtitle."""
    times = " --> ".join(format_cue_time(each, point) for each in (cue.start, cue.end))
    return "\n".join([times, *(line.translate(replacements) for line in cue.lines), ""])


def format_cue_time(milliseconds: int, point: str) -> str:
    """Format a time as `00:01:02.500`."""
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


SUBTITLE_RENDERERS: Final[dict[str, Callable[[Iterable[SubtitleCue]], str]]] = {
    "application/x-subrip": render_srt,
    "text/vtt": render_vtt,
}
"""Renderers of subtitles, by MIME type."""
