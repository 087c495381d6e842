"""What is given to Gemini, as it was when it was inspected: no file is open, and nothing has been sent. Pure."""

import hashlib
import json
import posixpath
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from gemini_interactions_mcp.core import make_printable
from gemini_interactions_mcp.models import Attachment, ContentItem, SavedFile

from .addresses import is_files_api_block
from .clipping import WHOLE_FILES, Excerpt


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A local file to give to Gemini.

    Attributes:
        source: Its path, as the caller names it or as it was found.
        path: The parts of its absolute path, without the root.
        depth: Minimum number of the last parts that make its name: in a folder, all from that folder on.
        saved: What it is as a file that this server keeps, which has no path of the caller's.
    """

    source: str
    path: tuple[str, ...]
    depth: int = 1
    saved: SavedFile | None = None

    def name(self, depth: int | None = None) -> str:
        """Return the name given to Gemini, of `depth` parts."""
        return make_printable("/".join(self.path[-(depth or self.depth) :]))


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this computer.

    Attributes:
        source: Its path, as the caller names it or as it was found in a folder.
        name: The name given to Gemini.
        size: In bytes.
        sent: Bytes that go to Google: of text, those of its UTF-8.
        kind: The content type that it becomes.
        version: Changes with the content, and can be compared without reading it.
        sha256: Of the content.
        encoding: Of text.
        pages: Number of pages of a PDF, if known.
        seconds: Duration of a recording, if known.
        inline: Whether it travels inside the request; otherwise it is uploaded.
        saved: What it is as a file that this server keeps.
    """

    source: str
    name: str
    size: int
    sent: int
    kind: str
    mime: str
    version: tuple[int, ...]
    sha256: str
    encoding: str = ""
    pages: int | None = None
    seconds: float | None = None
    inline: bool = True
    saved: SavedFile | None = None


@dataclass(frozen=True, slots=True)
class ContentPart:
    """What becomes one content block: a file on this computer, or the block of an address that Google reads.

    Attributes:
        label: Its name, if one is needed that the block does not contain.
        named: How a file was found.
        given: The name that the caller gives it; empty for none.
    """

    label: str
    content: LocalFile | ContentItem
    named: NamedFile | None = None
    given: str = ""

    @property
    def identity(self) -> object:
        """What stays the same wherever the content is uploaded to."""
        if isinstance(self.content, LocalFile):
            return [self.content.name, self.content.mime, self.content.sha256]
        return [self.given, dict(self.content)] if self.given else dict(self.content)


@dataclass(frozen=True, slots=True)
class InspectedSource:
    """What one source stands for; a folder or glob has a part for each file.

    Attributes:
        name: The name that the caller gives it; empty for none.
    """

    source: str
    parts: tuple[ContentPart, ...]
    name: str = ""

    @property
    def files(self) -> tuple[LocalFile, ...]:
        """The files on this computer."""
        return tuple(part.content for part in self.parts if isinstance(part.content, LocalFile))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the sources of a call stand for.

    Attributes:
        notes: What of folders and globs was left out, in sentences for the caller.
        resolution: Detail in which images, video and documents are read.
        excerpt: The part of each file that is meant.
    """

    sources: tuple[InspectedSource, ...] = ()
    notes: tuple[str, ...] = ()
    resolution: str | None = None
    excerpt: Excerpt = WHOLE_FILES

    @property
    def parts(self) -> Iterator[ContentPart]:
        """The parts of all sources, in their order."""
        return (part for source in self.sources for part in source.parts)

    @property
    def files(self) -> tuple[LocalFile, ...]:
        """The files on this computer."""
        return tuple(file for source in self.sources for file in source.files)

    def select_shown(self) -> "Inspection":
        """Return what a request shows of files that go into a sandbox: those inside the request, and addresses."""
        shown = (
            replace(source, parts=tuple(part for part in source.parts if is_shown(part.content)))
            for source in self.sources
        )
        return replace(self, sources=tuple(source for source in shown if source.parts))

    @property
    def kinds(self) -> frozenset[str]:
        """The types of content of all parts; text that is uploaded as a document is text, too.

        Files of the Files API are left out: only the API knows their types.
        """
        contents = (part.content for part in self.parts)
        return frozenset(
            classify_content(each) for each in contents if isinstance(each, LocalFile) or not is_files_api_block(each)
        )

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files and addresses, as an estimate of the cost needs them."""
        return tuple(describe_attachment(part.content, self.excerpt) for part in self.parts)

    @property
    def digest(self) -> str:
        """The SHA-256 of names, contents and how they are read; empty if there are no sources."""
        told = [part.identity for part in self.parts]
        frames = [self.excerpt.frames] if self.excerpt.frames else []
        return (
            hash_json([told, self.resolution, self.excerpt.clip, self.excerpt.pages, *frames]) if self.sources else ""
        )


