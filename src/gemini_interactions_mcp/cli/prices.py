"""Upper bounds of what the probes of `doctor --live` may cost."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from gemini_interactions_mcp.core import Json, coerce_object, iter_objects
from gemini_interactions_mcp.models import MICROS, Prices, estimates, load_built_in_catalog, pricing

UNLISTED_PRICES: Final = Prices(input=Decimal(4), output=Decimal(20), output_image=Decimal(120))
"""Prices of a model that has none in the catalog: the highest of those that have."""

DRAWN_TOKENS: Final = 1_120
"""Tokens of an image of 1K: https://ai.google.dev/gemini-api/docs/pricing"""

ATTACHMENT_TOKENS: Final = 2_000
"""Upper bound of the tokens of a small picture or a short page."""


def bound_prices(asks: Sequence[Json], moment: datetime) -> float:
    """Return the upper bound of the price of requests at a moment, in US dollars."""
    return sum(bound_price(body, moment) for body in asks)


def bound_price(body: Json, moment: datetime) -> float:
    """Return the upper bound of the price of a request: all tokens that it allows, and one use of each tool."""
    name = str(body.get("model") or body.get("agent"))
    prices = pricing.find_prices(name, load_built_in_catalog(), moment) or UNLISTED_PRICES
    searches = sum(tool.get("type") in pricing.SEARCH_TOOLS for tool in iter_objects(body.get("tools")))
    draws = any(kind.get("type") == "image" for kind in iter_objects(body.get("response_format")))
    amounts = [
        pricing.PricedAmount(bound_input_tokens(body), prices.input),
        pricing.PricedAmount(bound_output_tokens(body), prices.output),
        pricing.PricedAmount(DRAWN_TOKENS * draws, prices.output_image or UNLISTED_PRICES.output_image),
        pricing.PricedAmount(searches, pricing.get_search_price(prices)),
    ]
    return float((pricing.sum_amounts(amounts) or 0) / MICROS)


def bound_input_tokens(body: Json) -> int:
    """Return the upper bound of the input tokens of a request."""
    text = json.dumps(body)
    attached = '"uri"' in text or "url_context" in text
    return math.ceil(len(text) / estimates.LEAST_BYTES_PER_TOKEN) + ATTACHMENT_TOKENS * attached


def bound_output_tokens(body: Json) -> int:
    """Return the upper bound of the output tokens of a request."""
    model, agent = coerce_object(body.get("generation_config")), coerce_object(body.get("agent_config"))
    return int(model.get("max_output_tokens") or 0) + int(agent.get("max_total_tokens") or 0)
