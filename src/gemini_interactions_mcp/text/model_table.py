"""The models and agents that are served: as a Markdown table for people, and as JSON. Pure, but for loading prices.

Blocks for 0.3 s the first time, as `models.pricing` does.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, get_args

from gemini_interactions_mcp.core import escape_hidden, join_paragraphs, make_inert
from gemini_interactions_mcp.models import Catalog, CatalogRow, ModelKind, Prices, pricing

from .rendering import MODELS_URI

MODEL_TABLE_HEAD: Final = "| for | id | also called | US dollars | until | successor |\n|---|---|---|---|---|---|"

PRICE_WORDS: Final = {
    "input": "in",
    "output": "out",
    "cached": "cached",
    "input_image": "image in",
    "input_audio": "audio in",
    "input_video": "video in",
    "output_image": "image out",
    "output_audio": "audio out",
    "output_video": "video out",
}
"""Words for the prices of a million tokens."""


def render_models(catalog: Catalog, moment: datetime) -> str:
    """Return the models and agents that are served at a moment, as Markdown."""
    kinds = get_args(ModelKind)
    rows = [row for row in catalog.rows.values() if row.is_alive(moment.date())]
    lines = [render_model_row(row, catalog, moment) for row in sorted(rows, key=lambda row: kinds.index(row.kind))]
    return join_paragraphs(
        "# Models and agents",
        f"Prices are for a million tokens, unless they say otherwise. {MODELS_URI}/data has all facts with sources.",
        "\n".join([MODEL_TABLE_HEAD, *lines]),
    )


def render_model_row(row: CatalogRow, catalog: Catalog, moment: datetime) -> str:
    """Return a model or an agent as a row of the table."""
    aliases = ", ".join(make_inert(alias).replace("|", "\\|") for alias in row.aliases)
    prices = describe_prices(row, pricing.find_prices(row.id, catalog, moment))
    cells = (row.kind, row.id, aliases, prices, str(row.shutdown or ""), row.successor or "")
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def describe_prices(row: CatalogRow, prices: Prices | None) -> str:
    """Return what a model or an agent costs, in words."""
    usual = "about {} to {} a run; ".format(*map(format_price, row.usual_cost)) if row.usual_cost else ""
    if prices is None:
        return f"{usual}price unknown"
    if prices.song is not None:
        return f"{usual}{format_price(prices.song)} a song"
    return f"{usual}{', '.join(list_prices(prices))}"


def list_prices(prices: Prices) -> Iterator[str]:
    """Yield the known prices, each with what it is for."""
    for name, words in PRICE_WORDS.items():
        price = getattr(prices, name)
        if price is not None:
            yield f"{format_price(price)} {words}"
    if prices.search is not None:
        yield f"{format_price(prices.search)} per 1,000 searches"


def format_price(price: Decimal) -> str:
    """Return a price without zeros at its end."""
    return f"{price.normalize():f}"


def render_models_json(catalog: Catalog, moment: datetime) -> str:
    """Return all rows with the prices at a moment, as JSON."""
    rows = [describe_model_row(row, catalog, moment) for row in catalog.rows.values()]
    return escape_hidden(json.dumps(rows, indent=2, ensure_ascii=False))


def describe_model_row(row: CatalogRow, catalog: Catalog, moment: datetime) -> dict[str, object]:
    """Return a row as JSON has it: known facts only, and the prices at a moment."""
    prices = pricing.find_prices(row.id, catalog, moment)
    facts = row.model_dump(mode="json", exclude_defaults=True, exclude={"prices"})
    current = prices.model_dump(mode="json", exclude_none=True) if prices else None
    return {**facts, "alive": row.is_alive(moment.date()), "prices": current}
