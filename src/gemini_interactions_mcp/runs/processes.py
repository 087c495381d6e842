"""Which process a lease belongs to, and whether that process still runs."""

import contextlib
import os
import platform
import sys
import uuid
from functools import cache
from pathlib import Path
from typing import Final

import psutil

START_TOLERANCE: Final = 2.0
"""Seconds by which two readings of one process's start time may differ, since the clock is adjusted meanwhile."""


def new_owner() -> str:
    """A name for what this process owns: machine, process id, start time and a part that is unique."""
    return f"{machine()}/{os.getpid()}/{psutil.Process().create_time():.3f}/{uuid.uuid4().hex}"


def departed(owner: str) -> bool:
    """Whether the process that an owner names has certainly ended; of another machine nothing is certain."""
    place, *named = owner.split("/")
    if place != machine() or len(named) != 3:
        return False
    pid, started = named[0], named[1]
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(started)) > START_TOLERANCE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


@cache
def machine() -> str:
    """What tells this machine, its boot and its space of process ids from others."""
    parts = [platform.node() or "unnamed"]
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
            parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return ",".join(parts).replace("/", "_")
