"""Exchanges with the API as they went: status, headers, body and events, of which nothing is mapped or sent again.

Only `doctor --live` uses it, to tell what the API did. It imports google-genai because the raw responses are there.
"""

import io
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

import anyio
import anyio.to_thread
import httpx2
from google import genai
from google.genai import _interactions as sdk
from google.genai import errors as sdk_errors

from gemini_interactions_mcp.core import Json, as_json, items, text_of
from gemini_interactions_mcp.settings import Settings

from .client import make_client, make_http, startable, usable_key
from .streams import END_OF_STREAM

ANSWER_SECONDS: Final = 120.0
"""Until an exchange is over, a stream included."""

LONGEST_DELAY: Final = 60.0
"""Seconds that a refusal by quota is waited for."""

CLOSING: Final = 20.0
"""Seconds in which everything that was made is deleted."""

QUOTA_CODES: Final = ("rate_limit_exceeded", "quota_exceeded", "too_many_requests")
NO_ANSWER: Final = (
    sdk.GeminiNextGenAPIClientError,
    sdk_errors.UnknownApiResponseError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    OSError,
    TimeoutError,
    ValueError,
)

Enough = Callable[[Json], bool]
"""Whether a stream has been heard for long enough after an event."""


def never_enough(_: Json) -> bool:
    """Hear it to its end."""
    return False


@dataclass
class Reply:
    """What came back.

    Attributes:
        status: Of HTTP; None where there was no answer.
        body: Of a reply that is no stream, if it is a JSON object.
        events: Of a stream, as far as it was heard.
        failure: The kind of error that ended it.
        named_after: Seconds until an event told the id.
    """

    status: int | None = None
    body: Json = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    events: list[Json] = field(default_factory=list[Json])
    failure: str = ""
    named_after: float | None = None

    @property
    def error(self) -> Json:
        """What an error response, or an `error` event, says."""
        found = (as_json(each.get("error")) for each in (self.body, *self.events) if each.get("error"))
        return next(found, as_json(None))

    @property
    def code(self) -> str:
        """The error's code, of either shape."""
        return str(self.error.get("status") or self.error.get("code") or "")

    @property
    def message(self) -> str:
        """The error's message."""
        return text_of(self.error.get("message")) or ""

    @property
    def id(self) -> str | None:
        """The id of the interaction."""
        return text_of(self.body.get("id")) or next((found for each in self.events if (found := id_in(each))), None)

    @property
    def by_quota(self) -> bool:
        """Whether it was refused for now."""
        return self.status == 429 or self.code in QUOTA_CODES

    def delay(self) -> tuple[str, float | None]:
        """Where a refusal tells when to try again, and in how many seconds."""
        for detail in items(self.error.get("details")):
            if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", ""))):
                return "details", float(found[1])
        if re.fullmatch(r"\d+(\.\d+)?", value := self.headers.get("retry-after", "")):
            return "retry-after header", float(value)
        if found := re.search(r"retry in (\d+(?:\.\d+)?)s", self.message):
            return "message", float(found[1])
        return "nowhere, or in another form", None


def id_in(event: Json) -> str | None:
    """The id of the interaction that an event tells."""
    return text_of(as_json(event.get("interaction")).get("id")) or text_of(event.get("interaction_id"))


