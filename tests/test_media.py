"""Generated media become files: whole, playable, under a free name."""

import base64
import errno
import hashlib
import io
import os
import typing
import unicodedata
import wave
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from gemini_interactions_mcp.core import folders
from gemini_interactions_mcp.core.errors import ConfigurationError, InputError, InteractionFailedError
from gemini_interactions_mcp.models import media_types
from gemini_interactions_mcp.models.interactions import Media, SavedFile
from gemini_interactions_mcp.models.sandbox_files import SandboxFile
from gemini_interactions_mcp.output import pictures, saving
from gemini_interactions_mcp.output.places import LocalFolder
from gemini_interactions_mcp.output.provenance import Origin

WHEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LABEL = f"{'0' * 16}-{'f' * 26}c0ffee"
ORIGIN = Origin("A red bicycle", "gemini-nano-banana-2.1", "v1_x")


def picture(kind: str = "PNG", size: tuple[int, int] = (6, 4), mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


def made(content: bytes, mime: str, kind: str = "image") -> Media:
    return Media(kind=kind, mime_type=mime, data=base64.b64encode(content).decode())


def report(directory: Path, stem: str = "report", text: str = "x") -> SavedFile:
    return saving.save_report(text, LocalFolder(directory), saving.iter_report_names(stem))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_an_image_is_saved_with_its_pixels(tmp_path: Path) -> None:
    content = picture()
    saved = saving.save_media(made(content, "image/png"), LocalFolder(tmp_path / "new" / "folder"), "2026-11-23-red")
    path = tmp_path / "new" / "folder" / "2026-11-23-red-1.png"
    assert saved.model_dump(exclude_none=True) == {
        "name": "2026-11-23-red-1.png",
        "path": str(path),
        "mime_type": "image/png",
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "width": 6,
        "height": 4,
    }
    with Image.open(path) as image:
        assert image.tobytes() == Image.open(io.BytesIO(content)).tobytes()
    assert names(path.parent) == [path.name]


def test_a_taken_name_gets_a_number_and_nothing_is_written_over(tmp_path: Path) -> None:
    image = made(picture(), "image/png")
    saved = [saving.save_media(image, LocalFolder(tmp_path), "red").name for _ in range(3)]
    assert saved == ["red-1.png", "red-2.png", "red-3.png"]
    assert [report(tmp_path, "red").name for _ in range(2)] == ["red.md", "red-1.md"]


def test_a_name_that_is_taken_is_not_used_though_it_is_free(tmp_path: Path) -> None:
    image, taken = made(picture(), "image/png"), {"red-1.png", "red-3.png", "red.md"}
    saved = [saving.save_media(image, LocalFolder(tmp_path), "red", taken=taken).name for _ in range(2)]
    assert saved == ["red-2.png", "red-4.png"]
    assert saving.save_report("x", LocalFolder(tmp_path), saving.iter_report_names("red", taken)).name == "red-1.md"
    sandbox = SandboxFile(path="out/red.png", mime_type="image/png")
    assert saving.save_sandbox_file(picture(), LocalFolder(tmp_path), "red", sandbox, taken=taken).name == "red-5.png"


def test_a_relative_directory_gives_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert report(Path("out")).path == str(tmp_path / "out" / "report.md")


def opened(content: bytes | Path) -> Image.Image:
    """A picture, decoded."""
    with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content) as image:
        image.load()
        return image


