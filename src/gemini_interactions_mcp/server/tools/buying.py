"""Buys an answer of a model: asks the user, sends files, starts the interaction, and waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, InputError
from gemini_interactions_mcp.files import Inspection
from gemini_interactions_mcp.models import Request
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, Progress
from gemini_interactions_mcp.server.hosts import choose_wait_seconds
from gemini_interactions_mcp.server.results.answers import wait_for_answer

from .paying import ToolResult, ask_before_paying, may_ask, send_files

RECORDING_ONLY: Final = "transcript=true takes one audio file. Nothing was sent."

IMAGES_ONLY: Final = "`images` takes images only; analyze_file takes other files."

SCENES_ONLY: Final = "`images` takes images only, and `video` one video. Nothing was sent."

SENT_TYPES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "image": (("image",), IMAGES_ONLY),
    "video": (("image", "video"), SCENES_ONLY),
    "transcript": (("audio",), RECORDING_ONLY),
}
"""The types of files that a kind of request takes, and what is said of others."""


@dataclass(frozen=True)
class Purchase:
    """A request of an answer or a file that is about to be paid for.

    Attributes:
        request: The request, without its contents.
        notes: What the caller is to know, in sentences.
        given: The files and addresses that go with it.
        target: Path for the file.
        refusal: Why no new file may be made.
    """

    request: Request
    notes: tuple[str, ...]
    given: Inspection = field(default_factory=Inspection)
    target: Path | None = None
    refusal: GeminiMCPError | None = None


async def pay_and_wait(ctx: Ctx, app: AppContext, bought: Purchase, wait_seconds: float | None) -> ToolResult:
    """Start an interaction, or attach to that of an identical call whose answer nobody was given, and wait for it.

    That is looked for before the user is asked and files are sent, and again before anything is paid.
    """
    request, given, progress = bought.request, bought.given, Progress(ctx)
    seconds, notes = choose_wait_seconds(ctx, app.settings, wait_seconds), (*bought.notes, *given.notes)
    await app.stores.admit(request.stores)
    if given.sources or may_ask(ctx, app):
        if run := await app.runs.attach(request):
            return await wait_for_answer(ctx, app, run, seconds, progress, notes, fresh=False)
        if bought.refusal is not None:
            raise bought.refusal
    agreed = await ask_before_paying(ctx, app, request, given)
    if isinstance(agreed, ToolResult):
        return agreed
    since = anyio.current_time()
    with agreed:
        request = await send_files(app, request, given, seconds, progress)
        check_sent_types(request)
    left = max(0.0, seconds - (anyio.current_time() - since))
    run, fresh = await app.runs.start_or_attach(request, target=bought.target, refusal=bought.refusal)
    return await wait_for_answer(ctx, app, run, left, progress, notes, fresh=fresh)


def check_sent_types(request: Request) -> None:
    """Check that a request has only files of the types that its kind takes.

    Only now the types of files of the Files API are known.

    Raises:
        InputError: It has something else.
    """
    taken, said = SENT_TYPES.get(request.kind, (None, ""))
    if taken and any("uri" in block and block["type"] not in taken for block in request.contents):
        raise InputError(said)
