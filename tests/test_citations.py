"""Where sources belong in a text, and the list of them."""

import itertools
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_interactions_mcp.models.interactions import Citation
from gemini_interactions_mcp.text import citations, source_list


def placed(text: str, found: Iterable[Citation]) -> str:
    """The text with its marks, as pages of it have them."""
    whole = source_list.split_source_list(text)
    return "".join(citations.insert_marks(whole.text, 0, len(whole.text), citations.place_marks(whole, found)))


def cited(text: str, stretch: str, url: str, **more: Any) -> Citation:
    """A citation of a stretch of the text, in bytes."""
    start = text.encode().index(stretch.encode())
    return Citation(url=url, start=start, end=start + len(stretch.encode()), **more)


@pytest.mark.parametrize(
    "words",
    ["plain words", "Grüße aus Zürich", "日本語の文章です", "🚲🚲 and 🎉", "e\u0301 combining", "100 % — “quoted”"],
)
def test_a_mark_stands_behind_the_stretch_in_any_script(words: str) -> None:
    text = f"ä {words}. The rest — ü 🚲."
    assert placed(text, [cited(text, words, "https://a")]) == f"ä {words} [1]. The rest — ü 🚲."


def test_sources_are_numbered_as_they_come_in_the_text_each_once() -> None:
    text = "One. Two. Three."
    found = [
        cited(text, "Three.", "https://a"),
        cited(text, "One.", "https://b", title="B"),
        cited(text, "Two.", "https://a", title="A"),
        cited(text, "One.", "https://c"),
        cited(text, "One.", "https://b"),
    ]
    assert placed(text, found) == "One. [1][2] Two. [3] Three. [3]"
    assert citations.render_sources(text, found) == ("Sources:\n1. [B](https://b)\n2. <https://c>\n3. [A](https://a)")


@pytest.mark.parametrize("own", ["[3]", "[cite: 1, 2]", "[cite:1].", "[12, 13]"])
def test_a_stretch_that_bears_numbers_of_its_own_gets_no_second_one(own: str) -> None:
    text = f"It is so {own} And more."
    found = [cited(text, f"It is so {own}", "https://a")]
    assert placed(text, found) == text
    assert citations.render_sources(text, found).startswith("Sources (not by the text's own numbers):\n1. ")


@pytest.mark.parametrize("end", [None, 0, 10_000])
def test_a_source_without_a_place_is_only_listed(end: int | None) -> None:
    found = [Citation(url="https://a", start=0, end=end)]
    assert placed("Text.", found) == "Text."
    assert citations.render_sources("Text.", found) == "Sources:\n1. <https://a>"


def test_a_place_within_a_character_is_moved_behind_it() -> None:
    assert placed("né!", [Citation(url="https://a", start=0, end=2)]) == "né [1]!"


def test_a_mark_stands_before_the_line_end_that_its_stretch_includes() -> None:
    text = "One.\n\nTwo.\n"
    assert placed(text, [Citation(url="https://a", start=0, end=6)]) == "One. [1]\n\nTwo.\n"


def test_a_place_at_white_space_only_stays_where_it_is() -> None:
    assert placed("  x", [Citation(url="https://a", start=0, end=2)]) == "   [1]x"


def test_where_a_redirect_leads_stands_for_it_and_makes_two_of_them_one_source() -> None:
    text = "One. Two."
    found = [
        cited(text, "One.", "https://redirect/1", resolved="https://www.a.example/x"),
        cited(text, "Two.", "https://redirect/2", resolved="https://www.a.example/x"),
    ]
    assert placed(text, found) == "One. [1] Two. [1]"
    assert citations.render_sources(text, found) == "Sources:\n1. [a.example](https://www.a.example/x)"


def test_a_title_cannot_break_its_link() -> None:
    found = [Citation(url="https://a", title="A [draft]\n2")]
    assert citations.render_sources("", found) == "Sources:\n1. [A (draft) 2](https://a)"


def test_only_the_sources_that_a_part_names_are_listed_with_it() -> None:
    text = "One. Two."
    found = [cited(text, "One.", "https://a"), cited(text, "Two.", "https://b")]
    assert citations.render_sources(text, found, within=["Two. [2]"]) == "Sources:\n2. <https://b>"
    assert citations.render_sources(text, found, within=["Nothing."]) == ""


def test_of_a_text_with_numbers_of_its_own_every_part_lists_all_sources() -> None:
    text = "One [2]. Two [1]."
    found = [cited(text, "One [2]", "https://a", title="A"), cited(text, "Two [1]", "https://b", title="B")]
    whole = "Sources (not by the text's own numbers):\n1. [A](https://a)\n2. [B](https://b)"
    assert citations.render_sources(text, found, within=["One [2]."]) == whole


def test_an_address_that_has_no_host_any_more_is_named_by_itself() -> None:
    broken = Citation(url="https://[secret].example.com/page", end=2)
    assert citations.render_sources("A.", [broken]) == "Sources:\n1. https://(secret).example.com/page"
    assert citations.get_site("https://[secret].example.com/page") == "https://[secret].example.com/page"


