"""Reads files that others have put where a host looks; a pipe or a device there is refused. Blocks."""

import errno
import stat
from pathlib import Path


def read_regular_file(path: Path) -> bytes:
    """Return the content of a file; a pipe, which might never end, is not opened.

    Raises:
        OSError: It is no regular file, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return path.read_bytes()
