"""The `demo` command: calls every tool on sample files, without a key or network.

Starts the emulator and, as a host would, the real server; then calls every tool with the real MCP client, and
prints what a host shows.
"""

import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import anyio
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent

from gemini_interactions_mcp import emulator

from .demo_files import make_sample_files

DEMO_OUTPUT_FOLDER: Final = "output"
"""Name of the folder in which the server saves files."""
MAX_SHOWN_LINES: Final = 14
"""Lines printed of a longer text."""
DEMO_RESEARCH_SECONDS: Final = 2.0
"""Duration of a research run on the emulator."""


class StepFailedError(Exception):
    """A step of the demo did not have the expected result."""


def run_demo() -> int:
    """Run the demo; return the exit status, 0 only if every step succeeded."""
    folder = Path(tempfile.mkdtemp(prefix="gemini-interactions-demo-"))
    began = time.monotonic()
    try:
        anyio.run(run_tour, folder)
    except StepFailedError as exc:
        print(f"\nThe demo failed: {exc}")
        return 1
    print(f"\nEvery step succeeded, in {time.monotonic() - began:.0f} s. Saved files:")
    for path in sorted(path for path in (folder / DEMO_OUTPUT_FOLDER).rglob("*") if path.is_file()):
        print(f"  {path} ({path.stat().st_size:,} bytes)")
    print(f"All files of the demo are in {folder}; you can delete that folder at any time.")
    return 0


async def run_tour(folder: Path) -> None:
    """Start emulator, server and client, and run all steps.

    Raises:
        StepFailedError: A step did not have the expected result.
    """
    inputs = make_sample_files(folder / "input")
    print("This demo calls every tool of the real server over stdio; an emulator on loopback stands in for Google.")
    print("No model runs: the answers are made up from the requests, and say so.")
    async with (
        emulator.serve_emulator(emulator.Emulator(research_seconds=DEMO_RESEARCH_SECONDS)) as url,
        connect_client(folder, url) as client,
    ):
        failure = await run_steps(client, inputs)
    if failure is not None:
        raise failure


async def run_steps(client: Client, inputs: list[Path]) -> StepFailedError | None:
    """Run the steps; return the first failure, because the client's task groups would wrap an exception."""
    try:
        await show_server(client)
        await converse(client)
        await analyze_samples(client, inputs)
        await generate_images(client, inputs)
        await generate_recordings(client)
        await film_scene(client, inputs)
        await transcribe_sample(client, inputs)
        await keep_knowledge(client, inputs)
        await demo_research(client)
        await look_back(client)
    except StepFailedError as exc:
        return exc
    return None


