# /// script
# requires-python = ">=3.11"
# dependencies = ["langchain>=1.2,<2", "langchain-mcp-adapters>=0.3.2,<0.4", "langchain-openai>=1.7,<2"]
# ///
"""Give Gemini's tools to an agent of LangGraph.

OPENAI_API_KEY=your-openai-key GEMINI_API_KEY=your-key uv run langgraph_agent.py "What does Gemini say about the sky?"
"""

import asyncio
import os
import sys

from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

SERVERS = {
    "gemini": {
        "transport": "stdio",
        "command": "uvx",
        "args": ["gemini-interactions-mcp"],
        "env": dict(os.environ),
    }
}


async def main(task: str) -> None:
    # One session for all calls: without it, each call starts a server of its own.
    async with MultiServerMCPClient(SERVERS).session("gemini") as session:
        agent = create_agent(
            os.environ.get("LANGCHAIN_MODEL", "openai:gpt-5-mini"),
            tools=await load_mcp_tools(session),
            system_prompt="Use Gemini's tools. When a result is in_progress, fetch it with read_interaction.",
        )
        result = await agent.ainvoke({"messages": [("user", task)]})
        print(result["messages"][-1].text)


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "What does Gemini say about the sky?"))
