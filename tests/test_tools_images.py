"""What an image is made from and grounded on, and how many come."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from conftest import KEY
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, links_of, newest, note, png, saved_in, text_of

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


def given(emulator: Emulator) -> list[str]:
    """The labels and types of the content of the last request, and its prompt."""
    (step,) = emulator.creates[-1]["input"]
    return [part.get("text") or part["type"] for part in step["content"]]


async def test_a_prompt_calls_pictures_by_the_names_they_are_given(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    logo = png(folder, "logo.png")
    images = [
        f'"logo" = "{logo}"',
        "'the style'='https://example.com/style.png?a=b'",
        str(png(folder, "other.png", (9, 9))),
    ]
    await call(client, "generate_image", prompt="Put the logo on a cup in the style", images=images)
    assert given(emulator) == [
        "File logo:",
        "image",
        "File the style:",
        "image",
        "File other.png:",
        "image",
        "Put the logo on a cup in the style",
    ]
    blocks = [part for part in emulator.creates[-1]["input"][0]["content"] if part["type"] == "image"]
    assert blocks[1]["uri"] == "https://example.com/style.png?a=b"


async def test_a_single_picture_has_its_name_too(client: Client, emulator: Emulator, folder: Path) -> None:
    await call(client, "generate_image", prompt="Frame the cat", images=[f'"cat={png(folder)}"'])
    assert given(emulator)[:2] == ["File cat:", "image"]
    await call(client, "generate_image", prompt="Frame the dog", images=[f"dog='{png(folder)}'"])
    assert given(emulator)[:2] == ["File dog:", "image"]
    await call(client, "generate_image", prompt="Frame it", images=[str(png(folder))])
    assert given(emulator)[0] == "image"


async def test_a_file_whose_own_name_has_an_equals_sign_is_that_file(
    client: Client, emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    png(folder, "b.png", (7, 7))
    png(folder, "a=b.png", (9, 9))
    for number, source in enumerate(("a=b.png", "./a=b.png", str(folder / "a=b.png"), "A=B.PNG")):
        result = await call(client, "generate_image", prompt=f"Frame it {number}", images=[source])
        assert given(emulator)[0] == "image"
        assert "9 x 9 pixels" in text_of(result)
    await call(client, "generate_image", prompt="Frame the c", images=["c=b.png"])
    assert given(emulator)[:2] == ["File c:", "image"]


async def test_each_name_is_that_of_one_picture(client: Client, emulator: Emulator, folder: Path) -> None:
    one, other = png(folder, "one.png"), png(folder, "other.png", (9, 9))
    for images, said in (
        ([f"logo={one}", f"Logo={other}"], "Two files are named logo: give each its own name. Nothing was sent."),
        ([f"other.png={one}", str(other)], "Two files are named other.png"),
        ([f"logo={one}", f"mark={one}"], "mark names a file that was given before"),
        ([f"logo={folder}"], "logo names 3 files: give each file one name. Nothing was sent."),
        ([f"logo={folder}/none.png"], "none.png"),
        ([f"logo={note(folder)}"], "`images` takes images only"),
    ):
        assert said in await complaint(client, "generate_image", prompt="hi", images=images)
    assert emulator.creates == []


async def test_another_name_makes_another_image(client: Client, emulator: Emulator, folder: Path) -> None:
    for source in (str(png(folder)), "https://example.com/a.png"):
        for name in ("", "logo=", "mark="):
            await call(client, "generate_image", prompt="Frame it", images=[f"{name}{source}"])
    assert len(emulator.creates) == 6


async def test_only_images_of_an_image_have_names(client: Client, emulator: Emulator, folder: Path) -> None:
    said = await complaint(client, "analyze_file", prompt="hi", files=[f"logo={png(folder)}"])
    assert "logo=" in said
    assert emulator.creates == []


async def test_all_pictures_of_an_answer_are_saved_linked_and_shown(client: Client, emulator: Emulator) -> None:
    result = await call(client, "generate_image", prompt="Three images of a bicycle [[images=3]]")
    assert len({*saved_in(result)}) == 3
    assert [each.exists() for each in saved_in(result)] == [True] * 3
    assert [block.type for block in result.content] == ["text", *["image", "resource_link"] * 3]
    assert len({str(link.uri) for link in links_of(result)}) == 3
    assert len(emulator.creates) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"thinking_level": "low"}, f"{IMAGE_MODEL} does not take thinking_level low; it takes minimal, medium, high."),
        ({"image_size": "2K", "model": "nano banana lite"}, "does not take image_size 2K; it takes 1K."),
    ],
)
async def test_what_an_image_model_does_not_take_is_refused_before_it_is_paid(
    client: Client, emulator: Emulator, arguments: dict[str, str], said: str
) -> None:
    assert said in await complaint(client, "generate_image", prompt="A bicycle", **arguments)
    assert emulator.requests == []


async def test_the_default_model_takes_its_sizes_and_levels(client: Client, emulator: Emulator) -> None:
    for size, level in (("1K", "minimal"), ("2K", "medium"), ("4K", "high")):
        await call(client, "generate_image", prompt="A bicycle", image_size=size, thinking_level=level)
        body = emulator.creates[-1]
        assert body["response_format"][1] == {"type": "image", "image_size": size}
        assert body["generation_config"]["thinking_level"] == level
