"""An object store for files, which servers on several machines share: S3 and what speaks its protocol.

What an error of the store says may have addresses in it that are nobody's business, so users are told only its kind;
the log has the cause.
Everything here blocks.
"""

import errno
import os
import posixpath
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from io import BufferedReader
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from gemini_interactions_mcp.core import ConfigurationError, Outage, folders, quote_name
from gemini_interactions_mcp.models import SavedFile
from gemini_interactions_mcp.settings import find_wrong_store_variable

from .places import Placed, locate_local
from .store_causes import describe_store_cause

try:
    import obstore
    from obstore import exceptions
    from obstore.store import from_url
except ImportError as exc:
    raise ConfigurationError(
        "GEMINI_MCP_OUTPUT_URL needs an extra: pip install 'gemini-interactions-mcp[team]'."
    ) from exc

WHOLE_PUT_BYTES: Final = 16 * 2**20
"""Maximum size of a file that one request carries, out of memory; a larger one goes in parts."""

CHUNK_BYTES: Final = 2**20
"""Bytes of an object that are read at a time."""

CLIENT_OPTIONS: Final = {"connect_timeout": "5s", "timeout": "120s"}
RETRY_OPTIONS: Final[dict[str, Any]] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
"""A store that is down is told within seconds: what is to be saved stays at Google meanwhile."""

ERROR_REASONS: Final = (
    (exceptions.UnauthenticatedError, "it does not accept the credentials"),
    (exceptions.PermissionDeniedError, "it refuses access"),
    (FileNotFoundError, "there is no such bucket"),
    ((exceptions.NotSupportedError, NotImplementedError), "it does not support what is needed"),
)

STORE_ERRORS: Final = (exceptions.BaseError, OSError, NotImplementedError)
"""What obstore raises."""


class ObjectStatus(NamedTuple):
    """The size of an object, and its version, which changes with the content; None where the store tells none."""

    size: int
    version: str | None


