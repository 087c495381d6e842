"""Maps the API's error responses to this package's errors: one table for every class and documented code. Pure.

Source: https://ai.google.dev/gemini-api/docs/api-errors
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import (
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
    StoreNotFoundError,
    phrases,
    quote_name,
)
from gemini_interactions_mcp.models import describe_missing_sandbox, error_codes

from .calls import (
    Call,
    is_any_call,
    is_cheap,
    is_continuation,
    is_for_file,
    is_for_store,
    is_for_store_alone,
    is_in_background,
    is_paid,
    is_reading,
    is_reading_store,
    is_without_model,
)
from .error_responses import ErrorResponse

UNKNOWN_OUTCOME: Final = (
    "Google may have taken the request all the same, so it was not sent again. A second request may be charged too; "
    "see list_interactions before asking again."
)
"""What an OutcomeUnknownError says after what happened."""

KEY_REMEDY: Final = (
    "Set GEMINI_API_KEY to a valid key (https://aistudio.google.com/apikey) in the host's configuration of this "
    "server, then restart it."
)
"""What a KeyRejectedError says after what happened."""

UNCHARGED_NOTE: Final = " Google does not charge failed requests (https://ai.google.dev/gemini-api/docs/billing)."
"""What the refusal of a paid request ends with."""

ResponseTest = Callable[[ErrorResponse], bool]
CallTest = Callable[[Call], bool]


def get_own_interaction(call: Call) -> str | None:
    """Return the id of the interaction that a call reads, cancels or deletes."""
    return call.interaction_id


def get_previous_interaction(call: Call) -> str | None:
    """Return the id of the interaction that a call continues."""
    return call.previous_interaction_id


class ErrorRule(NamedTuple):
    """A row of `ERROR_RULES`.

    Attributes:
        fits_response: Whether the row is for a response.
        fits_call: Whether the row is for a call.
        error: The class to raise.
        describe: Returns its message: what happened, then what to do.
        codes: The documented codes that lead to this row by themselves, whatever the message; for readers, and asserted
            by tests/test_faults.py. A code leads to its row by its HTTP status (`error_codes.CODE_STATUSES`).
        about: Returns the id of the interaction that the error is about.
    """

    fits_response: ResponseTest
    fits_call: CallTest
    error: type[GeminiMCPError]
    describe: Callable[[ErrorResponse, Call], str]
    codes: tuple[str, ...] = ()
    about: Callable[[Call], str | None] = get_own_interaction


def map_error_response(response: ErrorResponse, call: Call) -> GeminiMCPError:
    """Return the error for an error response to a call, by the first row of `ERROR_RULES` that fits."""
    rule = next(rule for rule in ERROR_RULES if rule.fits_response(response) and rule.fits_call(call))
    error = rule.error(rule.describe(response, call), interaction_id=rule.about(call))
    if isinstance(error, QuotaError | OverloadedError) and not isinstance(error, NoQuotaError):
        error.retry_after_seconds = response.retry_after_seconds
    return error


def is_any_response(_: ErrorResponse) -> bool:
    """Return True, for every response."""
    return True


def has_status(status: int) -> ResponseTest:
    """Return a test for one HTTP status."""
    return lambda response: response.status == status


def has_ending(names: Mapping[str, str]) -> ResponseTest:
    """Return a test for the refusals whose code or details have one of these names."""
    return lambda response: any(name in names for name in response.endings) and not is_server_error(response)


def is_server_error(response: ErrorResponse) -> bool:
    """Whether a response is neither a result nor the caller's doing: 5xx, 499, 408, a redirect or an unknown code."""
    return response.status in (None, 408) or response.status >= 499 or response.status < 400


def is_page(response: ErrorResponse) -> bool:
    """Whether an intermediary refused with a page; for sizes, rates and server errors, the status says enough."""
    return response.page is not None and not is_server_error(response) and response.status not in (413, 429)


def is_about_key(response: ErrorResponse) -> bool:
    """Whether the API key was rejected: Google's front end answers 400 or 403, the API itself 401."""
    words = ("api key", "api_key", "unregistered callers", "identity established")
    return response.status == 401 or (response.status in (400, 403) and response.says(*words))


def is_about_location(response: ErrorResponse) -> bool:
    """Whether the API is not offered at this place: `User location is not supported for the API use.`"""
    return response.status in (400, 403) and response.says("location is not supported")


def is_naming_store(response: ErrorResponse) -> bool:
    """Whether a response says that a file search store does not exist; the API answers 403, too, as for files."""
    return response.status in (403, 404) and response.says("filesearchstore", "file search store")


