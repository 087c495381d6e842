"""Lays out documents in a process of their own.

The parsers of Markdown, of fonts and of XML hold Python's lock for up to a tenth of a second at a time, and Typst takes
up to half a gigabyte. In another process, the event loop goes on, the memory is given back, and a call that is
cancelled ends the work.

The process imports nothing from the directory that the server was started in, which may be anybody's project, and is
told none of the server's settings. What it writes is in a folder that this process removes, however the other one ends.
"""

import contextlib
import functools
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import BinaryIO, Final

import anyio
import anyio.to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream

from gemini_interactions_mcp.core import ConfigurationError, GeminiMCPError, encode_utf8, logger
from gemini_interactions_mcp.models import Paper, PaperPicture
from gemini_interactions_mcp.output import printing
from gemini_interactions_mcp.settings import make_child_environment
from gemini_interactions_mcp.text import exports, webpage

COMMAND: Final = ("-m", "gemini_interactions_mcp.runs.laying_out")

SAFE_PATH: Final = "-P"
"""Keeps the current directory out of `sys.path` (docs.python.org/3/using/cmdline.html#cmdoption-P)."""

FOLDER_PREFIX: Final = "gemini-export-"

UNUSED_FOLDER_SECONDS: Final = 3_600
"""Age after which no process still uses a folder."""


async def lay_out_apart(
    export: exports.Export, pictures: Mapping[str, PaperPicture], form: str, seconds: float
) -> printing.Printed:
    """Return a document that another process has laid out in some seconds at most.

    Raises:
        ConfigurationError: It cannot be laid out, or not in time.
    """
    work = functools.partial(lay_out, export, pictures, form)
    order = await anyio.to_thread.run_sync(pickle.dumps, (export, dict(pictures), form))
    try:
        with anyio.fail_after(seconds):
            done = await run_apart(order)
            if done is None:
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    except TimeoutError:
        raise ConfigurationError(
            f"Laying out the document takes more than {seconds:g} seconds, for which few hosts wait. Nothing was "
            'written; save_as="md" lays nothing out.'
        ) from None
    return await anyio.to_thread.run_sync(read_reply, done)


async def run_apart(order: bytes) -> CompletedProcess[bytes] | None:
    """Return what another process has made of an order; None if no process can be started.

    Raises:
        ConfigurationError: There is no folder for temporary files.
    """
    async with open_scratch_folder() as folder:
        if not sys.executable:
            logger.warning("Where Python is cannot be told, so this process lays out a document")
            return None
        command = [sys.executable, SAFE_PATH, *COMMAND]
        try:
            return await run_process(command, order, folder)
        except OSError as exc:
            logger.warning("No process can be started to lay out a document, so this one does it: %s", exc)
            return None


async def run_process(command: list[str], order: bytes, folder: Path) -> CompletedProcess[bytes]:
    """Run a command in a folder, with an order as its input; cancellation ends it.

    As `anyio.run_process`, which fails without the output where a process ends before it has read its input.

    Raises:
        OSError: It cannot be started.
    """
    said, complained = bytearray(), bytearray()
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    process = await anyio.open_process(command, cwd=folder, env=make_child_environment(folder), creationflags=flags)
    async with process, anyio.create_task_group() as tasks:
        tasks.start_soon(send_order, order, process.stdin)
        tasks.start_soon(receive_reply, process.stdout, said)
        tasks.start_soon(receive_reply, process.stderr, complained)
        await process.wait()
    return CompletedProcess(command, await process.wait(), bytes(said), bytes(complained))


async def send_order(order: bytes, stream: ByteSendStream | None) -> None:
    """Send an order to a process, which may end before it has read it."""
    if stream is not None:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            await stream.send(order)
            await stream.aclose()


async def receive_reply(stream: ByteReceiveStream | None, reply: bytearray) -> None:
    """Append to a reply what a process writes, up to its end."""
    if stream is not None:
        async for piece in stream:
            reply += piece


@contextlib.asynccontextmanager
async def open_scratch_folder() -> AsyncGenerator[Path]:
    """Yield a new folder for the files of another process, and remove it with all that is in it.

    Raises:
        ConfigurationError: There is no folder for temporary files.
    """
    folders: list[Path] = []
    with anyio.CancelScope(shield=True):
        folders.append(await anyio.to_thread.run_sync(make_scratch_folder))
    try:
        yield folders[0]
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(functools.partial(shutil.rmtree, folders[0], ignore_errors=True))


def make_scratch_folder() -> Path:
    """Return a new folder for temporary files, and remove those that a server has left that was killed. Blocks.

    Raises:
        ConfigurationError: None can be made.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX)).absolute()
    except OSError as exc:
        raise ConfigurationError(
            f"The document cannot be laid out without a folder for temporary files: {exc.strerror or exc}. "
            'Nothing was written; save_as="md" needs none.'
        ) from exc
    for other in folder.parent.glob(f"{FOLDER_PREFIX}*"):
        if is_abandoned(other):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def is_abandoned(folder: Path) -> bool:
    """Whether a folder of this user's servers is in use no longer."""
    with contextlib.suppress(OSError):
        status = folder.lstat()
        mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        return mine and status.st_mtime < time.time() - UNUSED_FOLDER_SECONDS
    return False


def read_reply(done: CompletedProcess[bytes]) -> printing.Printed:
    """Return the document that the other process has written.

    Raises:
        ConfigurationError: It has written none.
    """
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        logger.error("Laying out a document has failed with status %s: %s", done.returncode, told)
        why = "the server's log says why"
        if done.returncode < 0:
            why = f"its process was ended by signal {-done.returncode}, perhaps for want of memory"
        raise ConfigurationError(f"The document cannot be laid out; {why}. Other formats may do.")
    # From our own process, which nothing but our own objects are in.
    reply: printing.Printed | str = pickle.loads(done.stdout)  # noqa: S301 - see above
    if isinstance(reply, str):
        raise ConfigurationError(reply)
    return reply


def lay_out(export: exports.Export, pictures: Mapping[str, PaperPicture], form: str) -> printing.Printed:
    """Return a document. Blocks.

    Raises:
        ConfigurationError: It cannot be laid out.
    """
    if form == "html":
        return printing.Printed(encode_utf8(webpage.render_webpage(export, pictures)))
    blocks = exports.build_blocks(export, pictures, form)
    try:
        printed = printing.print_paper(Paper(export.title, blocks, pictures), form)
    except OSError as exc:
        raise ConfigurationError(f"The document cannot be laid out: {exc.strerror or exc}.") from exc
    cut = exports.PARTS_BLOCK in blocks
    return printed._replace(notes=(*([exports.PARTS_LEFT_OUT] if cut else []), *printed.notes))


def serve_order(order: BinaryIO, reply: BinaryIO) -> None:
    """Lay out the document that is ordered, and reply with it or with what is wrong."""
    try:
        made: printing.Printed | str = lay_out(*pickle.load(order))  # noqa: S301 - from our own process
    except GeminiMCPError as exc:
        made = str(exc)
    pickle.dump(made, reply)
    reply.flush()


if __name__ == "__main__":
    serve_order(sys.stdin.buffer, sys.stdout.buffer)
