"""A lean HTTP client for loads: it keeps connections and parses little, so that it measures the site and not itself."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

ANSWER_WITHIN_S = 30.0
_MOST_HEAD_BYTES = 64 * 1024


class Unanswered(Exception):
    """No whole answer came. What was asked for may have been done: only the same key again will tell."""


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes


class Wire:
    """Connections to one site. Owned by one event loop."""

    def __init__(self, url: str, connections: int = 64) -> None:
        """Speak to *url* over at most so many *connections*."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._tls else 80)
        self._authority = parts.netloc
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._slots = asyncio.Semaphore(connections)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """
        Send a request over a free connection, or the next one that is, and return its answer.

        Raises:
            Unanswered: the connection broke, or nothing came for 30 seconds.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._authority}", f"Content-Length: {len(body)}"]
        request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + body
        async with self._slots:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    return await self._over_one(request)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError) as error:
                raise Unanswered(f"{type(error).__name__}: {error}") from error

    async def _over_one(self, request: bytes) -> Answer:
        reader, writer = self._free.pop() if self._free else await self._connect()
        is_whole = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = int(head[9:12])
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            is_whole = "transfer-encoding" not in fields and fields.get("connection") != "close"
            return Answer(status, body)
        finally:
            if is_whole:
                self._free.append((reader, writer))
            else:
                writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls or None, limit=_MOST_HEAD_BYTES)

    async def close(self) -> None:
        """Close all connections."""
        for _, writer in self._free:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self._free.clear()
