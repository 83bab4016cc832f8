"""Static files: how long they may be kept, and what is text compressed once and for all."""

import gzip
from functools import cache
from pathlib import Path

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from fanfare.platform.compression import takes_gzip
from fanfare.web.layout import STATIC

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER, AN_HOUR = "public, max-age=31536000, immutable", "public, max-age=3600"


class HashedFiles(StaticFiles):
    """Files that may be kept for ever where the address names the hash of their bytes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file and how long it may be kept; of a font, another version gets another name."""
        hashed = scope["query_string"].startswith(b"v=") or path.startswith("fonts/")
        file = STATIC / path
        if hashed and file.suffix in KINDS and file in _files() and takes_gzip(scope):
            response = Response(_compressed(file), media_type=KINDS[file.suffix], headers={"Content-Encoding": "gzip"})
        else:
            response = await super().get_response(path, scope)
        # A script that another one imports is named without its hash, so a browser asks each time whether it is still the same.
        other = "no-cache" if path.endswith(".js") else AN_HOUR
        response.headers["Cache-Control"] = FOREVER if hashed else other
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Vary"] = "Accept-Encoding"
        return response


@cache
def _files() -> frozenset[Path]:
    return frozenset(STATIC.rglob("*.*"))


@cache
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
