"""Transcripts by speaker and time, and their subtitles, of words that may be anything."""

import base64
import re
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_interactions_mcp.api.responses import parse_interaction
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.models.interactions import Interaction
from gemini_interactions_mcp.runs import intents

TALK = "Hello there. Hi — again! Bye."
WORDS = [
    ("Hello", "0.100s", "0.450s", "spk_1"),
    ("there.", "0.5s", "1s", "spk_1"),
    ("Hi", "1.250s", "1.5s", "spk_2"),
    ("again!", "2s", "2.500s", "spk_2"),
    ("Bye.", "3661.5s", "3662s", "spk_2"),
]


def word(text: object, start: object = None, end: object = None, speaker: object = None) -> dict[str, Any]:
    told = {"text": text, "start_offset": start, "end_offset": end, "speaker": speaker}
    return {"type": "word_info"} | {name: value for name, value in told.items() if value is not None}


def parsed(*blocks: tuple[str, list[dict[str, Any]]]) -> Interaction:
    content = [{"type": "text", "text": text, "annotations": words} for text, words in blocks]
    return parse_interaction({"status": "completed", "steps": [{"type": "model_output", "content": content}]})


def talk(text: str = TALK, words: list[Any] | None = None) -> Interaction:
    return parsed((text, [word(*each) for each in WORDS] if words is None else words))


def files_of(interaction: Interaction) -> dict[str, str]:
    return {each.mime_type: base64.b64decode(each.data or "").decode() for each in interaction.media}


def cues_of(text: str) -> list[tuple[float, float, list[str]]]:
    """The subtitles of a file of either form, read strictly."""
    head, *blocks = text.split("\n\n") if text.startswith("WEBVTT") else ["WEBVTT", *text.split("\n\n")]
    assert head == "WEBVTT"
    cues: list[tuple[float, float, list[str]]] = []
    for number, block in enumerate(blocks, 1):
        lines = block.strip("\n").split("\n")
        if re.fullmatch(r"\d+", lines[0]) and "-->" not in lines[0]:
            assert lines.pop(0) == str(number)
        times = re.fullmatch(r"(\d\d+):(\d\d):(\d\d)[.,](\d{3}) --> (\d\d+):(\d\d):(\d\d)[.,](\d{3})", lines[0])
        assert times, block
        h, m, s, ms, *end = map(int, times.groups())
        cues.append(
            (h * 3600 + m * 60 + s + ms / 1000, end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000, lines[1:])
        )
    return cues


def squeeze(text: str) -> str:
    return "".join(text.split())


def test_a_talk_is_told_by_speaker_and_time_and_a_pause_begins_a_paragraph() -> None:
    assert talk().text == (
        "[00:00.1] Speaker 1: Hello there.\n\n[00:01.2] Speaker 2: Hi — again!\n\n[1:01:01.5] Speaker 2: Bye."
    )


def test_subtitles_are_saved_in_both_forms() -> None:
    assert files_of(talk()) == {
        "application/x-subrip": (
            "1\n00:00:00,100 --> 00:00:01,000\nSpeaker 1: Hello there.\n\n"
            "2\n00:00:01,250 --> 00:00:02,500\nSpeaker 2: Hi — again!\n\n"
            "3\n01:01:01,500 --> 01:01:02,200\nBye.\n"
        ),
        "text/vtt": (
            "WEBVTT\n\n00:00:00.100 --> 00:00:01.000\nSpeaker 1: Hello there.\n\n"
            "00:00:01.250 --> 00:00:02.500\nSpeaker 2: Hi — again!\n\n"
            "01:01:01.500 --> 01:01:02.200\nBye.\n"
        ),
    }


@pytest.mark.parametrize(
    ("words", "text", "files"),
    [
        ([], TALK, 0),
        ([word(text) for text, *_ in WORDS], TALK, 0),
        (
            [word(text, speaker=speaker) for text, _, _, speaker in WORDS],
            "Speaker 1: Hello there.\n\nSpeaker 2: Hi — again! Bye.",
            0,
        ),
        (
            [word(text, start, end) for text, start, end, _ in WORDS],
            "[00:00.1] Hello there. Hi — again!\n\n[1:01:01.5] Bye.",
            2,
        ),
        ([word("Bonjour", "1s", "2s", "spk:0"), word("Salut", "3s", "4s")], f"[00:01.0] {TALK}", 2),
    ],
)
def test_what_is_not_annotated_is_not_told(words: list[Any], text: str, files: int) -> None:
    found = talk(words=words)
    assert found.text == text
    assert len(found.media) == files


def test_the_words_are_the_text_where_there_is_no_other() -> None:
    assert talk("").text == talk("Hello there. Hi again! Bye.").text


