"""The web view as one HTML document, put together from its files when it is first read."""

from functools import cache
from importlib.resources import files
from typing import Final

STYLE_ELEMENT: Final = '<link rel="stylesheet" href="app.css">'
SCRIPT_ELEMENT: Final = '<script src="app.js"></script>'


@cache
def assemble_app() -> str:
    """Return `app.html` with its style and its script inline: hosts load nothing else for a view."""
    page = read_app_file("app.html")
    page = page.replace(STYLE_ELEMENT, f"<style>\n{read_app_file('app.css')}</style>")
    return page.replace(SCRIPT_ELEMENT, f"<script>\n{read_app_file('app.js')}</script>")


def read_app_file(name: str) -> str:
    """Return one of the files of the view."""
    return files("gemini_interactions_mcp.server.views").joinpath(name).read_text("utf-8")
