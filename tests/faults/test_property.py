"""The promise under anything: random calls, faults, cancelled and repeated calls, ends and kills, against one Google.

An example is some lives of a server on one journal. After the last, everything that Google has taken was asked for and
taken once, a fresh server can read every answer, and the key stands nowhere.

`make soak` tries 2,000. The search is random: an example that
fails is printed with a line that repeats it.
"""

import base64
import math
import operator
import os
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp_types import CallToolResult

from conftest import FAST, KEY, make_settings
from gemini_interactions_mcp.emulator import (
    EmulatedInteraction,
    Emulator,
    Fault,
    make_background_fault,
    make_not_found_yet_fault,
    make_redirect_fault,
    make_streamed_error_fault,
    serve_emulator,
)
from gemini_interactions_mcp.server import prompts
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from reading import rows_of, text_of, wav
from wired import let_leases_run_out

pytestmark = pytest.mark.slow

SEQUENCES = int(os.environ.get("SEQUENCES", "20"))
PATIENCE = 20.0
"""Seconds after which a test that waits has failed; never what is tested."""
TURNS = (0, 3, 10, 30, 60, 100, 200)
"""Rounds of the event loop: an ask takes about a hundred, so that these are points in the whole of a call."""
TOPICS = ("Rivers of Zürich.", "Lakes of Zürich.")
HOURLY = ("hold", "queued", "stall")
GARBAGE = (b"", b"{", b"[" * 100_000, b'{"id": 1' + b"0" * 5_000 + b"}", b"data: {\n\n", b"<html>", b"\xff\xfe")
CODES = ("model_not_found", "service_unavailable", "too_many_requests", "safety", "api_error", "no_such_code", "")

LIMITS = (None, None, Decimal(8), Decimal("3.5"), Decimal("0.6"))
"""Dollars of a day: research reserves three, an ask a quarter."""
COUNTED_COSTS = """
    SELECT cost_micros FROM interactions WHERE origin = 'ours'
    AND NOT (deleted_at IS NULL AND status IN ('failed', 'cancelled') AND interaction_id IS NULL)
"""

MADE = ("image", "audio", "video")

End = Literal["closes", "is killed", "is killed and leaves its leases"]


# What happens --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """A fault of the emulator; `lasts` says after how many turns one that waits is over, None with the life."""

    on: Any
    kind: Any
    after: int = 0
    times: int = 1
    status: Any = 503
    lasts: int | None = 0
    body: Any = None


@dataclass(frozen=True)
class Start:
    """A call that may cost money.

    Attributes:
        at: Which earlier interaction is continued, and what is researched.
        again: Whether it repeats the last call of its tool, as models do after a time-out.
        cancelled: After how many turns its host cancels it; None never.
        left: Whether the next step begins while it is still being answered.
    """

    tool: Literal["ask", "continue", "analyze", "transcript", "image", "audio", "video", "research"]
    at: int = 0
    waits: bool = True
    again: bool = False
    cancelled: int | None = None
    left: bool = False
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Look:
    """A call that is free."""

    tool: Literal["read", "check", "cancel", "delete", "list"]
    at: int = 0
    waits: bool = False
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Pause:
    """Nothing is asked for some turns."""

    turns: int


Step = Start | Look | Pause


@dataclass(frozen=True)
class Life:
    """What a server lives through, and how that ends."""

    steps: tuple[Step, ...]
    end: End


