"""Adds files to a file search store: what is there already, what it costs, the user's agreement, and how far it is."""

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from mcp_types import InputRequiredResult

from gemini_interactions_mcp import api, files, journal, models
from gemini_interactions_mcp.core import (
    InputError,
    RefusedError,
    SpendingLimitError,
    clip_text,
    format_count,
    join_paragraphs,
    measure_cost,
    phrases,
    quote_name,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import FileSearchStore, MetadataEntry, stores
from gemini_interactions_mcp.server.context import AppContext, Ctx, Progress
from gemini_interactions_mcp.server.elicitation import elicit_answer
from gemini_interactions_mcp.server.results.answers import build_text_result
from gemini_interactions_mcp.text import store_table

from . import consent
from .paying import ToolResult, may_ask

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import IndexingWork, Inspection, LocalFile, StoredFile
    from gemini_interactions_mcp.models import Estimate, StoreDocument

MAX_DOCUMENT_BYTES: Final = 100 * 2**20
"""Size of a document, at most: https://ai.google.dev/gemini-api/docs/file-search (2026-11)"""

UNINDEXED_KINDS: Final = ("audio", "video")
"""Content types that are not indexed: https://ai.google.dev/gemini-api/docs/file-search (2026-11)"""

INDEXING_PRICES: Final = "https://ai.google.dev/gemini-api/docs/file-search#pricing"

MONTH_LENGTH: Final = timedelta(days=20)
"""A limit that holds for longer is that of a month."""

LINE_BYTES: Final = 300
"""Size of the line about a file."""

NOTES_BYTES: Final = 1_000
"""Size of what is said of files that were left out or transcoded."""

NAMED_NAMESAKES: Final = 3
"""Documents of a file's name that its line tells."""

LINES_BYTES: Final = 4_500
"""Size of all these lines; the others are counted."""


@dataclass(frozen=True)
class Addition:
    """What a call adds to a store.

    Attributes:
        wanted: The files that a store can have.
        unfit: Lines about the others.
        fresh: The files that have to be sent, which is paid for.
        estimate: What that costs.
    """

    wanted: "tuple[StoredFile, ...]"
    unfit: tuple[str, ...]
    fresh: "tuple[StoredFile, ...]"
    estimate: "Estimate | None"


async def add_files(
    ctx: Ctx,
    app: AppContext,
    store: FileSearchStore,
    given: "Inspection",
    metadata: Sequence[MetadataEntry],
    seconds: float,
) -> ToolResult:
    """Add files to a store, and tell what is done within some seconds; the rest goes on.

    Raises:
        InputError: None of the files can be added.
        SpendingLimitError: Indexing them may cost more than the user's limits leave.
        GeminiMCPError: The store cannot be read, or Google took none of the files.
    """
    added = await plan_addition(app, store, given, metadata)
    await check_indexing_limits(app, store, added)
    if refused := await ask_before_indexing(ctx, app, store, added):
        return refused
    await check_indexing_limits(app, store, added)
    # Without a wait after the check, so that no other call takes the room.
    works = [app.indexing.begin(store.name, each) for each in added.wanted]
    await wait_for_works(works, seconds, Progress(ctx), app.timing.upload_report)
    lines = [describe_indexed_file(each, work, metadata) for each, work in zip(added.wanted, works, strict=True)]
    check_something_added(store, works, lines, added)
    return build_text_result(render_addition(store, works, lines, added, given.notes))


async def plan_addition(
    app: AppContext, store: FileSearchStore, given: "Inspection", metadata: Sequence[MetadataEntry]
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
    sent = tuple(each for each in begun if each.agreed)
    estimate = await estimate_files(app, store, [each.file for each in sent])
    return Addition(tuple(begun), unfit, sent, estimate)


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
    return files.StoredFile(name, file, described, standing.present, standing.namesakes)


async def estimate_files(app: AppContext, store: FileSearchStore, given: "Sequence[LocalFile]") -> "Estimate | None":
    """Return what indexing files costs; None where the price is not known."""
    catalog = await app.catalogs.read()
    told = [models.Attachment("text" if file.kind == "text" else file.kind, file.sent, file.pages) for file in given]
    # In a worker thread: the first price takes 0.3 s.
    return await anyio.to_thread.run_sync(
        lambda: models.estimates.estimate_indexing(told, store.embedding_model, catalog, clock.now())
    )


async def check_indexing_limits(app: AppContext, store: FileSearchStore, added: Addition) -> None:
    """Check that the user's limits in dollars leave room for indexing.

    Google tells no tokens of it, so the journal does not have its cost: of earlier indexing, that of this process
    counts, from its beginning. Nothing is awaited after the sum is made.

    Raises:
        SpendingLimitError: They do not, or what it costs is not known.
        JournalError: What was spent cannot be read.
    """
    if not added.fresh or (app.settings.dollars_per_day is None and app.settings.dollars_per_month is None):
        return
    spending = await app.runs.spending()
    cost = app.indexing.sum_new(store.name, added.fresh)
    for limit in spending.limits.list_spending_limits(clock.now()):
        if added.estimate is None:
            raise SpendingLimitError(
                f"What indexing these files may cost is not known, so {limit.variable} cannot be kept. Nothing was "
                "sent."
            )
        month = limit.until - limit.since > MONTH_LENGTH
        spent = (spending.month if month else spending.today) + app.indexing.sum_spent(limit.since)
        if spent + cost > limit.micros:
            raise SpendingLimitError(journal.describe_spending_limit(limit, spent, cost))


async def ask_before_indexing(ctx: Ctx, app: AppContext, store: FileSearchStore, added: Addition) -> ToolResult | None:
    """Ask the user for agreement to indexing, if configured and possible; nothing has been sent yet.

    Returns:
        What the tool returns where it does not go on: the question, or the refusal.

    Raises:
        InputError: The user has agreed to something else, or not filled in the form.
    """
    high = added.estimate.high if added.estimate else None
    if not added.fresh or not may_ask(ctx, app) or not app.settings.confirm.covers(high):
        return None
    told = json.dumps([store.name, *sorted(each.file.sha256 for each in added.fresh)])
    subject = hashlib.sha256(told.encode()).hexdigest()
    question = render_indexing_question(store, added, await describe_spent_so_far(app))
    answer = await elicit_answer(ctx, question, consent.Consent, subject, app.agreements.redeem)
    if isinstance(answer, InputRequiredResult):
        return answer
    why = consent.describe_missing_consent(answer.action, answer.content)
    return build_text_result(f"{why}\n") if why else None


async def describe_spent_so_far(app: AppContext) -> str:
    """Return what was spent in this UTC day, and the limit."""
    spending = await app.runs.spending()
    return f"Spent today (UTC): {consent.format_share(spending.today, spending.limits.micros_per_day)}."


def render_indexing_question(store: FileSearchStore, added: Addition, spent: str) -> str:
    """Return the question that is asked before files are sent."""
    given = [each.file for each in added.fresh]
    return join_paragraphs(
        f"Index {format_count(len(given), 'file')} ({consent.format_total_size(given)}) in "
        f"{store_table.describe_named_store(store)}?",
        f"Estimated cost: {consent.format_bounds(added.estimate)}. {spent}",
        consent.render_source_list(
            "Files that are sent to Google:",
            [f"- {quote_name(each.name)} ({consent.format_total_size([each.file])})" for each in added.fresh],
        ),
    )


async def wait_for_works(works: "Sequence[IndexingWork]", seconds: float, progress: Progress, interval: float) -> None:
    """Wait for the end of all works, and report progress meanwhile: bytes and seconds, which only grow."""
    since = anyio.current_time()

    async def wait(work: "IndexingWork") -> None:
        while not work.done.is_set():
            sent = sum(each.sent for each in works)
            await progress.indexing(sent, anyio.current_time() - since, describe_works(works))
            with anyio.move_on_after(interval):
                await work.done.wait()

    with anyio.move_on_after(seconds):
        for each in works:
            await wait(each)


def describe_works(works: "Sequence[IndexingWork]") -> str:
    """Return `2 of 5 files are ready; indexing b.pdf`."""
    going = next((work for work in works if not work.done.is_set()), None)
    ready = f"{sum(work.done.is_set() for work in works)} of {format_count(len(works), 'file')} ready"
    return f"{ready}; {describe_phase(going)} {quote_name(going.wanted.name)}" if going else ready


def describe_phase(work: "IndexingWork") -> str:
    """Return what is done for a file now."""
    size = work.wanted.file.size
    if work.phase == "uploading" and work.sent < size:
        return f"uploading {phrases.format_size(work.sent)} of {phrases.format_size(size)} of"
    return {"waiting": "waiting to send", "uploading": "uploading", "indexing": "indexing"}[work.phase]


def describe_indexed_file(wanted: "StoredFile", work: "IndexingWork", metadata: Sequence[MetadataEntry]) -> str:
    """Return the line about a file."""
    return f"- {quote_name(wanted.name)}: {describe_outcome(wanted, work, metadata)}"


def describe_outcome(wanted: "StoredFile", work: "IndexingWork", metadata: Sequence[MetadataEntry]) -> str:
    """Return how a file stands."""
    if work.error is not None:
        return f"failed. {work.error}"
    if work.document is None:
        return "not ready yet, " + describe_phase(work).removesuffix(" of")
    namesakes = describe_namesakes(wanted)
    if work.wanted.agreed or wanted.present is None:
        named = f" as {quote_name(work.wanted.name)}" if work.wanted.name != wanted.name else ""
        return f"added{named}{namesakes}"
    shown = work.document.display_name
    named = (
        f" as {quote_name(shown)}" if stores.fold_display_name(shown) != stores.fold_display_name(wanted.name) else ""
    )
    other = metadata and set(metadata) != set(work.document.own_metadata)
    kept = ", with other metadata, which cannot be changed: remove it first" if other else ""
    return f"there already{named}{kept}{namesakes}"


def describe_namesakes(wanted: "StoredFile") -> str:
    """Return which other documents the store has under the name of a file; empty if none."""
    if not wanted.namesakes:
        return ""
    ids = ", ".join(quote_name(stores.get_document_id(each)) for each in wanted.namesakes[:NAMED_NAMESAKES])
    more = len(wanted.namesakes) - NAMED_NAMESAKES
    return f"; an earlier version is there: {ids}{f' and {more} more' if more > 0 else ''}"


def check_something_added(
    store: FileSearchStore, works: "Sequence[IndexingWork]", lines: Sequence[str], added: Addition
) -> None:
    """Check that not every file has failed.

    Raises:
        RefusedError: Every file has.
    """
    if all(work.error is not None for work in works):
        told = " ".join(line[2:] for line in (*lines[:5], *added.unfit[:5]))
        raise RefusedError(f"Nothing was added to {store.name}. {told}")


def render_addition(
    store: FileSearchStore,
    works: "Sequence[IndexingWork]",
    lines: Sequence[str],
    added: Addition,
    notes: Sequence[str],
) -> str:
    """Return the result of adding files: first what is not done, then what is."""
    waiting = [line for line, work in zip(lines, works, strict=True) if not work.done.is_set()]
    failed = [line for line, work in zip(lines, works, strict=True) if work.error is not None]
    ready = [line for line, work in zip(lines, works, strict=True) if work.document is not None]
    counts = [f"{format_count(len(ready), 'file')} ready"]
    counts += [f"{len(waiting)} not ready yet"] if waiting else []
    counts += [f"{len(failed) + len(added.unfit)} not added"] if failed or added.unfit else []
    return join_paragraphs(
        f"{store_table.describe_named_store(store)}: {', '.join(counts)}.",
        "\n".join(shorten_lines([*failed, *added.unfit, *waiting, *ready])),
        clip_text(" ".join(notes), NOTES_BYTES),
        describe_removing(store, added),
        describe_indexing_cost(added),
        describe_next(store, waiting=bool(waiting), failed=bool(failed)),
    )


def shorten_lines(lines: Sequence[str]) -> list[str]:
    """Return the first lines, as many as there is room for, and the number of the others."""
    cut = [clip_text(line, LINE_BYTES) for line in lines]
    taken = list(accumulate(measure_cost(line) + 2 for line in cut))
    shown = sum(each <= LINES_BYTES for each in taken)
    more = [f"- and {len(cut) - shown} more"] if len(cut) > shown else []
    return [*cut[:shown], *more]


def describe_removing(store: FileSearchStore, added: Addition) -> str:
    """Return the call that removes an earlier version; empty if there is none."""
    found = next((document for each in added.wanted for document in each.namesakes), None)
    if found is None:
        return ""
    call = f'manage_store(action="remove", store="{store.name}", document="{stores.get_document_id(found)}")'
    return f"Earlier versions stay, and are found too: {quote_name(call)} removes one."


def describe_indexing_cost(added: Addition) -> str:
    """Return what a call costs."""
    if not added.fresh:
        return "Nothing was sent or charged: all of it was there, or on its way."
    cost = consent.format_bounds(added.estimate)
    count = format_count(len(added.fresh), "file")
    return (
        f"Estimated cost of indexing {count}, once: {cost} ({INDEXING_PRICES}); storing them is free. Google tells no "
        "cost of it, so totals do not have it."
    )


def describe_next(store: FileSearchStore, *, waiting: bool, failed: bool) -> str:
    """Return what to call next."""
    ask = f"Ask with tools={store_table.quote_tools(store)}."
    if waiting:
        return f"Next: the same call again, which sends nothing twice and waits for the rest. {ask}"
    return f"{ask} The same call again tries what failed." if failed else ask
