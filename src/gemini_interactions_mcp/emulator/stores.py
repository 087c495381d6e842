"""File search stores: documents, resumable uploads into a store, and the operations that index them.

Uploaded bytes are counted and hashed, never kept. Limits and messages: https://ai.google.dev/gemini-api/docs/file-search
and google-genai 3.6.1, `FileSearchStore`, `Document` and `UploadToFileSearchStoreOperation`.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio

from .doubts import Doubts
from .files import EmulatedUpload
from .protocol import (
    INVALID_MESSAGE,
    NOT_FOUND_MESSAGE,
    JsonDict,
    RefusalError,
    ensure_list,
    ensure_object,
    ensure_objects,
    ensure_text,
    format_timestamp,
    make_grpc_refusal,
    make_refusal,
)

MAX_STORED_BYTES = 100 * 2**20
MAX_DISPLAY_CHARACTERS = 512
MAX_CUSTOM_METADATA = 20
MAX_PAGE = 20
TEXT_EMBEDDING_MODEL = "models/gemini-embedding-001"
EMULATED_EMBEDDING_MODELS = (TEXT_EMBEDDING_MODEL, "models/gemini-embedding-2")
# Documents that an answer cites, at most.
CITED_DOCUMENTS = 5
METADATA_VALUES = ("stringValue", "numericValue", "stringListValue")
CONDITION = re.compile(r'\s*([\w.-]+)\s*(<=|>=|!=|=|<|>)\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)\s*')


def make_precondition_refusal(message: str) -> RefusalError:
    """Return a refusal of what the state of a resource does not allow."""
    refusal = make_grpc_refusal(400, message)
    refusal.body["error"]["status"] = "FAILED_PRECONDITION"
    return refusal


@dataclass
class EmulatedDocument:
    """A document; `ready_at` is a time of the event loop."""

    name: str
    display_name: str
    mime_type: str
    size_bytes: int
    metadata: list[JsonDict]
    error: str = ""
    ready_at: float = 0.0
    held: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_done(self) -> bool:
        """Whether its indexing has ended."""
        return not self.held and anyio.current_time() >= self.ready_at

    @property
    def state(self) -> str:
        """The state, as the API names it."""
        if not self.is_done:
            return "STATE_PENDING"
        return "STATE_FAILED" if self.error else "STATE_ACTIVE"

    def represent(self) -> JsonDict:
        """Return the document as the API represents it."""
        named = {"displayName": self.display_name} if self.display_name else {}
        given: JsonDict = {"customMetadata": self.metadata} if self.metadata else {}
        return {
            "name": self.name,
            **named,
            **given,
            "state": self.state,
            "sizeBytes": str(self.size_bytes),
            "mimeType": self.mime_type,
            "createTime": format_timestamp(self.created),
            "updateTime": format_timestamp(self.created),
        }

    def cite(self) -> JsonDict:
        """Return a citation of it, which has no address."""
        page = {"page_number": 1} if self.mime_type == "application/pdf" else {}
        return {"type": "file_citation", "file_name": self.display_name or self.name.rpartition("/")[2], **page}


@dataclass
class EmulatedStore:
    """A store with its documents, by name."""

    name: str
    display_name: str = ""
    embedding_model: str = TEXT_EMBEDDING_MODEL
    documents: dict[str, EmulatedDocument] = field(default_factory=dict[str, EmulatedDocument])
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def represent(self) -> JsonDict:
        """Return the store as the API represents it: counts are text, and left out where they are 0."""
        states = [document.state for document in self.documents.values()]
        counts = {
            "activeDocumentsCount": states.count("STATE_ACTIVE"),
            "pendingDocumentsCount": states.count("STATE_PENDING"),
            "failedDocumentsCount": states.count("STATE_FAILED"),
            "sizeBytes": sum(document.size_bytes for document in self.documents.values()),
        }
        return {
            "name": self.name,
            **({"displayName": self.display_name} if self.display_name else {}),
            **{key: str(count) for key, count in counts.items() if count},
            "embeddingModel": self.embedding_model,
            "createTime": format_timestamp(self.created),
            "updateTime": format_timestamp(self.created),
        }


@dataclass
class StoreUpload:
    """A resumable upload into a store."""

    store: str
    upload: EmulatedUpload
    metadata: list[JsonDict]


class EmulatedStores:
    """All stores, unfinished uploads and operations; errors have the gRPC shape.

    Attributes:
        indexing_seconds: Seconds that an operation takes.
        hold: Whether operations that start now do not end, until `release`.
        failures: Messages of the operations that fail, by the display name of the document.
        stored: Display names of the documents, in the order in which their uploads were finished: each is paid for.
    """

    def __init__(self, indexing_seconds: float, doubts: Doubts) -> None:
        self.indexing_seconds = indexing_seconds
        self.doubts = doubts
        self.hold = False
        self.failures: dict[str, str] = {}
        self.stores: dict[str, EmulatedStore] = {}
        self.uploads: dict[str, StoreUpload] = {}
        self.finished: set[str] = set()
        self.operations: dict[str, EmulatedDocument] = {}
        self.stored: list[str] = []

    def create(self, body: JsonDict) -> EmulatedStore:
        """Make a store; the display name may be one that another store has.

        Raises:
            RefusalError: The display name is too long, or the embedding model unknown.
        """
        display_name = ensure_text(body.get("displayName"))
        if len(display_name) > MAX_DISPLAY_CHARACTERS:
            raise make_grpc_refusal(400, f"display_name must be at most {MAX_DISPLAY_CHARACTERS} characters.")
        model = ensure_text(body.get("embeddingModel")) or TEXT_EMBEDDING_MODEL
        if model not in EMULATED_EMBEDDING_MODELS:
            raise make_grpc_refusal(404, f"{model} is not found.")
        name = f"fileSearchStores/{make_resource_id(display_name)}"
        return self.stores.setdefault(name, EmulatedStore(name, display_name, model))

    def find(self, name: str) -> EmulatedStore:
        """Return a store.

        Raises:
            RefusalError: There is none of this name.
        """
        if name not in self.stores:
            raise self._make_missing_refusal(f"FileSearchStore {name.rpartition('/')[2]}")
        return self.stores[name]

    def _make_missing_refusal(self, what: str) -> RefusalError:
        if self.doubts.missing_stores == "404":
            return make_grpc_refusal(404, NOT_FOUND_MESSAGE)
        return make_grpc_refusal(403, f"You do not have permission to access the {what} or it may not exist.")

    def delete(self, name: str, *, force: bool) -> None:
        """Delete a store.

        Raises:
            RefusalError: It is unknown, or has documents and is not forced.
        """
        if self.find(name).documents and not force:
            raise make_precondition_refusal("Cannot delete non-empty FileSearchStore.")
        del self.stores[name]

    def list_documents(self, store: str) -> list[EmulatedDocument]:
        """Return the documents of a store; those that are being indexed may not be listed yet."""
        every = self.find(store).documents.values()
        return [document for document in every if document.is_done or not self.doubts.late_documents]

    def find_document(self, name: str) -> EmulatedDocument:
        """Return a document.

        Raises:
            RefusalError: There is none of this name.
        """
        document = self.find("/".join(name.split("/")[:2])).documents.get(name)
        if document is None:
            raise self._make_missing_refusal(f"Document {name.rpartition('/')[2]}")
        return document

    def delete_document(self, name: str, *, force: bool) -> None:
        """Delete a document.

        Raises:
            RefusalError: It is unknown, or has chunks and is not forced.
        """
        document = self.find_document(name)
        if not force and not document.error:
            raise make_precondition_refusal("Cannot delete non-empty Document.")
        del self.stores["/".join(name.split("/")[:2])].documents[name]

    def start(self, store: str, body: JsonDict, mime_type: str, size: str) -> str:
        """Start an upload, and return its id.

        Raises:
            RefusalError: The store is unknown, or it does not take such a file.
        """
        self.find(store)
        mime_type = ensure_text(body.get("mimeType")) or mime_type
        metadata = [rename_value(entry) for entry in ensure_objects(body.get("customMetadata"))]
        if not size.isdecimal() or not mime_type:
            raise make_grpc_refusal(400, "The upload needs a content length and a MIME type.")
        if int(size) > MAX_STORED_BYTES:
            raise make_grpc_refusal(400, f"File size exceeds the limit of {MAX_STORED_BYTES} bytes.")
        if mime_type.startswith(("audio/", "video/")):
            raise make_grpc_refusal(400, f"Unsupported MIME type: {mime_type}")
        check_custom_metadata(metadata, len(ensure_list(body.get("customMetadata"))))
        upload_id = secrets.token_urlsafe(24)
        upload = EmulatedUpload("", mime_type, int(size), ensure_text(body.get("displayName")))
        self.uploads[upload_id] = StoreUpload(store, upload, metadata)
        return upload_id

    def find_upload(self, upload_id: str) -> EmulatedUpload:
        """Return an unfinished upload.

        Raises:
            RefusalError: There is no unfinished upload with this id.
        """
        if upload_id not in self.uploads:
            raise make_grpc_refusal(404, "The upload does not exist or has ended.")
        return self.uploads[upload_id].upload

    def finish(self, upload_id: str) -> JsonDict:
        """Turn a complete upload into a document, and return the operation that indexes it.

        Raises:
            RefusalError: Fewer or more bytes were received than announced.
        """
        upload = self.find_upload(upload_id)
        if upload.received != upload.size_bytes:
            raise make_grpc_refusal(400, f"Received {upload.received} bytes, expected {upload.size_bytes}.")
        begun = self.uploads.pop(upload_id)
        self.finished.add(upload_id)
        document = self.add(begun.store, upload.display_name, upload.mime_type, upload.received, begun.metadata)
        document.held = self.hold
        document.ready_at = anyio.current_time() + self.indexing_seconds
        name = f"{begun.store}/upload/operations/{secrets.token_hex(8)}"
        self.operations[name] = document
        self.stored.append(upload.display_name)
        return self.represent_operation(name)

    def add(
        self, store: str, display_name: str, mime_type: str, size: int, metadata: Iterable[JsonDict] = ()
    ) -> EmulatedDocument:
        """Add a document to a store, indexed, or failed as `failures` and the embedding model have it."""
        found = self.find(store)
        error = self.failures.get(display_name, "")
        if mime_type.startswith("image/") and found.embedding_model == TEXT_EMBEDDING_MODEL:
            error = f"{found.embedding_model} does not support {mime_type}."
        name = f"{store}/documents/{make_resource_id(display_name)}"
        document = EmulatedDocument(name, display_name, mime_type, size, list(metadata), error)
        found.documents[name] = document
        return document

    def release(self) -> None:
        """Have all operations end, those that were held, too."""
        self.hold = False
        for document in self.operations.values():
            document.held, document.ready_at = False, 0.0

    def represent_operation(self, name: str) -> JsonDict:
        """Return an operation.

        Raises:
            RefusalError: There is none of this name.
        """
        document = self.operations.get(name)
        if document is None:
            raise self._make_missing_refusal(f"Operation {name.rpartition('/')[2]}")
        if not document.is_done:
            return {"name": name}
        if document.error:
            return {"name": name, "done": True, "error": {"code": 3, "message": document.error}}
        parent = "/".join(document.name.split("/")[:2])
        kind = "type.googleapis.com/google.ai.generativelanguage.v1main.UploadToFileSearchStoreResponse"
        told = {"@type": kind, "parent": parent, "documentName": document.name}
        return {"name": name, "done": True, "response": told}

    def cite(self, body: JsonDict) -> tuple[JsonDict, ...]:
        """Return citations of the documents that the file search of a request finds.

        Raises:
            RefusalError: It names a store that does not exist, or its filter is malformed.
        """
        cited: list[JsonDict] = []
        for tool in ensure_objects(body.get("tools")):
            if tool.get("type") == "file_search":
                cited += self._search(tool)
        return tuple(cited)

    def _search(self, tool: JsonDict) -> Iterator[JsonDict]:
        conditions = parse_filter(ensure_text(tool.get("metadata_filter")))
        names = [ensure_text(name) for name in ensure_list(tool.get("file_search_store_names"))]
        if missing := next((name for name in names if name not in self.stores), None):
            message = f"You do not have permission to access the FileSearchStore {missing} or it may not exist."
            late = self.doubts.missing_stores == "404"
            raise make_refusal(404, NOT_FOUND_MESSAGE) if late else make_refusal(403, message)
        found = [document for name in names for document in self.stores[name].documents.values()]
        fitting = [each for each in found if each.state == "STATE_ACTIVE" and fits_filter(each, conditions)]
        return (each.cite() for each in fitting[: tool.get("top_k") or CITED_DOCUMENTS])


def make_resource_id(display_name: str) -> str:
    """Return an id derived from a display name, with a random suffix of 12 characters."""
    slug = re.sub(r"[^a-z0-9]+", "-", display_name.lower()).strip("-")[:27].strip("-")
    return "-".join(filter(None, (slug, secrets.token_hex(6))))


def rename_value(entry: JsonDict) -> JsonDict:
    """Return an entry of metadata with the name of its value as the API writes it; google-genai sends `numeric_value`.

    The API takes both (protobuf.dev, JSON mapping).
    """
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), key): value for key, value in entry.items()}


def check_custom_metadata(metadata: list[JsonDict], given: int) -> None:
    """Refuse too much metadata, keys that occur twice, and entries without exactly one value."""
    keys = [ensure_text(entry.get("key")) for entry in metadata]
    if len(metadata) < given or given > MAX_CUSTOM_METADATA or len(set(keys)) < len(keys) or "" in keys:
        raise make_grpc_refusal(400, INVALID_MESSAGE)
    if any(sum(value in entry for value in METADATA_VALUES) != 1 for entry in metadata):
        raise make_grpc_refusal(400, INVALID_MESSAGE)


def parse_filter(text: str) -> list[tuple[str, str, Any]]:
    """Return the conditions of a metadata filter, all of which must hold: https://google.aip.dev/160

    Raises:
        RefusalError: It is malformed.
    """
    if not text:
        return []
    found = [CONDITION.fullmatch(part) for part in re.split(r"\bAND\b", text)]
    if None in found:
        raise make_refusal(400, f"Invalid metadata filter: {text}")
    return [(each[1], each[2], each[3][1:-1] if each[3].startswith('"') else float(each[3])) for each in found if each]


def fits_filter(document: EmulatedDocument, conditions: list[tuple[str, str, Any]]) -> bool:
    """Whether the metadata of a document fits all conditions."""
    values: dict[str, Any] = {}
    for entry in document.metadata:
        several = ensure_list(ensure_object(entry.get("stringListValue")).get("values"))
        values[ensure_text(entry.get("key"))] = entry.get("stringValue", entry.get("numericValue", several))
    return all(compare(values.get(key), sign, wanted) for key, sign, wanted in conditions)


def compare(value: Any, sign: str, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a value compares so to a wanted one."""
    if isinstance(value, list):
        return wanted in value if sign == "=" else sign == "!=" and wanted not in value
    if sign in ("=", "!="):
        return (value == wanted) == (sign == "=")
    if type(value) is not type(wanted) and not (isinstance(value, int | float) and isinstance(wanted, float)):
        return False
    return {"<": value < wanted, ">": value > wanted, "<=": value <= wanted, ">=": value >= wanted}[sign]
