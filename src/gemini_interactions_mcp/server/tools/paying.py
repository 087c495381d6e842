"""What stands between a tool and a paid request: the user's agreement, then the uploads."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from mcp_types import CallToolResult, InputRequiredResult

from gemini_interactions_mcp.models import Request
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, Progress
from gemini_interactions_mcp.server.elicitation import elicit_answer
from gemini_interactions_mcp.server.results.answers import build_text_result
from gemini_interactions_mcp.server.results.programs import DECLINED, ResultFacts
from gemini_interactions_mcp.server.tasks.extension import can_be_asked

from . import consent

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import Inspection

ToolResult = CallToolResult | InputRequiredResult


async def ask_before_paying(
    ctx: Ctx, app: AppContext, request: Request, given: "Inspection"
) -> ToolResult | AbstractContextManager[None]:
    """Ask the user for agreement to a paid request, if configured and possible. Nothing has been sent yet.

    Before a question, and before files are sent, the user's limits are checked; `Runs` checks them again.

    Args:
        ctx: The context of the call.
        app: What handlers use.
        request: The request, without its contents.
        given: The files and addresses that go with it.

    Returns:
        The context to send the files in, which keeps the agreement for the next call if that takes longer; or what the
        tool returns instead: the question, or the refusal.

    Raises:
        InputError: The user has agreed to another request, or not filled in the form.
        ConfigurationError: The user's limits leave no room for the request.
        JournalError: What was spent cannot be read.
    """
    bought = request.model_copy(update={"attachments": given.attachments})
    question = await find_question(ctx, app, bought, given)
    if question or given.sources:
        await app.runs.check_limits(bought)
    if question is None:
        return nullcontext()
    subject = make_agreement_key(request)
    if not app.agreements.take(subject):
        message = consent.render_question(question)
        answer = await elicit_answer(ctx, message, consent.Consent, subject, app.agreements.redeem)
        if isinstance(answer, InputRequiredResult):
            return answer
        if why := consent.describe_missing_consent(answer.action, answer.content, remote=app.principal.remote):
            return build_text_result(f"{why}\n", ResultFacts(status=DECLINED))
    return app.agreements.holding(subject)


def may_ask(ctx: Ctx, app: AppContext) -> bool:
    """Whether the user may have to be asked before a request of this client is paid for."""
    return app.settings.confirm.above is not None and can_be_asked(ctx.client_capabilities)


async def find_question(
    ctx: Ctx, app: AppContext, request: Request, given: "Inspection"
) -> consent.CostQuestion | None:
    """Return what the user must be asked about a request; None where it may be sent without."""
    if not may_ask(ctx, app):
        return None
    continued = request.previous_interaction_id
    previous = await app.runs.known(continued) if continued else None
    estimate = await app.runs.costs.estimate(request, previous)
    if not app.settings.confirm.covers(estimate.high if estimate else None):
        return None
    topic = intents.inherit_topic(request.kind, previous)
    plan = previous if previous and previous.plan and not request.plan else None
    return consent.CostQuestion(request, estimate, await app.runs.spending(), given, topic, plan, app.principal.remote)


def make_agreement_key(request: Request) -> str:
    """Return the key of the user's agreement to a request: its fingerprint, its sandbox, the digest of its files."""
    place = f" {request.environment}" if request.derived and request.environment else ""
    return f"{intents.compute_fingerprint(request)} {request.approves} {request.contents_digest}{place}"


async def send_files(
    app: AppContext, request: Request, given: "Inspection", seconds: float, progress: Progress
) -> Request:
    """Return a request with its contents, after the uploads.

    Args:
        app: What handlers use.
        request: The request.
        given: The files and addresses that go with it.
        seconds: Timeout of the uploads in seconds.
        progress: Receives their progress.

    Raises:
        FileRefusedError: A file has changed.
        StillUploadingError: The uploads take too long, and continue.
        GeminiMCPError: A file could not be uploaded.
    """
    if not given.sources:
        return request
    # Even a file that is uploaded already takes a moment to be found.
    seconds = max(seconds, app.timing.naming)
    contents = await app.files.send(given, seconds=seconds, report=progress.uploading)
    return request.model_copy(update={"contents": contents.labelled, "attachments": contents.attachments})