def test_an_empty_text_of_empty_words_is_nothing() -> None:
    found = talk("", [word("", "1s", "2s", "spk_1")])
    assert (found.text, found.media, found.spoken) == ("", (), True)


def test_speakers_keep_their_numbers_in_all_blocks_and_other_labels_are_shown() -> None:
    first = ("Yes. No.", [word("Yes.", speaker="spk:3"), word("No.", speaker="spk:0")])
    second = ("Yes.", [word("Yes.", speaker="spk:0")])
    third = ("Well.", [word("Well.", speaker="Anna [x](javascript:y)\n\u202e")])
    assert parsed(first, second, third).text == (
        "Speaker 1: Yes.\n\nSpeaker 2: No.\n\nSpeaker 2: Yes.\n\nAnna (x)(javascript:y): Well."
    )


@pytest.mark.parametrize("odd", ["-1s", "1", "1e9s", "NaNs", "99999999999s", "1:00", "", 3, None, [], "٣s", "1.s"])
def test_an_odd_time_is_that_of_the_word_before(odd: object) -> None:
    found = talk("One two three.", [word("One", "1s", "1.2s"), word("two", odd, odd), word("three.", "2s", "2.2s")])
    assert found.text == "[00:01.0] One two three."
    assert cues_of(files_of(found)["text/vtt"]) == [(1.0, 2.2, ["One two three."])]


def test_a_time_after_that_of_the_next_word_is_not_believed() -> None:
    found = talk("One two three.", [word("One", "1s"), word("two", "5000s", "9000s"), word("three.", "2s", "2.2s")])
    assert cues_of(files_of(found)["text/vtt"]) == [(1.0, 2.2, ["One two three."])]


def test_a_word_is_not_found_within_another() -> None:
    found = talk(
        "Bananas. A sun.", [word("anas", "0s"), word("A", "3s", "3s", "spk_1"), word("sun.", "4s", "4s", "spk_2")]
    )
    assert found.text == "[00:03.0] Speaker 1: Bananas. A\n\n[00:04.0] Speaker 2: sun."


def test_words_without_spaces_between_them_are_found() -> None:
    found = talk(
        "你好吗?很好。",
        [word("你好", "0s", "1s", "a1"), word("吗?", "1s", "2s", "a1"), word("很好。", "4s", "5s", "b1")],
    )
    assert found.text == "[00:00.0] a1: 你好吗?\n\n[00:04.0] b1: 很好。"


def test_a_long_speech_is_cut_at_a_sentence_and_at_subtitles_that_can_be_read() -> None:
    said = ["word", "and", "another", "one."] * 40
    words = [word(each, f"{at / 2}s", f"{at / 2 + 0.4}s", "spk_1") for at, each in enumerate(said)]
    found = talk(" ".join(said), words)
    assert [line[:9] for line in found.text.split("\n\n")] == ["[00:00.0]", "[00:30.0]", "[01:00.0]"]
    for text in files_of(found).values():
        cues = cues_of(text)
        assert len(cues) >= 14
        for start, end, lines in cues:
            assert 0 < end - start <= 6
            assert len(lines) <= 2
            assert max(map(len, lines)) <= 42


def test_subtitles_have_no_tags_arrows_or_hidden_letters() -> None:
    said = "<b>--></b> {\\an8} a&b \u202e\U000e0041"
    files = files_of(talk(said, [word(each, "1s", "2s") for each in said.split()]))
    srt, vtt = files["application/x-subrip"], files["text/vtt"]
    assert srt.split("\n")[2] == "\u2039b\u203a--\u203a\u2039/b\u203a (\\an8) a&b"
    assert vtt.split("\n")[3] == "&lt;b&gt;--&gt;&lt;/b&gt; {\\an8} a&amp;b"


def test_a_text_that_no_word_divides_shares_its_time() -> None:
    said = " ".join(["nothing"] * 30)
    found = talk(said, [word("other", "2s", "3s"), word("words", "30s", "32s")])
    assert found.text == f"[00:02.0] {said}"
    cues = cues_of(files_of(found)["text/vtt"])
    assert (cues[0][0], len(cues)) == (2.0, 5)
    assert squeeze("".join(line for *_, lines in cues for line in lines)) == squeeze(said)


@pytest.mark.slow
def test_a_day_of_words_is_read_in_seconds() -> None:
    said = [f"word{at}" for at in range(100_000)]
    words = [word(each, f"{at}s", f"{at}.5s", f"spk_{at // 50 % 2}") for at, each in enumerate(said)]
    began = time.monotonic()
    found = talk(" ".join(said), words)
    assert time.monotonic() - began < 20
    assert len(found.media) == 2


