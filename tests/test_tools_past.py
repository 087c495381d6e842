"""Past interactions: listed, read regardless of their origin, and deleted."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from google import genai
from google.genai import types
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, CallToolResult

from conftest import FAST, STATUS, make_settings
from faults.harness import rows
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.runs.processes import make_owner
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.results.rows import parse_status
from gemini_interactions_mcp.settings import Settings
from reading import (
    LEGACY,
    call,
    complaint,
    cursor_of,
    footer_of,
    id_of,
    newest,
    posts,
    previews_of,
    rows_of,
    saved_in,
    text_of,
)


async def created_elsewhere(url: str, **body: Any) -> str:
    """The id of an interaction that another program has started, with google-genai."""
    other: Any = genai.Client(api_key="another", vertexai=False, http_options=types.HttpOptions(base_url=url))
    interaction = await other.aio.interactions.create(**body)
    await other.aio.aclose()
    other.close()
    return interaction.id


def ids_of(result: CallToolResult) -> list[str]:
    """The ids of a list, of which text and structure say the same."""
    rows, cursor = rows_of(result), cursor_of(result)
    for row in rows:
        facts = [row["interaction_id"], row["kind"], row["status"], row["model"], row["created_at"]]
        assert "- " + " | ".join(facts) + ' | "' + row["prompt"] + '"' in text_of(result)
        assert (f'"{row["prompt"]}" | {row["files"]} file' in text_of(result)) == (row["files"] > 0)
    assert text_of(result).count("\n- ") + text_of(result).startswith("- ") == len(rows)
    assert (f'More: list_interactions(cursor="{cursor}")' in text_of(result)) == (cursor is not None)
    return [row["interaction_id"] for row in rows]


@pytest.mark.slow
async def test_an_empty_list_says_so(client: Client, emulator: Emulator) -> None:
    result = await call(client, "list_interactions")
    assert text_of(result) == "No interactions found.\n"
    assert result.structured_content == {"interactions": []}
    assert emulator.requests == []


async def test_interactions_are_listed_newest_first_and_filtered(client: Client, emulator: Emulator) -> None:
    river = id_of(await call(client, "gemini_ask", prompt="Name a river"))
    image = id_of(await call(client, "generate_image", prompt="A red bicycle"))
    emulator.faults.append(Fault("create", "status", run_status="failed"))
    await complaint(client, "gemini_ask", prompt="This fails, RIVERS too")
    failed = newest(emulator).id
    page = "https://example.com/page"
    file = id_of(await call(client, "analyze_file", files=[page], prompt="Summarise"))

    async def listed(**filters: Any) -> list[str]:
        return ids_of(await call(client, "list_interactions", **filters))

    assert await listed() == [file, failed, image, river]
    assert await listed(query="river") == [failed, river]
    assert await listed(query="You asked: “Name") == [river]
    assert await listed(query="100%") == []
    assert await listed(kind="image") == [image]
    assert await listed(kind="analyze") == [file]
    assert await listed(kind="ask", status="completed") == [river]
    assert await listed(status="failed") == [failed]
    assert await listed(status="error") == await listed(status=" FAILED ") == [failed]
    assert river in await listed(status="done")
    assert await listed(status="done") == await listed(status="Finished") == await listed(status="completed")
    assert await listed(kind="research") == []


@pytest.mark.slow
async def test_a_list_comes_in_pages_of_the_asked_length(client: Client) -> None:
    ids = [id_of(await call(client, "gemini_ask", prompt=f"Question {number}")) for number in range(5)]
    found: list[str] = []
    arguments: dict[str, Any] = {"limit": 2}
    while arguments:
        result = await call(client, "list_interactions", **arguments)
        page = ids_of(result)
        assert len(page) <= 2
        found += page
        cursor = cursor_of(result)
        arguments = {"limit": 2, "cursor": cursor} if cursor else {}
    assert found == ids[::-1]


@pytest.mark.slow
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z"])
async def test_what_google_says_to_be_of_an_impossible_time_is_of_now(
    client: Client, url: str, emulator: Emulator, created: str
) -> None:
    foreign = await created_elsewhere(url, model="gemini-3.8-flash", input="Elsewhere")
    emulator.interactions[foreign].created = created
    assert "Elsewhere" in text_of(await call(client, "read_interaction", interaction_id=foreign))
    asked = id_of(await call(client, "gemini_ask", prompt="Here"))
    first = await call(client, "list_interactions", limit=1)
    assert ids_of(first) == [asked]
    assert ids_of(await call(client, "list_interactions", limit=1, cursor=cursor_of(first))) == [foreign]
    assert len((await client.list_resources(cache_mode="bypass")).resources) == 6


async def test_a_query_or_cursor_that_is_none_is_said_in_words(client: Client) -> None:
    long = await complaint(client, "list_interactions", query="x" * 60_000)
    assert long.startswith("The query has 60,000 characters; at most 1,000 are searched for.")
    for cursor in ("x", "\x00", "x" * 10**6):
        said = await complaint(client, "list_interactions", cursor=cursor)
        assert said.startswith("Unknown cursor ")
        with pytest.raises(MCPError, match="Unknown cursor ") as caught:
            await client.list_resources(cursor=cursor)
        assert caught.value.code == INVALID_PARAMS


@pytest.mark.slow
@LEGACY
async def test_a_long_prompt_is_listed_on_one_short_line(client: Client) -> None:
    await call(client, "gemini_ask", prompt="first line\nsecond " + "line " * 40)
    result = await call(client, "list_interactions")
    (row,) = rows_of(result)
    assert row["prompt"].startswith("first line second line")
    assert row["prompt"].endswith("…")
    assert len(row["prompt"]) == 80
    assert row["prompt"] in text_of(result)


@pytest.mark.slow
@LEGACY
async def test_a_quotation_mark_in_a_prompt_keeps_the_line_readable(client: Client) -> None:
    await call(client, "gemini_ask", prompt='Say "hi" | now')
    assert ' | "Say \\"hi\\" | now" | ' in text_of(await call(client, "list_interactions"))


@pytest.mark.slow
@LEGACY
async def test_an_answer_reads_the_same_later_without_asking_google(client: Client, emulator: Emulator) -> None:
    first = await call(client, "gemini_ask", prompt="hi", tools=["google_search"])
    sent = len(emulator.requests)
    again = await call(client, "read_interaction", interaction_id=id_of(first))
    assert text_of(again) == text_of(first)
    assert len(emulator.requests) == sent


@pytest.mark.slow
async def test_an_answer_is_there_after_a_restart(tmp_path: Path, url: str, emulator: Emulator) -> None:
    settings = make_settings(tmp_path, url)
    async with Client(build_server(settings, FAST), cache=None) as client:
        first = await call(client, "gemini_ask", prompt="hi")
    emulator.interactions.clear()
    async with Client(build_server(settings, FAST), cache=None) as client:
        again = await call(client, "read_interaction", interaction_id=id_of(first))
    assert text_of(again) == text_of(first)


@pytest.mark.slow
async def test_a_run_that_a_restart_interrupted_is_followed_to_its_end(
    tmp_path: Path, url: str, emulator: Emulator
) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    settings = make_settings(tmp_path, url)
    async with Client(build_server(settings, FAST), cache=None) as client:
        begun = await call(client, "start_research", prompt="Bicycles")
    hold.release.set()
    async with Client(build_server(settings, FAST), cache=None) as client:
        report = await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    assert "# Research report: Bicycles" in text_of(report)
    assert len(emulator.creates) == 1


@pytest.mark.slow
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_an_interaction_of_another_program_is_read_like_our_own(client: Client, url: str) -> None:
    foreign = await created_elsewhere(url, model="gemini-3.5-flash", input="Who are you?")
    result = await call(client, "read_interaction", interaction_id=foreign)
    assert "You asked: “Who are you?”" in text_of(result)
    assert id_of(result) == foreign
    assert " | gemini-3.5-flash | completed | " in footer_of(result)
    assert ids_of(await call(client, "list_interactions", query="who are you")) == [foreign]


@pytest.mark.slow
@LEGACY
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_an_image_of_another_program_is_saved_once(client: Client, url: str) -> None:
    asked = {"type": "image"}
    body = {"model": "gemini-nano-banana-2.1", "input": "A red bicycle", "response_format": asked}
    foreign = await created_elsewhere(url, **body)
    first = await call(client, "read_interaction", interaction_id=foreign)
    again = await call(client, "read_interaction", interaction_id=foreign)
    assert saved_in(again) == saved_in(first)
    (path,) = saved_in(first)
    assert re.fullmatch(r"red-bicycle-[0-9a-f]{6}-1\.jpg", path.name[11:])
    assert len(list(saved_in(first)[0].parent.iterdir())) == len(previews_of(first)) == 1


@pytest.mark.slow
@LEGACY
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_a_running_interaction_of_another_program_is_waited_for(
    client: Client, url: str, emulator: Emulator
) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    foreign = await created_elsewhere(
        url, agent="deep-research-preview-04-2026", input="Bicycles", background=True, store=True
    )
    looked = await call(client, "check_research", interaction_id=foreign)
    assert f"Still {STATUS}" in text_of(looked)
    assert f'check_research(interaction_id="{foreign}", wait_seconds=45)' in text_of(looked)
    hold.release.set()
    report = await call(client, "read_interaction", interaction_id=foreign, wait_seconds=10)
    assert "# Research report: Bicycles" in text_of(report)
    assert [path.suffix for path in saved_in(report)] == [".png", ".md"]


@pytest.mark.slow
@LEGACY
async def test_an_id_that_nobody_knows_is_told_with_the_reasons(client: Client) -> None:
    said = await complaint(client, "read_interaction", interaction_id="v1_gone")
    assert said.startswith("Google keeps no interaction v1_gone: the id is wrong or of another project's key, or the")


@pytest.mark.slow
@pytest.mark.usual_wire("an id that Google cannot have made is refused as a name")
@pytest.mark.parametrize("tool", ["read_interaction", "check_research", "cancel_research"])
@pytest.mark.parametrize("wrong", ["abc", "x1", "12345", "interaction-1"])
async def test_an_id_that_can_be_none_is_not_to_be_looked_at_again(client: Client, tool: str, wrong: str) -> None:
    said = await complaint(client, tool, interaction_id=wrong)
    assert said.startswith("There is no such interaction; list_interactions shows the ids that you have.")
    assert "looks again" not in said


@pytest.mark.slow
@pytest.mark.usual_wire("an id that Google cannot have made is refused as a name")
@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("gemini_continue", "there is no interaction abc to continue; "),
        ("generate_image", "there is no interaction abc to continue; "),
        ("start_research", "There is no such interaction; "),
    ],
)
async def test_what_goes_on_from_an_id_that_can_be_none_is_told_so(client: Client, tool: str, words: str) -> None:
    said = await complaint(client, tool, prompt="hi", previous_interaction_id="abc")
    assert f"{words}list_interactions shows the ids that you have." in said


@LEGACY
async def test_an_unreachable_api_is_not_taken_for_a_missing_interaction(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("get", "http", times=math.inf, http_status=400))
    said = await complaint(client, "read_interaction", interaction_id="v1_some")
    assert "keeps no interaction" not in said
    assert "v1_some" in said


async def test_deleting_tells_what_happened_at_google_in_the_journal_and_to_files(
    client: Client, emulator: Emulator
) -> None:
    image = await call(client, "generate_image", prompt="A red bicycle")
    (path,) = saved_in(image)
    result = await call(client, "delete_interaction", interaction_id=id_of(image))
    assert text_of(result) == f"Google: deleted.\nFile {path}: deleted.\nJournal: deleted.\n"
    assert emulator.deletes == [id_of(image)]
    assert not path.exists()
    assert ids_of(await call(client, "list_interactions")) == []
    said = await complaint(client, "read_interaction", interaction_id=id_of(image))
    assert said.startswith("That interaction has been deleted.")
    again = await call(client, "delete_interaction", interaction_id=id_of(image))
    assert text_of(again) == "It has been deleted already.\n"
    assert len(emulator.deletes) == 1


@pytest.mark.slow
@LEGACY
async def test_deleting_tells_of_a_file_that_is_gone_or_stays(client: Client) -> None:
    first = await call(client, "generate_image", prompt="one")
    saved_in(first)[0].unlink()
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(first)))
    assert re.search(r"^File .*: it was not there\.$", text, re.MULTILINE)
    second = await call(client, "generate_image", prompt="two")
    (path,) = saved_in(second)
    path.unlink()
    path.mkdir()
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(second)))
    assert f"\nFile kept: {path} was changed or moved; left alone.\n" in text
    assert path.is_dir()


@pytest.mark.slow
@LEGACY
async def test_what_google_will_not_delete_is_told(client: Client, emulator: Emulator) -> None:
    answer = await call(client, "gemini_ask", prompt="hi")
    emulator.faults.append(Fault("delete", "http", http_status=403))
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(answer)))
    assert text.startswith("Google: not deleted. Google does not allow this")
    assert text.endswith("Journal and files: kept, so that nothing is lost. Call delete_interaction again later.\n")


@pytest.mark.slow
@LEGACY
@pytest.mark.parametrize("http_status", [500, 503, 429, 401])
async def test_what_google_may_delete_another_time_keeps_its_id(
    client: Client, emulator: Emulator, http_status: int
) -> None:
    answer = await call(client, "gemini_ask", prompt="hi")
    emulator.faults.append(Fault("delete", "http", times=9, http_status=http_status))
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(answer)))
    assert text.startswith("Google: not deleted.")
    assert text.endswith("Journal and files: kept, so that nothing is lost. Call delete_interaction again later.\n")
    assert ids_of(await call(client, "list_interactions")) == [id_of(answer)]
    emulator.faults.clear()
    text = text_of(await call(client, "delete_interaction", interaction_id=id_of(answer)))
    assert text == "Google: deleted.\nJournal: deleted.\n"


@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_a_read_waits_for_google_no_longer_than_it_was_asked_to(
    settings: Settings, emulator: Emulator, url: str
) -> None:
    foreign = await created_elsewhere(url, model="gemini-3.5-flash", input="hi")
    emulator.faults.append(stalled := Fault("get", "stall", match=foreign))
    async with Client(build_server(settings, replace(FAST, lookup=2)), mode="legacy", cache=None) as client:
        said = await complaint(client, "read_interaction", interaction_id=foreign, wait_seconds=0)
        assert "Google has not answered within 2 seconds. Try again with a longer wait_seconds" in said
        assert stalled.reached.is_set()
        assert "hi" in text_of(await call(client, "read_interaction", interaction_id=foreign, wait_seconds=20))


async def test_an_interaction_that_google_does_not_show_in_time_is_told_as_the_journal_knows_it(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with Client(build_server(settings, FAST), mode="legacy", cache=None) as first:
        begun = id_of(await call(first, "start_research", prompt="Rivers", visualization=False))
    emulator.faults.append(stalled := Fault("get", "stall", times=9))
    slow = replace(FAST, lease=3600, lookup=0.05)
    async with Client(build_server(settings, slow), mode="legacy", cache=None) as second:
        text = text_of(await call(second, "check_research", interaction_id=begun, wait_seconds=0))
        assert f"Still {STATUS}" in text
        assert f'check_research(interaction_id="{begun}", wait_seconds=45)' in text
        held.release.set()
        stalled.times = 0
        stalled.release.set()
        done = text_of(await call(second, "check_research", interaction_id=begun, wait_seconds=20))
        assert "# Research report: Rivers" in done


@LEGACY
@pytest.mark.usual_wire("an id of another program has the usual form, and is shown at once")
async def test_an_interaction_of_another_program_can_be_deleted(client: Client, url: str, emulator: Emulator) -> None:
    foreign = await created_elsewhere(url, model="gemini-3.5-flash", input="hi")
    text = text_of(await call(client, "delete_interaction", interaction_id=foreign))
    assert text == "Google: deleted.\nJournal: it was not there.\n"
    assert emulator.interactions == {}


@LEGACY
async def test_a_running_interaction_that_is_deleted_leaves_no_file_behind(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    begun = await call(client, "start_research", prompt="Bicycles")
    interaction = newest(emulator)
    await call(client, "delete_interaction", interaction_id=id_of(begun))
    hold.release.set()
    await interaction.finished.wait()
    await call(client, "gemini_ask", prompt="hi")
    assert len(ids_of(await call(client, "list_interactions"))) == 1
    assert not (tmp_path / "output").exists()


def label_of(folder: Path) -> str:
    [row] = rows(folder)
    return str(row["label"])


@LEGACY
async def test_an_interaction_is_deleted_by_its_label_too(client: Client, emulator: Emulator, tmp_path: Path) -> None:
    answer = await call(client, "gemini_ask", prompt="hi")
    text = text_of(await call(client, "delete_interaction", interaction_id=label_of(tmp_path)))
    assert text == "Google: deleted.\nJournal: deleted.\n"
    assert emulator.deletes == [id_of(answer)]
    assert rows(tmp_path) == []
    said = await complaint(client, "read_interaction", interaction_id=id_of(answer))
    assert said.startswith("That interaction has been deleted.")


@LEGACY
async def test_what_google_never_named_is_deleted_here(client: Client, emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.append(Fault("create", "drop_taken"))
    await complaint(client, "gemini_ask", prompt="hi")
    text = text_of(await call(client, "delete_interaction", interaction_id=label_of(tmp_path)))
    assert text == "Google: it has no id there, so there is nothing to delete.\nJournal: deleted.\n"
    assert rows(tmp_path) == []


@LEGACY
async def test_a_request_that_is_being_sent_is_not_deleted(client: Client, emulator: Emulator, tmp_path: Path) -> None:
    stall = Fault("create", "stall")
    emulator.faults.append(stall)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "gemini_ask", {"prompt": "hi"})
            await stall.reached.wait()
            said = await complaint(client, "delete_interaction", interaction_id=label_of(tmp_path))
            assert said.startswith("It is being sent at this moment")
            stall.release.set()
    assert [row["interaction_id"] for row in rows(tmp_path)] == [newest(emulator).id]


@LEGACY
async def test_a_request_that_another_server_is_sending_is_not_deleted(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    other = Journal(settings.database_url)
    record = intents.build_intent(Request(kind="ask", prompt="Asked elsewhere", model="gemini-3.8-flash"))
    owner = make_owner()
    await other.insert(record, owner=owner, seconds=60)
    said = await complaint(client, "delete_interaction", interaction_id=record.label)
    assert said.startswith("It is being sent at this moment")
    await other.release(owner)
    await other.close()
    text = text_of(await call(client, "delete_interaction", interaction_id=record.label))
    assert text.endswith("Journal: deleted.\n")
    assert rows(tmp_path) == []


@pytest.mark.slow
@LEGACY
async def test_what_is_stored_nowhere_cannot_be_continued_or_deleted_at_google(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    await call(client, "gemini_ask", prompt="hi", store=False)
    label = label_of(tmp_path)
    for tool, more in (("gemini_continue", {}), ("start_research", {}), ("generate_image", {})):
        said = await complaint(client, tool, previous_interaction_id=label, prompt="More", **more)
        assert said.startswith("Google does not know that interaction: it was asked for with store=false")
    assert posts(emulator) == 1
    text = text_of(await call(client, "delete_interaction", interaction_id=label))
    assert text == "Google: it has no id there, so there is nothing to delete.\nJournal: deleted.\n"


@pytest.mark.slow
@LEGACY
async def test_a_status_that_there_is_not_is_answered_with_those_that_there_are(client: Client) -> None:
    none = "No interactions found.\n"
    for known in ("running", "in progress", "canceled", "unknown", None):
        assert text_of(await call(client, "list_interactions", status=known)) == none
    text = text_of(await call(client, "list_interactions", status="lost"))
    assert text.startswith(none)
    assert "Statuses are in_progress, completed, failed, cancelled, " in text


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("running", "in_progress"),
        ("In-Progress", "in_progress"),
        ("done", "completed"),
        ("error", "failed"),
        ("Canceled", "cancelled"),
        ("budgetExceeded", "budget_exceeded"),
        ("dreaming", "dreaming"),
    ],
)
def test_a_status_is_taken_as_it_is_meant(word: str, status: str) -> None:
    assert parse_status(word) == status
