"""What registries and hosts read of this project says the same everywhere; `make packages` asks their own validators.

After a deliberate change, `UPDATE=1 python -m pytest tests/test_packages.py` rewrites the variables in `server.json`
and those that Codex passes on, and every version.
"""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.server.icons.marks import WEBSITE
from gemini_interactions_mcp.settings import SETTING_VARIABLES
from gemini_interactions_mcp.settings.rendering import render_default
from gemini_interactions_mcp.settings.table import FIELD_VARIABLES, Settings
from packages.bundle import check_lock, keep_needed_tables, plain_environment

ROOT: Final = Path(__file__).parent.parent
UPDATE: Final = os.environ.get("UPDATE") == "1"
NAME: Final = "gemini-interactions-mcp"
REGISTRY_NAME: Final = f"io.github.{NAME}/{NAME}"
Json = dict[str, Any]

SERVER = "server.json"
CLAUDE = ".claude-plugin/plugin.json"
CODEX = ".codex-plugin/plugin.json"
COPILOT = ".github/plugin/plugin.json"
GEMINI = "gemini-extension.json"
BUNDLE = "manifest.json"
PLUGINS = (CLAUDE, CODEX, COPILOT, GEMINI)
MARKETPLACES = (".claude-plugin/marketplace.json", ".agents/plugins/marketplace.json")

NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")
"""What a server and uvx need behind a proxy; Codex passes on what its configuration names, and nothing else."""

FORMATS = {"directory": "filepath", "number": "number", "string": "string"}
"""The types of a bundle's settings as server.json has them: see `Input.format` in its schema."""


def read(name: str) -> Json:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def write(name: str, document: Json) -> None:
    (ROOT / name).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def project() -> Json:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def common_variables() -> list[str]:
    """The variables that a user of the bundle fills in."""
    return list(read(BUNDLE)["server"]["mcp_config"]["env"])


def describe(variable: str) -> Json:
    """A variable as the registry has it: the table of settings, without its Markdown."""
    field, row = next((field, row) for field, rows in FIELD_VARIABLES.items() for row in rows if row.name == variable)
    key = read(BUNDLE)["server"]["mcp_config"]["env"][variable].removeprefix("${user_config.").removesuffix("}")
    asked = read(BUNDLE)["user_config"][key]
    described: Json = {"name": variable, "description": row.description.replace("`", "")}
    described["format"] = FORMATS[asked["type"]]
    if asked.get("required"):
        described["isRequired"] = True
    if asked.get("sensitive"):
        described["isSecret"] = True
    # A default in words, such as "no limit", is no value that could be filled in.
    if found := re.fullmatch(r"`([^`]+)`", render_default(field, row)):
        described["default"] = found[1]
    return described


def test_the_registry_is_told_the_common_settings() -> None:
    expected = [describe(variable) for variable in common_variables()]
    document = read(SERVER)
    if UPDATE:
        document["packages"][0]["environmentVariables"] = expected
        write(SERVER, document)
    assert document["packages"][0]["environmentVariables"] == expected
    assert [each["name"] for each in expected if each.get("isSecret")] == ["GEMINI_API_KEY"]


def test_codex_passes_on_the_common_settings() -> None:
    expected = [*common_variables(), *NETWORK]
    document = read(CODEX)
    if UPDATE:
        document["mcpServers"]["gemini"]["env_vars"] = expected
        write(CODEX, document)
    assert document["mcpServers"]["gemini"]["env_vars"] == expected


@pytest.mark.parametrize("name", [*PLUGINS, BUNDLE, SERVER])
def test_the_version_of_every_package_is_the_servers(name: str) -> None:
    if UPDATE:
        write(name, read(name) | {"version": __version__})
    assert read(name)["version"] == __version__


def test_the_registry_and_the_marketplace_offer_this_version() -> None:
    if UPDATE:
        server, marketplace = read(SERVER), read(MARKETPLACES[0])
        server["packages"][0]["version"] = marketplace["metadata"]["version"] = __version__
        write(SERVER, server)
        write(MARKETPLACES[0], marketplace)
    (package,) = read(SERVER)["packages"]
    assert (package["registryType"], package["identifier"], package["version"]) == ("pypi", NAME, __version__)
    assert read(MARKETPLACES[0])["metadata"]["version"] == __version__


@pytest.mark.parametrize("name", [*PLUGINS, *MARKETPLACES, BUNDLE])
def test_every_package_has_one_name(name: str) -> None:
    document = read(name)
    assert document["name"] == project()["name"] == NAME
    assert [plugin["name"] for plugin in document.get("plugins", [])] == ([NAME] if name in MARKETPLACES else [])


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_starts_the_published_server_under_the_same_key(name: str) -> None:
    servers = read(name)["mcpServers"]
    assert list(servers) == ["gemini"]
    assert (servers["gemini"]["command"], servers["gemini"]["args"]) == ("uvx", [NAME])


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_describes_itself_as_the_bundle_does(name: str) -> None:
    assert read(name)["description"] == read(BUNDLE)["description"]


@pytest.mark.parametrize("name", [CLAUDE, CODEX, COPILOT])
def test_the_addresses_are_those_of_the_project(name: str) -> None:
    document = read(name)
    assert document["homepage"] == project()["urls"]["Homepage"]
    assert document["repository"] == project()["urls"]["Repository"]
    assert document["license"] == project()["license"]


