"""The only I/O with Google: calls, streams, the retry rule and the mapping of every foreign error.

Google-genai is imported here and nowhere else, and this module only once it is needed: it takes 0.8 s.
"""

import json
import random
import re
import uuid
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from json import JSONDecodeError
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import httpx2
from google import genai
from google.genai import _interactions as sdk
from google.genai import errors as sdk_errors
from google.genai import types
from pydantic import ValidationError

from . import __version__, wire
from .errors import (
    GeminiMCPError,
    InputError,
    KeyMissingError,
    NetworkError,
    OutcomeUnknownError,
    OverloadedError,
    QuotaError,
)
from .faults import UNKNOWN_OUTCOME, Call, Wanted, always, failure, fault, one_line
from .models import Event, Interaction, Request, SandboxFile, Uploaded
from .settings import Settings, silence_sdk_debugging
from .transfer import Moved, Source, Transfer

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
ATTEMPTS: Final = 3
"""How often a call is sent at the most, when it is certain that sending again costs nothing."""
UNREADY: Final = (None, types.FileState.PROCESSING)
"""States of an uploaded file that is not known to be usable yet."""

MOST_ENTRIES: Final = 5_000
"""Of an environment's list of files; what agents install would be endless."""

MAX_CONNECTIONS: Final = 1000
"""Open at once; httpx2's default of 100 would make research runs and asks wait for each other."""

MAX_IDLE: Final = 200
"""Kept open for the next call; with httpx2's default of 20, a burst of calls makes its connections anew."""

NEVER_CONNECTED: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.InvalidURL,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
"""With these, no byte of the request has left."""

UNREADABLE: Final = (
    JSONDecodeError,
    UnicodeDecodeError,
    sdk.GeminiNextGenAPIClientError,
    sdk_errors.ContinuationInterruptedError,
    sdk_errors.UnknownApiResponseError,
)
"""With these, something was answered, and nobody knows what."""

END_OF_STREAM: Final = "[DONE]"
"""The data of the last event of a stream that is told to its end (google-genai 3.6.1, _gaos/interactions.py)."""

Result = TypeVar("Result")


