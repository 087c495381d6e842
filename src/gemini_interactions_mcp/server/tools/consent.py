"""The question that users confirm before research starts, if a setting asks for it. Pure, except `Agreements`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError

from gemini_interactions_mcp import models
from gemini_interactions_mcp.core import InputError, make_printable, phrases, quote_name
from gemini_interactions_mcp.models import DEEP_RESEARCH_PREFIX, Request
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.text import chapters

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import InspectedSource, Inspection, LocalFile
    from gemini_interactions_mcp.models import Catalog

ESTIMATES_SOURCE: Final = "https://ai.google.dev/gemini-api/docs/deep-research"
"""Google's estimates of time and cost."""

RESEARCH_DECLINED: Final = "The user was asked and declined: nothing was started and nothing is charged."
CONSENT_UNANSWERED: Final = (
    "Nobody answered the question: the host closed it without showing it, or the user dismissed it. Nothing was "
    "started and nothing is charged. GEMINI_MCP_CONFIRM=true asks before each research run; the user can set it to "
    "false."
)

MAX_LISTED_SOURCES: Final = 10
"""Maximum number of sources of one kind that a question names; the others are counted."""


class Consent(BaseModel):
    """Whether research is started."""

    start: bool = Field(default=True, title="Start", description="Start this research run")


class Agreements:
    """What the user agreed to and has not started yet. Uploads may take several calls, for which one answer holds.

    Args:
        clock: Returns monotonic seconds.
        seconds: `Timing.agreement`.
    """

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def add(self, subject: str) -> None:
        """Record that the user agreed."""
        self._until[subject] = self._clock() + self._seconds

    def holds(self, subject: str) -> bool:
        """Whether an unused agreement has not expired; renew it."""
        held = self._until.pop(subject, 0.0) > self._clock()
        if held:
            self.add(subject)
        return held

    def end(self, subject: str) -> None:
        """Discard an agreement: the research has started, or cannot start."""
        self._until.pop(subject, None)


def describe_missing_consent(action: str, content: Mapping[str, Any] | None) -> str:
    """Return why nothing is started; empty if the user agreed.

    Args:
        action: How the form was closed: accept, decline or cancel.
        content: The values of its fields.

    Raises:
        InputError: The values do not fit the form.
    """
    if action == "cancel":
        return CONSENT_UNANSWERED
    try:
        agreed = action == "accept" and Consent.model_validate(content or {}).start
    except ValidationError as exc:
        raise InputError("The answer does not fit the form, which has `start` (true or false).") from exc
    return "" if agreed else RESEARCH_DECLINED


def render_question(
    request: Request,
    today: int,
    most: int | None,
    given: "Inspection | None" = None,
    topic: str | None = None,
    catalog: "Catalog | None" = None,
) -> str:
    """Return the question that is asked before anything is sent. Hosts may show only its first lines.

    Args:
        request: The research request.
        today: Requests sent on this UTC day.
        most: Maximum requests per UTC day.
        given: The files and addresses that go with it.
        topic: The topic of the plan that it runs or changes.
        catalog: Tells what an agent usually costs; the built-in one unless given.
    """
    deep = (request.agent or "").startswith(DEEP_RESEARCH_PREFIX)
    does = "plan research" if request.plan else "research" if deep else "work on a task"
    sources = given.sources if given else ()
    words = " with the words ".join(
        f"“{make_printable(chapters.shorten_to_line(each))}”" for each in (topic, request.prompt) if each is not None
    )
    limit = f" of {most}" if most else ""
    estimate = estimate_research(request, catalog or models.load_built_in_catalog())
    return phrases.join_paragraphs(
        f"Have {quote_name(request.agent or '')} {does}{describe_amounts(sources)}: {words}?",
        f"{estimate} Research requests sent today (UTC): {today}{limit}.",
        render_source_list(
            "Files that are sent to Google:", [describe_file_source(each) for each in sources if each.files]
        ),
        render_source_list(
            "Addresses that Google reads:", [f"- {quote_name(each.source)}" for each in sources if not each.files]
        ),
        render_source_list(
            "Tools that the agent may use:", [f"- {quote_name(name)}" for name in agents.list_tool_names(request)]
        ),
    )


def estimate_research(request: Request, catalog: "Catalog") -> str:
    """Return how long the research takes and what it costs, as far as known."""
    if request.plan:
        return "A plan takes some minutes; Google names no price for it. Running it is asked for separately."
    row = catalog.find(request.agent)
    if row is None or row.usual_cost is None:
        return "Google names no time or price for this agent."
    low, high = row.usual_cost
    return (
        f"It usually takes 5 to 20 minutes, 60 at most, and costs about {low:f} to {high:f} dollars "
        f"(Google's estimates: {ESTIMATES_SOURCE})."
    )


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
    total = sum(file.size for file in files)
    if total < 2**10:
        return phrases.format_count(total, "byte")
    return f"{total / 2**10:,.1f} KiB" if total < 2**20 else f"{total / 2**20:,.1f} MiB"
