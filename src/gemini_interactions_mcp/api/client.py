"""The client for the Interactions and Files APIs: every call under the retry rule, in this package's models and errors.

Imported with the first call, since google-genai takes 0.8 s.
"""

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import httpx2
from google import genai
from google.genai import types

from gemini_interactions_mcp.core import (
    DEFAULT_TIMING,
    NetworkError,
    Redactor,
    Timing,
    lenient,
    offload_if_large,
)
from gemini_interactions_mcp.models import (
    KINDS,
    BytesSentCallback,
    CatalogFile,
    Event,
    Interaction,
    Request,
    SandboxFile,
    UploadedFile,
    UploadSource,
    VoiceDescription,
    defaults,
    is_settled,
)
from gemini_interactions_mcp.settings import Settings

from .access import ApiAccess
from .calls import NO_CALLER, Call, Caller
from .exchange import Exchange, make_unnamed_error, track_exchange
from .requests import build_create_arguments, encode_environment_path, encode_path_segment
from .responses import parse_interaction, parse_voices_page
from .resumable_upload import ResumableUpload
from .retry import SentResult, send_with_retries
from .sandbox_requests import get_named_environment
from .sandbox_service import SandboxService
from .sdk import convert_setup_errors, get_usable_key, make_sdk_client, make_sdk_http_client
from .stores import StoreService
from .streams import listen_to_stream, open_known_stream, open_new_stream
from .uploaded_files import check_processed, parse_file

UNREADY_FILE_STATES: Final = (None, types.FileState.PROCESSING)
"""States of an uploaded file that may not be usable yet."""

MAX_VOICES: Final = 1_000
"""Maximum number of voices read."""

VOICES_PER_PAGE: Final = 100
"""Voices asked for at once."""

ListedT = TypeVar("ListedT")