def troubles(*points: str) -> st.SearchStrategy[tuple[Trouble, ...]]:
    """At most two things that go wrong with a call, none for half of the calls."""
    lasts = st.sampled_from((0, 10, 60, None))
    create = st.one_of(
        st.builds(Trouble, st.just("create"), st.just("http"), status=st.sampled_from((400, 401, 429, 500, 503))),
        st.builds(
            Trouble, st.just("create"), st.sampled_from(("drop", "drop_taken", "half", "empty", "blocked", "no_usage"))
        ),
        st.builds(Trouble, st.just("create"), st.just("http"), status=st.just(200), body=st.sampled_from(GARBAGE)),
        st.builds(Trouble, st.just("create"), st.just("redirect"), status=st.sampled_from((301, 302, 307, 308))),
        st.builds(Trouble, st.just("stream"), st.just("refusal"), body=st.sampled_from(CODES)),
        st.builds(Trouble, st.just("create"), st.just("no background"), times=st.integers(1, 3)),
        st.builds(Trouble, st.just("create"), st.just("not found yet"), times=st.integers(1, 2)),
        st.builds(Trouble, st.just("create"), st.sampled_from(HOURLY), lasts=lasts),
        st.builds(
            Trouble,
            st.just("create"),
            st.just("status"),
            status=st.sampled_from(("failed", "incomplete", "requires_action", "budget_exceeded", "in_progress")),
        ),
    )
    breaks = ("cut", "end", "deadline", "truncate", "error", "unknown", "stall")
    stream = st.builds(
        Trouble,
        st.sampled_from(("stream", "resume")),
        st.sampled_from(breaks),
        after=st.integers(0, 9),
        lasts=lasts,
    )
    read = st.one_of(
        st.builds(
            Trouble,
            st.sampled_from(("get", "resume")),
            st.just("http"),
            times=st.integers(1, 4),
            status=st.sampled_from((400, 403, 404, 429, 500, 503)),
        ),
        st.builds(Trouble, st.just("get"), st.just("http"), status=st.just(200), body=st.sampled_from(GARBAGE)),
        st.builds(Trouble, st.just("get"), st.sampled_from(("drop", "drop_taken")), times=st.integers(1, 4)),
        # A read waits for it.
        st.builds(Trouble, st.just("get"), st.just("stall"), lasts=st.sampled_from((0, 10, 60))),
    )
    cancel = st.builds(
        Trouble,
        st.sampled_from(("cancel", "delete")),
        st.sampled_from(("http", "drop", "drop_taken")),
        status=st.sampled_from((200, 400, 403, 500)),
        body=st.sampled_from((None, *GARBAGE)),
    )
    download = st.one_of(
        st.builds(
            Trouble,
            st.just("file"),
            st.just("http"),
            times=st.integers(1, 9),
            status=st.sampled_from((400, 403, 404, 410, 429, 500, 503)),
        ),
        st.builds(Trouble, st.just("file"), st.just("http"), status=st.just(200), body=st.sampled_from(GARBAGE[5:6])),
        st.builds(Trouble, st.just("file"), st.sampled_from(("drop", "drop_taken")), times=st.integers(1, 9)),
        st.builds(
            Trouble, st.just("file"), st.just("cut"), after=st.sampled_from((0, 1, 5_000)), times=st.integers(1, 9)
        ),
        st.builds(Trouble, st.just("file"), st.just("stall"), lasts=lasts),
    )
    known = {"create": create, "stream": stream, "read": read, "cancel": cancel, "download": download}
    some = st.lists(st.one_of(*(known[point] for point in points)), min_size=1, max_size=2).map(tuple)
    return st.one_of(st.just(()), some)


# Google is as quick as we are, unless it is held up.
HOLDS = st.sampled_from(((), *((Trouble("create", "hold", lasts=lasts),) for lasts in (10, 60, 200, None))))
STARTS = st.builds(
    Start,
    # An image takes as long as five asks.
    tool=st.sampled_from(
        (
            "ask",
            "ask",
            "ask",
            "continue",
            "analyze",
            "transcript",
            "research",
            "research",
            "research",
            "image",
            "audio",
            "video",
        )
    ),
    at=st.integers(0, 3),
    waits=st.booleans(),
    again=st.sampled_from((False, False, True)),
    cancelled=st.sampled_from((*(None,) * 2 * len(TURNS), *TURNS)),
    left=st.sampled_from((False, False, True)),
    troubles=st.builds(operator.add, HOLDS, troubles("create", "create", "stream", "stream", "read", "download")),
)
LOOKS = st.builds(
    Look,
    tool=st.sampled_from(("read", "read", "check", "check", "cancel", "delete", "list")),
    at=st.integers(0, 3),
    waits=st.booleans(),
    troubles=troubles("read", "cancel", "download"),
)
PAUSES = st.builds(Pause, st.sampled_from(TURNS))
LIVES = st.lists(
    st.builds(
        Life,
        steps=st.lists(st.one_of(STARTS, STARTS, LOOKS, PAUSES), min_size=2, max_size=4).map(tuple),
        end=st.sampled_from(get_args(End)),
    ),
    min_size=1,
    max_size=3,
)


