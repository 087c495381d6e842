"""Past interactions as resources: listed, read, completed, and announced when they change."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import pytest
from mcp import Client, MCPDeprecationWarning, MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    BlobResourceContents,
    ReadResourceResult,
    ResourceListChangedNotification,
    ResourceTemplateReference,
    ResourceUpdatedNotification,
    TextResourceContents,
)

from conftest import STATUS, Mode, make_settings
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.interactions import Record
from gemini_interactions_mcp.server import resources
from gemini_interactions_mcp.server.app import Server, build_server
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, id_of, links_of, newest, saved_in

INDEX = "gemini://interactions"
MODELS = "gemini://models"
VOICES = "gemini://voices"
USAGE = "gemini://usage"
MARKDOWN = "text/markdown"


def text_in(result: ReadResourceResult, mime_type: str = MARKDOWN) -> str:
    """The one text of a resource."""
    (content,) = result.contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == mime_type
    return content.text


async def refusal(client: Client, uri: str) -> MCPError:
    """The error of a resource that cannot be read."""
    with pytest.raises(MCPError) as caught:
        await client.read_resource(uri)
    return caught.value


async def filled(settings: Settings, rows: int) -> list[str]:
    """Write so many interactions into the journal, and return their ids, newest first."""
    journal = Journal(settings.database_url)
    start = datetime.now(UTC) - timedelta(days=1)
    for number in range(rows):
        moment = start + timedelta(minutes=number)
        await journal.insert(
            Record(
                label=f"row-{number}",
                interaction_id=f"v1_row{number}",
                kind="ask",
                status="completed",
                prompt=f"Question {number}",
                text="Answer",
                created_at=moment,
                updated_at=moment,
                finished_at=moment,
            )
        )
    await journal.close()
    return [f"v1_row{number}" for number in reversed(range(rows))]


@pytest.mark.slow
async def test_the_list_has_the_index_and_what_is_known_newest_first(client: Client) -> None:
    ask = await call(client, "gemini_ask", prompt="Name a river")
    image = await call(client, "generate_image", prompt="A red bicycle")
    (path,) = saved_in(image)
    listed = (await client.list_resources()).resources
    assert [(each.uri, each.title, each.mime_type) for each in listed] == [
        (INDEX, "Recent interactions", MARKDOWN),
        (MODELS, "Models and agents", MARKDOWN),
        (VOICES, "Voices", MARKDOWN),
        (USAGE, "Usage and costs", MARKDOWN),
        (f"{INDEX}/{quote(id_of(image), safe='')}", "A red bicycle", MARKDOWN),
        (f"{INDEX}/{quote(id_of(image), safe='')}/files/{path.name}", path.name, "image/jpeg"),
        (f"{INDEX}/{quote(id_of(ask), safe='')}", "Name a river", MARKDOWN),
    ]
    assert listed[4].description == "image, completed, gemini-nano-banana-2.1"


@LEGACY
async def test_the_list_tells_the_true_size_and_when_each_last_changed(client: Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    image = await call(client, "generate_image", prompt="Grüße")
    _, _, _, _, document, file = (await client.list_resources()).resources
    assert document.size == len(text_in(await client.read_resource(document.uri)).encode())
    assert file.size == saved_in(image)[0].stat().st_size
    for each in (document, file):
        assert each.annotations
        assert each.annotations.last_modified
        assert before <= datetime.fromisoformat(each.annotations.last_modified) <= datetime.now(UTC)


@pytest.mark.slow
async def test_a_long_list_comes_in_pages(client: Client, settings: Settings) -> None:
    ids = await filled(settings, 120)
    found: list[str] = []
    pages: list[int] = []
    cursor = None
    while True:
        page = await client.list_resources(cursor=cursor)
        found += [each.uri for each in page.resources]
        pages.append(len(page.resources))
        if (cursor := page.next_cursor) is None:
            break
    assert found == [INDEX, MODELS, VOICES, USAGE, *(f"{INDEX}/{each}" for each in ids)]
    assert pages == [54, 50, 20]


@pytest.mark.slow
async def test_a_cursor_of_somebody_else_is_refused(client: Client) -> None:
    with pytest.raises(MCPError, match="Unknown cursor 'nonsense'") as caught:
        await client.list_resources(cursor="nonsense")
    assert caught.value.code == INVALID_PARAMS


async def test_a_journal_that_cannot_be_read_is_not_the_fault_of_the_request(client: Client, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_text("Dear diary, " * 100)
    with pytest.raises(MCPError, match="is not a database") as caught:
        await client.list_resources()
    assert caught.value.code == INTERNAL_ERROR


@LEGACY
async def test_an_interaction_without_an_id_is_not_listed_since_it_cannot_be_read(
    client: Client, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("create", "drop_taken"))
    assert (await client.call_tool("gemini_ask", {"prompt": "hi"})).is_error
    assert [each.uri for each in (await client.list_resources()).resources] == [INDEX, MODELS, VOICES, USAGE]
    assert "| ask | unknown |" in text_in(await client.read_resource(INDEX))


@pytest.mark.slow
async def test_every_listed_resource_can_be_read(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Bicycles")
    await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    await call(client, "gemini_ask", prompt="hi", store=False)
    listed = (await client.list_resources()).resources
    assert len(listed) >= 6
    for each in listed:
        (content,) = (await client.read_resource(each.uri)).contents
        assert (content.uri, content.mime_type) == (each.uri, each.mime_type)


@pytest.mark.slow
@LEGACY
async def test_the_index_lists_recent_interactions(client: Client) -> None:
    assert text_in(await client.read_resource(INDEX)) == "# Recent interactions\n\nNo interactions found.\n"
    ask = await call(client, "gemini_ask", prompt="Name a river")
    text = text_in(await client.read_resource(INDEX))
    assert f"- {id_of(ask)} | ask | completed | " in text
    assert ' | "Name a river" | ' in text


@pytest.mark.slow
async def test_an_interaction_reads_as_markdown(client: Client, emulator: Emulator) -> None:
    first = await call(client, "gemini_ask", prompt="Name a river", tools=["google_search"])
    second = await call(client, "gemini_continue", previous_interaction_id=id_of(first), prompt="Another")
    text = text_in(await client.read_resource(f"{INDEX}/{id_of(first)}"))
    usage = emulator.interactions[id_of(first)].usage
    assert text.startswith(f"# Name a river\n\n- interaction_id: {id_of(first)} | gemini-3.8-flash | completed | ")
    assert f"{usage['total_output_tokens']} out" in text
    assert "\n## Prompt\n\nName a river\n\n## Answer\n\nEmulated answer by" in text
    assert text.endswith("Sources:\n1. [example.com (emulated)](https://example.com/emulated/search)\n")
    follow_up = text_in(await client.read_resource(f"{INDEX}/{id_of(second)}"))
    assert f"- previous_interaction_id: {id_of(first)}\n" in follow_up


@pytest.mark.slow
@LEGACY
async def test_a_long_answer_reads_whole(client: Client, emulator: Emulator) -> None:
    answer = await call(client, "gemini_ask", prompt="hi [[words=4000]]")
    written = newest(emulator).answer.steps[-1]["content"][0]["text"]
    assert written.strip() in text_in(await client.read_resource(f"{INDEX}/{id_of(answer)}"))


@pytest.mark.slow
@LEGACY
async def test_an_interaction_reads_as_data(client: Client, emulator: Emulator) -> None:
    image = await call(client, "generate_image", prompt="A red bicycle")
    data = json.loads(text_in(await client.read_resource(f"{INDEX}/{id_of(image)}/data"), "application/json"))
    assert (data["interaction_id"], data["kind"], data["status"]) == (id_of(image), "image", "completed")
    assert data["prompt"] == "A red bicycle"
    assert data["usage"]["total_tokens"] == newest(emulator).usage["total_tokens"]
    (file,) = data["files"]
    assert (Path(file["path"]), file["width"], file["height"]) == (saved_in(image)[0], 512, 512)


@pytest.mark.slow
async def test_a_saved_report_reads_as_text_and_its_chart_as_bytes(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Bicycles & naïve “quotes”")
    report = await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    chart, document = [await client.read_resource(link.uri) for link in links_of(report)]
    paths = saved_in(report)
    (content,) = chart.contents
    assert isinstance(content, BlobResourceContents)
    assert (base64.b64decode(content.blob), content.mime_type) == (paths[0].read_bytes(), "image/png")
    assert text_in(document) == paths[1].read_text(encoding="utf-8")


@pytest.mark.slow
@LEGACY
async def test_a_running_interaction_reads_as_such(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "hold"))
    begun = await call(client, "start_research", prompt="Bicycles")
    text = text_in(await client.read_resource(f"{INDEX}/{id_of(begun)}"))
    assert f" | {STATUS}\n" in text
    assert "## Answer" not in text


@pytest.mark.slow
@LEGACY
async def test_a_failed_interaction_reads_with_the_reason(client: Client, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "blocked"))
    await client.call_tool("gemini_ask", {"prompt": "hi"})
    text = text_in(await client.read_resource(f"{INDEX}/{newest(emulator).id}"))
    assert (
        "\nNote: The interaction failed at Google (safety, blocked by Google's filter for unsafe content: The" in text
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("v1_gone", "v1_gone"),
        ("v1_gone/data", "v1_gone"),
        ("v1_gone/files/a.png", "v1_gone"),
        ("../files/abc", "There is no resource gemini://interactions/../files/abc."),
        ("v1_gone/other", "There is no resource gemini://interactions/v1_gone/other."),
        ("", "There is no resource gemini://interactions/."),
    ],
    ids=["markdown", "data", "file", "traversal", "other", "nothing"],
)
async def test_an_unknown_resource_is_not_found_by_name(
    client: Client, emulator: Emulator, path: str, said: str
) -> None:
    error = await refusal(client, f"{INDEX}/{path}")
    assert error.code == INVALID_PARAMS
    assert said in str(error)
    assert all(request.path == "/v1/interactions/v1_gone" for request in emulator.requests)


@LEGACY
async def test_only_files_that_the_journal_names_can_be_read(client: Client, settings: Settings) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (settings.output_dir / "other.txt").write_text("other", encoding="utf-8")
    for name in ("other.txt", "..%2Foutput%2Fother.txt", "%2Fetc%2Fhostname"):
        error = await refusal(client, f"{INDEX}/{id_of(image)}/files/{name}")
        assert (error.code, f"Interaction {id_of(image)} has no file" in str(error)) == (INVALID_PARAMS, True)


@LEGACY
async def test_a_file_that_was_removed_is_fetched_again_where_google_still_has_it(
    client: Client, emulator: Emulator
) -> None:
    image = await call(client, "generate_image", prompt="hi")
    (path,) = saved_in(image)
    (link,) = links_of(image)
    content = path.read_bytes()
    path.unlink()
    (read,) = (await client.read_resource(link.uri)).contents
    assert isinstance(read, BlobResourceContents)
    assert base64.b64decode(read.blob) == content == path.read_bytes()
    path.unlink()
    emulator.interactions.clear()
    error = await refusal(client, link.uri)
    assert error.code == INVALID_PARAMS
    assert f"{path} is not there any more." in str(error)


@pytest.mark.slow
async def test_a_report_that_was_removed_is_written_again(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Bicycles")
    report = await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    chart, document = saved_in(report)
    before = document.read_text(encoding="utf-8")
    document.unlink()
    assert text_in(await client.read_resource(links_of(report)[1].uri)) == before
    chart.unlink()
    document.unlink()
    again = await call(client, "check_research", interaction_id=id_of(begun))
    assert saved_in(again) == [chart, document]


@LEGACY
async def test_a_file_too_large_for_a_resource_is_told_with_its_path(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "RESOURCE_BLOB_BYTES", 1000)
    image = await call(client, "generate_image", prompt="hi")
    error = await refusal(client, links_of(image)[0].uri)
    assert f"at most 1,000 are read. It is at {saved_in(image)[0]}." in str(error)


@LEGACY
async def test_a_file_name_with_blanks_and_signs_is_read_by_its_link(client: Client) -> None:
    name = "übung 50% (1)#?.jpg"
    image = await call(client, "generate_image", prompt="hi", output_path=name)
    (link,) = links_of(image)
    assert link.name == name
    assert " " not in link.uri
    (content,) = (await client.read_resource(link.uri)).contents
    assert isinstance(content, BlobResourceContents)
    assert base64.b64decode(content.blob) == saved_in(image)[0].read_bytes()


async def test_without_a_key_an_unknown_id_says_what_to_set(tmp_path: Path, url: str, mode: Mode) -> None:
    async with Client(build_server(make_settings(tmp_path, url, api_key=None)), mode=mode, cache=None) as client:
        error = await refusal(client, f"{INDEX}/v1_gone")
    assert "GEMINI_API_KEY" in str(error)
    assert error.code != INVALID_PARAMS


@pytest.mark.slow
async def test_templates_lead_to_what_they_describe(client: Client) -> None:
    templates = (await client.list_resource_templates()).resource_templates
    assert [(each.name, each.title, each.mime_type) for each in templates] == [
        ("interaction", "Interaction", MARKDOWN),
        ("interaction_data", "Interaction data", "application/json"),
        ("interaction_file", "Saved file", None),
    ]
    image = await call(client, "generate_image", prompt="hi")
    for each in templates:
        uri = each.uri_template.format(interaction_id=id_of(image), name=saved_in(image)[0].name)
        (content,) = (await client.read_resource(uri)).contents
        assert content.mime_type == (each.mime_type or "image/jpeg")


@pytest.mark.slow
async def test_ids_complete_newest_first(client: Client, settings: Settings) -> None:
    ids = await filled(settings, 112)
    reference = ResourceTemplateReference(uri=f"{INDEX}/{{interaction_id}}")

    async def completed(value: str) -> list[str]:
        return (await client.complete(reference, {"name": "interaction_id", "value": value})).completion.values

    assert await completed("") == ids[:100]
    assert await completed("v1_row11") == ["v1_row111", "v1_row110", "v1_row11"]
    assert await completed("V1_") == []
    assert await completed("%") == []


@LEGACY
async def test_names_of_files_complete_within_their_interaction(client: Client) -> None:
    image = await call(client, "generate_image", prompt="hi", output_path="bike.jpg")
    reference = ResourceTemplateReference(uri=f"{INDEX}/{{interaction_id}}/files/{{name}}")

    async def completed(value: str, interaction_id: str | None) -> list[str]:
        context = {"interaction_id": interaction_id} if interaction_id else None
        return (await client.complete(reference, {"name": "name", "value": value}, context)).completion.values

    assert await completed("", id_of(image)) == ["bike.jpg"]
    assert await completed("car", id_of(image)) == []
    assert await completed("", "v1_gone") == []
    assert await completed("", None) == []


async def test_a_listener_hears_that_a_run_has_finished(server: Server, emulator: Emulator) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    async with Client(server, cache=None) as client:
        begun = await call(client, "start_research", prompt="Bicycles")
        uri = f"{INDEX}/{quote(id_of(begun), safe='')}"
        with anyio.fail_after(5):
            async with client.listen(resource_subscriptions=[uri, INDEX]) as subscription:
                hold.release.set()
                heard = [await anext(subscription), await anext(subscription)]
        assert [getattr(event, "uri", None) for event in heard] == [uri, INDEX]
        assert "## Answer" in text_in(await client.read_resource(uri))


class Heard:
    """The notifications that a client before 2026-07-28 receives."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self.some = anyio.Event()

    async def __call__(self, message: Any) -> None:
        if not isinstance(message, ResourceListChangedNotification):
            assert isinstance(message, ResourceUpdatedNotification)
            self.uris.append(str(message.params.uri))
            self.some.set()


