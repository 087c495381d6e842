"""What may be read and written: the boundary, and attacks on it."""

import errno
import os
import socket
from pathlib import Path

import pytest

import filing
from filing import POSIX, GivenFiles, Make, blocks_of, image, link, rows
from gemini_interactions_mcp.core.errors import ConfigurationError, FileRefusedError
from gemini_interactions_mcp.files import boundary, path_errors, path_rules

home, make, recorder, subject, tasks = filing.home, filing.make, filing.recorder, filing.subject, filing.tasks

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n"

WAYS = """
note.txt ./sub/../note.txt ~/note.txt link.txt linked/note.txt {home}/note.txt file:{home}/note.txt
file://{home}/note.txt FILE://localhost{home}/note.txt file://{home}/%6eote%2Etxt
"""


@pytest.mark.parametrize("source", WAYS.split())
async def test_every_way_to_name_an_allowed_file_works(subject: GivenFiles, home: Path, source: str) -> None:
    (home / "sub").mkdir()
    (home / "note.txt").write_text("hello")
    link(home / "link.txt", home / "note.txt")
    link(home / "linked", home)
    root = home.as_uri().removeprefix("file://") if source.lower().startswith("file:") else home
    (block,) = await blocks_of(subject, [source.format(home=root)])
    assert block["text"].endswith(":\n\nhello")


def attacked(home: Path) -> None:
    """Create everything that the table of attacks names."""
    outside = home.parent / "outside"
    (home / "note.txt").write_text("hello")
    (home / "folder").mkdir()
    (home / "empty.txt").touch()
    for hidden in (home / ".env", home / ".git" / "config"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_text("secret")
    link(home / "innocent.txt", outside / "secret.txt")
    link(home / "innocent", outside)
    link(home / "visible.txt", home / ".env")
    link(home / "dangling.txt", home / "nothing.txt")
    link(home / "dangling-out.txt", outside / "nothing.txt")
    link(home / "loop.txt", home / "loop.txt")
    link(home / "photo.txt", home / "folder" / "id_rsa")
    (home / "folder" / "id_rsa").write_text(KEY)
    (home / "folder" / "deploy.txt").write_text(f"Keep this\n{KEY}")
    (home / "folder" / "\uff29\uff24_\uff32\uff33\uff21").write_text("full width")
    (home / "folder" / "prod.ENV").write_text("TOKEN=1")
    (home / "\uff0eenv").write_text("full-width dot")
    (home / "\u200b.env").write_text("dot behind a space of no width")
    (home / "Résumé.txt").write_text("composed")
    os.link(outside / "secret.txt", home / "twin.txt")


ATTACKS = {
    "outside the allowed": [
        "../outside/secret.txt",
        "folder/../../outside/secret.txt",
        "../outside/missing.txt",
        "innocent.txt",
        "innocent/secret.txt",
        "dangling-out.txt",
        "file:///%2e%2e/%2E%2E/etc/passwd",
        "file:%2e%2e/outside/secret.txt",
        "folder/../../HOME/note.txt",
        "~/../outside/secret.txt",
        "/proc/self/environ",
        "/proc/self/cwd/../outside/secret.txt",
        "/proc/self/root/etc/passwd",
        "/dev/fd/0",
        "/etc/*",
        "../outside/*.txt",
        "../*/secret.txt",
        "../outside",
        "*/../../outside/secret.txt",
        "**/../../outside/*",
        "innocent/*",
        "/",
        "/**",
    ],
    "has a hard link": ["twin.txt"],
    "looks like a secret": [
        "folder/id_rsa",
        "photo.txt",
        "folder/deploy.txt",
        "folder/\uff29\uff24_\uff32\uff33\uff21",
        "folder/prod.ENV",
    ],
    "behind a wildcard": ["f*/../note.txt", "**/../folder/*"],
    "does not exist": [
        "dangling.txt",
        "missing.txt",
        "%2e%2e/outside/secret.txt",
    ],
    "cannot be|can be followed|not a regular file": ["loop.txt"],
    "has no file in it, or matches none": ["*.nothing", "nowhere/**", "[n]othing.txt"],
    "is empty": ["empty.txt"],
    "dot-file or dot-folder": [
        ".env",
        ".git/config",
        "folder/../.git/config",
        "visible.txt",
        ".missing",
        "\uff0eenv",
        "\u200b.env",
        ".*",
        ".git",
        "*/.git/*",
    ],
    "empty or has a NUL": ["", "note.txt\0.png", "file:///%00"],
    "through a file|does not exist": ["note.txt/x"],
    "too long|does not exist|matches none": ["x" * 5000, "x/" * 2500, "*/" * 2000 + "x", "*" * 5000 + "x"],
    "home directory is not known": ["~nobody-of-this-name/x"],
    "can be followed|does not exist": ["half-a-character-\ud83d"],
    "on another machine": ["file://example.com/etc/passwd"],
    "name a local path": ["smb://server/share"],
}


@pytest.mark.parametrize(("source", "says"), rows(ATTACKS))
async def test_an_attack_on_the_path_is_refused_in_one_line(
    subject: GivenFiles, home: Path, source: str, says: str
) -> None:
    attacked(home)
    with pytest.raises(FileRefusedError, match=says) as caught:
        await blocks_of(subject, [source])
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500 + len(str(home.parent)) * 3
    assert "PRIVATE" not in message


async def test_a_refusal_names_the_allowed_directories(subject: GivenFiles, home: Path) -> None:
    with pytest.raises(FileRefusedError, match="GEMINI_MCP_ALLOWED_DIRS") as caught:
        await blocks_of(subject, ["../outside/secret.txt"])
    assert str(home) in str(caught.value)
    assert str(home.parent / "out") in str(caught.value)


@POSIX
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/dev/zero", "device, a pipe or a socket"),
        ("/proc/self/environ", "is empty|does not exist"),
        ("/dev/stdin", "."),
        ("pipe", "device, a pipe or a socket"),
        ("s", "device, a pipe or a socket"),
    ],
)
async def test_what_is_no_regular_file_is_refused_at_once(home: Path, make: Make, path: str, says: str) -> None:
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        with pytest.raises(FileRefusedError, match=says):
            await make(allowed_dirs=(Path("/"),)).contents([path])


