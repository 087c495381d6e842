"""The `view` command: shows past interactions and running ones in a browser."""

import sys
import threading
import webbrowser
from functools import partial
from typing import Final

from gemini_interactions_mcp.core import Redactor
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.transports.viewer import serve_viewer

from .logs import configure_logging
from .spelling import warn_of_misspelled

TERMINAL_BROWSERS: Final = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""Browsers that would take the terminal."""


def prepare_view() -> Settings | None:
    """Return the settings, and log as they say; None if they are wrong, which is said on stderr."""
    settings = Settings.from_environ()
    redact = Redactor(settings.secrets)
    warn_of_misspelled()
    if settings.findings:
        sys.stderr.write(redact(f"gemini-interactions-mcp: {' '.join(settings.findings)}\n"))
        return None
    configure_logging(settings.log_level, redact)
    if notice := describe_lacks(settings):
        sys.stderr.write(f"gemini-interactions-mcp: {notice}\n")
    return settings


def describe_lacks(settings: Settings) -> str:
    """Return what the environment lacks that a host's configuration may have; empty if that cannot be seen."""
    if settings.api_key is None:
        return "No GEMINI_API_KEY is set here: nothing can be started, only read."
    if {settings.runs_per_day, settings.dollars_per_day, settings.dollars_per_month} == {None}:
        return "No limits are set here: those in a host's configuration do not hold for what is started in the browser."
    return ""


class UnshownLinkError(Exception):
    """The link cannot be written to stdout."""


async def run_view(settings: Settings, number: int, *, opens: bool) -> None:
    """Serve the viewer until Ctrl-C.

    Args:
        settings: Of the user.
        number: The port; 0 is any free one.
        opens: Whether to open a browser.

    Raises:
        UnshownLinkError: Nobody can read the link.
        OSError: The port cannot be used.
    """
    await serve_viewer(settings, number, partial(show_address, opens=opens))


def show_address(address: str, *, opens: bool) -> None:
    """Print the address, and open it in a browser where there is one.

    Args:
        address: The address.
        opens: Whether to open a browser.

    Raises:
        UnshownLinkError: It cannot be printed.
    """
    try:
        print(f"Open {address}")
        print("The link works once. Ctrl-C ends the viewer.", flush=True)
    except OSError as exc:
        raise UnshownLinkError(f"The link cannot be written to stdout: {exc.strerror}.") from exc
    if opens:
        # In a thread, since some browsers are waited for.
        threading.Thread(target=open_browser, args=(address,), name="browser", daemon=True).start()


def open_browser(address: str) -> None:
    """Open an address in a browser of the desktop; where there is none, nothing happens."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if getattr(browser, "basename", "") not in TERMINAL_BROWSERS:
        browser.open(address)
