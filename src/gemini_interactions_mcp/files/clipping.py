"""Which part of the files is meant: a clip of video or audio, frames of video, pages of a document. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gemini_interactions_mcp.core import InputError, strip_quotes
from gemini_interactions_mcp.models import ContentItem

CLIP_TIME: Final = r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)"
CLIP_RANGE: Final = re.compile(rf"({CLIP_TIME})?\s*-\s*({CLIP_TIME})?")
PAGE_RANGE: Final = re.compile(r"(\d{1,6})?\s*(?:(-)\s*(\d{1,6})?)?")

CLIPPED_TYPES: Final = frozenset({"video", "audio"})
"""Content types that a clip applies to."""
FRAME_RATE: Final = re.compile(r"(\d{0,3}(?:\.\d{1,6})?)(?:\s*fps)?", re.IGNORECASE)
MAX_FRAME_RATE: Final = 24
"""Source: google-genai 3.6.1, types.VideoMetadata.fps"""
UNPAGED_PREFIXES: Final = ("text/", "application/vnd.ms-excel")
SHEET_SUFFIXES: Final = (".spreadsheet", ".sheet")
"""Beginnings and ends of the MIME types of documents without pages; spreadsheets have sheets."""


@dataclass(frozen=True)
class Excerpt:
    """The parts that are meant; None means the whole file.

    Attributes:
        clip: `processing` of video and audio: google-genai 3.6.1, types/interactions/staticmediaprocessing.py and
            audiostaticmediaprocessing.py
        frames: Frames of video per second, or `agentic` if Gemini chooses them: google-genai 3.6.1,
            types/interactions/videocontent.py
        pages: `processing` of documents: google-genai 3.6.1, types/interactions/pageprocessingoptions.py
    """

    clip: Mapping[str, Any] | None = None
    pages: Mapping[str, Any] | None = None
    frames: float | Literal["agentic"] | None = None

    @classmethod
    def of(cls, clip: str | None, pages: str | None, fps: str | None = None) -> "Excerpt":
        """Parse `1:30-2:45`, `3-7`, and `0.5` or `agentic`.

        Raises:
            InputError: They are malformed, end before they begin, or do not go together.
        """
        frames = parse_frames(fps) if fps else None
        if clip and frames == "agentic":
            raise InputError("fps=agentic reads the whole video, and takes no `clip`. Nothing was sent.")
        return cls(parse_clip(clip) if clip else None, parse_pages(pages) if pages else None, frames)

    @property
    def video(self) -> Mapping[str, Any] | str | None:
        """The `processing` of video."""
        if self.frames is None or isinstance(self.frames, str):
            return self.frames or self.clip
        return {"type": "static", **(self.clip or {}), "fps": self.frames}

    def apply(self, blocks: Sequence[ContentItem]) -> tuple[ContentItem, ...]:
        """Return the blocks, restricted to the excerpt where they have such parts.

        Raises:
            InputError: No block has such a part.
        """
        if self.clip and not any(block["type"] in CLIPPED_TYPES for block in blocks):
            raise InputError("`clip` is for video and audio, and none of the files is either.")
        if self.frames and not any(block["type"] == "video" for block in blocks):
            raise InputError("`fps` is for video, and none of the files is one. Nothing was sent.")
        if self.pages and not any(map(is_paged, blocks)):
            raise InputError("`pages` is for PDF and other documents with pages, and none of the files is one.")
        return tuple(map(self._restrict, blocks))

    def check(self, documents: Iterable[tuple[str, int | None]]) -> None:
        """Check that each document whose number of pages is known has the pages.

        Args:
            documents: Names and numbers of pages.

        Raises:
            InputError: One has not.
        """
        last = max((self.pages or {}).get("page_options", {}).values(), default=0)
        for name, count in documents:
            if count is not None and last > count:
                has = "only 1 page" if count == 1 else f"only {count} pages"
                raise InputError(f"{name} has {has}, and `pages` goes to page {last}.")

    def _restrict(self, block: ContentItem) -> ContentItem:
        if self.video and block["type"] == "video":
            return {**block, "processing": self.video}
        if self.clip and block["type"] in CLIPPED_TYPES:
            return {**block, "processing": self.clip}
        return {**block, "processing": self.pages} if self.pages and is_paged(block) else block


WHOLE_FILES: Final = Excerpt()


def is_paged(block: ContentItem) -> bool:
    """Whether a block is a document with pages; a URL of unknown type may be one."""
    mime = str(block.get("mime_type", ""))
    return block["type"] == "document" and not mime.startswith(UNPAGED_PREFIXES) and not mime.endswith(SHEET_SUFFIXES)


def parse_clip(text: str) -> Mapping[str, Any]:
    """Parse `1:30-2:45`, `90-165`, `90-` or `-2:45` into offsets in seconds.

    Raises:
        InputError: The text is malformed.
    """
    found = CLIP_RANGE.fullmatch(text.strip())
    start, end = (parse_clip_seconds(found, 1), parse_clip_seconds(found, 5)) if found else (None, None)
    if start is None and end is None:
        raise InputError('`clip` is two times with a dash, each in seconds or m:ss: "1:30-2:45", "90-" or "-2:45".')
    if end is not None and end <= (start or 0):
        raise InputError("`clip` ends before it begins.")
    offsets = {"start_offset": start, "end_offset": end}
    return {"type": "static"} | {name: f"{value:.12g}s" for name, value in offsets.items() if value is not None}


def parse_clip_seconds(found: re.Match[str], group: int) -> float | None:
    """Return the time of a group, whose parts are the next three groups, in seconds; None if it is empty."""
    whole, *units = found.group(group, group + 1, group + 2, group + 3)
    if whole is None:
        return None
    hours, minutes, rest = (float(unit or 0) for unit in units)
    return round(hours * 3600 + minutes * 60 + rest, 3)


def parse_frames(text: str) -> float | Literal["agentic"]:
    """Parse `0.5`, `2 fps` or `agentic`.

    Raises:
        InputError: It is neither, or no rate that Gemini takes.
    """
    meant = strip_quotes(text)
    if meant.casefold() == "agentic":
        return "agentic"
    found = FRAME_RATE.fullmatch(meant)
    rate = float(found[1]) if found and found[1] else 0.0
    if not 0 < rate <= MAX_FRAME_RATE:
        raise InputError(
            f"`fps` is a number of frames per second, over 0 and up to {MAX_FRAME_RATE}, or agentic. Nothing was sent."
        )
    return rate


def parse_pages(text: str) -> Mapping[str, Any]:
    """Parse `3-7`, `3`, `3-` or `-7`, counted from 1, the last page included.

    Raises:
        InputError: The text is malformed.
    """
    found = PAGE_RANGE.fullmatch(text.strip())
    first, dash, last = found.groups() if found else (None, None, None)
    if first is None and last is None:
        raise InputError('`pages` is a page or two with a dash: "3-7", "3", "3-" or "-7".')
    numbers = {"start_page": first, "end_page": last if dash else first}
    options = {name: int(number) for name, number in numbers.items() if number is not None}
    if 0 in options.values() or options.get("end_page", 10**6) < options.get("start_page", 1):
        raise InputError("`pages` counts from 1 and ends where it begins or later.")
    return {"type": "static", "page_options": options}
