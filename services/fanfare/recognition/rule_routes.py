"""The JSON API of rules: what earns something, tried on the history, published and retired; and the human share."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.platform.desk import Acknowledged
from fanfare.platform.edge import BodyDigest, Host, Key, TheDesk, acknowledge, asked
from fanfare.recognition import service
from fanfare.recognition.decide import BadgeDraft, EarnsDraft, PointsDraft, RuleDraft, TierDraft
from fanfare.recognition.preview import Preview
from fanfare.recognition.refusals import EarningRuleNotFound
from fanfare.recognition.trials import Trials
from fanfare.record.recognition import Badge as BadgeEarned
from fanfare.record.recognition import DeedKind, Emblem
from fanfare.record.recognition import Points as PointsEarned
from fanfare.record.recognition import Tier as TierEarned
from fanfare.record.rewards import handed_over
from fanfare.views import awards, earning_rules
from fanfare.views.earning_rules import EarningRule

router = APIRouter()


async def _trials(request: Request) -> Trials:
    trials: Trials = request.app.state.trials
    return trials


TheTrials = Annotated[Trials, Depends(_trials)]
RuleId = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Field(max_length=20_000)]
Levels = Annotated[list[int], Field(max_length=20)]
_NO_RULE: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such rule."}}


class PointsForm(BaseModel):
    """Each deed earns points."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["points"]
    points: int
    per_day: int = Field(default=0, description="How many deeds of one member earn on one day, UTC; 0 for no cap.")
    per_target: int = Field(default=0, description="How many deeds of one member earn on one idea or round; 0 for no cap.")


class BadgeForm(BaseModel):
    """So many deeds earn a badge, more of them its next level."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["badge"]
    emblem: Emblem
    levels: Levels


class TierForm(BaseModel):
    """So many points, of whatever rule, lift a member into a tier. It has no deeds of its own."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["tier"]
    levels: Levels
    names: list[Words] = Field(max_length=20)


class RuleForm(BaseModel):
    """A rule as a host writes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rule": "first-idea",
                    "title": "Spark",
                    "words": "An idea is where everything begins. Three a day count.",
                    "deeds": ["idea-raised"],
                    "earns": {"kind": "points", "points": 5, "per_day": 3},
                },
                {
                    "rule": "good-company",
                    "title": "Good company",
                    "words": "For comments that help somebody else’s idea along.",
                    "deeds": ["comment-made"],
                    "earns": {"kind": "badge", "emblem": "handshake", "levels": [1, 10, 50]},
                },
                {
                    "rule": "standing",
                    "title": "How far you are",
                    "words": "All points count, whatever earned them.",
                    "deeds": [],
                    "earns": {"kind": "tier", "levels": [10, 100], "names": ["Taster", "Blender"]},
                },
            ]
        },
    )
    rule: str = Field(max_length=64, description="Its id: small letters, digits and hyphens.")
    title: Words
    words: Words = Field(description="What it rewards and why, for fans; at most 600 characters.")
    deeds: list[DeedKind] = Field(max_length=20)
    earns: Annotated[PointsForm | BadgeForm | TierForm, Field(discriminator="kind")]
    campaign: str | None = Field(default=None, max_length=64, description="Only deeds in this campaign; none: in all.")
    version: int | None = Field(
        default=None, ge=0, description="The version that you saw, 0 for none; refused if there is another."
    )

    def draft(self) -> RuleDraft:
        """Return it as the service takes it."""
        return RuleDraft(self.rule, self.title, self.words, tuple(self.deeds), _earns(self.earns), self.campaign)


def _earns(form: PointsForm | BadgeForm | TierForm) -> EarnsDraft:
    match form:
        case PointsForm():
            return PointsDraft(form.points, form.per_day, form.per_target)
        case BadgeForm():
            return BadgeDraft(form.emblem, tuple(form.levels))
        case TierForm():
            return TierDraft(tuple(form.levels), tuple(form.names))


class EarnsRead(BaseModel):
    """What a rule gives: points with their caps, a badge with its levels, or tiers with their names."""

    kind: Literal["points", "badge", "tier"]
    points: int = 0
    per_day: int = 0
    per_target: int = 0
    emblem: Emblem | None = None
    levels: list[int] = []
    names: list[str] = []


class RuleRead(BaseModel):
    """A version of a rule."""

    rule: str
    version: int
    title: str
    words: str
    deeds: list[DeedKind]
    earns: EarnsRead
    campaign: str | None
    by: str
    by_name: str
    """Empty for one who left."""
    at: datetime
    position: str
    """It holds for what stands behind this."""
    in_force: bool
    retired_at: datetime | None
    retired_because: str
    awards: int
    """How many awards by the rule stand."""


class AutomationRead(BaseModel):
    """Whether rules may award anything, and who decided so."""

    allowed: bool
    by: str | None
    by_name: str
    at: datetime | None
    reason: str


class RecognitionRead(BaseModel):
    """How much of all recognition comes from people: titles, kudos and rewards that arrived, of these and what rules awarded."""

    human: int
    all: int
    percent: int
    """Rounded down; 100 where nothing was recognised yet."""
    automation: AutomationRead


class RulesRead(BaseModel):
    """Every rule in its last version, those in force first."""

    rules: list[RuleRead]


class Reason(BaseModel):
    """Why; it is public."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "It rewarded numbers, not care."}]})
    reason: Words = Field(description="At most 300 characters; everybody can read it.")


