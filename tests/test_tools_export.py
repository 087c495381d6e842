"""`read_interaction` with `save_as`: an answer as a document, in the output folder or at a path."""

import json
import os
import re
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import docx
import psutil
import pypdf
import pytest
from mcp import Client
from mcp_types import CallToolResult

from conftest import FAST
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.files import SavedFiles
from gemini_interactions_mcp.output import printing, saving
from gemini_interactions_mcp.runs import laying_out
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import COST, LEGACY, MODERN, call, complaint, id_of, links_of, newest, posts, saved_in, text_of

FORMS = ("html", "md", "docx", "pdf")


async def researched(client: Client, prompt: str = "Räder", **arguments: Any) -> str:
    """The id of research that has ended."""
    begun = await call(client, "start_research", prompt=prompt, **arguments)
    return id_of(await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10))


async def asked(client: Client, prompt: str = "Name a river") -> str:
    return id_of(await call(client, "gemini_ask", prompt=prompt))


async def saved(client: Client, interaction_id: str, save_as: str) -> tuple[Path, CallToolResult]:
    """The document that was saved, and what the call has said."""
    result = await call(client, "read_interaction", interaction_id=interaction_id, save_as=save_as)
    (path,) = saved_in(result)
    (linked,) = links_of(result)
    assert linked.size == path.stat().st_size
    return path, result


def text_in(path: Path) -> str:
    """The text of a document, as a reader of its format sees it."""
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(each.text for each in document.paragraphs), *cells])
    return path.read_text(encoding="utf-8")


def is_there(path: str) -> bool:
    return Path(path).exists()


def folders_with_text(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.rglob("paper.json")}


def pictures_in(path: Path) -> int:
    if path.suffix == ".pdf":
        return sum(len(page.images) for page in pypdf.PdfReader(path).pages)
    if path.suffix == ".docx":
        return len(docx.Document(str(path)).inline_shapes)
    text = path.read_text(encoding="utf-8")
    return text.count('src="data:image/') + text.count("![")


@pytest.mark.usual_wire("citations name their places in the text")
@pytest.mark.parametrize("form", FORMS)
async def test_research_is_saved_with_plan_charts_and_resolved_sources(
    client: Client, emulator: Emulator, settings: Settings, form: str
) -> None:
    plan = await researched(client, plan_first=True)
    report = await researched(client, prompt="Go", previous_interaction_id=plan)
    before = posts(emulator)
    path, result = await saved(client, report, form)
    assert path.parent == settings.output_dir
    assert path.name.partition("-räder-")[2].endswith(f".{form}")
    assert id_of(result) == report
    text = text_in(path)
    for words in (
        "Räder",
        "Prompt",
        "Plan",
        "Find the sources",
        "Cost",
        "½ day",
        "naïve case",
        "print(2)",
        report,
    ):
        assert words in text.replace("\n", " ")
    assert re.search(COST, text.replace("\n", " "))
    for number in (1, 2, 3):
        assert f"https://example.com/emulated/source/{number}" in text
        assert f"[{number}]" in text
    assert "redirect" not in text
    assert pictures_in(path) == 1
    assert posts(emulator) == before


@LEGACY
async def test_each_document_is_a_new_file_of_the_interaction(client: Client, settings: Settings) -> None:
    river = await asked(client)
    paths = [(await saved(client, river, save_as))[0] for save_as in ("md", ".MD", "md", "HTML")]
    assert len(set(paths)) == 4
    assert paths[1].stem == f"{paths[0].stem}-1"
    read = await call(client, "read_interaction", interaction_id=river)
    assert saved_in(read) == paths
    assert [link.name for link in links_of(read)] == [path.name for path in paths]
    resource = await client.read_resource(str(links_of(read)[0].uri))
    assert "Name a river" in str(resource.contents[0])
    deleted = text_of(await call(client, "delete_interaction", interaction_id=river))
    assert deleted.count("\nFile ") == deleted.count(": deleted.") - 2 == 4
    assert list(settings.output_dir.iterdir()) == []


