"""The document about an interaction as one HTML page, which loads nothing and runs nothing. Pure."""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from typing import Final

from gemini_interactions_mcp.core import make_printable
from gemini_interactions_mcp.models import PaperPicture

from . import citations
from .exports import Export
from .hypertext import render_hypertext
from .source_list import NumberedSource

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1c1c; --soft: #5a5a5a; --line: #cfcfcf; --fill: #f4f4f4; --link: #1a4f9c;
  --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --soft: #a8a8a8; --line: #4a4a4a; --fill: #262626;
  --link: #8ab4f8; --paper: #181818 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.2rem 4rem; overflow-wrap: anywhere }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.6em 0 .5em }
h1, h2, h3, h4, h5, h6, p, li, th, td, dd, blockquote { unicode-bidi: plaintext; text-align: start }
a { color: var(--link) }
a.mark { font-size: .72em; vertical-align: super; line-height: 0; text-decoration: none }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; color: var(--soft); font-size: .92rem }
dt { font-weight: 600 } dd { margin: 0 }
blockquote { margin: 1em 0; padding: .1em 1em; border-inline-start: 3px solid var(--line); color: var(--soft) }
.prompt { white-space: pre-wrap; padding: .6em 1em }
.note { font-style: italic }
pre { background: var(--fill); padding: .8em 1em; overflow-x: auto; white-space: pre-wrap; border-radius: 4px }
code { font: .88em/1.5 ui-monospace, monospace; background: var(--fill) }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 1em 0; font-size: .92rem; overflow-wrap: normal }
th, td { border: 1px solid var(--line); padding: .3em .6em; vertical-align: top }
th { background: var(--fill) } .center { text-align: center } .right { text-align: right }
img { max-width: 100%; height: auto; background: #fff }
hr { border: 0; border-top: 1px solid var(--line); margin: 2em 0 }
.sources { padding-inline-start: 2.4em } .sources li { margin: .4em 0 } .sources li:target { background: var(--fill) }
@media print { :root { --ink: #000; --paper: #fff; --link: #000; --soft: #333; --line: #999; --fill: #f4f4f4 }
  main { max-width: none; padding: 0 } pre, tr, img { break-inside: avoid } h1, h2, h3 { break-after: avoid }
  .wide { overflow: visible } table { max-width: 100%; font-size: .75rem; overflow-wrap: anywhere }
  th, td { padding: .15em .3em } pre { overflow: visible; overflow-wrap: anywhere } }
"""

POLICY: Final = (
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""Content security policy: nothing is loaded or run, whatever a text may contain (w3.org/TR/CSP3)."""

FILE_IMAGE: Final = re.compile(r'<img data-file="([^"]*)" alt="([^"]*)" */?>')
"""A picture as `render_hypertext` writes it; in a text, `<` is escaped."""

TABLE_TAG: Final = re.compile(r"<(/?)table>")


def render_webpage(export: Export, pictures: Mapping[str, PaperPicture]) -> str:
    """Return the document as a page.

    Args:
        export: What it consists of.
        pictures: The pictures that it shows, by the names of their files.
    """
    numbers, place = {each.number for each in export.sources}, PictureShelf(pictures)
    answer = render_hypertext(export.answer, numbers, pictures).html
    plan = render_hypertext(export.plan, (), pictures, "plan-").html
    code = render_hypertext(export.code, (), (), "code-").html
    parts = [
        '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{html.escape(export.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{html.escape(export.title)}</h1>",
        render_facts(export.facts),
        *(f'<p class="note">Note: {html.escape(each)}</p>' for each in (*export.notes, *export.cuts)),
        f'<h2>Prompt</h2>\n<blockquote class="prompt">{html.escape(export.prompt)}</blockquote>'
        if export.prompt
        else "",
        f"<h2>Plan</h2>\n{place.fill(plan)}" if plan else "",
        f"<hr>\n<article>\n{place.fill(answer)}</article>",
        render_source_items(export.sources),
        f"<h2>Code that was run</h2>\n{code}" if code else "",
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(filter(None, parts))


class PictureShelf:
    """Puts pictures into HTML, each of them once.

    Args:
        pictures: The pictures by name.
    """

    def __init__(self, pictures: Mapping[str, PaperPicture]) -> None:
        self._pictures = pictures
        self._shown: dict[str, int] = {}

    def fill(self, text: str) -> str:
        """Return HTML with its pictures, and with its tables in boxes that can be scrolled."""
        boxed = TABLE_TAG.sub(lambda found: "</table>\n</div>" if found[1] else '<div class="wide">\n<table>', text)
        return FILE_IMAGE.sub(self._show, boxed)

    def _show(self, found: re.Match[str]) -> str:
        name = html.unescape(found[1])
        if name in self._shown:
            return f'<a href="#picture-{self._shown[name]}">[{found[2]}]</a>'
        number = self._shown[name] = len(self._shown) + 1
        each = self._pictures[name]
        data = base64.b64encode(each.content).decode()
        size = f'width="{each.width}" height="{each.height}"'
        return f'<img id="picture-{number}" alt="{found[2]}" {size} src="data:{each.mime_type};base64,{data}">'


def render_facts(facts: Iterable[tuple[str, str]]) -> str:
    """Return facts as a list of definitions."""
    lines = (f"<dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd>" for label, text in facts if text)
    return "\n".join(["<dl>", *lines, "</dl>"])


def render_source_items(sources: Iterable[NumberedSource]) -> str:
    """Return the sources as a numbered list, to whose items the marks lead."""
    items = [f'<li value="{each.number}" id="source-{each.number}">{render_source_item(each)}</li>' for each in sources]
    return "\n".join(["<h2>Sources</h2>", '<ol class="sources">', *items, "</ol>"]) if items else ""


def render_source_item(source: NumberedSource) -> str:
    """Return a source: its title, the page, and its address in full."""
    linked = citations.is_linkable(source.name)
    title = make_printable(source.title or ("" if linked else source.name))
    page = "" if source.page is None else f"page {source.page}"
    told = html.escape(", ".join(filter(None, (title, page))))
    address = html.escape(source.name)
    link = f'<a href="{address}" rel="noreferrer noopener">{address}</a>' if linked else ""
    return "<br>".join(filter(None, (told, link)))
