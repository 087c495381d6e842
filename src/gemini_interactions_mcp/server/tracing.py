"""What the span of a request says, by OpenTelemetry's conventions for generative AI: no prompt, no answer, no secret.

The MCP SDK makes the spans: https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/. Where nothing records them, they
cost nothing.
"""

from typing import Final

from opentelemetry import trace

from gemini_interactions_mcp.core import Principal
from gemini_interactions_mcp.models import Record

PROVIDER_NAME: Final = "gcp.gemini"
"""How the conventions name the Gemini API."""


def trace_principal(principal: Principal) -> None:
    """Name who has sent the request."""
    trace.get_current_span().set_attribute("enduser.id", principal.name or "owner")


def trace_interaction(record: Record) -> None:
    """Name the interaction that a call is about, what answers, and what it has used."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    told = {
        "gen_ai.request.model": record.model,
        "gen_ai.agent.name": record.agent,
        "gen_ai.response.id": record.interaction_id,
    }
    span.set_attribute("gen_ai.provider.name", PROVIDER_NAME)
    span.set_attributes({name: value for name, value in told.items() if value})
    if record.usage:
        # Tokens of tools are billed as input, and those of thoughts as output.
        usage = record.usage
        span.set_attribute("gen_ai.usage.input_tokens", usage.total_input_tokens + usage.total_tool_use_tokens)
        span.set_attribute("gen_ai.usage.output_tokens", usage.total_output_tokens + usage.total_thought_tokens)