class Gemini:
    """Client for the Interactions and Files APIs, with one SDK client for the life of the process.

    Args:
        settings: Key, base URL, models and secrets. Problems with them are raised by the first call.
        timing: Deadlines and back-offs.
        catalogs: Names the successors of models that no longer exist.

    Attributes:
        sandboxes: The environments of managed agents.
    """

    def __init__(
        self, settings: Settings, timing: Timing = DEFAULT_TIMING, catalogs: CatalogFile | None = None
    ) -> None:
        self._settings = settings
        self._timing = timing
        self._catalogs = catalogs or CatalogFile()
        self._redact = Redactor(settings.secrets)
        self._http: httpx2.AsyncClient | None = None
        self._client: genai.Client | None = None
        self._transfer: ResumableUpload | None = None
        self._opening = anyio.Lock()
        access = ApiAccess(self._open, self.sender, self._send, self._about, self._read_pages)
        self.sandboxes = SandboxService(access, timing)
        self.stores = StoreService(access, self._redact, timing)

    async def prepare(self) -> None:
        """Make the SDK client; nothing is sent.

        Raises:
            KeyMissingError: There is no API key.
            ConfigurationError: A setting or the environment prevents it.
        """
        await self._open()

    async def create(self, request: Request, *, background: bool, caller: Caller = NO_CALLER) -> Interaction:
        """Start an interaction; returns at once in the background, else when the interaction has ended.

        Raises:
            OutcomeUnknownError: Google may or may not have taken it.
            GeminiMCPError: It failed in a way listed in `error_mapping`, and was certainly not taken.
        """
        api = (await self._interactions()).with_streaming_response
        arguments = build_create_arguments(request, background=background, stream=False)
        call = self._call(request, background=background, caller=caller)
        return await self._start(call, lambda exchange: receive_created_interaction(api.create(**arguments), exchange))

    @asynccontextmanager
    async def stream(
        self, request: Request, *, background: bool, caller: Caller = NO_CALLER
    ) -> AsyncGenerator[AsyncIterator[Event]]:
        """Start an interaction and yield its events; a background interaction outlives the stream.

        The context is entered once the interaction is named or answers. Afterwards the stream may end at any time
        without an error: the outcome is what `get` returns.

        Raises:
            GeminiMCPError: On entering, as `create`; afterwards, a NetworkError if the stream drops.
        """
        api = (await self._interactions()).with_raw_response
        arguments = build_create_arguments(request, background=background, stream=True)
        call = self._call(request, background=background, caller=caller)
        opened = await self._start(
            call, lambda exchange: open_new_stream(api.create(**arguments), exchange, call, self._timing.hang_up)
        )
        async with listen_to_stream(opened) as heard:
            yield heard

    @asynccontextmanager
    async def resume(self, interaction_id: str, last_event_id: str | None) -> AsyncGenerator[AsyncIterator[Event]]:
        """Yield the events after `last_event_id`, or all events if it is None.

        Raises:
            GeminiMCPError: The stream cannot be resumed, or drops.
        """
        segment = encode_path_segment(interaction_id)
        api = (await self._interactions()).with_raw_response
        since = {"last_event_id": last_event_id} if last_event_id else {}
        call = self._about(interaction_id=interaction_id, reading=True)
        opened = await self._send(
            call,
            lambda exchange: open_known_stream(
                api.get(segment, stream=True, **since), exchange, call, self._timing.hang_up
            ),
        )
        async with listen_to_stream(opened) as heard:
            yield heard

    async def get(self, interaction_id: str) -> Interaction:
        """Read an interaction, including its input.

        Raises:
            InteractionNotFoundError: Google has no such interaction; a new one may take minutes to appear.
            GeminiMCPError: It could not be read.
        """
        segment = encode_path_segment(interaction_id)
        api = (await self._interactions()).with_streaming_response
        call = self._about(interaction_id=interaction_id, reading=True)
        return await self._send(
            call, lambda exchange: receive_interaction(api.get(segment, include_input=True), exchange)
        )

    async def cancel(self, interaction_id: str) -> Interaction:
        """Cancel a running background interaction; the returned status may lag.

        Raises:
            GeminiMCPError: It was not cancelled; 403 has been seen for interactions that can be read.
        """
        segment = encode_path_segment(interaction_id)
        api = (await self._interactions()).with_streaming_response
        call = self._about(interaction_id=interaction_id)
        return await self._send(call, lambda exchange: receive_interaction(api.cancel(segment), exchange))

    async def delete(self, interaction_id: str) -> None:
        """Delete an interaction at Google; this does not stop a running one.

        Raises:
            GeminiMCPError: It was not deleted, or did not exist.
        """
        segment = encode_path_segment(interaction_id)
        api = await self._interactions()
        await self._send(self._about(interaction_id=interaction_id), lambda _: api.delete(segment))

    async def upload(
        self,
        source: UploadSource,
        size: int,
        mime_type: str,
        name: str,
        moved: BytesSentCallback,
        announce: Callable[[str], Awaitable[object]] | None = None,
    ) -> UploadedFile:
        """Upload a file and wait until it can be used. Uploads are free, so they are resumed after failures.

        Args:
            source: The content; read from its start.
            size: Size in bytes.
            mime_type: MIME type, as the API names it.
            name: Display name.
            moved: Called with the number of bytes sent so far.
            announce: Called with the name of the file before anything is sent.

        Raises:
            GeminiMCPError: Google refused the file, or could not process it.
        """
        # Named here, so that the file is found even if only the last response is lost.
        resource = {"name": f"files/{uuid.uuid4().hex}", "display_name": name[:512]}
        transfer = await self.sender()
        if announce:
            await announce(resource["name"])
        # The upload URL must not be redacted; `ResumableUpload` redacts the errors.
        address = await self._send(Call(), lambda _: transfer.start(resource, size, mime_type))
        with track_exchange(self._about()), anyio.fail_after(self._timing.upload):
            sent = self._redact(await transfer.send(address, source, size, moved))
            file = parse_file(sent)
        with anyio.move_on_after(self._timing.processing):
            return check_processed(await self._processed(file, resource["name"]), name)
        raise NetworkError(f"Google has been processing {name} for half an hour. Try again later, or a shorter file.")

    async def _processed(self, file: types.File, name: str) -> types.File:
        """Return the file once it is no longer processed."""
        files = (await self._open()).aio.files
        delay = self._timing.first_processing_poll
        while file.state in UNREADY_FILE_STATES:
            file = await self._send(self._about(file=name), lambda _: files.get(name=name))
            if file.state in UNREADY_FILE_STATES:
                await anyio.sleep(delay)
                delay = min(delay * 1.5, self._timing.slowest_processing_poll)
        return file

    async def environment_files(self, environment_id: str, path: str) -> list[SandboxFile]:
        """List the files below a folder of an agent's environment, from all pages of the list.

        Raises:
            GeminiMCPError: The list could not be read.
        """
        return await self.sandboxes.list(environment_id, path)

    async def voices(self) -> list[VoiceDescription]:
        """List the voices of the speech models, which is free.

        Raises:
            GeminiMCPError: They could not be listed.
        """
        listing: Any = (await self._open()).aio.voices.with_streaming_response
        fetch = partial(listing.list, page_size=VOICES_PER_PAGE)
        return await self._read_pages(self._about(), fetch, parse_voices_page, MAX_VOICES)

    async def _read_pages(
        self, call: Call, fetch: Callable[..., Any], parse: Callable[[object], list[ListedT]], most: int
    ) -> list[ListedT]:
        """Return what the pages of a list have, until the last page, or the one that has the entry number `most`."""
        found: list[ListedT] = []
        token: str | None = None
        while len(found) < most:
            page = await self._send(
                call, lambda exchange, token=token: read_json_response(fetch(page_token=token), exchange)
            )
            found += parse(page)
            token = lenient.get_text(lenient.coerce_object(page).get("next_page_token"))
            if token is None:
                break
        return found

    async def download_environment_file(self, environment_id: str, path: str) -> bytes:
        """Return the redacted content of a file in an agent's environment.

        Raises:
            GeminiMCPError: It could not be read.
        """
        files = (await self._open()).aio.environments.files
        environment, place = encode_path_segment(environment_id), encode_environment_path(path)
        content = await self._send(
            self._about(file=path, environment_id=environment_id),
            lambda _: files.download(environment=environment, path=place),
        )
        return await anyio.to_thread.run_sync(self._redact.content, content)

    async def mime_type(self, name: str) -> str:
        """Return the MIME type of an uploaded file (`files/abc`); empty if Google does not know it.

        Raises:
            GeminiMCPError: The file does not exist, or no longer, or could not be looked up.
        """
        files = (await self._open()).aio.files
        found = await self._send(self._about(file=name), lambda _: files.get(name=name))
        return found.mime_type or ""

    async def check(self) -> str:
        """Look up the default model, which is free, and return its name.

        Raises:
            GeminiMCPError: The key or the network does not work, or the model does not exist.
        """
        return await self.look_up_model(self._catalogs.current.resolve(self._settings.model), defaults.DEFAULT_MODEL)

    async def look_up_model(self, model: str, default: str | None = None) -> str:
        """Look up a model, which is free, and return its name; `default` is what to use where it does not exist.

        Raises:
            ModelNotFoundError: The model does not exist.
            GeminiMCPError: It could not be looked up.
        """
        models = (await self._open()).aio.models
        found = await self._send(self._about_model(model, default), lambda _: models.get(model=model))
        return str(found.name or model)

    async def look_up_agent(self, agent: str, default: str | None = None) -> None:
        """Look up an agent, which is free; `default` is what to use where it does not exist.

        Raises:
            ModelNotFoundError: The agent does not exist, or Google does not list it.
            GeminiMCPError: It could not be looked up.
        """
        agents: Any = (await self._open()).aio.agents.with_streaming_response
        await self._send(
            self._about_model(agent, default),
            lambda exchange: read_json_response(agents.get(id=encode_path_segment(agent)), exchange),
        )

    def _about_model(self, name: str, default: str | None) -> Call:
        successor = self._catalogs.current.find_successor(
            name, datetime.now(UTC).date(), *([default] if default else [])
        )
        return self._about(model=name, successor=successor)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
        if self._transfer is not None:
            await self._transfer.close()

    async def _start(self, call: Call, send: Callable[[Exchange], Awaitable[SentResult]]) -> SentResult:
        """Send a request that starts an interaction."""
        seconds = self._timing.create if call.background else self._timing.foreground
        return await send_with_retries(call, seconds, self._timing, send)

    async def _send(self, call: Call, send: Callable[[Exchange], Awaitable[SentResult]]) -> SentResult:
        """Send a request that is free."""
        return await send_with_retries(call, self._timing.read, self._timing, send)

    def _about(self, **facts: Any) -> Call:  # noqa: ANN401 - the fields of a Call
        return Call(redact=self._redact, **facts)

    def _call(self, request: Request, *, background: bool, caller: Caller) -> Call:
        model = request.model or request.agent
        return self._about(
            paid=True,
            costly=request.kind == "research" or request.agent is not None,
            background=background,
            caller=caller,
            previous_interaction_id=request.previous_interaction_id,
            environment_id=get_named_environment(request),
            model=model,
            store=", ".join(request.stores) or None,
            successor=self._catalogs.current.find_successor(model, datetime.now(UTC).date(), *self._defaults(request)),
        )

    def _defaults(self, request: Request) -> tuple[str, ...]:
        """Return the default model or agent for a kind of request: that of the settings, and this server's own.

        None replaces a managed agent: the default one is for research.
        """
        if request.agent and not request.agent.startswith(defaults.DEEP_RESEARCH_PREFIX):
            return ()
        traits = KINDS[request.kind]
        chosen = getattr(self._settings, traits.setting) if traits.setting else traits.default
        return self._catalogs.current.resolve(chosen), traits.default

    async def _interactions(self) -> Any:  # noqa: ANN401 - the SDK's create() is only partly typed
        return (await self._open()).aio.interactions

    async def _open(self) -> genai.Client:
        async with self._opening:
            if self._client is None:
                key = get_usable_key(self._settings)
                with convert_setup_errors():
                    # In a worker thread: both block.
                    self._http = await anyio.to_thread.run_sync(
                        make_sdk_http_client, self._settings.base_url, self._timing.connect
                    )
                    self._client = await anyio.to_thread.run_sync(
                        make_sdk_client, key, self._settings.base_url, self._http
                    )
            return self._client

    async def sender(self) -> ResumableUpload:
        """Return the upload service of the key; fails as `prepare`."""
        async with self._opening:
            if self._transfer is None:
                key = get_usable_key(self._settings)
                with convert_setup_errors():
                    # In a worker thread: it reads certificates.
                    self._transfer = await anyio.to_thread.run_sync(
                        ResumableUpload, self._settings.base_url, key, self._redact, self._timing
                    )
            return self._transfer


async def read_json_response(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> object:
    """Return the JSON of a response; parsing it into the SDK's models takes longer than everything else together."""
    async with sent as raw:
        return await exchange.read(raw.http_response)


async def receive_interaction(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> Interaction:
    """Return the interaction in a response."""
    told = await read_json_response(sent, exchange)
    return await offload_if_large(len(exchange.body), partial(parse_interaction, told))


async def receive_created_interaction(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> Interaction:
    """Return the interaction that a request has started.

    Raises:
        OutcomeUnknownError: The response names none.
    """
    interaction = await receive_interaction(sent, exchange)
    if interaction.id is None and not is_settled(interaction.status):
        raise make_unnamed_error(exchange)
    return interaction
