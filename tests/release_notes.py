"""Prints the notes of a release, which are its section of CHANGELOG.md: `python tests/release_notes.py v1.2.3`.

Fails where the tag is no version, is not that of the package, or has no section.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TAG = re.compile(r"v(\d+\.\d+\.\d+)(rc\d+)?")


class WrongTagError(Exception):
    """The tag and the tree do not belong together."""


def read_version(root: Path = ROOT) -> str:
    """The version of the package, without importing it."""
    text = (root / "src" / "gemini_interactions_mcp" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__\s*=\s*"([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise WrongTagError("The package has no __version__.")
    return found[1]


def find_section(changelog: str, version: str) -> str:
    """The text below the heading of a version, without the heading."""
    sections = re.split(r"^## \[([^\]]+)\][^\n]*\n", changelog, flags=re.MULTILINE)
    found = dict(zip(sections[1::2], sections[2::2], strict=True)).get(version, "").strip()
    if not found:
        raise WrongTagError(f"CHANGELOG.md has no entry below ## [{version}].")
    return re.sub(r"\n\[[^\]]+\]: \S+", "", f"{found}\n").strip()


def write_notes(tag: str, version: str, changelog: str) -> str:
    """The notes of a tag; a candidate of a release has those of the release, or what is unreleased."""
    parts = TAG.fullmatch(tag)
    if parts is None or tag != f"v{version}":
        raise WrongTagError(f"The tag {tag} is not v{version}, the version of the package.")
    if parts[2] and f"## [{parts[1]}]" not in changelog:
        return find_section(changelog, "Unreleased")
    return find_section(changelog, parts[1])


def main() -> int:
    """Print the notes of the tag that is given."""
    try:
        notes = write_notes(sys.argv[1], read_version(), (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    except WrongTagError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    sys.stdout.buffer.write(f"{notes}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
