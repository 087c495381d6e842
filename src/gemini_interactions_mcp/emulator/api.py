"""HTTP endpoints of the API, and what every exchange has in common: recording, keys, refusals, faults."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from .delivery import REDIRECTED_PREFIX, inline_media, send_generated_file
from .doubts import Doubts, move_delay_to_message
from .environment_endpoints import EnvironmentEndpoints
from .events import DroppedResponse, HalfResponse, make_error_stream, stream_log
from .faults import Fault, FaultPoint, take_fault
from .files import EmulatedUpload
from .interactions import EmulatedInteraction, represent_interaction, summarize_interaction
from .protocol import (
    EMULATED_AGENTS,
    EMULATED_MODELS,
    NOT_RESUMED_MESSAGE,
    JsonDict,
    RefusalError,
    ensure_object,
    is_object,
    make_grpc_body,
    make_grpc_refusal,
    make_refusal,
)
from .sound import CUSTOM_VOICES, VOICES
from .state import Emulator, RecordedRequest
from .store_endpoints import StoreEndpoints
from .validation import check_api_key

# Larger bodies are parsed in a worker thread, because parsing takes more than some milliseconds.
PARSE_IN_THREAD_BYTES = 256 * 1024
# https://developers.google.com/photos/library/guides/resumable-uploads describes the same protocol.
UPLOAD_GRANULARITY_HEADERS = {"X-Goog-Upload-Chunk-Granularity": "262144"}
STORE_UPLOAD_ACTION = ":uploadToFileSearchStore"
RequestHandler = Callable[[Request], Awaitable[Response]]


def make_application(emulator: Emulator) -> Starlette:
    """Return the emulator as an ASGI application; only `serve_emulator` can run it."""
    api = _Endpoints(emulator)
    sandboxes = EnvironmentEndpoints(emulator)
    interaction, file = "/v1/interactions/{interaction_id}", "/v1/files/{name}"
    generated = ("/v1beta/files/{name}", f"{REDIRECTED_PREFIX}/v1beta/files/{{name}}")
    sandbox_file = "/environments/{environment_id}/files/{path:path}"
    return Starlette(
        routes=[
            Route("/v1/interactions", api.create, methods=["POST"]),
            Route(interaction, api.get, methods=["GET"]),
            Route(interaction, api.bind("delete", api.delete), methods=["DELETE"]),
            Route(f"{interaction}/cancel", api.bind("cancel", api.cancel), methods=["POST"]),
            Route("/upload/v1/files", api.upload, methods=["POST"]),
            Route("/upload/{version}/fileSearchStores/{target}", api.upload, methods=["POST"]),
            *StoreEndpoints(emulator.stores).make_routes(partial(api.bind, "store")),
            Route("/v1/files", api.bind("file", api.list_files), methods=["GET"]),
            *(Route(path, api.bind("file", api.get_file), methods=["GET"]) for path in (file, *generated)),
            Route(file, api.bind("file", api.delete_file), methods=["DELETE"]),
            Route("/upload/{version}" + sandbox_file, api.bind("upload", sandboxes.start_upload), methods=["PUT"]),
            Route("/v1/environments", api.bind("file", sandboxes.create), methods=["POST"]),
            Route("/v1" + sandbox_file, api.bind("file", sandboxes.list_files)),
            Route("/v1/environments/{environment_id}", api.bind("file", sandboxes.get), methods=["GET"]),
            Route("/v1/environments/{environment_id}", api.bind("file", sandboxes.delete), methods=["DELETE"]),
            Route("/grounding-api-redirect/{number}", api.redirect, methods=["GET", "HEAD"]),
            Route("/{version}/voices", api.bind("file", api.list_voices), methods=["GET"]),
            Route("/v1/models", api.bind("model", api.list_models), methods=["GET"]),
            Route("/v1/models/{model}", api.bind("model", api.get_model), methods=["GET"]),
            Route("/v1/agents/{agent}", api.bind("model", api.get_agent), methods=["GET"]),
        ],
        exception_handlers={404: api.refuse_path, 405: api.refuse_path},
    )


class _Endpoints:
    """The endpoints; `create`, `get` and `upload` inspect a request before its exchange, the others do not."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def bind(self, point: FaultPoint, handle: RequestHandler) -> RequestHandler:
        """Return an endpoint whose requests are all of one kind."""

        async def endpoint(request: Request) -> Response:
            return await self._exchange(request, (point,), handle)

        return endpoint

    async def refuse_path(self, request: Request, _: Exception) -> Response:
        """Record and refuse a request that no other endpoint serves."""
        self.emulator.requests.append(_record_request(request, None))
        return JSONResponse(make_grpc_body(404, f"{request.method} {request.url.path} does not exist."), 404)

    async def create(self, request: Request) -> Response:
        """Start an interaction."""
        raw = await request.body()
        body = await _parse_body(raw)
        streams = ensure_object(body).get("stream") is True
        points: tuple[FaultPoint, ...] = ("create", "stream") if streams else ("create",)
        return await self._exchange(request, points, partial(self._create, body=body, raw=raw), raw, body)

    async def _create(self, request: Request, *, body: object, raw: bytes) -> Response:
        if len(raw) > self.emulator.max_body_bytes:
            limit = self.emulator.max_body_bytes
            raise make_refusal(400, f"Request payload size exceeds the limit: {limit} bytes.")
        if not is_object(body):
            raise make_refusal(400, "Invalid JSON payload received.")
        interaction = await self.emulator.create(ensure_object(body), raw, str(request.base_url))
        if interaction.body.get("stream"):
            fault = take_fault(self.emulator.faults, "stream", ("stream",), raw)
            response = stream_log(request, interaction.read_first_event, 0, fault)
            if interaction.bare:
                response.body_iterator = self._forget_when_dropped(interaction, response.body_iterator)
            return response
        if not interaction.background:
            await interaction.finished.wait()
        return JSONResponse(represent_interaction(interaction), headers=_make_tier_headers(interaction))

    async def _forget_when_dropped(
        self, interaction: EmulatedInteraction, frames: AsyncIterable[Any]
    ) -> AsyncGenerator[Any]:
        """Pass on the stream of an interaction that does not outlive its stream."""
        try:
            async for frame in frames:
                yield frame
        finally:
            if not interaction.finished.is_set():
                self.emulator.forget(interaction)

    async def get(self, request: Request) -> Response:
        """Return an interaction, or stream its events."""
        if request.query_params.get("stream") == "true":
            return await self._exchange(request, ("resume",), self._resume)
        return await self._exchange(request, ("get",), self._get)

    async def _get(self, request: Request) -> Response:
        interaction = self.emulator.read(_decode_parameter(request, "interaction_id"))
        include_input = request.query_params.get("include_input") == "true"
        fields = represent_interaction(interaction, whole=True, include_input=include_input)
        if self.emulator.doubts.inline_reads:
            fields = {**fields, "steps": [inline_media(step, self.emulator.files) for step in fields.get("steps", [])]}
        if take_fault(self.emulator.faults, "run", ("get",), _encode_path(request)):
            fields.pop("usage", None)
        if interaction.finished.is_set() and interaction.history.count_bare_read():
            fields = {key: value for key, value in fields.items() if key not in ("steps", "usage")}
        return JSONResponse(fields, headers=_make_tier_headers(interaction))

    async def _resume(self, request: Request) -> Response:
        interaction = self.emulator.find(_decode_parameter(request, "interaction_id"))
        if interaction.bare:
            raise make_refusal(400, NOT_RESUMED_MESSAGE)
        last = request.query_params.get("last_event_id", "e-1").removeprefix("e")
        if last != "-1" and not (last.isdecimal() and int(last) < len(interaction.events)):
            raise make_refusal(400, "Invalid value for 'last_event_id'.")
        fault = take_fault(self.emulator.faults, "stream", ("resume",), _encode_path(request))
        return stream_log(request, interaction.read_event, int(last) + 1, fault)

    async def cancel(self, request: Request) -> Response:
        """Cancel a background interaction."""
        return JSONResponse(summarize_interaction(self.emulator.cancel(_decode_parameter(request, "interaction_id"))))

    async def delete(self, request: Request) -> Response:
        """Delete an interaction."""
        self.emulator.delete(_decode_parameter(request, "interaction_id"))
        return JSONResponse({})

    async def upload(self, request: Request) -> Response:
        """Start, continue, query or finish an upload."""
        if "upload_id" in request.query_params:
            return await self._exchange(request, ("upload",), self._continue_upload, keyless=True)
        body = await _parse_body(await request.body())
        return await self._exchange(request, ("upload",), partial(self._start_upload, body=body), body=body)

    async def _start_upload(self, request: Request, *, body: object) -> Response:
        mime_type = request.headers.get("x-goog-upload-header-content-type", "")
        size = request.headers.get("x-goog-upload-header-content-length", "")
        if target := request.path_params.get("target", ""):
            store = f"fileSearchStores/{target.removesuffix(STORE_UPLOAD_ACTION)}"
            upload_id = self.emulator.stores.start(store, ensure_object(body), mime_type, size)
        else:
            upload_id = self.emulator.files.start(ensure_object(body), mime_type, size)
        url = f"{str(request.base_url).rstrip('/')}{request.url.path}?upload_id={upload_id}&upload_protocol=resumable"
        return Response(
            headers={"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active", **UPLOAD_GRANULARITY_HEADERS}
        )

    async def _continue_upload(self, request: Request) -> Response:
        upload_id = request.query_params["upload_id"]
        files = self.emulator.stores if "target" in request.path_params else self.emulator.files
        commands = {part.strip() for part in request.headers.get("x-goog-upload-command", "").split(",")}
        if not commands <= {"query", "upload", "finalize"}:
            raise make_grpc_refusal(400, "Unknown upload command.")
        if commands == {"query"} and upload_id in files.finished:
            return Response(headers={"X-Goog-Upload-Status": "final"})
        upload = files.find_upload(upload_id)
        if "upload" in commands:
            if request.headers.get("x-goog-upload-offset") != str(upload.received):
                raise make_grpc_refusal(400, f"Wrong offset: {upload.received} bytes were received.")
            fault = take_fault(self.emulator.faults, "stream", ("upload",), _encode_path(request))
            if not await _receive_chunk(request, upload, fault):
                return DroppedResponse()
        if "finalize" in commands:
            return JSONResponse(self._finish_upload(upload_id, request), headers={"X-Goog-Upload-Status": "final"})
        received = {"X-Goog-Upload-Size-Received": str(upload.received)}
        return Response(headers={"X-Goog-Upload-Status": "active", **received})

    def _finish_upload(self, upload_id: str, request: Request) -> JsonDict:
        if "target" in request.path_params:
            return self.emulator.stores.finish(upload_id)
        return {"file": self.emulator.files.finish(upload_id).represent(str(request.base_url))}

    async def list_voices(self, request: Request) -> Response:
        """Return a page of the voices."""
        size = min(int(request.query_params.get("page_size") or request.query_params.get("pageSize") or 50), 100)
        first = int(request.query_params.get("page_token") or request.query_params.get("pageToken") or 0)
        every = [{"id": name, "type": "prebuilt", "display_name": name} for name in VOICES]
        every += [{"id": name, "type": "prompted", "language_code": "en-US"} for name in CUSTOM_VOICES]
        following = {"next_page_token": str(first + size)} if first + size < len(every) else {}
        return JSONResponse({"voices": every[first : first + size], **following})

    async def list_files(self, request: Request) -> Response:
        """Return a page of the files."""
        # 10 by default, 100 at most: https://ai.google.dev/api/files
        size = min(int(request.query_params.get("pageSize", "10")), 100)
        start = int(request.query_params.get("pageToken", "0"))
        files = list(self.emulator.files.files.values())
        page = [file.represent(str(request.base_url)) for file in files[start : start + size]]
        after: JsonDict = {"nextPageToken": str(start + size)} if start + size < len(files) else {}
        return JSONResponse({"files": page, **after})

    async def get_file(self, request: Request) -> Response:
        """Return or download a file."""
        name, _, action = request.path_params["name"].partition(":")
        file = self.emulator.files.get(f"files/{name}")
        if action != "download":
            return JSONResponse(file.represent(str(request.base_url)))
        fault = take_fault(self.emulator.faults, "stream", ("file",), _encode_path(request))
        return send_generated_file(request, file, self.emulator.doubts, fault)

    async def delete_file(self, request: Request) -> Response:
        """Delete a file."""
        name, _, _ = request.path_params["name"].partition(":")
        file = self.emulator.files.get(f"files/{name}")
        del self.emulator.files.files[file.name]
        return JSONResponse({})

    async def redirect(self, request: Request) -> Response:
        """Redirect a link of a report, as Google's do; needs no key."""
        self.emulator.requests.append(_record_request(request, None))
        number = request.path_params["number"]
        place = self.emulator.redirects.get(number, f"https://example.com/emulated/source/{number}")
        return Response(status_code=302, headers={"Location": place})

    async def list_models(self, _: Request) -> Response:
        """Return all models."""
        return JSONResponse({"models": [describe_model(model) for model in EMULATED_MODELS]})

    async def get_model(self, request: Request) -> Response:
        """Return a model."""
        model = request.path_params["model"]
        if model not in EMULATED_MODELS:
            raise make_grpc_refusal(404, f"models/{model} is not found for API version v1.")
        return JSONResponse(describe_model(model))

    async def get_agent(self, request: Request) -> Response:
        """Return an agent: google-genai 3.6.1, `Agent`."""
        agent = request.path_params["agent"]
        if agent not in EMULATED_AGENTS:
            raise make_grpc_refusal(404, f"agents/{agent} is not found.")
        return JSONResponse({"id": agent, "description": f"{agent} (emulated)"})

    async def _exchange(
        self,
        request: Request,
        points: tuple[FaultPoint, ...],
        handle: RequestHandler,
        raw: bytes = b"",
        body: object = None,
        *,
        keyless: bool = False,
    ) -> Response:
        """Record and handle a request, unless a fault strikes first."""
        self.emulator.requests.append(_record_request(request, body))
        fault = take_fault(self.emulator.faults, "http", points, _encode_path(request) + raw)
        if fault is not None and fault.kind in ("http", "drop"):
            return _respond_instead(fault, self.emulator.doubts)
        try:
            if not keyless:
                check_api_key(request.headers.get("x-goog-api-key") or request.query_params.get("key", ""))
            response = await handle(request)
        except RefusalError as refusal:
            response = self._refuse(refusal, points, keyless=keyless)
        return response if fault is None else await _respond_after(fault, response)

    def _refuse(self, refusal: RefusalError, points: tuple[FaultPoint, ...], *, keyless: bool) -> Response:
        """Return a refusal as a status, or as a stream if that was requested; the front end always uses a status."""
        streams = self.emulator.doubts.streamed_refusals and {"stream", "resume"} & set(points)
        # The front end, which checks keys, has the gRPC shape.
        if streams and "status" not in refusal.body["error"]:
            return make_error_stream(refusal.body)
        # Without the upload status, the client would retry for seconds.
        headers = {"X-Goog-Upload-Status": "final"} if keyless else {}
        return JSONResponse(refusal.body, refusal.status, headers)