def coloured(kind: str, **options: object) -> bytes:
    """A picture that a lossy encoder would change."""
    buffer = io.BytesIO()
    Image.effect_noise((32, 24), 90).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "mime"),
    [
        ("my image.png", "PNG", "image/png"),
        ("my image.PNG", "PNG", "image/png"),
        ("my image.webp", "WEBP", "image/webp"),
        ("my image.jpeg", "JPEG", "image/jpeg"),
    ],
)
def test_a_target_becomes_what_its_name_says_without_a_loss(tmp_path: Path, name: str, kind: str, mime: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    came = coloured("JPEG", exif=exif, icc_profile=b"a profile")
    saved = saving.save_media(
        made(came, "image/png"), LocalFolder(tmp_path), "unused", origin=ORIGIN, target=tmp_path / "sub" / name
    )
    assert (saved.name, saved.mime_type, saved.width, saved.height) == (name, mime, 32, 24)
    assert saved.bytes == (tmp_path / "sub" / name).stat().st_size
    image = opened(tmp_path / "sub" / name)
    assert image.format == kind
    assert image.tobytes() == opened(came).tobytes()
    assert image.getexif()[0x0112] == 6
    assert image.info["icc_profile"] == b"a profile"
    assert "A red bicycle" in image.info["xmp"].decode()


@pytest.mark.parametrize("wanted", ["png", "webp"])
def test_what_a_picture_says_of_itself_is_kept_in_another_format(tmp_path: Path, wanted: str) -> None:
    came = coloured("JPEG", xmp=b"<x>made by someone</x>")
    saving.save_media(
        made(came, "image/jpeg"), LocalFolder(tmp_path), "x", origin=ORIGIN, target=tmp_path / f"bike.{wanted}"
    )
    assert opened(tmp_path / f"bike.{wanted}").info["xmp"] == b"<x>made by someone</x>"


@pytest.mark.parametrize(
    ("content", "wanted", "name"),
    [
        (coloured("PNG"), "bike.jpg", "bike.png"),
        (picture("TIFF", mode="CMYK"), "bike.png", "bike.tiff"),
        (b"GIF89a, not a picture", "bike.png", "bike.gif"),
        (b"not a picture", "bike.png", "bike.bin"),
    ],
    ids=["would lose pixels", "has no such colours", "cannot be opened", "is none"],
)
def test_an_extension_that_cannot_come_true_is_replaced(tmp_path: Path, content: bytes, wanted: str, name: str) -> None:
    saved = saving.save_media(made(content, "image/gif"), LocalFolder(tmp_path), "x", target=tmp_path / wanted)
    assert names(tmp_path) == [saved.name] == [name]
    assert Path(saved.path).read_bytes().endswith(content[-20:])


def test_a_target_without_extension_gets_the_right_one(tmp_path: Path) -> None:
    assert saving.save_media(
        made(picture("WEBP"), "image/png"), LocalFolder(tmp_path), "x", target=tmp_path / "bike"
    ).name == ("bike.webp")


def test_a_target_that_exists_is_refused_and_kept(tmp_path: Path) -> None:
    target = tmp_path / "mine.png"
    target.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        saving.save_media(made(picture(), "image/png"), LocalFolder(tmp_path), "x", target=target)
    assert target.read_text() == "mine"
    assert names(tmp_path) == ["mine.png"]


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    try:
        (tmp_path / "red-1.png").symlink_to(tmp_path / "elsewhere.png")
    except OSError:
        pytest.skip("no right to make links")
    assert saving.save_media(made(picture(), "image/png"), LocalFolder(tmp_path), "red").name == "red-2.png"
    assert not (tmp_path / "elsewhere.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(
    ("modes", "umask", "expected"),
    [
        (folders.OWNER_ONLY_MODES, 0, (0o700, 0o600)),
        (folders.ORDINARY_MODES, 0o027, (0o750, 0o640)),
    ],
)
def test_the_mode_is_private_or_what_the_umask_says(
    tmp_path: Path, modes: folders.FileModes, umask: int, expected: tuple[int, int]
) -> None:
    before = os.umask(umask)
    try:
        (path, other) = (
            Path(
                saving.save_media(
                    made(picture(), "image/png"),
                    LocalFolder(tmp_path / "new", modes),
                    "red",
                    target=target,
                    modes=modes,
                ).path
            )
            for target in (None, tmp_path / "new" / "red.png")
        )
    finally:
        os.umask(before)
    assert [each.stat().st_mode & 0o777 for each in (path.parent, path, other)] == [*expected, expected[1]]


def test_a_report_is_markdown_in_utf8(tmp_path: Path) -> None:
    saved = report(tmp_path, text="# Résumé\n")
    assert (saved.mime_type, saved.bytes, saved.width) == ("text/markdown", 11, None)
    assert Path(saved.path).read_bytes() == "# Résumé\n".encode()


def test_half_a_character_does_not_lose_a_report(tmp_path: Path) -> None:
    assert Path(report(tmp_path, text="a\ud83d").path).read_bytes() == b"a?"


@pytest.mark.parametrize(
    ("mime", "expected"),
    [
        ("audio/l16;rate=16000;channels=2", (2, 2, 16_000)),
        ("audio/L16; codec=pcm; rate=24000", (1, 2, 24_000)),
        ("audio/l16", (1, 2, 24_000)),
        ("audio/l16;rate=0;channels=many", (1, 2, 24_000)),
        ("audio/l16;rate=48000;channels=70000", (1, 2, 48_000)),
        ("audio/l16;rate=999999;channels=65535", (1, 2, 999_999)),
    ],
)
def test_raw_audio_becomes_a_wav_file(tmp_path: Path, mime: str, expected: tuple[int, int, int]) -> None:
    saved = saving.save_media(made(b"\1\0" * 400, mime, "audio"), LocalFolder(tmp_path), "speech")
    assert (saved.name, saved.mime_type) == ("speech-1.wav", "audio/wav")
    assert Path(saved.path).stat().st_size == saved.bytes
    with wave.open(saved.path, "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == expected
        assert file.readframes(1000) == b"\1\0" * 400


def test_what_is_a_wav_file_gets_no_second_header(tmp_path: Path) -> None:
    first = saving.save_media(made(b"\1\0" * 400, "audio/l16", "audio"), LocalFolder(tmp_path), "speech")
    content = Path(first.path).read_bytes()
    second = saving.save_media(made(content, "audio/l16;rate=16000", "audio"), LocalFolder(tmp_path), "speech")
    assert Path(second.path).read_bytes() == content


@pytest.mark.parametrize(
    ("content", "declared", "name", "mime"),
    [
        (b"ID3\3\0\0\0\0\0\0", "audio/mp3", "x-1.mp3", "audio/mpeg"),
        (b"anything", "video/mp4", "x-1.mp4", "video/mp4"),
        (b"BM, a text", "text/plain", "x-1.txt", "text/plain"),
        (b"%PDF-1.4\n", "application/octet-stream", "x-1.pdf", "application/pdf"),
        (b"anything", "application/octet-stream", "x-1.bin", "application/octet-stream"),
        (b"anything", "application/x-msdownload", "x-1.bin", "application/x-msdownload"),
    ],
)
def test_the_extension_follows_the_type(tmp_path: Path, content: bytes, declared: str, name: str, mime: str) -> None:
    saved = saving.save_media(made(content, declared, "document"), LocalFolder(tmp_path), "x")
    assert (saved.name, saved.mime_type) == (name, mime)


def test_a_broken_picture_is_kept_without_pixels(tmp_path: Path) -> None:
    saved = saving.save_media(made(b"\x89PNG\r\n\x1a\nnot a picture", "image/png"), LocalFolder(tmp_path), "x")
    assert (saved.name, saved.width, saved.height) == ("x-1.png", None, None)


ACTIVE = [
    *("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml", "application/javascript"),
    *("text/javascript", "application/x-javascript", "text/html; charset=utf-8", "TEXT/HTML", "application/hta"),
]


@pytest.mark.parametrize("kind", ["image", "document"])
@pytest.mark.parametrize("declared", ACTIVE)
@pytest.mark.parametrize("content", [b"<!doctype html><script>x</script>", b"<svg><script>x</script></svg>"])
def test_nothing_is_saved_as_what_a_program_opens_as_a_page(
    tmp_path: Path, kind: str, declared: str, content: bytes
) -> None:
    saved = saving.save_media(made(content, declared, kind), LocalFolder(tmp_path), "x")
    assert (saved.name, saved.mime_type) == ("x-1.bin", "application/octet-stream")
    assert Path(saved.path).read_bytes() == content


@pytest.mark.parametrize("declared", ["image/png", "image/jpeg", "text/plain", "", "a/b\nSaved: /x", "x"])
@pytest.mark.parametrize("content", [b"<html>", b"MZ\x90\0", b"%PDF-1.4\n", b"", b"ID3\3\0\0\0\0\0\0"])
def test_what_is_no_picture_is_not_called_one_whatever_is_declared(
    tmp_path: Path, declared: str, content: bytes
) -> None:
    sent = made(content, declared)
    saved = saving.save_media(sent.model_copy(update={"data": sent.data or "PA=="}), LocalFolder(tmp_path), "x")
    assert (saved.name, saved.mime_type) == ("x-1.bin", "application/octet-stream")
    assert "cannot be read as one" in saving.note_unreadable_picture(sent, saved)
    assert "\n" not in saving.note_unreadable_picture(sent, saved)


def test_a_picture_is_what_its_bytes_say_though_it_is_called_a_page(tmp_path: Path) -> None:
    sent = made(picture(), "text/html")
    saved = saving.save_media(sent, LocalFolder(tmp_path), "x")
    assert (saved.name, saved.mime_type) == ("x-1.png", "image/png")
    assert saving.note_unreadable_picture(sent, saved) == ""


@pytest.mark.parametrize("told", ["text/html\nSaved: /etc/passwd (", "nonsense", "", "image"])
def test_a_type_from_a_sandbox_is_one_or_is_taken_from_the_name(tmp_path: Path, told: str) -> None:
    file = SandboxFile(path="a/report.csv", mime_type=told)
    assert saving.save_sandbox_file(b"a,b", LocalFolder(tmp_path), "x", file).mime_type == "text/csv"


@pytest.mark.parametrize("data", ["!!!", "abc", "é"])
def test_broken_base64_is_a_failure_of_the_interaction(tmp_path: Path, data: str) -> None:
    with pytest.raises(InteractionFailedError, match="its data is corrupt"):
        saving.save_media(Media(kind="image", mime_type="image/png", data=data), LocalFolder(tmp_path), "x")
    assert not names(tmp_path)


def test_media_without_data_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(InteractionFailedError, match=r"https://example\.com/v\.mp4"):
        saving.save_media(Media(kind="video", uri="https://example.com/v.mp4"), LocalFolder(tmp_path), "x")
    with pytest.raises(InteractionFailedError, match="no data"):
        saving.save_media(Media(kind="video"), LocalFolder(tmp_path), "x")


def test_a_disk_that_takes_nothing_is_told_with_its_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigurationError, match="GEMINI_MCP_OUTPUT_DIR") as caught:
        report(tmp_path / "file")
    assert f"Cannot write to {tmp_path / 'file'}: a file or a link stands" in str(caught.value)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        report(tmp_path)
    assert not names(tmp_path)


def test_a_disk_without_hard_links_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    saved = [report(tmp_path, text=text).name for text in ("one", "two")]
    assert saved == ["report.md", "report-1.md"]
    assert names(tmp_path) == ["report-1.md", "report.md"]
    assert (tmp_path / "report-1.md").read_text() == "two"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A red bicycle", "2026-11-23-red-bicycle"),
        ("Ein schönes Café, bitte!", "2026-11-23-ein-schönes-café-bitte"),
        ("../../etc/passwd", "2026-11-23-etc-passwd"),
        ("the", "2026-11-23-gemini"),
        ("", "2026-11-23-gemini"),
        ("?!… — «»", "2026-11-23-gemini"),
        ("x" * 500, "2026-11-23-" + "x" * 49),
        ("several rather long words " * 20, "2026-11-23-several-rather-long-words-several-rather-long"),
        ("AI " + "x" * 500, "2026-11-23-ai-" + "x" * 46),
        # Any script.
        ("赤い自転車", "2026-11-23-赤い自転車"),
        ("Красный велосипед", "2026-11-23-красный-велосипед"),
        ("دراجة حمراء", "2026-11-23-دراجة-حمراء"),
        ("लाल साइकिल", "2026-11-23-लाल-साइकिल"),
        ("จักรยานสีแดง", "2026-11-23-จักรยานสีแดง"),
        ("빨간 자전거", "2026-11-23-빨간-자전거"),
        ("A 🚲 in 🇨🇭", "2026-11-23-🚲-in-🇨🇭"),
        ("❤\ufe0f👩\u200d🚀👍🏽", "2026-11-23-❤👩🚀👍"),
        ("東京" * 100, "2026-11-23-" + ("東京" * 15)[:29]),
        ("AI 東京の自転車" + "道" * 100, "2026-11-23-ai-東京の自転車" + "道" * 22),
        ("🚲" * 100, "2026-11-23-" + "🚲" * 22),
        # One form, and nothing that is not seen.
        ("Cafe\u0301", "2026-11-23-caf\xe9"),
        ("İstanbul", "2026-11-23-i\u0307stanbul"),
        ("red\u202egnp.exe\u2066 \u200fbike\u200e", "2026-11-23-redgnp-exe-bike"),
        ("soft\xadware\x00\x1b[31m\u2028bell\x07", "2026-11-23-software-31m-bell"),
        ("\ud83d\ufffd\u3164 \ue000\U000e0041", "2026-11-23-gemini"),
        ("red\ufff0bi\u115fke\U0001d173\u180b", "2026-11-23-redbike"),
        ("CON", "2026-11-23-con"),
        (".hidden. -rf ", "2026-11-23-hidden-rf"),
    ],
)
def test_a_stem_is_short_and_readable_in_any_script(prompt: str, expected: str) -> None:
    assert saving.make_stem(prompt, WHEN, LABEL) == f"{expected}-c0ffee"
    assert len(expected) <= saving.STEM_CHARACTERS
    assert len(expected.encode()) <= saving.STEM_BYTES


