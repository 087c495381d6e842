"""The server as a host runs it: a subprocess, spoken to in raw JSON-RPC over its pipes."""

import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import ByteReceiveStream, Process

from conftest import KEY

MODERN: Final = "2026-07-28"
HANDSHAKES: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
SERVE: Final = (sys.executable, "-m", "gemini_interactions_mcp")
PATIENCE: Final = 90.0
"""Seconds after which a subprocess that says nothing has failed; never what is tested."""

Json = dict[str, Any]


def environment(folder: Path, url: str | None, *, measured: bool = False, **changes: str | None) -> dict[str, str]:
    """The whole environment of a subprocess: nothing of the user's, everything below `folder`.

    Args:
        folder: Of the test.
        url: Of the API.
        measured: Whether coverage measures it, which makes its start twice as long.
        changes: Other variables; None unsets one.
    """
    (home := folder / "home").mkdir(exist_ok=True)
    (folder / "files").mkdir(exist_ok=True)
    needed = ("PATH", "SYSTEMROOT", "GEMINI_MCP_GREETING", *(("COVERED", "PYTHONPATH") if measured else ()))
    inherited: dict[str, str | None] = {name: os.environ.get(name) for name in needed}
    ours: dict[str, str | None] = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_MCP_ALLOWED_DIRS": str(folder / "files"),
        "GEMINI_MCP_OUTPUT_DIR": str(folder / "output"),
        "GEMINI_MCP_DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'journal.sqlite3').as_posix()}",
        "GEMINI_MCP_WAIT_SECONDS": "20",
    }
    return {name: value for name, value in (inherited | ours | changes).items() if value is not None}


def journal(folder: Path) -> dict[str | None, str]:
    """Status by interaction id, read by something else than the server."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as database:
        return dict(database.execute("select interaction_id, status from interactions"))


def let_leases_run_out(folder: Path) -> None:
    """As if a minute had passed since a server was killed, which said until then that it follows these rows."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as database, database:
        database.execute("update interactions set owned_until = '2000-01-01T00:00:00.000000+00:00'")


