"""Error codes of the API: HTTP status of each; explanation and remedy of those for which an answer ends. Pure.

What to do about the other codes stands in the messages of `api.error_mapping`.

Sources: https://ai.google.dev/gemini-api/docs/api-errors, and google.rpc.Code for the names in gRPC's spelling:
https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
`generateContent` uses the same names in upper case as finish reasons: google-genai 3.6.1, `FinishReason`,
`BlockedReason`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gemini_interactions_mcp.core import ErrorCode

BLOCK_REASONS: Final = {
    "safety": "unsafe content",
    "recitation": "content that repeats existing works",
    "language": "a language that is not supported",
    "prohibited_content": "prohibited content",
    "spii": "sensitive personal data",
    "blocklist": "a term on a blocklist",
    "image_safety": "an unsafe image",
    "image_prohibited_content": "an image with prohibited content",
    "image_recitation": "an image that repeats existing works",
    "image_other": "an image, without giving a reason",
    "content_blocked": "content that is not allowed",
}
"""Reasons for which a filter blocks a prompt or an answer."""

GENERATION_FAILURES: Final = {
    "malformed_function_call": "the model called a function with malformed arguments",
    "malformed_tool_call": "the model called a tool with malformed arguments",
    "unexpected_tool_call": "the model called a tool that it was not given",
    "no_image": "the model made no image",
    "too_many_tool_calls": "the model called tools too often",
    "missing_thought_signature": "the thought signature of an earlier turn is missing",
}
"""Reasons for which a model ends without an answer."""

FINISH_REASONS: Final = {
    "max_tokens": "the model reached its limit of output tokens",
    "malformed_response": "the model's response is malformed",
    "model_armor": "the project's Model Armor does not allow it",
    "jailbreak": "Google's filter considers it an attempt to bypass its rules",
}
"""Finish reasons of `generateContent` that are not documented as error codes."""

OTHER_PICTURE_REMEDY: Final = "Rephrase the prompt: describe another picture, without real people or works of others."

REMEDIES: Final = {
    **dict.fromkeys(BLOCK_REASONS, "Rephrase the prompt or change the files."),
    "recitation": "Rephrase the prompt: ask for a summary in other words, or for a shorter part.",
    "language": "Rephrase the prompt in another language, such as English.",
    "spii": "Rephrase the prompt without personal data such as names, numbers and addresses.",
    "blocklist": "Rephrase the prompt in other words.",
    "image_safety": OTHER_PICTURE_REMEDY,
    "image_prohibited_content": OTHER_PICTURE_REMEDY,
    "image_recitation": OTHER_PICTURE_REMEDY,
    "image_other": "Rephrase the prompt, or ask again.",
    "jailbreak": "Rephrase the prompt.",
    "model_armor": "Rephrase the prompt, or change the project's Model Armor settings.",
    **dict.fromkeys((*GENERATION_FAILURES, "malformed_response"), "Ask again; rephrase if it persists."),
    "max_tokens": "Ask for less at once.",
    "unexpected_tool_call": "Ask again and give it that tool in `tools`, or say that it needs none.",
    "no_image": "Ask again, saying that an image is wanted and what it shows.",
    "too_many_tool_calls": "Ask again for less at once, or with fewer tools.",
    "missing_thought_signature": "Ask again without previous_interaction_id, and repeat what matters.",
}
"""What to do about each reason."""

REASON_CODES: Final[Mapping[str, ErrorCode]] = {
    **dict.fromkeys((*BLOCK_REASONS, "model_armor", "jailbreak"), ErrorCode.BLOCKED),
    **dict.fromkeys((*GENERATION_FAILURES, "malformed_response", "max_tokens"), ErrorCode.NO_ANSWER),
}
"""What programs are told where an interaction has ended for a reason."""

CODE_STATUSES: Final = {
    **dict.fromkeys((*BLOCK_REASONS, *GENERATION_FAILURES), 400),
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
"""HTTP status of each code, which the `error` event of a stream does not contain."""


def normalize_code(code: str) -> str:
    """Return a code in lower case; of a URI, which the API's type calls it (google-genai 3.6.1, `Error`), its end."""
    return re.split(r"[/#:]", code.strip().rstrip("/"))[-1].lower().replace("-", "_")


def get_code_status(code: str) -> int | None:
    """Return the HTTP status of a code, or the code itself if it is one; None for an unknown code."""
    if code.isdecimal() and len(code) == 3:
        return int(code)
    return CODE_STATUSES.get(normalize_code(code))


def get_finish_reason(code: str) -> str:
    """Return the finish reason that a code names in any spelling; empty for any other code."""
    name = normalize_code(code).removeprefix("finish_reason_")
    return name if name in REMEDIES else ""


def join_remedies(reasons: Iterable[str]) -> str:
    """Return what to do about some reasons, without repetitions."""
    return " ".join(dict.fromkeys(REMEDIES[name] for name in reasons if name in REMEDIES))


def explain_code(code: str, message: str) -> str:
    """Return a message with the explanation of its code; a number is left out."""
    name = get_finish_reason(code)
    spelled = code if code.lower() == name else name
    if name in BLOCK_REASONS:
        code = f"{spelled}, blocked by Google's filter for {BLOCK_REASONS[name]}"
    elif explanation := (GENERATION_FAILURES | FINISH_REASONS).get(name):
        code = f"{spelled}, {explanation}"
    elif code.isdecimal():
        code = ""
    return ": ".join(filter(None, (code, message)))


def find_reason_code(explained: str) -> ErrorCode | None:
    """Return what programs are told of an error that `explain_code` has made; None where it names no reason."""
    told = explained.lower()
    return next((code for name, code in REASON_CODES.items() if explain_code(name, "").lower() in told), None)
