"""The JSON API of circles: what there are, who enters, and what hosts decide."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.circles import inviting
from fanfare.circles.brief_routes import router as briefs
from fanfare.circles.reading import CircleRead, read_circles
from fanfare.circles.refusals import CircleRefused
from fanfare.circles.service import Circles, Plan
from fanfare.community.segments import Segment
from fanfare.platform.desk import Acknowledged
from fanfare.platform.edge import BodyDigest, Fan, Host, Key, TheDesk, Visitor, acknowledge, asked
from fanfare.platform.language import gettext as _
from fanfare.record.circles import CircleTier
from fanfare.views import circles as view

router = APIRouter(prefix="/api/v1", tags=["circles"])
router.include_router(briefs)
Id = Annotated[str, Path(max_length=64)]
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such circle."}}


async def _circles(request: Request) -> Circles:
    found: Circles = request.app.state.circles
    return found


TheCircles = Annotated[Circles, Depends(_circles)]


class TierForm(BaseModel):
    """A tier that opens a circle."""

    model_config = ConfigDict(extra="forbid")
    rule: str = Field(max_length=40, description="A rule that awards tiers.", examples=["tiers"])
    level: int = Field(ge=1, le=8, description="That level of it, or a higher one.")


class CircleForm(BaseModel):
    """A circle in words."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "The kitchen", "words": "You taste before anybody else.", "tier": None}]},
    )
    title: str = Field(max_length=2000, description="1 to 120 characters; public.")
    words: str = Field(max_length=20_000, description="What it is for, 1 to 2,000 characters; public.")
    tier: TierForm | None = Field(default=None, description="None: by invitation alone.")
    campaign: str | None = Field(default=None, max_length=64, description="A public campaign that it belongs to; it stays.")

    def plan(self) -> Plan:
        """Return the circle. Raises: CircleRefused."""
        tier = CircleTier(rule=self.tier.rule, level=self.tier.level) if self.tier else None
        return Plan(title=self.title, words=self.words, tier=tier, campaign=self.campaign)


class ReasonForm(BaseModel):
    """Why, as everybody will read it."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(max_length=2000, description="1 to 300 characters.", examples=["The eighth flavour is made."])


class InvitationForm(ReasonForm):
    """Whom to invite, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"segment": "new", "reason": "You see with fresh eyes."}]}
    )
    member: str | None = Field(default=None, max_length=64, description="A fan by her id; none: those of `segment`.")
    segment: Segment | None = Field(default=None, description="Everybody for whom the segment's published rule holds now.")


class UninvitedForm(ReasonForm):
    """Whose invitation is taken back, and why."""

    member: str = Field(max_length=64)


class CircleList(BaseModel):
    """All circles, the latest first."""

    circles: list[CircleRead]


class StandingRead(BaseModel):
    """Where you stand with a circle."""

    belongs: bool
    holds_tier: bool
    is_invited: bool
    has_left: bool
    """You left it, or declined; you may enter again while it is open to you."""


class CircleAndMe(BaseModel):
    """A circle, and where you stand with it."""

    circle: CircleRead
    me: StandingRead | None
    """None for a stranger."""


class CircleDecided(BaseModel):
    """It is in the record, at this position."""

    id: str
    event: str
    position: str


class Invited(BaseModel):
    """Invitations are on their way."""

    invited: int
    """How many; who belongs or was invited before is passed over."""


