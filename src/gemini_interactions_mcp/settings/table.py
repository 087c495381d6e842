"""The table of settings: for each, its field, type, default, variable and description."""

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, SecretStr, ValidationError, field_validator

from gemini_interactions_mcp.core import (
    ConfigurationError,
    find_database_secrets,
    find_header_secrets,
    find_url_secrets,
    normalize_model_name,
)
from gemini_interactions_mcp.models import RemoteServer, defaults

from .amounts import DAY_VARIABLE, MONTH_VARIABLE, RUNS_VARIABLE, make_dollar_parser
from .confirmation import CONFIRM_VARIABLE, Confirmation, parse_confirmation
from .environment import (
    SettingsEnvironment,
    SettingVariable,
    clean_value,
    describe_unreplaced,
    find_network_variables,
    find_store_secrets,
    find_telemetry_secrets,
    find_unreplaced,
    is_bundle_placeholder,
)
from .paths import (
    ALLOWED_DIRS_VARIABLE,
    MAPPED_DIRS_VARIABLE,
    OUTPUT_DIR_VARIABLE,
    OUTPUT_URL_VARIABLE,
    PUBLIC_URL_VARIABLE,
    find_user_home,
    find_working_directory,
    parse_allowed_dirs,
    parse_catalog_path,
    parse_database_url,
    parse_mapped_dirs,
    parse_output_dir,
    parse_output_url,
    parse_public_address,
)
from .servers import SERVERS_VARIABLE, parse_remote_servers
from .taken import describe_taken
from .team import TeamSettings
from .toolsets import TOOLSETS, TOOLSETS_VARIABLE, parse_toolsets

DEFAULT_WAIT_SECONDS: Final = 45.0
"""Below the 50 s after which the most impatient hosts time a call out."""
DEFAULT_INLINE_BYTES: Final = 8 * 2**20
DEFAULT_UPLOAD_BYTES: Final = 100 * 2**20
DEFAULT_KEEP_DAYS: Final = 55.0
"""As long as Google keeps an interaction: https://ai.google.dev/gemini-api/docs/interactions"""

DATABASE_VARIABLE: Final = "GEMINI_MCP_DATABASE_URL"

MAX_DOLLARS: Final = 1_000_000
"""Of a limit; larger ones would not fit the journal's sums."""

BUNDLE_FOLDER_TITLE: Final = "Folder to read files from"
"""The title of that setting in the bundle (manifest.json), whose users see no variables."""


