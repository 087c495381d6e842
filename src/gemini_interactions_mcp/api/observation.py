"""Exchanges with the API as they are: status, headers, body and events, without retries, mapping or parsing.

Only `doctor --live` uses it, to report what the API really does.
"""

import io
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
import httpx2
from google import genai

from gemini_interactions_mcp.core import Json, Timing, coerce_object, get_text, iter_objects
from gemini_interactions_mcp.settings import Settings

from .exchange import Exchange, read_error_body
from .sdk import convert_setup_errors, get_usable_key, make_sdk_client, make_sdk_http_client
from .streams import END_OF_STREAM

QUOTA_CODES: Final = ("rate_limit_exceeded", "quota_exceeded", "too_many_requests")
"""Codes of a refusal that may pass."""

StopCondition = Callable[[Json], bool]
"""Whether a stream can be closed after an event."""


def is_never_enough(_: Json) -> bool:
    """Return False: the stream is read to its end."""
    return False


@dataclass
class ObservedReply:
    """What the API answered.

    Attributes:
        status: The HTTP status; None without a response.
        body: The JSON object of a response that is no stream; empty if it is not a JSON object.
        headers: The response's headers, in lower case.
        events: The events of a stream, as far as it was read.
        failure: The class name of the exception that ended the exchange; empty if none did.
        named_after: Seconds until an event named the interaction.
    """

    status: int | None = None
    body: Json = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    events: list[Json] = field(default_factory=list[Json])
    failure: str = ""
    named_after: float | None = None

    @property
    def error(self) -> Json:
        """The error object of an error response or of an `error` event."""
        found = (coerce_object(each.get("error")) for each in (self.body, *self.events) if each.get("error"))
        return next(found, coerce_object(None))

    @property
    def code(self) -> str:
        """The error's code, in either shape."""
        return str(self.error.get("status") or self.error.get("code") or "")

    @property
    def message(self) -> str:
        """The error's message."""
        return get_text(self.error.get("message")) or ""

    @property
    def id(self) -> str | None:
        """The interaction's id."""
        return get_text(self.body.get("id")) or next(
            (found for each in self.events if (found := find_event_interaction_id(each))), None
        )

    @property
    def by_quota(self) -> bool:
        """Whether the request was refused by a quota."""
        return self.status == 429 or self.code in QUOTA_CODES

    def delay(self) -> tuple[str, float | None]:
        """Return where a refusal by quota names its delay, and the delay in seconds."""
        for detail in iter_objects(self.error.get("details")):
            if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", ""))):
                return "details", float(found[1])
        if re.fullmatch(r"\d+(\.\d+)?", value := self.headers.get("retry-after", "")):
            return "retry-after header", float(value)
        if found := re.search(r"retry in (\d+(?:\.\d+)?)s", self.message):
            return "message", float(found[1])
        return "nowhere, or in another form", None


def find_event_interaction_id(event: Json) -> str | None:
    """Return the id of the interaction that an event names."""
    return get_text(coerce_object(event.get("interaction")).get("id")) or get_text(event.get("interaction_id"))


class ObservedApi:
    """The API of one key, and what was made there.

    Args:
        client: From `make_sdk_client`, so that it never retries.
        timing: Delays and deadlines of the probes.

    Attributes:
        timing: As above.
        interactions: Ids of the interactions that were made.
        files: Names of the files that were uploaded.
        environments: Ids of the environments that were made.
        throttled: For each refusal by quota, where it named its delay.
        deleted: How many of the things that were made have been deleted, and how many there were.
    """

    def __init__(self, client: genai.Client, timing: Timing) -> None:
        self._client = client
        self.timing = timing
        self.interactions: list[str] = []
        self.files: list[str] = []
        self.environments: list[str] = []
        self.throttled: list[str] = []
        self.deleted = (0, 0)

    @property
    def ids(self) -> list[str]:
        """Every id that a report must not repeat."""
        return [*self.interactions, *self.files, *self.environments]

    async def create(self, enough: StopCondition = is_never_enough, **arguments: object) -> ObservedReply:
        """Start an interaction, and read its stream if it has one."""

        def noted(event: Json) -> bool:
            # Noted at once: cancellation or a time-out may come before the end of the stream.
            self._note(self.interactions, find_event_interaction_id(event))
            return enough(event)

        whole = {} if arguments.get("background") else {"automatic_continuation": False}
        reply = await self._exchange(lambda: self._raw.create(**arguments, **whole), noted)
        self._note(self.interactions, reply.id)
        for told in (reply.body, *(coerce_object(event.get("interaction")) for event in reply.events)):
            self._note(self.environments, get_text(told.get("environment_id")))
        return reply

    async def get(self, interaction_id: str, **query: object) -> ObservedReply:
        """Read an interaction, or its stream."""
        reply = await self._exchange(lambda: self._raw.get(interaction_id, **query))
        self._note(self.environments, get_text(reply.body.get("environment_id")))
        return reply

    async def cancel(self, interaction_id: str) -> ObservedReply:
        """Cancel an interaction."""
        return await self._exchange(lambda: self._raw.cancel(interaction_id))

    async def delete(self, interaction_id: str) -> ObservedReply:
        """Delete an interaction."""
        return await self._exchange(lambda: self._raw.delete(interaction_id))

    @property
    def _raw(self) -> Any:  # noqa: ANN401 - the SDK's raw methods are only partly typed
        return self._client.aio.interactions.with_raw_response

    async def upload(self, content: bytes, mime_type: str) -> ObservedReply:
        """Upload a file."""
        config: Any = {"mime_type": mime_type, "display_name": "doctor --live"}
        reply = await call_sdk(
            self.timing, lambda: self._client.aio.files.upload(file=io.BytesIO(content), config=config)
        )
        self._note(self.files, get_text(reply.body.get("name")))
        return reply

    async def file(self, name: str) -> ObservedReply:
        """Read an uploaded file's resource."""
        return await call_sdk(self.timing, lambda: self._client.aio.files.get(name=name))

    async def delete_file(self, name: str) -> ObservedReply:
        """Delete an uploaded file."""
        return await call_sdk(self.timing, lambda: self._client.aio.files.delete(name=name))

    async def environment_files(self, environment_id: str, path: str) -> ObservedReply:
        """List a folder of an environment."""
        files: Any = self._client.aio.environments.files.with_raw_response
        return await self._exchange(partial(files.list, environment=environment_id, path=path, recursive=True))

    async def delete_environment(self, environment_id: str) -> ObservedReply:
        """Delete an environment."""
        raw: Any = self._client.aio.environments.with_raw_response
        return await self._exchange(lambda: raw.delete_environment(environment_id))

    async def clean(self) -> None:
        """Delete everything that was made and still exists."""
        made = [
            *((self.delete, each) for each in self.interactions),
            *((self.delete_file, each) for each in self.files),
            *((self.delete_environment, each) for each in self.environments),
        ]
        self.deleted = (0, len(made))
        with anyio.move_on_after(self.timing.probe_cleanup):
            for delete, each in made:
                reply = await delete(each)
                # The Files API answers 403 for files that do not exist.
                gone = reply.status in (200, 404) or (reply.status == 403 and each in self.files)
                self.deleted = (self.deleted[0] + gone, len(made))

    def _note(self, made: list[str], named: str | None) -> None:
        if named and named not in made:
            made.append(named)

    async def _exchange(
        self, send: Callable[[], Awaitable[Any]], enough: StopCondition = is_never_enough
    ) -> ObservedReply:
        """Send and read; once more after a refusal by quota with a short delay."""
        reply = await send_and_read(self.timing, send, enough)
        if not reply.by_quota:
            return reply
        where, seconds = reply.delay()
        self.throttled.append(where)
        if seconds is None or seconds > self.timing.probe_quota:
            return reply
        await anyio.sleep(seconds)
        return await send_and_read(self.timing, send, enough)


