"""The file search stores of one principal, among those of a key that others may have, too.

Google lets nobody choose the name of a store. So each is made with a mark in its display name, which is written down
before: whatever fails between there and the moment when its name is written down, the principal has it again from the
next list that shows the mark.
"""

import re
import secrets
from collections.abc import Iterable
from typing import Final

from gemini_interactions_mcp.core import InputError, StoreNotFoundError, quote_name
from gemini_interactions_mcp.journal import ANNOUNCED_KIND, STORE_KIND, Holdings, shield_cancellation
from gemini_interactions_mcp.models import FileSearchStore, stores

from .stores import StoreService

STORE_MARK: Final = re.compile(r" \[mcp-[0-9a-f]{16}\]\Z")
"""What the display names of these stores end with; its principal does not see it."""


class HeldStores(StoreService):
    """The stores that a principal has made; all others are not there.

    Args:
        service: The stores of the key.
        holdings: What the principal holds.
    """

    def __init__(self, service: StoreService, holdings: Holdings) -> None:
        super().__init__(*service.parts)
        self._holdings = holdings

    async def read_all(self) -> list[FileSearchStore]:
        """Return all stores of the principal.

        Raises:
            GeminiMCPError: They could not be read.
        """
        held = set(await self._holdings.list_names(STORE_KIND))
        announced = set(await self._holdings.list_names(ANNOUNCED_KIND))
        if not held and not announced:
            return []
        listed = await super().read_all()
        held |= await self._adopt([each for each in listed if each.display_name in announced])
        return [strip_mark(each) for each in listed if each.name in held]

    async def get(self, name: str) -> FileSearchStore:
        """Return a store of the principal.

        Raises:
            StoreNotFoundError: There is none of this name.
            GeminiMCPError: It could not be read.
        """
        if not await self._holdings.holds(STORE_KIND, name):
            raise StoreNotFoundError(f"There is no file search store {quote_name(name)}.")
        return strip_mark(await super().get(name))

    async def admit(self, names: Iterable[str]) -> None:
        """Check that a request may search some stores.

        Raises:
            StoreNotFoundError: One is not there, or another's.
            GeminiMCPError: Whose they are could not be read.
        """
        for name in names:
            if not await self._holdings.holds(STORE_KIND, name):
                stores.choose_store(name, await self.read_all())

    async def delete(self, name: str, *, force: bool) -> bool:
        """Delete a store, as `StoreService.delete`."""
        there = await super().delete(name, force=force)
        await self._holdings.drop(STORE_KIND, name)
        return there

    async def _create(self, display_name: str) -> FileSearchStore:
        mark = f" [mcp-{secrets.token_hex(8)}]"
        longest = stores.MAX_STORE_NAME_CHARACTERS - len(mark)
        if len(display_name) > longest:
            raise InputError(f"The display name of a new store has at most {longest} characters. Nothing was sent.")
        marked = display_name + mark
        await self._holdings.announce(marked)
        # Nobody else sees it before it is held, nor afterwards.
        with shield_cancellation():
            made = await super()._create(marked)
            await self._adopt([made])
            return strip_mark(made)

    async def _adopt(self, made: Iterable[FileSearchStore]) -> set[str]:
        """Write down the names of stores that were announced, and return those that nobody else has."""
        ours: set[str] = set()
        for store in made:
            # Another server may do the same for the same principal.
            await self._holdings.hold(STORE_KIND, store.name)
            await self._holdings.drop(ANNOUNCED_KIND, store.display_name)
            ours.add(store.name)
        return ours


def strip_mark(store: FileSearchStore) -> FileSearchStore:
    """Return a store as its principal sees it."""
    return store.model_copy(update={"display_name": STORE_MARK.sub("", store.display_name)})
