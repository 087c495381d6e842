"""Large files are uploaded to the Files API once, and an abandoned call does not stop the upload."""

import errno
import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup

import filing
from conftest import FAST
from filing import API, Make, Recorder, blocks_of, pdf
from gemini_interactions_mcp.core.errors import InputError, KeyRejectedError, NetworkError, StillUploadingError
from gemini_interactions_mcp.files.inspection import LocalFile
from gemini_interactions_mcp.files.upload_cache import (
    EXPIRY_MARGIN,
    HashingReader,
    OutgoingFile,
    UploadCache,
    get_file_version,
    hash_file,
)
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.models.uploads import UploadedFile

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks
PDF = pdf("one", "two")


@pytest.fixture
def paper(home: Path) -> Path:
    (home / "a.pdf").write_bytes(PDF)
    return home / "a.pdf"


def outgoing(stream: io.BufferedReader) -> OutgoingFile:
    """Return the open paper, ready for its upload."""
    file = LocalFile(
        source="a.pdf",
        name="a.pdf",
        size=len(PDF),
        sent=len(PDF),
        kind="document",
        mime="application/pdf",
        version=get_file_version(stream),
        sha256=hash_file(stream),
    )
    return OutgoingFile(file, stream)


async def test_the_same_content_is_uploaded_once_while_it_is_kept(
    home: Path, paper: Path, make: Make, recorder: Recorder
) -> None:
    (home / "copy.pdf").write_bytes(PDF)
    subject = make(inline_bytes=0)
    first = await blocks_of(subject, ["a.pdf", "copy.pdf"])
    assert first[0] == first[1] == {"type": "document", "uri": f"{API}files/1", "mime_type": "application/pdf"}
    recorder.now += timedelta(hours=48) - EXPIRY_MARGIN - timedelta(seconds=1)
    assert await blocks_of(subject, ["copy.pdf", "a.pdf"]) == first
    assert recorder.calls == [(PDF, "application/pdf", "a.pdf")]
    recorder.now += timedelta(seconds=2)
    (block,) = await blocks_of(subject, ["a.pdf"])
    assert block["uri"] == f"{API}files/2"


async def test_another_content_of_the_same_size_is_uploaded_too(
    home: Path, paper: Path, make: Make, recorder: Recorder
) -> None:
    (home / "b.pdf").write_bytes(PDF[:-2] + b"f\n")
    subject = make(inline_bytes=0)
    blocks = [*await blocks_of(subject, ["a.pdf", "b.pdf"]), *await blocks_of(subject, ["a.pdf", "b.pdf"])]
    assert [block["uri"][-1] for block in blocks] == ["1", "2", "1", "2"]
    assert len(recorder.calls) == 2


async def test_two_calls_at_once_upload_once(paper: Path, make: Make, recorder: Recorder) -> None:
    subject = make(inline_bytes=0)
    recorder.hold = anyio.Event()
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(subject.contents, [paper.name])
        await anyio.wait_all_tasks_blocked()
        recorder.hold.set()
    assert len(recorder.calls) == 1


async def test_a_call_that_is_given_up_does_not_stop_the_upload(paper: Path, make: Make, recorder: Recorder) -> None:
    subject = make(inline_bytes=0)
    recorder.hold = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(subject.contents, [paper.name])
        await recorder.reached.wait()
        group.cancel_scope.cancel()
    async with anyio.create_task_group() as group:
        group.start_soon(subject.contents, [paper.name])
        await anyio.wait_all_tasks_blocked()
        recorder.hold.set()
    assert recorder.calls == [(PDF, "application/pdf", "a.pdf")]


async def test_a_call_waits_no_longer_than_it_may_and_the_next_goes_on(
    paper: Path, make: Make, recorder: Recorder
) -> None:
    subject = make(inline_bytes=0)
    recorder.hold = anyio.Event()
    with pytest.raises(StillUploadingError, match=r"Reading a\.pdf \(0\.0 MiB\)\. Nothing has been asked"):
        await subject.contents([paper.name], seconds=0.01)
    recorder.hold.set()
    assert len(await blocks_of(subject, [paper.name], seconds=20)) == 1
    assert len(recorder.calls) == 1


