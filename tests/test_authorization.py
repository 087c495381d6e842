"""Who may do what: the scopes of requests, whom changes are told, and what is closed to remote clients.

`test_matrix.py` has every request of those who may not do it.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from mcp import Client, MCPDeprecationWarning, MCPError
from mcp_types import INVALID_REQUEST

from conftest import Mode
from gemini_interactions_mcp.core.principals import DELETE_SCOPE, READ_SCOPE, SCOPES, SPEND_SCOPE, WRITE_SCOPE
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.server.scopes import list_required_scopes
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES, TOOLS
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of, text_of
from tenanting import masked, placed

SECRET = "The colour of Anna's boat"
"""In each prompt of the one whose interactions nobody else may see."""


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_nobody_is_told_of_anothers_changes(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    told: dict[str, list[str]] = {"anna": [], "berta": []}

    def note(name: str) -> Callable[[Any], Awaitable[None]]:
        async def handle(message: Any) -> None:
            told[name].append(getattr(getattr(message, "params", None), "uri", type(message).__name__))

        return handle

    async with (
        placed(settings) as place,
        place.client("anna", mode, message_handler=note("anna")) as anna,
        place.client("berta", mode, message_handler=note("berta")) as berta,
    ):
        if mode == "legacy":
            for client in (anna, berta):
                with pytest.warns(MCPDeprecationWarning):
                    await client.subscribe_resource("gemini://interactions")  # pyright: ignore[reportDeprecated] - as the era
            await changed(anna, lambda: told["anna"])
        else:
            async with (
                anna.listen(resources_list_changed=True, resource_subscriptions=["gemini://interactions"]) as hers,
                berta.listen(resources_list_changed=True, resource_subscriptions=["gemini://interactions"]) as other,
            ):
                await call(anna, "gemini_ask", prompt=SECRET)
                with anyio.fail_after(10):
                    told["anna"].append(str(await anext(hers)))
                with anyio.move_on_after(0.5):
                    told["berta"].append(str(await anext(other)))
    assert told["anna"]
    assert not told["berta"]


async def test_nobody_is_told_of_the_changes_of_anothers_address(settings: Settings, emulator: Emulator) -> None:
    emulator.research_seconds = 60
    told: list[str] = []
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        label = id_of(await call(anna, "start_research", prompt=SECRET))
        addresses = [str(each.uri) for each in (await anna.list_resources()).resources]
        wanted = [f"gemini://interactions/{label}", *[each for each in addresses if "/v1_" in each]]
        assert len(wanted) > 1
        async with (
            anna.listen(resources_list_changed=True, resource_subscriptions=wanted) as hers,
            berta.listen(resources_list_changed=True, resource_subscriptions=wanted) as other,
        ):
            await call(anna, "cancel_research", interaction_id=label)
            with anyio.fail_after(10):
                while "v1_" not in str(await anext(hers)):
                    """The list may have changed first."""
            with anyio.move_on_after(0.5):
                told.append(str(await anext(other)))
    assert not told


async def changed(client: Client, told: Callable[[], list[str]]) -> None:
    """Have something changed, and wait until somebody is told, and some time more."""
    await call(client, "gemini_ask", prompt=SECRET)
    with anyio.fail_after(10):
        while not told():
            await anyio.lowlevel.checkpoint()
    await anyio.sleep(0.3)


REQUESTS: list[tuple[str, dict[str, Any], str]] = [
    ("resources/list", {}, READ_SCOPE),
    ("resources/read", {"uri": "gemini://usage"}, READ_SCOPE),
    ("resources/subscribe", {"uri": "gemini://usage"}, READ_SCOPE),
    ("resources/unsubscribe", {"uri": "gemini://usage"}, READ_SCOPE),
    ("subscriptions/listen", {"notifications": {}}, READ_SCOPE),
    ("completion/complete", {}, READ_SCOPE),
    ("tasks/get", {"taskId": "x"}, READ_SCOPE),
    ("tasks/update", {"taskId": "x", "inputResponses": {}}, SPEND_SCOPE),
    ("tasks/cancel", {"taskId": "x"}, SPEND_SCOPE),
    ("skills/list", {}, READ_SCOPE),
    ("skills/get", {"uri": "skill://gemini-cost-care/SKILL.md"}, READ_SCOPE),
    ("something/new", {}, READ_SCOPE),
]

DEEDS: list[tuple[str, dict[str, Any], str]] = [
    ("manage_store", {"action": "list"}, READ_SCOPE),
    ("manage_store", {"action": "create", "store": "a"}, SPEND_SCOPE),
    ("manage_store", {"action": "add", "store": "a"}, SPEND_SCOPE),
    ("manage_store", {"action": "remove", "store": "a"}, DELETE_SCOPE),
    ("manage_store", {"action": '"DELETE"', "store": "a"}, DELETE_SCOPE),
    ("manage_store", {"action": ["delete"]}, DELETE_SCOPE),
    ("manage_store", {}, DELETE_SCOPE),
    ("read_interaction", {"interaction_id": "x"}, READ_SCOPE),
    ("read_interaction", {"interaction_id": "x", "save_as": "pdf"}, WRITE_SCOPE),
    ("read_interaction", {"interaction_id": "x", "save": ["*.csv"]}, WRITE_SCOPE),
    ("read_interaction", {"interaction_id": "x", "save_as": "null"}, READ_SCOPE),
    ("generate_image", {"prompt": "x", "output_path": "a.png"}, WRITE_SCOPE),
    ("no_such_tool", {}, READ_SCOPE),
    *[(entry.function.__name__, {}, entry.scope) for entry in TOOLS if entry.function.__name__ != "manage_store"],
]


@pytest.mark.parametrize(("method", "params", "scope"), REQUESTS)
def test_each_method_needs_a_scope(method: str, params: dict[str, Any], scope: str) -> None:
    assert list_required_scopes(method, params) == [scope]


@pytest.mark.parametrize(("name", "arguments", "scope"), DEEDS)
def test_each_call_needs_the_scope_of_what_it_does(name: str, arguments: dict[str, Any], scope: str) -> None:
    params = {"name": name, "arguments": arguments}
    assert list_required_scopes("tools/call", params)[0] == scope
    assert TOOL_SCOPES.get(name, READ_SCOPE) in list_required_scopes("tools/call", params) or name == "manage_store"


@pytest.mark.parametrize("method", ["initialize", "ping", "tools/list", "prompts/list", "notifications/cancelled"])
def test_what_is_the_same_for_all_needs_no_scope(method: str) -> None:
    assert list_required_scopes(method, {}) == []


async def test_a_call_without_its_scope_is_refused_and_says_which(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings) as place:
        for scope in SCOPES:
            async with place.client(f"anna:{scope}") as client:
                listed = {tool.name for tool in (await client.list_tools()).tools}
                assert listed == {name for name, each in TOOL_SCOPES.items() if each == scope and name != "read_view"}
                for name, arguments, _ in DEEDS:
                    missing = [
                        each
                        for each in list_required_scopes("tools/call", {"name": name, "arguments": arguments})
                        if each != scope
                    ]
                    if not missing:
                        continue
                    with pytest.raises(MCPError, match=missing[0]) as caught:
                        await client.call_tool(name, arguments)
                    assert caught.value.error.code == INVALID_REQUEST
                if scope != READ_SCOPE:
                    with pytest.raises(MCPError, match=READ_SCOPE):
                        await client.list_resources()
    assert not emulator.creates


async def test_two_who_ask_the_same_at_once_share_nothing(settings: Settings, emulator: Emulator) -> None:
    async with placed(settings) as place, place.client("anna") as anna, place.client("berta") as berta:
        ids: dict[str, list[str]] = {"anna": [], "berta": []}

        async def ask(name: str, client: Client) -> None:
            for _ in range(3):
                ids[name].append(id_of(await call(client, "gemini_ask", prompt=SECRET)))
            ids[name].append(id_of(await call(client, "start_research", prompt=SECRET)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "anna", anna)
            tasks.start_soon(ask, "berta", berta)
        assert not set(ids["anna"]) & set(ids["berta"])
        assert len(emulator.creates) == len({*ids["anna"], *ids["berta"]}) == 8
        again = id_of(await call(berta, "start_research", prompt=SECRET))
        assert again == ids["berta"][-1]
        shown = {text_of(await call(each, "list_interactions")) for each in (anna, berta)}
        assert len(shown) == 2


async def test_paths_of_the_server_are_closed(settings: Settings) -> None:
    inside = settings.allowed_dirs[0] / "note.txt"
    inside.write_text("of the owner", encoding="utf-8")
    async with placed(settings) as place, place.client("berta") as berta:
        said = {
            text_of(await berta.call_tool("analyze_file", {"prompt": "?", "files": [source]}))
            for source in (
                str(inside),
                inside.as_uri(),
                str(inside.parent),
                f"{inside.parent}/*.txt",
                f"@{inside}",
                "/no/such/file",
                "note.txt",
                "~/.ssh/id_rsa",
            )
        }
        (one,) = said
        assert "upload_file" in one
        for path in (str(inside.parent / "a.png"), "../a.png", "~/a.png", "file:///a.png", ".a.png"):
            refused = await berta.call_tool("generate_image", {"prompt": "?", "output_path": path})
            assert refused.is_error
            assert str(inside.parent) not in text_of(refused).replace(path, "")
        named = await berta.call_tool("generate_image", {"prompt": "?", "output_path": "mine/a.png"})
        assert not named.is_error
        assert str(settings.output_dir) not in named.model_dump_json()


def test_names_are_masked() -> None:
    assert masked({"a": "v1_x and v1_xy"}, {"v1_x": "A", "v1_xy": "B"}) == json.dumps({"a": "A and B"})
