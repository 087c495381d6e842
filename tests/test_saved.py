"""A saved file is used only while it is unchanged: anything else in its place is neither read nor removed."""

import hashlib
import os
import socket
from collections.abc import Callable
from contextlib import chdir
from functools import partial
from io import BufferedReader
from pathlib import Path

import pytest

from filing import POSIX, link
from gemini_interactions_mcp.core import folders
from gemini_interactions_mcp.core.errors import FileGoneError, FileRefusedError
from gemini_interactions_mcp.files import saved_files, stored_objects
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.path_rules import is_foreign_share
from gemini_interactions_mcp.files.saved_files import SavedFiles
from gemini_interactions_mcp.models.interactions import SavedFile
from gemini_interactions_mcp.output.places import LocalFolder

HERE = LocalFolder(Path("/nowhere"))

CONTENT = b"a picture of a red bicycle"
CHANGED = "was changed or moved; left alone"
KEY = b"-----BEGIN " + b"PRIVATE KEY-----\n"


@pytest.fixture(params=["by descriptor", "by path"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test both implementations: by descriptor, and by path as on Windows."""
    if request.param == "by path":
        monkeypatch.setattr(folders, "HAS_DESCRIPTOR_CALLS", False)
        monkeypatch.setattr(folders, "WINDOWS", True)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the output directory; `secret` beside it is not allowed."""
    (tmp_path / "secret").write_bytes(CONTENT)
    (tmp_path / "out" / "sub").mkdir(parents=True)
    return tmp_path / "out"


@pytest.fixture
def files(out: Path) -> SavedFiles:
    return SavedFiles(Boundary((out,), out))


@pytest.fixture(params=["with a hash", "of an earlier version"])
def file(out: Path, request: pytest.FixtureRequest) -> SavedFile:
    """Return a saved file."""
    path = out / "sub" / "bike.jpg"
    path.write_bytes(CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest() if request.param == "with a hash" else ""
    return SavedFile(name=path.name, path=str(path), mime_type="image/jpeg", bytes=len(CONTENT), sha256=sha256)


def kept(file: SavedFile) -> Path:
    """Move the file away, so that its name is free for something else."""
    return Path(file.path).rename(Path(file.path).with_name("moved.jpg"))


def a_link_to_a_secret(file: SavedFile, folder: Path) -> None:
    kept(file)
    link(Path(file.path), folder / "secret")


def a_link_to_itself(file: SavedFile, folder: Path) -> None:
    link(Path(file.path), kept(file))


def a_link_to_no_end(file: SavedFile, folder: Path) -> None:
    kept(file)
    Path(file.path).symlink_to("/dev/zero")


def a_pipe(file: SavedFile, folder: Path) -> None:
    kept(file)
    os.mkfifo(file.path)


def a_socket(file: SavedFile, folder: Path) -> None:
    kept(file)
    # Addresses of sockets are short.
    with chdir(Path(file.path).parent), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(Path(file.path).name)


def a_folder(file: SavedFile, folder: Path) -> None:
    kept(file)
    Path(file.path).mkdir()


def a_second_name_of_a_secret(file: SavedFile, folder: Path) -> None:
    kept(file)
    os.link(folder / "secret", file.path)


def a_longer_file(file: SavedFile, folder: Path) -> None:
    with Path(file.path).open("ab") as stream:
        stream.write(b"and more")


def an_endless_file(file: SavedFile, folder: Path) -> None:
    with Path(file.path).open("ab") as stream:
        stream.truncate(2**40)


def a_shorter_file(file: SavedFile, folder: Path) -> None:
    Path(file.path).write_bytes(CONTENT[:-1])


def an_empty_file(file: SavedFile, folder: Path) -> None:
    Path(file.path).write_bytes(b"")


def a_linked_folder(file: SavedFile, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "bike.jpg").write_bytes(CONTENT)
    Path(file.path).parent.rename(folder / "moved")
    link(Path(file.path).parent, folder / "elsewhere")


def a_linked_output_directory(file: SavedFile, folder: Path) -> None:
    (folder / "out").rename(folder / "moved")
    link(folder / "out", folder / "moved")


def a_file_for_a_folder(file: SavedFile, folder: Path) -> None:
    Path(file.path).parent.rename(folder / "moved")
    Path(file.path).parent.write_bytes(CONTENT)


REPLACED: list[Callable[[SavedFile, Path], None]] = [
    a_link_to_a_secret,
    a_link_to_itself,
    a_link_to_no_end,
    a_pipe,
    a_socket,
    a_folder,
    a_longer_file,
    an_endless_file,
    a_shorter_file,
    an_empty_file,
    a_linked_folder,
    a_linked_output_directory,
    a_file_for_a_folder,
]


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the inode and size of everything in a folder."""
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {str(path): (status.st_ino, status.st_size) for path, status in found.items()}


def test_a_file_outside_that_is_kept_is_named_in_full(tmp_path: Path, file: SavedFile) -> None:
    folder = tmp_path / ("x" * 200) / ("y" * 200)
    folder.mkdir(parents=True)
    far = folder / "a.png"
    far.write_bytes(CONTENT)
    (told,) = SavedFiles(Boundary((tmp_path / "other",), tmp_path / "other")).remove_all(
        [file.model_copy(update={"path": str(far)})]
    )
    assert told.startswith(f"File kept: {far}. ")
    assert "outside the allowed directories" in told
    assert far.exists()


@POSIX
@pytest.mark.parametrize("replace", REPLACED)
def test_what_stands_in_its_place_is_neither_read_nor_removed(
    files: SavedFiles, file: SavedFile, tmp_path: Path, replace: Callable[[SavedFile, Path], None]
) -> None:
    replace(file, tmp_path)
    before = everything(tmp_path)
    for use in (files.opened, files.content, files.check, files.remove):
        with pytest.raises(FileRefusedError, match=CHANGED):
            use(file)
    assert not files.holds(file, CONTENT)
    assert files.check_all([file]) == [f"{file.path} {CHANGED}."]
    assert files.remove_all([file]) == [f"File kept: {file.path} {CHANGED}."]
    assert everything(tmp_path) == before


@POSIX
def test_a_second_name_is_told_as_such(files: SavedFiles, file: SavedFile, tmp_path: Path) -> None:
    a_second_name_of_a_secret(file, tmp_path)
    before = everything(tmp_path)
    for use in (files.content, files.check, files.remove):
        with pytest.raises(FileRefusedError, match=r"has a second name \(a hard link\); left alone"):
            use(file)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("file", ["with a hash"], indirect=True)
@pytest.mark.parametrize("other", [CONTENT[::-1], b"x" * len(CONTENT), KEY[: len(CONTENT)]])
def test_another_file_of_its_size_is_told_by_its_content(files: SavedFiles, file: SavedFile, other: bytes) -> None:
    Path(file.path).write_bytes(other)
    for use in (files.content, files.remove):
        with pytest.raises(FileRefusedError, match=CHANGED):
            use(file)
    assert Path(file.path).read_bytes() == other


@pytest.mark.parametrize("file", ["of an earlier version"], indirect=True)
def test_without_a_hash_a_secret_of_its_size_is_refused_all_the_same(files: SavedFiles, file: SavedFile) -> None:
    secret = KEY + CONTENT
    Path(file.path).write_bytes(secret)
    file = file.model_copy(update={"bytes": len(secret)})
    for use in (files.content, files.remove):
        with pytest.raises(FileRefusedError, match="looks like a secret"):
            use(file)
    assert Path(file.path).read_bytes() == secret


@POSIX
def test_of_a_file_that_grows_while_it_is_read_only_its_size_is_read(
    files: SavedFiles, file: SavedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with files.opened(file) as stream:
        a_longer_file(file, tmp_path)
        assert stored_objects.hash_stream(stream, file.bytes) == hashlib.sha256(CONTENT).hexdigest()
    Path(file.path).write_bytes(CONTENT)
    opened = files.opened

    def growing(file: SavedFile) -> BufferedReader:
        stream = opened(file)
        a_longer_file(file, tmp_path)
        return stream

    monkeypatch.setattr(files, "opened", growing)
    assert files.content(file) == CONTENT


@pytest.mark.parametrize("missing", ["file", "folder"])
def test_what_is_gone_is_told_as_gone(files: SavedFiles, file: SavedFile, missing: str) -> None:
    path = Path(file.path)
    path.unlink()
    if missing == "folder":
        path.parent.rmdir()
    for use in (files.opened, files.content, files.check, files.remove):
        with pytest.raises(FileGoneError, match="is not there any more"):
            use(file)
    assert files.remove_all([file]) == [f"File {file.path}: it was not there."]
    assert saved_files.is_absent(file, HERE)


@POSIX
@pytest.mark.parametrize(
    "path", ["{out}/../secret", "{out}/sub/../../secret", "/etc/hostname", "C:\\bike.jpg", "bike.jpg"]
)
def test_what_the_journal_says_leads_no_way_out(files: SavedFiles, out: Path, file: SavedFile, path: str) -> None:
    outside = file.model_copy(update={"path": path.format(out=out)})
    for use in (files.content, files.check, files.remove):
        with pytest.raises(FileRefusedError, match=r"outside the allowed directories|dot-folder"):
            use(outside)
    assert (out.parent / "secret").read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["C:\\Users\\x\\bike.jpg", "/home/nobody-of-this-name/bike.jpg", "bike.jpg"])
def test_what_another_machine_has_saved_is_absent(file: SavedFile, path: str) -> None:
    assert saved_files.is_absent(file.model_copy(update={"path": path}), HERE)


def test_a_share_that_is_not_allowed_is_not_even_looked_at(file: SavedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_files, "is_foreign_share", partial(is_foreign_share, windows=True))
    share = file.model_copy(update={"path": r"\\server\share\bike.jpg"})
    monkeypatch.setattr(folders, "open_folder", None)
    assert saved_files.is_absent(share, LocalFolder(Path("C:\\")))


def test_only_what_is_there_is_not_absent(file: SavedFile, tmp_path: Path) -> None:
    assert not saved_files.is_absent(file, HERE)
    a_folder(file, tmp_path)
    assert not saved_files.is_absent(file, HERE)


def test_of_files_of_one_name_the_one_on_this_machine_counts(file: SavedFile) -> None:
    other = file.model_copy(update={"path": "/home/nobody-of-this-name/bike.jpg"})
    third = other.model_copy(update={"name": "other.jpg"})
    assert saved_files.select_current([other, third, file], HERE) == (file, third)
    assert saved_files.select_current([file, other], HERE) == (file,)
    assert saved_files.select_current([other], HERE) == (other,)


def test_what_still_is_what_was_saved_is_read_and_removed(files: SavedFiles, file: SavedFile, out: Path) -> None:
    assert files.content(file) == CONTENT
    assert files.holds(file, CONTENT)
    assert not files.holds(file, CONTENT[::-1])
    assert files.check_all([file]) == []
    assert files.remove_all([file]) == [f"File {file.path}: deleted."]
    assert list((out / "sub").iterdir()) == []


def test_an_empty_file_that_was_saved_is_one(files: SavedFiles, file: SavedFile) -> None:
    Path(file.path).write_bytes(b"")
    empty = file.model_copy(update={"bytes": 0, "sha256": ""})
    assert files.content(empty) == b""
    assert files.remove_all([empty]) == [f"File {file.path}: deleted."]


def test_what_the_system_refuses_is_told(files: SavedFiles, file: SavedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", failing)
    assert files.remove_all([file]) == [f"File kept: {file.path} cannot be used: Input/output error."]
    assert Path(file.path).read_bytes() == CONTENT


@POSIX
def test_a_swap_while_it_is_removed_removes_nothing_else(
    files: SavedFiles, file: SavedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.replace

    def swapping(*arguments: str, **named: int | None) -> None:
        if Path(arguments[0]).name == "bike.jpg" and not Path(file.path).with_name("moved.jpg").exists():
            kept(file).with_name("bike.jpg").write_bytes(b"mine")
        really(*arguments, **named)

    monkeypatch.setattr(os, "replace", swapping)
    assert files.remove_all([file]) == [f"File kept: {file.path} {CHANGED}."]
    assert Path(file.path).read_bytes() == b"mine"
    assert Path(file.path).with_name("moved.jpg").read_bytes() == CONTENT
