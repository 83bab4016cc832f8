"""
Traces for OpenTelemetry: from a request over its append to the projections that apply what it wrote.

Off, and not even imported, unless FANFARE_OTLP_URL is set. Nothing of a ballot is ever traced: no request about one, no append
to a partition that ballots are in, no projection that applies one. What a trace would tell of ballots, histograms tell of all of
them together. A span holds what stands here and nothing else: route, method, status, position in partition 0, projection.
Decision 0018 says why.
"""

import re
from asyncio import Future
from collections.abc import Iterable, Sequence
from contextvars import ContextVar, Token
from importlib.metadata import version
from time import time_ns
from typing import TYPE_CHECKING

from fanfare.platform.metrics import METHODS
from fanfare.record.position import Position

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

HEADER = "traceparent"
"""The header of a Kafka record, several where several decisions share an entry. It is no part of the entry."""
OF_A_BALLOT = re.compile(r"/(?:ballot|paper|my-ballots|receipt|receipts)(?:/|$)")
"""Requests about a ballot, by path or route."""
MOST_HEADERS = 8
"""Of an entry: they count towards the size that a broker takes, which is little more than an entry's."""
MOST_APPLIED = 16
"""Of a page: a worker that catches up shall not flood the collector with what nobody waits for."""
_UNTOLD = frozenset({"/healthz", "/readyz", "/metrics", "/static", "/campaigns/{campaign_id}/live"})
"""What is asked without end, or lasts for hours."""
_FLUSH_MS = 3000
NO_OTHER: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Keeps FastAPI from telling a collector of paths, queries and ballots, whatever its own variables say."""
Traced = tuple[int, bytes]
"""An offset of partition 0 and the traceparent of an append that it holds."""

_request: ContextVar["Span | None"] = ContextVar("fanfare_traced_request", default=None)
_tracing: "_Tracing | None" = None
"""Owned by the process: set once at its start."""


class _Tracing:
    def __init__(self, provider: "TracerProvider", tracer: "Tracer") -> None:
        self.provider = provider
        self.tracer = tracer


def start(url: str, kind: str) -> None:
    """
    Send traces of this process, which is of this *kind*, to the collector at *url*; without one nothing is traced.

    What else there is to set, such as headers for authentication or a sampler, is read from OpenTelemetry's own variables.
    """
    global _tracing  # noqa: PLW0603 - a request has no time to look for it elsewhere
    if not url:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {"service.name": f"fanfare-{kind}", "service.version": version("fanfare")}
    # A provider of our own and never the global one: no library shall add spans that nobody here has looked at.
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")))
    _tracing = _Tracing(provider, provider.get_tracer("fanfare"))


def stop() -> None:
    """Send what has not left yet, and trace no more; a collector that does not answer is waited for three seconds."""
    global _tracing
    tracing, _tracing = _tracing, None
    if tracing is not None:
        tracing.provider.force_flush(_FLUSH_MS)
        tracing.provider.shutdown()


# A request


def requested(path: str, request: str, traceparent: bytes | None) -> "Token[Span | None] | None":
    """
    Begin the span of a request to *path*; none where it is about a ballot.

    A trace that it comes with is not continued, only linked to: its id is its sender's, and ours goes to Kafka and stays there.

    Args:
        request: its id, which log lines have too.
        traceparent: as it came, and only where it was believed.
    """
    if _tracing is None or OF_A_BALLOT.search(path):
        return None
    from opentelemetry.trace import Link, SpanKind, get_current_span

    came = get_current_span(_parent(traceparent)).get_span_context() if traceparent else None
    span = _tracing.tracer.start_span(
        "request",
        context=_root(),
        kind=SpanKind.SERVER,
        attributes={"fanfare.request": request},
        links=[Link(came)] if came and came.is_valid else None,
    )
    return _request.set(span)


def answered(token: "Token[Span | None]", method: str, route: str, status: int) -> None:
    """End the span of a request, by the template of its route. One that turns out to be about a ballot is never sent."""
    span = _request.get()
    _request.reset(token)
    if span is None or not span.is_recording() or route in _UNTOLD or OF_A_BALLOT.search(route):
        return  # a span that has not ended is not sent
    method = method if method in METHODS else "_OTHER"
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= 500:
        _failed(span, str(status))
    span.end()


# An append


def appending(done: "Future[Position]") -> bytes:
    """
    Begin the span of an append to partition 0 in the current request, until *done*.

    Returns what the header of its entry says; empty where nothing is traced. Never call it for a partition that has ballots.
    """
    request = _request.get() if _tracing is not None else None
    if _tracing is None or request is None or not request.is_recording():
        return b""
    from opentelemetry.trace import SpanKind, set_span_in_context

    span = _tracing.tracer.start_span("append", context=set_span_in_context(request), kind=SpanKind.PRODUCER)

    def end(done: "Future[Position]") -> None:
        if done.cancelled():
            _failed(span, "cancelled")
        elif error := done.exception():
            _failed(span, type(error).__name__)
        else:
            span.set_attribute("fanfare.position", str(done.result()))
        span.end()

    done.add_done_callback(end)
    known = span.get_span_context()
    return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}".encode()


def headers(traceparents: Iterable[bytes]) -> tuple[tuple[str, bytes], ...]:
    """Return the headers of an entry that holds what was appended under *traceparents*; empty ones were not traced."""
    return tuple((HEADER, each) for each in traceparents if each)[:MOST_HEADERS]


def found(headers: Iterable[tuple[str, bytes | None]]) -> tuple[bytes, ...]:
    """Return the traceparents among the headers of a record that was read."""
    return tuple(value for name, value in headers if name == HEADER and value)[:MOST_HEADERS]


# A projection


def applied(projection: str, traced: Sequence[Traced], began_ns: int, done: range, *, stopped: bool) -> None:
    """Tell each trace in a page of partition 0 that *projection* has *done* its offset, or has *stopped* there."""
    if _tracing is None or not traced:
        return
    from opentelemetry.trace import SpanKind, get_current_span

    told = [each for each in traced if each[0] in done or (stopped and each[0] == done.stop)]
    for offset, traceparent in told[:MOST_APPLIED]:
        parent = _parent(traceparent)
        if not get_current_span(parent).get_span_context().is_valid:
            continue  # whoever may write to Kafka may write any header
        span = _tracing.tracer.start_span(
            f"project {projection}",
            context=parent,
            kind=SpanKind.CONSUMER,
            start_time=began_ns,
            attributes={"fanfare.projection": projection, "fanfare.entry": f"0:{offset}"},
        )
        if offset not in done:
            _failed(span, "stopped")
        span.end(time_ns())


def _parent(traceparent: bytes) -> "Context":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    # Without its tracestate, which may hold anything.
    return TraceContextTextMapPropagator().extract({HEADER: traceparent.decode("ascii", "replace")}, context=_root())


def _root() -> "Context":
    from opentelemetry.context import Context

    return Context()  # an empty one: what is current here may be another request's


def _failed(span: "Span", kind: str) -> None:
    """Mark a span as failed by the kind of error; its words may quote somebody."""
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