# Where it happens ----------------------------------------------------------------------------------------


@dataclass
class World:
    """Google, a computer, and what the hosts on it have asked.

    Attributes:
        asked: The prompts that were sent, each as often as it was.
        given: How often somebody was given what came of a prompt, be it an answer or an error.
        told: The ids that a server has named in an answer, and lived to write down.
        together: The prompts that were sent again while they were being answered.
        going: How many calls of a prompt are being answered.
        last: What each tool was last called with.
        deleted: The ids that somebody wanted to be deleted.
        removed: How often somebody wanted an interaction of a prompt to be deleted.
        said: Everything that a host was told.
    """

    emulator: Emulator
    settings: Settings
    folder: Path
    asked: Counter[str] = field(default_factory=Counter[str])
    given: Counter[str] = field(default_factory=Counter[str])
    together: set[str] = field(default_factory=set[str])
    going: Counter[str] = field(default_factory=Counter[str])
    last: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    deleted: set[str] = field(default_factory=set[str])
    removed: Counter[str] = field(default_factory=Counter[str])
    said: list[str] = field(default_factory=list[str])
    told: set[str] = field(default_factory=set[str])
    faults: list[Fault] = field(default_factory=list[Fault])

    def id_at(self, place: int) -> str:
        """One of Google's interactions, or an id that there is not."""
        return next(iter(list(self.emulator.interactions)[place:]), "v1_unknown")

    def arguments(self, step: Start | Look) -> dict[str, Any]:
        """What a call is made with."""
        wait = (
            {} if step.waits or step.tool in ("image", "audio", "research", "list", "cancel") else {"wait_seconds": 0}
        )
        if isinstance(step, Look):
            return wait if step.tool == "list" else wait | {"interaction_id": self.id_at(step.at)}
        if step.again and step.tool in self.last:
            return wait | self.last[step.tool]
        self.last[step.tool] = self.fresh_arguments(step)
        return wait | self.last[step.tool]

    def fresh_arguments(self, step: Start) -> dict[str, Any]:
        """What a call is made with that was not made before."""
        prompt = TOPICS[step.at % 2] if step.tool == "research" else f"Prompt {len(self.asked)}."
        special: dict[str, dict[str, Any]] = {
            "continue": {"previous_interaction_id": self.id_at(step.at)},
            "analyze": {"files": [str(self.folder / "files" / "note.txt")]},
            "audio": {"kind": ("speech", "music")[step.at % 2]},
            "research": {"visualization": False},
        }
        if step.tool == "transcript":
            special["transcript"] = {
                "files": [str(self.recording(prompt, silent=step.at % 2 == 1))],
                "transcript": True,
            }
        # An answer of some events, so that a stream can break in its midst.
        self.asked[prompt] += 0
        return special.get(step.tool, {}) | {"prompt": f"{prompt} [[words=40]]" if step.tool == "ask" else prompt}

    def recording(self, prompt: str, *, silent: bool) -> Path:
        """A recording that has a prompt in its bytes, since that is not sent; it may have no words."""
        path = self.folder / "files" / f"talk {len(self.asked)}.wav"
        wav(path.parent).rename(path)
        with path.open("ab") as file:
            file.write(f"{prompt}{'[[speech=none]]' * silent}".encode())
        return path

    def prompt_in(self, text: str) -> str:
        """Which of the prompts stands in a text."""
        return next((prompt for prompt in self.asked if prompt in text), "")

    def prompt_of(self, arguments: dict[str, Any]) -> str:
        """The prompt of the interaction that a call is about."""
        interaction = self.emulator.interactions.get(str(arguments.get("interaction_id")))
        return self.prompt_in(wording_of(interaction.body)) if interaction else ""

    def script(self, trouble: Trouble, tasks: TaskGroup) -> None:
        """Have the emulator do it."""
        fault = fault_of(trouble)
        self.emulator.faults.append(fault)
        self.faults.append(fault)
        if trouble.lasts is not None:
            tasks.start_soon(pass_over, fault, trouble.lasts)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.emulator.faults.clear()
        for fault in self.faults:
            fault.release.set()


