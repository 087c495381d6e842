"""The question that users answer before a request is paid for, if a setting asks for it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError

from gemini_interactions_mcp.core import InputError, make_inert, make_printable, phrases, quote_name
from gemini_interactions_mcp.models import DEEP_RESEARCH_PREFIX, KINDS, NEW_ENVIRONMENT, Record, Request
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.text import chapters, list_plan_steps, rendering, resource_addresses

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import InspectedSource, Inspection, LocalFile
    from gemini_interactions_mcp.journal import Spending
    from gemini_interactions_mcp.models import Estimate

ESTIMATES_SOURCE: Final = "https://ai.google.dev/gemini-api/docs/deep-research"
"""Google's estimates of time and cost."""

CONSENT_DECLINED: Final = "The user was asked and declined: nothing was started and nothing is charged."
CONSENT_UNANSWERED: Final = (
    "Nobody answered the question: the host closed it without showing it, or the user dismissed it. Nothing was "
    "started and nothing is charged. "
)
CONFIRM_ADVICE: Final = (
    "GEMINI_MCP_CONFIRM makes this server ask before it pays; the user can set it to never, or to an amount such as "
    "above:0.50."
)
REMOTE_CONFIRM_ADVICE: Final = "An administrator of this server has chosen that it asks before it pays."

MAX_LISTED_SOURCES: Final = 10
"""Maximum number of sources of one kind that a question names; the others are counted."""

LEAST_TOLD_MICROS: Final = 100
"""The lower bound of a cost from which on a question names it, in millionths of a dollar."""


SHORT_STEP_CHARACTERS: Final = 40
"""Maximum length of a step on the line that comes first."""

MAX_SUMMARY_STEPS: Final = 5
"""Steps on that line, at most."""

VIEW_COMMAND: Final = "gemini-interactions-mcp view"
"""The command that shows plans, reports and the rest in a browser."""


class Consent(BaseModel):
    """Whether a request is sent."""

    start: bool = Field(default=True, title="Start", description="Send this request, which is paid for")


def describe_missing_consent(action: str, content: Mapping[str, Any] | None, *, remote: bool) -> str:
    """Return why nothing is sent; empty if the user agreed.

    Args:
        action: How the form was closed: accept, decline or cancel.
        content: The values of its fields.
        remote: Whether the user is on another machine.

    Raises:
        InputError: The values do not fit the form.
    """
    if action == "cancel":
        return CONSENT_UNANSWERED + (REMOTE_CONFIRM_ADVICE if remote else CONFIRM_ADVICE)
    try:
        agreed = action == "accept" and Consent.model_validate(content or {}).start
    except ValidationError as exc:
        raise InputError("The answer does not fit the form, which has `start` (true or false).") from exc
    return "" if agreed else CONSENT_DECLINED


@dataclass(frozen=True)
class CostQuestion:
    """What a user is asked about.

    Attributes:
        request: The request, without its files.
        estimate: What it may cost; None where its price is not known.
        spending: What was spent before, and the limits.
        given: The files and addresses that go with it.
        topic: The topic of the plan or image that it continues.
        plan: The plan that it runs.
        remote: Whether the user is on another machine.
    """

    request: Request
    estimate: "Estimate | None"
    spending: "Spending"
    given: "Inspection | None" = None
    topic: str | None = None
    plan: Record | None = None
    remote: bool = False


def render_question(question: CostQuestion) -> str:
    """Return the question that is asked before anything is sent. Hosts may show only its first lines."""
    request, sources = question.request, question.given.sources if question.given else ()
    maker = quote_name(request.model or request.agent or "")
    words = " with the words ".join(
        f"“{make_printable(chapters.shorten_to_line(each))}”"
        for each in (question.topic, request.prompt)
        if each is not None
    )
    return phrases.join_paragraphs(
        introduce_plan(question.plan, question.estimate, remote=question.remote) if question.plan else "",
        f"Have {maker} {describe_work(request)}{describe_amounts(sources)}: {words}?",
        f"{describe_estimate(request, question.estimate)} {describe_spent(request, question.spending)}",
        render_source_list(
            "Files that are sent to Google:", [describe_file_source(each) for each in sources if each.files]
        ),
        render_source_list(
            "Addresses that Google reads:", [f"- {quote_name(each.source)}" for each in sources if not each.files]
        ),
        render_source_list(
            "Tools that it may use:", [f"- {quote_name(name)}" for name in agents.list_tool_names(request)]
        ),
        render_source_list("Its sandbox:", describe_sandbox_terms(request)),
    )


def introduce_plan(plan: Record, estimate: "Estimate | None", *, remote: bool) -> str:
    """Return two lines, since a host may show no more: the steps of a plan, then its cost and where all of it is."""
    steps = list_plan_steps(plan.text, SHORT_STEP_CHARACTERS)
    shown = [f"{number}. {make_inert(step)}" for number, step in enumerate(steps[:MAX_SUMMARY_STEPS], 1)]
    more = [f"and {len(steps) - MAX_SUMMARY_STEPS} more"] if len(steps) > MAX_SUMMARY_STEPS else []
    address = resource_addresses.make_resource_uri(plan)
    where = address if remote else f"`{VIEW_COMMAND}`, or {address}"
    told = "; ".join([*shown, *more]) or rendering.take_first_words(plan.title)
    return f"{told}\n{format_bounds(estimate)}. The whole plan: {where}"


