"""What a view shows of an interaction: its facts, and its plan, progress, text or media."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gemini_interactions_mcp.core import InputError, offload_if_large, quote_name
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.models import KINDS, Record, SavedFile, amounts, name_kind
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.results import waiting
from gemini_interactions_mcp.server.results.standing import followers_of, tell_running_cost
from gemini_interactions_mcp.server.tasks import approvals
from gemini_interactions_mcp.server.tools import consent
from gemini_interactions_mcp.text import MARKDOWN_WEIGHT, list_plan_steps, rendering, resource_addresses

from .texts import list_turns, render_page_html, render_text_page

if TYPE_CHECKING:
    from gemini_interactions_mcp.runs import Run

PROMPT_CHARACTERS: Final = 20_000
"""Maximum length of a prompt that a view shows; its resource has all of it."""

PARTIAL_CHARACTERS: Final = 2**14
"""Length of the end of a partial answer."""

# Limits of what a view lists: Claude Desktop refuses a result of more than 1 MiB.
MAX_FOLLOWERS: Final = 50
MAX_VIEWED_FILES: Final = 300
MAX_LOOKED_AT: Final = 500
LOOKED_AT_CHARACTERS: Final = 1_000
"""Maximum length of a search or an address that is listed."""

PLAN_STATES: Final = {"completed": "waiting", "cancelled": "declined"}
"""States of a plan that nothing follows, by its status; any other has failed."""

FIRST_POLL_SECONDS: Final = 3
SLOWEST_POLL_SECONDS: Final = 10
"""Interval in which a view reads a run: grows by one second a minute."""


async def build_interaction_view(app: AppContext, run: "Run", page: int = 1) -> dict[str, Any]:
    """Return what a view shows of a run, with a page of its text.

    Files, transcript and plan come with the first page.

    Raises:
        InputError: There is no such page.
    """
    record = run.record
    followers = await followers_of(app, str(run.id)) if run.id else ()
    shown: dict[str, Any] = {
        "view": choose_view(run),
        "interaction": describe_interaction(run, followers),
        "tools": list(app.guide.offered),
    }
    if not run.done.is_set():
        return shown | {"run": await describe_progress(app, run)}
    size = MARKDOWN_WEIGHT * len(record.text)
    shown["text"] = await offload_if_large(size, partial(render_text_page, record, page))
    if page > 1:
        return shown
    shown |= {"files": list_files(record), "transcript": await offload_if_large(size, partial(list_turns, record))}
    return shown | ({"plan": await describe_plan(app, record, followers)} if record.plan else {})


def choose_view(run: "Run") -> str:
    """Return which view shows a run."""
    if not run.done.is_set():
        return "run"
    if run.record.plan:
        return "plan"
    return "report" if KINDS[run.record.kind].makes is None else "media"


def describe_interaction(run: "Run", followers: Sequence[Record]) -> dict[str, Any]:
    """Return the facts about an interaction."""
    record = run.record
    ended = record.finished_at is not None
    return {
        "id": rendering.get_handle(record),
        "kind": name_kind(record),
        "plan": record.plan,
        "status": quote_name(record.status),
        "settled": run.done.is_set(),
        "maker": rendering.get_maker(record),
        "title": rendering.take_first_words(record.title) or rendering.get_handle(record),
        "prompt": shorten_words(record.wording),
        "topic": record.topic and shorten_words(record.topic),
        "created_at": record.created_at.isoformat(timespec="seconds"),
        "finished_at": record.finished_at.isoformat(timespec="seconds") if record.finished_at else None,
        "seconds": (record.finished_at - record.created_at).total_seconds() if record.finished_at else run.age(),
        "tokens": rendering.format_tokens(record.usage),
        "cost_usd": amounts.convert_to_dollars(record.cost),
        "cost": rendering.describe_cost(record.cost, ended=ended),
        "error": record.error and shorten_words(record.error),
        "stored": record.stored,
        "previous_interaction_id": record.previous_interaction_id,
        "followers": [describe_follower(each) for each in followers[-MAX_FOLLOWERS:]],
    }


def shorten_words(text: str) -> str:
    """Return a text of at most `PROMPT_CHARACTERS`."""
    return text if len(text) <= PROMPT_CHARACTERS else f"{text[: PROMPT_CHARACTERS - 1]}…"


def describe_follower(record: Record) -> dict[str, Any]:
    """Return a line about what continues an interaction."""
    return {
        "id": rendering.get_handle(record),
        "kind": name_kind(record),
        "plan": record.plan,
        "status": quote_name(record.status),
        "title": rendering.take_first_words(record.title),
    }


async def describe_progress(app: AppContext, run: "Run") -> dict[str, Any]:
    """Return what a run does now, and how far it has come."""
    # Redacted before it is cut further: a part of a secret would not be recognised.
    tail = app.runs.redact(run.text[-PARTIAL_CHARACTERS:])
    return {
        "activity": run.activity or "",
        "searches": list_looked_at(run.searches),
        "pages": list_looked_at(run.pages),
        "elapsed": run.age(),
        "cost": await tell_running_cost(app, run),
        "waiting": run.waiting,
        "prospect": waiting.describe_prospect(run.record, run.waiting, background=run.background),
        "partial_html": render_page_html(tail, (), (), 1).html,
        "poll_seconds": min(FIRST_POLL_SECONDS + run.age() // 60, SLOWEST_POLL_SECONDS),
    }


def list_looked_at(found: Iterable[str]) -> list[str]:
    """Return the searches or addresses of a run, without very long ones."""
    return list(islice((each for each in found if len(each) <= LOOKED_AT_CHARACTERS), MAX_LOOKED_AT))


def list_files(record: Record) -> list[dict[str, Any]]:
    """Return the saved files; of several machines that share a journal, the first one's."""
    files = saved_files.index_saved_files(record.files).values()
    return [describe_file(record, file) for file in islice(files, MAX_VIEWED_FILES)]


def describe_file(record: Record, file: SavedFile) -> dict[str, Any]:
    """Return the facts about a saved file."""
    fields = {"name", "mime_type", "bytes", "width", "height", "seconds", "place"}
    return {name: getattr(file, name) for name in fields} | {
        "path": resource_addresses.find_file_address(record, file),
        "uri": resource_addresses.make_resource_uri(record, file),
    }


async def describe_plan(app: AppContext, plan: Record, followers: Sequence[Record]) -> dict[str, Any]:
    """Return the steps of a plan, what running it costs, and what has become of it."""
    last = next(reversed(rendering.list_plan_followers(followers)), None)
    state = ("refined" if last.plan else "approved") if last is not None else PLAN_STATES.get(plan.status, "failed")
    return {
        "steps": list_plan_steps(plan.text),
        "state": state,
        "successor": rendering.get_handle(last) if last else None,
        "approval": approvals.APPROVAL_PROMPT,
        **(await describe_plan_cost(app, plan) if state == "waiting" else {"estimate": "", "spent": ""}),
    }


async def describe_plan_cost(app: AppContext, plan: Record) -> dict[str, str]:
    """Return what running a plan costs, and what was spent before, in sentences."""
    try:
        question = await approvals.estimate_plan(app, plan)
    except InputError as exc:
        return {"estimate": app.explain(str(exc)), "spent": ""}
    return {
        "estimate": consent.describe_estimate(question.request, question.estimate),
        "spent": consent.describe_spent(question.request, question.spending),
    }
