"""What Windows and macOS do otherwise than Linux, simulated: names, spellings, long paths, signals, code pages."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

import filing
from filing import GivenFiles, Make, blocks_of
from gemini_interactions_mcp.core import folders
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.files import boundary, path_errors, path_rules
from gemini_interactions_mcp.journal.sqlite_file import adapt_file_uri
from gemini_interactions_mcp.settings.paths import is_project
from gemini_interactions_mcp.transports.stdin_capture import list_ending_signals

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks

# Spellings of an allowed directory -----------------------------------------------------------------------


@pytest.fixture
def folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk as those of macOS and Windows are, whose folders answer to names of any case and Unicode form."""

    def is_same(one: Path, other: Path) -> bool:
        return path_rules.fold_parts(one.parts) == path_rules.fold_parts(other.parts)

    monkeypatch.setattr(path_rules, "is_same_folder", is_same)


@pytest.mark.usefixtures("folding")
@pytest.mark.parametrize("spelled", [str.upper, str.title, str.swapcase], ids=["upper", "title", "swapped"])
async def test_an_allowed_directory_in_another_case_is_the_same(
    subject: GivenFiles, home: Path, spelled: Callable[[str], str]
) -> None:
    (home / "note.txt").write_text("hello")
    (block,) = await blocks_of(subject, [str(home.parent / spelled(home.name) / "note.txt")])
    assert block["text"].endswith("hello")


@pytest.mark.usefixtures("folding")
async def test_ignore_rules_and_dot_files_hold_in_every_spelling(subject: GivenFiles, home: Path) -> None:
    (home / ".gitignore").write_text("private.txt\n")
    (home / "private.txt").write_text("PRIVATE")
    (home / "open.txt").write_text("open")
    (home / ".env").write_text("PRIVATE")
    blocks = await blocks_of(subject, [str(home.parent / home.name.upper() / "*.txt")])
    assert "PRIVATE" not in str(blocks)
    assert "open" in str(blocks)
    with pytest.raises(FileRefusedError, match="dot-file"):
        await blocks_of(subject, [str(home.parent / home.name.upper() / ".env")])


async def test_a_directory_of_another_case_is_another_where_case_counts(subject: GivenFiles, home: Path) -> None:
    (other := home.parent / home.name.upper()).mkdir()
    if other.samefile(home):
        pytest.skip("case does not count on this disk")
    (other / "note.txt").write_text("PRIVATE")
    with pytest.raises(FileRefusedError, match="outside the allowed"):
        await blocks_of(subject, [str(other / "note.txt")])


def test_what_windows_takes_for_equal_is_compared_letter_for_letter() -> None:
    """A folder of Windows may tell case apart, and the Kelvin sign is no k to NTFS, but to Python."""
    root = PureWindowsPath(r"C:\docs\keys")
    assert path_rules.split_below_roots(PureWindowsPath(r"C:\docs\keys\a\b"), [root]) == [("a", "b")]
    for other in ("C:\\docs\\KEYS\\a", "C:\\docs\\\u212aeys\\a", r"C:\docs\keysmith\a", r"D:\docs\keys\a"):
        assert path_rules.split_below_roots(PureWindowsPath(other), [root]) == []


# Short names ---------------------------------------------------------------------------------------------


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names that a disk answers to and does not list, as FAT, NTFS and network shares have them."""
    hidden: set[str] = set()

    @contextmanager
    def scan(folder: str) -> Generator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            yield [entry for entry in entries if entry.name not in hidden]

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", scan)
    return hidden


@pytest.mark.parametrize("name", ["GIT~1/config", "git~12/config", "IDRSA~1", "sub/CREDE~1.JSO", "XMANGL~K.TXT"])
async def test_a_short_name_hides_no_dot_file_and_no_secret(
    make: Make, home: Path, unlisted: set[str], name: str
) -> None:
    """The system does not tell which name is the whole one, such as `.git` or `id_rsa`."""
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).write_text("PRIVATE")
    unlisted.update(Path(name).parts)
    with pytest.raises(FileRefusedError, match="short name"):
        await blocks_of(make(), [str(home / name)])
    unlisted.add("HOOKS~1")
    (home / "HOOKS~1").mkdir()
    with pytest.raises(FileRefusedError, match="short name"):
        await make().output(str(home / "HOOKS~1" / "new.md"))


@pytest.mark.parametrize("name", ["GIT~1", "notes~2.txt", "a~b.md"])
async def test_a_whole_name_may_look_like_a_short_one(subject: GivenFiles, home: Path, name: str) -> None:
    (home / name).write_text("hello")
    (block,) = await blocks_of(subject, [str(home / name)])
    assert block["text"].endswith("hello")


def test_a_short_name_on_the_way_to_an_allowed_directory_is_the_users(home: Path, unlisted: set[str]) -> None:
    root = home / "RUNNER~1" / "docs"
    root.mkdir(parents=True)
    (root / "note.txt").write_text("hello")
    unlisted.add("RUNNER~1")
    approving = boundary.Boundary((root, home / "out"), home / "out")
    assert approving.approve(str(root / "note.txt")) == root / "note.txt"


# Names that Windows reads otherwise ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["con", "NUL.png", "aux.tar.gz", "Com1.txt", "lpt9", "COM².md", "prn .txt", "conin$", "x.png.", "x.png ", "a|b"],
)
def test_a_name_that_windows_reads_otherwise_is_not_written_there(name: str) -> None:
    for path in (PurePosixPath(name), PurePosixPath("sub", name, "x.png"), PureWindowsPath("C:\\out", name)):
        assert path_rules.is_misread_by_windows(path, windows=True)
        assert not path_rules.is_misread_by_windows(path, windows=False)


@pytest.mark.parametrize("name", ["console.md", "auxiliary", "com.txt", "lpt10.png", "..", "nul-1.png", "日本.png"])
def test_a_name_that_only_looks_like_one_is_written(name: str) -> None:
    assert not path_rules.is_misread_by_windows(PureWindowsPath("C:\\out", name), windows=True)


async def test_what_windows_would_misread_is_refused_before_anything_is_paid(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    misread = partial(path_rules.is_misread_by_windows, windows=True)
    monkeypatch.setattr(boundary, "is_misread_by_windows", misread)
    with pytest.raises(FileRefusedError, match="choose another name"):
        await make().output("charts/aux.png")
    approved = await make().output("charts/../auxiliary.png")
    assert approved is not None
    assert approved.name == "auxiliary.png"


def test_an_nt_path_leads_to_no_other_machine() -> None:
    """To resolve one would send the user's credentials to that machine."""
    for path in (r"\??\UNC\evil.example\share\x", r"\\?\UNC\evil.example\share\x", "//evil.example/share/x"):
        for root in ("C:\\docs", "~nobody\\docs"):
            assert path_rules.is_foreign_share(PureWindowsPath(path), [PureWindowsPath(root)], windows=True)


