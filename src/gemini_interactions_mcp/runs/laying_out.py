"""Lays out documents in a process of their own.

The parsers of Markdown, of fonts and of XML hold Python's lock for up to a tenth of a second at a time, and Typst takes
up to half a gigabyte. In another process, the event loop goes on, the memory is given back, and a call that is
cancelled ends the work.
"""

import functools
import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import BinaryIO, Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import ConfigurationError, GeminiMCPError, encode_utf8, logger
from gemini_interactions_mcp.models import Paper, PaperPicture
from gemini_interactions_mcp.output import printing
from gemini_interactions_mcp.text import exports, webpage

COMMAND: Final = ("-m", "gemini_interactions_mcp.runs.laying_out")


async def lay_out_apart(
    export: exports.Export, pictures: Mapping[str, PaperPicture], form: str, seconds: float
) -> printing.Printed:
    """Return a document that another process has laid out in some seconds at most.

    Raises:
        ConfigurationError: It cannot be laid out, or not in time.
    """
    order = await anyio.to_thread.run_sync(pickle.dumps, (export, dict(pictures), form))
    try:
        with anyio.fail_after(seconds):
            done = await anyio.run_process([sys.executable, *COMMAND], input=order, check=False)
    except TimeoutError:
        raise ConfigurationError(f"Laying out the document takes more than {seconds:g} seconds.") from None
    except OSError as exc:
        logger.warning("No process can be started to lay out a document, so this one does it: %s", exc)
        work = functools.partial(lay_out, export, pictures, form)
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
    return read_reply(done)


def read_reply(done: subprocess.CompletedProcess[bytes]) -> printing.Printed:
    """Return the document that the other process has written.

    Raises:
        ConfigurationError: It has written none.
    """
    if done.returncode:
        logger.error("Laying out a document has failed: %s", done.stderr.decode(errors="replace"))
        raise ConfigurationError("The document cannot be laid out; the server's log says why. Other formats may do.")
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
    printed = printing.print_paper(Paper(export.title, blocks, pictures), form)
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
