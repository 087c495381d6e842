"""The web view as one HTML document, put together from its files when it is first read."""

from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import Final

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
    icon = files("gemini_interactions_mcp.server.icons").joinpath("server.svg").read_bytes()
    return f'<link rel="icon" href="data:image/svg+xml;base64,{b64encode(icon).decode()}">\n'


def read_app_file(name: str) -> str:
    """Return one of the files of the view."""
    return files("gemini_interactions_mcp.server.views").joinpath(name).read_text("utf-8")
