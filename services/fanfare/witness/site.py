"""The site as a witness reads it: manifest, checkpoints and tiles over HTTP, and what the tiles show of two checkpoints."""

import asyncio
from dataclasses import dataclass

import httpx2

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.proofs import HashAt, prove_consistency, root_at
from fanfare.ledger.tiles import WIDTH, Tile, hashes_from, needed

PATIENCE_S = 20.0
"""So long an answer is waited for, all of it."""
MOST_NOTE_BYTES = 100_000
MOST_MANIFEST_BYTES = 1_000_000
_TILE_BYTES = 32 * WIDTH
_AT_ONCE = 8


class SiteAway(Exception):
    """The site gave no answer that says anything. That is no fork."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tree's own tiles say of its beginning; they lead to the root that was signed, so that the log said it."""

    root: bytes
    """Of the first entries, as the tree has them."""
    proof: tuple[bytes, ...]
    """That this root goes on to the signed one."""


class Site:
    """A site that is followed."""

    def __init__(self, url: str, client: httpx2.AsyncClient) -> None:
        """Read it at *url* through *client*, whose owner closes it."""
        self.url = url.rstrip("/")
        self._client = client

    async def manifest(self) -> bytes:
        """Return the signed manifest. Raises: SiteAway."""
        return await self._get("/record/manifest", MOST_MANIFEST_BYTES)

    async def checkpoint(self, partition: int) -> bytes:
        """Return the newest checkpoint of a partition. Raises: SiteAway."""
        return await self._get(f"/record/{partition}/checkpoint", MOST_NOTE_BYTES)

    async def shown(self, partition: int, first: int, whole: Checkpoint) -> Shown:
        """
        Return what the first entries are in the tree of this checkpoint.

        Raises:
            SiteAway: tiles are missing, or do not lead to the checkpoint's root: that shows nothing.
            ValueError: a first size that is not from 1 to the checkpoint's.
        """

        def asked(hash_at: HashAt) -> tuple[bytes, bytes, list[bytes]]:
            size = whole.size
            return root_at(first, hash_at), root_at(size, hash_at), prove_consistency(first, size, hash_at)

        tiles = needed(whole.size, asked)
        limit = asyncio.Semaphore(_AT_ONCE)

        async def read(tile: Tile) -> bytes:
            async with limit:
                return await self._get(f"/record/{partition}/{tile.path}", _TILE_BYTES)

        files = dict(zip(tiles, await asyncio.gather(*map(read, tiles)), strict=True))
        try:
            begun, root, proof = asked(hashes_from(whole.size, files.__getitem__))
        except Malformed as error:
            raise SiteAway(f"{self.url} serves tiles that are none: {error}") from error
        if root != whole.root:
            raise SiteAway(
                f"{self.url} serves tiles of {whole.origin} that do not lead to the root of {whole.size} that it signed."
            )
        return Shown(begun, tuple(proof))

    async def _get(self, path: str, most_bytes: int) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._read(path, most_bytes)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise SiteAway(f"{self.url}{path}: {str(error) or type(error).__name__}") from error

    async def _read(self, path: str, most_bytes: int) -> bytes:
        body = b""
        async with self._client.stream("GET", f"{self.url}{path}") as answer:
            if answer.status_code != 200:
                raise SiteAway(f"{self.url}{path} answers {answer.status_code}")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > most_bytes:
                    raise SiteAway(f"{self.url}{path} answers with more than {most_bytes} bytes")
        return body
