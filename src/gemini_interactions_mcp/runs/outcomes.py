"""Assembles the outcome of a run from what its stream has told and what reads show."""

from typing import NamedTuple

from gemini_interactions_mcp.api import parse_interaction
from gemini_interactions_mcp.core import (
    OutcomeUnknownError,
    OverloadedError,
    QuotaError,
    RefusedError,
    offload_if_large,
)
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import Event, Interaction, Record, SavedFile, is_settled

from . import intents
from .run import Run


class SavingOutcome(NamedTuple):
    """What came of saving the files of an interaction.

    Attributes:
        files: The saved files.
        complaint: What could not be saved, for people.
        pending: Whether files may be fetched and saved again.
    """

    files: tuple[SavedFile, ...] = ()
    complaint: str | None = None
    pending: bool = False


async def assemble_streamed(run: Run, closing: Event | None) -> Interaction | None:
    """Return the interaction as its stream told it; None if the stream did not tell all of it.

    Args:
        run: With the steps that were streamed.
        closing: The last event, if the stream has come to its end.
    """
    if closing is None or closing.type != "interaction.completed" or (run.garbled and run.stored):
        return None
    status = closing.status or "completed"
    if not is_settled(status):
        return None
    about = parse_interaction(closing.data.get("interaction"))
    shown = await offload_if_large(run.steps.size, lambda: parse_interaction({"steps": run.steps.all()}))
    return shown.model_copy(
        update={
            "id": run.id,
            "status": status,
            "model": about.model,
            "agent": about.agent,
            "environment_id": about.environment_id,
            "error": about.error or shown.error,
            "reasons": about.reasons or shown.reasons,
            "usage": run.usage,
        }
    )


async def assemble_unstored(run: Run, closing: Event | None) -> Interaction:
    """Return the interaction as its stream told it, where nothing is stored that could be read.

    Raises:
        OutcomeUnknownError: The stream ended early.
    """
    shown = await assemble_streamed(run, closing)
    if shown is not None:
        return shown
    reason = closing.error_message if closing else None
    raise OutcomeUnknownError(
        f"The stream ended before the answer was complete{f' ({reason})' if reason else ''}, and store=false "
        f"keeps nothing to read it from. It was probably charged."
    )


def is_hollow(interaction: Interaction) -> bool:
    """Whether a completed interaction shows neither an answer nor its steps and usage: it was read too early."""
    written = interaction.status in ("completed", *intents.LIMITED_STATUSES)
    answered = interaction.text or interaction.media
    return written and not answered and not (interaction.usage and interaction.steps)


def is_complete_account(run: Run, interaction: Interaction) -> bool:
    """Whether a read can add nothing; only a read is sure to have sources, times of words, and agents' usage."""
    if not run.stored or run.id is None or run.outcome is interaction:
        return True
    if interaction.status != "completed":
        return interaction.status == "cancelled"
    answered = bool(interaction.text or interaction.media)
    sourced = bool(interaction.citations) or not (run.request and run.request.tools)
    return (
        answered
        and sourced
        and is_timed(run, interaction)
        and interaction.usage is not None
        and run.record.agent is None
    )


def recall_account(record: Record) -> Interaction | None:
    """Return what a row knows of an answer that Google does not show any more; None where media are missing."""
    saved = {file.place for file in record.files}
    known = all(each.uri or place in saved for place, each in enumerate(record.media or (), 1))
    if not record.media or not is_settled(record.status) or not known:
        return None
    shared = ("status", "model", "agent", "previous_interaction_id", "environment_id", "text", "citations", "usage")
    told = {name: getattr(record, name) for name in shared}
    return Interaction(id=record.interaction_id, media=record.media, **told)


def is_timed(run: Run, interaction: Interaction) -> bool:
    """Whether a transcript has the times of its words, of which its subtitles are made; True for other kinds."""
    return run.record.kind != "transcript" or bool(interaction.media)


def merge_accounts(read: Interaction, told: Interaction) -> Interaction:
    """Merge two accounts of one interaction: the one with more of the answer, completed from the other."""
    fuller, other = (read, told) if measure_answer(read) >= measure_answer(told) else (told, read)
    missing = ("model", "agent", "environment_id", "usage", "prompt", "created", "error", "reasons", "terms")
    return fuller.model_copy(
        update={
            name: value
            for name in (*missing, "code", "failures")
            if not getattr(fuller, name) and (value := getattr(other, name))
        }
    )


def measure_answer(interaction: Interaction) -> tuple[int, int, int]:
    """Return how much of an answer an account has: media, characters, citations."""
    return len(interaction.media), len(interaction.text), len(interaction.citations)


def is_final(exc: BaseException) -> bool:
    """Whether an error rules out an answer; quotas and overload pass, and other errors are of this server."""
    return isinstance(exc, OutcomeUnknownError | RefusedError) and not isinstance(exc, OverloadedError | QuotaError)


def join_sentences(*said: str | None) -> str | None:
    """Join sentences; None where there are none."""
    return " ".join(filter(None, said)) or None


def has_failed_unpaid(status: str, usage: object, agent: object) -> bool:
    """Whether an interaction has failed in a way that Google does not charge.

    Failed requests to models are free (https://ai.google.dev/gemini-api/docs/billing); nothing is said of agents, which
    may have worked for an hour.
    """
    return status == "failed" and usage is None and agent is None


def describe_result(
    run: Run, interaction: Interaction, saving: SavingOutcome, shortcoming: str | None
) -> dict[str, object]:
    """Return the changes of a row whose interaction has ended, without its texts."""
    agent, usage = interaction.agent or run.record.agent, interaction.usage or run.usage
    result: dict[str, object] = {
        "status": interaction.status,
        "model": interaction.model or run.record.model,
        "agent": agent,
        "environment_id": interaction.environment_id or run.record.environment_id,
        "usage": usage,
        "files": saving.files,
        "files_pending": saving.pending,
        "error": join_sentences(shortcoming, saving.complaint),
        "finished_at": clock.now(),
    }
    return result | {"cost_micros": 0} if has_failed_unpaid(interaction.status, usage, agent) else result
