"""What this package relies on in google-genai beyond its documentation; fails when an update changes it."""

import inspect
import logging
import warnings
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import client as genai_client
from google.genai import types

from conftest import KEY
from gemini_interactions_mcp.api import sdk
from gemini_interactions_mcp.api.exchange import Exchange, read_error_body
from gemini_interactions_mcp.emulator import Emulator, Fault

MODEL = "gemini-3.8-flash"
METHODS = {"create": {"model": MODEL, "input": "Hi"}, "get": {"id": "v1_a"}, "cancel": {"id": "v1_a"}}
UNFINISHED = {"id": "v1_a", "status": "requires_continuation", "continuation_token": "t", "new_field": [1], "steps": []}


@pytest.fixture
async def client(url: str) -> AsyncGenerator[Any]:
    """The asynchronous half of the client, untyped: parts of it are."""
    http = sdk.make_sdk_http_client(url, 15)
    yield sdk.make_sdk_client(KEY, url, http).aio
    await http.aclose()


@pytest.fixture
def key_logger() -> Generator[logging.Logger]:
    """The SDK's logger, with its filters as before the test."""
    logger = logging.getLogger(sdk.KEY_LOGGER_NAME)
    before = logger.filters[:]
    logger.filters.clear()
    yield logger
    logger.filters[:] = before


def replies(on: Any) -> Fault:
    return Fault(on, "http", 9, http_status=200, body=UNFINISHED)


async def test_the_sdk_warns_of_keys_in_the_environment_by_a_logger_that_is_filtered(
    url: str, key_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "one")
    monkeypatch.setenv("GEMINI_API_KEY", "two")
    genai.Client(api_key=KEY, vertexai=False).close()
    [told] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert told.name == key_logger.name
    assert "GOOGLE_API_KEY" in told.getMessage()
    caplog.clear()
    sdk.make_sdk_client(KEY, url, httpx2.AsyncClient())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert key_logger.filters


def test_the_sdk_logs_requests_if_a_variable_says_so() -> None:
    from google.genai._gaos.utils import logger

    assert 'os.getenv("GOOGLE_GENAI_DEBUG")' in inspect.getsource(logger.get_default_logger)


