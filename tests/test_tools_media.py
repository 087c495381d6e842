"""Input files and generated images: what is sent, saved and shown."""

import base64
import errno
import io
import math
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import BlobResourceContents, CallToolResult
from PIL import Image

from conftest import DOUBTS, FAST, KEY, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Interaction, Media, Request
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.runs.bookkeeping import Ledger
from gemini_interactions_mcp.runs.run import Run
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import (
    LEGACY,
    PDF,
    call,
    complaint,
    footer_of,
    id_of,
    links_of,
    made_while,
    newest,
    note,
    pdf,
    png,
    posts,
    previews_of,
    saved_in,
    text_of,
    wav,
)

IMAGE_MODEL = "gemini-nano-banana-2.1"


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory."""
    return settings.allowed_dirs[0]


def sent(emulator: Emulator) -> list[dict[str, Any]]:
    """The content blocks of the last request."""
    (step,) = emulator.creates[-1]["input"]
    assert step["type"] == "user_input"
    return step["content"]


@pytest.mark.slow
async def test_several_files_of_several_kinds_go_in_one_call(client: Client, emulator: Emulator, folder: Path) -> None:
    files = [png(folder), wav(folder), pdf(folder), note(folder)]
    result = await call(client, "analyze_file", files=[str(file) for file in files], prompt="What is this?")
    *labelled, text, prompt = sent(emulator)
    labels, media = labelled[::2], labelled[1::2]
    assert [label["text"] for label in labels] == [f"File {file.name}:" for file in files[:3]]
    assert [(part["type"], part["mime_type"]) for part in media] == [
        ("image", "image/png"),
        ("audio", "audio/wav"),
        ("document", "application/pdf"),
    ]
    assert [base64.b64decode(part["data"]) for part in media] == [file.read_bytes() for file in files[:3]]
    assert text == {"type": "text", "text": "File note.txt:\n\nGrüße, world"}
    assert prompt == {"type": "text", "text": "What is this?"}
    assert f"File 1, image: image/png, {files[0].stat().st_size} bytes, 8 x 6 pixels" in text_of(result)
    assert f"File 3, document: application/pdf, {len(PDF)} bytes" in text_of(result)
    assert id_of(result) == newest(emulator).id


@pytest.mark.slow
@LEGACY
async def test_detail_is_asked_for_where_a_file_can_have_it(client: Client, emulator: Emulator, folder: Path) -> None:
    files = [str(file) for file in (png(folder), wav(folder), pdf(folder), note(folder))]
    await call(client, "analyze_file", files=files, prompt="hi", media_resolution="ultra_high")
    given = [part for part in sent(emulator) if part["type"] != "text"]
    assert [part.get("resolution") for part in given] == ["ultra_high", None, "ultra_high"]
    assert not any("resolution" in part for part in sent(emulator) if part["type"] == "text")


@pytest.mark.slow
@LEGACY
@pytest.mark.usual_wire("every model takes the background")
async def test_options_of_a_file_analysis_reach_the_api(client: Client, emulator: Emulator, folder: Path) -> None:
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    first = await call(client, "gemini_ask", prompt="one")
    await call(
        client,
        "analyze_file",
        files=[str(png(folder))],
        prompt="two",
        model="gemini-3.5-flash",
        previous_interaction_id=id_of(first),
        response_schema=schema,
    )
    body = emulator.creates[-1]
    assert body["model"] == "gemini-3.5-flash"
    assert body["previous_interaction_id"] == id_of(first)
    assert body["response_format"]["schema"] == schema
    assert (body["background"], body["store"]) == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "block"),
    [
        ("https://www.youtube.com/watch?v=abc", {"type": "video", "uri": "https://www.youtube.com/watch?v=abc"}),
        ("https://youtu.be/abc", {"type": "video", "uri": "https://youtu.be/abc"}),
        (
            "https://example.com/cat.jpg",
            {"type": "image", "uri": "https://example.com/cat.jpg", "mime_type": "image/jpeg"},
        ),
        ("https://example.com/page", {"type": "document", "uri": "https://example.com/page"}),
        ("m.youtube.com/shorts/abc", {"type": "video", "uri": "https://m.youtube.com/shorts/abc"}),
    ],
    ids=["youtube", "youtu.be", "image", "page", "bare"],
)
@LEGACY
async def test_an_address_is_left_to_gemini_to_fetch(
    client: Client, emulator: Emulator, source: str, block: dict[str, str]
) -> None:
    await call(client, "analyze_file", files=[source], prompt="hi")
    assert sent(emulator)[0] == block


@pytest.mark.slow
async def test_a_large_file_is_uploaded_once_and_sent_by_its_address(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    server = build_server(make_settings(tmp_path, url, inline_bytes=100))
    file = str(png(tmp_path / "files", size=(300, 300)))
    async with Client(server, cache=None) as client:
        await call(client, "analyze_file", files=[file], prompt="one")
        uri = sent(emulator)[0]["uri"]
        await call(client, "analyze_file", files=[file], prompt="two")
    (uploaded,) = emulator.files.files.values()
    assert uploaded.size_bytes > 100
    assert uploaded.mime_type == "image/png"
    assert uri.endswith(uploaded.name)
    assert sent(emulator)[0] == {"type": "image", "uri": uri, "mime_type": "image/png"}


@pytest.mark.slow
@LEGACY
async def test_a_follow_up_of_a_file_analysis_does_not_send_the_file_again(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    first = await call(client, "analyze_file", files=[str(png(folder))], prompt="What is this?")
    second = await call(client, "gemini_continue", previous_interaction_id=id_of(first), prompt="And why?")
    assert emulator.creates[-1]["input"] == "And why?"
    assert "The previous prompt was: “What is this?”" in text_of(second)


@pytest.mark.slow
@LEGACY
async def test_a_slow_file_analysis_is_read_later(client: Client, emulator: Emulator, folder: Path) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    result = await call(client, "analyze_file", files=[str(png(folder))], prompt="hi", wait_seconds=0)
    assert f'read_interaction(interaction_id="{id_of(result)}", wait_seconds=45)' in text_of(result)
    fault.release.set()
    later = await call(client, "read_interaction", interaction_id=id_of(result), wait_seconds=5)
    assert "File 1, image: image/png" in text_of(later)


@pytest.mark.slow
async def test_an_image_is_saved_shown_and_linked(client: Client, emulator: Emulator, settings: Settings) -> None:
    emulator.picture_scale = 1
    result = await call(client, "generate_image", prompt="A red bicycle")
    assert emulator.creates == [
        {
            "model": IMAGE_MODEL,
            "input": "A red bicycle",
            "response_format": [{"type": "text"}, {"type": "image"}],
            "store": True,
        }
        | ({} if DOUBTS.foreground_models else {"background": True})
    ]
    (path,) = saved_in(result)
    content = path.read_bytes()
    text, drawn = newest(emulator).answer.steps[-1]["content"]
    assert text["text"].strip() in text_of(result)
    with Image.open(io.BytesIO(base64.b64decode(drawn["data"]))) as came, Image.open(path) as image:
        assert image.tobytes() == came.tobytes()
        xmp = image.info["xmp"].decode()
    assert all(f">{fact}</" in xmp for fact in ("A red bicycle", IMAGE_MODEL, id_of(result)))
    assert KEY not in xmp
    assert path.parent == settings.output_dir
    assert re.fullmatch(rf"{datetime.now(UTC):%Y-%m-%d}-red-bicycle-[0-9a-f]{{6}}-1\.jpg", path.name)
    assert f"Saved: {path} (image/jpeg, 1024x1024 px, {len(content):,} bytes)" in text_of(result)
    assert [block.type for block in result.content] == ["text", "image", "resource_link"]
    (link,) = links_of(result)
    assert (link.name, link.mime_type, link.size) == (path.name, "image/jpeg", len(content))
    (linked,) = (await client.read_resource(link.uri)).contents
    assert isinstance(linked, BlobResourceContents)
    assert base64.b64decode(linked.blob) == content
    assert id_of(result) == newest(emulator).id
    assert "generate_image with it as previous_interaction_id" in footer_of(result)


@pytest.mark.slow
@LEGACY
async def test_shape_size_and_model_of_an_image_are_those_asked_for(client: Client, emulator: Emulator) -> None:
    emulator.picture_scale = 1
    shape = {"aspect_ratio": "16:9", "image_size": "2K"}
    result = await call(client, "generate_image", prompt="hi", model="gemini-3-pro-image", **shape)
    body = emulator.creates[-1]
    assert body["response_format"] == [{"type": "text"}, {"type": "image", **shape}]
    assert body["model"] == "gemini-3-pro-image"
    assert "2731x1536 px" in text_of(result)
    with Image.open(saved_in(result)[0]) as image:
        assert image.size == (2731, 1536)
    (preview,) = previews_of(result)
    assert preview.size == (1024, 576)


@pytest.mark.slow
@LEGACY
async def test_an_image_is_changed_by_naming_its_interaction(client: Client, emulator: Emulator) -> None:
    first = await call(client, "generate_image", prompt="A bicycle")
    second = await call(client, "generate_image", prompt="Make it blue", previous_interaction_id=id_of(first))
    assert emulator.creates[-1]["previous_interaction_id"] == id_of(first)
    assert emulator.creates[-1]["input"] == "Make it blue"
    assert len({*saved_in(first), *saved_in(second)}) == 2
    assert id_of(second) != id_of(first)


@LEGACY
async def test_reference_images_go_before_the_prompt(client: Client, emulator: Emulator, folder: Path) -> None:
    images = [png(folder, "one.png"), png(folder, "two.png", (5, 5))]
    await call(client, "generate_image", prompt="Combine them", images=[str(image) for image in images])
    first, one, second, two, prompt = sent(emulator)
    assert [one["data"], two["data"]] == [base64.b64encode(image.read_bytes()).decode() for image in images]
    assert [first["text"], second["text"], prompt["text"]] == ["File one.png:", "File two.png:", "Combine them"]


@LEGACY
async def test_what_is_no_image_is_refused_before_anything_is_paid(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    said = await complaint(client, "generate_image", prompt="hi", images=[str(note(folder))])
    assert said == "`images` takes images only; analyze_file takes other files."
    assert emulator.requests == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output_path", "saved", "kind"),
    [
        ("sub/bike.jpg", "output/sub/bike.jpg", "JPEG"),
        ("bike", "output/bike.jpg", "JPEG"),
        ("{files}/bike.JPEG", "files/bike.JPEG", "JPEG"),
        ("bike.png", "output/bike.png", "PNG"),
        ("bike.webp", "output/bike.webp", "WEBP"),
    ],
)
@LEGACY
async def test_an_image_is_saved_where_it_was_asked_for(
    client: Client, tmp_path: Path, folder: Path, output_path: str, saved: str, kind: str
) -> None:
    wanted = output_path.format(files=folder)
    result = await call(client, "generate_image", prompt="A bike", output_path=wanted)
    assert saved_in(result) == [tmp_path / saved]
    with Image.open(tmp_path / saved) as image:
        image.load()
        assert image.format == kind
        assert b">A bike</" in image.info["xmp"]
    assert f"Saved: {tmp_path / saved} (image/{kind.lower()}, 512x512 px" in text_of(result)
    assert [link.mime_type for link in links_of(result)] == [f"image/{kind.lower()}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output_path", "said"),
    [
        ("../elsewhere.jpg", "outside the allowed directories"),
        ("{files}/../elsewhere.jpg", "outside the allowed directories"),
        ("{files}/taken.jpg", "exists already"),
        (".hidden.jpg", "dot-file"),
        ("bike.foo", "ends with .jpg, .jpeg, .jfif, .png, .webp, or no extension"),
        ("bike.tiff", "ends with .jpg"),
    ],
    ids=["above", "outside", "taken", "hidden", "no format", "another format"],
)
@LEGACY
async def test_a_path_that_may_not_be_written_is_refused_before_anything_is_paid(
    client: Client, emulator: Emulator, folder: Path, output_path: str, said: str
) -> None:
    (folder / "taken.jpg").write_bytes(b"mine")
    text = await complaint(client, "generate_image", prompt="hi", output_path=output_path.format(files=folder))
    assert said in text
    assert emulator.requests == []
    assert (folder / "taken.jpg").read_bytes() == b"mine"


@pytest.mark.slow
@LEGACY
async def test_two_images_for_one_path_are_both_kept(client: Client, emulator: Emulator, settings: Settings) -> None:
    faults = [Fault("create", "hold", match=prompt) for prompt in ("first", "second")]
    emulator.faults += faults
    results: list[CallToolResult] = []

    async def generate(prompt: str) -> None:
        arguments = {"prompt": prompt, "output_path": "same.jpg"}
        results.append(await client.call_tool("generate_image", arguments))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            for fault in faults:
                tasks.start_soon(generate, fault.match)
            for fault in faults:
                await fault.reached.wait()
                fault.release.set()
    saved = [path for result in results for path in saved_in(result)]
    assert (settings.output_dir / "same.jpg") in saved
    (other,) = [path for path in saved if path.name != "same.jpg"]
    assert other.parent == settings.output_dir
    (said,) = [text_of(result) for result in results if other in saved_in(result)]
    assert "same.jpg, but in the output directory: a file of this name exists already." in said
    assert len({path.read_bytes() for path in saved}) == len(emulator.creates) == 2


@pytest.mark.slow
@LEGACY
async def test_a_place_that_is_closed_meanwhile_does_not_lose_the_image(
    client: Client, emulator: Emulator, settings: Settings, folder: Path
) -> None:
    target = folder / "new" / "a.jpg"
    closed = (folder / "new").write_text
    result = await made_while(client, emulator, lambda: closed("in the way", encoding="utf-8"), output_path=str(target))
    (path,) = saved_in(result)
    assert path.parent == settings.output_dir
    assert f"Note: Not saved at {target}, but in the output directory:" in text_of(result)
    assert "another directory.\n" in text_of(result)


@pytest.mark.slow
@LEGACY
async def test_several_images_of_one_answer_are_numbered(client: Client, settings: Settings) -> None:
    asked = {"prompt": "Bikes [[images=3]]"}
    first = await call(client, "generate_image", **asked)
    stems = [path.name.rpartition("-") for path in saved_in(first)]
    assert [end for _, _, end in stems] == ["1.jpg", "2.jpg", "3.jpg"]
    assert len({stem for stem, _, _ in stems}) == 1
    second = await call(client, "generate_image", **asked, output_path="bikes.png")
    assert saved_in(second) == [settings.output_dir / name for name in ("bikes.png", "bikes-2.png", "bikes-3.png")]
    assert [block.type for block in second.content] == ["text", *["image", "resource_link"] * 3]


async def test_results_stay_within_what_hosts_take(tmp_path: Path, url: str) -> None:
    async with Client(build_server(make_settings(tmp_path, url)), cache=None) as client:
        result = await call(client, "generate_image", prompt="Many [[images=40]] [[words=3000]]")
    assert len(result.model_dump_json(by_alias=True)) < 2**20
    shown = previews_of(result)
    assert [max(each.size) for each in shown] == [512] * 8
    assert len(text_of(result)) / 3 + 1600 * len(shown) < 25_000
    assert len(text_of(result).encode()) <= 10_000
    told = saved_in(result)
    assert 1 < len(links_of(result)) <= len(told) < 30
    assert f"And {40 - len(told)} more files; gemini://interactions/" in text_of(result)
    assert "32 more pictures are saved but not shown here." in text_of(result)


async def test_previews_can_be_turned_off(tmp_path: Path, url: str) -> None:
    async with Client(build_server(make_settings(tmp_path, url, previews=False)), mode="legacy", cache=None) as client:
        result = await call(client, "generate_image", prompt="hi")
    assert [block.type for block in result.content] == ["text", "resource_link"]
    assert "not shown" not in text_of(result)
    assert len(saved_in(result)) == 1


@pytest.mark.slow
@LEGACY
@pytest.mark.usual_wire("image models refuse the background")
async def test_an_image_model_is_asked_twice_whether_it_runs_in_the_background(
    client: Client, emulator: Emulator
) -> None:
    for prompt in ("one", "two", "three"):
        await call(client, "generate_image", prompt=prompt)
    assert posts(emulator) == 5
    assert ["background" in body for body in emulator.creates] == [False] * 3


@pytest.mark.slow
@LEGACY
async def test_a_model_that_makes_no_images_is_refused(client: Client, emulator: Emulator) -> None:
    said = "gemini-3.8-flash is for text, and cannot make an image. Nothing was sent."
    text = await complaint(client, "generate_image", prompt="hi", model="gemini-3.8-flash")
    assert said in text
    assert emulator.creates == []


@pytest.mark.slow
@LEGACY
async def test_an_image_that_was_not_made_is_an_error_with_the_id(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "empty"))
    text = await complaint(client, "generate_image", prompt="hi")
    assert "without an answer" in text
    assert newest(emulator).id in text


@pytest.mark.slow
@LEGACY
async def test_a_text_instead_of_an_image_is_an_error_that_tells_it(client: Client, emulator: Emulator) -> None:
    said = await complaint(client, "generate_image", prompt="A bicycle [[images=0]]")
    assert said.startswith("Gemini made no image, but answered with text. It said: Emulated answer by")
    assert newest(emulator).id in said
    again = await complaint(client, "read_interaction", interaction_id=newest(emulator).id)
    assert again == said


@pytest.mark.slow
@LEGACY
async def test_an_image_that_was_blocked_is_an_error_in_googles_words(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "blocked"))
    said = await complaint(client, "generate_image", prompt="hi")
    assert "The response was blocked because of the safety settings)" in said
    assert newest(emulator).id in said


@pytest.mark.slow
@LEGACY
async def test_a_ratio_that_the_api_does_not_take_is_refused_with_the_list(client: Client, emulator: Emulator) -> None:
    said = await complaint(client, "generate_image", prompt="hi", aspect_ratio="2:1")
    assert "'1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9', '1:8', '8:1', '1:4'" in said
    assert emulator.requests == []


async def test_an_image_is_there_for_later_when_the_call_is_over(tmp_path: Path, url: str, emulator: Emulator) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    server = build_server(make_settings(tmp_path, url, wait_seconds=0), replace(FAST, naming=0))
    async with Client(server, cache=None) as client:
        result = await call(client, "generate_image", prompt="A slow bicycle")
        label = footer_of(result).split(" | ")[0].removeprefix("interaction_id: ")
        assert f'read_interaction(interaction_id="{label}", wait_seconds=45)' in text_of(result)
        with anyio.fail_after(5):
            await fault.reached.wait()
        fault.release.set()
        later = await call(client, "read_interaction", interaction_id=label, wait_seconds=30)
        assert id_of(later) == newest(emulator).id
    assert len(saved_in(later)) == len(previews_of(later)) == 1


@pytest.mark.slow
@LEGACY
async def test_an_image_that_has_been_removed_is_fetched_again_where_google_still_has_it(
    client: Client, emulator: Emulator
) -> None:
    first = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(first)
    content = path.read_bytes()
    path.unlink()
    again = await call(client, "read_interaction", interaction_id=id_of(first))
    assert saved_in(again) == [path]
    assert path.read_bytes() == content
    assert len(previews_of(again)) == 1
    assert "not there" not in text_of(again)
    assert len(emulator.creates) == 1


@pytest.mark.slow
@LEGACY
async def test_an_image_that_nobody_has_any_more_is_told_of(client: Client, emulator: Emulator) -> None:
    first = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(first)
    path.unlink()
    emulator.interactions.clear()
    again = await call(client, "read_interaction", interaction_id=id_of(first))
    assert f"\n{path} is not there any more.\n" in text_of(again)
    assert previews_of(again) == []
    assert [link.name for link in links_of(again)] == [path.name]


async def test_an_output_directory_of_nobody_is_told_by_the_first_call_that_saves_and_lets_others_be(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = make_settings(tmp_path, url, output_dir=Path("~nobody-4711/out"))
    async with Client(build_server(nowhere), cache=None) as client:
        for name in ("generate_image", "start_research"):
            said = await complaint(client, name, prompt="A bicycle")
            assert said.startswith("Cannot write to ~nobody-4711")
            assert "there is no such user" in said
        assert emulator.creates == []
        assert "Why?" in text_of(await call(client, "gemini_ask", prompt="Why?"))
    assert not (tmp_path / "~nobody-4711").exists()


@pytest.mark.slow
@LEGACY
async def test_an_output_directory_that_cannot_be_written_is_told_before_anything_is_paid(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    settings.output_dir.write_text("a file in the way", encoding="utf-8")
    for tool in ("generate_image", "start_research"):
        said = await complaint(client, tool, prompt="hi")
        assert said.startswith(f"Cannot write to {settings.output_dir}: a file or a link stands where a folder")
        assert "GEMINI_MCP_OUTPUT_DIR" in said
    assert emulator.requests == []
    settings.output_dir.unlink()
    await call(client, "generate_image", prompt="hi")


@pytest.mark.slow
@LEGACY
async def test_an_image_that_cannot_be_saved_is_shown_and_saved_by_reading_it(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    shown = await made_while(client, emulator, lambda: settings.output_dir.write_text("in the way", encoding="utf-8"))
    assert f"\nNote: The files could not be saved: Cannot write to {settings.output_dir}:" in text_of(shown)
    assert "Then read_interaction saves them." in text_of(shown)
    assert [block.type for block in shown.content] == ["text", "image"]
    assert previews_of(shown)[0].size == (512, 512)
    still = await call(client, "read_interaction", interaction_id=id_of(shown))
    assert len(previews_of(still)) == 1
    settings.output_dir.unlink()
    again = await call(client, "read_interaction", interaction_id=id_of(shown))
    assert len(saved_in(again)) == len(previews_of(again)) == 1
    assert "Note:" not in text_of(again)
    assert len(emulator.creates) == 1


@pytest.mark.slow
@LEGACY
async def test_images_that_cannot_be_saved_share_what_hosts_take(
    client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = await call(client, "generate_image", prompt="Many [[images=12]]", image_size="1K")
    assert len(result.model_dump_json(by_alias=True)) < 2**20
    assert [max(each.size) for each in previews_of(result)] == [512] * 8
    assert saved_in(result) == links_of(result) == []
    assert id_of(result) == newest(emulator).id


@pytest.mark.slow
async def test_without_previews_an_image_that_cannot_be_saved_is_an_error(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    async with Client(build_server(make_settings(tmp_path, url, previews=False)), mode="legacy", cache=None) as client:
        said = await complaint(client, "generate_image", prompt="hi", output_path="bike.jpg")
    assert said.startswith(f"The files could not be saved: Cannot write to {tmp_path / 'output'}: No space left")
    assert newest(emulator).id in said


@LEGACY
async def test_a_disk_that_fills_up_keeps_what_was_saved_and_the_rest_is_saved_later(
    client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync
    flushed: list[int] = []

    def full(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    result = await call(client, "generate_image", prompt="Bikes [[images=3]]")
    first = saved_in(result)
    assert len(first) == len(links_of(result)) == 1
    assert "Note: The files could not be saved: Cannot write to" in text_of(result)
    again = await call(client, "read_interaction", interaction_id=id_of(result))
    assert len(saved_in(again)) == 3
    assert saved_in(again)[:1] == first
    assert "Note:" not in text_of(again)
    assert len(emulator.creates) == 1


@pytest.mark.parametrize("store", [True, False])
async def test_a_prompt_that_is_kept_nowhere_is_in_no_file(tmp_path: Path, store: bool) -> None:
    request = Request(kind="ask", prompt="A secret", model="m", store=store)
    made = Media(kind="image", mime_type="image/png", data=base64.b64encode(png(tmp_path).read_bytes()).decode())
    interaction = Interaction(id="v1_x", status="completed", model="m-1", prompt="A secret", media=(made,))
    journal = Journal(f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}")
    run = Run(intents.build_intent(request), request)
    try:
        await Ledger(journal, LocalFolder(tmp_path / "output"), FAST).finish(run, interaction, None)
    finally:
        await journal.close()
    (file,) = run.record.files
    content = await anyio.Path(file.path).read_bytes()
    assert (b"A secret" in content) is store
    assert ("secret" in file.name) is store
    assert b">m-1</" in content


@pytest.mark.parametrize("store", [True, False])
async def test_only_what_google_keeps_is_said_to_be_saved_later(tmp_path: Path, store: bool) -> None:
    request = Request(kind="ask", prompt="hi", model="m", store=store)
    made = Media(kind="image", mime_type="image/png", data=base64.b64encode(png(tmp_path).read_bytes()).decode())
    broken = Media(kind="image", mime_type="image/png", data="no base64!")
    interaction = Interaction(id="v1_x", status="completed", text="Here.", media=(made, broken))
    journal = Journal(f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}")
    run = Run(intents.build_intent(request), request)
    (tmp_path / "output").write_text("in the way", encoding="utf-8")
    try:
        await Ledger(journal, LocalFolder(tmp_path / "output"), FAST).finish(run, interaction, None)
    finally:
        await journal.close()
    assert "The files could not be saved" in str(run.record.error)
    assert ("Then read_interaction saves them." in str(run.record.error)) is store
    assert len(run.previews) == 1


@pytest.mark.slow
@LEGACY
async def test_faults_of_the_api_while_an_image_is_made_are_never_paid_twice(
    client: Client, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "http", times=math.inf, http_status=500, match='"background":true'))
    said = await complaint(client, "generate_image", prompt="hi")
    assert "Google may have taken the request all the same, so it was not sent again." in said
    assert posts(emulator) == 1


@pytest.mark.slow
@LEGACY
@pytest.mark.parametrize("ending", ["", "==", ".x=", "/é"])
async def test_a_picture_is_edited_by_its_link_whatever_its_id_has(
    client: Client, emulator: Emulator, ending: str
) -> None:
    emulator.id_suffix = ending
    made = await call(client, "generate_image", prompt="A red bicycle")
    (link,) = links_of(made)
    for source in (link.uri, link.uri.partition("/files/")[0]):
        await call(client, "generate_image", prompt=f"Paint it blue, {source}", images=[source])
    assert len(emulator.creates) == 3


@pytest.mark.slow
@LEGACY
async def test_a_picture_of_an_earlier_interaction_is_edited_by_its_address(client: Client, emulator: Emulator) -> None:
    made = await call(client, "generate_image", prompt="A red bicycle")
    (path,) = saved_in(made)
    (link,) = links_of(made)
    for source in (link.uri, f"gemini://interactions/{id_of(made)}"):
        await call(client, "generate_image", prompt=f"Paint it blue, {source}", images=[source])
        (step,) = emulator.creates[-1]["input"]
        sent = [block for block in step["content"] if block["type"] == "image"]
        assert [block["data"] for block in sent] == [base64.b64encode(path.read_bytes()).decode()]
