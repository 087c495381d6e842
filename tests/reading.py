"""How the tests call the server's tools and read what a host would show."""

import base64
import io
import json
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent
from PIL import Image

import filing
from gemini_interactions_mcp.core import ErrorCode
from gemini_interactions_mcp.emulator import EmulatedInteraction, Emulator, Fault
from gemini_interactions_mcp.emulator.stores import EmulatedStore
from gemini_interactions_mcp.server.results.programs import RESULT_KEY, ResultFacts

STRUCTURED = "list_interactions"
"""The one tool that returns structured content."""

MODERN, LEGACY = (pytest.mark.parametrize("mode", [mode]) for mode in ("auto", "legacy"))
"""For tests in which the era makes no difference: one of them will do, in half the time."""

COST = r"(~\$\d[\d.,]*|price unknown)"
"""A pattern of what an answer has cost."""

PDF = filing.pdf("A page")


async def call(client: Client, tool: str, /, **arguments: Any) -> CallToolResult:
    """Call a tool that must not fail; what every result promises is checked here, so everywhere."""
    result = await client.call_tool(tool, arguments)
    text = text_of(result)
    assert not result.is_error, text
    assert text.endswith("\n")
    assert not is_json(text)
    assert (result.structured_content is not None) == (tool == STRUCTURED)
    facts = facts_of(result)
    signed = re.search(r"^interaction_id: (v1\S+)", footer_of(result), re.MULTILINE)
    assert not signed or facts["interaction_id"] == signed[1], facts
    return result


async def complaint(client: Client, tool: str, /, **arguments: Any) -> str:
    """Call a tool that must fail, and return what it says; no error shows its insides."""
    result = await client.call_tool(tool, arguments)
    text = text_of(result)
    assert result.is_error, text
    assert result.structured_content is None
    assert facts_of(result)["code"] in set(ErrorCode)
    for inside in ("pydantic", "Traceback", "Error executing", "httpx", "sqlalchemy", "\n"):
        assert inside not in text
    return text


async def made_while(
    client: Client, emulator: Emulator, happens: Callable[[], object], **arguments: object
) -> CallToolResult:
    """Have an image made, and something happen between the request and the answer."""
    emulator.faults.append(fault := Fault("create", "hold"))
    results: list[CallToolResult] = []

    async def generate() -> None:
        results.append(await call(client, "generate_image", prompt="A bike", **arguments))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(generate)
            await fault.reached.wait()
            happens()
            fault.release.set()
    return results[0]


def is_json(text: str) -> bool:
    """Whether a host that tries would read the text as JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def facts_of(result: CallToolResult) -> dict[str, Any]:
    """What a result tells programs."""
    facts: dict[str, Any] = (result.meta or {})[RESULT_KEY]
    ResultFacts.model_validate(facts)
    return facts


def text_of(result: CallToolResult) -> str:
    """The one text block of a result."""
    (text,) = [block.text for block in result.content if isinstance(block, TextContent)]
    return text


def footer_of(result: CallToolResult) -> str:
    """What stands below the last rule."""
    return text_of(result).rpartition("\n---\n")[2]


def id_of(result: CallToolResult) -> str:
    """The interaction id that the footer tells."""
    found = re.match(r"interaction_id: (v1[\w.=-]*[\w=-])(?: \||$)", footer_of(result))
    assert found, text_of(result)
    return found[1]


def rows_of(result: CallToolResult) -> list[dict[str, Any]]:
    """The rows of a list, from its structured content."""
    return cast("dict[str, Any]", result.structured_content)["interactions"]


def cursor_of(result: CallToolResult) -> str | None:
    """Where the next page of a list begins."""
    return cast("dict[str, Any]", result.structured_content).get("next_cursor")


def fenced(result: CallToolResult) -> Any:
    """The JSON in the text's fence."""
    found = re.match(r"```json\n(.*?)\n```\n", text_of(result), re.DOTALL)
    assert found, text_of(result)
    return json.loads(found[1])


def previews_of(result: CallToolResult) -> list[Image.Image]:
    """The images of a result, opened; each is a JPEG of at most 512 KiB."""
    opened: list[Image.Image] = []
    for block in result.content:
        if isinstance(block, ImageContent):
            data = base64.b64decode(block.data, validate=True)
            assert len(data) <= 512 * 1024
            opened.append(Image.open(io.BytesIO(data)))
            assert (block.mime_type, opened[-1].format) == ("image/jpeg", "JPEG")
    return opened


def links_of(result: CallToolResult) -> list[ResourceLink]:
    """The links to resources of a result."""
    return [block for block in result.content if isinstance(block, ResourceLink)]


def saved_in(result: CallToolResult) -> list[Path]:
    """The paths that the text names, all absolute and there."""
    paths = [Path(found) for found in re.findall(r"^Saved: (.+?) \([a-z]+/", text_of(result), re.MULTILINE)]
    assert all(path.is_absolute() and path.is_file() for path in paths)
    return paths


def journal_in(folder: Path) -> bytes:
    """All that the files of the journal contain."""
    return b"".join(path.read_bytes() for path in folder.glob("journal.sqlite3*"))


def newest(emulator: Emulator) -> EmulatedInteraction:
    """The interaction that was created last."""
    return list(emulator.interactions.values())[-1]


def posts(emulator: Emulator) -> int:
    """How many requests to create were sent, refused ones too."""
    return sum(request.method == "POST" and request.path == "/v1/interactions" for request in emulator.requests)


async def ended(interaction: EmulatedInteraction) -> None:
    """Wait until an interaction has ended at the API."""
    with anyio.fail_after(5):
        await interaction.finished.wait()


def have_stores(emulator: Emulator, *names: str) -> None:
    """Have file search stores at the API."""
    for name in names:
        emulator.stores.stores[f"fileSearchStores/{name}"] = EmulatedStore(f"fileSearchStores/{name}")


def png(folder: Path, name: str = "dot.png", size: tuple[int, int] = (8, 6)) -> Path:
    """A picture to send."""
    Image.new("RGB", size, "red").save(folder / name, "PNG")
    return folder / name


def wav(folder: Path) -> Path:
    """A sound to send."""
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return folder / "tone.wav"


def pdf(folder: Path) -> Path:
    """A document to send."""
    (folder / "paper.pdf").write_bytes(PDF)
    return folder / "paper.pdf"


def note(folder: Path, text: str = "Grüße, world") -> Path:
    """A text to send."""
    (folder / "note.txt").write_text(text, encoding="utf-8")
    return folder / "note.txt"
