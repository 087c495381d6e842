"""What an image is made from and grounded on, and how many come."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from conftest import KEY
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.settings import Settings
from reading import call, newest, text_of

IMAGE_MODEL = "gemini-nano-banana-2.1"


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory."""
    return settings.allowed_dirs[0]


async def test_an_image_is_grounded_on_pages_and_pictures(client: Client, emulator: Emulator) -> None:
    result = await call(client, "generate_image", prompt="The harbour of Hamburg today", search=True)
    assert emulator.creates[-1]["tools"] == [{"type": "google_search", "search_types": ["web_search", "image_search"]}]
    searches = [step for step in newest(emulator).answer.steps if step["type"] == "google_search_call"]
    assert [step["search_type"] for step in searches] == ["web_search", "image_search"]
    assert "\nSources:\n1. [example.com (emulated)](https://example.com/emulated/search)\n" in text_of(result)
    assert "100 % multi-byte “quotes”. [1]" in text_of(result)


async def test_an_image_is_searched_for_only_if_asked(client: Client, emulator: Emulator) -> None:
    await call(client, "generate_image", prompt="A bicycle", search=False)
    await call(client, "generate_image", prompt="A red bicycle")
    assert [body.get("tools") for body in emulator.creates] == [None, None]


async def test_a_search_makes_another_image(client: Client, emulator: Emulator) -> None:
    first = await call(client, "generate_image", prompt="A bicycle")
    second = await call(client, "generate_image", prompt="A bicycle", search=True)
    assert len(emulator.creates) == 2
    assert "Sources:" not in text_of(first)
    assert "Sources:" in text_of(second)


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ({"type": "google_search", "search_types": ["video_search"]}, "'web_search', 'image_search'"),
        ({"type": "url_context", "search_types": ["web_search"]}, "Unknown parameter 'search_types' at 'tools[0]'"),
    ],
)
async def test_the_emulator_refuses_other_searches(url: str, tool: dict[str, Any], said: str) -> None:
    body = {"model": IMAGE_MODEL, "input": "hi", "tools": [tool]}
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": KEY}) as http:
        response = await http.post("/v1/interactions", json=body)
    assert response.status_code == 400
    assert said in response.json()["error"]["message"]
