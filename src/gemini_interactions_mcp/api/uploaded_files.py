"""Files of the Files API, as Google describes them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from google.genai import types

from gemini_interactions_mcp.core import InputError, Json, clip_line
from gemini_interactions_mcp.models import UploadedFile

FILE_FIELDS: Final = ("name", "uri", "state", "expirationTime", "error")
"""Fields that are read of a file resource."""


def parse_file(sent: Json) -> types.File:
    """Return the file that the answer to an upload describes."""
    # Only the fields in use: the SDK's type refuses unknown ones.
    return types.File.model_validate({key: sent[key] for key in FILE_FIELDS if key in sent})


def check_processed(file: types.File, name: str) -> UploadedFile:
    """Return an uploaded file that Google has processed.

    Raises:
        InputError: Google could not process it.
    """
    if file.state == types.FileState.FAILED or not file.uri or not file.name:
        reason = file.error.message if file.error else None
        raise InputError(
            f"Google could not process {name}{f' ({clip_line(reason)})' if reason else ''}. "
            "Convert it to another format and try again."
        )
    # Kept for 48 hours: https://ai.google.dev/gemini-api/docs/files
    expires_at = file.expiration_time or datetime.now(UTC) + timedelta(hours=48)
    return UploadedFile(name=file.name, uri=file.uri, expires_at=expires_at)
