"""Who may do what: every tool, resource, completion, subscription and task, for every wrong token.

What is another's is not there: the answers are the same, word for word.
"""

import json
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
import pytest
from mcp import Client, MCPDeprecationWarning, MCPError
from mcp_types import INVALID_REQUEST, ResourceTemplateReference

from conftest import Mode
from gemini_interactions_mcp.core.principals import DELETE_SCOPE, READ_SCOPE, SCOPES, SPEND_SCOPE, WRITE_SCOPE
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.journal.tokens import AccessTokens
from gemini_interactions_mcp.server.fixed_resources import FIXED_RESOURCES
from gemini_interactions_mcp.server.resources import RESOURCE_TEMPLATES
from gemini_interactions_mcp.server.scopes import find_required_scope, list_required_scopes
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES, TOOLS
from gemini_interactions_mcp.settings import Settings
from reading import call, id_of, links_of, text_of
from tasking import Answer, TaskRequest, begun
from tenanting import Place, masked, placed

SECRET = "The colour of Anna's boat"
"""In each prompt of the one whose interactions nobody else may see."""


@dataclass(frozen=True)
class Things:
    """What somebody has: all names by which that could be reached."""

    asked: str
    drawn: str
    file: str
    task: str
    store: str
    document: str
    upload: str
    sent: str
    environment: str

    def names(self) -> dict[str, str]:
        ids = {self.upload[6:]: "upload_id", self.sent.rpartition("/")[2]: "sent_id"}
        plain = {text: name for name, text in vars(self).items()} | ids
        return plain | {quote(text, safe=""): name for text, name in plain.items()}


Arguments = Callable[[Things], dict[str, Any]]

