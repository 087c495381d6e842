"""Finds answers to a host's first messages while the SDK is still imported. Pure, and needs the standard library alone.

`greeting.json` has what the SDK answers, as `make snapshot` writes it. The SDK gets the same requests afterwards.
"""

import json
from enum import Enum
from typing import Any, Final

LONGEST_GREETED_BYTES: Final = 2**16  # so that a long line, which has to be parsed, does not delay the imports
META_PREFIX: Final = "io.modelcontextprotocol/"
VIEW_TYPE: Final = "text/html;profile=mcp-app"  # of clients that show the views of MCP Apps (mcp 2.3, server/apps.py)
JsonObject = dict[str, Any]
Meaning = Enum("Meaning", ["INITIALIZE", "DISCOVER", "ENVELOPED", "PLAIN", "UNKNOWN"])
Stage = Enum("Stage", ["NEW", "HANDSHAKE", "MODERN", "ENDED"])
MEANINGS: Final = {"initialize": Meaning.INITIALIZE, "server/discover": Meaning.DISCOVER}
NEXT_STAGES: Final = {
    # After a probe, a host may still fall back: `drop_abandoned_probes` keeps it from the SDK if `initialize` follows.
    Stage.NEW: {Meaning.INITIALIZE: Stage.HANDSHAKE, Meaning.DISCOVER: Stage.NEW, Meaning.ENVELOPED: Stage.MODERN},
    Stage.HANDSHAKE: {Meaning.PLAIN: Stage.HANDSHAKE},
    Stage.MODERN: {Meaning.DISCOVER: Stage.MODERN, Meaning.ENVELOPED: Stage.MODERN},
    Stage.ENDED: {},
}
"""The stage of a connection after a request. Any other request ends the greeting: what it means is for the SDK."""


class Greeter:
    """Finds the answers for one connection in a snapshot; without one, there are none."""

    def __init__(self, snapshot: JsonObject | None) -> None:
        self._snapshot = snapshot or {}
        self._stage = Stage.NEW if snapshot else Stage.ENDED
        self._host: JsonObject = {}
        self._answers: JsonObject = {}

    def find_answer(self, line: bytes) -> bytes | None:
        """Return the answer to a request, None where that is left to the SDK."""
        request = {} if self._stage is Stage.ENDED else read_message(line)
        if request and "id" not in request:
            return None
        host = read_client(request)
        meaning = classify_request(request, host, self._snapshot)
        self._stage = NEXT_STAGES[self._stage].get(meaning, Stage.ENDED)
        if self._stage is Stage.ENDED:
            return None
        if host and host["protocolVersion"] != self._host.get("protocolVersion"):
            self._answers = dict(self._snapshot["answers"][host["protocolVersion"]])
        self._host = host or self._host
        result = self._answers.pop(request["method"], None) if is_bare(request["params"]) else None
        if result is None:
            return None
        tools = {"tools": list_tools(self._snapshot, self._host)} if "tools" in result else {}
        answer = {"jsonrpc": "2.0", "id": request["id"], "result": result | tools}
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def read_message(line: bytes) -> JsonObject:
    """Return a request or notification, with its `params` and `_meta`; empty for what the SDK might refuse."""
    try:
        message: JsonObject = {"params": {}} | json.loads(line.decode() if len(line) <= LONGEST_GREETED_BYTES else "")
        message["params"] = {"_meta": {}} | message["params"]
        json.dumps(message, ensure_ascii=False, allow_nan=False).encode()  # fails for NaN and half a surrogate pair
    except (TypeError, ValueError, RecursionError):
        return {}
    members: tuple[object, ...] = (message.get("method"), message["params"]["_meta"], message.get("id", 0))
    known = [type(each) for each in members] in ([str, dict, int], [str, dict, str])
    return message if known and message.get("jsonrpc") == "2.0" else {}


def read_client(request: JsonObject) -> JsonObject:
    """Return what a request says of its host, named as in `initialize`; empty if that is nothing."""
    if not request or request["method"] == "initialize":
        return request.get("params", {})
    meta: JsonObject = {f"{META_PREFIX}clientInfo": {"name": "", "version": ""}} | request["params"]["_meta"]
    names = {"protocolVersion": "protocolVersion", "clientInfo": "clientInfo", "capabilities": "clientCapabilities"}
    host = {member: meta.get(META_PREFIX + name) for member, name in names.items()}
    return host if f"{META_PREFIX}protocolVersion" in meta else {}


def classify_request(request: JsonObject, host: JsonObject, snapshot: JsonObject) -> Meaning:
    """Return what a request means for the connection."""
    if not host:
        return Meaning.PLAIN if request else Meaning.UNKNOWN
    meaning = MEANINGS.get(request["method"], Meaning.ENVELOPED)
    opening = "initialize" if meaning is Meaning.INITIALIZE else "server/discover"
    said = [is_known(name, host.get(name), snapshot) for name in ("protocolVersion", "clientInfo", "capabilities")]
    known = all(said) and host["clientInfo"].keys() >= {"name", "version"}
    known = known and opening in snapshot["answers"].get(host["protocolVersion"], ())
    # The SDK may refuse an `initialize` with more than that, and then all that follows.
    return meaning if known and (is_bare(request["params"]) or opening != "initialize") else Meaning.UNKNOWN


def is_known(name: str, value: Any, snapshot: JsonObject, levels: int = 8) -> bool:  # noqa: ANN401 - any JSON
    """Whether a member of what a host says of itself has the type that it has in the SDK, and so on within."""
    kind = type(value).__name__
    wanted = snapshot["types"].get(name, kind)
    if wanted == "dicts":
        return kind == "dict" and all(isinstance(each, dict) for each in value.values())
    if levels == 0 or kind != wanted:
        return False
    members: JsonObject = value if kind == "dict" else {}
    return all(is_known(*each, snapshot, levels - 1) for each in members.items())


def is_bare(params: JsonObject) -> bool:
    """Whether the parameters of a request have nothing by which the SDK would answer it otherwise."""
    known = params.keys() <= {"protocolVersion", "clientInfo", "capabilities", "_meta"}
    return known and params["_meta"].keys().isdisjoint(("progressToken", f"{META_PREFIX}logLevel"))


def list_tools(snapshot: JsonObject, host: JsonObject) -> list[JsonObject]:
    """Return the tools as a host is offered them; a change to None hides a tool, or removes a member of it."""
    client = host["clientInfo"]["name"]
    known = next((each for each in snapshot["hosts"] if f"{client} ".startswith((f"{each}-", f"{each} "))), "")
    types = host["capabilities"].get("extensions", {}).get(f"{META_PREFIX}ui", {}).get("mimeTypes")
    changes = snapshot["changes"]["views" if isinstance(types, list) and VIEW_TYPE in types else "no views"][known]
    tools = snapshot["tools"].items()
    changed = [tool | changes.get(name, {}) for name, tool in tools if changes.get(name, {}) is not None]
    return [{member: value for member, value in tool.items() if value is not None} for tool in changed]
