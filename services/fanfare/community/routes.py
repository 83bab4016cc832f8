"""The JSON API of kudos: praise of a fan, in words."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.community import service
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.edge import BodyDigest, Cursor, Fan, Key, Limit, TheDesk, Visitor, acknowledge, asked
from fanfare.record.recognition import MOST_KUDOS
from fanfare.views import kudos as view

router = APIRouter(prefix="/api/v1", tags=["recognition"])
MemberId = Annotated[str, Path(max_length=64)]
KudosId = Annotated[str, Path(max_length=64)]
_NO_MEMBER: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such member, or she hides her page."}}
_NO_KUDOS: dict[int | str, dict[str, Any]] = {404: {"description": "There are no such kudos, or they have not been read yet."}}


class KudosForm(BaseModel):
    """Praise of a fan."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"words": "Your bay leaf made my orange better.", "about": "f3a9c2d1e0b4a5c6"}]},
    )
    words: str = Field(max_length=20_000, description="1 to 280 characters; public, with your name.")
    about: str | None = Field(default=None, max_length=64, description="The id of an idea or a comment of hers.")


class KudosRead(BaseModel):
    """Praise that stands."""

    kudos: str
    by: str
    by_name: str
    words: str
    idea: str | None
    """The idea that it is about, or under which the comment stands."""
    about_comment: bool
    at: datetime


class KudosOf(BaseModel):
    """The kudos of a fan, the latest first, those taken back or beyond a giver's five a week left out."""

    kudos: list[KudosRead]
    next: int | None
    """What to send as `cursor` for the page after; none on the last."""


class Given(BaseModel):
    """The kudos are in the record, at this position."""

    kudos: str
    event: str
    position: str


@router.get("/members/{member_id}/kudos", summary="The kudos of a fan", responses=_NO_MEMBER)
async def get_kudos(member_id: MemberId, visitor: Visitor, desk: TheDesk, cursor: Cursor = None, limit: Limit = 50) -> KudosOf:
    """Return who praised a fan, in which words, for what."""
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member_id)
        if known is None or not (known.shown or (visitor is not None and visitor.member == member_id)):
            raise MemberNotFound
        found = await view.to(connection, member_id, before=cursor, limit=limit + 1)
    read = [
        KudosRead(
            kudos=each.kudos,
            by=each.by,
            by_name=each.by_name,
            words=each.words,
            idea=each.idea or None,
            about_comment=each.about_comment,
            at=each.at,
        )
        for each in found[:limit]
    ]
    return KudosOf(kudos=read, next=found[limit - 1].place if len(found) > limit else None)


@router.post(
    "/members/{member_id}/kudos",
    status_code=status.HTTP_201_CREATED,
    summary="Give kudos",
    description=f"Praise a fan, in words. You have {MOST_KUDOS} for a week, Monday to Sunday, UTC, and none for yourself.",
    responses=_NO_MEMBER,
)
async def give(
    member_id: MemberId, form: KudosForm, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Given:
    """Give kudos."""
    asking = asked(fan, "kudos", member_id, key, body)
    kudos, done = await service.give(desk, asking, member_id, form.words, form.about or "")
    acknowledge(response, done)
    return Given(kudos=kudos, event=done.event_id, position=str(done.position))


@router.delete("/kudos/{kudos_id}", summary="Take kudos back", responses=_NO_KUDOS)
async def take_back(kudos_id: KudosId, fan: Fan, desk: TheDesk, key: Key, response: Response) -> Given:
    """Take your kudos back, for good. They still count towards your week."""
    done = await service.take_back(desk, asked(fan, "kudos-back", kudos_id, key), kudos_id)
    acknowledge(response, done)
    return Given(kudos=kudos_id, event=done.event_id, position=str(done.position))
