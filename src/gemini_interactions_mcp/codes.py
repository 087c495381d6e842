"""The error codes of the API: their HTTP statuses, and what they mean to people.

Sources: https://ai.google.dev/gemini-api/docs/api-errors, and google.rpc.Code for the names in gRPC's spelling:
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""

from typing import Final

BLOCKED: Final = {
    "safety": "unsafe content",
    "recitation": "content that repeats existing works",
    "language": "a language that is not supported",
    "prohibited_content": "prohibited content",
    "spii": "sensitive personal data",
    "blocklist": "a term on a blocklist",
    "image_safety": "an unsafe image",
    "image_prohibited_content": "an image with prohibited content",
    "image_recitation": "an image that repeats existing works",
    "image_other": "an image, without a reason",
    "content_blocked": "content that is not allowed",
}
"""Why a filter stopped a prompt or an answer."""

GENERATION: Final = {
    "malformed_function_call": "the model called a function with malformed arguments",
    "malformed_tool_call": "the model called a tool with malformed arguments",
    "unexpected_tool_call": "the model called a tool that it was not given",
    "no_image": "the model made no image",
    "too_many_tool_calls": "the model called tools too often",
    "missing_thought_signature": "the thought signature of an earlier turn is missing",
}
"""Why a model ended without an answer."""

STATUSES: Final = {
    **dict.fromkeys((*BLOCKED, *GENERATION), 400),
    "invalid_request": 400,
    "invalid_argument": 400,
    "failed_precondition": 400,
    "parameter_unknown": 400,
    "out_of_range": 416,
    "authentication": 401,
    "unauthenticated": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "not_found": 404,
    "model_not_found": 404,
    "already_exists": 409,
    "aborted": 409,
    "rate_limit_exceeded": 429,
    "quota_exceeded": 429,
    "too_many_requests": 429,
    "resource_exhausted": 429,
    "cancelled": 499,
    "api_error": 500,
    "internal": 500,
    "unimplemented": 501,
    "service_unavailable": 503,
    "unavailable": 503,
    "deadline_exceeded": 504,
    "gateway_timeout": 504,
}
"""HTTP statuses of the codes, which an `error` event of a stream carries without them."""


def status_of(code: str) -> int | None:
    """The HTTP status of a code, or the code itself where it is one; None for an unknown code."""
    if code.isdecimal() and len(code) == 3:
        return int(code)
    return STATUSES.get(code.lower())


def explained(code: str, message: str) -> str:
    """What a code and its message say together; a number says nothing to people."""
    name = code.lower()
    if name in BLOCKED:
        code += f", blocked by Google's filter for {BLOCKED[name]}"
    elif name in GENERATION:
        code += f", {GENERATION[name]}"
    elif name.isdecimal():
        code = ""
    return ": ".join(filter(None, (code, message)))
