"""The file search stores of one principal, among those of a key that others may have, too."""

from collections.abc import Iterable

from gemini_interactions_mcp.core import StoreNotFoundError, quote_name
from gemini_interactions_mcp.journal import STORE_KIND, Holdings, shield_cancellation
from gemini_interactions_mcp.models import FileSearchStore, stores

from .stores import StoreService


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
        return [each for each in await super().read_all() if each.name in held] if held else []

    async def get(self, name: str) -> FileSearchStore:
        """Return a store of the principal.

        Raises:
            StoreNotFoundError: There is none of this name.
            GeminiMCPError: It could not be read.
        """
        if not await self._holdings.holds(STORE_KIND, name):
            raise StoreNotFoundError(f"There is no file search store {quote_name(name)}.")
        return await super().get(name)

    async def admit(self, names: Iterable[str]) -> None:
        """Check that a request may search some stores.

        Raises:
            InputError: One is not there, or another's.
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
        # Nobody else sees it before it is held, nor afterwards.
        with shield_cancellation():
            made = await super()._create(display_name)
            await self._holdings.hold(STORE_KIND, made.name)
            return made
