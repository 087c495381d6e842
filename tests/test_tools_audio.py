"""Speech and music: what is sent, saved, shown and refused."""

import io
import random
import tempfile
import wave
from pathlib import Path
from typing import Any

import av
import pytest
from mcp import Client
from mcp_types import BlobResourceContents, TextResourceContents

from conftest import FAST, STATUS
from gemini_interactions_mcp.emulator import Emulator, Fault, sound
from gemini_interactions_mcp.emulator.refusals import make_background_fault
from gemini_interactions_mcp.output.durations import measure_duration
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from reading import call, complaint, id_of, links_of, text_of

SCRIPT = "Joe: Did you hear that?\nJane: Hear what?"
TWO = "Joe=Puck, Jane=Kore"


def seconds_of(path: str | Path) -> float:
    """The duration of a recording, decoded to its end."""
    with av.open(str(path)) as opened:
        stream = opened.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in opened.decode(stream))


async def test_two_speakers_are_saved_as_a_wav_that_plays(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    result = await call(client, "generate_audio", prompt=SCRIPT, voice=TWO, style="calm")
    (path,) = settings.output_dir.iterdir()
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(seconds_of(path))
    assert f"Saved: {path} (audio/wav, {seconds:.1f} s, {path.stat().st_size:,} bytes)" in text_of(result)
    assert "| gemini-3.8-flash-tts | completed |" in text_of(result)
    (link,) = links_of(result)
    (content,) = (await client.read_resource(str(link.uri))).contents
    assert isinstance(content, BlobResourceContents)
    assert [create["response_format"] for create in emulator.creates] == [{"type": "audio"}]


async def test_raw_samples_of_an_older_model_get_a_header(client: Client, settings: Settings) -> None:
    await call(client, "generate_audio", prompt="Hello there", model="gemini-3.1-flash-tts-preview")
    (path,) = settings.output_dir.iterdir()
    assert path.suffix == ".wav"
    assert seconds_of(path) == pytest.approx(0.24)


async def test_a_song_stays_mp3_with_its_lyrics_and_its_own_price(client: Client, settings: Settings) -> None:
    target = settings.allowed_dirs[0] / "waltz.wav"
    result = await call(client, "generate_audio", prompt="A slow waltz", kind="music", output_path=str(target))
    path = target.with_suffix(".mp3")
    assert path.exists()
    assert not target.exists()
    assert seconds_of(path) == pytest.approx(3.0, abs=0.1)
    assert "Emulated lyrics: A slow waltz" in text_of(result)
    assert f"Saved: {path} (audio/mpeg, 3.0 s, " in text_of(result)
    assert "| ~$0.08\n" in text_of(result)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"voice": "Korre"}, "There is no voice Korre. Similar names: Kore"),
        ({"voice": "Joe=Puck"}, "a name for each of exactly two speakers"),
        ({"voice": TWO}, "a script whose turns begin with “Joe: …” and “Jane: …”, but its first line is Hello"),
        ({"prompt": "Word. " * 9_000}, "a speech model takes 8,192. Cut it after character"),
        ({"style": "calm " * 9_000}, "Shorten `style`, or speak a part of the text at a time. Nothing was sent."),
        (
            {"prompt": "Joe: a\nJane: b\nJoe: c\nJane: d", "voice": TWO, "style": "calm " * 1_700},
            "With its style, which goes with each of the 4 turns, the text has about 8,5",
        ),
        ({"kind": "music", "voice": "Kore"}, "voice and style are for speech"),
        ({"kind": "music", "style": "calm"}, "voice and style are for speech"),
        ({"model": "flash"}, "gemini-3.8-flash is for text, and cannot speak."),
        ({"model": "lyria"}, "lyria-3.5 is for music, and cannot speak."),
        ({"output_path": "talk.png"}, "the path of audio content ends with .wav, .mp3, or no extension."),
    ],
)
async def test_what_cannot_be_spoken_is_refused_and_nothing_is_sent(
    client: Client, emulator: Emulator, arguments: dict[str, str], said: str
) -> None:
    assert said in await complaint(client, "generate_audio", **{"prompt": "Hello"} | arguments)
    assert emulator.creates == []


async def test_a_voice_of_the_users_own_is_found_in_googles_list(client: Client, emulator: Emulator) -> None:
    await call(client, "generate_audio", prompt="Hello", voice="voice_emulated1")
    content = (await client.read_resource("gemini://voices")).contents[0]
    assert isinstance(content, TextResourceContents)
    assert "| Puck | upbeat | all |" in content.text
    assert "| voice_emulated1 |" in content.text
    data = (await client.read_resource("gemini://voices/data")).contents[0]
    assert isinstance(data, TextResourceContents)
    assert '"voice_emulated1"' in data.text


