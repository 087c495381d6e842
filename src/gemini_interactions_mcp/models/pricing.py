"""What interactions cost, from the catalog's prices and those of genai-prices. Pure, but for loading that package.

genai-prices takes 0.3 s to load with the first price; call what needs it in a worker thread. It is never updated from
the network.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

from .amounts import MAX_MICROS, MICROS
from .catalog import Catalog, Prices
from .interactions import Usage

GROUNDING_PRICE: Final = Decimal(14)
"""US dollars per thousand searches of models: https://ai.google.dev/gemini-api/docs/pricing (2026-11)"""

SEARCH_TOOLS: Final = ("google_search", "google_maps")
"""Tools that are paid for by use."""

TIER_FACTORS: Final[Mapping[str, Decimal]] = {"standard": Decimal(1), "flex": Decimal("0.5")}
"""Factors of the token prices, where there is a fixed one: https://ai.google.dev/gemini-api/docs/pricing (2026-11)"""

GENAI_PRICE_NAMES: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "input_image": "input_image_mtok",
    "input_audio": "input_audio_mtok",
    "input_video": "input_video_mtok",
    "cached_audio": "cache_audio_read_mtok",
    "output_image": "output_image_mtok",
    "output_audio": "output_audio_mtok",
    "output_video": "output_video_mtok",
    "search": "web_searches_kcount",
}
"""Names of prices in genai-prices."""

MODEL_VERSION: Final = re.compile(r"(-latest|-preview)?(-[0-9]{2,4})*")
"""What follows the name of a model in that of its version, such as `-preview-09-2026`.

Source: https://ai.google.dev/gemini-api/docs/models#model-versions
"""

PRICED_MODALITIES: Final = ("image", "audio", "video")
"""Modalities that may have prices of their own."""


class PricedAmount(NamedTuple):
    """A number of units, and the price in micro-dollars of each; None where that is not known."""

    units: int
    micros: Decimal | None


def price_usage(
    usage: Usage, name: str | None, catalog: Catalog, moment: datetime, tier: str | None = None
) -> int | None:
    """Return what an interaction has cost, in micro-dollars; None where a price is not known or counts cannot be right.

    Args:
        usage: What the API has counted.
        name: The model or agent.
        catalog: The catalog.
        moment: When it was started; aware.
        tier: Its service tier; None is `standard`.
    """
    prices = find_prices(name, catalog, moment, usage.total_input_tokens)
    factor = TIER_FACTORS.get(tier or "standard")
    if prices is None or factor is None:
        return None
    if prices.song is not None:
        return round_micros(prices.song * MICROS)
    tokens = list(iterate_tokens(fill_modality(usage, name, catalog), prices))
    searches = PricedAmount(count_searches(usage), get_search_price(prices))
    spent = [sum_amounts(tokens), sum_amounts([searches])]
    if None in spent or not any(amount.units for amount in (*tokens, searches)):
        return None
    cost = round_micros((spent[0] or 0) * factor + (spent[1] or 0))
    return cost if cost <= MAX_MICROS else None


def find_prices(name: str | None, catalog: Catalog, moment: datetime, input_tokens: int = 0) -> Prices | None:
    """Return the prices of a model or an agent; None where they are not known.

    Args:
        name: Its id.
        catalog: The catalog.
        moment: When they hold; aware.
        input_tokens: Tokens of the input, since some models cost more from a number of tokens on.
    """
    row = catalog.find(name)
    billed = catalog.find(row.billed_as) if row and row.billed_as else row
    own = billed.find_own_prices(moment.date()) if billed else None
    if own is not None:
        return own
    return load_token_prices(billed.id if billed else name or "", moment, input_tokens, listed=billed is not None)


def load_price_data() -> None:
    """Load genai-prices, so that the first price does not wait for it. Blocks for 0.3 s."""
    import genai_prices.data  # noqa: PLC0415 - as in `load_token_prices`

    _ = genai_prices.data


