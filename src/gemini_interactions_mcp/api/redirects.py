"""Where Google's redirect links lead: sources of searches come as such, and say neither page nor title.

Only Google is asked, and only where it would send a reader: no page of anybody else is opened.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

import anyio
import anyio.to_thread
import httpx2

from gemini_interactions_mcp.core import ConfigurationError
from gemini_interactions_mcp.models import Citation
from gemini_interactions_mcp.text import linkable

from .connections import connected

PATH: Final = "/grounding-api-redirect/"
GOOGLE: Final = f"https://vertexaisearch.cloud.google.com{PATH}"
"""What the links of grounding begin with: https://ai.google.dev/gemini-api/docs/google-search"""

AT_ONCE: Final = 8
EACH_SECONDS: Final = 10.0
ALL_SECONDS: Final = 30.0
"""What is not known by then stays as it is, and can be asked for again."""


async def resolved(citations: Iterable[Citation], base_url: str | None = None) -> tuple[Citation, ...]:
    """The citations, those with redirect links with where these lead; what cannot be found out stays as it is.

    Args:
        citations: Of an answer.
        base_url: Another address of the API, whose redirects count too.
    """
    citations = tuple(citations)
    known = (GOOGLE, base_url.rstrip("/") + PATH) if base_url else (GOOGLE,)
    wanted = {each.url for each in citations if each.url.startswith(known) and not each.resolved}
    found = await targets(wanted) if wanted else {}
    return tuple(
        each.model_copy(update={"resolved": found[each.url]}) if each.url in found else each for each in citations
    )


async def targets(urls: Iterable[str]) -> dict[str, str]:
    """Where redirects lead, asked in parallel, as far as it can be found out in time."""
    found: dict[str, str] = {}
    places = anyio.CapacityLimiter(AT_ONCE)
    try:
        # Off the loop: a client loads all certificates.
        client = await anyio.to_thread.run_sync(partial(connected, None, timeout=EACH_SECONDS))
    except ConfigurationError:
        return found
    async with client:
        with anyio.move_on_after(ALL_SECONDS):
            async with anyio.create_task_group() as tasks:
                for url in urls:
                    tasks.start_soon(look, client, places, url, found)
    return found


async def look(client: httpx2.AsyncClient, places: anyio.CapacityLimiter, url: str, found: dict[str, str]) -> None:
    """Note where one redirect leads."""
    async with places:
        try:
            answer = await client.head(url)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return
    target = answer.headers.get("location", "")
    if answer.is_redirect and linkable(target):
        found[url] = target
