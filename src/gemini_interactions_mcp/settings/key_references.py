"""API keys of single principals, which the journal knows only by where they are."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gemini_interactions_mcp.core import KeyMissingError

MAX_KEY_BYTES: Final = 4_096
"""Maximum size of a file with a key."""


def read_key_reference(reference: str, environ: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the key at `env:NAME` or `file:/path`. Blocks.

    Raises:
        KeyMissingError: There is none; the message does not say where it was expected.
    """
    kind, _, place = reference.partition(":")
    key = ""
    if kind == "env":
        key = environ.get(place, "")
    elif kind == "file" and Path(place).is_absolute():
        key = read_key_file(Path(place))
    if not key.strip():
        raise KeyMissingError(
            "The API key that was set for you on this server cannot be read: nothing was sent. Tell its administrator."
        )
    return SecretStr(key.strip())


def read_key_file(path: Path) -> str:
    """Return the text of a file with a key; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY_BYTES).decode()
    except (OSError, ValueError):
        return ""
