"""What the user is told before research is started, and asked when a setting wants it. Pure, but for what is agreed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, ValidationError

from gemini_interactions_mcp.core import InputError, phrases, printable, shown
from gemini_interactions_mcp.models import DEEP_RESEARCH, Request
from gemini_interactions_mcp.runs import agents
from gemini_interactions_mcp.text import chapters

if TYPE_CHECKING:
    from gemini_interactions_mcp.files import Inspected, Inspection, LocalFile

EXHAUSTIVE: Final = "deep-research-max"
SOURCE: Final = "https://ai.google.dev/gemini-api/docs/deep-research"

DURATION: Final = "It takes 5 to 20 minutes as a rule and 60 at the most"
ESTIMATES: Final = {
    EXHAUSTIVE: f"{DURATION}, and costs about 3 to 7 dollars (Google's estimates: {SOURCE}).",
    DEEP_RESEARCH: f"{DURATION}, and costs about 1 to 3 dollars (Google's estimates: {SOURCE}).",
}

DECLINED: Final = "The user was asked and declined: nothing was started and nothing is charged."
UNANSWERED: Final = (
    "Nobody answered the question: the host closed it without showing it, or the user dismissed it. Nothing was "
    "started and nothing is charged. GEMINI_MCP_CONFIRM=true asks before each research run; the user can set it to "
    "false."
)

LISTED: Final = 10
"""Sources of one kind that a question names; of the others it tells the count."""

AGREED_SECONDS: Final = 600.0
"""How long an answer holds while files are uploaded; each call that finds it begins this anew."""


class Consent(BaseModel):
    """Whether research is started."""

    start: bool = Field(default=True, title="Start", description="Start this research run")


class Agreements:
    """What the user has agreed to and has not been started: uploads may take several calls, and are asked for once.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, subject: str) -> None:
        """The user has agreed."""
        self._until[subject] = self._clock() + AGREED_SECONDS

    def holds(self, subject: str) -> bool:
        """Whether the user has agreed lately, and nothing has come of it."""
        held = self._until.pop(subject, 0.0) > self._clock()
        if held:
            self.add(subject)
        return held

    def end(self, subject: str) -> None:
        """It is started, or cannot be any more: from now on the user is asked again."""
        self._until.pop(subject, None)


# Answers -------------------------------------------------------------------------------------------------


def refusal(action: str, content: Mapping[str, Any] | None) -> str:
    """Why nothing is started; empty where the user agrees.

    Args:
        action: How the form was closed: accept, decline or cancel.
        content: What was filled in.

    Raises:
        InputError: It is not the form's.
    """
    if action == "cancel":
        return UNANSWERED
    try:
        agreed = action == "accept" and Consent.model_validate(content or {}).start
    except ValidationError as exc:
        raise InputError("The answer does not fit the form, which has `start` (true or false).") from exc
    return "" if agreed else DECLINED


# Questions -----------------------------------------------------------------------------------------------


def question(
    request: Request, today: int, most: int | None, given: "Inspection | None" = None, topic: str | None = None
) -> str:
    """What is asked before anything is sent; hosts may show no more than its first lines.

    Args:
        request: Of research.
        today: How many were sent in this UTC day.
        most: How many may be.
        given: The files and addresses that go with it.
        topic: What it is about, where it runs or changes a plan.
    """
    deep = (request.agent or "").startswith(DEEP_RESEARCH)
    does = "plan research" if request.plan else "research" if deep else "work on a task"
    sources = given.sources if given else ()
    words = " with the words ".join(
        f"“{printable(chapters.shortened(each))}”" for each in (topic, request.prompt) if each is not None
    )
    limit = f" of {most}" if most else ""
    return phrases.joined(
        f"Have {shown(request.agent or '')} {does}{amounts(sources)}: {words}?",
        f"{estimate(request)} Research requests sent today (UTC): {today}{limit}.",
        listing("Files that are sent to Google:", [file_line(each) for each in sources if each.files]),
        listing("Addresses that Google reads:", [f"- {shown(each.source)}" for each in sources if not each.files]),
        listing("Tools that the agent may use:", [f"- {shown(name)}" for name in agents.names(request)]),
    )


def estimate(request: Request) -> str:
    """How long it takes and what it costs, as far as that is known."""
    if request.plan:
        return "A plan takes some minutes; Google names no price for it. Running it is asked for separately."
    known = (text for prefix, text in ESTIMATES.items() if (request.agent or "").startswith(prefix))
    return next(known, "Google names no time or price for this agent.")


def amounts(sources: "Sequence[Inspected]") -> str:
    """` with 3 files (9.2 MiB) and 1 address`; empty without any."""
    files = [file for source in sources for file in source.files]
    addresses = sum(not source.files for source in sources)
    parts = [f"{phrases.count(len(files), 'file')} ({size(files)})"] if files else []
    parts += [phrases.count(addresses, "address", "addresses")] if addresses else []
    return f" with {' and '.join(parts)}" if parts else ""


def file_line(source: "Inspected") -> str:
    """A file; of a folder or glob how many there are, and the first of them."""
    first, *more = source.files
    if not more:
        return f"- {shown(first.source)} ({size([first])})"
    return (
        f"- {shown(source.source)}: {len(source.files)} files ({size(source.files)}), the first is {shown(first.name)}"
    )


def listing(head: str, lines: Sequence[str]) -> str:
    """The first lines below a head, and how many more there are; empty without any."""
    more = [f"- and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join([head, *lines[:LISTED], *more]) if lines else ""


def size(files: "Iterable[LocalFile]") -> str:
    """How much they are together: `812 bytes`, `3.4 KiB`, `9.2 MiB`."""
    total = sum(file.size for file in files)
    if total < 2**10:
        return phrases.count(total, "byte")
    return f"{total / 2**10:,.1f} KiB" if total < 2**20 else f"{total / 2**20:,.1f} MiB"
