"""The `demo` command: the main job on made-up files, without a key or network.

It starts the emulator, starts the real server as a host would, and drives it with the real MCP client through all
ten tools, showing what a host shows.
"""

import math
import os
import struct
import sys
import tempfile
import time
import wave
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import anyio
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent
from PIL import Image, ImageDraw

from gemini_interactions_mcp import emulator

OUTPUT_FOLDER: Final = "output"
"""The name of the folder in which the server saves files."""
SHOWN_LINES: Final = 14
RESEARCH_SECONDS: Final = 3.0


class StepFailedError(Exception):
    """A step of the demo did not do what it shows."""


def demo() -> int:
    """Run the demo; 0 only if every step worked."""
    folder = Path(tempfile.mkdtemp(prefix="gemini-interactions-demo-"))
    began = time.monotonic()
    try:
        anyio.run(tour, folder)
    except StepFailedError as exc:
        print(f"\nThe demo failed: {exc}")
        return 1
    print(f"\nEvery step worked, in {time.monotonic() - began:.0f} s. What was saved:")
    for path in sorted(path for path in (folder / OUTPUT_FOLDER).rglob("*") if path.is_file()):
        print(f"  {path} ({path.stat().st_size:,} bytes)")
    print(f"All of it is in {folder}; delete it when you like.")
    return 0


async def tour(folder: Path) -> None:
    """Emulator, server and client, and everything that the client asks for."""
    inputs = make_files(folder / "input")
    print("An emulated Interactions API on loopback, the real server over stdio, the real MCP client.")
    print("No model runs: answers are made up from the request, and say so.")
    async with emulator.serve(emulator.Emulator(research_seconds=RESEARCH_SECONDS)) as url, host(folder, url) as client:
        failure = await first_failure(client, inputs)
    if failure is not None:
        raise failure


async def first_failure(client: Client, inputs: list[Path]) -> StepFailedError | None:
    """Take the steps; what fails is returned, because the client's task groups would wrap what is raised."""
    try:
        await introduce(client)
        await converse(client)
        await analyze(client, inputs)
        await draw(client, inputs)
        await research(client)
        await look_back(client)
    except StepFailedError as exc:
        return exc
    return None


