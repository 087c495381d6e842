"""What is known of each model and agent: a row each, found by id or alias. Pure; `catalog_file` reads the rows."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from gemini_interactions_mcp.core import coerce_object, list_texts, quote_name

from .frozen import FrozenModel

ModelKind = Literal["text", "image", "speech", "transcription", "music", "video", "research", "managed"]
"""What a model or an agent is for; the last two kinds are agents."""

AGENT_KINDS: Final = ("research", "managed")

MAX_SUCCESSORS: Final = 20
"""Maximum number of successors, one after the other; more are a circle."""


BoundT = TypeVar("BoundT", int, Decimal)


def check_order(bounds: tuple[BoundT, BoundT]) -> tuple[BoundT, BoundT]:
    """Return bounds whose lower one comes first.

    Raises:
        ValueError: The upper one does.
    """
    if bounds[0] > bounds[1]:
        raise ValueError("the lower end comes first")
    return bounds


ModelId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,127}$")]
Alias = Annotated[str, Field(max_length=64, pattern=r"[^\s_-]")]
Word = Annotated[str, Field(min_length=1, max_length=32)]
Dollars = Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)]
CostRange = Annotated[tuple[Dollars, Dollars], AfterValidator(check_order)]
SecondsRange = Annotated[
    tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=3_600)]], AfterValidator(check_order)
]
TokenCount = Annotated[int, Field(ge=1, le=100_000_000)]


class Prices(FrozenModel):
    """Prices in US dollars; None where a price is not known.

    Attributes:
        until: Last UTC date on which they hold.
        input: Per million input tokens, as all token prices; those of a modality replace it.
        output: Also the price of thoughts.
        cached: Of input tokens that were cached; without it, they cost as much as others.
        search: Per thousand searches.
        song: Per song, which is all that an interaction costs.
    """

    until: date | None = None
    input: Dollars | None = None
    output: Dollars | None = None
    cached: Dollars | None = None
    input_image: Dollars | None = None
    input_audio: Dollars | None = None
    input_video: Dollars | None = None
    cached_audio: Dollars | None = None
    output_image: Dollars | None = None
    output_audio: Dollars | None = None
    output_video: Dollars | None = None
    search: Dollars | None = None
    song: Dollars | None = None


class CatalogRow(FrozenModel):
    """A model or an agent; None and empty mean unknown.

    Attributes:
        aliases: Other names that people use.
        since: Date of its release.
        shutdown: First UTC date on which it is not served any more.
        successor: What replaces it, now or after its shutdown.
        billed_as: The model whose prices it has.
        thinking_levels: The levels that it takes, lowest first.
        sizes: The image sizes that it makes.
        image_tokens: Output tokens of an image, by size.
        seconds: Shortest and longest video that it makes.
        video_tokens: Output tokens of a second of video, by resolution.
        background: Whether it runs in the background.
        tools: The types of tools that it takes.
        excluded_tools: Types of tools that it does not take together.
        files: The types of content that it takes.
        service_tiers: The tiers that it takes.
        max_total_tokens: Whether it takes a budget of tokens.
        max_output_tokens: Maximum number of output tokens.
        usual_output_tokens: Usual number of output tokens.
        prices: The first that still hold count; they replace those of genai-prices.
        usual_cost: Lower and upper end of what a run usually costs, in US dollars.
        sources: Where each fact comes from and when it was looked up, by its name.
    """

    id: ModelId
    kind: ModelKind
    aliases: tuple[Alias, ...] = ()
    since: date | None = None
    shutdown: date | None = None
    successor: ModelId | None = None
    billed_as: ModelId | None = None
    thinking_levels: tuple[Word, ...] | None = None
    sizes: tuple[Word, ...] | None = None
    image_tokens: dict[Word, TokenCount] = Field(default_factory=dict[str, int])
    seconds: SecondsRange | None = None
    video_tokens: dict[Word, TokenCount] = Field(default_factory=dict[str, int])
    background: bool | None = None
    tools: tuple[Word, ...] | None = None
    excluded_tools: tuple[tuple[Word, ...], ...] = ()
    files: tuple[Word, ...] | None = None
    service_tiers: tuple[Word, ...] | None = None
    max_total_tokens: bool | None = None
    max_output_tokens: TokenCount | None = None
    usual_output_tokens: TokenCount | None = None
    prices: tuple[Prices, ...] = ()
    usual_cost: CostRange | None = None
    sources: dict[str, str] = Field(default_factory=dict[str, str])

    @property
    def is_agent(self) -> bool:
        """Whether it is an agent, which `start_research` takes."""
        return self.kind in AGENT_KINDS

    def is_alive(self, day: date) -> bool:
        """Whether it is served on a UTC date."""
        return self.shutdown is None or day < self.shutdown

    def choose_thinking_level(self, level: str) -> str:
        """Return the level to send: for `minimal`, the lowest one that it takes."""
        return self.thinking_levels[0] if level == "minimal" and self.thinking_levels else level

    def find_own_prices(self, day: date) -> Prices | None:
        """Return its prices in the catalog on a UTC date."""
        return next((each for each in self.prices if each.until is None or day <= each.until), None)


class CatalogFaultError(ValueError):
    """A row is wrong.

    Attributes:
        row_id: Its id; empty where no single row is to blame.
    """

    def __init__(self, message: str, row_id: str) -> None:
        super().__init__(message)
        self.row_id = row_id


class Catalog:
    """The rows, by id and alias.

    Args:
        rows: The rows.

    Raises:
        CatalogFaultError: Rows contradict each other.
    """

    def __init__(self, rows: Iterable[CatalogRow]) -> None:
        self.rows: Mapping[str, CatalogRow] = {row.id: row for row in rows}
        self._names = index_names(self.rows.values())
        for row in self.rows.values():
            check_succession(row, self.rows)

    def find(self, name: str | None) -> CatalogRow | None:
        """Return the row of an id or an alias."""
        return self.rows.get(name or "") or self.rows.get(self._names.get(fold_alias(name or ""), ""))

    def resolve(self, name: str) -> str:
        """Return the id that a name stands for; the name itself if the catalog does not know it."""
        row = self.find(name)
        return row.id if row else name

    def find_successor(self, name: str | None, day: date, *defaults: str) -> str | None:
        """Return what replaces a model or an agent on a UTC date, or else the first default that differs from it.

        A default that is shut down gives way to its own successor.
        """
        row = self.find(name)
        found = (row and self.find_living_successor(row, day), *(self._find_living(each, day) for each in defaults))
        return next((each for each in found if each and each != name), None)

    def _find_living(self, name: str, day: date) -> str | None:
        row = self.find(name)
        return name if row is None or row.is_alive(day) else self.find_living_successor(row, day)

    def find_living_successor(self, row: CatalogRow, day: date) -> str | None:
        """Return the first of a row's successors that is served on a UTC date."""
        while row.successor:
            following = self.rows.get(row.successor)
            if following is None or following.is_alive(day):
                return row.successor
            row = following
        return None


