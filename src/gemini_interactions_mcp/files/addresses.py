"""Addresses that Gemini reads itself, as content blocks. Pure.

No URL is fetched here: Gemini does that.
"""

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from gemini_interactions_mcp.core import FileRefusedError, quote_name
from gemini_interactions_mcp.models import ContentItem, media_types

from .boundary import parse_scheme
from .reachability import is_reachable

FILES_API_URL: Final = "https://generativelanguage.googleapis.com/v1beta/"
FILES_API_NAME: Final = re.compile(r"(?:https://generativelanguage\.googleapis\.com/v1\w*/)?(files/[a-z0-9-]{1,40})")
"""A file of the Files API; ids have at most 40 characters (google-genai 3.6.1, types.File.name)."""

YOUTUBE_HOST: Final = re.compile(r"(?:[\w-]+\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be)")
SOURCE_FORMS: Final = (
    "a local path, folder or glob, a file:// or http(s):// URL, a YouTube link, "
    "gemini://interactions/{id}/files/{name}, or a Files API name such as files/abc"
)
"""What a source may be, for people."""
DOWNLOAD_REMEDY: Final = "Download it, and give the file."


def is_address(source: str) -> bool:
    """Whether a source names nothing on this computer."""
    return parse_scheme(source) not in ("", "file") or FILES_API_NAME.fullmatch(source) is not None


def build_address_block(source: str) -> ContentItem | None:
    """Build the block of a source that Gemini reads itself; None for a local path.

    Raises:
        FileRefusedError: Gemini does not read such addresses.
    """
    if name := FILES_API_NAME.fullmatch(source):
        return {"type": "document", "uri": source if "://" in source else FILES_API_URL + name[1]}
    match parse_scheme(source):
        case "" | "file":
            return None
        case "http" | "https":
            return build_url_block(source)
        case "gs":
            raise FileRefusedError(
                f"{quote_name(source)} is in Google Cloud Storage, which an API key does not open. {DOWNLOAD_REMEDY}"
            )
        case _:
            raise FileRefusedError(f"{quote_name(source)} cannot be given to Gemini: name {SOURCE_FORMS}.")


def is_files_api_block(block: ContentItem) -> bool:
    """Whether a block is a file of the Files API, whose type only the API knows."""
    return FILES_API_NAME.fullmatch(str(block.get("uri"))) is not None


def build_url_block(source: str) -> ContentItem:
    """Build the block of an http(s) URL: a YouTube video, or what the extension says.

    Raises:
        FileRefusedError: The URL is malformed, or Google cannot reach it.
    """
    url = split_url(source)
    if url is None or not url.hostname or not source.isprintable() or " " in source or "\\" in source:
        raise FileRefusedError(f"{quote_name(source)} is not a well-formed URL: name {SOURCE_FORMS}.")
    if not is_reachable(unquote(url.hostname).lower()):
        raise FileRefusedError(
            f"{quote_name(source)} leads to this computer or a private network, which Google cannot reach. "
            f"{DOWNLOAD_REMEDY}"
        )
    if YOUTUBE_HOST.fullmatch(url.hostname):
        return {"type": "video", "uri": source}
    return build_uri_block(source, media_types.EXTENSION_TYPES.get(get_extension(unquote(url.path)), ""))


def split_url(source: str) -> SplitResult | None:
    """Parse a URL; None if it is malformed, or its port is impossible."""
    try:
        url = urlsplit(source)
        return url if url.port != 0 else None
    except ValueError:
        return None


def build_uri_block(uri: str, mime: str) -> ContentItem:
    """Build a block from a URI; one of unknown type is a document, Gemini's type for pages and texts."""
    block = {"type": media_types.CONTENT_KINDS.get(mime, "document"), "uri": uri}
    return {**block, "mime_type": mime} if mime else block


def get_extension(name: str) -> str:
    """Return the lower-case extension of a path, without its dot."""
    return PurePosixPath(name).suffix[1:].lower()
