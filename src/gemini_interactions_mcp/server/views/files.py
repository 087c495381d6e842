"""Saved files for a view: pictures in the size shown, and pieces of recordings."""

import base64
from functools import partial
from typing import Any, Final

import anyio.to_thread

from gemini_interactions_mcp.core import InputError, make_printable, quote_name
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.models import Record, SavedFile, is_object_address
from gemini_interactions_mcp.server.app_context import AppContext

PICTURE_BYTES: Final = 640 * 2**10
"""Maximum size of a picture. In base64 below 1 MiB, beyond which Claude Desktop refuses a result."""

PIECE_BYTES: Final = 384 * 2**10
"""Size of a piece: a multiple of three, so that the base64 of pieces can be joined."""

PIECED_FILE_BYTES: Final = 64 * 2**20
"""Maximum size of a file that is read in pieces; the whole file is hashed for each."""


def find_file(record: Record, name: str) -> SavedFile:
    """Return the saved file with a name.

    Raises:
        InputError: There is none.
    """
    if file := saved_files.index_saved_files(record.files).get(name):
        return file
    raise InputError(f"Interaction {record.interaction_id} has no file {quote_name(name)}.")


async def read_picture(app: AppContext, file: SavedFile, side: int) -> dict[str, Any]:
    """Return a picture, or the first frame of a video, as a JPEG of at most `side` pixels.

    Raises:
        FileRefusedError: The file is no longer what was saved.
        InputError: It is not a picture, or cannot be decoded.
    """
    jpeg = await anyio.to_thread.run_sync(partial(render_jpeg, app, file, side), limiter=app.decoding)
    if jpeg is None:
        raise InputError(f"{quote_name(file.name)} cannot be shown as a picture.")
    data = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    size = {"width": file.width, "height": file.height}
    return {"view": "file", "name": file.name, "mime_type": "image/jpeg", "data": data, **size}


def render_jpeg(app: AppContext, file: SavedFile, side: int) -> bytes | None:
    """Return a JPEG of a saved file; None if it cannot be decoded. Blocks."""
    with app.saved.opened(file) as stream:
        return app.preview(stream, side, PICTURE_BYTES)


async def read_piece(app: AppContext, file: SavedFile, offset: int) -> dict[str, Any]:
    """Return the piece of a file that begins at an offset.

    Raises:
        FileRefusedError: The file is no longer what was saved.
        InputError: The file is too large.
    """
    if file.bytes > PIECED_FILE_BYTES:
        where = "" if is_object_address(file.path) else f"; it is at {make_printable(file.path)}"
        raise InputError(f"{quote_name(file.name)} is too large to be shown here{where}.")
    content = await anyio.to_thread.run_sync(cut_piece, app, file, offset)
    return {
        "view": "piece",
        "name": file.name,
        "mime_type": file.mime_type,
        "offset": offset,
        "bytes": len(content),
        "total": file.bytes,
        "base64": base64.b64encode(content).decode(),
    }


def cut_piece(app: AppContext, file: SavedFile, offset: int) -> bytes:
    """Return a piece of a saved file. Blocks."""
    with app.saved.read(file) as stream:
        stream.seek(offset)
        return stream.read(PIECE_BYTES)
