"""Takes the user's secrets out of what is said and written. Pure.

A piece of a secret counts as well: what comes here may have been cut, or joined of parts.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import BaseModel

from .offloading import STRETCH_CHARACTERS

T = TypeVar("T")

REPLACEMENT: Final = "[secret]"

LEAST_CHARACTERS: Final = 8
"""What is shorter is no secret, but may be a part of any word."""
WORD_CHARACTERS: Final = 16
"""Letters alone, or digits alone, that are fewer: `postgres` as a password would be taken out of every answer."""
PIECE_CHARACTERS: Final = 12
"""So much of a secret is taken out where the rest of it is missing."""
ANCHOR_CHARACTERS: Final = 4
"""What is searched for: every piece of a secret that counts contains one of its anchors."""

BINARY: Final = ("data", "blob")
"""Fields that carry base64: of media in the API's JSON, and in MCP's."""
BINARY_CHARACTERS: Final = 1024
"""What is shorter in such a field may be anything, and is looked at as text."""
TEXTUAL: Final = ("text/", "application/json", "image/svg+xml")

PUBLIC_HEADERS: Final = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "origin"}
    | {"mcp-protocol-version", "referer", "user-agent"}
)
"""Headers of remote MCP servers that are no secret; `application/json` is a word of the API's own."""
SCHEMES: Final = ("basic", "bearer", "token", "apikey", "api-key")
"""What stands before a secret in a header, and is none itself."""
SECRET_PARAMETERS: Final = ("key", "token", "secret", "pass", "pwd", "auth", "sig")
"""What the name of a URL's parameter has in it whose value is a secret."""
RANDOM: Final = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{20,}|[0-9A-Fa-f-]{32,}")
"""A part of a web address's path that nobody has made up: some services put their token there."""


class Needle(NamedTuple):
    """A form of a secret, and how much of it is enough to be taken out."""

    text: str
    least: int

    def anchors(self) -> Iterator[tuple[str, int]]:
        """Stretches of the form with their places in it, one of which is in every piece that is long enough."""
        stride = self.least - ANCHOR_CHARACTERS + 1
        for at in range(self.least - ANCHOR_CHARACTERS, len(self.text) - ANCHOR_CHARACTERS + 1, stride):
            yield self.text[at : at + ANCHOR_CHARACTERS], at

    def span(self, text: str, found: int, at: int) -> tuple[int, int]:
        """The piece of the form around an anchor that was found in a text."""
        start, end = found, found + ANCHOR_CHARACTERS
        while start and at + start > found and text[start - 1] == self.text[at + start - found - 1]:
            start -= 1
        while end < len(text) and at + end - found < len(self.text) and text[end] == self.text[at + end - found]:
            end += 1
        return start, end


class Redactor:
    """Takes secrets out of values: `redact(value)` is the same value with `[secret]` in their place.

    Args:
        secrets: Each is looked for as it is and as JSON, URLs and base64 spell it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {needle: None for secret in secrets if strong(secret) for needle in needles(secret)}
        self._anchors = [(anchor, at, needle) for needle in forms for anchor, at in needle.anchors()]

    def __call__(self, value: T) -> T:
        """Text, or whatever has text in it: lists, mappings and models. The base64 of pictures is left alone."""
        cleaned: object = value
        match value:
            case str():
                cleaned = self._text(value)
            case dict():
                cleaned = self._fields(cast("dict[Any, object]", value))
            case list():
                cleaned = [self(each) for each in cast("list[object]", value)]
            case tuple():
                cleaned = tuple(self(each) for each in cast("tuple[object, ...]", value))
            case BaseModel():
                cleaned = value.model_copy(update=self._fields(dict(value)))
            case _:
                pass
        return cast("T", cleaned)

    def content(self, content: bytes) -> bytes:
        """The content of a file, if it is text in UTF-8; whatever else it is, it stays as it is."""
        try:
            return self._text(content.decode()).encode()
        except UnicodeDecodeError:
            return content

    def _text(self, text: str) -> str:
        spans = sorted(self._spans(text)) if len(text) >= LEAST_CHARACTERS else []
        pieces: list[str] = []
        done = 0
        for start, end in spans:
            if start >= done:
                pieces += [text[done:start], REPLACEMENT]
            done = max(done, end)
        return "".join([*pieces, text[done:]]) if spans else text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for anchor, at, needle in self._anchors:
            for found in occurrences(text, anchor):
                start, end = needle.span(text, found, at)
                if end - start >= needle.least:
                    yield start, end

    def _fields(self, fields: Mapping[Any, object]) -> dict[Any, Any]:
        mime = str(fields.get("mime_type") or fields.get("mimeType"))
        return {
            self(name): self._binary(cast("str", each), mime) if binary(name, each) else self(each)
            for name, each in fields.items()
        }

    def _binary(self, data: str, mime: str) -> str:
        """Base64, of which only text is looked into: a picture may have 64 MiB."""
        with suppress(ValueError):
            if mime.startswith(TEXTUAL):
                return base64.b64encode(self.content(base64.b64decode(data, validate=True))).decode()
        return data


NOTHING: Final = Redactor()
"""Leaves everything as it is."""


def occurrences(text: str, anchor: str) -> Iterator[int]:
    """Where an anchor is in a text; other threads have their turn after each `STRETCH_CHARACTERS`."""
    for start in range(0, len(text), STRETCH_CHARACTERS):
        end = start + STRETCH_CHARACTERS + len(anchor) - 1
        found = text.find(anchor, start, end)
        while found >= 0:
            yield found
            found = text.find(anchor, found + 1, end)


def binary(name: object, value: object) -> bool:
    """Whether a field carries base64 of some size."""
    return name in BINARY and isinstance(value, str) and len(value) >= BINARY_CHARACTERS


def strong(secret: str) -> bool:
    """Whether it can be told from the words of a language, and from numbers."""
    word = secret.isalpha() or secret.isdecimal()
    return len(secret) >= (WORD_CHARACTERS if word else LEAST_CHARACTERS)


def needles(secret: str) -> Iterator[Needle]:
    """What is looked for: pieces of a secret in all its spellings, and the whole of it in base64."""
    for text in dict.fromkeys((secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret))):
        yield Needle(text, min(PIECE_CHARACTERS, len(text)))
    for text in dict.fromkeys(encoded(secret.encode())):
        yield Needle(text, len(text))


def encoded(secret: bytes) -> Iterator[str]:
    """What is certain to be in base64 that has the secret in it, wherever that begins."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret).decode()
        certain = text[-(-8 * before // 6) : (before + len(secret)) * 8 // 6]
        yield from (certain, certain.translate(str.maketrans("+/", "-_")))


# Where secrets are ---------------------------------------------------------------------------------------


def of_header(name: str, value: str) -> Iterator[str]:
    """The secrets in a header: its value, without `Bearer` before it, and both parts of what `Basic` encodes."""
    if name.lower() in PUBLIC_HEADERS:
        return
    scheme, _, rest = value.strip().partition(" ")
    yield rest.strip() if scheme.lower() in SCHEMES else value.strip()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            both = base64.b64decode(rest.strip()).decode()
            yield from (both, *both.split(":", 1))


def of_url(url: str) -> Iterator[str]:
    """The secrets in a URL: its password, parameters that are named like secrets, random parts of its path."""
    with suppress(ValueError):
        parts = urlsplit(url)
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
        yield from (password, unquote(password))
        for name, value in parse_qsl(parts.query):
            if any(word in name.lower() for word in SECRET_PARAMETERS):
                yield value
        if parts.scheme in ("http", "https"):
            yield from filter(RANDOM.fullmatch, parts.path.split("/"))