def is_hiding(response: ErrorResponse) -> bool:
    """Whether the API says of something that it may not exist."""
    return response.status == 403 and response.says("may not exist")


def is_about_previous(response: ErrorResponse) -> bool:
    """Whether a 404 may be about the previous interaction or a store; the API names the model if that is missing."""
    return response.status == 404 and bool(response.code) and not response.says("model", "agent")


def is_without_code(response: ErrorResponse) -> bool:
    """Whether a 429 or 503 is no error of the API: an intermediary may have passed a paid request on before."""
    return response.status in (429, 503) and not response.code


def is_without_quota(response: ErrorResponse) -> bool:
    """Whether the project has a quota of zero."""
    return response.status == 429 and response.exhausted


def is_about_background(response: ErrorResponse) -> bool:
    """Whether a background request was refused because of the background."""
    return response.status == 400 and response.says("background")


def is_about_safety(response: ErrorResponse) -> bool:
    """Whether a safety filter blocked the request."""
    named = has_ending(error_codes.BLOCK_REASONS)(response)
    return named or (response.status in (400, 403) and response.says("safety", "blocked", "prohibited"))


def describe_page(response: ErrorResponse, call: Call) -> str:
    """Describe the refusal of an intermediary, which may have passed a paid request on."""
    titled = f" with a page, “{response.page}”" if response.page else ""
    what = (
        f"Not Google, but a web filter, a proxy or a login page on the way answered {response.status}{titled}. Whoever "
        "runs it has to let the Gemini API through."
    )
    return f"{what} {UNKNOWN_OUTCOME}" if call.paid else what


def describe_key(response: ErrorResponse, _: Call) -> str:
    """Describe the rejection of the API key."""
    return f"Google rejected the API key ({response.told or response.status}). {KEY_REMEDY}"


def describe_location(response: ErrorResponse, _: Call) -> str:
    """Describe where the API is offered."""
    return (
        f"Google does not offer the API where this request comes from ({response.told}). No other request will work: "
        "the server, or its proxy, must be in one of https://ai.google.dev/gemini-api/docs/available-regions."
    )


def describe_payment(response: ErrorResponse, _: Call) -> str:
    """Describe a prepaid credit that is used up."""
    return (
        f"Google asks for payment ({response.told or 'no credit left'}). Add credit or billing to the project "
        "of the API key; trying again will not help."
    )


def describe_missing_file(_: ErrorResponse, call: Call) -> str:
    """Describe a file that does not exist, or no longer."""
    if call.environment_id:
        what, where = quote_name(call.file or ""), quote_name(call.environment_id)
        return (
            f"Google keeps no {what} in the agent's sandbox {where}, or no longer keeps the sandbox: it is deleted 7 "
            "days after its last use."
        )
    return f"Google keeps no {call.file}: uploaded files are deleted after 48 hours. Upload it again."


def describe_missing_store(_: ErrorResponse, call: Call) -> str:
    """Describe a file search store, a document or an operation that does not exist, or no longer."""
    return (
        f"Google has no {call.store}: the name is wrong or of another project's key, or it was deleted. "
        'manage_store(action="list") lists the stores of this key.'
    )


def describe_missing_interaction(_: ErrorResponse, call: Call) -> str:
    """Describe an interaction that does not exist, or no longer."""
    return (
        f"Google keeps no interaction {call.interaction_id}: the id is wrong or of another project's key, or the "
        "interaction was deleted or has expired (after 55 days, 1 day on the free tier)."
    )


def describe_missing_previous(_: ErrorResponse, call: Call) -> str:
    """Describe an interaction that cannot be continued."""
    return (
        f"Google keeps no interaction {call.previous_interaction_id} to continue: it is of another project's "
        "key, was deleted or has expired. Ask without previous_interaction_id, and repeat what matters."
        f"{suggest_sandbox(call)}"
    )


def describe_missing_model(_: ErrorResponse, call: Call) -> str:
    """Describe a model or agent that does not exist, or no longer, with its successor."""
    hint = f" Use {call.successor} instead." if call.successor and call.successor != call.model else ""
    what = f"Google has no model or agent {quote_name(call.model or '')}, or no longer has it."
    return f"{what}{hint}{suggest_sandbox(call)}"


def suggest_sandbox(call: Call) -> str:
    """Return what to do if it is the environment that Google does not find: it never says which entity is missing."""
    return f" Or {describe_missing_sandbox(call.environment_id)}." if call.environment_id else ""


