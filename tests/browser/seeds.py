"""What the views are tested with: made by the tools where they can, and else written into the journal."""

import hashlib
import io
import os
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from mcp import Client, StdioServerParameters
from mcp_types import TextContent
from PIL import Image

from gemini_interactions_mcp.cli.demo_files import make_sample_files
from gemini_interactions_mcp.journal.clock import now
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Citation, Record, SavedFile, Usage

HOOK: Final = "__script()"
"""Calls what notes that a script has run."""

CORPUS: Final = (
    f"<script>{HOOK}</script>",
    f"<img src=x onerror={HOOK}>",
    f"<svg onload={HOOK}>",
    f"<svg><script>{HOOK}</script></svg>",
    f"<math><mtext></p><svg><style><img src=x onerror={HOOK}></style></svg></mtext></math>",
    f"<iframe srcdoc='<script>parent.{HOOK}</script>'></iframe>",
    f"<iframe src=javascript:parent.{HOOK}></iframe>",
    f"<a href=javascript:{HOOK}>a</a>",
    f"[a](javascript:{HOOK})",
    f"[a](JaVaScRiPt:{HOOK})",
    f"[a](java\tscript:{HOOK})",
    "[a](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuX19zY3JpcHQoKTwvc2NyaXB0Pg==)",
    f"[a](vbscript:{HOOK})",
    f"![a](javascript:{HOOK})",
    '![a](https://evil.invalid/picture.png "x")',
    f'![a" onerror="{HOOK}](x)',
    f'<https://example.com/"onmouseover="{HOOK}>',
    f'"><script>{HOOK}</script>',
    f"'\"><img src=x onerror={HOOK}>",
    f"</title></textarea></style></noscript><script>{HOOK}</script>",
    f"<details open ontoggle={HOOK}>",
    f"<video><source onerror={HOOK}></video>",
    f"<body onload={HOOK}>",
    f"<input autofocus onfocus={HOOK}>",
    f"<form action=javascript:{HOOK}><button>go</button></form>",
    "<style>@import 'https://evil.invalid/a.css';*{background:url(https://evil.invalid/b)}</style>",
    "<link rel=stylesheet href=https://evil.invalid/c.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.invalid/'>",
    "<base href=https://evil.invalid/>",
    f"<template><script>{HOOK}</script></template>",
    "<a id=main name=main href=x>clobbered</a><form name=body><input name=parentNode>",
    f'```x" onmouseover="{HOOK}\n<script>{HOOK}</script>\n```',
    f'<noscript><p title="</noscript><img src=x onerror={HOOK}>">',
    f"&lt;script&gt;{HOOK}&lt;/script&gt;",
    f"{{{{constructor.constructor('{HOOK}')()}}}}",
    "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b",
)
"""Texts that do something where they are taken for more than text."""

ADDRESSES: Final = (
    f"javascript:{HOOK}",
    f" javascript:{HOOK}",
    f"JAVASCRIPT:{HOOK}//https://example.com",
    f"data:text/html,<script>parent.{HOOK}</script>",
    f"vbscript:{HOOK}",
    "blob:https://evil.invalid/1",
    "file:///etc/passwd",
    "//evil.invalid/x",
    f'https://example.com/"onmouseover="{HOOK}',
    "https://example.com/<script>",
)


def build_environment(home: Path, url: str) -> dict[str, str]:
    """The environment of the servers: everything is below `home`."""
    (home / "files").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        **({"PYTHONPATH": path} if (path := os.environ.get("PYTHONPATH")) else {}),
        "GEMINI_API_KEY": "key-of-the-browser-tests",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_MCP_ALLOWED_DIRS": str(home / "files"),
        "GEMINI_MCP_OUTPUT_DIR": str(home / "output"),
        "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{home / 'journal.sqlite3'}",
        "GEMINI_MCP_WAIT_SECONDS": "30",
    }


