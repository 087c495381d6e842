"""Adds files to a file search store: what is there already, what it costs, the user's agreement, and how far it is."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Hashable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import anyio
from mcp_types import InputRequiredResult

from gemini_interactions_mcp import journal
from gemini_interactions_mcp.core import (
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
from gemini_interactions_mcp.models import FileSearchStore, stores
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, Progress
from gemini_interactions_mcp.server.elicitation import elicit_answer
from gemini_interactions_mcp.server.results.answers import build_text_result
from gemini_interactions_mcp.server.results.programs import DECLINED, ResultFacts
from gemini_interactions_mcp.text import store_table

from . import consent
from .additions import Addition
from .paying import ToolResult, may_ask

if TYPE_CHECKING:
    from gemini_interactions_mcp.core import SharedTask
    from gemini_interactions_mcp.files import IndexingWork, StoredFile

INDEXING_PRICES: Final = "https://ai.google.dev/gemini-api/docs/file-search#pricing"

LINE_BYTES: Final = 300
"""Size of the line about a file."""

NOTES_BYTES: Final = 1_000
"""Size of what is said of files that were left out or transcoded."""

STILL_PLANNING: Final = (
    "The files are still compared with what the store has, and nothing was sent yet. Next: the same call again, which "
    "goes on with that.\n"
)

NAMED_NAMESAKES: Final = 3
"""Documents of a file's name that its line tells."""

LINES_BYTES: Final = 4_500
"""Size of all these lines; the others are counted."""


async def add_files(
    ctx: Ctx, app: AppContext, key: Hashable, plan: Callable[[], Awaitable[Addition]], seconds: float
) -> ToolResult:
    """Add files to a store, and tell what is done within some seconds; the rest goes on.

    Args:
        ctx: The call.
        app: The server.
        key: What the call asks for: an identical one takes the plan that this one did not wait for.
        plan: Returns what is added.
        seconds: How long the call waits; how long the user takes to answer does not count.

    Raises:
        InputError: None of the files can be added.
        SpendingLimitError: Indexing them may cost more than the user's limits leave.
        GeminiMCPError: The store cannot be read, or Google took none of the files.
    """
    progress, since = IndexingProgress(ctx), anyio.current_time()
    planning = app.additions.begin(key, plan)
    if not await wait_for_plan(planning, max(seconds, app.timing.planning), progress, app.timing.upload_report):
        return build_text_result(STILL_PLANNING, ResultFacts(status="in_progress", finished=False))
    left = max(seconds - (anyio.current_time() - since), min(seconds, app.timing.upload_report))
    refused: ToolResult | None = None
    try:
        added = planning.get_outcome()
        refused = await settle_terms(ctx, app, added)
    finally:
        # The call that brings the user's answer takes the plan.
        if not isinstance(refused, InputRequiredResult):
            app.additions.drop(key)
    if refused:
        return refused
    works = [app.indexing.begin(added.store.name, each) for each in added.wanted]
    await wait_for_works(works, left, progress, app.timing.upload_report)
    lines = [app.explain(describe_indexed_file(each, work)) for each, work in zip(added.wanted, works, strict=True)]
    check_something_added(works, lines, added)
    return build_text_result(render_addition(works, lines, added), describe_added(works, added))


async def settle_terms(ctx: Ctx, app: AppContext, added: Addition) -> ToolResult | None:
    """Check the limits, ask the user, and check again; nothing is awaited after that, so no other call takes the room.

    Returns:
        What the tool returns where it does not go on.

    Raises:
        SpendingLimitError: Indexing may cost more than the limits leave.
        GeminiMCPError: What was spent cannot be read, or the answer cannot be used.
    """
    await check_indexing_limits(app, added)
    if refused := await ask_before_indexing(ctx, app, added):
        return refused
    await check_indexing_limits(app, added)
    return None


