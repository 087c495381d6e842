"""Which of our errors an error response of the API stands for. Pure.

The API answers in two shapes, `{"error": {"message", "code"}}` and gRPC's with `status` and `details`; a proxy
may answer with a list, a page of HTML or nothing.

Source: https://ai.google.dev/gemini-api/docs/api-errors
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gemini_interactions_mcp.core import (
    NOTHING,
    BackgroundRefusedError,
    BlockedError,
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    InteractionNotFoundError,
    InvalidIdError,
    Json,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    NoQuotaError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    Redactor,
    RefusedError,
    as_json,
    items,
    one_line,
    page_title,
    phrases,
    shown,
    text_of,
)
from gemini_interactions_mcp.models import error_codes

from .endings import error_code


@dataclass(frozen=True)
class Fault:
    """What an error response says.

    Attributes:
        status: Of HTTP; of an error that came in a stream, the one of its code, if that is a known one.
        code: The name or number that each error of the API has; empty where somebody else has answered.
        reasons: Machine-readable reasons and quota ids, from gRPC's details.
        exhausted: A quota is zero, so that waiting does not help.
        page: The title of a page that came in place of JSON, from somebody on the way; None if none came.
    """

    status: int | None = None
    code: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()
    retry_after_seconds: float | None = None
    exhausted: bool = False
    page: str | None = field(default=None, compare=False)

    def says(self, *words: str) -> bool:
        """Whether any of the words is in the code, message or reasons, whatever the case."""
        said = " ".join((self.code, self.message, *self.reasons)).lower()
        return any(word in said for word in words)

    @property
    def endings(self) -> list[str]:
        """Why an answer was blocked or ended, by the names that `codes` has: said by the code, or by the details."""
        return [name for each in (self.code, *self.reasons) if (name := error_codes.reason(each))]

    @property
    def named(self) -> str:
        """The code and Google's words."""
        return ": ".join(filter(None, (self.code, self.message)))

    @property
    def told(self) -> str:
        """Google's words, with the code where that is an unknown one, or all that there is."""
        known = error_codes.status_of(self.code) is not None
        return self.message if known and self.message else self.named


def fault(status: int | None, body: object, headers: Mapping[str, str] | None = None) -> Fault:
    """Read an error response, whatever its shape."""
    answer = next(items(body), None) or as_json(body)
    data = as_json(answer.get("error"))
    details = list(items(data.get("details")))
    # The delay stands at the end of a long message: it is read before the cut.
    message = text_of(data.get("message")) or ""
    return Fault(
        status=status,
        code=one_line(error_code(data), 80),
        message=one_line(message),
        reasons=tuple(reason for detail in details for reason in reasons(detail)),
        retry_after_seconds=retry_after(details, headers or {}, message),
        exhausted=bool(NO_QUOTA.search(message)) or any(map(without_quota, details)),
        page=page_title(body) if isinstance(body, str) else None,
    )


def streamed_fault(error: object) -> Fault:
    """Read the error of an event of a stream, which has a code in place of a status."""
    found = fault(None, {"error": error})
    return replace(found, status=error_codes.status_of(found.code))


def reasons(detail: Json) -> Iterator[str]:
    """The reason of an ErrorInfo, the ids of a QuotaFailure.

    Source: https://cloud.google.com/apis/design/errors#error_details
    """
    if reason := text_of(detail.get("reason")):
        yield reason
    for violation in items(detail.get("violations")):
        yield str(violation.get("quotaId") or violation.get("subject") or "")


def without_quota(detail: Json) -> bool:
    """Whether a QuotaFailure tells of a quota of zero."""
    return any(str(violation.get("quotaValue")) == "0" for violation in items(detail.get("violations")))


NO_QUOTA: Final = re.compile(r"\blimit:\s*0\b(?!\.\d)", re.IGNORECASE)
"""In the message of a 429: `Quota exceeded for metric: ..., limit: 0, model: ...`."""

SPAN: Final = r"(\d+(?:\.\d+)?)\s*(ms|days?|d|hours?|h|minutes?|min|m|seconds?|sec|s)(?![a-z])\s*"
"""A part of a delay: `46m` of `5h46m13s`, or `46 minutes`."""