class Api:
    """The API of one key, and what was made there.

    Args:
        client: Made by `gemini.make_client`, so that it sends nothing again by itself.
        pauses: Seconds before each look at something that may take time to appear.

    Attributes:
        interactions: Ids of those that were made, like `files` and `environments`.
        throttled: Where each refusal by quota told when to try again.
        deleted: How much of what was made is gone, and of how much.
    """

    def __init__(self, client: genai.Client, pauses: tuple[float, ...]) -> None:
        self._client = client
        self.pauses = pauses
        self.interactions: list[str] = []
        self.files: list[str] = []
        self.environments: list[str] = []
        self.throttled: list[str] = []
        self.deleted = (0, 0)

    @property
    def ids(self) -> list[str]:
        """Every id that a report must not repeat."""
        return [*self.interactions, *self.files, *self.environments]

    # Interactions --------------------------------------------------------------------------------------

    async def create(self, enough: Enough = never_enough, **arguments: object) -> Reply:
        """Start an interaction, and hear its stream if it has one."""

        def noted(event: Json) -> bool:
            # At once: hanging up, or the end of all patience, may come before the stream's.
            self._note(self.interactions, id_in(event))
            return enough(event)

        whole = {} if arguments.get("background") else {"automatic_continuation": False}
        reply = await self._exchange(lambda: self._raw.create(**arguments, **whole), noted)
        self._note(self.interactions, reply.id)
        for told in (reply.body, *(as_json(event.get("interaction")) for event in reply.events)):
            self._note(self.environments, text_of(told.get("environment_id")))
        return reply

    async def get(self, interaction_id: str, **query: object) -> Reply:
        """Read an interaction, or its stream."""
        reply = await self._exchange(lambda: self._raw.get(interaction_id, **query))
        self._note(self.environments, text_of(reply.body.get("environment_id")))
        return reply

    async def cancel(self, interaction_id: str) -> Reply:
        """Stop a run."""
        return await self._exchange(lambda: self._raw.cancel(interaction_id))

    async def delete(self, interaction_id: str) -> Reply:
        """Delete an interaction."""
        return await self._exchange(lambda: self._raw.delete(interaction_id))

    @property
    def _raw(self) -> Any:  # noqa: ANN401 - the SDK's raw methods are only partly typed
        return self._client.aio.interactions.with_raw_response

    # Files and environments ----------------------------------------------------------------------------

    async def upload(self, content: bytes, mime_type: str) -> Reply:
        """Upload a file."""
        config: Any = {"mime_type": mime_type, "display_name": "doctor --live"}
        reply = await self._told(lambda: self._client.aio.files.upload(file=io.BytesIO(content), config=config))
        self._note(self.files, text_of(reply.body.get("name")))
        return reply

    async def file(self, name: str) -> Reply:
        """Look at a file."""
        return await self._told(lambda: self._client.aio.files.get(name=name))

    async def delete_file(self, name: str) -> Reply:
        """Delete a file."""
        return await self._told(lambda: self._client.aio.files.delete(name=name))

    async def environment_files(self, environment_id: str, path: str) -> Reply:
        """List a folder of an environment."""
        files: Any = self._client.aio.environments.files.with_raw_response
        return await self._exchange(partial(files.list, environment=environment_id, path=path, recursive=True))

    async def delete_environment(self, environment_id: str) -> Reply:
        """Delete an environment."""
        raw: Any = self._client.aio.environments.with_raw_response
        return await self._exchange(lambda: raw.delete_environment(environment_id))

    # Afterwards ----------------------------------------------------------------------------------------

    async def clean(self) -> None:
        """Delete everything that was made and is still there."""
        made = [
            *((self.delete, each) for each in self.interactions),
            *((self.delete_file, each) for each in self.files),
            *((self.delete_environment, each) for each in self.environments),
        ]
        self.deleted = (0, len(made))
        with anyio.move_on_after(CLOSING):
            for delete, each in made:
                reply = await delete(each)
                # 403 is how the Files API speaks of what is not there.
                gone = reply.status in (200, 404) or (reply.status == 403 and each in self.files)
                self.deleted = (self.deleted[0] + gone, len(made))

    def _note(self, made: list[str], named: str | None) -> None:
        if named and named not in made:
            made.append(named)

    # Exchanging ----------------------------------------------------------------------------------------

    async def _exchange(self, send: Callable[[], Awaitable[Any]], enough: Enough = never_enough) -> Reply:
        """Send, once more where the quota asks for some patience, and read what comes back."""
        reply = await send_and_read(send, enough)
        if not reply.by_quota:
            return reply
        where, seconds = reply.delay()
        self.throttled.append(where)
        if seconds is None or seconds > LONGEST_DELAY:
            return reply
        await anyio.sleep(seconds)
        return await send_and_read(send, enough)

    async def _told(self, send: Callable[[], Awaitable[Any]]) -> Reply:
        """An exchange whose raw response google-genai does not give."""
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                found = await send()
        except sdk_errors.APIError as exc:
            return Reply(exc.code, as_json(cast("object", exc.details)))  # pyright: ignore[reportUnknownMemberType]
        except NO_ANSWER as exc:
            return Reply(failure=type(exc).__name__)
        return Reply(200, found.model_dump(mode="json", exclude_none=True))


@asynccontextmanager
async def connect(settings: Settings, pauses: tuple[float, ...]) -> AsyncGenerator[Api]:
    """The API of the settings' key; afterwards, what was made there is deleted.

    Raises:
        KeyMissingError: There is no key.
        ConfigurationError: Something in the environment hinders the client.
    """
    key = usable_key(settings)
    with startable():
        http = await anyio.to_thread.run_sync(make_http, settings.base_url)
        client = await anyio.to_thread.run_sync(make_client, key, settings.base_url, http)
    api = Api(client, pauses)
    try:
        yield api
    finally:
        with anyio.CancelScope(shield=True):
            await api.clean()
            await http.aclose()


async def send_and_read(send: Callable[[], Awaitable[Any]], enough: Enough) -> Reply:
    """Send and read, whatever becomes of it."""
    reply = Reply()
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            raw = await send()
            reply.status, reply.headers = raw.status_code, dict(raw.headers)
            if "text/event-stream" in reply.headers.get("content-type", ""):
                await hear(raw.http_response, reply, enough)
            else:
                reply.body = as_json(await raw.json())
    except sdk.APIStatusError as exc:
        response = cast("httpx2.Response", exc.response)  # pyright: ignore[reportUnknownMemberType]
        return Reply(exc.status_code, as_json(exc.body), dict(response.headers))
    except NO_ANSWER as exc:
        reply.failure = type(exc).__name__
    return reply


async def hear(response: httpx2.Response, reply: Reply, enough: Enough) -> None:
    """Take in the events of a stream until its end, or until enough of it was heard, and hang up."""
    begun = anyio.current_time()
    try:
        async for each in httpx2.EventSource(response, max_event_size=None):
            if not each.data or each.data == END_OF_STREAM:
                continue
            event = as_json(json.loads(each.data))
            reply.events.append(event)
            if reply.named_after is None and id_in(event):
                reply.named_after = anyio.current_time() - begun
            if enough(event):
                return
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(1):
            await response.aclose()
