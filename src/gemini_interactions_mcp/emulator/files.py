"""The Files API: resumable uploads, states of files, and looking a file up by its `uri`.

Uploaded bytes are counted and hashed, never kept; only files that the emulator generated can be downloaded.
Protocol: https://ai.google.dev/gemini-api/docs/files (resumable upload), and google-genai 3.6.1, `File`.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

from .protocol import JsonDict, ensure_object, ensure_text, format_timestamp, make_grpc_refusal, make_refusal

FILE_URI_PATTERN = re.compile(r"(?:https?://[^/]+/v1(?:beta)?/)?files/([a-z0-9-]{1,40})")
# Files are kept for 48 hours: https://ai.google.dev/gemini-api/docs/files
FILE_LIFETIME = timedelta(hours=48)


def describe_denied_file(name: str) -> str:
    """Return the API's message for a file that does not exist or belongs to another key."""
    return f"You do not have permission to access the File {name} or it may not exist."


@dataclass
class EmulatedFile:
    """Metadata of one file; `ready_at` is a time of the event loop, `content` is set for generated files only.

    Attributes:
        padding: Number of zero bytes after the content.
        downloads: Number of times that it was asked for.
    """

    name: str
    mime_type: str
    size_bytes: int
    sha256: bytes
    display_name: str = ""
    ready_at: float = 0.0
    content: bytes | None = None
    padding: int = 0
    downloads: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def state(self) -> str:
        """`PROCESSING` until `ready_at`, then `ACTIVE`."""
        return "ACTIVE" if anyio.current_time() >= self.ready_at else "PROCESSING"

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of a generated file."""
        part = (self.content or b"")[offset : offset + size]
        return part + bytes(min(size, self.size_bytes - offset) - len(part))

    def represent(self, base_url: str) -> JsonDict:
        """Return the file as the API represents it."""
        fields: JsonDict = {
            "name": self.name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.size_bytes),
            "createTime": format_timestamp(self.created),
            "updateTime": format_timestamp(self.created),
            "expirationTime": format_timestamp(self.created + FILE_LIFETIME),
            "sha256Hash": base64.b64encode(self.sha256).decode(),
            "uri": f"{base_url}v1/{self.name}",
            "state": self.state,
            "source": "UPLOADED" if self.content is None else "GENERATED",
        }
        if self.display_name:
            fields["displayName"] = self.display_name
        if self.content is not None:
            fields["downloadUri"] = f"{base_url}v1beta/{self.name}:download?alt=media"
        return fields


@dataclass
class EmulatedUpload:
    """One resumable upload: the announced metadata, and the number of bytes received."""

    name: str
    mime_type: str
    size_bytes: int
    display_name: str
    received: int = 0

    def __post_init__(self) -> None:
        """Create the hash."""
        self.digest = hashlib.sha256()

    def receive(self, part: bytes) -> None:
        """Count and hash received bytes, and drop them."""
        self.received += len(part)
        self.digest.update(part)

    def complete(self, files: "EmulatedFiles") -> "RepresentedFile":
        """Turn the complete upload into a file of the Files API."""
        return files.add_uploaded(self)


class RepresentedFile(Protocol):
    """A file that can be shown as the API shows it."""

    def represent(self, base_url: str) -> JsonDict:
        """Return the file as the API represents it."""
        ...


class EmulatedFiles:
    """All files and unfinished uploads; errors have the gRPC shape of the Files API."""

    def __init__(self, processing_seconds: float, max_file_bytes: int) -> None:
        self.processing_seconds = processing_seconds
        self.max_file_bytes = max_file_bytes
        self.files: dict[str, EmulatedFile] = {}
        self.uploads: dict[str, EmulatedUpload] = {}
        self.finished: set[str] = set()

    def start(self, body: JsonDict, mime_type: str, size: str) -> str:
        """Start an upload, and return its id, which identifies the later chunks.

        Raises:
            RefusalError: The size is missing or too large, the MIME type is missing, or the name is taken.
        """
        file = ensure_object(body.get("file"))
        mime_type = mime_type or ensure_text(file.get("mime_type"))
        if not size.isdecimal() or not mime_type:
            raise make_grpc_refusal(400, "The upload needs a content length and a MIME type.")
        if int(size) > self.max_file_bytes:
            raise make_grpc_refusal(400, f"File size exceeds the limit of {self.max_file_bytes} bytes.")
        name = ensure_text(file.get("name")) or f"files/{secrets.token_hex(6)}"
        if name in self.files or not FILE_URI_PATTERN.fullmatch(name):
            raise make_grpc_refusal(409 if name in self.files else 400, f"The name {name} is taken or malformed.")
        return self.add_upload(EmulatedUpload(name, mime_type, int(size), ensure_text(file.get("display_name"))))

    def add_upload(self, upload: EmulatedUpload) -> str:
        """Add an upload that has started, and return its id."""
        upload_id = secrets.token_urlsafe(24)
        self.uploads[upload_id] = upload
        return upload_id

    def find_upload(self, upload_id: str) -> EmulatedUpload:
        """Return an unfinished upload.

        Raises:
            RefusalError: There is no unfinished upload with this id.
        """
        if upload_id not in self.uploads:
            raise make_grpc_refusal(404, "The upload does not exist or has ended.")
        return self.uploads[upload_id]

    def finish(self, upload_id: str) -> "RepresentedFile":
        """Turn a complete upload into a file; video and audio stay `PROCESSING` for a moment.

        Raises:
            RefusalError: Fewer or more bytes were received than announced.
        """
        upload = self.find_upload(upload_id)
        if upload.received != upload.size_bytes:
            raise make_grpc_refusal(400, f"Received {upload.received} bytes, expected {upload.size_bytes}.")
        del self.uploads[upload_id]
        self.finished.add(upload_id)
        return upload.complete(self)

    def add_uploaded(self, upload: EmulatedUpload) -> EmulatedFile:
        """Add the file of a complete upload."""
        slow = upload.mime_type.startswith(("video/", "audio/"))
        return self._add(
            EmulatedFile(
                upload.name,
                upload.mime_type,
                upload.received,
                upload.digest.digest(),
                upload.display_name,
                ready_at=anyio.current_time() + self.processing_seconds if slow else 0.0,
            )
        )

    def generate(self, content: bytes, mime_type: str, padding: int = 0) -> EmulatedFile:
        """Add generated content, with a padding of zeros, as a file that can be downloaded."""
        name = f"files/{secrets.token_hex(6)}"
        digest = hashlib.sha256(content).digest()
        size = len(content) + padding
        return self._add(EmulatedFile(name, mime_type, size, digest, content=content, padding=padding))

    def _add(self, file: EmulatedFile) -> EmulatedFile:
        self.files[file.name] = file
        return file

    def get(self, name: str) -> EmulatedFile:
        """Return a file.

        Raises:
            RefusalError: There is no file of this name; 403, as from the real API.
        """
        if name not in self.files:
            raise make_grpc_refusal(403, describe_denied_file(name.removeprefix("files/")))
        return self.files[name]

    def find(self, uri: str) -> EmulatedFile | None:
        """Return the file of a `uri` in an interaction; None if it is not a URI of the Files API.

        Raises:
            RefusalError: The file does not exist, or is still being processed.
        """
        found = FILE_URI_PATTERN.fullmatch(uri)
        if found is None:
            return None
        file = self.files.get(f"files/{found[1]}")
        if file is None:
            raise make_refusal(403, describe_denied_file(found[1]))
        if file.state != "ACTIVE":
            message = f"The File {found[1]} is not in an ACTIVE state and usage is not allowed."
            raise make_refusal(400, message, "failed_precondition")
        return file
