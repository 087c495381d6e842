"""The command line: runs serve (the default), view, demo, emulator, install, doctor, usage, token or admin."""

import argparse
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from gemini_interactions_mcp.transports.refusing import refuse_requests
from gemini_interactions_mcp.transports.stdin_capture import capture_streams, list_ending_signals, open_closed_streams

from .interrupts import run_interruptible
from .parser import EMULATOR_PORT, choose_port, parse_arguments

if TYPE_CHECKING:
    from gemini_interactions_mcp.server import Server


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit status: 0 if it succeeded."""
    shut = sys.stdout is None  # pyright: ignore[reportUnnecessaryComparison] - if the shell has closed it
    open_closed_streams()
    tolerate_letters()
    arguments = parse_arguments(argv)
    if shut and arguments.command == "view":
        sys.stderr.write("gemini-interactions-mcp: The link cannot be written to stdout: it is closed.\n")
        return 1
    if arguments.command in (None, "serve"):
        return serve_over_http(arguments) if arguments.http else serve_host(arguments)
    try:
        status = run_command(arguments)
        sys.stdout.flush()
    except* BrokenPipeError:
        status = 1
        discard_output()
    return status


def tolerate_letters() -> None:
    """Show letters that the code page of a terminal or pipe lacks as escapes, and read no byte as an error.

    Names of models and files may be in any script. What a test puts in place of a stream may have no code page.
    """
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=errors)


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
        case "token" | "admin" | "usage":
            return run_administrative_command(arguments)
        case "install":
            return run_install_command(arguments)
        case _:
            return run_doctor_command(arguments)


def run_administrative_command(arguments: argparse.Namespace) -> int:
    """Run a command about what the journal has, and return its exit status."""
    if arguments.command == "token":
        from .tokens import run_token_command  # noqa: PLC0415 - as above

        return run_token_command(arguments)
    if arguments.command == "usage":
        from .usage import run_usage  # noqa: PLC0415 - as above

        return run_usage(arguments.by, arguments.since)
    from .admin import run_admin_command  # noqa: PLC0415 - as above

    return run_admin_command(arguments)


def run_install_command(arguments: argparse.Namespace) -> int:
    """Change the configuration of a host, and return the exit status."""
    from .install import run_install  # noqa: PLC0415 - as above

    return run_install(
        arguments.host_id, arguments.env, undoes=arguments.undo, agreed=arguments.yes, dry=arguments.dry_run
    )


def run_doctor_command(arguments: argparse.Namespace) -> int:
    """Run a check of settings and the API, and return its exit status."""
    if arguments.live:
        from .live import run_live_doctor  # noqa: PLC0415 - as above

        return run_live_doctor(arguments.extras or (), agreed=arguments.yes)
    from .doctor import run_doctor  # noqa: PLC0415 - as above

    return run_doctor()


def serve_over_http(arguments: argparse.Namespace) -> int:
    """Serve a team, and return the exit status."""
    from gemini_interactions_mcp.settings import Settings  # noqa: PLC0415 - each command imports only what it needs

    from .team import serve_team  # noqa: PLC0415 - as above

    return serve_team(Settings.from_environ(bundled=arguments.bundle), arguments)


def serve_host(arguments: argparse.Namespace) -> int:
    """Serve a host until it ends the connection, and return the exit status."""
    # First, so that a host has its first answers while the SDK is imported.
    claimed = capture_streams()
    try:
        server = prepare_server(bundled=arguments.bundle)
        from gemini_interactions_mcp.transports import stdio  # noqa: PLC0415 - after `capture_streams`
    except Exception as exc:
        if not claimed.greets:
            raise
        sys.excepthook(type(exc), exc, exc.__traceback__)
        refuse_requests(claimed, exc)
        return 1
    return stdio.serve_stdio(server, claimed)


def prepare_server(*, bundled: bool) -> "Server":
    """Return the server that the user has set up."""
    from gemini_interactions_mcp.core import Redactor  # noqa: PLC0415 - after `capture_streams`
    from gemini_interactions_mcp.settings import Settings  # noqa: PLC0415 - as above

    from .logs import configure_logging  # noqa: PLC0415 - as above
    from .spelling import list_misspelled, log_warnings  # noqa: PLC0415 - as above

    settings = Settings.from_environ(bundled=bundled)
    configure_logging(settings.log_level, Redactor(settings.secrets), settings.log_format)
    log_warnings(list_misspelled())
    from gemini_interactions_mcp.server import build_server  # noqa: PLC0415 - as above

    return build_server(settings)


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
