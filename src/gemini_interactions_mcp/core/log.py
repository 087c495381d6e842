"""The one logger of this package; the commands decide where it writes (`cli/logs.py`)."""

import logging
from typing import Final

from .errors import GeminiMCPError


class BriefErrors(logging.Filter):
    """Has the log say of an error what is for its readers: the message of some is for users."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the arguments of a record; drop none."""
        if isinstance(record.args, tuple):
            record.args = tuple(shorten_error(each) for each in record.args)
        return True


def shorten_error(value: object) -> object:
    """Return what the log says of an error, and anything else as it is."""
    return value.brief if isinstance(value, GeminiMCPError) and value.brief else value


logger: Final = logging.getLogger("gemini_interactions_mcp")
logger.addFilter(BriefErrors())