@POSIX
async def test_a_file_that_may_not_be_read_is_refused(subject: GivenFiles, home: Path) -> None:
    (home / "locked.txt").write_text("x")
    (home / "locked.txt").chmod(0)
    if os.access(home / "locked.txt", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(FileRefusedError, match="permission"):
        await blocks_of(subject, ["locked.txt"])


@POSIX
@pytest.mark.parametrize("swap", ["file", "folder", "link", "pipe", "directory"])
async def test_a_swap_between_check_and_open_is_noticed(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    (home / "sub").mkdir()
    victim = home / "sub" / "secret.txt"
    victim.write_text("harmless")
    outside = home.parent / "outside"
    really_open = os.open
    opened: list[str] = []

    def swapping(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if Path(path).name != ("sub" if swap == "folder" else victim.name):
            return really_open(path, flags, mode, dir_fd=dir_fd)
        opened.append(path)
        (home / "sub").rename(home / "moved") if swap == "folder" else victim.unlink()
        match swap:
            case "file":
                (outside / "secret.txt").rename(victim)
                descriptor = really_open(path, flags, mode, dir_fd=dir_fd)
                victim.rename(outside / "secret.txt")
                victim.write_text("harmless")
                return descriptor
            case "folder":
                (home / "sub").symlink_to(outside)
            case "link":
                victim.symlink_to(outside / "secret.txt")
            case "pipe":
                os.mkfifo(victim)
            case _:
                victim.mkdir()
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swapping)
    with pytest.raises(FileRefusedError):
        await blocks_of(subject, ["sub/secret.txt"])
    assert len(opened) == 1


def test_the_systems_refusals_are_put_for_people() -> None:
    assert "lacks the permission" in path_errors.describe_path_error(PermissionError(errno.EACCES, "Permission denied"))
    assert "too long" in path_errors.describe_path_error(OSError(errno.ENAMETOOLONG, "File name too long"))
    assert "through a file" in path_errors.describe_path_error(NotADirectoryError(errno.ENOTDIR, "Not a directory"))
    assert "Input/output error" in path_errors.describe_path_error(OSError(errno.EIO, "Input/output error"))


async def test_a_path_to_write_is_approved(subject: GivenFiles, home: Path) -> None:
    out = home.parent / "out"
    assert await subject.output("sub/new/bike") == out / "sub" / "new" / "bike"
    assert await subject.output("./sub/../bike.png") == out / "bike.png"
    assert await subject.output("~/bike.png") == home / "bike.png"
    assert await subject.output(str(home / "bike.png")) == home / "bike.png"
    assert await subject.output((home / "my bike.png").as_uri()) == home / "my bike.png"
    assert await subject.output() is None
    assert not out.exists()
    assert os.listdir(home) == []  # noqa: PTH208 - its iterdir() blocks no less


REFUSED_OUTPUTS = {
    "outside the allowed": [
        "../home/bike.png",
        "../outside/bike.png",
        "~/../outside/bike.png",
        "~/innocent/bike.png",
        "/",
    ],
    "outside the allowed|exists already": ["."],
    "dot-file or dot-folder": ["sub/..", ".bike.png", ".config/bike.png", "~/.config/bike.png"],
    "exists already": ["~/note.txt", "~/folder", "~/dangling.txt"],
    "through a file|exist": ["~/note.txt/bike.png", "~/note.txt/new/bike.png"],
    "too long|cannot be": [
        "~/" + "x" * 5000,
        "~/" + "x" * 252 + ".png",
        "~/" + "x" * 251,
        "~/new/" + "x" * 252 + ".png",
        "~/" + "ä" * 130 + ".png",
        "new/" + "x" * 256 + "/bike.png",
    ],
    "NUL": ["bike\0.png"],
    "must not have": ["bike\n.png", "\x7f.png", "new\u202e/gnp.bike.png", "half-a-character-\ud83d.png"]
    + [f"bi{hidden}ke.png" for hidden in "\u200e\u200b\xad\ufeff\U000e0041\u3164\u115f\u034f\u2028"]
    + ["bike\ufe00\ufe01\ufe02.png", "bi\u200d\u200cke.png"],
    "ends with .jpg": ["bike.gif", "new/bike.html"],
    "not a local path": ["https://example.com/bike.png"],
}


@pytest.mark.parametrize(
    "name", ["نمی\u200cدونم.png", "❤\ufe0f\u200d🔥.png", "葛\U000e0100.png", "at 9.41\u202fAM.png"]
)
async def test_a_name_may_have_what_its_script_needs(subject: GivenFiles, home: Path, name: str) -> None:
    assert await subject.output(name) == home.parent / "out" / name


@pytest.mark.parametrize(("path", "says"), rows(REFUSED_OUTPUTS))
async def test_a_path_to_write_is_refused(subject: GivenFiles, home: Path, path: str, says: str) -> None:
    attacked(home)
    with pytest.raises(FileRefusedError, match=says):
        await subject.output(path)
    assert not (home.parent / "out").exists()


@pytest.mark.parametrize("path", ["x" * 251 + ".png", "x" * 250, "ä" * 120 + ".jpg", "new/" + "é" * 125])
async def test_the_longest_name_that_can_be_written_is_approved(subject: GivenFiles, home: Path, path: str) -> None:
    assert await subject.output(path) == home.parent / "out" / path


@pytest.mark.parametrize("obstacle", ["out", "out/deep/er"], ids=["in its place", "on the way"])
async def test_an_output_directory_that_cannot_be_written_is_told(make: Make, home: Path, obstacle: str) -> None:
    out = home.parent / "out" / "deep" / "er" / "still"
    (home.parent / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (home.parent / obstacle).write_text("a file in the way")
    subject = make(output_dir=out)
    with pytest.raises(ConfigurationError, match="a file or a link stands where a folder should be") as caught:
        await subject.output()
    assert "set GEMINI_MCP_OUTPUT_DIR" in str(caught.value)
    (home.parent / obstacle).unlink()
    assert await subject.output() is None


@POSIX
async def test_an_output_directory_without_the_right_to_write_is_told(
    make: Make, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # So that root is refused, too.
    monkeypatch.setattr(os, "mkdir", forbidden)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        await make().output()
    with pytest.raises(FileRefusedError, match="lacks the permission"):
        await make().output("~/bike.png")


def test_a_file_url_of_windows_names_a_drive() -> None:
    assert boundary.parse_file_url("file:///C:/a%20b.txt", windows=True) == "C:/a b.txt"
    assert boundary.parse_file_url("file:///c|/x#1?.txt", windows=True) == "c:/x#1?.txt"
    assert boundary.parse_file_url("file:C:/x", windows=True) == "C:/x"
    assert boundary.parse_file_url("file://localhost/C:/x", windows=True) == "C:/x"


def test_a_share_of_windows_is_not_even_looked_at() -> None:
    roots = [Path("C:\\"), Path(r"\\server\Share\docs")]
    assert path_rules.is_foreign_share(Path(r"\\other\share\x"), roots, windows=True)
    assert path_rules.is_foreign_share(Path(r"\\.\PhysicalDrive0"), roots, windows=True)
    assert not path_rules.is_foreign_share(Path(r"\\Server\share\x"), roots, windows=True)
    assert not path_rules.is_foreign_share(Path(r"C:\x"), roots, windows=True)
    assert not path_rules.is_foreign_share(Path(r"\\other\share\x"), roots, windows=False)


def test_a_second_stream_of_a_windows_file_is_hidden() -> None:
    assert path_rules.is_hidden(("folder", "note.txt:secret"), windows=True)
    assert not path_rules.is_hidden(("folder", "note:1.txt"), windows=False)


def test_a_drive_is_no_scheme() -> None:
    assert boundary.parse_scheme("C:\\Users\\x.png") == ""
    assert boundary.parse_scheme("C://Users/x.png") == ""


async def test_a_windows_device_or_share_is_no_way_out(subject: GivenFiles) -> None:
    for source in (
        r"C:\Windows\win.ini",
        r"\\server\share\x",
        r"\\?\C:\x",
        r"\\.\PhysicalDrive0",
        "NUL",
        "..\\outside\\x",
    ):
        with pytest.raises(FileRefusedError):
            await subject.contents([source])


async def test_secrets_may_be_read_once_the_user_says_so(home: Path, make: Make) -> None:
    (home / "id_rsa").write_text(KEY)
    (block,) = await blocks_of(make(allow_secrets=True), ["id_rsa"])
    assert block["text"].endswith(KEY)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize("size", [0, 100_000, 3_000_000])
async def test_a_secret_far_inside_a_file_is_found(subject: GivenFiles, home: Path, size: int) -> None:
    lines = "All is well.\n" * (size // 13)
    (home / "log.txt").write_text(lines + KEY + lines)
    with pytest.raises(FileRefusedError, match=r"log.txt looks like a secret \(private key\)"):
        await subject.contents(["log.txt"])


async def test_of_media_only_the_head_is_searched(subject: GivenFiles, home: Path) -> None:
    (home / "far.png").write_bytes(image("PNG") + b"\0" * boundary.MEDIA_SEARCHED_BYTES + KEY.encode())
    (home / "near.png").write_bytes(PNG + KEY.encode())
    (block,) = await blocks_of(subject, ["far.png"])
    assert block["type"] == "image"
    with pytest.raises(FileRefusedError, match="looks like a secret"):
        await subject.contents(["near.png"])


async def test_a_file_is_searched_up_to_a_limit(
    subject: GivenFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "log.txt").write_text("x" * 2 * boundary.SECRET_CHUNK_BYTES + KEY)
    monkeypatch.setattr(boundary, "MAX_SEARCHED_BYTES", 2 * boundary.SECRET_CHUNK_BYTES)
    with pytest.raises(FileRefusedError, match="looks like a secret"):
        await subject.contents(["log.txt"])
    monkeypatch.setattr(boundary, "MAX_SEARCHED_BYTES", boundary.SECRET_CHUNK_BYTES)
    assert await blocks_of(subject, ["log.txt"])


async def test_a_copy_of_a_file_with_a_second_name_may_be_read(subject: GivenFiles, home: Path) -> None:
    (home / "a.txt").write_text("x")
    os.link(home / "a.txt", home / "b.txt")
    with pytest.raises(FileRefusedError, match="Copy it"):
        await subject.contents(["a.txt"])
    (home / "c.txt").write_bytes((home / "a.txt").read_bytes())
    assert len(await blocks_of(subject, ["c.txt"])) == 1


@pytest.mark.parametrize(
    ("part", "is_one"),
    [
        (".env", True),
        ("\uff0eenv", True),
        ("\u2024env", True),
        ("\u200b.env", True),
        ("…and.txt", False),
        ("a.env", False),
        ("", False),
    ],
)
def test_what_some_system_takes_for_a_dot_hides_a_file(part: str, is_one: bool) -> None:
    assert path_rules.has_leading_dot(part) == is_one
