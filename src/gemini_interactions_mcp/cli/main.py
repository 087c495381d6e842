"""From the command line to what is run: serve (the default), demo, emulator, doctor."""

import argparse
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.transports.stdin_capture import claim, ending_signals, open_closed_streams

if TYPE_CHECKING:
    from gemini_interactions_mcp.server import Server

HOST: Final = "127.0.0.1"
HTTP_PORT: Final = 8765
EMULATOR_PORT: Final = 8766
"""Another one: both may run at once, the server on the emulator."""
SHUTDOWN_SECONDS: Final = 1
"""So long, HTTP requests that are being answered may go on after a signal to end."""

DESCRIPTION = "Gemini's models and agents for any MCP host, through Google's Interactions API."
EPILOG = "Without a command it serves MCP on stdin and stdout, which is what a host starts. Settings: see README.md."


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser("gemini-interactions-mcp", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--http", action="store_true", help="serve streamable HTTP on loopback instead of stdio")
    ports = f"for --http (default {HTTP_PORT}) and emulator (default {EMULATOR_PORT})"
    top.add_argument("--port", type=port, help=ports)
    # The bundle's users see the settings of their host, and no variables (manifest.json).
    top.add_argument("--bundle", action="store_true", help=argparse.SUPPRESS)
    commands = top.add_subparsers(dest="command", metavar="command")
    commands.add_parser("demo", help="run every tool on made-up files, without a key or network")
    emulator = commands.add_parser("emulator", help="serve a local Interactions API for development")
    emulator.add_argument("--port", type=port, default=argparse.SUPPRESS, help=f"default {EMULATOR_PORT}")
    contrary = "where it is not known how the real API behaves, behave the other way"
    emulator.add_argument("--contrary", action="store_true", help=contrary)
    doctor = commands.add_parser("doctor", help="say what is configured, reachable and allowed")
    doctor.add_argument("--live", action="store_true", help="try what is doubtful about the real API, for a few cents")
    doctor.add_argument("--images", action="append_const", const="images", dest="extras", help="live: an image too")
    agents = "live: a managed agent too, for some ten cents"
    doctor.add_argument("--agents", action="append_const", const="agents", dest="extras", help=agents)
    doctor.add_argument("--yes", action="store_true", help="live: do not ask before sending")
    return top


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def port_of(arguments: argparse.Namespace, usual: int) -> int:
    """The port of the command line, or the usual one."""
    return usual if arguments.port is None else arguments.port


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read; it ends here if it makes no sense."""
    top = parser()
    arguments = top.parse_args(argv)
    if arguments.command == "doctor" and not arguments.live and (arguments.extras or arguments.yes):
        top.error("--images, --agents and --yes need --live")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0 if all went well."""
    open_closed_streams()
    arguments = parsed(argv)
    if arguments.command is None:
        return serve(arguments)
    try:
        status = run_command(arguments)
        sys.stdout.flush()
    except* BrokenPipeError:
        status = 1
        # What is still to be written has no reader either: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def run_command(arguments: argparse.Namespace) -> int:
    """Run a command that prints, and return its exit status.

    Raises:
        BrokenPipeError: Nobody reads what it prints; also in a group.
    """
    match arguments.command:
        case "demo":
            from .demo import demo  # noqa: PLC0415 - each command imports only what it needs

            return demo()
        case "emulator":
            return interruptible(partial(emulate, port_of(arguments, EMULATOR_PORT), contrary=arguments.contrary))
        case "doctor" if arguments.live:
            from .live import live  # noqa: PLC0415 - as above

            return live(arguments.extras or (), agreed=arguments.yes)
        case _:
            from .doctor import doctor  # noqa: PLC0415 - as above

            return doctor()


def serve(arguments: argparse.Namespace) -> int:
    """Serve a host until it ends the connection."""
    # First of all: a host may give up on its first message while the SDK is still being imported.
    claimed = None if arguments.http else claim()
    from gemini_interactions_mcp.settings import Settings  # noqa: PLC0415 - after `claim`

    settings = Settings.from_environ(bundled=arguments.bundle)
    if settings.findings and claimed is None:
        # Who starts it in a terminal reads this; a host would only say that the server has failed.
        sys.stderr.write(f"gemini-interactions-mcp: {' '.join(settings.findings)}\n")
        return 2
    from gemini_interactions_mcp.core import Redactor  # noqa: PLC0415 - as above

    from .logs import set_up  # noqa: PLC0415 - as above

    set_up(settings.log_level, Redactor(settings.secrets))
    from gemini_interactions_mcp.server import build_server  # noqa: PLC0415 - as above

    server = build_server(settings)
    if claimed is None:
        return interruptible(partial(serve_http, server, port_of(arguments, HTTP_PORT)))
    from gemini_interactions_mcp.transports import stdio  # noqa: PLC0415 - as above

    return stdio.serve(server, claimed)


async def serve_http(server: "Server", number: int) -> None:
    """Serve streamable HTTP on loopback; connections wait from the moment on that the address is told."""
    import socket  # noqa: PLC0415 - as above

    import uvicorn  # noqa: PLC0415 - as above

    # The protocol is named because asyncio sets TCP_NODELAY only on a socket that has one.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, number))
        listener.listen()
        config = uvicorn.Config(
            server.streamable_http_app(host=HOST), log_config=None, timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        sys.stderr.write(f"Serving MCP on http://{HOST}:{listener.getsockname()[1]}/mcp\n")
        web = uvicorn.Server(config)
        for each in ending_signals():
            # By itself Uvicorn takes all but that of a closed terminal.
            signal.signal(each, web.handle_exit)
        await web.serve(sockets=[listener])


async def emulate(number: int, *, contrary: bool) -> None:
    """Serve the emulator, and say what to set so that the server uses it."""
    from gemini_interactions_mcp.emulator import CONTRARY, Doubts, Emulator, serve  # noqa: PLC0415 - as above

    async with serve(Emulator(doubts=CONTRARY if contrary else Doubts()), number) as url:
        with signals_to_end() as signals:
            print("An emulated Interactions API, until Ctrl-C. No model runs. To use it, set:\n")
            print(f"GOOGLE_GEMINI_BASE_URL={url}")
            print("GEMINI_API_KEY=any-but-one-that-begins-with-invalid", flush=True)
            async for _ in signals:
                return


@contextmanager
def signals_to_end() -> Generator[AsyncIterator[object]]:
    """Signals to end, received by the event loop: a KeyboardInterrupt that is raised in a callback may be lost."""
    import anyio  # noqa: PLC0415 - as above

    if sys.platform != "win32":
        with anyio.open_signal_receiver(*ending_signals()) as signals:
            yield signals
    else:
        yield never()


async def never() -> AsyncGenerator[object]:
    """Nothing, forever; on Windows Ctrl-C raises KeyboardInterrupt."""
    import anyio  # noqa: PLC0415 - as above

    yield await anyio.sleep_forever()


def interruptible(run: Callable[[], Awaitable[None]]) -> int:
    """Run until Ctrl-C or another signal to end, which is the only way; the exit status is 1 if the port is taken."""
    import anyio  # noqa: PLC0415 - after `claim`

    for each in ending_signals():
        signal.signal(each, signal.default_int_handler)
    try:
        anyio.run(run)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        raise
    except OSError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc.strerror or exc}. --port chooses another port.\n")
        return 1
    return 0
