"""Which of our errors an error response of the API stands for. Pure.

The API answers in two shapes, `{"error": {"message", "code"}}` and gRPC's with `status` and `details`; a proxy
may answer with a list, a page of HTML or nothing.

Source: https://ai.google.dev/gemini-api/docs/api-errors
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .errors import (
    BackgroundRefusedError,
    BlockedError,
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionNotFoundError,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
)
from .redaction import NOTHING, Redactor
from .wire import Json, as_json, items, text_of


@dataclass(frozen=True)
class Fault:
    """What an error response says.

    Attributes:
        reasons: Machine-readable reasons and quota ids, from gRPC's details.
    """

    status: int | None = None
    code: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()
    retry_after_seconds: float | None = None

    def says(self, *words: str) -> bool:
        """Whether any of the words is in the code, message or reasons, whatever the case."""
        said = " ".join((self.code, self.message, *self.reasons)).lower()
        return any(word in said for word in words)


def fault(status: int | None, body: object, headers: Mapping[str, str] | None = None) -> Fault:
    """Read an error response, whatever its shape."""
    answer = next(items(body), None) or as_json(body)
    data = as_json(answer.get("error"))
    details = list(items(data.get("details")))
    return Fault(
        status=status,
        code=str(data.get("status") or data.get("code") or ""),
        message=one_line(text_of(data.get("message")) or ""),
        reasons=tuple(reason for detail in details for reason in reasons(detail)),
        retry_after_seconds=retry_after(details, headers or {}),
    )


def reasons(detail: Json) -> Iterator[str]:
    """The reason of an ErrorInfo, the ids of a QuotaFailure.

    Source: https://cloud.google.com/apis/design/errors#error_details
    """
    if reason := text_of(detail.get("reason")):
        yield reason
    for violation in items(detail.get("violations")):
        yield str(violation.get("quotaId") or violation.get("subject") or "")


def retry_after(details: list[Json], headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: from gRPC's RetryInfo (`"37s"`), or the `retry-after` header in seconds."""
    for detail in details:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", ""))):
            return float(found[1])
    value = headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def one_line(text: str, limit: int = 400) -> str:
    """The text without line breaks, cut at `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


Wanted = Callable[[], bool]
"""Whether somebody still waits for a call to be sent."""


def always() -> bool:
    """What nobody can give up."""
    return True


@dataclass(frozen=True)
class Call:
    """What was being asked of the API when an error came.

    Attributes:
        paid: It starts an interaction, so that its outcome matters.
        model: Model or agent asked for.
        successor: The model or agent to use where that one is gone.
        file: An uploaded file that is asked for.
        redact: Takes out what must not be repeated.
        wanted: Asked before it is sent again.
    """

    paid: bool = False
    background: bool = False
    interaction_id: str | None = None
    previous_interaction_id: str | None = None
    model: str | None = None
    successor: str | None = None
    file: str | None = None
    redact: Redactor = field(default=NOTHING, repr=False)
    wanted: Wanted = always


Fits = Callable[[Fault, Call], bool]
Rule = Callable[[Fault, Call], GeminiMCPError]

UNKNOWN_OUTCOME: Final = (
    "Google may have taken the request all the same, so it was not sent again. See list_interactions before "
    "asking a second time: a second request may be charged too."
)


def failure(fault: Fault, call: Call) -> GeminiMCPError:
    """The error that an error response stands for: the first rule that fits."""
    return next(rule(fault, call) for fits, rule in RULES if fits(fault, call))


def key_rejected(fault: Fault, _: Call) -> GeminiMCPError:
    """401, or the front end's 400 and 403 about keys."""
    return KeyRejectedError(
        f"Google rejected the API key ({fault.message or fault.status}). Set GEMINI_API_KEY to a valid key "
        "(https://aistudio.google.com/apikey) in the host's configuration of this server, then restart it."
    )


def payment_required(fault: Fault, _: Call) -> GeminiMCPError:
    """402: prepaid credit is used up."""
    return ConfigurationError(
        f"Google asks for payment ({fault.message or 'no credit left'}). Add credit or billing to the project "
        "of the API key; trying again will not help."
    )


def quota(fault: Fault, _: Call) -> GeminiMCPError:
    """429: a rate that passes, a daily quota, or a free tier that has none."""
    after = fault.retry_after_seconds
    if fault.says("freetier", "free_tier", "free tier"):
        advice = "The free tier allows no more of this: enable billing for the key's project, or choose another model."
    elif fault.says("quota_exceeded", "perday", "per_day", "daily"):
        advice = "The daily quota is used up: wait for the next day or raise the quota."
    elif after is not None:
        advice = f"Try again in {after:.0f} seconds."
    else:
        advice = "Wait a minute before trying again."
    return QuotaError(
        f"Google's quota is exceeded ({fault.message or 429}). {advice} Nothing was charged.",
        retry_after_seconds=after,
    )


