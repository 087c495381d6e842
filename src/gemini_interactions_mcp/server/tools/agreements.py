"""What users have agreed to pay for, kept while files are uploaded."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from gemini_interactions_mcp.core import InputError


class Agreements:
    """What users have agreed to and has not been sent yet: uploads may take several calls, for which one answer holds.

    Args:
        clock: Returns monotonic seconds.
        seconds: `Timing.agreement`.
        redeem: Marks a ticket as used for all servers that may be given the answer, and returns whether this is the
            first time; None where there is one server.
    """

    def __init__(
        self, clock: Callable[[], float], seconds: float, redeem: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._kept: list[tuple[str, float]] = []
        self._redeemed: dict[str, float] = {}
        self._redeem_for_all = redeem

    @contextmanager
    def holding(self, subject: str) -> Generator[None]:
        """Hold an agreement while files are sent; where that ends early, keep it for the next call.

        It is discarded where the request cannot be sent as it was shown.
        """
        try:
            yield
        except InputError:
            raise
        except BaseException:
            self._kept.append((subject, self._clock() + self._seconds))
            raise

    def take(self, subject: str) -> bool:
        """Take an agreement that an earlier call has kept; return whether there was one. Each is taken once."""
        now = self._clock()
        self._kept = [(each, until) for each, until in self._kept if until > now]
        found = next((kept for kept in self._kept if kept[0] == subject), None)
        if found is not None:
            self._kept.remove(found)
        return found is not None

    async def redeem(self, ticket: str) -> bool:
        """Mark the ticket of an answer as used, and return whether this is the first time.

        Raises:
            JournalError: Whether another server has done so is not known.
        """
        now = self._clock()
        self._redeemed = {each: until for each, until in self._redeemed.items() if until > now}
        first = ticket not in self._redeemed
        self._redeemed[ticket] = now + self._seconds
        return first and (self._redeem_for_all is None or await self._redeem_for_all(ticket))
