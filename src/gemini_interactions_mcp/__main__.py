"""From the command line to what is run: serve (the default), demo, emulator, doctor."""

import argparse
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from . import __version__
from .claim import claim

DESCRIPTION = "Gemini's models and agents for any MCP host, through Google's Interactions API."
EPILOG = "Without a command it serves MCP on stdin and stdout, which is what a host starts. Settings: see README.md."


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser("gemini-interactions-mcp", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--http", action="store_true", help="serve streamable HTTP on loopback instead of stdio")
    top.add_argument("--port", type=port, default=8765, help="for --http and emulator (default %(default)s)")
    commands = top.add_subparsers(dest="command", metavar="command")
    commands.add_parser("demo", help="run every tool on made-up files, without a key or network")
    emulator = commands.add_parser("emulator", help="serve a local Interactions API for development")
    emulator.add_argument("--port", type=port, default=argparse.SUPPRESS, help="default 8765")
    commands.add_parser("doctor", help="say what is configured, reachable and allowed")
    return top


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0 if all went well."""
    arguments = parser().parse_args(argv)
    match arguments.command:
        case "demo":
            from .demo import demo  # noqa: PLC0415 - each command imports only what it needs

            return demo()
        case "emulator":
            from .emulator import run  # noqa: PLC0415 - as above

            return interruptible(partial(run, arguments.port))
        case "doctor":
            from .doctor import doctor  # noqa: PLC0415 - as above

            return doctor()
        case _:
            return serve(arguments)


def serve(arguments: argparse.Namespace) -> int:
    """Serve a host until it ends the connection."""
    # First of all: a host may give up on its first message while the SDK is still being imported.
    claimed = None if arguments.http else claim()
    from .errors import ConfigurationError  # noqa: PLC0415 - after `claim`
    from .settings import Settings  # noqa: PLC0415 - as above

    try:
        settings = Settings.from_environ()
    except ConfigurationError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc}\n")
        return 2
    logging.basicConfig(level=settings.log_level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    from .server import build_server  # noqa: PLC0415 - as above

    server = build_server(settings)
    if claimed is None:
        sys.stderr.write(f"Serving MCP on http://127.0.0.1:{arguments.port}/mcp\n")
        return interruptible(partial(server.run_streamable_http_async, host="127.0.0.1", port=arguments.port))
    from . import stdio  # noqa: PLC0415 - as above

    stdio.serve(server, claimed)
    return 0


def interruptible(run: Callable[[], Awaitable[None]]) -> int:
    """Run until Ctrl-C, which is the way to end it."""
    import anyio  # noqa: PLC0415 - after `claim`

    with contextlib.suppress(KeyboardInterrupt):
        anyio.run(run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
