"""A site as anybody reaches it: over HTTP, without an account, patient while its pages are a moment behind its record."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx2
import msgspec

from fanfare.audit.archives.bundles import MOST_MEMBER_BYTES
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.notes import Note

BEHIND = (404, 425, 429, 500, 502, 503, 504)
"""What a site may answer while its pages are a moment behind its record."""
_BUSY = (425, 429, 500, 502, 503, 504)
BETWEEN_TRIES_S = 0.25
_PAGE = 200
_LAST_PORT = 65535


class SiteAway(Exception):
    """The site does not answer as it should. The sentence says what it was asked, and what to do."""


class _Kept(msgspec.Struct):
    size: int
    note: str


class _Page(msgspec.Struct):
    checkpoints: list[_Kept]
    next: str | None = None


def _address(base_url: str) -> httpx2.URL:
    url = httpx2.URL(base_url)
    if (url.port or 0) > _LAST_PORT:
        raise ValueError(f"ports end at {_LAST_PORT}")
    return url


class Site:
    """A running site. Owned by one event loop; used within ``async with``."""

    def __init__(self, base_url: str, *, patience_s: float = 10.0, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """Reach the site at *base_url*, through *transport* or over the network; try again for *patience_s* where it is busy."""
        self.base_url = base_url.rstrip("/")
        self.patience_s = patience_s
        self.most_bytes = MOST_MEMBER_BYTES
        self._transport = transport
        self._client: httpx2.AsyncClient

    def at(self, base_url: str) -> Self:
        """Reach the site at this address, if none is known, and return it."""
        self.base_url = self.base_url or base_url.rstrip("/")
        return self

    async def __aenter__(self) -> Self:
        """Raises: SiteAway: this is no address."""
        try:
            self._client = httpx2.AsyncClient(
                base_url=_address(self.base_url),
                timeout=30,
                transport=self._transport,
                follow_redirects=True,
                headers={"Accept": "application/json"},
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise SiteAway(f"{self.base_url} is no address of a site, such as https://site.example: {error}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, again: Sequence[int] = _BUSY) -> tuple[int, bytes]:
        """
        Return status and body of what is served at *path*; asked again while the status is one of *again*.

        Raises:
            SiteAway: nothing answers, or more than anybody could keep.
        """
        deadline = asyncio.get_running_loop().time() + self.patience_s
        while True:
            try:
                status, body = await self._answer(path)
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, ExceptionGroup) as error:  # the last: sent on to such a port
                why = str(error) or type(error).__name__
                raise SiteAway(f"{self.base_url}{path} does not answer: {why}") from error
            if status not in again or asyncio.get_running_loop().time() >= deadline:
                return status, body
            await asyncio.sleep(BETWEEN_TRIES_S)

    async def _answer(self, path: str) -> tuple[int, bytes]:
        body = bytearray()
        async with self._client.stream("GET", path) as answer:
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > self.most_bytes:
                    raise SiteAway(
                        f"{self.base_url}{path} answers with more than {self.most_bytes} bytes: nothing here is so large"
                    )
            return answer.status_code, bytes(body)

    async def served(self, path: str) -> bytes | None:
        """
        Return what is served at *path*; none where there is nothing.

        Raises:
            SiteAway: the site answers neither with it nor that there is none.
        """
        status, body = await self.get(path)
        if status not in (200, 404):
            raise SiteAway(f"{self.base_url}{path} answers {status}; try again in a while")
        return body if status == 200 else None

    async def checkpoint(self, partition: int) -> tuple[int, bytes] | None:
        """
        Return the size and the bytes of a partition's newest checkpoint, believed by nobody yet; none where nothing is signed.

        Raises:
            SiteAway: what is served is no checkpoint.
        """
        path = f"/record/{partition}/checkpoint"
        body = await self.served(path)
        if body is None:
            return None
        try:
            return Checkpoint.parse(Note.parse(body).text).size, body
        except Malformed as error:
            raise SiteAway(f"{self.base_url}{path} is no checkpoint: {error} Is this the address of a Fanfare site?") from error

    async def history(self, partition: int, end: int) -> list[tuple[int, bytes]]:
        """
        Return the checkpoints of at most *end* entries that the site kept of a partition, by size; nothing where it keeps none.

        Raises:
            SiteAway: the site answers something else.
        """
        found, before = list[tuple[int, bytes]](), str(end + 1)
        while before:
            path = f"/api/v1/record/checkpoints?partition={partition}&before={before}&limit={_PAGE}"
            body = await self.served(path)
            if body is None:
                break
            try:
                page = msgspec.json.decode(body, type=_Page)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise SiteAway(f"{self.base_url}{path} answers something else than checkpoints: {error}") from error
            found += [(each.size, each.note.encode()) for each in page.checkpoints]
            if page.next and not (page.next.isdecimal() and int(page.next) < int(before)):
                raise SiteAway(f"{self.base_url}{path} names a next page that is none of smaller checkpoints: {page.next[:40]!r}")
            before = page.next or ""
        return found[::-1]
