"""
Render every page with its sample, serve them under the pages' own policy, and photograph them. For whoever changes a template.

`python -m tests.journeys.preview FOLDER [NAME …]` writes `<name>-<width>-<theme>.png`, and prints what the browser complained of.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import sync_playwright

from fanfare.web import tints
from fanfare.web.layout import STATIC, render
from fanfare.web.policy import HEADERS
from tests.journeys import picture_samples
from tests.journeys.launching import launched
from tests.journeys.page_samples import SAMPLES

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class Preview(BaseHTTPRequestHandler):
    """Pages by sample name, static files, brand stylesheets."""

    def do_GET(self) -> None:
        """Answer with a page, a file, or nothing."""
        address = urlsplit(self.path)
        name = address.path.removeprefix("/")
        if name in SAMPLES:
            self._send(render(*SAMPLES[name]).encode(), "text/html; charset=utf-8")
        elif name == "brand.css":
            self._send(tints.brand_css(tints.parse_colour(parse_qs(address.query)["c"][0])).encode(), "text/css")
        elif name.startswith("pictures/"):
            picture, _, size = name.removeprefix("pictures/").removesuffix(".webp").partition("/")
            self._send(picture_samples.drawn(picture, size), "image/webp")
        elif name.startswith("static/") and (file := STATIC / name.removeprefix("static/")).is_file():
            self._send(file.read_bytes(), KINDS[file.suffix])
        else:
            self.send_response(204)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, text in HEADERS.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(handler: type[Preview] = Preview) -> Iterator[str]:
    """Yield the address of a server of all samples."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def main(folder: Path, names: list[str]) -> None:
    """Photograph the named samples, or all, at 360 and 1280 px, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    with served() as site, sync_playwright() as play:
        browser = launched(play)
        for width in (360, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message: print("  console:", message.text))  # noqa: T201
            page.on("pageerror", lambda error: print("  error:", error))  # noqa: T201
            for name in names or SAMPLES:
                page.goto(f"{site}/{name}")
                page.wait_for_load_state("load")
                page.evaluate("document.fonts.ready")
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                print(name, width, "wider than the screen by " + str(over) if over > 0 else "")  # noqa: T201
                for theme in ("light", "dark"):
                    page.emulate_media(color_scheme="light" if theme == "light" else "dark")
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