class Gemini:
    """The Interactions and Files APIs, in our models and errors; one SDK client for the life of the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: genai.Client | None = None
        self._transfer: Transfer | None = None
        self._opening = anyio.Lock()

    async def ready(self) -> None:
        """Make the client, which sends nothing.

        Raises:
            KeyMissingError: There is no key to send anything with.
        """
        await self._open()

    async def create(self, request: Request, *, background: bool, wanted: Wanted = always) -> Interaction:
        """Start an interaction: in the background it is answered at once, else when it has ended.

        Once it is not wanted any more, it is not sent again.

        Raises:
            OutcomeUnknownError: Google may or may not have taken it.
            GeminiMCPError: Anything else that `faults` lists; then it has certainly not been taken.
        """
        api = await self._interactions()
        arguments = wire.create_arguments(request, background=background, stream=False)
        seconds = CREATE_SECONDS if background else FOREGROUND_SECONDS
        call = self._call(request, background=background, wanted=wanted)
        return await persist(call, seconds, lambda: answered(api.with_raw_response.create(**arguments)))

    @asynccontextmanager
    async def stream(
        self, request: Request, *, background: bool, wanted: Wanted = always
    ) -> AsyncGenerator[AsyncIterator[Event]]:
        """Start an interaction and yield its events; in the background it outlives the stream.

        A stream may end silently at any time: what the interaction came to is told by `get`.

        Raises:
            GeminiMCPError: As `create`, when it is opened; then, a NetworkError when it drops.
        """
        api = await self._interactions()
        arguments = wire.create_arguments(request, background=background, stream=True)
        call = self._call(request, background=background, wanted=wanted)
        opened = await persist(call, CREATE_SECONDS, lambda: begun(api.with_raw_response.create(**arguments)))
        async with listening(opened) as heard:
            yield heard

    @asynccontextmanager
    async def resume(self, interaction_id: str, last_event_id: str) -> AsyncGenerator[AsyncIterator[Event]]:
        """Yield the events after `last_event_id`.

        Raises:
            GeminiMCPError: It cannot be resumed, or drops.
        """
        wire.checked_id(interaction_id)
        api = await self._interactions()
        call = self._about(interaction_id=interaction_id)
        opened = await persist(
            call,
            READ_SECONDS,
            lambda: begun(api.with_raw_response.get(interaction_id, stream=True, last_event_id=last_event_id)),
        )
        async with listening(opened) as heard:
            yield heard

    async def get(self, interaction_id: str) -> Interaction:
        """Read an interaction, its input included.

        Raises:
            InteractionNotFoundError: Google has none of this id (or not yet: a fresh one may take minutes).
            GeminiMCPError: It could not be read.
        """
        wire.checked_id(interaction_id)
        api = await self._interactions()
        call = self._about(interaction_id=interaction_id)
        raw = api.with_raw_response
        return await persist(call, READ_SECONDS, lambda: answered(raw.get(interaction_id, include_input=True)))

    async def cancel(self, interaction_id: str) -> Interaction:
        """Stop a running background interaction; the status in the answer may lag.

        Raises:
            GeminiMCPError: Google would not; 403 has been seen for runs that could be read.
        """
        wire.checked_id(interaction_id)
        api = await self._interactions()
        call = self._about(interaction_id=interaction_id)
        return await persist(call, READ_SECONDS, lambda: answered(api.with_raw_response.cancel(interaction_id)))

    async def delete(self, interaction_id: str) -> None:
        """Delete an interaction at Google; a running one is not stopped by it.

        Raises:
            GeminiMCPError: It could not be deleted, or was not there.
        """
        wire.checked_id(interaction_id)
        api = await self._interactions()
        await persist(
            self._about(interaction_id=interaction_id),
            READ_SECONDS,
            lambda: api.delete(interaction_id),
        )

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
        call = self._about()
        address = await persist(call, READ_SECONDS, lambda: transfer.start(told, size, mime_type))
        with mapped(call), anyio.fail_after(UPLOAD_SECONDS):
            sent = await transfer.send(address, source, size, moved)
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
            file = await persist(self._about(file=name), READ_SECONDS, lambda: files.get(name=name))
            if file.state in UNREADY:
                await anyio.sleep(delay)
                delay = min(delay * 1.5, SLOWEST_LOOK)
        return file

    async def environment_files(self, environment_id: str, path: str) -> list[SandboxFile]:
        """The files below a folder of an agent's environment, all pages of the list.

        Raises:
            GeminiMCPError: It could not be read.
        """
        files: Any = (await self._open()).aio.environments.files.with_raw_response
        named = wire.checked_id(environment_id)
        found: list[SandboxFile] = []
        token: str | None = None
        while len(found) < MOST_ENTRIES:
            ask = partial(files.list, environment=named, path=path, recursive=True, page_token=token)
            page = await persist(self._about(file=path), READ_SECONDS, lambda ask=ask: plain(ask()))
            found += wire.sandbox_files(page)
            token = wire.text_of(wire.as_json(page).get("next_page_token"))
            if token is None:
                break
        return found

    async def environment_file(self, environment_id: str, path: str) -> bytes:
        """The content of a file in an agent's environment.

        Raises:
            GeminiMCPError: It could not be read.
        """
        files = (await self._open()).aio.environments.files
        ask = partial(files.download, environment=wire.checked_id(environment_id), path=wire.checked_path(path))
        return await persist(self._about(file=path), READ_SECONDS, ask)

    async def mime_type(self, name: str) -> str:
        """What an uploaded file (`files/abc`) is.

        Raises:
            GeminiMCPError: It is not there (any more), or could not be asked for.
        """
        files = (await self._open()).aio.files
        found = await persist(self._about(file=name), READ_SECONDS, lambda: files.get(name=name))
        return found.mime_type or ""

    async def check(self) -> str:
        """Look the default model up, which costs nothing, and return its name.

        Raises:
            GeminiMCPError: The key or the network does not work, or the model is gone.
        """
        models = (await self._open()).aio.models
        call = self._about(model=self._settings.model)
        found = await persist(call, READ_SECONDS, lambda: models.get(model=self._settings.model))
        return str(found.name or self._settings.model)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aio.aclose()
        if self._transfer is not None:
            await self._transfer.close()

    def _about(self, **facts: Any) -> Call:  # noqa: ANN401 - the fields of a Call
        headers = (value for server in self._settings.servers for value in server.headers.values())
        secrets = [each.get_secret_value() for each in (self._settings.api_key, *headers) if each]
        # Of "Bearer token", the token alone too.
        return Call(secrets=(*secrets, *(each.split()[-1] for each in secrets if each.strip())), **facts)

    def _call(self, request: Request, *, background: bool, wanted: Wanted) -> Call:
        successors = {"image": self._settings.image_model, "research": self._settings.research_agent}
        return self._about(
            paid=True,
            background=background,
            wanted=wanted,
            previous_interaction_id=request.previous_interaction_id,
            model=request.model or request.agent,
            successor=successors.get(request.kind, self._settings.model),
        )

    async def _interactions(self) -> Any:  # noqa: ANN401 - the SDK's create() is only partly typed
        return (await self._open()).aio.interactions

    async def _open(self) -> genai.Client:
        async with self._opening:
            if self._client is None:
                key = usable_key(self._settings)
                # Off the loop: it reads the certificate store, and imports more at the first `.interactions`.
                self._client = await anyio.to_thread.run_sync(make_client, key, self._settings.base_url)
            return self._client

    async def _sender(self) -> Transfer:
        async with self._opening:
            if self._transfer is None:
                key = usable_key(self._settings)
                # Off the loop, as above.
                self._transfer = await anyio.to_thread.run_sync(Transfer, self._settings.base_url, key)
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


def make_client(key: str, base_url: str | None) -> genai.Client:
    """An SDK client that retries nothing by itself and cannot be switched to another backend."""
    silence_sdk_debugging()
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
            async_client_args={
                "limits": httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_IDLE),
                # Only connecting is timed here, so that a time-out there is known to be one; `persist` does the rest.
                # Given to a call, the SDK would take its longest part for every phase, reading too.
                "timeout": httpx2.Timeout(None, connect=CONNECT_SECONDS),
                # No proxy leads back to this machine, where the emulator is.
                "trust_env": not is_loopback(base_url),
            },
        ),
    )
    _ = client.aio.interactions
    return client


def is_loopback(base_url: str | None) -> bool:
    """Whether an address is of this machine."""
    return urlsplit(base_url or "").hostname in ("127.0.0.1", "::1", "localhost")


# The retry rule ------------------------------------------------------------------------------------------


async def persist(call: Call, seconds: float, send: Callable[[], Awaitable[Result]]) -> Result:
    """Send a call, and again only where that cannot buy anything twice; `seconds` bounds it all."""
    deadline = anyio.current_time() + seconds
    attempt = 1
    while True:
        try:
            with mapped(call), anyio.fail_after(deadline - anyio.current_time()):
                return await send()
        except (NetworkError, QuotaError, OverloadedError) as exc:
            delay = resend_delay(exc, attempt, deadline - anyio.current_time(), paid=call.paid)
            if delay is None:
                raise
            failed = exc
        attempt += 1
        await anyio.sleep(delay)
        if not call.wanted():
            raise failed


def resend_delay(exc: GeminiMCPError, attempt: int, left: float, *, paid: bool) -> float | None:
    """Seconds to wait before sending again, or None: not at all.

    A paid call is sent again where the connection was never made, or where Google named the delay.
    """
    if attempt >= ATTEMPTS:
        return None
    named = exc.retry_after_seconds if isinstance(exc, QuotaError | OverloadedError) else None
    if named is None and paid and not isinstance(exc, NetworkError):
        return None
    # Jitter: many servers that lost one network must not come back at once. Not cryptography.
    delay = named if named is not None else 0.5 * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    return delay if delay < left else None


# Answers and errors --------------------------------------------------------------------------------------


async def plain(sent: Awaitable[Any]) -> object:
    """The JSON of a raw response: the SDK takes longer to make objects of it than everything else together."""
    return await (await sent).json()


async def answered(sent: Awaitable[Any]) -> Interaction:
    """The interaction in a raw response."""
    return wire.interaction(await plain(sent))


async def begun(sent: Awaitable[Any]) -> httpx2.Response | Interaction:
    """The response to a call for a stream, not read yet; a reply that is no stream is read at once."""
    raw = await sent
    if "text/event-stream" in raw.headers.get("content-type", ""):
        return cast("httpx2.Response", raw.http_response)
    return wire.interaction(await raw.json())


@asynccontextmanager
async def listening(opened: httpx2.Response | Interaction) -> AsyncGenerator[AsyncIterator[Event]]:
    """Read an open stream as our events, and close it whatever happens."""
    if isinstance(opened, Interaction):
        async with aclosing(whole(opened)) as heard:
            yield heard
        return
    try:
        async with aclosing(events(opened)) as heard:
            yield heard
    finally:
        with anyio.CancelScope(shield=True), mapped(Call()), anyio.move_on_after(1):
            await opened.aclose()


async def events(opened: httpx2.Response) -> AsyncGenerator[Event]:
    """Our events, one for each that the server sends."""
    with mapped(Call()):
        # Without a limit: an event may carry an image.
        async for each in httpx2.EventSource(opened, max_event_size=None):
            if each.data == END_OF_STREAM:
                return
            if each.data:
                yield wire.event(parsed(each.data))


def parsed(data: str) -> object:
    """The JSON of an event; None where there is none, as in one that was cut off."""
    try:
        return json.loads(data)
    except ValueError:
        return None


async def whole(answer: Interaction) -> AsyncGenerator[Event]:
    """A reply that is no stream, as its one event."""
    if answer.id or answer.text:
        yield Event(
            type="interaction.completed",
            interaction_id=answer.id,
            status=answer.status,
            usage=answer.usage,
            data={"index": 0, "step": {"type": "model_output", "content": [{"type": "text", "text": answer.text}]}},
        )


@contextmanager
def mapped(call: Call) -> Generator[None]:
    """Turn every error that google-genai and httpx2 raise into ours."""
    try:
        yield
    except sdk.APIStatusError as exc:
        raise failure(fault(exc.status_code, exc.body, headers(exc)).without(*call.secrets), call) from exc
    except sdk_errors.APIError as exc:
        details = cast("object", exc.details)  # pyright: ignore[reportUnknownMemberType] - untyped in the SDK
        raise failure(fault(exc.code, details).without(*call.secrets), call) from exc
    except sdk.APIConnectionError as exc:
        raise disconnected(exc, call) from exc
    except UNREADABLE as exc:
        raise unreadable(call) from exc
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, TimeoutError, OSError) as exc:
        raise disconnected(exc, call) from exc
    except (ValidationError, ValueError, TypeError) as exc:
        # Without the text: it repeats the prompt.
        raise InputError(f"The request is malformed ({type(exc).__name__}); nothing was sent.") from exc


def headers(exc: sdk.APIStatusError) -> Mapping[str, str]:
    """The headers of an error response."""
    response = cast("httpx2.Response", exc.response)  # pyright: ignore[reportUnknownMemberType] - httpx is not installed
    return response.headers


def disconnected(exc: BaseException, call: Call) -> GeminiMCPError:
    """No answer: harmless for a read, and for what never left."""
    if any(isinstance(cause, NEVER_CONNECTED) for cause in causes(exc)):
        return NetworkError(
            "Google cannot be reached; nothing was sent or charged. Check the network, a proxy "
            "(HTTPS_PROXY) and GOOGLE_GEMINI_BASE_URL."
        )
    if call.paid:
        return OutcomeUnknownError(f"The connection to Google broke before an answer came. {UNKNOWN_OUTCOME}")
    return NetworkError(
        "The connection to Google broke. Try again; reading is free.", interaction_id=call.interaction_id
    )


def unreadable(call: Call) -> GeminiMCPError:
    """An answer that is not the API's."""
    what = "Something else than the Gemini API answered; check GOOGLE_GEMINI_BASE_URL and any proxy."
    if call.paid:
        return OutcomeUnknownError(f"{what} {UNKNOWN_OUTCOME}")
    return NetworkError(what, interaction_id=call.interaction_id)


def causes(exc: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it."""
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
