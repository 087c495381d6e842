"""Marks of sources leave code, tables, headings and links what they are, wherever a stretch ends."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gemini_interactions_mcp.models.interactions import Citation
from gemini_interactions_mcp.text import chapters, citations, marking, rendering, source_list
from gemini_interactions_mcp.text.markdown import parse_layout
from test_render import record

FAMILY = "👩\u200d👩\u200d👧"


def marked(text: str, *ends: int) -> str:
    """The text with a mark for each stretch that ends there, in characters."""
    found = [Citation(url=f"https://{end}", end=len(text[:end].encode())) for end in ends]
    whole = source_list.split_source_list(text)
    return "".join(citations.insert_marks(whole.text, 0, len(whole.text), citations.place_marks(whole, found)))


@pytest.mark.parametrize(
    ("text", "behind", "shown"),
    [
        ("```sh\nls\n```\n\nMore.", "ls\n```", "```sh\nls\n```\n[1]\n\nMore."),
        ("```sh\nls\n```\nMore.", "ls", "```sh\nls\n```\n[1]\n\nMore."),
        ("```\nprint(1)\n```", "print(1)", "```\nprint(1)\n```\n[1]"),
        ("A.\n\n~~~~py\n```\n~~~~ \n\nB.", "```", "A.\n\n~~~~py\n```\n~~~~ \n[1]\n\nB."),
        ("1. a\n\n     ```py\n     b\n     ```\n\nB.", "b", "1. a\n\n     ```py\n     b\n     ```\n     [1]\n\nB."),
        ("A.\n\n```\nopen", "open", "A.\n\n```\nopen"),
        ("- ```\n  a\n  ```\n  b", "a", "- ```\n  a\n  ```\n  [1]\n\n  b"),
        ("- ```\n  a\nB.", "a", "- ```\n  a\nB."),
        ("> ```\n> ls\n> ```\n>\n> More.", "ls", "> ```\n> ls\n> ```\n> [1]\n>\n> More."),
        ("> ```\n> ls\n> ```\nMore.", "ls", "> ```\n> ls\n> ```\n> [1]\n>\nMore."),
        ("A.\n\n    code\n\nB.", "code", "A.\n\n    code\n[1]\n\nB."),
        ("- a\n\n      code\n- b", "code", "- a\n\n      code\n  [1]\n\n- b"),
        ("\n\n---", "\n", "\n [1]\n\n---"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |", "| a | b [1] |\n|---|---|\n| 1 | 2 |"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "|---|---|", "| a | b [1] |\n|---|---|\n| 1 | 2 |"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 | \nx", "2 | ", "| a | b |\n|:--|--:|\n| 1 | 2 [1] | \nx"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| 1", "| a | b |\n|---|---|\n| 1 [1] | 2 |"),
        ("a | b\n--- | ---\n1 | 2\n", "--- | ---", "a | b [1]\n--- | ---\n1 | 2\n"),
        ("See https://x.example/a/b.", "https://x.exa", "See https://x.example/a/b. [1]"),
        ("See [a b](https://x.example/a) so.", "[a", "See [a b](https://x.example/a) [1] so."),
        ("See [a](https://x.example/a_(b)) so.", "x.exam", "See [a](https://x.example/a_(b)) [1] so."),
        ("See ![p](<https://x.example/a>), so.", "[p]", "See ![p](<https://x.example/a>) [1], so."),
        ("See <https://x.example/a> so.", "https", "See <https://x.example/a> [1] so."),
        ("Run `a b` now.", "`a", "Run `a b` [1] now."),
        ("Run ``a ` b`` now.", "a `", "Run ``a ` b`` [1] now."),
        ("# R\n\nA.", "#", "# R [1]\n\nA."),
        ("A.\n\n## Costs ##\n\nB.", "Costs ##", "A.\n\n## Costs [1] ##\n\nB."),
        ("A.\n\n- b", "- ", "A. [1]\n\n- b"),
        ("A.\n\n12. b", "12.", "A. [1]\n\n12. b"),
        ("A.\n\n> b", ">", "A. [1]\n\n> b"),
        ("A.\n\n---\n\nB.", "---", "A. [1]\n\n---\n\nB."),
        ("Title\n=====\n\nB.", "=====", "Title [1]\n=====\n\nB."),
        ("A.\n\n[x]: https://a.example\n", "a.example", "A. [1]\n\n[x]: https://a.example\n"),
        (f"A {FAMILY}.", "A 👩", f"A {FAMILY} [1]."),
        (f"A {FAMILY}.", "A 👩\u200d", f"A {FAMILY} [1]."),
        ("A 👍🏽.", "👍", "A 👍🏽 [1]."),
        ("A e\u0301.", "A e", "A e\u0301 [1]."),
        ("A 🇩🇪🇫🇷.", "🇩🇪🇫", "A 🇩🇪🇫🇷 [1]."),
        ("A 🇩🇪🇫🇷.", "🇩🇪", "A 🇩🇪 [1]🇫🇷."),
        ("word(s) or", "word", "word [1] (s) or"),
        ("**bold** so", "**bold*", "**bold** [1] so"),
        ("a &amp; b", "&am", "a &amp; [1] b"),
    ],
)
def test_a_mark_stands_where_it_breaks_nothing(text: str, behind: str, shown: str) -> None:
    assert marked(text, text.index(behind) + len(behind)) == shown


@pytest.mark.parametrize("line", ["---", "|---|---|", "[x]: https://a.example"])
def test_where_nothing_can_bear_a_mark_there_is_none(line: str) -> None:
    assert marked(line, len(line)) == line


def test_the_section_below_code_that_a_source_backs_is_found() -> None:
    text = "```sh\nls\n```\n\nMore facts.\n\n## Costs\n\nA lot.\n"
    shown = record(text, citations=(Citation(url="https://a.example", end=text.index("\n\nMore")),))
    assert "A lot." in rendering.render_answer(shown, section="Costs")
    assert "```\n[1]\n\nMore facts." in rendering.render_report(shown)


LINES = st.sampled_from(
    [
        "",
        "Words and more words.",
        "# Heading",
        "## Costs ##",
        "```py",
        "```",
        "~~~",
        "    ```",
        "- ```",
        "  ```",
        "> ```",
        "> words",
        "  - item",
        "      code",
        "| a | b |",
        "|---|:-:|",
        "| 1 | |",
        "a | b",
        "---",
        "===",
        "- item https://x.example/a/b",
        "3. [t](https://x.example/(a))",
        "> quoted `code | x`",
        "[x]: https://y.example",
        f"{FAMILY} e\u0301 🇩🇪🇫🇷",
        "<b>x</b> &amp; **bold**(x)",
    ]
)


def structure(text: str) -> list[object]:
    """The fences, rows, headings and addresses of a text."""
    fences = [(code.fence, code.closed) for code in parse_layout(text).codes]
    headings = [(heading.level, bare(heading.title)) for heading in chapters.iter_headings([text])]
    rows = [line.count("|") for line in text.splitlines() if "|" in line]
    rules = [line for line in text.splitlines() if marking.WORDLESS_LINE.fullmatch(line) and line.strip()]
    return [fences, headings, rows, rules, re.findall(r"https?://[^\s()]+", text)]


def bare(text: str) -> str:
    """A text without marks and white space."""
    return re.sub(r"\s|\[\d+\]", "", text)


@pytest.mark.slow
@settings(deadline=None)
@given(lines=st.lists(LINES, min_size=1, max_size=12), ends=st.lists(st.integers(1, 400), max_size=12))
@example(lines=["```py", "x", "```", "| a | b |"], ends=[5, 7, 8, 11])
def test_the_structure_of_a_text_is_the_same_with_marks(lines: list[str], ends: list[int]) -> None:
    text = "\n".join(lines)
    shown = marked(text, *ends)
    assert structure(shown) == structure(text)
    # A mark below code in a quotation begins with a mark of the quotation.
    assert re.sub(r"[\s>]|\[\d+\]", "", shown) == re.sub(r"[\s>]", "", text)
    assert all(FAMILY in line for line in shown.splitlines() if "👧" in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["`", "[", "[a](", "https://(", "|", "```\n", "👩\u200d", "\n", "- ", "\\", "<a", "**`"]
)
def test_marks_in_a_hostile_text_take_no_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert marked(text, *range(1, len(text), 200))
