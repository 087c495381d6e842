"""Redacts everything that is logged to stderr: records, warnings and unhandled errors."""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Literal

from gemini_interactions_mcp.core import Redactor
from gemini_interactions_mcp.transports.log_context import LOG_CONTEXT

LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats a record, and redacts it with its traceback."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(LOG_FORMAT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return self._redact(super().format(record))


class JsonFormatter(RedactingFormatter):
    """Formats a record as a JSON object on one line, with what is known of the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **LOG_CONTEXT.get(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(self._redact(fields), ensure_ascii=False)


def configure_logging(level: str, redact: Redactor, layout: Literal["text", "json"] = "text") -> None:
    """Log to stderr, redacted: records from `level` on, warnings, and errors that end the process or a thread."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if layout == "json" else RedactingFormatter(redact))
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
