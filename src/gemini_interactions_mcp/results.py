"""What a tool answers: it starts or finds an interaction, waits for it, and shows it."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from mcp_types import CallToolResult, TextContent

from . import citations, render
from .attachments import attached
from .context import AppContext, Ctx, Progress, opened
from .errors import GeminiMCPError, InputError, InteractionFailedError
from .hosts import seconds_to_name, seconds_to_wait
from .models import Record, Request
from .settings import DEFAULT_WAIT_SECONDS
from .tasks import Unfinished

if TYPE_CHECKING:
    from .run import Run

NAMING_SECONDS: Final = 4.0
"""How long a call waits for an id at the least: openai-agents and google-adk give it 5 s."""

LOOK_SECONDS: Final = 4.0
"""How long a call waits at the least for Google to show an interaction, for the same reason."""


async def asked(
    ctx: Ctx,
    app: AppContext,
    request: Request,
    wait_seconds: float | None,
    target: Path | None = None,
    progress: Progress | None = None,
    refusal: GeminiMCPError | None = None,
) -> CallToolResult:
    """Start an interaction, or take that of an identical call without an answer, and wait for it.

    A call that its host cancels leaves the run alone: hosts cancel on their own time-outs, and it is paid for.
    """
    run, fresh = await app.runs.start_or_attach(request, target=target, refusal=refusal)
    seconds = seconds_to_wait(ctx, app.settings, wait_seconds)
    try:
        await app.runs.wait(run, seconds, (progress or Progress(ctx)).waiting)
        if run.stored and seconds < NAMING_SECONDS:
            # What is handed over is of use only with its id.
            with anyio.move_on_after(NAMING_SECONDS - seconds):
                await run.named.wait()
        result = await shown(app, run, Reading(seconds=seconds_to_name(ctx)))
    except anyio.get_cancelled_exc_class():
        app.runs.detach(run)
        raise
    except GeminiMCPError:
        part_from(app, run, fresh=fresh)
        raise
    if not run.done.is_set():
        app.runs.detach(run)
    return unless_done(run, noted(result, [] if fresh else [render.repeated(run.age())]))


def part_from(app: AppContext, run: "Run", *, fresh: bool) -> None:
    """End a call with the error of its run.

    A run with an id may still end well, so the same call looks at it once more; after that, it asks again.
    """
    if fresh and run.error is not None and run.id is not None and run.stored:
        app.runs.detach(run)
    else:
        app.runs.deliver(run)


def unless_done(run: "Run", result: CallToolResult) -> CallToolResult:
    """The result; that of a run which goes on is marked as unfinished."""
    if run.done.is_set():
        return result
    return Unfinished(content=result.content, task_id=run.record.label)


@dataclass(frozen=True)
class Reading:
    """What of an answer is read, what is looked up or saved for it first, and how long a call for the rest may wait."""

    page: int = 1
    section: str = ""
    resolve: bool = False
    save: str | None = None
    seconds: float = DEFAULT_WAIT_SECONDS


async def read(ctx: Ctx, interaction_id: str, seconds: float, wanted: Reading) -> CallToolResult:
    """Show any interaction, after waiting for it if asked to."""
    app = await opened(ctx)
    wanted = replace(wanted, seconds=seconds_to_name(ctx))
    began = anyio.current_time()
    run = await app.runs.find(interaction_id, max(seconds, LOOK_SECONDS))
    await app.runs.wait(run, max(seconds - (anyio.current_time() - began), 0), Progress(ctx).waiting)
    if not run.done.is_set() or run.error is not None:
        unsaved = ["Nothing has been saved yet: it still runs."] if wanted.save else []
        return noted(await shown(app, run, wanted), unsaved)
    if wanted.save and not run.record.environment_id:
        raise InputError("There is nothing to save: only agents that work in an environment leave files there.")
    await app.runs.restore(run, max(seconds, LOOK_SECONDS))
    if wanted.resolve:
        await resolve_sources(app, run)
    notes = await environment_notes(app, run, wanted) if run.record.environment_id else []
    followers = await app.runs.followers(str(run.id)) if run.record.plan else ()
    return await shown(app, run, wanted, notes, followers)


async def resolve_sources(app: AppContext, run: "Run") -> None:
    """Look up where redirects lead, and have the journal and the saved report say so from then on."""
    known = citations.all_cited(run.record.text, run.record.citations)
    found = await app.resolve(known, app.settings.base_url)
    if found != known:
        await app.runs.amend(run, {"citations": found})
    await app.runs.rewrite(run, app.saved)


async def environment_notes(app: AppContext, run: "Run", wanted: Reading) -> list[str]:
    """What lies in an agent's environment; what is asked for is saved.

    Raises:
        GeminiMCPError: Something was to be saved, and could not be.
    """
    if wanted.save:
        saved, complaints = await app.environments.save(run.record, wanted.save)
        await app.runs.add_files(run, saved)
        return complaints
    if wanted.page > 1 or wanted.section:
        return []
    try:
        return [render.sandbox(await app.environments.files(run.record), str(run.record.environment_id))]
    except GeminiMCPError as exc:
        return [f"The files in the agent's environment cannot be listed: {exc}"]


def noted(result: CallToolResult, notes: Sequence[str]) -> CallToolResult:
    """The result, its text after what the caller has to know of the files."""
    first = result.content[0]
    if notes and isinstance(first, TextContent):
        first.text = render.joined(*notes, first.text)
    return result


async def shown(
    app: AppContext,
    run: "Run",
    wanted: Reading | None = None,
    notes: Iterable[str] = (),
    followers: Iterable[Record] = (),
) -> CallToolResult:
    """The answer of a run, or what is known of it so far.

    Raises:
        GeminiMCPError: It has failed and there is nothing to show.
    """
    wanted = wanted or Reading()
    record = run.record
    if run.error is not None:
        if run.id is None or not run.stored:
            app.runs.deliver(run)
        raise run.error
    if not run.done.is_set():
        read = render.progress(len(run.searches), len(run.pages))
        return text_result(
            render.pending(
                record,
                age=run.age(),
                activity=run.activity,
                # Before it is cut: a part of a secret would not be recognised.
                text=app.runs.redact(run.text),
                read=read,
                waiting=run.waiting,
                background=run.background,
                seconds=wanted.seconds,
            )
        )
    silent = record.kind == "image" and record.status == "completed"
    unsaved = run.previews if app.settings.previews else ()
    answered = record.text or (record.code and record.status not in ("failed", "cancelled"))
    if record.error and not record.files and not unsaved and (silent or not answered):
        app.runs.deliver(run)
        raise InteractionFailedError(render.failure(record), interaction_id=record.interaction_id)
    page = functools.partial(
        render.answer, record, wanted.page, section=wanted.section, stored=run.stored, followers=followers
    )
    whole = wanted.page == 1 and not wanted.section
    blocks, said = await attached(app, record, page(notes=notes), unsaved) if whole else ([], [])
    result = CallToolResult(content=[TextContent(text=page(notes=[*notes, *said])), *blocks])
    # Last of all: a call that ends before that has given the answer to nobody.
    app.runs.deliver(run)
    return result


def text_result(text: str) -> CallToolResult:
    """A result of one text block."""
    return CallToolResult(content=[TextContent(text=text)])
