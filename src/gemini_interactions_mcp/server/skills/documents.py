"""Skills as they are served: read from this package, adapted to the tools that are offered, and described.

A line of a skill that names a tool that is not offered is left out.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from gemini_interactions_mcp.core import SPEND_SCOPE
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES, UPLOAD_ENTRY
from gemini_interactions_mcp.text import ToolGuide

SKILL_SCHEME: Final = "skill://"
SKILL_DOCUMENT: Final = "SKILL.md"
SKILL_FILE_SUFFIX: Final = ".md"

SPENDING_TOOLS: Final = frozenset(
    name for name, scope in TOOL_SCOPES.items() if scope == SPEND_SCOPE and name != "cancel_research"
)

SKILLS: Final[Mapping[str, frozenset[str]]] = {
    "gemini-deep-research": frozenset({"start_research"}),
    "gemini-image-editing": frozenset({"generate_image"}),
    "gemini-cost-care": SPENDING_TOOLS,
}
"""The skills in listing order: folder -> tools, of which one at least must be offered for the skill to be of use."""


@dataclass(frozen=True)
class ServedSkill:
    """A skill as some client gets it.

    Attributes:
        texts: Its files: path in its folder -> text.
    """

    name: str
    texts: Mapping[str, str]

    @property
    def address(self) -> str:
        """The address of its document, which identifies it."""
        return self.locate(SKILL_DOCUMENT)

    def locate(self, path: str) -> str:
        """Return the address of one of its files."""
        return f"{SKILL_SCHEME}{self.name}/{path}"

    @cached_property
    def entry(self) -> dict[str, Any]:
        """What is listed of it: the `Skill` of the extension."""
        return {
            "uri": self.address,
            "frontmatter": parse_front_matter(self.texts[SKILL_DOCUMENT]),
            "resources": [describe_skill_file(self.locate(path), text) for path, text in self.texts.items()],
        }


def describe_skill_file(address: str, text: str) -> dict[str, Any]:
    """Return the address, digest and size of a file, by which hosts verify what they read."""
    content = text.encode()
    return {"uri": address, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def parse_front_matter(document: str) -> dict[str, str]:
    """Return the fields at the head of a document, each of which is one line of plain text."""
    head = document.split("---\n", 2)[1]
    return dict(line.split(": ", 1) for line in head.splitlines())


@cache
def build_skills(offered: frozenset[str]) -> tuple[ServedSkill, ...]:
    """Return the skills that are of use with some tools, adapted to them."""
    guide = ToolGuide(sorted(offered), sorted({*TOOL_SCOPES, UPLOAD_ENTRY.function.__name__}))
    return tuple(
        ServedSkill(name, {path: guide.drop_lines(text) for path, text in read_skill(name)})
        for name, needed in SKILLS.items()
        if needed & offered
    )


def find_skill_file(skills: tuple[ServedSkill, ...], address: str) -> str | None:
    """Return the text of the file at an address; None if no skill has one there."""
    return next((text for skill in skills for path, text in skill.texts.items() if skill.locate(path) == address), None)


@cache
def read_skill(name: str) -> tuple[tuple[str, str], ...]:
    """Return the files of a skill, as they are in this package: path and text."""
    return tuple(read_skill_folder(files("gemini_interactions_mcp.server.skills").joinpath(name)))


def read_skill_folder(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the files below a folder, in the order of their names."""
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from read_skill_folder(each, f"{prefix}{each.name}/")
        elif each.name.endswith(SKILL_FILE_SUFFIX):
            yield f"{prefix}{each.name}", each.read_text("utf-8")