async def _receive_chunk(request: Request, upload: EmulatedUpload, fault: Fault | None) -> bool:
    """Receive a chunk; return False if a fault has cut it."""
    end = upload.received + fault.after if fault else upload.size_bytes + 1
    async for part in request.stream():
        upload.receive(part[: end - upload.received])
        if upload.received >= end:
            return False
    return True


async def _respond_after(fault: Fault, response: Response) -> Response:
    """Return the response of a fault to a request that was processed."""
    fault.reached.set()
    if fault.kind == "drop_taken":
        return DroppedResponse()
    if fault.kind == "half":
        # A stream has no body yet, so nothing of it is sent.
        return HalfResponse(getattr(response, "body", b""), response.status_code, dict(response.headers))
    await fault.release.wait()
    return response


def _respond_instead(fault: Fault, doubts: Doubts) -> Response:
    """Return the response of a fault in place of processing the request."""
    fault.reached.set()
    if fault.kind == "drop":
        return DroppedResponse()
    headers, body = fault.headers, fault.make_body()
    if isinstance(body, bytes):
        return Response(body, fault.http_status, headers)
    if fault.http_status == 429 and doubts.retry_delay == "message":
        headers, body = move_delay_to_message(headers, body)
    if isinstance(body, str):
        return HTMLResponse(body, fault.http_status, headers)
    return JSONResponse(body, fault.http_status, headers)


