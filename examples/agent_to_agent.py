# /// script
# requires-python = ">=3.11"
# dependencies = ["mcp>=2.3,<3"]
# ///
"""Hand a research to the server over HTTP, follow it for as long as it takes, and save the report.

On the machine of the server, which prints the token:

    GEMINI_API_KEY=your-key uvx gemini-interactions-mcp serve --http

On yours:

    MCP_TOKEN=the-token uv run agent_to_agent.py http://127.0.0.1:8765/mcp "How do cities cool down?"

The id is printed first. If this program ends early, give it in place of the question: nothing is paid for twice.
"""

import asyncio
import os
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

RESULT = "io.github.gemini-interactions-mcp/result"


async def follow(gemini: Client, interaction_id: str) -> dict:
    """Wait for the end of an interaction, in calls that no proxy times out."""
    while True:
        read = await gemini.call_tool("check_research", {"interaction_id": interaction_id, "wait_seconds": 45})
        facts = read.meta[RESULT]
        if read.is_error and facts["code"] not in ("network", "overloaded", "quota_exceeded"):
            sys.exit(read.content[0].text)
        if facts.get("finished"):
            return facts
        if read.is_error:
            await asyncio.sleep(facts.get("retry_after_seconds", 30))
        print(read.content[0].text.splitlines()[0])


async def main(address: str, question: str) -> None:
    token = os.environ.get("MCP_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=120) as web,
        Client(streamable_http_client(address, http_client=web)) as gemini,
    ):
        interaction_id = question
        # A question has words; an id has no blank, in whichever form it is while Google has not confirmed it.
        if " " in question:
            started = await gemini.call_tool("start_research", {"prompt": question})
            if started.is_error:
                sys.exit(started.content[0].text)
            interaction_id = started.meta[RESULT]["interaction_id"]
        print(interaction_id)

        facts = await follow(gemini, interaction_id)
        # The text of a result comes in pages; the resource has all of it.
        (report,) = (await gemini.read_resource(f"gemini://interactions/{facts['interaction_id']}")).contents
        Path("report.md").write_text(report.text, encoding="utf-8")
        print(f"report.md: {facts['status']}, {facts.get('tokens')} tokens, ${facts.get('cost_usd')}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], " ".join(sys.argv[2:])))
