# /// script
# requires-python = ">=3.11"
# dependencies = ["pydantic-ai-slim[mcp,openai]>=2.68,<3"]
# ///
"""Give Gemini's tools to an agent of Pydantic AI.

OPENAI_API_KEY=your-openai-key GEMINI_API_KEY=your-key uv run pydantic_agent.py "What does Gemini say about the sky?"
"""

import asyncio
import os
import sys

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset


async def main(task: str) -> None:
    gemini = MCPToolset(StdioTransport("uvx", ["gemini-interactions-mcp"], env=dict(os.environ)))
    agent = Agent(
        os.environ.get("PYDANTIC_AI_MODEL", "openai-chat:gpt-5-mini"),
        instructions="Use Gemini's tools. When a result is in_progress, fetch it with read_interaction.",
        toolsets=[gemini],
    )
    async with agent:
        print((await agent.run(task)).output)


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "What does Gemini say about the sky?"))
