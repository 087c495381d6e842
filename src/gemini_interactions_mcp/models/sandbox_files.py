"""Files in the sandboxes of agents."""

from .frozen import FrozenModel


class SandboxFile(FrozenModel):
    """A file in the environment of a managed agent.

    Attributes:
        path: Path relative to the environment's workspace.
        bytes: Size.

    Source: google-genai 3.6.1, types/environments/environmentfile.py
    """

    path: str
    bytes: int = 0
    mime_type: str = ""
