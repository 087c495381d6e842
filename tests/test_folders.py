"""What is done in an open folder is done there: links are not followed, swaps lead nowhere, nothing is written over."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filing import POSIX, link
from gemini_interactions_mcp.core import folders

pytestmark = pytest.mark.usefixtures("way")
BY_DESCRIPTOR, BY_PATH = (pytest.mark.parametrize("way", [way], indirect=True) for way in ("by descriptor", "by path"))


@pytest.fixture(params=["by descriptor", "by path"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system can, and as Windows must."""
    if request.param == "by path":
        monkeypatch.setattr(folders, "HAS_DESCRIPTOR_CALLS", False)
    elif not folders.HAS_DESCRIPTOR_CALLS:
        pytest.skip("this system opens no folders")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(folder: Path, *wanted: str, content: bytes = b"content") -> str | None:
    with folders.open_folder(folder, create=0o700) as opened:
        return opened.add(content, wanted, 0o600)


def anything(_: os.stat_result) -> None:
    """Nothing is wrong with it."""


def during(monkeypatch: pytest.MonkeyPatch, function: str, happens: Callable[[], object]) -> None:
    """Have something happen once, just before the system is called."""
    really: Callable[..., Any] = getattr(os, function)
    waiting = [happens]

    def called(*arguments: object, **named: object) -> object:
        if waiting:
            waiting.pop()()
        return really(*arguments, **named)

    monkeypatch.setattr(os, function, called)


# Opening -------------------------------------------------------------------------------------------------


def test_missing_folders_are_made_when_that_is_wanted(tmp_path: Path) -> None:
    assert write(tmp_path / "a" / "b", "x.txt") == "x.txt"
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == b"content"
    with pytest.raises(FileNotFoundError), folders.open_folder(tmp_path / "c" / "d"):
        pytest.fail("it was opened")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("leads", ["outside", "inside", "nowhere", "itself"])
@pytest.mark.parametrize("rest", ["", "new", "there/new"])
def test_a_link_is_no_folder_wherever_it_leads(tmp_path: Path, leads: str, rest: str) -> None:
    for each in ("outside", "root/inside"):
        (tmp_path / each / "there").mkdir(parents=True)
    targets = {"outside": tmp_path / "outside", "inside": tmp_path / "root" / "inside", "nowhere": tmp_path / "nowhere"}
    link(tmp_path / "root" / "link", targets.get(leads, tmp_path / "root" / "link"))
    with pytest.raises(OSError):  # noqa: PT011 - which one, depends on the system
        write(tmp_path / "root" / "link" / rest, "x.txt")
    with pytest.raises(OSError):  # noqa: PT011
        folders.check_path_writable(tmp_path / "root" / "link" / rest / "x.txt")
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(
        ["inside", "link", "outside", "root", "there", "there"]
    )


@pytest.mark.parametrize("path", ["relative", "../up", ""])
def test_only_a_whole_path_leads_to_a_folder(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        write(Path(path), "x.txt")
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        write(tmp_path / "a" / ".." / ".." / "b", "x.txt")
    assert names(tmp_path) == []


@POSIX
def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = names(Path("/dev/fd"))
    write(tmp_path / "a" / "b", "x.txt")
    folders.check_path_writable(tmp_path / "a" / "c" / "d.txt")
    with pytest.raises(NotADirectoryError):
        write(tmp_path / "a" / "b" / "x.txt" / "y", "z")
    with folders.open_folder(tmp_path / "a" / "b") as folder, pytest.raises(FileNotFoundError):
        folder.read("missing", anything)
    assert names(Path("/dev/fd")) == before


# Writing -------------------------------------------------------------------------------------------------


def test_the_first_free_name_is_used_and_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "b").mkdir()
    link(tmp_path / "c", tmp_path / "elsewhere")
    assert write(tmp_path, "a", "b", "c", "d") == "d"
    assert write(tmp_path, "a", "b", "c") is None
    assert names(tmp_path) == ["a", "b", "c", "d"]
    assert (tmp_path / "a").read_bytes() == b"mine"


@BY_DESCRIPTOR
@pytest.mark.parametrize("moment", ["open", "fsync", "link"])
@pytest.mark.parametrize("folder", ["sub", "sub/new", "sub/new/er"])
def test_a_folder_swapped_for_a_link_at_any_moment_writes_nowhere_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, folder: str
) -> None:
    (outside := tmp_path / "outside").mkdir()
    (root := tmp_path / "root").mkdir()
    (root / "sub").mkdir()

    def swap() -> None:
        (root / "sub").rename(tmp_path / "moved")
        (root / "sub").symlink_to(outside)

    during(monkeypatch, moment, swap)
    if moment == "open":
        with pytest.raises(NotADirectoryError):
            write(root / folder, "x.txt")
    else:
        assert write(root / folder, "x.txt") == "x.txt"
        assert (tmp_path / "moved" / Path(folder).relative_to("sub") / "x.txt").read_bytes() == b"content"
    assert names(outside) == []


