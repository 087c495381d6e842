"""Where sources belong in a text, and the list of them."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_interactions_mcp import citations
from gemini_interactions_mcp.models import Citation


def cited(text: str, stretch: str, url: str, **more: str) -> Citation:
    """A citation of a stretch of the text, in bytes."""
    start = text.encode().index(stretch.encode())
    return Citation(url=url, start=start, end=start + len(stretch.encode()), **more)


@pytest.mark.parametrize(
    "words",
    ["plain words", "Grüße aus Zürich", "日本語の文章です", "🚲🚲 and 🎉", "e\u0301 combining", "100 % — “quoted”"],
)
def test_a_mark_stands_behind_the_stretch_in_any_script(words: str) -> None:
    text = f"ä {words}. The rest — ü 🚲."
    assert citations.placed(text, [cited(text, words, "https://a")]) == f"ä {words} [1]. The rest — ü 🚲."


def test_sources_are_numbered_as_they_come_in_the_text_each_once() -> None:
    text = "One. Two. Three."
    found = [
        cited(text, "Three.", "https://a"),
        cited(text, "One.", "https://b", title="B"),
        cited(text, "Two.", "https://a", title="A"),
        cited(text, "One.", "https://c"),
        cited(text, "One.", "https://b"),
    ]
    assert citations.placed(text, found) == "One. [1][2] Two. [3] Three. [3]"
    assert citations.listed(text, found) == ("Sources:\n1. [B](https://b)\n2. <https://c>\n3. [A](https://a)")


@pytest.mark.parametrize("own", ["[3]", "[cite: 1, 2]", "[cite:1].", "[12, 13]"])
def test_a_stretch_that_bears_numbers_of_its_own_gets_no_second_one(own: str) -> None:
    text = f"It is so {own} And more."
    found = [cited(text, f"It is so {own}", "https://a")]
    assert citations.placed(text, found) == text
    assert citations.listed(text, found).startswith("Sources (not by the text's own numbers):\n1. ")


@pytest.mark.parametrize("end", [None, 0, 10_000])
def test_a_source_without_a_place_is_only_listed(end: int | None) -> None:
    found = [Citation(url="https://a", start=0, end=end)]
    assert citations.placed("Text.", found) == "Text."
    assert citations.listed("Text.", found) == "Sources:\n1. <https://a>"


def test_a_place_within_a_character_is_moved_behind_it() -> None:
    assert citations.placed("né!", [Citation(url="https://a", start=0, end=2)]) == "né [1]!"


def test_a_mark_stands_before_the_line_end_that_its_stretch_includes() -> None:
    text = "One.\n\nTwo.\n"
    assert citations.placed(text, [Citation(url="https://a", start=0, end=6)]) == "One. [1]\n\nTwo.\n"


def test_a_place_at_white_space_only_stays_where_it_is() -> None:
    assert citations.placed("  x", [Citation(url="https://a", start=0, end=2)]) == "   [1]x"


def test_where_a_redirect_leads_stands_for_it_and_makes_two_of_them_one_source() -> None:
    text = "One. Two."
    found = [
        cited(text, "One.", "https://redirect/1", resolved="https://www.a.example/x"),
        cited(text, "Two.", "https://redirect/2", resolved="https://www.a.example/x"),
    ]
    assert citations.placed(text, found) == "One. [1] Two. [1]"
    assert citations.listed(text, found) == "Sources:\n1. [a.example](https://www.a.example/x)"


def test_a_title_cannot_break_its_link() -> None:
    found = [Citation(url="https://a", title="A [draft]\n2")]
    assert citations.listed("", found) == "Sources:\n1. [A (draft) 2](https://a)"


def test_only_the_sources_that_a_part_names_are_listed_with_it() -> None:
    text = "One. Two."
    found = [cited(text, "One.", "https://a"), cited(text, "Two.", "https://b")]
    assert citations.listed(text, found, within=["Two. [2]"]) == "Sources:\n2. <https://b>"
    assert citations.listed(text, found, within=["Nothing."]) == ""


def test_of_a_text_with_numbers_of_its_own_every_part_lists_all_sources() -> None:
    text = "One [2]. Two [1]."
    found = [cited(text, "One [2]", "https://a", title="A"), cited(text, "Two [1]", "https://b", title="B")]
    whole = "Sources (not by the text's own numbers):\n1. [A](https://a)\n2. [B](https://b)"
    assert citations.listed(text, found, within=["One [2]."]) == whole


def test_an_address_that_has_no_host_any_more_is_named_by_itself() -> None:
    broken = "https://[secret].example.com/page"
    assert "[https://(secret).example.com/page](https://[secret].example.com/page)" in citations.listed(
        "A.", [Citation(url="https://redirect.example/1", resolved=broken, end=2)]
    )


@given(
    text=st.text("ab é日🚲 \n", min_size=1, max_size=40).map(lambda text: text * 2_000),
    ends=st.lists(st.integers(0, 200_000), max_size=30),
)
def test_marks_in_a_long_text_are_where_their_bytes_are(text: str, ends: list[int]) -> None:
    found = [Citation(url=f"https://{number}", end=end) for number, end in enumerate(ends)]
    content = text.encode()
    marked: dict[int, None] = {}
    for end in (end for end in ends if 0 < end <= len(content)):
        at = next(at for at in range(end, end + 4) if at == len(content) or content[at] & 0xC0 != 0x80)
        before = content[:at].decode()
        marked[len(before.rstrip()) or len(before)] = None
    places = sorted({0, *marked, len(text)})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert re.split(r" (?:\[\d+\])+", citations.placed(text, found)) == [
        *pieces,
        *([""] if len(text) in marked else []),
    ]
