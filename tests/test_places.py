"""Object stores as places of saved files: nothing is overwritten, and only what was saved is read or removed."""

import io
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import obstore
import pytest
from obstore import exceptions
from pydantic import SecretStr

from gemini_interactions_mcp.core import folders
from gemini_interactions_mcp.core.errors import ConfigurationError, FileGoneError, FileRefusedError, InputError
from gemini_interactions_mcp.core.principals import OWNER, Principal
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.files.saved_files import SavedFiles, is_absent
from gemini_interactions_mcp.models.interactions import SavedFile
from gemini_interactions_mcp.output import objects, saving
from gemini_interactions_mcp.output.objects import ObjectStore, open_object_store
from gemini_interactions_mcp.output.places import LocalFolder, name_principal_folder, open_place
from gemini_interactions_mcp.settings import Settings
from storing import SECRET, Bucket, ObjectServer

ALICE = Principal("token:Alice", remote=True)


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"file://{tmp_path.as_posix()}/store"
    return request.getfixturevalue("bucket").url


@pytest.fixture
def store(url: str) -> ObjectStore:
    return open_object_store(url, "alice")


@pytest.fixture
def saved(store: ObjectStore, tmp_path: Path) -> SavedFiles:
    return SavedFiles(Boundary((tmp_path,), tmp_path), store)


def save(store: ObjectStore, content: Any = b"content", names: tuple[str, ...] = ("a b.txt", "other.txt")) -> SavedFile:
    return saving.write_new_file(content, "text/plain", store, iter(names))


def test_a_file_is_read_while_it_is_what_was_saved(store: ObjectStore, saved: SavedFiles, url: str) -> None:
    file = save(store)
    assert (file.name, file.path) == ("a b.txt", f"{url.partition('?')[0]}/alice/a b.txt")
    assert saved.content(file) == b"content"
    assert saved.check_all([file]) == []
    assert saved.holds(file, b"content")
    assert not is_absent(file, store)
    assert store.replace(b"changed", file.path, store.status(file.path).version)
    with pytest.raises(FileRefusedError, match=r"a b\.txt was changed or moved; left alone"):
        saved.opened(file)
    assert saved.remove_all([file]) == ["File kept: a b.txt was changed or moved; left alone."]


def test_nothing_is_overwritten(store: ObjectStore, saved: SavedFiles) -> None:
    first, second = save(store), save(store, b"another")
    assert second.name == "other.txt"
    assert saved.content(first) == b"content"
    with pytest.raises(InputError, match="exists already"):
        save(store, b"third")


@pytest.mark.parametrize("size", [3, 17])
def test_a_large_file_goes_in_parts(
    store: ObjectStore, saved: SavedFiles, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "WHOLE_PUT_BYTES", 8)
    file = save(store, io.BytesIO(b"x" * size))
    assert saved.content(file) == b"x" * size
    assert save(store, io.BytesIO(b"y" * size)).name == "other.txt"
    assert saved.content(file) == b"x" * size


