"""Redacts everything that is logged to stderr: records, warnings and unhandled errors."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Final

from gemini_interactions_mcp.core import Redactor

LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats a record, and redacts it with its traceback."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(LOG_FORMAT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return self._redact(super().format(record))


def configure_logging(level: str, redact: Redactor) -> None:
    """Log to stderr, redacted: records from `level` on, warnings, and errors that end the process or a thread."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(redact))
    logging.basicConfig(level=level, handlers=[handler])
    # Warnings of pydantic quote the value in question.
    logging.captureWarnings(capture=True)
    # A record that cannot be formatted would be printed with its arguments, unredacted.
    logging.raiseExceptions = False
    report = make_excepthook(redact)
    sys.excepthook = report
    threading.excepthook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)


def make_excepthook(
    redact: Redactor,
) -> Callable[[type[BaseException], BaseException | None, TracebackType | None], None]:
    """Return an excepthook that writes an error to stderr as Python does, redacted."""

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))

    return report
