"""Faults that a test scripts: what goes wrong, at which call, how often, and what that makes of an answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import anyio

from .answers import Answer
from .protocol import CODES, Json, error_body, is_object, object_of, objects_of

Point = Literal["create", "stream", "get", "resume", "cancel", "delete", "upload", "file", "model"]
Kind = Literal[
    "http",
    "drop",
    "drop_taken",
    "stall",
    "half",
    "cut",
    "end",
    "deadline",
    "truncate",
    "error",
    "unknown",
    "status",
    "queued",
    "hold",
    "empty",
    "blocked",
    "no_usage",
]
Stage = Literal["http", "stream", "run"]

HTTP_KINDS = frozenset({"http", "drop", "drop_taken", "stall", "half"})
STREAM_KINDS = frozenset({"cut", "end", "deadline", "truncate", "error", "unknown", "stall"})
RUN_KINDS = frozenset({"status", "queued", "hold", "empty", "blocked", "no_usage"})
STREAMS = ("stream", "resume")
# What is cut in the middle: `cut` of an upload strikes inside a chunk.
CUT = (*((kind, point) for kind in STREAM_KINDS for point in STREAMS), ("cut", "upload"))
# The API's own words.
BLOCKED_MESSAGE = "The response was blocked because of the safety settings."


@dataclass
class Fault:
    """One thing that goes wrong: `kind` says what, `on` at which call.

    Calls: `create` is every POST of an interaction, `stream` only one with `stream: true`; `get` is a plain
    GET, `resume` one with `stream=true`; `upload` is the start and each chunk; `file` and `model` are the rest
    of those two services.

    Kinds at any call: `http` (answers `http_status`, `headers` and `body` instead), `drop` (closes the
    socket, the request is not taken), `drop_taken` (carries the request out, then closes the socket
    unanswered), `half` (carries it out, and closes the socket in the middle of the answer), `stall` (carries it
    out and withholds the answer until `release`).

    Kinds at `stream` and `resume`, each when `after` events were sent: `cut` (closes the socket), `end` (a
    clean early end), `deadline` (a JSON error array in place of SSE, as a stream is cut at ten minutes),
    `truncate` (half of the next event, then a clean end), `error` (an `error` event with `body`, or without
    one when it is an empty string, then the end), `unknown` (an event, a step and a delta of unknown kinds, or
    the events of `body`; the stream goes on), `stall` (the events of `body`, then no more bytes
    until `release`).

    Kind at `upload`, for chunks only: `cut` (takes `after` bytes of the chunk, then closes the socket).

    Kinds at `create`, for how the run goes: `status` (it ends as `run_status`, or never ends when that is
    `in_progress`; `body` replaces `errors` or the arguments of the function call), `queued` and `hold` (it
    is `queued` or `in_progress` until `release`), `empty` (completed, with nothing but a thought), `blocked`
    (failed for safety), `no_usage` (no usage in the completed event and the answer of the create; also at
    `get`).

    Attributes:
        times: How many calls it strikes, `math.inf` for all.
        skip: How many calls pass unharmed first.
        match: Only calls whose path and body contain this text count.
        body: A dict or list is sent as JSON, a string as HTML, bytes as they are; None is the API's own error for
            the status.
        after: How many events are sent, or bytes of a chunk taken, before it strikes.
        release: Set it to end a `stall`, `queued` or `hold`.
        reached: Is set when it has first struck: for `stall` when the request was carried out or the events
            were sent, for a run when the request was taken.
    """

    on: Point
    kind: Kind
    times: float = 1
    skip: int = 0
    match: str = ""
    http_status: int = 503
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: Json | list[object] | str | bytes | None = None
    run_status: str = "failed"
    after: int = 0
    release: anyio.Event = field(default_factory=anyio.Event)
    reached: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        """Refuse a kind that cannot happen at that call.

        Raises:
            ValueError: The kind belongs to streams or runs and `on` does not.
        """
        streams = (self.kind, self.on) in CUT
        runs = self.kind in RUN_KINDS and (self.on == "create" or (self.on, self.kind) == ("get", "no_usage"))
        if not (streams or runs or self.kind in HTTP_KINDS):
            raise ValueError(f"a fault of kind {self.kind!r} cannot happen on {self.on!r}")

    @property
    def stage(self) -> Stage:
        """Where it strikes: instead of the HTTP exchange, inside a stream, or in the run."""
        if (self.kind, self.on) in CUT:
            return "stream"
        return "run" if self.kind in RUN_KINDS else "http"

    def strikes(self) -> bool:
        """Count one matching call, and tell whether the fault strikes it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        return True

    def answer(self) -> Json | list[object] | str | bytes:
        """Return the body of a fault of kind `http`."""
        if self.body is not None:
            return self.body
        code = CODES.get(self.http_status, "api_error")
        return error_body(code, f"The emulator was told to answer {self.http_status}.")


