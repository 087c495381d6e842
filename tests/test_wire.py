"""Converting requests to JSON, and parsing responses and events of any shape."""

from typing import Any

import pytest

from gemini_interactions_mcp.api import events, requests, responses
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.models.interactions import Citation, Event, Interaction, Media, Request, Terms, Usage
from gemini_interactions_mcp.text.pages import link_media

Json = dict[str, Any]


def text(content: Any, *notes: Any) -> Json:
    return {"type": "text", "text": content, "annotations": list(notes)}


def output(*content: Any, **more: Any) -> Json:
    return {"type": "model_output", "content": list(content), **more}


def cited(start: int, end: int, url: str = "https://x", **more: Any) -> Json:
    return {"type": "url_citation", "url": url, "start_index": start, "end_index": end, **more}


def read(*steps: Any, **more: Any) -> Interaction:
    return responses.parse_interaction({"id": "v1_a", "status": "completed", "steps": list(steps), **more})


@pytest.mark.parametrize("good", ["v1_ChdPU0F4-YW_Tg", "a", "a" * 256])
def test_what_can_be_an_id_is_one(good: str) -> None:
    assert requests.check_interaction_id(good) == good


@pytest.mark.parametrize(
    "bad",
    ["", "../files/abc", "x/cancel", "x?alt=json", "x#y", "..", "a b", "a%2fb", "a\n", "a\r", "é", "a" * 257, "v1_a="],
)
def test_what_could_lead_elsewhere_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match=r"not an interaction id.*list_interactions"):
        requests.check_interaction_id(bad)


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("v1_Abc-9", "v1_Abc-9"),
        ("v1.abc", "v1.abc"),
        ("v1_abc=", "v1_abc%3D"),
        ("../files/abc", "..%2Ffiles%2Fabc"),
        ("a%2fb", "a%252fb"),
        ("x?alt=json#y", "x%3Falt%3Djson%23y"),
        ("é", "%C3%A9"),
        ("a" * 512, "a" * 512),
    ],
)
def test_an_id_that_google_gave_is_one_segment_of_a_path(given: str, segment: str) -> None:
    assert requests.encode_path_segment(given) == segment


@pytest.mark.parametrize("given", ["", ".", "..", "...", "a" * 513, "a\ud800"])
def test_what_is_no_segment_of_a_path_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="not an id of the API"):
        requests.encode_path_segment(given)


def test_a_plain_question_is_sent_with_nothing_that_is_not_meant() -> None:
    request = Request(kind="ask", prompt="Hi", model="m")
    assert requests.build_create_arguments(request, background=True, stream=True) == {
        "model": "m",
        "input": "Hi",
        "background": True,
        "stream": True,
        "store": True,
    }


def test_in_the_foreground_the_sdk_is_told_not_to_continue_by_itself() -> None:
    request = Request(kind="ask", prompt="Hi", model="m", store=False)
    assert requests.build_create_arguments(request, background=False, stream=False) == {
        "model": "m",
        "input": "Hi",
        "store": False,
        "automatic_continuation": False,
    }


def test_everything_that_is_asked_for_is_sent() -> None:
    request = Request(
        kind="ask",
        prompt="Hi",
        model="m",
        contents=({"type": "image", "uri": "u"},),
        previous_interaction_id="v1_p",
        system_instruction="Be brief.",
        tools=("google_search", "url_context"),
        response_schema={"type": "object"},
        thinking_level="low",
        max_output_tokens=7,
    )
    assert requests.build_create_arguments(request, background=True, stream=False) == {
        "model": "m",
        "input": [{"type": "image", "uri": "u"}, {"type": "text", "text": "Hi"}],
        "previous_interaction_id": "v1_p",
        "system_instruction": "Be brief.",
        "tools": [{"type": "google_search"}, {"type": "url_context"}],
        "generation_config": {"thinking_level": "low", "thinking_summaries": "auto", "max_output_tokens": 7},
        "response_format": {"type": "text", "mime_type": "application/json", "schema": {"type": "object"}},
        "background": True,
        "store": True,
    }


def test_an_agent_is_sent_without_a_model_and_with_its_configuration() -> None:
    config = {"type": "deep-research", "collaborative_planning": False}
    request = Request(kind="research", prompt="Hi", agent="a", agent_config=config)
    sent = requests.build_create_arguments(request, background=True, stream=True)
    assert sent["agent_config"] == config
    assert sent.keys() & {"model", "generation_config"} == set()


