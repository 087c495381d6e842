"""Starts this server as a host does, and asks it for its tools. Nothing is sent to Google, and nothing is kept."""

import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

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


async def try_start(launch: Launch, env: Mapping[str, str], cwd: Path, timing: Timing) -> StartedServer:
    """Start a server, ask for its tools, and end it.

    Raises:
        ServerStartError: It does not start, does not answer, or ends.
    """
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "stderr").open("w+", encoding="utf-8") as errors:
        parameters = StdioServerParameters(
            command=launch.command[0],
            args=list(launch.command[1:]),
            env=make_harmless(env, Path(folder)),
            cwd=launch.cwd or cwd,
            encoding_error_handler="replace",
        )
        try:
            with anyio.fail_after(timing.host_start):
                return await ask_for_tools(parameters, errors)
        except TimeoutError:
            raise ServerStartError(f"it has not answered within {timing.host_start:.0f} seconds") from None
        except OSError as exc:
            raise ServerStartError(describe_start_error(launch, exc)) from None
        except MCPError:
            raise ServerStartError(f"it ends before it answers{quote_last_line(errors)}") from None


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
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


def describe_start_error(launch: Launch, exc: OSError) -> str:
    """Return why a command cannot be started."""
    if isinstance(exc, FileNotFoundError):
        where = "" if Path(launch.command[0]).is_absolute() else f" on the PATH that {launch.host.title} has"
        return f"there is no {make_printable(name_command(launch.command))}{where}"
    return f"{make_printable(name_command(launch.command))} cannot be started: {exc.strerror or type(exc).__name__}"


def quote_last_line(errors: IO[str]) -> str:
    """Return the last line that a server has written to stderr."""
    errors.seek(0)
    lines = [line for line in errors.read()[-10_000:].splitlines() if line.strip()]
    return f": {clip_line(lines[-1])}" if lines else ""