@router.get("/circles", summary="The circles")
async def list_circles(desk: TheDesk) -> CircleList:
    """Return what circles there are, what opens them, and how many belong."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        found = list(desk.streams.circles.values())[::-1]
        return CircleList(circles=await read_circles(connection, found, desk.streams.recognition))


@router.post("/circles", status_code=status.HTTP_201_CREATED, summary="Open a circle")
async def open_circle(
    form: CircleForm, host: Host, circles: TheCircles, key: Key, body: BodyDigest, response: Response
) -> CircleDecided:
    """Open a circle: whoever holds its tier belongs at once, and you may invite others."""
    circle, done = await circles.open(asked(host, "open a circle", "circles", key, body), form.plan())
    response.headers["Location"] = f"/api/v1/circles/{circle}"
    return _decided(response, circle, done)


@router.get("/circles/{circle_id}", summary="A circle", responses=_UNKNOWN)
async def get_circle(circle_id: Id, visitor: Visitor, desk: TheDesk, circles: TheCircles) -> CircleAndMe:
    """Return a circle, and where you stand with it."""
    found = await circles.circle(circle_id)
    async with desk.pool.connection() as connection:
        (read,) = await read_circles(connection, [found], desk.streams.recognition)
        mine = await view.standing(connection, circle_id, visitor.member) if visitor else None
    me = mine and StandingRead(
        belongs=mine.belongs, holds_tier=mine.holds_tier, is_invited=mine.is_invited, has_left=mine.has_left
    )
    return CircleAndMe(circle=read, me=me)


@router.put("/circles/{circle_id}", summary="Change a circle", responses=_UNKNOWN)
async def change(
    circle_id: Id, form: CircleForm, host: Host, circles: TheCircles, key: Key, body: BodyDigest, response: Response
) -> CircleDecided:
    """Change what a circle is called, what it is for, and which tier opens it. Who was invited stays invited."""
    plan = form.plan()
    if plan.campaign not in (None, (await circles.circle(circle_id)).campaign):
        raise CircleRefused(_("A circle stays with its campaign. Leave that out."), field="campaign")
    return _decided(response, circle_id, await circles.change(circle_id, asked(host, "change", circle_id, key, body), plan))


@router.post("/circles/{circle_id}/close", summary="Close a circle", responses=_UNKNOWN)
async def close(
    circle_id: Id, form: ReasonForm, host: Host, circles: TheCircles, key: Key, body: BodyDigest, response: Response
) -> CircleDecided:
    """Close a circle for good, with a reason that everybody can read."""
    done = await circles.close(circle_id, asked(host, "close a circle", circle_id, key, body), form.reason)
    return _decided(response, circle_id, done)


@router.post("/circles/{circle_id}/invitations", status_code=status.HTTP_202_ACCEPTED, summary="Invite fans", responses=_UNKNOWN)
async def invite(circle_id: Id, form: InvitationForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest) -> Invited:
    """Invite a fan, or a segment, to a circle. They are invited in portions, in the record first, then by mail."""
    asking = asked(host, "invite", circle_id, key, body)
    count = await inviting.invite(
        desk, asking, circle_id, reason=form.reason, member=form.member or "", segment=None if form.member else form.segment
    )
    return Invited(invited=count)


@router.post("/circles/{circle_id}/uninvite", summary="Take an invitation back", responses=_UNKNOWN)
async def uninvite(
    circle_id: Id, form: UninvitedForm, host: Host, circles: TheCircles, key: Key, body: BodyDigest, response: Response
) -> CircleDecided:
    """Take an invitation back, with a reason. Who holds the circle's tier still belongs."""
    asking = asked(host, "uninvite", circle_id, key, body)
    return _decided(response, circle_id, await circles.uninvite(circle_id, asking, form.member, form.reason))


@router.put("/circles/{circle_id}/entry", summary="Enter a circle", responses=_UNKNOWN)
async def enter(circle_id: Id, fan: Fan, circles: TheCircles, key: Key, body: BodyDigest, response: Response) -> CircleDecided:
    """Take an invitation up, or come back. The record says that you entered, under your member id."""
    return _decided(response, circle_id, await circles.come(circle_id, asked(fan, "enter", circle_id, key, body), enters=True))


@router.delete("/circles/{circle_id}/entry", summary="Leave a circle", responses=_UNKNOWN)
async def leave(circle_id: Id, fan: Fan, circles: TheCircles, key: Key, body: BodyDigest, response: Response) -> CircleDecided:
    """Leave a circle, or decline an invitation. You may enter again while it is open to you."""
    return _decided(response, circle_id, await circles.come(circle_id, asked(fan, "leave", circle_id, key, body), enters=False))


def _decided(response: Response, circle: str, done: Acknowledged) -> CircleDecided:
    acknowledge(response, done)
    return CircleDecided(id=circle, event=done.event_id, position=str(done.position))
