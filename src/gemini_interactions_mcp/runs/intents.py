"""Rows for requests and interactions, and what rows mean. Pure, but for the clock and fresh labels."""

import hashlib
import json
import re
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from gemini_interactions_mcp.journal import TWIN_SECONDS, now
from gemini_interactions_mcp.models import (
    KINDS,
    MAKING_KINDS,
    MUSIC_PREFIX,
    UNKNOWN_STATUS,
    Interaction,
    InteractionKind,
    Record,
    Request,
    Terms,
    Usage,
    convert_to_utc,
    error_codes,
    is_settled,
)
from gemini_interactions_mcp.models import terms as asked

from . import agents

LABEL_PATTERN: Final = re.compile(r"(?:approval)?[0-9a-f]{16}-[0-9a-f]{32}")
"""Labels of this version and of earlier ones."""

MAX_TOGETHER_SECONDS: Final = 4.0
"""Age of a call up to which an identical call is a separate request: a host that asks twice at once wants two answers.

The most impatient host gives a call up after 5 s (openai-agents, `client_session_timeout_seconds`).
"""

PRIVATE_TERMS: Final = {"response_schema": None, "metadata_filter": None}
"""What terms leave out of a request of which Google is to keep nothing; the price depends on the others."""

MAX_SENDING_SECONDS: Final = 600
"""Age up to which a request without an id may still be on its way, from this process or another."""

