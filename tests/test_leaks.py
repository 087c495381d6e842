"""The user's secrets come back from Google, from a model, from files and from the user, and are shown nowhere."""

import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gemini_interactions_mcp.emulator import Emulator, Fault
from wired import HANDSHAKES, MODERN, Wired, environment, text_of, wired

KEY = "AIzaSyQ7xV2mLw9Tz-c4N4ry_Kp3Hd8Rf6Jb1Gs"
TOKEN = "tkn.Zf8Qw3Xr6Lv1Mb9Hy4Ud7"
PASSWORD = "bH5nq8!wZr2&kJ7x"
LOGIN = base64.b64encode(f"robot-9147:{PASSWORD}".encode()).decode()
SERVERS = {
    "docs": {"url": "https://docs.example/mcp", "headers": {"Authorization": f"Bearer {TOKEN}"}},
    "mail": {"url": "https://mail.example/mcp", "headers": {"Authorization": f"Basic {LOGIN}"}},
}
SECRETS = (KEY, TOKEN, PASSWORD, LOGIN)
ECHO = " ".join(SECRETS)
PIECE = 12

Json = dict[str, Any]


def pieces() -> Iterator[bytes]:
    """All that must not be seen: every piece of a secret, and the key in base64."""
    for secret in SECRETS:
        yield from (secret[at : at + PIECE].encode() for at in range(len(secret) - PIECE + 1))
    yield base64.b64encode(KEY.encode())[:-4]


PIECES = tuple(pieces())


def leaks(content: bytes) -> list[bytes]:
    return [piece for piece in PIECES if piece in content]


def test_a_leak_would_be_seen() -> None:
    assert leaks(f"…{KEY[20:33]}…".encode()) == [KEY[20:32].encode(), KEY[21:33].encode()]
    assert leaks(KEY[:11].encode() + b" " + TOKEN[-11:].encode()) == []


@asynccontextmanager
async def host(folder: Path, url: str, version: str = HANDSHAKES[-1], **changes: Any) -> AsyncGenerator[Wired]:
    """A host with a server that has these secrets; afterwards nothing has shown them that a host or a user can see."""
    given: Json = {"GEMINI_API_KEY": KEY, "GEMINI_MCP_SERVERS": json.dumps(SERVERS), "GEMINI_MCP_LOG_LEVEL": "DEBUG"}
    async with wired(environment(folder, url, **(given | changes))) as server:
        await server.open(version)
        yield server
        unseen(folder, server)
    unseen(folder, server)


def unseen(folder: Path, server: Wired) -> None:
    """Nothing said on a pipe, and no file that was not there before, has a piece of a secret in it or in its name."""
    assert [line for line in server.stdout if leaks(line)] == []
    assert leaks(server.stderr) == []
    for path in [path for path in folder.rglob("*") if path.is_file() and path.parent != folder / "files"]:
        assert leaks(path.read_bytes() + path.name.encode()) == [], path.name


# Google repeats them -------------------------------------------------------------------------------------


async def errors(server: Wired, emulator: Emulator) -> None:
    """Error responses, error events before and after the id, errors of failed interactions."""
    encoded = base64.b64encode(f"key={KEY};".encode()).decode()
    said = [ECHO, f"{encoded} {KEY[5:]} {KEY[:-5]}", *before(400), *before(1000, PASSWORD)]
    statuses = [400, 401, 402, 403, 404, 413, 429, 500]
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": ECHO, "metadata": {KEY: TOKEN}}
    faults: list[Fault] = []
    for number, text in enumerate(said):
        body, match = error(text, details=[detail]), f"number {number}."
        faults += [
            Fault("create", "http", http_status=statuses[number % 8], body=body, match=f"HTTP {match}"),
            Fault("stream", "error", body=body, match=f"Event {match}"),
            Fault("stream", "error", body=body, after=3, match=f"Later {match}"),
            Fault("create", "status", body=[{"code": KEY, "message": text}], match=f"Failure {match}"),
        ]
    emulator.faults += faults
    for number, fault in enumerate(faults):
        assert await told(server, "gemini_ask", prompt=fault.match, store=number % 3 > 0)


async def streams(server: Wired, emulator: Emulator) -> None:
    """Text in deltas that cut the secrets, shown when it is whole and before."""
    text = f"Your secrets are {ECHO}: keep them."
    stalls: list[Fault] = []
    for size in (1, 5, 11, 12, 13, 30, 100):
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        events: list[object] = [delta({"type": "text", "text": part}) for part in parts]
        emulator.faults.append(Fault("stream", "unknown", body=events, after=2, match=f"parts of {size} "))
        prompt = f"In parts of {size} characters."
        assert "Your secrets are [secret] [secret]" in await told(server, "gemini_ask", prompt=prompt, store=False)
        stalls.append(Fault("stream", "stall", body=events, after=2, match=f"partly {size} "))
    emulator.faults += stalls
    for fault in stalls:
        asked(server, "gemini_ask", prompt=f"Only {fault.match}characters.")
    for fault in stalls:
        await fault.reached.wait()
    stalled = [each.id for each in emulator.interactions.values() if "Only partly" in each.body["input"]]
    partials = [await read_partial(server, each) for each in stalled]
    assert any("Partial answer so far:" in each for each in partials)
    assert all("Your secrets are [secret] [secret]" in each for each in partials if "Partial answer" in each)


