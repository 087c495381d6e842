"""Interactions as documents: each format is opened again by a reader of its own."""

import base64
import io
import pickle
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import docx
import pypdf
import pytest
import typst
from markdown_it import MarkdownIt
from PIL import Image

from gemini_interactions_mcp.core import NO_REDACTION
from gemini_interactions_mcp.core.errors import ConfigurationError
from gemini_interactions_mcp.models import Citation, Execution, Paper, PaperPicture, Record, SavedFile
from gemini_interactions_mcp.output import printing
from gemini_interactions_mcp.output.documents import embedding, fonts, typesetting
from gemini_interactions_mcp.runs import laying_out
from gemini_interactions_mcp.server.views import assets
from gemini_interactions_mcp.text import exports, trees, webpage
from gemini_interactions_mcp.text.hypertext import ELEMENTS, make_file_link
from hostile import SCRIPT_TEXTS
from test_hypertext import Elements
from test_render import record

WORDS = "Größe und Maß"
CJK = "人工智能正在改变世界"
RTL = "هذه فقرة باللغة العربية"
EMOJI = "\U0001f600"
LONG = "Donaudampfschifffahrts" * 12
TABLE = "| Land | Wert |\n|:--|--:|\n| Österreich | 12 % |\n| 日本 | 7 |\n"
CHART = SavedFile(name="chart 1.png", path="/out/c.png", mime_type="image/png", bytes=1, place=1)
REPORT = f"""# {WORDS}

A finding. {CJK} {EMOJI} with **bold**, *italic*, ~~struck~~ and `x = 1`.

{RTL}

{LONG}

{TABLE}
![Chart](media:1)

3. third
   - below
4. fourth

> Quoted.

```python
def f(x):
    return x
```

---
"""
TYPST_TEXTS = (
    '#panic("no")',
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.3.0"',
    '#eval("1")',
    "$ x^2 $",
    "@source-1 <source-1>",
    "= Heading",
    "*/ // /* comment",
    '\\u{41} \\" "',
    "`` `raw` ``",
    "#[ #{ #(",
    '#include "paper.json"',
)
WORD_TEXTS = (
    "</w:t></w:r><w:r><w:t>",
    "<w:fldSimple w:instr='DDEAUTO c:\\\\windows cmd'/>",
    '{ INCLUDETEXT "http://evil.example" }',
    "]]>&amp;&#0;&evil;",
    "<!DOCTYPE x [<!ENTITY evil SYSTEM 'file:///etc/passwd'>]>",
)


def picture(width: int = 320, height: int = 200) -> PaperPicture:
    return PaperPicture(png(width, height), "image/png", width, height)


def png(width: int = 320, height: int = 200, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def export(text: str, form: str = "html", approved: Record | None = None, **changes: Any) -> exports.Export:
    found = record(text, **{"prompt": "Why?"} | changes)
    return exports.compose_export(found, approved, lambda file: make_file_link(file.name)).limit(form)


def paper(text: str, pictures: dict[str, PaperPicture] | None = None, **changes: Any) -> Paper:
    found = export(text, "pdf", **changes)
    return Paper(found.title, exports.build_blocks(found, pictures or {}, "pdf"), pictures or {})


def pdf_text(content: bytes | bytearray) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


def opened(content: bytes | bytearray) -> Any:
    return docx.Document(io.BytesIO(content))


def word_text(content: bytes | bytearray) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        part = file.read("word/document.xml").decode()
    return "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", part))


class Page(Elements):
    """What a page consists of."""

    def handle_comment(self, data: str) -> None:
        """The document may have comments."""

    def handle_decl(self, decl: str) -> None:
        """The document says what it is."""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def cited(end: int, url: str = "https://redirect.example/1", resolved: str = "https://site.example/page") -> Citation:
    return Citation(url=url, resolved=resolved, title="A title", end=end)


def rich(**changes: Any) -> dict[str, Any]:
    end = len(REPORT[: REPORT.index("A finding.") + 10].encode())
    text = REPORT.replace("media:1", make_file_link(CHART.name))
    return {
        "text": text,
        "files": (CHART,),
        "citations": (cited(end), cited(end, "https://second.example/", "")),
        "cost_micros": 0,
        "finished_at": record().created_at,
        **changes,
    }


# The parts -----------------------------------------------------------------------------------------------


