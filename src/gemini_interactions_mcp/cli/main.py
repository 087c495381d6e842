"""The command line: parses arguments, and runs serve (the default), view, demo, emulator, doctor or usage."""

import argparse
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.transports.stdin_capture import capture_streams, list_ending_signals, open_closed_streams

if TYPE_CHECKING:
    pass

HTTP_PORT: Final = 8765
EMULATOR_PORT: Final = 8766
"""Differs from `HTTP_PORT`, because a server may use the emulator on the same machine."""

COMMAND_DESCRIPTION = "Gemini's models and agents for any MCP host, through Google's Interactions API."
COMMAND_EPILOG = (
    "Without a command, the server speaks MCP on stdin and stdout, as a host expects. Settings are environment "
    "variables; README.md lists them."
)
VIEW_HELP = "show past and running interactions in a browser"
VIEW_SETTINGS = (
    "Settings are the server's environment variables, as README.md lists them. What the env of a host's configuration "
    "holds (key, journal, folders, limits) does not count here: set the same variables in this shell."
)
DEMO_HELP = "call every tool on sample files, without a key or network"
EMULATOR_HELP = "serve an emulated Interactions API on loopback, for development"
DOCTOR_HELP = "check settings, key, network, folders and journal"
USAGE_HELP = "sum runs, tokens and estimated costs"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser("gemini-interactions-mcp", description=COMMAND_DESCRIPTION, epilog=COMMAND_EPILOG)
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--http", action="store_true", help="serve streamable HTTP on loopback instead of stdio")
    ports = f"port for --http (default {HTTP_PORT}), emulator (default {EMULATOR_PORT}) or view (default any free one)"
    top.add_argument("--port", type=parse_port, help=ports)
    # Users of the bundle see the settings in their host, not environment variables (manifest.json).
    top.add_argument("--bundle", action="store_true", help=argparse.SUPPRESS)
    commands = top.add_subparsers(title="commands", dest="command", metavar="command")
    view = commands.add_parser("view", **describe_command(VIEW_HELP), epilog=VIEW_SETTINGS)
    view.add_argument("--port", type=parse_port, default=argparse.SUPPRESS, help="default any free one")
    view.add_argument("--no-open", action="store_true", help="only print the address; open no browser")
    commands.add_parser("demo", **describe_command(DEMO_HELP))
    emulator = commands.add_parser("emulator", **describe_command(EMULATOR_HELP))
    emulator.add_argument("--port", type=parse_port, default=argparse.SUPPRESS, help=f"default {EMULATOR_PORT}")
    contrary = "behave the opposite way wherever the behaviour of the real API is uncertain"
    emulator.add_argument("--contrary", action="store_true", help=contrary)
    doctor = commands.add_parser("doctor", **describe_command(DOCTOR_HELP))
    live = "send requests that test uncertain behaviour of the real API, for a few cents"
    doctor.add_argument("--live", action="store_true", help=live)
    images = "with --live: also generate an image"
    doctor.add_argument("--images", action="append_const", const="images", dest="extras", help=images)
    agents = "with --live: also run a managed agent, for about 15 cents"
    doctor.add_argument("--agents", action="append_const", const="agents", dest="extras", help=agents)
    doctor.add_argument("--yes", action="store_true", help="with --live: do not ask before sending")
    usage = commands.add_parser("usage", **describe_command(USAGE_HELP))
    usage.add_argument("--by", choices=("day", "model", "kind"), default="day", help="what a line sums (default day)")
    usage.add_argument("--since", metavar="DATE", help="2026-11-29, or 7d for the last seven UTC days; default all")
    return top


def describe_command(text: str) -> dict[str, Any]:
    """Return a command's text for the list of commands and for its own help."""
    return {"help": text, "description": f"{text[0].upper()}{text[1:]}."}


def parse_port(text: str) -> int:
    """Parse a TCP port; 0 is any free port.

    Raises:
        ValueError: The text is not a number.
        argparse.ArgumentTypeError: The number is not a port.
    """
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def choose_port(arguments: argparse.Namespace, usual: int) -> int:
    """Return the port of the command line, else the usual one."""
    return usual if arguments.port is None else arguments.port


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 if it is invalid."""
    top = build_parser()
    arguments = top.parse_args(argv)
    if arguments.command == "doctor" and not arguments.live and (arguments.extras or arguments.yes):
        top.error("--images, --agents and --yes need --live")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit status: 0 if it succeeded."""
    shut = sys.stdout is None  # pyright: ignore[reportUnnecessaryComparison] - if the shell has closed it
    open_closed_streams()
    arguments = parse_arguments(argv)
    if shut and arguments.command == "view":
        sys.stderr.write("gemini-interactions-mcp: The link cannot be written to stdout: it is closed.\n")
        return 1
    if arguments.command is None:
        return serve_host(arguments)
    # Names of models and files may have letters that a terminal cannot show. What a test puts in its place may lack it.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    try:
        status = run_command(arguments)
        sys.stdout.flush()
    except* BrokenPipeError:
        status = 1
        discard_output()
    return status


