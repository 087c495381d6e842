"""The structure of the code: sizes, nesting, and names that mean one thing; `make check` keeps the imports in order.

Also that all durations are injected: they are fields of `Timing`, and no test patches one.
"""

import ast
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import gemini_interactions_mcp
from gemini_interactions_mcp.core.timing import DEFAULT_TIMING, Timing

PACKAGE = Path(gemini_interactions_mcp.__file__).parent

LONGEST_FILE = 450
LONGEST_BODY = 30
DEEPEST_NESTING = 3

RECURRING = {"main"}
"""Names that several modules may have at their top."""

FACE = {"__all__", "__dir__", "__getattr__"}
"""What each package has that loads its modules when they are used."""

MIGRATION = {"revision", "down_revision", "upgrade"}
"""What alembic wants of each migration: https://alembic.sqlalchemy.org/en/latest/tutorial.html"""

BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.TryStar, ast.AsyncFor, ast.AsyncWith, ast.Match)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, Function]]:
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{module}:{node.name}", node


def names_of(node: ast.stmt) -> Iterator[str]:
    """What a statement at the top of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case _:
            return


def length(node: Function) -> int:
    """Lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def depth(node: ast.AST) -> int:
    """How many blocks stand within each other in a function; its own functions count for themselves."""
    inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, (*Function.__args__, ast.Lambda))]
    return max((depth(child) + deepens(child, node) for child in inner), default=0)


def deepens(child: ast.AST, node: ast.AST) -> bool:
    """Whether a node is a block of its own; an `elif` is a part of the `if` before it."""
    return isinstance(child, BLOCKS) and not (isinstance(node, ast.If) and node.orelse == [child])


@pytest.mark.slow
def test_a_name_at_the_top_of_a_module_means_one_thing() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for module, tree in modules():
        for name in (name for node in tree.body for name in names_of(node)):
            found[name].add(module)
    assert {
        name: sorted(where)
        for name, where in found.items()
        if len(where) > 1 and name not in RECURRING | FACE | MIGRATION
    } == {}


def test_files_are_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path.name: count for path, count in lines.items() if count > LONGEST_FILE} == {}


@pytest.mark.slow
def test_functions_are_short_and_flat() -> None:
    bodies = {name: length(node) for name, node in functions()}
    assert {name: lines for name, lines in bodies.items() if lines > LONGEST_BODY} == {}
    assert statistics.median(bodies.values()) <= 5
    assert statistics.quantiles(bodies.values(), n=10)[-1] <= 15
    assert {name: nested for name, node in functions() if (nested := depth(node)) > DEEPEST_NESTING} == {}


def test_every_package_says_what_it_is_for_in_ten_lines() -> None:
    for init in PACKAGE.rglob("__init__.py"):
        said = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))
        assert said, init
        assert len(said.splitlines()) <= 10, init


def test_the_top_of_the_package_can_be_taken_in_at_a_glance() -> None:
    entries = {path.stem for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert len(entries) <= 16


def test_every_duration_is_positive_and_every_back_off_is_not_negative() -> None:
    durations: dict[str, float | tuple[float, ...]] = vars(DEFAULT_TIMING)
    for name, value in durations.items():
        assert min(value) >= 0 if isinstance(value, tuple) else value > 0, name


def test_every_duration_is_explained_and_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    names = {field.name for field in fields(Timing)}
    assert set(re.findall(r"^ +(\w+): ", Timing.__doc__ or "", re.MULTILINE)) >= names
    assert set(re.findall(r"timing\.(\w+)", code)) >= names


def test_no_test_patches_a_duration() -> None:
    patched = re.compile(r"""setattr\([^()]*["'][\w.]*(?:_SECONDS|_DELAYS?|_ATTEMPTS)["']""")
    tests = Path(__file__).parent.rglob("*.py")
    assert [path.name for path in tests if patched.search(path.read_text(encoding="utf-8"))] == []


def test_every_python_that_is_started_keeps_the_current_directory_off_its_path() -> None:
    starting = [path for path in PACKAGE.rglob("*.py") if "sys.executable" in path.read_text(encoding="utf-8")]
    assert starting
    for path in starting:
        assert '"-P"' in path.read_text(encoding="utf-8"), path
