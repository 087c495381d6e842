"""The file search stores of the API and their documents.

Documented under v1beta, whatever version interactions have:
https://ai.google.dev/api/file-search/file-search-stores
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import anyio
from google import genai
from google.genai import types

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    Json,
    NetworkError,
    Redactor,
    RefusedError,
    StoreNotFoundError,
    Timing,
    coerce_object,
    get_text,
    logger,
    make_inert,
)
from gemini_interactions_mcp.models import (
    BytesSentCallback,
    FileSearchStore,
    IndexingState,
    MetadataEntry,
    StoreDocument,
    UploadSource,
    stores,
)

from .access import ApiAccess
from .calls import Call
from .exchange import track_exchange
from .retry import SentResult, send_with_retries

STORES_API_VERSION: Final = "v1beta"

STORES_HTTP: Final = types.HttpOptions(api_version=STORES_API_VERSION)

LATEST: Final = datetime.max.replace(tzinfo=UTC)
"""Stands in for a time that Google does not tell."""

STORES_PER_PAGE: Final = 20
"""Stores or documents asked for at once, at most: https://ai.google.dev/api/file-search/file-search-stores"""

MAX_STORES: Final = 1_000
"""Maximum number of stores read."""

MAX_DOCUMENTS: Final = 5_000
"""Maximum number of documents read of a store: 250 requests."""

MAX_PAGES: Final = 1_000
"""Maximum number of pages read of a list."""

DOCUMENT_STATES: Final[dict[types.DocumentState | None, stores.DocumentState]] = {
    types.DocumentState.STATE_PENDING: "pending",
    types.DocumentState.STATE_FAILED: "failed",
}
"""States of documents; any other is `active`."""

StoredT = TypeVar("StoredT")


