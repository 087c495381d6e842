"""What a chain of interactions is about, wherever its last request says no more than "go ahead"."""

import re
from typing import Any

import pytest
from google import genai
from google.genai import types
from mcp import Client
from PIL import Image

from conftest import FAST, KEY, Mode
from consenting import User, host
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.models.kinds import InteractionKind
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from journaling import record
from reading import LEGACY, call, id_of, links_of, rows_of, saved_in, text_of
from tasking import accepted, begun, form, settled, tasking, updated


async def researched(client: Client, prompt: str, **arguments: Any) -> str:
    """The id of research that has ended."""
    started = await call(client, "start_research", prompt=prompt, **arguments)
    await call(client, "check_research", interaction_id=id_of(started), wait_seconds=10)
    return id_of(started)


async def titles(client: Client) -> dict[str, str | None]:
    """The titles of the resources by their addresses."""
    return {str(each.uri): each.title for each in (await client.list_resources()).resources}


@pytest.mark.slow
@pytest.mark.parametrize("words", ["Go ahead", "Approved, run it", "开始吧", "Bike? No: go."])
async def test_an_approved_plan_bears_its_topic_everywhere(client: Client, words: str) -> None:
    plan = await researched(client, "Cargo bicycles in Basel", plan_first=True)
    refined = await researched(client, "Only electric ones", plan_first=True, previous_interaction_id=plan)
    done = await researched(client, words, previous_interaction_id=refined)
    chart, document = saved_in(await call(client, "read_interaction", interaction_id=done))
    for path in (chart, document):
        assert re.match(r"\d{4}-\d\d-\d\d-cargo-bicycles-in-basel-[0-9a-f]{6}[-.]", path.name)
    with Image.open(chart) as image:
        xmp = image.info["xmp"].decode()
    assert ">Cargo bicycles in Basel</" in xmp
    assert words not in xmp
    address = f"gemini://interactions/{done}"
    assert (await titles(client))[address] == "Cargo bicycles in Basel"
    (content,) = (await client.read_resource(address)).contents
    assert getattr(content, "text", "").startswith("# Cargo bicycles in Basel\n")
    result = await call(client, "list_interactions", query="cargo")
    told = [(row.get("topic"), row["prompt"]) for row in rows_of(result)]
    topic = "Cargo bicycles in Basel"
    assert told == [(topic, words), (topic, "Only electric ones"), (None, topic)]
    assert f'| "{topic}": "{words}" | 2 files' in text_of(result)


@pytest.mark.slow
async def test_a_plan_that_is_approved_in_a_task_bears_its_topic(settings: Settings) -> None:
    async with tasking(build_server(settings, FAST)) as client:
        task = await settled(client, await begun(client, "start_research", prompt="Cargo bicycles", plan_first=True))
        key, _ = form(task)
        await updated(client, task, **{key: accepted(approve=False, changes="Only electric ones")})
        key, shown = form(await settled(client, task))
        assert "“Cargo bicycles”?" in shown["message"]
        await updated(client, task, **{key: accepted(approve=True)})
        assert (await settled(client, task))["status"] == "completed"
    assert {re.sub(r"-[0-9a-f]{6}(-1)?\.", ".", path.name[11:]) for path in settings.output_dir.iterdir()} == {
        "cargo-bicycles.md",
        "cargo-bicycles.png",
    }


@pytest.mark.slow
async def test_who_is_asked_reads_the_topic_and_the_words(settings: Settings, mode: Mode) -> None:
    async with host(settings, mode, (user := User(start=True)).answer) as client:
        plan = await researched(client, "Cargo bicycles", plan_first=True)
        await researched(client, "Go ahead", previous_interaction_id=plan)
    assert [re.findall("“.*”", message) for message in user.asked] == [
        ["“Cargo bicycles”"],
        ["“Cargo bicycles” with the words “Go ahead”"],
    ]


@pytest.mark.slow
@LEGACY
@pytest.mark.parametrize("tool", ["generate_image", "gemini_continue"])
async def test_what_changes_a_picture_is_about_the_same(client: Client, tool: str) -> None:
    first = await call(client, "generate_image", prompt="A red bicycle")
    blue = await call(client, "generate_image", prompt="Make it blue", previous_interaction_id=id_of(first))
    more = await call(client, tool, prompt="And rounder", previous_interaction_id=id_of(blue))
    (path,) = saved_in(blue)
    assert re.fullmatch(r"red-bicycle-[0-9a-f]{6}-1\.jpg", path.name[11:])
    with Image.open(path) as image:
        assert b">A red bicycle\n\nMake it blue</" in image.info["xmp"]
    listed = rows_of(await call(client, "list_interactions"))
    assert [(row.get("topic"), row["prompt"]) for row in listed] == [
        ("A red bicycle", "And rounder"),
        ("A red bicycle", "Make it blue"),
        (None, "A red bicycle"),
    ]
    assert (await titles(client))[f"gemini://interactions/{id_of(more)}"] == "A red bicycle"