async def subscribe(client: Client, uri: str) -> None:
    """Subscribe as clients before 2026-07-28 did."""
    with pytest.warns(MCPDeprecationWarning):
        await client.subscribe_resource(uri)  # pyright: ignore[reportDeprecated] - that era has no other


async def unsubscribe(client: Client, uri: str) -> None:
    """Unsubscribe as clients before 2026-07-28 did."""
    with pytest.warns(MCPDeprecationWarning):
        await client.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated] - that era has no other


@pytest.mark.slow
async def test_an_earlier_client_is_told_of_what_it_subscribed_to(server: Server, emulator: Emulator) -> None:
    heard, hold = Heard(), Fault("create", "hold")
    emulator.faults.append(hold)
    async with Client(server, mode="legacy", cache=None, message_handler=heard) as client:
        begun = await call(client, "start_research", prompt="Bicycles")
        uri = f"{INDEX}/{quote(id_of(begun), safe='')}"
        await subscribe(client, uri)
        hold.release.set()
        with anyio.fail_after(5):
            await heard.some.wait()
        assert "## Answer" in text_in(await client.read_resource(uri))
    assert heard.uris == [uri]


@pytest.mark.slow
async def test_an_earlier_client_that_has_unsubscribed_is_told_nothing(server: Server, emulator: Emulator) -> None:
    heard, hold = Heard(), Fault("create", "hold")
    emulator.faults.append(hold)
    async with Client(server, mode="legacy", cache=None, message_handler=heard) as client:
        begun = await call(client, "start_research", prompt="Bicycles")
        uri = f"{INDEX}/{quote(id_of(begun), safe='')}"
        for each in (uri, INDEX):
            await subscribe(client, each)
        for each in (uri, f"{INDEX}/v1_gone"):
            await unsubscribe(client, each)
        hold.release.set()
        with anyio.fail_after(5):
            await heard.some.wait()
    # The index comes last: what else there was to tell has been told before it.
    assert heard.uris == [INDEX]


