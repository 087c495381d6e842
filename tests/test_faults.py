"""The error and advice for each error response, and the table of all documented codes."""

from typing import Any

import pytest

from gemini_interactions_mcp.api.calls import Call
from gemini_interactions_mcp.api.error_mapping import ERROR_RULES, UNKNOWN_OUTCOME, map_error_response
from gemini_interactions_mcp.api.error_responses import ErrorResponse, parse_error_event, parse_error_response
from gemini_interactions_mcp.core.errors import (
    BackgroundRefusedError,
    BlockedError,
    ConfigurationError,
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    InteractionNotFoundError,
    InvalidIdError,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    NoQuotaError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
)
from gemini_interactions_mcp.core.words import clip_line
from gemini_interactions_mcp.models import error_codes

CREATE = Call(paid=True, background=True, model="gemini-3-pro-preview", successor="gemini-3.8-flash")
COSTLY = Call(paid=True, costly=True, background=True, model="deep-research-preview-04-2026")
READ = Call(interaction_id="v1_a")
SHOWN = Call(interaction_id="v1_a", reading=True)
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
FILTER = "<html><head><TITLE>\n Blocked:  AI &amp; chat \x1b</TITLE><body>Your API key is not valid: safety"
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
        (400, api("Background is not supported for m."), SHOWN, InvalidIdError, "does not show", "looks again"),
        (400, api("Blocked by safety settings."), CREATE, BlockedError, "safety filter", "Rephrase"),
        (400, api("PROHIBITED_CONTENT"), CREATE, BlockedError, "safety filter", "Rephrase"),
        (400, api("Cannot fetch content from the provided URL."), CREATE, RefusedError, "Cannot fetch", "Change it"),
        (400, api("Too late.", "failed_precondition"), READ, RefusedError, "Too late.", "Change it"),
        (416, api("Out.", "out_of_range"), CREATE, RefusedError, "Out.", "Change it"),
        (409, api("Aborted.", "aborted"), CREATE, RefusedError, "conflicts with another one (Aborted.)", "Try again"),
        (409, None, READ, RefusedError, "(409)", "Try again"),
        (413, api("Big."), CREATE, InputError, "too large (Big.)", "Send fewer or smaller files"),
        (413, "<html>nginx</html>", CREATE, InputError, "too large (413)", "Send fewer or smaller files"),
        (403, api("Not you.", "permission_denied"), READ, PermissionDeniedError, "Not you.", "Check that the API key"),
        (403, None, READ, PermissionDeniedError, "(403)", "Check that the API key"),
        (403, FILTER, READ, NetworkError, "Not Google, but a web filter", "“Blocked: AI & chat ?”. Whoever runs it"),
        (403, FILTER, CREATE, OutcomeUnknownError, "Not Google, but a web filter", UNKNOWN_OUTCOME),
        (400, FILTER, CREATE, OutcomeUnknownError, "on the way answered 400", UNKNOWN_OUTCOME),
        (401, "<html>Who?</html>", READ, NetworkError, "on the way answered 401.", "let the Gemini API"),
        (407, "Proxy Authentication Required", READ, NetworkError, "on the way answered 407.", "let the Gemini API"),
        (404, "<html>gone</html>", READ, NetworkError, "on the way answered 404.", "let the Gemini API through"),
        (404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", READ, InteractionNotFoundError,
         "keeps no interaction v1_a", ""),
        (502, FILTER, READ, NetworkError, "answered 502", "Try again in a minute"),
        (400, grpc(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"), CREATE,
         ConfigurationError, "not offer the API where this request comes from (User location is not supported",
         "No other request will work"),
        (400, grpc(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"), READ,
         ConfigurationError, "does not offer the API where", "available-regions"),
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
        (429, "", READ, QuotaError, "(429)", "Wait a minute"),
        (429, "", CREATE, OutcomeUnknownError, "An intermediary answered 429.", UNKNOWN_OUTCOME),
        (429, FILTER, CREATE, OutcomeUnknownError, "An intermediary answered 429.", UNKNOWN_OUTCOME),
        (503, None, CREATE, OutcomeUnknownError, "An intermediary answered 503.", UNKNOWN_OUTCOME),
        (503, FILTER, CREATE, OutcomeUnknownError, "An intermediary answered 503.", UNKNOWN_OUTCOME),
        (503, {"message": "Service Unavailable"}, CREATE, OutcomeUnknownError, "answered 503.", UNKNOWN_OUTCOME),
        (503, {"error": "busy"}, CREATE, OutcomeUnknownError, "An intermediary answered 503.", UNKNOWN_OUTCOME),
        (503, FILTER, READ, OverloadedError, "Google is overloaded (503).", "Try again in a minute."),
    ],
)  # fmt: skip
def test_each_error_body_has_its_class_says_what_happened_and_what_to_do(
    status: int | None, body: object, call: Call, expected: type[GeminiMCPError], happened: str, advice: str
) -> None:
    error = map_error_response(parse_error_response(status, body), call)
    assert type(error) is expected
    assert happened in str(error)
    assert advice in str(error)
    assert "<html>" not in str(error)