def describe_sandbox_terms(request: Request) -> list[str]:
    """Return the environment that an agent goes on in, its repository and what it may reach, in lines."""
    existing = request.environment not in (None, NEW_ENVIRONMENT)
    lines = [f"- {quote_name(str(request.environment))}, with the files that are there"] if existing else []
    sandbox = request.sandbox
    if sandbox is None:
        return lines
    lines += [f"- the repository {quote_name(sandbox.repository)}"] if sandbox.repository else []
    if sandbox.network is not None:
        lines.append(f"- network: {describe_network(sandbox.network)}")
    return lines


def describe_network(domains: Sequence[str]) -> str:
    """Return what a sandbox may reach, in words."""
    return "all" if "*" in domains else quote_name(", ".join(domains)) or "none"


def describe_work(request: Request) -> str:
    """Return what a model or an agent is to do."""
    if request.plan:
        return "plan research"
    if request.agent and not is_deep_research(request):
        return "work on a task"
    return KINDS[request.kind].work


def is_deep_research(request: Request) -> bool:
    """Whether a request is for Google's research agent."""
    return (request.agent or "").startswith(DEEP_RESEARCH_PREFIX)


def describe_estimate(request: Request, estimate: "Estimate | None") -> str:
    """Return what a request costs and, of research, how long it takes."""
    cost = format_bounds(estimate)
    if request.plan:
        return (
            f"Estimated cost: {cost}; Google names no price for a plan. It takes some minutes, and running it is asked "
            "for separately."
        )
    if is_deep_research(request):
        return f"Estimated cost: {cost}; it usually takes 5 to 20 minutes, 60 at most (Google, {ESTIMATES_SOURCE})."
    return f"Estimated cost: {cost}."


def format_bounds(estimate: "Estimate | None") -> str:
    """Format the bounds of a cost as `$0.0021 to $0.25`, or `up to $0.25` where the lower one is next to nothing."""
    if estimate is None:
        return "price unknown"
    low, high = map(phrases.format_dollars, estimate)
    if low == high or estimate.high < LEAST_TOLD_MICROS:
        return high
    return f"{low} to {high}" if estimate.low >= LEAST_TOLD_MICROS else f"up to {high}"


def describe_spent(request: Request, spending: "Spending") -> str:
    """Return what was spent in this UTC day and month, and how much of the limits that is."""
    limits = spending.limits
    spent = [f"Spent today (UTC): {format_share(spending.today, limits.told_micros_per_day)}"]
    if limits.micros_per_month is not None:
        spent.append(f"this month: {format_share(spending.month, limits.micros_per_month)}")
    runs = f" Research requests sent today (UTC): {spending.runs_today}"
    most = f" of {limits.told_runs_per_day}" if limits.told_runs_per_day else ""
    return f"{'; '.join(spent)}.{f'{runs}{most}.' if request.kind == 'research' else ''}"


def format_share(micros: int, limit: int | None) -> str:
    """Format an amount and its limit: `$0.42 of $5.00`."""
    most = "" if limit is None else f" of {phrases.format_dollars(limit)}"
    return f"{phrases.format_dollars(micros)}{most}"


def describe_amounts(sources: "Sequence[InspectedSource]") -> str:
    """Return ` with 3 files (9.2 MiB) and 1 address`, or an empty text without sources."""
    files = [file for source in sources for file in source.files]
    addresses = sum(not source.files for source in sources)
    parts = [f"{phrases.format_count(len(files), 'file')} ({format_total_size(files)})"] if files else []
    parts += [phrases.format_count(addresses, "address", "addresses")] if addresses else []
    return f" with {' and '.join(parts)}" if parts else ""


def describe_file_source(source: "InspectedSource") -> str:
    """Return the line of a file, or of a folder or glob with its number of files and the first of them."""
    first, *more = source.files
    if not more:
        return f"- {quote_name(first.source)} ({format_total_size([first])})"
    size = format_total_size(source.files)
    return f"- {quote_name(source.source)}: {len(source.files)} files ({size}), the first is {quote_name(first.name)}"


def render_source_list(head: str, lines: Sequence[str]) -> str:
    """Return the first lines below a heading and the number of the others; empty without lines."""
    more = [f"- and {len(lines) - MAX_LISTED_SOURCES} more"] if len(lines) > MAX_LISTED_SOURCES else []
    return "\n".join([head, *lines[:MAX_LISTED_SOURCES], *more]) if lines else ""


def format_total_size(files: "Iterable[LocalFile]") -> str:
    """Return the total size as `812 bytes`, `3.4 KiB` or `9.2 MiB`."""
    return phrases.format_size(sum(file.size for file in files))
