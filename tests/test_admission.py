"""What the catalog decides before a call: aliases, what is shut down, and what a model does not take."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from conftest import FAST, make_settings
from consenting import User, host
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models.admission import DefaultName, admit_request, choose_name
from gemini_interactions_mcp.models.catalog import Catalog, CatalogRow
from gemini_interactions_mcp.models.catalog_file import load_built_in_catalog
from gemini_interactions_mcp.models.interactions import RemoteServer, Request
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import call, complaint, png, text_of

BUILT_IN = load_built_in_catalog()
TODAY = date(2026, 11, 29)
FLASH, BANANA = "gemini-3.8-flash", "gemini-nano-banana-2.1"
RESEARCH, ANTIGRAVITY = "deep-research-preview-04-2026", "antigravity-preview-09-2026"

DEAD = (
    '["gemini-3.8-flash"]\nshutdown = 2026-01-31\nsuccessor = "gemini-3.6-flash"\n'
    '["deep-research-preview-04-2026"]\nshutdown = 2026-01-31\nsuccessor = "deep-research-max-preview-04-2026"\n'
)
"""A catalog in which two defaults are shut down."""


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The date by which the catalog is read."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, 12, tzinfo=UTC))


@asynccontextmanager
async def served(settings: Settings) -> AsyncGenerator[Client]:
    async with Client(build_server(settings, FAST), cache=None) as client:
        yield client


def test_a_name_is_the_id_of_an_alias_or_itself() -> None:
    default = DefaultName(FLASH)
    assert choose_name("Pro", default, BUILT_IN, TODAY) == ("gemini-3.1-pro-preview", None)
    assert choose_name("gemini-9", default, BUILT_IN, TODAY) == ("gemini-9", None)
    assert choose_name(None, default, BUILT_IN, TODAY) == (FLASH, None)
    assert choose_name(None, DefaultName("flash lite", "GEMINI_MCP_MODEL"), BUILT_IN, TODAY).name.endswith("-lite")


def test_only_a_default_of_this_server_moves_to_its_successor() -> None:
    default = DefaultName("gemini-omni-flash-preview")
    moved = choose_name(None, default, BUILT_IN, TODAY)
    assert moved.name == "gemini-omni-1.2-flash"
    assert moved.note == (
        "Google has shut down gemini-omni-flash-preview (2026-10-22); gemini-omni-1.2-flash is used in its place."
    )
    with pytest.raises(InputError, match=r"nothing was sent\. Use gemini-omni-1\.2-flash instead\.$"):
        choose_name("gemini-omni-flash-preview", default, BUILT_IN, TODAY)
    with pytest.raises(InputError, match=r"which GEMINI_MCP_MODEL names; .* The user can set GEMINI_MCP_MODEL to it\."):
        choose_name(None, DefaultName("gemini-omni-flash-preview", "GEMINI_MCP_MODEL"), BUILT_IN, TODAY)


def test_a_default_without_a_living_successor_is_refused() -> None:
    rows = [
        CatalogRow.model_validate({"id": "a", "kind": "text", "shutdown": TODAY, "successor": "b"}),
        CatalogRow.model_validate({"id": "b", "kind": "text", "shutdown": TODAY}),
    ]
    with pytest.raises(InputError, match=r"^Google has shut down a \(2026-11-29\); nothing was sent.$"):
        choose_name(None, DefaultName("a"), Catalog(rows), TODAY)


def test_the_day_before_its_shutdown_a_model_is_still_asked() -> None:
    default = DefaultName(FLASH)
    assert choose_name("gemini-omni-1.1-flash", default, BUILT_IN, date(2026, 12, 2)).name == "gemini-omni-1.1-flash"
    with pytest.raises(InputError):
        choose_name("gemini-omni-1.1-flash", default, BUILT_IN, date(2026, 12, 3))


def ask(model: str = FLASH, **fields: Any) -> Request:
    return Request(kind="ask", prompt="hi", model=model, **fields)


def task(agent: str = ANTIGRAVITY, **fields: Any) -> Request:
    return Request(kind="research", prompt="hi", agent=agent, **fields)


OWN = Catalog(
    [
        CatalogRow.model_validate(
            {
                "id": "gemini-9",
                "kind": "text",
                "tools": ["google_search", "google_maps", "file_search"],
                "excluded_tools": [["google_search", "google_maps"], ["file_search", "url_context"]],
                "files": ["text"],
                "service_tiers": ["standard"],
            }
        )
    ]
)

REFUSED: list[tuple[Request, Catalog, tuple[str, ...], str]] = [
    (
        Request(kind="image", prompt="x", model=BANANA, thinking_level="low"),
        BUILT_IN,
        (),
        f"{BANANA} does not take thinking_level low; it takes minimal, medium, high.",
    ),
    (ask(thinking_level="xhigh"), BUILT_IN, (), f"{FLASH} does not take thinking_level xhigh; it takes low, medium, "),
    (
        Request(kind="image", prompt="x", model="gemini-3.1-flash-lite-image", image={"image_size": "4K"}),
        BUILT_IN,
        (),
        "gemini-3.1-flash-lite-image does not take image_size 4K; it takes 1K.",
    ),
    (
        task(tools=("google_maps",)),
        BUILT_IN,
        (),
        f"{ANTIGRAVITY} does not take the tool google_maps; it takes google_search, url_context, code_execution, mcp_",
    ),
    (task(stores=("fileSearchStores/a",)), BUILT_IN, (), f"{ANTIGRAVITY} does not take the tool file_search; "),
    (task(), BUILT_IN, ("image", "video"), f"{ANTIGRAVITY} does not take files of type video; it takes text, image."),
    (task(contents=({"type": "audio"},)), BUILT_IN, (), f"{ANTIGRAVITY} does not take files of type audio; "),
    (task(RESEARCH, agent_config={"max_total_tokens": 9}), BUILT_IN, (), f"{RESEARCH} does not take budget_tokens."),
    (ask("gemini-9", tools=("google_search", "google_maps")), OWN, (), "does not take google_search and google_maps "),
    (ask("gemini-9", tools=("url_context",)), OWN, (), "gemini-9 does not take the tool url_context; it takes google_"),
    (ask("gemini-9", tools=("url_context",), stores=("s",)), OWN, (), "not take file_search and url_context together."),
    (
        ask("gemini-unknown", tools=("google_search",), stores=("s",)),
        BUILT_IN,
        (),
        "No model takes file_search and google_search together. Nothing was sent.",
    ),
    (
        ask("gemini-9", servers=(RemoteServer(name="a", url="https://a.example"),)),
        OWN,
        (),
        "gemini-9 does not take the tool mcp_server; ",
    ),
    (ask("gemini-9"), OWN, ("document",), "gemini-9 does not take files of type document; it takes text."),
    (ask("gemini-9", service_tier="flex"), OWN, (), "gemini-9 does not take service_tier flex; it takes standard."),
    (ask(RESEARCH), BUILT_IN, (), f"{RESEARCH} is an agent and no model; start_research takes it."),
    (task(FLASH), BUILT_IN, (), f"{FLASH} is a model and no agent; gemini_ask takes it."),
]


@pytest.mark.parametrize(("request_", "catalog", "kinds", "said"), REFUSED)
def test_what_a_model_does_not_take_is_refused_with_what_it_takes(
    request_: Request, catalog: Catalog, kinds: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        admit_request(request_, catalog, kinds)
    assert said in str(caught.value)
    assert str(caught.value).endswith(" Nothing was sent.")


TAKEN: list[tuple[Request, tuple[str, ...]]] = [
    (ask(thinking_level="high", tools=("google_search", "google_maps"), service_tier="flex"), ("video", "audio")),
    (ask("gemini-3.6-flash", thinking_level="minimal"), ()),
    (Request(kind="image", prompt="x", model=BANANA, thinking_level="minimal", image={"image_size": "4K"}), ("image",)),
    (Request(kind="image", prompt="x", model=BANANA, image={}), ()),
    (task(tools=("google_search", "code_execution"), agent_config={"max_total_tokens": 9}), ("text", "image")),
    (task(RESEARCH, tools=("google_search",), stores=("s",)), ("document",)),
    (ask("gemini-9-unknown", thinking_level="xhigh", service_tier="x"), ("x",)),
    (task("my-agent", tools=("google_maps",)), ("video",)),
]


@pytest.mark.parametrize(("request_", "kinds"), TAKEN)
def test_what_a_model_takes_and_what_is_not_known_passes(request_: Request, kinds: tuple[str, ...]) -> None:
    assert admit_request(request_, BUILT_IN, kinds) == request_


def test_minimal_is_the_lowest_level_of_a_model() -> None:
    assert admit_request(ask(thinking_level="minimal"), BUILT_IN).thinking_level == "low"


NAMED: list[tuple[str, dict[str, Any], str, str]] = [
    ("gemini_ask", {"prompt": "hi", "model": "Flash Lite"}, "model", "gemini-3.5-flash-lite"),
    ("gemini_ask", {"prompt": "hi", "model": "models/pro"}, "model", "gemini-3.1-pro-preview"),
    ("generate_image", {"prompt": "hi", "model": "nano banana pro"}, "model", "gemini-3-pro-image"),
    ("start_research", {"prompt": "hi", "agent": "deep research max"}, "agent", "deep-research-max-preview-04-2026"),
]


@pytest.mark.parametrize(("tool", "arguments", "part", "sent"), NAMED)
async def test_an_alias_is_sent_as_the_id_that_it_means(
    settings: Settings, emulator: Emulator, tool: str, arguments: dict[str, Any], part: str, sent: str
) -> None:
    async with served(settings) as client:
        await call(client, tool, **arguments)
    assert emulator.creates[-1][part] == sent


async def test_a_setting_may_be_an_alias(tmp_path: Path, url: str, emulator: Emulator) -> None:
    chosen = {"model": "flash lite", "image_model": "nano banana pro", "research_agent": "research max"}
    async with served(make_settings(tmp_path, url, **chosen)) as client:
        await call(client, "gemini_ask", prompt="hi")
        await call(client, "generate_image", prompt="hi")
        await call(client, "start_research", prompt="hi")
    assert [body.get("model") or body["agent"] for body in emulator.creates] == [
        "gemini-3.5-flash-lite",
        "gemini-3-pro-image",
        "deep-research-max-preview-04-2026",
    ]


RETIRED: list[tuple[str, dict[str, Any], str]] = [
    ("gemini_ask", {"prompt": "hi", "model": "gemini-omni-flash-preview"}, "gemini-omni-1.2-flash"),
    ("generate_image", {"prompt": "hi", "model": "gemini-2.5-flash-image"}, BANANA),
    ("generate_image", {"prompt": "hi", "model": "gemini-3.1-flash-image"}, BANANA),
    ("start_research", {"prompt": "hi", "agent": "deep-research-pro-preview-12-2025"}, RESEARCH),
    ("start_research", {"prompt": "hi", "agent": "antigravity-preview-05-2026"}, ANTIGRAVITY),
]


@pytest.mark.parametrize(("tool", "arguments", "successor"), RETIRED)
async def test_what_is_shut_down_is_not_sent(
    settings: Settings, emulator: Emulator, tool: str, arguments: dict[str, Any], successor: str
) -> None:
    async with served(settings) as client:
        said = await complaint(client, tool, **arguments)
    assert said.startswith(f"Google has shut down {arguments.get('model') or arguments['agent']} (2026-10-")
    assert said.endswith(f"; nothing was sent. Use {successor} instead.")
    assert emulator.requests == []


async def test_files_of_a_type_that_an_agent_does_not_take_are_neither_asked_about_nor_uploaded(
    settings: Settings, emulator: Emulator
) -> None:
    user = User("accept", start=True)
    document = "https://example.com/a.pdf"
    async with host(settings.model_copy(update={"inline_bytes": 0}), "auto", user.answer) as client:
        said = await complaint(client, "start_research", prompt="hi", agent="antigravity", files=[document])
    assert said == (f"{ANTIGRAVITY} does not take files of type document; it takes text, image. Nothing was sent.")
    assert user.asked == []
    assert emulator.requests == []


async def test_large_text_is_text_to_an_agent(settings: Settings, emulator: Emulator) -> None:
    (settings.allowed_dirs[0] / "a.txt").write_text("word " * 9_000, encoding="utf-8")
    path = str(settings.allowed_dirs[0] / "a.txt")
    async with served(settings.model_copy(update={"inline_bytes": 0})) as client:
        await call(client, "start_research", prompt="hi", agent="antigravity", files=[path])
    assert emulator.creates[-1]["agent"] == ANTIGRAVITY


IMPOSSIBLE: list[tuple[str, dict[str, Any]]] = [
    ("gemini_ask", {"prompt": "hi", "model": "deep research"}),
    ("generate_image", {"prompt": "hi", "model": "nano banana lite", "image_size": "2K"}),
    ("start_research", {"prompt": "hi", "agent": "antigravity", "tools": ["google_maps"]}),
    ("start_research", {"prompt": "hi", "agent": "flash"}),
]


@pytest.mark.parametrize(("tool", "arguments"), IMPOSSIBLE)
async def test_what_cannot_be_is_refused_before_anything_is_sent(
    settings: Settings, emulator: Emulator, tool: str, arguments: dict[str, Any]
) -> None:
    async with served(settings) as client:
        assert (await complaint(client, tool, **arguments)).endswith(" Nothing was sent.")
    assert emulator.requests == []


async def test_reference_images_of_an_impossible_size_are_not_uploaded(settings: Settings, emulator: Emulator) -> None:
    path = str(png(settings.allowed_dirs[0]))
    async with served(settings.model_copy(update={"inline_bytes": 0})) as client:
        shape = {"model": "nano banana lite", "image_size": "4K", "images": [path]}
        assert "it takes 1K." in await complaint(client, "generate_image", prompt="hi", **shape)
    assert emulator.requests == []


@pytest.fixture
def with_catalog(tmp_path: Path, url: str) -> Callable[..., Settings]:
    """Settings with a catalog of the user's."""

    def make(text: str, **changes: Any) -> Settings:
        path = tmp_path / "catalog.toml"
        path.write_text(text, encoding="utf-8")
        return make_settings(tmp_path, url, catalog_path=path, **changes)

    return make


