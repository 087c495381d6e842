"""The web view as one HTML document, put together from its files when it is first read."""

from functools import cache
from importlib.resources import files
from typing import Final

from gemini_interactions_mcp.server.icons.marks import build_icon

ICON_ELEMENT: Final = '<link rel="icon" href="server.svg">\n'
STYLE_ELEMENT: Final = '<link rel="stylesheet" href="app.css">'
SCRIPT_ELEMENT: Final = '<script src="app.js"></script>'


@cache
def assemble_app(*, tab: bool = False) -> str:
    """Return `app.html` with its style and script inline: hosts load nothing else for a view.

    Args:
        tab: Whether it has a tab of a browser to itself, which shows its icon.
    """
    page = read_app_file("app.html").replace(ICON_ELEMENT, build_icon_element() if tab else "")
    page = page.replace(STYLE_ELEMENT, f"<style>\n{read_app_file('app.css')}</style>")
    return page.replace(SCRIPT_ELEMENT, f"<script>\n{read_app_file('app.js')}</script>")


def build_icon_element() -> str:
    """Return the element with the icon of the server inline."""
    return f'<link rel="icon" href="{build_icon("server", "image/svg+xml").src}">\n'


def read_app_file(name: str) -> str:
    """Return one of the files of the view."""
    return files("gemini_interactions_mcp.server.views").joinpath(name).read_text("utf-8")