def test_the_registry_names_the_addresses_of_the_project() -> None:
    document = read(SERVER)
    assert document["name"] == REGISTRY_NAME
    assert document["websiteUrl"] == project()["urls"]["Homepage"] == WEBSITE
    assert document["repository"] == {"url": project()["urls"]["Repository"], "source": "github"}


def test_the_registry_shows_icons_of_the_repository() -> None:
    """Only https addresses are taken there: see `Icon.src` in its schema."""
    base = project()["urls"]["Repository"].replace("github.com", "raw.githubusercontent.com") + "/main/"
    icons = read(SERVER)["icons"]
    assert icons
    for icon in icons:
        path = ROOT / icon["src"].removeprefix(base)
        assert path.is_file(), icon
        if icon["sizes"] != ["any"]:
            with Image.open(path) as image:
                assert icon["sizes"] == [f"{image.width}x{image.height}"]


def test_the_readme_proves_whose_package_it_is() -> None:
    """The registry looks for this mark in the description of the package, which is the README."""
    assert f"<!-- mcp-name: {REGISTRY_NAME} -->" in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_registry_takes_the_texts() -> None:
    """The schema's limits: https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"""
    document = read(SERVER)
    assert len(document["description"]) <= 100
    assert len(document["title"]) <= 100
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", document["name"])


def test_codex_takes_the_prompts() -> None:
    """Three, of at most 128 characters; further and longer ones are left out by Codex (core-plugins/manifest.rs)."""
    prompts = read(CODEX)["interface"]["defaultPrompt"]
    assert len(prompts) <= 3
    assert [prompt for prompt in prompts if len(prompt) > 128] == []


def test_the_key_of_a_plugin_leaves_a_key_of_the_shell_in_force() -> None:
    """Claude Code sets what is not filled in to an empty text, so it must not be the variable that users export."""
    document = read(CLAUDE)
    assert document["mcpServers"]["gemini"]["env"] == {"GOOGLE_API_KEY": "${user_config.api_key}"}
    assert document["userConfig"]["api_key"]["sensitive"] is True
    assert document["userConfig"]["api_key"]["required"] is False
    key = Settings.from_environ({"GEMINI_API_KEY": "exported", "GOOGLE_API_KEY": "", "HOME": "/"}).api_key
    assert key is not None
    assert key.get_secret_value() == "exported"


def test_gemini_cli_asks_for_the_key_and_hands_it_on() -> None:
    """Without `env`, Gemini CLI keeps variables from the server whose names contain KEY."""
    document = read(GEMINI)
    (asked,) = document["settings"]
    assert asked["sensitive"] is True
    assert document["mcpServers"]["gemini"]["env"] == {asked["envVar"]: f"${asked['envVar']}"}
    assert asked["envVar"] in SETTING_VARIABLES


def test_every_skill_has_the_name_of_its_folder() -> None:
    """As https://agentskills.io/specification asks; hosts pass over other ones."""
    skills = sorted((ROOT / "skills").iterdir())
    assert skills
    for folder in skills:
        head = (folder / "SKILL.md").read_text(encoding="utf-8").split("---")[1]
        assert re.search(rf"^name: {re.escape(folder.name)}$", head, re.MULTILINE), folder
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", folder.name)


def test_the_bundle_runs_what_its_lock_holds() -> None:
    """`make bundle` locks the dependencies; a host must not resolve them anew."""
    arguments = read(BUNDLE)["server"]["mcp_config"]["args"]
    assert arguments[0] == "run"
    assert "--frozen" in arguments


def test_the_bundle_depends_on_the_same_packages_as_the_server() -> None:
    kept = tomllib.loads(keep_needed_tables((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert kept["project"] == project()
    assert set(kept) == {"build-system", "project", "tool"}
    assert set(kept["tool"]) == {"hatch"}


LOCK = """
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/packages/4e/8a/aiosqlite-0.22.1.tar.gz" }
source = { editable = "." }
"""


def test_the_lock_of_the_bundle_may_name_the_default_index() -> None:
    check_lock(LOCK)


@pytest.mark.parametrize(
    "line",
    [
        'source = { registry = "https://packages.example.com/simple" }',
        'sdist = { url = "http://files.example/x.tar.gz" }',
        'sdist = { url = "https://ada:word@files.example/x.tar.gz" }',
        'source = { git = "ssh://git@code.example.com/x" }',
        'source = { registry = "/srv/wheels" }',
        'source = { registry = "../wheels" }',
        'wheels = [{ path = "/srv/wheels/x-1.0-py3-none-any.whl" }]',
        'wheels = [{ url = "file:///srv/wheels/x-1.0-py3-none-any.whl" }]',
    ],
)
def test_the_lock_of_the_bundle_names_nothing_of_this_machine(line: str) -> None:
    with pytest.raises(SystemExit, match="The lock names"):
        check_lock(f"{LOCK}{line}\n")


@pytest.mark.parametrize(
    "name", ["UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONSTRAINT"]
)
def test_the_lock_of_the_bundle_is_made_without_what_this_machine_prefers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "somewhere")
    monkeypatch.setenv("UV_CACHE_DIR", "kept")
    assert name not in plain_environment()
    assert plain_environment()["UV_CACHE_DIR"] == "kept"


def test_the_source_distribution_has_every_file_that_a_bundle_or_a_check_reads() -> None:
    """What is under version control at the root is in it, but for what only the machine of the project reads."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=False).stdout
    if not listed:
        pytest.skip("This is no checkout.")
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    tops = {name.partition("/")[0] for name in listed.split("\0") if name} - {".gitignore", "pyproject.toml", ".ci"}
    assert tops == set(config["sdist"]["include"])
