"""The files of one row, added by several servers at once, on both databases."""

from typing import Any

import anyio
import pytest

from conftest import FAST
from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.files import saved_files
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models import SavedFile
from gemini_interactions_mcp.runs.file_rows import FileRows, merge_files
from gemini_interactions_mcp.runs.run import Run, make_finished_run
from journaling import record


def made(path: str, **fields: Any) -> SavedFile:
    named = {"name": path.rpartition("/")[2], "mime_type": "text/html", "bytes": 1}
    return SavedFile.model_validate({"path": path} | named | fields)


def document(path: str, **fields: Any) -> SavedFile:
    return made(path, exported=True, **fields)


async def ended(journal: Journal, *files: SavedFile) -> Run:
    row = record("one", interaction_id="v1_one", status="completed", files=files)
    await journal.insert(row)
    return make_finished_run(row)


async def listed(journal: Journal) -> tuple[SavedFile, ...]:
    found = await journal.find("one")
    return found.files if found else ()


async def test_servers_that_add_files_at_once_lose_none(journal: Journal, journal_url: str) -> None:
    run = await ended(journal, made("/out/chart.png", place=1))
    others = [Journal(journal_url) for _ in range(4)]
    async with anyio.create_task_group() as tasks:
        for server, opened in enumerate(others):
            rows = FileRows(opened, FAST)
            for number in range(4):
                file = document(f"/{server}/{number}/x.html")
                tasks.start_soon(rows.add, make_finished_run(run.record), [file])
    found = await listed(journal)
    assert len(found) == 17
    names = {file.name for file in found}
    assert names == {"chart.png", "x.html", *(f"x-{number}.html" for number in range(1, 16))}
    for opened in others:
        await opened.close()


async def test_files_are_replaced_and_rows_deleted_only_as_they_were_seen(journal: Journal) -> None:
    await ended(journal, made("/out/a.png"))
    seen = await journal.list_files("one")
    assert seen is not None
    assert await journal.replace_files("one", seen, (*seen.files, document("/out/ü\ud800.html")))
    assert not await journal.replace_files("one", seen, ())
    assert not await journal.delete("one", seen)
    assert len(await listed(journal)) == 2
    now = await journal.list_files("one")
    assert now is not None
    assert await journal.replace_files("one", now, now.files)
    assert await journal.delete("one", await journal.list_files("one"))
    assert await journal.list_files("one") is None


async def test_what_the_journal_cannot_take_is_added_later_beside_what_others_add(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, rows = await ended(journal), FileRows(journal, FAST)
    run.unwritten["files"] = (made("/out/chart.png", place=1),)

    async def refuse(*_: object, **__: object) -> None:
        raise JournalError("locked")

    with monkeypatch.context() as held:
        held.setattr(journal, "replace_files", refuse)
        assert not await rows.add(run, [document("/out/a.html")])
    assert [file.name for file in run.record.files] == ["a.html"]
    assert run.unwritten == {}
    await rows.add(make_finished_run(record("one")), [document("/out/b.html")])
    assert await rows.write_late(run)
    assert {file.name for file in await listed(journal)} == {"b.html", "chart.png", "a.html"}
    assert run.record.files == await listed(journal)


def test_names_are_apart_but_for_one_result_on_several_machines() -> None:
    chart, report = made("/out/chart.png", place=1), made("/out/report.md")
    elsewhere = [made("/other/chart.png", place=1), made("/other/report.md")]
    assert [file.name for file in merge_files([chart, report], elsewhere)] == ["chart.png", "report.md"] * 2
    others = [document("/a/report.md"), document("/b/report.md"), made("/c/chart.png", place=2)]
    names = [file.name for file in merge_files([chart, report], others)]
    assert names == ["chart.png", "report.md", "report-1.md", "report-2.md", "chart-1.png"]
    assert merge_files([chart], [chart]) == (chart,)
    assert [file.bytes for file in merge_files([chart], [chart.model_copy(update={"bytes": 2})])] == [2]


def test_of_files_of_one_name_the_first_is_meant() -> None:
    files = [document("/a/x.html"), document("/b/x.html"), document("/b/y.html")]
    assert [file.path for file in saved_files.index_saved_files(files).values()] == ["/a/x.html", "/b/y.html"]