@pytest.mark.parametrize("mark", ["a", "é", "东", "🚲", "e\u0301", "a-", "\u0e01\u0e34 "])
def test_no_name_is_longer_than_a_disk_takes(tmp_path: Path, mark: str) -> None:
    stem = saving.make_stem(mark * 300, WHEN, LABEL)
    sandbox = SandboxFile(path=f"out/{'x' * 100}.{'y' * 100}")
    saved = [
        saving.save_media(
            made(picture(), "image/webp"), LocalFolder(tmp_path), stem, taken={f"{stem}-{n}.png" for n in range(999)}
        ),
        saving.save_report("x", LocalFolder(tmp_path), saving.iter_report_names(stem)),
        saving.save_sandbox_file(b"x", LocalFolder(tmp_path), stem, sandbox),
    ]
    assert all(len(file.name.encode()) <= 143 for file in saved)
    assert all(file.name.isprintable() and file.name == unicodedata.normalize("NFC", file.name) for file in saved)


def test_an_extension_that_ends_with_a_dot_is_none(tmp_path: Path) -> None:
    assert (
        saving.save_sandbox_file(b"x", LocalFolder(tmp_path), "red", SandboxFile(path="out/red.…")).name == "red-1.bin"
    )


def preview(path: Path, **options: int) -> bytes | None:
    with path.open("rb") as file:
        return pictures.make_preview(file, **options)


