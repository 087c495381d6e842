"""Whose leases are free at once: those of processes on this machine that have ended."""

import subprocess
import sys
from pathlib import Path

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


@pytest.fixture
def ticks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system tells start times that no clock moves, as Linux does."""
    if not request.param:
        monkeypatch.setattr(processes, "PROCESSES", Path("/nowhere"))
    processes.remember_boot_time.cache_clear()
    return request.param and sys.platform == "linux"


TICKS = pytest.mark.parametrize("ticks", [True, False], indirect=True)


@TICKS
def test_a_process_that_has_the_same_number_later_is_another(ticks: bool) -> None:
    machine, number, started, unique = processes.make_owner().split("/")
    earlier = f"{int(started.removesuffix('ticks')) - 1}ticks" if ticks else str(float(started) - 60)
    assert started.endswith("ticks") == ticks
    assert processes.has_departed(f"{machine}/{number}/{earlier}/{unique}")
    if not ticks:
        assert not processes.has_departed(f"{machine}/{number}/{float(started) - 1}/{unique}")


@TICKS
@pytest.mark.parametrize("step", [60.0, -60.0])
def test_setting_the_clock_ends_no_process(monkeypatch: pytest.MonkeyPatch, ticks: bool, step: float) -> None:
    owner = processes.make_owner()
    assert owner.split("/")[2].endswith("ticks") == ticks
    booted, began = psutil.boot_time(), psutil.Process().create_time()

    def create_time(_process: psutil.Process) -> float:
        # As psutil does on macOS, in processes that run already; on Linux, it moves as the time of the boot does.
        return began + (step if ticks else abs(step))

    monkeypatch.setattr(psutil, "boot_time", lambda: booted + step)
    monkeypatch.setattr(psutil.Process, "create_time", create_time)
    assert not processes.has_departed(owner)
    assert not processes.has_departed(processes.make_owner())


def test_an_owner_that_an_earlier_version_has_named_is_known_by_its_time() -> None:
    machine, number, _, unique = processes.make_owner().split("/")
    started = psutil.Process().create_time()
    assert not processes.has_departed(f"{machine}/{number}/{started:.3f}/{unique}")
    assert processes.has_departed(f"{machine}/{number}/{started - 60:.3f}/{unique}")


def test_a_name_with_parentheses_hides_no_start_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "PROCESSES", tmp_path)
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 (a) b) 1) S {' '.join(map(str, range(4, 53)))}")
    assert processes.read_start_ticks(7) == "22ticks"
    (tmp_path / "7" / "stat").write_text("7 (a)")
    assert processes.read_start_ticks(7) is None


@pytest.mark.parametrize("owner", ["", "0be265de", "other/1/2.0/x", "a/b/c/d/e"])
def test_of_other_machines_and_older_versions_nothing_is_certain(owner: str) -> None:
    assert not processes.has_departed(owner)


@pytest.mark.parametrize("broken", ["/x/1.0/u", "/1/x/u", "/999999999999/1.0/u", "/999999999999/1ticks/u"])
def test_what_cannot_be_looked_up_is_left_alone(broken: str) -> None:
    assert processes.has_departed(processes.identify_machine() + broken) is ("9999" in broken)


def test_a_process_that_may_not_be_looked_at_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = processes.make_owner()

    def denied(*_: object) -> psutil.Process:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", denied)
    assert not processes.has_departed(owner)
