"""Helpers of the emulator's tests: raw HTTP, the real google-genai client, and readers of responses."""

import base64
import io
import ssl
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import httpx2
import pytest
from google import genai
from google.genai import types
from PIL import Image

from gemini_interactions_mcp.emulator import Emulator

# The SDK returns wide unions; the tests read them untyped.
Untyped: TypeAlias = Any
# Creating a context is most of the cost of creating a client.
NO_TLS = ssl.create_default_context()
MODEL = "gemini-3.8-flash"
AGENT = "deep-research-preview-04-2026"
RESEARCH: dict[str, Any] = {"agent": AGENT, "background": True, "input": "Émile in the café"}


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "test-key"}) as client:
        yield client


@pytest.fixture
async def client(url: str) -> AsyncIterator[Any]:
    """Yield the real client, untyped."""
    retry = types.HttpRetryOptions(attempts=1)
    shared = {"verify": NO_TLS}
    options = types.HttpOptions(
        base_url=url, retry_options=retry, timeout=20_000, client_args=shared, async_client_args=shared
    )
    real = genai.Client(api_key="test-key", vertexai=False, http_options=options)
    yield real.aio
    await real.aio.aclose()
    real.close()


async def ask(client: Untyped, prompt: Untyped = "Grüße, world", **more: Untyped) -> Untyped:
    return await client.interactions.create(model=MODEL, input=prompt, **more)


async def finished(client: Untyped, emulator: Emulator, interaction_id: str) -> Untyped:
    await emulator.interactions[interaction_id].finished.wait()
    return await client.interactions.get(interaction_id)


async def events_of(stream: Untyped) -> list[Any]:
    return [event async for event in stream]


def kinds(steps: list[Any]) -> list[str]:
    return [step.type for step in steps]


def text_of(interaction: Untyped) -> str:
    blocks = [part for step in interaction.steps if step.type == "model_output" for part in step.content]
    return "".join(part.text for part in blocks if part.type == "text")


def streamed_text(events: list[Any]) -> str:
    started = [event.step for event in events if event.event_type == "step.start"]
    first = [part.text for step in started if step.type == "model_output" for part in step.content]
    deltas = [event.delta for event in events if event.event_type == "step.delta"]
    return "".join([*first, *(delta.text for delta in deltas if delta.type == "text")])


def encoded(size: tuple[int, int] = (40, 30), color: str = "red") -> str:
    written = io.BytesIO()
    Image.new("RGB", size, color).save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def drawn(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data)))
