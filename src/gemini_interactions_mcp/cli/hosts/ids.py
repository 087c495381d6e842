"""The names of hosts on the command line. Imports nothing slow: every command's parser has them."""

from typing import Final

HOST_IDS: Final = (
    *("claude-desktop", "claude-code", "codex", "gemini-cli", "cursor", "vscode"),
    *("windsurf", "opencode", "copilot-cli", "zed", "goose"),
)
"""In the order of the documentation."""
