"""The tree of errors: what they say, and that it is the documented one."""

import inspect
import re

import pytest

from gemini_interactions_mcp.core import errors
from gemini_interactions_mcp.core.errors import GeminiMCPError, OutcomeUnknownError, QuotaError, RefusedError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, GeminiMCPError)]


def test_the_docstring_draws_every_class_and_no_other() -> None:
    drawn = re.findall(r"\b[A-Z][A-Za-z]+Error\b", errors.__doc__ or "")
    assert sorted(drawn) == sorted(found.__name__ for found in CLASSES)


@pytest.mark.parametrize("error", CLASSES, ids=lambda found: found.__name__)
def test_every_error_ends_with_the_interaction_that_it_is_about(error: type[GeminiMCPError]) -> None:
    assert str(error("It broke. Try again.")) == "It broke. Try again."
    assert str(error("It broke. Try again.", interaction_id="v1_a")) == "It broke. Try again. (interaction_id: v1_a)"


def test_an_id_that_the_message_names_is_not_repeated() -> None:
    assert str(GeminiMCPError("Google keeps no v1_a.", interaction_id="v1_a")) == "Google keeps no v1_a."


def test_an_id_that_becomes_known_later_is_told_too() -> None:
    error = OutcomeUnknownError("It may have run.")
    error.interaction_id = "v1_b"
    assert str(error) == "It may have run. (interaction_id: v1_b)"


def test_a_refusal_keeps_the_delay_that_google_named() -> None:
    assert QuotaError("Wait.", retry_after_seconds=37.0).retry_after_seconds == 37.0
    assert RefusedError("No.").retry_after_seconds is None


def test_an_unknown_outcome_is_neither_a_refusal_nor_a_network_error() -> None:
    # `persist` sends those again, and `runs` marks those as failed.
    assert not issubclass(OutcomeUnknownError, errors.RefusedError | errors.NetworkError)
