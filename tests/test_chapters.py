"""Sections of a long answer by their headings, and its outline."""

import pytest

from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.text import chapters, framing

TEXT = """# Report

Intro.

## Costs

A lot.

### **Costs** in detail

More.

```sh
# not a heading
```

## Größe und Zeit ##

Later.

# Appendix

End."""


def test_headings_are_those_outside_code() -> None:
    assert [(heading.level, heading.title) for heading in chapters.iter_headings([TEXT])] == [
        (1, "Report"),
        (2, "Costs"),
        (3, "Costs in detail"),
        (2, "Größe und Zeit"),
        (1, "Appendix"),
    ]


def test_a_fence_that_is_never_closed_hides_the_rest() -> None:
    assert [heading.title for heading in chapters.iter_headings(["# A\n~~~\n# B\n# C"])] == ["A"]


@pytest.mark.parametrize(
    ("wanted", "begins", "ends"),
    [
        ("Costs", "## Costs", "```"),
        ("## costs ", "## Costs", "```"),
        ("GRÖSSE", "## Größe und Zeit ##", "Later."),
        ("in detail", "### **Costs** in detail", "```"),
        ("Report", "# Report", "Later."),
        ("appendix", "# Appendix", "End."),
    ],
)
def test_a_section_is_found_by_its_heading_and_ends_before_the_next_of_its_level(
    wanted: str, begins: str, ends: str
) -> None:
    found = "".join(chapters.extract_section([TEXT], wanted)).rstrip()
    assert found.startswith(begins)
    assert found.endswith(ends)


def test_a_section_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(InputError, match=r"There is no section 'Prices'\. Headings: Report; Costs; .*; Appendix\."):
        chapters.extract_section([TEXT], "Prices")


def test_a_heading_that_fits_several_names_them() -> None:
    with pytest.raises(InputError, match=r"There are several sections 'e'\. Headings: Report; Costs in detail;"):
        chapters.extract_section([TEXT], "e")


@pytest.mark.parametrize("text", ["", "No headings."])
def test_a_text_without_headings_says_so(text: str) -> None:
    with pytest.raises(InputError, match="Headings: none"):
        chapters.extract_section([text], "Costs")


def test_a_heading_may_be_full_of_blanks_and_marks() -> None:
    [heading] = chapters.iter_headings(["# a" + " #" * 20_000 + " b #  "])
    assert heading.title.startswith("a #")
    assert heading.title.endswith("# b")


def test_a_section_of_a_long_text_is_whole_wherever_its_blocks_end() -> None:
    parts = [f"## Part {number} é\n\n" + f"Words of {number}. " * (number * 37) + "\n\n" for number in range(1, 60)]
    text = "# Report\n\n" + "".join(parts)
    blocks = list(framing.iter_blocks(text))
    assert "".join(blocks) == text
    assert len(blocks) > 10
    for number in (1, 30, 59):
        assert "".join(chapters.extract_section(blocks, f"Part {number} é")) == parts[number - 1]
    assert "".join(chapters.extract_section(blocks, "report")) == text


def test_a_heading_deeper_than_the_outline_is_not_in_it() -> None:
    outline = chapters.Outline(1_000)
    outline.add(chapters.iter_headings(["# A\n#### B\n## C\n"]), 1)
    assert outline.render(5, 2) == "Outline of 5 characters in 2 pages:\n- A (page 1)\n  - C (page 1)"
    assert outline.render(5, 1) == ""
