"""Which of our errors an error response stands for, and what it tells the user to do."""

from typing import Any

import pytest

from gemini_interactions_mcp.errors import (
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
from gemini_interactions_mcp.faults import UNKNOWN_OUTCOME, Call, Fault, failure, fault, one_line

CREATE = Call(paid=True, background=True, model="gemini-3-pro-preview", successor="gemini-3.8-flash")
READ = Call(interaction_id="v1_a")
GRPC = "type.googleapis.com/google.rpc."


def api(message: str, code: str = "invalid_request") -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


def grpc(code: int, message: str, status: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


INVALID_KEY = grpc(
    400,
    "API key not valid. Please pass a valid API key.",
    "INVALID_ARGUMENT",
    {"@type": f"{GRPC}ErrorInfo", "reason": "API_KEY_INVALID"},
)
BLOCKED_KEY = grpc(
    403,
    "Requests to this API are blocked.",
    "PERMISSION_DENIED",
    {"@type": f"{GRPC}ErrorInfo", "reason": "API_KEY_SERVICE_BLOCKED"},
)
FREE_TIER = grpc(
    429,
    "You exceeded your current quota.",
    "RESOURCE_EXHAUSTED",
    {
        "@type": f"{GRPC}QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
    },
    {"@type": f"{GRPC}RetryInfo", "retryDelay": "37.5s"},
)
PER_DAY = grpc(
    429,
    "Quota exceeded.",
    "RESOURCE_EXHAUSTED",
    {"@type": f"{GRPC}QuotaFailure", "violations": [{"subject": "requests_per_day"}]},
)


@pytest.mark.parametrize(
    ("status", "body", "call", "expected", "happened", "advice"),
    [
        (401, api("No.", "authentication"), CREATE, KeyRejectedError, "rejected the API key", "Set GEMINI_API_KEY"),
        (400, INVALID_KEY, CREATE, KeyRejectedError, "API key not valid", "Set GEMINI_API_KEY"),
        (403, BLOCKED_KEY, READ, KeyRejectedError, "are blocked", "Set GEMINI_API_KEY"),
        (403, grpc(403, "Method doesn't allow unregistered callers", "PERMISSION_DENIED"), READ, KeyRejectedError,
         "unregistered callers", "Set GEMINI_API_KEY"),
        (402, api("Prepaid credit exhausted.", "payment_required"), CREATE, ConfigurationError, "asks for payment",
         "Add credit or billing"),
        (402, None, CREATE, ConfigurationError, "no credit left", "Add credit or billing"),
        (400, api("Background is not supported for m."), CREATE, BackgroundRefusedError, "does not run in the", ""),
        (400, api("Background is not supported for m."), READ, RefusedError, "refused the request", "Change it"),
        (400, api("Blocked by safety settings."), CREATE, BlockedError, "safety filter", "Rephrase"),
        (400, api("PROHIBITED_CONTENT"), CREATE, BlockedError, "safety filter", "Rephrase"),
        (400, api("Cannot fetch content from the provided URL."), CREATE, RefusedError, "Cannot fetch", "Change it"),
        (400, api("Too late.", "failed_precondition"), READ, RefusedError, "Too late.", "Change it"),
        (416, api("Out.", "out_of_range"), CREATE, RefusedError, "Out.", "Change it"),
        (409, api("Aborted.", "aborted"), CREATE, RefusedError, "in the way of this one (Aborted.)", "Try again"),
        (409, None, READ, RefusedError, "(409)", "Try again"),
        (413, api("Big."), CREATE, InputError, "too large (Big.)", "Send fewer or smaller files"),
        (413, "<html>nginx</html>", CREATE, InputError, "too large (413)", "Send fewer or smaller files"),
        (403, api("Not you.", "permission_denied"), READ, PermissionDeniedError, "Not you.", "Check that the API key"),
        (403, None, READ, PermissionDeniedError, "(403)", "Check that the API key"),
        (404, api("Requested entity was not found.", "not_found"), READ, InteractionNotFoundError,
         "keeps no interaction v1_a", "55 days, 1 day on the free tier"),
        (404, api("models/x is not found.", "model_not_found"), CREATE, ModelNotFoundError,
         "no model or agent gemini-3-pro-preview", "Use gemini-3.8-flash instead"),
        (503, api("Busy.", "service_unavailable"), CREATE, OverloadedError, "overloaded (Busy.)",
         "in a minute, or with another model. Google does not charge failed requests (https://ai.google.dev/"),
        (500, api("Internal.", "api_error"), CREATE, OutcomeUnknownError, "answered 500 (Internal.)", UNKNOWN_OUTCOME),
        (504, "<html>gateway</html>", CREATE, OutcomeUnknownError, "answered 504.", UNKNOWN_OUTCOME),
        (499, api("Gone.", "cancelled"), CREATE, OutcomeUnknownError, "answered 499", UNKNOWN_OUTCOME),
        (408, None, CREATE, OutcomeUnknownError, "answered 408", UNKNOWN_OUTCOME),
        (304, None, CREATE, OutcomeUnknownError, "answered 304", UNKNOWN_OUTCOME),
        (None, None, CREATE, OutcomeUnknownError, "answered with an error.", UNKNOWN_OUTCOME),
        (500, [api("In a list.")], READ, NetworkError, "answered 500 (In a list.)", "Try again in a minute"),
        (501, api("Not made.", "unimplemented"), CREATE, OutcomeUnknownError, "Not made.", UNKNOWN_OUTCOME),
        (429, api("Slow down.", "rate_limit_exceeded"), CREATE, QuotaError, "Slow down.", "Wait a minute"),
        (429, api("Over.", "quota_exceeded"), CREATE, QuotaError, "Over.", "daily quota is used up"),
        (429, PER_DAY, CREATE, QuotaError, "Quota exceeded.", "daily quota is used up"),
        (429, FREE_TIER, CREATE, QuotaError, "exceeded your current quota", "The free tier allows no more"),
        (429, "", CREATE, QuotaError, "(429)", "Wait a minute"),
    ],
)  # fmt: skip
def test_each_error_body_has_its_class_says_what_happened_and_what_to_do(
    status: int | None, body: object, call: Call, expected: type[GeminiMCPError], happened: str, advice: str
) -> None:
    error = failure(fault(status, body), call)
    assert type(error) is expected
    assert happened in str(error)
    assert advice in str(error)
    assert "<html>" not in str(error)


def test_the_404_of_a_request_that_continues_another_is_about_that_other() -> None:
    call = Call(paid=True, model="m", previous_interaction_id="v1_p")
    error = failure(fault(404, api("Requested entity was not found.", "not_found")), call)
    assert type(error) is InteractionNotFoundError
    assert error.interaction_id == "v1_p"
    assert "Ask without previous_interaction_id" in str(error)


def test_the_404_of_a_request_that_continues_another_may_still_be_about_the_model() -> None:
    call = Call(paid=True, model="m", successor="m", previous_interaction_id="v1_p")
    error = failure(fault(404, api("models/m is not found.", "model_not_found")), call)
    assert type(error) is ModelNotFoundError
    assert "instead" not in str(error)


def test_the_404_of_a_model_that_is_looked_up_is_about_the_model() -> None:
    assert type(failure(fault(404, api("No.")), Call(model="m"))) is ModelNotFoundError


@pytest.mark.parametrize("status", [403, 404])
def test_an_uploaded_file_that_is_gone_says_so(status: int) -> None:
    error = failure(fault(status, grpc(status, "No.", "NOT_FOUND")), Call(file="files/abc"))
    assert type(error) is InputError
    assert "files/abc: uploaded files are deleted after 48 hours. Upload it again." in str(error)


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (FREE_TIER, {}, 37.5),
        (grpc(429, "x", "y", {"retryDelay": "0s"}), {}, 0.0),
        (grpc(429, "x", "y", {"retryDelay": "soon"}), {}, None),
        (grpc(429, "x", "y", {"retryDelay": "5s"}), {"retry-after": "9"}, 5.0),
        (api("x"), {"retry-after": "12"}, 12.0),
        (api("x"), {"retry-after": "1.5"}, 1.5),
        (api("x"), {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (api("x"), {"retry-after": "-1"}, None),
        (api("x"), {}, None),
    ],
)
def test_the_delay_is_read_from_retry_info_or_else_from_the_header(
    body: object, headers: dict[str, str], seconds: float | None
) -> None:
    assert fault(429, body, headers).retry_after_seconds == seconds


@pytest.mark.parametrize(("status", "expected"), [(429, QuotaError), (503, OverloadedError)])
def test_a_named_delay_is_told_and_kept_for_the_retry_rule(status: int, expected: type[RefusedError]) -> None:
    error = failure(fault(status, api("x"), {"retry-after": "30"}), CREATE)
    assert isinstance(error, expected)
    assert error.retry_after_seconds == 30
    assert "ry again in 30 seconds" in str(error)


@pytest.mark.parametrize(
    "body",
    [None, "", "<html>", [], [1, 2], {}, {"error": "text"}, {"error": {"message": 5}}, {"error": {"details": "x"}},
     {"error": {"details": [5, {"violations": 7}, {"reason": 8}]}}, 42],
)  # fmt: skip
def test_a_body_of_any_other_shape_is_no_message(body: object) -> None:
    assert fault(400, body) == Fault(400)


def test_the_codes_and_reasons_of_both_shapes_are_read() -> None:
    assert fault(404, api("x", "model_not_found")).code == "model_not_found"
    read = fault(400, INVALID_KEY)
    assert (read.code, read.reasons) == ("INVALID_ARGUMENT", ("API_KEY_INVALID",))
    assert fault(429, PER_DAY).reasons == ("requests_per_day",)
    assert fault(429, grpc(429, "x", "y", {"violations": [{}]})).reasons == ("",)


def test_a_long_message_is_cut_to_one_line() -> None:
    assert one_line("a\n  b\tc") == "a b c"
    cut = one_line("é" * 500)
    assert len(cut) == 400
    assert cut.endswith("é…")
    assert fault(400, api("x\n" * 900)).message.count("\n") == 0