def describe_conflict(response: ErrorResponse, _: Call) -> str:
    """Describe a conflict with another request."""
    return f"The request conflicts with another one ({response.told or 409}). Try again in a moment."


def describe_size(response: ErrorResponse, _: Call) -> str:
    """Describe a request that is too large."""
    return f"The request is too large ({response.told or 413}). Send fewer or smaller files."


def describe_missing_quota(response: ErrorResponse, _: Call) -> str:
    """Describe a quota of zero."""
    return (
        f"The project of the API key has no quota for this ({response.told}). Waiting does not help: enable "
        "billing for the project (https://ai.google.dev/gemini-api/docs/billing), or choose another model."
    )


def describe_quota(response: ErrorResponse, call: Call) -> str:
    """Describe a rate limit or a daily quota, and when to try again."""
    if response.says("freetier", "free_tier", "free tier"):
        advice = "The free tier allows no more of this: enable billing for the key's project, or choose another model."
    elif response.says("quota_exceeded", "perday", "per_day", "daily"):
        advice = "The daily quota is used up: wait for the next day or raise the quota."
    elif response.retry_after_seconds is not None:
        advice = f"Try again in {phrases.format_duration(response.retry_after_seconds)}."
    else:
        advice = "Wait a minute before trying again."
    return f"Google's quota is exceeded ({response.told or 429}). {advice}{describe_charge(call)}"


def describe_overload(response: ErrorResponse, call: Call) -> str:
    """Describe a lack of capacity, and when to try again."""
    after = response.retry_after_seconds
    who = "The model" if call.paid else "Google"
    later = "in a minute, or with another model" if call.paid else "in a minute"
    when = f"in {phrases.format_duration(after)}" if after is not None else later
    return f"{who} is overloaded ({response.told or 503}). Try again {when}.{describe_charge(call)}"


def describe_charge(call: Call) -> str:
    """Return what the refusal of a call costs; empty for a call that costs nothing anyway."""
    return UNCHARGED_NOTE if call.paid else ""


def describe_missing_answer(response: ErrorResponse, _: Call) -> str:
    """Describe why the model ended without an answer."""
    named = next(name for name in response.endings if name in error_codes.GENERATION_FAILURES)
    meaning, remedy = error_codes.GENERATION_FAILURES[named], error_codes.join_remedies([named])
    return f"Gemini gave no answer: {meaning} ({response.named}). {remedy}"


def describe_background(response: ErrorResponse, _: Call) -> str:
    """Describe a model that runs only while the caller waits."""
    return f"The model does not run in the background ({response.told})."


def describe_block(response: ErrorResponse, _: Call) -> str:
    """Describe what a safety filter blocked."""
    named = next((name for name in response.endings if name in error_codes.BLOCK_REASONS), "")
    what = f" for {error_codes.BLOCK_REASONS[named]} ({response.named})" if named else f" ({response.message})"
    return f"Google's safety filter blocked the request{what}. {error_codes.join_remedies([named or 'safety'])}"


def describe_permission(response: ErrorResponse, _: Call) -> str:
    """Describe what the project of the key may not do."""
    return f"Google does not allow this ({response.told or 403}). Check that the API key's project may use it."


def describe_server_error(response: ErrorResponse, call: Call) -> str:
    """Describe an error after which it is unknown whether a paid request was taken."""
    who = "An intermediary" if call.paid and is_without_code(response) else "Google"
    what = f"{who} answered {response.status or 'with an error'}" + (f" ({response.told})" if response.told else "")
    if response.status and response.status < 400:
        what += ", which is no result; redirects are not followed: check GOOGLE_GEMINI_BASE_URL and any proxy"
    return f"{what}. {UNKNOWN_OUTCOME if call.paid else 'Try again in a minute.'}"


def describe_unreadable_interaction(response: ErrorResponse, _: Call) -> str:
    """Describe the refusal to show an interaction, which has been seen for real ones too."""
    return (
        f"Google does not show the interaction now ({response.told or response.status}). It may still be running "
        "there: read_interaction looks again, which is free."
    )


def describe_refusal(response: ErrorResponse, call: Call) -> str:
    """Describe any other 4xx, in Google's words."""
    doubt = ""
    if response.status == 400 and call.previous_interaction_id:
        doubt = (
            f" It also answers so if there is no interaction {quote_name(call.previous_interaction_id)} to continue; "
            "list_interactions shows the ids that you have."
        )
    return f"Google refused the request ({response.told or response.status}). Change it before trying again.{doubt}"


