"""What is wrong with a path, in words, as the operating system tells it."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from gemini_interactions_mcp.core import FileRefusedError, quote_name

THROUGH_FILE: Final = "goes through a file or a link as if it were a directory"
FORBIDDEN: Final = "cannot be opened or written: this server's user lacks the permission"
CAUSES: Final = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: THROUGH_FILE,
    errno.ELOOP: THROUGH_FILE,
    errno.ESTALE: "was replaced while it was opened; try again",
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.ENAMETOOLONG: "is too long for a path",
}

IN_USE: Final = "is in use by another program; close it there, and try again"
WINDOWS_CAUSES: Final = {
    32: IN_USE,
    33: IN_USE,
    123: "has a character that Windows has in no name",
    206: "is too long for a path",
    1920: "is in the cloud and cannot be fetched now",
    362: "is in the cloud and cannot be fetched now",
}
"""Causes that Windows tells apart and POSIX does not:
https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes"""


@contextmanager
def translate_path_errors(source: str) -> Generator[None]:
    """Translate an error of the operating system about a path.

    Raises:
        FileRefusedError: In place of any `OSError`, and where the system cannot encode the path.
    """
    try:
        yield
    except OSError as exc:
        raise FileRefusedError(f"{quote_name(source)} {describe_path_error(exc)}.") from exc
    except UnicodeEncodeError as exc:
        raise FileRefusedError(f"{quote_name(source)} has letters that names of files cannot have here.") from exc


def describe_path_error(exc: OSError) -> str:
    """Describe what is wrong with a path, as the end of a sentence that begins with the path."""
    cause = WINDOWS_CAUSES.get(getattr(exc, "winerror", None) or 0) or CAUSES.get(exc.errno or 0)
    return cause or f"cannot be opened or written: {exc.strerror or 'the system gives no reason'}"
