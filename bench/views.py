"""What a page of a view takes the server: history of 100,000 rows, usage, and a report of 100,000 characters.

    python bench/views.py [rows]

The journal is written by SQL: a row for each of the last minutes, of which one in twenty is research with a report of
20,000 characters. Printed: milliseconds per page at the median, from the call of `read_view` to its result through the
real client in this process.
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio
from mcp import Client
from mcp.client.extension import advertise

from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings

ROWS: Final = 100_000
CALLS: Final = 15
REPORT_EVERY: Final = 20
VIEW: Final = "gemini-interactions/view"
UI: Final = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
PARAGRAPH: Final = "The tide turns twice a day [1], and *nobody* minds the `foghorn` [2]. " * 8
REPORT: Final = "\n\n".join(f"## Part {number}\n\n{PARAGRAPH}" for number in range(38))
LONG_REPORT: Final = "\n\n".join(f"## Part {number}\n\n{PARAGRAPH}" for number in range(185))
CITATIONS: Final = json.dumps(
    [{"url": f"https://example.com/{number}", "title": f"Source {number}"} for number in range(200)]
)


def make_row(number: int, rows: int) -> dict[str, Any]:
    """A row as the server writes it; the newest one has the long report."""
    research = number % REPORT_EVERY == 0
    moment = (datetime.now(UTC) - timedelta(minutes=rows - number)).isoformat(timespec="microseconds")
    text = LONG_REPORT if number == rows - 1 else REPORT if research else "A short answer. " * 30
    return {
        "label": f"local-{number:08x}",
        "interaction_id": f"v1_{number:08x}",
        "kind": "research" if research else "image" if number % 97 == 0 else "ask",
        "plan": 0,
        "status": "failed" if number % 501 == 0 else "completed",
        "model": "gemini-3.8-flash",
        "prompt": f"Question {number}" + (" about the zugzwang" if number % 9_973 == 0 else ""),
        "text": text,
        "citations": CITATIONS if number == rows - 1 else "[]",
        "files": "[]",
        "usage": '{"total_input_tokens": 10, "total_output_tokens": 20, "total_tokens": 30}',
        "created_at": moment,
        "updated_at": moment,
        "finished_at": moment,
        "settled_at": moment,
        "fingerprint": f"{number:064x}",
        "approves": 0,
        "origin": "ours",
        "stored": 1,
        "files_pending": 0,
        "principal": "",
        "cost_micros": 1_000,
    }


def fill_journal(path: Path, rows: int) -> None:
    """Write the rows."""
    with closing(sqlite3.connect(path)) as database, database:
        names = list(make_row(0, rows))
        places = ", ".join("?" * len(names))
        database.executemany(
            f"insert into interactions ({', '.join(names)}) values ({places})",
            (tuple(make_row(number, rows).values()) for number in range(rows)),
        )


async def measure(client: Client, name: str, **arguments: str | int) -> dict[str, Any]:
    """Print the median duration of a call, and return what it shows."""
    took: list[float] = []
    shown: dict[str, Any] = {}
    for _ in range(CALLS):
        since = time.perf_counter()
        result = await client.call_tool("read_view", arguments)
        took.append(time.perf_counter() - since)
        assert result.meta, result.content
        shown = result.meta[VIEW]
    print(f"{name:42} {1000 * statistics.median(took):8.1f} ms")
    return shown


async def run(folder: Path, rows: int) -> None:
    """Fill a journal, and read its pages."""
    path = folder / "journal.sqlite3"
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{path.as_posix()}",
        allowed_dirs=(folder,),
        output_dir=folder,
        base_url="http://127.0.0.1:1",
    )
    async with Client(build_server(settings), cache=None, extensions=[UI]) as client:
        await client.list_tools()
        await client.call_tool("list_interactions", {})
        await anyio.to_thread.run_sync(fill_journal, path, rows)
        first = await measure(client, "history, first page", list="history")
        cursor = first["next_cursor"]
        await measure(client, "history, second page", list="history", cursor=cursor)
        for _ in range(100):
            result = await client.call_tool("read_view", {"list": "history", "cursor": cursor})
            assert result.meta
            cursor = result.meta[VIEW]["next_cursor"]
        await measure(client, "history, page 100", list="history", cursor=cursor)
        await measure(client, "history, images (1 of 97)", list="history", kind="image")
        await measure(client, "history, failed (1 of 501)", list="history", status="failed")
        await measure(client, "history, a frequent word", list="history", query="foghorn")
        await measure(client, "history, a word in 10 rows", list="history", query="zugzwang")
        await measure(client, "usage", list="usage")
        await measure(client, "report of 100,000 characters, page 1", interaction_id=f"v1_{rows - 1:08x}")
        await measure(client, "report of 100,000 characters, page 2", interaction_id=f"v1_{rows - 1:08x}", page=2)


def main() -> None:
    """Measure in a temporary folder."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(run, Path(folder), rows)


if __name__ == "__main__":
    main()
