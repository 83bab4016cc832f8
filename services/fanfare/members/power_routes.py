"""The JSON API of powers: who may do what beyond being a fan, where, until when, by whom and why."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from fanfare.members import powers
from fanfare.members.power_reading import Shown, shown
from fanfare.members.powers import Grant
from fanfare.platform.documents import Answers
from fanfare.platform.edge import Admin, BodyDigest, Fan, Key, TheDesk, acknowledge, asked
from fanfare.record.powers import May

router = APIRouter()
MemberId = Annotated[str, Path(max_length=64)]
PowerId = Annotated[str, Path(max_length=64)]
_UNKNOWN: Answers = {404: {"description": "There is no such right."}}
_EXAMPLE: JsonDict = {
    "may": "moderate",
    "campaign": "8thflavour",
    "until": "2027-05-03T23:59:59+02:00",
    "reason": "She has answered newcomers here since the first round.",
}


class PowerForm(BaseModel):
    """A right that is to be given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    may: May = Field(description="host: rounds and answers. curate: answers. moderate: the queue. welcome: newcomers.")
    campaign: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="None: on the whole site.")
    until: AwareDatetime = Field(description="Within a year.")
    reason: str = Field(max_length=20_000, description="At most 300 characters; everybody can read it.")


class EndForm(BaseModel):
    """Why a right ends before its time."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "She moves to another campaign."}]})
    reason: str = Field(
        default="", max_length=20_000, description="At most 300 characters; public. Who lays down her own may leave it empty."
    )


class PowerRead(BaseModel):
    """A right of a fan."""

    id: str
    member: str
    name: str
    may: May
    campaign: str | None
    since: datetime
    until: datetime
    """When it ends, or ended."""
    holds: bool
    by: str
    by_name: str
    reason: str


class Powers(BaseModel):
    """Rights of fans, the one that was given last first."""

    powers: list[PowerRead]


class PowerDecided(BaseModel):
    """It is in the record, at this position."""

    id: str
    event: str
    position: str


@router.get("/powers", summary="The rights of fans")
async def list_powers(desk: TheDesk) -> Powers:
    """Return who may do what beyond being a fan: the rights that hold now."""
    await desk.catch_up()
    held = [each for each in desk.streams.powers.granted.values() if each.holds(desk.now)]
    return Powers(powers=[_read(each) for each in await shown(desk, held[::-1])])


@router.get("/me/powers", summary="My rights")
async def my_powers(fan: Fan, desk: TheDesk) -> Powers:
    """Return every right that you were ever given."""
    await desk.catch_up()
    return Powers(powers=[_read(each) for each in await shown(desk, desk.streams.powers.of(fan.member)[::-1])])


@router.post("/members/{member_id}/powers", status_code=status.HTTP_201_CREATED, summary="Give a fan a right")
async def grant_power(
    member_id: MemberId, form: PowerForm, admin: Admin, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> PowerDecided:
    """Let a fan host, answer, moderate or welcome, in one campaign or on the whole site, until a date. She is told by mail."""
    asking = asked(admin, "grant-power", member_id, key, body)
    wanted = Grant(member=member_id, may=form.may, campaign=form.campaign, until=form.until, reason=form.reason)
    power_id, done = await powers.grant(desk, asking, wanted)
    acknowledge(response, done)
    return PowerDecided(id=power_id, event=done.event_id, position=str(done.position))


@router.post("/powers/{power_id}/end", summary="End a right", responses=_UNKNOWN)
async def end_power(
    power_id: PowerId, form: EndForm, fan: Fan, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> PowerDecided:
    """End a right before its time: as an admin with a reason, or your own. What was done with it stays."""
    done = await powers.end(desk, asked(fan, "end-power", power_id, key, body), power_id, form.reason)
    acknowledge(response, done)
    return PowerDecided(id=power_id, event=done.event_id, position=str(done.position))


def _read(each: Shown) -> PowerRead:
    return PowerRead(
        id=each.id,
        member=each.member,
        name=each.name,
        may=each.may,
        campaign=each.campaign,
        since=each.since,
        until=each.until,
        holds=each.holds,
        by=each.by,
        by_name=each.by_name,
        reason=each.reason,
    )
