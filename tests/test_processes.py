"""Whose leases are free at once: those of processes on this machine that have ended."""

import subprocess
import sys

import psutil
import pytest

from gemini_interactions_mcp.runs import processes

NAME = f"""
import sys
from {processes.__name__} import {processes.make_owner.__name__} as name_owner
print(name_owner(), flush=True)
sys.stdin.read()
"""


def test_this_process_has_not_ended_and_names_each_owner_differently() -> None:
    first, second = processes.make_owner(), processes.make_owner()
    assert first != second
    assert not processes.has_departed(first)


@pytest.mark.slow
def test_a_process_has_ended_once_it_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        owner = process.stdout.readline().strip()
        assert not processes.has_departed(owner)
        process.kill()
        process.wait()
        assert processes.has_departed(owner)


def test_a_process_that_has_the_same_number_later_is_another() -> None:
    machine, number, started, unique = processes.make_owner().split("/")
    assert processes.has_departed(f"{machine}/{number}/{float(started) - 60}/{unique}")
    assert not processes.has_departed(f"{machine}/{number}/{float(started) - 1}/{unique}")


@pytest.mark.parametrize("owner", ["", "0be265de", "other/1/2.0/x", "a/b/c/d/e"])
def test_of_other_machines_and_older_versions_nothing_is_certain(owner: str) -> None:
    assert not processes.has_departed(owner)


@pytest.mark.parametrize("broken", ["/x/1.0/u", "/1/x/u", "/999999999999/1.0/u"])
def test_what_cannot_be_looked_up_is_left_alone(broken: str) -> None:
    assert processes.has_departed(processes.identify_machine() + broken) is ("9999" in broken)


def test_a_process_that_may_not_be_looked_at_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = processes.make_owner()

    def denied(*_: object) -> psutil.Process:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", denied)
    assert not processes.has_departed(owner)
