"""What a tool answers: it starts or finds an interaction, waits for it, and shows it."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from mcp_types import CallToolResult, TextContent

from gemini_interactions_mcp.core import (
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    beside,
    clipped,
    cost,
    fitted,
    phrases,
)
from gemini_interactions_mcp.models import Record, Request
from gemini_interactions_mcp.server.context import AppContext, Ctx, Progress, opened
from gemini_interactions_mcp.server.hosts import ANY, HOSTS, Host, host_of, seconds_to_name, seconds_to_wait
from gemini_interactions_mcp.server.tasks.extension import Unfinished
from gemini_interactions_mcp.settings import DEFAULT_WAIT_SECONDS, Settings
from gemini_interactions_mcp.text import MARKDOWN_WEIGHT, citations, rendering

from . import waiting
from .previews import attached, room_for_links

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run

NAMING_SECONDS: Final = 4.0
"""How long a call waits for an id at the least: openai-agents and google-adk give it 5 s."""

LOOK_SECONDS: Final = 4.0
"""How long a call waits at the least for Google to show an interaction, for the same reason."""

LEAST_BYTES: Final = min(host.page_bytes for host in HOSTS.values())
"""What every host shows."""

SOURCE_CHARACTERS: Final = 100
"""A source takes as long to list as so many characters take to read."""

TAIL_CHARACTERS: Final = 2**14
"""Of a partial answer, whose secrets are taken out before it is cut to what is shown."""


async def asked(
    ctx: Ctx,
    app: AppContext,
    request: Request,
    wait_seconds: float | None,
    target: Path | None = None,
    progress: Progress | None = None,
    refusal: GeminiMCPError | None = None,
    notes: Sequence[str] = (),
) -> CallToolResult:
    """Start an interaction, or take that of an identical call without an answer, and wait for it.

    What the caller has to know of the files, in `notes`, stands above the answer.

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
        told = notes if fresh else [*notes, waiting.repeated(run.age())]
        result = await shown(app, run, Reading(above=tuple(told)).to(ctx, app.settings))
    except anyio.get_cancelled_exc_class():
        app.runs.detach(run)
        raise
    except GeminiMCPError:
        part_from(app, run, fresh=fresh)
        raise
    if not run.done.is_set():
        app.runs.detach(run)
    return unless_done(run, result)


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
    """What of an answer is read, what is looked up or saved for it first, and who reads it.

    Attributes:
        seconds: How long a call for the rest may wait.
        above: What stands above the answer, a paragraph each.
    """

    page: int = 1
    section: str = ""
    resolve: bool = False
    save: str | None = None
    seconds: float = DEFAULT_WAIT_SECONDS
    host: Host = ANY
    above: tuple[str, ...] = ()

    def to(self, ctx: Ctx, settings: Settings) -> "Reading":
        """The same for the host of a request."""
        return replace(self, seconds=seconds_to_name(ctx, settings), host=host_of(ctx))


async def read(ctx: Ctx, interaction_id: str, seconds: float, wanted: Reading) -> CallToolResult:
    """Show any interaction, after waiting for it if asked to."""
    app = await opened(ctx)
    wanted = wanted.to(ctx, app.settings)
    began = anyio.current_time()
    run = await app.runs.find(interaction_id, max(seconds, LOOK_SECONDS))
    await app.runs.wait(run, max(seconds - (anyio.current_time() - began), 0), Progress(ctx).waiting)
    if not run.done.is_set() or run.error is not None:
        unsaved = ("Nothing has been saved yet: it still runs.",) if wanted.save else ()
        return await shown(app, run, replace(wanted, above=unsaved))
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
        return [rendering.sandbox(await app.environments.files(run.record), str(run.record.environment_id))]
    except GeminiMCPError as exc:
        return [f"The files in the agent's environment cannot be listed: {exc}"]


def noted(result: CallToolResult, notes: Sequence[str]) -> CallToolResult:
    """The result, its text after what the caller has to know of the files, as far as every host shows it."""
    first = result.content[0]
    if notes and isinstance(first, TextContent):
        first.text = phrases.joined(*fitted(notes, LEAST_BYTES - cost(first.text)), first.text)
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
        return CallToolResult(content=[TextContent(text=unfinished(app, run, wanted))])
    silent = record.kind == "image" and record.status == "completed"
    unsaved = run.previews if app.settings.previews and wanted.host.previews else ()
    told = record.text or (record.code and record.status not in ("failed", "cancelled"))
    if record.error and not record.files and not unsaved and (silent or not told):
        app.runs.deliver(run)
        raise InteractionFailedError(rendering.failure(record), interaction_id=record.interaction_id)
    result = await answered(app, run, wanted, unsaved, notes, followers)
    # Last of all: a call that ends before that has given the answer to nobody.
    app.runs.deliver(run)
    return result


async def answered(
    app: AppContext,
    run: "Run",
    wanted: Reading,
    unsaved: Sequence[bytes],
    notes: Iterable[str],
    followers: Iterable[Record],
) -> CallToolResult:
    """A page of the answer of a run, with its files, as its host shows it.

    Raises:
        InputError: There is no such page or section.
    """
    record = run.record
    whole = wanted.page == 1 and not wanted.section
    blocks, said = await attached(app, record, wanted.host, unsaved) if whole else ([], [])
    page = functools.partial(
        rendering.answer,
        record,
        wanted.page,
        section=wanted.section,
        stored=run.stored,
        followers=followers,
        above=wanted.above,
        notes=[*notes, *said],
        limit=wanted.host.page_bytes,
    )
    text = await beside(MARKDOWN_WEIGHT * len(record.text) + SOURCE_CHARACTERS * len(record.citations), page)
    return CallToolResult(content=[TextContent(text=text), *room_for_links(blocks, wanted.host, text)])


def unfinished(app: AppContext, run: "Run", wanted: Reading) -> str:
    """What is known of a run that goes on."""
    text = waiting.pending(
        run.record,
        age=run.age(),
        activity=run.activity,
        # Before it is cut further: a part of a secret would not be recognised.
        text=app.runs.redact(run.text[-TAIL_CHARACTERS:]),
        read=waiting.progress(len(run.searches), len(run.pages)),
        waiting=run.waiting,
        background=run.background,
        seconds=wanted.seconds,
    )
    return phrases.joined(*fitted(wanted.above, wanted.host.page_bytes - cost(text)), text)


def text_result(text: str) -> CallToolResult:
    """A result of one text block, of which every host shows all."""
    return CallToolResult(content=[TextContent(text=clipped(text.rstrip("\n"), LEAST_BYTES) + "\n")])