async def read_partial(server: Wired, interaction_id: str) -> str:
    """Read an interaction until its stream has told all that it tells.

    After two seconds without an event, it is read at Google, where it has completed.
    """
    while True:
        shown = await told(server, "read_interaction", interaction_id=interaction_id)
        if ": keep them." in shown or "| completed |" in shown:
            return shown


async def progress(server: Wired, emulator: Emulator) -> None:
    """Thoughts and searches as progress."""
    stalls: list[Fault] = []
    for number, text in enumerate((ECHO, *before(160), *before(149, TOKEN))):
        thought = {"type": "thought_summary", "content": {"type": "text", "text": f"**{text}**\n\nMore."}}
        call = {"type": "google_search_call", "id": KEY, "arguments": {"queries": [text, ECHO], "urls": [text]}}
        step = {"event_type": "step.start", "index": 8, "step": call}
        stalls.append(Fault("stream", "stall", body=[delta(thought)], after=2, match=f"thought {number}."))
        stalls.append(Fault("stream", "stall", body=[step], after=2, match=f"search {number}."))
    emulator.faults += stalls
    requests = {asked(server, "gemini_ask", prompt=fault.match) for fault in stalls}

    def heard() -> set[int]:
        said = [each["params"] for each in server.messages if each.get("method") == "notifications/progress"]
        return {each["progressToken"] for each in said if each["message"].startswith(("x ", "Searching: ", "["))}

    await server.until(lambda: heard() >= requests)
    for fault in stalls:
        fault.release.set()
    for request in requests:
        assert await server.answer(request)


async def reads(server: Wired, emulator: Emulator) -> None:
    """Interactions as they are read: model, status, thoughts, text, sources, errors, pages."""
    notes = [
        {"type": "url_citation", "url": f"https://example.com/{KEY}?t={TOKEN}", "title": ECHO},
        {"type": "file_citation", "file_name": KEY, "document_uri": f"https://example.com/{LOGIN}", "end_index": 2},
    ]
    steps: list[Json] = [
        {"type": "thought", "summary": [{"type": "text", "text": ECHO}]},
        {"type": f"tool_{KEY}", "id": KEY, "arguments": {"queries": [ECHO, {KEY: TOKEN}]}},
        {"type": "model_output", "content": [{"type": "text", "text": f"Echo: {ECHO}", "annotations": notes}]},
    ]
    answers: dict[str, Json] = {
        "echo": {"status": "completed", "model": KEY, "agent": TOKEN, "steps": steps},
        "running": {"status": ECHO, "model": KEY, "steps": steps},
        "empty": {"status": "completed", "steps": steps[:2], "error": {"message": ECHO}},
    }
    for number, text in enumerate(before(10_000)):
        content = [{"type": "text", "text": text.replace(" ", "-")}]
        answers[f"long{number}"] = {"status": "completed", "steps": [{"type": "model_output", "content": content}]}
    for name, body in answers.items():
        emulator.faults.append(Fault("get", "http", 9, http_status=200, body={"id": name, **body}, match=f"/{name}\n"))
    assert "[secret] [secret] [secret]" in await told(server, "read_interaction", interaction_id="echo")
    for name in answers:
        for page in (1, 2):
            await told(server, "read_interaction", interaction_id=name, page=page)


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [errors, streams, progress, reads])
async def test_nothing_that_google_repeats_is_shown(
    repeat: Callable[[Wired, Emulator], Awaitable[None]], tmp_path: Path, url: str, emulator: Emulator
) -> None:
    async with host(tmp_path, url) as server:
        await repeat(server, emulator)
        await read_resources(server)
    assert all(fault.reached.is_set() for fault in emulator.faults)


@pytest.mark.slow
async def test_neither_files_of_a_sandbox_nor_redirects_show_them(tmp_path: Path, url: str, emulator: Emulator) -> None:
    emulator.redirects |= {"1": f"https://example.com/{KEY}?t={TOKEN}", "2": f"https://{TOKEN}.example.com/"}
    async with host(tmp_path, url) as server:
        started = await told(server, "start_research", prompt=ECHO, agent="antigravity-preview-09-2026")
        await told(server, "check_research", interaction_id=id_in(started), wait_seconds=20)
        (files,) = emulator.environments.values()
        files |= {f"workspace/{KEY}.txt": b"x", f"workspace/{TOKEN}/a.csv": b"y", "workspace/e.csv": ECHO.encode()}
        assert "workspace/[secret].txt" in await told(server, "read_interaction", interaction_id=id_in(started))
        for pattern in ("*.csv", "*", KEY):
            await told(server, "read_interaction", interaction_id=id_in(started), save=pattern)
        assert texts(tmp_path / "output", "*-e-*.csv") == ["[secret] [secret] [secret] [secret]"]
        started = await told(server, "start_research", prompt="Tides")
        report = await told(
            server, "check_research", interaction_id=id_in(started), wait_seconds=20, resolve_sources=True
        )
        assert "https://example.com/[secret]?t=[secret]" in report
        await read_resources(server)