async def plant(env: Mapping[str, str]) -> dict[str, Any]:
    """Fill the journal and the output folder; the ids of what the tests open, and the corpus."""
    home = Path(env["HOME"])
    sounds = [str(path) for path in make_sample_files(home / "files" / "samples") if path.suffix == ".wav"]
    server = StdioServerParameters(command=sys.executable, args=["-m", "gemini_interactions_mcp"], env=dict(env))
    # First the rows of the past, so that what the tests open is the newest.
    await plant_rows(env)
    async with Client(server) as client:
        ids = {
            "video": await make(client, "generate_video", prompt="A ball rolls down", seconds=3),
            "transcript": await make(
                client,
                "analyze_file",
                files=sounds,
                prompt="The foghorn",
                transcript=True,
            ),
            "audio": await make(client, "generate_audio", prompt="Then it is time to go."),
            "picture": await make(client, "generate_image", prompt="A red bicycle by the sea"),
            "shortReport": await research(client, "How do tides shape coastal towns?"),
            "report": await research(client, "Tides, at length [[words=15500]] [[sources=200]] [[charts=20]]"),
            "plan": await research(client, "How do tides shape coastal towns?", plan_first=True),
            "run": await make(client, "start_research", prompt="The history of lighthouses [[seconds=3000]]"),
            "hostileRun": await make(
                client, "start_research", prompt=f"{CORPUS[0]} {CORPUS[1]} {CORPUS[16]} [[seconds=3000]]"
            ),
        }
    return {"ids": ids | {"hostile": "v1_hostile", "failed": "v1_failed"}, "corpus": CORPUS}


async def make(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool; the id of what it has made."""
    result = await client.call_tool(tool, arguments)
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    found = re.search(r"interaction_id: (\S+)", text)
    assert found, text
    return found[1]


async def research(client: Client, prompt: str, **arguments: Any) -> str:
    """Do research to its end."""
    started = await make(client, "start_research", prompt=prompt, **arguments)
    result = await client.call_tool("check_research", {"interaction_id": started, "wait_seconds": 60})
    assert "completed" in str(result.content), result.content
    return started


async def plant_rows(env: Mapping[str, str]) -> None:
    """Write 200 rows of 30 days, and those with the corpus."""
    journal = Journal(env["GEMINI_MCP_DATABASE_URL"])
    moment = now()
    kinds = ("ask", "image", "research", "analyze", "speech")
    for number in range(200):
        then = moment - timedelta(hours=3.6 * (200 - number) + 1)
        await journal.insert(
            Record.model_validate(
                {
                    "label": f"past-{number}",
                    "interaction_id": f"v1_past{number}",
                    "kind": kinds[number % len(kinds)],
                    "status": "failed" if number % 17 == 3 else "completed",
                    "model": "gemini-3.8-flash",
                    "prompt": f"Question {number} about {('tides', 'gulls', 'harbours')[number % 3]}",
                    "text": f"Answer {number}.",
                    "error": "It was refused." if number % 17 == 3 else None,
                    "usage": Usage(
                        total_input_tokens=900 + number, total_output_tokens=300, total_tokens=1200 + number
                    ),
                    "cost_micros": 1_200 * (number % 40),
                    "created_at": then,
                    "updated_at": then,
                    "finished_at": then + timedelta(seconds=20),
                }
            )
        )
    await plant_hostile(journal, Path(env["GEMINI_MCP_OUTPUT_DIR"]))
    await journal.close()


async def plant_hostile(journal: Journal, output: Path) -> None:
    """Write a completed report and a failed question in which every text is hostile."""
    moment = now()
    whole = "\n\n".join(CORPUS)
    files = [save_picture(output, name) for name in ("<img src=x onerror=__script()>.png", 'a" onload="__script().png')]
    citations = [
        Citation(url=ADDRESSES[number % len(ADDRESSES)], title=text, start=0, end=5)
        for number, text in enumerate(CORPUS)
    ]
    common = {"prompt": whole, "topic": CORPUS[1], "created_at": moment, "updated_at": moment, "finished_at": moment}
    await journal.insert(
        Record.model_validate(
            common
            | {
                "label": "hostile",
                "interaction_id": "v1_hostile",
                "kind": "research",
                "agent": CORPUS[2],
                "status": "completed",
                "text": f"# {CORPUS[1]}\n\n{whole}\n\n## {CORPUS[0]}\n\n| {CORPUS[1]} |\n|---|\n| {CORPUS[2]} |\n",
                "citations": citations,
                "files": files,
                "failures": CORPUS,
            }
        )
    )
    await journal.insert(
        Record.model_validate(
            common
            | {
                "label": "failed",
                "interaction_id": "v1_failed",
                "kind": "ask",
                "model": CORPUS[2],
                "status": "failed",
                "error": whole,
            }
        )
    )


def save_picture(folder: Path, name: str) -> SavedFile:
    """Save a small picture under any name."""
    folder.mkdir(exist_ok=True)
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(stream, "PNG")
    content = stream.getvalue()
    (folder / name).write_bytes(content)
    return SavedFile(
        name=name,
        path=str(folder / name),
        mime_type="image/png",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=64,
        height=48,
    )
