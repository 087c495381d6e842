"""What Google makes for a principal belongs to it, whatever fails meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from gemini_interactions_mcp.api.stores import StoreService
from gemini_interactions_mcp.core.errors import JournalError, NetworkError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.files.held_uploads import HeldUploads
from gemini_interactions_mcp.journal import clock as time_of_day
from gemini_interactions_mcp.journal import holdings as rows
from gemini_interactions_mcp.journal.holdings import ANNOUNCED_KIND, STORE_KIND, Holdings
from gemini_interactions_mcp.journal.journal import open_database
from gemini_interactions_mcp.models.uploads import UploadedFile
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, text_of
from tenanting import placed


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_store_that_could_not_be_written_down_is_found_again(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    """The journal fails when Google has made the store, and may have it that the server ends then, too."""
    hold = Holdings.hold

    async def fail(self: Holdings, kind: str, name: str) -> bool:
        if kind == STORE_KIND:
            raise JournalError("The journal is full.")
        return await hold(self, kind, name)

    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        with monkeypatch.context() as patch:
            patch.setattr(Holdings, "hold", fail)
            assert "is full" in await complaint(anna, "manage_store", action="create", store="Notes")
        (made,) = emulator.stores.stores
        assert "no file search stores" in text_of(await call(berta, "manage_store", action="list"))
        if not restarted:
            await call(anna, "manage_store", action="create", store="notes")
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        await call(anna, "gemini_ask", prompt="?", tools=[f"file_search:{made}"])
        listed = text_of(await call(anna, "manage_store", action="list"))
        assert (made in listed, "Notes" in listed, "[mcp-" in listed) == (True, True, False)
        assert await complaint(berta, "manage_store", action="delete", store="Notes")
        assert list(emulator.stores.stores) == [made]
        await call(anna, "manage_store", action="delete", store="Notes")
        assert list(emulator.stores.stores) == []


async def test_a_store_whose_answer_was_lost_is_found_again(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    create: Any = getattr(StoreService, "_create")  # noqa: B009 - wrapped

    async def lose(self: StoreService, display_name: str) -> Any:
        await create(self, display_name)
        raise NetworkError("The answer was lost.")

    monkeypatch.setattr(StoreService, "_create", lose)
    async with placed(settings) as place, place.client("anna") as anna:
        await call(anna, "manage_store", action="create", store="Notes")
        await call(anna, "manage_store", action="create", store="Notes")
        assert len(emulator.stores.stores) == 1


async def test_nothing_is_made_that_cannot_be_announced(
    settings: Settings, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mapped := settings.allowed_dirs[0] / "mapped").mkdir()
    (mapped / "note.txt").write_text("The same for both. " * 200, encoding="utf-8")
    open_to = settings.model_copy(update={"mapped_dirs": (("docs", mapped),), "inline_bytes": 10})

    hold, full = Holdings.hold, True

    async def fail(self: Holdings, kind: str, name: str) -> bool:
        if full:
            raise JournalError("The journal is full.")
        return await hold(self, kind, name)

    monkeypatch.setattr(Holdings, "hold", fail)
    async with placed(open_to) as place, place.client("anna") as anna:
        assert "is full" in await complaint(anna, "manage_store", action="create", store="Notes")
        assert "is full" in await complaint(anna, "analyze_file", prompt="?", files=["docs/note.txt"])
        assert (emulator.stores.stores, emulator.files.files) == ({}, {})
        full = False
        await call(anna, "analyze_file", prompt="?", files=["docs/note.txt"])


async def test_a_display_name_leaves_room_for_its_mark(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        said = await complaint(anna, "manage_store", action="create", store="N" * 490)
        assert "at most 489 characters. Nothing was sent" in said
        assert emulator.stores.stores == {}
        await call(anna, "manage_store", action="create", store="N" * 489)
        assert len(emulator.stores.stores) == 1


async def test_a_file_that_google_names_otherwise_is_held() -> None:
    held: list[str] = []

    class Renaming:
        async def upload(
            self, source: Any, size: int, mime_type: str, name: str, moved: Any, announce: Any = None
        ) -> UploadedFile:
            del source, size, mime_type, name, moved
            await announce("files/ours")
            return UploadedFile(name="files/theirs", uri="https://x", expires_at=time_of_day.now())

        async def mime_type(self, name: str) -> str:
            return name

    async def hold(name: str) -> None:
        held.append(name)

    uploads = HeldUploads(Renaming(), hold)
    source: Any = None
    assert (await uploads.upload(source, 1, "text/plain", "a", lambda _: None)).name == "files/theirs"
    assert held == ["files/ours", "files/theirs"]


async def test_what_was_announced_in_vain_is_forgotten(journal_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_database(journal_url)
    anna, berta = Holdings(opened, "anna"), Holdings(opened, "berta")
    await anna.announce("Notes [mcp-1]")
    await berta.announce("Notes [mcp-2]")
    later = time_of_day.now() + timedelta(days=2)
    monkeypatch.setattr(rows, "now", lambda: later)
    await anna.announce("Notes [mcp-3]")
    assert await anna.list_names(ANNOUNCED_KIND) == ["Notes [mcp-3]"]
    assert await berta.list_names(ANNOUNCED_KIND) == ["Notes [mcp-2]"]
    await opened.close()
