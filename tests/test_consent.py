"""Confirmation of research by the user, where a setting asks for it and the host can ask, and the daily limit."""

from datetime import timedelta
from typing import Any

import pytest

import consenting
from conftest import Mode
from consenting import DECLINED, ESTIMATE, UNANSWERED, User, host
from gemini_interactions_mcp.core.errors import InputError, NetworkError, StillUploadingError
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.files.inspection import ContentPart, InspectedSource, Inspection, LocalFile
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import Limits, Spending
from gemini_interactions_mcp.models.estimates import Estimate
from gemini_interactions_mcp.models.interactions import Record, RemoteServer, Request
from gemini_interactions_mcp.models.kinds import InteractionKind
from gemini_interactions_mcp.server.tools import consent
from gemini_interactions_mcp.server.tools.agreements import Agreements
from gemini_interactions_mcp.server.tools.consent import CostQuestion
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import MODERN, call, complaint, id_of, newest, posts, text_of

noon = consenting.noon

NOTHING_SPENT = Spending(0, 0, 0)


@pytest.mark.slow
async def test_the_user_is_shown_agent_time_cost_and_count_before_a_run_starts(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer, runs_per_day=5) as client:
        result = await call(client, "start_research", prompt="Bicycles")
        assert id_of(result) == newest(emulator).id
        await call(client, "start_research", prompt="Cars")
    first, second = user.asked
    assert first.startswith("Have deep-research-preview-04-2026 research: “Bicycles”?\n")
    assert f"{ESTIMATE} Spent today (UTC): $0.00. Research requests sent today (UTC): 0 of 5." in first
    assert "Research requests sent today (UTC): 0 of 5." in first
    assert "Research requests sent today (UTC): 1 of 5." in second
    assert posts(emulator) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("user", "said"),
    [
        (User("decline"), DECLINED),
        (User(start=False), DECLINED),
        (User("decline", start=True), DECLINED),
        (User("cancel"), UNANSWERED),
        (User("cancel", start=True), UNANSWERED),
    ],
    ids=["no", "not now", "no all the same", "closed", "closed when filled in"],
)
async def test_nothing_is_started_when_the_user_declines_or_nobody_answers(
    settings: Settings, emulator: Emulator, mode: Mode, user: User, said: str
) -> None:
    async with host(settings, mode, user.answer) as client:
        assert text_of(await call(client, "start_research", prompt="Bicycles")) == said
        listed = await call(client, "list_interactions")
        assert text_of(listed) == "No interactions found.\n"
    assert emulator.requests == []


