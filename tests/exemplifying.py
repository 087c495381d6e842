"""How the examples are run: as a user copies them, with a `uvx` that starts this checkout's server."""

import json
import os
import re
import sys
import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from wired import environment

EXAMPLES = Path(__file__).parent.parent / "examples"
HEADER = re.compile(r"^# /// script\n((?:#(?: .*)?\n)+)# ///$", re.MULTILINE)
"""Source: https://packaging.python.org/en/latest/specifications/inline-script-metadata/"""

WORD = "model-of-the-agent"
"""In the last answer of the stand-in, before what the tool has said."""


def read_requirements(example: Path) -> list[str]:
    """The packages that an example names."""
    found = HEADER.search(example.read_text(encoding="utf-8"))
    assert found, f"{example.name} has no header of its requirements"
    return tomllib.loads("".join(line[2:] or "\n" for line in found[1].splitlines(keepends=True)))["dependencies"]


def make_uvx(folder: Path) -> Path:
    """A `uvx` of this checkout, in a directory of its own."""
    (made := folder / "uvx").mkdir()
    start = f'"{sys.executable}" -c "import sys; sys.argv.pop(1); import runpy; '
    start += "runpy.run_module('gemini_interactions_mcp', run_name='__main__')\""
    (made / "uvx").write_text(f'#!/bin/sh\nexec {start} "$@"\n', encoding="utf-8")
    (made / "uvx").chmod(0o755)
    (made / "uvx.cmd").write_text(f"@{start} %*\n", encoding="utf-8")
    return made


async def run_example(
    folder: Path, url: str, name: str, *arguments: str, python: str = sys.executable, **variables: str
) -> str:
    """Run an example in a folder with nothing of the user's, and return what it prints."""
    uvx = make_uvx(folder)
    environ = environment(folder, url) | variables
    environ["PATH"] = f"{uvx}{os.pathsep}{environ['PATH']}"
    script = EXAMPLES / name
    with anyio.fail_after(120):
        ended = await anyio.run_process([python, str(script), *arguments], env=environ, cwd=folder, check=False)
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")[-4_000:]
    return ended.stdout.decode()


@asynccontextmanager
async def serve_llm() -> AsyncGenerator[str]:
    """Serve a stand-in for OpenAI's API at what is yielded: it calls gemini_ask once, and repeats what that says."""
    routes = [
        Route("/v1/chat/completions", complete, methods=["POST"]),
        Route("/v1/responses", respond, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        with anyio.fail_after(10):
            while not server.started:
                await anyio.lowlevel.checkpoint()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
        server.should_exit = True


async def complete(request: Request) -> JSONResponse:
    """Answer a chat completion: https://platform.openai.com/docs/api-reference/chat/create"""
    asked = await request.json()
    said = [each["content"] for each in asked["messages"] if each["role"] == "tool"]
    names = [tool["function"]["name"] for tool in asked.get("tools", ())]
    message: dict[str, Any] = {"role": "assistant", "content": f"{WORD}: {json.dumps(said)}" if said else None}
    if not said:
        call = {"name": find_tool(names), "arguments": json.dumps({"prompt": "Why is the sky blue?"})}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    choice = {"index": 0, "message": message, "finish_reason": "stop" if said else "tool_calls"}
    return JSONResponse(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": asked["model"],
            "choices": [choice],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )


async def respond(request: Request) -> JSONResponse:
    """Answer a response: https://platform.openai.com/docs/api-reference/responses/create"""
    asked = await request.json()
    items: list[dict[str, Any]] = [] if isinstance(asked["input"], str) else asked["input"]
    said = [each["output"] for each in items if each.get("type") == "function_call_output"]
    names = [tool["name"] for tool in asked.get("tools", ()) if tool["type"] == "function"]
    if said:
        text: dict[str, Any] = {"type": "output_text", "text": f"{WORD}: {json.dumps(said)}", "annotations": []}
        item: dict[str, Any] = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
        item["content"] = [text]
    else:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": find_tool(names)}
        item |= {"arguments": json.dumps({"prompt": "Why is the sky blue?"}), "status": "completed"}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return JSONResponse(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 0,
            "status": "completed",
            "model": asked["model"],
            "output": [item],
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
            "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2} | details,
        }
    )


def find_tool(names: list[str]) -> str:
    """The name under which an agent's framework offers gemini_ask."""
    return next(name for name in names if name.endswith("gemini_ask"))
