"""The catalog: its own rows, those of the user's file, and every way in which such a file can be wrong."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

import gemini_interactions_mcp
from gemini_interactions_mcp.models import defaults
from gemini_interactions_mcp.models.catalog import Catalog, CatalogRow
from gemini_interactions_mcp.models.catalog_file import CatalogFile, load_built_in_catalog

BUILT_IN = load_built_in_catalog()
TODAY = date(2026, 11, 29)

SOURCELESS = {"id", "kind", "aliases", "sources"}
"""Fields whose source is the file's head."""


def test_the_defaults_are_rows_of_the_right_kind_and_alive() -> None:
    kinds = {
        defaults.DEFAULT_MODEL: "text",
        defaults.DEFAULT_IMAGE_MODEL: "image",
        defaults.DEFAULT_RESEARCH_AGENT: "research",
    }
    assert {name: BUILT_IN.rows[name].kind for name in kinds} == kinds
    assert all(BUILT_IN.rows[name].is_alive(TODAY) for name in kinds)


def test_no_default_shuts_down_within_thirty_days() -> None:
    """Fails in time for a release with other defaults."""
    soon = date.today() + timedelta(days=30)
    names = (defaults.DEFAULT_MODEL, defaults.DEFAULT_IMAGE_MODEL, defaults.DEFAULT_RESEARCH_AGENT)
    assert [name for name in names if not BUILT_IN.rows[name].is_alive(soon)] == []


@pytest.mark.parametrize("row", BUILT_IN.rows.values(), ids=lambda row: row.id)
def test_every_fact_of_a_row_has_a_source(row: CatalogRow) -> None:
    assert row.model_dump(exclude_defaults=True).keys() - SOURCELESS <= row.sources.keys()
    assert row.sources.keys() <= {*CatalogRow.model_fields}
    for named in (row.successor, row.billed_as):
        assert named is None or named in BUILT_IN.rows


def test_what_is_shut_down_leads_to_something_alive() -> None:
    dead = [row for row in BUILT_IN.rows.values() if not row.is_alive(date(2026, 12, 31))]
    assert len(dead) == 7
    for row in dead:
        following = BUILT_IN.find_living_successor(row, date(2026, 12, 31))
        assert following is not None
        assert BUILT_IN.rows[following].kind == row.kind


@pytest.mark.parametrize(("name", "defaults_", "best"), [
    ("a", ("c",), "b"),
    # Those of `old` and `older` are shut down.
    ("older", ("c",), "b"),
    ("unknown", ("c",), "c"),
    ("unknown", ("old", "c"), "b"),
    ("unknown", ("gone", "c"), "c"),
    ("b", ("older", "c"), "c"),
    ("c", ("c",), None),
    ("gone", (), None),
    ("c", ("unlisted",), "unlisted"),
])  # fmt: skip
def test_what_is_recommended_is_alive(name: str, defaults_: tuple[str, ...], best: str | None) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "successor": "b"},
        {"id": "b"},
        {"id": "c"},
        {"id": "old", "shutdown": TODAY, "successor": "b"},
        {"id": "older", "shutdown": TODAY, "successor": "old"},
        {"id": "gone", "shutdown": TODAY},
    ]
    catalog = Catalog(CatalogRow.model_validate({"kind": "text"} | row) for row in rows)
    assert catalog.find_successor(name, TODAY, *defaults_) == best


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("flash", "gemini-3.8-flash"),
        ("Pro", "gemini-3.1-pro-preview"),
        ("nano banana", "gemini-nano-banana-2.1"),
        ("Nano-Banana", "gemini-nano-banana-2.1"),
        ("nano_banana pro", "gemini-3-pro-image"),
        ("gemini-flash-latest", "gemini-3.8-flash"),
        ("Deep Research Max", "deep-research-max-preview-04-2026"),
        ("gemini-3.8-flash", "gemini-3.8-flash"),
        ("Gemini 3.8 Flash", "gemini-3.8-flash"),
        ("gemini-9-future", "gemini-9-future"),
        ("", ""),
    ],
)
def test_an_alias_means_a_row_and_an_unknown_name_itself(name: str, meant: str) -> None:
    assert BUILT_IN.resolve(name) == meant


def test_a_row_is_alive_until_the_day_of_its_shutdown() -> None:
    row = BUILT_IN.rows["gemini-omni-1.1-flash"]
    assert row.shutdown == date(2026, 12, 3)
    assert row.is_alive(date(2026, 12, 2))
    assert not row.is_alive(date(2026, 12, 3))