def fault_of(trouble: Trouble) -> Fault:
    """What the emulator has to do for it to happen."""
    match trouble.kind:
        case "redirect":
            # Nobody is there: who follows it has not sent the request to Google.
            return make_redirect_fault("http://127.0.0.1:9/elsewhere", status=trouble.status)
        case "refusal":
            return make_streamed_error_fault(trouble.body, "The emulator was told to refuse.")
        case "no background":
            return make_background_fault(times=trouble.times)
        case "not found yet":
            return make_not_found_yet_fault(times=trouble.times)
        case "status":
            told = {"run_status": trouble.status}
        case "http":
            told = {"http_status": trouble.status, "body": trouble.body}
        case _:
            told = {}
    return Fault(trouble.on, trouble.kind, times=trouble.times, after=trouble.after, **told)


async def pass_over(fault: Fault, lasts: int) -> None:
    """Let what waits at Google go on some turns after it has begun to wait."""
    await fault.reached.wait()
    await turns(lasts)
    fault.release.set()


async def turns(number: int) -> None:
    """Let the event loop go round so often."""
    for _ in range(number):
        await anyio.lowlevel.checkpoint()


def wording_of(body: dict[str, Any]) -> str:
    """What a request says, that in its recordings included."""
    said = str(body["input"])
    recordings = re.findall(r"'data': '([^']+)'", said) if "'audio'" in said else []
    return said + "".join(base64.b64decode(each).decode(errors="replace") for each in recordings)


TOOL_OF = {
    "ask": "gemini_ask",
    "continue": "gemini_continue",
    "analyze": "analyze_file",
    "transcript": "analyze_file",
    "image": "generate_image",
    "audio": "generate_audio",
    "video": "generate_video",
    "research": "start_research",
    "read": "read_interaction",
    "check": "check_research",
    "cancel": "cancel_research",
    "delete": "delete_interaction",
    "list": "list_interactions",
}


@dataclass
class Host:
    """A program that uses one server."""

    world: World
    client: Client
    tasks: TaskGroup
    told: set[str] = field(default_factory=set[str])

    async def take(self, step: Step) -> None:
        """Do the next thing."""
        if isinstance(step, Pause):
            return await turns(step.turns)
        for trouble in step.troubles:
            self.world.script(trouble, self.tasks)
        arguments = self.world.arguments(step)
        scope = anyio.CancelScope()
        if isinstance(step, Start) and step.cancelled is not None:
            self.tasks.start_soon(self.give_up, scope, step.cancelled)
        if isinstance(step, Start) and step.left:
            self.tasks.start_soon(self.call, scope, TOOL_OF[step.tool], arguments)
        else:
            await self.call(scope, TOOL_OF[step.tool], arguments)
        return None

    async def give_up(self, scope: anyio.CancelScope, number: int) -> None:
        """Cancel a call after some turns."""
        await turns(number)
        scope.cancel()

    async def call(self, scope: anyio.CancelScope, tool: str, arguments: dict[str, Any]) -> None:
        """Call a tool; whatever goes wrong outside, nothing goes wrong in the server."""
        prompt = self.world.prompt_in(str(arguments.get("prompt", "")))
        if tool == "delete_interaction":
            self.world.deleted.add(arguments["interaction_id"])
            self.world.removed[self.world.prompt_of(arguments)] += 1
        if prompt:
            self.world.asked[prompt] += 1
        if self.world.going[prompt]:
            self.world.together.add(prompt)
        self.world.going[prompt] += 1
        try:
            await self.answered(scope, tool, arguments, prompt or self.world.prompt_of(arguments))
        finally:
            self.world.going[prompt] -= 1

    async def answered(self, scope: anyio.CancelScope, tool: str, arguments: dict[str, Any], prompt: str) -> None:
        """Call a tool and hear what it says of a prompt."""
        with scope, anyio.fail_after(PATIENCE):
            result = await self.client.call_tool(tool, arguments)
            text = text_of(result)
            self.world.said.append(result.model_dump_json())
            if "Do not ask the same again" not in text:
                self.world.given[prompt] += 1
            assert "fault in this server" not in text
            assert "This server failed" not in text
            if not result.is_error:
                self.told |= {each for each in self.world.emulator.interactions if each in text}


