"""Downloads of generated files: whole or from an offset, redirected, and broken by faults."""

import base64
import re
from collections.abc import AsyncGenerator

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Scope

from .doubts import Doubts
from .events import abort_transport
from .faults import Fault
from .files import EmulatedFile, EmulatedFiles, describe_denied_file
from .protocol import JsonDict, ensure_objects, ensure_text, make_grpc_refusal

RANGE_PATTERN = re.compile(r"bytes=(\d+)-")
GENERATED_URI_PATTERN = re.compile(r"/(files/[^/:]+):download")
SENT_BYTES = 2**18
REDIRECTED_PREFIX = "/download"


def send_generated_file(request: Request, file: EmulatedFile, doubts: Doubts, fault: Fault | None) -> Response:
    """Return the response to a download.

    Raises:
        RefusalError: It was uploaded and not generated, or is not shown yet.
    """
    if file.content is None:
        raise make_grpc_refusal(400, "Only generated files can be downloaded.")
    file.downloads += 1
    if file.downloads <= doubts.late_files:
        raise make_grpc_refusal(403, describe_denied_file(file.name.removeprefix("files/")))
    if doubts.redirected_downloads and not request.url.path.startswith(REDIRECTED_PREFIX):
        return RedirectResponse(str(request.url.replace(path=REDIRECTED_PREFIX + request.url.path)), 302)
    found = RANGE_PATTERN.fullmatch(request.headers.get("range", "")) if doubts.ranges else None
    start = int(found[1]) if found else 0
    if start >= file.size_bytes:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size_bytes}"})
    headers = {"Content-Length": str(file.size_bytes - start)}
    if doubts.ranges:
        headers |= {"Accept-Ranges": "bytes", "ETag": f'"{file.sha256.hex()}"'}
    if found:
        headers["Content-Range"] = f"bytes {start}-{file.size_bytes - 1}/{file.size_bytes}"
    parts = iterate_parts(request.scope, file, start, fault)
    return StreamingResponse(parts, 206 if found else 200, headers, file.mime_type)


async def iterate_parts(scope: Scope, file: EmulatedFile, start: int, fault: Fault | None) -> AsyncGenerator[bytes]:
    """Yield a file from an offset; a `cut` closes the socket after a number of bytes."""
    end = min(file.size_bytes, start + fault.after) if fault else file.size_bytes
    for offset in range(start, end, SENT_BYTES):
        yield file.read(offset, min(SENT_BYTES, end - offset))
    if fault:
        fault.reached.set()
        abort_transport(scope)
        # The server cancels the response once it has noticed.
        await anyio.sleep_forever()


def inline_media(step: JsonDict, files: EmulatedFiles) -> JsonDict:
    """Return a step with the content of generated files in place of their addresses."""
    contents = [_inline_part(part, files) for part in ensure_objects(step.get("content"))]
    return {**step, "content": contents} if contents else step


def _inline_part(part: JsonDict, files: EmulatedFiles) -> JsonDict:
    found = GENERATED_URI_PATTERN.search(ensure_text(part.get("uri")))
    content = files.files[found[1]].content if found and found[1] in files.files else None
    if content is None:
        return part
    named = {key: value for key, value in part.items() if key != "uri"}
    return {**named, "data": base64.b64encode(content).decode()}
