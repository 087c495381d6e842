"""Faults that a test scripts: what goes wrong, at which call and how often, and the effect on an answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import anyio

from .protocol import ERROR_CODES_BY_STATUS, JsonDict, ensure_object, ensure_objects, is_object, make_error_body
from .questions import Answer

FaultPoint = Literal["create", "stream", "get", "resume", "cancel", "delete", "upload", "file", "model", "store"]
FaultKind = Literal[
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
FaultStage = Literal["http", "stream", "run"]

HTTP_FAULT_KINDS = frozenset({"http", "drop", "drop_taken", "stall", "half"})
STREAM_FAULT_KINDS = frozenset({"cut", "end", "deadline", "truncate", "error", "unknown", "stall"})
RUN_FAULT_KINDS = frozenset({"status", "queued", "hold", "empty", "blocked", "no_usage"})
STREAM_FAULT_POINTS = ("stream", "resume")
# Kind and call of the faults inside a body: events of a stream, or (`cut`) a chunk of an upload or a download.
BODY_FAULTS = (
    *((kind, point) for kind in STREAM_FAULT_KINDS for point in STREAM_FAULT_POINTS),
    ("cut", "upload"),
    ("cut", "file"),
)
# Verbatim from the API.
BLOCKED_MESSAGE = "The response was blocked because of the safety settings."


@dataclass
class Fault:
    """A scripted failure: `kind` is its nature, `on` the call that it strikes.

    Calls: `create` is every POST of an interaction, `stream` only one with `stream: true`; `get` is a plain
    GET, `resume` one with `stream=true`; `upload` is the start and each chunk; `file`, `model` and `store` are the
    other requests to those services, `file` also those to environments.

    Kinds at any call: `http` (responds with `http_status`, `headers` and `body` instead), `drop` (closes the
    socket without processing the request), `drop_taken` (processes the request, then closes the socket without a
    response), `half` (processes it, and closes the socket in the middle of the response), `stall` (processes it
    and withholds the response until `release`).

    Kinds at `stream` and `resume`, after `after` events: `cut` (closes the socket), `end` (a clean early end),
    `deadline` (a JSON error array in place of SSE, as when a stream is cut at ten minutes), `truncate` (half of
    the next event, then a clean end), `error` (an `error` event with `body`, or without one if it is an empty
    string, then the end), `unknown` (an event, a step and a delta of unknown kinds, or the events of `body`; the
    stream continues), `stall` (the events of `body`, then no more bytes until `release`).

    Kind at `upload`, for chunks only: `cut` (accepts `after` bytes of the chunk, then closes the socket). Kind at
    `file`, for downloads of generated files only: `cut` (sends `after` bytes, then closes the socket).

    Kinds at `create`, which affect the run: `status` (it ends as `run_status`, or never ends if that is
    `in_progress`; `body` replaces `errors` or the arguments of the function call), `queued` and `hold` (it
    stays `queued` or `in_progress` until `release`), `empty` (completed, with only a thought), `blocked`
    (failed for safety), `no_usage` (no usage in the completed event and the response to the create; also at
    `get`).

    Attributes:
        times: Number of calls that it strikes, `math.inf` for all.
        skip: Number of calls that pass unharmed first.
        match: Text that the path or body of a call must contain to count.
        body: A dict or list is sent as JSON, a string as HTML, bytes as they are; None is the API's own error for
            the status.
        after: Number of events sent, or bytes accepted or sent, before it strikes.
        release: Set this to end a `stall`, `queued` or `hold`.
        reached: Set when it first strikes: for `stall` once the request is processed or the events are sent, for
            a run once the request is accepted.
    """

    on: FaultPoint
    kind: FaultKind
    times: float = 1
    skip: int = 0
    match: str = ""
    http_status: int = 503
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: JsonDict | list[object] | str | bytes | None = None
    run_status: str = "failed"
    after: int = 0
    release: anyio.Event = field(default_factory=anyio.Event)
    reached: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        """Check that the kind can happen at the call.

        Raises:
            ValueError: The kind belongs to streams or runs, and `on` does not.
        """
        streams = (self.kind, self.on) in BODY_FAULTS
        runs = self.kind in RUN_FAULT_KINDS and (self.on == "create" or (self.on, self.kind) == ("get", "no_usage"))
        if not (streams or runs or self.kind in HTTP_FAULT_KINDS):
            raise ValueError(f"a fault of kind {self.kind!r} cannot happen on {self.on!r}")

    @property
    def stage(self) -> FaultStage:
        """Where it strikes: at the HTTP exchange, inside a body, or in the run."""
        if (self.kind, self.on) in BODY_FAULTS:
            return "stream"
        return "run" if self.kind in RUN_FAULT_KINDS else "http"

    def count_call(self) -> bool:
        """Count one matching call; return whether the fault strikes it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        return True

    def make_body(self) -> JsonDict | list[object] | str | bytes:
        """Return the response body of a fault of kind `http`."""
        if self.body is not None:
            return self.body
        code = ERROR_CODES_BY_STATUS.get(self.http_status, "api_error")
        return make_error_body(code, f"The emulator was told to answer {self.http_status}.")


