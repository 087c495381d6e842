"""What is to be given to Gemini, as it was when it was looked at: nothing is open, and nothing has been sent."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from .models import Content


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this computer.

    Attributes:
        source: Its path, as the caller names it or as it was found in a folder.
        name: What it is called towards Gemini.
        size: In bytes.
        sent: Bytes that go to Google: of text, those of its UTF-8.
        kind: The content type that it becomes.
        version: What changes with its content, and can be compared without reading it.
        sha256: Of its content.
        encoding: Of text.
        pages: How many a PDF has, where that is known.
        inline: Whether it travels inside the request; otherwise it is uploaded.
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
    inline: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes one content block: a file on this computer, or the block of an address that Google reads.

    Attributes:
        label: The name by which it was found, where the block does not tell it.
    """

    label: str
    content: LocalFile | Content

    @property
    def identity(self) -> object:
        """What stays the same wherever the content is uploaded to."""
        if isinstance(self.content, LocalFile):
            return [self.content.name, self.content.mime, self.content.sha256]
        return dict(self.content)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What one source stands for; a folder or glob has a part for each file."""

    source: str
    parts: tuple[Part, ...]

    @property
    def files(self) -> tuple[LocalFile, ...]:
        """The files on this computer."""
        return tuple(part.content for part in self.parts if isinstance(part.content, LocalFile))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the sources of a call stand for.

    Attributes:
        notes: What of folders and globs was left out, in sentences for the caller.
    """

    sources: tuple[Inspected, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> Iterator[Part]:
        """Those of all sources, in their order."""
        return (part for source in self.sources for part in source.parts)

    @property
    def digest(self) -> str:
        """The SHA-256 of names and contents; empty where there are none."""
        return digest([part.identity for part in self.parts]) if self.sources else ""


def digest(value: object) -> str:
    """The SHA-256 of what JSON can say."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
