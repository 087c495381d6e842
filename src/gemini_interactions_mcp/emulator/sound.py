"""Speech and music of the emulator: tones for words, and one tune. The speech needs no codec, the tune is a file."""

import base64
import io
import itertools
import math
import struct
import wave
from collections.abc import Iterator
from importlib import resources

from .prose import Prose
from .protocol import INVALID_MESSAGE, JsonDict, ensure_object, ensure_objects, ensure_text, make_refusal
from .questions import Answer, Question
from .requests import list_spoken_blocks, read_generation_value, read_response_formats

SAMPLE_RATE = 24_000
# Models that answer with raw samples, as older ones do.
RAW_MODELS = ("gemini-3.1-flash-tts-preview",)
WORD_SECONDS = 0.12
LONGEST_SPEECH_WORDS = 100
# Pitches of the speakers in hertz, in the order of their voices.
PITCHES = (196.0, 294.0)
# https://ai.google.dev/gemini-api/docs/speech-generation
VOICES = (
    "Zephyr",
    "Puck",
    "Charon",
    "Kore",
    "Fenrir",
    "Leda",
    "Orus",
    "Aoede",
    "Callirrhoe",
    "Autonoe",
    "Enceladus",
    "Iapetus",
    "Umbriel",
    "Algieba",
    "Despina",
    "Erinome",
    "Algenib",
    "Rasalgethi",
    "Laomedeia",
    "Achernar",
    "Alnilam",
    "Schedar",
    "Gacrux",
    "Pulcherrima",
    "Achird",
    "Zubenelgenubi",
    "Vindemiatrix",
    "Sadachbia",
    "Sadaltager",
    "Sulafat",
)
CUSTOM_VOICES = ("voice_emulated1",)
SPEAKERS_MESSAGE = "The number of speaker_voice_configs must equal 2."
MAX_SPOKEN_BYTES = 8_192 * 4
SONG = resources.files(__name__.rpartition(".")[0]) / "song.mp3"


def check_speech_request(body: JsonDict) -> None:
    """Refuse what speech models do not take: other output, a text that is too long, wrong voices.

    Raises:
        RefusalError: The API would refuse it; an unknown voice gets no reason.
    """
    if [given.get("type") for given in read_response_formats(body)] != ["audio"]:
        raise make_refusal(400, "Speech models make audio only.")
    blocks = list_spoken_blocks(body)
    if sum(len(ensure_text(block.get("text")).encode()) for block in blocks) > MAX_SPOKEN_BYTES:
        raise make_refusal(400, "The input token count exceeds the maximum number of tokens allowed (8192).")
    given = read_generation_value(body, "speech_config")
    spoken_by = ensure_object(given).get("speakers")
    configs = ensure_objects(spoken_by or given)
    if spoken_by and body.get("model") in RAW_MODELS:
        raise make_refusal(400, INVALID_MESSAGE)
    named = [ensure_text(config.get("speaker")) for config in configs]
    if any(named) and (len(configs) != len(PITCHES) or set(named) != {read_speaker(block) for block in blocks}):
        raise make_refusal(400, SPEAKERS_MESSAGE)
    if any(config.get("voice") not in (*VOICES, *CUSTOM_VOICES) for config in configs):
        raise make_refusal(400, INVALID_MESSAGE)


def check_music_request(body: JsonDict) -> None:
    """Refuse a format other than that of the songs."""
    for given in read_response_formats(body):
        if given.get("type") == "audio" and given.get("mime_type") not in (None, "audio/mpeg"):
            raise make_refusal(400, INVALID_MESSAGE)


def read_speaker(block: JsonDict) -> str:
    """Return the speaker of a block."""
    told = [each for each in ensure_objects(block.get("annotations")) if each.get("type") == "speech_metadata"]
    return ensure_text(told[0].get("speaker")) if told else ""


def answer_with_speech(question: Question) -> Answer:
    """Return tones: one for each word, at the pitch of its speaker."""
    samples = b"".join(map(render_tone, itertools.islice(iterate_pitches(question.body), LONGEST_SPEECH_WORDS)))
    if question.name in RAW_MODELS:
        told: JsonDict = {"mime_type": f"audio/l16; rate={SAMPLE_RATE}; channels=1"}
        content = samples
    else:
        told = {"mime_type": "audio/wav", "channels": 1, "sample_rate": SAMPLE_RATE}
        content = wrap_samples(samples)
    return Answer([{"type": "model_output", "content": [{"type": "audio", "data": encode(content), **told}]}])


def iterate_pitches(body: JsonDict) -> Iterator[float]:
    """Yield the pitch of each word."""
    blocks = list_spoken_blocks(body)
    speakers = list(dict.fromkeys(map(read_speaker, blocks)))
    for block in blocks:
        pitch = PITCHES[speakers.index(read_speaker(block)) % len(PITCHES)]
        yield from (pitch for _ in ensure_text(block.get("text")).split())


def render_tone(pitch: float) -> bytes:
    """Return a word as 16-bit samples: a tone that fades in and out."""
    number = int(SAMPLE_RATE * WORD_SECONDS)
    values = [
        int(8_000 * math.sin(math.pi * place / number) * math.sin(2 * math.pi * pitch * place / SAMPLE_RATE))
        for place in range(number)
    ]
    return struct.pack(f"<{number}h", *values)


def wrap_samples(samples: bytes) -> bytes:
    """Return samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples)
    return buffer.getvalue()


def answer_with_music(question: Question) -> Answer:
    """Return lyrics, and the same tune for every description."""
    prose = Prose()
    prose.write(f"[Verse]\nEmulated lyrics: {question.turn.prompt}\n")
    song = {"type": "audio", "mime_type": "audio/mpeg", "data": encode(SONG.read_bytes())}
    return Answer([{"type": "model_output", "content": [prose.render(), song]}])


def encode(content: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(content).decode()
