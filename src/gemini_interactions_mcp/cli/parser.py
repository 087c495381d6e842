"""The parser of the command line. Imports nothing slow."""

import argparse
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from gemini_interactions_mcp import __version__

from .hosts.ids import HOST_IDS

LOOPBACK_ADDRESS: Final = "127.0.0.1"
HTTP_PORT: Final = 8765
EMULATOR_PORT: Final = 8766
"""Differs from `HTTP_PORT`, because a server may use the emulator on the same machine."""

COMMAND_DESCRIPTION = "Gemini's models and agents for any MCP host, through Google's Interactions API."
COMMAND_EPILOG = (
    "Without a command, the server speaks MCP on stdin and stdout, as a host expects. Settings are environment "
    "variables; the page Settings of the documentation lists them."
)
VIEW_HELP = "show past and running interactions in a browser"
VIEW_SETTINGS = (
    "Settings are the server's environment variables. What the env of a host's configuration holds (key, journal, "
    "folders, limits) does not count here: set the same variables in this shell."
)
DEMO_HELP = "call every tool on sample files, without a key or network"
EMULATOR_HELP = "serve an emulated Interactions API on loopback, for development"
DOCTOR_HELP = "check settings, key, network, folders, journal and the hosts on this machine"
USAGE_HELP = "sum runs, tokens and estimated costs"
SERVE_HELP = "serve a host: on stdin and stdout, or with --http a team"
SERVE_SETTINGS = (
    "The page Teams of the documentation says how to serve several people; GEMINI_MCP_AUTH says who they are."
)
TOKEN_HELP = "make, list and revoke access tokens for GEMINI_MCP_AUTH=token"  # noqa: S105 - a text
INSTALL_HELP = "write this server into a host's configuration, or list the hosts on this machine"
ADMIN_HELP = "list, limit and revoke principals, sum what they use, and show what was done"


class CommandParser(argparse.ArgumentParser):
    """A parser that takes no abbreviations of options, and whose commands take none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of argparse
        super().__init__(*arguments, **options, allow_abbrev=False)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = CommandParser("gemini-interactions-mcp", description=COMMAND_DESCRIPTION, epilog=COMMAND_EPILOG)
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--http", action="store_true", help="serve streamable HTTP instead of stdio, as `serve --http`")
    ports = f"port for --http (default {HTTP_PORT}), emulator (default {EMULATOR_PORT}) or view (default any free one)"
    top.add_argument("--port", type=parse_port, help=ports)
    # Users of the bundle see the settings in their host, not environment variables (manifest.json).
    top.add_argument("--bundle", action="store_true", help=argparse.SUPPRESS)
    top.set_defaults(host=LOOPBACK_ADDRESS, public_url=None, no_auth=False, drain_seconds=0.0)
    commands = top.add_subparsers(title="commands", dest="command", metavar="command")
    add_serve_parser(commands)
    view = commands.add_parser("view", **describe_command(VIEW_HELP), epilog=VIEW_SETTINGS)
    view.add_argument("--port", type=parse_port, default=argparse.SUPPRESS, help="default any free one")
    view.add_argument("--no-open", action="store_true", help="only print the address; open no browser")
    commands.add_parser("demo", **describe_command(DEMO_HELP))
    emulator = commands.add_parser("emulator", **describe_command(EMULATOR_HELP))
    emulator.add_argument("--port", type=parse_port, default=argparse.SUPPRESS, help=f"default {EMULATOR_PORT}")
    contrary = "behave the opposite way wherever the behaviour of the real API is uncertain"
    emulator.add_argument("--contrary", action="store_true", help=contrary)
    add_install_parser(commands)
    add_doctor_parser(commands)
    usage = commands.add_parser("usage", **describe_command(USAGE_HELP))
    usage.add_argument("--by", choices=("day", "model", "kind"), default="day", help="what a line sums (default day)")
    usage.add_argument("--since", metavar="DATE", help="2026-11-29, or 7d for the last seven UTC days; default all")
    add_token_parser(commands)
    add_admin_parser(commands)
    return top


def add_install_parser(commands: Any) -> None:  # noqa: ANN401 - argparse's is private
    """Add the command that changes hosts' configurations."""
    install = commands.add_parser("install", **describe_command(INSTALL_HELP))
    install.add_argument("host_id", nargs="?", choices=HOST_IDS, metavar="HOST", help=", ".join(HOST_IDS))
    install.add_argument("--undo", action="store_true", help="take back what this command has written")
    install.add_argument("--yes", action="store_true", help="do not ask before writing")
    install.add_argument("--dry-run", action="store_true", help="only show what would be written")
    env = "a variable for the server, such as GEMINI_MCP_DOLLARS_PER_DAY=5; may be repeated"
    install.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help=env)