def test_a_redirect_whose_target_is_no_address_any_more_stays_the_link() -> None:
    found = [Citation(url="https://redirect.example/1", resolved="https://[secret].example.com/page", end=2)]
    assert citations.render_sources("A.", found) == "Sources:\n1. <https://redirect.example/1>"


@pytest.mark.parametrize(
    "url",
    [
        "https://a",
        "http://a.example:8080/p?q=1&r=%5Bx%5D#f",
        "HTTPS://A.example/",
        "https://de.wikipedia.org/wiki/Käse_(Milch)",
        "https://例え.jp/",
        "https://user@a.example/it's,fine;really|so",
    ],
)
def test_the_address_of_a_page_can_be_a_link(url: str) -> None:
    assert citations.is_linkable(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "a",
            "u:v",
            "//a.example",
            "https:",
            "https://",
            "https:///p",
            "https://.",
            "http://:80/",
            "mailto:a@b.c",
        ),
        *(
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "vbscript:x",
            "mailto:a@b.c",
        ),
        *(
            " https://a",
            "https://a b",
            "https://a\n",
            "https://a\tb",
            "https://a\x00",
            "https://a\u202eb",
            "https://a/\u3164b",
            "https://a/b\ufe00\ufe01",
            "https://a\xa0b",
        ),
        *(
            "https://[a",
            "https://a]",
            "https://a[0]",
            "<https://a",
            "https://a>",
            'https://a"b',
            "https://a`b",
            "https://a\\b",
        ),
        *("https://a:x/", "https://a:99999/", "https://[::g]/", "https://a/" + "b" * 10_000),
    ],
)
def test_what_is_no_address_of_a_page_is_no_link(url: str) -> None:
    assert not citations.is_linkable(url)
    assert "](" not in citations.render_sources("", [Citation(url=url, title="Title")])
    assert citations.render_sources("", [Citation(url=url, title="Title")]) == "Sources:\n1. Title"


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("A](javascript:alert(1)) [B", "A)(javascript:alert(1)) (B"),
        ("back\\", "back/"),
        ("`code", "'code"),
        ("<img src=x onerror=y>", "\u2039img src=x onerror=y\u203a"),
        ("\u202eevil\u200b\x07 \n end", "evil end"),
        ("نمی\u200cدونم", "نمی\u200cدونم"),
        ("A" + "".join(chr(0xE0100 + byte) for byte in b"send"), "A\U000e0173"),
        ("a\u3164b\u115fc\u034f", "abc"),
        ("x" * 1_000, "x" * 199 + "…"),
    ],
)
def test_a_title_is_only_text(title: str, told: str) -> None:
    assert citations.render_sources("", [Citation(url="https://a", title=title)]) == f"Sources:\n1. [{told}](https://a)"
    assert citations.render_sources("", [Citation(title=title)]) == f"Sources:\n1. {told}"


def test_an_address_with_parentheses_does_not_end_its_link() -> None:
    found = [Citation(url="https://a/b_(c)_)", title="B")]
    assert citations.render_sources("", found) == "Sources:\n1. [B](<https://a/b_(c)_)>)"


def test_pages_of_a_document_are_sources_of_their_own() -> None:
    text = "One. Two."
    found = [
        Citation(title="a.pdf", page=3, start=0, end=4),
        Citation(title="a.pdf", page=5, start=5, end=9),
        Citation(title="a.pdf", page=3, start=5, end=9),
        Citation(url="https://b", title="b.pdf", page=1),
        Citation(url="https://b", page=2),
    ]
    assert placed(text, found) == "One. [1] Two. [2][1]"
    assert citations.render_sources(text, found) == (
        "Sources:\n1. a.pdf, page 3\n2. a.pdf, page 5\n3. [b.pdf, page 1](https://b)\n4. [page 2](https://b)"
    )


# The list that a text ends with ---------------------------------------------------------------------------

REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect"
DEEP_RESEARCH = f"""# Report

One [cite: 2, 1]. Two [cite: 3].

**Sources:**
1. [google.com]({REDIRECT}/a==)
2. [arxiv.org]({REDIRECT}/b==)
3. [github.io]({REDIRECT}/c=)
"""
"""As reports of Deep Research end; its citations have no titles, and are of the marks themselves."""


