"""The JSON API of newcomers: one's own link, those who wait for a welcome, and welcoming."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.community import bringing, welcoming
from fanfare.members import arriving, vault
from fanfare.members.links import site_address
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.desk import Desk
from fanfare.platform.edge import BodyDigest, Fan, Key, TheDesk, Visitor, acknowledge, asked
from fanfare.views import newcomers

router = APIRouter(prefix="/api/v1", tags=["members"])
MemberId = Annotated[str, Path(max_length=64)]
_NO_MEMBER: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such member, or she hides her page."}}
_NO_RIGHT: dict[int | str, dict[str, Any]] = {403: {"description": "You are no host, and have no right to welcome."}}


class BroughtIn(BaseModel):
    """A newcomer whom you brought in."""

    member: str
    name: str | None
    """None where she left."""
    at: datetime


class MyLink(BaseModel):
    """Your own link, by which newcomers come. How many came is as reported; who is credited to you is in the record."""

    link: str | None
    """None where you never made one."""
    came: int = 0
    waiting: int = 0
    """Of these, who has not contributed and can still be credited to you."""
    credited: int = 0
    brought: list[BroughtIn] = []
    """The latest of those who are."""


class WaitingNewcomer(BaseModel):
    """A newcomer whom nobody welcomed yet."""

    member: str
    name: str
    joined_at: datetime
    did: str
    """What she did first: the type of its event."""
    idea: str | None
    """Which idea that was about."""
    at: datetime
    answered: bool
    """Somebody wrote below an idea of hers or praised her, or the brand answered."""
    brought_by: str | None


class WelcomeForm(BaseModel):
    """A welcome."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"words": "Your bay leaf made me laugh. Good that you are here."}]}
    )
    words: str = Field(max_length=20_000, description="1 to 280 characters; public, with your name.")


class Welcomed(BaseModel):
    """The welcome is in the record, at this position."""

    event: str
    position: str


class WelcomeRead(BaseModel):
    """A welcome that counts."""

    by: str
    by_name: str | None
    words: str
    at: datetime


class Arrival(BaseModel):
    """How a fan came here, as the record tells it."""

    brought_by: str | None
    """Who brought her in; none where nobody is credited."""
    brought: int
    """How many newcomers she brought in."""
    welcomes: list[WelcomeRead]


@router.get("/me/invite-link", summary="My own link")
async def get_link(request: Request, fan: Fan, desk: TheDesk) -> MyLink:
    """Return the link by which newcomers come who are then credited to you, and who came."""
    return await _link(request, desk, fan.member)


@router.post("/me/invite-link", summary="Make my own link, or another one")
async def make_link(request: Request, fan: Fan, desk: TheDesk) -> MyLink:
    """Make a link; an older one of yours brings nobody any more."""
    async with desk.pool.connection() as connection:
        await arriving.renew(connection, fan.member)
    return await _link(request, desk, fan.member)


async def _link(request: Request, desk: Desk, member: str) -> MyLink:
    async with desk.pool.connection() as connection:
        found = await bringing.my_link(connection, member)
    if found is None:
        return MyLink(link=None)
    return MyLink(
        link=f"{site_address(request, desk)}/join?from={found.code}",
        came=found.came,
        waiting=found.waiting,
        credited=found.credited,
        brought=[BroughtIn(member=each.id, name=each.name or None, at=each.at) for each in found.brought],
    )


@router.get("/newcomers", summary="Newcomers whom nobody welcomed yet", responses=_NO_RIGHT)
async def get_newcomers(fan: Fan, desk: TheDesk) -> list[WaitingNewcomer]:
    """Return who contributed lately for the first time and was not welcomed, the earliest first; for welcomers."""
    await welcoming.demand(desk, fan)
    async with desk.pool.connection() as connection:
        found = await welcoming.queue(connection, desk, fan.member)
    return [
        WaitingNewcomer(
            member=each.id,
            name=each.name,
            joined_at=each.joined_at,
            did=each.wire,
            idea=each.idea or None,
            at=each.at,
            answered=each.answered,
            brought_by=each.brought_by or None,
        )
        for each in found
    ]


@router.post(
    "/members/{member_id}/welcome",
    status_code=status.HTTP_201_CREATED,
    summary="Welcome a newcomer",
    responses={404: {"description": "There is no such member."}},
)
async def welcome(
    member_id: MemberId, form: WelcomeForm, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Welcomed:
    """Welcome a newcomer, in words. Of each giver the first one counts, and three for one newcomer."""
    done = await welcoming.welcome(desk, asked(fan, "welcome", member_id, key, body), fan, member_id, form.words)
    acknowledge(response, done)
    return Welcomed(event=done.event_id, position=str(done.position))


@router.get("/members/{member_id}/arrival", summary="How a fan came here", responses=_NO_MEMBER)
async def get_arrival(member_id: MemberId, visitor: Visitor, desk: TheDesk) -> Arrival:
    """Return who brought a fan in, who welcomed her, and how many she brought in."""
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member_id)
        if known is None or not (known.shown or (visitor is not None and visitor.member == member_id)):
            raise MemberNotFound
        by = await newcomers.bringer_of(connection, member_id)
        brought = await newcomers.how_many(connection, member_id)
        found = await newcomers.welcomes(connection, member_id)
    welcomes = [WelcomeRead(by=each.by, by_name=each.by_name or None, words=each.words, at=each.at) for each in found]
    return Arrival(brought_by=by.id if by else None, brought=brought, welcomes=welcomes)
