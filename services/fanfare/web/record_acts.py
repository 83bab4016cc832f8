"""The JSON API of sensitive acts: what was decided by hand, for whoever watches a site with a program of her own."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from fanfare.notary.routes import FOR_ALL
from fanfare.platform.edge import Cursor, Limit, TheDesk
from fanfare.record.sensitive import Kind
from fanfare.web.contexts.auditors import ActLine
from fanfare.web.pages.sensitive import lines

router = APIRouter(prefix="/api/v1/record", tags=["record"])
OfKind = Annotated[Kind | None, Query(description="Only these; none for all.")]


class ActRead(BaseModel):
    """What somebody decided by hand that others have to be able to question."""

    position: str = Field(description="In the record: partition, offset, index.", examples=["0:1234:0"])
    event: str = Field(description="The id of its event; its proof is at `/api/v1/receipts/{event}?position={position}`.")
    type: str = Field(description="The wire name of its event.", examples=["fanfare.round.extended.v1"])
    kind: Kind
    at: datetime = Field(description="By the site's clock.")
    by: str = Field(description="The member who did it; empty for the console, the notary and whoever was erased.")
    who: str = Field(description="Who did it, as the site shows names, with the right that a fan did it by.")
    what: str = Field(description="What was done, after the name; in the language asked for.", examples=["paused round 2"])
    why: str = Field(description="The reason that was given; empty where none was, or where it was hidden or removed.")
    campaign: str = Field(description="The id of the campaign; empty where it concerns the whole site.")
    round: str
    idea: str


class ActList(BaseModel):
    """Sensitive acts, the latest first."""

    acts: list[ActRead]
    next: str | None = Field(description="`cursor` of the next page; none where this is the beginning.")


@router.get("/acts", summary="What was decided by hand")
async def list_acts(desk: TheDesk, response: Response, kind: OfKind = None, cursor: Cursor = None, limit: Limit = 50) -> ActList:
    """
    Return the sensitive acts, the latest first.

    Roles, rights, titles and rewards given by hand, rounds moved, paused or voided, texts hidden or removed, rulings, keys,
    erasures, and changed rules. Which events these are is one list in the source, `events/fanfare/record/sensitive.py`.
    """
    found = await lines(desk, (kind,) if kind else (), before=cursor, limit=limit)
    response.headers.update(FOR_ALL)
    return ActList(acts=[_read(each) for each in found], next=str(found[-1].place) if len(found) == limit else None)


def _read(line: ActLine) -> ActRead:
    return ActRead(
        position=line.position,
        event=line.id,
        type=line.wire,
        kind=line.kind,
        at=line.at,
        by=line.member,
        who=f"{line.who} ({line.standing})" if line.standing else line.who,
        what=line.what,
        why=line.why,
        campaign=line.campaign_id,
        round=line.round_id,
        idea=line.idea_id,
    )
