"""Puts files into the sandboxes of agents before an interaction is started there.

What is small travels inside the request. Anything else is uploaded into an environment that is made first; making it
is free, outlives the call that began it, because hosts abandon calls, and ends with the next identical call, which
takes the environment for its interaction. One that nobody takes is deleted by Google.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BufferedReader
from typing import Final, Protocol

import anyio
import anyio.to_thread

from gemini_interactions_mcp.core import (
    FileRefusedError,
    GeminiMCPError,
    StillUploadingError,
    TaskStarter,
    Timing,
    logger,
    quote_name,
)
from gemini_interactions_mcp.models import (
    NEW_ENVIRONMENT,
    BytesSentCallback,
    Request,
    Sandbox,
    SandboxInput,
    UploadSource,
    get_repository_directory,
)
from gemini_interactions_mcp.settings import Settings

from .boundary import Boundary
from .inspection import Inspection, LocalFile
from .opening import FileOpener
from .path_errors import translate_path_errors
from .recognition import make_changed_error
from .sandbox_names import name_sandbox_files
from .saved_files import SavedFiles
from .upload_cache import HashingReader, get_file_version, hash_file

MAX_INLINE_BYTES: Final = 75_000
"""Maximum size of the files inside a request, all together and as they are sent: the API documents 75 KB for a source
(https://ai.google.dev/gemini-api/docs/antigravity-agent), and it is not known whether it adds them up."""

NEW_ENVIRONMENTS: Final = (None, NEW_ENVIRONMENT)

StagingReport = Callable[[float, float, str], Awaitable[None]]
"""Receives the bytes sent so far, the bytes to send, and a message."""

StagingKey = tuple[object, ...]
"""What makes two sandboxes the same before anything has run in them."""


class SandboxMaker(Protocol):
    """The API's environments."""

    async def create(self, sandbox: Sandbox) -> str:
        """Make an environment and return its id."""
        ...

    async def delete(self, environment_id: str) -> None:
        """Delete an environment."""
        ...

    async def upload(
        self, environment_id: str, path: str, source: UploadSource, size: int, moved: BytesSentCallback
    ) -> str:
        """Upload a file into an environment and return its path there."""
        ...


@dataclass(frozen=True)
class PlacedFile:
    """A file on this computer, and its path in an environment."""

    file: LocalFile
    path: str


@dataclass(eq=False)
class Staging:
    """An environment that is being filled, or waits to be taken.

    Attributes:
        total: Bytes to send.
        before: Bytes of the files that have been sent.
        sent: Bytes sent of the present file.
        name: Name of the present file.
        made: Whether the environment is made for it, and ends with it if nobody takes it.
        environment_id: Id of the environment, once it exists.
        inputs: The files, once all are there.
        error: Why it failed.
        ended_at: When it was filled.
        done: Set once it has ended in any way.
    """

    total: int
    made: bool
    before: int = 0
    sent: int = 0
    name: str = ""
    environment_id: str = ""
    inputs: tuple[SandboxInput, ...] = ()
    error: Exception | None = None
    ended_at: float = 0.0
    done: anyio.Event = field(default_factory=anyio.Event)

    def record(self, sent: int) -> None:
        """Record the number of bytes sent of the present file."""
        self.sent = sent

    def describe(self) -> str:
        """Return `Uploading film.mp4 into the agent's sandbox`."""
        return f"Uploading {self.name} into the agent's sandbox" if self.name else "Preparing the agent's sandbox"

    async def wait(self, interval: float, report: StagingReport | None) -> None:
        """Report progress until it has ended in any way."""
        most = -1
        while not self.done.is_set():
            if report and (moved := min(self.before + self.sent, self.total)) > most:
                most = moved
                await report(moved, self.total, self.describe())
            with anyio.move_on_after(interval):
                await self.done.wait()


class SandboxFiles:
    """Puts the files of requests into the sandboxes of agents.

    Args:
        settings: Which directories are allowed.
        service: The API's environments.
        tasks: Runs the uploads.
        timing: Interval of progress reports, and how long a filled environment waits to be taken.
        saved: The files that this server keeps.
    """

    def __init__(
        self, settings: Settings, service: SandboxMaker, tasks: TaskStarter, timing: Timing, saved: SavedFiles
    ) -> None:
        self._opener = FileOpener(Boundary.of(settings), saved)
        self._service = service
        self._tasks = tasks
        self._timing = timing
        self._stagings: dict[StagingKey, Staging] = {}

    async def put(
        self, request: Request, given: Inspection, *, seconds: float, report: StagingReport | None = None
    ) -> Request:
        """Return a request whose sandbox has the files, all of them unchanged since their inspection.

        Raises:
            FileRefusedError: A file was changed, or can no longer be read.
            StillUploadingError: The uploads take longer than `seconds`; they continue.
            GeminiMCPError: The environment could not be made, or an upload failed.
        """
        sandbox = request.sandbox or Sandbox()
        reserved = [get_repository_directory(sandbox.repository).rpartition("/")[2]] if sandbox.repository else []
        paths = name_sandbox_files([file.name for file in given.files], reserved)
        placed = [PlacedFile(*each) for each in zip(given.files, paths, strict=True)]
        inline = await anyio.to_thread.run_sync(self._read_inline, placed)
        if inline is not None:
            return request.model_copy(update={"sandbox": sandbox.model_copy(update={"files": inline})})
        existing = None if request.environment in NEW_ENVIRONMENTS else request.environment
        with anyio.move_on_after(seconds):
            key = (request.contents_digest, sandbox.repository, sandbox.network, existing)
            staging = await self._take(key, sandbox, placed, existing, report)
            changes = {"files": staging.inputs, "prepared_id": None if existing else staging.environment_id}
            return request.model_copy(update={"sandbox": sandbox.model_copy(update=changes)})
        raise StillUploadingError(
            "The files are still being uploaded into the agent's sandbox. Nothing has been asked or charged yet: call "
            "again with the same arguments to continue."
        )

    def discard(self, request: Request) -> None:
        """Delete, in the background, the environment of a request that is not sent. Returns at once."""
        if request.sandbox and request.sandbox.prepared_id:
            self._tasks.start_soon(self._delete, request.sandbox.prepared_id)

    def _read_inline(self, placed: Sequence[PlacedFile]) -> tuple[SandboxInput, ...] | None:
        """Return the files with their contents; None if they are too large for that."""
        if sum(each.file.size for each in placed) > MAX_INLINE_BYTES:
            return None
        inputs = tuple(self._read(each) for each in placed)
        sizes = (measure_json(each.content or "") for each in inputs)
        return inputs if sum(sizes) <= MAX_INLINE_BYTES else None

    def _read(self, placed: PlacedFile) -> SandboxInput:
        known = placed.file
        with translate_path_errors(known.source), self._opener.open(known, whole=True) as stream:
            content = stream.read(known.size + 1)
        if hashlib.sha256(content).hexdigest() != known.sha256:
            raise make_changed_error(known)
        text, encoding = encode_content(content)
        return SandboxInput(path=placed.path, bytes=len(content), content=text, encoding=encoding)

    async def _take(
        self,
        key: StagingKey,
        sandbox: Sandbox,
        placed: Sequence[PlacedFile],
        existing: str | None,
        report: StagingReport | None,
    ) -> Staging:
        """Return a filled environment that no other call has taken: two interactions never begin in the same one."""
        while True:
            staging = self._find(key)
            if staging is None:
                staging = self._stagings[key] = Staging(sum(each.file.size for each in placed), made=not existing)
                self._tasks.start_soon(self._drive, staging, key, sandbox, placed, existing)
            await staging.wait(self._timing.upload_report, report)
            if staging.error is not None:
                raise staging.error
            if self._stagings.get(key) is staging:
                del self._stagings[key]
                return staging

    def _find(self, key: StagingKey) -> Staging | None:
        """Return what is being filled, or was, unless it has waited for too long."""
        staging = self._stagings.get(key)
        if staging is None or not staging.done.is_set():
            return staging
        if anyio.current_time() - staging.ended_at <= self._timing.staged:
            return staging
        del self._stagings[key]
        if staging.made:
            self._tasks.start_soon(self._delete, staging.environment_id)
        return None

    async def _drive(
        self,
        staging: Staging,
        key: StagingKey,
        sandbox: Sandbox,
        placed: Sequence[PlacedFile],
        existing: str | None,
    ) -> None:
        try:
            staging.environment_id = existing or await self._service.create(sandbox)
            staging.inputs = tuple([await self._send(staging, each) for each in placed])
        except Exception as exc:  # noqa: BLE001 - the waiting calls raise it; in the task group it would end the server
            staging.error = exc
            del self._stagings[key]
            if staging.environment_id and staging.made:
                self._tasks.start_soon(self._delete, staging.environment_id)
        finally:
            staging.ended_at = anyio.current_time()
            staging.done.set()

    async def _send(self, staging: Staging, placed: PlacedFile) -> SandboxInput:
        """Upload a file.

        Raises:
            FileRefusedError: It was changed after its inspection, or while it was sent.
        """
        staging.name, staging.sent = placed.file.name, 0
        with ExitStack() as opened:
            known, stream = await anyio.to_thread.run_sync(self._open_unchanged, placed.file, opened, staging)
            source = HashingReader(stream)
            path = await self._service.upload(staging.environment_id, placed.path, source, known.size, staging.record)
            same = get_file_version(stream) == known.version and source.hexdigest(known.size) in (None, known.sha256)
        if not same:
            raise make_changed_upload_error(known, staging)
        staging.before += known.size
        return SandboxInput(path=path, bytes=known.size)

    def _open_unchanged(
        self, known: LocalFile, opened: ExitStack, staging: Staging
    ) -> tuple[LocalFile, BufferedReader]:
        """Open a file as it was inspected, and return it with its present version. Blocks.

        Raises:
            FileRefusedError: It was changed.
        """
        with translate_path_errors(known.source):
            stream = opened.enter_context(self._opener.open(known, whole=True))
            version = get_file_version(stream)
            # A file may have been saved again without a change.
            if version != known.version and hash_file(stream) != known.sha256:
                raise make_changed_upload_error(known, staging)
            stream.seek(0)
        return replace(known, version=version), stream

    async def _delete(self, environment_id: str) -> None:
        try:
            await self._service.delete(environment_id)
        except GeminiMCPError as exc:
            logger.info("The sandbox %s is left to Google, which deletes it after 7 days: %s", environment_id, exc)


def make_changed_upload_error(known: LocalFile, staging: Staging) -> FileRefusedError:
    """Return the error for a file that changed before or while it was sent; other files may have been sent before."""
    rest = "" if staging.made else f" What was sent until then is in the sandbox {quote_name(staging.environment_id)}."
    return FileRefusedError(
        f"{quote_name(known.source)} was changed while files were sent into the agent's sandbox: the task was not "
        f"started, and nothing is charged.{rest} Call again to give it as it is now."
    )


def measure_json(text: str) -> int:
    """Return the bytes of a text inside a request, in which control characters, quotes and backslashes are escaped."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def encode_content(content: bytes) -> tuple[str, str | None]:
    """Return a content as text, or in base64 with the name of that encoding."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode(), "base64"
    return (base64.b64encode(content).decode(), "base64") if "\0" in text else (text, None)