def select_faults(
    faults: list[Fault], stage: FaultStage, points: tuple[FaultPoint, ...], sent: bytes
) -> Iterator[Fault]:
    """Yield the faults that strike a call at a stage, in order; each counts the call when it is reached."""
    for fault in faults:
        if fault.stage == stage and fault.on in points and fault.match.encode() in sent and fault.count_call():
            yield fault


def take_fault(faults: list[Fault], stage: FaultStage, points: tuple[FaultPoint, ...], sent: bytes) -> Fault | None:
    """Return the first fault that strikes a call at a stage; later faults do not count the call."""
    return next(select_faults(faults, stage, points, sent), None)


def apply_run_fault(answer: Answer, fault: Fault, functions: list[str]) -> Answer:
    """Return an answer as a fault of the run changes it; most faults do not."""
    match fault.kind:
        case "empty":
            return Answer([step for step in answer.steps if step["type"] == "thought"])
        case "blocked":
            return _make_blocked_answer()
        case "status":
            return _end_with_status(answer, fault, functions)
        case _:
            return answer


def continue_answer(answer: Answer) -> Answer:
    """Return the second half of an answer, for a run that continues after `requires_continuation`."""
    return replace(answer, steps=_halve_steps(answer.steps, first=False)[-1:])


def _make_blocked_answer() -> Answer:
    # `Status.code` is a number of google.rpc.Code; 3 is INVALID_ARGUMENT.
    error = {"code": 3, "message": BLOCKED_MESSAGE}
    steps: list[JsonDict] = [{"type": "model_output", "content": [], "error": error}]
    return Answer(steps, "failed", [{"code": "safety", "message": BLOCKED_MESSAGE}])


def _end_with_status(answer: Answer, fault: Fault, functions: list[str]) -> Answer:
    status = fault.run_status
    match status:
        case "failed":
            errors = [{"code": "internal", "message": "The emulator was told to fail."}]
            return Answer([], status, ensure_objects(fault.body) or errors)
        case "requires_action":
            return Answer([*answer.steps[:-1], _make_function_call(fault, functions)], status)
        case "requires_continuation":
            token = "token-of-the-emulator"  # noqa: S105 -- opaque to the client, and no secret
            return replace(answer, steps=_halve_steps(answer.steps), status=status, continuation_token=token)
        case _:
            return replace(answer, steps=_halve_steps(answer.steps), status=status)


def _make_function_call(fault: Fault, functions: list[str]) -> JsonDict:
    arguments = ensure_object(fault.body) if is_object(fault.body) else {"location": "Zürich"}
    name = functions[0] if functions else "get_weather"
    return {"type": "function_call", "id": "call_emulated", "name": name, "arguments": arguments}


def _halve_steps(steps: list[JsonDict], *, first: bool = True) -> list[JsonDict]:
    """Return the steps with one half of the last text: the first, which a stopped run leaves, or the rest."""
    if not steps:
        return []
    *before, last = steps
    halves = [
        {"type": "text", "text": _halve_text(part["text"], first)}
        for part in ensure_objects(last.get("content"))
        if part["type"] == "text"
    ]
    return [*before, {**last, "content": halves}]


def _halve_text(text: str, first: bool) -> str:
    middle = len(text) // 2
    return text[:middle] if first else text[middle:]
