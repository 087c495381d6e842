"""Transcripts: what is sent, shown, saved, refused, and kept over restarts."""

import math
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import BlobResourceContents

from conftest import FAST
from consenting import User
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.emulator.refusals import make_background_fault, make_unreadable_fault
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import call, complaint, id_of, links_of, note, png, rows_of, saved_in, text_of, wav

SAID = (
    "[00:00.0] Speaker 1: Emulated transcript: no model ran. Did you hear the tide?\n\n"
    "[00:03.4] Speaker 2: Only the foghorn.\n\n"
    "[00:04.7] Speaker 1: Then it is time to go.\n\n"
    "[00:06.9] Speaker 2: Naïve readers would stay.\n"
)
SILENT = "No speech was found in the recording.\n"


def talk(settings: Settings, directives: str = "", name: str = "talk.wav") -> Path:
    """A recording of something."""
    path = settings.allowed_dirs[0] / name
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(b"\1\0" * 800)
    path.write_bytes(path.read_bytes() + directives.encode())
    return path


def sent(emulator: Emulator) -> dict[str, Any]:
    """The one block that the first request has."""
    (turn,) = emulator.creates[0]["input"]
    (block,) = turn["content"]
    return block


async def transcribe(client: Client, path: Path, **arguments: Any) -> Any:
    """Have a recording transcribed."""
    return await call(client, "analyze_file", files=[str(path)], prompt="The tide", transcript=True, **arguments)


