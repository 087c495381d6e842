"""Previews and links beside the text of a result, within what hosts accept of one result."""

import base64
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Final

import anyio.to_thread
from mcp_types import ContentBlock, ImageContent, ResourceLink

from gemini_interactions_mcp import output
from gemini_interactions_mcp.core import FileRefusedError, JournalError, logger, make_printable, measure_cost
from gemini_interactions_mcp.models import Record, SavedFile
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.hosts import Host
from gemini_interactions_mcp.text import rendering, resource_addresses

# Claude Code shows 25,000 tokens of a result unless MAX_MCP_OUTPUT_TOKENS is set, and counts every image as about 1,600
# (https://code.claude.com/docs/en/mcp). A thousand are left for what surrounds the blocks.
RESULT_TOKENS: Final = 24_000
PREVIEW_TOKENS: Final = 1_600

BYTES_PER_TEXT_TOKEN: Final = 3
"""Minimum bytes of UTF-8 per token: English has four, and a letter outside Latin is about one token."""

# Claude Desktop refuses a result of more than 1 MiB; in base64, this is two thirds of it.
RESULT_PREVIEW_BYTES: Final = 512 * 2**10

RESULT_WRAPPER_BYTES: Final = 200
"""Size of the JSON around the blocks of a result."""

MAX_LINKED_FILES: Final = 4
"""Files of a result whose addresses are told; each has some 200 characters."""

PREVIEW_SIDES: Final = ((1, 1024), (4, 768), (8, 512))
"""The longest side of each preview in pixels, by the maximum number of previews."""


@dataclass(frozen=True)
class PreviewLimits:
    """The number of previews in a result, and the limits of each.

    Attributes:
        count: Number of previews.
        side: Longest side in pixels.
        size: Bytes before base64.
    """

    count: int
    side: int
    size: int


def compute_preview_limits(pictures: int, other_bytes: int) -> PreviewLimits:
    """Return how many previews fit beside `other_bytes` of text and links, and their limits."""
    room = max(0, RESULT_TOKENS - other_bytes // BYTES_PER_TEXT_TOKEN) // PREVIEW_TOKENS
    count = min(pictures, room, PREVIEW_SIDES[-1][0])
    side = next(side for most, side in PREVIEW_SIDES if count <= most)
    return PreviewLimits(count, side, RESULT_PREVIEW_BYTES // max(1, count))


async def attach_files(
    app: AppContext, record: Record, host: Host, unsaved: Sequence[bytes] = ()
) -> tuple[list[ContentBlock], list[str]]:
    """Return a link for each listed file, preceded by a preview if it is an image, and notes on the files.

    Args:
        app: The opened context.
        record: The record whose files they are.
        host: The host that shows them.
        unsaved: JPEGs of images that could not be saved.
    """
    files = record.files[: rendering.MAX_LISTED_FILES]
    links = [build_file_link(record, file) for file in files]
    pictures = [file for file in record.files if has_preview(file)]
    wanted = len(pictures) + len(unsaved) if app.settings.previews and host.previews else 0
    each = compute_preview_limits(wanted, host.page_bytes + sum(map(measure_link, links)))
    shown = pictures[: each.count]
    notes = await anyio.to_thread.run_sync(app.saved.check_all, [file for file in files if file not in shown])
    blocks: list[ContentBlock] = []
    for file, linked in zip(files, links, strict=True):
        if file in shown:
            try:
                blocks += await render_preview(app, functools.partial(app.saved.opened, file), each)
            except FileRefusedError as exc:
                notes.append(str(exc))
        blocks.append(linked)
    for jpeg in unsaved[: each.count - len(shown)]:
        blocks += await render_preview(app, functools.partial(io.BytesIO, jpeg), each)
    links_told = await note_links(app, record, files)
    return blocks, [*notes, *links_told, *note_missing_previews(app, pictures, shown, host)]


async def note_links(app: AppContext, record: Record, files: Sequence[SavedFile]) -> list[str]:
    """Return a note with the addresses at which the first files can be downloaded, where this server has any."""
    if app.links is None or not record.interaction_id or not record.stored or not files:
        return []
    try:
        made = [(each, await app.links.make(record.interaction_id, each.name)) for each in files[:MAX_LINKED_FILES]]
    except JournalError as exc:
        logger.warning("No addresses of files can be made: %s", exc)
        return []
    told = ", ".join(f"[{make_printable(each.name)}](<{address}>)" for each, address in made)
    return [f"Download within 15 minutes: {told}"]


def has_preview(file: SavedFile) -> bool:
    """Whether a file is shown as a picture: an image, or the first frame of a video where it can be decoded."""
    return file.mime_type.startswith(("image/", "video/") if output.posters.can_decode_videos() else "image/")


def note_missing_previews(
    app: AppContext, pictures: Sequence[SavedFile], shown: Sequence[SavedFile], host: Host
) -> list[str]:
    """Return notes on images without a preview."""
    if not app.settings.previews:
        return []
    if not host.previews:
        return [rendering.note_omitted_previews(len(pictures))]
    return [rendering.note_unshown_pictures(len(pictures) - len(shown))]


def measure_room(host: Host, text: str) -> int:
    """Return the bytes of JSON that the host shows beside a text."""
    return host.page_bytes * 8 // 7 - measure_cost(text) - RESULT_WRAPPER_BYTES


def drop_excess_links(blocks: Sequence[ContentBlock], room: int) -> list[ContentBlock]:
    """Drop links that the host has no room for beside the text, which names the files anyway."""
    kept: list[ContentBlock] = []
    for block in blocks:
        room -= measure_link(block) if isinstance(block, ResourceLink) else 0
        if room >= 0 or not isinstance(block, ResourceLink):
            kept.append(block)
    return kept


def measure_link(linked: ResourceLink) -> int:
    """Return the size of a link's JSON in bytes, as some hosts show it."""
    return len(linked.model_dump_json(by_alias=True, exclude_none=True).encode()) + 1


async def render_preview(app: AppContext, opened: Callable[[], IO[bytes]], share: PreviewLimits) -> list[ImageContent]:
    """Return a preview of an image as a JPEG, or nothing if the image cannot be decoded.

    Args:
        app: The opened context.
        opened: Opens the image; called in a worker thread.
        share: The limits of the preview.

    Raises:
        FileRefusedError: The file is no longer what was saved.
    """

    def made() -> bytes | None:
        with opened() as stream:
            return app.preview(stream, share.side, share.size)

    preview = await anyio.to_thread.run_sync(made, limiter=app.decoding)
    return [ImageContent(data=base64.b64encode(preview).decode(), mime_type="image/jpeg")] if preview else []


def build_file_link(record: Record, file: SavedFile) -> ResourceLink:
    """Return a link at which the host can read the whole file."""
    return ResourceLink(
        uri=resource_addresses.make_resource_uri(record, file),
        name=make_printable(file.name),
        mime_type=make_printable(file.mime_type),
        size=file.bytes,
    )