@asynccontextmanager
async def connect_observed_api(settings: Settings, timing: Timing) -> AsyncGenerator[ObservedApi]:
    """Yield the API of the settings' key; on exit, delete what was made there.

    Args:
        settings: Key and base URL.
        timing: As for `ObservedApi`.

    Raises:
        KeyMissingError: There is no API key.
        ConfigurationError: A setting or the environment prevents it.
    """
    key = get_usable_key(settings)
    with convert_setup_errors():
        http = await anyio.to_thread.run_sync(make_sdk_http_client, settings.base_url, timing.connect)
        client = await anyio.to_thread.run_sync(make_sdk_client, key, settings.base_url, http)
    api = ObservedApi(client, timing)
    try:
        yield api
    finally:
        with anyio.CancelScope(shield=True):
            await api.clean()
            await http.aclose()


async def send_and_read(timing: Timing, send: Callable[[], Awaitable[Any]], enough: StopCondition) -> ObservedReply:
    """Send a request by one of the SDK's raw methods, and read the response; never raises."""
    reply, exchange = ObservedReply(), Exchange()
    try:
        with exchange.watched(), anyio.fail_after(timing.probe_exchange):
            raw = await send()
            reply.status, reply.headers = raw.status_code, dict(raw.headers)
            if "text/event-stream" in reply.headers.get("content-type", ""):
                await read_observed_events(raw.http_response, reply, enough, timing.hang_up)
            else:
                reply.body = coerce_object(await raw.json())
    except Exception as exc:  # noqa: BLE001 - the SDK's own errors have no public base class
        return refused_reply(exchange) or note_failure(reply, exc)
    return reply


async def call_sdk(timing: Timing, send: Callable[[], Awaitable[Any]]) -> ObservedReply:
    """Call one of the SDK's methods that have no raw form; never raises."""
    exchange = Exchange()
    try:
        with exchange.watched(), anyio.fail_after(timing.probe_exchange):
            found = await send()
    except Exception as exc:  # noqa: BLE001 - as above
        return refused_reply(exchange) or note_failure(ObservedReply(), exc)
    return ObservedReply(200, found.model_dump(mode="json", exclude_none=True))


def refused_reply(exchange: Exchange) -> ObservedReply | None:
    """Return the reply of an error response, from which the SDK has made an exception; None without one."""
    response = exchange.response
    if response is None or not response.is_error:
        return None
    return ObservedReply(response.status_code, coerce_object(read_error_body(response)), dict(response.headers))


def note_failure(reply: ObservedReply, exc: Exception) -> ObservedReply:
    """Add an exception to a reply."""
    reply.failure = type(exc).__name__
    return reply


async def read_observed_events(
    response: httpx2.Response, reply: ObservedReply, enough: StopCondition, hang_up: float
) -> None:
    """Add the events of a stream to a reply until its end or until `enough`; close the response within `hang_up` s."""
    begun = anyio.current_time()
    try:
        async for each in httpx2.EventSource(response, max_event_size=None):
            if not each.data or each.data == END_OF_STREAM:
                continue
            event = coerce_object(json.loads(each.data))
            reply.events.append(event)
            if reply.named_after is None and find_event_interaction_id(event):
                reply.named_after = anyio.current_time() - begun
            if enough(event):
                return
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(hang_up):
            await response.aclose()
