"""The environment: which variables count as set, what they say of the network, and what google-genai must not log."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gemini_interactions_mcp.core import find_header_list_secrets, find_url_secrets, strip_quotes

CERTIFICATE_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PROXY_VARIABLES: Final = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")
"""Variables that httpx2 reads itself; it takes the names of proxies in any case."""


STORE_SECRET: Final = re.compile(r"AWS_(?:\w*(?:SECRET|TOKEN|KEY_ID|KEY_BASE64|PASSWORD)|SECRET_\w+)")
"""Variables of an object store whose values are credentials; a token's file is none
(https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html)."""
TELEMETRY_HEADERS: Final = re.compile(r"OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS")


@dataclass(frozen=True)
class SettingsEnvironment:
    """The environment that settings are parsed from.

    Attributes:
        values: The variables that are set, without quotes and placeholders.
        home: The user's home directory.
        cwd: The working directory; None in the bundle, where nobody chose it, and where it is gone.
    """

    values: Mapping[str, str]
    home: Path
    cwd: Path | None


@dataclass(frozen=True)
class SettingVariable:
    """An environment variable that sets a field of `Settings`, and its row in the table of docs/settings.md.

    Attributes:
        name: The variable's name.
        description: What it sets, as Markdown.
        default: The default, as Markdown; None shows the field's own.
        parse: Converts the text, or None where the variable is unset. It returns None for the field's own default, and
            raises `ConfigurationError` for a wrong value. A plain text is left to pydantic.
    """

    name: str
    description: str
    default: str | None = None
    parse: Callable[[SettingsEnvironment, str | None], object] = lambda _, text: text


HANDED_ON: Final = frozenset(
    (
        *("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        *("PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"),
    )
)
"""Variables that Python and the search for fonts need."""

HANDED_ON_PREFIXES: Final = ("LC_", "XDG_", "FONTCONFIG_")

PLACEHOLDER: Final = re.compile(
    r"\$\{(?!HOME\})[^}]*\}|\$(?!HOME$)[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\{(?:env|file):[^}]*\}"
)
"""A reference to a variable that a host has not replaced, as hosts spell them: Claude Desktop, Claude Code, Cursor and
VS Code `${...}`, Gemini CLI `$NAME`, opencode `{env:NAME}` and `{file:path}`, Windows `%NAME%`; `${HOME}` is a path."""


def clean_value(text: str) -> str | None:
    """Return a value without quotes around it, or None where a host left it empty or as its own placeholder.

    Claude Desktop leaves an unset optional setting as the literal `${user_config.x}`.
    """
    text = strip_quotes(text)
    return None if not text or PLACEHOLDER.fullmatch(text) else text


def find_unreplaced(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the variables whose values are references that someone wrote and a host has not replaced.

    A `${...}` is none of these: hosts leave it where the user has set nothing.
    """
    texts = {name: strip_quotes(text) for name, text in environ.items()}
    return frozenset(name for name, text in texts.items() if PLACEHOLDER.fullmatch(text) and not text.startswith("${"))


def describe_unreplaced(name: str) -> str:
    """Return one sentence for a variable that has a reference in place of a value."""
    return f"{name} is a reference to another variable that the host has not replaced; write the value in its place."


def is_bundle_placeholder(text: str) -> bool:
    """Whether a value is the placeholder of a bundle's setting that the user has not filled in."""
    return "${user_config." in text


def find_network_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that configure the network and are not empty, by their names as spelled."""
    return {
        name: value
        for name, value in environ.items()
        if value and (name in CERTIFICATE_VARIABLES or name.upper() in PROXY_VARIABLES)
    }


def find_store_secrets(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the credentials of an S3-compatible store, which its library reads from the environment itself.

    It takes any variable that begins with `AWS_`, in any case.
    """
    for name, value in environ.items():
        if STORE_SECRET.fullmatch(name.upper()):
            yield value
        elif name.upper().startswith("AWS_"):
            yield from find_url_secrets(value)


def find_wrong_store_variable(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the name of a variable of the store that its library cannot work with, None if there is none.

    A value with white space, or an endpoint without a scheme, makes obstore panic instead of raising an error.
    """
    for name, value in environ.items():
        if name.upper().startswith("AWS_"):
            address = name.upper().startswith("AWS_ENDPOINT_URL")
            if re.search(r"[\s\x00-\x1f\x7f]", value) or (address and value and not re.match(r"https?://[^/]", value)):
                return name
    return None


def find_telemetry_secrets(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the credentials of a collector of OpenTelemetry, which its library reads from the environment itself."""
    for name, value in environ.items():
        if TELEMETRY_HEADERS.fullmatch(name.upper()):
            yield from find_header_list_secrets(value)
        elif name.upper().startswith("OTEL_EXPORTER_"):
            yield from find_url_secrets(value)


def copy_environment() -> dict[str, str]:
    """Return all variables, for what starts the server as another program would."""
    return dict(os.environ)


def silence_sdk() -> None:
    """Keep google-genai from printing the key and every prompt."""
    os.environ.pop("GOOGLE_GENAI_DEBUG", None)


def make_child_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a Python process of ours without any setting or secret of the user.

    Args:
        folder: Its current directory, and where its temporary files go.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in HANDED_ON or name.startswith(HANDED_ON_PREFIXES)
    }
    # An empty one stands for the current directory, and a relative one would be sought in another.
    paths = [str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    searched = {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}
    return kept | searched | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