@pytest.mark.parametrize("name", ["COM1", "lpt³.txt", "con", "sub/AUX.md", "nul "])
async def test_a_device_of_windows_is_not_even_looked_up(
    make: Make, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(boundary, "leads_to_device", partial(path_rules.leads_to_device, windows=True))
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).write_text("hello")
    with pytest.raises(FileRefusedError, match="device"):
        await blocks_of(make(), [str(home / name)])


# Long paths ----------------------------------------------------------------------------------------------

LONG = "x" * 100 + "\\" + "y" * 150


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (rf"C:\{LONG}", rf"\\?\C:\{LONG}"),
        (rf"\\server\share\{LONG}", rf"\\?\UNC\server\share\{LONG}"),
        (rf"\\?\C:\{LONG}", rf"\\?\C:\{LONG}"),
        (r"C:\short.png", r"C:\short.png"),
    ],
)
def test_a_long_path_of_windows_gets_the_prefix_that_it_needs(path: str, taken: str) -> None:
    assert folders.lengthen_path(PureWindowsPath(path), windows=True) == taken
    assert folders.lengthen_path(PureWindowsPath(path), windows=False) == path


def test_every_call_takes_a_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no descriptors, each system call is given the path as `lengthen_path` returns it."""
    monkeypatch.setattr(folders, "HAS_DESCRIPTOR_CALLS", False)
    seen: list[str] = []

    def look(path: Path) -> str:
        seen.append(str(path))
        return str(path)

    monkeypatch.setattr(folders, "lengthen_path", look)
    with folders.open_folder(tmp_path / "new", create=0o700) as folder:
        assert folder.add(b"content", ["x.txt"], 0o600) == "x.txt"
    assert {str(tmp_path / "new"), str(tmp_path / "new" / "x.txt")} <= set(seen)


def test_a_long_path_that_exists_is_not_taken_for_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows says that a path without the prefix that it needs does not exist."""
    (tmp_path / "x.png").write_bytes(b"mine")
    prefix = "/./"
    lstat = os.lstat

    def lengthen(path: Path) -> str:
        return prefix + str(path)

    def look(path: str) -> os.stat_result:
        if not path.startswith(prefix):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return lstat(path)

    monkeypatch.setattr(folders, "lengthen_path", lengthen)
    monkeypatch.setattr(os, "lstat", look)
    with pytest.raises(FileRefusedError, match="exists already"):
        boundary.require_unused(tmp_path / "x.png", "x.png")


# Files that others hold open -----------------------------------------------------------------------------


@pytest.fixture
def as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are renamed as on Windows: never over another one."""
    really = os.rename

    def rename(old: str, new: str) -> None:
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
        really(old, new)

    monkeypatch.setattr(folders, "HAS_DESCRIPTOR_CALLS", False)
    monkeypatch.setattr(folders, "RENAMES_OVER", False)
    monkeypatch.setattr(os, "rename", rename)


def add_file(folder: Path, *names: str) -> str | None:
    with folders.open_folder(folder) as opened:
        return opened.add(b"content", names, 0o600)


@pytest.mark.usefixtures("as_windows")
def test_a_finished_file_has_one_name_whoever_holds_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second one it would be taken for a hard link, and be refused."""

    def held(_path: str, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "unlink", held)
    (tmp_path / "a").write_bytes(b"mine")
    assert add_file(tmp_path, "a", "b") == "b"
    assert (tmp_path / "b").stat().st_nlink == 1
    assert (tmp_path / "a").read_bytes() == b"mine"


