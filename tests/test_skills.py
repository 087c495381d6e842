"""Skills: served over MCP in every era as SEP-2640 has it, true for the tools that a client is offered."""

import functools
import hashlib
import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS

from conftest import make_settings
from gemini_interactions_mcp.core.principals import OWNER, READ_SCOPE, SCOPES, SPEND_SCOPE, Principal
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.skills.documents import SKILLS, ServedSkill, build_skills, read_skill
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES, build_tools, name_offered_tools
from gemini_interactions_mcp.settings import SETTING_VARIABLES, Settings
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from tenanting import placed
from wired import HANDSHAKES, MODERN, environment, wired

ROOT = Path(__file__).parent.parent
SKILLS_EXTENSION = "io.modelcontextprotocol/skills"
Json = dict[str, Any]

LOCAL, REMOTE = OWNER, Principal("anna", frozenset(SCOPES), remote=True)
CHOICES = [toolsets for count in range(len(TOOLSETS) + 1) for toolsets in itertools.combinations(TOOLSETS, count)]


def served(toolsets: Iterable[str] = TOOLSETS, principal: Principal = LOCAL) -> tuple[ServedSkill, ...]:
    return build_skills(name_offered_tools(tuple(toolsets), principal))


@functools.cache
def every_text() -> dict[str, frozenset[str]]:
    """All texts that any client can get, each with the tools of a client that gets it."""
    found: dict[str, frozenset[str]] = {}
    for toolsets, principal in itertools.product(
        CHOICES, (LOCAL, REMOTE, replace(REMOTE, scopes=frozenset({READ_SCOPE, SPEND_SCOPE})))
    ):
        offered = name_offered_tools(toolsets, principal)
        found |= {text: offered for skill in build_skills(offered) for text in skill.texts.values()}
    return found


def test_each_step_that_goes_on_says_what_the_prompt_is() -> None:
    prompted = [tool.name for tool in build_tools(TOOLSETS) if "prompt" in tool.parameters.get("required", ())]
    lines = {line for text in every_text() for line in text.splitlines() if "previous_interaction_id" in line}
    steps = {line for line in lines if any(name in line for name in prompted)}
    assert steps
    assert {line for line in steps if "prompt" not in line} == set()


@pytest.mark.parametrize("version", [HANDSHAKES[0], HANDSHAKES[-1], MODERN])
async def test_what_is_listed_is_what_is_read(version: str, tmp_path: Path) -> None:
    async with wired(environment(tmp_path, None)) as server:
        capabilities = (await server.open(version))["capabilities"]
        assert capabilities["extensions"][SKILLS_EXTENSION] == {}
        assert "resources" in capabilities
        listing = await server.result("skills/list")
        assert [skill["frontmatter"]["name"] for skill in listing["skills"]] == list(SKILLS)
        for skill in listing["skills"]:
            got = await server.result("skills/get", uri=skill["uri"])
            assert got["skill"] == skill
            for result in (listing, got):
                assert (result["resultType"], result["cacheScope"]) == ("complete", "private")
                assert result["ttlMs"] > 0
            assert skill["uri"] in [file["uri"] for file in skill["resources"]]
            for file in skill["resources"]:
                assert file["uri"].startswith(skill["uri"].removesuffix("SKILL.md"))
                (content,) = (await server.result("resources/read", uri=file["uri"]))["contents"]
                raw = content["text"].encode()
                assert content["mimeType"] == "text/markdown"
                assert (len(raw), f"sha256:{hashlib.sha256(raw).hexdigest()}") == (file["size"], file["digest"])


REFUSED: list[tuple[str, Json]] = [
    ("skills/get", {"uri": "skill://no-such-skill/SKILL.md"}),
    ("skills/get", {"uri": "skill://gemini-image-editing/references/prompts.md"}),
    ("skills/get", {"uri": "skill://gemini-image-editing"}),
    ("skills/get", {"uri": "gemini://models"}),
    ("skills/get", {"uri": "skill://" + "é" * 5000}),
    ("skills/get", {}),
    ("skills/list", {"cursor": "2"}),
    ("resources/read", {"uri": "skill://gemini-image-editing/../gemini-cost-care/SKILL.md"}),
    ("resources/read", {"uri": "skill://gemini-image-editing/documents.py"}),
    ("resources/read", {"uri": "skill:///etc/passwd"}),
    ("resources/read", {"uri": "skill://gemini-image-editing"}),
]


async def test_what_no_skill_has_is_an_error_of_the_request(tmp_path: Path, subtests: pytest.Subtests) -> None:
    async with wired(environment(tmp_path, None)) as server:
        await server.open(MODERN)
        for method, params in REFUSED:
            with subtests.test(method=method, params=params):
                error = (await server.answer(server.request(method, **params)))["error"]
                assert error["code"] == INVALID_PARAMS
                assert len(error["message"]) < 500