async def test_progress_counts_the_bytes_of_all_files_and_only_grows(
    home: Path, paper: Path, make: Make, recorder: Recorder
) -> None:
    (home / "b.pdf").write_bytes(PDF + b"\n")
    told: list[tuple[float, float, str]] = []
    recorder.hold = anyio.Event()

    async def report(sent: float, total: float, message: str) -> None:
        told.append((sent, total, message))
        if sent:
            recorder.hold.set()

    await make(inline_bytes=0).contents(["a.pdf", "b.pdf"], report=report)
    sent = [each for each, _, _ in told]
    assert sent == sorted(set(sent))
    assert sent[0] == 0
    assert len(PDF) // 2 in sent
    assert {total for _, total, _ in told} == {2 * len(PDF) + 1}
    assert sent[-1] == 2 * len(PDF) + 1
    assert told[0][2] == "Reading a.pdf (0.0 MiB)"
    assert "Uploading a.pdf: 0.0 of 0.0 MiB" in [message for _, _, message in told]
    assert told[-1][2] == "Uploaded b.pdf; Google is processing it"


async def test_a_failed_upload_is_tried_again(paper: Path, make: Make, recorder: Recorder) -> None:
    subject = make(inline_bytes=0)
    recorder.failure = InputError("not this time")
    with pytest.raises(InputError, match="not this time"):
        await subject.contents([paper.name])
    assert len(await blocks_of(subject, [paper.name])) == 1