async def live(world: World, life: Life) -> None:
    """Run a server from its start to its end, however it ends."""
    server = build_server(world.settings, HASTY)
    killed = life.end.startswith("is killed")
    journal = None
    async with Client(server, cache=None) as client, anyio.create_task_group() as tasks:
        host = Host(world, client, tasks)
        for step in life.steps:
            await host.take(step)
        if killed:
            # From here on it writes nothing down and sends nothing that is paid for.
            journal = copied(world.folder)
            world.emulator.faults.insert(0, Fault("create", "drop", times=math.inf))
        else:
            world.told |= host.told
        tasks.cancel_scope.cancel()
    world.calm()
    if killed:
        put_back(world.folder, journal)
    if life.end == "is killed":
        time_passes(world.folder)
    elif killed:
        # Its lease says that it lives, so that the same call within four seconds seems to begin together with its own.
        world.together |= set(world.asked)


def time_passes(folder: Path) -> None:
    """As if a minute had gone by."""
    with suppress(sqlite3.OperationalError):  # no server has come so far as to need its journal
        let_leases_run_out(folder)


def copied(folder: Path) -> Path | None:
    """The journal as it is on disk now; None when there is none."""
    if not (folder / "journal.sqlite3").exists():
        return None
    copy = folder / "copy.sqlite3"
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal, closing(sqlite3.connect(copy)) as target:
        journal.backup(target)
    return copy


def put_back(folder: Path, journal: Path | None) -> None:
    """Undo what was written after a server was killed."""
    for path in folder.glob("journal.sqlite3*"):
        path.unlink()
    if journal is not None:
        journal.rename(folder / "journal.sqlite3")


# What holds afterwards -----------------------------------------------------------------------------------


def bought_once(world: World) -> None:
    """Hold that each call was taken at most once, and research again only where the first has ended badly."""
    creates = [wording_of(create) for create in world.emulator.creates]
    taken = {prompt: sum(prompt in create for create in creates) for prompt in world.asked}
    assert sum(taken.values()) == len(creates)
    for prompt, times in taken.items():
        assert times <= world.asked[prompt], prompt
        if prompt in TOPICS:
            assert times <= 1 + ended_badly(world, prompt) + world.removed[prompt], prompt
        elif prompt not in world.together:
            # What nobody was given is given to the next call, and not bought again.
            assert times <= 1 + world.given[prompt], prompt


def ended_badly(world: World, prompt: str) -> int:
    """How many interactions of a prompt have come to nothing."""
    return sum(
        prompt in wording_of(each.body) and each.status in ("failed", "cancelled")
        for each in world.emulator.interactions.values()
    )


def never_overspent(world: World) -> None:
    """Hold that what is spent and reserved keeps to the limit, and that all that Google has taken is counted."""
    with closing(sqlite3.connect(world.folder / "journal.sqlite3")) as journal:
        rows = journal.execute(COUNTED_COSTS).fetchall()
    costs = [cost for (cost,) in rows]
    if world.settings.dollars_per_day is not None:
        assert sum(costs) <= world.settings.dollars_per_day * 1_000_000
    free = sum(each.status == "failed" for each in world.emulator.interactions.values())
    assert sum(cost != 0 for cost in costs) + free >= len(world.emulator.interactions)


async def never_lost(world: World) -> None:
    """Hold that a fresh server reads every answer, and lists whatever a host was told of."""
    async with Client(build_server(world.settings, HASTY), cache=None) as client:
        listed = {row["interaction_id"] for row in rows_of(await called(client, "list_interactions", limit=100))}
        assert world.told - world.deleted <= listed
        for interaction in world.emulator.interactions.values():
            if interaction.status == "completed":
                world.said.append(await readable(client, interaction))
        rows = rows_of(await called(client, "list_interactions", limit=100))
    completed = {each.id for each in world.emulator.interactions.values() if each.status == "completed"}
    assert completed <= {row["interaction_id"] for row in rows if row["status"] == "completed"}


