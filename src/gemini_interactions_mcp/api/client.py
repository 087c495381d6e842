"""The only I/O with Google: the Interactions and Files APIs, each call under the retry rule and in our errors.

Google-genai is imported here and nowhere else, and this module only once it is needed: it takes 0.8 s.
"""

import re
import uuid
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
import httpx2
from google import genai
from google.genai import types

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import (
    ConfigurationError,
    GeminiMCPError,
    InputError,
    KeyMissingError,
    NetworkError,
    Redactor,
    beside,
    lenient,
    one_line,
)
from gemini_interactions_mcp.models import (
    Event,
    Interaction,
    Moved,
    Request,
    SandboxFile,
    Source,
    Uploaded,
    catalog,
    settled,
)
from gemini_interactions_mcp.settings import Settings, silence_sdk

from . import codec
from .connections import connected
from .error_mapping import NOBODY, Call, Caller
from .exchange import HOOKS, Exchange, exchanging, unnamed
from .resumable_upload import Transfer
from .retry import persist
from .streams import begun, listening, resumed

CREATE_SECONDS: Final = 120.0
"""Until a background request must have been accepted."""
FOREGROUND_SECONDS: Final = 900.0
"""Until a request that is answered on its own connection must have been."""
READ_SECONDS: Final = 60.0
UPLOAD_SECONDS: Final = 4 * 3600.0
"""2 GB at 1.2 Mbit/s; a connection without a sign of life is given up much sooner."""
PROCESSING_SECONDS: Final = 1800.0
FIRST_LOOK: Final = 0.2
"""Seconds before the second look at a file that Google processes; grows to `SLOWEST_LOOK`."""
SLOWEST_LOOK: Final = 5.0
FILE_FIELDS: Final = ("name", "uri", "state", "expirationTime", "error")
CONNECT_SECONDS: Final = 15.0
UNREADY: Final = (None, types.FileState.PROCESSING)
"""States of an uploaded file that is not known to be usable yet."""

MOST_ENTRIES: Final = 5_000
"""Of an environment's list of files; what agents install would be endless."""

MAX_CONNECTIONS: Final = 1000
"""Open at once; httpx2's default of 100 would make research runs and asks wait for each other."""

MAX_IDLE: Final = 200
"""Kept open for the next call; with httpx2's default of 20, a burst of calls makes its connections anew."""


