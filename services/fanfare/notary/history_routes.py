"""The JSON API of kept checkpoints, for strangers and from any page of a browser; each note alone is its own bytes."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from fanfare.ledger.writing import to_base64
from fanfare.notary import history
from fanfare.notary.routes import FOR_ALL, NotPublished
from fanfare.platform.documents import Answers
from fanfare.platform.edge import Limit, TheDesk

router = APIRouter(prefix="/api/v1/record", tags=["record"])
Number = Annotated[int, Query(ge=0, le=99, description="Of a partition.")]
Before = Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before; none for the newest.")]
Partition = Annotated[int, Path(ge=0, le=99)]
Size = Annotated[int, Path(ge=0, le=2**62, description="Of the checkpoint, in entries.")]
_NONE: Answers = {404: {"description": "None of this size is kept."}}


class KeptRead(BaseModel):
    """A checkpoint that was published, as the site keeps it. Believe its note, once you checked its signature."""

    partition: int
    size: int = Field(description="How many entries it covers.", examples=[8205])
    root: str = Field(description="The root of the tree over them, base64.")
    signed_at: datetime = Field(description="By the site's clock. The note itself bears no time but those of witnesses.")
    cosigned: bool = Field(description="Whether a witness signed it, too.")
    note: str = Field(description="The signed note, byte for byte as it was published last.")


class KeptList(BaseModel):
    """Checkpoints of one partition, the newest first."""

    checkpoints: list[KeptRead]
    next: str | None = Field(description="`before` of the next page; none where this is the oldest.")


@router.get("/checkpoints", summary="Checkpoints that were published")
async def list_checkpoints(
    desk: TheDesk, response: Response, partition: Number = 0, before: Before = None, limit: Limit = 50
) -> KeptList:
    """
    Return what is kept of a partition's checkpoints, the newest first.

    Every one of the last hour, one an hour for thirty days, then one a day.
    """
    async with desk.pool.connection() as connection:
        found = await history.since(connection, partition, before=before, limit=limit)
    response.headers.update(FOR_ALL)
    return KeptList(checkpoints=[read(each) for each in found], next=str(found[-1].size) if len(found) == limit else None)


@router.get("/checkpoints/{partition}/{size}", summary="One published checkpoint", response_class=Response, responses=_NONE)
async def one_checkpoint(partition: Partition, size: Size, desk: TheDesk) -> Response:
    """Return the signed note alone: what `fanfare audit --since` takes."""
    async with desk.pool.connection() as connection:
        found = await history.one(connection, partition, size)
    if found is None:
        raise NotPublished
    return Response(found.note, headers={**FOR_ALL, "Content-Type": "text/plain; charset=utf-8"})


def read(kept: history.KeptCheckpoint) -> KeptRead:
    """Return a kept checkpoint as the API shows it."""
    return KeptRead(
        partition=kept.partition,
        size=kept.size,
        root=to_base64(kept.root),
        signed_at=kept.signed_at,
        cosigned=kept.cosigned,
        note=kept.note.decode(),
    )