class Settings(TeamSettings):
    """All settings; immutable once read.

    Attributes:
        key_variable: The variable that held the API key.
        output_dir: Resolved.
        allowed_dirs: Resolved; includes the output directory.
        database_url: A SQLAlchemy URL, or the path of a SQLite file.
        mapped_dirs: Names and resolved directories.
        bundled: Whether the server runs in the bundle, whose working directory nobody chose.
        remote: Whether these are of a user of another machine, to whom paths of this one are closed.
        findings: One sentence for each wrong variable, without its value. Its field has the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: Annotated[
        SecretStr | None,
        SettingVariable("GEMINI_API_KEY", "The API key"),
        SettingVariable("GOOGLE_API_KEY", "The API key, if the other is not set"),
    ] = None
    key_variable: str | None = None
    model: Annotated[str, SettingVariable("GEMINI_MCP_MODEL", "Model for calls that name none")] = (
        defaults.DEFAULT_MODEL
    )
    image_model: Annotated[str, SettingVariable("GEMINI_MCP_IMAGE_MODEL", "Model for images")] = (
        defaults.DEFAULT_IMAGE_MODEL
    )
    research_agent: Annotated[
        str,
        SettingVariable(
            "GEMINI_MCP_RESEARCH_AGENT", "Research agent; `deep-research-max-preview-04-2026` is the exhaustive one"
        ),
    ] = defaults.DEFAULT_RESEARCH_AGENT
    catalog_path: Annotated[
        Path | None,
        SettingVariable(
            "GEMINI_MCP_CATALOG",
            "A TOML file that adds models and agents to `models/catalog.toml`, or changes their facts and prices",
            "",
            parse_catalog_path,
        ),
    ] = None
    allowed_dirs: Annotated[
        tuple[Path, ...],
        SettingVariable(
            ALLOWED_DIRS_VARIABLE,
            "Directories that may be read and written, separated by `:` (`;` on Windows), by `;`, commas or newlines, "
            "or a JSON list",
            "the working directory, unless it is your home or the root of a disk; none in the bundle",
            parse_allowed_dirs,
        ),
    ] = ()
    mapped_dirs: Annotated[
        tuple[tuple[str, Path], ...],
        SettingVariable(
            MAPPED_DIRS_VARIABLE,
            "Directories that users of other machines may read: `NAME=/path`, separated by `:` (`;` on Windows), by "
            "`;`, commas or newlines; they write `NAME/file.pdf`",
            "none: paths of this machine are closed to them",
            parse_mapped_dirs,
        ),
    ] = ()
    output_dir: Annotated[
        Path,
        SettingVariable(
            OUTPUT_DIR_VARIABLE,
            "Where images and reports are saved; always allowed",
            "`gemini-interactions-mcp` in your documents",
            parse_output_dir,
        ),
    ]
    output_url: Annotated[
        SecretStr | None,
        SettingVariable(
            OUTPUT_URL_VARIABLE,
            "An S3-compatible store in place of that directory, which all servers of a team share: "
            "`s3://bucket/prefix`; credentials, region and endpoint come from the `AWS_...` variables. Needs the extra "
            "`team`",
            "",
            parse_output_url,
        ),
    ] = None
    public_url: Annotated[
        str | None,
        SettingVariable(
            PUBLIC_URL_VARIABLE,
            "The address by which remote clients reach this server, for links to files and for uploads",
            "",
            parse_public_address,
        ),
    ] = None
    upload_bytes: Annotated[
        int,
        Field(gt=0, le=2 * 2**30),
        SettingVariable(
            "GEMINI_MCP_UPLOAD_BYTES", "Maximum size of a file that a remote client sends by `upload_file`"
        ),
    ] = DEFAULT_UPLOAD_BYTES
    database_url: Annotated[
        str | Path,
        Field(repr=False),
        SettingVariable(
            DATABASE_VARIABLE,
            "The journal, as a SQLAlchemy URL, such as `sqlite:///~/journal.sqlite3`; `postgresql://...` needs the "
            "extra: `pip install gemini-interactions-mcp[postgresql]`",
            "SQLite in your data directory",
            parse_database_url,
        ),
    ]
    wait_seconds: Annotated[
        float,
        Field(ge=0),
        SettingVariable(
            "GEMINI_MCP_WAIT_SECONDS",
            "Seconds that a call waits before it returns an id",
            "`45`; `25` in Codex, whose model moves on without a call earlier than other hosts'",
        ),
    ] = DEFAULT_WAIT_SECONDS
    inline_bytes: Annotated[
        int,
        Field(ge=0),
        SettingVariable(
            "GEMINI_MCP_INLINE_BYTES",
            "Total bytes of files sent inside the request; larger ones go through Google's Files API",
        ),
    ] = DEFAULT_INLINE_BYTES
    allow_secrets: Annotated[
        bool,
        SettingVariable(
            "GEMINI_MCP_ALLOW_SECRETS",
            "`true` allows sending files that look like secrets: private keys, `.env`, password stores",
        ),
    ] = False
    keep_days: Annotated[
        float,
        Field(gt=0, le=36_500),
        SettingVariable(
            "GEMINI_MCP_KEEP_DAYS",
            "Days that the journal keeps finished interactions; running ones and saved files stay, and so does what "
            "counts towards today's limit, the last ten minutes and plans that were run (55 days)",
        ),
    ] = DEFAULT_KEEP_DAYS
    servers: Annotated[
        tuple[RemoteServer, ...],
        Field(repr=False),
        SettingVariable(
            SERVERS_VARIABLE,
            'Remote MCP servers for agents, as JSON: `{"docs": {"url": "https://docs.example/mcp", "headers": '
            '{"Authorization": "Bearer ${DOCS_TOKEN}"}}}`; `${DOCS_TOKEN}` is read from the environment',
            "",
            parse_remote_servers,
        ),
    ] = ()
    previews: Annotated[
        bool,
        SettingVariable(
            "GEMINI_MCP_PREVIEWS", "Whether results contain small previews of images; `false` leaves links and paths"
        ),
    ] = True
    structured: Annotated[
        bool,
        SettingVariable(
            "GEMINI_MCP_STRUCTURED",
            "`true` gives programs `structuredContent` beside the text of every tool; many hosts then show a model the "
            "JSON alone, without previews and links",
        ),
    ] = False
    greeting: Annotated[
        bool,
        SettingVariable(
            "GEMINI_MCP_GREETING",
            "`true` answers a host's first requests at once, from a snapshot; with `false`, the MCP SDK answers them "
            "when it is imported",
        ),
    ] = True
    confirm: Annotated[
        Confirmation,
        SettingVariable(
            CONFIRM_VARIABLE,
            "`always` asks the user before each paid request, and before its files are sent, where the host can ask; "
            "`above:0.50` asks where it may cost more than so many dollars",
            "`never`",
            parse_confirmation,
        ),
    ] = Confirmation()
    runs_per_day: Annotated[
        int | None,
        Field(ge=1),
        SettingVariable(RUNS_VARIABLE, "Maximum research requests per UTC day; plans count too", "no limit"),
    ] = None
    dollars_per_day: Annotated[
        Decimal | None,
        Field(ge=0, le=MAX_DOLLARS),
        SettingVariable(
            DAY_VARIABLE,
            "Maximum US dollars per UTC day, of all servers on the journal; what a request may cost is reserved first",
            "no limit",
            make_dollar_parser(DAY_VARIABLE),
        ),
    ] = None
    dollars_per_month: Annotated[
        Decimal | None,
        Field(ge=0, le=MAX_DOLLARS),
        SettingVariable(
            MONTH_VARIABLE,
            "Maximum US dollars per UTC month, reserved alike",
            "no limit",
            make_dollar_parser(MONTH_VARIABLE),
        ),
    ] = None
    toolsets: Annotated[
        tuple[str, ...],
        SettingVariable(
            TOOLSETS_VARIABLE,
            f"Tools to offer, where a host has room for few: {', '.join(f'`{name}`' for name in TOOLSETS)}; "
            "`read_interaction` is always offered, since it fetches what takes longer than a call",
            "all",
            parse_toolsets,
        ),
    ] = TOOLSETS
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        SettingVariable("GEMINI_MCP_LOG_LEVEL", "Log level on stderr: DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    ] = "WARNING"
    base_url: Annotated[
        str | None,
        SettingVariable(
            "GOOGLE_GEMINI_BASE_URL",
            "Another address of the API, such as `gemini-interactions-mcp emulator`",
            "Google's",
        ),
    ] = None
    bundled: bool = False
    remote: bool = False
    findings: tuple[str, ...] = ()

    @field_validator("model", "image_model", "research_agent", mode="before")
    @classmethod
    def _normalize_id(cls, name: object) -> object:
        return normalize_model_name(name) if isinstance(name, str) else name

    @field_validator("log_level", mode="before")
    @classmethod
    def _uppercase(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("auth", "log_format", mode="before")
    @classmethod
    def _lowercase(cls, word: object) -> object:
        return word.lower() if isinstance(word, str) else word

    def require_valid(self) -> "Settings":
        """Return these settings.

        Raises:
            ConfigurationError: Some are wrong; the message names their variables.
        """
        if self.findings:
            raise ConfigurationError(" ".join(self.findings))
        return self

    @property
    def wait_is_set(self) -> bool:
        """Whether the user has set how long a call waits."""
        return "wait_seconds" in self.model_fields_set

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be shown or stored: the key, tokens of remote servers, passwords in URLs."""
        return tuple(dict.fromkeys(self._secrets()))

    def _secrets(self) -> Iterator[str]:
        if self.api_key:
            yield self.api_key.get_secret_value()
        for server in self.servers:
            yield from find_url_secrets(server.url)
            for name, value in server.headers.items():
                yield from find_header_secrets(name, value.get_secret_value())
        if isinstance(self.database_url, str):
            yield from find_database_secrets(self.database_url)
        if self.metrics_token:
            yield self.metrics_token.get_secret_value()
        if self.output_url:
            yield from find_url_secrets(self.output_url.get_secret_value())
            yield from find_store_secrets()
        yield from find_telemetry_secrets()
        for address in (self.base_url or "", self.otlp_endpoint or "", *find_network_variables().values()):
            yield from find_url_secrets(address if "://" in address else f"//{address}")

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] = os.environ, cwd: Path | None = None, *, bundled: bool = False
    ) -> "Settings":
        """Read the settings and collect what is wrong; `environ` and `cwd` default to those of the process."""
        values = {name: value for name, text in environ.items() if (value := clean_value(text)) is not None}
        bundled = bundled or is_bundle_placeholder(environ.get(ALLOWED_DIRS_VARIABLE, ""))
        environment = SettingsEnvironment(
            values, find_user_home(values), None if bundled else find_working_directory(cwd)
        )
        fields: dict[str, object] = {"bundled": bundled}
        # In place of a key it is no key, which is told when one is needed.
        unreplaced = find_unreplaced(environ) - {variable.name for variable in FIELD_VARIABLES["api_key"]}
        findings = [describe_unreplaced(name) for name in SETTING_VARIABLES if name in unreplaced]
        for field, variables in FIELD_VARIABLES.items():
            variable = next((each for each in variables if each.name in values), variables[0])
            if field == "allowed_dirs" and variable.name in unreplaced:
                continue
            try:
                value = variable.parse(environment, values.get(variable.name))
            except ConfigurationError as exc:
                findings.append(str(exc))
                continue
            fields |= {} if value is None else {field: value}
            if field == "api_key":
                fields["key_variable"] = variable.name if value else None
        # Where the setting of the allowed directories is wrong, nothing else is allowed.
        fields.setdefault("allowed_dirs", (fields["output_dir"],))
        return cls._of_valid(fields, findings)

    @classmethod
    def _of_valid(cls, fields: Mapping[str, object], findings: Sequence[str]) -> "Settings":
        """Build settings from the valid fields, and describe the others."""
        try:
            return cls.model_validate({**fields, "findings": tuple(findings)})
        except ValidationError as exc:
            wrong = {error["loc"][0] for error in exc.errors()}
            valid = {name: value for name, value in fields.items() if name not in wrong}
            return cls.model_validate({**valid, "findings": (*findings, *describe_wrong_values(exc))})