class ObjectStore:
    """A folder of an object store.

    Args:
        store: The store, at its root.
        address: Its address without a slash at the end, as paths of saved files begin.
        folder: The folder below; empty for all.
        outage: Tells the log when the store cannot be used.
    """

    def __init__(self, store: Any, address: str, folder: str = "", outage: Outage | None = None) -> None:  # noqa: ANN401 - a union of classes
        self._store = store
        self._root = address
        self._folder = folder
        self._address = f"{address}/{folder}" if folder else address
        self._outage = outage or Outage("The object store cannot be used: %s", "The object store can be used again")

    @property
    def title(self) -> str:
        """Its kind: the address is the administrator's business."""
        return "the object store of this server"

    @property
    def roots(self) -> tuple[Path, ...]:
        """None."""
        return ()

    def add(self, content: folders.FileContent, names: Iterable[str]) -> Placed | None:
        """Write an object, and overwrite none; as `Place` says."""
        try:
            name = next((name for name in names if self._publish(content, self._at(name))), None)
        except STORE_ERRORS as exc:
            raise self.make_unusable_error(exc) from exc
        self._outage.end()
        return None if name is None else Placed(PurePosixPath(name).name, f"{self._address}/{name}")

    def beside(self, target: PurePath, modes: folders.FileModes) -> "ObjectStore":
        """Return the folder of a relative path."""
        del modes
        parent = target.parent.as_posix()
        return self if parent == "." else self.below(parent)

    def below(self, name: str) -> "ObjectStore":
        """Return a folder in this one."""
        return ObjectStore(self._store, self._root, self._at(name), self._outage)

    def spell(self, target: PurePath) -> str:
        """Return the address of a relative path."""
        return f"{self._address}/{target.as_posix()}"

    def target(self, file: SavedFile) -> Path:
        """Return the path of an object below this folder, or its name."""
        within = self._within(file.path)
        return Path(within) if within else Path(PurePosixPath(file.name).name)

    def locate(self, file: SavedFile) -> Path | None:
        """Return the path of a file that was saved before there was a store."""
        return locate_local(file)

    def contains(self, file: SavedFile) -> bool:
        """Whether an object is there; also where the store cannot say."""
        if not self.owns(file.path):
            return False
        try:
            self.status(file.path)
        except FileNotFoundError:
            return False
        except STORE_ERRORS:
            return True
        return True

    def relate(self, file: SavedFile) -> str:
        """Return a relative path."""
        return posixpath.relpath(file.path, self._address) if file.path.startswith(f"{self._root}/") else file.name

    def open_nameless(self) -> BinaryIO:
        """Open a file without a name on this machine."""
        return open_scratch_file()

    def sweep(self, seconds: float) -> None:
        """Remove nothing: no object is ever half-written."""
        del seconds

    def discard(self, name: str) -> bool:
        """Remove an object that nothing else is known of."""
        try:
            obstore.head(self._store, self._at(name))
            obstore.delete(self._store, self._at(name))
        except FileNotFoundError:
            return False
        except STORE_ERRORS as exc:
            raise self.make_unusable_error(exc) from exc
        return True

    def owns(self, path: str) -> bool:
        """Whether a path is that of an object in this folder."""
        return self._within(path) is not None

    def status(self, path: str) -> ObjectStatus:
        """Return what the store tells of an object.

        Raises:
            FileNotFoundError: There is none.
            OSError: The store cannot be used.
        """
        with suppress(ValueError):
            found = obstore.head(self._store, self._key(path))
            return ObjectStatus(found["size"], found["e_tag"])
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def read(self, path: str, size: int) -> BufferedReader:
        """Copy an object of a known size into a file without a name, and open that at its start.

        Raises:
            FileNotFoundError: There is none.
            ConfigurationError: The file cannot be written.
            BaseError: The store cannot be used.
        """
        with open_scratch_file() as file:
            for chunk in obstore.get(self._store, self._key(path)).stream(min_chunk_size=CHUNK_BYTES):
                write_all(file, memoryview(chunk))
                if file.tell() > size:
                    break
            file.seek(0)
            return os.fdopen(os.dup(file.fileno()), "rb")

    def remove(self, path: str, version: str | None) -> bool:
        """Remove an object of a version, and return whether it did."""
        if self.status(path).version != version:
            return False
        obstore.delete(self._store, self._key(path))
        return True

    def replace(self, content: bytes | bytearray, path: str, version: str | None) -> bool:
        """Replace an object of a version, and return whether it was replaced."""
        try:
            obstore.put(self._store, self._key(path), bytes(content), mode={"e_tag": version} if version else {})
        except exceptions.PreconditionError:
            return False
        except (exceptions.NotSupportedError, NotImplementedError):
            if self.status(path).version != version:
                return False
            obstore.put(self._store, self._key(path), bytes(content))
        return True

    def check_writable(self) -> None:
        """Write an object and remove it."""
        key = self._at(f".{uuid.uuid4().hex}.trial")
        try:
            obstore.put(self._store, key, b"x", mode="create")
            obstore.delete(self._store, key)
        except STORE_ERRORS as exc:
            raise self.make_unusable_error(exc) from exc
        self._outage.end()

    def make_unusable_error(self, exc: Exception) -> ConfigurationError:
        """Return the error about a store that cannot be used; the log has the cause."""
        self.log_failure(exc)
        why = next(
            (reason for kind, reason in ERROR_REASONS if isinstance(exc, kind)), "it does not answer as it should"
        )
        return ConfigurationError(
            f"Cannot write to {self.title}: {why}. The administrator sets it with GEMINI_MCP_OUTPUT_URL.",
            brief=f"Cannot write to {self.title}.",
        )

    def log_failure(self, exc: Exception) -> None:
        """Tell the log why the store cannot be used, once for each outage."""
        self._outage.begin(describe_store_cause(exc))

    def _at(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    def _within(self, path: str) -> str | None:
        name = path.removeprefix(f"{self._address}/")
        return None if name == path or {"", ".", ".."} & set(name.split("/")) else name

    def _key(self, path: str) -> str:
        name = self._within(path)
        if name is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self._at(name)

    def _publish(self, content: folders.FileContent, key: str) -> bool:
        """Write an object unless its key is taken."""
        try:
            if isinstance(content, bytes | bytearray):
                obstore.put(self._store, key, bytes(content), mode="create")
            else:
                self._publish_file(content, key)
        except exceptions.AlreadyExistsError:
            return False
        return True

    def _publish_file(self, content: BinaryIO, key: str) -> None:
        """Write an object from an open file."""
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        if size <= WHOLE_PUT_BYTES:
            obstore.put(self._store, key, content.read(), mode="create")
            return
        # No store takes parts under a condition, so the key is claimed first.
        obstore.put(self._store, key, b"", mode="create")
        try:
            obstore.put(self._store, key, content, use_multipart=True)
        except BaseException:
            with suppress(*STORE_ERRORS):
                obstore.delete(self._store, key)
            raise


def open_object_store(url: str, folder: str = "") -> ObjectStore:
    """Open a store by its address, whose query may have the store's options: `s3://bucket/prefix?endpoint=…`.

    Options that are not there come from the environment: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on.

    Raises:
        ConfigurationError: The address is wrong.
    """
    if wrong := find_wrong_store_variable():
        raise ConfigurationError(
            f"{quote_name(wrong)} is wrong: it has white space in it, or is no address that begins with http:// or "
            "https://."
        )
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    options = dict(parse_qsl(parts.query))
    make: Any = from_url  # its overloads want the options by their names
    try:
        if parts.scheme == "file":
            Path(parts.path).mkdir(parents=True, exist_ok=True, mode=0o700)
            store = make(address)
        else:
            client = {**CLIENT_OPTIONS, "allow_http": "true"}
            store = make(address, config=options, client_options=client, retry_config=RETRY_OPTIONS)
    except (*STORE_ERRORS, ValueError, TypeError) as exc:
        raise ConfigurationError("GEMINI_MCP_OUTPUT_URL: its address or an option in it is wrong.") from exc
    return ObjectStore(store, address, folder)


def open_scratch_file() -> BinaryIO:
    """Open a new file without a name in the directory for temporary files.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        return tempfile.TemporaryFile(buffering=0)  # pyright: ignore[reportReturnType] - without a buffer, it is raw
    except OSError as exc:
        raise ConfigurationError(f"No temporary file can be written: {exc.strerror}.") from exc


def write_all(file: BinaryIO, chunk: memoryview) -> None:
    """Write a chunk, of which a file without a buffer may take a part at a time."""
    while chunk:
        chunk = chunk[file.write(chunk) :]