CALLS: list[tuple[str, str, Arguments]] = [
    ("gemini_ask", "store", lambda has: {"prompt": "?", "tools": [f"file_search:{has.store}"]}),
    ("gemini_continue", "id", lambda has: {"prompt": "?", "previous_interaction_id": has.asked}),
    ("gemini_continue", "label", lambda has: {"prompt": "?", "previous_interaction_id": has.task}),
    (
        "gemini_continue",
        "store",
        lambda has: {"prompt": "?", "previous_interaction_id": has.asked, "tools": [f"file_search:{has.store}"]},
    ),
    ("analyze_file", "saved file", lambda has: {"prompt": "?", "files": [has.file]}),
    ("analyze_file", "saved files", lambda has: {"prompt": "?", "files": [f"gemini://interactions/{has.drawn}"]}),
    ("analyze_file", "sent file", lambda has: {"prompt": "?", "files": [has.sent]}),
    ("analyze_file", "upload", lambda has: {"prompt": "?", "files": [has.upload]}),
    (
        "analyze_file",
        "upload address",
        lambda has: {"prompt": "?", "files": [f"https://generativelanguage.googleapis.com/v1beta/{has.upload}"]},
    ),
    (
        "analyze_file",
        "odd upload address",
        lambda has: {
            "prompt": "?",
            "files": [f"HTTPS://GenerativeLanguage.GoogleAPIs.com.:443/v1beta/%66iles/{has.upload[6:]}?alt=media"],
        },
    ),
    (
        "analyze_file",
        "previous",
        lambda has: {"prompt": "?", "files": ["https://a.org/a.pdf"], "previous_interaction_id": has.asked},
    ),
    ("generate_image", "saved file", lambda has: {"prompt": "?", "images": [has.file]}),
    ("generate_image", "named sent file", lambda has: {"prompt": "?", "images": [f"logo={has.sent}"]}),
    ("generate_image", "named upload", lambda has: {"prompt": "?", "images": [f"logo={has.upload}"]}),
    ("generate_image", "previous", lambda has: {"prompt": "?", "previous_interaction_id": has.drawn}),
    ("generate_video", "saved file", lambda has: {"prompt": "?", "images": [has.file]}),
    ("generate_video", "sent file", lambda has: {"prompt": "?", "video": has.sent}),
    ("generate_video", "upload", lambda has: {"prompt": "?", "video": has.upload}),
    ("generate_video", "previous", lambda has: {"prompt": "?", "previous_interaction_id": has.drawn}),
    ("start_research", "previous", lambda has: {"prompt": "?", "previous_interaction_id": has.asked}),
    ("start_research", "file", lambda has: {"prompt": "?", "files": [has.file]}),
    ("start_research", "sent file", lambda has: {"prompt": "?", "files": [has.sent]}),
    ("start_research", "upload", lambda has: {"prompt": "?", "files": [has.upload]}),
    ("start_research", "store", lambda has: {"prompt": "?", "tools": [f"file_search:{has.store}"]}),
    (
        "start_research",
        "environment",
        lambda has: {
            "prompt": "?",
            "agent": "antigravity-preview-09-2026",
            "environment": has.environment,
        },
    ),
    ("check_research", "id", lambda has: {"interaction_id": has.asked}),
    ("check_research", "label", lambda has: {"interaction_id": has.task, "wait_seconds": 1}),
    ("cancel_research", "id", lambda has: {"interaction_id": has.asked}),
    ("cancel_research", "label", lambda has: {"interaction_id": has.task}),
    ("manage_store", "list", lambda has: {"action": "list", "store": has.store}),
    ("manage_store", "add", lambda has: {"action": "add", "store": has.store, "files": [has.file]}),
    ("manage_store", "add sent file", lambda has: {"action": "add", "store": has.store, "files": [has.sent]}),
    ("manage_store", "remove", lambda has: {"action": "remove", "store": has.store, "document": has.document}),
    ("manage_store", "delete", lambda has: {"action": "delete", "store": has.store, "force": True}),
    ("list_interactions", "query", lambda has: {"query": has.asked}),
    ("read_interaction", "id", lambda has: {"interaction_id": has.asked}),
    ("read_interaction", "address", lambda has: {"interaction_id": f"gemini://interactions/{has.asked}"}),
    ("read_interaction", "save_as", lambda has: {"interaction_id": has.asked, "save_as": "md"}),
    ("read_interaction", "save", lambda has: {"interaction_id": has.asked, "save": "*"}),
    ("delete_interaction", "id", lambda has: {"interaction_id": has.asked}),
    ("delete_interaction", "label", lambda has: {"interaction_id": has.task}),
    ("read_view", "id", lambda has: {"interaction_id": has.asked}),
    ("read_view", "file", lambda has: {"interaction_id": has.drawn, "name": has.file.rpartition("/")[2]}),
]
"""Every way of a tool to name something."""

NAMELESS = {"generate_audio", "upload_file"}
"""Tools that name nothing that anybody has."""

ADDRESSES: list[tuple[str, Callable[[Things], str]]] = [
    ("interaction", lambda has: f"gemini://interactions/{has.asked}"),
    ("interaction_data", lambda has: f"gemini://interactions/{has.asked}/data"),
    ("interaction_file", lambda has: has.file),
    ("label", lambda has: f"gemini://interactions/{has.task}"),
]


async def send_file(place: Place, client: Client) -> str:
    """Have a client send a file, and return its handle."""
    told = await call(client, "upload_file", name="anna.txt")
    assert told.meta

    async def content() -> AsyncGenerator[bytes]:
        yield SECRET.encode()

    await place.server.receive_file(told.meta["upload_url"].rpartition("/")[2], None, content())
    return told.meta["uri"]


async def make_things(place: Place, client: Client, emulator: Emulator) -> Things:
    """Have something of each kind made."""
    await AccessTokens(place.server.database).ensure_principal("anna")
    asked = id_of(await call(client, "gemini_ask", prompt=SECRET))
    picture = await call(client, "generate_image", prompt=SECRET)
    (link,) = links_of(picture)
    task = await begun(client, "start_research", prompt=SECRET)
    await call(client, "manage_store", action="create", store="Anna's notes")
    (store,) = emulator.stores.stores
    return Things(
        asked=asked,
        drawn=id_of(picture),
        file=str(link.uri),
        task=task["taskId"],
        store=store,
        document=f"{store}/documents/a",
        upload="files/anna12345678",
        sent=await send_file(place, client),
        environment="env-anna-1",
    )


