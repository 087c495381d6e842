"""The `doctor` command: checks settings, key, network, models, folders, journal and hosts. Never prints the key."""

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Final, NamedTuple

import anyio
import anyio.to_thread

from gemini_interactions_mcp import __version__, journal, models
from gemini_interactions_mcp.api import Gemini
from gemini_interactions_mcp.core import DEFAULT_TIMING, OWNER, GeminiMCPError, Redactor, RefusedError, phrases
from gemini_interactions_mcp.journal import Database, Journal, OthersUse, Spending, clock
from gemini_interactions_mcp.models import Catalog, CatalogFile, defaults
from gemini_interactions_mcp.output import open_place
from gemini_interactions_mcp.settings import (
    CONFIRM_VARIABLE,
    DAY_VARIABLE,
    MONTH_VARIABLE,
    RUNS_VARIABLE,
    Confirmation,
    Settings,
    describe_missing_folder,
    find_unknown_variables,
    has_unknown_user,
)

from .findings import Finding, format_finding, run_check
from .host_checks import check_hosts, list_keyed_hosts, name_journal
from .hosts.machine import find_machine
from .spelling import describe_unknown_variable
from .team_checks import check_who, list_team_settings

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
"""Base URL of the API unless the settings name another."""


WARNED_DAYS: Final = 60
"""Days before a shutdown from which on it is warned of."""


class ConfiguredName(NamedTuple):
    """The model or agent that a setting names, by its id."""

    topic: str
    name: str
    default: str


def run_doctor() -> int:
    """Print the findings, and return the exit status: 0 unless a check failed."""
    print(f"gemini-interactions-mcp {__version__}")
    print(f"Python {platform.python_version()}, mcp {version('mcp')}, google-genai {version('google-genai')}\n")
    settings = Settings.from_environ()
    catalogs = CatalogFile(settings.catalog_path)
    machine = find_machine()
    keyed = [] if settings.api_key else list_keyed_hosts(machine)
    findings = [
        *list_settings(settings),
        *find_misspelled(find_unknown_variables()),
        *list_team_settings(settings),
        *list_catalog(settings, anyio.run(catalogs.read), catalogs.problem),
        *anyio.run(run_checks, settings, catalogs, keyed),
        *anyio.run(check_hosts, machine, DEFAULT_TIMING),
    ]
    redact = Redactor(settings.secrets)
    for finding in findings:
        print(redact(format_finding(finding)))
    return 1 if any(finding.ok is False for finding in findings) else 0


def list_settings(settings: Settings) -> Iterator[Finding]:
    """Yield the findings that need neither network nor writing."""
    yield from (Finding(ok=False, topic="settings", text=text) for text in settings.findings)
    yield Finding(None, "model", settings.model)
    yield Finding(None, "image model", settings.image_model)
    yield Finding(None, "agent", settings.research_agent)
    yield Finding(None, "wait", f"{settings.wait_seconds:g} s until a call returns the id instead of the answer")
    if not is_wrong(settings, CONFIRM_VARIABLE):
        yield Finding(None, "asking", describe_confirmation(settings.confirm))
    yield Finding(None, "view", "gemini-interactions-mcp view shows past and running interactions in a browser")
    if settings.servers:
        yield Finding(None, "MCP servers", ", ".join(f"mcp:{each.name}" for each in settings.servers))
    if settings.allow_secrets:
        yield Finding(None, "secrets", "files that look like secrets may be sent (GEMINI_MCP_ALLOW_SECRETS)")
    for path in settings.allowed_dirs:
        lacking = describe_missing_folder(path)
        # The output folder is created when needed.
        fine = lacking is None or (path == settings.output_dir and not has_unknown_user(path))
        yield Finding(fine, "directory", f"{path}" if fine else f"{path}: {lacking}")


def find_misspelled(names: Iterable[str]) -> Iterator[Finding]:
    """Yield a failure for each variable that resembles a setting; others may belong to another program."""
    for found in map(describe_unknown_variable, names):
        yield Finding(False if found.misspelled else None, "variable", found.text)


def is_wrong(settings: Settings, variable: str) -> bool:
    """Whether a variable cannot be read, so that its setting has the default."""
    return any(text.startswith(variable) for text in settings.findings)