class Gemini:
    """The Interactions and Files APIs, in our models and errors; one SDK client for the life of the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redact = Redactor(settings.secrets)
        self._http: httpx2.AsyncClient | None = None
        self._client: genai.Client | None = None
        self._transfer: Transfer | None = None
        self._opening = anyio.Lock()

    async def ready(self) -> None:
        """Make the client, which sends nothing.

        Raises:
            KeyMissingError: There is no key to send anything with.
            ConfigurationError: Something in the environment hinders it.
        """
        await self._open()

    async def create(self, request: Request, *, background: bool, caller: Caller = NOBODY) -> Interaction:
        """Start an interaction: in the background it is answered at once, else when it has ended.

        Raises:
            OutcomeUnknownError: Google may or may not have taken it.
            GeminiMCPError: Anything else that `faults` lists; then it has certainly not been taken.
        """
        api = (await self._interactions()).with_streaming_response
        arguments = codec.create_arguments(request, background=background, stream=False)
        call = self._call(request, background=background, caller=caller)
        return await persist(call, patience(background), lambda exchange: created(api.create(**arguments), exchange))

    @asynccontextmanager
    async def stream(
        self, request: Request, *, background: bool, caller: Caller = NOBODY
    ) -> AsyncGenerator[AsyncIterator[Event]]:
        """Start an interaction and yield its events; in the background it outlives the stream.

        It is open once the interaction is named or answers; an error that comes before is one of `create`. Then the
        stream may end silently at any time: what the interaction came to is told by `get`.

        Raises:
            GeminiMCPError: As `create`, when it is opened; then, a NetworkError when it drops.
        """
        api = (await self._interactions()).with_raw_response
        arguments = codec.create_arguments(request, background=background, stream=True)
        call = self._call(request, background=background, caller=caller)
        opened = await persist(
            call, patience(background), lambda exchange: begun(api.create(**arguments), exchange, call)
        )
        async with listening(opened) as heard:
            yield heard

    @asynccontextmanager
    async def resume(self, interaction_id: str, last_event_id: str | None) -> AsyncGenerator[AsyncIterator[Event]]:
        """Yield the events after `last_event_id`, or all of them.

        Raises:
            GeminiMCPError: It cannot be resumed, or drops.
        """
        segment = codec.path_segment(interaction_id)
        api = (await self._interactions()).with_raw_response
        since = {"last_event_id": last_event_id} if last_event_id else {}
        call = self._about(interaction_id=interaction_id, reading=True)
        opened = await persist(
            call, READ_SECONDS, lambda exchange: resumed(api.get(segment, stream=True, **since), exchange, call)
        )
        async with listening(opened) as heard:
            yield heard

    async def get(self, interaction_id: str) -> Interaction:
        """Read an interaction, its input included.

        Raises:
            InteractionNotFoundError: Google has none of this id (or not yet: a fresh one may take minutes).
            GeminiMCPError: It could not be read.
        """
        segment = codec.path_segment(interaction_id)
        api = (await self._interactions()).with_streaming_response
        call = self._about(interaction_id=interaction_id, reading=True)
        return await persist(
            call, READ_SECONDS, lambda exchange: answer(api.get(segment, include_input=True), exchange)
        )

    async def cancel(self, interaction_id: str) -> Interaction:
        """Stop a running background interaction; the status in the answer may lag.

        Raises:
            GeminiMCPError: Google would not; 403 has been seen for runs that could be read.
        """
        segment = codec.path_segment(interaction_id)
        api = (await self._interactions()).with_streaming_response
        call = self._about(interaction_id=interaction_id)
        return await persist(call, READ_SECONDS, lambda exchange: answer(api.cancel(segment), exchange))

    async def delete(self, interaction_id: str) -> None:
        """Delete an interaction at Google; a running one is not stopped by it.

        Raises:
            GeminiMCPError: It could not be deleted, or was not there.
        """
        segment = codec.path_segment(interaction_id)
        api = await self._interactions()
        await persist(self._about(interaction_id=interaction_id), READ_SECONDS, lambda _: api.delete(segment))

    async def upload(self, source: Source, size: int, mime_type: str, name: str, moved: Moved) -> Uploaded:
        """Upload a file and wait until it can be used; free, and therefore gone on with when something breaks.

        Args:
            source: Read from its start.
            size: In bytes.
            mime_type: The API's name of its type.
            name: For people.
            moved: Told how many bytes have been sent so far.

        Raises:
            GeminiMCPError: It was not taken, or could not be processed.
        """
        # Named here, so that it is found when only the last answer is lost.
        told = {"name": f"files/{uuid.uuid4().hex}", "display_name": name[:512]}
        transfer = await self._sender()
        # The address is used as it comes; what is said beside it, `Transfer` redacts.
        address = await persist(Call(), READ_SECONDS, lambda _: transfer.start(told, size, mime_type))
        with exchanging(self._about()), anyio.fail_after(UPLOAD_SECONDS):
            sent = self._redact(await transfer.send(address, source, size, moved))
            # Only what is needed: google-genai's type refuses fields that it does not know.
            file = types.File.model_validate({key: sent[key] for key in FILE_FIELDS if key in sent})
        with anyio.move_on_after(PROCESSING_SECONDS):
            return usable(await self._processed(file, told["name"]), name)
        raise NetworkError(f"Google has been processing {name} for half an hour. Try again later, or a shorter file.")

    async def _processed(self, file: types.File, name: str) -> types.File:
        """The file once it is not processed any more."""
        files = (await self._open()).aio.files
        delay = FIRST_LOOK
        while file.state in UNREADY:
            file = await persist(self._about(file=name), READ_SECONDS, lambda _: files.get(name=name))
            if file.state in UNREADY:
                await anyio.sleep(delay)
                delay = min(delay * 1.5, SLOWEST_LOOK)
        return file

    async def environment_files(self, environment_id: str, path: str) -> list[SandboxFile]:
        """The files below a folder of an agent's environment, all pages of the list.

        Raises:
            GeminiMCPError: It could not be read.
        """
        files: Any = (await self._open()).aio.environments.files.with_streaming_response
        asked = {"environment": codec.path_segment(environment_id), "path": path, "recursive": True}
        found: list[SandboxFile] = []
        token: str | None = None
        while len(found) < MOST_ENTRIES:
            page = await persist(
                self._about(file=path),
                READ_SECONDS,
                lambda exchange, token=token: read(files.list(**asked, page_token=token), exchange),
            )
            found += codec.sandbox_files(page)
            token = lenient.text_of(lenient.as_json(page).get("next_page_token"))
            if token is None:
                break
        return found

    async def environment_file(self, environment_id: str, path: str) -> bytes:
        """The content of a file in an agent's environment.

        Raises:
            GeminiMCPError: It could not be read.
        """
        files = (await self._open()).aio.environments.files
        environment, asked = codec.path_segment(environment_id), codec.checked_path(path)
        content = await persist(
            self._about(file=path), READ_SECONDS, lambda _: files.download(environment=environment, path=asked)
        )
        return await anyio.to_thread.run_sync(self._redact.content, content)

    async def mime_type(self, name: str) -> str:
        """What an uploaded file (`files/abc`) is.

        Raises:
            GeminiMCPError: It is not there (any more), or could not be asked for.
        """
        files = (await self._open()).aio.files
        found = await persist(self._about(file=name), READ_SECONDS, lambda _: files.get(name=name))
        return found.mime_type or ""

    async def check(self) -> str:
        """Look the default model up, which costs nothing, and return its name.

        Raises:
            GeminiMCPError: The key or the network does not work, or the model is gone.
        """
        models = (await self._open()).aio.models
        model = self._settings.model
        call = self._about(model=model, successor=catalog.successor(model, catalog.MODEL))
        found = await persist(call, READ_SECONDS, lambda _: models.get(model=model))
        return str(found.name or model)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
        if self._transfer is not None:
            await self._transfer.close()

    def _about(self, **facts: Any) -> Call:  # noqa: ANN401 - the fields of a Call
        return Call(redact=self._redact, **facts)

    def _call(self, request: Request, *, background: bool, caller: Caller) -> Call:
        asked = request.model or request.agent
        return self._about(
            paid=True,
            costly=request.kind == "research" or request.agent is not None,
            background=background,
            caller=caller,
            previous_interaction_id=request.previous_interaction_id,
            model=asked,
            successor=catalog.successor(asked, *self._defaults(request)),
        )

    def _defaults(self, request: Request) -> tuple[str, str]:
        """What is used for requests of this kind: here, and if nobody has chosen anything else."""
        if request.kind == "research":
            return self._settings.research_agent, catalog.RESEARCH_AGENT
        if request.kind == "image":
            return self._settings.image_model, catalog.IMAGE_MODEL
        return self._settings.model, catalog.MODEL

    async def _interactions(self) -> Any:  # noqa: ANN401 - the SDK's create() is only partly typed
        return (await self._open()).aio.interactions

    async def _open(self) -> genai.Client:
        async with self._opening:
            if self._client is None:
                key = usable_key(self._settings)
                with startable():
                    # Off the loop: it reads the certificate store, and imports more at the first `.interactions`.
                    self._http = await anyio.to_thread.run_sync(make_http, self._settings.base_url)
                    self._client = await anyio.to_thread.run_sync(make_client, key, self._settings.base_url, self._http)
            return self._client

    async def _sender(self) -> Transfer:
        async with self._opening:
            if self._transfer is None:
                key = usable_key(self._settings)
                with startable():
                    # Off the loop, as above.
                    self._transfer = await anyio.to_thread.run_sync(
                        Transfer, self._settings.base_url, key, self._redact
                    )
            return self._transfer


def usable(file: types.File, name: str) -> Uploaded:
    """The file, if Google could process it.

    Raises:
        InputError: It could not.
    """
    if file.state == types.FileState.FAILED or not file.uri or not file.name:
        reason = file.error.message if file.error else None
        raise InputError(
            f"Google could not process {name}{f' ({one_line(reason)})' if reason else ''}. "
            "Convert it to another format and try again."
        )
    # Kept for 48 hours: https://ai.google.dev/gemini-api/docs/files
    expires_at = file.expiration_time or datetime.now(UTC) + timedelta(hours=48)
    return Uploaded(name=file.name, uri=file.uri, expires_at=expires_at)


def usable_key(settings: Settings) -> str:
    """The API key.

    Raises:
        KeyMissingError: None is configured, or it cannot go into a header (which would put it into an error).
    """
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if not key:
        raise KeyMissingError(
            "No Gemini API key is set. Put GEMINI_API_KEY (from https://aistudio.google.com/apikey) into the "
            "`env` of this server in the host's MCP configuration, then restart the server."
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise KeyMissingError(
            f"The API key in {settings.key_variable} has a space, a line break or another character that no key "
            "has. Set it again, without quotes."
        )
    return key


@contextmanager
def startable() -> Generator[None]:
    """Tell that something else than the settings of the network hinders a client from being made.

    Raises:
        ConfigurationError: Something does.
    """
    try:
        yield
    except GeminiMCPError:
        raise
    except Exception as exc:
        raise ConfigurationError(
            f"The connection to Google cannot be prepared ({type(exc).__name__}). Check GOOGLE_GEMINI_BASE_URL."
        ) from exc


def make_http(base_url: str | None) -> httpx2.AsyncClient:
    """The connections. Redirects are not followed: one would send the key and a paid request wherever it says.

    Made here, google-genai uses no other, as it would use aiohttp where that is installed.

    Raises:
        ConfigurationError: A setting of the network cannot be used.
    """
    return connected(
        base_url,
        event_hooks=HOOKS,
        limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_IDLE),
        # Only connecting is timed here, so that a time-out there is known to be one; `persist` does the rest.
        # Given to a call, the SDK would take its longest part for every phase, reading too.
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
    )


def make_client(key: str, base_url: str | None, http: httpx2.AsyncClient) -> genai.Client:
    """An SDK client that retries nothing by itself and cannot be switched to another backend."""
    silence_sdk()
    # Told in our own words, in the answer; it would be the SDK's only other use of the warning.
    warnings.filterwarnings("ignore", message=r"(?s).*automatic_continuation", category=UserWarning)
    warnings.filterwarnings("ignore", message="Environments usage is experimental", category=UserWarning)
    client = genai.Client(
        api_key=key,
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=base_url,
            headers={"user-agent": f"gemini-interactions-mcp/{__version__}"},
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
        ),
    )
    _ = client.aio.interactions
    return client


# Calls ---------------------------------------------------------------------------------------------------


def patience(background: bool) -> float:
    """Seconds until a request must have been accepted, or answered."""
    return CREATE_SECONDS if background else FOREGROUND_SECONDS


async def read(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> object:
    """The JSON of an answer: the SDK takes longer to make objects of it than everything else together."""
    async with sent as raw:
        return await exchange.read(raw.http_response)


async def answer(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> Interaction:
    """The interaction of an answer."""
    told = await read(sent, exchange)
    return await beside(len(exchange.body), partial(codec.interaction, told))


async def created(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> Interaction:
    """The interaction that was started.

    Raises:
        OutcomeUnknownError: Something answered that names none.
    """
    interaction = await answer(sent, exchange)
    if interaction.id is None and not settled(interaction.status):
        raise unnamed(exchange)
    return interaction