def test_a_secret_is_taken_out_of_subtitles() -> None:
    said = ["secret-0123456789", *["word"] * 300]
    words = [word(each, f"{at}s", f"{at + 1}s") for at, each in enumerate(said)]
    found = Redactor(["secret-0123456789"])(talk(" ".join(said), words))
    assert [text.count("[secret]") for text in files_of(found).values()] == [1, 1]
    assert not [text for text in files_of(found).values() if "0123" in text]


def test_words_without_times_are_in_the_subtitles_too() -> None:
    blocks: list[tuple[str, list[dict[str, Any]]]] = [
        ("Before.", []),
        ("Hello there.", [word("Hello", "5s", "5.5s", "spk_1"), word("there.", "5.5s", "6s", "spk_1")]),
        ("Between them.", []),
        ("Bye.", [word("Bye.", "20s", "20.5s", "spk_2")]),
        ("After all.", [word("After", speaker="spk_1"), word("all.", speaker="spk_1")]),
    ]
    found = parsed(*blocks)
    for content in files_of(found).values():
        assert cues_of(content) == [
            (0.0, 0.7, ["Before."]),
            (5.0, 6.0, ["Speaker 1: Hello there."]),
            (6.0, 6.938, ["Between them."]),
            (20.0, 21.237, ["Speaker 2: Bye.", "Speaker 1: After all."]),
        ]
    assert len(files_of(found)) == 2


def test_much_text_without_times_loses_nothing_where_there_is_no_time_for_it() -> None:
    said = " ".join(f"word{number}" for number in range(200))
    found = parsed(("One.", [word("One.", "1s", "2s")]), (said, []), ("Two.", [word("Two.", "2s", "3s")]))
    cues = cues_of(files_of(found)["text/vtt"])
    assert " ".join(" ".join(lines) for *_, lines in cues) == f"One. {said} Two."
    assert all(before[1] <= after[0] for before, after in pairwise(cues))


@pytest.mark.parametrize(("words", "number"), [(8, 1), (40, 4)])
def test_words_before_an_early_time_can_be_read(words: int, number: int) -> None:
    said = " ".join(f"word{at}." for at in range(words))
    found = parsed((said, []), ("Hello there.", [word("Hello", "0.01s", "0.5s"), word("there.", "0.5s", "4s")]))
    cues = cues_of(files_of(found)["text/vtt"])
    assert " ".join(" ".join(lines) for *_, lines in cues) == f"{said} Hello there."
    assert all(end - start >= 0.699 and len(lines) <= 4 for start, end, lines in cues)
    assert (cues[0][0], len(cues)) == (0, number)


def test_a_text_without_any_times_has_no_subtitles() -> None:
    assert files_of(parsed(("Only words.", []), ("Hello.", [word("Hello.", speaker="spk_1")]))) == {}


@pytest.mark.parametrize(
    ("words", "spoken"),
    [([word("Hello")], True), ([], False), ([{"type": "url_citation", "url": "https://x.y"}], False)],
)
def test_a_transcript_is_known_by_its_words(words: list[Any], spoken: bool) -> None:
    found = talk(words=words)
    assert found.spoken is spoken
    assert intents.choose_foreign_kind(found) == ("transcript" if spoken else "ask")


ANY_TEXT = st.text(st.sampled_from("ab \n.#`[](){}<>-&…你\u202e\u200d\ud800💬"), max_size=12)
ANY_TIME = st.one_of(st.none(), st.sampled_from(("0s", "0.1s", "1s", "2.5s", "999999s", "-1s", "x", 3)))
ANY_WORD = st.builds(word, ANY_TEXT, ANY_TIME, ANY_TIME, st.one_of(st.none(), ANY_TEXT, st.just("spk_1"), st.just(7)))


@given(ANY_TEXT, st.lists(ANY_WORD, max_size=8), st.booleans())
def test_no_words_break_or_lose_a_text(text: str, words: list[dict[str, Any]], of_words: bool) -> None:
    said = "".join(f"{each['text']}, " for each in words) if of_words else text
    found = talk(said, words)
    unmarked = re.sub(r"\n\n", "", re.sub(r"(?m)^(?:\[[\d:.]+\] )?", "", found.text))
    kept = iter(squeeze(unmarked))
    wanted = squeeze(said.replace("\ud800", "\ufffd"))
    assert not found.text or all(each in kept for each in wanted)
    for content in files_of(found).values():
        cues = cues_of(content)
        assert all(end - start >= 0.699 for start, end, _ in cues)
        assert all(before[1] <= after[0] for before, after in pairwise(cues))
        assert all(lines and all(lines) for *_, lines in cues)
