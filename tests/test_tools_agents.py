"""Managed agents: files in their sandboxes, repositories, networks and budgets; nothing is bought twice."""

import base64
import json
import math
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2
import pytest
from mcp import Client
from mcp_types import CallToolResult

from conftest import FAST, KEY
from consenting import User, host
from filing import POSIX
from gemini_interactions_mcp.api.sandbox_service import SandboxService
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.models.interactions import RemoteServer
from gemini_interactions_mcp.runs import sandboxes
from gemini_interactions_mcp.runs.runs import Runs
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import MODERN, call, complaint, id_of, newest, pdf, png, posts, saved_in, text_of
from wired import HANDSHAKES, wired
from wired import MODERN as NEWEST
from wired import environment as variables

AGENT: Final = "antigravity-preview-09-2026"
LARGE: Final = 80_000
"""Size of a file that does not travel inside a request."""


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory with two files of one name, one of them in folders."""
    return filled(settings.allowed_dirs[0])


def filled(folder: Path) -> Path:
    (folder / "data" / "2026").mkdir(parents=True, exist_ok=True)
    (folder / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (folder / "data" / "2026" / "a.csv").write_text("Grüße", encoding="utf-8")
    (folder / "data" / "raw.bin").write_bytes(b"\xff\0\xfe")
    return folder


async def begin(client: Client, prompt: str = "Count", **arguments: Any) -> CallToolResult:
    return await call(client, "start_research", **{"prompt": prompt, "agent": AGENT} | arguments)


async def answered(client: Client, begun: CallToolResult) -> str:
    return text_of(await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=20))


def sources(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """The sources of the newest request, by their targets."""
    return {each["target"]: each for each in emulator.creates[-1]["environment"]["sources"]}


def blocks(emulator: Emulator) -> list[dict[str, Any]]:
    """The content of the newest request."""
    (step,) = emulator.creates[-1]["input"]
    return step["content"]


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something in the background has happened."""
    with anyio.fail_after(10):
        while not happened():  # noqa: ASYNC110 - nothing tells it
            await anyio.sleep(0.01)


def made(emulator: Emulator, method: str = "POST", end: str = "/v1/environments") -> int:
    """How many environments were asked for, or deleted."""
    return sum(each.method == method and each.path.startswith(end) for each in emulator.requests)


def uploads(emulator: Emulator) -> list[str]:
    """The paths of the uploads that were started."""
    return [each.path for each in emulator.requests if each.method == "PUT"]


# Files ---------------------------------------------------------------------------------------------------


