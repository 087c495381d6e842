"""Converts what the sandbox of a managed agent is to have to the API's JSON, and to words for the agent. Pure.

The shapes are those of google-genai 3.6.1 (google/genai/_gaos/types/interactions/{environment,source}.py).
"""

from collections.abc import Sequence
from typing import Final

from gemini_interactions_mcp.core import Json
from gemini_interactions_mcp.models import (
    NEW_ENVIRONMENT,
    ContentItem,
    Request,
    Sandbox,
    SandboxInput,
    get_repository_directory,
)

NO_NETWORK: Final = "disabled"


def build_environment(request: Request) -> str | Json | None:
    """Return the environment of a request: its id, `remote`, or an object where there is something to say about it."""
    sandbox = request.sandbox
    if sandbox is None:
        return request.environment
    if sandbox.prepared_id is not None:
        return sandbox.prepared_id
    wanted = {"sources": build_sources(sandbox), "network": build_network(sandbox.network)}
    given = {name: value for name, value in wanted.items() if value}
    if not given:
        return request.environment
    named = get_named_environment(request)
    return {"type": NEW_ENVIRONMENT, **({"environment_id": named} if named else {}), **given}


def get_named_environment(request: Request) -> str | None:
    """Return the id of the environment that a request names; None for a new one, or none."""
    prepared = request.sandbox.prepared_id if request.sandbox else None
    return prepared or (None if request.environment == NEW_ENVIRONMENT else request.environment)


def build_sources(sandbox: Sandbox) -> list[Json]:
    """Return the repository and the files that travel inside the request, as sources of an environment."""
    inline = [build_inline_source(file) for file in sandbox.files if file.content is not None]
    return [*([build_repository_source(sandbox.repository)] if sandbox.repository else []), *inline]


def build_repository_source(repository: str) -> Json:
    """Return a repository as a source."""
    return {"type": "repository", "source": repository, "target": f"/{get_repository_directory(repository)}"}


def build_inline_source(file: SandboxInput) -> Json:
    """Return a file with its content as a source."""
    encoding = {"encoding": file.encoding} if file.encoding else {}
    return {"type": "inline", "target": f"/{file.path}", "content": file.content, **encoding}


def build_network(domains: Sequence[str] | None) -> str | Json | None:
    """Return what an environment may reach: nothing, some domains, or what the API allows by default."""
    if domains is None:
        return None
    return {"allowlist": [{"domain": domain} for domain in domains]} if domains else NO_NETWORK


def build_sandbox_note(sandbox: Sandbox | None) -> list[ContentItem]:
    """Return a block that tells an agent what is in its sandbox, and where; none where nothing was put there."""
    if sandbox is None or not (sandbox.files or sandbox.repository):
        return []
    lines = [f"- /{file.path} ({file.bytes:,} bytes)" for file in sandbox.files]
    if sandbox.repository:
        lines.insert(0, f"- /{get_repository_directory(sandbox.repository)}: the repository {sandbox.repository}")
    return [{"type": "text", "text": "\n".join(["In your sandbox:", *lines])}]