def test_the_list_of_a_report_is_the_one_list_in_its_own_numbers() -> None:
    found = [
        cited(DEEP_RESEARCH, "[cite: 2, 1]", f"{REDIRECT}/b=="),
        cited(DEEP_RESEARCH, "[cite: 2, 1]", f"{REDIRECT}/a=="),
        cited(DEEP_RESEARCH, "[cite: 3]", f"{REDIRECT}/c="),
    ]
    assert placed(DEEP_RESEARCH, found) == "# Report\n\nOne [cite: 2, 1]. Two [cite: 3]."
    assert citations.render_sources(DEEP_RESEARCH, found).splitlines() == [
        "Sources:",
        f"1. [google.com]({REDIRECT}/a==)",
        f"2. [arxiv.org]({REDIRECT}/b==)",
        f"3. [github.io]({REDIRECT}/c=)",
    ]
    assert citations.render_sources(DEEP_RESEARCH, found, within=["One [cite: 2, 1]."]).splitlines()[1:] == [
        f"1. [google.com]({REDIRECT}/a==)",
        f"2. [arxiv.org]({REDIRECT}/b==)",
    ]
    resolved = [each.model_copy(update={"resolved": f"https://{number}.example/"}) for number, each in enumerate(found)]
    assert citations.render_sources(DEEP_RESEARCH, resolved).splitlines()[1:] == [
        "1. [google.com](https://1.example/)",
        "2. [arxiv.org](https://0.example/)",
        "3. [github.io](https://2.example/)",
    ]


def test_no_source_is_lost_that_only_one_of_both_lists_has() -> None:
    text = "One. Two.\n\n## References:\n\n[1] [A](https://a)\n[4] B: https://b.example/x_(y).\n"
    found = [cited(text, "One.", "https://c", title="C"), cited(text, "Two.", "https://a"), Citation(url="https://d")]
    assert placed(text, found) == "One. [5] Two. [1]"
    assert citations.render_sources(text, found).splitlines() == [
        "Sources:",
        "1. [A](https://a)",
        "4. [B](<https://b.example/x_(y)>)",
        "5. [C](https://c)",
        "6. <https://d>",
    ]
    assert [each.url for each in citations.list_all_citations(text, found)] == [
        "https://c",
        "https://a",
        "https://d",
        "https://b.example/x_(y)",
    ]


def test_an_address_that_a_text_lists_twice_keeps_both_numbers() -> None:
    text = "One. Two [cite: 2].\n\nSources:\n1. [A](https://a)\n2. [A again](https://a)\n"
    found = [cited(text, "One.", "https://a"), Citation(url="https://b")]
    assert placed(text, found) == "One. [1] Two [cite: 2]."
    assert citations.render_sources(text, found).splitlines()[1:] == [
        "1. [A](https://a)",
        "2. [A again](https://a)",
        "3. <https://b>",
    ]


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("1. [T](https://a.example)", (1, "https://a.example", "T")),
        ("7) [T [x]](<https://a.example/b(c)>)", (7, "https://a.example/b(c)", "T [x")),
        ("- https://a.example/.", (3, "https://a.example/", "")),
        ("* **[T](https://a.example)**", (3, "https://a.example", "T")),
        ("[2]: T, 2026 (https://a.example) - read today", (2, "https://a.example", "T, 2026 read today")),
        ("4. [https://a.example](https://a.example)", (4, "https://a.example", "https://a.example")),
        ("+ <https://a.example>", (3, "https://a.example", "")),
    ],
)
def test_a_line_of_a_list_is_read_in_every_usual_form(line: str, source: tuple[int, str, str]) -> None:
    assert list(source_list.read_source_line(line, 3)) == [source_list.NumberedSource(*source)]


@pytest.mark.parametrize(
    "end",
    [
        "Sources:\n1. A book without an address\n",
        "Sources:\n1. [A](https://a) and [B](https://b)\n",
        "Sources:\n1. [A](https://a)\n1. [B](https://b)\n",
        "Sources:\n1. [A](https://a)\n\nThat is all.\n",
        "Sources of energy:\n1. [A](https://a)\n",
        "Sources:\n",
        "Sources:\n[A](https://a)\n",
        "```\nSources:\n1. [A](https://a)\n```\n",
    ],
)
def test_what_is_no_list_of_sources_stays_in_the_text(end: str) -> None:
    text = f"One.\n\n{end}"
    found = [cited(text, "One.", "https://c")]
    assert placed(text, found) == f"One. [1]\n\n{end}"
    assert citations.render_sources(text, found) == "Sources:\n1. <https://c>"


@pytest.mark.parametrize(
    "piece", ["# ", "* ", "Sources:\n", "1. ", "https://a(", "[", "](", "1. [" + "x](" * 500 + "\n"]
)
def test_a_hostile_end_is_read_in_no_time(piece: str) -> None:
    text = "Sources:\n" + piece * (source_list.SOURCE_LIST_CHARACTERS // len(piece))
    assert placed(text, ()) in (text, "")


@pytest.mark.slow
@given(
    # Without indented code, whose marks stand on a line of their own below it.
    text=st.text("ab é日🚲 \n", min_size=1, max_size=40)
    .filter(lambda text: "    " not in 2 * text)
    .map(lambda text: text * 2_000),
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
    assert re.split(r" (?:\[\d+\])+", placed(text, found)) == [
        *pieces,
        *([""] if len(text) in marked else []),
    ]
