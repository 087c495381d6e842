"""Clients of a cluster, who repeat a call that the network broke, as hosts do."""

import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

INTERACTION_ID: Final = re.compile(r"v1_[\w-]+")
CLOSED: Final = -32_000
"""The code of the client for a connection that was closed."""
PROXY_ERROR: Final = "Server returned an error response"
"""What the client says of a status of 5xx without an answer of MCP."""
LATER: Final = ("Call again", "The journal cannot be used")
"""What answers say that ask for the same call again: nothing was sent by it."""
PATIENCE_SECONDS: Final = 120
"""Seconds after which a call that never gets an answer has failed."""


@dataclass
class Person:
    """Somebody with a token.

    Attributes:
        number: Who it is.
        url: Of the server, or of the proxy.
        token: What the authorization server gave.
        tls: Trusts the proxy.
        broken: Number of calls that had to be repeated, as no answer came.
        put_off: Number of those that had to be, as the answer said.
    """

    number: int
    url: str
    token: str
    tls: ssl.SSLContext
    broken: int = field(default=0)
    put_off: int = field(default=0)

    @asynccontextmanager
    async def client(self, url: str | None = None) -> AsyncGenerator[Client]:
        """A client of the newest protocol, which needs no session."""
        headers = {"authorization": f"Bearer {self.token}"}
        timeout = httpx2.Timeout(10, read=90)
        async with (
            httpx2.AsyncClient(headers=headers, verify=self.tls, timeout=timeout) as http,
            Client(streamable_http_client(f"{url or self.url}/mcp", http_client=http), cache=None) as client,
        ):
            yield client

    async def call(self, tool: str, arguments: dict[str, Any], url: str | None = None) -> CallToolResult:
        """Call a tool; repeat the identical call while no answer comes."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                try:
                    async with self.client(url) as client:
                        return await client.call_tool(tool, arguments)
                except TimeoutError:
                    raise
                except Exception as exc:  # what breaks a connection comes as many kinds, also in groups
                    if is_refusal(exc):
                        raise
                    self.broken += 1
                    await anyio.sleep(0.5)

    async def ask(self, prompt: str) -> CallToolResult:
        """Ask; again where the answer is that nothing was sent yet, or that another server waits for the answer."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                result = await self.call("gemini_ask", {"prompt": prompt})
                if not result.is_error or not any(word in text_of(result) for word in LATER):
                    return result
                self.put_off += 1
                await anyio.sleep(5)


def is_refusal(exc: BaseException) -> bool:
    """Whether a server has answered with an error of the protocol, rather than nothing, or a proxy for it."""
    if isinstance(exc, BaseExceptionGroup):
        return all(map(is_refusal, exc.exceptions))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - of any
    return isinstance(exc, MCPError) and exc.error.code < CLOSED and exc.error.message != PROXY_ERROR


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def find_id(result: CallToolResult) -> str | None:
    found = INTERACTION_ID.findall(text_of(result))
    return found[-1] if found else None
