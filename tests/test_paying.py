"""Asking before a request is paid for: every paid tool, in both eras, always or above an amount."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError

from conftest import FAST, Mode
from consenting import DECLINED, UNANSWERED, User, host, round_of, strict
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from journaling import NOON
from reading import LEGACY, MODERN, PDF, call, complaint, id_of, newest, note, png, text_of
from tasking import Json
from wired import PATIENCE

pytestmark = pytest.mark.usefixtures("clock")
"""The days of the journal stand still: midnight does not come in the middle of a test."""

MODEL = "gemini-3.8-flash"
TOOLS = [
    "gemini_ask",
    "gemini_continue",
    "analyze_file",
    "generate_image",
    "generate_audio",
    "generate_video",
    "start_research",
]
"""The tools that pay."""
OPENINGS = {
    "gemini_ask": f"Have {MODEL} answer: “Bicycles”?\n",
    "gemini_continue": f"Have {MODEL} answer: “Bicycles”?\n",
    "analyze_file": f"Have {MODEL} answer with 1 file (14 bytes): “Bicycles”?\n",
    "generate_image": "Have gemini-nano-banana-2.1 make an image: “Bicycles”?\n",
    "generate_audio": "Have gemini-3.8-flash-tts speak: “Bicycles”?\n",
    "generate_video": "Have gemini-omni-1.2-flash make a video: “Bicycles”?\n",
    "start_research": "Have deep-research-preview-04-2026 research: “Bicycles”?\n",
}


@pytest.fixture
def folder(settings: Settings) -> Path:
    """An allowed directory with a small file, a file to upload and a picture to upload."""
    folder = settings.allowed_dirs[0]
    note(folder)
    (folder / "large.pdf").write_bytes(PDF + bytes(9_000))
    png(folder, "large.png", (64, 64))
    return folder


@pytest.fixture
async def earlier(settings: Settings, emulator: Emulator) -> str:
    """The id of an interaction that can be continued; the emulator has forgotten its requests."""
    async with host(settings, "auto", None) as client:
        made = id_of(await call(client, "gemini_ask", prompt="Name a river"))
    emulator.requests.clear()
    emulator.creates.clear()
    return made


def arguments_of(tool: str, folder: Path, earlier: str) -> dict[str, Any]:
    own: dict[str, Any] = {
        "gemini_continue": {"previous_interaction_id": earlier},
        "analyze_file": {"files": [str(folder / "note.txt")]},
    }
    return {"prompt": "Bicycles", **own.get(tool, {})}


def bought(emulator: Emulator) -> int:
    """How many requests were accepted; that of an image is refused in the background, and sent again."""
    return len(emulator.creates)


EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS)


@pytest.mark.slow
@EVERY_TOOL
async def test_every_paid_request_is_asked_about_once_before_anything_is_sent(
    settings: Settings, emulator: Emulator, mode: Mode, tool: str, folder: Path, earlier: str
) -> None:
    user, before = User(start=True), list[int]()
    user.thinking = lambda: before.append(len(emulator.requests))
    async with host(settings, mode, user.answer) as client:
        result = await call(client, tool, **arguments_of(tool, folder, earlier))
    assert id_of(result) == newest(emulator).id
    assert (before, bought(emulator)) == ([0], 1)
    (question,) = user.asked
    assert question.startswith(OPENINGS[tool])
    assert "\nEstimated cost: " in question
    assert " Spent today (UTC): $" in question


@pytest.mark.slow
@EVERY_TOOL
async def test_nothing_is_sent_where_the_user_declines_or_nobody_answers(
    settings: Settings, emulator: Emulator, mode: Mode, tool: str, folder: Path, earlier: str
) -> None:
    arguments = arguments_of(tool, folder, earlier)
    for user, said in ((User("decline"), DECLINED), (User(start=False), DECLINED), (User("cancel"), UNANSWERED)):
        async with host(settings, mode, user.answer) as client:
            assert text_of(await call(client, tool, **arguments)) == said
    async with host(settings, mode, User(start="perhaps").answer) as client:
        assert "does not fit the form" in await complaint(client, tool, **arguments)
    assert emulator.requests == []


@pytest.mark.slow
@EVERY_TOOL
async def test_a_host_without_forms_is_not_asked(
    settings: Settings, emulator: Emulator, mode: Mode, tool: str, folder: Path, earlier: str
) -> None:
    async with host(settings, mode, None) as client:
        await call(client, tool, **arguments_of(tool, folder, earlier))
    assert bought(emulator) == 1


DEAR = {"max_output_tokens": 65_536, "tools": ["google_search"]}
"""Up to $0.39 by the prices of November 2026: 65,536 tokens of output at $3.75 a million, and ten searches.

