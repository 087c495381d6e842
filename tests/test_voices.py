"""What callers say of voices and speakers, and how speech goes over the wire."""

from typing import Any

import pytest

from gemini_interactions_mcp.api.requests import build_create_arguments
from gemini_interactions_mcp.core import InputError
from gemini_interactions_mcp.models import voices
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.models.speech import SpeakerVoice, Speech

TWO = "Joe=Puck, Jane=Kore"


def sent(text: str, speech: Speech, model: str = "gemini-3.8-flash-tts") -> dict[str, Any]:
    request = Request(kind="speech", prompt=text, model=model, speech=speech)
    return build_create_arguments(request, background=True, stream=False)


@pytest.mark.parametrize(
    ("script", "turns"),
    [
        ("Joe: Hi.\nJane: Hello.", [("Joe", "Hi."), ("Jane", "Hello.")]),
        ("joe : Hi.\n\n  JANE:Hello.\nAnd more.", [("Joe", "Hi."), ("Jane", "Hello.\nAnd more.")]),
        ("**Joe:** Hi.\n_Jane_: Hello.", [("Joe", "Hi."), ("Jane", "Hello.")]),
        (
            "\nJoe: At 10:30?\r\nJane: Note: yes.\nJoe:\nFine.",
            [("Joe", "At 10:30?"), ("Jane", "Note: yes."), ("Joe", "Fine.")],
        ),
    ],
)
def test_a_script_is_split_into_turns(script: str, turns: list[tuple[str, str]]) -> None:
    assert list(voices.parse_speech(script, TWO, None).turns) == turns


@pytest.mark.parametrize(
    ("text", "voice", "said"),
    [
        ("Hello", "Joe=Puck", "a name for each of exactly two speakers"),
        ("Hello", "Joe=Puck, Jane=Kore, Jim=Leda", "exactly two speakers"),
        ("Hello", "Puck, Kore", "exactly two speakers"),
        ("Hello", "Joe=, Jane=Kore", "exactly two speakers"),
        ("Joe: Hi.", "Joe=Puck, joe=Kore", "exactly two speakers"),
        (
            "Narrator: Hi.\nJoe: Hi.",
            TWO,
            "turns begin with “Joe: …” and “Jane: …”, but its first line is Narrator: Hi.",
        ),
        ("Joe: Hi.", TWO, "but Jane says nothing"),
        ("Joe: Hi.\nJane:", TWO, "but Jane says nothing"),
        ("", TWO, "but Joe says nothing"),
        ("Joe (loud)=Hi", "J.*=Puck, Jane=Kore", "but its first line is Joe (loud)=Hi"),
    ],
)
def test_voices_that_do_not_fit_the_text_are_told(text: str, voice: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        voices.parse_speech(text, voice, None)
    assert said in str(raised.value)
    assert str(raised.value).endswith("Nothing was sent.")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("kore", "Kore"), ("ZEPHYR", "Zephyr"), ("voice_abc1", "voice_abc1"), ("voicekey_x", "voicekey_x")],
)
def test_voices_are_known_in_any_case_and_those_of_users_pass(given: str, meant: str) -> None:
    checked = voices.check_voices(Speech(voices=(SpeakerVoice(voice=given),)), voices.PREBUILT_VOICES)
    assert checked.voices[0].voice == meant


@pytest.mark.parametrize(("given", "near"), [("Korre", "Kore"), ("zefir", "Zephyr"), ("Pluck", "Puck")])
def test_an_unknown_voice_is_refused_with_near_names(given: str, near: str) -> None:
    with pytest.raises(InputError, match=rf"There is no voice {given}\. Similar names: .*{near}.*gemini://voices"):
        voices.check_voices(Speech(voices=(SpeakerVoice(voice=given),)), voices.PREBUILT_VOICES)
    with pytest.raises(InputError, match=r"There is no voice 1234567890\. gemini://voices lists all"):
        voices.check_voices(Speech(voices=(SpeakerVoice(voice="1234567890"),)), voices.PREBUILT_VOICES)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (f"{'Word. ' * 5_000}\n\n{'Word. ' * 5_000}", 30_002),
        (f"{'Word word. ' * 4_000}", 32_758),
        ("wort " * 8_000, 32_765),
        ("x" * 40_000, 32_768),
        ("你好。" * 5_000, 10_922),
    ],
)
def test_a_text_that_is_too_long_is_cut_at_an_end(text: str, cut: int) -> None:
    with pytest.raises(InputError, match=rf"takes 8,192\. Cut it after character {cut:,} "):
        voices.check_speech_length(text)
    voices.check_speech_length(text[:cut])


