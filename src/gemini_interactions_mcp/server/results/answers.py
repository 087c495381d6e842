"""Answers of tools: start or find an interaction, wait for it, and render it."""

import functools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio
from mcp.server.apps import client_supports_apps
from mcp_types import CallToolResult, TextContent

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    SharedTask,
    Timing,
    clip_text,
    fit_paragraphs,
    logger,
    measure_cost,
    offload_if_large,
    phrases,
)
from gemini_interactions_mcp.models import KINDS, Record
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, Progress, open_app
from gemini_interactions_mcp.server.hosts import (
    ANY_HOST,
    HOSTS,
    Host,
    identify_host,
    suggest_wait_seconds,
)
from gemini_interactions_mcp.server.tasks.extension import UnfinishedResult
from gemini_interactions_mcp.server.tracing import trace_interaction
from gemini_interactions_mcp.server.views.attaching import build_view_meta
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS, Settings
from gemini_interactions_mcp.text import MARKDOWN_WEIGHT, rendering

from . import programs, waiting
from .previews import attach_files, build_file_link, drop_excess_links, measure_room, note_links
from .standing import add_running_cost, followers_of, tell_running_cost

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import ExportOrder, Run

EVERY_HOST_BYTES: Final = min(host.page_bytes for host in HOSTS.values())
"""Bytes of text that every host shows without cutting."""

SOURCE_RENDER_CHARACTERS: Final = 100
"""Characters of text that take as long to render as one source."""

PARTIAL_TAIL_CHARACTERS: Final = 2**14
"""Length of the end of a partial answer that is redacted before it is cut further."""


async def wait_for_answer(
    ctx: Ctx,
    app: AppContext,
    run: "Run",
    seconds: float,
    progress: Progress,
    notes: Sequence[str] = (),
    *,
    fresh: bool,
) -> CallToolResult:
    """Wait for the answer of a run that this call has started (`fresh`) or taken over.

    `notes` about the files stand above the answer. A call that its host cancels detaches from the run: hosts cancel
    on their own time-outs, and the interaction is paid for.
    """
    try:
        await app.runs.wait(run, seconds, progress.waiting)
        if run.stored and seconds < app.timing.naming:
            # An unfinished interaction is useful only with its id.
            with anyio.move_on_after(app.timing.naming - seconds):
                await run.named.wait()
        told = notes if fresh else [*notes, waiting.note_repeated_call(run.age())]
        wanted = ReadOptions(above=tuple(told)).for_host(ctx, app.settings)
        # Answers in words are for the model to pass on.
        viewed = wanted.viewed and KINDS[run.record.kind].makes is not None
        result = await render_run(app, run, replace(wanted, viewed=viewed))
    except anyio.get_cancelled_exc_class():
        app.runs.detach(run)
        raise
    except GeminiMCPError:
        release_failed_run(app, run, fresh=fresh)
        raise
    if not run.done.is_set():
        app.runs.detach(run)
    return mark_unfinished(run, result)


def release_failed_run(app: AppContext, run: "Run", *, fresh: bool) -> None:
    """End a call that fails with the error of its run.

    A run with an id may still succeed, so one identical call may attach to it again; after that, it asks anew. Files
    that could not be saved were given to nobody, so each identical call tries again to save them.
    """
    unread = fresh and run.error is not None and run.id is not None
    unsaved = run.error is None and run.record.files_pending
    if run.stored and (unread or unsaved):
        app.runs.detach(run)
    else:
        app.runs.deliver(run)


def mark_unfinished(run: "Run", result: CallToolResult) -> CallToolResult:
    """Return the result, marked as unfinished if the run is."""
    if run.done.is_set():
        return result
    return UnfinishedResult(content=result.content, _meta=result.meta, task_id=run.record.label)


@dataclass(frozen=True)
class ReadOptions:
    """How an answer is read: which part, by which host, and what is resolved or saved first.

    Attributes:
        page: Page of the answer, from 1.
        section: Heading of the only section to show; empty for all.
        resolve: Whether redirect links of the sources are followed.
        save: Glob of the sandbox files to save.
        order: The document that is made of the answer instead of showing it.
        seconds: The `wait_seconds` that is suggested for the next call.
        above: Paragraphs above the answer.
        viewed: Whether the client shows the result in a view.
    """

    page: int = 1
    section: str = ""
    resolve: bool = False
    save: str | None = None
    order: "ExportOrder | None" = None
    seconds: float = DEFAULT_WAIT_SECONDS
    host: Host = ANY_HOST
    above: tuple[str, ...] = ()
    viewed: bool = False

    def for_host(self, ctx: Ctx, settings: Settings) -> "ReadOptions":
        """Return a copy for the host of a request."""
        return replace(
            self,
            seconds=suggest_wait_seconds(ctx, settings),
            host=identify_host(ctx),
            viewed=client_supports_apps(ctx),
        )


