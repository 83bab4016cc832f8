"""A small collector for traces: takes OTLP over HTTP, as any collector does, and keeps what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fanfare.platform import tracing

HERS = "4bf92f3577b34da6a3ce929d0e0e4736"
PLANTED = {
    "traceparent": f"00-{HERS}-00f067aa0ba902b7-01",
    "tracestate": "vendor=planted-tracestate",
    "baggage": "member=planted-baggage",
    "user-agent": "Planted/1.0 (agent)",
    "x-forwarded-for": "203.0.113.77",
    "cookie": "planted=cookie",
}
"""Of a request that says more of its sender than anybody should pass on."""
IDEA = {"title": "Quince & Tonic", "body": "Tart, and a little bitter.", "tags": "fruit"}


@dataclass
class Collector:
    """What was sent, decoded and as it came."""

    url: str
    spans: list[tuple[str, Span]] = field(default_factory=list)
    """Each with the service that sent it."""
    bodies: bytes = b""

    def of_trace(self, trace: bytes) -> list[Span]:
        """Return the spans of one trace."""
        return [span for _, span in self.spans if span.trace_id == trace]

    def named(self, name: str) -> list[Span]:
        """Return the spans of this name."""
        return [span for _, span in self.spans if span.name == name]


def attributes(span: Span) -> dict[str, str]:
    """Return a span's attributes as text."""
    return {each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf":
                collector.bodies += body
                for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                    (service,) = (one.value.string_value for one in each.resource.attributes if one.key == "service.name")
                    collector.spans += [(service, span) for scope in each.scope_spans for span in scope.spans]
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def traced() -> Iterator[Collector]:
    """Trace this process into a collector of its own."""
    with collecting() as found:
        tracing.start(found.url, "test")
        try:
            yield found
        finally:
            tracing.stop()
