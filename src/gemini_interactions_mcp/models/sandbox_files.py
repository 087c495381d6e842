"""Sandboxes of managed agents (the API's environments): what is put into them, and the files that are found there."""

from typing import Final

from pydantic import Field

from gemini_interactions_mcp.core import quote_name

from .frozen import FrozenModel

WORKSPACE_DIRECTORY: Final = "workspace"
"""Directory in which agents work. Source: google-genai 3.6.1, types/environments/environmentfile.py"""

NEW_ENVIRONMENT: Final = "remote"
"""Stands for an environment that is made for a request. Source: https://ai.google.dev/gemini-api/docs/antigravity-agent"""


class SandboxFile(FrozenModel):
    """A file in the environment of a managed agent.

    Attributes:
        path: Path relative to the environment's root, such as `workspace/notes.txt`.
        bytes: Size.
        folder: Whether it is a folder.

    Source: google-genai 3.6.1, types/environments/environmentfile.py
    """

    path: str
    bytes: int = 0
    mime_type: str = ""
    folder: bool = False


class SandboxInput(FrozenModel):
    """A file of the user's in the environment of a managed agent.

    Attributes:
        path: Path relative to the environment's root.
        bytes: Size.
        content: The content, if it travels inside the request; None if it was uploaded.
        encoding: `base64`, or None where `content` is the text itself.
    """

    path: str
    bytes: int
    content: str | None = Field(default=None, repr=False)
    encoding: str | None = None


class Sandbox(FrozenModel):
    """What the environment of a managed agent is to have.

    Attributes:
        repository: Address of a Git repository.
        network: Domains that it may reach; none if empty, those of the API's default if None.
        files: The user's files; `Request.contents_digest` tells them apart.
        prepared_id: Id of the environment that was made for this request and has all of this already.

    Source: google-genai 3.6.1, types/interactions/{environment,source,allowlistentry}.py
    """

    repository: str | None = None
    network: tuple[str, ...] | None = None
    files: tuple[SandboxInput, ...] = Field(default=(), repr=False, exclude=True)
    prepared_id: str | None = Field(default=None, exclude=True)


def describe_missing_sandbox(environment_id: str) -> str:
    """Return that an environment is gone and how a task goes on, as a sentence without its capital and full stop."""
    return (
        f"the agent's sandbox {quote_name(environment_id)} is gone, which Google deletes 7 days after its last use: "
        f'the same call with environment="{NEW_ENVIRONMENT}" goes on in a new one, without the files of the old one'
    )


def asks_for_nothing(sandbox: Sandbox | None) -> bool:
    """Whether a request is the same without its sandbox: it asks for no repository and no network of its own."""
    return sandbox is None or (sandbox.repository is None and sandbox.network is None)


def get_repository_directory(repository: str) -> str:
    """Return the path of a repository, relative to the environment's root."""
    return f"{WORKSPACE_DIRECTORY}/{repository.rpartition('/')[2].removesuffix('.git')}"