def is_shown(content: LocalFile | ContentItem) -> bool:
    """Whether a content travels inside the request, or is read by Google from its address."""
    return not isinstance(content, LocalFile) or content.inline


def classify_content(content: LocalFile | ContentItem) -> str:
    """Return the type of content of a file or of a block."""
    if isinstance(content, LocalFile):
        return "text" if content.mime.startswith("text/") else content.kind
    return str(content.get("type"))


def describe_attachment(content: LocalFile | ContentItem, excerpt: Excerpt = WHOLE_FILES) -> Attachment:
    """Return the type, size and pages of a file or of a block, and its frames; sizes are unknown of an address."""
    kind = classify_content(content)
    frames = excerpt.frames if kind == "video" else None
    if isinstance(content, LocalFile):
        return Attachment(kind, content.sent, content.pages, content.seconds, frames)
    return Attachment(kind, None, frames=frames)


def label_sources(sources: Sequence[InspectedSource]) -> tuple[InspectedSource, ...]:
    """Give all files distinct names; a single file needs no label, unless it has a given name or was in a folder."""
    own = [part.named for source in sources if not source.name for part in source.parts if part.named]
    names = iter(distinguish_names(own))
    several = sum(len(source.parts) for source in sources) > 1

    def label(source: InspectedSource, part: ContentPart) -> ContentPart:
        if source.name:
            return name_part(part, source.name)
        return label_part(part, next(names) if part.named else "", several)

    return tuple(replace(source, parts=tuple(label(source, part) for part in source.parts)) for source in sources)


def name_part(part: ContentPart, name: str) -> ContentPart:
    """Return a part with the name that the caller gives it as its label."""
    content = replace(part.content, name=name) if isinstance(part.content, LocalFile) else part.content
    return replace(part, content=content, label=name, given=name)


def label_part(part: ContentPart, name: str, several: bool) -> ContentPart:
    """Return a part with its name and, if needed, its label."""
    if not isinstance(part.content, LocalFile):
        return replace(part, label=part.label if several else "")
    content = replace(part.content, name=name)
    # A text inside the request begins with its name.
    told = content.kind == "text" and content.inline
    return replace(part, content=content, label=name if not told and (several or "/" in name) else "")


def distinguish_names(files: Sequence[NamedFile]) -> list[str]:
    """Return a name for each file: as many of the last parts of its path as tell it from the others."""
    depths = [file.depth for file in files]
    paths = [normalize_name(file.name(len(file.path))) for file in files]
    while True:
        names = [file.name(depth) for file, depth in zip(files, depths, strict=True)]
        taken = Counter(name for name, _ in set(zip(map(normalize_name, names), paths, strict=True)))
        if taken.total() == len(taken):
            return number_duplicates(names)
        depths = [depth + (taken[normalize_name(name)] > 1) for depth, name in zip(depths, names, strict=True)]


def number_duplicates(names: Sequence[str]) -> list[str]:
    """Put a number into repeated names, before the extension: different characters may look the same."""
    wanted, given = set(map(normalize_name, names)), set[str]()
    chosen: list[str] = []
    for name in names:
        stem, suffix = posixpath.splitext(name)
        numbered = (f"{stem} ({number}){suffix}" for number in count(2))
        free = (each for each in numbered if normalize_name(each) not in wanted | given)
        chosen.append(next(free) if normalize_name(name) in given else name)
        given.add(normalize_name(chosen[-1]))
    return chosen


def normalize_name(name: str) -> str:
    """Normalize a name, so that names that differ in the Unicode form only are equal."""
    return unicodedata.normalize("NFC", name)


def hash_json(value: object) -> str:
    """Return the SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