def scramble(text: str) -> str:
    """Another text of the same form."""
    return "".join(
        secrets.choice("0123456789abcdef") if each in "0123456789abcdef" else secrets.choice("ghijk") for each in text
    )


def never_made(has: Things) -> Things:
    """Names of the same form that nobody has."""
    asked, drawn = f"v1_{secrets.token_hex(12)}", f"v1_{secrets.token_hex(12)}"
    first, _, rest = has.task.partition("-")
    task = f"{first}-{secrets.token_hex(len(rest) // 2)}"
    return Things(
        asked=asked,
        drawn=drawn,
        file=f"gemini://interactions/{drawn}/files/{has.file.rpartition('/')[2]}",
        task=task,
        store=f"fileSearchStores/{scramble(has.store.partition('/')[2])}",
        document=f"fileSearchStores/x/documents/{secrets.token_hex(3)}",
        upload=f"files/{secrets.token_hex(6)}",
        sent=f"gemini://uploads/{secrets.token_urlsafe(16)}",
        environment=f"env-none-{secrets.token_hex(2)}",
    )


@dataclass
class World:
    """A server with two principals, of whom one has something."""

    place: Place
    anna: Client
    berta: Client
    has: Things
    emulator: Emulator


@asynccontextmanager
async def world(settings: Settings, emulator: Emulator, mode: Mode = "auto") -> AsyncGenerator[World]:
    """Two principals at one server."""
    async with (
        placed(settings) as place,
        place.client("anna", tasks=True) as anna,
        place.client("berta", mode, tasks=mode == "auto") as berta,
    ):
        yield World(place, anna, berta, await make_things(place, anna, emulator), emulator)


async def outcome(work: Awaitable[Any], has: Things) -> str:
    """All of an answer or an error, with the names of things in place of these."""
    try:
        answer: Any = await work
    except MCPError as exc:
        answer = {"code": exc.error.code, "message": exc.error.message, "data": exc.error.data}
    return masked(answer, has.names())


async def differs(world: World, ask: Callable[[Things], Awaitable[Any]]) -> None:
    """Check that the answer about another's thing is that about one that never was, and that Google is not asked."""
    none = never_made(world.has)
    expected = await outcome(ask(none), none)
    before = len(world.emulator.requests)
    found = await outcome(ask(world.has), world.has)
    told = masked([(each.path, each.body) for each in world.emulator.requests[before:]], {})
    assert found == expected
    assert SECRET not in found
    assert not [name for name in (world.has.asked, world.has.drawn, world.has.task) if name in told]


def test_every_tool_that_names_something_is_tried() -> None:
    assert {name for name, _, _ in CALLS} | NAMELESS == set(TOOL_SCOPES)
    assert {name for name, _ in ADDRESSES} >= {each.name for each in RESOURCE_TEMPLATES}


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
async def test_what_is_anothers_is_not_there_for_any_tool(settings: Settings, emulator: Emulator, mode: Mode) -> None:
    async with world(settings, emulator, mode) as here:
        for name, about, arguments in CALLS:

            async def ask(has: Things, name: str = name, arguments: Arguments = arguments) -> Any:
                result = await here.berta.call_tool(name, arguments(has))
                return result.model_dump(mode="json")

            try:
                await differs(here, ask)
            except AssertionError as exc:
                raise AssertionError(f"{name} ({about}): {exc}") from exc
        assert not emulator.deletes
        assert not emulator.cancels
        assert list(emulator.stores.stores) == [here.has.store]
        await call(here.anna, "read_interaction", interaction_id=here.has.asked)


