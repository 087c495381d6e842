"""The names that programs import from the package itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import gemini_interactions_mcp

STUB = Path(gemini_interactions_mcp.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
NAMES = re.findall(r"^from \.\w+ import (\w+) as \1$", STUB, re.MULTILINE)


def test_the_package_alone_imports_nothing_slow() -> None:
    code = "import sys, gemini_interactions_mcp; print(*{name.split('.')[0] for name in sys.modules})"
    printed = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"anyio", "lazy_loader", "mcp", "pydantic", "typing"}.isdisjoint(printed.split())


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_the_stub_can_be_imported(name: str) -> None:
    assert getattr(gemini_interactions_mcp, name) is not None


def test_completion_in_a_shell_shows_each_name() -> None:
    assert dir(gemini_interactions_mcp) == sorted([*NAMES, "__version__"])


def test_the_page_lists_each_name() -> None:
    page = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if not re.search(rf"^\| .*`{name}\b.*` ?\|", page, re.MULTILINE)] == []


@pytest.mark.parametrize("name", ["run", "Journal", "__wrapped__"])
def test_any_other_name_does_not_exist(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(gemini_interactions_mcp, name)
