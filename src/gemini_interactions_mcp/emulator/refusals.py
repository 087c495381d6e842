"""Faults that respond as the real API does when it refuses: its messages, in each form in which it sends them.

Messages without another source are those of field reports.
"""

import math
from typing import Literal

from .events import make_error_stream
from .faults import Fault, FaultPoint
from .protocol import (
    ERROR_CODES_BY_STATUS,
    NOT_FOUND_MESSAGE,
    NOT_READ_MESSAGES,
    NOT_RESUMED_MESSAGE,
    make_error_body,
    make_grpc_body,
    make_retry_info,
)


def make_rate_limit_fault(
    on: FaultPoint = "create",
    *,
    seconds: float = 30,
    told: Literal["details", "header", "message", "nowhere"] = "details",
    times: float = 1,
) -> Fault:
    """Return a 429; `told` is the place of its retry delay: RetryInfo (gRPC shape), `retry-after`, message, nowhere."""
    message = "You do not have enough quota to make this request."
    if told == "details":
        body = make_grpc_body(429, message, make_retry_info(seconds))
        return Fault(on, "http", times, http_status=429, body=body)
    headers = {"retry-after": f"{seconds:g}"} if told == "header" else {}
    delay = f" Please retry in {seconds:.9f}s." if told == "message" else ""
    body = make_error_body("too_many_requests", message + delay)
    return Fault(on, "http", times, http_status=429, headers=headers, body=body)


def make_zero_quota_fault(on: FaultPoint = "create", *, seconds: float = 0, times: float = math.inf) -> Fault:
    """Return a 429 for a quota of zero, which nevertheless gives a retry delay, at the end of a long message."""
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: "
        f"https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: 0, model: gemini-3-pro-image\n"
        f"Please retry in {seconds:.9f}s."
    )
    return Fault(on, "http", times, http_status=429, body=make_error_body("quota_exceeded", message))


def make_streamed_error_fault(code: str, message: str = "", *, times: float = 1, match: str = "") -> Fault:
    """Return a refusal of a streaming request as its only event; the request is not accepted."""
    response = make_error_stream(make_error_body(code, message))
    return Fault(
        "stream", "http", times, match=match, http_status=200, headers=dict(response.headers), body=bytes(response.body)
    )


def make_background_fault(model: str = "gemini-3.8-flash", *, times: float = 1) -> Fault:
    """Return a refusal of background requests, which may be temporary."""
    body = make_error_body("invalid_request", f"Model '{model}' does not support background interactions.")
    return Fault("create", "http", times, match='"background":true', http_status=400, body=body)


def make_not_found_yet_fault(on: FaultPoint = "create", *, times: float = 1) -> Fault:
    """Return a 404 for an interaction that exists, but is too new for every server of Google's to know it."""
    match = "previous_interaction_id" if on == "create" else ""
    return Fault(on, "http", times, match=match, http_status=404, body=make_error_body("not_found", NOT_FOUND_MESSAGE))


def make_unreadable_fault(status: Literal[400, 403] = 400, *, times: float = math.inf) -> Fault:
    """Return a refusal to read an interaction that was streamed to its end."""
    return Fault(
        "get",
        "http",
        times,
        http_status=status,
        body=make_error_body(ERROR_CODES_BY_STATUS[status], NOT_READ_MESSAGES[status]),
    )


def make_unresumable_fault(*, times: float = math.inf) -> Fault:
    """Return a refusal to stream an interaction again."""
    return Fault("resume", "http", times, http_status=400, body=make_error_body("invalid_request", NOT_RESUMED_MESSAGE))


def make_redirect_fault(location: str, on: FaultPoint = "create", *, status: int = 307, times: float = 1) -> Fault:
    """Return a redirect, as from a proxy in between."""
    return Fault(on, "http", times, http_status=status, headers={"location": location}, body=b"")