def test_parts_that_do_not_arrive_free_the_name(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "WHOLE_PUT_BYTES", 8)

    class Broken(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError("broken")

    with pytest.raises(ConfigurationError, match="it does not answer"):
        save(store, Broken(b"x" * 20))
    assert save(store).name == "a b.txt"


def test_a_file_is_removed_once(store: ObjectStore, saved: SavedFiles) -> None:
    file = save(store)
    assert saved.remove_all([file]) == ["File a b.txt: deleted."]
    assert is_absent(file, store)
    assert saved.remove_all([file]) == ["File a b.txt: it was not there."]
    assert saved.check_all([file]) == ["a b.txt is not there any more."]


def test_a_file_is_replaced_only_in_its_version(store: ObjectStore, saved: SavedFiles) -> None:
    file = save(store)
    replaced = saved.replace(file, b"anew")
    assert saved.content(replaced) == b"anew"
    assert saved.adopt(file, b"anew") == replaced
    with pytest.raises(FileRefusedError, match="changed or moved"):
        saved.replace(file, b"again")
    assert not store.replace(b"again", file.path, '"another"')
    assert not store.remove(file.path, '"another"')


def test_another_folder_of_the_store_is_out_of_reach(url: str, store: ObjectStore, tmp_path: Path) -> None:
    file = save(store)
    other = open_object_store(url, "bob")
    theirs = SavedFiles(Boundary((tmp_path,), tmp_path), other)
    with pytest.raises(FileGoneError, match="saved in another store"):
        theirs.opened(file)
    assert is_absent(file, other)
    sly = file.model_copy(update={"path": file.path.replace("/alice/", "/bob/../alice/")})
    with pytest.raises(FileGoneError):
        theirs.opened(sly)
    with pytest.raises(FileNotFoundError):
        other.status(file.path)


def test_without_the_store_its_files_are_somewhere_else(store: ObjectStore, tmp_path: Path) -> None:
    file = save(store)
    assert is_absent(file, LocalFolder(tmp_path))
    with pytest.raises(FileGoneError):
        SavedFiles(Boundary((tmp_path,), tmp_path)).opened(file)


def test_names_lead_into_folders_below(store: ObjectStore, saved: SavedFiles) -> None:
    target = PurePosixPath("charts/new/pie.png")
    below = store.beside(target, folders.ORDINARY_MODES)
    file = saving.write_new_file(b"pie", "image/png", below, [target.name])
    assert file.path == store.spell(target)
    assert saved.content(file) == b"pie"
    assert store.target(file).as_posix() == "charts/new/pie.png"
    assert below.relate(save(store)) == "../../a b.txt"
    assert store.beside(PurePosixPath("pie.png"), folders.ORDINARY_MODES) is store
    elsewhere = SavedFile(name="x.png", path="/home/x.png", mime_type="image/png", bytes=1)
    assert (store.target(elsewhere).as_posix(), store.relate(elsewhere)) == ("x.png", "x.png")
    assert LocalFolder(Path("/home")).relate(file) == file.path


def test_what_can_be_written_is_tried_without_a_trace(store: ObjectStore, url: str) -> None:
    store.check_writable()
    assert save(store, names=("x",)).name == "x"
    store.sweep(0)
    if url.startswith("file"):
        assert [path.name for path in Path(url.removeprefix("file://")).rglob("*") if path.is_file()] == ["x"]


def test_an_object_that_changes_at_the_last_moment_is_left(
    store: ObjectStore, saved: SavedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(store)

    def refuse(*_: object) -> bool:
        return False

    monkeypatch.setattr(ObjectStore, "remove", refuse)
    monkeypatch.setattr(ObjectStore, "replace", refuse)
    with pytest.raises(FileRefusedError, match="changed or moved"):
        saved.remove(file)
    with pytest.raises(FileRefusedError, match="changed or moved"):
        saved.replace(file, b"anew")


def test_a_machine_without_room_for_a_copy_reads_nothing(
    store: ObjectStore, saved: SavedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(store)

    def fail(**_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    with pytest.raises(FileRefusedError, match="No temporary file can be written: No space left on device"):
        saved.opened(file)


def test_a_store_that_does_not_answer_may_have_its_files(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save(store)

    def fail(*_: object, **__: object) -> Any:
        raise exceptions.GenericError("down")

    monkeypatch.setattr(obstore, "head", fail)
    assert not is_absent(file, store)
    monkeypatch.setattr(obstore, "put", fail)
    with pytest.raises(ConfigurationError, match="it does not answer"):
        save(store)
    with store.open_nameless() as scratch:
        scratch.write(b"x")


@pytest.mark.slow
def test_a_store_that_is_down_says_so(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(objects, "RETRY_OPTIONS", {"max_retries": 0})
    bucket.address = "http://127.0.0.1:9"
    store = open_object_store(bucket.url)
    with pytest.raises(ConfigurationError) as caught:
        save(store)
    with pytest.raises(ConfigurationError):
        store.check_writable()
    file = SavedFile(name="x", path=store.spell(PurePosixPath("x")), mime_type="text/plain", bytes=1, sha256="0")
    with pytest.raises(FileRefusedError, match="cannot be read now") as refused:
        SavedFiles(Boundary((tmp_path,), tmp_path), store).opened(file)
    assert not is_absent(file, store)
    for told in (str(caught.value), str(refused.value), caplog.text):
        assert SECRET not in told
        assert bucket.name not in told


@pytest.mark.slow
def test_a_missing_bucket_is_told(object_server: ObjectServer) -> None:
    store = open_object_store(Bucket(object_server.address, "no-such-bucket").url)
    with pytest.raises(ConfigurationError, match="there is no such bucket"):
        save(store)


def test_principals_have_folders_of_their_own(settings: Settings, tmp_path: Path) -> None:
    assert name_principal_folder("") == ""
    assert name_principal_folder("token:Alice").startswith("token-alice-")
    assert len({name_principal_folder(name) for name in ("a/b", "a-b", "A-b", "ä", "ö", "../x")}) == 6
    local = open_place(settings, OWNER)
    assert local.roots == (settings.output_dir,)
    assert not local.contains(SavedFile(name="x", path="/x", mime_type="text/plain", bytes=1))
    store = open_place(
        settings.model_copy(update={"output_url": SecretStr(f"file://{tmp_path.as_posix()}/store")}), ALICE
    )
    assert store.roots == ()
    assert store.spell(PurePosixPath("x")).endswith(f"/store/{name_principal_folder(ALICE.name)}/x")


def test_a_wrong_option_is_told_without_its_value() -> None:
    with pytest.raises(ConfigurationError, match="an option in it is wrong") as caught:
        open_object_store(f"s3://bucket?nonsense={SECRET}")
    assert SECRET not in str(caught.value)


@pytest.mark.slow
def test_credentials_and_the_endpoint_come_from_the_environment(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ACCESS_KEY_ID", "team"), ("SECRET_ACCESS_KEY", SECRET), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.address)
    save(open_object_store(f"s3://{bucket.name}/plain"))
    assert bucket.list() == ["plain/a b.txt"]
    settings = Settings.from_environ({"GEMINI_MCP_OUTPUT_URL": bucket.url})
    assert settings.secrets.count(SECRET) == 1
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "minio:9000"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1 "),
        ("AWS_SECRET_ACCESS_KEY", "canary-word\n"),
        ("aws_session_token", "canary word"),
        ("AWS_ENDPOINT_URL_S3", "127.0.0.1:9000"),
    ],
)
def test_a_variable_that_the_library_cannot_work_with_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=rf"^{name} is wrong") as told:
        open_object_store("s3://bucket/files")
    assert "canary" not in str(told.value)


def test_variables_that_are_right_or_empty_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_SESSION_TOKEN": "", "AWS_REGION": "eu"}.items():
        monkeypatch.setenv(name, value)
    assert open_object_store("s3://bucket/files").title == "the object store of this server"