async def test_what_is_anothers_is_in_no_list(settings: Settings, emulator: Emulator) -> None:
    async with world(settings, emulator) as here:
        for tool in (
            await here.berta.call_tool("list_interactions", {}),
            await here.berta.call_tool("list_interactions", {"totals": "kind"}),
            await here.berta.call_tool("manage_store", {"action": "list"}),
            await here.berta.call_tool("read_view", {"list": "history"}),
            await here.berta.call_tool("read_view", {"list": "usage"}),
            await here.berta.list_resources(),
            *[await here.berta.read_resource(address) for address in FIXED_RESOURCES],
        ):
            shown = masked(tool, here.has.names())
            assert SECRET not in shown
            assert not [name for name in vars(here.has) if f'"{name}"' in shown.replace('"task"', "")]
            assert here.has.store not in shown
        assert here.has.asked in masked(await here.anna.list_resources(), {})


async def test_what_is_anothers_is_no_resource_and_completes_nothing(settings: Settings, emulator: Emulator) -> None:
    async with world(settings, emulator) as here:
        for _, address in ADDRESSES:
            await differs(here, lambda has, address=address: here.berta.read_resource(address(has)))
        for template in RESOURCE_TEMPLATES:
            reference = ResourceTemplateReference(uri=template.uri_template)

            async def complete(
                has: Things, client: Client = here.berta, reference: ResourceTemplateReference = reference
            ) -> Any:
                ids = await client.complete(reference, {"name": "interaction_id", "value": has.asked[:6]})
                names = await client.complete(reference, {"name": "name", "value": ""}, {"interaction_id": has.drawn})
                return [ids.completion.values, names.completion.values]

            assert await complete(here.has) == [[], []]
            found = await complete(here.has, here.anna)
            assert here.has.asked in found[0]
            assert found[1]


async def test_what_is_anothers_is_no_task(settings: Settings, emulator: Emulator) -> None:
    async with world(settings, emulator) as here:
        for method in ("tasks/get", "tasks/update", "tasks/cancel"):

            async def ask(has: Things, method: str = method) -> Any:
                more: dict[str, Any] = {"inputResponses": {}} if method == "tasks/update" else {}
                request = TaskRequest(method=method, params={"taskId": has.task, **more})
                return (await here.berta.session.send_request(request, Answer)).root

            await differs(here, ask)
        assert not emulator.cancels


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


async def changed(client: Client, told: Callable[[], list[str]]) -> None:
    """Have something changed, and wait until somebody is told, and some time more."""
    await call(client, "gemini_ask", prompt=SECRET)
    with anyio.fail_after(10):
        while not told():
            await anyio.lowlevel.checkpoint()
    await anyio.sleep(0.3)


async def test_without_a_token_nothing_is_answered(settings: Settings) -> None:
    async with placed(settings) as place, httpx2.AsyncClient() as web:
        for token in ({}, {"authorization": "Bearer nobody"}):
            for method in ("initialize", "tools/list", "tools/call", "resources/read", "tasks/get"):
                body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}
                answer = await web.post(place.url, json=body, headers={"accept": "application/json", **token})
                assert answer.status_code == 401
                assert "result" not in answer.text


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
    assert find_required_scope(method, params) == scope


@pytest.mark.parametrize(("name", "arguments", "scope"), DEEDS)
def test_each_call_needs_the_scope_of_what_it_does(name: str, arguments: dict[str, Any], scope: str) -> None:
    params = {"name": name, "arguments": arguments}
    assert find_required_scope("tools/call", params) == scope
    assert TOOL_SCOPES.get(name, READ_SCOPE) in list_required_scopes("tools/call", params) or name == "manage_store"


@pytest.mark.parametrize("method", ["initialize", "ping", "tools/list", "prompts/list", "notifications/cancelled"])
def test_what_is_the_same_for_all_needs_no_scope(method: str) -> None:
    assert find_required_scope(method, {}) is None


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
