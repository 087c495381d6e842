"""What users of other machines are told where something failed: no path or host of the server, and who can help.

Errors are written for the owner of a server, who is its only user on a desktop. For others, what only the owner can do
becomes a word about the administrator. Answers are not changed: what is told in them names nothing of the server.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from gemini_interactions_mcp import api, files
from gemini_interactions_mcp.core import Principal
from gemini_interactions_mcp.settings import Settings, find_network_variables, find_user_home

REMOTE_SOURCE_FORMS: Final = (
    "gemini://uploads/{id} of a file that you have sent with upload_file, an http(s):// URL, a YouTube link, "
    "gemini://interactions/{id}/files/{name}, or a Files API name such as files/abc"
)
"""What a source may be, for people on other machines."""

OWN_KEY_REMEDY: Final = "It is the key that was set for you alone on this server. Tell its administrator."
"""What is said instead of `KEY_REMEDY` to who has a key of their own."""

SETTING_NAME: Final = re.compile(
    r"\b(?:(?:GEMINI|GOOGLE|AWS|OTEL)_[A-Z_]*[A-Z]|SSL_CERT_(?:FILE|DIR)|(?i:https?|all)_(?i:proxy))\b"
)
"""A variable that only the owner of a server can set."""

OWNERS_BUSINESS: Final = re.compile(rf"{SETTING_NAME.pattern}|\bpip install\b|\blog on stderr\b")
"""What users of other machines have no hand in."""

OWNERS_STEP: Final = re.compile(
    r"(?:if [^,]*, |and |or )?(?:set|put|check|make|add|free|move|close|install|pip install|update|name|write)\b",
    re.IGNORECASE,
)
"""Begins a clause that says what to do, and not what happened."""

OWNERS_RIGHT: Final = re.compile(r"\b([Tt])he user (?=(?:can|adds) )")

CLAUSE: Final = re.compile(r"(?:[^.;:!?]|[.;:!?](?!\s))*[.;:!?]?\s*")

HIDDEN_PATH: Final = "[path]"
HIDDEN_HOST: Final = "[host]"


class RemoteTexts:
    """Makes errors true for users of other machines.

    Args:
        settings: The settings of the server.
        own_key: Whether they are told to somebody for whom an API key was set alone.
    """

    def __init__(self, settings: Settings, *, own_key: bool = False) -> None:
        self._settings = settings
        self._own_key = own_key

    def choose(self, principal: Principal) -> "RemoteTexts":
        """Return what makes errors true for a principal."""
        return self._of_own_key if principal.key_reference else self

    @cached_property
    def _of_own_key(self) -> "RemoteTexts":
        return RemoteTexts(self._settings, own_key=True)

    def explain(self, text: str) -> str:
        """Return the text of an error for a user of another machine."""
        text = text.replace(api.KEY_REMEDY, OWN_KEY_REMEDY) if self._own_key else text
        return explain_remedy(self._hide_hosts(self._hide_paths(text)).replace(files.SOURCE_FORMS, REMOTE_SOURCE_FORMS))

    def explain_result(self, result: Any) -> Any:  # noqa: ANN401 - whatever a handler returns
        """Return a result in its wire form; the errors in it are for a user of another machine."""
        if not isinstance(result, dict):
            return result
        found = cast("dict[str, Any]", result)
        if found.get("isError"):
            return found | {"content": [self._explain_field(block, "text") for block in found.get("content", [])]}
        # The outcome of a task.
        changed = self._explain_field(found, "statusMessage")
        changed |= {"result": self.explain_result(found["result"])} if "result" in found else {}
        if isinstance(error := found.get("error"), dict):
            changed |= {"error": self._explain_field(cast("dict[str, Any]", error), "message")}
        return changed

    def _explain_field(self, fields: dict[str, Any], name: str) -> dict[str, Any]:
        text = fields.get(name)
        return fields | {name: self.explain(text)} if isinstance(text, str) else fields

    def _hide_paths(self, text: str) -> str:
        return self._path_pattern.sub(lambda found: self._names.get(found[1], HIDDEN_PATH), text)

    def _hide_hosts(self, text: str) -> str:
        return self._host_pattern.sub(HIDDEN_HOST, text)

    @cached_property
    def _names(self) -> dict[str, str]:
        """The mapped folders: path -> name."""
        return {str(path): name for name, path in reversed(self._settings.mapped_dirs)}

    @cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        """Matches a path of the server, or the mapped folder that a path begins with and the rest of it."""
        mapped = join_alternatives(self._names)
        others = join_alternatives(list_server_folders(self._settings))
        rest = r"[^\s\"'“”`<>|,;:()\[\]]*"
        before, end = r"(?<![\w/\\.-])(?:file://)?", r"(?![\w-])"
        return re.compile(rf"{before}(?:({mapped}){end}|(?:{others}){end}{rest})")

    @cached_property
    def _host_pattern(self) -> re.Pattern[str]:
        """Matches a host that settings name; a name without a dot only before a port, since it may be a word."""
        hosts = set(list_server_hosts(self._settings))
        dotted = join_alternatives(each for each in hosts if "." in each or ":" in each)
        plain = join_alternatives(each for each in hosts if "." not in each and ":" not in each)
        return re.compile(rf"(?<![\w.-])(?:(?:{dotted})(?::\d+)?|(?:{plain}):\d+)(?![\w-])", re.IGNORECASE)


def explain_remedy(text: str) -> str:
    """Return an error with what only the owner of the server can do as a word about the administrator."""
    told = OWNERS_RIGHT.sub(r"\1he administrator of this server ", text)
    clauses = CLAUSE.findall(told)
    concerned = [bool(OWNERS_BUSINESS.search(each)) for each in clauses]
    if not any(concerned):
        return told
    steps = [mine and bool(OWNERS_STEP.match(each)) for each, mine in zip(clauses, concerned, strict=True)]
    advice = advise(clauses)
    place = steps.index(True) if any(steps) else len(clauses)
    before = "".join(each for each, step in zip(clauses[:place], steps, strict=False) if not step)
    after = "".join(each for each, step in zip(clauses[place:], steps[place:], strict=True) if not step)
    return " ".join(filter(None, (end_sentence(before), advice, after.strip())))


def advise(clauses: Sequence[str]) -> str:
    """Return whom to ask about what some clauses name; empty where they say it themselves."""
    advised = [each for each in clauses if "administrator" in each]
    known = {name for each in advised for name in SETTING_NAME.findall(each)}
    names = dict.fromkeys(name for each in clauses for name in SETTING_NAME.findall(each) if name not in known)
    if names:
        return f"Ask the administrator of this server, who can set {' and '.join(names)}."
    return "" if advised else "Ask the administrator of this server."


def end_sentence(text: str) -> str:
    """Return a text that ends like a sentence."""
    bare = text.rstrip()
    if bare.endswith((";", ":", ",")):
        return f"{bare[:-1]}."
    return bare if not bare or bare.endswith((".", "!", "?", ")")) else f"{bare}."


def join_alternatives(texts: Iterable[str]) -> str:
    """Return a pattern for any of some texts, the longest first; for none, one that matches nothing."""
    return "|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or r"(?!)"


def list_server_folders(settings: Settings) -> list[str]:
    """Return the paths of this machine that errors may name, apart from the folders that are mapped."""
    import tempfile  # noqa: PLC0415 - it loads much, and only errors need it

    database = str(settings.database_url)
    file = Path(
        database if isinstance(settings.database_url, Path) else "/" + database.partition(":///")[2].lstrip("/")
    )
    found = (
        *(settings.output_dir, *settings.allowed_dirs, file, file.parent, find_user_home()),
        *(Path(tempfile.gettempdir()), Path(sys.prefix), Path(__file__).parents[2]),
        *((settings.catalog_path,) if settings.catalog_path else ()),
    )
    return [str(each) for each in dict.fromkeys(found) if len(each.parts) > 1]


def list_server_hosts(settings: Settings) -> Iterator[str]:
    """Yield the hosts that settings name; loopback is any machine's."""
    output = settings.output_url.get_secret_value() if settings.output_url else ""
    addresses = (
        *(str(settings.database_url), output, settings.otlp_endpoint or "", settings.base_url or ""),
        *find_network_variables().values(),
    )
    for address in addresses:
        host = find_host_name(address)
        if host and host not in ("localhost", "127.0.0.1", "::1"):
            yield host


def find_host_name(address: str) -> str:
    """Return the host in an address; empty where there is none."""
    try:
        return urlsplit(address).hostname or "" if "://" in address else ""
    except ValueError:
        return ""