@pytest.mark.parametrize("image", [{}, {"aspect_ratio": "16:9", "image_size": "2K"}])
def test_an_image_is_asked_for_by_its_format_even_without_a_wish(image: dict[str, str]) -> None:
    request = Request(kind="image", prompt="Hi", model="m", image=image)
    asked = requests.build_create_arguments(request, background=True, stream=False)["response_format"]
    assert asked == [{"type": "text"}, {"type": "image"} | image]


def test_an_answer_is_all_its_text_not_only_the_trailing_run() -> None:
    image = {"type": "image", "data": "aGk=", "mime_type": "image/png"}
    found = read(
        {"type": "user_input", "content": [text("Asked")]},
        output(text("A"), image, text("B")),
        {"type": "code_execution_call", "id": "c", "arguments": {"code": "1"}},
        output(text("C"), text("D")),
    )
    assert found.text == "A\n\n![image 1](media:1)\n\nB\n\nCD"
    assert found.media == (Media(kind="image", mime_type="image/png", data="aGk="),)
    assert found.steps == ("user_input", "model_output", "code_execution_call", "model_output")
    assert found.prompt == "Asked"


@pytest.mark.parametrize(("first", "second"), [("A\n", "B"), ("A", "\nB")])
def test_a_line_break_at_the_seam_is_not_doubled(first: str, second: str) -> None:
    assert read(output(text(first)), {"type": "thought"}, output(text(second))).text == "A\nB"


def test_citations_keep_pointing_at_their_bytes_in_the_joined_text() -> None:
    found = read(
        output(text("Größe 1.", cited(0, 8, "https://a")), text("Käse 2.", cited(0, 6, "https://b"))),
        {"type": "google_search_call", "id": "s", "arguments": None},
        output(text("— €nd.", cited(4, 8, "https://c"))),
    )
    raw = found.text.encode()
    assert [raw[each.start : each.end].decode() for each in found.citations] == ["Größe ", "Käse ", "€n"]
    assert [each.url for each in found.citations] == ["https://a", "https://b", "https://c"]


@pytest.mark.parametrize(
    ("note", "citation"),
    [
        ({"type": "url_citation", "url": "https://u", "title": "t"}, Citation(url="https://u", title="t")),
        ({"type": "file_citation", "document_uri": "https://d", "file_name": "f.pdf", "start_index": 1, "end_index": 2},
         Citation(url="https://d", title="f.pdf", start=1, end=2)),
        ({"type": "place_citation", "url": "https://p", "name": "Café"}, Citation(url="https://p", title="Café")),
        ({"url": "https://u", "start_index": "1", "end_index": True}, Citation(url="https://u")),
        ({"url": "https://u", "start_index": 0, "end_index": 1.5}, Citation(url="https://u", start=0)),
        ({"type": "file_citation", "file_name": "f.pdf", "page_number": 3}, Citation(title="f.pdf", page=3)),
        ({"type": "file_citation", "document_uri": "gs://b/f.pdf", "page_number": "x"}, Citation(title="f.pdf")),
        ({"type": "file_citation", "document_uri": "javascript:1", "file_name": "f"}, Citation(title="f")),
        ({"type": "place_citation", "name": "Café", "place_id": "places/x"}, Citation(title="Café")),
    ],
)  # fmt: skip
def test_pages_files_and_places_are_sources(note: Json, citation: Citation) -> None:
    assert read(output(text("abc", note))).citations == (citation,)


@pytest.mark.parametrize(
    "note",
    [
        *({"type": "word_info", "text": "a"}, {"url": ""}, {"url": 5}, "u", None),
        {"type": "url_citation", "url": "javascript:alert(1)", "title": "t"},
        {"type": "url_citation", "url": "https://a b", "title": "t"},
        {"type": "file_citation", "page_number": 3},
        {"type": "file_citation", "document_uri": "javascript:1"},
    ],
)
def test_an_annotation_without_an_address_is_no_source(note: Any) -> None:
    assert read(output(text("abc", note))).citations == ()


