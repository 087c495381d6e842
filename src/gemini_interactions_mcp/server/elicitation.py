"""A question to the user, in both protocol eras.

Until 2025-11-25 the client is asked within the call. From 2026-07-28 on the question is the call's result, and the
client answers by calling again with the same arguments, its responses and the state that came with the question. The
SDK encrypts that state, and refuses one that is older than ten minutes or belongs to other arguments.
"""

from typing import Final

from mcp.server.elicitation import render_elicitation_schema
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel

from gemini_interactions_mcp.core import InputError

from .context import Ctx

ROUNDS: Final = "2026-07-28"
"""The first revision in which a server sends no requests (mcp 2.3.0, mcp/server/mcpserver/resolve.py)."""

KEY: Final = "consent"
"""Names the question among what a client is asked for; a call asks one."""

CHANGED: Final = (
    "What the user was asked about has changed since: a file was changed, added or removed. Nothing was sent, and "
    "nothing is charged. Call again to ask about it as it is now."
)


async def elicited(ctx: Ctx, message: str, form: type[BaseModel], subject: str) -> ElicitResult | InputRequiredResult:
    """What the user says; or, where the client answers with another call, the question as this call's result.

    Args:
        ctx: Of a client that can be asked.
        message: What is shown.
        form: What is to be filled in.
        subject: Names what is asked about: only for this, the answer counts.

    Raises:
        InputError: The user has agreed to something else.
    """
    schema = render_elicitation_schema(form)
    if not is_version_at_least(ctx.protocol_version or "", ROUNDS):
        return await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    response = (ctx.input_responses or {}).get(KEY)
    if ctx.request_state is None or not isinstance(response, ElicitResult):
        request = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))
        return InputRequiredResult(input_requests={KEY: request}, request_state=subject)
    if response.action == "accept" and ctx.request_state != subject:
        raise InputError(CHANGED)
    return response