def test_speech_is_sent_as_google_documents_it() -> None:
    one = sent("Hello", voices.parse_speech("Hello", None, "cheerful"))
    assert one["input"] == [
        {
            "type": "user_input",
            "content": [
                {"type": "text", "text": "Hello", "annotations": [{"type": "speech_metadata", "style": "cheerful"}]}
            ],
        }
    ]
    assert one["response_format"] == {"type": "audio"}
    assert one["generation_config"] == {"speech_config": [{"voice": "Kore"}]}
    script = "Joe: Hi.\nJane: Hello."
    two = sent(script, voices.parse_speech(script, TWO, None))
    speakers = [{"voice": "Puck", "speaker": "Joe"}, {"voice": "Kore", "speaker": "Jane"}]
    assert [block["annotations"] for block in two["input"][0]["content"]] == [
        [{"type": "speech_metadata", "speaker": "Joe"}],
        [{"type": "speech_metadata", "speaker": "Jane"}],
    ]
    assert two["generation_config"] == {"speech_config": {"speakers": speakers}}
    older = sent(script, voices.parse_speech(script, TWO, None), "gemini-3.1-flash-tts-preview")
    assert older["generation_config"] == {"speech_config": speakers}
    assert "annotations" not in sent("Hello", voices.parse_speech("Hello", None, None))["input"][0]["content"][0]


def test_speech_changes_what_makes_two_requests_identical_and_nothing_else_does() -> None:
    plain = Request(kind="ask", prompt="Hello")
    assert "speech" not in plain.model_dump(mode="json")
    speech = voices.parse_speech("Hello", "Puck", None)
    assert Request(kind="speech", prompt="Hello", speech=speech).model_dump(mode="json")["speech"] != {}


@pytest.mark.parametrize(
    ("script", "speakers", "first"),
    [
        ("irem: a\nAli: b", "\u0130rem=Puck, Ali=Kore", "\u0130rem"),
        ("\u0131rem: a\nAli: b", "Irem=Puck, Ali=Kore", "Irem"),
        ("\u200fيوسف: a\nAli: b", "يوسف=Puck, Ali=Kore", "يوسف"),
        ("\ufeffJoe: a\nAli: b", "Joe=Puck, Ali=Kore", "Joe"),
    ],
)
def test_names_are_found_in_either_case_and_after_hidden_characters(script: str, speakers: str, first: str) -> None:
    assert voices.parse_speech(script, speakers, None).turns == ((first, "a"), ("Ali", "b"))


def test_a_speaker_of_hidden_characters_says_nothing() -> None:
    with pytest.raises(InputError, match="Joe says nothing"):
        voices.parse_speech("Joe: \u200b\nJane: b", TWO, None)


def test_a_text_that_is_too_long_by_a_byte_is_not_said_to_fit() -> None:
    with pytest.raises(InputError, match="about 8,193 tokens, and a speech model takes 8,192"):
        voices.check_speech_length("x" * 32_769)
    voices.check_speech_length("x" * 32_768)


@pytest.mark.parametrize(("voice", "script", "turns"), [("Kore", "x" * 768, 1), (TWO, "Joe: a\nJane: b".ljust(768), 2)])
def test_a_style_counts_with_each_turn(voice: str, script: str, turns: int) -> None:
    fitting = "s" * (32_000 // turns)
    voices.check_style_length(script, voices.parse_speech(script, voice, fitting))
    with pytest.raises(InputError, match=r"about 8,193 tokens, and a speech model takes 8,192\. Shorten `style`"):
        voices.check_style_length(script, voices.parse_speech(script, voice, f"{fitting}s"))
    voices.check_style_length(script, voices.parse_speech(script, voice, None))