ROWS = """
["gemini-3.8-flash"]
shutdown = 2027-02-01
successor = "gemini-9-new"
["gemini-9-new"]
kind = "text"
aliases = ["new | \\u202e[shiny](x)"]
prices = [{ until = 2026-12-31, input = 0.10, output = 1 }, { input = 0.20, output = 2 }]
"""


@pytest.mark.usefixtures("november")
async def test_the_models_are_listed_with_prices_and_dates(client: Client) -> None:
    text = text_in(await client.read_resource(MODELS))
    assert text.startswith("# Models and agents\n\nPrices are for a million tokens")
    table = text.partition("\n\n| for |")[2]
    assert f"| text | gemini-3.8-flash | flash, gemini flash, gemini-flash-latest | {FLASH_PRICES} | | |\n" in table
    assert {line.count("|") for line in table.splitlines()[1:]} == {7}
    assert "| gemini-omni-1.1-flash | | 1.5 in, 9 out, 17.5 video out | 2026-12-03 | gemini-omni-1.2-flash |\n" in table
    assert f"| text | gemini-3.7-flash | | {FLASH_PRICES} | | gemini-3.8-flash |\n" in table
    assert "| research | deep-research-preview-04-2026 | deep research, research | about 1 to 3 a run; 2 in, " in table
    assert "| lyria-3.5 | lyria | 0.08 a song | |" in table
    assert "| gemini-4-neon | neon | price unknown | |" in table
    assert "gemini-2.5-flash-image" not in text


