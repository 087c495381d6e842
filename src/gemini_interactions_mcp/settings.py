"""What the user has configured: the only reader of the environment."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from gemini_interactions_mcp.core import ConfigurationError, of_header, of_url, plain_name, shown, unquoted
from gemini_interactions_mcp.models import RemoteServer, catalog

T = TypeVar("T")

APP: Final = "gemini-interactions-mcp"

# Under the 50 s after which the most impatient hosts give a call up.
DEFAULT_WAIT_SECONDS: Final = 45.0
DEFAULT_INLINE_BYTES: Final = 8 * 2**20
# As long as Google keeps an interaction: https://ai.google.dev/gemini-api/docs/interactions
DEFAULT_KEEP_DAYS: Final = 55.0

CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PROXIES: Final = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")
"""What httpx2 reads by itself; the names of proxies in any case."""

FOLDERS: Final = "GEMINI_MCP_ALLOWED_DIRS"
BUNDLES_FOLDER: Final = "Folder to read files from"
"""The title of that setting in the bundle (manifest.json), whose users see no variables."""
SEPARATORS: Final = (os.pathsep, ";", "\n", ",")
"""Of directories in one text, the usual one first."""

VARIABLES: Final = {
    "model": "GEMINI_MCP_MODEL",
    "image_model": "GEMINI_MCP_IMAGE_MODEL",
    "research_agent": "GEMINI_MCP_RESEARCH_AGENT",
    "wait_seconds": "GEMINI_MCP_WAIT_SECONDS",
    "inline_bytes": "GEMINI_MCP_INLINE_BYTES",
    "keep_days": "GEMINI_MCP_KEEP_DAYS",
    "previews": "GEMINI_MCP_PREVIEWS",
    "confirm": "GEMINI_MCP_CONFIRM",
    "runs_per_day": "GEMINI_MCP_RUNS_PER_DAY",
    "allow_secrets": "GEMINI_MCP_ALLOW_SECRETS",
    "log_level": "GEMINI_MCP_LOG_LEVEL",
    "base_url": "GOOGLE_GEMINI_BASE_URL",
}
"""Plain settings and the variables that set them; the rest needs more than a look-up."""

OUTPUT: Final = "GEMINI_MCP_OUTPUT_DIR"
DATABASE: Final = "GEMINI_MCP_DATABASE_URL"
SERVERS: Final = "GEMINI_MCP_SERVERS"
KEYS: Final = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""The first that is set counts."""
ALL_VARIABLES: Final = (*KEYS, *VARIABLES.values(), FOLDERS, OUTPUT, DATABASE, SERVERS)
"""All variables that set something."""


