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

START_TOLERANCE_SECONDS: Final = 2.0
"""Maximum difference in seconds between two readings of one process's start time: the clock may have been adjusted."""


def make_owner() -> str:
    """Return a new owner name for this process: machine, process id, start time and a unique part."""
    return f"{identify_machine()}/{os.getpid()}/{psutil.Process().create_time():.3f}/{uuid.uuid4().hex}"


def has_departed(owner: str) -> bool:
    """Whether the process of an owner has certainly ended; nothing is certain about processes of other machines."""
    place, *named = owner.split("/")
    if place != identify_machine() or len(named) != 3:
        return False
    pid, started = named[0], named[1]
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(started)) > START_TOLERANCE_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


@cache
def identify_machine() -> str:
    """Return an identifier of this machine, its boot and its process id namespace."""
    parts = [platform.node() or "unnamed"]
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
            parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return ",".join(parts).replace("/", "_")