def fold_alias(name: str) -> str:
    """Return a name without what makes no difference in an alias: case, white space, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def index_names(rows: Iterable[CatalogRow]) -> dict[str, str]:
    """Return ids by folded ids and aliases.

    Raises:
        CatalogFaultError: An alias means two rows.
    """
    names = {fold_alias(row.id): row.id for row in rows}
    for row in rows:
        for alias in row.aliases:
            meant = names.setdefault(fold_alias(alias), row.id)
            if meant != row.id:
                raise CatalogFaultError(f"The alias {quote_name(alias)} already means {meant}", row.id)
    return names


def check_succession(row: CatalogRow, rows: Mapping[str, CatalogRow]) -> None:
    """Check that the successors of a row come to an end.

    Raises:
        CatalogFaultError: They lead in a circle.
    """
    following: CatalogRow | None = row
    for _ in range(MAX_SUCCESSORS):
        following = rows.get(following.successor or "")
        if following is None:
            return
    raise CatalogFaultError(f"The successors of {row.id} lead in a circle", row.id)


def parse_rows(tables: Mapping[str, Any]) -> list[CatalogRow]:
    """Return the rows of a TOML document.

    Raises:
        CatalogFaultError: A table is not a row.
    """
    return [parse_row(name, table) for name, table in tables.items()]


def parse_row(name: str, table: object) -> CatalogRow:
    """Return the row of a table.

    Raises:
        CatalogFaultError: It is not one.
    """
    fields = coerce_object(table)
    if fields is not table:
        raise CatalogFaultError(f'{quote_name(name)} is not a table; a row begins with ["the id"]', name)
    try:
        return CatalogRow.model_validate({**fields, "id": name})
    except ValidationError as exc:
        raise CatalogFaultError(describe_wrong_field(name, exc), name) from None


def describe_wrong_field(name: str, exc: ValidationError) -> str:
    """Return what is wrong with a row: an unknown field, or else the first that has a wrong value."""
    errors = exc.errors()
    error = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    field = quote_name(".".join(str(part) for part in error["loc"]))
    if error["type"] == "extra_forbidden" and isinstance(error["input"], Mapping):
        return f'{quote_name(name)} has no table {field}; an id with a dot stands in quotes: ["{quote_name(name)}.x"]'
    if error["type"] == "extra_forbidden":
        return f"{quote_name(name)} has no field {field}"
    return f"{field} of {quote_name(name)} is wrong: {error['msg']}"


def merge_tables(built_in: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the built-in tables with those of a user, field by field; an alias goes to the row that it is given to."""
    aliases = [
        fold_alias(alias) for table in given.values() for alias in list_texts(coerce_object(table).get("aliases"))
    ]
    left = {name: drop_aliases(table, aliases) for name, table in built_in.items()}
    return {**left, **{name: merge_table(left.get(name, {}), table) for name, table in given.items()}}


def merge_table(built_in: Mapping[str, Any], given: object) -> object:
    """Return a built-in table with the fields that are given; what is no table stays as it is."""
    fields = coerce_object(given)
    return {**built_in, **fields} if fields is given else given


def drop_aliases(table: Mapping[str, Any], aliases: Iterable[str]) -> dict[str, Any]:
    """Return a table without some aliases."""
    kept = [alias for alias in table.get("aliases", ()) if fold_alias(alias) not in aliases]
    return {**table, "aliases": kept}