@POSIX
@BY_PATH
def test_where_only_paths_can_be_looked_at_a_swap_is_at_least_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outside := tmp_path / "outside").mkdir()
    (tmp_path / "sub").mkdir()

    def swap() -> None:
        (tmp_path / "sub").rename(tmp_path / "moved")
        (tmp_path / "sub").symlink_to(outside)

    during(monkeypatch, "open", swap)
    with pytest.raises(NotADirectoryError):
        write(tmp_path / "sub", "x.txt")
    assert names(outside) == names(tmp_path / "moved") == []


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write(tmp_path, "x.txt")
    assert names(tmp_path) == []


# Trying --------------------------------------------------------------------------------------------------


def test_trying_a_path_leaves_nothing_and_makes_no_folder(tmp_path: Path) -> None:
    folders.check_path_writable(tmp_path / "x.txt")
    folders.check_path_writable(tmp_path / "a" / "b" / "x.txt")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["x" * 300, "new/" + "x" * 300, "x" * 300 + "/new.txt", "file/new.txt", "file/a/b.txt"]
)
def test_a_path_that_cannot_be_written_is_found_out(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(OSError):  # noqa: PT011 - which one, depends on the system
        folders.check_path_writable(tmp_path / path)
    assert names(tmp_path) == ["file"]


def test_trying_takes_no_name_from_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    during(monkeypatch, "close", lambda: (tmp_path / "x.txt").write_bytes(b"somebody else's"))
    folders.check_path_writable(tmp_path / "x.txt")
    assert names(tmp_path) == ["x.txt"]


# Reading and removing ------------------------------------------------------------------------------------


def test_what_is_read_has_been_checked_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"content")
    seen: list[int] = []
    with (
        folders.open_folder(tmp_path) as folder,
        folder.read("x.txt", lambda status: seen.append(status.st_size)) as stream,
    ):
        assert stream.read() == b"content"
    assert seen == [7, 7]


@POSIX
def test_another_file_under_the_name_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"content")
    (tmp_path / "secret").write_bytes(b"secret!")

    def swap(_: os.stat_result) -> None:
        if (tmp_path / "secret").exists():
            (tmp_path / "secret").rename(tmp_path / "x.txt")

    with folders.open_folder(tmp_path) as folder, pytest.raises(OSError, match=os.strerror(errno.ESTALE)):
        folder.read("x.txt", swap)


def test_a_file_is_removed_when_it_is_the_one(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"content")
    with folders.open_folder(tmp_path) as folder:
        assert folder.remove("x.txt", folder.status("x.txt"))
    assert names(tmp_path) == []


@POSIX
@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_what_has_got_the_name_meanwhile_keeps_it(tmp_path: Path, kind: str) -> None:
    (path := tmp_path / "x.txt").write_bytes(b"content")
    with folders.open_folder(tmp_path) as folder:
        status = folder.status("x.txt")
        path.rename(tmp_path / "moved.txt")
        match kind:
            case "file":
                path.write_bytes(b"content")
            case "folder":
                (path / "full").mkdir(parents=True)
            case "link":
                path.symlink_to(tmp_path / "moved.txt")
            case _:
                os.mkfifo(path)
        before = path.lstat()
        assert not folder.remove("x.txt", status)
    assert names(tmp_path) == ["moved.txt", "x.txt"]
    assert os.path.samestat(before, path.lstat())


def test_the_content_of_an_open_file_is_copied_from_its_start(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 10_000)
    with source.open("rb") as opened, folders.open_folder(tmp_path / "new", create=0o700) as folder:
        opened.read(1_000)
        assert folder.add(opened, ["copy"], 0o600) == "copy"
    assert (tmp_path / "new" / "copy").read_bytes() == source.read_bytes()
    assert names(tmp_path / "new") == ["copy"]


def test_files_that_were_never_finished_are_removed_after_a_while(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f".{digit * 32}.part" for digit in "abc")
    for path in (old, new, tmp_path / "kept.part", tmp_path / ".kept.part"):
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    os.utime(new)
    other.mkdir()
    folders.remove_partial_files(tmp_path, 60)
    assert names(tmp_path) == sorted([".kept.part", new.name, other.name, "kept.part"])
    folders.remove_partial_files(tmp_path / "missing", 60)