def test_media_that_came_as_an_address_are_media_as_well() -> None:
    video = {"type": "video", "uri": "https://v", "mime_type": "video/mp4"}
    found = read(output(text("Before"), video, text("after", cited(0, 5))))
    assert found.text == "Before\n\n![video 1](media:1)\n\nafter"
    assert found.media == (Media(kind="video", uri="https://v", mime_type="video/mp4"),)
    assert found.citations[0].start == len("Before\n\n![video 1](media:1)\n\n")
    assert link_media(found.text, (), lambda file: file.path, found.media) == "Before\n\n[video 1](https://v)\n\nafter"


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,<b>", "https://[x](y)"])
def test_media_at_an_address_that_nobody_can_follow_are_no_link(uri: str) -> None:
    found = read(output({"type": "video", "uri": uri}, text("x")))
    shown = link_media(found.text, (), lambda file: file.path, found.media)
    assert shown.startswith("(video 1: ")
    assert not {"[", "]", "<"} & set(shown)


def test_what_code_has_drawn_is_media_and_what_it_printed_is_no_answer() -> None:
    plot = {"type": "image", "data": "aGk=", "mime_type": "image/png"}
    printed = {"type": "code_execution_result", "call_id": "c", "result": "42"}
    found = read(
        output(text("A")),
        {"type": "code_execution_result", "call_id": "c", "result": [text("42"), plot]},
        printed,
        output(text("B")),
    )
    assert found.text == "A\n\n![image 1](media:1)\n\nB"
    assert found.media == (Media(kind="image", mime_type="image/png", data="aGk="),)


def test_media_without_data_or_address_are_passed_over() -> None:
    found = read(output({"type": "image", "mime_type": "image/png"}, text("x")))
    assert (found.media, found.text) == ((), "x")


@pytest.mark.parametrize(
    ("block", "mime"),
    [
        ({"mime_type": "audio/l16", "sample_rate": 24000, "channels": 2}, "audio/l16;rate=24000;channels=2"),
        ({"mime_type": "audio/l16", "sample_rate": 16000}, "audio/l16;rate=16000"),
        ({"mime_type": "audio/l16;rate=8000", "sample_rate": 16000}, "audio/l16;rate=8000"),
        ({"mime_type": "audio/L16;codec=pcm", "sample_rate": 16000}, "audio/L16;codec=pcm;rate=16000"),
        ({"mime_type": "audio/l16;rate=8000", "channels": 2}, "audio/l16;rate=8000;channels=2"),
        ({"mime_type": "audio/l16", "channels": 0}, "audio/l16"),
        ({"mime_type": "audio/wav"}, "audio/wav"),
        ({}, "application/octet-stream"),
        ({"mime_type": 5, "sample_rate": "x"}, "application/octet-stream"),
    ],
)
def test_raw_samples_say_their_rate_and_channels_in_their_type(block: Json, mime: str) -> None:
    found = read(output({"type": "audio", "data": "aGk=", **block}))
    assert found.media == (Media(kind="audio", mime_type=mime, data="aGk="),)


def test_thoughts_and_errors_are_collected() -> None:
    found = read(
        {"type": "thought", "summary": [{"type": "text", "text": "One"}, {"type": "image"}, {"text": "Two"}]},
        output(error={"code": 3, "message": "Blocked."}),
        errors=[{"code": "x", "message": "Broken."}, {"message": "Blocked."}],
        error={"message": "Old style."},
    )
    assert found.thoughts == ("One", "Two")
    assert found.error == "x: Broken. Blocked. Old style."


@pytest.mark.parametrize("count", [2**63, -(2**63), 10**4000])
def test_a_number_that_no_journal_takes_is_none(count: int) -> None:
    assert read(usage={"total_tokens": count}).usage is None
    assert read(usage={"total_tokens": 2**63 - 1}).usage == Usage(total_tokens=2**63 - 1)


@pytest.mark.parametrize(
    ("size", "read_as"), [("12", 12), (12, 12), ("9" * 5000, 0), ("-1", 0), ("²", 0), (1.5, 0), (None, 0), (True, 0)]
)
def test_the_size_of_a_file_of_an_environment_is_a_number_or_unknown(size: object, read_as: int) -> None:
    [file] = responses.parse_environment_files({"files": [{"path": "a", "size_bytes": size}]})
    assert file.bytes == read_as