async def read_answer(ctx: Ctx, interaction_id: str, seconds: float, wanted: ReadOptions) -> CallToolResult:
    """Wait for any interaction up to `seconds`, and show it."""
    app = await open_app(ctx)
    wanted = wanted.for_host(ctx, app.settings)
    began = anyio.current_time()
    run = await app.runs.find(interaction_id, max(seconds, app.timing.lookup))
    progress = Progress(ctx)
    report = functools.partial(report_with_cost, app, run, progress)
    await app.runs.wait(run, max(seconds - (anyio.current_time() - began), 0), report)
    if not run.done.is_set() or run.error is not None:
        unsaved = ("Nothing has been saved yet: it still runs.",) if wanted.save or wanted.order else ()
        return await render_run(app, run, replace(wanted, above=unsaved))
    if wanted.save and not run.record.environment_id:
        raise InputError("There is nothing to save: only agents that work in an environment leave files there.")
    restored = await app.runs.upkeep.restore(run, max(seconds, app.timing.lookup))
    if wanted.resolve and not wanted.order:
        await app.runs.upkeep.resolve_sources(run)
    told = run.record.environment_id and (wanted.save or not wanted.order)
    notes = restored + (await describe_environment(app, run, wanted) if told else [])
    if wanted.order:
        work = functools.partial(export_answer, app, run, wanted.order, notes)
        return await report_work(app, work, progress, f"saving it as .{wanted.order.form}", began)
    followers = await followers_of(app, str(run.id)) if run.record.plan else ()
    return await render_run(app, run, wanted, notes, followers)


async def export_answer(app: AppContext, run: "Run", order: "ExportOrder", notes: Sequence[str]) -> CallToolResult:
    """Resolve the sources of an answer and save it as a document; return where it is. The answer is not shown.

    Raises:
        GeminiMCPError: It cannot be saved.
    """
    await app.runs.upkeep.resolve_sources(run)
    exported = await app.runs.exporter.export(run, order)
    saved = rendering.describe_saved_file(run.record, exported.file)
    linked = await note_links(app, run.record, [exported.file])
    result = build_text_result(
        phrases.join_paragraphs(
            saved,
            *fit_paragraphs([*exported.notes, *linked, *notes], EVERY_HOST_BYTES // 2),
            f"---\n{rendering.render_identity(run.record)}",
        ),
        describe_run(app, run).model_copy(
            update={"files": programs.list_result_files(run.record, [exported.file], remote=app.principal.remote)}
        ),
    )
    result.content.append(build_file_link(run.record, exported.file))
    return result


async def report_work(
    app: AppContext, make: Callable[[], Awaitable[CallToolResult]], progress: Progress, doing: str, began: float
) -> CallToolResult:
    """Return the result of some work, and report every few seconds that it goes on: hosts give up silent calls."""
    work: SharedTask[CallToolResult] = SharedTask()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work.run, make)
        tasks.start_soon(report_until, work.done, app.timing, progress, doing, began)
    return work.get_outcome()


async def report_until(done: anyio.Event, timing: Timing, progress: Progress, doing: str, began: float) -> None:
    """Report the seconds since the beginning of a call, and what it does, until that is done."""
    with anyio.move_on_after(timing.least_report):
        await done.wait()
    while not done.is_set():
        try:
            await progress.waiting(anyio.current_time() - began, doing)
        except Exception:  # must not cost the result
            logger.exception("Progress cannot be reported")
            return
        with anyio.move_on_after(timing.most_report):
            await done.wait()


async def report_with_cost(app: AppContext, run: "Run", progress: Progress, seconds: float, message: str) -> None:
    """Report the seconds waited so far, what an interaction does now, and what research has cost so far."""
    await progress.waiting(seconds, await add_running_cost(app, run, message))


async def describe_environment(app: AppContext, run: "Run", wanted: ReadOptions) -> list[str]:
    """List the files of an agent's environment, or save those that are wanted.

    Raises:
        GeminiMCPError: The wanted files cannot be saved.
    """
    if wanted.save:
        return await app.runs.upkeep.save_sandbox_files(run, wanted.save)
    if wanted.page > 1 or wanted.section:
        return []
    try:
        return [rendering.list_sandbox_files(await app.runs.upkeep.sandbox_files(run), str(run.record.environment_id))]
    except GeminiMCPError as exc:
        return [f"The files in the agent's environment cannot be listed: {app.explain(str(exc))}"]


def prepend_notes(result: CallToolResult, notes: Sequence[str]) -> CallToolResult:
    """Put notes above the text of a result, as far as every host has room for them."""
    first = result.content[0]
    if notes and isinstance(first, TextContent):
        first.text = phrases.join_paragraphs(
            *fit_paragraphs(notes, EVERY_HOST_BYTES - measure_cost(first.text)), first.text
        )
    return result


