"""Elicitation in both protocol eras.

Up to 2025-11-25, the server sends the question within the call. From 2026-07-28 on, the question is the result of the
call, and the client repeats the call with the same arguments, its responses and the state that came with the question.
The SDK encrypts that state, and refuses one that is older than ten minutes or belongs to other arguments.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from mcp.server.elicitation import render_elicitation_schema
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel

from gemini_interactions_mcp.core import InputError

from .context import Ctx

FIRST_MULTI_ROUND_VERSION: Final = "2026-07-28"
"""The first protocol version in which servers send no requests (mcp 2.3.0, mcp/server/mcpserver/resolve.py)."""

CONSENT_KEY: Final = "consent"
"""The key of the question among the input requests of a call, which has one."""

SUBJECT_CHANGED: Final = (
    "What the user was asked about has changed since: a file was changed, added or removed. Nothing was sent or "
    "charged. Call again to ask about the current state."
)


async def elicit_answer(
    ctx: Ctx, message: str, form: type[BaseModel], subject: str, redeem: Callable[[str], Awaitable[bool]]
) -> ElicitResult | InputRequiredResult:
    """Ask the user, and return the answer; or return the question, if the client answers with another call.

    Args:
        ctx: The context of a client that supports form elicitation.
        message: The text above the form.
        form: The model of the form's fields.
        subject: Identifies what is asked about. An answer counts for the same subject only.
        redeem: Marks the ticket of a question as used, and returns whether this is the first time: who repeats the
            call with an answer that was used is asked again.

    Raises:
        InputError: The user agreed to another subject.
    """
    schema = render_elicitation_schema(form)
    if not is_version_at_least(ctx.protocol_version or "", FIRST_MULTI_ROUND_VERSION):
        return await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    request = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))
    question = InputRequiredResult(
        input_requests={CONSENT_KEY: request}, request_state=f"{secrets.token_hex(8)} {subject}"
    )
    response = (ctx.input_responses or {}).get(CONSENT_KEY)
    if ctx.request_state is None or not isinstance(response, ElicitResult):
        return question
    ticket, _, asked = ctx.request_state.partition(" ")
    if response.action == "accept" and asked != subject:
        raise InputError(SUBJECT_CHANGED)
    return response if response.action != "accept" or await redeem(ticket) else question
