"""Resolves Google's redirect links, by which web searches cite their sources without the page's address.

Only Google is asked, by HEAD requests that are not followed: no page of anybody else is requested.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
import httpx2

from gemini_interactions_mcp.core import ConfigurationError, Timing
from gemini_interactions_mcp.models import Citation
from gemini_interactions_mcp.text import is_linkable

from .connections import make_http_client

REDIRECT_PATH: Final = "/grounding-api-redirect/"
"""Path of redirect links."""

GOOGLE_REDIRECT_PREFIX: Final = f"https://vertexaisearch.cloud.google.com{REDIRECT_PATH}"
"""Prefix of Google's redirect links: https://ai.google.dev/gemini-api/docs/google-search"""

MAX_CONCURRENT_LOOKUPS: Final = 8
"""Maximum number of concurrent requests."""


async def resolve_redirects(
    citations: Iterable[Citation], timing: Timing, base_url: str | None = None
) -> tuple[Citation, ...]:
    """Return the citations with the targets of their redirect links, as far as they can be resolved.

    Args:
        citations: The sources of an answer.
        timing: Time-outs.
        base_url: Another address of the API, whose redirect links are resolved too.
    """
    citations = tuple(citations)
    known = (GOOGLE_REDIRECT_PREFIX, base_url.rstrip("/") + REDIRECT_PATH) if base_url else (GOOGLE_REDIRECT_PREFIX,)
    wanted = {each.url for each in citations if each.url.startswith(known) and not each.resolved}
    found = await find_redirect_targets(wanted, timing) if wanted else {}
    return tuple(
        each.model_copy(update={"resolved": found[each.url]}) if each.url in found else each for each in citations
    )


async def find_redirect_targets(urls: Iterable[str], timing: Timing) -> dict[str, str]:
    """Return the targets of redirect links, as far as they can be resolved in time."""
    found: dict[str, str] = {}
    try:
        # In a worker thread: making a client loads certificates.
        client = await anyio.to_thread.run_sync(partial(make_http_client, None, timeout=timing.redirect))
    except ConfigurationError:
        return found
    async with client:
        with anyio.move_on_after(timing.all_redirects):
            await look_up_redirects(client, urls, found)
    return found


async def look_up_redirects(client: httpx2.AsyncClient, urls: Iterable[str], found: dict[str, str]) -> None:
    """Add the targets of redirect links to `found`, each as soon as it is known."""
    places = anyio.CapacityLimiter(MAX_CONCURRENT_LOOKUPS)
    async with anyio.create_task_group() as tasks:
        for url in urls:
            tasks.start_soon(look_up_redirect, client, places, url, found)


async def look_up_redirect(
    client: httpx2.AsyncClient, places: anyio.CapacityLimiter, url: str, found: dict[str, str]
) -> None:
    """Add the target of one redirect link to `found`, if there is one that can be linked to."""
    async with places:
        try:
            answer = await client.head(url)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return
    target = answer.headers.get("location", "")
    if answer.is_redirect and is_linkable(target):
        found[url] = target
