"""What somebody has at a server, every way of a request to name it, and names of the same form that nobody has."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
from mcp import Client
from mcp_types import CallToolResult

from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.server.fixed_resources import FIXED_RESOURCES
from reading import call, id_of, links_of, text_of
from tasking import Tasking, begun, settled
from teaming import Json, Team
from tenanting import masked
from wired import HANDSHAKES, hello

SECRET = "The colour of Anna's boat"
"""In each prompt of the one whose interactions nobody else may see."""


@dataclass(frozen=True)
class Things:
    """What somebody has: all names by which that could be reached."""

    asked: str
    drawn: str
    file: str
    task: str
    found: str
    report: str
    store: str
    document: str
    upload: str
    sent: str
    environment: str

    def forms(self) -> dict[tuple[str, str], str]:
        """All ways to write them, by what it is and how it is written."""
        plain = vars(self) | {"upload_id": self.upload[6:], "sent_id": self.sent.rpartition("/")[2]}
        quoted = {(name, "quoted"): quote(text, safe="") for name, text in plain.items()}
        encoded = {(name, "encoded"): encode(text) for name, text in plain.items()}
        return {(name, "plain"): text for name, text in plain.items()} | quoted | encoded

    def names(self) -> dict[str, str]:
        """What stands in place of each of them where two answers are compared."""
        return {text: name for (name, _), text in self.forms().items()}

    def rename(self, others: "Things") -> Callable[[Any], Any]:
        """What puts another's things in place of these."""
        theirs = others.forms()
        return lambda value: json.loads(masked(value, {text: theirs[form] for form, text in self.forms().items()}))


def encode(text: str) -> str:
    """A text of which every character is percent-encoded."""
    return "".join(f"%{each:02x}" for each in text.encode())


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
    ("manage_store", "list all", lambda _: {"action": "list"}),
    ("list_interactions", "all", lambda _: {}),
    ("list_interactions", "totals", lambda _: {"totals": "kind"}),
    ("list_interactions", "query", lambda has: {"query": has.asked}),
    ("read_interaction", "id", lambda has: {"interaction_id": has.asked}),
    ("read_interaction", "address", lambda has: {"interaction_id": f"gemini://interactions/{has.asked}"}),
    (
        "read_interaction",
        "encoded address",
        lambda has: {"interaction_id": f"gemini://interactions/{encode(has.asked)}"},
    ),
    ("read_interaction", "save_as", lambda has: {"interaction_id": has.asked, "save_as": "md"}),
    ("read_interaction", "save", lambda has: {"interaction_id": has.asked, "save": "*"}),
    ("delete_interaction", "id", lambda has: {"interaction_id": has.asked}),
    ("delete_interaction", "label", lambda has: {"interaction_id": has.task}),
    ("read_view", "history", lambda _: {"list": "history"}),
    ("read_view", "usage", lambda _: {"list": "usage"}),
    ("read_view", "id", lambda has: {"interaction_id": has.asked}),
    ("read_view", "file", lambda has: {"interaction_id": has.drawn, "name": has.file.rpartition("/")[2]}),
]
"""Every way of a tool to name something, and everything that it lists."""

NAMELESS: dict[str, Json] = {"generate_audio": {"prompt": "?"}, "upload_file": {"name": "a.txt"}}
"""Tools that neither name nor list what anybody has."""

PARAMETERS: dict[str, Json] = {
    "initialize": hello(HANDSHAKES[-1]),
    "ping": {},
    "server/discover": {},
    "tools/list": {},
    "prompts/list": {},
    "resources/list": {},
    "resources/templates/list": {},
    "skills/list": {},
    "skills/get": {"uri": "skill://gemini-cost-care/SKILL.md"},
}
"""Those of methods that name nothing that anybody has."""


@dataclass(frozen=True)
class Row:
    """A request.

    Attributes:
        title: What it is about.
        params: Its parameters, which name things of the one who has them.
    """

    title: str
    method: str
    params: Json


async def list_rows(client: Client, has: Things) -> list[Row]:
    """All requests, by what the server lists to the one who has things."""
    listed = {tool.name for tool in (await client.list_tools()).tools} | {name for name, _, _ in CALLS}
    calls = [(name, about, arguments(has)) for name, about, arguments in CALLS]
    calls += [(name, "nothing", arguments) for name, arguments in NAMELESS.items()]
    assert listed == {name for name, _, _ in calls}
    rows = [Row(f"{name} ({about})", "tools/call", {"name": name, "arguments": given}) for name, about, given in calls]
    rows += [Row(method, method, params) for method, params in PARAMETERS.items()]
    return [*rows, *list_task_rows(has), *await list_resource_rows(client, has), *await list_prompt_rows(client, has)]


def list_task_rows(has: Things) -> list[Row]:
    """The requests about tasks."""
    more: dict[str, Json] = {"tasks/get": {}, "tasks/cancel": {}, "tasks/update": {"inputResponses": {}}}
    named = {"task": has.task, "id": has.found, "settled": has.asked}
    return [
        Row(f"{method} ({about})", method, {"taskId": task, **params})
        for method, params in more.items()
        for about, task in named.items()
    ]


