"""Principals that share servers: their contexts come and go, their keys, stores, uploads and runs stay apart."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.request_state import InvalidRequestState

from conftest import FAST
from consenting import round_of
from gemini_interactions_mcp.core.errors import (
    ConfigurationError,
    FileRefusedError,
    GeminiMCPError,
    JournalError,
    KeyMissingError,
)
from gemini_interactions_mcp.core.principals import OWNER, Principal
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.remote_sources import find_api_file, find_remote_source
from gemini_interactions_mcp.journal import journal as journals
from gemini_interactions_mcp.journal.holdings import Holdings
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.leases import list_unfinished_principals
from gemini_interactions_mcp.journal.notices import Notice
from gemini_interactions_mcp.journal.schema import PRINCIPALS
from gemini_interactions_mcp.journal.server_secrets import share_secret
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.output.places import name_principal_folder
from gemini_interactions_mcp.server import subscriptions
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Opening
from gemini_interactions_mcp.server.identity import build_principal
from gemini_interactions_mcp.server.request_states import SharedStateCodec
from gemini_interactions_mcp.server.tenant_parts import hash_account, make_limits
from gemini_interactions_mcp.server.tenants import Tenants
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from gemini_interactions_mcp.settings.environment import SettingsEnvironment
from gemini_interactions_mcp.settings.key_references import KeyUnreadableError, read_key_reference
from gemini_interactions_mcp.settings.paths import parse_mapped_dirs
from reading import call, complaint, ended, id_of, newest, text_of
from tasking import Json
from tenanting import ANNA, BERTA, Tokens, files_of, placed

UNHURRIED = replace(FAST, first_poll=60.0, slowest_poll=60.0, list_poll=60.0, freshness=60.0)
"""In which nobody learns anything by looking."""


async def status_of(settings: Settings, principal: Principal, interaction_id: str) -> str | None:
    """What the journal says of an interaction of somebody."""
    journal = Journal(settings.database_url, principal=principal.name)
    try:
        found = await journal.find(interaction_id)
        # What has settled may still be written.
        return found.status if found and (found.finished_at or found.status != "completed") else None
    finally:
        await journal.close()


async def until_completed(settings: Settings, principal: Principal, interaction_id: str) -> None:
    with anyio.fail_after(10):
        while True:
            if await status_of(settings, principal, interaction_id) == "completed":
                return
            await anyio.sleep(0.05)


async def until_closed(opening: Opening, name: str) -> None:
    with anyio.fail_after(5):
        while True:
            if not opening.find_open(name):
                return
            await anyio.sleep(0.02)


async def test_runs_of_an_ended_server_are_followed_by_another_without_a_call(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.research_seconds = 0.5
    async with placed(settings) as first, first.client("anna") as anna:
        begun = id_of(await call(anna, "start_research", prompt="Bicycles"))
    assert await status_of(settings, ANNA, begun) == "in_progress"
    async with placed(settings, replace(FAST, lease=0.3)) as second, second.client("berta") as berta:
        await call(berta, "list_interactions")
        await until_completed(settings, ANNA, begun)
    assert len(emulator.creates) == 1


async def test_what_nobody_uses_is_closed_and_opened_again(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings, replace(FAST, tenant_idle=0.05, lease=0.15)) as place, place.client("anna") as anna:
        emulator.faults.append(fault := Fault("create", "hold"))
        waiting = await call(anna, "start_research", prompt="Bicycles")
        opening = place.server._opening  # pyright: ignore[reportPrivateUsage]
        app = await opening.app(ANNA)
        await anyio.sleep(0.5)
        assert opening.find_open("anna") == [app]
        fault.release.set()
        await ended(newest(emulator))
        await until_closed(opening, "anna")
        assert opening.find_open("") != []
        listed = await call(anna, "list_interactions")
        assert newest(emulator).id in text_of(listed)
        assert opening.find_open("anna") != [app]
        assert text_of(waiting)


async def test_who_listens_is_kept_open(settings: Settings) -> None:
    async with placed(settings, replace(FAST, tenant_idle=0.01, lease=0.03)) as place:
        opening = place.server._opening  # pyright: ignore[reportPrivateUsage]
        async with place.client("anna") as anna, anna.listen(resources_list_changed=True):
            await anyio.sleep(0.3)
            assert opening.find_open("anna")
        await until_closed(opening, "anna")


async def test_other_limits_hold_from_the_next_call(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        await call(anna, "start_research", prompt="Bicycles")
        place.tokens.principals["anna"] = replace(ANNA, runs_per_day=1)
        assert "limit" in await complaint(anna, "start_research", prompt="Cars")
        place.tokens.principals["anna"] = replace(ANNA, runs_per_day=2)
        await call(anna, "start_research", prompt="Cars")
    assert len(emulator.creates) == 2


async def test_the_limits_of_a_principal_are_beside_those_of_the_server(settings: Settings) -> None:
    ours = settings.model_copy(update={"runs_per_day": 5})
    limits = make_limits(ours, replace(ANNA, runs_per_day=3, micros_per_day=7))
    assert (limits.runs_per_day, limits.own_runs_per_day, limits.own_micros_per_day) == (5, 3, 7)


async def test_an_own_key_is_used_and_not_shown(
    settings: Settings,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = "invalid-key-of-anna-5e1f"
    (tmp_path / "key").write_text(f"{key}\n", encoding="utf-8")
    monkeypatch.setenv("BERTAS_KEY", "valid-key-of-berta-77")
    tokens = Tokens(
        [
            replace(ANNA, key_reference=f"file:{tmp_path / 'key'}"),
            replace(BERTA, key_reference="env:BERTAS_KEY"),
            Principal("carla", remote=True, key_reference="env:NO_SUCH_NAME"),
            Principal("dora", remote=True),
        ]
    )
    async with placed(settings, tokens=tokens) as place:
        async with place.client("anna") as anna:
            rejected = await complaint(anna, "gemini_ask", prompt="?")
            assert "Google rejected the API key" in rejected
            # Not the server's, which is set elsewhere.
            assert "the key that was set for you alone" in rejected
            assert "GEMINI_API_KEY" not in rejected
            assert key not in text_of(await anna.call_tool("read_interaction", {"interaction_id": key}))
        async with place.client("carla") as carla:
            assert "cannot be read" in await complaint(carla, "gemini_ask", prompt="?")
            with pytest.raises(MCPError, match="cannot be read"):
                await carla.list_resources()
        unreadable = [record for record in caplog.records if "of carla" in record.getMessage()]
        assert [(each.levelname, each.getMessage()) for each in unreadable] == [
            (
                "WARNING",
                "The API key of carla cannot be read: env:NO_SUCH_NAME: this variable is not set where the server runs",
            )
        ]
        monkeypatch.setenv("NO_SUCH_NAME", "valid-key-of-carla-77")
        async with place.client("carla") as carla:
            id_of(await call(carla, "gemini_ask", prompt="?"))
        assert "The API key of carla can be read again" in caplog.text
        async with place.client("dora") as dora, place.client("berta") as berta:
            asked = id_of(await call(dora, "gemini_ask", prompt="?"))
            assert "There is no such" in await complaint(dora, "read_interaction", interaction_id="v1_other")
            # Nobody knows whether others have the same key.
            assert "There is no such" in await complaint(berta, "read_interaction", interaction_id=asked)


async def test_stores_of_one_name_are_each_ones_own(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        for each in (anna, berta, anna):
            await call(each, "manage_store", action="create", store="Notes")
        first, second = emulator.stores.stores
        assert first in text_of(await call(anna, "manage_store", action="list"))
        assert second in text_of(await call(berta, "manage_store", action="list"))
        await call(berta, "gemini_ask", prompt="?", tools=[f"file_search:{second}"])
        await call(berta, "manage_store", action="delete", store="Notes")
        assert list(emulator.stores.stores) == [first]
        assert "no file search stores" in text_of(await call(berta, "manage_store", action="list"))


async def test_an_uploaded_file_is_shared_with_nobody(settings: Settings, emulator: Emulator) -> None:
    (mapped := settings.allowed_dirs[0] / "mapped").mkdir()
    (mapped / "note.txt").write_text("The same for both. " * 200, encoding="utf-8")
    open_to = settings.model_copy(update={"mapped_dirs": (("docs", mapped),), "inline_bytes": 10})
    async with placed(open_to) as place, place.client("anna") as anna, place.client("berta") as berta:
        for each in (anna, berta, berta):
            await call(each, "analyze_file", prompt="?", files=["docs/note.txt"])
        names = list(emulator.files.files)
        assert len(names) == 2
        await call(berta, "analyze_file", prompt="?", files=[names[1]])
        assert "no file" in await complaint(berta, "analyze_file", prompt="?", files=[names[0]])
        for source in ("docs/../note.txt", "docs//etc/passwd", "other/note.txt", "docs"):
            assert await berta.call_tool("analyze_file", {"prompt": "?", "files": [source]})
        assert "closed" in await complaint(berta, "analyze_file", prompt="?", files=["docs/../../a.txt"])


async def test_files_of_principals_are_in_folders_of_their_own(settings: Settings) -> None:
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        for each in (anna, berta):
            await call(each, "generate_image", prompt="A red bicycle")
    folders = {each.rsplit("/", 1)[0] for each in files_of(settings.output_dir)}
    assert folders == {f"principals/{name_principal_folder(name)}" for name in ("anna", "berta")}


def test_folder_names_are_plain_and_different() -> None:
    names = [name_principal_folder(name) for name in ("a", "A", "a/b", "a-b", "../../etc", "日本", "x" * 128)]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.isascii() and "/" not in name and not name.startswith(".") and len(name) < 60 for name in names)


async def test_an_end_on_one_server_wakes_who_waits_on_another(settings: Settings, emulator: Emulator) -> None:
    heard, since = list[float](), list[float]()
    async with (
        placed(settings) as first,
        placed(settings, UNHURRIED) as second,
        first.client("anna") as there,
        second.client("anna") as here,
    ):
        emulator.faults.append(fault := Fault("create", "hold"))
        begun = id_of(await call(there, "start_research", prompt="Bicycles"))
        async with here.listen(resource_subscriptions=[f"gemini://interactions/{begun}"]) as told:

            async def wait() -> None:
                result = await call(here, "check_research", interaction_id=begun, wait_seconds=30)
                heard.append(anyio.current_time())
                assert "completed" in text_of(result)

            async def listen() -> None:
                await anext(told)
                heard.append(anyio.current_time())

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                tasks.start_soon(listen)
                await anyio.sleep(0.3)
                fault.release.set()
                await until_completed(settings, ANNA, begun)
                since.append(anyio.current_time())
                journal = Journal(settings.database_url, principal="anna")
                row = await journal.find(begun)
                await journal.close()
                assert row
                opening = second.server._opening  # pyright: ignore[reportPrivateUsage]
                await opening.hear(Notice("anna", row.label, begun, settled=True))
    assert max(heard) - since[0] < 0.5


async def test_notices_that_were_missed_wake_all(settings: Settings) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        await call(anna, "gemini_ask", prompt="?")
        opening = place.server._opening  # pyright: ignore[reportPrivateUsage]
        await opening.hear(Notice())
        await opening.hear(Notice("nobody", "label", "v1_x", settled=True))
        await call(anna, "list_interactions")


async def test_an_answer_is_taken_by_any_server_and_once(settings: Settings, emulator: Emulator) -> None:
    asking = settings.model_copy(update={"confirm": Confirmation(0)})
    async with (
        placed(asking) as first,
        placed(asking) as second,
        first.client("anna", asked=nobody, tasks=True) as there,
        second.client("anna", asked=nobody, tasks=True) as here,
        second.client("berta", asked=nobody, tasks=True) as other,
    ):
        question = await round_of(there, "gemini_ask")
        state = question["requestState"]
        with pytest.raises(MCPError, match="requestState"):
            await round_of(other, "gemini_ask", "accept", state)
        answers: list[Json] = []

        async def answer(client: Client) -> None:
            answers.append(await round_of(client, "gemini_ask", "accept", state))

        async with anyio.create_task_group() as tasks:
            for client in (there, here, there, here):
                tasks.start_soon(answer, client)
        assert len(emulator.creates) == 1
        assert sum("requestState" in each for each in answers) == 3


async def nobody(context: object, params: object) -> Any:
    """A user who is asked by calls alone."""
    raise AssertionError(f"asked {params} of {context}")


async def test_listeners_of_one_do_not_take_the_place_of_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_LISTENERS", 1)
    async with (
        placed(settings) as place,
        place.client("anna") as anna,
        place.client("berta") as berta,
        anna.listen(resources_list_changed=True),
        berta.listen(resources_list_changed=True),
    ):
        for each in (anna, berta):
            with pytest.raises(MCPError):
                async with each.listen(resources_list_changed=True):
                    pass


async def test_a_saved_file_is_opened_for_its_principal(settings: Settings) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        drawn = id_of(await call(anna, "generate_image", prompt="A red bicycle"))
        (path,) = files_of(settings.output_dir)
        name = path.rsplit("/", 1)[1]
        file, stream = await place.server.open_saved_file(drawn, name, ANNA)
        with stream:
            assert len(stream.read()) == file.bytes
        for stranger in (BERTA, OWNER):
            with pytest.raises(FileRefusedError):
                await place.server.open_saved_file(drawn, name, stranger)


async def test_accounts_of_uploads_are_of_one_principal(settings: Settings) -> None:
    assert len({hash_account(settings), hash_account(settings, ANNA), hash_account(settings, BERTA)}) == 3


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("files/abc", "files/abc"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", "files/abc"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc:download?alt=media", "itself"),
        ("http://user@GENERATIVELANGUAGE.googleapis.com:80/files/abc", "itself"),
        ("https://generativelanguage.googleapis.com./x", "itself"),
        ("https://generativelanguage\u3002googleapis\u3002com/v1/files/a", "itself"),
        ("https://\uff47enerativelanguage.googleapis.com/v1/files/a", "itself"),
        ("https://generativelanguage%2Egoogleapis.com/v1/files/a", "itself"),
        ("https://eu-generativelanguage.googleapis.com/v1/files/a", "itself"),
        ("https://generativelanguage.mtls.googleapis.com/v1/files/a", "itself"),
        ("https://storage.googleapis.com/bucket/a.png", None),
        ("https://example.com/generativelanguage.googleapis.com", None),
        ("gemini://interactions/v1_a", None),
        ("https://[bad", None),
    ],
)
def test_addresses_of_the_files_api_are_known_in_any_spelling(source: str, name: str | None) -> None:
    assert find_api_file(source) == (source if name == "itself" else name)


def test_a_remote_source_is_an_address_or_in_a_mapped_folder(tmp_path: Path) -> None:
    boundary = Boundary((tmp_path,), tmp_path, closed=True, mapped={"docs": tmp_path})
    assert find_remote_source("https://a.org/b", boundary) == "https://a.org/b"
    assert find_remote_source("'docs/a b.txt'", boundary) == "docs/a b.txt"
    assert boundary.locate("docs/a b.txt") == tmp_path / "a b.txt"
    for source in ("docs/../x", "docs//etc/passwd", "/etc/passwd", "docs2/x", "file:///etc/passwd", "."):
        with pytest.raises(FileRefusedError, match="closed"):
            find_remote_source(source, boundary)


def test_mapped_folders_have_names(tmp_path: Path) -> None:
    environment = SettingsEnvironment({}, tmp_path, None)
    assert parse_mapped_dirs(environment, None) == ()
    assert parse_mapped_dirs(environment, f"a={tmp_path}; b = ~ ") == (("a", tmp_path), ("b", tmp_path))
    for text in ("/no/name", "a/b=/x", "a=", f"a={tmp_path};a=/x", "..=/x"):
        with pytest.raises(ConfigurationError):
            parse_mapped_dirs(environment, text)


def test_a_key_is_read_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" k1\n", encoding="utf-8")
    (tmp_path / "bad").write_bytes(b"\xff")
    assert read_key_reference("env:A", {"A": " k2 "}).get_secret_value() == "k2"
    assert read_key_reference(f"file:{tmp_path / 'key'}").get_secret_value() == "k1"
    (tmp_path / "spaced").write_text("a canary", encoding="utf-8")
    (tmp_path / "empty").touch()
    reasons = {
        "env:B": "env:B: this variable is not set where the server runs",
        "env:": "env:: this variable is not set where the server runs",
        f"file:{tmp_path / 'none'}": f"file:{tmp_path / 'none'}: No such file or directory",
        f"file:{tmp_path}": f"file:{tmp_path}: Is a directory",
        f"file:{tmp_path / 'bad'}": f"file:{tmp_path / 'bad'}: it is not a text in UTF-8",
        f"file:{tmp_path / 'empty'}": f"file:{tmp_path / 'empty'}: the file is empty",
        f"file:{tmp_path / 'spaced'}": f"file:{tmp_path / 'spaced'}: there is a space or another character in it that "
        "no key has",
        "file:key": "its reference is neither env:NAME nor file:/path",
        "k3-canary": "its reference is neither env:NAME nor file:/path",
    }
    for reference, reason in reasons.items():
        with pytest.raises(KeyUnreadableError, match="Tell its administrator") as caught:
            read_key_reference(reference, {})
        if sys.platform != "win32":  # which has other words for errors
            assert caught.value.reason == reason
        assert str(tmp_path) not in str(caught.value)
        assert "canary" not in caught.value.reason


async def test_a_principal_that_cannot_be_opened_is_told_why_in_one_error(settings: Settings) -> None:
    tenants: Tenants[AppContext] = Tenants(lambda _: False, FAST)

    def refuse(_: object) -> AppContext:
        raise ConfigurationError("An extra is missing.")

    async with anyio.create_task_group() as tasks:
        with pytest.raises(ConfigurationError, match="An extra"):
            await tenants.open(tasks, ANNA, refuse)


@asynccontextmanager
async def database(url: str) -> AsyncGenerator[Any]:
    opened = journals.open_database(url)
    try:
        yield opened
    finally:
        await opened.close()


async def test_a_name_is_held_by_one(journal_url: str) -> None:
    async with database(journal_url) as opened:
        anna, berta = Holdings(opened, "anna"), Holdings(opened, "berta")
        assert await anna.hold("store", "a")
        assert not await berta.hold("store", "a")
        assert not await anna.hold("store", "a")
        assert await berta.hold("file", "a")
        assert (await anna.holds("store", "a"), await berta.holds("store", "a")) == (True, False)
        await berta.drop("store", "a")
        assert (await anna.list_names("store"), await berta.list_names("store")) == (["a"], [])
        await anna.drop("store", "a")
        assert await berta.hold("store", "a")
        taken: list[bool] = []

        async def redeem(holdings: Holdings) -> None:
            taken.append(await holdings.redeem("ticket"))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(redeem, anna)
        assert sorted(taken) == [False] * 4 + [True]


async def test_a_secret_is_the_same_for_all_servers(journal_url: str) -> None:
    async with database(journal_url) as first, database(journal_url) as second:
        assert await share_secret(first, "a") == await share_secret(second, "a") != await share_secret(first, "b")


async def test_a_principal_is_as_its_row_says(journal_url: str) -> None:
    async with database(journal_url) as opened:
        row = {
            "name": "anna",
            "micros_per_day": 5,
            "runs_per_day": 2,
            "key_reference": "env:A",
            "created_at": "2026-03-01T12:00:00.000000+00:00",
        }
        await opened.write(PRINCIPALS.insert(), row)
        tokens = AccessTokens(opened)
        found = await tokens.find_principal("anna")
        assert found is not None
        assert build_principal(found) == Principal(
            "anna", frozenset(), remote=True, micros_per_day=5, runs_per_day=2, key_reference="env:A"
        )
        assert await tokens.find_principal("berta") is None
        assert await list_unfinished_principals(opened) == []


class Journalless:
    """A server whose journal cannot be read at first."""

    def __init__(self, *outcomes: bytes | GeminiMCPError) -> None:
        self._outcomes = list(outcomes)

    async def __call__(self, name: str) -> bytes:
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, GeminiMCPError):
            raise outcome
        return outcome + name.encode()


async def test_a_state_is_sealed_once_the_key_is_known() -> None:
    codec = SharedStateCodec(Journalless(JournalError("locked"), bytes(32)))
    await codec.prepare()
    with pytest.raises(RuntimeError):
        codec.seal(b"x")
    with pytest.raises(InvalidRequestState):
        codec.unseal("x")
    await codec.prepare()
    await codec.prepare()
    assert codec.unseal(codec.seal(b"x")) == b"x"


async def test_tending_outlives_what_fails(caplog: pytest.LogCaptureFixture) -> None:
    tenants: Tenants[AppContext] = Tenants(lambda _: False, replace(FAST, lease=0.03))
    outcomes: list[list[str] | Exception] = [RuntimeError("a bug"), JournalError("locked"), ["anna", "berta"]]
    opened: list[str] = []

    async def find() -> list[str]:
        outcome = outcomes.pop(0) if outcomes else []
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def open_named(name: str) -> None:
        opened.append(name)
        if name == "anna":
            raise KeyMissingError("no key")

    with anyio.move_on_after(0.2):
        await tenants.tend(find, open_named)
    assert opened == ["anna", "berta"]
    assert "no key" in caplog.text


async def test_a_journal_that_cannot_be_read_is_not_an_unknown_id(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        asked = id_of(await call(anna, "gemini_ask", prompt="?"))

        async def fail(*_: object, **__: object) -> None:
            raise JournalError("The journal is locked.")

        monkeypatch.setattr(Journal, "find", fail)
        for given in (asked, "v1_other"):
            assert "locked" in await complaint(anna, "read_interaction", interaction_id=given)


async def test_a_sandbox_of_a_row_of_ones_own_may_be_named(settings: Settings, emulator: Emulator) -> None:
    agent = "antigravity-preview-09-2026"
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        first = id_of(await call(anna, "start_research", prompt="A task", agent=agent))
        await call(anna, "check_research", interaction_id=first, wait_seconds=20)
        (environment,) = set(emulator.environments)
        again = {"prompt": "Another", "agent": agent, "environment": environment}
        assert "There is no sandbox" in await complaint(berta, "start_research", **again)
        await call(anna, "start_research", **again)
        await call(berta, "start_research", **again | {"environment": "remote"})
