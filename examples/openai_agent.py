# /// script
# requires-python = ">=3.11"
# dependencies = ["openai-agents>=0.24,<0.25"]
# ///
"""Give Gemini's tools to an agent of the OpenAI Agents SDK.

OPENAI_API_KEY=your-openai-key GEMINI_API_KEY=your-key uv run openai_agent.py "What does Gemini say about the sky?"
"""

import asyncio
import os
import sys

from agents import Agent, Runner
from agents.mcp import MCPServerStdio


async def main(task: str) -> None:
    server = MCPServerStdio(
        params={"command": "uvx", "args": ["gemini-interactions-mcp"], "env": dict(os.environ)},
        # The SDK gives up after 5 seconds otherwise; the call is paid for all the same.
        client_session_timeout_seconds=600,
        cache_tools_list=True,
    )
    async with server:
        agent = Agent(
            name="Assistant",
            instructions="Use Gemini's tools. When a result is in_progress, fetch it with read_interaction.",
            mcp_servers=[server],
            model=os.environ.get("OPENAI_MODEL", "gpt-5-mini"),
        )
        result = await Runner.run(agent, task)
        print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "What does Gemini say about the sky?"))
