"""Thousands of random lines, valid and invalid, over a real pipe: every sender that waits gets exactly one response.

The lines differ in each run; a failure prints the seed, and `RAW_LINES_SEED=... python -m pytest
tests/test_raw_lines.py` sends the same again. `RAW_LINES=100000` sends more.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest

from gemini_interactions_mcp.server.tools.table import TOOLS
from wired import HANDSHAKES, MODERN, Wired, envelope, environment, hello, wired

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("greeting")]

Json = dict[str, Any]

SEED: Final = os.environ.get("RAW_LINES_SEED") or str(random.SystemRandom().randrange(10**9))
LINES: Final = int(os.environ.get("RAW_LINES", "5000"))
AT_ONCE: Final = 50

TEXTS: Final = [
    "",
    "a",
    "ü€",
    "\U0001f600",
    "\ud83d",
    "\ude00x",
    "\x00",
    "\u2028",
    "gemini://interactions",
    "x" * 70_000,
]
OBJECTS: Final[list[object]] = [None, True, 0, -1, 1.5, 10**30, 1e300, [], {}, [[[]]], {"a": {"b": [1]}}, "text"]
METHODS: Final = [
    *("ping", "tools/list", "tools/call", "resources/list", "resources/read", "resources/templates/list"),
    *("resources/subscribe", "resources/unsubscribe", "prompts/list", "prompts/get", "completion/complete"),
    *("logging/setLevel", "tasks/get", "initialize", "server/discover", "roots/list", "", "no/such", "__class__"),
]
NOTIFICATIONS: Final = ["initialized", "progress", "roots/list_changed", "no/such", "cancelled", ""]


@dataclass
class Lines:
    """Generates random lines, and records the responses that they require.

    Attributes:
        awaited: Ids that are answered exactly once.
        nameless: Number of lines that are answered without an id.
        doubtful: Number of lines that may or may not be answered, with any id that is left in them.
    """

    rng: random.Random
    modern: bool
    awaited: list[int | str] = field(default_factory=list[int | str])
    nameless: int = 0
    doubtful: int = 0

    def next(self) -> bytes:
        """Return a line without its newline."""
        kinds: list[Callable[[], bytes]] = [
            *[self.request] * 8,
            *[self.wrong_request, self.broken_request, self.damaged_request] * 3,
            *(self.batch, self.no_id, self.notification, self.response, self.blank, self.garbage, self.no_object),
        ]
        return self.rng.choice(kinds)()

    def request(self) -> bytes:
        line = self.written(self.valid())
        return self.rng.choice([b"", b"\xef\xbb\xbf", b"  "]) + line + self.rng.choice([b"", b"\r", b"\t "])

    def wrong_request(self) -> bytes:
        """Return a request with an invalid member."""
        message = self.valid()
        wrong: dict[str, list[object]] = {
            "jsonrpc": [None, 2.0, "1.0", []],
            "method": [None, 7, {}, []],
            "params": [[], "a", 7, True],
        }
        member = self.rng.choice(list(wrong))
        if member != "params" and self.rng.random() < 0.3:
            del message[member]
        else:
            message[member] = self.rng.choice(wrong[member])
        return self.written(message)

    def broken_request(self) -> bytes:
        """Return a request that is not JSON, but whose id is certain."""
        message = self.shuffled(self.valid())
        line = json.dumps(message).encode()
        nested = b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b", "
        return self.rng.choice(
            [
                b'{"a": NaN, ' + line[1:],
                b'{"a": 1' + b"0" * 10_000 + b", " + line[1:],
                line[:-1] + b" ",
                line + b"}",
                line + line,
                b"\0" + line,
                line[:-1] + b', "a": "\x01"}',
                nested + line[1:] if self.rng.random() < 0.1 else b"{'a': 1, " + line[1:],
            ]
        )

    def damaged_request(self) -> bytes:
        """Return a request with some bytes lost or replaced."""
        line = bytearray(json.dumps(self.message(f"id-{self.rng.getrandbits(64):x}")).encode())
        for _ in range(self.rng.randrange(1, 4)):
            place = self.rng.randrange(len(line))
            line[place : place + self.rng.randrange(3)] = self.rng.choice([b"", b'"', b"{", b"}", b"\\", b"\xff", b"7"])
        self.doubtful += 1
        return bytes(line)

    def batch(self) -> bytes:
        """Return several messages on one line."""
        count = self.rng.randrange(3)
        self.nameless += not count
        return json.dumps([self.valid() for _ in range(count)]).encode()

    def no_id(self) -> bytes:
        """Return a request with an invalid id."""
        self.nameless += 1
        return self.written(self.message(self.rng.choice([None, True, 1.5, 7.0, [], {}, [1], {"id": 1}])))

    def no_object(self) -> bytes:
        self.nameless += 1
        return self.rng.choice([b"null", b"7", b'"text"', b"true", b"[]", b"[1]", b"[[[[]]]]"])

    def garbage(self) -> bytes:
        self.nameless += 1
        size = self.rng.randrange(200)
        return b"x" + self.rng.randbytes(size).replace(b"\n", b"") + self.rng.choice([b"", b"[" * 1000, b"y" * 300_000])

    def notification(self) -> bytes:
        message = self.message(0)
        del message["id"]
        message["method"] = f"notifications/{self.rng.choice(NOTIFICATIONS)}"
        message["params"] = {"requestId": f"no-{self.rng.random()}"} if self.rng.random() < 0.5 else self.value()
        return self.written(message)

    def response(self) -> bytes:
        message: Json = {"jsonrpc": "2.0", "id": self.rng.choice([0, "no", None, True, 7.5])}
        member = self.rng.choice(["result", "error"])
        return self.written(message | {member: self.value()})

    def blank(self) -> bytes:
        return self.rng.choice([b"", b"\r", b" \t ", b"\xef\xbb\xbf", b"{}", b'{"jsonrpc": "2.0"}', b'{"method": 7}'])

    def valid(self) -> Json:
        """Return a request with a new id."""
        number = len(self.awaited) + 1000
        request_id = self.rng.choice([number, -number, 10**300 + number, f"{number}", f'ü\U0001f600 "{number}\\'])
        self.awaited.append(request_id)
        return self.message(request_id)

    def message(self, request_id: object) -> Json:
        method = self.rng.choice(METHODS)
        return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": self.params(method)}

    def params(self, method: str) -> Json:
        shaped: dict[str, Json] = {
            "initialize": hello(self.rng.choice(HANDSHAKES)),
            "tools/call": {"name": self.rng.choice(["list_interactions", "no_such", ""]), "arguments": self.value()},
            "resources/read": {"uri": self.rng.choice(["gemini://interactions", "file:///etc/passwd", ""])},
            "resources/subscribe": {"uri": self.value()},
            "prompts/get": {"name": self.value(), "arguments": self.value()},
        }
        params = shaped.get(method, {}) if self.rng.random() < 0.7 else {self.text(): self.value()}
        enveloped = self.modern if self.rng.random() < 0.9 else not self.modern
        return params | (envelope() if enveloped else {})

    def value(self) -> object:
        choice = self.rng.random()
        if choice < 0.3:
            return {self.text(): self.text()}
        return self.text() if choice < 0.6 else self.rng.choice(OBJECTS)

    def text(self) -> str:
        return self.rng.choice(TEXTS if self.rng.random() < 0.1 else TEXTS[:-1])

    def shuffled(self, message: Json) -> Json:
        """Return the message with its members in random order."""
        return dict(self.rng.sample(list(message.items()), len(message)))

    def written(self, message: Json) -> bytes:
        """Return a message in the style of some host."""
        separators = self.rng.choice([(",", ":"), (", ", ": "), (" ,\t", " :  ")])
        text = json.dumps(self.shuffled(message), ensure_ascii=self.rng.random() < 0.7, separators=separators)
        return text.encode("utf-8", "surrogatepass")


def answered(server: Wired) -> Counter[int | str | None]:
    """Return the number of responses to each id."""
    return Counter(each["id"] for each in server.messages if "method" not in each)


async def send(server: Wired, lines: Lines, count: int) -> None:
    """Send that many lines."""
    for _ in range(count // AT_ONCE):
        sent = b"".join(lines.next() + b"\n" for _ in range(AT_ONCE))
        await anyio.to_thread.run_sync(server.write, sent)


async def converse(folder: Path, version: str) -> None:
    """Send random lines in one revision of the protocol, to a server with its own folder."""
    lines = Lines(random.Random(f"{SEED} {version}"), version == MODERN)
    async with wired(environment(folder, "http://127.0.0.1:9")) as server:
        await server.open(version)
        await server.result("tools/list")  # after which `initialize` is no fallback from an abandoned probe
        await send(server, lines, LINES // 2)
        await server.until(partial(all_answered, server, lines.awaited))
        assert len((await server.result("tools/list"))["tools"]) == len(TOOLS)
        server.hang_up()
        assert await server.ended() == 0
    found = answered(server)
    assert {each: found[each] for each in lines.awaited} == dict.fromkeys(lines.awaited, 1)
    nameless = found.pop(None)
    others = found.keys() - set(lines.awaited) - set(range(server.requests + 1))
    assert all(found[each] == 1 for each in others)
    assert lines.nameless <= nameless <= lines.nameless + lines.doubtful
    assert len(others) + nameless - lines.nameless <= lines.doubtful


def all_answered(server: Wired, ids: list[int | str]) -> bool:
    """Whether all ids are answered; parses the output only once it has enough lines."""
    return len(server.stdout) > len(ids) and answered(server).keys() >= set(ids)


async def test_every_id_is_answered_once_and_the_server_goes_on(tmp_path: Path) -> None:
    versions = (HANDSHAKES[-1], MODERN)
    for version in versions:
        (tmp_path / version).mkdir()
    try:
        async with anyio.create_task_group() as tasks:
            for version in versions:
                tasks.start_soon(converse, tmp_path / version, version)
    except BaseExceptionGroup as exc:
        pytest.fail(f"RAW_LINES_SEED={SEED} repeats it: {exc.exceptions[0]!r}"[:4000])
