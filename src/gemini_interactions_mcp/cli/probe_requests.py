"""Requests that several probes of `doctor --live` share."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import anyio

from gemini_interactions_mcp.api import ObservedApi, ObservedReply, StopCondition, is_never_enough

from .facts import describe_verdict, is_whole

SHORT_PROMPT: Final = "Say the word ok."
# The emulator, which writes nothing long, is told the duration.
COUNTING_PROMPT: Final = "Count from 1 to 300, in words. [[seconds=3]]"
READING_PROMPT: Final = "What does https://example.com say? Answer with one short sentence."

SMALL_GENERATION: Final = {"thinking_level": "low", "max_output_tokens": 512}
SMALLEST_GENERATION: Final = {"thinking_level": "low", "max_output_tokens": 64}
LARGER_GENERATION: Final = {"thinking_level": "low", "max_output_tokens": 1024}


class ProbedModels(NamedTuple):
    """The models that the probes ask."""

    model: str
    image_model: str


async def send_probe(
    api: ObservedApi,
    names: ProbedModels,
    enough: StopCondition = is_never_enough,
    **arguments: Any,  # noqa: ANN401 - the SDK's
) -> ObservedReply:
    """Send a minimal request to the model, in the foreground unless `arguments` say otherwise."""
    usual: dict[str, Any] = {"model": names.model, "input": SHORT_PROMPT, "generation_config": SMALL_GENERATION}
    return await api.create(enough, **usual | arguments)


async def send_in_background(api: ObservedApi, names: ProbedModels, **arguments: Any) -> ObservedReply:  # noqa: ANN401 - as above
    """Send a request in the background; repeat it once if that is refused, which may be temporary."""
    reply = await send_probe(api, names, background=True, **arguments)
    if reply.id or "background" not in reply.message:
        return reply
    return await send_probe(api, names, background=True, **arguments)


async def send_streaming(api: ObservedApi, names: ProbedModels, **arguments: Any) -> ObservedReply:  # noqa: ANN401 - as above
    """Send a request as the server does: in the background, with a stream."""
    return await send_in_background(api, names, stream=True, **arguments)


async def read_until_whole(api: ObservedApi, interaction_id: str, **query: object) -> list[ObservedReply]:
    """Read an interaction after each pause until it is whole; return all reads."""
    seen: list[ObservedReply] = []
    for pause in api.timing.probe_reads:
        await anyio.sleep(pause)
        seen.append(await api.get(interaction_id, **query))
        if is_whole(seen[-1]):
            break
    return seen


async def poll_until_whole(api: ObservedApi, interaction_id: str, seconds: float) -> ObservedReply:
    """Poll until a run is whole, at most that many seconds; return the last read."""
    reply, delay = ObservedReply(), 0.1
    with anyio.move_on_after(seconds):
        while not is_whole(reply := await api.get(interaction_id)):
            await anyio.sleep(delay)
            delay = min(delay * 2, 10.0)
    return reply


async def send_until_accepted(api: ObservedApi, send: Callable[[], Awaitable[ObservedReply]]) -> str:
    """Send a request after each pause until it is accepted; return the verdict of each attempt."""
    seen: list[str] = []
    for pause in api.timing.probe_reads:
        await anyio.sleep(pause)
        reply = await send()
        seen.append(describe_verdict(reply))
        if reply.id:
            break
    return " → ".join(seen)