def test_a_markdown_document_has_all_parts_in_order() -> None:
    plan = record("1. Find\n2. Write", plan=True)
    found = exports.compose_export(record(**rich(prompt="Why?")), plan, lambda file: f"/x/{file.name}")
    text = exports.render_markdown_export(found)
    parts = [
        "# Why?",
        "- Date: 2026-11-23 10:00 UTC",
        "- Made by: gemini-3.8-flash",
        "- Interaction: v1_a",
        "- Cost: nothing charged",
        "## Prompt\n\n> Why?",
        "## Plan\n\n1. Find\n2. Write",
        f"# {WORDS}",
        "A finding. [1][2]",
        TABLE,
        "## Sources",
        "1. [A title](https://site.example/page)",
        "2. [A title](https://second.example/)",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


UNENDED = (
    "```\ncode",
    "~~~~ x\ncode",
    "- item\n  ```\n  code",
    "<!-- words",
    "<pre>\nwords",
    "a\r```\rcode",
    "a\n    code",
)


@pytest.mark.parametrize("text", UNENDED)
def test_no_prompt_goes_on_in_what_follows_it(text: str) -> None:
    found = exports.compose_export(record("# Answer\n\nwords", prompt=text), None, lambda file: "")
    tokens = MarkdownIt("commonmark").parse(exports.render_markdown_export(found))
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[1:] == ["Prompt", "Answer"]
    assert tokens[-2].content == "words"
    assert tokens[-2].level == 1


@pytest.mark.parametrize("text", [text for text in UNENDED if "<" not in text])
@pytest.mark.parametrize("part", ["plan", "answer"])
def test_no_code_goes_on_in_the_next_part(text: str, part: str) -> None:
    plan = record(text, plan=True) if part == "plan" else None
    answer = text if part == "answer" else "words"
    found = exports.compose_export(record(answer, citations=(cited(1),)), plan, lambda file: "")
    tokens = MarkdownIt("commonmark").parse(exports.render_markdown_export(found))
    assert [token.content for token in tokens if token.type == "inline"][-2:] == [
        "Sources",
        "[A title](https://site.example/page)",
    ]


def test_pictures_that_the_text_does_not_show_follow_it() -> None:
    made = export("", files=(CHART,), kind="image")
    assert made.answer.strip() == f"![chart 1.png]({make_file_link(CHART.name)})"
    assert export(f"![x]({make_file_link(CHART.name)})", files=(CHART,)).answer.count("chart") == 1


def test_what_a_failed_or_unusual_answer_is_stands_in_the_document() -> None:
    found = export("Half", status="failed", error="It broke.", failures=("A search failed.",))
    assert ("Status", "failed") in found.facts
    assert found.notes == ("It broke.", "A search failed.")
    assert ("Kind", "research plan") in export("1. Find", kind="research", plan=True).facts
    assert export('{"a": 1}').answer == '```json\n{"a": 1}\n```\n'
    ran = export("Text", code=(Execution(language="python", code="print(1)", output="1"),))
    assert ran.code.startswith("```python\nprint(1)\n```")


def test_what_a_document_has_no_room_for_is_said_in_it() -> None:
    text = "A line of words.\n" * 200_000
    for form, most in exports.MAX_PRINTED_CHARACTERS.items():
        found = export(text, form)
        assert len(found.answer) <= most
        assert found.cuts == (
            f'{len(text) - len(found.answer):,} characters of the answer are left out here; save_as="md" saves all.',
        )
        assert found.cuts[0] in str(exports.build_blocks(found, (), "pdf")[:3])
    assert export("```\n" + "code\n" * 300_000, "pdf").answer.endswith("\n```")
    asked = exports.compose_export(record("x", prompt="word " * 10_000), None, lambda file: "")
    assert asked.limit("pdf").cuts[0].startswith("29,999 characters of the prompt")


def test_secrets_are_taken_out_of_every_part() -> None:
    found = export("secret", prompt="secret", error="secret", citations=(Citation(url="https://a.example/secret"),))
    assert "secret" not in str(found.redact(lambda text: text.replace("secret", "***")))
    assert found.redact(NO_REDACTION) == found


# Trees ---------------------------------------------------------------------------------------------------


def kinds(blocks: Sequence[dict[str, Any]]) -> list[str]:
    return [block["t"] for block in blocks]


def test_markdown_becomes_blocks() -> None:
    blocks = trees.parse_markdown(rich()["text"], (), {CHART.name})
    assert kinds(blocks) == ["h", "p", "p", "p", "table", "p", "list", "quote", "code", "hr"]
    assert blocks[2]["r"] == 1
    assert "r" not in blocks[1]
    assert blocks[4]["a"] == ["l", "r"]
    assert [len(row) for row in blocks[4]["rows"]] == [2, 2, 2]
    assert blocks[5]["c"] == [{"pic": CHART.name, "s": "Chart"}]
    assert blocks[6]["n"] == 3
    assert kinds(blocks[6]["c"][0]) == ["p", "list"]


def test_only_numbers_of_sources_are_marks() -> None:
    (block,) = trees.parse_markdown("One [1][2], two [1, 2]. Not [3] or `[1]` or [[1]](https://a.example).", {1, 2})
    assert [run["m"] for run in block["c"] if "m" in run] == [[1], [2], [1, 2]]
    assert "[3]" in str(block)
    assert {"s": "[1]", "f": "c"} in block["c"]
    assert {"s": "[1]", "u": "https://a.example"} in block["c"]


@pytest.mark.parametrize("prefix", [">", "> ", "- ", "1. "])
@pytest.mark.parametrize("deep", [5, 20, 49, 51, 3000])
def test_nothing_is_lost_that_is_nested_deeply(prefix: str, deep: int) -> None:
    blocks = trees.parse_markdown(f"{prefix * deep}words")
    assert "words" in str(blocks)
    assert str(blocks).count("'t'") <= 2 * trees.DEEPEST_NESTING + 2
    assert "words" in webpage.render_webpage(export(f"{prefix * deep}words"), {})


def test_a_table_of_many_columns_is_its_text() -> None:
    row = "|" + "x|" * 60
    blocks = trees.parse_markdown(f"{row}\n|{'-|' * 60}\n{row}\n")
    assert kinds(blocks) == ["p", "p"]
    assert str(blocks).count("'x'") == 120


@pytest.mark.parametrize("text", SCRIPT_TEXTS)
def test_no_address_but_of_the_web_and_mail_is_a_link(text: str) -> None:
    for run in re.findall(r"'u': '([^']*)'", str(trees.parse_markdown(text))):
        assert run.startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize(
    "part", ["- item\n", "a\n\n", "a  \n", "| a | b |\n|--|--|\n" + "| c | d |\n", "> q\n\n", "1. a\n   - b\n"]
)
@pytest.mark.parametrize("before", ["", "| a | b |\n|--|--|\n", "```\n"])
def test_what_has_too_many_parts_is_cut_before_its_sources(before: str, part: str) -> None:
    found = export(before + part * 60_000, "pdf", citations=(Citation(url="https://a.example"),))
    blocks = exports.build_blocks(found, (), "pdf")
    assert trees.measure_node(blocks) < exports.MAX_PRINTED_PARTS["pdf"] + 100
    assert exports.PARTS_BLOCK in blocks
    assert blocks[-1]["t"] == "sources"


def test_an_endless_word_is_set_in_lines() -> None:
    text = pdf_text(typesetting.write_pdf(paper(f"{'QUJD' * 5_000}\n\n```\n{'QUJD' * 5_000}\n```")))
    assert text.count("QUJD" * 10) > 200


# HTML ----------------------------------------------------------------------------------------------------


def test_a_page_has_everything_in_itself() -> None:
    page = Page(webpage.render_webpage(export(**rich()), {CHART.name: picture()}))
    for words in (WORDS, CJK, RTL, EMOJI, LONG, "def f(x):", "Quoted.", "nothing charged", "https://site.example/page"):
        assert words in page.text
    (image,) = page.all("img")
    assert base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,")) == png()
    assert len(page.all("table")) == 1
    assert len(page.all("td")) == 4
    ids = {attributes["id"] for _, attributes in page.found if "id" in attributes}
    assert {"source-1", "source-2"} <= ids
    marks = [each["href"] for each in page.all("a") if each.get("class") == "mark"]
    assert marks == ["#source-1", "#source-2"]
    assert page.all("script") == []
    policy = page.all("meta")[1]["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_a_picture_is_in_a_page_once() -> None:
    shown = f"![x]({make_file_link(CHART.name)})"
    page = Page(webpage.render_webpage(export(f"{shown}\n\n{shown}", files=(CHART,)), {CHART.name: picture()}))
    assert len(page.all("img")) == 1
    assert {"href": "#picture-1"} in page.all("a")


@pytest.mark.parametrize("text", SCRIPT_TEXTS)
@pytest.mark.parametrize("around", ["{}", "# {}", "| {} |\n|---|\n| {} |"])
def test_hostile_text_is_words_in_a_page(text: str, around: str) -> None:
    answer = around.replace("{}", text)
    source = Citation(url=text, title=text)
    page = webpage.render_webpage(
        export(answer, topic=text, error=text, citations=(source,), approved=record(answer)), {CHART.name: picture()}
    )
    known = {*ELEMENTS, "html", "head", "meta", "title", "style", "body", "main", "article", "dl", "dt", "dd", "div"}
    for tag, attributes in Page(page).found:
        assert tag in known
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        if tag == "a":
            assert str(attributes["href"]).startswith(("#", "http://", "https://", "mailto:"))
        assert tag != "img"
    assert page.count("<style>") == page.count("</style>") == 1
    assert page.count("<meta") == 4


def print_rules(style: str) -> dict[str, str]:
    """The rules for paper, by their selectors."""
    found: dict[str, str] = {}
    for selectors, rule in re.findall(r"([^{}]+){([^{}]*)}", style.partition("@media print {")[2]):
        for selector in selectors.split(","):
            found[selector.strip()] = found.get(selector.strip(), "") + rule
    return found


@pytest.mark.parametrize(
    ("style", "box"), [(webpage.STYLE, ".wide"), (assets.read_app_file("app.css"), ".scroll")], ids=["document", "view"]
)
def test_what_is_scrolled_on_a_screen_is_whole_on_paper(style: str, box: str) -> None:
    rules = print_rules(style)
    assert re.search(rf"\{box} {{ [^}}]*overflow(?:-x)?: auto", style.partition("@media print")[0])
    assert "overflow: visible" in rules[box]
    for selector in ("table", "pre"):
        assert "overflow-wrap: anywhere" in rules[selector]


# PDF and DOCX --------------------------------------------------------------------------------------------


def test_a_pdf_has_text_pictures_marks_and_links() -> None:
    content, notes = printing.print_paper(paper(**rich(pictures={CHART.name: picture()})), "pdf")
    text = pdf_text(content)
    for words in (WORDS, "Österreich", "[1]", "[2]", "def f(x):", "Quoted.", "https://site.example/page", "Sources"):
        assert words in text
    # What is broken between lines is whole when it is joined.
    assert LONG in text.replace("\n", "")
    # Unless this machine has no font for them, which is said then.
    assert CJK in text or CJK[0] in str(notes)
    assert "\u200b" not in text
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert sum(len(page.images) for page in reader.pages) == 1
    assert reader.metadata is not None
    assert reader.metadata.title == "Why?"
    links = [each.get_object() for page in reader.pages for each in page.get("/Annots", ())]
    addresses = {link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})}
    assert addresses == {"https://site.example/page", "https://second.example/"}
    assert sum("/Dest" in link or "/D" in link.get("/A", {}) for link in links) == 2