NOT_FOUND_CODES: Final = ("not_found", "model_not_found")
RATE_CODES: Final = ("rate_limit_exceeded", "quota_exceeded", "too_many_requests", "resource_exhausted")
OVERLOAD_CODES: Final = ("service_unavailable", "unavailable")
SERVER_ERROR_CODES: Final = (
    "cancelled",
    "api_error",
    "internal",
    "unimplemented",
    "deadline_exceeded",
    "gateway_timeout",
)
INVALID_REQUEST_CODES: Final = ("invalid_request", "invalid_argument", "failed_precondition", "parameter_unknown")
RANGE_CODES: Final = ("out_of_range",)

ERROR_RULES: Final[tuple[ErrorRule, ...]] = (
    ErrorRule(is_page, is_paid, OutcomeUnknownError, describe_page),
    ErrorRule(is_page, is_any_call, NetworkError, describe_page),
    ErrorRule(is_about_key, is_any_call, KeyRejectedError, describe_key, ("authentication", "unauthenticated")),
    ErrorRule(is_about_location, is_any_call, ConfigurationError, describe_location),
    ErrorRule(has_status(402), is_any_call, ConfigurationError, describe_payment, ("payment_required",)),
    ErrorRule(has_status(404), is_for_file, InputError, describe_missing_file, NOT_FOUND_CODES),
    ErrorRule(is_naming_store, is_for_store, StoreNotFoundError, describe_missing_store),
    ErrorRule(has_status(404), is_reading_store, StoreNotFoundError, describe_missing_store, NOT_FOUND_CODES),
    ErrorRule(is_hiding, is_reading_store, StoreNotFoundError, describe_missing_store),
    ErrorRule(is_about_previous, is_for_store_alone, StoreNotFoundError, describe_missing_store, ("not_found",)),
    ErrorRule(
        has_status(404), is_without_model, InteractionNotFoundError, describe_missing_interaction, NOT_FOUND_CODES
    ),
    ErrorRule(
        is_about_previous,
        is_continuation,
        InteractionNotFoundError,
        describe_missing_previous,
        ("not_found",),
        get_previous_interaction,
    ),
    ErrorRule(has_status(404), is_any_call, ModelNotFoundError, describe_missing_model, NOT_FOUND_CODES),
    ErrorRule(has_status(409), is_any_call, RefusedError, describe_conflict, ("already_exists", "aborted")),
    ErrorRule(has_status(413), is_any_call, InputError, describe_size),
    ErrorRule(is_without_code, is_paid, OutcomeUnknownError, describe_server_error),
    ErrorRule(is_without_quota, is_any_call, NoQuotaError, describe_missing_quota),
    ErrorRule(has_status(429), is_any_call, QuotaError, describe_quota, RATE_CODES),
    ErrorRule(has_status(503), is_cheap, OverloadedError, describe_overload, OVERLOAD_CODES),
    ErrorRule(
        has_ending(error_codes.GENERATION_FAILURES),
        is_any_call,
        InteractionFailedError,
        describe_missing_answer,
        tuple(error_codes.GENERATION_FAILURES),
    ),
    ErrorRule(is_about_background, is_in_background, BackgroundRefusedError, describe_background),
    ErrorRule(is_about_safety, is_any_call, BlockedError, describe_block, tuple(error_codes.BLOCK_REASONS)),
    ErrorRule(has_status(403), is_for_file, InputError, describe_missing_file, ("permission_denied",)),
    ErrorRule(has_status(403), is_any_call, PermissionDeniedError, describe_permission, ("permission_denied",)),
    ErrorRule(
        is_server_error, is_paid, OutcomeUnknownError, describe_server_error, (*SERVER_ERROR_CODES, *OVERLOAD_CODES)
    ),
    ErrorRule(is_server_error, is_any_call, NetworkError, describe_server_error, SERVER_ERROR_CODES),
    ErrorRule(has_status(400), is_reading, InvalidIdError, describe_unreadable_interaction, INVALID_REQUEST_CODES),
    ErrorRule(is_any_response, is_reading, RefusedError, describe_unreadable_interaction, RANGE_CODES),
    ErrorRule(is_any_response, is_any_call, RefusedError, describe_refusal, (*INVALID_REQUEST_CODES, *RANGE_CODES)),
)
"""The error for every error response, first match first.

The Files API answers 403, too, for a file that does not exist. Error events have a code in place of a status, and mean
the same as the response with the code's status.
"""
