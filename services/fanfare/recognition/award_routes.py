"""The JSON API of awards: what fans hold, and why."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform.edge import Cursor, Limit, TheDesk, Visitor
from fanfare.recognition.refusals import AwardNotFound
from fanfare.record.recognition import Emblem
from fanfare.views import awards, fan_standings
from fanfare.views.awards import Award, Cause

router = APIRouter()
Id = Annotated[str, Path(max_length=64)]
Kind = Literal["points", "badge", "tier", "title"]
_NO_AWARD: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such award, or it has not been read yet."}}
_NO_MEMBER: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such member, or she hides her page."}}


class CauseRead(BaseModel):
    """The event that earned an award, or that took it."""

    event: str
    offset: int
    """Where it stands in partition 0 of the record."""
    type: str
    """Empty where no line of the timeline tells of it."""
    at: datetime | None
    idea: str | None
    idea_title: str
    round: str | None
    by: str | None
    by_name: str


class StepRead(BaseModel):
    """A turn of an award: it was granted, or revoked."""

    turn: int
    grants: bool
    at: datetime
    event: str
    position: str
    by: str | None
    """None where a rule did it."""
    by_name: str
    reason: str
    cause: CauseRead | None


class AwardRead(BaseModel):
    """Points, a badge's level, a tier or a title, and what earned it."""

    award: str
    member: str
    name: str
    kind: Kind
    points: int
    level: int
    stands: bool
    human: bool
    """Somebody gave it; else a rule did."""
    at: datetime
    position: str
    season: str
    campaign: str | None
    rule: str | None
    version: int | None
    rule_title: str
    emblem: Emblem | None
    tier: str
    title: str
    by: str | None
    by_name: str
    reason: str
    because: list[str]
    """Ideas and comments that justify a title."""
    until: datetime | None
    cause: CauseRead | None


class AwardExplained(AwardRead):
    """An award with the words of its rule, the hashes of a title's texts, and every turn that it took."""

    title_hash: str | None
    reason_hash: str | None
    rule_words: str
    steps: list[StepRead]


class AwardsRead(BaseModel):
    """Awards, standing and fallen, the latest first."""

    awards: list[AwardRead]
    next: int | None
    """What to send as `cursor` for the page after; none on the last."""


class BadgeRead(BaseModel):
    """A badge at its highest level."""

    award: str
    rule: str
    title: str
    emblem: Emblem
    level: int
    levels: int
    at: datetime


class TierRead(BaseModel):
    """The highest tier."""

    award: str
    rule: str
    level: int
    name: str
    at: datetime


class TitleRead(BaseModel):
    """A title that has not ended."""

    award: str
    words: str
    reason: str
    by: str
    by_name: str
    at: datetime
    until: datetime | None
    because: list[str]
    campaign: str | None


class ProfileRead(BaseModel):
    """What a fan holds now."""

    member: str
    points: int
    rank: int | None
    """Among all who are listed; none where she left the standings, or has no points."""
    tier: TierRead | None
    badges: list[BadgeRead]
    titles: list[TitleRead]
    kudos: int
    awards: int
    in_standings: bool


def _cause(cause: Cause | None) -> CauseRead | None:
    if cause is None:
        return None
    return CauseRead(
        event=cause.event_id,
        offset=cause.offset,
        type=cause.wire,
        at=cause.at,
        idea=cause.idea,
        idea_title=cause.idea_title,
        round=cause.round,
        by=cause.by,
        by_name=cause.by_name,
    )


def _read(found: Award) -> dict[str, Any]:
    return {
        "award": found.award,
        "member": found.member,
        "name": found.name,
        "kind": found.kind,
        "points": found.points,
        "level": found.level,
        "stands": found.stands,
        "human": found.is_human,
        "at": found.at,
        "position": found.position,
        "season": found.season,
        "campaign": found.campaign,
        "rule": found.rule,
        "version": found.version,
        "rule_title": found.rule_title,
        "emblem": found.emblem,
        "tier": found.tier,
        "title": found.title,
        "by": found.by,
        "by_name": found.by_name,
        "reason": found.reason,
        "because": list(found.because),
        "until": found.until,
        "cause": _cause(found.cause),
    }


def _explained(found: Award) -> AwardExplained:
    steps = [
        StepRead(
            turn=each.turn,
            grants=each.grants,
            at=each.at,
            event=each.event_id,
            position=each.position,
            by=each.by,
            by_name=each.by_name,
            reason=each.reason,
            cause=_cause(each.cause),
        )
        for each in found.steps
    ]
    hashes = {"title_hash": found.title_hash, "reason_hash": found.reason_hash}
    return AwardExplained(**_read(found), **hashes, rule_words=found.rule_words, steps=steps)


@router.get("/awards/{award_id}", summary="Why an award was given", responses=_NO_AWARD)
async def get_award(award_id: Id, desk: TheDesk) -> AwardExplained:
    """Return an award with the event and the version of the rule behind it, or whoever gave it and why, and all its turns."""
    async with desk.pool.connection() as connection:
        found = await awards.award(connection, award_id)
    if found is None:
        raise AwardNotFound
    return _explained(found)


async def _seen(desk: TheDesk, member_id: str, visitor: Visitor) -> None:
    async with desk.pool.connection() as connection:
        known = await vault.by_id(connection, member_id)
    if known is None or not (known.shown or (visitor is not None and visitor.member == member_id)):
        raise MemberNotFound


@router.get("/members/{member_id}/awards", summary="The awards of a fan", responses=_NO_MEMBER)
async def get_awards(
    member_id: Id, visitor: Visitor, desk: TheDesk, kind: Kind | None = None, cursor: Cursor = None, limit: Limit = 50
) -> AwardsRead:
    """Return every award of a fan, standing and fallen, the latest first, or those of one kind."""
    await _seen(desk, member_id, visitor)
    async with desk.pool.connection() as connection:
        found = await awards.awards_of(connection, member_id, before=cursor, limit=limit + 1, kind=kind)
    more = found[limit - 1].place if len(found) > limit else None
    return AwardsRead(awards=[AwardRead(**_read(each)) for each in found[:limit]], next=more)


@router.get("/members/{member_id}/recognition", summary="What a fan holds", responses=_NO_MEMBER)
async def get_profile(member_id: Id, visitor: Visitor, desk: TheDesk) -> ProfileRead:
    """Return the points, the tier, the badges and the titles of a fan, as they stand."""
    await _seen(desk, member_id, visitor)
    async with desk.pool.connection() as connection:
        held = await awards.profile(connection, member_id)
        place = await fan_standings.place_of(connection, member_id)
    tier = held.tier
    return ProfileRead(
        member=member_id,
        points=held.points,
        rank=place.rank,
        tier=TierRead(award=tier.award, rule=tier.rule, level=tier.level, name=tier.name, at=tier.at) if tier else None,
        badges=[
            BadgeRead(award=b.award, rule=b.rule, title=b.title, emblem=b.emblem, level=b.level, levels=b.levels, at=b.at)
            for b in held.badges
        ],
        titles=[
            TitleRead(
                award=t.award,
                words=t.words,
                reason=t.reason,
                by=t.by,
                by_name=t.by_name,
                at=t.at,
                until=t.until,
                because=list(t.because),
                campaign=t.campaign,
            )
            for t in held.titles
        ],
        kudos=held.kudos,
        awards=held.awards,
        in_standings=held.in_standings,
    )