async def render_run(
    app: AppContext,
    run: "Run",
    wanted: ReadOptions | None = None,
    notes: Iterable[str] = (),
    followers: Iterable[Record] = (),
) -> CallToolResult:
    """Return the answer of a run, or its progress.

    Raises:
        GeminiMCPError: The run failed, and there is nothing to show.
    """
    wanted = wanted or ReadOptions()
    record = run.record
    trace_interaction(record)
    if run.error is not None:
        if run.id is None or not run.stored:
            app.runs.deliver(run)
        raise add_facts(run.error, app, run)
    if not run.done.is_set():
        told = TextContent(text=await render_unfinished(app, run, wanted))
        return await add_meta(app, run, wanted, CallToolResult(content=[told]), describe_run(app, run))
    silent = KINDS[record.kind].makes is not None and record.status == "completed"
    unsaved = run.previews if app.settings.previews and wanted.host.previews else ()
    told = record.text or (record.code and record.status not in ("failed", "cancelled"))
    if record.error and not record.files and not unsaved and (silent or not told):
        if not record.files_pending:
            app.runs.deliver(run)
        failure = InteractionFailedError(rendering.explain_failure(record), interaction_id=record.interaction_id)
        raise add_facts(failure, app, run)
    result = await render_run_page(app, run, wanted, unsaved, notes, followers)
    # Last of all: a call that ends earlier has delivered the answer to nobody.
    app.runs.deliver(run)
    return result


async def render_run_page(
    app: AppContext,
    run: "Run",
    wanted: ReadOptions,
    unsaved: Sequence[bytes],
    notes: Iterable[str],
    followers: Iterable[Record],
) -> CallToolResult:
    """Render a page of the answer of a run, with its files, for its host.

    Raises:
        InputError: There is no such page or section.
    """
    record = run.record
    whole = wanted.page == 1 and not wanted.section
    blocks, said = await attach_files(app, record, wanted.host, unsaved) if whole else ([], [])
    page = functools.partial(
        rendering.render_answer,
        record,
        wanted.page,
        section=wanted.section,
        stored=run.stored,
        followers=followers,
        above=wanted.above,
        notes=[*notes, *said],
        limit=wanted.host.page_bytes,
        guide=app.guide,
    )
    size = MARKDOWN_WEIGHT * len(record.text) + SOURCE_RENDER_CHARACTERS * len(record.citations)
    text = await offload_if_large(size, page)
    facts, room = describe_run(app, run), measure_room(wanted.host, text)
    if wanted.host.shows_meta:
        facts, room = programs.fit_facts(facts, room)
    content = [TextContent(text=text), *drop_excess_links(blocks, room)]
    return await add_meta(app, run, wanted, CallToolResult(content=content), facts)


async def add_meta(
    app: AppContext, run: "Run", wanted: ReadOptions, result: CallToolResult, facts: programs.ResultFacts
) -> CallToolResult:
    """Put what programs and views are told of a run into its result."""
    shown = await build_view_meta(app, run) if wanted.viewed else None
    return programs.tell_programs(result, facts, shown)


def describe_run(app: AppContext, run: "Run") -> programs.ResultFacts:
    """Return what programs are told of a run."""
    return programs.describe_record(run.record, remote=app.principal.remote, finished=run.done.is_set())


def add_facts(error: GeminiMCPError, app: AppContext, run: "Run") -> GeminiMCPError:
    """Return an error with what programs are told of the run that it has ended."""
    error.facts = programs.dump_facts(programs.describe_record(run.record, remote=app.principal.remote))
    return error


async def render_unfinished(app: AppContext, run: "Run", wanted: ReadOptions) -> str:
    """Render the progress of an unfinished run."""
    text = waiting.render_pending(
        run.record,
        age=run.age(),
        activity=run.activity,
        # Redacted before it is cut further: a part of a secret would not be recognised.
        text=app.runs.redact(run.text[-PARTIAL_TAIL_CHARACTERS:]),
        read=waiting.describe_reading(len(run.searches), len(run.pages)),
        cost=await tell_running_cost(app, run),
        waiting=run.waiting,
        background=run.background,
        seconds=wanted.seconds,
        guide=app.guide,
    )
    return phrases.join_paragraphs(*fit_paragraphs(wanted.above, wanted.host.page_bytes - measure_cost(text)), text)


def build_text_result(text: str, facts: programs.ResultFacts = programs.NO_FACTS) -> CallToolResult:
    """Return a result of one text block, clipped to what every host shows, and of facts for programs."""
    told = TextContent(text=clip_text(text.rstrip("\n"), EVERY_HOST_BYTES) + "\n")
    return programs.tell_programs(CallToolResult(content=[told]), facts)
