"""API keys of single principals, which the journal knows only by where they are."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gemini_interactions_mcp.core import KeyMissingError

MAX_KEY_BYTES: Final = 4_096
"""Maximum size of a file with a key."""


HEADER_TEXT: Final = re.compile(r"[\x21-\x7e]+")
"""A text that a header can carry."""


class KeyUnreadableError(KeyMissingError):
    """The key of a principal cannot be read; the message does not say where it was expected.

    Attributes:
        reason: Why, for the log; without the content of what was read.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The API key that was set for you on this server cannot be read: nothing was sent. Tell its administrator.",
            brief="Its API key cannot be read.",
        )
        self.reason = reason


def read_key_reference(reference: str, environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the key at `env:NAME` or `file:/path`. Blocks.

    Raises:
        KeyUnreadableError: There is none.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        key, reason = environ.get(place, ""), f"{reference}: this variable is not set where the server runs"
    elif kind == "file" and Path(place).is_absolute():
        key, reason = read_key_file(Path(place)), f"{reference}: the file is empty"
    else:
        # What stands there may be the key itself.
        raise KeyUnreadableError("its reference is neither env:NAME nor file:/path")
    key = key.strip()
    if not key:
        raise KeyUnreadableError(reason)
    if not HEADER_TEXT.fullmatch(key):
        raise KeyUnreadableError(f"{reference}: there is a space or another character in it that no key has")
    return SecretStr(key)


def read_key_file(path: Path) -> str:
    """Return the text of a file with a key.

    Raises:
        KeyUnreadableError: It cannot be read, or is no text.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY_BYTES).decode()
    except OSError as exc:
        raise KeyUnreadableError(f"file:{path}: {exc.strerror or type(exc).__name__}") from exc
    except ValueError:
        # Its error would have the content.
        raise KeyUnreadableError(f"file:{path}: it is not a text in UTF-8") from None
