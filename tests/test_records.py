"""What the journal is told, and what its rows mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models.interactions import (
    Execution,
    Interaction,
    Media,
    Record,
    Request,
    SavedFile,
    Terms,
    Usage,
)
from gemini_interactions_mcp.models.kinds import InteractionKind
from gemini_interactions_mcp.runs import intents

NOW = datetime.now(UTC)
EARLIER = NOW - timedelta(minutes=1)
FILE = SavedFile(name="a.png", path="/a.png", mime_type="image/png", bytes=1)
RESEARCH: dict[str, Any] = {
    "kind": "research",
    "prompt": "Rivers",
    "agent": "deep-research-preview-04-2026",
    "agent_config": {"type": "deep-research", "collaborative_planning": False},
}


def record(**changes: Any) -> Record:
    fields: dict[str, Any] = {"label": "l", "kind": "ask", "created_at": NOW, "updated_at": NOW, "status": "completed"}
    return Record.model_validate(fields | changes)


def research(**changes: Any) -> Request:
    return Request.model_validate(RESEARCH | changes)


def test_an_intent_is_unknown_and_unnamed_until_the_api_has_spoken() -> None:
    intent = intents.build_intent(Request(kind="ask", prompt="Why?", model="m", previous_interaction_id="v1_p"))
    assert (intent.status, intent.interaction_id, intent.finished_at) == ("unknown", None, None)
    assert (intent.prompt, intent.model, intent.previous_interaction_id) == ("Why?", "m", "v1_p")
    assert intent.created_at.tzinfo is not None
    assert (intent.stored, intent.approves, intent.origin, intent.settled_at) == (True, False, "ours", None)


def test_an_intent_that_is_not_to_be_stored_keeps_no_prompt_and_is_named_by_its_label() -> None:
    intent = intents.build_intent(Request(kind="ask", prompt="secret", model="m", store=False))
    assert "secret" not in intent.model_dump_json()
    assert intent.interaction_id == intent.label
    assert not intent.stored


def test_an_intent_that_is_not_stored_has_its_service_tier_and_no_schema() -> None:
    schema = {"title": "secret"}
    request = Request(
        kind="ask", prompt="x", model="m", store=False, service_tier="flex", max_output_tokens=9, response_schema=schema
    )
    assert intents.build_intent(request).terms == Terms(service_tier="flex", max_output_tokens=9)
    assert (
        intents.build_intent(request.model_copy(update={"service_tier": None, "max_output_tokens": None})).terms is None
    )


def test_two_intents_of_one_request_have_different_labels_and_one_fingerprint() -> None:
    request = research()
    first, second = intents.build_intent(request), intents.build_intent(request)
    assert first.label != second.label
    assert first.fingerprint == second.fingerprint == intents.compute_fingerprint(request)


def test_requests_that_run_one_plan_are_the_same_whatever_their_words() -> None:
    approval = research(approves=True, previous_interaction_id="v1_p")
    intent = intents.build_intent(approval)
    assert intent.approves
    assert intent.fingerprint == intents.compute_fingerprint(approval.model_copy(update={"prompt": "Go ahead"}))
    assert intent.fingerprint != intents.compute_fingerprint(
        approval.model_copy(update={"previous_interaction_id": "v1_q"})
    )
    assert intents.compute_twins_start(intent).year == 1
    assert intents.compute_twins_start(intents.build_intent(research())) > NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("before", "status", "moment"),
    [
        ({"status": "unknown"}, "in_progress", None),
        ({"status": "in_progress"}, "completed", NOW),
        ({"status": "completed", "settled_at": EARLIER}, "completed", EARLIER),
        ({"status": "completed", "settled_at": EARLIER}, "cancelled", NOW),
        ({"status": "failed", "settled_at": EARLIER}, "in_progress", None),
        ({"status": "in_progress"}, "requires_action", NOW),
        # By a server that did not know the column.
        ({"status": "completed"}, "completed", NOW),
    ],
)
def test_a_record_settles_when_its_status_becomes_a_settled_one_or_another(
    before: dict[str, Any], status: str, moment: datetime | None
) -> None:
    assert intents.compute_settlement(record(**before), status, NOW) == moment


def test_what_only_the_journal_reads_is_not_shown() -> None:
    shown = record().model_dump()
    hidden = {"fingerprint", "approves", "origin", "stored", "files_pending", "principal", "cost_micros", "settled_at"}
    hidden.add("media")
    assert shown.keys() == Record.model_fields.keys() - hidden


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"status": "completed", "usage": Usage(total_tokens=7), "cost_micros": 4213}, 4213),
        ({"status": "cancelled", "usage": Usage(total_tokens=1), "cost_micros": 5}, 5),
        ({"status": "cancelled", "usage": Usage(), "cost_micros": 5}, None),
        # A reservation.
        ({"status": "in_progress", "cost_micros": 3_000_000}, None),
        ({"status": "completed", "cost_micros": 3_000_000}, None),
        ({"status": "unknown", "cost_micros": 3_000_000}, None),
        # Of an unknown price.
        ({"status": "completed", "usage": Usage(total_tokens=7)}, None),
        # Refused, or never sent.
        ({"status": "failed", "cost_micros": 0}, 0),
        ({"status": "failed"}, None),
    ],
)
def test_a_cost_is_known_once_tokens_are_counted_or_where_there_is_none(
    fields: dict[str, Any], cost: int | None
) -> None:
    assert record(**fields).cost == cost


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Rivers!"},
        {"agent": "deep-research-max-preview-04-2026"},
        {"previous_interaction_id": "v1_p"},
        {"tools": ("google_search",)},
        {"contents": ({"type": "image", "data": "aGk=", "mime_type": "image/png"},)},
        {"agent_config": {"type": "deep-research", "collaborative_planning": True}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_requests_that_differ_have_different_fingerprints(change: dict[str, Any]) -> None:
    assert intents.compute_fingerprint(research()) != intents.compute_fingerprint(research(**change))


def test_contents_are_the_same_by_their_digest_wherever_they_were_uploaded_to() -> None:
    here, there = ({"contents": ({"type": "image", "uri": f"https://x/files/{name}"},)} for name in "ab")
    assert intents.compute_fingerprint(research(**here)) != intents.compute_fingerprint(research(**there))
    one, same = (research(contents_digest="1", **contents) for contents in (here, there))
    assert (
        intents.compute_fingerprint(one)
        == intents.compute_fingerprint(same)
        == intents.compute_fingerprint(research(contents_digest="1"))
    )
    assert intents.compute_fingerprint(one) != intents.compute_fingerprint(research(contents_digest="2", **here))


def test_the_order_of_keys_makes_no_other_request() -> None:
    turned = {"collaborative_planning": False, "type": "deep-research"}
    assert intents.compute_fingerprint(research()) == intents.compute_fingerprint(research(agent_config=turned))


def test_a_plan_is_known_from_its_configuration() -> None:
    config = {"type": "deep-research", "collaborative_planning": True}
    assert intents.build_intent(research(agent_config=config)).plan
    assert not intents.build_intent(research()).plan


@pytest.mark.parametrize(
    ("fields", "complete"),
    [
        ({"text": "a", "finished_at": NOW}, True),
        ({"files": (FILE,), "finished_at": NOW}, True),
        ({"status": "failed", "finished_at": NOW}, True),
        ({"status": "requires_action", "finished_at": NOW}, True),
        ({"finished_at": NOW}, False),  # completed and empty: it may have been read too early
        ({"text": "a"}, False),  # nobody saw it settle
        ({"status": "failed"}, False),  # it could not be found, which may pass
        ({"status": "in_progress", "text": "a", "finished_at": NOW}, False),
        ({"text": "a", "finished_at": NOW, "files_pending": True}, False),
        ({"status": "incomplete", "finished_at": NOW, "error": "Cut.", "files_pending": True}, False),
        # What an error says is for people.
        ({"text": "a", "finished_at": NOW, "error": "The files could not be saved: disk full."}, True),
    ],
)
def test_a_row_is_complete_when_asking_google_again_would_tell_nothing_new(
    fields: dict[str, Any], complete: bool
) -> None:
    assert intents.is_complete(record(**fields)) is complete


@pytest.mark.parametrize(
    ("fields", "readable"),
    [
        ({"text": "a"}, True),
        ({"status": "incomplete", "files": (FILE,)}, True),
        ({"status": "in_progress", "text": "a"}, False),
        ({"status": "unknown"}, False),
        ({}, False),
    ],
)
def test_a_row_is_readable_when_it_has_an_answer_that_will_not_change(fields: dict[str, Any], readable: bool) -> None:
    assert intents.is_readable(record(**fields)) is readable


@pytest.mark.parametrize(
    ("interaction", "kind"),
    [
        (Interaction(status="completed", agent="deep-research-preview-04-2026"), "research"),
        (Interaction(status="completed", model="m", media=(Media(kind="image"),)), "image"),
        (Interaction(status="completed", model="m", media=(Media(kind="audio"),)), "speech"),
        (Interaction(status="completed", model="lyria-3.5", media=(Media(kind="audio"),)), "music"),
        (Interaction(status="completed", model="lyria-3-pro-preview", media=(Media(kind="audio"),)), "music"),
        (Interaction(status="in_progress", model="m"), "ask"),
    ],
)
def test_a_foreign_interaction_is_of_the_kind_that_it_looks_like(interaction: Interaction, kind: str) -> None:
    adopted = intents.build_foreign_record(interaction, "v1_f")
    assert (adopted.kind, adopted.interaction_id, adopted.status) == (kind, "v1_f", interaction.status)
    assert adopted.finished_at is None
    assert (adopted.origin, adopted.fingerprint) == ("foreign", "")
    assert (adopted.settled_at is None) == (interaction.status == "in_progress")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-11-26T12:25:15Z", datetime(2025, 11, 26, 12, 25, 15, tzinfo=UTC)),
        ("2025-11-26T14:25:15+02:00", datetime(2025, 11, 26, 12, 25, 15, tzinfo=UTC)),
        ("2025-11-26T12:25:15", datetime(2025, 11, 26, 12, 25, 15, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59.999999-12:00", None),
        ("10000-01-01T00:00:00Z", None),
    ],
)
def test_the_time_of_creation_is_read_in_every_form_and_never_naive(text: str | None, moment: datetime | None) -> None:
    assert intents.parse_creation(Interaction(status="completed", created=text)) == moment


def test_a_foreign_interaction_without_a_readable_time_was_created_now() -> None:
    before = clock.now()
    adopted = intents.build_foreign_record(Interaction(status="completed", created="?", prompt="Hi"), "v1_f")
    assert before <= adopted.created_at <= clock.now()
    assert adopted.prompt == "Hi"
    assert intents.measure_age(record(created_at=before - timedelta(seconds=90))) >= 90


@pytest.mark.parametrize(
    ("interaction", "said"),
    [
        (Interaction(status="completed", text="a"), None),
        (Interaction(status="completed", media=(Media(kind="image"),)), None),
        (Interaction(status="failed", error="Internal."), "The interaction failed at Google (Internal)."),
        (
            Interaction(status="failed", error="SPII, personal.", reasons=("spii",)),
            "The interaction failed at Google (SPII, personal). Rephrase the prompt without personal data such as "
            "names, numbers and addresses.",
        ),
        (
            Interaction(status="cancelled"),
            "The interaction was cancelled; what it had cost by then is not refunded. It was not cancelled through "
            "this server: another program with a key of the same project did it, or Google.",
        ),
        (
            Interaction(status="incomplete", text="half"),
            "The answer is incomplete: it reached the model's own limit of output tokens. Ask for less at once; "
            "gemini_continue can ask for the rest.",
        ),
        (
            Interaction(status="incomplete", agent="antigravity", text="half"),
            "The answer is incomplete: it reached the agent's budget of tokens. start_research with it as "
            "previous_interaction_id, and a new budget_tokens, goes on from there in the same sandbox.",
        ),
        (
            Interaction(status="budget_exceeded", usage=Usage(total_thought_tokens=1_990, total_output_tokens=10)),
            "The answer is incomplete: it reached its token budget, of which thinking took 1,990 and the answer 10 "
            "tokens. Ask again with a lower thinking_level, or for less at once.",
        ),
        (
            Interaction(status="incomplete", text="half", error="SAFETY, no.", reasons=("safety",)),
            "The answer is incomplete (SAFETY, no). Rephrase the prompt or change the files.",
        ),
        (
            Interaction(status="completed", text="half", error="max_tokens, no.", reasons=("max_tokens",)),
            "The answer may not be whole (max_tokens, no). Ask for less at once; gemini_continue can ask for the rest.",
        ),
        (Interaction(status="completed", text="all", error="A diagnosis."), None),
        (Interaction(status="completed", code=(Execution(code="1"),)), None),
        (
            Interaction(status="requires_action"),
            "Gemini stopped to call a function, which this server does not offer.",
        ),
        (
            Interaction(status="requires_continuation", text="half"),
            "The answer is incomplete: it reached the limit of one request; gemini_continue can ask for the rest.",
        ),
    ],
    ids=lambda value: value.status if isinstance(value, Interaction) else "",
)
def test_what_is_missing_from_an_answer_is_said_in_a_sentence(interaction: Interaction, said: str | None) -> None:
    assert intents.describe_shortcoming(interaction, "ask") == said


def test_a_limit_that_was_asked_for_is_named_with_what_went_into_it() -> None:
    spent = Interaction(status="incomplete", usage=Usage(total_thought_tokens=60))
    said = intents.describe_shortcoming(spent, "ask", Terms(max_output_tokens=64))
    assert said is not None
    assert "it reached max_output_tokens (64), of which thinking took 60 and the answer 0 tokens. Ask again" in said
    said = intents.describe_shortcoming(Interaction(status="incomplete"), "research", Terms(max_total_tokens=50_000))
    assert said is not None
    assert "reached the agent's budget of 50,000 tokens (budget_tokens). start_research" in said


def test_who_has_stopped_an_interaction_here_is_told() -> None:
    said = intents.describe_shortcoming(Interaction(status="cancelled", error="Bye."), "ask", None, "tasks/cancel")
    assert said is not None
    assert said.endswith("is not refunded (Bye). It was cancelled through this server (tasks/cancel).")


def test_a_completed_but_empty_answer_names_each_kind_of_step_once() -> None:
    empty = Interaction(status="completed", steps=("thought", "google_search_call", "thought"), error="Blocked.")
    said = intents.describe_shortcoming(empty, "ask")
    assert said is not None
    assert "without an answer (Blocked); steps seen: thought, google_search_call." in said
    assert "steps seen: none" in (intents.describe_shortcoming(Interaction(status="completed"), "ask") or "")


def test_an_image_that_was_asked_for_is_missing_although_there_is_text() -> None:
    text = Interaction(status="completed", text="I cannot draw that.")
    assert intents.describe_shortcoming(text, "image") == "Gemini made no image, but answered with text."
    both = Interaction(status="completed", text="Here.", media=(Media(kind="image"),))
    assert intents.describe_shortcoming(both, "image") is None


@pytest.mark.parametrize(
    "other",
    ["Rivers  of\n Zürich ", "rivers of zürich", "Rivers of Zu\u0308rich", "\uff32ivers of Zürich", "RIVERS OF ZÜRICH"],
)
def test_the_same_research_is_the_same_whatever_its_spacing_form_and_case(other: str) -> None:
    research = Request(kind="research", prompt="Rivers of Zürich", agent="a")
    assert intents.compute_fingerprint(research) == intents.compute_fingerprint(
        research.model_copy(update={"prompt": other})
    )
    ask = Request(kind="ask", prompt="Rivers of Zürich", model="m")
    assert intents.compute_fingerprint(ask) != intents.compute_fingerprint(ask.model_copy(update={"prompt": other}))


@pytest.mark.parametrize(
    ("changes", "seconds", "attachable"),
    [
        ({}, 0, False),
        ({}, 1, False),
        ({}, 5, True),
        ({"detached_at": NOW}, 0, True),
        ({"detached_at": NOW, "delivered_at": NOW}, 5, False),
        ({"delivered_at": NOW}, 5, False),
        ({"status": "completed", "finished_at": NOW}, 5, True),
        ({"status": "failed"}, 5, False),
        ({"status": "failed", "interaction_id": "v1_a"}, 5, True),
    ],
)
def test_a_run_can_be_taken_by_an_identical_call_while_nobody_has_its_answer(
    changes: dict[str, Any], seconds: int, attachable: bool
) -> None:
    intent = intents.build_intent(Request(kind="ask", prompt="a", model="m"))
    record = intent.model_copy(update={"created_at": clock.now() - timedelta(seconds=seconds)} | changes)
    assert intents.is_attachable(record, followed=True) is attachable


def test_a_run_whose_process_has_ended_can_be_taken_at_once() -> None:
    intent = intents.build_intent(Request(kind="ask", prompt="a", model="m"))
    assert intents.is_attachable(intent, followed=False)
    assert not intents.is_attachable(intent.model_copy(update={"delivered_at": NOW}), followed=False)
    assert not intents.is_attachable(intent.model_copy(update={"status": "failed"}), followed=False)


def test_a_transcript_that_reaches_a_limit_is_to_be_made_in_parts() -> None:
    ended = Interaction(status="incomplete", text="half")
    said = str(intents.describe_shortcoming(ended, "transcript"))
    assert said.endswith("Transcribe the recording in parts, with clip.")


@pytest.mark.parametrize("kind", ["analyze", "image", "research", "ask"])
@pytest.mark.parametrize("status", ["incomplete", "completed"])
def test_what_a_limit_asks_for_the_tool_has(kind: InteractionKind, status: str) -> None:
    spent = Usage(total_thought_tokens=60)
    ended = Interaction(status=status, text="half", error="MAX_TOKENS. Stopped.", reasons=("max_tokens",), usage=spent)
    said = intents.describe_shortcoming(ended, kind)
    assert said is not None
    assert "max_output_tokens" not in said
    assert ("thinking_level" in said) == (kind == "ask")
    assert "for less at once" in said
    assert "Stopped)" in said
    limited = intents.describe_shortcoming(ended, kind, Terms(max_output_tokens=9))
    assert ("a higher max_output_tokens" in str(limited)) == (kind == "ask")
