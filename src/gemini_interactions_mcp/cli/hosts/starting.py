"""Starts this server as a host does, and asks it for its tools. Nothing is sent to Google, and nothing is kept."""

import logging
import os
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Final, NamedTuple, Self, cast

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from gemini_interactions_mcp.core import InputError, Timing, clip_line, make_printable

from .launches import Launch, name_command
from .table import KEY_NAMES

NOWHERE: Final = "http://127.0.0.1:9"
"""Where nothing listens, in place of Google: the port of the discard protocol."""
LEFT_OUT: Final = ("_PROXY", "OTEL_EXPORTER_", "GEMINI_MCP_OUTPUT_URL", "GEMINI_MCP_LOG_LEVEL")
"""Parts of the names of variables that a start is tried without: what they name would be spoken to."""

KEPT_BYTES: Final = 10_000
"""Of what a server writes to stderr; it may write without end."""
ERROR_LINE: Final = re.compile(r"error\b", re.IGNORECASE)
HINT_LINE: Final = re.compile(r"hint\b", re.IGNORECASE)
"""uv and pip write both: the error, then its causes, indented, and hints."""
TAIL_SECONDS: Final = 1
"""How long its end is waited for, which what a server has left running holds open."""


class ServerStartError(InputError):
    """A server does not start as a host starts it."""


class StartedServer(NamedTuple):
    """What a server has answered.

    Attributes:
        version: Its version.
        tools: How many tools it has.
        seconds: How long that took.
    """

    version: str
    tools: int
    seconds: float


class ErrorTail:
    """Takes what a server writes to stderr, and keeps the end of it.

    Attributes:
        file: For the server to write to.
        kept: The end, at most `KEPT_BYTES` long.
    """

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        self.file = os.fdopen(writer, "w", encoding="utf-8")
        self.kept = b""
        self._thread = Thread(target=self._drain, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _drain(self) -> None:
        while chunk := os.read(self._reader, 65_536):
            self.kept = (self.kept + chunk)[-KEPT_BYTES:]
        os.close(self._reader)

    def quote_cause(self) -> str:
        """Return the line that tells why the server has ended, once it has."""
        self.file.close()
        self._thread.join(TAIL_SECONDS)
        line = find_cause(self.kept.decode(errors="replace"))
        return f": {line}" if line else ""


def find_cause(text: str) -> str:
    """Return the last line that begins with `error`, else the last that is no hint; empty if there is none. Pure."""
    lines = [line for line in map(clip_line, text.splitlines()) if line]
    errors = [line for line in lines if ERROR_LINE.match(line)]
    others = [line for line in lines if not HINT_LINE.match(line)]
    return next(reversed(errors or others or lines), "")


async def try_start(launch: Launch, env: Mapping[str, str], cwd: Path, timing: Timing) -> StartedServer:
    """Start a server, ask for its tools, and end it.

    Raises:
        ServerStartError: It does not start, does not answer, or ends.
    """
    with tempfile.TemporaryDirectory() as folder, ErrorTail() as errors:
        parameters = StdioServerParameters(
            command=launch.command[0],
            args=list(launch.command[1:]),
            env=make_harmless(env, Path(folder)),
            cwd=launch.cwd or cwd,
            encoding_error_handler="replace",
        )
        try:
            with anyio.fail_after(timing.host_start):
                return await ask_for_tools(parameters, errors.file)
        except TimeoutError:
            raise ServerStartError(f"it has not answered within {timing.host_start:.0f} seconds") from None
        except OSError as exc:
            raise ServerStartError(describe_start_error(launch, exc)) from None
        except MCPError:
            raise ServerStartError(f"it ends before it answers{errors.quote_cause()}") from None


async def ask_for_tools(parameters: StdioServerParameters, errors: IO[str]) -> StartedServer:
    """Start a server, and return what it says of itself.

    Raises:
        OSError: It cannot be started.
        MCPError: It ends.
    """
    before = time.monotonic()
    async with connect_server(parameters, errors) as client:
        tools = len((await client.list_tools()).tools)
        version = client.server_info.version if client.server_info else "unknown"
        return StartedServer(version, tools, time.monotonic() - before)


@asynccontextmanager
async def connect_server(parameters: StdioServerParameters, errors: IO[str]) -> AsyncGenerator[Client]:
    """Yield a client of a server.

    Raises:
        OSError: It cannot be started.
        MCPError: It ends.
    """
    try:
        async with Client(stdio_client(parameters, errlog=errors)) as client:  # pyright: ignore[reportArgumentType]
            yield client
    except BaseExceptionGroup as group:
        # One task fails first; the others are cancelled.
        found = next((each for each in iter_errors(group) if isinstance(each, (OSError, MCPError))), None)
        if found is None:
            raise
        raise found from group


def iter_errors(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, or those of a group and of groups within it."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for each in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from iter_errors(each)


def make_harmless(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return variables with which a server reaches nothing, has no key and leaves nothing behind."""
    kept = {name: value for name, value in env.items() if not any(part in name.upper() for part in LEFT_OUT)}
    keys = {name: "unused" for name in KEY_NAMES if name in kept}
    return (
        kept
        | keys
        | {
            "GOOGLE_GEMINI_BASE_URL": NOWHERE,
            "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
            # A greeting comes from a file, even where the packages that the server needs are gone.
            "GEMINI_MCP_GREETING": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


def describe_start_error(launch: Launch, exc: OSError) -> str:
    """Return why a command cannot be started."""
    if isinstance(exc, FileNotFoundError):
        where = "" if Path(launch.command[0]).is_absolute() else f" on the PATH that {launch.host.title} has"
        return f"there is no {make_printable(name_command(launch.command))}{where}"
    return f"{make_printable(name_command(launch.command))} cannot be started: {exc.strerror or type(exc).__name__}"


@contextmanager
def silence_client() -> Generator[None]:
    """Keep the client of MCP from logging: it quotes all that a server writes and that is no MCP."""
    client = logging.getLogger("mcp")
    level = client.level
    client.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        client.setLevel(level)