async def test_small_files_go_into_the_sandbox_with_their_folders_and_the_agent_is_told_where(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    begun = await begin(client, files=[str(folder / "a.csv"), str(folder / "data")])
    assert sources(emulator) == {
        "/workspace/a.csv": {"type": "inline", "target": "/workspace/a.csv", "content": "x,y\n1,2\n"},
        "/workspace/data/2026/a.csv": {"type": "inline", "target": "/workspace/data/2026/a.csv", "content": "Grüße"},
        "/workspace/data/raw.bin": {
            "type": "inline",
            "target": "/workspace/data/raw.bin",
            "content": base64.b64encode(b"\xff\0\xfe").decode(),
            "encoding": "base64",
        },
    }
    note, prompt = [block["text"] for block in blocks(emulator)]
    assert note.splitlines() == [
        "In your sandbox:",
        "- /workspace/a.csv (8 bytes)",
        "- /workspace/data/2026/a.csv (7 bytes)",
        "- /workspace/data/raw.bin (3 bytes)",
    ]
    assert prompt == "Count"
    text = await answered(client, begun)
    assert "Sandbox file: /workspace/data/2026/a.csv (7 bytes)" in text
    assert made(emulator) == 0
    files = emulator.environments[str(newest(emulator).environment_id)]
    assert files["workspace/data/raw.bin"] == b"\xff\0\xfe"


async def test_large_files_are_uploaded_into_an_environment_that_is_made_first(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    content = os.urandom(LARGE)
    (folder / "data" / "large file.bin").write_bytes(content)
    given: dict[str, Any] = {"files": [str(folder / "data")], "repository": "https://github.com/o/r", "network": "none"}
    begun = await begin(client, **given)
    (known,) = emulator.environments
    assert emulator.creates[-1]["environment"] == known
    assert emulator.networks[known] == "disabled"
    files = emulator.environments[known]
    assert files["workspace/data/large file.bin"] == content
    assert files["workspace/data/2026/a.csv"] == "Grüße".encode()
    assert "workspace/r/README.md" in files
    assert uploads(emulator)[0].startswith(f"/upload/v1beta/environments/{known}/files/workspace/data/")
    text = await answered(client, begun)
    assert f"Sandbox file: /workspace/data/large file.bin ({LARGE} bytes)" in text
    assert "Sandbox network: disabled" in text
    again = await begin(client, **given)
    assert id_of(again) == id_of(begun)
    assert (made(emulator), posts(emulator)) == (1, 1)


@MODERN
async def test_many_small_files_that_are_large_together_are_uploaded(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    for number in range(5):
        (folder / "data" / f"{number}.txt").write_text("word " * 4_000, encoding="utf-8")
    await begin(client, files=[str(folder / "data")])
    assert len(uploads(emulator)) == 7
    assert isinstance(emulator.creates[-1]["environment"], str)


async def test_an_identical_call_is_the_same_run_and_changed_files_are_another(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    begun = await begin(client, files=[str(folder / "a.csv")])
    again = await begin(client, "count ", files=[str(folder / "a.csv")])
    assert id_of(again) == id_of(begun)
    assert "nothing new was started" in text_of(again)
    (folder / "a.csv").write_text("changed", encoding="utf-8")
    assert id_of(await begin(client, files=[str(folder / "a.csv")])) != id_of(begun)
    assert id_of(await begin(client, network="none", files=[str(folder / "a.csv")])) != id_of(begun)
    assert posts(emulator) == 3


@MODERN
async def test_images_are_shown_and_lie_in_the_sandbox_too(client: Client, emulator: Emulator, folder: Path) -> None:
    png(folder)
    await begin(client, files=[str(folder / "dot.png"), str(folder / "a.csv")])
    assert set(sources(emulator)) == {"/workspace/dot.png", "/workspace/a.csv"}
    assert [block["type"] for block in blocks(emulator)] == ["text", "text", "image", "text"]


@MODERN
async def test_a_sandbox_takes_files_of_any_type_but_no_secrets(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    files = [str(folder / "data.zip"), str(pdf(folder))]
    await begin(client, files=files)
    assert len(sources(emulator)) == 2
    (folder / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", encoding="utf-8")
    assert "looks like a secret" in await complaint(
        client, "start_research", prompt="x", agent=AGENT, files=[str(folder / "id_rsa")]
    )
    assert "outside the allowed directories" in await complaint(
        client, "start_research", prompt="x", agent=AGENT, files=["/etc/hostname"]
    )
    # Deep Research reads what Gemini reads.
    said = await complaint(client, "start_research", prompt="x", files=[str(folder / "data.zip")])
    assert "which Gemini does not take" in said
    assert posts(emulator) == 1


@MODERN
async def test_an_agent_of_the_users_own_has_a_sandbox_where_there_is_something_to_put_in(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    await begin(client, agent="emulated-agent")
    assert "environment" not in emulator.creates[-1]
    await begin(client, agent="emulated-agent", files=[str(folder / "a.csv")])
    assert set(sources(emulator)) == {"/workspace/a.csv"}


@MODERN
@pytest.mark.parametrize("size", [8, LARGE])
async def test_files_go_into_the_environment_that_is_continued(
    client: Client, emulator: Emulator, folder: Path, size: int
) -> None:
    first = await begin(client)
    await answered(client, first)
    known = str(newest(emulator).environment_id)
    (folder / "b.bin").write_bytes(b"\1" * size)
    await call(
        client,
        "start_research",
        prompt="Go on",
        previous_interaction_id=id_of(first),
        files=[str(folder / "b.bin")],
        network="example.com",
    )
    sent = emulator.creates[-1]
    assert sent["environment"]["environment_id"] == known
    assert sent["environment"]["network"] == {"allowlist": [{"domain": "example.com"}]}
    assert sent["previous_interaction_id"] == id_of(first)
    assert emulator.environments[known]["workspace/b.bin"] == b"\1" * size
    assert "workspace/notes.txt" in emulator.environments[known]
    assert (len(emulator.environments), made(emulator), len(uploads(emulator))) == (1, 0, size == LARGE)


# Repositories and networks -------------------------------------------------------------------------------


async def test_a_repository_and_domains_reach_the_sandbox(client: Client, emulator: Emulator) -> None:
    begun = await begin(client, repository="github.com/o/r.git", network=["Python.org", "https://example.com"])
    assert emulator.creates[-1]["environment"] == {
        "type": "remote",
        "sources": [{"type": "repository", "source": "https://github.com/o/r", "target": "/workspace/r"}],
        "network": {"allowlist": [{"domain": "example.com"}, {"domain": "python.org"}]},
    }
    text = await answered(client, begun)
    assert "In your sandbox:" in blocks(emulator)[0]["text"]
    assert "Sandbox file: /workspace/r/README.md" in text
    again = await begin(client, repository="https://github.com/o/r", network="python.org,example.com")
    assert id_of(again) == id_of(begun)
    assert posts(emulator) == 1


@MODERN
@pytest.mark.parametrize("network", ["none", "'none'", ["none", ""], [], False, '["none"]', "[]"])
async def test_no_network_is_no_network_however_it_is_written(
    client: Client, emulator: Emulator, network: object
) -> None:
    await begin(client, network=network)
    assert emulator.creates[-1]["environment"] == {"type": "remote", "network": "disabled"}


@MODERN
@pytest.mark.parametrize("network", [None, "", True, "null", "undefined", [""], [None], ["null"]])
async def test_the_network_is_the_apis_default_where_nothing_is_said(
    client: Client, emulator: Emulator, network: object
) -> None:
    await begin(client, network=network)
    assert emulator.creates[-1]["environment"] == "remote"


@MODERN
@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": "https://github.com/o/r"},
        {"network": "none"},
        {"network": []},
        {"environment": "e-1"},
        {"budget_tokens": 9},
        {"agent": AGENT, "plan_first": True},
        {"agent": AGENT, "environment": "../x"},
        {"agent": AGENT, "repository": "https://user:hush@github.com/o/r"},
        {"agent": AGENT, "network": "localhost"},
    ],
)
async def test_what_no_sandbox_can_have_is_refused_before_anything_is_sent(
    client: Client, emulator: Emulator, folder: Path, wrong: dict[str, Any]
) -> None:
    said = await complaint(client, "start_research", prompt="x", files=[str(folder / "a.csv")], **wrong)
    assert said.endswith("Nothing was sent.")
    assert "hush" not in said
    assert emulator.requests == []


async def test_the_user_sees_what_the_sandbox_gets(settings: Settings, emulator: Emulator, folder: Path) -> None:
    user = User("decline", start=False)
    changed = settings.model_copy(update={"confirm": Confirmation(above=0)})
    async with host(changed, "auto", user.answer) as client:
        await call(
            client,
            "start_research",
            prompt="x",
            agent=AGENT,
            files=[str(folder / "data")],
            repository="https://github.com/o/r",
            network="none",
        )
        await call(client, "start_research", prompt="x", agent=AGENT, environment="environments/e-1", network="*")
    asked, other = user.asked
    assert "Its sandbox:\n- e-1, with the files that are there\n- network: all" in other
    assert f"- {folder}/data: 2 files (10 bytes)" in asked
    assert "Its sandbox:\n- the repository https://github.com/o/r\n- network: none\n" in asked
    assert emulator.requests == []


# Budgets -------------------------------------------------------------------------------------------------


async def test_a_task_that_has_spent_its_budget_goes_on_in_its_environment(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    begun = await begin(client, budget_tokens=10, files=[str(folder / "a.csv")])
    known = newest(emulator).environment_id
    text = await answered(client, begun)
    assert "reached the agent's budget of 10 tokens (budget_tokens)" in text
    assert "previous_interaction_id, and a new budget_tokens, goes on from there in the same sandbox." in text
    await call(client, "start_research", prompt="Go on", previous_interaction_id=id_of(begun), budget_tokens=10**6)
    sent = emulator.creates[-1]
    assert (sent["environment"], sent["agent"]) == (known, AGENT)
    assert int(sent["agent_config"]["max_total_tokens"]) == 10**6


# Elsewhere -----------------------------------------------------------------------------------------------


async def outside(emulator: Emulator, url: str, **body: Any) -> dict[str, Any]:
    """An interaction that another program starts, once it has ended."""
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": KEY}) as http:
        started = (await http.post("/v1/interactions", json={"input": "Elsewhere", "agent": AGENT, **body})).json()
        await emulator.interactions[started["id"]].finished.wait()
    return started


@pytest.mark.usual_wire("it is read at once")
async def test_a_task_that_was_begun_elsewhere_goes_on_in_its_environment(
    client: Client, emulator: Emulator, url: str
) -> None:
    told = await outside(emulator, url, environment="remote", background=True)
    await call(client, "start_research", prompt="Go on", previous_interaction_id=told["id"])
    sent = emulator.creates[-1]
    assert (sent["agent"], sent["environment"]) == (AGENT, told["environment_id"])


@MODERN
@pytest.mark.usual_wire("the doubts are its own")
@pytest.mark.parametrize("reads", [2, 4])
async def test_a_task_that_is_shown_late_is_continued_once(
    client: Client, emulator: Emulator, url: str, reads: int
) -> None:
    emulator.doubts = replace(emulator.doubts, late_reads=reads)
    told = await outside(emulator, url, environment="remote", background=True)
    given: dict[str, Any] = {"prompt": "Go on", "previous_interaction_id": told["id"], "agent": AGENT}
    ids = [id_of(await call(client, "start_research", **given)) for _ in range(3)]
    assert (len(set(ids)), posts(emulator)) == (1, 2)
    assert (emulator.creates[-1]["environment"] == told["environment_id"]) == (reads == 2)


@MODERN
@pytest.mark.usual_wire("the doubts are its own")
async def test_a_task_that_cannot_be_read_now_is_not_continued_elsewhere(
    client: Client, emulator: Emulator, url: str
) -> None:
    told = await outside(emulator, url, environment="remote", background=True)
    emulator.faults.append(fault := Fault("get", "http", times=math.inf, http_status=503))
    given: dict[str, Any] = {"prompt": "Go on", "previous_interaction_id": told["id"], "agent": AGENT}
    said = await complaint(client, "start_research", **given)
    assert "Nothing was started, and nothing is charged: call again in a minute with the same arguments." in said
    assert posts(emulator) == 1
    emulator.faults.remove(fault)
    await call(client, "start_research", **given)
    assert (posts(emulator), emulator.creates[-1]["environment"]) == (2, told["environment_id"])


@pytest.mark.usual_wire("it is read at once")
async def test_a_task_of_ours_that_has_just_ended_is_continued_in_its_sandbox(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("stream", "stall", after=2))
    async with Client(build_server(settings, replace(FAST, first_poll=60, slowest_poll=60)), cache=None) as client:
        begun = await begin(client)
        await newest(emulator).finished.wait()
        known = newest(emulator).environment_id
        await begin(client, "Go on", previous_interaction_id=id_of(begun))
    assert emulator.creates[-1]["environment"] == known


@MODERN
async def test_what_google_does_not_show_is_continued_by_a_named_agent_only(client: Client, emulator: Emulator) -> None:
    unknown = "v1_" + "a" * 64
    said = await complaint(client, "start_research", prompt="Go on", previous_interaction_id=unknown)
    assert f"Google keeps no interaction {unknown}" in said
    assert posts(emulator) == 0
    await complaint(client, "start_research", prompt="Go on", previous_interaction_id=unknown, agent=AGENT)
    assert posts(emulator) > 0


@MODERN
async def test_an_environment_that_is_gone_is_told(client: Client, emulator: Emulator, folder: Path) -> None:
    first = await begin(client)
    await answered(client, first)
    emulator.environments.clear()
    known: dict[str, Any] = {"prompt": "Go on", "previous_interaction_id": id_of(first)}
    said = await complaint(client, "start_research", **known)
    gone = (
        f"sandbox {newest(emulator).environment_id} is gone, which Google deletes 7 days after its last use: the same "
        'call with environment="remote" goes on in a new one, without the files of the old one.'
    )
    assert f"Or the agent's {gone}" in said
    assert "deep-research" not in said
    (folder / "b.bin").write_bytes(bytes(LARGE))
    said = await complaint(client, "start_research", **known, files=[str(folder / "b.bin")])
    assert said == f"The agent's {gone} Nothing was started, and nothing is charged."
    await call(client, "start_research", **known, environment="remote")


# Faults --------------------------------------------------------------------------------------------------


def large(folder: Path) -> str:
    (folder / "large.bin").write_bytes(bytes(LARGE))
    return str(folder / "large.bin")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("upload", "cut", times=2, after=1_000),
        Fault("upload", "drop", times=1),
        Fault("upload", "drop_taken", times=1, skip=1),
        Fault("file", "drop", times=1),
        Fault("file", "drop_taken", times=1),
        Fault("upload", "http", times=1, http_status=503),
    ],
    ids=["cut", "drop", "lost answer", "no environment", "environment without answer", "503"],
)
async def test_an_upload_that_breaks_is_resumed_and_one_run_is_bought(
    client: Client, emulator: Emulator, folder: Path, fault: Fault
) -> None:
    emulator.faults.append(replace(fault, release=anyio.Event(), reached=anyio.Event()))
    begun = await begin(client, files=[large(folder)])
    assert f"Sandbox file: /workspace/large.bin ({LARGE} bytes)" in await answered(client, begun)
    assert posts(emulator) == 1


async def test_an_upload_that_is_refused_buys_nothing_and_leaves_no_sandbox(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    emulator.faults.append(Fault("upload", "http", times=1, http_status=403))
    await complaint(client, "start_research", prompt="Count", agent=AGENT, files=[large(folder)])
    await until(lambda: not emulator.environments)
    assert posts(emulator) == 0
    begun = await begin(client, files=[large(folder)])
    assert f"({LARGE} bytes)" in await answered(client, begun)
    assert posts(emulator) == 1


async def test_a_sandbox_that_cannot_be_made_buys_nothing(client: Client, emulator: Emulator, folder: Path) -> None:
    emulator.faults.append(Fault("file", "http", times=math.inf, http_status=403, match="/v1/environments"))
    await complaint(client, "start_research", prompt="Count", agent=AGENT, files=[large(folder)])
    assert posts(emulator) == 0


async def test_a_call_that_is_given_up_goes_on_with_the_same_sandbox(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    emulator.faults.append(stall := Fault("upload", "stall", times=1, skip=1))
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [large(folder)]}
    with anyio.move_on_after(1):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "start_research", given)
            await stall.reached.wait()
            tasks.cancel_scope.cancel()
    assert posts(emulator) == 0
    stall.release.set()
    begun = await begin(client, files=given["files"])
    assert f"({LARGE} bytes)" in await answered(client, begun)
    assert (made(emulator), posts(emulator), len(uploads(emulator))) == (1, 1, 1)


async def test_identical_calls_at_once_buy_one_run_and_leave_one_sandbox(
    client: Client, emulator: Emulator, folder: Path
) -> None:
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [large(folder)]}
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(client.call_tool, "start_research", given)
    assert posts(emulator) == 1
    await until(lambda: len(emulator.environments) == 1)
    assert list(emulator.environments) == [emulator.creates[-1]["environment"]]


async def test_each_run_that_is_forced_has_its_own_sandbox(client: Client, emulator: Emulator, folder: Path) -> None:
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [large(folder)], "force": True}
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(client.call_tool, "start_research", given)
    assert posts(emulator) == 3
    assert len({sent["environment"] for sent in emulator.creates}) == 3


async def test_a_file_that_changes_before_it_is_sent_is_refused(
    settings: Settings, emulator: Emulator, folder: Path
) -> None:
    user = User("accept", start=True)
    path = Path(large(folder))
    user.thinking = lambda: path.write_bytes(b"\1" * LARGE)
    async with host(settings.model_copy(update={"confirm": Confirmation(above=0)}), "auto", user.answer) as client:
        said = await complaint(client, "start_research", prompt="Count", agent=AGENT, files=[str(path)])
    assert "a file was changed, added or removed. Nothing was sent or charged." in said
    assert posts(emulator) == 0


@MODERN
@pytest.mark.parametrize("continued", [False, True])
async def test_a_file_that_changes_while_it_is_sent_starts_nothing(
    client: Client, emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch, continued: bool
) -> None:
    path, upload = Path(large(folder)), SandboxService.upload
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [str(path)]}
    if continued:
        await answered(client, first := await begin(client, "First"))
        given["previous_interaction_id"] = id_of(first)
    before = posts(emulator)

    async def changing(self: SandboxService, where: str, name: str, source: Any, *rest: Any) -> str:
        source.read(LARGE)
        await anyio.Path(path).write_bytes(b"\1" * LARGE)
        return await upload(self, where, name, source, *rest)

    monkeypatch.setattr(SandboxService, "upload", changing)
    said = await complaint(client, "start_research", **given)
    assert "was changed while files were sent into the agent's sandbox: the task was not started" in said
    assert ("What was sent until then is in the sandbox" in said) == continued
    assert "nothing was sent" not in said.casefold()
    assert posts(emulator) == before
    await until(lambda: len(emulator.environments) == continued)


@MODERN
@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WAVEfmt ", b"ID3\4\0\0\0\0\0\0"])
@pytest.mark.parametrize("name", ["x.bin", "x.png"])
async def test_no_secret_goes_into_a_sandbox_behind_the_head_of_media(
    client: Client, emulator: Emulator, folder: Path, head: bytes, name: str
) -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"
    (folder / name).write_bytes(head + bytes(70_000) + key)
    said = await complaint(client, "start_research", prompt="x", agent=AGENT, files=[str(folder / name)])
    assert "looks like a secret (private key)" in said
    assert emulator.requests == []


@MODERN
async def test_names_that_look_the_same_keep_their_extensions(client: Client, emulator: Emulator, folder: Path) -> None:
    names = ("\u00e9.txt", "e\u0301.txt")
    for name in names:
        (folder / name).write_text(repr(name), encoding="utf-8")
    if (folder / names[0]).samefile(folder / names[1]):
        pytest.skip("the file system takes both names for one")
    await begin(client, files=[str(folder / name) for name in names])
    assert set(sources(emulator)) == {"/workspace/\u00e9.txt", "/workspace/\u00e9 (2).txt"}


async def test_a_sandbox_that_nobody_has_taken_for_long_is_made_anew(
    settings: Settings, emulator: Emulator, folder: Path
) -> None:
    emulator.faults.append(stall := Fault("upload", "stall", times=1, skip=1))
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [large(folder)]}
    async with Client(build_server(settings, replace(FAST, staged=1e-9)), cache=None) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "start_research", given)
            await stall.reached.wait()
            tasks.cancel_scope.cancel()
        stall.release.set()
        (first,) = emulator.environments
        await until(lambda: bool(emulator.environments[first]))
        await until(lambda: emulator.requests[-1].method == "POST")
        await anyio.sleep(0.1)
        await begin(client, files=given["files"])
        await until(lambda: first not in emulator.environments)
    assert posts(emulator) == 1