class StoreService:
    """The file search stores of one API key.

    Args:
        access: Sends the calls.
        redact: Removes secrets from what uploads answer.
        timing: Deadlines and back-offs.

    Attributes:
        parts: These, for another service of the same key.
    """

    def __init__(self, access: ApiAccess, redact: Redactor, timing: Timing) -> None:
        self.parts = (access, redact, timing)
        self._access = access
        self._redact = redact
        self._timing = timing
        self._making = anyio.Lock()

    async def _request(
        self, send: Callable[[genai.Client], Awaitable[SentResult]], *, resend: bool = True, store: str | None = None
    ) -> SentResult:
        """Send a request through the SDK; without `resend` once; `store` as in `Call`."""
        client = await self._access.open()
        timing = self._timing if resend else replace(self._timing, backoffs=())
        return await send_with_retries(self._access.about(store=store), timing.read, timing, lambda _: send(client))

    async def read_all(self) -> list[FileSearchStore]:
        """Return all stores.

        Raises:
            GeminiMCPError: They could not be read.
        """

        async def read(client: genai.Client, token: str | None) -> tuple[list[FileSearchStore], str | None]:
            config = types.ListFileSearchStoresConfig(
                page_size=STORES_PER_PAGE, page_token=token, http_options=STORES_HTTP
            )
            pager = await client.aio.file_search_stores.list(config=config)
            return [parse_store(each) for each in pager.page], get_page_token(pager)

        return await self._read_pages(read, MAX_STORES)

    async def find(self, text: str) -> FileSearchStore:
        """Return the store that a caller means by its name or display name.

        Raises:
            StoreNotFoundError: There is none.
            InputError: There are several.
            GeminiMCPError: They could not be read.
        """
        if name := stores.spell_store_name(text):
            # A name that was never one may be refused otherwise than one that is gone.
            with suppress(RefusedError):
                return await self.get(name)
        return stores.choose_store(text, await self.read_all())

    async def admit(self, names: Iterable[str]) -> None:
        """Check that a request may search some stores: those of one's own key, all; Google knows which there are."""

    async def get(self, name: str) -> FileSearchStore:
        """Return a store.

        Raises:
            StoreNotFoundError: There is none of this name.
            GeminiMCPError: It could not be read.
        """

        async def read(client: genai.Client) -> FileSearchStore:
            config = types.GetFileSearchStoreConfig(http_options=STORES_HTTP)
            return parse_store(await client.aio.file_search_stores.get(name=name, config=config))

        return await self._request(read, store=name)

    async def create(self, display_name: str) -> tuple[FileSearchStore, bool]:
        """Return the store of a display name, and whether it is new: a second one of the name is never made.

        A request that is not answered is not sent again, before the list shows that it has made none.

        Raises:
            InputError: There are several of the name.
            GeminiMCPError: It could not be made, or whether it was made is not known.
        """
        async with self._making:
            if stores.find_stores(display_name, listed := await self.read_all()):
                return stores.choose_store(display_name, listed), False
            try:
                return await self._keep_one(await self._create(display_name))
            except NetworkError:
                if not stores.find_stores(display_name, listed := await self.read_all()):
                    raise
                return stores.choose_store(display_name, listed), True

    async def _keep_one(self, made: FileSearchStore) -> tuple[FileSearchStore, bool]:
        """Return the store that stays where another server has made one of the same name at the same time.

        Both keep the older one; the other, which is empty, is deleted by its maker.
        """
        try:
            named = stores.find_stores(made.display_name, await self.read_all())
            first = min(named, key=lambda each: (each.created_at or LATEST, each.name))
            if first.name == made.name or made.name not in {each.name for each in named}:
                return made, True
            await self.delete(made.name, force=False)
        except (GeminiMCPError, ValueError) as exc:
            logger.info("Whether %s is the only store of its name is not known: %s", made.name, exc)
            return made, True
        return first, False

    async def _create(self, display_name: str) -> FileSearchStore:
        async def make(client: genai.Client) -> FileSearchStore:
            config = types.CreateFileSearchStoreConfig(display_name=display_name, http_options=STORES_HTTP)
            return parse_store(await client.aio.file_search_stores.create(config=config))

        return await self._request(make, resend=False)

    async def delete(self, name: str, *, force: bool) -> bool:
        """Delete a store, with `force` also one with documents; return False if it was not there any more.

        Raises:
            GeminiMCPError: It was not deleted.
        """

        async def remove(client: genai.Client) -> None:
            config = types.DeleteFileSearchStoreConfig(force=force or None, http_options=STORES_HTTP)
            await client.aio.file_search_stores.delete(name=name, config=config)

        return await self._remove(remove, name)

    async def documents(self, store: str) -> list[StoreDocument]:
        """Return all documents of a store.

        Raises:
            InputError: There are too many to read.
            GeminiMCPError: They could not be read.
        """

        async def read(client: genai.Client, token: str | None) -> tuple[list[StoreDocument], str | None]:
            config = types.ListDocumentsConfig(page_size=STORES_PER_PAGE, page_token=token, http_options=STORES_HTTP)
            pager = await client.aio.file_search_stores.documents.list(parent=store, config=config)
            return [parse_document(each) for each in pager.page], get_page_token(pager)

        found = await self._read_pages(read, MAX_DOCUMENTS + 1, store=store)
        if len(found) > MAX_DOCUMENTS:
            raise InputError(
                f"{store} has more than {MAX_DOCUMENTS:,} documents, which is more than this server compares files "
                "with. Nothing was sent. Divide them among several stores."
            )
        return found

    async def document(self, name: str) -> StoreDocument:
        """Return a document.

        Raises:
            StoreNotFoundError: There is none of this name.
            GeminiMCPError: It could not be read.
        """

        async def read(client: genai.Client) -> StoreDocument:
            config = types.GetDocumentConfig(http_options=STORES_HTTP)
            return parse_document(await client.aio.file_search_stores.documents.get(name=name, config=config))

        return await self._request(read, store=name)

    async def delete_document(self, name: str) -> bool:
        """Delete a document with its index; return False if it was not there any more.

        Raises:
            GeminiMCPError: It was not deleted.
        """

        async def remove(client: genai.Client) -> None:
            # Without `force`, a document that was indexed is refused.
            config = types.DeleteDocumentConfig(force=True, http_options=STORES_HTTP)
            await client.aio.file_search_stores.documents.delete(name=name, config=config)

        return await self._remove(remove, name)

    async def upload(
        self,
        store: str,
        source: UploadSource,
        size: int,
        described: Json,
        moved: BytesSentCallback,
        leaving: Callable[[str], Awaitable[None]],
        address: str | None = None,
    ) -> IndexingState | None:
        """Upload a file to a store, and return the operation that indexes it; None if only the answer was lost.

        Args:
            store: The name of the store.
            source: The content; read from its start.
            size: Size in bytes.
            described: As `describe_document` returns it.
            moved: Called with the number of bytes sent so far.
            leaving: Called with the URL of the upload, which needs no key, before the content is sent.
            address: The URL of an upload that broke off; it is resumed.

        Raises:
            GeminiMCPError: Google refused the file, or the upload broke off for good.
        """
        sender, mime_type = await self._access.uploads(), str(described["mimeType"])
        place = f"{STORES_API_VERSION}/{store}:uploadToFileSearchStore"
        begun = address is not None
        if address is None:
            # The upload URL must not be redacted.
            address = await send_with_retries(
                Call(), self._timing.read, self._timing, lambda _: sender.start_at(place, described, size, mime_type)
            )
            await leaving(address)
        with track_exchange(Call(redact=self._redact)), anyio.fail_after(self._timing.upload):
            answer = self._redact(await sender.transfer(address, source, size, moved, begun=begun))
        return parse_operation(answer) if answer else None

    async def operation(self, name: str) -> IndexingState:
        """Return how far the indexing of a document has come.

        Raises:
            StoreNotFoundError: There is no such operation, or no longer.
            GeminiMCPError: It could not be read.
        """

        async def read(client: genai.Client) -> IndexingState:
            config = types.GetOperationConfig(http_options=STORES_HTTP)
            asked = types.UploadToFileSearchStoreOperation.from_api_response({"name": name})
            found = await client.aio.operations.get(asked, config=config)
            return parse_operation(found.model_dump(by_alias=True, exclude_none=True))

        return await self._request(read, store=name)

    async def _remove(self, remove: Callable[[genai.Client], Awaitable[None]], name: str) -> bool:
        try:
            await self._request(remove, store=name)
        except StoreNotFoundError:
            return False
        return True

    async def _read_pages(
        self,
        read: Callable[[genai.Client, str | None], Awaitable[tuple[list[StoredT], str | None]]],
        most: int,
        store: str | None = None,
    ) -> list[StoredT]:
        """Return what the pages of a list have, until the last page, or the one that has the entry number `most`.

        Raises:
            NetworkError: The list does not end.
            GeminiMCPError: It could not be read.
        """
        found: list[StoredT] = []
        token: str | None = None
        read_tokens: set[str | None] = set()
        while len(found) < most and token not in read_tokens and len(read_tokens) < MAX_PAGES:
            read_tokens.add(token)
            page, token = await self._request(lambda client, token=token: read(client, token), store=store)
            found += page
            if token is None:
                return found
        if len(found) < most:
            raise NetworkError("Google's list has no end: its pages repeat. Nothing was sent; try again later.")
        return found