FAILURES: list[tuple[Any, str | None]] = [
    ([{"code": "PROHIBITED_CONTENT"}], "PROHIBITED_CONTENT, blocked by Google's filter for prohibited content"),
    (
        [{"code": "safety", "message": "No."}],
        "safety, blocked by Google's filter for unsafe content: No.",
    ),
    ([{"code": "image_other"}], "image_other, blocked by Google's filter for an image, without giving a reason"),
    ([{"code": "no_image"}], "no_image, the model made no image"),
    ([{"code": "MAX_TOKENS"}], "MAX_TOKENS, the model reached its limit of output tokens"),
    ([{"code": "https://ai.google.dev/errors#spii"}], "spii, blocked by Google's filter for sensitive personal data"),
    (
        [{"code": "type.googleapis.com/errors/Language"}],
        "language, blocked by Google's filter for a language that is not supported",
    ),
    ([{"code": "internal", "message": "Oh."}], "internal: Oh."),
    ([{"code": "moon_phase"}], "moon_phase"),
    ([{"status": "INTERNAL", "code": 13, "message": "Oh."}], "INTERNAL: Oh."),
    ([{"code": 13, "message": "Oh."}], "Oh."),
    ([{"code": 13}], None),
    ([{"code": "a"}, {"code": "b"}, {"code": "a"}], "a b"),
    ([{"code": "a", "message": "Oh."}, {"message": "Oh."}], "a: Oh."),
    ([{}], None),
    ("PROHIBITED_CONTENT", None),
]


@pytest.mark.parametrize(("errors", "told"), FAILURES)
def test_the_codes_and_messages_of_a_failed_interaction_are_told(errors: Any, told: str | None) -> None:
    assert read(errors=errors, status="failed").error == told
    if errors != FAILURES[-1][0]:
        assert read(*(output(error=error) for error in errors), status="failed").error == told


@pytest.mark.parametrize(
    "said",
    [
        {"finish_reason": "SPII"},
        {"finishReason": "FINISH_REASON_SPII"},
        {"prompt_feedback": {"block_reason": "spii"}},
        {"promptFeedback": {"blockReason": "SPII"}},
        {"incomplete_details": {"reason": "spii"}},
        {"steps": [{"type": "model_output", "finish_reason": "SPII"}]},
        {"errors": [{"code": "spii"}], "finish_reason": "SPII"},
    ],
)
def test_an_ending_is_read_wherever_it_is_named(said: Json) -> None:
    found = responses.parse_interaction({"status": "incomplete"} | said)
    assert found.reasons == ("spii",)
    assert found.error == "spii, blocked by Google's filter for sensitive personal data"


@pytest.mark.parametrize(
    "said", [{"finish_reason": "STOP"}, {"finish_reason": 1}, {"reason": ["spii"]}, {"error": "x"}]
)
def test_what_names_no_ending_is_passed_over(said: Json) -> None:
    found = responses.parse_interaction({"status": "completed"} | said)
    assert (found.reasons, found.error) == ((), None)


def test_what_was_asked_for_is_read_where_the_api_repeats_it() -> None:
    repeated = {
        "response_format": {"type": "text", "schema": {"type": "object"}},
        "generation_config": {"max_output_tokens": 7},
        "agent_config": {"max_total_tokens": "50000"},
    }
    found = responses.parse_interaction(repeated).terms
    assert found == Terms(response_schema={"type": "object"}, max_output_tokens=7, max_total_tokens=50_000)
    odd = {
        "response_format": [{"type": "image"}],
        "generation_config": None,
        "agent_config": {"max_total_tokens": True},
    }
    assert responses.parse_interaction(odd).terms is None


def test_the_prompt_is_what_the_user_said_last() -> None:
    asked = [{"type": "user_input", "content": [text("first")]}, output(text("a"))]
    last = {"type": "user_input", "content": [{"type": "image", "data": "x"}, text("second"), text("third")]}
    assert read(*asked, last).prompt == "second\n\nthird"
    assert read(*asked, {"type": "user_input", "content": [{"type": "image"}]}).prompt is None


@pytest.mark.parametrize(
    ("payload", "usage"),
    [
        ({"total_input_tokens": 7, "total_tokens": 49, "grounding_tool_count": []},
         Usage(total_input_tokens=7, total_tokens=49)),
        ({"total_input_tokens": 0}, Usage()),
        ({"total_input_tokens": None, "total_output_tokens": "many"}, None),
        ({}, None),
        (None, None),
        ([1], None),
    ],
)  # fmt: skip
def test_usage_is_what_was_counted_or_nothing(payload: object, usage: Usage | None) -> None:
    assert responses.parse_usage(payload) == usage


