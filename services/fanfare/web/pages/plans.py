"""The plan of a round that is public and has not opened: hosts may still change it, visibly."""

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from fanfare.campaigns.drafts import DraftRound
from fanfare.campaigns.reading import CampaignRead, RoundRead
from fanfare.campaigns.refusals import RoundNotPlanned
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.platform.allowed import HostOfRound
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.record.campaigns import Campaign, Round
from fanfare.web import urls
from fanfare.web.contexts.host import PlanPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import draft_forms, local_times, rounds
from fanfare.web.pages.draft_gaps import round_gaps
from fanfare.web.pages.electorates import electorates
from fanfare.web.pages.forms import fresh_key, spoken
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.overtaken import has_been_overtaken, overtaken
from fanfare.web.pages.typed import Fields, decision_asked, posted
from fanfare.web.shells import campaign_in_words, show

router = desk_router()
PATH = "/host/rounds/{round_id}/plan"


@router.get(PATH)
async def plan(round_id: Id, request: Request, host: HostOfRound, desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Show the plan of a round as a form. Raises: RoundNotPlanned."""
    del host
    campaign, found = await campaigns.round(round_id)
    if found.status != "planned":
        raise RoundNotPlanned
    read = await campaign_in_words(request, campaign)
    each = rounds.round_of(read, round_id)
    typed = draft_forms.round_values(_drafted(read, each), each.zone)
    fields = {f"rounds-0-{name}": text for name, text in typed.items()} | {"zone": each.zone}
    return await _shown(request, desk, campaign, found, fields)


@router.post(PATH)
async def replan(round_id: Id, request: Request, host: HostOfRound, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Replace the plan of a round, unless somebody else decided about its campaign since the form was shown."""
    fields = await posted(request)
    campaign, found = await campaigns.round(round_id)
    number = campaign.rounds.index(found) + 1
    typed, errors = draft_forms.read_round(fields)
    if typed is not None and (missing := round_gaps(typed, number, desk.now)):
        errors = {"": " ".join(missing)}
    if typed is None or errors:
        return await _shown(request, desk, campaign, found, fields, errors, 422)
    try:
        __, done = await campaigns.plan_round(campaign.id, number, typed, decision_asked(host, "plan", round_id, fields))
    except Refusal as refusal:
        if has_been_overtaken(desk, campaign.id, fields):
            return await overtaken(request, desk, (campaign, found), "plan", fields)
        return await _shown(request, desk, campaign, found, fields, {"": f"{refusal.title} {refusal}"}, refusal.status)
    return led_to(request, urls.round_desk(round_id), _("The new plan is in the record."), done.position)


def _drafted(read: CampaignRead, each: RoundRead) -> DraftRound:
    earlier = next((other.number for other in read.rounds if other.id == each.from_round), None)
    sources = {"fixed": "list", "advanced": "round", "ideas": "ideas"}
    return DraftRound.model_validate(
        {
            **{name: getattr(each, name) for name in ("name", "question", "asked_by", "why", "outcome", "opens_at", "closes_at")},
            **{name: getattr(each, name) for name in ("zone", "electorate", "method", "most", "advance", "ties")},
            "options_from": sources[each.options_from],
            "options": [option.label for option in each.options],
            "from_round": earlier,
        }
    )


async def _shown(
    request: Request,
    desk: Desk,
    campaign: Campaign,
    found: Round,
    fields: Fields,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    read = await campaign_in_words(request, campaign)
    after = fields.get("after", "")
    page = PlanPage(
        form=Form(values=fields, errors=errors or {}),
        rounds=1,
        zones=local_times.with_zone(fields.get("zone") or found.plan.zone),
        methods=spoken(draft_forms.METHODS),
        inputs=spoken(draft_forms.INPUTS),
        ties=spoken(draft_forms.TIES),
        electorates=await electorates(desk, fields),
        idempotency_key=fresh_key(),
        first=campaign.rounds.index(found) + 1,
        round_id=found.id,
        campaign_title=read.title,
        after=int(after) if after.isdigit() else desk.streams.decisions(campaign.id),
    )
    return await show(request, page, section="desk", campaign=read, status=status)