class AutomationForm(Reason):
    """Whether rules may award anything, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"allowed": False, "reason": "Until Friday all recognition comes from people."}]}
    )
    allowed: bool


class Decided(BaseModel):
    """The decision was taken, and stands at this position of the record."""

    rule: str | None
    event: str
    position: str


class GainRead(BaseModel):
    """What one member would have."""

    member: str
    points: int
    level: int


class RangeRead(BaseModel):
    """How many members would have so many points, or that level."""

    least: int
    most: int | None
    members: int


class PreviewRead(BaseModel):
    """What a rule would have awarded by now, had it been in force from the beginning. Nothing was written."""

    rule: str
    version: int
    entries: int
    awards: int
    members: int
    points: int
    most: list[GainRead]
    spread: list[RangeRead]
    gaining: int
    losing: int


def rule_read(rule: EarningRule) -> RuleRead:
    """Return a rule as the API tells it."""
    return RuleRead(
        rule=rule.rule,
        version=rule.version,
        title=rule.title,
        words=rule.words,
        deeds=list(rule.deeds),
        earns=_earns_read(rule),
        campaign=rule.campaign,
        by=rule.by,
        by_name=rule.by_name,
        at=rule.at,
        position=rule.position,
        in_force=rule.in_force,
        retired_at=rule.retired_at,
        retired_because=rule.retired_because,
        awards=rule.awards,
    )


def _earns_read(rule: EarningRule) -> EarnsRead:
    match rule.earns:
        case PointsEarned(points=points, per_day=per_day, per_target=per_target):
            return EarnsRead(kind="points", points=points, per_day=per_day, per_target=per_target)
        case BadgeEarned(emblem=emblem, levels=levels):
            return EarnsRead(kind="badge", emblem=emblem, levels=list(levels))
        case TierEarned(levels=levels):
            return EarnsRead(kind="tier", levels=list(levels), names=list(rule.tier_names))


@router.get("/recognition", summary="How much recognition comes from people")
async def get_recognition(desk: TheDesk) -> RecognitionRead:
    """Return the human share of all recognition, and whether rules may award anything."""
    async with desk.pool.connection() as connection:
        share = await awards.human_share(connection, handed_over(desk.streams.rewards.values()))
        found = await earning_rules.automation(connection)
    automation = AutomationRead(allowed=found.allowed, by=found.by, by_name=found.by_name, at=found.at, reason=found.reason)
    return RecognitionRead(human=share.human, all=share.all, percent=share.percent, automation=automation)


@router.get("/recognition/rules", summary="The rules by which something is earned")
async def get_rules(desk: TheDesk) -> RulesRead:
    """Return every rule in its last version; those that were retired come last."""
    async with desk.pool.connection() as connection:
        return RulesRead(rules=[rule_read(each) for each in await earning_rules.rules(connection)])


@router.get("/recognition/rules/{rule_id}", summary="Every version of a rule", responses=_NO_RULE)
async def get_rule(rule_id: RuleId, desk: TheDesk) -> RulesRead:
    """Return every version of a rule, the last one first."""
    async with desk.pool.connection() as connection:
        found = await earning_rules.versions(connection, rule_id)
    if not found:
        raise EarningRuleNotFound
    return RulesRead(rules=[rule_read(each) for each in found])


@router.post("/recognition/rules", status_code=status.HTTP_201_CREATED, summary="Publish a rule, or its next version")
async def publish_rule(form: RuleForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response) -> Decided:
    """Put a rule in force. It holds for what comes after its own event, and never for what its author does to herself."""
    asking = asked(host, "publish-rule", "recognition", key, body)
    done = await service.publish_rule(desk, asking, form.draft(), read=form.version)
    return _decided(response, done, form.rule)


@router.post("/recognition/rules/{rule_id}/retire", summary="Retire a rule", responses=_NO_RULE)
async def retire_rule(
    rule_id: RuleId, form: Reason, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Decided:
    """End a rule: what it awarded stays, and nothing is earned by it any more."""
    asking = asked(host, "retire-rule", rule_id, key, body)
    return _decided(response, await service.retire_rule(desk, asking, rule_id, form.reason), rule_id)


@router.post("/recognition/automation", summary="Let rules award, or people alone")
async def set_automation(
    form: AutomationForm, host: Host, desk: TheDesk, key: Key, body: BodyDigest, response: Response
) -> Decided:
    """Say whether rules may award anything on this site. While they may not, all recognition comes from people."""
    asking = asked(host, "automation", "recognition", key, body)
    return _decided(response, await service.set_automation(desk, asking, form.reason, allowed=form.allowed), None)


@router.post("/recognition/preview", summary="Try a rule on the whole history")
async def try_rule(form: RuleForm, host: Host, desk: TheDesk, trials: TheTrials, request: Request) -> PreviewRead:
    """
    Return what a rule would have awarded by now, had it been in force from the beginning. Nothing is written.

    A million entries take some twenty seconds. Hang up, and it ends. You try one draft at a time, the site a few.
    """
    rule = await service.drafted(desk, form.draft(), host.member)
    found: Preview = await trials.outcome(host.member, rule, request.is_disconnected)
    return PreviewRead(
        rule=found.rule,
        version=found.version,
        entries=found.entries,
        awards=found.awards,
        members=found.members,
        points=found.points,
        most=[GainRead(member=each.member, points=each.points, level=each.level) for each in found.most],
        spread=[RangeRead(least=each.least, most=each.most, members=each.members) for each in found.spread],
        gaining=found.gaining,
        losing=found.losing,
    )


def _decided(response: Response, done: Acknowledged, rule: str | None) -> Decided:
    acknowledge(response, done)
    return Decided(rule=rule, event=done.event_id, position=str(done.position))