def test_prices_hold_until_their_date() -> None:
    row = CatalogRow.model_validate(
        {"id": "m", "kind": "text", "prices": [{"until": date(2026, 12, 31), "input": "0.75"}, {"input": "1.50"}]}
    )
    assert [prices.input for day in (31, 32) if (prices := row.find_own_prices(on_december(day)))] == [
        Decimal("0.75"),
        Decimal("1.50"),
    ]


def on_december(day: int) -> date:
    return date(2026, 12, 1) + timedelta(days=day - 1)


def test_prices_that_have_all_expired_are_unknown() -> None:
    row = CatalogRow.model_validate({"id": "m", "kind": "text", "prices": [{"until": date(2026, 12, 31), "input": 1}]})
    assert row.find_own_prices(date(2027, 1, 1)) is None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.toml"


def test_a_file_adds_rows_and_changes_others_field_by_field(path: Path) -> None:
    path.write_text(
        '["gemini-9-future"]\nkind = "text"\naliases = ["flash"]\nprices = [{ input = 0.1, output = 1 }]\n'
        '["gemini-3.8-flash"]\nshutdown = 2027-01-31\nsuccessor = "gemini-9-future"\n',
        encoding="utf-8",
    )
    catalogs = CatalogFile(path)
    found = anyio.run(catalogs.read)
    assert catalogs.problem is None
    assert found.rows.keys() == BUILT_IN.rows.keys() | {"gemini-9-future"}
    assert found.resolve("flash") == "gemini-9-future"
    assert found.rows["gemini-9-future"].prices[0].input == Decimal("0.1")
    changed = found.rows["gemini-3.8-flash"]
    assert (changed.shutdown, changed.successor) == (date(2027, 1, 31), "gemini-9-future")
    assert changed.thinking_levels == BUILT_IN.rows["gemini-3.8-flash"].thinking_levels
    assert catalogs.current is found


def test_a_file_is_read_again_only_when_it_changes(path: Path) -> None:
    catalogs = CatalogFile(path)
    path.write_text('["gemini-9-a"]\nkind = "text"\n', encoding="utf-8")
    first = anyio.run(catalogs.read)
    assert anyio.run(catalogs.read) is first
    path.write_text('["gemini-9-bc"]\nkind = "text"\n', encoding="utf-8")
    second = anyio.run(catalogs.read)
    assert ("gemini-9-a" in second.rows, "gemini-9-bc" in second.rows) == (False, True)
    path.unlink()
    assert anyio.run(catalogs.read).rows == BUILT_IN.rows
    assert catalogs.problem is not None


def test_a_problem_is_told_once_and_again_when_it_is_another(path: Path) -> None:
    catalogs = CatalogFile(path)
    path.write_text("x", encoding="utf-8")
    anyio.run(catalogs.read)
    first = catalogs.take_problem()
    assert first is not None
    assert catalogs.take_problem() is None
    path.write_text('["a"]\nkind = "text"', encoding="utf-8")
    anyio.run(catalogs.read)
    assert catalogs.take_problem() is None
    path.write_text("x = 1", encoding="utf-8")
    anyio.run(catalogs.read)
    assert catalogs.take_problem() not in (None, first)


