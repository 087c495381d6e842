"""Files of the Files API: uploads in parts, their states, and how a `uri` finds them.

Uploaded bytes are counted and hashed, never kept; only what the emulator made itself can be downloaded.
Protocol: https://ai.google.dev/gemini-api/docs/files (resumable upload), and google-genai 3.4.0, `File`.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio

from .protocol import Json, object_of, refused, refused_grpc, text_of, timestamp

FILE_URI = re.compile(r"(?:https?://[^/]+/v1(?:beta)?/)?files/([a-z0-9-]{1,40})")
# Kept for 48 hours: https://ai.google.dev/gemini-api/docs/files
LIFETIME = timedelta(hours=48)


def denied(name: str) -> str:
    """Return what the real API says of a file that it does not have, or not for this key."""
    return f"You do not have permission to access the File {name} or it may not exist."


@dataclass
class File:
    """One file: what is known of it, and when it is ready. `content` is only set for generated files."""

    name: str
    mime_type: str
    size_bytes: int
    sha256: bytes
    display_name: str = ""
    ready_at: float = 0.0
    content: bytes | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def state(self) -> str:
        """`PROCESSING` until it is ready, then `ACTIVE`."""
        return "ACTIVE" if anyio.current_time() >= self.ready_at else "PROCESSING"

    def resource(self, base_url: str) -> Json:
        """Return the file as the API shows it."""
        shown: Json = {
            "name": self.name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.size_bytes),
            "createTime": timestamp(self.created),
            "updateTime": timestamp(self.created),
            "expirationTime": timestamp(self.created + LIFETIME),
            "sha256Hash": base64.b64encode(self.sha256).decode(),
            "uri": f"{base_url}v1/{self.name}",
            "state": self.state,
            "source": "UPLOADED" if self.content is None else "GENERATED",
        }
        if self.display_name:
            shown["displayName"] = self.display_name
        if self.content is not None:
            shown["downloadUri"] = f"{base_url}v1/{self.name}:download?alt=media"
        return shown


@dataclass
class Upload:
    """One resumable upload: what was announced, and what has arrived."""

    name: str
    mime_type: str
    size_bytes: int
    display_name: str
    received: int = 0

    def __post_init__(self) -> None:
        """Begin the hash."""
        self.digest = hashlib.sha256()

    def take(self, part: bytes) -> None:
        """Count and hash some bytes, and forget them."""
        self.received += len(part)
        self.digest.update(part)


class Files:
    """All files and unfinished uploads; errors have the gRPC shape, as those of the Files API."""

    def __init__(self, processing_seconds: float, max_file_bytes: int) -> None:
        self.processing_seconds = processing_seconds
        self.max_file_bytes = max_file_bytes
        self.files: dict[str, File] = {}
        self.uploads: dict[str, Upload] = {}
        self.finished: set[str] = set()

    def start(self, body: Json, mime_type: str, size: str) -> str:
        """Open an upload and return its id, which is all that the later parts need.

        Raises:
            RefusalError: The size is missing or too large, the MIME type missing, or the name taken.
        """
        file = object_of(body.get("file"))
        mime_type = mime_type or text_of(file.get("mime_type"))
        if not size.isdecimal() or not mime_type:
            raise refused_grpc(400, "The upload needs a content length and a MIME type.")
        if int(size) > self.max_file_bytes:
            raise refused_grpc(400, f"File size exceeds the limit of {self.max_file_bytes} bytes.")
        name = text_of(file.get("name")) or f"files/{secrets.token_hex(6)}"
        if name in self.files or not FILE_URI.fullmatch(name):
            raise refused_grpc(409 if name in self.files else 400, f"The name {name} is taken or malformed.")
        upload_id = secrets.token_urlsafe(24)
        self.uploads[upload_id] = Upload(name, mime_type, int(size), text_of(file.get("display_name")))
        return upload_id

    def upload(self, upload_id: str) -> Upload:
        """Return an unfinished upload.

        Raises:
            RefusalError: There is none of this id.
        """
        if upload_id not in self.uploads:
            raise refused_grpc(404, "The upload does not exist or has ended.")
        return self.uploads[upload_id]

    def finish(self, upload_id: str) -> File:
        """Turn a complete upload into a file; video and audio are processed for a moment first.

        Raises:
            RefusalError: Fewer or more bytes came than were announced.
        """
        upload = self.upload(upload_id)
        if upload.received != upload.size_bytes:
            raise refused_grpc(400, f"Received {upload.received} bytes, expected {upload.size_bytes}.")
        del self.uploads[upload_id]
        self.finished.add(upload_id)
        slow = upload.mime_type.startswith(("video/", "audio/"))
        return self._add(
            File(
                upload.name,
                upload.mime_type,
                upload.received,
                upload.digest.digest(),
                upload.display_name,
                ready_at=anyio.current_time() + self.processing_seconds if slow else 0.0,
            )
        )

    def generate(self, content: bytes, mime_type: str) -> File:
        """Keep something that the emulator made, so that it can be downloaded."""
        name = f"files/{secrets.token_hex(6)}"
        digest = hashlib.sha256(content).digest()
        return self._add(File(name, mime_type, len(content), digest, content=content))

    def _add(self, file: File) -> File:
        self.files[file.name] = file
        return file

    def get(self, name: str) -> File:
        """Return a file.

        Raises:
            RefusalError: There is none of this name; 403, as the real API answers.
        """
        if name not in self.files:
            raise refused_grpc(403, denied(name.removeprefix("files/")))
        return self.files[name]

    def find(self, uri: str) -> File | None:
        """Return the file behind a `uri` of an interaction; None when it is no uri of the Files API.

        Raises:
            RefusalError: The file does not exist, or is still being processed.
        """
        found = FILE_URI.fullmatch(uri)
        if found is None:
            return None
        file = self.files.get(f"files/{found[1]}")
        if file is None:
            raise refused(403, denied(found[1]))
        if file.state != "ACTIVE":
            message = f"The File {found[1]} is not in an ACTIVE state and usage is not allowed."
            raise refused(400, message, "failed_precondition")
        return file