@pytest.mark.usefixtures("as_windows")
def test_a_file_that_cannot_be_renamed_yet_is_saved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(_old: str, _new: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "rename", held)
    assert add_file(tmp_path, "a") == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("used", [False, True])
def test_a_name_that_was_reserved_in_vain_is_free_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, used: bool
) -> None:
    """Without hard links, a file gets its name in two steps, of which the second may fail."""

    def refuse(_old: str, _new: str, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def refuse_later(old: str, new: str, **_: object) -> None:
        if used:
            (tmp_path / "a").write_bytes(b"of another program")
        refuse(old, new)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse_later)
    with pytest.raises(PermissionError):
        add_file(tmp_path, "a")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([b"of another program"] if used else [])


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        (32, errno.EACCES, "in use by another program"),
        (206, errno.ENOENT, "too long"),
        (123, errno.EINVAL, "in no name"),
        (None, errno.EACCES, "lacks the permission"),
        (5, errno.EACCES, "lacks the permission"),
    ],
)
def test_what_windows_tells_apart_is_told_apart(number: int | None, code: int, says: str) -> None:
    exc = OSError(code, "as the system says")
    exc.winerror = number  # pyright: ignore[reportAttributeAccessIssue] - Windows has it
    assert says in path_errors.describe_path_error(exc)


async def test_a_home_of_letters_that_the_system_has_not_is_unknown(subject: GivenFiles) -> None:
    for source in ("~\ud800/note.txt", "~\udfff"):
        with pytest.raises(FileRefusedError):
            await blocks_of(subject, [source])


# Databases, folders of programs, signals -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("file:///home/x/journal.sqlite3", "file:///home/x/journal.sqlite3"),
        ("file:///C:/Users/x%20y/journal.sqlite3", "file:///C:/Users/x%20y/journal.sqlite3"),
        ("file://server/share/journal.sqlite3", "file:////server/share/journal.sqlite3"),
    ],
)
def test_sqlite_is_given_no_host(uri: str, taken: str) -> None:
    assert adapt_file_uri(uri) == taken


WINDOWS_FOLDERS = {"SYSTEMROOT": "C:\\Windows", "PROGRAMFILES": "C:\\Program Files"}


@pytest.mark.parametrize("cwd", ["C:\\Windows\\System32", "c:\\windows", "C:\\Program Files\\Claude\\app", "D:\\"])
def test_a_folder_of_programs_is_not_opened_because_a_host_started_there(cwd: str) -> None:
    assert not is_project(PureWindowsPath(cwd), PureWindowsPath("C:\\Users\\x"), WINDOWS_FOLDERS)


def test_a_folder_of_an_application_of_macos_is_no_project() -> None:
    assert not is_project(PurePosixPath("/Applications/Host.app/Contents"), PurePosixPath("/Users/x"), {})
    assert is_project(PurePosixPath("/Users/x/Applications"), PurePosixPath("/Users/x"), {})
    assert is_project(PureWindowsPath("C:\\Users\\x\\code"), PureWindowsPath("C:\\Users\\x"), WINDOWS_FOLDERS)


def test_a_system_without_sighup_ends_by_the_signals_that_it_has() -> None:
    windows = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT, "SIGBREAK": signal.SIGABRT}
    assert list_ending_signals(windows) == [signal.SIGTERM, signal.SIGINT, signal.SIGABRT]


# File systems that cannot encode every letter ------------------------------------------------------------

SAVES = """
import sys
from datetime import datetime
from pathlib import Path
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.core.errors import FileRefusedError
from gemini_interactions_mcp.output import places, saving
folder = Path(sys.argv[1])
for title in ("Ebbe und Flut", "\\u6f6e\\u306e\\u6e80\\u3061\\u5f15\\u304d", "caf\\xe9 \\u2192 \\u0416"):
    stem = saving.make_stem(title, datetime(2026, 11, 30), "abcdef123456")
    print(places.LocalFolder(folder).add(b"content", [stem + ".png"]).name)
try:
    Boundary((folder,), folder).approve_output("\\u6f6e.png")
except FileRefusedError as exc:
    print(ascii(str(exc)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has all letters in names of files")
def test_what_is_paid_is_saved_where_names_have_ascii_letters_only(tmp_path: Path) -> None:
    # Coverage is not measured here: its files have names that the locale cannot have.
    environ = {name: value for name, value in os.environ.items() if name not in {"COVERED", "PYTHONPATH"}}
    environ |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run([sys.executable, "-c", SAVES, str(tmp_path)], env=environ, capture_output=True, check=False)
    lines = told.stdout.decode("ascii").splitlines()
    if sys.platform == "linux":  # macOS encodes names as UTF-8, whatever the locale
        assert len(lines) == 4, told.stderr.decode()
        assert "cannot have here" in lines[3]
        assert all(name.isascii() for name in lines)
    assert sorted(lines[:3]) == sorted(path.name for path in tmp_path.iterdir())
