"""What is said of stores and documents, and what adding a file means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gemini_interactions_mcp.core.errors import InputError, StoreNotFoundError
from gemini_interactions_mcp.models import load_built_in_catalog
from gemini_interactions_mcp.models.attachments import Attachment
from gemini_interactions_mcp.models.estimates import Estimate, estimate_indexing
from gemini_interactions_mcp.models.stores import (
    DIGEST_KEY,
    FileSearchStore,
    MetadataEntry,
    StoreDocument,
    choose_document,
    choose_store,
    compare_file,
    describe_metadata,
    make_document_name,
    parse_metadata,
    spell_store_name,
)


def document(number: int, name: str = "a.md", digest: str = "new", state: Any = "active") -> StoreDocument:
    hashed = (MetadataEntry(key=DIGEST_KEY, value=digest),) if digest else ()
    return StoreDocument(name=f"fileSearchStores/s/documents/{number}", display_name=name, state=state, metadata=hashed)


@pytest.mark.parametrize(
    ("documents", "present", "namesakes"),
    [
        ([], None, []),
        ([document(1)], 1, []),
        ([document(1, digest="old")], None, [1]),
        ([document(1, digest="")], None, [1]),
        ([document(1, state="failed")], None, [1]),
        ([document(1, digest="old"), document(2)], 2, [1]),
        ([document(1, state="pending"), document(2)], 2, [1]),
        ([document(1, "b.md"), document(2)], 2, []),
        ([document(1, "b.md")], 1, []),
        ([document(1, "b.md"), document(2, digest="old")], 1, [2]),
        ([document(1, "b.md", "old")], None, []),
        ([document(1, digest="other")], None, []),
    ],
)
def test_what_a_store_has_of_a_file(documents: list[StoreDocument], present: int | None, namesakes: list[int]) -> None:
    found = compare_file("a.md", "new", documents, {"other"})
    assert (found.present and int(found.present.name[-1])) == present
    assert [int(each.name[-1]) for each in found.namesakes] == namesakes


def test_metadata_is_read_and_shown_as_a_filter_names_it() -> None:
    given = {
        "year": 1843,
        "share": 0.25,
        "big": 2_026_000_000,
        "done": True,
        "who": "Ada\n",
        "tags": ["a", "b"],
        " x ": 1.0,
    }
    entries = parse_metadata(given)
    assert parse_metadata(None) == ()
    assert describe_metadata(entries) == (
        'x=1, big=2026000000, done="true", share=0.25, tags=["a", "b"], who="Ada?", year=1843'
    )


@pytest.mark.parametrize("value", [None, {}, [], [1], float("nan"), float("inf"), 2**60, "x" * 1025, ["x" * 1025]])
def test_what_is_no_metadata_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="The metadata a is no number, text of at most"):
        parse_metadata({"a": value})


def test_names_of_stores_are_read_in_every_form() -> None:
    for text in ("notes-x", " fileSearchStores/notes-x", "file_search:notes-x", "file_search:fileSearchStores/notes-x"):
        assert spell_store_name(text) == "fileSearchStores/notes-x"
    for text in ("Notes", "a b", "fileSearchStores/a/b", ""):
        assert spell_store_name(text) is None
    stores = [
        FileSearchStore(name="fileSearchStores/a-1", display_name="B"),
        FileSearchStore(name="fileSearchStores/b"),
    ]
    assert choose_store("b", stores).name == "fileSearchStores/b"
    assert choose_store("B ", stores).name == "fileSearchStores/a-1"
    with pytest.raises(StoreNotFoundError, match=r"There is no file search store none for this key\. manage_store"):
        choose_store("none", stores)


def test_a_document_is_found_by_the_end_of_its_name() -> None:
    assert choose_document("documents/2", [document(1), document(2)]).name.endswith("2")
    assert choose_document("2", [document(1), document(2)]).name.endswith("2")


def test_a_long_path_keeps_its_end() -> None:
    assert make_document_name("x" * 600 + "/a\n.md") == "x" * 506 + "/a?.md"


@pytest.mark.parametrize(
    ("model", "files", "estimate"),
    [
        ("models/gemini-embedding-001", [Attachment("text", 3_000_000)], Estimate(112_500, 150_000)),
        ("models/gemini-embedding-2", [Attachment("text", 3_000_000)], Estimate(150_000, 450_000)),
        ("", [Attachment("document", 9, 100)], Estimate(0, 50_400)),
        ("", [], Estimate(0, 0)),
        ("models/gemini-embedding-9", [], None),
    ],
)
def test_indexing_costs_its_tokens_at_the_price_of_the_stores_model(
    model: str, files: list[Attachment], estimate: Estimate | None
) -> None:
    moment = datetime(2026, 11, 29, tzinfo=UTC)
    assert estimate_indexing(files, model, load_built_in_catalog(), moment) == estimate
