"""Frames of video: how many per second are read, or that Gemini chooses them."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from conftest import KEY
from filing import mp4
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.files.clipping import Excerpt
from gemini_interactions_mcp.files.inspection import describe_attachment
from gemini_interactions_mcp.models.attachments import Attachment
from gemini_interactions_mcp.models.estimates import bound_file_tokens
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, newest, pdf, text_of, wav

YOUTUBE = "https://www.youtube.com/watch?v=abc"
VIDEO = {"type": "video", "uri": YOUTUBE}


@pytest.fixture
def film(settings: Settings) -> Path:
    """A video in an allowed directory."""
    path = settings.allowed_dirs[0] / "film.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mp4())
    return path


def processing(emulator: Emulator) -> list[Any]:
    """How each file of the last request is processed; files stand in the user's input."""
    (step,) = emulator.creates[-1]["input"]
    assert step["type"] == "user_input"
    return [part.get("processing") for part in step["content"] if part["type"] != "text"]


@pytest.mark.parametrize(
    ("fps", "frames"),
    [
        ("0.5", 0.5),
        (" 24 ", 24),
        ("2 fps", 2),
        (".2", 0.2),
        ("Agentic", "agentic"),
        ("'agentic'", "agentic"),
        ('"2"', 2),
    ],
)
def test_frames_are_written_as_people_do(fps: str, frames: float | str) -> None:
    assert Excerpt.of(None, None, fps).frames == frames


@pytest.mark.parametrize("fps", ["0", "-1", "24.5", "many", "1-2", "1000", ".", "nan", "fps"])
def test_frames_that_gemini_does_not_take_are_an_error(fps: str) -> None:
    with pytest.raises(InputError, match=r"`fps` is a number of frames per second, over 0 and up to 24, or agentic"):
        Excerpt.of(None, None, fps)


@pytest.mark.parametrize(
    ("given", "processed"),
    [
        ({"fps": 0.5}, {"type": "static", "fps": 0.5}),
        ({"fps": "5", "clip": "10-20"}, {"type": "static", "start_offset": "10s", "end_offset": "20s", "fps": 5}),
        ({"fps": "agentic"}, "agentic"),
        ({"clip": "10-"}, {"type": "static", "start_offset": "10s"}),
    ],
    ids=["rate", "clip", "agentic", "usual"],
)
async def test_frames_of_a_video_are_those_asked_for(
    client: Client, emulator: Emulator, film: Path, given: dict[str, Any], processed: object
) -> None:
    await call(client, "analyze_file", files=[str(film), YOUTUBE], prompt="What happens?", **given)
    assert processing(emulator) == [processed, processed]


async def test_only_video_has_frames(client: Client, emulator: Emulator, film: Path) -> None:
    others = [str(wav(film.parent)), str(pdf(film.parent))]
    said = await complaint(client, "analyze_file", files=others, prompt="hi", fps="2")
    assert said == "`fps` is for video, and none of the files is one. Nothing was sent."
    said = await complaint(client, "analyze_file", files=others[:1], prompt="hi", fps="agentic", transcript=True)
    assert "`fps` is for video" in said
    said = await complaint(client, "analyze_file", files=[str(film)], prompt="hi", fps="agentic", clip="1-2")
    assert said == "fps=agentic reads the whole video, and takes no `clip`. Nothing was sent."
    assert emulator.creates == []
    await call(client, "analyze_file", files=[*others, str(film)], prompt="hi", fps="2", clip="1-2")
    clip = {"type": "static", "start_offset": "1s", "end_offset": "2s"}
    assert processing(emulator) == [clip, None, {**clip, "fps": 2}]


async def test_more_frames_are_more_tokens_and_another_request(client: Client, emulator: Emulator, film: Path) -> None:
    tokens = {}
    for fps in (None, "2", "0.5", "agentic"):
        await call(client, "analyze_file", files=[str(film)], prompt="hi", **({"fps": fps} if fps else {}))
        counts = newest(emulator).usage["input_tokens_by_modality"]
        tokens[fps] = next(each["tokens"] for each in counts if each["modality"] == "video")
    assert tokens == {None: 258, "2": 516, "0.5": 129, "agentic": 31}
    assert len(emulator.creates) == 4


async def test_an_answer_about_chosen_frames_is_whole(client: Client, emulator: Emulator, film: Path) -> None:
    result = await call(client, "analyze_file", files=[str(film)], prompt="What happens?", fps="agentic")
    assert [step["type"] for step in newest(emulator).answer.steps] == [
        "thought",
        "processing_call",
        "processing_result",
        "model_output",
    ]
    assert "You asked: “File film.mp4" not in text_of(result)
    assert "What happens?" in text_of(result)


@pytest.mark.parametrize(("frames", "share"), [(None, 1), (1, 1), (2, 1.9), (0.1, 0.2), ("agentic", 0.25)])
def test_the_bound_of_tokens_follows_the_frames(frames: Any, share: float) -> None:
    usual = bound_file_tokens(Attachment("video", 4_000_000))
    assert bound_file_tokens(Attachment("video", 4_000_000, frames=frames)) == pytest.approx(usual * share, rel=0.01)


def test_frames_are_counted_of_video_only() -> None:
    excerpt = Excerpt.of(None, None, "2")
    assert describe_attachment(VIDEO, excerpt).frames == 2
    assert describe_attachment({"type": "image"}, excerpt).frames is None


def wrapped(**block: object) -> list[dict[str, Any]]:
    """The input of a request, in a step of the user's."""
    return [{"type": "user_input", "content": [{**VIDEO, **block}, {"type": "text", "text": "hi"}]}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (wrapped(processing={"type": "static", "fps": 0}), "range (0.0, 24.0]"),
        (wrapped(processing={"type": "static", "fps": 25}), "range (0.0, 24.0]"),
        (wrapped(processing={"type": "static", "fps": "2"}), "range (0.0, 24.0]"),
        (wrapped(type="image", uri="https://example.com/a.png", processing="agentic"), "'type' at 'processing'"),
        (wrapped(processing="agentic")[0]["content"], "inside 'user_input' only"),
        (wrapped(processing={"type": "static", "fps": 2})[0]["content"], "inside 'user_input' only"),
        (wrapped(processing="agentic"), None),
        (wrapped(processing={"type": "static", "fps": 24}), None),
    ],
)
async def test_the_emulator_refuses_what_the_api_refuses(url: str, given: object, said: str | None) -> None:
    body = {"model": "gemini-3.8-flash", "input": given}
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": KEY}) as http:
        response = await http.post("/v1/interactions", json=body)
    assert response.status_code == (200 if said is None else 400)
    assert said is None or said in response.json()["error"]["message"]
