"""Redacts everything that is logged to stderr: records, warnings and unhandled errors."""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import time
from types import TracebackType
from typing import Final, Literal

from gemini_interactions_mcp.core import Redactor, logger, shorten_credentials
from gemini_interactions_mcp.transports.log_context import LOG_CONTEXT

LOG_FORMAT: Final = "%(levelname)s %(name)s: %(message)s"

LogLayout = Literal["text", "json"]


class LogRedactor:
    """Removes from a text for the log the secrets of the user, and what opens something to whoever reads it.

    Args:
        redact: Knows the secrets.
    """

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact

    def __call__(self, text: str) -> str:
        """Return the text as it may be logged."""
        return shorten_credentials(self._redact(text))

    def fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the fields of a line as they may be logged."""
        return {name: self(value) for name, value in fields.items()}


class RedactingFormatter(logging.Formatter):
    """Formats a record, and redacts it with its traceback."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__(LOG_FORMAT)
        self._redact = LogRedactor(redact)

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return self._redact(super().format(record))


class JsonFormatter(RedactingFormatter):
    """Formats a record as a JSON object on one line, with what is known of the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields = describe_line(record.created, record.levelname, record.name, record.getMessage())
        fields |= LOG_CONTEXT.get()
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return write_object(self._redact.fields(fields))


def describe_line(created: float, level: str, name: str, message: str) -> dict[str, str]:
    """Return the fields that each JSON object of the log has."""
    moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
    return {"time": moment, "level": level, "logger": name, "message": message}


def write_object(fields: Mapping[str, str]) -> str:
    """Return a line of the log as JSON."""
    return json.dumps(fields, ensure_ascii=False)


def configure_logging(level: str, redact: Redactor, layout: LogLayout = "text") -> None:
    """Log to stderr, redacted: records from `level` on, warnings, and errors that end the process or a thread."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if layout == "json" else RedactingFormatter(redact))
    logging.basicConfig(level=level, handlers=[handler])
    # Warnings of pydantic quote the value in question.
    logging.captureWarnings(capture=True)
    # A record that cannot be formatted would be printed with its arguments, unredacted.
    logging.raiseExceptions = False
    report = make_excepthook(redact, layout)
    sys.excepthook = report
    threading.excepthook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: report(args.exc_type, args.exc_value, args.exc_traceback)


def make_excepthook(
    redact: Redactor, layout: LogLayout
) -> Callable[[type[BaseException], BaseException | None, TracebackType | None], None]:
    """Return an excepthook that writes an error to stderr as Python does, or as JSON; redacted."""
    redact_line = LogRedactor(redact)

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        if layout == "json":
            last = "".join(traceback.format_exception_only(kind, error)).strip()
            fields = describe_line(time(), "CRITICAL", logger.name, last) | {"error": text}
            sys.stderr.write(f"{write_object(redact_line.fields(fields))}\n")
        else:
            sys.stderr.write(redact_line(text))

    return report


def make_announcer(layout: LogLayout, level: str = "INFO") -> Callable[[str], object]:
    """Return what writes lines for whoever has started this program to stderr, as they are: a new token is in them."""

    def announce(text: str) -> None:
        for line in text.splitlines():
            told = write_object(describe_line(time(), level, logger.name, line)) if layout == "json" else line
            sys.stderr.write(f"{told}\n")

    return announce