def test_a_docx_has_text_pictures_marks_and_links() -> None:
    content = printing.print_paper(paper(**rich(pictures={CHART.name: picture()})), "docx").content
    text, document = word_text(content), opened(content)
    for words in (WORDS, CJK, RTL, EMOJI, LONG, "[1]", "[2]", "Quoted.", "https://site.example/page"):
        assert words in text
    assert len(document.inline_shapes) == 1
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows][1:] == [["Österreich", "12 %"], ["日本", "7"]]
    targets = {each.target_ref for each in document.part.rels.values() if each.is_external}
    assert targets == {"https://site.example/page", "https://second.example/"}
    xml = document.element.xml
    assert xml.count('w:anchor="source_1"') == xml.count('w:name="source_1"') == 1
    assert "<w:bidi/>" in xml
    headings = [each.text for each in document.paragraphs if each.style.name.startswith("Heading")]
    assert headings == ["Prompt", WORDS, "Sources"]
    assert document.core_properties.title == "Why?"


@pytest.mark.parametrize("text", [*TYPST_TEXTS, *WORD_TEXTS, *SCRIPT_TEXTS, "a\x00b\x0cc\ud800d\ufffee"])
def test_hostile_text_is_words_on_paper(text: str) -> None:
    answer = (
        f"{text}\n\n# {text}\n\n| {text} |\n|--|\n| {text} |\n\n- {text}\n\n```\n{text}\n```\n\n`{text}` **{text}**"
    )
    made = paper(answer, topic=text, error=text, citations=(Citation(url=text, title=text, end=1),))
    printed = printing.print_paper(made, "docx").content
    with zipfile.ZipFile(io.BytesIO(printed)) as file:
        xml = file.read("word/document.xml").decode()
    assert "fldSimple" not in re.sub(r">[^<]*<", "><", xml)
    assert "DOCTYPE" not in re.sub(r">[^<]*<", "><", xml)
    assert opened(printed).paragraphs
    pages = pdf_text(typesetting.write_pdf(made))
    if text.isascii() and text.isprintable() and len(text) < 40:
        assert "".join(text.split())[:8] in "".join(pages.split())
    assert "root:" not in pages