FIELD_VARIABLES: Final[Mapping[str, Sequence[SettingVariable]]] = {
    name: found
    for name, info in sorted(Settings.model_fields.items(), key=lambda field: field[0] in TeamSettings.model_fields)
    if (found := [each for each in info.metadata if isinstance(each, SettingVariable)])
}
"""The table of settings: variables by the field that they set, of which the first that is set counts."""

SETTING_VARIABLES: Final = tuple(variable.name for variables in FIELD_VARIABLES.values() for variable in variables)
"""The names of all variables that set something."""


SECRET_VARIABLES: Final = tuple(
    variable.name
    for field, variables in FIELD_VARIABLES.items()
    for variable in variables
    if not Settings.model_fields[field].repr or "SecretStr" in str(Settings.model_fields[field].annotation)
)
"""The names of those that have secrets, or addresses with credentials."""


def describe_wrong_values(exc: ValidationError) -> Iterator[str]:
    """Return one sentence for each wrong variable, without its value: it might be a secret in the wrong place."""
    for error in exc.errors():
        name = str(error["loc"][0])
        yield f"{FIELD_VARIABLES[name][0].name} should be {describe_taken(Settings.model_fields[name])}."


def get_chosen_variable(settings: Settings, field: str) -> str | None:
    """Return the variable by which the user has set a field; None for the field's own default."""
    return FIELD_VARIABLES[field][0].name if field in settings.model_fields_set else None


def find_unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the variables that are named like settings and are not."""
    return sorted(name for name in environ if name.upper().startswith("GEMINI_MCP_") and name not in SETTING_VARIABLES)
