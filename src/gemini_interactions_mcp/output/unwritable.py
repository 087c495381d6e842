"""The error for a directory that cannot be written; apart from `saving`, which loads Pillow."""

import errno
from pathlib import Path

from gemini_interactions_mcp.core import ConfigurationError
from gemini_interactions_mcp.settings import has_unknown_user


def make_unwritable_error(directory: Path, exc: OSError) -> ConfigurationError:
    """Return the error for a directory that cannot be written."""
    if has_unknown_user(directory):
        return ConfigurationError(
            f"Cannot write to {directory}: there is no such user. Set GEMINI_MCP_OUTPUT_DIR to another directory."
        )
    link = exc.errno in (errno.ENOTDIR, errno.ELOOP)
    reason = "a file or a link stands where a folder should be" if link else exc.strerror or exc
    remedy = "Make room there" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else "Make it writable"
    return ConfigurationError(
        f"Cannot write to {directory}: {reason}. {remedy}, or set GEMINI_MCP_OUTPUT_DIR to another directory."
    )
