"""Answers, errors and resources name only tools that the user offers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client
from mcp_types import TextContent, TextResourceContents

from conftest import FAST, make_settings
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.tools.table import TOOLS, build_guide
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from gemini_interactions_mcp.text import rendering
from gemini_interactions_mcp.text.offered_tools import ToolGuide
from reading import call, complaint, footer_of, id_of, png, text_of, wav

NAMES = [entry.function.__name__ for entry in TOOLS]
READER = "read_interaction"


@asynccontextmanager
async def offering(tmp_path: Path, url: str, *toolsets: str) -> AsyncGenerator[Client]:
    """A client of a server that offers some toolsets."""
    server = build_server(make_settings(tmp_path, url, toolsets=toolsets), FAST)
    async with Client(server, cache=None) as client:
        yield client


def named(text: str, *offered: str) -> list[str]:
    """Return the tools that a text names and that are not offered."""
    return [name for name in NAMES if name in text and name not in offered]


@pytest.mark.parametrize(
    ("text", "adapted"),
    [
        ("To follow up: gemini_continue with it as previous_interaction_id.", None),
        ("---\nTo follow up: gemini_ask with it.", "---"),
        ("Google refused it. gemini_ask takes it. Try again.", "Google refused it. Try again."),
        ("There is none; list_interactions shows all.", "There is none."),
        ("One; gemini_ask can; two.", "One; two."),
        ("gemini_ask can; two.", "two."),
        ('check_research(interaction_id="x") reads it.', 'read_interaction(interaction_id="x") reads it.'),
        ("/tmp/gemini_ask.md is missing.", "/tmp/gemini_ask.md is missing."),
        ("A line.\n\nAnother; gemini_ask.", "A line.\n\nAnother."),
        ("Other words.", "Other words."),
        ("my_gemini_ask2 is no tool.", "my_gemini_ask2 is no tool."),
    ],
)
def test_a_clause_with_a_missing_tool_is_left_out(text: str, adapted: str | None) -> None:
    guide = ToolGuide([READER], NAMES)
    assert guide(text) == (adapted or "")
    assert guide.adapt_error(text) == (adapted or text)
    assert ToolGuide(NAMES, NAMES)(text) == text
    assert ToolGuide()(text) == text


def test_all_tools_are_known_to_the_guide_of_every_toolset() -> None:
    for toolset in TOOLSETS:
        offered = {entry.function.__name__ for entry in TOOLS if entry.toolset == toolset} | {READER}
        for name in NAMES:
            assert (name in build_guide((toolset,))(f"One. {name} two.")) == (name in offered)


async def test_an_answer_suggests_offered_tools_only(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "files") as client:
        found = await call(client, "analyze_file", files=[str(png(tmp_path / "files"))], prompt="gemini_ask or not?")
        assert "To follow up" not in text_of(found)
        assert named(footer_of(found), READER, "analyze_file") == []
        assert "gemini_ask or not?" in text_of(found)

    async with offering(tmp_path, url, "ask") as client:
        asked = await call(client, "gemini_ask", prompt="hi")
        assert "To follow up: gemini_continue with it as previous_interaction_id." in text_of(asked)


async def test_an_image_is_followed_up_with_what_is_offered(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "images") as client:
        made = await call(client, "generate_image", prompt="A bicycle")
        assert "To follow up: generate_image with it" in footer_of(made)
    async with offering(tmp_path, url, "ask") as client:
        again = await call(client, READER, interaction_id=id_of(made))
        assert "To follow up: gemini_continue with it as previous_interaction_id." in footer_of(again)
    async with offering(tmp_path, url, "audio") as client:
        again = await call(client, READER, interaction_id=id_of(made))
        assert named(text_of(again), READER, "generate_audio") == []


async def test_a_plan_and_a_running_report_are_read_with_what_is_offered(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    async with offering(tmp_path, url, "research") as client:
        plan = await call(client, "start_research", prompt="Tides", plan_first=True)
        whole = await call(client, "check_research", interaction_id=id_of(plan), wait_seconds=10)
        assert "It is not approved yet; start_research with it as previous_interaction_id runs it" in text_of(whole)
    emulator.research_seconds = 60
    async with offering(tmp_path, url, "ask") as client:
        seen = await call(client, READER, interaction_id=id_of(plan))
        assert "This is a plan. It is not approved yet.\n" in text_of(seen)
    async with offering(tmp_path, url, "research") as client:
        started = await call(client, "start_research", prompt="Something else")
    async with offering(tmp_path, url, "ask") as client:
        running = await call(client, READER, interaction_id=id_of(started))
        assert f'Next: read_interaction(interaction_id="{id_of(started)}", wait_seconds=' in text_of(running)
        assert named(text_of(running), READER, "gemini_ask", "gemini_continue") == []


async def test_an_error_suggests_offered_tools_only(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "images") as client:
        for arguments in (
            {"images": [str(wav(tmp_path / "files"))]},
            {"model": "deep research"},
            {"previous_interaction_id": "abc"},
        ):
            said = await complaint(client, "generate_image", **{"prompt": "hi"} | arguments)
            assert named(said, READER, "generate_image") == [], said
        said = await complaint(client, "generate_image", prompt="hi", images=[str(wav(tmp_path / "files"))])
        assert said == "`images` takes images only."


async def test_an_answer_that_was_cut_is_told_without_missing_tools(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "ask") as client:
        cut = await call(client, "gemini_ask", prompt="hi [[words=300]]", max_output_tokens=20)
        assert "gemini_continue can ask for the rest" in text_of(cut)
    async with offering(tmp_path, url, "files") as client:
        seen = await call(client, READER, interaction_id=id_of(cut))
        assert named(text_of(seen), READER, "analyze_file") == []
        assert "The answer is incomplete: it reached" in text_of(seen)
        for address in (f"gemini://interactions/{id_of(cut)}", f"gemini://interactions/{id_of(cut)}/data"):
            content = (await client.read_resource(address)).contents[0]
            assert isinstance(content, TextResourceContents)
            assert named(content.text, READER, "analyze_file") == []


async def test_resources_and_prompts_name_offered_tools_only(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "files") as client:
        content = (await client.read_resource("gemini://voices")).contents[0]
        assert isinstance(content, TextResourceContents)
        assert named(content.text, READER, "analyze_file") == []
        assert "| Kore |" in content.text
        prompt = (await client.get_prompt("explain_file", {"path": "a.pdf"})).messages[0].content
        assert isinstance(prompt, TextContent)
        assert named(prompt.text, READER, "analyze_file") == []
        assert prompt.text.startswith('Call analyze_file with files=["a.pdf"]')
        for resource in (await client.list_resources()).resources:
            assert named(f"{resource.title} {resource.description}", READER, "analyze_file") == []


def test_a_record_without_a_named_tool_stays_the_same() -> None:
    moment = "2026-11-01T00:00:00+00:00"
    row = Record.model_validate(
        {"label": "a", "kind": "ask", "created_at": moment, "updated_at": moment, "error": "No."}
    )
    assert ToolGuide([READER], NAMES).adapt_record(row) is row


def test_the_next_page_of_a_section_is_told_whatever_it_is_called() -> None:
    guide = ToolGuide([READER], NAMES)
    moment = "2026-11-01T00:00:00+00:00"
    times = {"created_at": moment, "updated_at": moment}
    text = f"# Why gemini_ask; why not\n\n{'word ' * 4_000}"
    row = Record.model_validate({"label": "a", "interaction_id": "v1_a", "kind": "ask", "text": text, **times})
    shown = rendering.render_answer(row, section="Why gemini_ask; why not", guide=guide)
    assert 'section="Why gemini_ask; why not", page=2)' in shown
    assert "To follow up" not in rendering.render_answer(row.model_copy(update={"text": "Yes."}), guide=guide)


@pytest.mark.slow
async def test_the_index_names_the_list_only_where_it_is_offered(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "ask") as client:
        for number in range(51):
            await call(client, "gemini_ask", prompt=f"list_interactions {number}")
        index = (await client.read_resource("gemini://interactions")).contents[0]
        assert isinstance(index, TextResourceContents)
        assert "More: " not in index.text
        assert index.text.count("\n- ") == index.text.count('"list_interactions ')
    async with offering(tmp_path, url, "history") as client:
        index = (await client.read_resource("gemini://interactions")).contents[0]
        assert isinstance(index, TextResourceContents)
        assert "\nMore: list_interactions(cursor=" in index.text
