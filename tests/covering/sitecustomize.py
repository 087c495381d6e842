"""Measure branch coverage in this process, if `COVERED` names a directory for the results.

Python imports this module at start where its directory is on `PYTHONPATH`, so the workers of pytest and the servers
that tests start are measured alike. SlipCover marks lines and branches when a module is compiled; a tracer, the only
other way before Python 3.14, more than doubles the time of the suite.
"""

import atexit
import json
import os
import sys
from pathlib import Path

SOURCE = str(Path(__file__).parents[2] / "src" / "gemini_interactions_mcp")
EXCLUDED = ["raise AssertionError", r"^\s*\.\.\.$", 'if sys.platform == "win32"']


def measure(folder: Path) -> None:
    """Mark what is imported from now on, and write what was reached when the process ends."""
    import slipcover  # pyright: ignore[reportMissingTypeStubs]

    # A probe is never taken out again: SlipCover would replace code that is running.
    marks = slipcover.Slipcover(branch=True, d_miss_threshold=sys.maxsize, source=[SOURCE], exclude_also=EXCLUDED)
    ours = slipcover.FileMatcher(sources=[SOURCE])
    slipcover.ImportManager(marks, ours).__enter__()
    slipcover.wrap_spec_from_file_location(marks, ours)  # alembic imports its revisions so
    end = os._exit

    def write() -> None:
        path = folder / f"{os.getpid()}.json"
        path.with_suffix(".new").write_text(json.dumps(marks.get_coverage()), encoding="utf-8")
        path.with_suffix(".new").replace(path)

    def write_and_end(status: int) -> None:
        write()
        end(status)

    atexit.register(write)
    os._exit = write_and_end


def hands_tests_out() -> bool:
    """Whether this is the process of pytest-xdist that runs no test itself."""
    return any(argument.startswith("--numprocesses") for argument in sys.orig_argv)


if (results := os.environ.get("COVERED")) and not hands_tests_out():
    measure(Path(results))
