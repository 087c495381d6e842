"""Transcripts of the emulator: the same words for every recording but a silent one; speakers and times if asked for."""

from itertools import cycle, islice

from .prose import Prose
from .protocol import (
    INVALID_MESSAGE,
    JsonDict,
    ensure_list,
    ensure_object,
    make_parameter_refusal,
    make_refusal,
    refuse_value,
)
from .questions import Answer, Question
from .requests import list_input_blocks, read_generation_value

# What is said, in turns of two speakers.
DIALOGUE = (
    "Emulated transcript: no model ran. Did you hear the tide?",
    "Only the foghorn.",
    "Then it is time to go.",
    "Naïve readers would stay.",
)
SPEAKERS = ("spk_1", "spk_2")
WORD_MILLISECONDS = 300
PAUSE_MILLISECONDS_BETWEEN_TURNS = 400
# google-genai 3.6.1, `TranscriptionConfig`, `VerbatimTranscriptionMode` and `SmartTranscriptionMode`.
WORD_OPTIONS = ("diarization_mode", "timestamp_granularities")
CONFIG_KEYS = (*WORD_OPTIONS, "adaptation_phrases", "custom_vocabulary", "language_codes", "language_hints", "mode")
MODE_KEYS = {"verbatim": ("type", *WORD_OPTIONS), "smart": ("type", "source_text")}


def check_transcription_request(body: JsonDict) -> None:
    """Refuse everything but one recording, and unknown options. There need not be any.

    Raises:
        RefusalError: The API would refuse it.
    """
    if [block.get("type") for block in list_input_blocks(body)] != ["audio"]:
        raise make_refusal(400, INVALID_MESSAGE)
    config = ensure_object(read_generation_value(body, "transcription_config"))
    mode = _read_mode(config)
    for key in config:
        if key not in CONFIG_KEYS:
            raise make_parameter_refusal(f"generation_config.transcription_config.{key}")
    refuse_value("generation_config.transcription_config.mode", mode.get("type"), tuple(MODE_KEYS))
    for key in mode:
        if key not in MODE_KEYS[mode["type"]]:
            raise make_parameter_refusal(f"generation_config.transcription_config.mode.{key}")
    for options in (config, mode):
        refuse_value("diarization_mode", options.get("diarization_mode"), ("speaker",))
        for granularity in ensure_list(options.get("timestamp_granularities")):
            refuse_value("timestamp_granularities", granularity, ("word",))


def _read_mode(config: JsonDict) -> JsonDict:
    mode = config.get("mode")
    return {"type": mode} if isinstance(mode, str) else ensure_object(mode) or {"type": "verbatim"}


def answer_with_transcript(question: Question) -> Answer:
    """Return what is said in a recording: nothing in a silent one, and the directed number of words."""
    if any(attachment.silent for attachment in question.turn.attachments):
        return Answer([])
    words = [(word, turn) for turn, said in enumerate(DIALOGUE) for word in said.split()]
    number = question.turn.read_number("words")
    prose, clock, before = Prose(), 0, 0
    config = ensure_object(read_generation_value(question.body, "transcription_config"))
    for word, turn in islice(cycle(words), len(words) if number is None else int(number)):
        clock += PAUSE_MILLISECONDS_BETWEEN_TURNS if turn != before else 0
        info = _make_word_info(config, word, turn, clock)
        prose.write(" " if prose.text else "")
        prose.cite(word, info) if info else prose.write(word)
        clock, before = clock + WORD_MILLISECONDS, turn
    return Answer([{"type": "model_output", "content": [prose.render()]}])


def _make_word_info(config: JsonDict, word: str, turn: int, clock: int) -> JsonDict:
    """Return the annotation of a word; empty if none is asked for."""
    options = {**config, **_read_mode(config)}
    info: JsonDict = {}
    if options.get("diarization_mode"):
        info["speaker"] = SPEAKERS[turn % len(SPEAKERS)]
    if options.get("timestamp_granularities"):
        end = clock + WORD_MILLISECONDS - 50
        info |= {"start_offset": f"{clock / 1_000:.3f}s", "end_offset": f"{end / 1_000:.3f}s"}
    return {"type": "word_info", "text": word, **info} if info else info
