"""The files for contributors are right: changelog, release notes, workflows, and what they name exists."""

import json
import re
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_notes import WrongTagError, find_section, read_version, write_notes

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASE = re.compile(r"## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# Changelog and notes -------------------------------------------------------------------------------------


def test_the_changelog_has_one_line_an_entry() -> None:
    """Sections are those of https://keepachangelog.com/en/1.1.0/; the fourth level groups the entries of a long one."""
    entries = CHANGELOG.partition("\n## ")[2]
    wrong = [line for line in f"## {entries}".splitlines() if line and not re.match(r"## \[|### |#### |- [^ ]", line)]
    assert wrong == []
    kinds = re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)
    assert set(kinds) <= KINDS
    assert all(line.rstrip().endswith((".", ")", ":")) for line in CHANGELOG.splitlines() if line.startswith("- "))


def test_versions_fall_and_the_newest_is_that_of_the_package() -> None:
    found = [RELEASE.fullmatch(line) for line in re.findall(r"^## \[\d.*$", CHANGELOG, re.MULTILINE)]
    assert all(found)
    versions = [tuple(map(int, each.groups()[:3])) for each in found if each]
    assert all(newer > older for newer, older in pairwise(versions))
    assert all(date.fromisoformat(each[4]) for each in found if each)
    assert fits(read_version(), versions[0])


def fits(version: str, newest: tuple[int, ...]) -> bool:
    """Whether a version is the newest of the changelog; a candidate may be of one that has no section yet."""
    number, candidate, _ = version.partition("rc")
    release = tuple(map(int, number.split(".")))
    return release == newest or (bool(candidate) and release > newest)


def test_a_candidate_may_come_before_its_section() -> None:
    assert fits("1.1.0", (1, 1, 0))
    assert fits("1.1.0rc1", (1, 1, 0))
    assert fits("1.2.0rc1", (1, 1, 0))
    assert not fits("1.2.0", (1, 1, 0))
    assert not fits("1.0.9rc1", (1, 1, 0))


SAMPLE = """# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Added

- A thing.

## [1.0.0] - 2026-11-01

### Fixed

- Another.
"""


def test_the_notes_of_a_release_are_its_section() -> None:
    assert write_notes("v1.1.0", "1.1.0", SAMPLE) == "### Added\n\n- A thing."
    assert write_notes("v1.1.0rc1", "1.1.0rc1", SAMPLE) == "### Added\n\n- A thing."
    assert (
        write_notes("v1.2.0rc2", "1.2.0rc2", SAMPLE.replace("[Unreleased]\n", "[Unreleased]\n\n- New.\n")) == "- New."
    )
    assert find_section(CHANGELOG, "0.1.0").startswith("### Added")


@pytest.mark.parametrize("tag", ["1.1.0", "v1.1", "v1.1.0-beta", "v1.1.1", "v1.1.0rc1", "main", ""])
def test_a_tag_that_is_not_that_of_the_package_makes_no_release(tag: str) -> None:
    with pytest.raises(WrongTagError, match="is not v1"):
        write_notes(tag, "1.1.0", SAMPLE)


@pytest.mark.parametrize("version", ["1.2.0", "1.2.0rc1"])
def test_a_release_without_notes_is_none(version: str) -> None:
    with pytest.raises(WrongTagError, match="no entry"):
        write_notes(f"v{version}", version, SAMPLE)


# Workflows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_takes_actions_by_commit_and_has_no_more_rights_than_it_says(path: Path) -> None:
    """A tag can be moved to other code: https://docs.github.com/en/actions/reference/security/secure-use"""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert all(set(job) >= {"permissions", "timeout-minutes"} for job in workflow["jobs"].values())
    assert "secrets." not in path.read_text(encoding="utf-8")


def test_an_action_has_one_version_in_all_workflows() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = {(action, commit) for action, commit in re.findall(r"uses: ([\w/-]+)@(\w+)", text)}
    assert len({action for action, _ in pins}) == len(pins)


def test_every_supported_python_is_tested_on_every_system() -> None:
    matrix = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_the_check_that_a_branch_waits_for_waits_for_all() -> None:
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert set(jobs["passed"]["needs"]) == set(jobs) - {"passed"}


def test_what_ci_and_contributors_run_without_make_is_the_same() -> None:
    steps = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["steps"]
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    commands = [step["run"] for step in steps if "run" in step]
    assert len(commands) == 3
    assert all(command in told for command in commands)


@pytest.mark.parametrize("name", ["ci.yml", "workflows.yml", "docs.yml", "hosts.yml", "release.yml"])
def test_every_target_that_is_run_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    run = re.findall(r"run: make ([a-z -]+)", (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    assert run
    assert {target for line in run for target in line.split()} <= targets


def test_what_people_are_asked_for_in_a_report_names_every_system_and_host() -> None:
    fields = {each.get("id"): each for each in load(ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    assert fields["system"]["attributes"]["options"] == ["Linux", "macOS", "Windows"]
    assert len(fields["host"]["attributes"]["options"]) >= 11


# What a change does to tools/list ------------------------------------------------------------------------


def test_the_list_that_a_workflow_compares_is_what_is_served() -> None:
    printed = subprocess.run([sys.executable, ROOT / "tests" / "list_tools.py"], capture_output=True, check=True).stdout
    *shown, sent = printed.decode().splitlines()
    listed = json.loads("\n".join(shown))
    assert json.loads(sent)["result"]["tools"] == listed
    assert "gemini_ask" in {tool["name"] for tool in listed}
