"""Names the owners of leases, and tells whether the process of an owner still runs."""

import contextlib
import os
import platform
import sys
import uuid
from functools import cache
from pathlib import Path
from typing import Final

import psutil

PROCESSES: Final = Path("/proc")
"""Where Linux tells about processes."""

TICKS_SUFFIX: Final = "ticks"
"""Ends a start time that is counted from the boot; without it, it is in seconds since 1970."""

START_TOLERANCE_SECONDS: Final = 2.0
"""Maximum difference in seconds between two readings of one process's start time: the clock may have been adjusted."""


def make_owner() -> str:
    """Return a new owner name for this process: machine, process id, start time and a unique part."""
    pid = os.getpid()
    started = read_start_ticks(pid)
    if started is None:
        remember_boot_time()
        started = f"{psutil.Process().create_time():.3f}"
    return f"{identify_machine()}/{pid}/{started}/{uuid.uuid4().hex}"


def has_departed(owner: str) -> bool:
    """Whether the process of an owner has certainly ended; nothing is certain about processes of other machines."""
    place, *named = owner.split("/")
    if place != identify_machine() or len(named) != 3:
        return False
    try:
        return not has_started_at(int(named[0]), named[1])
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def has_started_at(pid: int, started: str) -> bool:
    """Whether a process may be the one that has started then.

    Raises:
        NoSuchProcess: There is no process of this number.
        ValueError: That is no start time.
    """
    process = psutil.Process(pid)
    if started.endswith(TICKS_SUFFIX):
        return read_start_ticks(pid) in (started, None)
    difference = abs(process.create_time() - float(started))
    # psutil moves the start times of macOS when the clock is set, but only in processes that run already.
    moved = abs(psutil.boot_time() - remember_boot_time())
    return min(difference, abs(difference - moved)) <= START_TOLERANCE_SECONDS


def read_start_ticks(pid: int) -> str | None:
    """Return when a process has started, in ticks since the boot of Linux, which no clock moves; None elsewhere."""
    try:
        status = (PROCESSES / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is a name in parentheses that may have anything in it (proc_pid_stat(5)); this is the 22nd.
    fields = status.rpartition(b")")[2].split()
    return f"{int(fields[19])}{TICKS_SUFFIX}" if len(fields) > 19 else None


@cache
def remember_boot_time() -> float:
    """Return what was the time of the boot when this process asked first; setting the clock moves it."""
    return psutil.boot_time()


@cache
def identify_machine() -> str:
    """Return an identifier of this machine, its boot and its process id namespace."""
    parts = [platform.node() or "unnamed"]
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
            parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return ",".join(parts).replace("/", "_")