def test_the_404_of_a_request_that_continues_another_is_about_that_other() -> None:
    call = Call(paid=True, model="m", previous_interaction_id="v1_p")
    error = map_error_response(parse_error_response(404, api("Requested entity was not found.", "not_found")), call)
    assert type(error) is InteractionNotFoundError
    assert error.interaction_id == "v1_p"
    assert "Ask without previous_interaction_id" in str(error)


def test_the_404_of_a_request_that_continues_another_may_still_be_about_the_model() -> None:
    call = Call(paid=True, model="m", successor="m", previous_interaction_id="v1_p")
    error = map_error_response(parse_error_response(404, api("models/m is not found.", "model_not_found")), call)
    assert type(error) is ModelNotFoundError
    assert "instead" not in str(error)


def test_the_404_of_a_model_that_is_looked_up_is_about_the_model() -> None:
    assert type(map_error_response(parse_error_response(404, api("No.")), Call(model="m"))) is ModelNotFoundError


@pytest.mark.parametrize("status", [403, 404])
def test_an_uploaded_file_that_is_gone_says_so(status: int) -> None:
    error = map_error_response(parse_error_response(status, grpc(status, "No.", "NOT_FOUND")), Call(file="files/abc"))
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
        (api("Over. Please retry in 19.347400292s."), {}, 19.347400292),
        (api("Please retry in 5h46m13s."), {}, 20_773.0),
        (api("Retry in 1m30.5s, please"), {}, 90.5),
        (api("retry in 250ms"), {}, 0.25),
        (api("retry in 30 seconds"), {}, 30.0),
        (api("retry in 2d3h"), {}, 183_600.0),
        (api("retry in 2 minutes 3 sec."), {}, 123.0),
        (api("retry in 1 hour"), {}, 3600.0),
        (api("x " * 900 + "Please retry in 7s."), {}, 7.0),
        (api("Please retry in 7s."), {"retry-after": "9"}, 9.0),
        (grpc(429, "Please retry in 7s.", "y", {"retryDelay": "5s"}), {}, 5.0),
        (api("retry in a moment"), {}, None),
        (api("retry in 5 moments"), {}, None),
        (api("Do not retry in vain: 5s have passed."), {}, None),
        (api("x"), {}, None),
    ],
)
def test_the_delay_is_read_from_retry_info_or_else_from_the_header_or_the_message(
    body: object, headers: dict[str, str], seconds: float | None
) -> None:
    assert parse_error_response(429, body, headers).retry_after_seconds == seconds


METRIC = "Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests"


@pytest.mark.parametrize(
    ("body", "exhausted"),
    [
        (api(f"{METRIC}, limit: 0, model: gemini-3-pro-image Please retry in 19.3s."), True),
        (api("x " * 900 + f"* {METRIC}, limit: 20\n* {METRIC}, limit: 0"), True),
        (api(f"{METRIC}, Limit: 0."), True),
        (grpc(429, "x", "y", {"violations": [{"quotaId": "a", "quotaValue": "0"}]}), True),
        (api(f"{METRIC}, limit: 20, model: gemini-3-pro-image"), False),
        (api(f"{METRIC}, limit: 0.5"), False),
        (api(f"{METRIC}, limit: 05"), False),
        (api("Delimit: 0"), False),
        (FREE_TIER, False),
        (grpc(429, "x", "y", {"violations": [{"quotaId": "a", "quotaValue": "20"}]}), False),
    ],
)
def test_a_quota_of_zero_is_told_from_one_that_passes(body: object, exhausted: bool) -> None:
    error = map_error_response(parse_error_response(429, body), CREATE)
    assert type(error) is (NoQuotaError if exhausted else QuotaError)
    assert ("Waiting does not help: enable billing" in str(error)) is exhausted
    if exhausted:
        assert "ry again" not in str(error)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_every_error_of_a_read_names_the_interaction(status: int) -> None:
    assert map_error_response(parse_error_response(status, api("x")), READ).interaction_id == "v1_a"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_costs_dollars_counts_as_taken_after_a_fault_of_the_server(status: int) -> None:
    error = map_error_response(
        parse_error_response(status, api("Busy.", "service_unavailable"), {"retry-after": "1"}), COSTLY
    )
    assert type(error) is OutcomeUnknownError
    assert str(error) == f"Google answered {status} (Busy.). {UNKNOWN_OUTCOME}"


@pytest.mark.parametrize("status", [429, 503])
def test_what_is_said_of_charges_is_certain(status: int) -> None:
    paid, read = (str(map_error_response(parse_error_response(status, api("x")), call)) for call in (CREATE, READ))
    assert "Google does not charge failed requests (https://ai.google.dev/gemini-api/docs/billing)." in paid
    assert "charge" not in read
    assert "model" not in read
    assert "charge" not in str(map_error_response(parse_error_response(500, api("x")), READ))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_no_answer(status: int) -> None:
    assert type(map_error_response(parse_error_response(status, None), CREATE)) is OutcomeUnknownError
    error = map_error_response(parse_error_response(status, None), READ)
    assert type(error) is NetworkError
    assert f"answered {status}, which is no result; redirects are not followed" in str(error)


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("invalid_request", "Bad.", "(Bad.)"),
        ("moon_phase", "Bad.", "(moon_phase: Bad.)"),
        ("moon_phase", "", "(moon_phase)"),
        ("failed_precondition", "", "(failed_precondition)"),
        ("INVALID_ARGUMENT", "Bad.", "(Bad.)"),
        ("x" * 200, "", f"({'x' * 79}…)"),
        ("", "", "(400)"),
    ],
)
def test_a_code_is_said_where_it_tells_more_than_the_message(code: str, message: str, told: str) -> None:
    assert told in str(map_error_response(parse_error_response(400, api(message, code)), CREATE))


