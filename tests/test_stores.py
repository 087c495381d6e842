"""File search stores as tools of models and agents."""

from typing import Any

import pytest
from mcp import Client

from gemini_interactions_mcp.emulator import Emulator
from reading import call, complaint, have_stores, id_of

STORE = "fileSearchStores/notes-x"

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def kept(emulator: Emulator) -> None:
    """The stores that are asked."""
    have_stores(emulator, "notes-x", "x")


SEARCH: dict[str, Any] = {"type": "file_search", "file_search_store_names": [STORE]}


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"tools": ["file_search:notes-x"]}, [SEARCH]),
        ({"tools": ["file_search:fileSearchStores/notes-x"]}, [SEARCH]),
        ({"tools": ["file_search:notes-x, file_search:fileSearchStores/notes-x"]}, [SEARCH]),
        (
            {"tools": ["CODE_EXECUTION", "file_search:notes-x"], "metadata_filter": 'author="Ada"'},
            [{"type": "code_execution"}, SEARCH | {"metadata_filter": 'author="Ada"'}],
        ),
    ],
)
async def test_a_model_searches_a_store(
    client: Client, emulator: Emulator, arguments: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    asked = await call(client, "gemini_ask", prompt="What did Ada write?", **arguments)
    await call(client, "gemini_continue", prompt="And then?", previous_interaction_id=id_of(asked), **arguments)
    assert [create["tools"] for create in emulator.creates] == [sent, sent]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tools": ["shell"]}, "There is no tool 'shell' for models; there are google_search, url_context,"),
        ({"tools": ["mcp:mail"]}, "There is no tool 'mcp:mail' for models"),
        ({"tools": ["google_search_x"]}, "There is no tool 'google_search_x' for models"),
        ({"tools": ["file_search:A/B"]}, "names no file search store"),
        ({"tools": ["file_search:"]}, "names no file search store"),
        ({"metadata_filter": "a=1"}, "metadata_filter is for the files of a store"),
        ({"tools": ["google_search"], "metadata_filter": "a=1"}, "metadata_filter is for the files of a store"),
        ({"tools": ["file_search:x", "google_search"]}, "does not take file_search and google_search together"),
        ({"tools": ["url_context", "file_search:x"]}, "does not take file_search and url_context together"),
    ],
)
async def test_what_cannot_be_searched_is_refused_and_nothing_is_sent(
    client: Client, emulator: Emulator, arguments: dict[str, Any], said: str
) -> None:
    assert said in await complaint(client, "gemini_ask", prompt="What?", **arguments)
    assert emulator.requests == []


async def test_what_runs_a_plan_searches_what_the_plan_was_to_search(client: Client, emulator: Emulator) -> None:
    chosen = {"tools": ["file_search:notes-x"], "metadata_filter": "year > 1840"}
    plan = await call(client, "start_research", prompt="Rivers", plan_first=True, **chosen)
    await call(client, "check_research", interaction_id=id_of(plan), wait_seconds=20)
    await call(client, "start_research", prompt="Go ahead.", previous_interaction_id=id_of(plan))
    wanted = [SEARCH | {"metadata_filter": "year > 1840"}]
    assert [create["tools"] for create in emulator.creates] == [wanted, wanted]


async def test_a_filter_makes_another_question(client: Client, emulator: Emulator) -> None:
    for metadata_filter in ("a=1", "a=2"):
        await call(
            client,
            "gemini_ask",
            prompt="What?",
            tools=["file_search:x"],
            metadata_filter=metadata_filter,
            wait_seconds=0,
        )
    assert len(emulator.creates) == 2


async def test_an_image_is_thought_about_as_asked_for(client: Client, emulator: Emulator) -> None:
    await call(client, "generate_image", prompt="A bicycle", thinking_level="high")
    assert emulator.creates[-1]["generation_config"]["thinking_level"] == "high"
    said = await complaint(client, "generate_image", prompt="A bicycle", thinking_level="low")
    assert "gemini-nano-banana-2.1 does not take thinking_level low" in said