def shown(content: bytes | None) -> Image.Image:
    assert content is not None
    assert len(content) <= pictures.PREVIEW_BYTES
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG"
    return image


def stored(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.slow
def test_a_preview_is_small(tmp_path: Path) -> None:
    large = stored(tmp_path / "large.png", picture(size=(3000, 1500)))
    assert shown(preview(large)).size == (1024, 512)
    small = stored(tmp_path / "small.png", picture(size=(30, 15)))
    assert shown(preview(small)).size == (30, 15)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "expected"), [(1000, 1000), (1024, 1024)])
def test_a_noisy_picture_loses_quality_rather_than_fit(tmp_path: Path, side: int, expected: int) -> None:
    noise = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    noise.save(tmp_path / "noise.png", compress_level=0)
    assert shown(preview(tmp_path / "noise.png")).width == expected


def test_a_picture_too_noisy_for_any_quality_is_halved() -> None:
    noise = Image.frombytes("RGB", (512, 512), os.urandom(512 * 512 * 3))
    small = pictures.encode_small_jpeg(noise, 20_000)
    assert len(small) <= 20_000
    assert shown(small).width < 512


@pytest.mark.slow
def test_a_preview_is_as_small_as_it_has_to_be(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (900, 600), os.urandom(900 * 600 * 3))
    noise.save(tmp_path / "noise.png", compress_level=0)
    small = preview(tmp_path / "noise.png", side=512, size=60_000)
    assert shown(small).size == (512, 341)
    assert len(small or b"") <= 60_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_a_preview_honours_the_orientation(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = stored(tmp_path / "sideways", picture(kind, size=(2000, 1000), exif=exif))
    assert shown(preview(sideways)).size == (512, 1024)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_turns_white(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 8)).save(tmp_path / "clear.png")
    assert shown(preview(tmp_path / "clear.png")).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_every_colour_mode_has_a_preview(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 8)).save(tmp_path / "x.tiff")
    assert shown(preview(tmp_path / "x.tiff")).mode == "RGB"


