"""Parses the API's error responses and error events, whatever their shape. Pure.

The API uses two shapes, `{"error": {"message", "code"}}` and gRPC's with `status` and `details`. A proxy may answer
with a list, an HTML page or nothing.

Source: https://ai.google.dev/gemini-api/docs/api-errors
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gemini_interactions_mcp.core import Json, clip_line, coerce_object, get_text, iter_objects, parse_page_title
from gemini_interactions_mcp.models import error_codes

from .endings import get_error_code


@dataclass(frozen=True)
class ErrorResponse:
    """The content of an error response.

    Attributes:
        status: The HTTP status; for an error event, the status of its code, None if that is unknown.
        code: The name or number of an API error; empty if something other than the API answered.
        message: Google's message, on one line.
        reasons: Machine-readable reasons and quota ids, from gRPC's details.
        retry_after_seconds: The delay that Google asks for; None if it names none.
        exhausted: A quota is zero, so waiting does not help.
        page: The title of the HTML page that an intermediary sent in place of JSON; None if none came.
    """

    status: int | None = None
    code: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()
    retry_after_seconds: float | None = None
    exhausted: bool = False
    page: str | None = field(default=None, compare=False)

    def says(self, *words: str) -> bool:
        """Whether any of the words occurs in the code, message or reasons, ignoring case; `words` are in lower case."""
        said = " ".join((self.code, self.message, *self.reasons)).lower()
        return any(word in said for word in words)

    @property
    def endings(self) -> list[str]:
        """Why an answer was blocked or ended, by the names in `error_codes`: from the code or the details."""
        return [name for each in (self.code, *self.reasons) if (name := error_codes.get_finish_reason(each))]

    @property
    def named(self) -> str:
        """The code and the message."""
        return ": ".join(filter(None, (self.code, self.message)))

    @property
    def told(self) -> str:
        """The message; with the code if that is unknown, or if there is no message."""
        known = error_codes.get_code_status(self.code) is not None
        return self.message if known and self.message else self.named


def parse_error_response(status: int | None, body: object, headers: Mapping[str, str] | None = None) -> ErrorResponse:
    """Parse an error response of any shape; `body` is its JSON, the text of a page, or None."""
    answer = next(iter_objects(body), None) or coerce_object(body)
    data = coerce_object(answer.get("error"))
    details = list(iter_objects(data.get("details")))
    # The delay is at the end of a long message, so it is read before the message is cut.
    message = get_text(data.get("message")) or ""
    return ErrorResponse(
        status=status,
        code=clip_line(get_error_code(data), 80),
        message=clip_line(message),
        reasons=tuple(reason for detail in details for reason in iterate_error_reasons(detail)),
        retry_after_seconds=read_retry_delay(details, headers or {}, message),
        exhausted=bool(ZERO_QUOTA_PATTERN.search(message)) or any(map(has_zero_quota, details)),
        page=parse_page_title(body) if isinstance(body, str) else None,
    )


def parse_error_event(error: object) -> ErrorResponse:
    """Parse the error of an `error` event, which has a code in place of an HTTP status."""
    found = parse_error_response(None, {"error": error})
    return replace(found, status=error_codes.get_code_status(found.code))


def iterate_error_reasons(detail: Json) -> Iterator[str]:
    """Yield the reason of an ErrorInfo and the quota ids of a QuotaFailure.

    Source: https://cloud.google.com/apis/design/errors#error_details
    """
    if reason := get_text(detail.get("reason")):
        yield reason
    for violation in iter_objects(detail.get("violations")):
        yield str(violation.get("quotaId") or violation.get("subject") or "")


def has_zero_quota(detail: Json) -> bool:
    """Whether a QuotaFailure reports a quota of zero."""
    return any(str(violation.get("quotaValue")) == "0" for violation in iter_objects(detail.get("violations")))


ZERO_QUOTA_PATTERN: Final = re.compile(r"\blimit:\s*0\b(?!\.\d)", re.IGNORECASE)
"""Matches a quota of zero in the message of a 429: `Quota exceeded for metric: ..., limit: 0, model: ...`."""

DELAY_PART_PATTERN: Final = r"(\d+(?:\.\d+)?)\s*(ms|days?|d|hours?|h|minutes?|min|m|seconds?|sec|s)(?![a-z])\s*"
"""Pattern of one part of a delay: `46m` of `5h46m13s`, or `46 minutes`."""

DELAY_PATTERN: Final = re.compile(rf"\bretry in\s+((?:{DELAY_PART_PATTERN})+)", re.IGNORECASE)
"""Matches the delay in the message of a 429: `Please retry in 5h46m13s`."""

DELAY_UNIT_SECONDS: Final = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""Seconds per unit of a delay."""


def read_retry_delay(details: list[Json], headers: Mapping[str, str], message: str = "") -> float | None:
    """Return the delay in seconds from gRPC's RetryInfo (`"37s"`), else the `retry-after` header, else the message."""
    for detail in details:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", ""))):
            return float(found[1])
    value = headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else parse_spoken_delay(message)


def parse_spoken_delay(message: str) -> float | None:
    """Return the seconds of a delay in words such as `retry in 1m30.5s`."""
    if (found := DELAY_PATTERN.search(message)) is None:
        return None
    parts = re.findall(DELAY_PART_PATTERN, found[1].lower())
    return sum(
        float(number) * DELAY_UNIT_SECONDS[unit if unit in DELAY_UNIT_SECONDS else unit[0]] for number, unit in parts
    )