async def test_the_sdk_warns_of_environments_in_words_that_are_suppressed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(genai_client, "_environment_experimental_warned", False)
    with pytest.warns(UserWarning, match=f"^{sdk.EXPERIMENT_WARNING_TEXT}"):
        _ = genai.Client(api_key=KEY, vertexai=False).aio.environments
    monkeypatch.setattr(genai_client, "_environment_experimental_warned", False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _ = sdk.make_sdk_client(KEY, url, httpx2.AsyncClient()).aio.environments
    assert told == []


@pytest.mark.parametrize("method", METHODS)
async def test_a_streaming_response_is_unread_and_has_the_bytes_that_were_sent(
    client: Any, emulator: Emulator, method: str
) -> None:
    emulator.faults.append(replies(method))
    async with getattr(client.interactions.with_streaming_response, method)(**METHODS[method]) as raw:
        response = raw.http_response
        assert isinstance(response, httpx2.Response)
        assert not response.is_stream_consumed
        await response.aread()
    assert response.json() == UNFINISHED
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_raw_response_has_status_headers_and_json(client: Any, emulator: Emulator, method: str) -> None:
    emulator.faults.append(replies(method))
    raw = await getattr(client.interactions.with_raw_response, method)(**METHODS[method])
    assert (raw.status_code, raw.headers["content-type"]) == (200, "application/json")
    assert isinstance(raw.http_response, httpx2.Response)
    assert await raw.json() == UNFINISHED


@pytest.mark.parametrize("start", [True, False])
async def test_the_raw_response_of_a_stream_is_unread(client: Any, start: bool) -> None:
    made = await client.interactions.create(model=MODEL, input="Hi", background=True)
    api = client.interactions.with_raw_response
    raw = await (api.create(model=MODEL, input="Hi", stream=True) if start else api.get(made.id, stream=True))
    assert isinstance(raw.http_response, httpx2.Response)
    assert not raw.http_response.is_stream_consumed
    await raw.http_response.aclose()


async def test_deleting_and_environments_have_raw_methods(client: Any, emulator: Emulator) -> None:
    emulator.environments["e"] = {"a.txt": b"Hi"}
    made = await client.interactions.create(model=MODEL, input="Hi")
    assert (await client.interactions.with_raw_response.delete(made.id)).status_code == 200
    asked = {"environment": "e", "path": "", "recursive": True}
    raw = await client.environments.files.with_raw_response.list(**asked)
    assert (await raw.json())["files"]
    async with client.environments.files.with_streaming_response.list(**asked, page_token=None) as streamed:
        assert isinstance(streamed.http_response, httpx2.Response)
    assert await client.environments.files.download(environment="e", path="a.txt") == b"Hi"
    async with client.environments.with_streaming_response.create_environment(network="disabled") as streamed:
        assert isinstance(streamed.http_response, httpx2.Response)
    async with client.environments.with_streaming_response.get_environment(id="e") as streamed:
        assert isinstance(streamed.http_response, httpx2.Response)
    assert (await client.environments.with_raw_response.delete_environment("e")).status_code == 200


@pytest.mark.parametrize("accessor", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("status", [400, 503])
async def test_an_error_response_is_read_before_its_exception_and_not_sent_again(
    client: Any, emulator: Emulator, accessor: str, status: int
) -> None:
    told = {"error": {"message": "No.", "code": "x"}}
    emulator.faults.append(Fault("create", "http", 9, http_status=status, body=told))
    exchange = Exchange()

    async def send() -> None:
        sent = getattr(client.interactions, accessor).create(model=MODEL, input="Hi")
        async with sent if accessor == "with_streaming_response" else await sent:
            raise AssertionError

    with exchange.watched(), pytest.raises(Exception, match=r"No\."):
        await send()
    assert exchange.response is not None
    assert (exchange.response.status_code, read_error_body(exchange.response)) == (status, told)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("status", [404, 503])
async def test_an_error_of_the_files_api_is_read_too_and_not_sent_again(
    client: Any, emulator: Emulator, status: int
) -> None:
    told = {"error": {"message": "No.", "code": status}}
    emulator.faults.append(Fault("file", "http", 9, http_status=status, body=told))
    exchange = Exchange()
    with exchange.watched(), pytest.raises(Exception, match=r"No\."):
        await client.files.get(name="files/abc")
    assert exchange.response is not None
    assert read_error_body(exchange.response) == told
    assert len(emulator.requests) == 1


PATHS: dict[str, Callable[[Any, str], Any]] = {
    "/v1/interactions/{}": lambda client, given: client.interactions.with_raw_response.get(given),
    "/v1/interactions/{}/cancel": lambda client, given: client.interactions.with_raw_response.cancel(given),
    "/v1/environments/{}/files/x": lambda client, given: client.environments.files.with_raw_response.list(
        environment=given, path="x"
    ),
    "/v1/environments/e/files/{}": lambda client, given: client.environments.files.download(
        environment="e", path=given
    ),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", ["a%2Fb", "a/b"])
async def test_ids_and_paths_go_into_the_url_as_they_are(client: Any, path: str, given: str) -> None:
    exchange = Exchange()
    with exchange.watched(), suppress(Exception):
        await PATHS[path](client, given)
    assert exchange.response is not None
    assert exchange.response.request.url.raw_path.decode().partition("?")[0] == path.format(given)


@pytest.mark.parametrize(
    "arguments", [{"background": True, "automatic_continuation": False}, {"agent": None}], ids=["continuation", "agent"]
)
async def test_arguments_that_exclude_each_other_raise_before_anything_is_sent(
    client: Any, emulator: Emulator, arguments: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError)):
        await client.interactions.create(model=MODEL, input="Hi", **arguments)
    assert emulator.requests == []


@pytest.mark.parametrize("accessor", ["with_raw_response", "with_streaming_response"])
async def test_a_generation_that_stops_halfway_is_neither_continued_nor_warned_of(
    client: Any, emulator: Emulator, accessor: str
) -> None:
    emulator.faults.append(replies("create"))
    sent = getattr(client.interactions, accessor).create(model=MODEL, input="Hi", automatic_continuation=False)
    if accessor == "with_raw_response":
        await sent
    else:
        async with sent:
            pass
    assert len(emulator.requests) == 1
    assert "automatic_continuation" in inspect.signature(client.interactions.create).parameters


def test_the_file_types_have_the_states_and_fields_that_are_read() -> None:
    state = types.FileState
    file = types.File.model_validate(
        {"name": "files/a", "uri": "u", "state": "FAILED", "expirationTime": "2026-11-01T00:00:00Z", "error": {}}
    )
    assert (file.state, file.name, file.uri, file.mime_type) == (state.FAILED, "files/a", "u", None)
    assert file.expiration_time is not None
    assert file.error is not None
    assert file.error.message is None
    with pytest.raises(ValueError, match="extra_forbidden"):
        types.File.model_validate({"new_field": 1})
