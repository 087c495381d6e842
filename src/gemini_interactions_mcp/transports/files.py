"""Routes by which files leave and reach this server over HTTP, beside MCP; a signed address is all that is needed."""

from collections.abc import AsyncIterator
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gemini_interactions_mcp import files
from gemini_interactions_mcp.core import GeminiMCPError, logger
from gemini_interactions_mcp.server import Server

from .viewer_answers import FileAnswer, JsonAnswer

TRANSFER_SECONDS: Final = 600.0
"""Time for a client to send a file; as long as a transfer counts as going on."""

PAUSE_SECONDS: Final = 60.0
"""Time that a client may pause while it sends: one that has gone without a word keeps nobody from sending anew."""

PRIVATE_HEADERS: Final = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


class FileRoutes:
    """Answers the requests for files.

    Args:
        server: Opens and receives them.
        seconds: Time for a client to send a file.
        pause: Time for which it may send nothing meanwhile.
    """

    def __init__(self, server: Server, seconds: float, pause: float) -> None:
        self._server = server
        self._seconds = seconds
        self._pause = pause

    async def read(self, request: Request) -> Response:
        """Answer with a saved file, or a range of it; all that leads nowhere is answered alike."""
        try:
            found = await self._server.open_linked_file(request.path_params["token"])
        except GeminiMCPError as exc:
            logger.warning("A linked file cannot be read: %s", exc)
            return refuse_transfer(503, "The file cannot be read now; try again later.")
        if found is None:
            return refuse_transfer(404, "There is no such file, or its address has expired.")
        file, stream = found
        # Ranges are of GET only (https://www.rfc-editor.org/rfc/rfc9110#section-14.2).
        answer = FileAnswer(file, stream, request.headers if request.method == "GET" else Headers())
        answer.headers.update(PRIVATE_HEADERS)
        return answer

    async def receive(self, request: Request) -> Response:
        """Receive a file, and answer with its handle."""
        try:
            length = read_length(request.headers)
            with anyio.fail_after(self._seconds):
                content = read_steadily(request, self._pause)
                file = await self._server.receive_file(request.path_params["token"], length, content)
        except files.TransferError as exc:
            return refuse_transfer(exc.status, str(exc))
        except TimeoutError:
            return refuse_transfer(408, "The file took too long; send it again, or in smaller parts.")
        except ClientDisconnect:
            return Response(status_code=400)
        except GeminiMCPError as exc:
            logger.warning("A file cannot be received: %s", exc)
            return refuse_transfer(503, "The file cannot be kept now; send it again later.")
        told = {"handle": f"gemini://uploads/{file.id}", "bytes": file.bytes, "mime_type": file.mime_type}
        return JsonAnswer(told, 201, headers=PRIVATE_HEADERS)


def build_file_routes(server: Server, seconds: float = TRANSFER_SECONDS, pause: float = PAUSE_SECONDS) -> list[Route]:
    """Return the routes of files: reading needs a signed address, and so does sending."""
    routes = FileRoutes(server, seconds, pause)
    return [
        Route("/files/{token}", routes.read, methods=["GET"]),
        Route("/uploads/{token}", routes.receive, methods=["PUT"]),
    ]


async def read_steadily(request: Request, pause: float) -> AsyncIterator[bytes]:
    """Yield the content of a request as it comes.

    Raises:
        TimeoutError: The client has paused for too long.
        ClientDisconnect: It has gone.
    """
    chunks = request.stream()
    while True:
        with anyio.fail_after(pause):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


def read_length(headers: Headers) -> int | None:
    """Return the size that a request says it has.

    Raises:
        TransferError: It has none, or comes compressed.
    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise files.TransferError(415, "The file must be sent as it is, without Content-Encoding.")
    length = headers.get("content-length")
    if length is not None and not (length.isascii() and length.isdecimal()):
        raise files.TransferError(400, "Content-Length is not a number.")
    return None if length is None else int(length)


def refuse_transfer(status: int, message: str) -> Response:
    """Return an answer that is an error, in one sentence."""
    return JsonAnswer({"error": message}, status, headers=PRIVATE_HEADERS)
