"""The environments of managed agents: made, filled, listed and deleted; all of it is free."""

import bisect
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final

import anyio

from gemini_interactions_mcp.core import InputError, InteractionNotFoundError, NetworkError, Timing, lenient
from gemini_interactions_mcp.models import BytesSentCallback, Sandbox, SandboxFile, UploadSource

from .access import ApiAccess
from .calls import Call
from .exchange import Exchange, track_exchange
from .requests import encode_environment_path, encode_path_segment
from .responses import normalize_sandbox_path, parse_environment_files
from .sandbox_requests import build_network, build_sources

MAX_ENVIRONMENT_ENTRIES: Final = 5_000
"""Maximum number of entries read from the list of an environment's files; installed packages can be endless."""

MAX_LISTED_FOLDERS: Final = 50
"""Maximum number of folders that are listed one by one, where a list is not recursive."""


class SandboxService:
    """The environments of one API key; Google deletes one 7 days after its last use.

    Args:
        access: Sends the calls.
        timing: Deadline of an upload.

    Source: https://ai.google.dev/gemini-api/docs/antigravity-agent
    """

    def __init__(self, access: ApiAccess, timing: Timing) -> None:
        self._access = access
        self._timing = timing

    async def create(self, sandbox: Sandbox) -> str:
        """Make an environment with the repository, the network and the inline files of a sandbox; return its id.

        Raises:
            GeminiMCPError: Google refused it, or did not answer.
        """
        made: Any = (await self._access.open()).aio.environments.with_streaming_response
        wanted = {"sources": build_sources(sandbox), "network": build_network(sandbox.network)}
        given = {name: value for name, value in wanted.items() if value}
        told = await self._access.send(
            self._access.about(), lambda exchange: receive_environment(made.create_environment(**given), exchange)
        )
        environment_id = lenient.get_text(lenient.coerce_object(told).get("id"))
        if not environment_id:
            raise NetworkError("Google has made a sandbox without naming it. Call again.")
        return environment_id.removeprefix("environments/")

    async def delete(self, environment_id: str) -> None:
        """Delete an environment.

        Raises:
            GeminiMCPError: It was not deleted, or did not exist.
        """
        api: Any = (await self._access.open()).aio.environments
        call = self._access.about(file="files", environment_id=environment_id)
        await self._access.send(call, lambda _: api.delete(id=encode_path_segment(environment_id)))

    async def exists(self, environment_id: str) -> bool:
        """Whether Google has an environment.

        Raises:
            GeminiMCPError: It could not be asked.
        """
        api: Any = (await self._access.open()).aio.environments.with_streaming_response
        call = self._access.about(environment_id=environment_id)
        try:
            await self._access.send(
                call,
                lambda exchange: receive_environment(
                    api.get_environment(id=encode_path_segment(environment_id)), exchange
                ),
            )
        except InteractionNotFoundError:
            return False
        return True

    async def upload(
        self, environment_id: str, path: str, source: UploadSource, size: int, moved: BytesSentCallback
    ) -> str:
        """Upload a file into an environment, in place of one of the same name; return its path there.

        Raises:
            GeminiMCPError: Google refused it, or the connection broke too often.
        """
        transfer = await self._access.uploads()
        segment, place = encode_path_segment(environment_id), encode_environment_path(path)
        # The upload URL must not be redacted; `ResumableUpload` redacts the errors.
        call = Call(file=path, environment_id=environment_id)
        address = await self._access.send(call, lambda _: transfer.start_in_environment(segment, place, size))
        with (
            track_exchange(self._access.about(file=path, environment_id=environment_id)),
            anyio.fail_after(self._timing.upload),
        ):
            told = await transfer.send(address, source, size, moved)
        return normalize_sandbox_path(lenient.get_text(told.get("path")) or "") or path

    async def list(self, environment_id: str, path: str) -> list[SandboxFile]:
        """List the files below a folder of an environment, also if the API lists one level only.

        Raises:
            GeminiMCPError: The list could not be read.
        """
        entries = await self._list_folder(environment_id, path)
        waiting, listed = deque(find_unlisted_folders(entries)), {path}
        while waiting and len(listed) < MAX_LISTED_FOLDERS:
            if (folder := waiting.popleft()) in listed:
                continue
            listed.add(folder)
            found = await self._list_folder(environment_id, folder)
            waiting += find_unlisted_folders(found)
            entries += found
        return list({each.path: each for each in entries if not each.folder}.values())

    async def _list_folder(self, environment_id: str, path: str) -> "list[SandboxFile]":
        """Return the entries below a folder; none where the environment has no such folder.

        Raises:
            GeminiMCPError: The list could not be read.
        """
        files: Any = (await self._access.open()).aio.environments.files.with_streaming_response
        query = {"environment": encode_path_segment(environment_id), "path": encode_environment_path(path)}
        fetch = partial(files.list, **query, recursive=True)
        try:
            return await self._access.pages(
                self._access.about(file=path, environment_id=environment_id),
                fetch,
                parse_environment_files,
                MAX_ENVIRONMENT_ENTRIES,
            )
        except InputError:
            if await self.exists(environment_id):
                return []
            raise


async def receive_environment(sent: AbstractAsyncContextManager[Any], exchange: Exchange) -> object:
    """Return the JSON of an environment."""
    async with sent as raw:
        return await exchange.read(raw.http_response)


def find_unlisted_folders(entries: Sequence[SandboxFile]) -> list[str]:
    """Return the folders below which nothing has been listed, in order."""
    # Sorted, what lies below a folder begins where its name and a slash would stand.
    paths = sorted({entry.path for entry in entries})
    return [entry.path for entry in entries if entry.folder and not has_path_below(paths, f"{entry.path}/")]


def has_path_below(paths: Sequence[str], prefix: str) -> bool:
    """Whether one of the sorted paths begins with a prefix."""
    place = bisect.bisect_left(paths, prefix)
    return place < len(paths) and paths[place].startswith(prefix)
