"""The API of campaigns and rounds."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from fanfare.campaigns.drafts import DraftCampaign, DraftRound, Time
from fanfare.campaigns.reading import CampaignRead, RoundRead, read_campaign
from fanfare.campaigns.refusals import RoundNotFound
from fanfare.campaigns.service import Campaigns
from fanfare.campaigns.templates import TEMPLATES, Template
from fanfare.platform.allowed import HostOfCampaign, HostOfRound
from fanfare.platform.documents import document
from fanfare.platform.edge import BodyDigest, Cursor, Host, Key, Limit, TheDesk, acknowledge, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound
from fanfare.record.campaigns import MOST_RULED
from fanfare.record.kinds import canonical
from fanfare.record.position import Position
from fanfare.views import timeline

router = APIRouter(prefix="/api/v1", tags=["campaigns"])
_TERMS = document("RoundTerms", "The canonical bytes; their SHA-256 is the ETag.")


async def _campaigns(request: Request) -> Campaigns:
    campaigns: Campaigns = request.app.state.campaigns
    return campaigns


TheCampaigns = Annotated[Campaigns, Depends(_campaigns)]
Id = Annotated[str, Path(max_length=64)]
Kind = Literal["decision", "idea", "comment", "support", "vote"]


class CampaignList(BaseModel):
    """All public campaigns, the latest first."""

    campaigns: list[CampaignRead]


class Draft(BaseModel):
    """A draft with its version."""

    id: str
    version: int
    draft: DraftCampaign


class NewDraft(BaseModel):
    """Which template to begin with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"template": "dewmocracy", "zone": "Europe/Berlin"}]}
    )
    template: Template = "empty"
    zone: str = Field(default="UTC", max_length=64)


class ChangedDraft(BaseModel):
    """A draft, and the version that it was read in."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=0)
    draft: DraftCampaign


class Reason(BaseModel):
    """Why; it is public."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "The mail with the invitation came late."}]}
    )
    reason: str = Field(max_length=5000)


class Extension(Reason):
    """A later close, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"closes_at": "2026-11-15T18:00:00+01:00", "reason": "The invitation came late."}]}
    )
    closes_at: Time


class Rewording(Reason):
    """New words for an open round, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question": "Which flavour goes on to the kitchen in Graz?",
                    "asked_by": "Dora Lindqvist, head of flavour",
                    "why": "The kitchen has room for one.",
                    "outcome": "The winner is cooked and tasted in public.",
                    "reason": "It was not said which kitchen.",
                }
            ]
        }
    )
    name: str = ""
    question: str = Field(max_length=2000)
    asked_by: str = Field(max_length=2000)
    why: str = Field(max_length=20_000)
    outcome: str = Field(max_length=20_000)


class RulingForm(Reason):
    """Which events that cannot be read are passed over, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"events": ["2:118:4"], "reason": "A disk failed. We asked all to vote again."}]},
    )
    events: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=MOST_RULED)
    """Their positions, as the round's report tells them under `unreadable`."""


class Done(BaseModel):
    """The decision was taken, and stands at this position of the record."""

    id: str
    event: str
    position: str


class Line(BaseModel):
    """A line of the timeline."""

    position: str
    event: str
    type: str
    kind: str
    at: datetime
    campaign: str | None
    round: str | None
    idea: str | None
    member: str | None
    name: str
    title: str
    text: str


class Timeline(BaseModel):
    """Lines, the latest first; ``next`` is the cursor of the page after, none on the last."""

    lines: list[Line]
    next: str | None


