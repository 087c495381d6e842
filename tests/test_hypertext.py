"""Markdown of answers as HTML: what is rendered, and that nothing else ever is."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_interactions_mcp.text.hypertext import ELEMENTS, HypertextHeading, make_file_link, render_hypertext
from hostile import SCRIPT_TEXTS


class Elements(HTMLParser):
    """Collects the elements of HTML with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


def check_elements(html: str) -> Elements:
    """Check that HTML has known elements and harmless addresses only."""
    parsed = Elements(html)
    for tag, attributes in parsed.found:
        assert attributes.keys() <= set(ELEMENTS[tag])
        if href := attributes.get("href"):
            assert href.startswith("#source-") or urlsplit(href).scheme in ("http", "https", "mailto")
    return parsed


@pytest.mark.parametrize("text", SCRIPT_TEXTS)
@pytest.mark.parametrize(
    "around", ["{}", "# {}", "- {}", "> {}", "| {} |\n|---|\n| {} |", "*{}*", "a `{}` b", "[{}](https://a.b)"]
)
def test_hostile_text_becomes_words(text: str, around: str) -> None:
    check_elements(render_hypertext(around.replace("{}", text), {1}, {"a.png"}).html)


PIECES = st.sampled_from(
    ["[", "](", ")", "!", "<", ">", '"', "`", "```", "\n", "\n\n", "|", "-", "#", "*", "javascript:", "1", " "]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_has_known_elements_only(text: str) -> None:
    check_elements(render_hypertext(text, {1}, {"1"}).html)


def test_marks_of_known_sources_are_links() -> None:
    html = render_hypertext("a [1], b [cite: 2, 3] c [4] `[1]` [x [1]](https://a.b)", {1, 2, 3}).html
    assert html.count('class="mark"') == 3
    assert '<a href="#source-3" class="mark">[3]</a>' in html
    assert "[4]" in html
    assert "<code>[1]</code>" in html


def test_saved_pictures_are_named_and_others_are_links() -> None:
    text = f"![a]({make_file_link('x y.png')}) ![b]({make_file_link('other.png')}) ![c](https://a.b/c.png)"
    parsed = check_elements(render_hypertext(text, files={"x y.png"}).html)
    assert ("img", {"data-file": "x y.png", "alt": "a"}) in parsed.found
    assert ("a", {"href": "https://a.b/c.png"}) in parsed.found
    assert sum(tag == "img" for tag, _ in parsed.found) == 1
    assert "b" in parsed.text


def test_links_to_files_that_cannot_be_followed_are_words() -> None:
    assert render_hypertext(f"see [the file]({make_file_link('a.bin')})").html == "<p>see the file</p>\n"


def test_headings_have_unique_ids_and_plain_titles() -> None:
    found = render_hypertext("# A *b* `c`\n\nx\n\n## <b>D</b>\n\n#\n", prefix="2-").headings
    assert [each.title for each in found] == ["A b c", "<b>D</b>"]
    assert found[0] == HypertextHeading(1, "A b c", "s-2-1")
    assert len({each.anchor for each in found}) == 2


def test_tables_code_and_lists_are_kept() -> None:
    html = render_hypertext("|a|b|\n|-:|:-:|\n|1|2|\n\n```py\nx < 1\n```\n\n3. c\n4. ~~d~~\n").html
    assert '<td class="right">1</td>' in html
    assert '<pre><code class="language-py">x &lt; 1\n</code></pre>' in html
    assert '<ol start="3">' in html
    assert "<s>d</s>" in html