def get_page_token(pager: Any) -> str | None:  # noqa: ANN401 - the SDK's pagers are only partly typed
    """Return the token of the next page; None after the last one."""
    return get_text(pager.config.get("page_token"))


def parse_store(store: types.FileSearchStore) -> FileSearchStore:
    """Return the SDK's store as this package's."""
    return FileSearchStore(
        name=store.name or "",
        display_name=store.display_name or "",
        active=store.active_documents_count or 0,
        pending=store.pending_documents_count or 0,
        failed=store.failed_documents_count or 0,
        bytes=store.size_bytes or 0,
        embedding_model=store.embedding_model or "",
        created_at=store.create_time,
    )


def parse_document(document: types.Document) -> StoreDocument:
    """Return the SDK's document as this package's."""
    return StoreDocument(
        name=document.name or "",
        display_name=document.display_name or "",
        state=DOCUMENT_STATES.get(document.state, "active"),
        bytes=document.size_bytes or 0,
        mime_type=document.mime_type or "",
        metadata=tuple(map(parse_entry, document.custom_metadata or ())),
    )


def parse_entry(entry: types.CustomMetadata) -> MetadataEntry:
    """Return the SDK's metadata as this package's."""
    if entry.numeric_value is not None:
        return MetadataEntry(key=entry.key or "", value=entry.numeric_value)
    if entry.string_list_value is not None:
        return MetadataEntry(key=entry.key or "", value=tuple(entry.string_list_value.values or ()))
    return MetadataEntry(key=entry.key or "", value=entry.string_value or "")


def parse_operation(payload: object) -> IndexingState:
    """Return an operation, as the upload or a read of it has it."""
    data = coerce_object(payload)
    error = coerce_object(data.get("error"))
    said = get_text(error.get("message")) or (f"code {error.get('code')}" if error else None)
    response = coerce_object(data.get("response"))
    return IndexingState(
        name=get_text(data.get("name")) or "",
        done=data.get("done") is True,
        error=make_inert(said) if said else None,
        document=get_text(response.get("documentName")) or get_text(response.get("document_name")),
    )


def describe_document(name: str, mime_type: str, metadata: Iterable[MetadataEntry]) -> Json:
    """Return what is told of a document when its upload starts."""
    return {"displayName": name, "mimeType": mime_type, "customMetadata": [*map(describe_entry, metadata)]}


def describe_entry(entry: MetadataEntry) -> dict[str, object]:
    """Return metadata as the API takes it: google-genai 3.6.1, types.CustomMetadata."""
    if isinstance(entry.value, float):
        return {"key": entry.key, "numericValue": entry.value}
    if isinstance(entry.value, tuple):
        return {"key": entry.key, "stringListValue": {"values": list(entry.value)}}
    return {"key": entry.key, "stringValue": entry.value}