def describe_confirmation(confirm: Confirmation) -> str:
    """Return which paid requests the user is asked about."""
    if confirm.above is None:
        return "paid requests are sent without asking"
    if not confirm.above:
        return "before every paid request"
    return f"before requests that may cost more than {phrases.format_dollars(confirm.above)}, or have no known price"


def list_spending(settings: Settings, spending: Spending, others: OthersUse) -> Iterator[Finding]:
    """Yield what was spent of each limit by all principals, and what is left; a limit that cannot be read is left out.

    Args:
        settings: Have the limits.
        spending: What the owner has spent, and the dollars of the others.
        others: What the others have used today.
    """
    day, month = map(models.amounts.count_micros, (settings.dollars_per_day, settings.dollars_per_month))
    for variable, topic, shares, limit in (
        (DAY_VARIABLE, "today (UTC)", (spending.today, spending.others_today), day),
        (MONTH_VARIABLE, "month (UTC)", (spending.month, spending.others_month), month),
    ):
        if not is_wrong(settings, variable):
            yield find_share(topic, shares, limit, phrases.format_dollars, "spent or reserved")
    if not is_wrong(settings, RUNS_VARIABLE):
        shares = spending.runs_today, others.research
        yield find_share("research", shares, settings.runs_per_day, str, "requests sent today")


def find_share(
    topic: str, shares: tuple[int, int], limit: int | None, write: Callable[[int], str], what: str
) -> Finding:
    """Return how much of a limit is used and left; a warning where that is nothing.

    Args:
        topic: Of the finding.
        shares: What the owner has used, and what the principals have.
        limit: On both together.
        write: Formats an amount.
        what: Is used.
    """
    spent, whose = sum(shares), f" ({write(shares[1])} of it by principals)" if shares[1] else ""
    if limit is None:
        return Finding(None, topic, f"{what}: {write(spent)}, no limit{whose}")
    left = max(0, limit - spent)
    text = f"{what}: {write(spent)} of {write(limit)}, {write(left)} left{whose}"
    return Finding(None if left else "warn", topic, text)


def list_catalog(settings: Settings, catalog: Catalog, problem: str | None) -> Iterator[Finding]:
    """Yield what is wrong with the user's catalog, and which of the configured models and agents shut down."""
    if problem:
        yield Finding(False, "catalog", problem)
    elif settings.catalog_path:
        yield Finding(True, "catalog", f"{settings.catalog_path} is read")
    for configured in list_configured_names(settings, catalog):
        if finding := describe_shutdown_of(configured, catalog, clock.now().date()):
            yield finding


def list_configured_names(settings: Settings, catalog: Catalog) -> list[ConfiguredName]:
    """Return the models and the agent that the settings name."""
    return [
        ConfiguredName("model", catalog.resolve(settings.model), defaults.DEFAULT_MODEL),
        ConfiguredName("image model", catalog.resolve(settings.image_model), defaults.DEFAULT_IMAGE_MODEL),
        ConfiguredName("agent", catalog.resolve(settings.research_agent), defaults.DEFAULT_RESEARCH_AGENT),
    ]


def describe_shutdown_of(configured: ConfiguredName, catalog: Catalog, day: date) -> Finding | None:
    """Return a failure for what is shut down on a UTC date, and a warning for what will be within `WARNED_DAYS`."""
    row = catalog.find(configured.name)
    left = (row.shutdown - day).days if row and row.shutdown else WARNED_DAYS + 1
    if row is None or left > WARNED_DAYS:
        return None
    successor = catalog.find_living_successor(row, day)
    remedy = f"; use {successor} instead" if successor else ""
    if left <= 0:
        return Finding(False, "shutdown", f"Google has shut down {row.id} ({row.shutdown}){remedy}")
    days = phrases.format_count(left, "day")
    return Finding("warn", "shutdown", f"Google shuts down {row.id} on {row.shutdown}, in {days}{remedy}")


async def run_checks(settings: Settings, catalogs: CatalogFile, keyed: Sequence[str]) -> list[Finding]:
    """Check the key and the API, the configured models and agents, the output folder and the journal.

    Args:
        settings: Of this shell.
        catalogs: Has the models and agents.
        keyed: The hosts that give the server a key, where this shell has none.
    """
    return [
        *(list_left_out(keyed) if keyed else await check_google(settings, catalogs)),
        await run_check("output", lambda: check_output_folder(settings)),
        *(await check_journal(settings)),
    ]