async def readable(client: Client, interaction: EmulatedInteraction) -> str:
    """Hold that the answer can be read whole, with its files; one that is empty is told as such."""
    result = await called(client, "read_interaction", interaction_id=interaction.id, wait_seconds=10)
    shown = text_of(result)
    assert interaction.id in shown
    contents = [
        part
        for step in interaction.answer.steps
        if step["type"] == "model_output"
        for part in step["content"]
    ]  # fmt: skip
    unmarked = re.sub(r" (?:\[\d+\])+", "", shown)
    recorded = interaction.body.get("model") == "gemini-3.5-transcribe"
    if recorded:
        # By speaker and time.
        unmarked = re.sub(r"\n\n(?:\[[\d:.]+\] )?Speaker \d: ", " ", f"\n\n{shown}")
    for text in (part["text"] for part in contents if part["type"] == "text"):
        said, _, sources = text.partition("\n**Sources:**\n")
        assert said.strip() in unmarked
        # The list that a report ends with is ours, too.
        assert all(address in shown for address in re.findall(r"https?://[^\s()<>]+", sources))
    saved = recorded or "agent" in interaction.body or any(part["type"] in MADE for part in contents)
    assert ("Saved: " in shown) is (saved and bool(contents))
    assert result.is_error is (not contents and not recorded)
    return result.model_dump_json()


def nothing_leaked(world: World) -> None:
    """Hold that the key stands in nothing that a host was told, and in no file."""
    assert not [said for said in world.said if KEY in said]
    for path in world.folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path.name


async def called(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    with anyio.fail_after(PATIENCE):
        return await client.call_tool(tool, arguments)


@asynccontextmanager
async def world_in(folder: Path, limit: Decimal | None = None) -> AsyncGenerator[World]:
    """Google and a computer, both new."""
    emulator = Emulator(research_seconds=0, step_seconds=0, processing_seconds=0, picture_scale=0.5)
    async with serve_emulator(emulator) as url:
        settings = make_settings(folder, url, wait_seconds=0.2, dollars_per_day=limit)
        (folder / "files" / "note.txt").write_text("Grüße", encoding="utf-8")
        yield World(emulator, settings, folder)


async def play(lives: list[Life], limit: Decimal | None) -> None:
    """Live through all of it, let Google finish what it has taken, and hold the promise."""
    with tempfile.TemporaryDirectory() as folder:
        async with world_in(Path(folder), limit) as world:
            for life in lives:
                await live(world, life)
            with anyio.fail_after(PATIENCE):
                for interaction in world.emulator.interactions.values():
                    if interaction.answer.status != "in_progress":
                        await interaction.finished.wait()
            time_passes(world.folder)
            bought_once(world)
            await never_lost(world)
            bought_once(world)
            never_overspent(world)
            nothing_leaked(world)


HASTY = replace(FAST, naming=0.05, shutdown_naming=0.01)


@pytest.fixture(scope="module", autouse=True)
def quick(one_authority: Path) -> Any:
    """What each server makes anew is not what is tested here."""

    def nothing(_server: Server, _toolsets: tuple[str, ...]) -> None:
        """Register no prompts."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(one_authority))
        patch.setattr(prompts, "register_prompts", nothing)
        yield


@pytest.mark.timeout(3600)
@settings(max_examples=SEQUENCES, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
@given(LIVES, st.sampled_from(LIMITS))
def test_whatever_happens_nothing_paid_is_lost_or_bought_twice(lives: list[Life], limit: Decimal | None) -> None:
    anyio.run(play, lives, limit)


async def test_an_answer_that_takes_longer_than_connecting_may_is_waited_for() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with world_in(Path(folder)) as world:
            patient = world.settings.model_copy(update={"wait_seconds": PATIENCE})
            async with Client(build_server(patient, replace(HASTY, connect=0.2)), cache=None) as client:
                # Images are answered in the foreground, when they are done.
                result = await called(client, "generate_image", prompt="Draw [[seconds=0.6]]")
            assert not result.is_error, text_of(result)
            assert "Saved: " in text_of(result)
            assert len(world.emulator.creates) == 1