async def check_indexing_limits(app: AppContext, added: Addition) -> None:
    """Check that the user's limits in dollars leave room for indexing.

    Google tells no tokens of it, so the journal does not have its cost: of earlier indexing, that of this process
    counts, from its beginning. Nothing is awaited after the sum is made.

    Raises:
        SpendingLimitError: They do not, or what it costs is not known.
        JournalError: What was spent cannot be read.
    """
    if not added.fresh or not app.runs.limits.list_spending_limits(clock.now()):
        return
    spending = await app.runs.spending()
    cost = app.indexing.sum_new(added.store.name, added.fresh)
    for limit in spending.limits.list_spending_limits(clock.now()):
        if added.estimate is None:
            raise SpendingLimitError(
                f"What indexing these files may cost is not known, so {limit.variable} cannot be kept. Nothing was "
                "sent."
            )
        spent = spending.get_counted(limit) + app.indexing.sum_spent(limit.since)
        if spent + cost > limit.micros:
            raise SpendingLimitError(journal.describe_spending_limit(limit, spent, cost))


async def ask_before_indexing(ctx: Ctx, app: AppContext, added: Addition) -> ToolResult | None:
    """Ask the user for agreement to indexing, if configured and possible; nothing has been sent yet.

    Returns:
        What the tool returns where it does not go on: the question, or the refusal.

    Raises:
        InputError: The user has agreed to something else, or not filled in the form.
    """
    high = added.estimate.high if added.estimate else None
    if not added.fresh or not may_ask(ctx, app) or not app.settings.confirm.covers(high):
        return None
    told = json.dumps([added.store.name, *sorted(each.file.sha256 for each in added.fresh)])
    subject = hashlib.sha256(told.encode()).hexdigest()
    question = render_indexing_question(added, await describe_spent_so_far(app))
    answer = await elicit_answer(ctx, question, consent.Consent, subject, app.agreements.redeem)
    if isinstance(answer, InputRequiredResult):
        return answer
    why = consent.describe_missing_consent(answer.action, answer.content, remote=app.principal.remote)
    return build_text_result(f"{why}\n", ResultFacts(status=DECLINED)) if why else None


async def describe_spent_so_far(app: AppContext) -> str:
    """Return what was spent in this UTC day, and the limit."""
    spending = await app.runs.spending()
    return f"Spent today (UTC): {consent.format_share(spending.today, spending.limits.micros_per_day)}."


def render_indexing_question(added: Addition, spent: str) -> str:
    """Return the question that is asked before files are sent."""
    given = [each.file for each in added.fresh]
    return join_paragraphs(
        f"Index {format_count(len(given), 'file')} ({consent.format_total_size(given)}) in "
        f"{store_table.describe_named_store(added.store)}?",
        f"Estimated cost: {consent.format_bounds(added.estimate)}. {spent}",
        consent.render_source_list(
            "Files that are sent to Google:",
            [f"- {quote_name(each.name)} ({consent.format_total_size([each.file])})" for each in added.fresh],
        ),
    )


class IndexingProgress:
    """Reports the progress of one call: bytes and seconds, which only grow."""

    def __init__(self, ctx: Ctx) -> None:
        self._progress = Progress(ctx)
        self._since = anyio.current_time()

    async def report(self, sent: int, message: str) -> None:
        """Report the bytes sent so far, and what is done now."""
        await self._progress.indexing(sent, anyio.current_time() - self._since, message)


async def wait_for_plan(
    planning: "SharedTask[Addition]", seconds: float, progress: IndexingProgress, interval: float
) -> bool:
    """Wait for the end of planning, and report progress meanwhile; return whether it has ended."""
    with anyio.move_on_after(seconds):
        # Short plans are not worth a word.
        with anyio.move_on_after(interval):
            await planning.done.wait()
        while not planning.done.is_set():
            await progress.report(0, "comparing the files with what the store has")
            with anyio.move_on_after(interval):
                await planning.done.wait()
    return planning.done.is_set()


async def wait_for_works(
    works: "Sequence[IndexingWork]", seconds: float, progress: IndexingProgress, interval: float
) -> None:
    """Wait for the end of all works, and report progress meanwhile."""

    async def wait(work: "IndexingWork") -> None:
        while not work.done.is_set():
            await progress.report(sum(each.sent for each in works), describe_works(works))
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


def describe_indexed_file(wanted: "StoredFile", work: "IndexingWork") -> str:
    """Return the line about a file."""
    return f"- {quote_name(wanted.name)}: {describe_outcome(wanted, work)}"


