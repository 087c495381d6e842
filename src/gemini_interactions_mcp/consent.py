"""What the user is told before research is started, and asked when a setting wants it."""

from typing import Final

from pydantic import BaseModel, Field

from . import chapters, render
from .models import Request
from .research import DEEP_RESEARCH

EXHAUSTIVE: Final = "deep-research-max"
SOURCE: Final = "https://ai.google.dev/gemini-api/docs/deep-research"

DURATION: Final = "It takes 5 to 20 minutes as a rule and 60 at the most"
ESTIMATES: Final = {
    EXHAUSTIVE: f"{DURATION}, and costs about 3 to 7 dollars (Google's estimates: {SOURCE}).",
    DEEP_RESEARCH: f"{DURATION}, and costs about 1 to 3 dollars (Google's estimates: {SOURCE}).",
}


class Consent(BaseModel):
    """The form."""

    start: bool = Field(default=True, title="Start", description="Start this research run")


def question(request: Request, today: int, most: int | None) -> str:
    """What is asked before a request is sent.

    Args:
        request: Of research.
        today: How many were sent in this UTC day.
        most: How many may be.
    """
    does = "plan research" if request.plan else "research"
    limit = f" of {most}" if most else ""
    return render.joined(
        f"Have {request.agent} {does}: “{chapters.shortened(request.prompt)}”?",
        f"{estimate(request)} Research requests sent today (UTC): {today}{limit}.",
    )


def estimate(request: Request) -> str:
    """How long it takes and what it costs, as far as that is known."""
    if request.plan:
        return "A plan takes some minutes; Google names no price for it. Running it is asked for separately."
    known = (text for prefix, text in ESTIMATES.items() if (request.agent or "").startswith(prefix))
    return next(known, "Google names no time or price for this agent.")