def test_skills_have_the_form_of_agent_skills() -> None:
    """https://agentskills.io/specification"""
    for skill in served():
        head = yaml.safe_load(skill.texts["SKILL.md"].split("---\n")[1])
        assert head == skill.entry["frontmatter"]
        assert set(head) <= {"name", "description", "license", "compatibility"}
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", head["name"])
        assert head["name"] == skill.name
        assert len(head["name"]) <= 64
        assert 1 <= len(head["description"]) <= 1024
        assert len(head["compatibility"]) <= 500
        assert len(skill.texts["SKILL.md"].splitlines()) < 500


def test_a_skill_names_no_tool_that_is_not_offered() -> None:
    known = set(TOOL_SCOPES)
    texts = every_text()
    assert len(texts) > 20
    for text, offered in texts.items():
        assert {name for name in known if re.search(rf"\b{name}\b", text)} <= offered


def test_a_skill_is_whole_whatever_is_left_out() -> None:
    for text in every_text():
        sections = re.split(r"^#+ .*$", text.partition("\n---\n")[2] or text, flags=re.MULTILINE)
        assert all(section.strip() for section in sections[1:]), text
        for numbers in (re.findall(r"^(\d)\. ", section, re.MULTILINE) for section in sections):
            assert numbers == [str(1 + place) for place in range(len(numbers))]


def test_links_of_skills_lead_to_their_files() -> None:
    for skill in served():
        for text in skill.texts.values():
            assert {link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link} <= set(skill.texts)


def test_skills_name_only_arguments_and_settings_that_exist() -> None:
    arguments = {name for tool in build_tools() for name in tool.parameters["properties"]}
    for skill in served(principal=REMOTE):
        text = "".join(skill.texts.values())
        assert set(re.findall(r"\b([a-z_]+)=", text)) <= arguments | {"logo", "photo"}
        snake = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text))
        assert snake <= arguments | set(TOOL_SCOPES) | {"google_search", "in_progress"}
        assert set(re.findall(r"\bGEMINI_[A-Z_]+\b", text)) <= set(SETTING_VARIABLES)


def test_values_in_skills_are_those_that_tools_take() -> None:
    schemas = [tool.parameters["properties"] for tool in build_tools()]
    for name, value in {pair for text in every_text() for pair in re.findall(r'\b([a-z_]+)="([^"]+)"', text)}:
        taken = [schema[name]["enum"] for schema in schemas if "enum" in schema.get(name, {})]
        assert not taken or any(value in enum for enum in taken), (name, value)


def test_a_file_of_the_users_machine_is_sent_first_where_that_is_not_the_servers() -> None:
    said = {
        principal.remote: "".join("".join(skill.texts.values()) for skill in served(principal=principal))
        for principal in (LOCAL, REMOTE)
    }
    assert "upload_file" not in said[False]
    assert said[True].count("upload_file") == 2


@pytest.mark.parametrize(
    ("toolsets", "names"),
    [
        ((), []),
        (("history",), []),
        (("stores",), []),
        (("audio",), ["gemini-cost-care"]),
        (("images", "history"), ["gemini-image-editing", "gemini-cost-care"]),
        (("research",), ["gemini-deep-research", "gemini-cost-care"]),
    ],
)
async def test_a_skill_is_offered_with_its_tools(toolsets: tuple[str, ...], names: list[str], tmp_path: Path) -> None:
    settings = make_settings(tmp_path, "http://127.0.0.1:9", toolsets=toolsets)
    assert [skill.name for skill in served(toolsets)] == names
    async with Client(build_server(settings)) as client:
        for name in SKILLS:
            address = f"skill://{name}/SKILL.md"
            if name in names:
                assert f"name: {name}\n" in text_of_resource(await client.read_resource(address))
            else:
                with pytest.raises(MCPError, match="no skill"):
                    await client.read_resource(address)


def text_of_resource(result: Any) -> str:
    (content,) = result.contents
    return content.text


@pytest.mark.parametrize(("scopes", "names"), [((READ_SCOPE, SPEND_SCOPE), list(SKILLS)), ((READ_SCOPE,), [])])
def test_a_token_that_may_not_spend_is_offered_no_skill(scopes: tuple[str, ...], names: list[str]) -> None:
    assert [skill.name for skill in served(principal=replace(REMOTE, scopes=frozenset(scopes)))] == names


async def test_people_on_other_machines_read_skills_made_for_them(settings: Settings) -> None:
    async with placed(settings) as place, place.client("anna") as anna:
        text = text_of_resource(await anna.read_resource("skill://gemini-image-editing/SKILL.md"))
        assert "upload_file" in text
    async with placed(settings) as place, place.client(f"anna:{READ_SCOPE}") as anna:
        with pytest.raises(MCPError, match="no skill"):
            await anna.read_resource("skill://gemini-image-editing/SKILL.md")


def test_lines_end_alike_on_every_system() -> None:
    for name in SKILLS:
        for path, text in read_skill(name):
            assert "\r" not in text
            assert text.endswith("\n")
            assert path.endswith(".md")


def test_the_page_about_skills_names_all_and_counts_them() -> None:
    page = (ROOT / "docs" / "skills.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(gemini-[a-z-]+)` \|", page, re.MULTILINE) == list(SKILLS)
    files = sum(len(skill.texts) for skill in served())
    assert f"Verified {len(SKILLS)} skills and {files} files: no conformance errors." in page