async def test_a_path_is_checked_like_any_that_is_written(client: Client, settings: Settings, tmp_path: Path) -> None:
    river = await asked(client)
    path, _ = await saved(client, river, "notes/river.html")
    assert path == settings.output_dir / "notes" / "river.html"
    elsewhere = tmp_path / "files" / "river.html"
    assert (await saved(client, river, str(elsewhere)))[0] == elsewhere
    # Of the same name as another file of the interaction, and yet linked apart.
    read = await call(client, "read_interaction", interaction_id=river)
    assert len({link.name for link in links_of(read)}) == 2
    said = await complaint(client, "read_interaction", interaction_id=river, save_as="notes/river.html")
    assert "exists already" in said
    path.unlink()
    said = await complaint(client, "read_interaction", interaction_id=river, save_as="notes/river.html")
    assert "its name is never reused" in said
    for bad in (str(tmp_path / "out.html"), "../x.html", "/etc/x.pdf", ".hidden/x.md", "a\x00.md"):
        await complaint(client, "read_interaction", interaction_id=river, save_as=bad)
    for bad in ("report", "x.exe", "pdfx", ".", "/", "x.htm"):
        said = await complaint(client, "read_interaction", interaction_id=river, save_as=bad)
        assert said == "save_as ends with .html, .md, .docx or .pdf. Nothing was written."
    assert not (tmp_path / "out.html").exists()


@MODERN
async def test_a_document_of_a_page_or_section_is_refused(client: Client, settings: Settings) -> None:
    report = await researched(client)
    before = set(settings.output_dir.iterdir())
    for part in ({"page": 2}, {"section": "Sources"}, {"page": 99, "section": "nope"}):
        said = await complaint(client, "read_interaction", interaction_id=report, save_as="md", **part)
        assert said == "A document holds the whole answer: leave out page and section. Nothing was written."
    assert set(settings.output_dir.iterdir()) == before
    result = await call(client, "read_interaction", interaction_id=report, save_as="md", page=1, section="")
    assert len(saved_in(result)) == 1