async def test_a_dead_default_moves_to_its_successor_and_says_so(
    with_catalog: Callable[..., Settings], emulator: Emulator
) -> None:
    async with served(with_catalog(DEAD)) as client:
        asked = await call(client, "gemini_ask", prompt="hi")
        started = await call(client, "start_research", prompt="hi")
        assert "model" in emulator.creates[0]
    assert text_of(asked).startswith(
        f"Google has shut down {FLASH} (2026-01-31); gemini-3.6-flash is used in its place.\n"
    )
    assert f"Google has shut down {RESEARCH} (2026-01-31); deep-research-max" in text_of(started)
    assert [body.get("model") or body["agent"] for body in emulator.creates] == [
        "gemini-3.6-flash",
        "deep-research-max-preview-04-2026",
    ]


async def test_a_dead_setting_is_refused_by_its_name(with_catalog: Callable[..., Settings], emulator: Emulator) -> None:
    async with served(with_catalog(DEAD, model="flash", research_agent=RESEARCH)) as client:
        said = await complaint(client, "gemini_ask", prompt="hi")
        assert said == (
            f"Google has shut down {FLASH} (2026-01-31), which GEMINI_MCP_MODEL names; nothing was sent. "
            "Use gemini-3.6-flash instead. The user can set GEMINI_MCP_MODEL to it."
        )
        assert "GEMINI_MCP_RESEARCH_AGENT" in await complaint(client, "start_research", prompt="hi")
        await call(client, "gemini_ask", prompt="hi", model="gemini-3.6-flash")
    assert len(emulator.creates) == 1