@asynccontextmanager
async def host(folder: Path, url: str) -> AsyncGenerator[Client]:
    """A client with the server as its child, configured as a host configures it."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "gemini_interactions_mcp"],
        env={
            "GEMINI_API_KEY": "demo-key-for-the-emulator",
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_MCP_ALLOWED_DIRS": str(folder),
            "GEMINI_MCP_OUTPUT_DIR": str(folder / OUTPUT_FOLDER),
            "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
        },
        cwd=folder,
    )
    async with Client(server) as client:
        yield client


# The steps -----------------------------------------------------------------------------------------------


async def introduce(client: Client) -> None:
    """Say what the host sees of the server."""
    listed = (await client.list_tools()).tools
    print(f"\nConnected with protocol {client.protocol_version}. Tools: {', '.join(tool.name for tool in listed)}.")


async def converse(client: Client) -> None:
    """Ask, continue, and ask for JSON."""
    asked = await call(
        client, "gemini_ask", prompt="Why is the sky blue?", tools=["google_search"], thinking_level="low"
    )
    await call(client, "gemini_continue", previous_interaction_id=id_of(asked), prompt="And why red at sunset?")
    schema = {
        "type": "object",
        "properties": {"colour": {"type": "string"}, "wavelength_nm": {"type": "integer"}},
        "required": ["colour", "wavelength_nm"],
    }
    await call(client, "gemini_ask", prompt="The colour of the sky, as data.", response_schema=schema)


async def analyze(client: Client, inputs: list[Path]) -> None:
    """Analyze a PNG, a PDF, a WAV and a text file in one call, then a page of what a glob finds."""
    await call(
        client, "analyze_file", files=[str(path) for path in inputs], prompt="What do these four files have in common?"
    )
    await call(client, "analyze_file", files=[f"{inputs[0].parent}/*.pdf"], pages="1", prompt="And this page?")


async def draw(client: Client, inputs: list[Path]) -> None:
    """Make an image, edit it, and edit a local one."""
    made = await call(client, "generate_image", prompt="A red bicycle by the sea", aspect_ratio="16:9")
    await call(client, "generate_image", prompt="Now at night", previous_interaction_id=id_of(made))
    await call(client, "generate_image", prompt="Add a frame", images=[str(inputs[0])], output_path="framed.jpg")


async def research(client: Client) -> None:
    """Plan, run, watch and read research; start another and cancel it."""
    question = "How do tides shape coastal towns?"
    planned = await call(client, "start_research", prompt=question, plan_first=True)
    await call(client, "check_research", interaction_id=id_of(planned), wait_seconds=30)
    started = await call(client, "start_research", prompt="Go ahead.", previous_interaction_id=id_of(planned))
    await call(client, "check_research", interaction_id=id_of(started))
    report = await call(client, "check_research", interaction_id=id_of(started), wait_seconds=45)
    require("completed" in text_of(report), "the research did not complete")
    section = await call(
        client, "check_research", interaction_id=id_of(started), section="Findings", resolve_sources=True
    )
    require("](https://example.com/emulated/source/1)" in text_of(section), "a redirect link was not looked up")
    repeated = await call(client, "start_research", prompt="Go ahead.", previous_interaction_id=id_of(planned))
    require(id_of(repeated) == id_of(started), "the same research was bought twice")
    other = await call(client, "start_research", prompt="Something else entirely")
    await call(client, "cancel_research", interaction_id=id_of(other))


async def look_back(client: Client) -> None:
    """List, search, read and delete; read a resource."""
    listed = await call(client, "list_interactions", limit=20)
    found = await call(client, "list_interactions", query="sunset")
    require(len(rows_of(found)) == 1, "the search did not find one interaction")
    interaction_id = rows_of(found)[0]["interaction_id"]
    await call(client, "read_interaction", interaction_id=interaction_id)
    await show_resources(client, interaction_id)
    await call(client, "delete_interaction", interaction_id=interaction_id)
    after = await client.call_tool("list_interactions", {"limit": 20})
    require(len(rows_of(after)) == len(rows_of(listed)) - 1, "the interaction is still listed")


async def show_resources(client: Client, interaction_id: str) -> None:
    """List the resources and read one."""
    resources = (await client.list_resources()).resources
    print(f"\n== resources/list: {len(resources)} resources, such as")
    for each in resources[:4]:
        print(f"   {each.uri}  {each.title}")
    document = await client.read_resource(f"gemini://interactions/{interaction_id}")
    require(bool(document.contents), "the resource is empty")


# Calling and showing -------------------------------------------------------------------------------------


async def call(client: Client, name: str, **arguments: Any) -> CallToolResult:  # noqa: ANN401 - a tool's arguments
    """Call a tool and show the call, its progress and its result."""
    print(f"\n== {name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})")
    result = await client.call_tool(name, arguments, progress_callback=show_progress)
    for block in result.content:
        print("\n".join(shown(block)))
    require(not result.is_error, f"{name} failed")
    return result


async def show_progress(progress: float, total: float | None, message: str | None) -> None:
    """Show progress as it comes; nobody knows the total."""
    del total
    with suppress(BrokenPipeError):  # which the client would log; the next line that is printed ends the demo
        print(f"   ... {progress:4.1f} s  {message}")


def shown(block: object) -> list[str]:
    """A content block as lines."""
    match block:
        case TextContent():
            lines = [f"   {line}".rstrip() for line in block.text.splitlines()]
            if len(lines) <= SHOWN_LINES + 2:
                return lines
            gap = f"   [this demo leaves {len(lines) - SHOWN_LINES} lines out here]"
            return [*lines[: SHOWN_LINES - 6], gap, *lines[-6:]]
        case ImageContent():
            return [f"   [preview: {block.mime_type}, {len(block.data) * 3 // 4:,} bytes]"]
        case ResourceLink():
            return [f"   [link: {block.uri}]"]
        case _:
            return [f"   [{type(block).__name__}]"]


def text_of(result: CallToolResult) -> str:
    """All text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def id_of(result: CallToolResult) -> str:
    """The interaction id in a result's footer."""
    words = text_of(result).partition("interaction_id: ")[2].split()
    require(bool(words), "there is no interaction_id")
    return words[0]


def rows_of(result: CallToolResult) -> list[dict[str, str]]:
    """The rows of list_interactions."""
    return cast("list[dict[str, str]]", (result.structured_content or {})["interactions"])


def require(truth: bool, complaint: str) -> None:
    """End the demo unless something is so.

    Raises:
        StepFailedError: It is not.
    """
    if not truth:
        raise StepFailedError(complaint)


# Files ---------------------------------------------------------------------------------------------------


def make_files(folder: Path) -> list[Path]:
    """A PNG, a PDF, a WAV and a text file."""
    folder.mkdir(parents=True)
    return [make_png(folder), make_pdf(folder), make_wav(folder), make_text(folder)]


def make_png(folder: Path) -> Path:
    """A picture of a lighthouse, more or less."""
    image = Image.new("RGB", (640, 400), "skyblue")
    brush = ImageDraw.Draw(image)
    brush.polygon([(290, 360), (350, 360), (335, 120), (305, 120)], fill="white", outline="black")
    brush.rectangle((300, 90, 340, 120), fill="gold", outline="black")
    brush.rectangle((0, 360, 640, 400), fill="seagreen")
    image.save(path := folder / "lighthouse.png")
    return path


def make_pdf(folder: Path) -> Path:
    """A page with a title."""
    page = Image.new("RGB", (595, 842), "white")
    ImageDraw.Draw(page).text((60, 60), "Tide table of a small harbour", fill="black")
    page.save(path := folder / "tides.pdf")
    return path


def make_wav(folder: Path) -> Path:
    """Half a second of a foghorn."""
    rate = 16_000
    samples = (int(9_000 * math.sin(2 * math.pi * 110 * i / rate)) for i in range(rate // 2))
    with wave.open(str(path := folder / "foghorn.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


def make_text(folder: Path) -> Path:
    """A few lines of UTF-8."""
    path = folder / "notes.txt"
    path.write_text("Ebbe und Flut: 潮の満ち引き 🌊" + os.linesep, encoding="utf-8")
    return path
