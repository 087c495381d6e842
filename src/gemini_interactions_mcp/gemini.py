"""The only I/O with Google: calls, streams, the retry rule and the mapping of every foreign error.

Google-genai is imported here and nowhere else, and this module only once it is needed: it takes 0.8 s.
"""

import random
import re
import uuid
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError
from typing import Any, Final, TypeVar, cast

import anyio
import anyio.to_thread
import httpx2
from google import genai
from google.genai import _interactions as sdk
from google.genai import errors as sdk_errors
from google.genai import types
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

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
from .models import Event, Interaction, Request, Uploaded
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
    sdk.GeminiNextGenAPIClientError,
    sdk_errors.ContinuationInterruptedError,
    sdk_errors.UnknownApiResponseError,
)
"""With these, something was answered, and nobody knows what."""

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
        return wire.interaction(payload(await persist(call, seconds, lambda: api.create(**arguments))))

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
        opened = await persist(call, CREATE_SECONDS, lambda: api.create(**arguments))
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
            lambda: api.get(interaction_id, stream=True, last_event_id=last_event_id),
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

        async def fetch() -> object:
            # As it came: the SDK takes twice as long to make objects of it as everything else does together.
            return await (await api.with_raw_response.get(interaction_id, include_input=True)).json()

        return wire.interaction(await persist(call, READ_SECONDS, fetch))

    async def cancel(self, interaction_id: str) -> Interaction:
        """Stop a running background interaction; the status in the answer may lag.

        Raises:
            GeminiMCPError: Google would not; 403 has been seen for runs that could be read.
        """
        wire.checked_id(interaction_id)
        api = await self._interactions()
        call = self._about(interaction_id=interaction_id)
        return wire.interaction(payload(await persist(call, READ_SECONDS, lambda: api.cancel(interaction_id))))

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
        while file.state in (None, types.FileState.PROCESSING):
            file = await persist(self._about(file=name), READ_SECONDS, lambda: files.get(name=name))
            if file.state == types.FileState.PROCESSING:
                await anyio.sleep(delay)
                delay = min(delay * 1.5, SLOWEST_LOOK)
        return file

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
        key = self._settings.api_key
        return Call(secret=key.get_secret_value() if key else "", **facts)

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
            },
        ),
    )
    _ = client.aio.interactions
    return client


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


# The SDK's objects and errors ----------------------------------------------------------------------------


def payload(answer: object) -> object:
    """An SDK object as JSON; what is none already stays what it is."""
    if not isinstance(answer, BaseModel):
        return answer
    try:
        # The SDK builds objects leniently, and pydantic would warn of every field that is off.
        return answer.model_dump(exclude_none=True, warnings=False)
    except PydanticSerializationError:
        return bare(answer)


def bare(value: object) -> object:
    """An SDK object as JSON, read field by field: some are off so far that pydantic cannot."""
    if isinstance(value, BaseModel):
        return {name: bare(each) for name, each in value}
    if isinstance(value, list):
        return [bare(each) for each in cast("list[object]", value)]
    return value


@asynccontextmanager
async def listening(opened: Any) -> AsyncGenerator[AsyncIterator[Event]]:  # noqa: ANN401 - a wrapper without a public type
    """Read an open stream as our events, and close it whatever happens."""
    if not hasattr(opened, "__aiter__"):
        async with aclosing(whole(wire.interaction(payload(opened)))) as heard:
            yield heard
        return
    try:
        async with aclosing(events(opened)) as heard:
            yield heard
    finally:
        with anyio.CancelScope(shield=True), mapped(Call()), anyio.move_on_after(1):
            await opened.close()


async def events(opened: Any) -> AsyncGenerator[Event]:  # noqa: ANN401 - as above
    """Our events, one for each of the SDK's."""
    with mapped(Call()):
        async for each in opened:
            yield wire.event(payload(each))


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
        raise failure(fault(exc.status_code, exc.body, headers(exc)).without(call.secret), call) from exc
    except sdk_errors.APIError as exc:
        details = cast("object", exc.details)  # pyright: ignore[reportUnknownMemberType] - untyped in the SDK
        raise failure(fault(exc.code, details).without(call.secret), call) from exc
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