class Wired:
    """A running server and what it has said so far.

    Attributes:
        stdout: Every line that it has written, without the line's end.
        stderr: Everything that it has logged.
        requests: How many it has been sent.
    """

    def __init__(self, process: Process, stdin: int) -> None:
        self.process = process
        self.stdout: list[bytes] = []
        self.stderr = b""
        self.version = ""
        self._stdin = stdin
        self.requests = 0
        self._rest = b""
        self._messages: list[Json] = []
        self._open = sum(stream is not None for stream in (process.stdout, process.stderr))
        self._moved = anyio.Event()

    # Writing --------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Put bytes on its stdin."""
        os.write(self._stdin, data)

    def notify(self, method: str, **params: object) -> None:
        self.write(line(method, None, self._enveloped(params)))

    def request(self, method: str, **params: object) -> int:
        """Send a request and return its id."""
        self.requests += 1
        self.write(line(method, self.requests, self._enveloped(params)))
        return self.requests

    def _enveloped(self, params: Mapping[str, object]) -> Json:
        return {**params, **(envelope() if self.version == MODERN else {})}

    def hang_up(self) -> None:
        """Close its stdin, as a host does that ends."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    # Reading --------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Json]:
        """Every line of stdout, parsed."""
        self._messages += [json.loads(each) for each in self.stdout[len(self._messages) :]]
        return self._messages

    def nothing_else_on_stdout(self) -> bool:
        """Whether every line of stdout is JSON-RPC, and there is nothing after the last."""
        assert not self._rest, self._rest
        return all(message["jsonrpc"] == "2.0" for message in self.messages)

    def answers(self, request_id: int) -> list[Json]:
        """The answers to a request that have come so far."""
        return [each for each in self.messages if each.get("id") == request_id and "method" not in each]

    async def answer(self, request_id: int) -> Json:
        """Wait for the answer to a request."""
        await self.until(lambda: bool(self.answers(request_id)))
        return self.answers(request_id)[0]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until what it has written makes something true."""
        with anyio.fail_after(PATIENCE):
            while not happened():
                assert self._open, f"it ended before that; stderr: {self.stderr.decode(errors='replace')}"
                await self._moved.wait()

    async def hear(self, stream: ByteReceiveStream, take: Callable[[bytes], None]) -> None:
        """Take in a stream until its end."""
        async for chunk in stream:
            take(chunk)
            self._move()
        self._open -= 1
        self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()

    def take_stdout(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self.stdout += whole

    def take_stderr(self, chunk: bytes) -> None:
        self.stderr += chunk

    # A host's steps -------------------------------------------------------------------------------------

    async def open(self, version: str) -> Json:
        """Open the connection in that revision of the protocol and return the answer's result."""
        self.version = version
        if version == MODERN:
            return await self.result("server/discover")
        result = await self.result("initialize", **hello(version))
        self.notify("notifications/initialized")
        return result

    async def result(self, method: str, **params: object) -> Json:
        """The result of a request that is answered without an error."""
        answer = await self.answer(self.request(method, **params))
        assert "result" in answer, answer
        return answer["result"]

    async def call(self, name: str, **arguments: object) -> Json:
        """Call a tool and return its result."""
        return await self.result("tools/call", name=name, arguments=arguments)

    async def said(self, name: str, **arguments: object) -> str:
        """Call a tool and return the text of its result."""
        return text_of(await self.call(name, **arguments))

    async def ended(self) -> int:
        """Wait for it to end, and return its exit status."""
        with anyio.fail_after(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def wired(
    env: Mapping[str, str],
    *arguments: str,
    queued: bytes = b"",
    stdout: int = subprocess.PIPE,
    cwd: Path | None = None,
    script: str | None = None,
    blocking: bool = True,
) -> AsyncGenerator[Wired]:
    """Start the server, and leave none behind; afterwards all of its stdout was JSON-RPC, and its stderr without key.

    Args:
        env: Its environment; see `environment`.
        arguments: Its command line.
        queued: Is on its stdin before it starts.
        stdout: A file descriptor in place of a pipe that is read.
        cwd: Its working directory.
        script: Of a shell that starts it as "$@".
        blocking: Whether its stdin blocks.
    """
    reading, writing = os.pipe()
    os.write(writing, queued)
    os.set_blocking(reading, blocking)
    shell = ["sh", "-c", script, "sh"] if script else []
    process = await anyio.open_process([*shell, *SERVE, *arguments], stdin=reading, stdout=stdout, env=env, cwd=cwd)
    os.close(reading)
    server = Wired(process, writing)
    try:
        async with anyio.create_task_group() as tasks:
            if process.stdout is not None:
                tasks.start_soon(server.hear, process.stdout, server.take_stdout)
            assert process.stderr is not None
            tasks.start_soon(server.hear, process.stderr, server.take_stderr)
            try:
                yield server
                server.hang_up()
                await server.ended()
            finally:
                server.hang_up()
                with anyio.CancelScope(shield=True), suppress(ProcessLookupError):
                    process.kill()
                    await process.wait()
    finally:
        with anyio.CancelScope(shield=True):
            await process.aclose()
    assert server.nothing_else_on_stdout()
    assert KEY.encode() not in server.stderr


async def command(env: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """Run the command line to its end: exit status, stdout and stderr."""
    with anyio.fail_after(PATIENCE):
        done = await anyio.run_process([*SERVE, *arguments], check=False, stdin=subprocess.DEVNULL, env=env, cwd=cwd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def line(method: str, request_id: int | None = None, params: Mapping[str, object] | None = None) -> bytes:
    """A message as it goes over the pipe; without an id it is a notification."""
    named = {} if request_id is None else {"id": request_id}
    return json.dumps({"jsonrpc": "2.0", **named, "method": method, "params": params or {}}).encode() + b"\n"


def hello(version: str) -> Json:
    """The parameters of initialize."""
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}}


def envelope(**capabilities: object) -> Json:
    """What every request of 2026-07-28 carries."""
    prefix = "io.modelcontextprotocol"
    return {"_meta": {f"{prefix}/protocolVersion": MODERN, f"{prefix}/clientCapabilities": capabilities}}


def text_of(result: Json) -> str:
    """All text of a tool's result."""
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


HOOK: Final = """
import os, signal, subprocess, sys, threading, warnings

class Hook:
    def find_spec(self, name, path=None, target=None):
        if name in {modules!r}:
{code}

sys.meta_path.insert(0, Hook())
"""


def at_import(folder: Path, modules: tuple[str, ...], code: str) -> dict[str, str]:
    """Environment in which `code` runs in the server when it begins to import one of the modules."""
    (site := folder / "site").mkdir()
    hook = HOOK.format(modules=modules, code=textwrap.indent(textwrap.dedent(code), " " * 12))
    (site / "sitecustomize.py").write_text(hook, encoding="utf-8")
    return {"PYTHONPATH": str(site)}