async def test_a_recording_is_transcribed_with_subtitles_and_nothing_but_it_is_sent(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    result = await transcribe(client, talk(settings))
    assert text_of(result).startswith(SAID)
    assert "| gemini-3.5-transcribe | completed |" in text_of(result)
    srt, vtt = saved_in(result)
    assert (srt.suffix, vtt.suffix, "tide" in srt.name) == (".srt", ".vtt", True)
    assert srt.read_text(encoding="utf-8").startswith("1\n00:00:00,000 --> ")
    assert vtt.read_text(encoding="utf-8").startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert f"Saved: {vtt} (text/vtt, {vtt.stat().st_size:,} bytes)" in text_of(result)
    for link, path in zip(links_of(result), (srt, vtt), strict=True):
        (content,) = (await client.read_resource(str(link.uri))).contents
        assert isinstance(content, BlobResourceContents)
        assert path.name == link.name
    (create,) = emulator.creates
    assert sent(emulator)["type"] == "audio"
    mode = {"type": "verbatim", "diarization_mode": "speaker", "timestamp_granularities": ["word"]}
    assert create["generation_config"] == {"transcription_config": {"mode": mode}}
    (row,) = rows_of(await call(client, "list_interactions", kind="transcript"))
    assert (row["prompt"], row["files"]) == ("The tide", 2)
    await call(client, "delete_interaction", interaction_id=id_of(result))
    assert not srt.exists()
    assert not vtt.exists()


@pytest.mark.parametrize(
    ("wanted", "beginning", "files"),
    [
        ({"timestamps": False}, "Speaker 1: Emulated transcript: no model ran. Did", 0),
        ({"speakers": False}, "[00:00.0] Emulated transcript: no model ran. Did", 2),
        ({"speakers": False, "timestamps": False}, "Emulated transcript: no model ran. Did", 0),
    ],
)
async def test_speakers_and_times_can_be_left_out(
    client: Client, settings: Settings, wanted: dict[str, bool], beginning: str, files: int
) -> None:
    result = await transcribe(client, talk(settings), **wanted)
    assert text_of(result).startswith(beginning)
    assert len(saved_in(result)) == files


@pytest.mark.parametrize("silence", ["zeros", "no steps"])
async def test_silence_is_an_answer_that_is_paid_for_and_stays_one(
    client: Client, emulator: Emulator, settings: Settings, silence: str
) -> None:
    path = wav(settings.allowed_dirs[0]) if silence == "zeros" else talk(settings, "[[speech=none]]")
    result = await transcribe(client, path)
    assert text_of(result).startswith(SILENT)
    assert "| completed | 258 in tokens | ~$0.00052" in text_of(result)
    assert links_of(result) == []
    reads = len(emulator.requests)
    async with Client(build_server(settings, FAST), cache=None) as other:
        again = await call(other, "read_interaction", interaction_id=id_of(result))
        (row,) = rows_of(await call(other, "list_interactions"))
    assert text_of(again) == text_of(result)
    assert (row["status"], "error" in row, row["cost_usd"] > 0) == ("completed", False, True)
    assert len(emulator.requests) == reads
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_was_blocked_is_no_silence(client: Client, settings: Settings) -> None:
    path = talk(settings, "[[ends=SAFETY]]")
    said = await complaint(client, "analyze_file", files=[str(path)], prompt="x", transcript=True)
    assert "No speech" not in said
    assert "safety" in said.lower()


@pytest.mark.usual_wire("such ids are known to this server alone")
@pytest.mark.parametrize("known", [True, False], ids=["of this server", "of another program"])
async def test_what_was_said_is_read_and_its_subtitles_are_saved_again(
    client: Client, settings: Settings, known: bool
) -> None:
    result = await transcribe(client, talk(settings))
    before = {path.suffix: path.read_bytes() for path in saved_in(result)}
    for path in saved_in(result):
        path.unlink()
    if not known:
        for path in settings.output_dir.parent.glob("journal.sqlite3*"):
            path.rename(path.with_name(f"old-{path.name}"))
    async with Client(build_server(settings, FAST), cache=None) as other:
        again = await call(other, "read_interaction", interaction_id=id_of(result))
    assert text_of(again).startswith(SAID)
    assert {path.suffix: path.read_bytes() for path in saved_in(again)} == before


@pytest.mark.slow
@pytest.mark.usual_wire("such ids are known to this server alone")
async def test_silence_of_another_program_is_an_answer_too(client: Client, settings: Settings) -> None:
    result = await transcribe(client, talk(settings, "[[speech=none]]"))
    for path in settings.output_dir.parent.glob("journal.sqlite3*"):
        path.rename(path.with_name(f"old-{path.name}"))
    async with Client(build_server(settings, FAST), cache=None) as other:
        again = await call(other, "read_interaction", interaction_id=id_of(result))
        assert text_of(again).startswith(SILENT)
        (row,) = rows_of(await call(other, "list_interactions"))
    assert row["kind"] == "transcript"


@pytest.mark.slow
async def test_words_that_do_not_fit_the_text_break_nothing(client: Client, settings: Settings) -> None:
    result = await transcribe(client, talk(settings, "[[speech=odd]]"))
    body = text_of(result).partition("\n\nSaved: ")[0]
    assert body == (
        "[00:00.0] Speaker 1: Emulated transcript: no model ran. Did you hear the\n\n"
        "[00:02.1] Note: forged)(x): tide? Only the foghorn. Then it is time to go. Naïve readers would stay."
    )
    assert len(saved_in(result)) == 2


@pytest.mark.slow
async def test_a_long_transcript_is_read_in_pages(client: Client, settings: Settings) -> None:
    result = await transcribe(client, talk(settings, "[[words=9000]]"))
    assert "read_interaction(interaction_id=" in text_of(result)
    last = await call(client, "read_interaction", interaction_id=id_of(result), page=2)
    assert text_of(last).partition("\n\n")[2].startswith("[")
    (srt, _) = saved_in(result)
    assert srt.read_text(encoding="utf-8").count("Only the foghorn.") >= 390


@pytest.mark.slow
@pytest.mark.usual_wire("the times of words come with the stream")
async def test_a_long_recording_goes_through_the_files_api(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    changed = settings.model_copy(update={"inline_bytes": 100})
    async with Client(build_server(changed, FAST), cache=None) as other:
        assert text_of(await transcribe(other, talk(settings))).startswith(SAID)
    (name,) = emulator.files.files
    assert (sent(emulator)["type"], name in sent(emulator)["uri"]) == ("audio", True)
    uploaded = await call(client, "analyze_file", files=[name], prompt="Again", transcript=True)
    assert text_of(uploaded).startswith(SAID)


@pytest.mark.slow
async def test_a_clip_is_transcribed(client: Client, emulator: Emulator, settings: Settings) -> None:
    await transcribe(client, talk(settings), clip="0:01-0:02")
    assert sent(emulator)["processing"] == {"type": "static", "start_offset": "1s", "end_offset": "2s"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"files": ["{talk}", "{other}"]}, "transcript=true takes one audio file. Nothing was sent. These are 2: call"),
        ({"files": ["{png}"]}, "transcript=true takes one audio file. Nothing was sent."),
        ({"files": ["{note}"]}, "transcript=true takes one audio file. Nothing was sent."),
        ({"files": ["https://youtu.be/dQw4w9WgXcQ"]}, "transcript=true takes one audio file. Nothing was sent."),
        ({"previous_interaction_id": "v1_x"}, "takes no previous_interaction_id and no response_schema. Nothing was"),
        ({"response_schema": {"type": "object"}}, "takes no previous_interaction_id and no response_schema. Nothing"),
        ({"model": "flash"}, "gemini-3.8-flash is for text, and cannot transcribe. Nothing was sent."),
        ({"pages": "1"}, "`pages` is for PDF"),
    ],
)
async def test_what_cannot_be_transcribed_is_refused_and_nothing_is_sent(
    client: Client, emulator: Emulator, settings: Settings, arguments: dict[str, Any], said: str
) -> None:
    folder = settings.allowed_dirs[0]
    paths = {
        "talk": talk(settings),
        "other": talk(settings, "[[words=3]]", "other.wav"),
        "png": png(folder),
        "note": note(folder),
    }
    files = [each.format(**paths) for each in arguments.get("files", ["{talk}"])]
    assert said in await complaint(
        client, "analyze_file", **{"prompt": "x", "transcript": True} | arguments | {"files": files}
    )
    assert emulator.requests == []