def texts(folder: Path, pattern: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in folder.glob(pattern)]


def delta(delta: Json, index: int = 9) -> Json:
    return {"event_type": "step.delta", "index": index, "delta": delta}


# The user names them -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("version", [HANDSHAKES[-1], MODERN])
async def test_a_prompt_with_the_secrets_is_sent_and_not_shown(
    version: str, tmp_path: Path, url: str, emulator: Emulator
) -> None:
    tools = ["google_search", "url_context", "google_maps"]
    async with host(tmp_path, url, version) as server:
        for text in (ECHO, f"https://example.com/{KEY}/page?{TOKEN}", *before(80), *before(120 - 13)):
            answer = await server.said("gemini_ask", prompt=text, tools=tools, system_instruction=ECHO)
            assert "[secret]" in answer.partition("You asked: “")[2].partition("”")[0]
        assert emulator.creates[0]["input"] == ECHO
        assert emulator.creates[0]["system_instruction"] == ECHO
        picture = await server.said("generate_image", prompt=f"A sign that says {ECHO}")
        assert "-sign-that-says-secret-secret" in picture
        started = await server.said("start_research", prompt=f"{KEY} and {TOKEN}", tools=["mcp:docs", "mcp:mail"])
        report = await server.said("check_research", interaction_id=id_in(started), wait_seconds=20)
        assert "# Research report: [secret] and [secret]" in report
        sent = {each["name"]: each["headers"]["Authorization"] for each in emulator.creates[-1]["tools"]}
        assert sent == {"docs": f"Bearer {TOKEN}", "mail": f"Basic {LOGIN}"}
        assert "[secret]" in await server.said("list_interactions", limit=100, query="[secret]")
        await read_resources(server)
        await read_resources(server)


@pytest.mark.slow
async def test_files_and_arguments_with_the_secrets_are_not_shown(tmp_path: Path, url: str, emulator: Emulator) -> None:
    (tmp_path / "files").mkdir()
    (notes := tmp_path / "files" / f"notes {TOKEN}.txt").write_text(ECHO * 9, encoding="utf-8")
    bodies = [error(text) for text in (ECHO, *before(400))]
    emulator.faults += [Fault("upload", "http", http_status=400, body=body) for body in bodies]
    async with host(tmp_path, url, GEMINI_MCP_INLINE_BYTES="10", GEMINI_MCP_ALLOW_SECRETS="true") as server:
        for _ in range(len(bodies) + 1):
            assert await told(server, "analyze_file", files=[str(notes)], prompt=ECHO)
        assert b"Reading notes [secret].txt" in b"".join(server.stdout)
        for name in before(60):
            await told(server, "analyze_file", files=[name.replace(" ", "-") + "w" * 60], prompt="Why?")
            await told(server, "analyze_file", files=[f"files/{name}"], prompt="Why?")
            await told(server, "list_interactions", cursor=name, query=name)
            await told(server, "gemini_ask", prompt="Why?", **{name: 1})
            await told(server, "gemini_ask", prompt="Why?", model=name)
        for method, params in (
            ("resources/read", {"uri": f"gemini://interactions/{KEY}"}),
            ("resources/read", {"uri": f"gemini://{KEY}"}),
            ("resources/list", {"cursor": KEY}),
            ("prompts/get", {"name": KEY}),
            ("prompts/get", {"name": "explain_file", "arguments": {"path": KEY}}),
            ("tools/call", {"name": KEY, "arguments": {KEY: KEY}}),
            (KEY, {}),
        ):
            assert await server.answer(server.request(method, **params))


# What the tests share ------------------------------------------------------------------------------------


def asked(server: Wired, tool: str, **arguments: object) -> int:
    """Call a tool whose progress is listened to, and return the id of the request."""
    return server.request("tools/call", name=tool, arguments=arguments, _meta={"progressToken": server.requests + 1})


async def told(server: Wired, tool: str, **arguments: object) -> str:
    """Call a tool, and return what it says, be it an error."""
    return text_of((await server.answer(asked(server, tool, **arguments)))["result"])


def id_in(text: str) -> str:
    return text.partition("interaction_id: ")[2].split()[0]


async def read_resources(server: Wired) -> None:
    """Read all that is listed."""
    for each in (await server.result("resources/list"))["resources"]:
        await server.result("resources/read", uri=each["uri"])
        await server.answer(server.request("resources/read", uri=f"{each['uri']}/data"))


def error(message: str, **more: object) -> Json:
    return {"error": {"message": message, "code": "invalid_request", "status": "INVALID_ARGUMENT", **more}}


def before(cut: int, secret: str = KEY) -> Iterator[str]:
    """Text that has a secret before, on and behind the place where it is cut."""
    for kept in (3, 11, 12, len(secret) // 2, len(secret) - 1):
        yield "x " * ((cut - kept) // 2) + "y" * ((cut - kept) % 2) + secret + " z" * 20