@pytest.mark.parametrize("code", [*error_codes.BLOCK_REASONS, "IMAGE_SAFETY"])
@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_blocked_code_is_told_by_its_name(code: str, status: int) -> None:
    error = map_error_response(parse_error_response(status, api("", code)), CREATE)
    assert type(error) is BlockedError
    assert f"blocked the request for {error_codes.BLOCK_REASONS[code.lower()]} ({code})" in str(error)


@pytest.mark.parametrize(("code", "reason"), error_codes.GENERATION_FAILURES.items())
def test_a_model_that_ends_without_an_answer_is_told(code: str, reason: str) -> None:
    error = map_error_response(parse_error_response(400, api("Oh.", code)), COSTLY)
    assert type(error) is InteractionFailedError
    assert str(error).startswith(f"Gemini gave no answer: {reason} ({code}: Oh.). Ask again")
    assert type(map_error_response(parse_error_response(500, api("Oh.", code)), COSTLY)) is OutcomeUnknownError


@pytest.mark.parametrize(("status", "expected"), [(429, QuotaError), (503, OverloadedError)])
def test_a_named_delay_is_told_and_kept_for_the_retry_rule(status: int, expected: type[RefusedError]) -> None:
    error = map_error_response(parse_error_response(status, api("x"), {"retry-after": "30"}), CREATE)
    assert isinstance(error, expected)
    assert error.retry_after_seconds == 30
    assert "ry again in 30 s" in str(error)


@pytest.mark.parametrize(
    "body",
    [None, "", "<html>", [], [1, 2], {}, {"error": "text"}, {"error": {"message": 5}}, {"error": {"details": "x"}},
     {"error": {"details": [5, {"violations": 7}, {"reason": 8}]}}, 42],
)  # fmt: skip
def test_a_body_of_any_other_shape_is_no_message(body: object) -> None:
    assert parse_error_response(400, body) == ErrorResponse(400)


def test_the_codes_and_reasons_of_both_shapes_are_read() -> None:
    assert parse_error_response(404, api("x", "model_not_found")).code == "model_not_found"
    read = parse_error_response(400, INVALID_KEY)
    assert (read.code, read.reasons) == ("INVALID_ARGUMENT", ("API_KEY_INVALID",))
    assert parse_error_response(429, PER_DAY).reasons == ("requests_per_day",)
    assert parse_error_response(429, grpc(429, "x", "y", {"violations": [{}]})).reasons == ("",)


def test_a_long_message_is_cut_to_one_line() -> None:
    assert clip_line("a\n  b\tc") == "a b c"
    cut = clip_line("é" * 500)
    assert len(cut) == 400
    assert cut.endswith("é…")
    assert parse_error_response(400, api("x\n" * 900)).message.count("\n") == 0


CALLS = [
    *(CREATE, COSTLY, READ, SHOWN, Call(model="m"), Call(file="files/abc"), Call(store="fileSearchStores/a")),
    Call(paid=True, model="m", store="fileSearchStores/a"),
    Call(paid=True, model="m", previous_interaction_id="v1_p"),
]


@pytest.mark.parametrize("code", error_codes.CODE_STATUSES)
def test_every_documented_code_is_in_the_rows_that_it_leads_to_and_in_no_other(code: str) -> None:
    reached: set[int] = set()
    for call in CALLS:
        found = parse_error_event({"code": code})
        row = next(at for at, rule in enumerate(ERROR_RULES) if rule.fits_response(found) and rule.fits_call(call))
        assert code in ERROR_RULES[row].codes
        assert type(map_error_response(found, call)) is ERROR_RULES[row].error
        assert (
            type(map_error_response(parse_error_response(error_codes.CODE_STATUSES[code], api("", code)), call))
            is ERROR_RULES[row].error
        )
        reached.add(row)
    assert reached == {at for at, rule in enumerate(ERROR_RULES) if code in rule.codes}


def test_every_error_that_google_may_cause_has_a_row() -> None:
    ours = {InputError, ConfigurationError, NetworkError, OutcomeUnknownError, InteractionFailedError, RefusedError}
    refusals = {KeyRejectedError, *all_below(RefusedError)}
    assert {rule.error for rule in ERROR_RULES} == ours | refusals


def all_below(kind: type[GeminiMCPError]) -> set[type[GeminiMCPError]]:
    below = set(kind.__subclasses__())
    return below.union(*map(all_below, below))
