"""Requests that several probes of `doctor --live` share."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import anyio

from gemini_interactions_mcp.api import Api, Enough, Reply, never_enough

from .facts import is_whole, verdict

SHORT: Final = "Say the word ok."
# The emulator, which writes nothing long, is told the duration.
COUNTING: Final = "Count from 1 to 300, in words. [[seconds=3]]"
READING: Final = "What does https://example.com say? Answer with one short sentence."

LITTLE: Final = {"thinking_level": "low", "max_output_tokens": 512}
LEAST: Final = {"thinking_level": "low", "max_output_tokens": 64}
MORE: Final = {"thinking_level": "low", "max_output_tokens": 1024}


class Names(NamedTuple):
    """The models that the probes ask."""

    model: str
    image_model: str


async def ask(api: Api, names: Names, enough: Enough = never_enough, **arguments: Any) -> Reply:  # noqa: ANN401 - the SDK's
    """Send a minimal request to the model, in the foreground unless `arguments` say otherwise."""
    usual: dict[str, Any] = {"model": names.model, "input": SHORT, "generation_config": LITTLE}
    return await api.create(enough, **usual | arguments)


async def ask_in_background(api: Api, names: Names, **arguments: Any) -> Reply:  # noqa: ANN401 - as above
    """Send a request in the background; repeat it once if that is refused, which may be temporary."""
    reply = await ask(api, names, background=True, **arguments)
    if reply.id or "background" not in reply.message:
        return reply
    return await ask(api, names, background=True, **arguments)


async def ask_streaming(api: Api, names: Names, **arguments: Any) -> Reply:  # noqa: ANN401 - as above
    """Send a request as the server does: in the background, with a stream."""
    return await ask_in_background(api, names, stream=True, **arguments)


async def read_until_whole(api: Api, interaction_id: str, **query: object) -> list[Reply]:
    """Read an interaction after each pause until it is whole; return all reads."""
    seen: list[Reply] = []
    for pause in api.pauses:
        await anyio.sleep(pause)
        seen.append(await api.get(interaction_id, **query))
        if is_whole(seen[-1]):
            break
    return seen


async def await_end(api: Api, interaction_id: str, seconds: float) -> Reply:
    """Poll until a run is whole, at most that many seconds; return the last read."""
    reply, delay = Reply(), 0.1
    with anyio.move_on_after(seconds):
        while not is_whole(reply := await api.get(interaction_id)):
            await anyio.sleep(delay)
            delay = min(delay * 2, 10.0)
    return reply


async def send_until_taken(api: Api, send: Callable[[], Awaitable[Reply]]) -> str:
    """Send a request after each pause until it is accepted; return the verdict of each attempt."""
    seen: list[str] = []
    for pause in api.pauses:
        await anyio.sleep(pause)
        reply = await send()
        seen.append(verdict(reply))
        if reply.id:
            break
    return " → ".join(seen)