def test_code_keeps_its_lines_and_blanks() -> None:
    code = "a\n\n    b\tc\n  d"
    made = paper(f"```\n{code}\n```")
    assert "a\n\n    b\tc\n  d" in [each.text for each in opened(printing.print_paper(made, "docx").content).paragraphs]
    assert "    b" in pdf_text(typesetting.write_pdf(made))


def test_lists_begin_with_their_own_numbers() -> None:
    made = paper("7. seven\n8. eight\n\nbetween\n\n1. one")
    numbers = pdf_text(typesetting.write_pdf(made))
    assert "7. seven" in numbers
    assert "8. eight" in numbers
    assert "1. one" in numbers
    xml = opened(printing.print_paper(made, "docx").content).part.numbering_part.element.xml
    assert re.findall(r'<w:startOverride w:val="(\d+)"/>', xml)[-2:] == ["7", "1"]


def test_a_character_without_font_is_named() -> None:
    assert fonts.find_missing_characters(Paper("", [trees.make_heading("Grüße, \u201cx\u201d → €")])) == []
    # Of a plane for private use: no font of a machine that tests has it.
    printed = printing.print_paper(Paper("", [trees.make_heading("a\U0010abcdb")]), "pdf")
    assert len(printed.notes) == 1
    assert printed.notes[0].startswith("These characters have no font on this machine, and are boxes in the PDF: ")


