"""What a call adds to a file search store: which files it can have, what is there already, and what indexing costs."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio.to_thread

from gemini_interactions_mcp import api, files, models
from gemini_interactions_mcp.core import InputError, quote_name
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import FileSearchStore, MetadataEntry, stores

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import Inspection, LocalFile, StoredFile
    from gemini_interactions_mcp.models import Estimate, StoreDocument
    from gemini_interactions_mcp.server.app_context import AppContext

MAX_DOCUMENT_BYTES: Final = 100 * 2**20
"""Size of a document, at most: https://ai.google.dev/gemini-api/docs/file-search (2026-11)"""

UNINDEXED_KINDS: Final = ("audio", "video")
"""Content types that are not indexed: https://ai.google.dev/gemini-api/docs/file-search (2026-11)"""


@dataclass(frozen=True)
class Addition:
    """What a call adds to a store.

    Attributes:
        store: The store.
        wanted: The files that it can have.
        unfit: Lines about the others.
        fresh: The files that have to be sent, which is paid for.
        estimate: What that costs.
        notes: What is said of files that were left out or transcoded.
    """

    store: FileSearchStore
    wanted: "tuple[StoredFile, ...]"
    unfit: tuple[str, ...]
    fresh: "tuple[StoredFile, ...]"
    estimate: "Estimate | None"
    notes: tuple[str, ...] = ()


async def plan_addition(
    app: "AppContext", store: FileSearchStore, given: "Inspection", metadata: Sequence[MetadataEntry]
) -> Addition:
    """Return what a call adds to a store.

    Raises:
        InputError: None of the files can be added, or an address is among them.
    """
    if addresses := [each.source for each in given.sources if not each.files]:
        raise InputError(f"A store takes files of this computer, and {quote_name(addresses[0])} is none.")
    every = [file for source in given.sources for file in source.files]
    reasons = [find_unfitness(file, store) for file in every]
    unfit = tuple(f"- {quote_name(file.name)}: {why}" for file, why in zip(every, reasons, strict=True) if why)
    fit = [file for file, why in zip(every, reasons, strict=True) if not why]
    if not fit:
        raise InputError(
            f"None of the files can be added. {'; '.join(line[2:] for line in unfit[:5])}. Nothing was sent."
        )
    documents = await app.stores.documents(store.name)
    named = zip(await app.indexing.name_files(fit), fit, strict=True)
    current = {file.sha256 for file in fit}
    wanted = [match_file(name, file, documents, current, metadata) for name, file in named]
    fresh: dict[str, StoredFile] = {}
    for each in wanted:
        if each.file.sha256 not in fresh and not await app.indexing.is_known(store.name, each):
            found = await estimate_files(app, store, [each.file])
            fresh[each.file.sha256] = replace(each, micros=found.high if found else 0, agreed=True)
    # Of equal files, the first one is sent.
    begun = [fresh.pop(each.file.sha256, each) for each in wanted]
    chosen = tuple(each for each in begun if each.agreed)
    estimate = await estimate_files(app, store, [each.file for each in chosen])
    return Addition(store, tuple(begun), unfit, chosen, estimate, tuple(given.notes))


def find_unfitness(file: "LocalFile", store: FileSearchStore) -> str:
    """Return why a store cannot have a file; empty if it can."""
    if file.kind in UNINDEXED_KINDS:
        return f"{file.kind} is not indexed"
    if file.sent > MAX_DOCUMENT_BYTES:
        return f"it is larger than the {MAX_DOCUMENT_BYTES // 2**20} MB that a document may have"
    if file.kind == "image" and store.embedding_model.endswith("gemini-embedding-001"):
        return "this store indexes text only, and no pictures"
    return ""


def match_file(
    name: str,
    file: "LocalFile",
    documents: "Sequence[StoreDocument]",
    current: Set[str],
    metadata: Sequence[MetadataEntry],
) -> "StoredFile":
    """Return a file with what its store has of it, beside the files of this call, whose hashes are `current`."""
    standing = stores.compare_file(name, file.sha256, documents, current - {file.sha256})
    described = api.describe_document(name, file.mime, files.describe_entries(file, metadata))
    return files.StoredFile(name, file, described, tuple(metadata), standing.present, standing.namesakes)


async def estimate_files(app: "AppContext", store: FileSearchStore, given: "Sequence[LocalFile]") -> "Estimate | None":
    """Return what indexing files costs; None where the price is not known."""
    catalog = await app.catalogs.read()
    told = [models.Attachment("text" if file.kind == "text" else file.kind, file.sent, file.pages) for file in given]
    # In a worker thread: the first price takes 0.3 s.
    return await anyio.to_thread.run_sync(
        lambda: models.estimates.estimate_indexing(told, store.embedding_model, catalog, clock.now())
    )