async def test_a_wrong_catalog_is_told_once_above_the_first_answer(
    with_catalog: Callable[..., Settings], emulator: Emulator
) -> None:
    async with served(with_catalog('["gemini-9"]\nkind = "car"\n')) as client:
        first = text_of(await call(client, "gemini_ask", prompt="one"))
        second = text_of(await call(client, "gemini_ask", prompt="two"))
    assert first.startswith("GEMINI_MCP_CATALOG (")
    assert "line 1: kind of gemini-9 is wrong" in first.splitlines()[0]
    assert "GEMINI_MCP_CATALOG" not in second
    assert [body["model"] for body in emulator.creates] == [FLASH, FLASH]


async def test_a_changed_catalog_counts_from_the_next_call(
    with_catalog: Callable[..., Settings], emulator: Emulator
) -> None:
    settings = with_catalog("")
    async with served(settings) as client:
        await call(client, "gemini_ask", prompt="hi", model="flash")
        with_catalog('["gemini-3.6-flash"]\naliases = ["flash"]\n')
        await call(client, "gemini_ask", prompt="hi", model="flash")
    assert [body["model"] for body in emulator.creates] == [FLASH, "gemini-3.6-flash"]


async def test_a_404_names_the_successor_of_the_users_catalog(
    with_catalog: Callable[..., Settings], emulator: Emulator
) -> None:
    async with served(with_catalog('["gemini-8"]\nkind = "text"\nsuccessor = "gemini-4-argon"\n')) as client:
        assert "Use gemini-4-argon instead." in await complaint(client, "gemini_ask", prompt="hi", model="gemini-8")
    assert emulator.creates == []


async def test_a_question_tells_what_the_users_catalog_says(with_catalog: Callable[..., Settings]) -> None:
    user = User("decline")
    settings = with_catalog(f'["{RESEARCH}"]\nusual_cost = [0.5, 2.25]\n')
    async with host(settings, "auto", user.answer) as client:
        await call(client, "start_research", prompt="hi")
    assert "Estimated cost: $0.50 to $2.25;" in user.asked[0]