def add_doctor_parser(commands: Any) -> None:  # noqa: ANN401 - argparse's is private
    """Add the command that checks settings and the API."""
    doctor = commands.add_parser("doctor", **describe_command(DOCTOR_HELP))
    live = "send requests that test uncertain behaviour of the real API, for a few cents"
    doctor.add_argument("--live", action="store_true", help=live)
    images = "with --live: also generate an image"
    doctor.add_argument("--images", action="append_const", const="images", dest="extras", help=images)
    agents = "with --live: also run a managed agent, for about 15 cents"
    doctor.add_argument("--agents", action="append_const", const="agents", dest="extras", help=agents)
    doctor.add_argument("--yes", action="store_true", help="with --live: do not ask before sending")


def add_serve_parser(commands: Any) -> None:  # noqa: ANN401 - as above
    """Add the command that is also the default."""
    serve = commands.add_parser("serve", **describe_command(SERVE_HELP), epilog=SERVE_SETTINGS)
    http = "serve streamable HTTP; on loopback it needs the token that it prints, elsewhere GEMINI_MCP_AUTH"
    serve.add_argument("--http", action="store_true", default=argparse.SUPPRESS, help=http)
    host = f"with --http: where to listen (default {LOOPBACK_ADDRESS})"
    serve.add_argument("--host", type=parse_host, default=argparse.SUPPRESS, help=host)
    serve.add_argument("--port", type=parse_port, default=argparse.SUPPRESS, help=f"with --http (default {HTTP_PORT})")
    public = "with --http: the address under which clients reach the server, such as https://gemini.example.com"
    serve.add_argument("--public-url", type=parse_public, metavar="URL", default=argparse.SUPPRESS, help=public)
    no_auth = "with --http, on loopback: ask for no token; any program and user of this machine can spend your money"
    serve.add_argument("--no-auth", action="store_true", default=argparse.SUPPRESS, help=no_auth)
    drain = "with --http: seconds from a signal to end until the end, in which /readyz already answers 503 (default 0)"
    serve.add_argument("--drain-seconds", type=parse_seconds, metavar="N", default=argparse.SUPPRESS, help=drain)
    serve.add_argument("--bundle", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def add_token_parser(commands: Any) -> None:  # noqa: ANN401 - as above
    """Add the command about access tokens."""
    actions = add_actions(commands, "token", TOKEN_HELP)
    add = actions.add_parser("add", **describe_command("make a token, and print it once"))
    add.add_argument("name", metavar="NAME", help="whose it is: letters, digits and . _ @ -; further tokens may follow")
    scopes = "what it allows (default all): interactions:read, interactions:spend, interactions:delete, files:write"
    add.add_argument("--scope", action="append", dest="scopes", metavar="SCOPE", help=f"{scopes}; may be repeated")
    add_limit_options(add)
    add.add_argument("--expires", metavar="90d", help="days until it expires, or a date (default never)")
    actions.add_parser("list", **describe_command("list all tokens, by the beginning of their hashes"))
    revoke = actions.add_parser("revoke", **describe_command("revoke all tokens of a name, or one"))
    revoke.add_argument("name", metavar="NAME|ID", help="a name, or an id of `token list`")


def add_admin_parser(commands: Any) -> None:  # noqa: ANN401 - as above
    """Add the command about principals."""
    actions = add_actions(commands, "admin", ADMIN_HELP)
    actions.add_parser(
        "principals", **describe_command("list who has a token, or has used this server through a network")
    )
    for action, text in (("revoke", "allow a principal nothing any more"), ("restore", "allow a revoked one again")):
        parser = actions.add_parser(action, **describe_command(text))
        parser.add_argument("name", metavar="NAME", help="of `admin principals`")
    update = actions.add_parser("update", **describe_command("change the limits or the API key of a principal"))
    update.add_argument("name", metavar="NAME", help="of `admin principals`")
    add_limit_options(update, removable=True)
    usage = actions.add_parser("usage", **describe_command("sum runs, tokens and estimated costs by principal"))
    usage.add_argument("--since", metavar="DATE", help="2026-11-29, or 7d for the last seven UTC days; default all")
    audit = actions.add_parser("audit", **describe_command("show deletions and administrative acts, newest first"))
    audit.add_argument("--since", metavar="DATE", help="as of `admin usage`")


def add_limit_options(parser: argparse.ArgumentParser, *, removable: bool = False) -> None:
    """Add what a principal is given; where it may also be taken away, `removed` has the columns of the journal."""
    key = "where an API key for this name alone is: env:NAME or file:/path; the server's key without one"
    dollars: dict[str, Any] = {"metavar": "N", "help": "maximum cost in a UTC day, of all tokens of this name"}
    runs: dict[str, Any] = {"metavar": "N", "help": "maximum research requests in a UTC day"}
    options: Sequence[tuple[str, str, dict[str, Any], str]] = (
        ("dollars-per-day", "micros_per_day", dollars, "no such limit but GEMINI_MCP_PRINCIPAL_DOLLARS_PER_DAY"),
        ("runs-per-day", "runs_per_day", runs, "no such limit but GEMINI_MCP_RUNS_PER_DAY, of all together"),
        ("key-reference", "key_reference", {"metavar": "REF", "help": key}, "the server's key"),
    )
    for option, column, given, without in options:
        group = parser.add_mutually_exclusive_group()
        group.add_argument(f"--{option}", **given)
        if removable:
            group.add_argument(f"--no-{option}", action="append_const", dest="removed", const=column, help=without)


def add_actions(commands: Any, name: str, text: str) -> Any:  # noqa: ANN401 - as above
    """Add a command that has commands of its own, and return what these are added to."""
    parser = commands.add_parser(name, **describe_command(text))
    return parser.add_subparsers(title="commands", dest="action", metavar="command", required=True)


def describe_command(text: str) -> dict[str, Any]:
    """Return a command's text for the list of commands and for its own help."""
    return {"help": text, "description": f"{text[0].upper()}{text[1:]}."}


def parse_port(text: str) -> int:
    """Parse a TCP port; 0 is any free port.

    Raises:
        argparse.ArgumentTypeError: The text is none.
    """
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def parse_seconds(text: str) -> float:
    """Parse a number of seconds.

    Raises:
        argparse.ArgumentTypeError: It is none from 0 to 3600.
    """
    with suppress(ValueError):
        if 0 <= float(text) <= 3600:
            return float(text)
    raise argparse.ArgumentTypeError(f"seconds are a number from 0 to 3600, not {text!r}")


def parse_host(text: str) -> str:
    """Return where to listen.

    Raises:
        argparse.ArgumentTypeError: The text is empty, which would stand for every address.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("an address of this machine is needed, not an empty text")
    return text


def parse_public(text: str) -> str:
    """Return the address that clients use.

    Raises:
        argparse.ArgumentTypeError: The text is empty, as where a variable is not set that should have named it.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "an address such as https://gemini.example.com is needed, not an empty text; leave the option out for none"
        )
    return text


def choose_port(arguments: argparse.Namespace, usual: int) -> int:
    """Return the port of the command line, else the usual one."""
    return usual if arguments.port is None else arguments.port


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 if it is invalid."""
    top = build_parser()
    arguments = top.parse_args(argv)
    if arguments.command == "doctor" and not arguments.live and (arguments.extras or arguments.yes):
        top.error("--images, --agents and --yes need --live")
    if arguments.command == "install" and arguments.host_id is None and (arguments.undo or arguments.env):
        top.error("--undo and --env need HOST")
    networked = (
        arguments.host != LOOPBACK_ADDRESS or arguments.public_url or arguments.no_auth or arguments.drain_seconds
    )
    if arguments.command == "serve" and networked and not arguments.http:
        top.error("--host, --public-url, --no-auth and --drain-seconds need --http")
    return arguments
