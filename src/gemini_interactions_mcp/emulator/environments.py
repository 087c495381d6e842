"""Environments of managed agents: what a request may ask of one, and the files in it.

Rules: google-genai 3.6.1, `Environment`, `Source` and `AllowlistEntry`; limits:
https://ai.google.dev/gemini-api/docs/antigravity-agent
"""

import base64
import binascii
import mimetypes
import re
import uuid
from dataclasses import dataclass, field

from .files import EmulatedFiles, EmulatedUpload, RepresentedFile
from .protocol import (
    NOT_FOUND_MESSAGE,
    JsonDict,
    ensure_list,
    ensure_object,
    ensure_objects,
    ensure_text,
    is_object,
    make_parameter_refusal,
    make_refusal,
    refuse_value,
)

FRESH_ENVIRONMENT_NAMES = ("", "remote")
ENVIRONMENT_KEYS = frozenset(["type", "environment_id", "sources", "network", "env", "mode", "custom_config"])
CREATION_KEYS = frozenset(["from_environment", "sources", "network", "mode", "custom_config", "system_instruction"])
SOURCE_TYPES = ("gcs", "inline", "repository", "skill_registry")
MAX_SOURCE_BYTES = 75 * 1024
DOMAIN = re.compile(r"\*|(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")


@dataclass
class EmulatedEnvironment:
    """An environment: its files by path, relative to its root, and its network as requested."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    network: object = None


@dataclass
class SandboxUpload(EmulatedUpload):
    """An upload into an environment, whose bytes are kept."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    content: bytearray = field(default_factory=bytearray)

    def receive(self, part: bytes) -> None:
        """Keep received bytes."""
        super().receive(part)
        self.content += part

    def complete(self, files: EmulatedFiles) -> RepresentedFile:
        """Put the file into the environment."""
        del files
        self.files[self.name] = bytes(self.content)
        return self

    def represent(self, base_url: str) -> JsonDict:
        """Return its entry in the list of the environment's files."""
        del base_url
        return describe_environment_file(self.name, bytes(self.content))


def check_environment(body: JsonDict) -> None:
    """Refuse an environment that no agent can have."""
    given = body.get("environment")
    if given is None or isinstance(given, str):
        return
    if not is_object(given):
        raise make_refusal(400, "Invalid value for 'environment': expected a string or an object.")
    refuse_value("environment.type", ensure_object(given).get("type", ""), ("remote",))
    check_environment_fields(ensure_object(given), ENVIRONMENT_KEYS, "environment.")


def check_environment_fields(given: JsonDict, keys: frozenset[str], place: str = "") -> None:
    """Refuse unknown fields, a malformed network, and sources that cannot be mounted."""
    for key in given:
        if key not in keys:
            raise make_parameter_refusal(f"{place}{key}")
    check_network(given.get("network"))
    if len(ensure_objects(given.get("sources"))) != len(ensure_list(given.get("sources"))):
        raise make_refusal(400, "Invalid value for 'sources': expected a list of objects.")
    for number, source in enumerate(ensure_objects(given.get("sources"))):
        check_source(source, f"{place}sources[{number}]")


def check_network(network: object) -> None:
    """Refuse a network that is neither disabled nor a list of domains."""
    if network is None or network == "disabled":
        return
    allowed = ensure_object(network).get("allowlist")
    if allowed == "disabled":
        return
    domains = [ensure_text(entry.get("domain")) for entry in ensure_objects(allowed)]
    if not domains or not all(map(DOMAIN.fullmatch, domains)):
        raise make_refusal(400, "Invalid value for 'network': expected 'disabled' or an allowlist of domains.")


def check_source(source: JsonDict, place: str) -> None:
    """Refuse a source of an unknown type, without a target in the environment, or too large to be inline."""
    refuse_value(f"{place}.type", source.get("type", ""), SOURCE_TYPES)
    target = ensure_text(source.get("target"))
    if not target.strip("/") or ".." in target.split("/") or not target.isprintable():
        raise make_refusal(400, f"Invalid value for 'target' at '{place}'.")
    content = ensure_text(source.get("content"))
    if source["type"] == "inline" and len(content.encode()) > MAX_SOURCE_BYTES:
        raise make_refusal(400, f"Inline source content exceeds the limit of {MAX_SOURCE_BYTES} bytes.")
    if source["type"] == "repository" and not ensure_text(source.get("source")).startswith("https://"):
        raise make_refusal(400, f"Invalid value for 'source' at '{place}': expected the https URL of a repository.")
    if source["type"] == "inline":
        decode_source(source)


def decode_source(source: JsonDict) -> bytes:
    """Return the content of an inline source."""
    content = ensure_text(source.get("content"))
    refuse_value("encoding", source.get("encoding"), ("base64",))
    if source.get("encoding") is None:
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise make_refusal(400, "Invalid value for 'content': Base64 decoding failed.") from None


def mount_sources(given: object) -> dict[str, bytes]:
    """Return the files that the sources of an environment become, by path; of a repository, one that names it."""
    files: dict[str, bytes] = {}
    for source in ensure_objects(ensure_object(given).get("sources")):
        target = source["target"].lstrip("/")
        if source["type"] == "inline":
            files[target] = decode_source(source)
        else:
            files[f"{target}/README.md"] = f"Emulated copy of {source.get('source')}\n".encode()
    return files


def find_environment_name(given: object) -> str:
    """Return the id that a request names; empty for a new environment, or for none."""
    named = ensure_text(given) or ensure_text(ensure_object(given).get("environment_id"))
    return "" if named in FRESH_ENVIRONMENT_NAMES else named


def describe_sandbox(files: dict[str, bytes], network: object) -> tuple[str, ...]:
    """Return what an agent sees of its environment, in lines."""
    lines = tuple(f"Sandbox file: /{path} ({len(content)} bytes)" for path, content in sorted(files.items()))
    if network is None:
        return lines
    allowed = [str(entry.get("domain")) for entry in ensure_objects(ensure_object(network).get("allowlist"))]
    return (*lines, f"Sandbox network: {', '.join(allowed) or 'disabled'}")


def represent_environment(environment: EmulatedEnvironment) -> JsonDict:
    """Return an environment as the API represents it: google-genai 3.6.1, `Environment`."""
    size = sum(map(len, environment.files.values()))
    fields: JsonDict = {"id": environment.id, "status": "active", "mode": "remote"}
    network = {} if environment.network is None else {"network": environment.network}
    return {**fields, "file_count": str(len(environment.files)), "size_bytes": str(size), **network}


def check_upload_path(path: str) -> None:
    """Refuse a path that leads out of an environment."""
    if not path.strip("/") or ".." in path.split("/") or not path.isprintable():
        raise make_refusal(400, "Invalid value for 'path'.")


def make_missing_refusal() -> Exception:
    """Return the refusal of an environment or a file that does not exist."""
    # The real API never says which entity.
    return make_refusal(404, NOT_FOUND_MESSAGE)


def is_in_folder(path: str, folder: str) -> bool:
    """Whether a file is in a folder of an environment or below it; the root is an empty path."""
    return not folder or path.startswith(f"{folder}/")


def describe_environment_file(path: str, content: bytes) -> JsonDict:
    """Return a file of an environment as an entry of a list: google-genai 3.6.1, `EnvironmentFile`."""
    fields = {"type": "file", "path": path, "name": path.rpartition("/")[2]}
    return {**fields, "size_bytes": str(len(content)), "mime_type": mimetypes.guess_type(path)[0] or ""}