@pytest.mark.slow
@LEGACY
async def test_how_a_report_should_look_is_not_its_topic(client: Client) -> None:
    done = await researched(client, "Cargo bicycles", output_format="One table")
    *_, document = links_of(await call(client, "read_interaction", interaction_id=done))
    assert re.fullmatch(r"cargo-bicycles-[0-9a-f]{6}\.md", document.name[11:])
    assert (await titles(client))[f"gemini://interactions/{done}"] == "Cargo bicycles"


@pytest.mark.slow
@LEGACY
async def test_a_secret_in_a_prompt_reaches_neither_name_nor_head_of_a_report(client: Client) -> None:
    plan = await researched(client, f"Bikes {KEY}", plan_first=True)
    for done in (
        await researched(client, f"Cargo {KEY}"),
        await researched(client, "Go", previous_interaction_id=plan),
    ):
        for path in saved_in(await call(client, "read_interaction", interaction_id=done)):
            assert KEY not in path.name
            assert KEY.encode() not in path.read_bytes()
    assert KEY not in text_of(await call(client, "list_interactions"))


@pytest.mark.slow
@LEGACY
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_a_plan_that_another_program_has_run_bears_its_topic(client: Client, url: str) -> None:
    plan = await researched(client, "Cargo bicycles", plan_first=True)
    other: Any = genai.Client(api_key="another", vertexai=False, http_options=types.HttpOptions(base_url=url))
    body = {"agent": "deep-research-preview-04-2026", "input": "Go ahead", "background": True, "store": True}
    foreign = await other.aio.interactions.create(previous_interaction_id=plan, **body)
    await other.aio.aclose()
    other.close()
    report = await call(client, "read_interaction", interaction_id=foreign.id, wait_seconds=10)
    assert {path.name[11:25] for path in saved_in(report)} == {"cargo-bicycles"}


@pytest.mark.slow
async def test_what_is_stored_nowhere_leaves_no_topic_behind(settings: Settings) -> None:
    async with Client(build_server(settings, FAST), cache=None) as client:
        first = await call(client, "generate_image", prompt="A red bicycle")
        await call(client, "gemini_continue", prompt="Why?", previous_interaction_id=id_of(first), store=False)
        newest, _ = rows_of(await call(client, "list_interactions"))
    assert (newest.get("topic"), newest["prompt"]) == (None, "")


@pytest.mark.parametrize(
    ("kind", "previous", "topic"),
    [
        ("research", {"kind": "research", "plan": True}, "First"),
        ("research", {"kind": "research", "plan": True, "topic": "Before"}, "Before"),
        ("research", {"kind": "research"}, None),
        ("research", {"kind": "image"}, None),
        ("image", {"kind": "image"}, "First"),
        ("ask", {"kind": "image", "topic": "Before"}, "Before"),
        ("ask", {"kind": "ask", "topic": "Before"}, "Before"),
        ("analyze", {"kind": "image"}, None),
        ("image", {"kind": "ask"}, None),
        ("ask", {"kind": "ask"}, None),
        ("ask", {"kind": "research", "topic": "Before"}, None),
        ("ask", {"kind": "image", "prompt": ""}, None),
    ],
)
def test_a_topic_is_inherited_where_words_only_say_what_to_change(
    kind: InteractionKind, previous: dict[str, Any], topic: str | None
) -> None:
    assert intents.inherit_topic(kind, record("1", **({"prompt": "First"} | previous))) == topic
    assert intents.inherit_topic(kind, None) is None


def test_a_topic_makes_no_other_request() -> None:
    one, two = (Request(kind="research", prompt="Go", topic=topic) for topic in (None, "Bicycles"))
    assert intents.compute_fingerprint(one) == intents.compute_fingerprint(two)


def test_what_was_asked_for_is_told_whole_but_for_an_approval() -> None:
    def told(**fields: object) -> str:
        return record("1", **fields).wording

    assert told(prompt="Blue", topic="A bike", kind="image") == "A bike\n\nBlue"
    assert told(prompt="Cargo", topic="Bikes", kind="research", plan=True) == "Bikes\n\nCargo"
    assert told(prompt="Go", topic="Bikes", kind="research") == "Bikes"
    assert told(prompt="Bikes\n\nFormat: a table", topic="Bikes", kind="research") == "Bikes\n\nFormat: a table"
    assert told(prompt="Bikes") == "Bikes"
