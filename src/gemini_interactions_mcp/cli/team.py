"""Serves streamable HTTP: to the user of this machine, or to a team."""

import argparse
from functools import partial

from gemini_interactions_mcp.core import ConfigurationError, InputError, JournalError, Redactor
from gemini_interactions_mcp.journal import check_url
from gemini_interactions_mcp.server import build_server
from gemini_interactions_mcp.settings import Settings, check_traces_address
from gemini_interactions_mcp.transports.access import ServingOptions, plan_serving
from gemini_interactions_mcp.transports.http import serve_http

from .interrupts import run_interruptible
from .logs import configure_logging, make_announcer
from .parser import HTTP_PORT, choose_port
from .spelling import list_misspelled, log_warnings, warn_of_misspelled
from .team_checks import list_start_warnings


def serve_team(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal to end, and return the exit status: 2 if settings or options are wrong."""
    options = ServingOptions(
        host=arguments.host,
        port=choose_port(arguments, HTTP_PORT),
        public_url=arguments.public_url or settings.public_url,
        authenticated=not arguments.no_auth,
        drain_seconds=arguments.drain_seconds,
    )
    complain = make_announcer(settings.log_format, "ERROR")
    try:
        # Over HTTP, a user in a terminal reads this; over stdio, a host would only report that the server has failed.
        if settings.findings:
            raise InputError(" ".join(settings.findings))
        check_url(settings.database_url)
        check_traces_address(settings.otlp_endpoint)
        plan = plan_serving(settings, options)
    except (ConfigurationError, InputError, JournalError) as exc:
        warn_of_misspelled(complain)
        complain(f"gemini-interactions-mcp: {exc}\n")
        return 2
    secrets = [*settings.secrets, *([plan.fresh.text] if plan.fresh else [])]
    configure_logging(settings.log_level, Redactor(secrets), settings.log_format)
    if plan.public:
        settings = settings.model_copy(update={"public_url": plan.public.base})
    log_warnings([*list_misspelled(), *list_start_warnings(settings)])
    server = build_server(settings, shared=settings.auth != "none")
    serve = partial(serve_http, server, settings, plan, make_announcer(settings.log_format))
    return run_interruptible(serve, complain)