def test_what_is_no_picture_has_no_preview(tmp_path: Path) -> None:
    assert preview(stored(tmp_path / "text.png", b"text")) is None
    assert preview(stored(tmp_path / "half.png", picture(size=(500, 500))[:200])) is None


def test_a_decompression_bomb_is_not_decoded(tmp_path: Path) -> None:
    bomb = bytearray(picture())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    assert Image.open(io.BytesIO(bomb)).size == (60_000, 60_000)
    assert preview(stored(tmp_path / "bomb.png", bytes(bomb))) is None
    saved = saving.save_media(made(bytes(bomb), "image/png"), LocalFolder(tmp_path), "bomb")
    assert (saved.width, saved.height) == (None, None)


def test_the_types_are_those_of_the_installed_google_genai() -> None:
    from google.genai._gaos.types.interactions import audiocontent, documentcontent, imagecontent, videocontent

    for module, name in (
        (imagecontent, "ImageContentMimeType"),
        (audiocontent, "AudioContentMimeType"),
        (videocontent, "VideoContentMimeType"),
        (documentcontent, "DocumentContentMimeType"),
    ):
        theirs = set(typing.get_args(typing.get_args(getattr(module, name))[0]))
        ours = set(media_types.MIME_TYPES[name.removesuffix("ContentMimeType").lower()])
        assert ours <= theirs
        assert theirs - ours <= {"audio/mp3", "audio/l16", "audio/alaw", "audio/mulaw", "video/mpg"}