def test_without_fonts_of_the_machine_letters_of_other_scripts_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = typst.Fonts(include_system_fonts=False)
    for module in (fonts, typesetting):
        monkeypatch.setattr(module, "find_fonts", lambda: alone)
    made = paper(f"# Größe «Ωмега» שלום\n\n{CJK} {RTL} {EMOJI} →")
    printed = printing.print_paper(made, "pdf")
    (said,) = printed.notes
    named = said.partition("boxes in the PDF: ")[2]
    for character in (CJK[0], EMOJI):
        assert character in named
    for character in f"ößΩмש→{RTL[0]}":
        assert character not in named
    assert "Größe «Ωмега»" in pdf_text(printed.content)


def test_a_missing_library_is_said_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "LIBRARIES", {"pdf": "no_such_library"})
    with pytest.raises(ConfigurationError, match=re.escape('pip install "gemini-interactions-mcp[export]"')):
        printing.check_library("pdf")
    printing.check_library("html")


async def test_what_takes_too_long_to_lay_out_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", "import time; time.sleep(60)"))
    with pytest.raises(ConfigurationError, match=r"^Laying out the document takes more than 0\.1 seconds, "):
        await laying_out.lay_out_apart(export("Text"), {}, "html", 0.1)


def test_an_order_is_answered_with_the_document_or_with_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    order = pickle.dumps((export("Text"), {}, "docx"))
    reply = io.BytesIO()
    laying_out.serve_order(io.BytesIO(order), reply)
    assert opened(pickle.loads(reply.getvalue()).content).paragraphs

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(printing, "print_paper", fail)
    reply = io.BytesIO()
    laying_out.serve_order(io.BytesIO(order), reply)
    assert pickle.loads(reply.getvalue()) == "The document cannot be laid out: No space left on device."


# Pictures ------------------------------------------------------------------------------------------------


def test_a_picture_is_embedded_whole_or_smaller_or_not_at_all() -> None:
    small = png()
    whole = embedding.embed_picture(io.BytesIO(small), len(small), 2**20)
    assert whole == PaperPicture(small, "image/png", 320, 200)
    noise = io.BytesIO()
    Image.effect_noise((1200, 1200), 90).save(noise, "PNG")
    smaller = embedding.embed_picture(io.BytesIO(noise.getvalue()), len(noise.getvalue()), 100_000)
    assert smaller is not None
    assert smaller.mime_type == "image/jpeg"
    assert len(smaller.content) <= 100_000
    converted = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(converted, "JPEG")
    found = embedding.embed_picture(io.BytesIO(converted.getvalue()), len(converted.getvalue()), 2**20)
    assert found is not None
    assert Image.open(io.BytesIO(found.content)).mode == "RGB"
    for broken in (b"", b"no picture", small[:60], small[: len(small) // 2]):
        assert embedding.embed_picture(io.BytesIO(broken), len(broken), 2**20) is None
