"""What is lost for a while and tried again and again: the log says once that it is lost, and once that it is back."""

from typing import Final

from .log import logger

MAX_CAUSES: Final = 20
"""Different causes of one outage that are logged."""


class Outage:
    """Something that may be lost.

    Args:
        lost: What to log; has one `%s`, for the cause.
        back: What to log once it is back.
    """

    def __init__(self, lost: str, back: str) -> None:
        self._lost = lost
        self._back = back
        self._causes: set[str] = set()

    def begin(self, cause: str) -> None:
        """Log a cause, unless it was logged in the same outage."""
        if cause in self._causes or len(self._causes) >= MAX_CAUSES:
            return
        self._causes.add(cause)
        logger.warning("%s", self._lost.replace("%s", cause))

    def end(self) -> None:
        """Log that it is back, if it was lost."""
        if self._causes:
            self._causes.clear()
            logger.warning("%s", self._back)