@pytest.mark.parametrize(
    "payload", [{}, None, [1, 2], "text", 42, {"id": "", "status": ""}, {"id": 5, "steps": {"a": 1}}]
)
def test_an_answer_of_another_shape_is_an_interaction_of_which_nothing_is_known(payload: object) -> None:
    assert responses.parse_interaction(payload) == Interaction(status="in_progress")


@pytest.mark.parametrize(
    "step",
    [None, 5, "text", [], {"type": "thought", "summary": "plain"}, {"type": "url_context_result", "result": {"a": 1}},
     {"type": "model_output", "content": "plain"}, {"type": "model_output", "content": {"type": "text"}},
     {"type": "model_output", "content": [None, 3, {"type": "text"}, {"type": "text", "text": 5}, {"type": "new"}]},
     {"type": "model_output", "error": "text"}, {"type": "UNKNOWN", "raw": {"type": "new_step"}, "is_unknown": True},
     {"type": "google_search_call", "arguments": None}, {}],
)  # fmt: skip
def test_a_step_of_an_odd_or_unknown_shape_harms_no_other(step: Any) -> None:
    found = read(step, output(text("The answer", "odd", cited(0, 3))))
    assert found.text == "The answer"
    assert len(found.citations) == 1
    assert found.error is None


def test_a_status_that_nobody_knows_is_let_through() -> None:
    assert responses.parse_interaction({"status": "pondering"}).status == "pondering"


def test_half_a_surrogate_pair_becomes_a_character_that_has_utf_8() -> None:
    found = read(output(text("a\ud83db"), text("é", cited(0, 2))))
    assert found.text == "a\ufffdbé"
    assert found.text.encode()[found.citations[0].start : found.citations[0].end] == "é".encode()


def test_two_halves_that_belong_together_become_their_character() -> None:
    assert read(output(text("\ud83d\ude00"))).text == "😀"


def told(*heard: Any) -> Interaction:
    steps = events.StepAssembler()
    for event in heard:
        steps.take(event)
    return responses.parse_interaction({"steps": steps.all()})


def start(index: Any, step: Json) -> Json:
    return {"event_type": "step.start", "index": index, "step": step}


def delta(index: Any, **part: Any) -> Json:
    return {"event_type": "step.delta", "index": index, "delta": part}


def test_steps_grow_by_their_deltas_into_the_whole_answer() -> None:
    image = {"type": "image", "data": "aGk=", "mime_type": "image/png"}
    found = told(
        start(0, {"type": "thought"}),
        delta(0, type="thought_signature", signature="c2ln"),
        start(1, output(text("Zü"))),
        delta(1, type="text", text="rich"),
        delta(1, type="text_annotation_delta", annotations=[cited(0, 3)]),
        delta(1, **image),
        delta(1, type="text", text="after"),
        delta(1, type="text_annotation_delta", annotations=[cited(0, 5, "https://y")]),
    )
    assert found.text == "Zürich\n\n![image 1](media:1)\n\nafter"
    assert found.media == (Media(kind="image", mime_type="image/png", data="aGk="),)
    raw = found.text.encode()
    assert [raw[each.start : each.end].decode() for each in found.citations] == ["Zü", "after"]
    assert found.steps == ("thought", "model_output")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        {"index": "1"},
        {"index": 1},
        delta(1, type="text"),
        delta(1, type="new"),
        delta(1, type="text_annotation_delta", annotations="x"),
    ],
)
def test_an_odd_event_harms_no_step(odd: Any) -> None:
    assert told(start(1, output(text("A"))), odd, delta(1, type="text", text="B")).text == "AB"


