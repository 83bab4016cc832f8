"""A host's site as strangers reach it over HTTP, without a database behind it: each answer can be changed on its way."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import httpx2
import msgspec

from fanfare.ledger.tiles import Tile
from tests.builders import SITE
from tests.tampering.published import Published


@dataclass
class Served:
    """What is answered. Mutable: whoever tampers puts something else in the place of an answer, or takes one away."""

    answers: dict[str, bytes]
    kept: Mapping[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    """Of each partition the checkpoints that the site says it kept."""

    def client(self) -> httpx2.AsyncClient:
        """Return a client that reaches it."""
        return httpx2.AsyncClient(transport=self.transport(), base_url=SITE)

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return how it is reached."""
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        found = self.at(request.url.path, request.url.query.decode())
        return httpx2.Response(404) if found is None else httpx2.Response(200, content=found)

    def at(self, path: str, query: str) -> bytes | None:
        """Return what is answered here; nothing where there is nothing."""
        return self._history(parse_qs(query)) if path == "/api/v1/record/checkpoints" else self.answers.get(path)

    def _history(self, asked: dict[str, list[str]]) -> bytes:
        partition, before = int(asked["partition"][0]), int(asked["before"][0])
        found = [{"size": size, "note": note.decode()} for size, note in self.kept.get(partition, []) if size < before]
        return msgspec.json.encode({"checkpoints": found[::-1], "next": None})

    def paths(self, *parts: str) -> list[str]:
        """Return the paths in which each of these stands and something is answered."""
        return sorted(path for path, body in self.answers.items() if body and all(part in path for part in parts))


class _Quiet(ThreadingHTTPServer):
    """Says nothing of an audit that hung up before it was answered."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a line that was cut; tell of anything else."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def listening() -> Iterator[tuple[Served, str]]:
    """Answer on a free port of this machine, and give what is answered, nothing as yet, and its address."""
    held = Served({})

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer."""
            path, _, query = self.path.partition("?")
            found = held.at(path, query)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with _Quiet(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield held, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def served(site: Published) -> Served:
    """Serve all of what a host publishes."""
    answers = {"/record/manifest": site.manifest}
    answers |= {address.path: body for address, body in site.reports.items()}
    for partition, notes in enumerate(site.history):
        answers[f"/record/{partition}/checkpoint"] = notes[-1]
        for tile, body in site.files(partition).items():
            answers[path_of(partition, tile)] = body
    kept = {partition: list(zip(site.sizes(partition), notes, strict=True)) for partition, notes in enumerate(site.history)}
    return Served(answers, kept)


def path_of(partition: int, tile: Tile) -> str:
    """Return where a tile is served."""
    return f"/record/{partition}/{tile.path}"


def is_bundle(path: str) -> bool:
    """Tell whether entries are served here, and no hashes."""
    return "/tile/entries/" in path
