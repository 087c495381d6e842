"""What users of other machines may name as sources: addresses, and files in the folders that an administrator maps."""

import re
from contextlib import suppress
from typing import Final
from unicodedata import normalize
from urllib.parse import unquote

from gemini_interactions_mcp.core import FileRefusedError, quote_name

from .addresses import FILES_API_NAME, is_address, split_url
from .boundary import PATHS_CLOSED, Boundary
from .reachability import DOT_FORMS
from .spelling import list_readings

API_HOST: Final = re.compile(r"(?:[\w-]+\.)*[\w-]*generativelanguage[\w-]*(?:\.[\w-]+)*\.googleapis\.com")
"""The hosts of the API, with regions and the like."""


def find_remote_source(source: str, boundary: Boundary) -> str:
    """Return the address that a source is, or what is in a mapped folder, which is written `NAME/...`.

    Raises:
        FileRefusedError: It is a path of this machine.
    """
    readings = list_readings(source)
    if address := next(filter(is_address, readings), None):
        return address
    for reading in readings:
        with suppress(FileRefusedError):
            boundary.locate(reading)
            return reading
    raise FileRefusedError(PATHS_CLOSED)


def find_api_file(source: str) -> str | None:
    """Return the name of the file of the Files API that an address leads to; None for other addresses.

    An address of the API in any form but that of a file leads to none of a name that anybody holds: then it is the
    address itself.
    """
    if found := FILES_API_NAME.fullmatch(source):
        return found[1]
    url = split_url(source)
    if url is None or url.scheme.lower() not in ("http", "https"):
        return None
    host = DOT_FORMS.sub(".", normalize("NFKC", unquote(url.hostname or ""))).rstrip(".").casefold()
    return source if API_HOST.fullmatch(host) else None


def make_missing_file_error(source: str) -> FileRefusedError:
    """Return the error for a file of the Files API that is not there, or is another's."""
    return FileRefusedError(f"There is no file {quote_name(source)} at Google that is yours. Nothing was sent.")
