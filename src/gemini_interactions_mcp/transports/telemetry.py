"""Sends the spans of requests to a collector of OpenTelemetry; needs the extra `otel`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import logger, shorten_credentials
from gemini_interactions_mcp.settings import APP_NAME

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.util.types import AttributeValue

SENDING_SECONDS: Final = 3
"""Seconds at the end for the spans that have not been sent yet."""


def build_provider(exporter: "SpanExporter") -> "TracerProvider":
    """Return what makes spans and has them exported, without the texts of errors.

    Args:
        exporter: Exports them.

    Raises:
        ImportError: The SDK of OpenTelemetry is not installed.
    """
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource  # noqa: PLC0415 - of an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter  # noqa: PLC0415 - as above

    class SilentExporter(SpanExporter):
        """Exports spans without what errors say, which may quote a request."""

        def export(self, spans: "Sequence[ReadableSpan]"):  # noqa: ANN202 - the exporter's
            """Export spans."""
            return exporter.export([strip_texts(span) for span in spans])

        def shutdown(self) -> None:
            """Export no more."""
            exporter.shutdown()

    named = Resource.create({SERVICE_NAME: APP_NAME, SERVICE_VERSION: __version__})
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES replace these.
    named = named.merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(SilentExporter()))
    return provider


def strip_texts(span: "ReadableSpan") -> "ReadableSpan":
    """Return a span without its events, without what its status says, and without signed addresses and tokens."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - of an extra
    from opentelemetry.trace import Status  # noqa: PLC0415 - only where spans are exported

    return ReadableSpan(
        shorten_credentials(span.name),
        span.context,
        span.parent,
        span.resource,
        {name: shorten_attribute(name, value) for name, value in (span.attributes or {}).items()},
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def shorten_attribute(name: str, value: "AttributeValue") -> "AttributeValue":
    """Return an attribute of a span as it may be sent; the instrumentation of a web server adds addresses."""
    if name == "url.query":
        return ""
    if isinstance(value, str):
        return shorten_credentials(value)
    if isinstance(value, Sequence):
        return tuple(shorten_credentials(each) if isinstance(each, str) else each for each in value)  # pyright: ignore[reportReturnType] - of one type
    return value


@asynccontextmanager
async def export_spans(endpoint: str | None) -> AsyncGenerator[None]:
    """Export the spans of the body over HTTP, as the standard variables of OpenTelemetry say.

    Args:
        endpoint: The value of `OTEL_EXPORTER_OTLP_ENDPOINT`; None exports nothing.
    """
    provider = install_provider() if endpoint else None
    try:
        yield
    finally:
        if provider is not None:
            with anyio.move_on_after(SENDING_SECONDS, shield=True):
                await anyio.to_thread.run_sync(provider.shutdown, abandon_on_cancel=True)


def install_provider() -> "TracerProvider | None":
    """Make the provider of this process; None, and a warning, without the extra."""
    from opentelemetry import trace  # noqa: PLC0415 - as above

    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above

        provider = build_provider(OTLPSpanExporter())
    except ImportError:
        logger.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and nothing is sent there without the extra: pip install "
            "'gemini-interactions-mcp[otel]'"
        )
        return None
    trace.set_tracer_provider(provider)
    return provider