async def test_a_list_that_cannot_be_read_leaves_the_voices_that_are_known(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("file", "http", 99, http_status=500))
    content = (await client.read_resource("gemini://voices")).contents[0]
    assert isinstance(content, TextResourceContents)
    assert "| Sulafat | warm | all |" in content.text
    await call(client, "generate_audio", prompt="Hello", voice="sulafat")
    assert "There is no voice Nobody" in await complaint(client, "generate_audio", prompt="Hello", voice="Nobody")


async def test_a_list_is_read_once_while_it_holds(settings: Settings, emulator: Emulator, client: Client) -> None:
    for _ in range(3):
        await client.read_resource("gemini://voices")
    assert sum("/voices" in request.path for request in emulator.requests) == 1
    async with Client(build_server(settings, FAST), cache=None) as other:
        await other.read_resource("gemini://voices")
    assert sum("/voices" in request.path for request in emulator.requests) == 2


async def test_speech_that_refuses_the_background_is_bought_once_in_the_foreground(
    client: Client, emulator: Emulator
) -> None:
    emulator.faults.append(make_background_fault("gemini-3.8-flash-tts"))
    result = await call(client, "generate_audio", prompt="Hello")
    assert id_of(result)
    assert len(emulator.interactions) == 1


async def test_the_same_speech_again_is_the_same_run(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(hold := Fault("create", "hold"))
    begun = await call(client, "generate_audio", prompt=SCRIPT, voice=TWO, wait_seconds=0)
    assert f"Still {STATUS} after" in text_of(begun)
    again = await call(client, "generate_audio", prompt=SCRIPT, voice=TWO, wait_seconds=0)
    hold.release.set()
    assert id_of(again) == id_of(begun)
    other = await call(client, "generate_audio", prompt=SCRIPT, voice="Joe=Kore, Jane=Puck")
    assert id_of(other) != id_of(begun)
    assert len(emulator.interactions) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "tools"),
    [
        ("ask", {"gemini_ask", "gemini_continue", "read_interaction"}),
        ("audio, images", {"generate_audio", "generate_image", "read_interaction"}),
        ("HISTORY", {"list_interactions", "read_interaction", "delete_interaction"}),
    ],
)
async def test_a_toolset_offers_its_tools_and_what_fetches_answers(
    settings: Settings, names: str, tools: set[str]
) -> None:
    chosen = tuple(name for name in TOOLSETS if name in names.casefold())
    async with Client(build_server(settings.model_copy(update={"toolsets": chosen}), FAST), cache=None) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == tools
        assert ("deep_research" in {prompt.name for prompt in (await client.list_prompts()).prompts}) is False
        said = str(client.instructions)
        assert ("gemini_ask" in said) == ("gemini_ask" in tools)
        assert "read_interaction" in said
        hidden = await complaint(client, "start_research", prompt="x")
    assert hidden.startswith("Unknown tool: start_research. The tools are: ")


def test_a_recording_without_a_header_has_no_duration_that_is_guessed() -> None:
    """A file of AAC frames is no MP3, though its frames begin alike."""
    buffer = io.BytesIO()
    file: Any = av.open(buffer, "w", format="adts")
    stream = file.add_stream("aac", rate=48_000)
    for second in range(20):
        frame = av.AudioFrame(format="s16", layout="mono", samples=48_000)
        frame.planes[0].update(random.Random(second).randbytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts = 48_000, second * 48_000
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))
    file.close()
    assert measure_duration(io.BytesIO(buffer.getvalue()), "audio/aac") is None


@pytest.mark.slow
def test_a_large_file_in_which_no_sound_is_found_is_given_up() -> None:
    with tempfile.TemporaryFile() as file:
        file.truncate(2**27)
        assert measure_duration(file, "audio/mpeg") is None
        assert file.tell() < 2**24


def test_a_recording_is_as_long_as_all_its_parts() -> None:
    """The header of an MP3 file counts the frames of the first part only."""
    song = sound.SONG.read_bytes()
    assert measure_duration(io.BytesIO(song), "audio/mpeg") == pytest.approx(3.03)
    assert measure_duration(io.BytesIO(song * 100), "audio/mpeg") == pytest.approx(303, rel=0.05)


def test_durations_are_read_of_what_can_be_read() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0\0\0" * 4_000)
    assert measure_duration(io.BytesIO(buffer.getvalue()), "audio/wav") == 0.5
    streamed = buffer.getvalue().replace(b"data" + (16_000).to_bytes(4, "little"), b"data" + b"\xff" * 4)
    assert measure_duration(io.BytesIO(streamed), "audio/wav") == pytest.approx(0.5, abs=0.01)
    assert measure_duration(io.BytesIO(b"RIFF" + b"\xff" * 100), "audio/wav") is None
    assert measure_duration(io.BytesIO(b""), "audio/mpeg") is None
    assert measure_duration(io.BytesIO(buffer.getvalue()), "image/png") is None