async def test_a_limit_is_checked_before_a_sandbox_is_made(
    settings: Settings, emulator: Emulator, folder: Path
) -> None:
    limited = settings.model_copy(update={"runs_per_day": 1})
    async with Client(build_server(limited, FAST), cache=None) as client:
        await begin(client)
        said = await complaint(client, "start_research", prompt="Other", agent=AGENT, files=[large(folder)])
    assert "limit" in said
    assert (posts(emulator), made(emulator)) == (1, 0)


@MODERN
async def test_a_sandbox_is_deleted_if_its_run_cannot_be_written_down(
    client: Client, emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise JournalError("The journal is full. Nothing was sent.")

    monkeypatch.setattr(Runs, "start_once", fail)
    said = await complaint(client, "start_research", prompt="Count", agent=AGENT, files=[large(folder)])
    assert said == "The journal is full. Nothing was sent."
    await until(lambda: not emulator.environments)
    assert (posts(emulator), made(emulator), made(emulator, "DELETE")) == (0, 1, 1)


async def test_a_server_whose_name_a_managed_agent_does_not_take_is_refused(
    settings: Settings, emulator: Emulator
) -> None:
    servers = (RemoteServer(name="my_docs", url="https://docs.example/mcp"),)
    async with Client(build_server(settings.model_copy(update={"servers": servers}), FAST), cache=None) as client:
        said = await complaint(client, "start_research", prompt="x", agent=AGENT, tools=["mcp:my_docs"])
        assert said.startswith("This agent takes MCP servers whose name has lower-case letters and digits only")
        assert posts(emulator) == 0
        await call(client, "start_research", prompt="x", tools=["mcp:my_docs"])


@pytest.mark.slow
@pytest.mark.parametrize("version", [HANDSHAKES[-1], NEWEST])
async def test_a_server_that_is_killed_between_the_sandbox_and_the_task_has_bought_nothing(
    version: str, tmp_path: Path, url: str, emulator: Emulator
) -> None:
    env = variables(tmp_path, url)
    given: dict[str, Any] = {"prompt": "Count", "agent": AGENT, "files": [large(tmp_path / "files")]}
    emulator.faults.append(stall := Fault("upload", "stall", times=1, skip=1))
    async with wired(env) as server:
        await server.open(version)
        server.request("tools/call", name="start_research", arguments=given)
        with anyio.fail_after(60):
            await stall.reached.wait()
        server.process.kill()
    stall.release.set()
    assert posts(emulator) == 0
    async with wired(env) as server:
        await server.open(version)
        first = await server.said("start_research", **given)
        assert await server.said("start_research", **given) != first
    assert posts(emulator) == 1
    assert made(emulator) == 2


# What an agent leaves ------------------------------------------------------------------------------------

HOSTILE: Final = (
    *("../x.csv", "/etc/x.csv", "workspace/a/../../x.csv", "workspace/..\\..\\x.csv", "C:\\x.csv", "\\\\host\\x.csv"),
    *(
        "workspace/n\0l.csv",
        "workspace/c\x1b[2J.csv",
        "workspace/CON.csv",
        "workspace/nul.csv",
        "workspace/" + "x" * 9_000 + ".csv",
    ),
    *("workspace/\u202ecsv.exe.csv", "workspace/\uff0e\uff0e\uff0fx.csv", "workspace/A.csv", "workspace/a.csv"),
    *(
        "workspace/.csv",
        "workspace/ .csv",
        "workspace/a.csv/",
        "workspace//a.csv",
        "workspace/\ud83d.csv",
        "~/.ssh/x.csv",
    ),
)


def listed(folder: Path, without: Path) -> set[Path]:
    """All there is below a folder, without what is below another."""
    return {path for path in folder.rglob("*") if without not in path.parents}


@pytest.mark.usual_wire("a list is made up")
@pytest.mark.skipif(not POSIX, reason="links need a right on Windows")
async def test_no_name_in_a_sandbox_leads_out_of_the_output_folder(
    client: Client, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    begun = await begin(client)
    await answered(client, begun)
    files = emulator.environments[str(newest(emulator).environment_id)]
    entries = [{"type": "FILE", "path": name, "size_bytes": "3"} for name in HOSTILE]
    files.update({name.strip("/"): b"a,b" for name in HOSTILE})
    body = json.dumps({"files": entries}).encode()
    emulator.faults.append(Fault("file", "http", match="/files/workspace\n", http_status=200, body=body))
    before = listed(tmp_path, settings.output_dir)
    text = text_of(saved := await call(client, "read_interaction", interaction_id=id_of(begun), save="*.csv"))
    assert listed(tmp_path, settings.output_dir) == before
    written = [path for path in settings.output_dir.iterdir() if path.suffix == ".csv"]
    assert all(path.is_file() and not path.is_symlink() for path in written)
    assert {path.parent for path in saved_in(saved)} == {settings.output_dir}
    names = [path.name for path in written]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.isprintable() and len(name.encode()) <= 143 for name in names)
    assert all(name.startswith("20") for name in names)
    assert text.count("That path leads out of the agent's environment.") == 3
    assert text.count("That is no path: it has a NUL character or more than 4,096 characters.") == 2


@MODERN
@pytest.mark.skipif(not POSIX, reason="links need a right on Windows")
async def test_a_link_in_the_output_folder_is_not_followed(
    client: Client, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    begun = await begin(client)
    await answered(client, begun)
    first = saved_in(await call(client, "read_interaction", interaction_id=id_of(begun), save="*.csv"))[-1]
    victim = tmp_path / "victim.txt"
    first.with_name(first.name.replace("-1.csv", "-2.csv")).symlink_to(victim)
    emulator.environments[str(newest(emulator).environment_id)]["workspace/data/words.csv"] = b"changed"
    second = saved_in(await call(client, "read_interaction", interaction_id=id_of(begun), save="*.csv"))[-1]
    assert second.name.endswith("-3.csv")
    assert second.read_bytes() == b"changed"
    assert not victim.exists()


@MODERN
async def test_a_file_that_is_larger_than_its_list_says_is_not_saved(
    client: Client, emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await begin(client)
    await answered(client, begun)
    monkeypatch.setattr(sandboxes, "MAX_SANDBOX_FILE_BYTES", 100)
    emulator.environments[str(newest(emulator).environment_id)]["workspace/big.csv"] = bytes(101)
    entry = {"type": "FILE", "path": "workspace/big.csv"}
    emulator.faults.append(Fault("file", "http", match="/files/workspace\n", http_status=200, body={"files": [entry]}))
    text = text_of(await call(client, "read_interaction", interaction_id=id_of(begun), save="big.csv"))
    assert "/big.csv was not saved: It has 101 bytes; at most 100 are saved." in text
    assert not [path for path in settings.output_dir.iterdir() if path.suffix == ".csv"]


@MODERN
async def test_an_empty_sandbox_hides_no_answer(client: Client, emulator: Emulator) -> None:
    begun = await begin(client)
    await answered(client, begun)
    emulator.environments[str(newest(emulator).environment_id)].clear()
    text = text_of(await call(client, "read_interaction", interaction_id=id_of(begun)))
    assert "cannot be listed" not in text
    assert "Files in the agent's environment" not in text
    said = await complaint(client, "read_interaction", interaction_id=id_of(begun), save="*")
    assert said == "No file in the agent's environment matches '*'."


async def test_a_server_that_starts_anew_finds_the_run_of_the_same_files(
    settings: Settings, emulator: Emulator, folder: Path
) -> None:
    ids: list[str] = []
    for _ in range(2):
        async with Client(build_server(settings, FAST), cache=None) as client:
            ids.append(id_of(await begin(client, files=[large(folder)])))
    assert ids[0] == ids[1]
    assert (posts(emulator), made(emulator)) == (1, 1)
