"""Logs, warnings and errors on stderr contain no secrets."""

import io
import logging
import sys
import threading
import warnings
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_interactions_mcp.cli.logs import configure_logging
from gemini_interactions_mcp.core.redaction import Redactor

KEY = "AIzaSyQ7xV2mLw9Tz-c4N4ry_Kp3Hd8Rf6Jb1Gs"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Restore the process-wide state after a test."""
    for owner, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    yield
    logging.captureWarnings(capture=False)


def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Set logging up, and return the new stderr."""
    monkeypatch.setattr(logging.root, "handlers", list[logging.Handler]())
    monkeypatch.setattr(sys, "stderr", stderr := io.StringIO())
    configure_logging("INFO", Redactor([KEY]))
    return stderr


def failure() -> BaseException:
    try:
        raise ValueError(f"no {KEY}")
    except ValueError as exc:
        return exc


def test_a_log_has_no_secret_in_message_arguments_and_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    exc = failure()
    logging.getLogger("some.module").error("Failed with %s", {"key": KEY}, exc_info=exc)
    logging.getLogger("some.module").debug("not shown")
    said = stderr.getvalue()
    assert said.startswith("ERROR some.module: Failed with {'key': '[secret]'}\nTraceback")
    assert said.endswith("ValueError: no [secret]\n")


def test_a_warning_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"input_value={KEY!r}", UserWarning, stacklevel=1)
    said = stderr.getvalue()
    assert "UserWarning: input_value='[secret]'" in said
    assert KEY[:12] not in said


def test_what_cannot_be_formatted_is_not_printed_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    logging.getLogger("some.module").warning("%d", KEY)
    assert stderr.getvalue() == ""


def test_errors_that_nobody_handles_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    exc = failure()
    args: Any = SimpleNamespace(exc_type=ValueError, exc_value=exc, exc_traceback=exc.__traceback__)
    sys.excepthook(ValueError, exc, exc.__traceback__)
    threading.excepthook(args)
    sys.unraisablehook(args)
    said = stderr.getvalue()
    assert said.count("ValueError: no [secret]\n") == 3
    assert said.count("Traceback (most recent call last):\n") == 3