async def list_resource_rows(client: Client, has: Things) -> list[Row]:
    """The requests about resources: all that are listed, all that templates make, and other ways to write these."""
    addresses = {str(resource.uri) for resource in (await client.list_resources()).resources} | set(FIXED_RESOURCES)
    assert {f"gemini://interactions/{has.asked}", has.file, has.report} <= addresses
    rows: list[Row] = []
    for template in (await client.list_resource_templates()).resource_templates:
        for interaction, file in ((has.asked, "a"), (has.drawn, has.file), (has.found, has.report), (has.task, "a")):
            given = {"interaction_id": interaction, "name": file.rpartition("/")[2]}
            addresses |= {fill_in(template.uri_template, given), fill_in(template.uri_template, given, encode)}
        for name in re.findall(r"{(\w+)}", template.uri_template):
            about = {"type": "ref/resource", "uri": template.uri_template}
            rows += [complete(about, name, typed, has) for typed in ("", has.asked, has.file.rpartition("/")[2][:1])]
    for address in sorted(addresses):
        methods = ("resources/read", "resources/subscribe", "resources/unsubscribe")
        rows += [Row(f"{method} {address}", method, {"uri": address}) for method in methods]
        wanted = {"resourceSubscriptions": [address], "resourcesListChanged": True}
        rows.append(Row(f"listen to {address}", "subscriptions/listen", {"notifications": wanted}))
    return rows


async def list_prompt_rows(client: Client, has: Things) -> list[Row]:
    """The requests about prompts."""
    rows: list[Row] = []
    for prompt in (await client.list_prompts()).prompts:
        names = [argument.name for argument in prompt.arguments or ()]
        given = {"name": prompt.name, "arguments": dict.fromkeys(names, has.asked)}
        rows.append(Row(f"prompts/get {prompt.name}", "prompts/get", given))
        about = {"type": "ref/prompt", "name": prompt.name}
        rows += [complete(about, name, "", has) for name in (*names, "previous_interaction_id")]
    return rows


def fill_in(template: str, given: Mapping[str, str], write: Callable[[str], str] = str) -> str:
    """An address of a template; one with another parameter has no row."""
    return re.sub(r"{(\w+)}", lambda found: write(given[found[1]]), template)


def complete(reference: Json, name: str, typed: str, has: Things) -> Row:
    """A request for what completes an argument."""
    params = {
        "ref": reference,
        "argument": {"name": name, "value": typed},
        "context": {"arguments": {"interaction_id": has.drawn}},
    }
    return Row(f"complete {reference} {name}={typed}", "completion/complete", params)


async def send_file(served: Team, client: Client) -> str:
    """Have a client send a file, and return its handle."""
    told = (await call(client, "upload_file", name="boat.txt")).meta
    assert told
    sent = await served.web.put(httpx2.URL(told["upload_url"]).path, content=SECRET.encode())
    assert sent.json()["handle"] == told["uri"]
    return told["uri"]


async def make_things(served: Team, token: str, emulator: Emulator) -> tuple[Things, str]:
    """Have something of each kind made; return that, and the path at which its file can be downloaded."""
    async with served.client(token, extensions=[Tasking()], cache=None) as client:
        asked = id_of(await call(client, "gemini_ask", prompt=SECRET))
        picture = await call(client, "generate_image", prompt=SECRET)
        (file,) = [str(link.uri) for link in links_of(picture)]
        task = await begun(client, "start_research", prompt=SECRET)
        await settled(client, task)
        await call(client, "manage_store", action="create", store="Notes on boats")
        listed = [str(resource.uri) for resource in (await client.list_resources()).resources]
        (report,) = [address for address in listed if address.endswith(".md")]
        (store,) = emulator.stores.stores
        sent = await send_file(served, client)
    has = Things(
        asked=asked,
        drawn=id_of(picture),
        file=file,
        task=task["taskId"],
        found=report.split("/")[3],
        report=report,
        store=store,
        document=f"{store}/documents/a",
        upload="files/anna12345678",
        sent=sent,
        environment="env-anna-1",
    )
    return has, find_download(picture)


def find_download(result: CallToolResult) -> str:
    """The path at which the one file of a result can be downloaded."""
    (path,) = re.findall(r"\(<https://[^/]+(/files/[^>]+)>\)", text_of(result))
    return path


def scramble(text: str) -> str:
    """Another text of the same form."""
    return "".join(
        secrets.choice("0123456789abcdef") if each in "0123456789abcdef" else secrets.choice("ghijk") for each in text
    )


def never_made(has: Things) -> Things:
    """Names of the same form that nobody has."""
    drawn, found = f"v1_{secrets.token_hex(12)}", f"v1_{secrets.token_hex(12)}"
    first, _, rest = has.task.partition("-")
    return Things(
        asked=f"v1_{secrets.token_hex(12)}",
        drawn=drawn,
        file=has.file.replace(has.drawn, drawn),
        task=f"{first}-{secrets.token_hex(len(rest) // 2)}",
        found=found,
        report=has.report.replace(has.found, found),
        store=f"fileSearchStores/{scramble(has.store.partition('/')[2])}",
        document=f"fileSearchStores/x/documents/{secrets.token_hex(3)}",
        upload=f"files/{secrets.token_hex(6)}",
        sent=f"gemini://uploads/{secrets.token_urlsafe(16)}",
        environment=f"env-none-{secrets.token_hex(2)}",
    )