def list_left_out(keyed: Sequence[str]) -> list[Finding]:
    """Return what is said instead of the checks that need a key, where only hosts have one."""
    hosts = " and ".join(filter(None, (", ".join(keyed[:-1]), keyed[-1])))
    give = "gives" if len(keyed) == 1 else "give"
    text = (
        f"No Gemini API key is set in this terminal; {hosts} {give} the server one. "
        "Google was not asked whether a key works."
    )
    left_out = "left out, since they need a key: the default model, the image model, the agent"
    return [Finding("warn", "API", text), Finding(None, "look-up", left_out)]


async def check_google(settings: Settings, catalogs: CatalogFile) -> list[Finding]:
    """Check the key and the API, and the configured models and agents."""
    api = await run_check("API", lambda: check_api_access(settings, catalogs))
    return [api, *(await look_up_names(settings, catalogs) if api.ok else [])]


async def look_up_names(settings: Settings, catalogs: CatalogFile) -> list[Finding]:
    """Look up the configured models and agents other than the default model."""
    gemini = Gemini(settings, catalogs=catalogs)
    try:
        _, image, agent = list_configured_names(settings, catalogs.current)
        return [
            await run_check("look-up", lambda: look_up_image_model(gemini, image)),
            await look_up_configured_agent(gemini, agent, catalogs.current),
        ]
    finally:
        await gemini.close()


async def look_up_image_model(gemini: Gemini, configured: ConfiguredName) -> str:
    """Look up the image model.

    Raises:
        GeminiMCPError: It does not exist, or could not be looked up.
    """
    return f"found {await gemini.look_up_model(configured.name, configured.default)}"


async def look_up_configured_agent(gemini: Gemini, configured: ConfiguredName, catalog: Catalog) -> Finding:
    """Look up the agent; that Google lists its own is not documented, so one of the catalog may be missing."""
    try:
        await gemini.look_up_agent(configured.name, configured.default)
    except RefusedError as exc:
        if catalog.find(configured.name) is None:
            return Finding(False, "look-up", str(exc))
        return Finding(None, "look-up", f"{configured.name} is in the catalog; Google does not list it ({exc})")
    except GeminiMCPError as exc:
        return Finding(False, "look-up", str(exc))
    return Finding(True, "look-up", f"found agents/{configured.name}")


async def check_api_access(settings: Settings, catalogs: CatalogFile) -> str:
    """Request the default model's description, which is free.

    Raises:
        GeminiMCPError: The key, the network or the model fails.
    """
    gemini = Gemini(settings, catalogs=catalogs)
    try:
        model = await gemini.check()
    finally:
        await gemini.close()
    return f"found {model} at {settings.base_url or DEFAULT_BASE_URL} with the key in {settings.key_variable}"


async def check_output_folder(settings: Settings) -> str:
    """Check that files can be saved, without creating any.

    Raises:
        GeminiMCPError: The output folder or the object store is not writable.
    """
    place = await anyio.to_thread.run_sync(open_place, settings, OWNER)
    await anyio.to_thread.run_sync(place.check_writable)
    return f"{place.title} is writable"


async def check_journal(settings: Settings) -> list[Finding]:
    """Open the journal, and examine it and what it has."""
    try:
        database = journal.open_database(settings.database_url)
    except GeminiMCPError as exc:
        return [Finding(False, "journal", str(exc))]
    try:
        return await examine_journal(settings, database)
    except GeminiMCPError as exc:
        return [Finding(False, "journal", str(exc))]
    finally:
        await database.close()


async def examine_journal(settings: Settings, database: Database) -> list[Finding]:
    """Write to the journal (a pruning that removes nothing), and read what was spent and who may spend.

    Raises:
        GeminiMCPError: It cannot be used.
    """
    rows = Journal(database)
    await rows.prune(datetime.min.replace(tzinfo=UTC))
    last = await journal.find_last_interaction(database)
    spending = await rows.spending()
    others = await journal.read_others_use(database, clock.get_day_start())
    place = name_journal(settings.database_url, find_machine())
    latest = f"latest interaction {last:%Y-%m-%d %H:%M} UTC" if last else "no interactions yet"
    return [
        Finding(True, "journal", f"{place} is writable; {latest}"),
        *list_spending(settings, spending, others),
        *await check_who(settings, database),
    ]