@pytest.mark.slow
async def test_a_file_of_the_files_api_that_is_no_audio_is_refused_before_it_is_paid_for(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    changed = settings.model_copy(update={"inline_bytes": 10})
    async with Client(build_server(changed, FAST), cache=None) as other:
        await call(other, "analyze_file", files=[str(png(settings.allowed_dirs[0]))], prompt="What?")
    (name,) = emulator.files.files
    said = await complaint(client, "analyze_file", files=[name], prompt="x", transcript=True)
    assert said == "transcript=true takes one audio file. Nothing was sent."
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_the_same_recording_again_is_the_same_run_and_other_options_are_not(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    path = talk(settings)
    emulator.faults.append(hold := Fault("create", "hold"))
    begun = await transcribe(client, path, wait_seconds=0)
    again = await transcribe(client, path, wait_seconds=0)
    hold.release.set()
    assert id_of(again) == id_of(begun)
    assert id_of(await transcribe(client, path, speakers=False)) != id_of(begun)
    assert len(emulator.creates) == 2


@pytest.mark.slow
async def test_a_transcript_that_is_refused_the_background_is_bought_once(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    emulator.faults.append(make_background_fault("gemini-3.5-transcribe"))
    assert text_of(await transcribe(client, talk(settings))).startswith(SAID)
    assert len(emulator.interactions) == 1


@pytest.mark.slow
@pytest.mark.usual_wire("the times of words come with the stream")
async def test_a_transcript_that_cannot_be_read_afterwards_is_that_of_its_stream(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    emulator.faults.append(make_unreadable_fault())
    result = await transcribe(client, talk(settings))
    assert text_of(result).startswith(SAID)
    assert len(saved_in(result)) == 2


@pytest.mark.slow
async def test_times_that_only_a_read_has_are_read(client: Client, emulator: Emulator, settings: Settings) -> None:
    emulator.doubts = replace(emulator.doubts, streamed_annotations=False)
    result = await transcribe(client, talk(settings))
    assert text_of(result).startswith(SAID)
    assert len(saved_in(result)) == 2


async def test_times_are_waited_for_longer_than_what_only_enriches_an_answer(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.doubts = replace(emulator.doubts, streamed_annotations=False)
    emulator.faults.append(Fault("get", "http", times=20, http_status=404))
    patient = replace(FAST, enrichment=0.02, answer_lag=20)
    async with Client(build_server(settings, patient), cache=None) as client:
        result = await transcribe(client, talk(settings))
    assert text_of(result).startswith(SAID)
    assert len(saved_in(result)) == 2


async def test_silence_that_was_read_too_early_is_read_again(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    hollow: dict[str, Any] = {"id": "v1_x", "status": "completed", "object": "interaction", "steps": []}
    emulator.faults += [
        Fault("stream", "end", after=2),
        Fault("resume", "http", times=math.inf, http_status=400),
        Fault("get", "http", times=3, http_status=200, body=hollow),
    ]
    assert text_of(await transcribe(client, talk(settings))).startswith(SAID)


@pytest.mark.slow
@pytest.mark.usual_wire("a silent stream has an id before it ends")
@pytest.mark.parametrize("directive", ["", "[[speech=none]]"])
async def test_a_restart_meanwhile_loses_no_transcript_and_buys_none_twice(
    emulator: Emulator, settings: Settings, directive: str
) -> None:
    path = talk(settings, f"[[seconds=1]]{directive}")
    async with Client(build_server(settings, FAST), cache=None) as client:
        begun = await transcribe(client, path, wait_seconds=0)
        assert "in_progress" in text_of(begun)
    async with Client(build_server(settings, FAST), cache=None) as client:
        found = await call(client, "read_interaction", interaction_id=id_of(begun), wait_seconds=20)
    assert text_of(found).startswith(SILENT if directive else SAID)
    assert len(saved_in(found)) == (0 if directive else 2)
    assert len(emulator.creates) == 1


@pytest.mark.slow
async def test_what_a_transcript_may_cost_is_by_the_duration_of_its_recording(settings: Settings) -> None:
    path = talk(settings)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(b"\1\0\0\0" * 48_000 * 30)
    confirm = Confirmation(50_000)
    user = User("decline")
    async with Client(
        build_server(settings.model_copy(update={"confirm": confirm}), replace(FAST, answer_lag=20)),
        elicitation_callback=user.answer,
        cache=None,
    ) as client:
        assert text_of(await transcribe(client, path)).startswith(SAID)
    assert user.asked == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"speakers": True}, "speakers"),
        ({"timestamps": True, "transcript": False}, "timestamps"),
        ({"speakers": True, "timestamps": True}, "speakers and timestamps"),
    ],
)
async def test_what_only_a_transcript_has_is_refused_without_one(
    client: Client, emulator: Emulator, settings: Settings, options: dict[str, bool], named: str
) -> None:
    said = await complaint(client, "analyze_file", files=[str(talk(settings))], prompt="Who speaks?", **options)
    assert said == f"{named}: only with transcript=true, which writes down one audio file. Nothing was sent."
    assert emulator.requests == []


async def test_options_of_a_transcript_that_ask_for_nothing_are_no_error(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    off = {"transcript": False, "speakers": False, "timestamps": False}
    await call(client, "analyze_file", files=[str(talk(settings))], prompt="Who speaks?", **off)
    assert emulator.creates[-1]["model"] == "gemini-3.8-flash"