WRONG: list[tuple[str, str | bytes, str]] = [
    ("not TOML", 'a = \n["b"]\n', "it is not TOML: Invalid value (at line 1, column 5)"),
    ("a table twice", '["b"]\nkind = "text"\n["b"]\n', "it is not TOML: Cannot declare"),
    ("nested too deeply", "a = " + "[" * 100_000, "it is not TOML"),
    (
        "a number of 5,000 digits",
        f'["g"]\nkind = "text"\nmax_output_tokens = {"9" * 5_000}\n',
        "it is not TOML: Exceeds",
    ),
    ("an endless exponent", '["g"]\nprices = [{ input = 1e999999999999999999999 }]\n', "it is not TOML"),
    ("a price of a thousand zeros", '["g"]\nkind = "text"\nprices = [{ input = 1e-999 }]\n', "1e-999 is not a usual"),
    ("a range from its end", '["g"]\nkind = "managed"\nusual_cost = [3, 1]\n', "line 1: usual_cost of g is wrong"),
    ("an alias of nothing", '["g"]\nkind = "text"\naliases = [" - "]\n', "line 1: aliases.0 of g is wrong"),
    ("no kind", '\n\n["gemini-9"]\nsuccessor = "a"\n', "line 3: kind of gemini-9 is wrong: Field required"),
    ("another kind", '["g"]\nkind = "car"\n', "line 1: kind of g is wrong: Input should be 'text', 'image'"),
    ("a wrong type", '["g"]\nkind = "text"\nsizes = 4\n', "line 1: sizes of g is wrong: Input should be a valid"),
    ("a wrong date", '["g"]\nkind = "text"\nshutdown = "soon"\n', "line 1: shutdown of g is wrong: Input should be"),
    ("no number", '["g"]\nkind = "text"\nprices = [{ input = nan }]\n', "line 1: prices.0.input of g is wrong"),
    ("a negative price", '["g"]\nkind = "text"\nprices = [{ input = -1 }]\n', "line 1: prices.0.input of g is wrong"),
    ("an unknown field", '# mine\n["gemini-3.8-flash"]\nprize = 4\n', "line 2: gemini-3.8-flash has no field prize"),
    ("an unknown price", '["g"]\nkind = "text"\nprices = [{ inpt = 1 }]\n', "line 1: g has no field prices.0.inpt"),
    ("an id without quotes", '[gemini-9.1-x]\nkind = "text"\n', "line 1: gemini-9 has no table 1-x; an id with a dot"),
    ("an id with spaces", '["a b"]\nkind = "text"\n', "line 1: id of a b is wrong: String should match"),
    ("no table", 'kind = "text"\n', "line 1: kind is not a table; a row begins with"),
    ("a duplicate alias", '["a"]\nkind = "text"\naliases = ["x"]\n["b"]\nkind = "text"\naliases = ["X"]\n', "line 4: "),
    ("another's id", '["a"]\nkind = "text"\naliases = ["Gemini 3.8 Flash"]\n', "line 1: The alias Gemini 3.8 Flash "),
    ("its own successor", '["a"]\nkind = "text"\nsuccessor = "a"\n', "line 1: The successors of a lead in a circle"),
    (
        "a circle of successors",
        '["gemini-3.6-flash"]\nsuccessor = "gemini-3.5-flash"\n',
        "The successors of gemini-3.6-flash lead in a circle",
    ),
    ("too large", b"#" * 2**21, "it has more than 262,144 bytes"),
    ("not UTF-8", '["a"]\nkind = "text"\n# Grüße'.encode("latin-1"), "line 3 is not in UTF-8"),
    ("UTF-16", '["a"]\nkind = "text"\n'.encode("utf-16"), "line 1 is not in UTF-8"),
    ("hidden characters", '["\u202egemini"]\nkind = "text"\n', "id of ?gemini is wrong"),
]


@pytest.mark.parametrize(("content", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_file_leaves_the_built_in_rows(path: Path, content: str | bytes, said: str) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    catalogs = CatalogFile(path)
    assert anyio.run(catalogs.read).rows == BUILT_IN.rows
    assert catalogs.problem is not None
    assert catalogs.problem.startswith("GEMINI_MCP_CATALOG (")
    assert catalogs.problem.endswith("The built-in rows are used.")
    assert said in catalogs.problem
    assert "\n" not in catalogs.problem
    assert len(catalogs.problem) < 700


def test_an_empty_file_changes_nothing(path: Path) -> None:
    path.touch()
    catalogs = CatalogFile(path)
    assert anyio.run(catalogs.read).rows == BUILT_IN.rows
    assert catalogs.problem is None


def make_nothing(_: Path) -> None:
    """Leave the path without anything."""


UNREADABLE: list[tuple[Callable[[Path], object], str]] = [
    (make_nothing, "it cannot be read (No such file or directory)"),
    (lambda path: path.mkdir(), "it is not a file"),
]


@pytest.mark.parametrize(("make", "said"), UNREADABLE, ids=["missing", "a directory"])
def test_what_is_no_file_leaves_the_built_in_rows(path: Path, make: Callable[[Path], object], said: str) -> None:
    make(path)
    catalogs = CatalogFile(path)
    assert anyio.run(catalogs.read).rows == BUILT_IN.rows
    assert said in str(catalogs.problem)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    catalogs = CatalogFile(path)
    anyio.run(catalogs.read)
    assert "it is not a file" in str(catalogs.problem)


def test_a_path_with_a_null_byte_is_a_problem() -> None:
    catalogs = CatalogFile(Path("a\0b"))
    anyio.run(catalogs.read)
    assert "it cannot be read" in str(catalogs.problem)


def test_a_file_that_cannot_be_opened_is_a_problem(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    catalogs = CatalogFile(path)
    anyio.run(catalogs.read)
    assert "it cannot be read (Permission denied)" in str(catalogs.problem)


def test_a_mark_at_the_beginning_of_a_file_does_not_count(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf["gemini-9"]\nkind = "text"\n')
    assert "gemini-9" in anyio.run(CatalogFile(path).read).rows


def test_without_a_file_the_built_in_rows_are_there() -> None:
    assert CatalogFile().current is BUILT_IN
    assert (Path(gemini_interactions_mcp.__file__).parent / "models" / "catalog.toml").is_file()