DELAY: Final = re.compile(rf"\bretry in\s+((?:{SPAN})+)", re.IGNORECASE)
"""In the message of a 429: `Please retry in 5h46m13s`."""

UNITS: Final = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def retry_after(details: list[Json], headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds to wait: from gRPC's RetryInfo (`"37s"`), the `retry-after` header in seconds, or the message."""
    for detail in details:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", ""))):
            return float(found[1])
    value = headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else spoken_delay(message)


def spoken_delay(message: str) -> float | None:
    """The seconds of a delay such as `retry in 1m30.5s`."""
    if (found := DELAY.search(message)) is None:
        return None
    parts = re.findall(SPAN, found[1].lower())
    return sum(float(number) * UNITS[unit if unit in UNITS else unit[0]] for number, unit in parts)


def always() -> bool:
    """What nobody can give up."""
    return True


def unheard(sentence: str) -> None:
    """Nobody listens."""


async def unknown() -> bool:
    """Nobody knows of an earlier interaction."""
    return False


@dataclass(frozen=True)
class Caller:
    """How the caller of a paid request takes part in its sending.

    Attributes:
        wanted: Asked before it is sent again.
        hear: Told one sentence while that is waited for, and an empty one once it is sent again.
        previous_exists: Whether the interaction that it continues is known to exist, whatever Google has answered.
    """

    wanted: Callable[[], bool] = always
    hear: Callable[[str], None] = unheard
    previous_exists: Callable[[], Awaitable[bool]] = unknown


NOBODY: Final = Caller()


@dataclass(frozen=True)
class Call:
    """What was being asked of the API when an error came.

    Attributes:
        paid: It starts an interaction, so that its outcome matters.
        costly: It costs dollars: after a fault of the server it counts as taken.
        reading: It shows an interaction, and does nothing else.
        model: Model or agent asked for.
        successor: The model or agent to use where that one is gone.
        file: An uploaded file that is asked for.
        redact: Takes out what must not be repeated.
        caller: Who has it sent.
    """

    paid: bool = False
    costly: bool = False
    background: bool = False
    reading: bool = False
    interaction_id: str | None = None
    previous_interaction_id: str | None = None
    model: str | None = None
    successor: str | None = None
    file: str | None = None
    redact: Redactor = field(default=NOTHING, repr=False)
    caller: Caller = NOBODY


Fits = Callable[[Fault, Call], bool]
Rule = Callable[[Fault, Call], GeminiMCPError]

UNKNOWN_OUTCOME: Final = (
    "Google may have taken the request all the same, so it was not sent again. See list_interactions before "
    "asking a second time: a second request may be charged too."
)


UNCHARGED: Final = " Google does not charge failed requests (https://ai.google.dev/gemini-api/docs/billing)."


def failure(fault: Fault, call: Call) -> GeminiMCPError:
    """The error that an error response stands for, by the first rule that fits; it names the call's interaction."""
    error = next(rule(fault, call) for fits, rule in RULES if fits(fault, call))
    error.interaction_id = error.interaction_id or call.interaction_id
    return error


def key_rejected(fault: Fault, _: Call) -> GeminiMCPError:
    """401, or the front end's 400 and 403 about keys."""
    return KeyRejectedError(
        f"Google rejected the API key ({fault.told or fault.status}). Set GEMINI_API_KEY to a valid key "
        "(https://aistudio.google.com/apikey) in the host's configuration of this server, then restart it."
    )


def payment_required(fault: Fault, _: Call) -> GeminiMCPError:
    """402: prepaid credit is used up."""
    return ConfigurationError(
        f"Google asks for payment ({fault.told or 'no credit left'}). Add credit or billing to the project "
        "of the API key; trying again will not help."
    )


def quota(fault: Fault, call: Call) -> GeminiMCPError:
    """429: a rate that passes, a daily quota, or a project that has none."""
    after = fault.retry_after_seconds
    if fault.exhausted:
        return NoQuotaError(
            f"The project of the API key has no quota for this ({fault.told}). Waiting does not help: enable "
            "billing for the project (https://ai.google.dev/gemini-api/docs/billing), or choose another model."
        )
    if fault.says("freetier", "free_tier", "free tier"):
        advice = "The free tier allows no more of this: enable billing for the key's project, or choose another model."
    elif fault.says("quota_exceeded", "perday", "per_day", "daily"):
        advice = "The daily quota is used up: wait for the next day or raise the quota."
    elif after is not None:
        advice = f"Try again in {phrases.duration(after)}."
    else:
        advice = "Wait a minute before trying again."
    return QuotaError(
        f"Google's quota is exceeded ({fault.told or 429}). {advice}{uncharged(call)}",
        retry_after_seconds=after,
    )


def overloaded(fault: Fault, call: Call) -> GeminiMCPError:
    """503: no capacity at the moment."""
    after = fault.retry_after_seconds
    who = "The model" if call.paid else "Google"
    later = "in a minute, or with another model" if call.paid else "in a minute"
    when = f"in {phrases.duration(after)}" if after is not None else later
    return OverloadedError(
        f"{who} is overloaded ({fault.told or 503}). Try again {when}.{uncharged(call)}",
        retry_after_seconds=after,
    )


def uncharged(call: Call) -> str:
    """What a refusal costs, of a call that could have cost something."""
    return UNCHARGED if call.paid else ""


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
    if call.previous_interaction_id and fault.code and not fault.says("model", "agent"):
        return InteractionNotFoundError(
            f"Google keeps no interaction {call.previous_interaction_id} to continue: it is of another project's "
            "key, deleted or past its keeping time. Ask without previous_interaction_id, and repeat what matters.",
            interaction_id=call.previous_interaction_id,
        )
    hint = f" Use {call.successor} instead." if call.successor and call.successor != call.model else ""
    return ModelNotFoundError(f"Google has no model or agent {shown(call.model)}, or not any more.{hint}")


def intercepted(fault: Fault, call: Call) -> GeminiMCPError:
    """A page in place of JSON: nobody knows whether a paid request went past whoever sent it."""
    titled = f" with a page, “{fault.page}”" if fault.page else ""
    what = (
        f"Not Google, but a web filter, a proxy or a login page on the way answered {fault.status}{titled}. Whoever "
        "runs it has to let the Gemini API through."
    )
    return OutcomeUnknownError(f"{what} {UNKNOWN_OUTCOME}") if call.paid else NetworkError(what)


def not_offered(fault: Fault, _: Call) -> GeminiMCPError:
    """400: the API is not for everywhere."""
    return ConfigurationError(
        f"Google does not offer the API where this request comes from ({fault.told}). No other request will do: the "
        "server has to run, or its proxy to be, in one of https://ai.google.dev/gemini-api/docs/available-regions."
    )


def denied(fault: Fault, call: Call) -> GeminiMCPError:
    """403: the key's project may not do this; of a file, it is also said of one that is not there."""
    if call.file:
        return not_found(fault, call)
    return PermissionDeniedError(
        f"Google does not allow this ({fault.told or 403}). Check that the API key's project may use it."
    )


def conflict(fault: Fault, _: Call) -> GeminiMCPError:
    """409."""
    return RefusedError(f"Another request was in the way of this one ({fault.told or 409}). Try again in a moment.")


def blocked(fault: Fault, _: Call) -> GeminiMCPError:
    """A safety filter."""
    named = next((name for name in fault.endings if name in error_codes.BLOCKED), "")
    what = f" for {error_codes.BLOCKED[named]} ({fault.named})" if named else f" ({fault.message})"
    return BlockedError(f"Google's safety filter blocked the request{what}. {error_codes.remedy([named or 'safety'])}")


def unanswered(fault: Fault, _: Call) -> GeminiMCPError:
    """The model ended without an answer."""
    named = next(name for name in fault.endings if name in error_codes.GENERATION)
    return InteractionFailedError(
        f"Gemini gave no answer: {error_codes.GENERATION[named]} ({fault.named}). {error_codes.remedy([named])}"
    )


def background_refused(fault: Fault, _: Call) -> GeminiMCPError:
    """400: this model runs only while the caller waits."""
    return BackgroundRefusedError(f"The model does not run in the background ({fault.told}).")


def too_large(fault: Fault, _: Call) -> GeminiMCPError:
    """413."""
    return InputError(f"The request is too large ({fault.told or 413}). Send fewer or smaller files.")


def server_fault(fault: Fault, call: Call) -> GeminiMCPError:
    """5xx, 499, 408, a redirect, and codes that nobody knows: whether a paid request was taken is not known."""
    who = "Somebody on the way" if turned_away_by_another(fault, call) else "Google"
    what = f"{who} answered {fault.status or 'with an error'}" + (f" ({fault.told})" if fault.told else "")
    if fault.status and fault.status < 400:
        what += ", which is no answer; redirects are not followed: check GOOGLE_GEMINI_BASE_URL and any proxy"
    if call.paid:
        return OutcomeUnknownError(f"{what}. {UNKNOWN_OUTCOME}")
    return NetworkError(f"{what}. Try again in a minute.")


def refused(fault: Fault, call: Call) -> GeminiMCPError:
    """Every other 4xx, in the API's own words."""
    if call.reading:
        kind = InvalidIdError if fault.status == 400 else RefusedError
        return kind(
            f"Google does not show the interaction now ({fault.told or fault.status}). It may go on there: "
            "read_interaction looks again, which is free.",
            interaction_id=call.interaction_id,
        )
    doubt = ""
    if fault.status == 400 and call.previous_interaction_id:
        doubt = (
            f" It says so, too, where there is no interaction {shown(call.previous_interaction_id)} to continue: "
            "list_interactions shows the ids of this server."
        )
    return RefusedError(
        f"Google refused the request ({fault.told or fault.status}). Change it before trying again.{doubt}"
    )


def about_the_key(fault: Fault, _: Call) -> bool:
    """Google's front end says 400 or 403 of a bad key, the API itself 401."""
    words = ("api key", "api_key", "unregistered callers", "identity established")
    return fault.status == 401 or (fault.status in (400, 403) and fault.says(*words))


def by_a_page(fault: Fault, call: Call) -> bool:
    """A refusal that is somebody else's; of sizes, rates and faults of servers, the status says enough."""
    return fault.page is not None and not of_the_server(fault, call) and fault.status not in (413, 429)


def about_location(fault: Fault, _: Call) -> bool:
    """`User location is not supported for the API use.`"""
    return fault.status in (400, 403) and fault.says("location is not supported")


def about_safety(fault: Fault, call: Call) -> bool:
    """Blocked input."""
    named = coded(error_codes.BLOCKED)(fault, call)
    return named or (fault.status in (400, 403) and fault.says("safety", "blocked", "prohibited"))


def about_background(fault: Fault, call: Call) -> bool:
    """A refusal of what only a background request asks for."""
    return fault.status == 400 and call.background and fault.says("background")


def overloaded_for_certain(fault: Fault, call: Call) -> bool:
    """503, after which nothing was taken; of what costs dollars, that is not relied on."""
    return fault.status == 503 and not call.costly


def turned_away_by_another(fault: Fault, call: Call) -> bool:
    """429 or 503 without an error of the API: whoever is on the way may have passed a paid request on before."""
    return call.paid and fault.status in (429, 503) and not fault.code


def of_the_server(fault: Fault, _: Call) -> bool:
    """Not the caller's doing, and no answer either."""
    return fault.status in (None, 408) or fault.status >= 499 or fault.status < 400


def status(code: int) -> Fits:
    """A rule for one HTTP status."""
    return lambda fault, _: fault.status == code


def coded(names: Mapping[str, str]) -> Fits:
    """A rule for codes of a refusal."""
    return lambda fault, call: any(name in names for name in fault.endings) and not of_the_server(fault, call)


RULES: Final[tuple[tuple[Fits, Rule], ...]] = (
    (by_a_page, intercepted),
    (about_the_key, key_rejected),
    (about_location, not_offered),
    (status(402), payment_required),
    (status(404), not_found),
    (status(409), conflict),
    (status(413), too_large),
    (turned_away_by_another, server_fault),
    (status(429), quota),
    (overloaded_for_certain, overloaded),
    (coded(error_codes.GENERATION), unanswered),
    (about_background, background_refused),
    (about_safety, blocked),
    (status(403), denied),
    (of_the_server, server_fault),
    (lambda _fault, _call: True, refused),
)
"""What errors mean, first match first."""