def load_token_prices(name: str, moment: datetime, input_tokens: int, *, listed: bool) -> Prices | None:
    """Return the prices in genai-prices; None where it has none.

    It takes a name that begins like that of a model for this model. Of a name that is not `listed` in the catalog, only
    versions are.
    """
    import genai_prices  # noqa: PLC0415 - takes 0.3 s, and few calls need a price

    try:
        priced = genai_prices.calc_price(
            genai_prices.Usage(), name, provider_id="google", genai_request_timestamp=moment
        )
    except LookupError:
        return None
    if not listed and not MODEL_VERSION.fullmatch(name.removeprefix(priced.model.id)):
        return None
    found = priced.model_price
    values = {
        ours: choose_tier_price(getattr(found, theirs), input_tokens) for ours, theirs in GENAI_PRICE_NAMES.items()
    }
    return Prices.model_validate(values) if any(value is not None for value in values.values()) else None


def choose_tier_price(price: Any, input_tokens: int) -> Decimal | None:  # noqa: ANN401 - a Decimal or TieredPrices
    """Return the price for an input of a length; a higher tier holds for all tokens."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if input_tokens > tier.start]
    return reached[-1] if reached else price.base


def fill_modality(usage: Usage, name: str | None, catalog: Catalog) -> Usage:
    """Return the usage with the modality of its output, where the API does not tell that of an image or a video."""
    row = catalog.find(name)
    if row is None or row.kind not in PRICED_MODALITIES or usage.output_tokens_by_modality:
        return usage
    return usage.model_copy(update={"output_tokens_by_modality": {row.kind: usage.total_output_tokens}})


def iterate_tokens(usage: Usage, prices: Prices) -> Iterator[PricedAmount]:
    """Yield the tokens of an interaction with their prices; thoughts cost as much as other output."""
    given = merge_counts(usage.input_tokens_by_modality, usage.tool_use_tokens_by_modality)
    special = {name: price for name in PRICED_MODALITIES if (price := getattr(prices, f"input_{name}")) is not None}
    total = usage.total_input_tokens + usage.total_tool_use_tokens
    cached = split_tokens(usage.total_cached_tokens, usage.cached_tokens_by_modality, special)
    for name, count in split_tokens(total, given, special).items():
        fresh = special.get(name, prices.input)
        kept = min(cached.get(name, 0), count)
        yield PricedAmount(count - kept, fresh)
        yield PricedAmount(kept, get_cached_price(name, prices, fresh))
    made = {name: price for name in PRICED_MODALITIES if (price := getattr(prices, f"output_{name}")) is not None}
    for name, count in split_tokens(usage.total_output_tokens, usage.output_tokens_by_modality, made).items():
        yield PricedAmount(count, made.get(name, prices.output))
    yield PricedAmount(max(0, usage.total_thought_tokens), prices.output)


def merge_counts(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of two counts by name."""
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}


def split_tokens(total: int, parts: Mapping[str, int], special: Mapping[str, Decimal]) -> dict[str, int]:
    """Return the tokens of each modality that has a price of its own, and under an empty name all others."""
    split = {name: max(0, parts.get(name, 0)) for name in special}
    return {**split, "": max(0, total - sum(split.values()))}


def get_cached_price(modality: str, prices: Prices, fresh: Decimal | None) -> Decimal | None:
    """Return the price of cached tokens; without one, they cost as much as others."""
    if modality == "audio" and prices.cached_audio is not None:
        return prices.cached_audio
    return fresh if prices.cached is None or modality else prices.cached


def count_searches(usage: Usage) -> int:
    """Return the number of searches that are paid for."""
    return sum(max(0, usage.grounding_tool_count.get(name, 0)) for name in SEARCH_TOOLS)


def get_search_price(prices: Prices) -> Decimal:
    """Return the price of a search in micro-dollars."""
    return (GROUNDING_PRICE if prices.search is None else prices.search) * MICROS / 1_000


def sum_amounts(amounts: list[PricedAmount]) -> Decimal | None:
    """Return the price of amounts in micro-dollars; None where one is not known."""
    used = [amount for amount in amounts if amount.units]
    if any(amount.micros is None for amount in used):
        return None
    return sum((amount.units * amount.micros for amount in used if amount.micros is not None), Decimal(0))


def round_micros(amount: Decimal) -> int:
    """Return the nearest whole number of micro-dollars; 0 only where nothing is paid."""
    return int(amount.to_integral_value(ROUND_HALF_UP)) or int(amount > 0)
