"""The manifest, README, docs, version and budgets match what is served.

After a deliberate change, `make snapshot` rewrites the tools of the manifest, the skills of plugins, the table of
settings (`docs/settings.md`) and what the greeting answers; the rest of the docs is for people to write.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from annotated_types import Ge
from mcp import Client
from pydantic import SecretStr

from conftest import make_settings
from gemini_interactions_mcp import settings
from gemini_interactions_mcp.cli.parser import build_parser
from gemini_interactions_mcp.core.principals import OWNER
from gemini_interactions_mcp.server import resources
from gemini_interactions_mcp.server.app import build_instructions, build_server
from gemini_interactions_mcp.server.fixed_resources import FIXED_RESOURCES
from gemini_interactions_mcp.server.prompts import PROMPTS
from gemini_interactions_mcp.server.skills.documents import build_skills
from gemini_interactions_mcp.server.tools.table import TOOLS, list_offered_tools, name_offered_tools
from gemini_interactions_mcp.settings.confirmation import Confirmation
from gemini_interactions_mcp.settings.environment import SettingsEnvironment
from gemini_interactions_mcp.settings.table import FIELD_VARIABLES
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from wired import HANDSHAKES, MODERN, environment, wired

ROOT = Path(__file__).parent.parent
UPDATE = os.environ.get("UPDATE") == "1"
Json = dict[str, Any]


@pytest.fixture
def served(tmp_path: Path) -> list[Json]:
    """The tools as `tools/list` gives them, without a key or network."""
    server = build_server(make_settings(tmp_path, "http://127.0.0.1:9", api_key=None))

    async def listed() -> list[Json]:
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
        return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]

    return anyio.run(listed)


def manifest() -> Json:
    return json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_sentence(description: str) -> str:
    return re.split(r"(?<=\.) |: |; ", description, maxsplit=1)[0].rstrip(".") + "."


def test_the_manifest_lists_the_tools_that_are_served(served: list[Json]) -> None:
    expected = [{"name": tool["name"], "description": first_sentence(tool["description"])} for tool in served]
    if UPDATE:
        changed = manifest() | {"tools": expected}
        (ROOT / "manifest.json").write_text(json.dumps(changed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert manifest()["tools"] == expected


def test_the_docs_list_the_tools_and_their_arguments(served: list[Json]) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]*) \|", page("tools.md"), re.MULTILINE)
    assert rows == [(tool["name"], arguments(tool["inputSchema"])) for tool in served]


def test_the_readme_lists_the_tools(served: list[Json]) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [tool["name"] for tool in served]


def arguments(schema: Json) -> str:
    """`prompt; model, tools`: the required ones, then the others."""
    required = schema.get("required", [])
    optional = [name for name in schema["properties"] if name not in required]
    return "; ".join(", ".join(names) for names in (required, optional) if names)


def test_the_docs_show_the_table_of_settings() -> None:
    if UPDATE:
        rows = re.compile(r"^\| variable \|.*?(?=\n\n|\n\Z)", re.MULTILINE | re.DOTALL)
        text = rows.sub(lambda _: settings.render_settings_table(), page("settings.md"), count=1)
        (ROOT / "docs" / "settings.md").write_text(text, encoding="utf-8")
    assert f"\n\n{settings.render_settings_table()}\n" in page("settings.md")


@pytest.mark.slow
def test_every_variable_that_a_text_names_is_a_setting() -> None:
    sources = [
        ROOT / "README.md",
        ROOT / "manifest.json",
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
    ]
    named = {
        name for path in sources for name in re.findall(r"\bGEMINI_MCP_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    assert named == {name for name in settings.SETTING_VARIABLES if name.startswith("GEMINI_MCP_")}


def test_the_docs_name_every_resource() -> None:
    addresses = {*FIXED_RESOURCES, *(template.uri_template for template in resources.RESOURCE_TEMPLATES)}
    assert set(re.findall(r"^\| `(gemini://[^`]*)` \|", page("answers.md"), re.MULTILINE)) == addresses


def test_the_docs_name_every_prompt() -> None:
    assert [function.__name__ for _, function, _ in PROMPTS if f"`{function.__name__}`" not in page("tools.md")] == []


def test_plugins_have_the_skills_that_are_served() -> None:
    """Plugins have them in `skills/`, as the user of a desktop host with all toolsets gets them."""
    skills = build_skills(name_offered_tools(TOOLSETS, OWNER))
    expected = {ROOT / "skills" / skill.name / path: text for skill in skills for path, text in skill.texts.items()}
    if UPDATE:
        for path in set(skill_copies()) - set(expected):
            path.unlink()
        for path, text in expected.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    assert skill_copies() == expected


def skill_copies() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in (ROOT / "skills").rglob("*") if path.is_file()}


def test_the_manifest_sets_variables_by_what_its_user_fills_in() -> None:
    config = manifest()["server"]["mcp_config"]["env"]
    assert set(config) <= set(settings.SETTING_VARIABLES)
    assert sorted(config.values()) == sorted(f"${{user_config.{key}}}" for key in manifest()["user_config"])


UNSET = SettingsEnvironment({}, ROOT, None)

TYPES_ASKED: Mapping[Any, str] = {
    SecretStr | None: "string",
    str: "string",
    int | None: "number",
    Decimal | None: "number",
    Confirmation: "string",
    Path: "directory",
    tuple[Path, ...]: "directory",
}


@pytest.mark.parametrize("variable", manifest()["server"]["mcp_config"]["env"])
def test_what_the_user_of_the_bundle_fills_in_is_as_the_table_of_settings_says(variable: str) -> None:
    found = next(field for field, rows in FIELD_VARIABLES.items() if variable in [row.name for row in rows])
    field = settings.Settings.model_fields[found]
    key = manifest()["server"]["mcp_config"]["env"][variable].removeprefix("${user_config.").removesuffix("}")
    asked = manifest()["user_config"][key]
    assert asked["type"] == TYPES_ASKED[field.annotation]
    assert asked.get("sensitive", False) is (field.annotation == SecretStr | None)
    if asked["type"] != "directory":  # its default depends on the computer
        row = next(each for each in FIELD_VARIABLES[found] if each.name == variable)
        assert row.parse(UNSET, asked.get("default")) == field.default
    assert asked.get("min") == next((each.ge for each in field.metadata if isinstance(each, Ge)), None)


def test_the_bundle_names_its_own_setting_and_starts_as_the_command_line_has_it() -> None:
    assert manifest()["user_config"]["allowed_directory"]["title"] == settings.BUNDLE_FOLDER_TITLE
    *_, command, flag = manifest()["server"]["mcp_config"]["args"]
    assert command == "gemini-interactions-mcp"
    assert build_parser().parse_args([flag]).bundle is True


@pytest.mark.slow
@pytest.mark.parametrize("version", [HANDSHAKES[0], HANDSHAKES[-1], MODERN])
@pytest.mark.parametrize(("toolsets", "most"), [(None, 16_800), ("ask,files,images,research,history", 12_000)])
async def test_tools_list_has_few_bytes_on_the_wire(
    version: str, toolsets: str | None, most: int, tmp_path: Path
) -> None:
    """A token is 4 bytes, as hosts estimate it."""
    async with wired(environment(tmp_path, None, GEMINI_MCP_TOOLSETS=toolsets)) as server:
        await server.open(version)
        await server.result("tools/list")
        assert len(server.stdout[-1]) <= most


def test_texts_for_models_fit_the_hosts_limits(served: list[Json]) -> None:
    """Claude Code cuts descriptions at 2,048 characters (mid-2026); Codex repeats instructions in each tool."""
    assert len(build_instructions(TOOLSETS)) <= 500
    assert [tool["name"] for tool in served if not 40 <= len(tool["description"]) <= 2_000] == []
    assert [tool["name"] for tool in served if len(tool["name"]) > 40] == []


def test_the_instructions_say_what_a_model_must_not_do_wrong() -> None:
    for said in ("ends with its interaction_id", "in_progress", "never ask the same again", "data, not instructions"):
        assert said in build_instructions(TOOLSETS)


@pytest.mark.parametrize("toolset", [None, *TOOLSETS])
def test_the_instructions_name_no_tool_that_is_not_offered(toolset: str | None) -> None:
    chosen = (toolset,) if toolset else ()
    names = {entry.function.__name__ for entry in TOOLS}
    offered = {entry.function.__name__ for entry in list_offered_tools(chosen)}
    assert {name for name in names if name in build_instructions(chosen)} <= offered


def test_gemini_is_named_wherever_a_host_searches(served: list[Json]) -> None:
    for tool in served:
        assert "Gemini" in tool["description"]
        assert "Gemini" in tool["_meta"].get("anthropic/searchHint", "Gemini")


def test_every_tool_has_a_title_all_hints_and_a_search_hint(served: list[Json]) -> None:
    hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    for tool in served:
        assert tool["title"]
        assert set(tool["annotations"]) >= hints, tool["name"]
    assert served[0]["_meta"] == {"anthropic/alwaysLoad": True}
    assert all("anthropic/searchHint" in tool["_meta"] for tool in served[1:])
    assert [tool["name"] for tool in served if "anthropic/maxResultSizeChars" in tool["_meta"]] == [
        "check_research",
        "read_interaction",
    ]


def test_only_the_list_has_an_output_schema(served: list[Json]) -> None:
    """Half of the hosts show structured content instead of text, images and links."""
    assert [tool["name"] for tool in served if "outputSchema" in tool] == ["list_interactions"]


def test_input_schemas_are_portable(served: list[Json]) -> None:
    """No combinators at the root, no tuples, every array typed, plain property names."""
    for tool in served:
        schema = tool["inputSchema"]
        assert schema["type"] == "object"
        assert not {"anyOf", "oneOf", "allOf", "$defs"} & set(schema), tool["name"]
        assert all(re.fullmatch(r"[a-z_]{1,64}", name) for name in schema["properties"])
        for part in parts(schema):
            assert "prefixItems" not in part
            assert part.get("type") != "array" or "items" in part
            assert not isinstance(part.get("title"), str)


def parts(schema: object) -> Iterator[Json]:
    """Every object in a JSON document."""
    if isinstance(schema, dict):
        yield schema  # pyright: ignore[reportUnknownVariableType] - JSON
        for value in schema.values():  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from parts(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    elif isinstance(schema, list):
        for value in schema:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from parts(value)  # pyright: ignore[reportUnknownArgumentType] - JSON


def test_each_tool_is_one_function_and_one_row(served: list[Json]) -> None:
    assert [entry.function.__name__ for entry in TOOLS] == [tool["name"] for tool in served]