def describe_outcome(wanted: "StoredFile", work: "IndexingWork") -> str:
    """Return how a file stands."""
    if work.error is not None:
        return f"failed. {work.error}"
    if work.document is None:
        return "not ready yet, " + describe_phase(work).removesuffix(" of")
    namesakes = describe_namesakes(wanted)
    if work.wanted.agreed or wanted.present is None:
        named = f" as {store_table.quote_text(work.wanted.name)}" if work.wanted.name != wanted.name else ""
        return f"added{named}{namesakes}"
    shown = work.document.display_name
    named = (
        f" as {store_table.quote_text(shown)}"
        if stores.fold_display_name(shown) != stores.fold_display_name(wanted.name)
        else ""
    )
    other = wanted.metadata and set(wanted.metadata) != set(work.document.own_metadata)
    kept = ", with other metadata, which cannot be changed: remove it first" if other else ""
    return f"there already{named}{kept}{namesakes}"


def describe_namesakes(wanted: "StoredFile") -> str:
    """Return which other documents the store has under the name of a file; empty if none."""
    if not wanted.namesakes:
        return ""
    ids = ", ".join(quote_name(stores.get_document_id(each)) for each in wanted.namesakes[:NAMED_NAMESAKES])
    more = len(wanted.namesakes) - NAMED_NAMESAKES
    told = f"{ids}{f' and {more} more' if more > 0 else ''}"
    return f"; the store has another content of this name: {told}"


def check_something_added(works: "Sequence[IndexingWork]", lines: Sequence[str], added: Addition) -> None:
    """Check that not every file has failed.

    Raises:
        RefusedError: Every file has.
    """
    if all(work.error is not None for work in works):
        told = " ".join(line[2:] for line in (*lines[:5], *added.unfit[:5]))
        raise RefusedError(f"Nothing was added to {added.store.name}. {told}")


def render_addition(works: "Sequence[IndexingWork]", lines: Sequence[str], added: Addition) -> str:
    """Return the result of adding files: first what is not done, then what is."""
    waiting = [line for line, work in zip(lines, works, strict=True) if not work.done.is_set()]
    failed = [line for line, work in zip(lines, works, strict=True) if work.error is not None]
    ready = [line for line, work in zip(lines, works, strict=True) if work.document is not None]
    counts = [f"{format_count(len(ready), 'file')} ready"]
    counts += [f"{len(waiting)} not ready yet"] if waiting else []
    counts += [f"{len(failed) + len(added.unfit)} not added"] if failed or added.unfit else []
    return join_paragraphs(
        f"{store_table.describe_named_store(added.store)}: {', '.join(counts)}.",
        "\n".join(shorten_lines([*failed, *added.unfit, *waiting, *ready])),
        clip_text(" ".join(added.notes), NOTES_BYTES),
        describe_removing(added),
        describe_indexing_cost(added),
        describe_next(added.store, waiting=bool(waiting), failed=bool(failed)),
    )


def describe_added(works: "Sequence[IndexingWork]", added: Addition) -> ResultFacts:
    """Return what programs are told of adding files."""
    finished = all(work.done.is_set() for work in works)
    return ResultFacts(status="completed" if finished else "in_progress", finished=finished, store=added.store.name)


def shorten_lines(lines: Sequence[str]) -> list[str]:
    """Return the first lines, as many as there is room for, and the number of the others."""
    cut = [clip_text(line, LINE_BYTES) for line in lines]
    taken = list(accumulate(measure_cost(line) + 2 for line in cut))
    shown = sum(each <= LINES_BYTES for each in taken)
    more = [f"- and {len(cut) - shown} more"] if len(cut) > shown else []
    return [*cut[:shown], *more]


def describe_removing(added: Addition) -> str:
    """Return the call that removes an earlier version; empty if there is none."""
    found = next((document for each in added.wanted for document in each.namesakes), None)
    if found is None:
        return ""
    call = f'manage_store(action="remove", store="{added.store.name}", document="{stores.get_document_id(found)}")'
    return f"Earlier versions stay, and are found too. {call} removes one, if the user wants that."


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
