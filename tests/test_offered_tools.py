"""What this server says of its own tools names only those that the user offers; other words stay as they are."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import LiteralString, cast

import pytest
from mcp import Client
from mcp_types import TextContent, TextResourceContents

from conftest import FAST, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.tools.table import TOOLS, build_guide, build_tools
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from gemini_interactions_mcp.text import rendering
from gemini_interactions_mcp.text.offered_tools import EVERY_TOOL, ToolGuide
from reading import call, complaint, footer_of, id_of, png, text_of

NAMES = [entry.function.__name__ for entry in TOOLS]
READER = "read_interaction"


@asynccontextmanager
async def offering(tmp_path: Path, url: str, *toolsets: str) -> AsyncGenerator[Client]:
    """A client of a server that offers some toolsets."""
    server = build_server(make_settings(tmp_path, url, toolsets=toolsets), FAST)
    async with Client(server, cache=None) as client:
        yield client


async def resource(client: Client, address: str) -> str:
    """The text of a resource."""
    content = (await client.read_resource(address)).contents[0]
    assert isinstance(content, TextResourceContents)
    return content.text


async def prompt(client: Client, name: str, **arguments: str) -> str:
    """The text of a prompt."""
    content = (await client.get_prompt(name, arguments)).messages[0].content
    assert isinstance(content, TextContent)
    return content.text


def named(text: str, *offered: str) -> list[str]:
    """Return the tools that a text names and that are not offered."""
    return [name for name in NAMES if name in text and name not in offered]


def test_a_sentence_with_a_missing_tool_is_left_out_as_a_whole() -> None:
    guide, every = ToolGuide([READER], NAMES), ToolGuide(NAMES, NAMES)
    text: LiteralString = "{said} One. gemini_ask takes it; there. check_research(id={said}) reads it."
    said = "Write gemini_ask. Then {start_research}"
    assert guide(text, said=said) == f"{said} One. read_interaction(id={said}) reads it."
    assert every(text, said=said) == EVERY_TOOL(text, said=said) == text.format(said=said)
    assert guide("To follow up: gemini_continue with it.") == ""
    assert guide("my_gemini_ask2 is no tool.") == "my_gemini_ask2 is no tool."


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_all_tools_are_known_to_the_guide_of_every_toolset(toolset: str) -> None:
    offered = {entry.function.__name__ for entry in TOOLS if entry.toolset == toolset} | {READER}
    sentences = "One. " + ". ".join(NAMES) + "."
    kept = build_guide((toolset,))(cast("LiteralString", sentences))
    assert {name for name in NAMES if name in kept} == offered


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_a_tool_is_described_without_tools_that_are_not_offered(toolset: str) -> None:
    tools = build_tools((toolset,))
    for tool in tools:
        said = [tool.description, *(each.get("description", "") for each in tool.parameters["properties"].values())]
        assert named(" ".join(said), *(each.name for each in tools)) == []


def test_a_description_says_in_full_what_it_would_refer_to() -> None:
    (research,) = (tool.parameters["properties"] for tool in build_tools(("research",)) if tool.name[:5] == "start")
    assert research["files"]["description"].startswith("Paths, folders, globs, URLs (also YouTube), Files API names")
    for fact in ("google_search, url_context", "file_search:STORE, mcp:NAME; default the agent's own"):
        assert fact in research["tools"]["description"]
    (image, *_) = build_tools(("images",))
    said = image.parameters["properties"]["images"]["description"]
    assert said.startswith("To refer to or edit; paths, folders, globs, URLs, Files API")
    assert said.endswith("; logo=PATH names one")
    whole = {tool.name: tool.parameters["properties"] for tool in build_tools()}
    assert whole["start_research"]["files"]["description"] == "As in analyze_file"
    assert "gemini_ask" not in whole["gemini_ask"]["tools"]["description"]


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
        assert "It is not approved yet. start_research with it as previous_interaction_id runs it" in text_of(whole)
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


async def test_an_error_loses_nothing(tmp_path: Path, url: str, emulator: Emulator) -> None:
    async with offering(tmp_path, url, "research") as client:
        said = await complaint(client, "start_research", prompt="hi", files=["analyze_file"])
        assert said.startswith("analyze_file ")
    async with offering(tmp_path, url, "ask") as client:
        said = await complaint(client, "gemini_ask", prompt="hi", tools=["generate_image"])
        assert said.startswith("There is no tool 'generate_image'")
    async with offering(tmp_path, url, "files") as client:
        reason = "Tool 'gemini_ask' is not declared. Field tools[0] is wrong."
        body = {"error": {"code": 400, "message": reason, "status": "INVALID_ARGUMENT"}}
        emulator.faults.append(Fault("create", "http", http_status=400, body=body))
        said = await complaint(client, "analyze_file", files=[str(png(tmp_path / "files"))], prompt="hi")
        assert reason in said


async def test_the_note_on_an_answer_loses_nothing(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "ask") as client:
        cut = await call(client, "gemini_ask", prompt="hi [[words=300]]", max_output_tokens=20)
    async with offering(tmp_path, url, "files") as client:
        assert "gemini_continue can ask for the rest" in text_of(await call(client, READER, interaction_id=id_of(cut)))
        assert "gemini_continue can ask" in await resource(client, f"gemini://interactions/{id_of(cut)}/data")


async def test_resources_and_prompts_name_offered_tools_only(tmp_path: Path, url: str) -> None:
    async with offering(tmp_path, url, "files") as client:
        voices = await resource(client, "gemini://voices")
        assert named(voices, READER, "analyze_file") == []
        assert "| Kore |" in voices
        explain = await prompt(client, "explain_file", path="a.pdf")
        assert named(explain, READER, "analyze_file") == []
        assert explain.startswith('Call analyze_file with files=["a.pdf"]')
        for each in (await client.list_resources()).resources:
            assert named(f"{each.title} {each.description}", READER, "analyze_file") == []


@pytest.mark.parametrize("toolset", TOOLSETS)
async def test_a_prompt_says_what_was_typed_and_names_offered_tools_only(
    toolset: str, tmp_path: Path, url: str
) -> None:
    async with offering(tmp_path, url, toolset) as client:
        offered = [tool.name for tool in (await client.list_tools()).tools]
        for each in (await client.list_prompts()).prompts:
            arguments = {argument.name: f"What does {NAMES} do {{here}}? Go." for argument in each.arguments or []}
            said = await prompt(client, each.name, **arguments)
            typed = next(iter(arguments.values()))
            assert said.count(typed) == len(arguments)
            assert named(said.replace(typed, ""), *offered) == []


def test_the_footer_of_a_task_has_whole_instructions_only() -> None:
    moment = "2026-11-01T00:00:00+00:00"
    times = {"created_at": moment, "updated_at": moment}
    row = Record.model_validate(
        {"label": "a", "interaction_id": "v1_a", "kind": "research", "environment_id": "env", "text": "Done.", **times}
    )
    told = [rendering.render_answer(row, guide=build_guide((each,))) for each in ("ask", "research", "audio")]
    assert told[0].endswith("\nTo ask a model about the answer: gemini_continue with it as previous_interaction_id.\n")
    assert told[1].endswith("\nTo go on in its environment: start_research with it as previous_interaction_id.\n")
    assert "previous_interaction_id" not in told[2]


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
        index = await resource(client, "gemini://interactions")
        assert "More: " not in index
        assert index.count("\n- ") == index.count('"list_interactions ')
    async with offering(tmp_path, url, "history") as client:
        index = await resource(client, "gemini://interactions")
        assert "\nMore: list_interactions(cursor=" in index
