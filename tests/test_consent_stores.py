"""What the user of a host with forms is asked about knowledge stores: before indexing is paid for, and deletions."""

from pathlib import Path

import pytest
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

import consenting
from conftest import FAST, Mode
from consenting import DECLINED, User, host
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.emulator.stores import EmulatedStore
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import call, complaint, have_stores, text_of

noon = consenting.noon
NOTES = "fileSearchStores/notes"
REFUSED = "The user was asked and did not agree: nothing was deleted.\n"


@pytest.fixture
def store(emulator: Emulator) -> EmulatedStore:
    have_stores(emulator, "notes")
    return emulator.stores.stores[NOTES]


@pytest.fixture
def file(settings: Settings) -> Path:
    path = settings.allowed_dirs[0] / "a.md"
    path.write_text("The tide turns.", encoding="utf-8")
    return path


class Owner:
    """A user who is asked about deletions."""

    def __init__(self, action: str = "accept", **content: object) -> None:
        self.asked: list[str] = []
        self._answer = ElicitResult.model_validate({"action": action, "content": content or None})

    async def answer(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        assert set(params.requested_schema["properties"]) == {"delete"}
        self.asked.append(params.message)
        return self._answer


async def test_indexing_is_asked_about_once_and_what_is_there_never(
    settings: Settings, emulator: Emulator, mode: Mode, store: EmulatedStore, file: Path
) -> None:
    user, before = User(start=True), list[int]()
    user.thinking = lambda: before.append(sum("/upload/" in request.path for request in emulator.requests))
    arguments = {"action": "add", "store": NOTES, "files": [str(file)]}
    async with host(settings, mode, user.answer, FAST) as client:
        emulator.stores.hold = True
        await call(client, "manage_store", **arguments, wait_seconds=0.2)
        await call(client, "manage_store", **arguments, wait_seconds=0.1)
        emulator.stores.release()
        assert "- a.md: added" in text_of(await call(client, "manage_store", **arguments))
        assert "there already" in text_of(await call(client, "manage_store", **arguments))
    assert before == [0]
    assert user.asked == [
        f"Index 1 file (15 bytes) in {NOTES}?\n\n"
        "Estimated cost: <$0.0001. Spent today (UTC): $0.00.\n\n"
        "Files that are sent to Google:\n- a.md (15 bytes)\n"
    ]
    assert emulator.stores.stored == ["a.md"]


async def test_of_equal_files_the_one_that_is_sent_is_asked_about(
    settings: Settings, emulator: Emulator, store: EmulatedStore, file: Path
) -> None:
    (file.parent / "z.md").write_text("The tide turns.", encoding="utf-8")
    user = User(start=True)
    async with host(settings, "auto", user.answer, FAST) as client:
        await call(client, "manage_store", action="add", store=NOTES, files=[str(file.parent)])
    assert "Index 1 file (15 bytes)" in user.asked[0]
    assert user.asked[0].endswith("- a.md (15 bytes)\n")
    assert emulator.stores.stored == ["a.md"]


async def test_nothing_is_indexed_where_the_user_declines(
    settings: Settings, emulator: Emulator, mode: Mode, store: EmulatedStore, file: Path
) -> None:
    arguments = {"action": "add", "store": NOTES, "files": [str(file)]}
    async with host(settings, mode, User("decline").answer) as client:
        assert text_of(await call(client, "manage_store", **arguments)) == DECLINED
    assert emulator.stores.stored == []
    async with host(settings, mode, User("decline").answer, confirm=Confirmation(50_000)) as client:
        assert "- a.md: added" in text_of(await call(client, "manage_store", **arguments))


async def test_deletions_are_asked_about_with_and_without_force(
    settings: Settings, emulator: Emulator, mode: Mode, store: EmulatedStore
) -> None:
    document = emulator.stores.add(NOTES, "a.md", "text/plain", 3).name.removeprefix(f"{NOTES}/")
    for user in (Owner("decline"), Owner("cancel"), Owner(delete=False)):
        async with host(settings, mode, user.answer, confirm=Confirmation(None)) as client:
            for arguments in (
                {"action": "remove", "document": "a.md"},
                {"action": "delete"},
                {"action": "delete", "force": True},
            ):
                assert text_of(await call(client, "manage_store", store=NOTES, **arguments)) == REFUSED
        assert user.asked == [
            f"Remove the document “a.md” ({document}) from {NOTES}?",
            *[f"Delete the store {NOTES} with 1 document? This cannot be undone."] * 2,
        ]
    assert len(store.documents) == 1
    async with host(settings, mode, Owner(delete="perhaps").answer) as client:
        assert "does not fit the form" in await complaint(client, "manage_store", action="delete", store=NOTES)
    async with host(settings, mode, Owner(delete=True).answer) as client:
        await call(client, "manage_store", action="remove", store=NOTES, document="a.md")
        await call(client, "manage_store", action="delete", store=NOTES)
    assert emulator.stores.stores == {}