@MODERN
@pytest.mark.parametrize("form", ["docx", "pdf"])
async def test_without_the_extra_the_answer_says_what_to_install(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(printing, "LIBRARIES", {"pdf": "no_such_library", "docx": "no_such_library"})
    river = await asked(client)
    said = await complaint(client, "read_interaction", interaction_id=river, save_as=form)
    assert 'pip install "gemini-interactions-mcp[export]"' in said
    assert not settings.output_dir.exists() or list(settings.output_dir.iterdir()) == []
    await saved(client, river, "html")
    await saved(client, river, "md")


@MODERN
async def test_what_has_no_answer_is_not_saved(client: Client, emulator: Emulator, settings: Settings) -> None:
    fault = Fault("create", "hold")
    emulator.faults.append(fault)
    begun = await call(client, "start_research", prompt="Tides")
    read = await call(client, "read_interaction", interaction_id=id_of(begun), save_as="md")
    assert "Nothing has been saved yet: it still runs." in text_of(read)
    fault.release.set()
    emulator.faults.append(Fault("create", "status", run_status="failed"))
    await complaint(client, "gemini_ask", prompt="This fails")
    said = await complaint(client, "read_interaction", interaction_id=newest(emulator).id, save_as="md")
    assert said.startswith("There is nothing to save: no answer.")
    assert list(settings.output_dir.glob("*this-fails*")) == []


@LEGACY
@pytest.mark.parametrize("form", FORMS)
async def test_an_image_is_saved_as_a_document_of_itself(client: Client, form: str) -> None:
    image = id_of(await call(client, "generate_image", prompt="A red bicycle"))
    path, _ = await saved(client, image, form)
    assert pictures_in(path) == 1


@MODERN
@pytest.mark.parametrize("form", FORMS)
async def test_a_picture_that_is_gone_or_changed_is_told(client: Client, form: str) -> None:
    report = await researched(client)
    chart = next(
        path
        for path in saved_in(await call(client, "read_interaction", interaction_id=report))
        if path.suffix == ".png"
    )
    chart.write_bytes(b"x" * (chart.stat().st_size - (form == "md")))
    path, result = await saved(client, report, form)
    assert f"{chart} was changed or moved; left alone." in text_of(result)
    assert pictures_in(path) == (1 if form == "md" else 0)


@MODERN
async def test_documents_that_are_made_at_once_are_all_kept(client: Client) -> None:
    river = await asked(client)
    found: list[Path] = []

    async def save(form: str) -> None:
        found.append((await saved(client, river, form))[0])

    async with anyio.create_task_group() as tasks:
        for form in ("html", "html", "docx", "pdf"):
            tasks.start_soon(save, form)
    assert len(set(found)) == 4
    read = await call(client, "read_interaction", interaction_id=river)
    assert set(saved_in(read)) == set(found)


@MODERN
async def test_documents_of_one_name_in_several_folders_are_linked_apart(client: Client, settings: Settings) -> None:
    river = await asked(client)
    found: dict[str, str] = {}

    async def save(path: str) -> None:
        result = await call(client, "read_interaction", interaction_id=river, save_as=path)
        (linked,) = links_of(result)
        found[path] = str(linked.uri)
        assert saved_in(result) == [settings.output_dir / path]

    async with anyio.create_task_group() as tasks:
        for path in ("a/x.html", "b/x.html", "c/x.html"):
            tasks.start_soon(save, path)
    assert len(set(found.values())) == 3
    record = json.loads(
        str((await client.read_resource(f"gemini://interactions/{river}/data")).contents[0].model_dump()["text"])
    )
    for path, uri in found.items():
        named = next(file for file in record["files"] if file["path"] == str(settings.output_dir / path))
        assert uri.endswith(f"/{named['name']}")


@MODERN
@pytest.mark.parametrize("deleting", ["this", "other"])
async def test_a_document_of_what_is_deleted_meanwhile_is_removed(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, deleting: str
) -> None:
    river = await asked(client)
    begun, go, write = threading.Event(), threading.Event(), saving.write_new_file

    def write_slowly(*arguments: Any, **named: Any) -> Any:
        begun.set()
        go.wait(10)
        return write(*arguments, **named)

    monkeypatch.setattr(saving, "write_new_file", write_slowly)
    said: list[str] = []

    async def save() -> None:
        said.append(await complaint(client, "read_interaction", interaction_id=river, save_as="md"))

    async with Client(build_server(settings, FAST), cache=None) as other, anyio.create_task_group() as tasks:
        tasks.start_soon(save)
        await anyio.to_thread.run_sync(begun.wait)
        await call(client if deleting == "this" else other, "delete_interaction", interaction_id=river)
        go.set()
    assert said[0].startswith("The interaction was deleted in the meantime")
    assert list(settings.output_dir.glob("**/*")) == []


@MODERN
async def test_a_document_that_is_written_during_a_deletion_is_deleted_too(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    river = await asked(client)
    await saved(client, river, "md")
    begun, go, remove = threading.Event(), threading.Event(), SavedFiles.remove_all

    def remove_slowly(self: SavedFiles, files: Any) -> list[str]:
        if not begun.is_set():
            begun.set()
            go.wait(10)
        return remove(self, files)

    monkeypatch.setattr(SavedFiles, "remove_all", remove_slowly)
    said: list[str] = []

    async def delete() -> None:
        said.append(text_of(await call(client, "delete_interaction", interaction_id=river)))

    async with Client(build_server(settings, FAST), cache=None) as other, anyio.create_task_group() as tasks:
        tasks.start_soon(delete)
        await anyio.to_thread.run_sync(begun.wait)
        await saved(other, river, "html")
        go.set()
    assert said[0].count(": deleted.") == 4
    assert list(settings.output_dir.glob("**/*")) == []


@MODERN
async def test_a_call_that_is_cancelled_while_it_is_laid_out_writes_nothing(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    river = await asked(client)
    begun = tmp_path / "pid"
    script = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", script))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(saved, client, river, "docx")
        while not (begun.exists() and begun.read_text()):  # noqa: ASYNC110 - another process writes it
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        while psutil.pid_exists(int(begun.read_text())):  # noqa: ASYNC110 - as above
            await anyio.sleep(0.01)
    assert saved_in(await call(client, "read_interaction", interaction_id=river)) == []
    assert list(settings.output_dir.glob("**/*")) == []


@MODERN
async def test_a_call_that_is_cancelled_while_it_writes_has_written_the_whole_file(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    river = await asked(client)
    begun, write = threading.Event(), saving.write_new_file

    def write_slowly(*arguments: Any, **named: Any) -> Any:
        begun.set()
        time.sleep(0.3)
        return write(*arguments, **named)

    monkeypatch.setattr(saving, "write_new_file", write_slowly)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(saved, client, river, "md")
        await anyio.to_thread.run_sync(begun.wait)
        tasks.cancel_scope.cancel()
    await anyio.sleep(0.6)
    (path,) = saved_in(await call(client, "read_interaction", interaction_id=river))
    assert "Name a river" in text_in(path)
    assert list(settings.output_dir.glob("**/*")) == [path]


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
async def test_nothing_of_the_folder_that_the_server_starts_in_is_run(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: str
) -> None:
    river = await asked(client)
    project, evidence = tmp_path / "project", tmp_path / "evidence"
    project.mkdir()
    for module in ("pickle", "docx", "typst", "sitecustomize", "gemini_interactions_mcp", "subprocess"):
        (project / f"{module}.py").write_text(f"open({str(evidence)!r}, 'a').write({module!r})\nraise SystemExit(1)\n")
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", *filter(None, [os.environ.get("PYTHONPATH", "")])]))
    await saved(client, river, form)
    assert not evidence.exists()


async def test_the_process_that_lays_out_is_told_no_settings(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    river = await asked(client)
    told = tmp_path / "told"
    for name in ("GEMINI_API_KEY", "GEMINI_MCP_DATABASE_URL", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY", "TYPST_ROOT"):
        monkeypatch.setenv(name, "secret-7c41e0")
    monkeypatch.setenv("LC_TIME", "C")
    script = f"import os, json; open({str(told)!r}, 'w').write(json.dumps([dict(os.environ), os.getcwd()])); exit(3)"
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", script))
    await complaint(client, "read_interaction", interaction_id=river, save_as="html")
    environment, folder = json.loads(told.read_text())
    assert "secret-7c41e0" not in environment.values()
    assert environment["LC_TIME"] == "C"
    assert environment["PATH"] == os.environ["PATH"]
    assert folder == environment["TMPDIR"] == environment["TEMP"]
    assert not is_there(folder)


@pytest.mark.parametrize("end", ["kill", "cancel"])
async def test_no_text_stays_where_a_process_has_ended_that_lays_out(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str
) -> None:
    river = await asked(client)
    scratch, begun = tmp_path / "scratch", tmp_path / "pid"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    script = (
        "import os, pathlib, tempfile, time; pathlib.Path(tempfile.mkdtemp(), 'paper.json').write_text('text'); "
        f"pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", script))
    said: list[str] = []

    async def save() -> None:
        said.append(await complaint(client, "read_interaction", interaction_id=river, save_as="pdf"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(save)
        while not (begun.exists() and begun.read_text()):  # noqa: ASYNC110 - another process writes it
            await anyio.sleep(0.01)
        assert [*scratch.rglob("paper.json")] != []
        if end == "kill":
            psutil.Process(int(begun.read_text())).kill()
        else:
            tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        while [*scratch.iterdir()]:  # noqa: ASYNC110 - the server removes it
            await anyio.sleep(0.01)
    if end == "kill":
        assert "ended by signal 9" in said[0]


async def test_what_a_killed_server_has_left_is_removed_later(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    river = await asked(client)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, age in (("gemini-export-old", 7200), ("gemini-export-new", 60), ("other-old", 7200)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "paper.json").write_text("text")
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    await saved(client, river, "html")
    assert folders_with_text(tmp_path) == {"gemini-export-new", "other-old"}


async def test_progress_is_reported_while_a_document_is_made(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    river = await asked(client)
    script = (
        "import sys, time; time.sleep(0.5); from gemini_interactions_mcp.runs import laying_out; "
        "laying_out.serve_order(sys.stdin.buffer, sys.stdout.buffer)"
    )
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", script))
    told: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        told.append((progress, message))

    result = await client.call_tool("read_interaction", {"interaction_id": river, "save_as": "html"}, None, hear)
    assert len(saved_in(result)) == 1
    assert [message for _, message in told[-3:]] == ["saving it as .html"] * 3
    assert [seconds for seconds, _ in told] == sorted({seconds for seconds, _ in told})


@MODERN
async def test_without_a_folder_for_temporary_files_the_reason_is_said(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    river = await asked(client)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    for form in ("pdf", "docx", "html"):
        said = await complaint(client, "read_interaction", interaction_id=river, save_as=form)
        assert "without a folder for temporary files: No such file or directory." in said
    await saved(client, river, "md")


@MODERN
async def test_a_process_that_ends_before_it_has_read_everything_is_an_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = await asked(client, "Long [[words=40000]]")
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", "raise SystemExit(3)"))
    said = await complaint(client, "read_interaction", interaction_id=long, save_as="html")
    assert said.startswith("The document cannot be laid out;")


@MODERN
async def test_a_document_that_cannot_be_laid_out_is_not_written(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    river = await asked(client)
    monkeypatch.setattr(laying_out, "COMMAND", ("-c", "raise SystemExit(3)"))
    said = await complaint(client, "read_interaction", interaction_id=river, save_as="pdf")
    assert said.startswith("The document cannot be laid out;")
    assert list(settings.output_dir.glob("**/*")) == []


@MODERN
@pytest.mark.parametrize("python", ["/no/such/python", "", None])
async def test_where_no_process_can_be_started_this_one_does_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, python: str | None
) -> None:
    river = await asked(client)
    monkeypatch.setattr(sys, "executable", python)
    path, _ = await saved(client, river, "html")
    assert "Name a river" in text_in(path)


@LEGACY
async def test_a_saved_document_is_neither_restored_nor_rewritten_nor_sent(
    client: Client, emulator: Emulator, settings: Settings
) -> None:
    report = await researched(client)
    path, _ = await saved(client, report, "copy.md")
    content = path.read_bytes()
    path.write_bytes(content + b"edited")
    await call(client, "read_interaction", interaction_id=report, resolve_sources=True)
    assert path.read_bytes() == content + b"edited"
    assert list(settings.output_dir.glob("copy-*")) == []
    path.unlink()
    before = len(emulator.requests)
    read = await call(client, "read_interaction", interaction_id=report)
    assert f"{path} is not there any more." in text_of(read)
    assert len(emulator.requests) == before
    files = [f"gemini://interactions/{report}"]
    await call(client, "analyze_file", files=files, prompt="What is this?")


@MODERN
async def test_a_prompt_with_the_key_is_saved_without_it(client: Client, settings: Settings) -> None:
    assert settings.api_key is not None
    river = await asked(client, f"My key is {settings.api_key.get_secret_value()}")
    for form in FORMS:
        path, _ = await saved(client, river, form)
        assert settings.api_key.get_secret_value() not in text_in(path)


@MODERN
@pytest.mark.slow
async def test_the_loop_goes_on_while_a_long_report_is_laid_out(client: Client) -> None:
    """20 charts, 200 sources, 100,000 characters."""
    report = await researched(client, prompt="Long [[words=15000]] [[charts=20]] [[sources=200]]")
    lags: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.005)
            lags.append(time.perf_counter() - before - 0.005)

    paths: list[Path] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        for form in FORMS:
            paths.append((await saved(client, report, form))[0])  # noqa: PERF401 - each while the loop is watched
        tasks.cancel_scope.cancel()
    for path in paths:
        assert "[200]" in text_in(path).replace("\n", "")
    # Most of them: another process of this machine may take the processor.
    assert sorted(lags)[int(len(lags) * 0.98)] < 0.05