async def _parse_body(raw: bytes) -> object:
    """Parse a body as JSON; None if it is not JSON."""
    try:
        if len(raw) > PARSE_IN_THREAD_BYTES:
            return await run_sync(json.loads, raw)
        return json.loads(raw)
    except ValueError:
        return None


def _record_request(request: Request, body: object) -> RecordedRequest:
    headers = {key: value for key, value in request.headers.items() if key != "x-goog-api-key"}
    query = {key: value for key, value in request.query_params.items() if key != "key"}
    return RecordedRequest(request.method, request.url.path, query, headers, body)


def _decode_parameter(request: Request, parameter: str) -> str:
    """Return a decoded parameter of the path, which is matched undecoded because an id may contain a slash."""
    return unquote(request.path_params[parameter])


def _encode_path(request: Request) -> bytes:
    return f"{request.url.path}\n".encode()


def _make_tier_headers(interaction: EmulatedInteraction) -> dict[str, str]:
    return {"x-gemini-service-tier": str(interaction.body.get("service_tier", "standard"))}


def describe_model(model: str) -> JsonDict:
    """Return a model as an entry of `GET /v1/models`.

    Token limits: https://ai.google.dev/gemini-api/docs/models (those of Gemini 3 Flash, for every model).
    """
    return {
        "name": f"models/{model}",
        "displayName": f"{model} (emulated)",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["createInteraction"],
    }