def run_command(arguments: argparse.Namespace) -> int:
    """Run a command that prints, and return its exit status.

    Raises:
        BrokenPipeError: The reader of stdout has gone; may be in an exception group.
    """
    match arguments.command:
        case "view":
            return view_past(arguments)
        case "demo":
            from .demo import run_demo  # noqa: PLC0415 - each command imports only what it needs

            return run_demo()
        case "emulator":
            return run_interruptible(
                partial(run_emulator, choose_port(arguments, EMULATOR_PORT), contrary=arguments.contrary)
            )
        case "doctor" if arguments.live:
            from .live import run_live_doctor  # noqa: PLC0415 - as above

            return run_live_doctor(arguments.extras or (), agreed=arguments.yes)
        case "usage":
            from .usage import run_usage  # noqa: PLC0415 - as above

            return run_usage(arguments.by, arguments.since)
        case _:
            from .doctor import run_doctor  # noqa: PLC0415 - as above

            return run_doctor()


def serve_host(arguments: argparse.Namespace) -> int:
    """Serve a host until it ends the connection."""
    # First, because a host may abandon its first message while the SDK is still being imported.
    claimed = None if arguments.http else capture_streams()
    from gemini_interactions_mcp.settings import Settings  # noqa: PLC0415 - after `capture_streams`

    settings = Settings.from_environ(bundled=arguments.bundle)
    if settings.findings and claimed is None:
        # Over HTTP, a user in a terminal reads this; over stdio, a host would only report that the server has failed.
        sys.stderr.write(f"gemini-interactions-mcp: {' '.join(settings.findings)}\n")
        return 2
    from gemini_interactions_mcp.core import Redactor  # noqa: PLC0415 - as above

    from .logs import configure_logging  # noqa: PLC0415 - as above

    configure_logging(settings.log_level, Redactor(settings.secrets))
    from gemini_interactions_mcp.server import build_server  # noqa: PLC0415 - as above

    server = build_server(settings)
    if claimed is None:
        from gemini_interactions_mcp.transports.http import serve_http  # noqa: PLC0415 - as above

        return run_interruptible(partial(serve_http, server, choose_port(arguments, HTTP_PORT)))
    from gemini_interactions_mcp.transports import stdio  # noqa: PLC0415 - as above

    return stdio.serve_stdio(server, claimed)


def view_past(arguments: argparse.Namespace) -> int:
    """Show interactions in a browser until Ctrl-C, and return the exit status."""
    from .view import UnshownLinkError, prepare_view, run_view  # noqa: PLC0415 - each command imports only what it needs

    settings = prepare_view()
    if settings is None:
        return 2
    try:
        return run_interruptible(partial(run_view, settings, choose_port(arguments, 0), opens=not arguments.no_open))
    except UnshownLinkError as exc:
        discard_output()
        sys.stderr.write(f"gemini-interactions-mcp: {exc}\n")
        return 1


def discard_output() -> None:
    """Write what stdout still holds to nobody: https://docs.python.org/3/library/signal.html#note-on-sigpipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def run_emulator(number: int, *, contrary: bool) -> None:
    """Serve the emulator, and print the settings with which the server uses it."""
    from gemini_interactions_mcp import emulator  # noqa: PLC0415 - as above

    doubts = emulator.CONTRARY if contrary else emulator.Doubts()
    async with emulator.serve_emulator(emulator.Emulator(doubts=doubts), number) as url:
        with receive_ending_signals() as signals:
            print("Serving an emulated Interactions API until Ctrl-C; no model runs.")
            print('To use it, set these variables. Any key is accepted unless it begins with "invalid".\n')
            print(f"GOOGLE_GEMINI_BASE_URL={url}")
            print("GEMINI_API_KEY=emulator", flush=True)
            async for _ in signals:
                return


@contextmanager
def receive_ending_signals() -> Generator[AsyncIterator[object]]:
    """Yield signals to end from the event loop, because a KeyboardInterrupt raised in a callback may be lost."""
    import anyio  # noqa: PLC0415 - as above

    if sys.platform != "win32":
        with anyio.open_signal_receiver(*list_ending_signals()) as signals:
            yield signals
    else:
        yield wait_forever()


async def wait_forever() -> AsyncGenerator[object]:
    """Yield nothing, forever; on Windows, Ctrl-C raises KeyboardInterrupt."""
    import anyio  # noqa: PLC0415 - as above

    yield await anyio.sleep_forever()


def run_interruptible(run: Callable[[], Awaitable[None]]) -> int:
    """Run until Ctrl-C or another signal to end; return the exit status, 1 if the port cannot be bound.

    Raises:
        BrokenPipeError: The reader of stdout has gone.
    """
    import anyio  # noqa: PLC0415 - after `capture_streams`

    for each in list_ending_signals():
        signal.signal(each, signal.default_int_handler)
    try:
        anyio.run(run)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        raise
    except OSError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc.strerror or exc}. Choose another port with --port.\n")
        return 1
    return 0
