# /// script
# requires-python = ">=3.11"
# dependencies = ["gemini-interactions-mcp"]
# ///
"""Run the server inside your program, without a second process, and draw a picture.

GEMINI_API_KEY=your-key uv run in_process.py "A red bicycle"
"""

import asyncio
import sys

from mcp import Client

from gemini_interactions_mcp import RESULT_KEY, ErrorCode, ResultFacts, Settings, build_server


async def main(prompt: str) -> None:
    settings = Settings.from_environ().require_valid()
    async with Client(build_server(settings)) as gemini:
        result = await gemini.call_tool("generate_image", {"prompt": prompt})
        facts = ResultFacts.model_validate(result.meta[RESULT_KEY])
        if facts.code is ErrorCode.QUOTA_EXCEEDED:
            sys.exit(f"Try again in {facts.retry_after_seconds or 60:.0f} seconds.")
        if result.is_error:
            sys.exit(result.content[0].text)

        # A slow picture comes later; it is paid for, so it is fetched and never asked for again.
        while not facts.finished:
            result = await gemini.call_tool(
                "read_interaction", {"interaction_id": facts.interaction_id, "wait_seconds": 45}
            )
            if result.is_error:
                sys.exit(f"{result.content[0].text}\nTo fetch it later: {facts.interaction_id}")
            facts = ResultFacts.model_validate(result.meta[RESULT_KEY])
        for file in facts.files:
            print(file.path, file.mime_type, f"{file.bytes} bytes")
        print(f"{facts.model}: ${facts.cost_usd}")


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "A red bicycle"))
