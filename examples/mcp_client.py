# /// script
# requires-python = ">=3.11"
# dependencies = ["mcp>=2.3,<3"]
# ///
"""Ask Gemini from a program of your own, and continue the conversation.

GEMINI_API_KEY=your-key uv run mcp_client.py "Why is the sky blue?"
"""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(command="uvx", args=["gemini-interactions-mcp"], env=dict(os.environ))
RESULT = "io.github.gemini-interactions-mcp/result"


async def main(question: str) -> None:
    async with Client(SERVER) as gemini:
        answer = await gemini.call_tool("gemini_ask", {"prompt": question})
        print(answer.content[0].text)
        facts = answer.meta[RESULT]
        if answer.is_error:
            sys.exit(f"failed: {facts['code']}")

        again = await gemini.call_tool(
            "gemini_continue",
            {"prompt": "Say it to a child.", "previous_interaction_id": facts["interaction_id"]},
        )
        print(again.content[0].text)
        for told in (facts, again.meta[RESULT]):
            print(told["interaction_id"], told["status"], f"{told.get('tokens', 0)} tokens", told.get("cost_usd"))


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "Why is the sky blue?"))