def test_a_delta_whose_step_was_not_heard_to_begin_is_kept() -> None:
    assert told(delta(3, type="text", text="late"), start(1, output(text("early ")))).text == "early late"


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"event_type": "interaction.created", "event_id": "e0", "interaction": {"id": "v1_s", "status": "queued"}},
         Event(type="interaction.created", event_id="e0", interaction_id="v1_s", status="queued")),
        ({"event_type": "interaction.status_update", "interaction_id": "v1_s", "status": "in_progress"},
         Event(type="interaction.status_update", interaction_id="v1_s", status="in_progress")),
        ({"event_type": "interaction.status_update", "interaction_id": "v1_s", "usage": {"total_tokens": 3}},
         Event(type="interaction.status_update", interaction_id="v1_s", usage_so_far=Usage(total_tokens=3))),
        ({"event_type": "step.delta", "delta": {"type": "text"}, "metadata": {"total_usage": {"total_tokens": 3}}},
         Event(type="step.delta", usage_so_far=Usage(total_tokens=3))),
        ({"event_type": "step.start", "index": 1, "step": output(text("First "))},
         Event(type="step.start", text="First ", activity="Writing")),
        ({"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "second"}},
         Event(type="step.delta", text="second")),
        ({"event_type": "step.delta", "delta": {"type": "thought_signature", "signature": "c2ln"}},
         Event(type="step.delta")),
        ({"event_type": "step.delta", "delta": {"type": "image", "data": "aGk="}}, Event(type="step.delta")),
        ({"event_type": "step.delta", "delta": {"type": "text"}}, Event(type="step.delta")),
        ({"event_type": "step.stop", "index": 1, "usage": {"total_tokens": 3}}, Event(type="step.stop")),
        ({"event_type": "interaction.completed",
          "interaction": {"id": "v1_s", "status": "completed", "usage": {"total_tokens": 3}}},
         Event(type="interaction.completed", interaction_id="v1_s", status="completed", usage=Usage(total_tokens=3))),
        ({"event_type": "error", "error": {"code": "gateway_timeout", "message": "Deadline."}},
         Event(type="error", error_code="gateway_timeout", error_message="Deadline.")),
        ({"event_type": "error"}, Event(type="error")),
        ({"event_type": "error", "error": None}, Event(type="error")),
        ({"event_type": "UNKNOWN", "raw": {"a": 1}, "is_unknown": True}, Event(type="UNKNOWN")),
        ('{"index":1,"delta":{"type":"te', Event(type="unknown")),
        (None, Event(type="unknown")),
        ([1], Event(type="unknown")),
        ({}, Event(type="unknown")),
        ({"event_type": "step.delta", "delta": [1], "step": "x"}, Event(type="step.delta")),
    ],
)  # fmt: skip
def test_every_event_is_read_and_none_is_an_error(payload: object, event: Event) -> None:
    heard = events.parse_event(payload)
    assert heard.model_copy(update={"data": {}}) == event
    assert heard.data == (payload if isinstance(payload, dict) else {})


@pytest.mark.parametrize(
    ("part", "activity"),
    [
        ({"type": "thought"}, "Thinking"),
        ({"type": "thought", "summary": [{"type": "text", "text": "**Plan**\n\nMore."}]}, "Plan"),
        ({"type": "thought", "summary": "plain"}, "Thinking"),
        ({"type": "thought_summary", "content": {"type": "text", "text": "\n## *Weighing* it\nmore"}}, "Weighing* it"),
        ({"type": "thought_summary", "content": {"type": "image"}}, None),
        ({"type": "thought_summary"}, None),
        ({"type": "google_search_call", "arguments": {"queries": ["a", "b"]}}, "Searching: a; b"),
        ({"type": "google_search_call", "arguments": None}, "Searching"),
        ({"type": "google_search_call", "arguments": {"queries": "a"}}, "Searching"),
        ({"type": "google_search_call", "arguments": {"queries": []}}, "Searching"),
        ({"type": "google_maps_call", "arguments": {"queries": ["Bern"]}}, "Looking at maps: Bern"),
        ({"type": "url_context_call", "arguments": {"urls": ["https://x"]}}, "Reading: https://x"),
        ({"type": "code_execution_call"}, "Running code"),
        ({"type": "new_step"}, None),
    ],
)
def test_what_it_does_now_is_one_line_for_people(part: Json, activity: str | None) -> None:
    key = "delta" if part["type"] == "thought_summary" else "step"
    assert events.parse_event({"event_type": "step.start", key: part}).activity == activity


def test_a_long_activity_is_cut() -> None:
    told = events.describe_activity({"type": "google_search_call", "arguments": {"queries": ["x" * 500]}})
    assert told is not None
    assert len(told) == 160
    assert len(events.cut_headline("y" * 500) or "") == 160


@pytest.mark.parametrize("text", ["\u200b", "\u2060\n\ufeff ", "\x1b[1m\x1b[0m", "\u202e\u202c", " \u00ad"])
def test_a_text_of_which_nobody_sees_anything_is_none(text: str) -> None:
    steps = [{"type": "model_output", "content": [{"type": "text", "text": text}]}]
    assert responses.parse_interaction({"status": "completed", "steps": steps}).text == ""
    steps.append({"type": "model_output", "content": [{"type": "text", "text": "a"}]})
    assert responses.parse_interaction({"status": "completed", "steps": steps}).text.endswith("a")