def striking(faults: list[Fault], stage: Stage, points: tuple[Point, ...], said: bytes) -> Iterator[Fault]:
    """Find the faults that strike this call at this stage, in their order, counting the call for each as it comes."""
    for fault in faults:
        if fault.stage == stage and fault.on in points and fault.match.encode() in said and fault.strikes():
            yield fault


def take(faults: list[Fault], stage: Stage, points: tuple[Point, ...], said: bytes) -> Fault | None:
    """Return the first fault that strikes this call at this stage; those behind it do not count the call."""
    return next(striking(faults, stage, points, said), None)


def altered(answer: Answer, fault: Fault, functions: list[str]) -> Answer:
    """Return what an answer becomes under a fault of the run; most faults leave it as it is."""
    match fault.kind:
        case "empty":
            return Answer([step for step in answer.steps if step["type"] == "thought"])
        case "blocked":
            return _blocked()
        case "status":
            return _ended(answer, fault, functions)
        case _:
            return answer


def continued(answer: Answer) -> Answer:
    """Return what is left of an answer whose first half was told before it required continuation."""
    return replace(answer, steps=_halved(answer.steps, first=False)[-1:])


def _blocked() -> Answer:
    # 3 is INVALID_ARGUMENT in google.rpc.Code, the numbers of `Status.code`.
    error = {"code": 3, "message": BLOCKED_MESSAGE}
    steps: list[Json] = [{"type": "model_output", "content": [], "error": error}]
    return Answer(steps, "failed", [{"code": "safety", "message": BLOCKED_MESSAGE}])


def _ended(answer: Answer, fault: Fault, functions: list[str]) -> Answer:
    status = fault.run_status
    match status:
        case "failed":
            told = [{"code": "internal", "message": "The emulator was told to fail."}]
            return Answer([], status, objects_of(fault.body) or told)
        case "requires_action":
            return Answer([*answer.steps[:-1], _function_call(fault, functions)], status)
        case "requires_continuation":
            token = "token-of-the-emulator"  # noqa: S105 -- opaque to the client, and no secret
            return replace(answer, steps=_halved(answer.steps), status=status, continuation_token=token)
        case _:
            return replace(answer, steps=_halved(answer.steps), status=status)


def _function_call(fault: Fault, functions: list[str]) -> Json:
    arguments = object_of(fault.body) if is_object(fault.body) else {"location": "Zürich"}
    name = functions[0] if functions else "get_weather"
    return {"type": "function_call", "id": "call_emulated", "name": name, "arguments": arguments}


def _halved(steps: list[Json], *, first: bool = True) -> list[Json]:
    """Return the steps with one half of the last text only: what a run that was stopped leaves, or the rest."""
    *before, last = steps
    halves = [
        {"type": "text", "text": _half(part["text"], first)}
        for part in objects_of(last.get("content"))
        if part["type"] == "text"
    ]
    return [*before, {**last, "content": halves}]


def _half(text: str, first: bool) -> str:
    middle = len(text) // 2
    return text[:middle] if first else text[middle:]
