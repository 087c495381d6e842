"""What goes to stderr, without the user's secrets: logs, warnings, and errors that nobody handles."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Final

from gemini_interactions_mcp.core import Redactor

FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


class Formatter(logging.Formatter):
    """Formats a record with its traceback, and redacts it all."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(FORMAT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        return self._redact(super().format(record))


def set_up(level: str, redact: Redactor) -> None:
    """Send what the process logs and warns of to stderr, redacted, and what ends it or a thread, too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(redact))
    logging.basicConfig(level=level, handlers=[handler])
    # A warning of pydantic quotes the value that it is about.
    logging.captureWarnings(capture=True)
    # What cannot be formatted would be printed as it is, with its arguments.
    logging.raiseExceptions = False
    report = reporter(redact)
    sys.excepthook = report
    threading.excepthook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)


def reporter(redact: Redactor) -> Callable[[type[BaseException], BaseException | None, TracebackType | None], None]:
    """Writes an error to stderr as Python does, redacted."""

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))

    return report
