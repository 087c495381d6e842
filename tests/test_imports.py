"""The house: imports point down only."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import gemini_interactions_mcp

PACKAGE = Path(gemini_interactions_mcp.__file__).parent

LAYERS = [
    {"__init__", "emulator", "threads"},
    {"errors", "claim", "processes", "codes", "catalog", "redaction", "folders", "charsets", "words"},
    {"models", "secrecy", "lenient", "framing", "background"},
    {"settings", "chapters", "logs", "traces"},
    {"addresses", "inspection", "globs", "reachability", "ignoring", "marking"},
    {"schema", "sqlite_file", "steps", "endings", "validation", "citations"},
    {"pages"},
    {"arguments", "research", "metadata", "excerpt", "paths", "render"},
    {"terms"},
    {"wire"},
    {"faults", "records", "rows", "consent", "saved", "gathering", "spelling", "connections", "waiting"},
    {"exchange"},
    {"transfer", "retry", "streams", "database", "media", "run", "redirects", "containers"},
    {"store", "output"},
    {"gemini", "sources", "uploads", "ledger", "documents", "completeness"},
    {"recognition", "observation"},
    {"facts"},
    {"probes"},
    {"files", "environments"},
    {"follower"},
    {"runs"},
    {"changes"},
    {"context", "tasks", "hosts"},
    {"attachments", "elicitation", "overview"},
    {"results"},
    {"tools", "resources", "prompts"},
    {"subscribers"},
    {"chains", "outgoing", "jsonrpc"},
    {"server"},
    {"stdio", "demo", "doctor", "live"},
    {"__main__"},
]
"""A module imports only from sets above its own."""

SPEAKING_MCP = {
    "context",
    "hosts",
    "tasks",
    "attachments",
    "elicitation",
    "results",
    "tools",
    "chains",
    "resources",
    "prompts",
    "subscribers",
    "outgoing",
    "jsonrpc",
    "server",
    "stdio",
    "demo",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """The flat modules; the emulator is a world of its own."""
    for path in sorted(PACKAGE.glob("*.py")):
        yield path.stem, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module, *, ours: bool) -> Iterator[str]:
    """The modules that a module imports, wherever in it: of the package, or of others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level > 0) == ours:
            yield from [node.module] if node.module else (alias.name for alias in node.names)
        elif isinstance(node, ast.Import) and not ours:
            yield from (alias.name for alias in node.names)


def layer_of(module: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if module in names)


def test_every_module_has_a_layer() -> None:
    found = {name for name, _ in modules()} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert found == set().union(*LAYERS)


def test_imports_point_down_only() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules()
        for name in imported(tree, ours=True)
        if layer_of("__init__" if name == "__version__" else name.split(".")[0]) >= layer_of(module)
    ]
    assert wrong == []


def test_only_gemini_and_what_shows_raw_answers_speak_with_google() -> None:
    assert [
        name for name, tree in modules() if any(found.split(".")[0] == "google" for found in imported(tree, ours=False))
    ] == ["gemini", "observation"]


def test_only_the_upper_layers_speak_mcp() -> None:
    speaking = {
        name
        for name, tree in modules()
        if {"mcp", "mcp_types"} & {found.split(".")[0] for found in imported(tree, ours=False)}
    }
    assert speaking == SPEAKING_MCP


def test_the_emulator_knows_nothing_of_the_rest() -> None:
    for path in PACKAGE.glob("emulator/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, path.name
                assert (node.module or "").split(".")[0] not in ("gemini_interactions_mcp", "google", "mcp"), path.name


def test_nothing_slow_is_imported_before_stdin_is_claimed() -> None:
    """What `claim` needs is in Python itself."""
    trees = dict(modules())
    top = ast.Module([node for name in ("__init__", "claim", "__main__") for node in trees[name].body], [])
    top.body = [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = {name.split(".")[0] for name in imported(top, ours=False)}
    assert found <= sys.stdlib_module_names