The flex tier halves the price of the tokens, not of the searches: $0.27.
"""


@pytest.mark.slow
@MODERN
@pytest.mark.parametrize(
    ("above", "tool", "arguments", "asked"),
    [
        ("0.01", "gemini_ask", {"max_output_tokens": 1_000}, False),
        ("0.01", "gemini_ask", DEAR, True),
        ("0.50", "gemini_ask", DEAR, False),
        ("0.25", "gemini_ask", DEAR | {"service_tier": "flex"}, True),
        ("0.27", "gemini_ask", DEAR | {"service_tier": "flex"}, False),
        ("0.02", "generate_image", {}, True),
        ("0.20", "generate_image", {}, False),
        ("0.02", "generate_audio", {}, False),
        ("0.07", "generate_audio", {"kind": "music"}, True),
        ("0.08", "generate_audio", {"kind": "music"}, False),
        ("0.30", "generate_video", {"seconds": 3}, True),
        ("0.40", "generate_video", {"seconds": 3}, False),
        ("1.00", "generate_video", {}, True),
        ("1.10", "generate_video", {}, False),
        ("99", "generate_video", {"resolution": "4k"}, True),
        ("0.50", "start_research", {}, True),
        ("2.99", "start_research", {"plan_first": True}, True),
        ("3.00", "start_research", {}, False),
        ("99", "start_research", {"agent": "antigravity-preview-09-2026"}, True),
        ("99", "start_research", {"agent": "antigravity-preview-09-2026", "budget_tokens": 50_000}, False),
        ("99", "gemini_ask", {"model": "gemini-9-unknown"}, True),
    ],
)
async def test_above_an_amount_only_what_may_cost_more_is_asked_about_or_has_no_price(
    settings: Settings, emulator: Emulator, mode: Mode, above: str, tool: str, arguments: Json, asked: bool
) -> None:
    user, confirm = User("decline"), Confirmation(int(float(above) * 10**6))
    async with host(settings, mode, user.answer, confirm=confirm) as client:
        await call(client, tool, prompt="Bicycles", **arguments)
    assert (len(user.asked), bought(emulator)) == ((1, 0) if asked else (0, 1))


@pytest.mark.slow
@MODERN
async def test_the_estimate_is_told_or_that_there_is_none(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    user = User("decline")
    async with host(settings, mode, user.answer) as client:
        for arguments in ({"max_output_tokens": 100_000}, {"model": "gemini-9-unknown"}):
            await call(client, "gemini_ask", prompt="Bicycles", **arguments)
    first, second = user.asked
    # 100,000 tokens at $3.75 a million.
    assert "\nEstimated cost: up to $0.38. Spent today (UTC): $0.00.\n" in first
    assert "\nEstimated cost: price unknown. Spent today (UTC): $0.00.\n" in second
    assert emulator.requests == []


@pytest.mark.slow
@MODERN
async def test_what_was_spent_today_is_told(settings: Settings, mode: Mode) -> None:
    moment, journal = NOON, Journal(settings.database_url)
    await journal.insert(Record(label="a", kind="ask", cost_micros=420_000, created_at=moment, updated_at=moment))
    await journal.close()
    user = User("decline")
    async with host(settings, mode, user.answer) as client:
        await call(client, "gemini_ask", prompt="Bicycles")
    assert "Spent today (UTC): $0.42." in user.asked[0]


@pytest.mark.slow
@MODERN
async def test_the_limits_are_told_and_over_them_nobody_is_asked_and_nothing_is_sent(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    limits: dict[str, Any] = {"dollars_per_day": Decimal(1), "dollars_per_month": Decimal(20)}
    user = User("decline")
    async with strict(settings, mode, user, **limits) as client:
        await call(client, "gemini_ask", prompt="Bicycles")
        assert "Spent today (UTC): $0.00 of $1.00; this month: $0.00 of $20.00.\n" in user.asked[0]
        for tool, arguments in (("start_research", {}), ("analyze_file", {"files": ["https://youtu.be/x"] * 2})):
            said = await complaint(client, tool, prompt="Bicycles", **arguments)
            assert said.startswith("GEMINI_MCP_DOLLARS_PER_DAY allows $1.00")
        unknown = await complaint(client, "gemini_ask", prompt="Bicycles", model="gemini-9-unknown")
        assert unknown.startswith("What this request to gemini-9-unknown may cost is not known")
    async with strict(settings, mode, user, confirm=Confirmation(None), dollars_per_day=Decimal("0.01")) as client:
        await complaint(client, "analyze_file", prompt="Bicycles", files=[str(folder / "large.pdf")])
    assert (len(user.asked), emulator.requests) == (1, [])


UPLOADING = pytest.mark.parametrize(
    ("tool", "argument", "name"), [("analyze_file", "files", "large.pdf"), ("generate_image", "images", "large.png")]
)


@pytest.mark.slow
@UPLOADING
async def test_a_file_is_named_and_nothing_of_it_is_sent_before_the_answer(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path, tool: str, argument: str, name: str
) -> None:
    user, before = User(start=True), list[int]()
    user.thinking = lambda: before.append(len(emulator.requests))
    arguments = {"prompt": "Bicycles", argument: [str(folder / name)]}
    async with strict(settings, mode, user, inline_bytes=10) as client:
        await call(client, tool, **arguments)
    assert before == [0]
    assert f"\n\nFiles that are sent to Google:\n- {folder / name} (" in user.asked[0]
    assert (len(emulator.files.files), bought(emulator)) == (1, 1)


@pytest.mark.slow
@UPLOADING
async def test_no_file_is_sent_where_the_user_declines(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path, tool: str, argument: str, name: str
) -> None:
    arguments = {"prompt": "Bicycles", argument: [str(folder / name)]}
    async with strict(settings, mode, User("decline"), inline_bytes=10) as client:
        assert text_of(await call(client, tool, **arguments)) == DECLINED
    assert emulator.requests == []


@pytest.mark.slow
async def test_an_answer_holds_while_uploads_take_several_calls_and_is_used_once(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    emulator.faults.append(stalled := Fault("upload", "stall", skip=1))
    user = User(start=True)
    arguments: dict[str, Any] = {"prompt": "Bicycles", "files": [str(folder / "large.pdf")]}
    async with strict(settings, mode, user, replace(FAST, naming=0.05), wait_seconds=0) as client:
        for _ in range(3):
            assert "call again with the same arguments" in await complaint(client, "analyze_file", **arguments)
        assert (len(user.asked), bought(emulator)) == (1, 0)
        stalled.release.set()
        with anyio.fail_after(PATIENCE):
            while (await client.call_tool("analyze_file", arguments)).is_error:
                pass
            # Whoever waits gets the same run, without a question.
            await call(client, "analyze_file", **arguments, wait_seconds=20)
        assert (len(user.asked), bought(emulator)) == (1, 1)
        # It is used up.
        await call(client, "analyze_file", **arguments, wait_seconds=20)
    assert (len(user.asked), bought(emulator)) == (2, 2)


@pytest.mark.slow
async def test_while_one_call_uploads_an_identical_one_is_asked_about_as_well(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    emulator.faults.append(stalled := Fault("upload", "stall", skip=1))
    user, arguments = User(start=True), {"prompt": "Bicycles", "files": [str(folder / "large.pdf")]}
    async with strict(settings, mode, user) as client, anyio.create_task_group() as calls:
        with anyio.fail_after(PATIENCE):
            calls.start_soon(client.call_tool, "analyze_file", arguments)
            await stalled.reached.wait()
            calls.start_soon(client.call_tool, "analyze_file", arguments)
            while len(user.asked) < 2:
                await anyio.lowlevel.checkpoint()
        stalled.release.set()
    assert (len(user.asked), bought(emulator), len(emulator.files.files)) == (2, 2, 1)


@pytest.mark.slow
async def test_identical_calls_at_once_are_asked_about_once_each(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer) as client, anyio.create_task_group() as calls:
        for _ in range(3):
            calls.start_soon(client.call_tool, "gemini_ask", {"prompt": "Bicycles"})
    assert (len(user.asked), bought(emulator)) == (3, 3)


@pytest.mark.slow
async def test_an_answer_that_was_paid_for_and_not_delivered_is_not_asked_about(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    arguments: dict[str, Any] = {"prompt": "Bicycles [[seconds=0.3]]", "files": [str(folder / "large.pdf")]}
    async with strict(settings, mode, user) as client:
        first = await call(client, "analyze_file", **arguments, wait_seconds=0)
        before = len(emulator.files.files)
        again = await call(client, "analyze_file", **arguments, wait_seconds=20)
        assert id_of(again) == id_of(first)
        assert "Nothing new was sent or charged." in text_of(again)
    assert (len(user.asked), bought(emulator), len(emulator.files.files)) == (1, 1, before)


@pytest.mark.slow
@LEGACY
async def test_what_cannot_be_done_is_told_before_the_user_is_asked(
    settings: Settings, emulator: Emulator, mode: Mode, folder: Path
) -> None:
    user = User(start=True)
    (folder / "taken.png").write_bytes(b"x")
    paper = str(folder / "large.pdf")
    wrong: list[tuple[str, Json, str]] = [
        ("analyze_file", {"files": []}, "at least one file"),
        ("analyze_file", {"files": [paper], "clip": "1-2"}, "`clip` is for video and audio"),
        ("analyze_file", {"files": [paper], "pages": "2-3"}, "has only 1 page"),
        ("analyze_file", {"files": [str(folder / "missing.pdf")]}, "does not exist"),
        ("generate_image", {"images": [paper]}, "`images` takes images only"),
        ("generate_image", {"images": ["https://youtu.be/x"]}, "`images` takes images only"),
        ("generate_image", {"output_path": str(folder / "taken.png")}, "exists"),
        ("gemini_ask", {"model": "antigravity"}, "start_research takes it"),
    ]
    async with strict(settings, mode, user) as client:
        for tool, arguments, said in wrong:
            assert said in await complaint(client, tool, prompt="Bicycles", **arguments)
    assert (user.asked, emulator.requests) == ([], [])


@pytest.mark.slow
@LEGACY
async def test_a_file_of_the_files_api_that_is_no_image_is_refused_before_it_is_paid_for(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    paper = emulator.files.generate(PDF, "application/pdf")
    user = User(start=True)
    async with host(settings, mode, user.answer) as client:
        said = await complaint(client, "generate_image", prompt="Bicycles", images=[paper.name])
    assert said == "`images` takes images only; analyze_file takes other files."
    assert (len(user.asked), bought(emulator)) == (1, 0)


@pytest.mark.slow
@MODERN
async def test_one_answer_pays_for_one_request(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    async with host(settings, mode, User(start=True).answer) as client:
        state = (await round_of(client, "gemini_ask"))["requestState"]
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await round_of(client, "gemini_ask", "accept", state, prompt="Cars")
        assert "content" in await round_of(client, "gemini_ask", "accept", state)
        # The answer was delivered, so that the same again is another request, and another question.
        again = await round_of(client, "gemini_ask", "accept", state)
        assert again["resultType"] == "input_required"
        assert bought(emulator) == 1
        assert "content" in await round_of(client, "gemini_ask", "accept", again["requestState"])
    assert bought(emulator) == 2