class Settings(BaseModel):
    """Everything configurable; frozen once read.

    Attributes:
        api_key: The Gemini API key; never printed, since it is a `SecretStr`.
        key_variable: Which variable gave the key.
        base_url: Where the API is, when not at Google (google-genai's `GOOGLE_GEMINI_BASE_URL`).
        allowed_dirs: Below these, files may be read and written; resolved.
        output_dir: Where images and reports are saved; resolved, allowed too.
        database_url: SQLAlchemy URL of the journal, or the path of its SQLite file.
        wait_seconds: How long a call waits before it hands over an id, where neither it nor its host (`hosts`) says.
        allow_secrets: Whether files that look like secrets may be sent.
        inline_bytes: Up to this total, files travel inside the request.
        servers: Remote MCP servers that agents may be given by name.
        keep_days: For how long the journal keeps what has settled.
        previews: Whether results carry small pictures of what was made.
        confirm: Whether the user is asked before research is started, where the client can ask.
        runs_per_day: How many research requests may be sent in a UTC day; None is no limit.
        bundled: Whether the server runs in the bundle, whose working directory nobody has chosen.
        findings: What is wrong in the environment, a sentence a variable, without its value; defaults stand in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr | None = None
    key_variable: str | None = None
    base_url: str | None = None
    model: str = catalog.MODEL
    image_model: str = catalog.IMAGE_MODEL
    research_agent: str = catalog.RESEARCH_AGENT
    allowed_dirs: tuple[Path, ...] = ()
    output_dir: Path
    allow_secrets: bool = False
    database_url: str | Path = Field(repr=False)
    wait_seconds: float = Field(default=DEFAULT_WAIT_SECONDS, ge=0)
    inline_bytes: int = Field(default=DEFAULT_INLINE_BYTES, ge=0)
    keep_days: float = Field(default=DEFAULT_KEEP_DAYS, gt=0, le=36_500)
    servers: tuple[RemoteServer, ...] = Field(default=(), repr=False)
    previews: bool = True
    confirm: bool = False
    runs_per_day: int | None = Field(default=None, ge=1)
    bundled: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "WARNING"
    findings: tuple[str, ...] = ()

    @field_validator("model", "image_model", "research_agent", mode="before")
    @classmethod
    def _as_the_api_spells_it(cls, name: object) -> object:
        return plain_name(name) if isinstance(name, str) else name

    def checked(self) -> "Settings":
        """The same settings.

        Raises:
            ConfigurationError: Some are wrong; the message names their variables.
        """
        if self.findings:
            raise ConfigurationError(" ".join(self.findings))
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @property
    def wait_is_set(self) -> bool:
        """Whether the user has chosen how long a call waits."""
        return "wait_seconds" in self.model_fields_set

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that must not be said or written: the key, the tokens of remote servers, passwords in addresses."""
        return tuple(dict.fromkeys(self._secrets()))

    def _secrets(self) -> Iterator[str]:
        if self.api_key:
            yield self.api_key.get_secret_value()
        for server in self.servers:
            yield from of_url(server.url)
            for name, value in server.headers.items():
                yield from of_header(name, value.get_secret_value())
        if isinstance(self.database_url, str):
            yield from of_url(self.database_url)
        yield from of_url(self.base_url or "")
        for address in network_variables().values():
            yield from of_url(address if "://" in address else f"//{address}")

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] = os.environ, cwd: Path | None = None, *, bundled: bool = False
    ) -> "Settings":
        """Read the settings, whatever is wrong with them; `environ` and `cwd` default to the process's own."""
        findings: list[str] = []
        values = {name: value for name, text in environ.items() if (value := given(text)) is not None}
        home = user_home(values)
        bundled = bundled or left_out_in_a_bundle(environ.get(FOLDERS, ""))
        output = output_folder(values.get(OUTPUT), home)
        here = None if bundled else working_directory(cwd)
        fields: dict[str, object] = {
            field: values[variable] for field, variable in VARIABLES.items() if variable in values
        }
        key_variable = next((name for name in KEYS if name in values), None)
        fields |= {
            "api_key": values[key_variable] if key_variable else None,
            "key_variable": key_variable,
            "servers": tolerated(lambda: remote_servers(values.get(SERVERS), values), (), findings),
            "output_dir": output,
            "allowed_dirs": tolerated(lambda: allowed(values.get(FOLDERS), home, here, output), (output,), findings),
            "bundled": bundled,
            "database_url": values.get(DATABASE) or platformdirs.user_data_path(APP) / "journal.sqlite3",
        }
        return cls._of_valid(fields, findings)

    @classmethod
    def _of_valid(cls, fields: Mapping[str, object], findings: Sequence[str]) -> "Settings":
        """The settings of the fields that are valid, and what is wrong with the others."""
        try:
            return cls.model_validate({**fields, "findings": tuple(findings)})
        except ValidationError as exc:
            wrong = {error["loc"][0] for error in exc.errors()}
            valid = {name: value for name, value in fields.items() if name not in wrong}
            return cls.model_validate({**valid, "findings": (*findings, *complaints(exc))})


def tolerated(read: Callable[[], T], default: T, findings: list[str]) -> T:
    """What is read, or the default where it cannot be; why is added to the findings."""
    try:
        return read()
    except ConfigurationError as exc:
        findings.append(str(exc))
        return default


def given(text: str) -> str | None:
    """The value without quotes around it, or None where a host left it empty or as its own placeholder.

    Claude Desktop leaves an unset optional setting as the literal `${user_config.x}`; `${HOME}` is a directory.
    """
    text = unquoted(text)
    return None if not text or re.fullmatch(r"\$\{(?!HOME\})[^}]*\}", text) else text


def left_out_in_a_bundle(text: str) -> bool:
    """Whether a value is the placeholder of a bundle's setting that the user has not filled in."""
    return "${user_config." in text


def complaints(exc: ValidationError) -> Iterator[str]:
    """One sentence a bad variable, without its value: it might be a secret in the wrong place."""
    for error in exc.errors():
        name = str(error["loc"][0])
        said = "Input should be true or false" if error["type"] == "bool_parsing" else error["msg"]
        yield f"{VARIABLES.get(name, name)}: {said}."


def remote_servers(text: str | None, values: Mapping[str, str]) -> tuple[RemoteServer, ...]:
    """Remote MCP servers from JSON such as `{"docs": {"url": "https://...", "headers": {"X-Key": "${DOCS_KEY}"}}}`.

    `${DOCS_KEY}` is the environment's DOCS_KEY, so that a secret need not stand here too.

    Raises:
        ConfigurationError: It is something else; the message repeats no value, which may be a secret.
    """
    try:
        found = json.loads(text or "{}", object_hook=dict[str, Any])
        return tuple(remote_server(name, described, values) for name, described in found.items())
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as exc:
        missing = f" ({exc.args[0]} is missing)" if isinstance(exc, KeyError) else ""
        raise ConfigurationError(
            f'{SERVERS} is not JSON like {{"name": {{"url": "https://...", "headers": {{...}}}}}}{missing}.'
        ) from None