async def test_a_file_that_google_has_lost_is_uploaded_again(
    paper: Path, make: Make, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = make(inline_bytes=0)
    await subject.contents([paper.name])

    async def gone(name: str) -> str:
        raise InputError(f"Google keeps no {name}")

    monkeypatch.setattr(recorder, "mime_type", gone)
    (block,) = await blocks_of(subject, [paper.name])
    assert block["uri"] == f"{API}files/2"


@pytest.mark.parametrize("error", [NetworkError, KeyRejectedError])
async def test_where_google_cannot_be_asked_the_file_is_taken_to_be_there(
    paper: Path, make: Make, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    subject = make(inline_bytes=0)
    await subject.contents([paper.name])

    async def silent(name: str) -> str:
        raise error(f"no answer about {name}")

    monkeypatch.setattr(recorder, "mime_type", silent)
    await subject.contents([paper.name])
    assert len(recorder.calls) == 1


@pytest.mark.slow
async def test_an_upload_is_found_again_after_a_restart_by_the_same_account_only(
    paper: Path, recorder: Recorder, tasks: TaskGroup, tmp_path: Path
) -> None:
    async def send(account: str) -> str:
        journal = Journal(tmp_path / "journal.sqlite3")
        uploads = UploadCache(recorder, journal, account, tasks, FAST, lambda: recorder.now)
        with paper.open("rb") as stream:
            uri = await uploads.uri(outgoing(stream), heard)
        await journal.close()
        return uri

    async def heard(sent: int) -> None:
        await anyio.lowlevel.checkpoint()
        assert sent <= len(PDF)

    assert [await send(account) for account in ("one", "one", "two", "two")] == [
        f"{API}files/1",
        f"{API}files/1",
        f"{API}files/2",
        f"{API}files/2",
    ]


async def test_an_upload_of_a_server_that_ends_is_an_error(paper: Path, recorder: Recorder) -> None:
    recorder.hold = anyio.Event()

    async def heard(sent: int) -> None:
        group.cancel_scope.cancel()

    with paper.open("rb") as stream:
        async with anyio.create_task_group() as group:
            uploads = UploadCache(recorder, recorder, "account", group, FAST)
            with anyio.CancelScope(shield=True), pytest.raises(InputError, match="was stopped"):
                await uploads.uri(outgoing(stream), heard)


async def test_the_journal_keeps_the_newest_upload_of_a_content(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    moment = Recorder().now
    old, new = (UploadedFile(name=f"files/{n}", uri=f"https://x/{n}", expires_at=moment) for n in "12")
    for file in (old, new):
        await journal.keep_upload("me", 5, "text/plain", "digest", file)
    assert await journal.uploads("me", 5, "text/plain") == {"digest": new}
    assert await journal.uploads("you", 5, "text/plain") == {}
    await journal.close()


async def test_an_upload_that_has_expired_is_pruned(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    now = datetime.now(UTC)
    for name, hours in (("gone", -1), ("kept", 1)):
        file = UploadedFile(name=f"files/{name}", uri="https://x/1", expires_at=now + timedelta(hours=hours))
        await journal.keep_upload("me", 5, "text/plain", name, file)
    await journal.prune(now - timedelta(days=55))
    assert list(await journal.uploads("me", 5, "text/plain")) == ["kept"]
    await journal.close()


def test_what_is_read_twice_is_hashed_once() -> None:
    content = bytes(range(256)) * 4
    source = HashingReader(io.BufferedReader(io.BytesIO(content)))  # type: ignore[arg-type]
    for offset, size in ((0, 300), (100, 50), (200, 400), (600, 10_000)):
        source.seek(offset)
        assert source.read(size) == content[offset : offset + size]
    assert source.hexdigest(len(content)) == hashlib.sha256(content).hexdigest()
    assert source.hexdigest(len(content) + 1) is None


def test_a_hole_in_what_was_read_leaves_no_hash() -> None:
    source = HashingReader(io.BufferedReader(io.BytesIO(bytes(100))))  # type: ignore[arg-type]
    source.seek(50)
    source.read(50)
    assert source.hexdigest(100) is None


async def test_a_file_that_cannot_be_opened_again_hinders_no_later_upload(
    paper: Path, make: Make, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    subject = make(inline_bytes=0)
    with monkeypatch.context() as patched:
        patched.setattr("os.dup", full)
        with pytest.raises(InputError, match=r"a\.pdf cannot be uploaded: Too many open files"):
            await blocks_of(subject, [paper.name])
    with anyio.fail_after(5):
        await blocks_of(subject, [paper.name])
    assert len(recorder.calls) == 1


async def test_a_file_that_changes_while_it_is_uploaded_is_not_remembered(
    paper: Path, make: Make, recorder: Recorder
) -> None:
    subject = make(inline_bytes=0)
    recorder.hold = anyio.Event()
    refused: list[str] = []

    async def send() -> None:
        with pytest.raises(InputError) as caught:
            await subject.contents([paper.name])
        refused.append(str(caught.value))

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        await recorder.reached.wait()
        os.utime(paper, ns=(1, 1))
        recorder.hold.set()
    assert refused == ["a.pdf was changed while it was uploaded. Call again."]
    await blocks_of(subject, [paper.name])
    assert len(recorder.calls) == 2


async def test_a_file_that_changes_before_its_turn_is_not_sent(
    home: Path, paper: Path, make: Make, recorder: Recorder
) -> None:
    (home / "b.pdf").write_bytes(PDF + b"\n")
    subject = make(inline_bytes=0)
    recorder.hold = anyio.Event()
    refused: list[str] = []

    async def send() -> None:
        with pytest.raises(InputError) as caught:
            await subject.contents([paper.name, "b.pdf"])
        refused.append(str(caught.value))

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        await recorder.reached.wait()
        (home / "b.pdf").write_bytes(b"\n" + PDF)
        recorder.hold.set()
    assert refused == ["b.pdf was changed while it was uploaded. Call again."]
    assert [name for _, _, name in recorder.calls] == ["a.pdf"]


def rewrite(path: Path, content: bytes) -> None:
    """Change the content of a file, but not its time of modification."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


async def test_other_bytes_with_the_old_time_are_neither_given_nor_remembered(
    paper: Path, make: Make, recorder: Recorder
) -> None:
    subject = make(inline_bytes=0)
    inspection = await subject.inspect([paper.name])
    rewrite(paper, PDF[:-2] + b"f\n")
    with pytest.raises(InputError, match=r"a\.pdf was changed"):
        await subject.send(inspection)
    rewrite(paper, PDF)
    (block,) = await blocks_of(subject, [paper.name])
    assert block["uri"] == f"{API}files/2"