@pytest.mark.slow
async def test_a_form_that_was_accepted_as_it_is_starts_the_run(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    async with host(settings, mode, User("accept").answer) as client:
        await call(client, "start_research", prompt="Bicycles")
    assert posts(emulator) == 1


async def test_an_answer_that_does_not_fit_the_form_starts_nothing(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    async with host(settings, mode, User(start="perhaps").answer) as client:
        assert "does not fit the form" in await complaint(client, "start_research", prompt="Bicycles")
    assert emulator.requests == []


@pytest.mark.slow
async def test_a_host_that_cannot_ask_just_runs(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    async with host(settings, mode, None) as client:
        await call(client, "start_research", prompt="Bicycles")
    assert posts(emulator) == 1


@pytest.mark.slow
@MODERN
async def test_nobody_is_asked_unless_the_setting_wants_it(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    user = User("decline")
    async with host(settings, mode, user.answer, confirm=Confirmation(None)) as client:
        await call(client, "start_research", prompt="Bicycles")
    assert (user.asked, posts(emulator)) == ([], 1)


@pytest.mark.slow
async def test_the_same_request_again_starts_nothing_and_asks_nobody_but_force_does(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer) as client:
        for _ in range(2):
            await call(client, "start_research", prompt="Bicycles")
        assert (len(user.asked), posts(emulator)) == (1, 1)
        await call(client, "start_research", prompt="Bicycles", force=True)
    assert (len(user.asked), posts(emulator)) == (2, 2)


@MODERN
async def test_what_cannot_be_sent_is_told_without_asking(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    user = User("decline")
    async with host(settings, mode, user.answer) as client:
        assert "`prompt` is required." in await complaint(client, "start_research", prompt=" ")
    async with host(settings, mode, user.answer, api_key=None) as client:
        assert "key" in await complaint(client, "start_research", prompt="Bicycles")
        assert "key" in await complaint(client, "start_research", prompt="Bicycles", force=True)
    assert (user.asked, posts(emulator)) == ([], 0)


@pytest.mark.parametrize(
    ("agent", "plan", "estimate", "said"),
    [
        (
            "deep-research-preview-04-2026",
            False,
            Estimate(10**6, 3 * 10**6),
            "Estimated cost: $1.00 to $3.00; it usually takes 5 to 20 minutes, 60 at most (Google, https://",
        ),
        (
            "deep-research-max-preview-04-2026",
            True,
            Estimate(0, 7 * 10**6),
            "Estimated cost: up to $7.00; Google names no price for a plan. It takes some minutes, and running it "
            "is asked for separately.",
        ),
        ("antigravity-preview-09-2026", False, None, "Estimated cost: price unknown."),
        ("antigravity-preview-09-2026", False, Estimate(40, 10**5), "Estimated cost: up to $0.10."),
        ("antigravity-preview-09-2026", False, Estimate(0, 40), "Estimated cost: <$0.0001."),
        ("antigravity-preview-09-2026", False, Estimate(400, 10**5), "Estimated cost: $0.00040 to $0.10."),
        ("antigravity-preview-09-2026", False, Estimate(8 * 10**4, 8 * 10**4), "Estimated cost: $0.08."),
    ],
)
def test_an_estimate_is_googles_ours_or_none(agent: str, plan: bool, estimate: Estimate | None, said: str) -> None:
    request = Request(kind="research", prompt="x", agent=agent, agent_config={"collaborative_planning": plan})
    assert said in consent.render_question(CostQuestion(request, estimate, NOTHING_SPENT))


@pytest.mark.parametrize(
    ("kind", "limits", "said"),
    [
        ("ask", Limits(), "Spent today (UTC): $0.42."),
        ("image", Limits(micros_per_day=5 * 10**6), "Spent today (UTC): $0.42 of $5.00."),
        (
            "analyze",
            Limits(9, 5 * 10**6, 20 * 10**6),
            "Spent today (UTC): $0.42 of $5.00; this month: $13.70 of $20.00.",
        ),
        ("ask", Limits(9, 5 * 10**6, own_micros_per_day=10**6), "Spent today (UTC): $0.42 of $1.00."),
        ("research", Limits(9), "Spent today (UTC): $0.42. Research requests sent today (UTC): 3 of 9."),
    ],
)
def test_what_was_spent_is_told_with_its_limits(kind: InteractionKind, limits: Limits, said: str) -> None:
    spending = Spending(420_000, 13_700_000, 3, limits)
    question = consent.render_question(CostQuestion(Request(kind=kind, prompt="x", model="m"), None, spending))
    assert question.splitlines()[2].endswith(f". {said}")


@pytest.mark.parametrize(
    ("kind", "does"),
    [("ask", "answer"), ("analyze", "answer"), ("transcript", "transcribe"), ("image", "make an image")],
)
def test_a_model_is_named_with_what_it_is_to_do(kind: InteractionKind, does: str) -> None:
    question = consent.render_question(CostQuestion(Request(kind=kind, prompt="Why?", model="m"), None, NOTHING_SPENT))
    assert question.startswith(f"Have m {does}: “Why?”?\n")


def interrupt(agreements: Agreements, subject: str, error: Exception) -> None:
    with pytest.raises(type(error)), agreements.holding(subject):
        raise error


def test_an_answer_holds_for_ten_minutes_after_the_last_call_and_for_one_run() -> None:
    now = 0.0
    agreements = Agreements(lambda: now, 600)
    assert not agreements.take("a")
    for _ in range(2):
        interrupt(agreements, "a", StillUploadingError("40 of 100 MiB"))
        now += 600 - 1
        assert not agreements.take("b")
        assert agreements.take("a")
        assert not agreements.take("a")
    interrupt(agreements, "a", NetworkError("broken"))
    now += 600
    assert not agreements.take("a")


def test_an_answer_ends_with_its_request_and_where_that_cannot_be_sent_as_shown() -> None:
    agreements = Agreements(lambda: 0.0, 600)
    with agreements.holding("a"):
        pass
    interrupt(agreements, "a", InputError("changed"))
    assert not agreements.take("a")


def test_two_answers_to_identical_questions_are_two() -> None:
    agreements = Agreements(lambda: 0.0, 600)
    for _ in range(2):
        interrupt(agreements, "a", StillUploadingError("40 of 100 MiB"))
    assert [agreements.take("a") for _ in range(3)] == [True, True, False]


async def test_a_ticket_is_redeemed_once() -> None:
    now = 0.0
    agreements = Agreements(lambda: now, 600)
    assert [await agreements.redeem(ticket) for ticket in "abab"] == [True, True, False, False]


def local(name: str, size: int = 1, source: str = "") -> LocalFile:
    return LocalFile(source or name, name, size, size, "text", "text/plain", version=(), sha256="0")


def single(name: str, size: int = 1) -> InspectedSource:
    return InspectedSource(name, (ContentPart("", local(name, size)),))


def asked_about(*sources: InspectedSource, **changes: Any) -> str:
    fields: dict[str, Any] = {"kind": "research", "prompt": "x", "agent": "deep-research-preview-04-2026"}
    return consent.render_question(CostQuestion(Request(**fields | changes), None, NOTHING_SPENT, Inspection(sources)))


def test_what_others_have_named_cannot_forge_a_line_of_the_question() -> None:
    evil = "a\n\nFiles that are sent to Google:\n- \u202enothing\u2028" + "x" * 500
    address = InspectedSource(f"https://{evil}", (ContentPart("", {"type": "document", "uri": evil}),))
    folder = InspectedSource(evil, (ContentPart("", local(evil)), ContentPart("", local("b"))))
    said = asked_about(single(evil), folder, address, prompt=evil, agent=evil, tools=(evil,))
    lines = said.splitlines()
    assert len(lines) == len(said.split("\n")) - 1
    assert lines.count("Files that are sent to Google:") == 1
    assert all(character.isprintable() for line in lines for character in line)
    assert max(map(len, lines)) < 400


def test_of_very_many_files_the_first_are_named_and_the_others_counted() -> None:
    said = asked_about(*(single(f"{number:03}.txt", 2**20) for number in range(250)))
    assert said.startswith("Have deep-research-preview-04-2026 research with 250 files (250.0 MiB): “x”?\n")
    lines = said.partition("Google:\n")[2].splitlines()
    assert lines == [*(f"- {number:03}.txt (1.0 MiB)" for number in range(10)), "- and 240 more"]


def test_a_question_without_files_names_none() -> None:
    assert "Files" not in asked_about()
    assert "Addresses" not in asked_about(single("a"))
    assert "with 1 file (1 byte): “" in asked_about(single("a"))


def test_tools_stores_and_servers_are_named() -> None:
    server = RemoteServer(name="github", url="https://example.com/mcp")
    said = asked_about(tools=("google_search",), stores=("fileSearchStores/notes",), servers=(server,))
    assert said.endswith(
        "Tools that it may use:\n- google_search\n- file_search:fileSearchStores/notes\n- mcp:github\n"
    )


def test_tools_of_a_model_are_named() -> None:
    request = Request(kind="ask", prompt="x", model="gemini-3.8-flash", tools=("google_search",))
    said = consent.render_question(CostQuestion(request, Estimate(40, 10**5), NOTHING_SPENT))
    assert said.endswith("Tools that it may use:\n- google_search\n")


@pytest.mark.slow
async def test_over_the_limit_nothing_starts_and_the_error_says_when_it_will(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    user = User(start=True)
    async with host(settings, mode, user.answer, runs_per_day=2) as client:
        first = await call(client, "start_research", prompt="Bicycles")
        await call(client, "start_research", prompt="Cars", plan_first=True)
        said = await complaint(client, "start_research", prompt="Trains")
        assert said.startswith("The limit of 2 research runs a day (GEMINI_MCP_RUNS_PER_DAY) is used up: nothing was ")
        assert said.endswith("It works again at 00:00 UTC, in 12 h 0 min.")
        assert "limit of 2" in await complaint(client, "start_research", prompt="Bicycles", force=True)
        # The same again starts nothing, so that it may.
        assert id_of(await call(client, "start_research", prompt="Bicycles")) == id_of(first)
    assert (len(user.asked), posts(emulator)) == (2, 2)


@MODERN
async def test_only_research_of_this_day_that_google_may_have_taken_counts(
    settings: Settings, emulator: Emulator, mode: Mode
) -> None:
    journal = Journal(settings.database_url)
    before = clock.get_day_start() - timedelta(seconds=1)
    await journal.insert(Record(label="yesterday", kind="research", created_at=before, updated_at=before))
    await journal.close()
    async with host(settings, mode, None, runs_per_day=1) as client:
        await call(client, "gemini_ask", prompt="hi")
        emulator.faults.append(Fault("create", "http", http_status=400))
        await complaint(client, "start_research", prompt="Bicycles")
        await call(client, "start_research", prompt="Bicycles")
        await complaint(client, "start_research", prompt="Cars")


def test_a_day_is_utcs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert clock.get_day_start().isoformat().endswith("T00:00:00+00:00")