def overloaded(fault: Fault, _: Call) -> GeminiMCPError:
    """503: no capacity at the moment."""
    after = fault.retry_after_seconds
    when = f"in {after:.0f} seconds" if after is not None else "in a minute, or with another model"
    return OverloadedError(
        f"The model is overloaded ({fault.message or 503}). Try again {when}; nothing was charged.",
        retry_after_seconds=after,
    )


def not_found(fault: Fault, call: Call) -> GeminiMCPError:
    """404, which never names what is missing: the call tells what it can be."""
    if call.file:
        return InputError(f"Google keeps no {call.file}: uploaded files are deleted after 48 hours. Upload it again.")
    if call.model is None:
        return InteractionNotFoundError(
            f"Google keeps no interaction {call.interaction_id}: the id is wrong, of another project's key, "
            "deleted, or past its keeping time (55 days, 1 day on the free tier).",
            interaction_id=call.interaction_id,
        )
    if call.previous_interaction_id and not fault.says("model", "agent"):
        return InteractionNotFoundError(
            f"Google keeps no interaction {call.previous_interaction_id} to continue: it is of another project's "
            "key, deleted or past its keeping time. Ask without previous_interaction_id, and repeat what matters.",
            interaction_id=call.previous_interaction_id,
        )
    hint = f" Use {call.successor} instead." if call.successor and call.successor != call.model else ""
    return ModelNotFoundError(f"Google has no model or agent {call.model}, or not any more.{hint}")


def denied(fault: Fault, call: Call) -> GeminiMCPError:
    """403: the key's project may not do this; of a file, it is also said of one that is not there."""
    if call.file:
        return not_found(fault, call)
    return PermissionDeniedError(
        f"Google does not allow this ({fault.message or 403}). Check that the API key's project may use it.",
        interaction_id=call.interaction_id,
    )


def blocked(fault: Fault, _: Call) -> GeminiMCPError:
    """A safety filter."""
    return BlockedError(
        f"Google's safety filter blocked the request ({fault.message}). Rephrase the prompt or change the files."
    )


def background_refused(fault: Fault, _: Call) -> GeminiMCPError:
    """400: this model runs only while the caller waits."""
    return BackgroundRefusedError(f"The model does not run in the background ({fault.message}).")


def too_large(fault: Fault, _: Call) -> GeminiMCPError:
    """413."""
    return InputError(f"The request is too large ({fault.message or 413}). Send fewer or smaller files.")


def server_fault(fault: Fault, call: Call) -> GeminiMCPError:
    """5xx, 499 and 408: whether a paid request was taken is not known."""
    what = f"Google answered {fault.status}" + (f" ({fault.message})" if fault.message else "")
    if call.paid:
        return OutcomeUnknownError(f"{what}. {UNKNOWN_OUTCOME}")
    return NetworkError(f"{what}. Try again in a minute.", interaction_id=call.interaction_id)


def refused(fault: Fault, call: Call) -> GeminiMCPError:
    """Every other 4xx, in the API's own words."""
    return RefusedError(
        f"Google refused the request ({fault.message or fault.status}). Change it before trying again.",
        interaction_id=call.interaction_id,
    )


def about_the_key(fault: Fault, _: Call) -> bool:
    """Google's front end says 400 or 403 of a bad key, the API itself 401."""
    words = ("api key", "api_key", "unregistered callers", "identity established")
    return fault.status == 401 or (fault.status in (400, 403) and fault.says(*words))


def about_safety(fault: Fault, _: Call) -> bool:
    """Blocked input."""
    return fault.status in (400, 403) and fault.says("safety", "blocked", "prohibited")


def about_background(fault: Fault, call: Call) -> bool:
    """A refusal of what only a background request asks for."""
    return fault.status == 400 and call.background and fault.says("background")


def of_the_server(fault: Fault, _: Call) -> bool:
    """Not the caller's doing, and no answer either."""
    return fault.status in (None, 408) or fault.status >= 499 or fault.status < 400


def status(code: int) -> Fits:
    """A rule for one HTTP status."""
    return lambda fault, _: fault.status == code


RULES: Final[tuple[tuple[Fits, Rule], ...]] = (
    (about_the_key, key_rejected),
    (status(402), payment_required),
    (status(404), not_found),
    (status(413), too_large),
    (status(429), quota),
    (status(503), overloaded),
    (about_background, background_refused),
    (about_safety, blocked),
    (status(403), denied),
    (of_the_server, server_fault),
    (lambda _fault, _call: True, refused),
)
"""What errors mean, first match first."""

STATUSES: Final = {
    "invalid_request": 400,
    "failed_precondition": 400,
    "authentication": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "not_found": 404,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "quota_exceeded": 429,
    "too_many_requests": 429,
    "service_unavailable": 503,
}
"""HTTP statuses of the codes that an `error` event of a stream carries; all others are the server's fault."""


def streamed(code: str | None, message: str | None) -> GeminiMCPError:
    """What an `error` event stands for that comes instead of an interaction: the same as an error response."""
    return failure(Fault(status=STATUSES.get(code or "", 500), code=code or "", message=message or ""), Call(paid=True))
