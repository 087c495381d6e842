"""Removes the user's secrets from everything that is returned or written. Pure.

Pieces of a secret are removed as well, since a text may have been cut or assembled before it comes here.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import quote

from pydantic import BaseModel

from .offloading import THREAD_STEP_CHARACTERS

RedactedT = TypeVar("RedactedT")

SECRET_REPLACEMENT: Final = "[secret]"  # noqa: S105 - stands for one

MIN_SECRET_CHARACTERS: Final = 8
"""Minimum length of a secret: a shorter one may be a part of any word."""
MIN_WORD_SECRET_CHARACTERS: Final = 16
"""Minimum length of a secret of letters or digits only: `postgres` would be removed from every answer."""
MIN_PIECE_CHARACTERS: Final = 12
"""Minimum length of a piece of a secret that is removed without the rest."""
ANCHOR_CHARACTERS: Final = 4
"""Length of the substrings that are searched for: every piece that counts contains one of them."""

BINARY_FIELDS: Final = ("data", "blob")
"""Fields with base64-encoded media in the API's JSON and in MCP's."""
MIN_BINARY_CHARACTERS: Final = 1024
"""Minimum length of base64 in such a field; a shorter value is treated as text."""

TEXTUAL_TYPES: Final = ("text/", "application/json", "application/x-subrip", "image/svg+xml")


class Needle(NamedTuple):
    """A spelling of a secret, and the length of a piece that is removed."""

    text: str
    least: int

    def iter_anchors(self) -> Iterator[tuple[str, int]]:
        """Yield substrings with their offsets; every piece that is long enough contains one of them."""
        stride = self.least - ANCHOR_CHARACTERS + 1
        for at in range(self.least - ANCHOR_CHARACTERS, len(self.text) - ANCHOR_CHARACTERS + 1, stride):
            yield self.text[at : at + ANCHOR_CHARACTERS], at

    def find_span(self, text: str, found: int, at: int) -> tuple[int, int]:
        """Return the bounds of the longest piece around an anchor that was found in a text."""
        start, end = found, found + ANCHOR_CHARACTERS
        while start and at + start > found and text[start - 1] == self.text[at + start - found - 1]:
            start -= 1
        while end < len(text) and at + end - found < len(self.text) and text[end] == self.text[at + end - found]:
            end += 1
        return start, end


class Redactor:
    """Redacts values: `redact(value)` returns the value with `[secret]` in place of each secret.

    Args:
        secrets: Searched for as they are, and as they are spelled in JSON, URLs and base64.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {needle: None for secret in secrets if is_strong_secret(secret) for needle in iter_needles(secret)}
        self._anchors = [(anchor, at, needle) for needle in forms for anchor, at in needle.iter_anchors()]

    def __call__(self, value: RedactedT) -> RedactedT:
        """Redact a string, or the strings in a list, tuple, mapping or model; encoded pictures stay as they are."""
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
        return cast("RedactedT", cleaned)

    def content(self, content: bytes) -> bytes:
        """Redact the content of a file that is UTF-8 text; return any other content as it is."""
        try:
            return self._text(content.decode()).encode()
        except UnicodeDecodeError:
            return content

    def _text(self, text: str) -> str:
        spans = sorted(self._spans(text)) if len(text) >= MIN_SECRET_CHARACTERS else []
        pieces: list[str] = []
        done = 0
        for start, end in spans:
            if start >= done:
                pieces += [text[done:start], SECRET_REPLACEMENT]
            done = max(done, end)
        return "".join([*pieces, text[done:]]) if spans else text

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for anchor, at, needle in self._anchors:
            for found in iter_occurrences(text, anchor):
                start, end = needle.find_span(text, found, at)
                if end - start >= needle.least:
                    yield start, end

    def _fields(self, fields: Mapping[Any, object]) -> dict[Any, Any]:
        mime = str(fields.get("mime_type") or fields.get("mimeType"))
        return {
            self(name): self._binary(cast("str", each), mime) if is_binary_field(name, each) else self(each)
            for name, each in fields.items()
        }

    def _binary(self, data: str, mime: str) -> str:
        """Redact base64 of a textual type; a picture of up to 64 MiB is not decoded."""
        with suppress(ValueError):
            if mime.startswith(TEXTUAL_TYPES):
                return base64.b64encode(self.content(base64.b64decode(data, validate=True))).decode()
        return data


NO_REDACTION: Final = Redactor()
"""Redacts nothing."""


def iter_occurrences(text: str, anchor: str) -> Iterator[int]:
    """Yield the offsets of an anchor in a text; other threads run after each `THREAD_STEP_CHARACTERS`."""
    for start in range(0, len(text), THREAD_STEP_CHARACTERS):
        end = start + THREAD_STEP_CHARACTERS + len(anchor) - 1
        found = text.find(anchor, start, end)
        while found >= 0:
            yield found
            found = text.find(anchor, found + 1, end)


def is_binary_field(name: object, value: object) -> bool:
    """Whether a field contains base64 of at least `MIN_BINARY_CHARACTERS`."""
    return name in BINARY_FIELDS and isinstance(value, str) and len(value) >= MIN_BINARY_CHARACTERS


def is_strong_secret(secret: str) -> bool:
    """Whether a secret can be told from ordinary words and numbers."""
    word = secret.isalpha() or secret.isdecimal()
    return len(secret) >= (MIN_WORD_SECRET_CHARACTERS if word else MIN_SECRET_CHARACTERS)


def iter_needles(secret: str) -> Iterator[Needle]:
    """Yield what is searched for: pieces of each spelling of a secret, and its complete base64 forms."""
    for text in dict.fromkeys((secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret))):
        yield Needle(text, min(MIN_PIECE_CHARACTERS, len(text)))
    for text in dict.fromkeys(iter_base64_forms(secret.encode())):
        yield Needle(text, len(text))


def iter_base64_forms(secret: bytes) -> Iterator[str]:
    """Yield the substrings that base64 of any content with the secret contains, one for each alignment."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret).decode()
        certain = text[-(-8 * before // 6) : (before + len(secret)) * 8 // 6]
        yield from (certain, certain.translate(str.maketrans("+/", "-_")))