EARLIEST_CREATION: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""No interaction is older: the API was released in that year (https://ai.google.dev/gemini-api/docs/changelog)."""


def measure_age(record: Record) -> float:
    """Return the seconds since the request."""
    # A clock may have been set back since.
    return max(0.0, (now() - record.created_at).total_seconds())


def is_label(text: str) -> bool:
    """Whether a text has the form of this server's labels, which Google gives to no interaction."""
    return LABEL_PATTERN.fullmatch(text) is not None


def build_intent(request: Request, previous: Record | None = None) -> Record:
    """Return the row that is written before a request is sent.

    Where Google is to keep nothing, the row leaves out what is private, and its label stands for an id: nobody else
    names one, and an answer that takes longer than the call must be found by something.

    Args:
        request: Any.
        previous: The row of the interaction that it continues, if the journal has one.
    """
    moment = now()
    identity = compute_fingerprint(request)
    label = f"{identity}-{uuid.uuid4().hex}"
    return Record(
        label=label,
        interaction_id=None if request.store else label,
        kind=request.kind,
        plan=request.plan,
        status=UNKNOWN_STATUS,
        model=request.model,
        agent=request.agent,
        previous_interaction_id=request.previous_interaction_id,
        tools=agents.list_tool_names(request) or None if request.kind == "research" else None,
        topic=inherit_topic(request.kind, previous) or request.topic if request.store else None,
        prompt=request.prompt if request.store else "",
        terms=asked.get_request_terms(request if request.store else request.model_copy(update=PRIVATE_TERMS)),
        created_at=moment,
        updated_at=moment,
        fingerprint=identity,
        approves=request.approves,
        stored=request.store,
    )


def inherit_topic(kind: InteractionKind, previous: Record | None) -> str | None:
    """Return the topic that a request takes over from the interaction it continues; None where it has its own.

    The words that change or run a plan do not say what it is about; those that change a picture or a video say only
    what to change.
    """
    if previous is None:
        return None
    shown = previous.kind in ("image", "video") or (previous.kind == "ask" and previous.topic is not None)
    follows = previous.plan if kind == "research" else shown and kind in ("ask", "image", "video")
    return (previous.title or None) if follows else None


def compute_fingerprint(request: Request) -> str:
    """Return what makes two requests identical: 16 hexadecimal digits; of one that runs a plan, the plan alone."""
    if request.approves:
        return hash_to_digits(str(request.previous_interaction_id))
    # An upload of the same content has another address.
    unsaid = {"topic", "contents" if request.contents_digest else "contents_digest"}
    fields = request.model_dump(mode="json", exclude=unsaid)
    if request.derived:
        # What is known of the interaction that is continued may differ from call to call.
        fields["environment"] = None
    if request.kind == "research":
        fields["prompt"] = fold_prompt(request.prompt)
    return hash_to_digits(json.dumps(fields, sort_keys=True, default=str))


def hash_to_digits(text: str) -> str:
    """Return the first 16 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fold_prompt(prompt: str) -> str:
    """Return a prompt without what makes no difference to research: white space, Unicode form and case."""
    return " ".join(unicodedata.normalize("NFKC", prompt).casefold().split())


def compute_twins_start(record: Record) -> datetime:
    """Return when identical requests begin to count as the same; a plan is run once, however often it is approved."""
    if record.approves:
        return datetime.min.replace(tzinfo=UTC)
    return now() - timedelta(seconds=TWIN_SECONDS)


def compute_settlement(record: Record, status: str, moment: datetime) -> datetime | None:
    """Return `settled_at` of a record that gets a status at a moment; None where that is not a settled one."""
    if not is_settled(status):
        return None
    return record.settled_at if record.settled_at and record.status == status else moment


def is_attachable(record: Record, *, followed: bool) -> bool:
    """Whether an identical call may take a run over: nobody has its answer, and its call has ended or waits long.

    Args:
        record: Row of the run.
        followed: Whether the process of its own call lives.
    """
    unsent = record.status == "failed" and record.interaction_id is None
    left = not followed or record.detached_at is not None or measure_age(record) > MAX_TOGETHER_SECONDS
    return record.delivered_at is None and left and not unsent


def is_sending(record: Record) -> bool:
    """Whether a request may still be on its way."""
    return record.interaction_id is None and not record.error and measure_age(record) < MAX_SENDING_SECONDS


def has_saved_files(record: Record) -> bool:
    """Whether the files of an interaction are on disk and listed."""
    return bool(record.files and record.finished_at) and not record.files_pending


def is_complete(record: Record) -> bool:
    """Whether the journal has everything, so that Google need not be asked."""
    if not is_settled(record.status) or record.finished_at is None or record.files_pending:
        return False
    return record.status != "completed" or is_readable(record)


def is_readable(record: Record) -> bool:
    """Whether the journal has an answer to show, though files may be missing that could not be saved."""
    return is_settled(record.status) and bool(record.text or record.files or record.code)


def build_foreign_record(interaction: Interaction, interaction_id: str, previous: Record | None = None) -> Record:
    """Return a row for an interaction that something else has started.

    Args:
        interaction: As Google shows it.
        interaction_id: Its id.
        previous: The row of the interaction that it continues, if the journal has one.
    """
    kind = choose_foreign_kind(interaction)
    moment = now()
    return Record(
        label=f"foreign-{uuid.uuid4().hex}",
        interaction_id=interaction_id,
        kind=kind,
        status=interaction.status,
        model=interaction.model,
        agent=interaction.agent,
        previous_interaction_id=interaction.previous_interaction_id,
        environment_id=interaction.environment_id,
        topic=inherit_topic(kind, previous),
        prompt=interaction.prompt or "",
        created_at=parse_creation(interaction) or moment,
        updated_at=moment,
        origin="foreign",
        settled_at=moment if is_settled(interaction.status) else None,
    )


def choose_foreign_kind(interaction: Interaction) -> InteractionKind:
    """Return the kind of an interaction that something else has started: by its model, its words or its media."""
    if interaction.agent:
        return "research"
    if interaction.spoken or interaction.model == KINDS["transcript"].default:
        return "transcript"
    made: list[InteractionKind] = [MAKING_KINDS[each.kind] for each in interaction.media if each.kind in MAKING_KINDS]
    if made[:1] == ["speech"] and (interaction.model or "").startswith(MUSIC_PREFIX):
        return "music"
    return made[0] if made else "ask"


def parse_creation(interaction: Interaction) -> datetime | None:
    """Return when the API says that an interaction was created; None where that is missing, unreadable or absurd."""
    try:
        moment = convert_to_utc(datetime.fromisoformat(interaction.created or ""))
    except ValueError:
        return None
    return moment if EARLIEST_CREATION <= moment <= now() + timedelta(days=1) else None


STATUS_MEANINGS: Final = {
    "failed": "The interaction failed at Google",
    "cancelled": "The interaction was cancelled; what it had cost by then is not refunded",
    "incomplete": "The answer is incomplete: it reached {limit}",
    "budget_exceeded": "The answer is incomplete: it reached {limit}",
    "requires_action": "Gemini stopped to call a function, which this server does not offer",
    "requires_continuation": "The answer is incomplete: it reached the limit of one request; "
    "gemini_continue can ask for the rest",
}
"""Meanings of the settled statuses other than `completed`."""

LIMITED_STATUSES: Final = ("incomplete", "budget_exceeded")
"""Statuses of answers that a limit in tokens has ended."""

CANCELLED_ELSEWHERE: Final = (
    "It was not cancelled through this server: another program with a key of the same project did it, or Google."
)

GO_ON_ADVICE: Final = (
    "start_research with it as previous_interaction_id, and a new budget_tokens, goes on from there in the same "
    "sandbox."
)
"""What to do about a task that has spent its budget."""

NO_TERMS: Final = Terms()

NO_SPEECH: Final = "No speech was found in the recording."


def describe_shortcoming(
    interaction: Interaction, kind: InteractionKind, terms: Terms | None = None, stopped_by: str | None = None
) -> str | None:
    """Return why an answer is missing or incomplete and what to do about it, in sentences; None when all is well.

    Args:
        interaction: A settled interaction.
        kind: Kind of the request.
        terms: What was asked for, where that is known.
        stopped_by: The tool or method by which somebody has asked this server to stop it.
    """
    terms = terms or NO_TERMS
    reason = f" ({interaction.error.rstrip('.')})" if interaction.error else ""
    ways = collect_remedies(interaction, kind, terms)
    if interaction.status in LIMITED_STATUSES and has_stopped_early(interaction):
        return f"The answer is incomplete{reason}. {ways}"
    if interaction.status in STATUS_MEANINGS:
        outcome = STATUS_MEANINGS[interaction.status].format(limit=describe_token_limit(interaction, terms))
        return " ".join(filter(None, (f"{outcome}{reason}.", choose_advice(interaction, kind, terms, stopped_by))))
    if is_whole_answer(interaction, kind):
        return f"The answer may not be whole{reason}. {ways}" if interaction.reasons else None
    if interaction.text and (wanted := KINDS[kind].makes):
        return f"Gemini made no {wanted}{reason}, but answered with text. {ways}".rstrip()
    kinds = ", ".join(dict.fromkeys(interaction.steps)) or "none"
    ways = ways or "Google gives no reason; read_interaction looks at it again."
    return f"Gemini completed the interaction without an answer{reason}; steps seen: {kinds}. {ways}"


def describe_silence(interaction: Interaction, kind: InteractionKind) -> str:
    """Return the text of a transcript of a recording without speech, which the API leaves empty; else an empty one."""
    answered = interaction.text or interaction.media or interaction.error or interaction.reasons
    return NO_SPEECH if kind == "transcript" and interaction.status == "completed" and not answered else ""


def is_whole_answer(interaction: Interaction, kind: InteractionKind) -> bool:
    """Whether a completed interaction has what was asked for; code that ran counts as text."""
    made_in_words = KINDS[kind].makes is None and (interaction.text or interaction.code)
    return bool(interaction.media or made_in_words)


def has_stopped_early(interaction: Interaction) -> bool:
    """Whether an interaction says itself that something other than a limit has ended it."""
    return any(name != "max_tokens" for name in interaction.reasons)


def describe_token_limit(interaction: Interaction, terms: Terms) -> str:
    """Return the limit in tokens that has ended an answer, as far as it is known, and what was used of it."""
    if interaction.agent or terms.max_total_tokens:
        budget = f" of {terms.max_total_tokens:,} tokens (budget_tokens)" if terms.max_total_tokens else " of tokens"
        return f"the agent's budget{budget}"
    own = "its token budget" if interaction.status == "budget_exceeded" else "the model's own limit of output tokens"
    most = f"max_output_tokens ({terms.max_output_tokens:,})" if terms.max_output_tokens else own
    return f"{most}{describe_token_use(interaction.usage)}"


def describe_token_use(usage: Usage | None) -> str:
    """Return how much of a limit of output went into thoughts and answer; empty without thoughts."""
    if not usage or not usage.total_thought_tokens:
        return ""
    return (
        f", of which thinking took {usage.total_thought_tokens:,} and the answer {usage.total_output_tokens:,} tokens"
    )


def describe_hang_up(stopped_by: str | None) -> str:
    """Return the error of an interaction whose connection was closed to stop it."""
    return f"It was stopped before it ended, through this server ({stopped_by})."


def collect_remedies(interaction: Interaction, kind: InteractionKind, terms: Terms) -> str:
    """Return what to do about the reasons that Google gives, each remedy once."""
    limits = [suggest_higher_limits(interaction, kind, terms)] if "max_tokens" in interaction.reasons else []
    others = error_codes.join_remedies(name for name in interaction.reasons if name != "max_tokens")
    return " ".join(filter(None, [*limits, others]))


def choose_advice(interaction: Interaction, kind: InteractionKind, terms: Terms, stopped_by: str | None) -> str:
    """Return what to do about an interaction that has not completed, or who has stopped it."""
    if interaction.status == "cancelled":
        return f"It was cancelled through this server ({stopped_by})." if stopped_by else CANCELLED_ELSEWHERE
    if interaction.status not in LIMITED_STATUSES:
        return collect_remedies(interaction, kind, terms)
    if interaction.agent or terms.max_total_tokens:
        return GO_ON_ADVICE
    return suggest_higher_limits(interaction, kind, terms)


def suggest_higher_limits(interaction: Interaction, kind: InteractionKind, terms: Terms) -> str:
    """Return what to ask for in place of an answer that has reached a limit of output, by arguments of the tool.

    Nothing raises a model's own limit, and only the tool that asks in words alone has arguments for either.
    """
    if kind == "transcript":
        return "Transcribe the recording in parts, with clip."
    asked = kind == "ask"
    ways = ["a higher max_output_tokens"] if asked and terms.max_output_tokens else []
    if asked and interaction.usage and interaction.usage.total_thought_tokens:
        ways.append("a lower thinking_level")
    again = f"Ask again with {' or '.join(ways)}, or for less at once" if ways else "Ask for less at once"
    rest = "; gemini_continue can ask for the rest" if interaction.text and not KINDS[kind].makes else ""
    return f"{again}{rest}."