@router.get("/campaigns", summary="All campaigns")
async def list_campaigns(desk: TheDesk) -> CampaignList:
    """Return all public campaigns, the latest first."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        public = [each for each in reversed(desk.streams.campaigns.values()) if each.id]
        found = [await read_campaign(connection, each) for each in public]
    return CampaignList(campaigns=found)


@router.get("/campaigns/{campaign_id}", summary="A campaign")
async def get_campaign(campaign_id: Id, desk: TheDesk, campaigns: TheCampaigns) -> CampaignRead:
    """Return a campaign with its rounds."""
    found = await campaigns.campaign(campaign_id)
    async with desk.pool.connection() as connection:
        return await read_campaign(connection, found)


@router.get("/rounds/{round_id}", summary="A round")
async def get_round(round_id: Id, desk: TheDesk, campaigns: TheCampaigns) -> RoundRead:
    """Return a round."""
    campaign, _ = await campaigns.round(round_id)
    async with desk.pool.connection() as connection:
        read = await read_campaign(connection, campaign)
    return next(each for each in read.rounds if each.id == round_id)


@router.get("/rounds/{round_id}/terms", summary="The frozen terms of a round", response_class=Response, responses=_TERMS)
async def get_terms(round_id: Id, campaigns: TheCampaigns) -> Response:
    """Return the canonical terms; their SHA-256 is the ETag and what every ballot of the round carries."""
    found = (await campaigns.round(round_id))[1]
    if found.terms is None:
        message = _("The terms are frozen when the round opens; until then its plan may change.")
        raise NotFound(message)
    return Response(canonical(found.terms), media_type="application/json", headers={"ETag": f'"{found.terms_hash}"'})


@router.get("/campaigns/{campaign_id}/timeline", summary="Every decision of hosts and fans")
async def get_timeline(
    campaign_id: Id,
    desk: TheDesk,
    campaigns: TheCampaigns,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Timeline:
    """Return the timeline of a campaign, or one kind of what is on it."""
    await campaigns.campaign(campaign_id)
    kinds = (kind,) if kind else timeline.KINDS
    async with desk.pool.connection() as connection:
        found = await timeline.acts(connection, campaign=campaign_id, kinds=kinds, before=cursor, limit=limit)
    return Timeline(lines=[line(each) for each in found], next=str(found[-1].place) if len(found) == limit else None)


def line(act: timeline.Act) -> Line:
    """Return an act as the API shows it."""
    return Line(
        position=str(Position(0, act.offset, act.index)),
        event=act.event_id,
        type=act.wire,
        kind=act.kind,
        at=act.at,
        campaign=act.campaign,
        round=act.round,
        idea=act.idea,
        member=act.member,
        name=act.name,
        title=act.idea_title,
        text=act.text,
    )


@router.post("/drafts", status_code=status.HTTP_201_CREATED, summary="Begin a campaign")
async def new_draft(form: NewDraft, host: Host, desk: TheDesk, campaigns: TheCampaigns, response: Response) -> Draft:
    """Begin a campaign from a template (dewmocracy, idea-box, single-vote) or from nothing (empty)."""
    draft = TEMPLATES[form.template](desk.now, form.zone)
    draft_id, version = await campaigns.save_draft(None, 0, draft, host.member)
    response.headers["Location"] = f"/api/v1/drafts/{draft_id}"
    return Draft(id=draft_id, version=version, draft=draft)


@router.get("/drafts/{draft_id}", summary="A draft")
async def get_draft(draft_id: Id, host: Host, campaigns: TheCampaigns) -> Draft:
    """Return a draft; only hosts see it."""
    del host
    draft, version = await campaigns.draft(draft_id)
    return Draft(id=draft_id, version=version, draft=draft)


@router.put("/drafts/{draft_id}", summary="Change a draft")
async def put_draft(draft_id: Id, form: ChangedDraft, host: Host, campaigns: TheCampaigns) -> Draft:
    """Save a draft, unless somebody else saved it since it was read."""
    _, version = await campaigns.save_draft(draft_id, form.version, form.draft, host.member)
    return Draft(id=draft_id, version=version, draft=form.draft)


@router.delete("/drafts/{draft_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Discard a draft")
async def delete_draft(draft_id: Id, host: Host, campaigns: TheCampaigns) -> None:
    """Throw a draft away."""
    del host
    await campaigns.discard(draft_id)


@router.post("/drafts/{draft_id}/publish", status_code=status.HTTP_201_CREATED, summary="Make a campaign public")
async def publish(draft_id: Id, host: Host, campaigns: TheCampaigns, key: Key, body: BodyDigest, response: Response) -> Done:
    """Publish a draft: refused where a round does not say who asks, why, and what happens with the answers."""
    campaign, done = await campaigns.publish(draft_id, asked(host, "publish", draft_id, key, body))
    acknowledge(response, done)
    response.headers["Location"] = f"/api/v1/campaigns/{campaign}"
    return Done(id=campaign, event=done.event_id, position=str(done.position))


@router.post("/campaigns/{campaign_id}/rounds", status_code=status.HTTP_201_CREATED, summary="Add a round")
async def add_round(
    campaign_id: Id,
    form: DraftRound,
    host: HostOfCampaign,
    campaigns: TheCampaigns,
    key: Key,
    body: BodyDigest,
    response: Response,
) -> Done:
    """Add a round to a public campaign."""
    round_id, done = await campaigns.plan_round(campaign_id, None, form, asked(host, "plan", campaign_id, key, body))
    acknowledge(response, done)
    response.headers["Location"] = f"/api/v1/rounds/{round_id}"
    return Done(id=round_id, event=done.event_id, position=str(done.position))


@router.put("/rounds/{round_id}/plan", summary="Plan a round anew")
async def replan(
    round_id: Id, form: DraftRound, host: HostOfRound, campaigns: TheCampaigns, key: Key, body: BodyDigest, response: Response
) -> Done:
    """Replace the plan of a round that has not opened."""
    campaign, found = await campaigns.round(round_id)
    number = campaign.rounds.index(found) + 1
    _, done = await campaigns.plan_round(campaign.id, number, form, asked(host, "replan", round_id, key, body))
    acknowledge(response, done)
    return Done(id=round_id, event=done.event_id, position=str(done.position))


class Act:
    """What a host asks of a round: the caller, the round and the key, gathered once for all actions."""

    def __init__(
        self, round_id: Id, host: HostOfRound, campaigns: TheCampaigns, key: Key, body: BodyDigest, response: Response
    ) -> None:
        """Gather the parts; FastAPI calls this."""
        self.round_id, self.host, self.campaigns, self.key, self.body, self.response = (
            round_id,
            host,
            campaigns,
            key,
            body,
            response,
        )

    async def do(self, command: str, form: Reason | None = None) -> Done:
        """Carry out *command* and acknowledge it. Raises: what the command refuses."""
        found = await self.campaigns.round(self.round_id)
        request = asked(self.host, command, self.round_id, self.key, self.body)
        match command, form:
            case "open", None:
                done = await self.campaigns.open(found, request)
            case "close", None:
                done = await self.campaigns.close(found, request)
            case "resume", None:
                done = await self.campaigns.resume(found, request)
            case "extend", Extension(reason=reason, closes_at=closes_at):
                done = await self.campaigns.extend(found, request, closes_at, reason)
            case "reword", Rewording() as words:
                done = await self.campaigns.reword(found, request, _worded(found[1].plan.opens_at, words), words.reason)
            case "rule", RulingForm(reason=reason, events=events):
                done = await self.campaigns.rule(found, request, events, reason)
            case "pause", Reason(reason=reason):
                done = await self.campaigns.pause(found, request, reason)
            case "void", Reason(reason=reason):
                done = await self.campaigns.void(found, request, reason)
            case _:
                raise RoundNotFound
        acknowledge(self.response, done)
        return Done(id=self.round_id, event=done.event_id, position=str(done.position))


def _worded(opens_at: datetime, words: Rewording) -> DraftRound:
    return DraftRound(
        name=words.name or "round",
        question=words.question,
        asked_by=words.asked_by,
        why=words.why,
        outcome=words.outcome,
        opens_at=opens_at,
        closes_at=opens_at,
    )


TheAct = Annotated[Act, Depends()]
PREFIX = "/rounds/{round_id}"


@router.post(PREFIX + "/open", summary="Open a round now")
async def open_round(act: TheAct) -> Done:
    """Freeze the terms and take ballots from now on."""
    return await act.do("open")


@router.post(PREFIX + "/close", summary="Close a round now")
async def close_round(act: TheAct) -> Done:
    """End a round; a closed round is never reopened."""
    return await act.do("close")


@router.post(PREFIX + "/pause", summary="Pause a round")
async def pause_round(act: TheAct, form: Reason) -> Done:
    """Take no ballots for a while; what is in the record counts all the same."""
    return await act.do("pause", form)


@router.post(PREFIX + "/resume", summary="Resume a round")
async def resume_round(act: TheAct) -> Done:
    """Take ballots again."""
    return await act.do("resume")


@router.post(PREFIX + "/extend", summary="Move the close to a later time")
async def extend_round(act: TheAct, form: Extension) -> Done:
    """Extend a round; the voters are told."""
    return await act.do("extend", form)


@router.post(PREFIX + "/reword", summary="Amend the wording")
async def reword_round(act: TheAct, form: Rewording) -> Done:
    """Amend the words of an open round; options, method and electorate stay."""
    return await act.do("reword", form)


@router.post(PREFIX + "/rulings", summary="Rule on what cannot be read")
async def rule_on_unreadable(act: TheAct, form: RulingForm) -> Done:
    """Let a round be sealed without events that cannot be read; the ruling and its reason are public, and stand in its report."""
    return await act.do("rule", form)


@router.post(PREFIX + "/void", summary="Give a round up")
async def void_round(act: TheAct, form: Reason) -> Done:
    """Void a round: it has no result, its ballots stay in the record, and the voters are told."""
    return await act.do("void", form)
