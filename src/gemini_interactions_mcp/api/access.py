"""How the services of the API send their calls: what the client lends them."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from google import genai

from gemini_interactions_mcp.models import SandboxFile

from .calls import Call
from .exchange import Exchange
from .resumable_upload import ResumableUpload

ReadPages = Callable[
    [Call, Callable[..., Any], Callable[[object], list[SandboxFile]], int], Awaitable[list[SandboxFile]]
]
"""Reads the pages of a list, given the call, what fetches a page, what parses one, and the most entries."""


class ApiAccess(NamedTuple):
    """How the client of the API sends calls that are free.

    Attributes:
        open: Returns the SDK client.
        uploads: Returns the upload service.
        send: Sends a call under the retry rule.
        about: Makes the context of a call.
        pages: Reads the pages of a list.
    """

    open: Callable[[], Awaitable[genai.Client]]
    uploads: Callable[[], Awaitable[ResumableUpload]]
    send: Callable[[Call, Callable[[Exchange], Awaitable[Any]]], Awaitable[Any]]
    about: Callable[..., Call]
    pages: ReadPages
