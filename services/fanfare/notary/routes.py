"""
The record as tlog-tiles, for strangers: checkpoints, tiles and bundles as the notary published them, and the manifest.

Source: C2SP tlog-tiles (c2sp.org/tlog-tiles).
"""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed
from fanfare.ledger.notes import Note
from fanfare.ledger.tiles import parse_path
from fanfare.notary.publishing import MANIFEST, tile_of
from fanfare.notary.tree import folder
from fanfare.platform.objects import Objects
from fanfare.platform.refusals import Refusal

router = APIRouter(prefix="/record", tags=["record"])
Partition = Annotated[str, Path(pattern=r"^(0|[1-9][0-9]?)$")]
IfNoneMatch = Annotated[str, Header()]
FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""A stranger's page in a browser may check us, too; nothing here depends on who asks."""
_FRESH = {**FOR_ALL, "Cache-Control": "no-cache", "Content-Type": "text/plain; charset=utf-8"}
_FOR_EVER = {
    **FOR_ALL,
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Type": "application/octet-stream",
}


class NotPublished(Refusal):
    """The notary has published nothing here."""

    code, status = "not-published", 404
    advice = "Read the checkpoint of the partition first: it says how many entries there are."


class Latest:
    """The largest checkpoint that this process has seen of each partition: it never serves a smaller one again."""

    def __init__(self, objects: Objects) -> None:
        """Read from *objects*."""
        self._objects = objects
        self._seen = dict[str, tuple[int, bytes]]()

    async def of(self, partition: str) -> bytes | None:
        """Return the checkpoint of a partition; none where nothing is published."""
        stored = await self._objects.get(f"{folder(int(partition))}/checkpoint")
        kept = self._seen.get(partition)
        if stored is None or (kept and stored == kept[1]):
            return kept[1] if kept else None
        try:
            size = Checkpoint.parse(Note.parse(stored).text).size
        except Malformed:
            return kept[1] if kept else None
        if kept is None or size >= kept[0]:
            kept = self._seen[partition] = (size, stored)
        return kept[1]


@router.get("/manifest", summary="All partitions, their heads, and the keys", response_class=Response)
async def manifest(request: Request, if_none_match: IfNoneMatch = "") -> Response:
    """Return the signed list of partitions with their heads, and of all keys that ever signed them."""
    objects: Objects = request.app.state.objects
    return _fresh(await objects.get(MANIFEST), if_none_match)


@router.get("/{partition}/checkpoint", summary="How far a partition has come, signed", response_class=Response)
async def checkpoint(request: Request, partition: Partition, if_none_match: IfNoneMatch = "") -> Response:
    """Return a partition's newest checkpoint, a signed note: origin, size, root."""
    latest: Latest = request.app.state.latest
    return _fresh(await latest.of(partition), if_none_match)


@router.get("/{partition}/tile/{path:path}", summary="A tile of a partition, or a bundle of entries", response_class=Response)
async def tile(request: Request, partition: Partition, path: str) -> Response:
    """Return 256 hashes, or the 256 entries below them; partial ones while there are no more. What is there never changes."""
    try:
        asked = parse_path(f"tile/{path}")
    except Malformed as error:
        raise NotPublished from error
    found = await tile_of(request.app.state.objects, int(partition), asked)
    if found is None:
        raise NotPublished
    return Response(found, headers=_FOR_EVER)


def _fresh(body: bytes | None, if_none_match: str) -> Response:
    if body is None:
        raise NotPublished
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if etag in (each.strip().removeprefix("W/") for each in if_none_match.split(",")):
        return Response(status_code=304, headers={**_FRESH, "ETag": etag})
    return Response(body, headers={**_FRESH, "ETag": etag})