@asynccontextmanager
async def connect_client(folder: Path, url: str) -> AsyncGenerator[Client]:
    """Yield a client with the server as its child process, configured as by a host."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-P", "-m", "gemini_interactions_mcp"],
        env={
            "GEMINI_API_KEY": "demo-key-for-the-emulator",
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_MCP_ALLOWED_DIRS": str(folder),
            "GEMINI_MCP_OUTPUT_DIR": str(folder / DEMO_OUTPUT_FOLDER),
            "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
        },
        cwd=folder,
    )
    async with Client(server) as client:
        yield client


async def show_server(client: Client) -> None:
    """Print what a host sees of the server."""
    listed = (await client.list_tools()).tools
    print(f"\nConnected with MCP {client.protocol_version}. Tools: {', '.join(tool.name for tool in listed)}.")


async def converse(client: Client) -> None:
    """Ask, continue, and request JSON."""
    asked = await call_and_show(
        client, "gemini_ask", prompt="Why is the sky blue?", tools=["google_search"], thinking_level="low"
    )
    await call_and_show(
        client, "gemini_continue", previous_interaction_id=find_footer_id(asked), prompt="And why red at sunset?"
    )
    schema = {
        "type": "object",
        "properties": {"colour": {"type": "string"}, "wavelength_nm": {"type": "integer"}},
        "required": ["colour", "wavelength_nm"],
    }
    await call_and_show(client, "gemini_ask", prompt="The colour of the sky, as data.", response_schema=schema)


async def analyze_samples(client: Client, inputs: list[Path]) -> None:
    """Analyze a PNG, a PDF, a WAV and a text file in one call, then one page of the files that match a glob."""
    await call_and_show(
        client, "analyze_file", files=[str(path) for path in inputs], prompt="What do these four files have in common?"
    )
    await call_and_show(client, "analyze_file", files=[f"{inputs[0].parent}/*.pdf"], pages="1", prompt="And this page?")


async def generate_images(client: Client, inputs: list[Path]) -> None:
    """Generate an image, edit it, and edit a local one."""
    made = await call_and_show(client, "generate_image", prompt="A red bicycle by the sea", aspect_ratio="16:9")
    await call_and_show(client, "generate_image", prompt="Now at night", previous_interaction_id=find_footer_id(made))
    await call_and_show(
        client, "generate_image", prompt="Add a frame", images=[str(inputs[0])], output_path="framed.jpg"
    )


async def generate_recordings(client: Client) -> None:
    """Speak a script in two voices, and make a song."""
    script = "Joe: Did you hear the tide?\nJane: Only the foghorn.\nJoe: Then it is time to go."
    await call_and_show(client, "generate_audio", prompt=script, voice="Joe=Puck, Jane=Kore", style="calm")
    await call_and_show(client, "generate_audio", prompt="A slow waltz about a lighthouse", kind="music")


async def film_scene(client: Client, inputs: list[Path]) -> None:
    """Make a clip that begins with an image, and change it."""
    made = await call_and_show(client, "generate_video", prompt="A ball rolls down", images=[str(inputs[0])], seconds=3)
    await call_and_show(client, "generate_video", prompt="At night", previous_interaction_id=find_footer_id(made))


async def transcribe_sample(client: Client, inputs: list[Path]) -> None:
    """Write down what a recording says, and save its subtitles."""
    recordings = [str(path) for path in inputs if path.suffix == ".wav"]
    written = await call_and_show(client, "analyze_file", files=recordings, prompt="The foghorn", transcript=True)
    require("] Speaker 2: " in join_text_blocks(written), "the transcript has no second speaker")


async def keep_knowledge(client: Client, inputs: list[Path]) -> None:
    """Make a store, add files to it twice, ask about them, and delete the store."""
    documents = [str(path) for path in inputs if path.suffix in (".pdf", ".txt", ".md")]
    await call_and_show(client, "manage_store", action="create", store="Tides")
    added = await call_and_show(client, "manage_store", action="add", store="Tides", files=documents)
    tool = join_text_blocks(added).partition('tools=["')[2].partition('"')[0]
    again = await call_and_show(client, "manage_store", action="add", store="Tides", files=documents)
    require("Nothing was sent or charged" in join_text_blocks(again), "the same files were sent twice")
    await call_and_show(client, "gemini_ask", prompt="What do these files say?", tools=[tool])
    await call_and_show(client, "manage_store", action="list", store="Tides")
    await call_and_show(client, "manage_store", action="delete", store="Tides", force=True)


async def demo_research(client: Client) -> None:
    """Plan, run, follow and read research; start another run and cancel it."""
    question = "How do tides shape coastal towns?"
    planned = await call_and_show(client, "start_research", prompt=question, plan_first=True)
    await call_and_show(client, "check_research", interaction_id=find_footer_id(planned), wait_seconds=30)
    started = await call_and_show(
        client, "start_research", prompt="Go ahead.", previous_interaction_id=find_footer_id(planned)
    )
    await call_and_show(client, "check_research", interaction_id=find_footer_id(started))
    report = await call_and_show(client, "check_research", interaction_id=find_footer_id(started), wait_seconds=45)
    require("completed" in join_text_blocks(report), "the research did not complete")
    section = await call_and_show(
        client, "check_research", interaction_id=find_footer_id(started), section="Findings", resolve_sources=True
    )
    require("](https://example.com/emulated/source/1)" in join_text_blocks(section), "a redirect link was not resolved")
    repeated = await call_and_show(
        client, "start_research", prompt="Go ahead.", previous_interaction_id=find_footer_id(planned)
    )
    require(find_footer_id(repeated) == find_footer_id(started), "the same research was bought twice")
    other = await call_and_show(client, "start_research", prompt="Something else entirely")
    await call_and_show(client, "cancel_research", interaction_id=find_footer_id(other))


async def look_back(client: Client) -> None:
    """List, search, read and delete; read a resource; sum the costs."""
    listed = await call_and_show(client, "list_interactions", limit=20)
    found = await call_and_show(client, "list_interactions", query="sunset")
    require(len(list_result_rows(found)) == 1, "the search did not find exactly one interaction")
    interaction_id = list_result_rows(found)[0]["interaction_id"]
    await call_and_show(client, "read_interaction", interaction_id=interaction_id)
    await show_resources(client, interaction_id)
    await call_and_show(client, "delete_interaction", interaction_id=interaction_id)
    after = await client.call_tool("list_interactions", {"limit": 20})
    require(len(list_result_rows(after)) == len(list_result_rows(listed)) - 1, "the interaction is still listed")
    summed = await call_and_show(client, "list_interactions", totals="model")
    total = cast("list[dict[str, int]]", (summed.structured_content or {})["totals"])[-1]
    require(total["runs"] == len(list_result_rows(listed)), "what was deleted does not count")


async def show_resources(client: Client, interaction_id: str) -> None:
    """List the resources and read one."""
    resources = (await client.list_resources()).resources
    print(f"\n== resources/list: {len(resources)} resources, including")
    for each in resources[:6]:
        print(f"   {each.uri}  {each.title}")
    document = await client.read_resource(f"gemini://interactions/{interaction_id}")
    require(bool(document.contents), "the resource is empty")


async def call_and_show(client: Client, name: str, **arguments: Any) -> CallToolResult:  # noqa: ANN401 - a tool's arguments
    """Call a tool, and print the call, its progress and its result."""
    print(f"\n== {name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})")
    result = await client.call_tool(name, arguments, progress_callback=show_progress)
    for block in result.content:
        print("\n".join(render_block(block)))
    require(not result.is_error, f"{name} failed")
    return result


async def show_progress(progress: float, total: float | None, message: str | None) -> None:
    """Print a progress notification; the total is never known."""
    del total
    with suppress(BrokenPipeError):  # the client would log it; the next print ends the demo
        print(f"   ... {progress:4.1f} s  {message}")


def render_block(block: object) -> list[str]:
    """Return a content block as lines, a long text shortened."""
    match block:
        case TextContent():
            lines = [f"   {line}".rstrip() for line in block.text.splitlines()]
            if len(lines) <= MAX_SHOWN_LINES + 2:
                return lines
            gap = f"   [the demo omits {len(lines) - MAX_SHOWN_LINES} lines here]"
            return [*lines[: MAX_SHOWN_LINES - 6], gap, *lines[-6:]]
        case ImageContent():
            return [f"   [preview: {block.mime_type}, {len(block.data) * 3 // 4:,} bytes]"]
        case ResourceLink():
            return [f"   [link: {block.uri}]"]
        case _:
            return [f"   [{type(block).__name__}]"]


def join_text_blocks(result: CallToolResult) -> str:
    """Return all text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def find_footer_id(result: CallToolResult) -> str:
    """Return the interaction id in the footer of a result.

    Raises:
        StepFailedError: The result has no id.
    """
    words = join_text_blocks(result).partition("interaction_id: ")[2].split()
    require(bool(words), "the result has no interaction_id")
    return words[0]


def list_result_rows(result: CallToolResult) -> list[dict[str, str]]:
    """Return the rows of a `list_interactions` result."""
    return cast("list[dict[str, str]]", (result.structured_content or {})["interactions"])


def require(truth: bool, complaint: str) -> None:
    """Fail the step with the complaint unless `truth` holds.

    Raises:
        StepFailedError: It does not.
    """
    if not truth:
        raise StepFailedError(complaint)