FLASH_PRICES = "0.75 in, 3.75 out, 0.075 cached, 14 per 1,000 searches"


@pytest.fixture
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """The date by which the catalog is read."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, 12, tzinfo=UTC))


@pytest.mark.usefixtures("november")
async def test_the_models_are_those_of_the_users_catalog(tmp_path: Path, url: str) -> None:
    (path := tmp_path / "catalog.toml").write_text(ROWS, encoding="utf-8")
    async with Client(build_server(make_settings(tmp_path, url, catalog_path=path)), cache=None) as client:
        text = text_in(await client.read_resource(MODELS))
    assert f"| {FLASH_PRICES} | 2027-02-01 | gemini-9-new |" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| text | gemini-9-new |")]
    assert row.endswith(" | 0.1 in, 1 out | | |")
    assert row.replace("\\|", "").count("|") == 7
    assert "[shiny]" not in row
    assert "\u202e" not in row


@pytest.mark.usefixtures("november")
async def test_the_models_read_as_data(client: Client) -> None:
    data = json.loads(text_in(await client.read_resource(f"{MODELS}/data"), "application/json"))
    rows = {row["id"]: row for row in data}
    assert rows["gemini-nano-banana-2.1"]["sizes"] == ["1K", "2K", "4K"]
    assert rows["gemini-3.8-flash"]["prices"] == {"input": "0.75", "output": "3.75", "cached": "0.075", "search": "14"}
    assert rows["gemini-4-neon"]["prices"] is None
    dead = rows["gemini-2.5-flash-image"]
    assert (dead["alive"], dead["shutdown"], dead["successor"]) == (False, "2026-10-02", "gemini-nano-banana-2.1")
    assert dead["sources"]["shutdown"].startswith("https://ai.google.dev/")


@LEGACY
async def test_below_the_models_there_is_nothing_else(client: Client) -> None:
    assert "There is no resource gemini://models/x." in str(await refusal(client, f"{MODELS}/x"))