def remote_server(name: str, described: Mapping[str, Any], values: Mapping[str, str]) -> RemoteServer:
    """One remote MCP server.

    Raises:
        ConfigurationError: A header names a variable that is not set.
        KeyError: Its url is missing.
        ValueError: Its name or url cannot be used.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or not re.match(r"https?://[^\s/]+", described["url"]):
        raise ValueError(name)
    headers = cast("Mapping[str, str]", described.get("headers", {}))
    filled = {each: with_variables(value, values) for each, value in headers.items()}
    return RemoteServer.model_validate({"name": name, "url": described["url"], "headers": filled})


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of the variables that it names as `${NAME}`.

    Raises:
        ConfigurationError: One is not set.
    """
    for name in re.findall(r"\$\{(\w+)\}", text):
        if name not in values:
            raise ConfigurationError(f"{SERVERS} names ${{{shown(name)}}}, which is not set.")
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)


def user_home(values: Mapping[str, str] = os.environ) -> Path:
    """The user's home directory."""
    return Path(values.get("HOME") or Path.home())


def folder(text: str, home: Path) -> Path:
    """A configured path: `~`, `$HOME` and `${HOME}` stand for the home directory.

    One that begins with the name of an unknown user, as in `~nobody/docs`, stays as it is written.
    """
    path = Path(re.sub(r"^(~|\$HOME|\$\{HOME\})(?=$|[/\\])", lambda _: str(home), text))
    with suppress(RuntimeError):
        return path.expanduser()
    return path


def output_folder(text: str | None, home: Path) -> Path:
    """Where files are saved, resolved."""
    return resolve(folder(text, home) if text else documents() / APP)


def resolve(path: Path) -> Path:
    """The path without links, as far as it can be followed; below nobody's home there is nothing to follow."""
    if of_nobody(path):
        return path
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def working_directory(chosen: Path | None) -> Path | None:
    """The directory that the server was started in, if it is still there."""
    try:
        return resolve(chosen or Path.cwd())
    except OSError:
        return None


def allowed(text: str | None, home: Path, cwd: Path | None, output: Path) -> tuple[Path, ...]:
    """The directories below which files may be touched, resolved.

    By default the working directory, unless that is the root of a disk or the home directory itself:
    a host that starts its servers there did not mean to open all of it.
    """
    if text is not None:
        chosen = [resolve(folder(part, home)) for part in folders_named(text, home)]
    else:
        chosen = [] if cwd is None or cwd in (Path(cwd.anchor), resolve(home)) else [cwd]
    return tuple(dict.fromkeys([*chosen, output]))


def folders_named(text: str, home: Path) -> list[str]:
    """The directories that a text names: as JSON, or separated as in PATH, by semicolons, commas or lines.

    Raises:
        ConfigurationError: It begins like a list in JSON, and is none.
    """
    if text.startswith("[") and not is_folder(folder(text, home)):
        parts = json_folders(text)
    else:
        parts = separated(text, lambda part: is_folder(folder(part, home)), SEPARATORS)
    return [part for part in map(unquoted, parts) if part]


def json_folders(text: str) -> list[str]:
    """The texts of a list in JSON.

    Raises:
        ConfigurationError: It is something else.
    """
    with suppress(ValueError, RecursionError):
        found = cast("list[object]", json.loads(text))
        if all(isinstance(each, str) for each in found):
            return cast("list[str]", found)
    raise ConfigurationError(f'{FOLDERS} begins with [ and is not JSON like ["/one/folder", "/another"].')


def separated(text: str, whole: Callable[[str], bool], separators: Sequence[str]) -> list[str]:
    """The parts of a text, split at each separator in turn; what is whole is one part, whatever is in it."""
    if not separators or whole(unquoted(text)):
        return [text]
    return [part for piece in text.split(separators[0]) for part in separated(piece, whole, separators[1:])]


def is_folder(path: Path) -> bool:
    """Whether there is such a folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def of_nobody(path: Path) -> bool:
    """Whether a configured directory is below the home of an unknown user; such a path is relative, all others not."""
    return str(path).startswith("~")


def lack(path: Path) -> str | None:
    """What is not there of a configured directory; None if it can be found."""
    if of_nobody(path):
        return "no such user"
    return None if is_folder(path) else "no such folder"


def documents() -> Path:
    """Where the user looks for documents."""
    return platformdirs.user_documents_path()


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that are named like settings, and are none."""
    return sorted(name for name in environ if name.upper().startswith("GEMINI_MCP_") and name not in ALL_VARIABLES)


def network_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings of the network, by their names as they are spelled; empty ones are none."""
    return {
        name: value for name, value in environ.items() if value and (name in CERTIFICATES or name.upper() in PROXIES)
    }


def silence_sdk() -> None:
    """Keep google-genai from printing the key and every prompt."""
    os.environ.pop("GOOGLE_GENAI_DEBUG", None)
