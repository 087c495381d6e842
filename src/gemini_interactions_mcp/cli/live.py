"""`doctor --live`: probes undocumented behaviour of the real API, and compares it with the emulator.

The probes run against the emulator first, which shows its behaviour as well as what they send, and so what they may
cost. They run against the API only once the user has agreed. The report goes to stdout, as Markdown for a bug report.
"""

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import anyio
from pydantic import SecretStr

from gemini_interactions_mcp.api import ObservedApi, connect_observed_api, get_usable_key
from gemini_interactions_mcp.core import DEFAULT_TIMING, GeminiMCPError, Redactor, Timing, coerce_object
from gemini_interactions_mcp.emulator import Doubts, Emulator, serve_emulator
from gemini_interactions_mcp.journal import clock
from gemini_interactions_mcp.models import load_built_in_catalog
from gemini_interactions_mcp.settings import Settings

from .facts import Facts
from .prices import bound_prices
from .probe_requests import ProbedModels
from .probes import PROBES, Probe
from .reports import ApiObservation, ProbeOutcome, write_report

ReportProgress = Callable[[str], object]
"""Reports progress to the user."""


def ignore_progress(_: str) -> None:
    """Report nothing."""


def run_live_doctor(extras: Collection[str], *, agreed: bool) -> int:
    """Run the probes and print the report; return 0 if they ran, 1 if not, 2 if there is no terminal to ask on."""
    try:
        return run_chosen_probes(Settings.from_environ().require_valid(), extras, agreed=agreed)
    except GeminiMCPError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc}\n")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Everything created so far was deleted, as far as possible.\n")
    return 1


def run_chosen_probes(settings: Settings, extras: Collection[str], *, agreed: bool) -> int:
    """Run the probes without an option and those of `extras`; return the exit status.

    Raises:
        GeminiMCPError: The key is missing or malformed, or the client cannot be made.
    """
    get_usable_key(settings)
    sys.stderr.write("Running the probes against the emulator first.\n")
    chosen = [probe for probe in PROBES if not probe.extra or probe.extra in extras]
    emulator = anyio.run(rehearse_probes, settings, chosen)
    sys.stderr.write(announce_requests(emulator, settings))
    if not agreed and not sys.stdin.isatty():
        sys.stderr.write("Nothing was sent: stdin is not a terminal to ask on. Use --yes to send without asking.\n")
        return 2
    if not agreed and not ask_agreement():
        sys.stderr.write("Nothing was sent.\n")
        return 1
    real = anyio.run(observe_probes, settings, chosen, DEFAULT_TIMING, sys.stderr.write)
    print(write_report(real, emulator, settings))
    return 0


def ask_agreement() -> bool:
    """Ask the user; anything but a yes is a no."""
    sys.stderr.write("Send them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def announce_requests(found: ApiObservation, settings: Settings) -> str:
    """Return what will be sent, what it may cost, and that it is deleted again."""
    where = "the address in GOOGLE_GEMINI_BASE_URL" if settings.base_url else "Google"
    limit = bound_prices(found.asks, clock.now())
    return (
        f"This sends about {found.requests} small requests to {where} with the key in {settings.key_variable}. "
        f"{len(found.asks)} of them start an interaction; together they cost at most about ${limit:.2f}. "
        "They contain none of your data and start no Deep Research; whatever they create is deleted at the end.\n"
    )


async def rehearse_probes(settings: Settings, probes: Sequence[Probe], doubts: Doubts | None = None) -> ApiObservation:
    """Run the probes against the emulator."""
    at_once = replace(DEFAULT_TIMING, probe_reads=(0.0,) * len(DEFAULT_TIMING.probe_reads))
    emulator = Emulator(step_seconds=0.005, doubts=doubts or Doubts())
    async with serve_emulator(emulator) as url:
        local = settings.model_copy(update={"base_url": url, "api_key": SecretStr("local")})
        found = await observe_probes(local, probes, at_once)
    bodies = [request.body for request in emulator.requests if request.path.endswith("/interactions")]
    return replace(found, asks=[coerce_object(body) for body in bodies], requests=len(emulator.requests))


async def observe_probes(
    settings: Settings, probes: Sequence[Probe], timing: Timing, say: ReportProgress = ignore_progress
) -> ApiObservation:
    """Run the probes against an API, one after the other, and delete what they have created.

    Raises:
        GeminiMCPError: The key is missing, or the client cannot be made.
    """
    resolve = load_built_in_catalog().resolve
    names = ProbedModels(resolve(settings.model), resolve(settings.image_model))
    async with connect_observed_api(settings, timing) as api:
        outcomes: list[ProbeOutcome] = []
        for number, probe in enumerate(probes, start=1):
            say(f"{number} of {len(probes)}: {probe.title}\n")
            outcomes.append(ProbeOutcome(probe, await attempt_probe(probe, api, names)))
    redact = Redactor(settings.secrets)
    return ApiObservation([each.scrub(redact, api.ids) for each in outcomes], api.throttled, api.deleted)


async def attempt_probe(probe: Probe, api: ObservedApi, names: ProbedModels) -> Facts:
    """Return the facts of a probe; a failure is a fact, so that the next probe still runs."""
    seconds = api.timing.agent_probe if probe.extra == "agents" else api.timing.probe
    try:
        with anyio.fail_after(seconds):
            return await probe.run(api, names)
    except TimeoutError:
        return {"response": f"none within {seconds:.0f} seconds"}
    except Exception as exc:  # noqa: BLE001 - a reply that breaks our parsing must not hide the other probes
        return {"response": f"not understood ({type(exc).__name__})"}
