"""Upper bounds of what the probes of `doctor --live` may cost."""

import json
from collections.abc import Sequence
from typing import Final

from gemini_interactions_mcp.core import Json, coerce_object, iter_objects

TOKEN_PRICES: Final = {
    "gemini-3.8-flash": (0.75, 3.75),
    "gemini-3.5-flash-lite": (0.30, 2.50),
    "gemini-3.1-flash-lite": (0.25, 1.50),
    "gemini-4-hydrogen": (1.50, 7.50),
    "gemini-4-argon": (2.00, 10.00),
    "antigravity-preview-09-2026": (0.75, 3.75),
}
"""US dollars per million input and output tokens: https://ai.google.dev/gemini-api/docs/pricing (November 2026). Those
of an agent are those of the model that it uses."""

UNLISTED_TOKEN_PRICES: Final = (4.00, 20.00)
"""Prices of a model that is not listed."""

IMAGE_PRICES: Final = {"gemini-nano-banana-2.1": 0.034, "gemini-3-pro-image": 0.134}
"""US dollars per image of 1K, from the same page; others have the highest of these."""

TOOL_PRICE: Final = 0.014
"""US dollars per use of Google Search or Google Maps, from the same page."""

ATTACHMENT_TOKENS: Final = 2_000
"""Upper bound of the tokens of a small picture or a short page."""

MIN_BYTES_PER_TOKEN: Final = 3
"""Lower bound of the bytes of text per token."""


def bound_prices(asks: Sequence[Json]) -> float:
    """Return the upper bound of the price of requests, in US dollars."""
    return sum(bound_price(body) for body in asks)


def bound_price(body: Json) -> float:
    """Return the upper bound of the price of a request: all tokens that it allows, and one use of each tool."""
    name = str(body.get("model") or body.get("agent"))
    per_in, per_out = TOKEN_PRICES.get(name, UNLISTED_TOKEN_PRICES)
    searches = sum(tool.get("type") in ("google_search", "google_maps") for tool in iter_objects(body.get("tools")))
    draws = any(kind.get("type") == "image" for kind in iter_objects(body.get("response_format")))
    drawn = IMAGE_PRICES.get(name, max(IMAGE_PRICES.values())) if draws else 0.0
    return (
        (bound_input_tokens(body) * per_in + bound_output_tokens(body) * per_out) / 1e6 + searches * TOOL_PRICE + drawn
    )


def bound_input_tokens(body: Json) -> float:
    """Return the upper bound of the input tokens of a request."""
    text = json.dumps(body)
    attached = '"uri"' in text or "url_context" in text
    return len(text) / MIN_BYTES_PER_TOKEN + ATTACHMENT_TOKENS * attached


def bound_output_tokens(body: Json) -> int:
    """Return the upper bound of the output tokens of a request."""
    model, agent = coerce_object(body.get("generation_config")), coerce_object(body.get("agent_config"))
    return int(model.get("max_output_tokens") or 0) + int(agent.get("max_total_tokens") or 0)
