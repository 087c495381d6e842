"""Blocks of Markdown are where CommonMark has them, whatever holds them and however the text comes in pieces."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_interactions_mcp.core.room import measure_cost
from gemini_interactions_mcp.text import chapters, cutting, framing
from gemini_interactions_mcp.text.markdown import (
    Fence,
    has_code,
    has_fences,
    has_headings,
    parse_layout,
)
from gemini_interactions_mcp.text.stretches import STRETCH_LENGTH, read_stretches

LINES = st.sampled_from(
    [
        "",
        "",
        "# Heading",
        "Words of a line, and a few more of them.",
        "- item",
        "  more of it",
        "    four",
        "     five",
        "1. one",
        "10. ten",
        "- ```",
        "- - ```",
        "  ```",
        "   ```py",
        "    ```",
        "     ```",
        "```",
        "```sh",
        "~~~",
        "> quotation",
        "> ```",
        "Note: x",
        "  Note: y",
        "    Note: z",
        "- Note: a",
        "  code\n" * 20,
        "     code\n" * 20,
        "<!--",
        "-->",
        "<div>",
        "===",
        "---",
        "| a |\n|---|",
        "`" * 70,
        "x" * 400,
    ]
)


def titles(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in chapters.iter_headings([text])]


def code(text: str) -> list[str]:
    """What the blocks of code span."""
    return [text[max(0, each.start) : each.end] for each in parse_layout(text, wanted=has_code).codes]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Title\n=====\n\nA.\n\nPart *b*\n---\n", [(1, "Title"), (2, "Part *b*")]),
        ("Two\nlines\n===", [(1, "Two\nlines")]),
        ("   ## C# ##   ", [(2, "C#")]),
        ("#\tTab\n# \n#none\n####### seven", [(1, "Tab")]),
        ("    # code\n\n- a\n\n  # in an item\n\n> # quoted", []),
        ("<!--\n# hidden\n\n# hidden\n-->\n# A", [(1, "A")]),
        ("A.\n\n---\n\n| a |\n|---|\n| # |", []),
        ("- ```\n# B\n", [(1, "B")]),
    ],
)
def test_headings_are_those_of_commonmark(text: str, found: list[tuple[int, str]]) -> None:
    assert titles(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```sh\nls\n```\nA.", ["```sh\nls\n```"]),
        ("- ```\n  a\n  ```\n  b", ["- ```\n  a\n  ```"]),
        ("- ```\n  a\nb", ["- ```\n  a\n"]),
        ("1. a\n\n     ```py\n     b\n   ````\nc", ["     ```py\n     b\n   ````"]),
        ("> ```\n> a\nb\n```", ["> ```\n> a\n", "```"]),
        ("    ```\na", []),
        ("``` a ` b\nc", []),
        ("~~~ a ` b\nc", ["~~~ a ` b\nc"]),
        ("<script>\n```\n</script>\n", []),
        ("```\r\na\r\n```\r\nb", ["```\r\na\r\n```\r"]),
        ("`" * 65 + "\na", []),
        ("```" + "x" * 1_001 + "\na", []),
        ("- " * 9 + "```\na", []),
    ],
)
def test_fences_are_those_of_commonmark_that_a_page_can_repeat(text: str, found: list[str]) -> None:
    assert code(text) == found


@pytest.mark.slow
def test_headings_of_a_text_have_the_same_offsets_in_blocks() -> None:
    text = "".join(f"Part {number}\n------\n\n- a\n\n  ```\n  # {number}\n  ```\n\n" for number in range(2_000))
    found = list(chapters.iter_headings(framing.iter_blocks(text)))
    assert len(found) == 2_000
    for number, heading in enumerate(found):
        assert text[heading.start : heading.end] == f"Part {number}\n------"


@pytest.mark.slow
@settings(deadline=None)
@given(lines=st.lists(LINES, max_size=400), size=st.sampled_from([1, 700, 20_000]))
def test_the_stretches_of_a_text_are_the_text_and_lie_as_it_does(lines: list[str], size: int) -> None:
    text = "\n".join(lines)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    stretches = list(read_stretches(pieces, has_headings))
    assert "".join(stretch.text for stretch in stretches) == text
    before, found = 0, list[int]()
    for stretch in stretches:
        found += [before + heading.start for heading in stretch.layout.headings]
        before += len(stretch.text)
    if all(stretch.text.endswith("\n\n") or len(stretch.text) < STRETCH_LENGTH // 2 for stretch in stretches[:-1]):
        assert found == [heading.start for heading in parse_layout(text).headings]
    assert all(len(stretch.text) < 3 * STRETCH_LENGTH for stretch in stretches)


@pytest.mark.parametrize("item", ["", "- ", "1. ", "10. ", "1. - ", "- - - - "])
def test_code_that_is_longer_than_a_stretch_stays_code(item: str) -> None:
    inner = " " * len(item)
    text = f"{item}```sh\n" + f"{inner}Note: x\n" * 5_000 + f"{inner}```\n\nNote: y\n\n" + f"{item}```\n{inner}Note: z"
    shown = "".join(framing.frame_text(framing.iter_blocks(text)))
    assert shown == text.replace("\nNote: y\n", "\n> Note: y\n") + f"\n{inner}```"


def test_a_line_that_is_longer_than_a_stretch_opens_and_closes_nothing() -> None:
    text = "a " * STRETCH_LENGTH + "```\n# no\n\n" + "x" * 3 * STRETCH_LENGTH + "\n# yes\n"
    pieces = [text[at : at + 100] for at in range(0, len(text), 100)]
    assert [heading.title for heading in chapters.iter_headings(pieces)] == ["no", "yes"]
    at = text.index("```")
    begun = list(read_stretches([text[:at], text[at:]], has_fences))
    assert begun[1].text.startswith("```\n# no")
    assert begun[1].layout.codes == ()


@pytest.mark.parametrize(
    ("fence", "opener"),
    [
        (Fence("", "```", "py"), "```py\n"),
        (Fence("  ", "~~~", "", 2), "- …\n  ~~~\n"),
        (Fence("    ", "```", "", 3), "-  …\n    ```\n"),
        (Fence("    ", "```", "", 4), "- - …\n    ```\n"),
        (Fence("       ", "```", "x" * 50, 7), f"-  - - …\n       ```{'x' * 32}\n"),
    ],
)
def test_code_of_a_list_is_opened_again_within_an_item(fence: Fence, opener: str) -> None:
    assert fence.opener == opener
    [found] = parse_layout(opener).codes
    assert (found.fence.marks, found.fence.column, found.fence.indent) == (fence.marks, fence.column, fence.indent)


def test_long_code_of_a_list_is_code_on_each_of_its_pages_and_ends_with_its_item() -> None:
    lines = "".join(f"     Note: {number}\n" for number in range(400))
    text = f"1. a\n\n   ```py\n{lines}Note: x\n"
    leaves = list(cutting.cut_pages(framing.frame_text([text]), 2_000))
    assert len(leaves) > 3
    assert all(leaf.text.startswith("-  …\n   ```py\n     Note: ") for leaf in leaves[1:])
    assert all(leaf.text.endswith("\n   ```") for leaf in leaves[:-1])
    assert leaves[-1].text.endswith("\n> Note: x\n")
    assert "".join(line + "\n" for leaf in leaves for line in leaf.text.split("\n") if "  Note" in line) == lines


@pytest.mark.slow
@settings(deadline=None)
@given(text=st.lists(LINES, max_size=60).map("\n".join), room=st.sampled_from([900, 2_500]))
def test_on_each_page_code_ends_and_no_line_looks_like_ours(text: str, room: int) -> None:
    whole = "".join(framing.frame_text([text]))
    assert "".join(framing.frame_text([whole])) == whole
    for leaf in cutting.cut_pages(framing.frame_text([text]), room):
        assert measure_cost(leaf.text) <= room
        assert parse_layout(leaf.text).fence_at(len(leaf.text)) is None
        assert "".join(framing.frame_text([leaf.text])) == leaf.text


@pytest.mark.parametrize(
    "text",
    [
        "- ```\n  code\n  ```\nNote: x",
        "10. a\nNote: b\n    ```\n    Note: c",
        "> ```\nNote: x",
        "<!--\n```\nNote: x",
        "`" * 70 + "\nNote: x",
        "```\n" + "`" * 70 + "\n```\nNote: x",
    ],
)
def test_what_is_no_code_is_quoted_though_it_follows_marks_of_code(text: str) -> None:
    for line in "".join(framing.frame_text([text])).splitlines():
        assert not line.lstrip().startswith("Note")


def test_a_page_does_not_end_between_a_title_and_its_underline() -> None:
    for words in range(200, 300):
        text = f"```\n{'x ' * words}\n```\nA title\n-----\n" + "y " * 400
        leaves = list(cutting.cut_pages([text], 700))
        assert sum("A title\n-----" in leaf.text for leaf in leaves) == 1


@pytest.mark.parametrize("text", ["", "Words.", "a < b", "- a\n  - b", "| a |\n|:-:|", "`a` ~~b~~ #c -- ="])
def test_a_text_without_fences_and_headings_is_not_parsed(text: str) -> None:
    assert not has_fences(text)
    assert not has_headings(text)
    assert not has_code(text)


@pytest.mark.slow
def test_the_parser_is_imported_by_the_first_text_that_needs_it() -> None:
    code = "import sys; from gemini_interactions_mcp.text import rendering; print('markdown_it' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "False\n"
