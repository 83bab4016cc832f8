"""A campaign in draft: begun from a template or from nothing, saved as often as wished, published once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from fanfare.campaigns.drafts import DraftCampaign
from fanfare.campaigns.refusals import CampaignIsPublic, DraftChanged, DraftNotFound
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.campaigns.service import Campaigns
from fanfare.campaigns.templates import TEMPLATES
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.record.kinds import digest
from fanfare.web import urls, words
from fanfare.web.contexts.host import DraftPage, NewCampaignPage
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import draft_forms, local_times
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.draft_gaps import gaps
from fanfare.web.pages.forms import fresh_key
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.typed import Fields, key_of, posted, whole
from fanfare.web.shells import see_other, show

router = desk_router()
NAMES = {"dewmocracy": "DEWmocracy", "idea-box": "Idea box", "single-vote": "Single vote", "nothing": ""}
PUBLISHED = "The campaign is public, and in the record under your name."
_NOT_YET = "It is saved, and not published yet."
_TOO_MANY = f"A campaign has at most {draft_forms.MOST_ROUNDS} rounds."
_CHANGED = (
    "Somebody else saved this draft since you opened it. What you wrote is below and not saved. Open the draft in another window "
    "to compare; saving here again replaces what is there."
)


@router.get(urls.NEW_CAMPAIGN)
async def begin(request: Request, host: Host, desk: TheDesk, template: str = "") -> HTMLResponse:
    """Offer the templates, or show the form begun from one; nothing is kept before it is saved."""
    del host
    if not template:
        return await show(request, NewCampaignPage(), section="new")
    if template not in NAMES:
        raise NotFound
    zone = zone_of(desk)
    tomorrow = _tomorrow(desk, zone)
    draft = TEMPLATES.get(template, TEMPLATES["empty"])(tomorrow, zone)
    fields = draft_forms.values(draft, zone)
    if not draft.rounds:
        fields = draft_forms.with_round(fields, tomorrow, zone)
    return await _shown(request, desk, fields, begun_from=NAMES[template])


def _tomorrow(desk: Desk, zone: str) -> datetime:
    """Return tomorrow at nine on the clock of *zone*: a time that a person would choose."""
    local = (desk.now + timedelta(days=1)).astimezone(ZoneInfo(zone))
    return local.replace(hour=9, minute=0, second=0).astimezone(UTC)


@router.get(urls.CAMPAIGNS)
async def back_to_the_desk() -> Response:
    """Lead whoever loads the address of a first save again to the desk."""
    return see_other(urls.DESK)


@router.get("/host/campaigns/{draft_id}")
async def draft(draft_id: Id, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Show a draft; a campaign that was published since leads to the desk of its first round."""
    del host
    try:
        found, version = await campaigns.draft(draft_id)
    except DraftNotFound:
        if (public := await _public(desk, draft_id)) is None:
            raise
        return see_other(public)
    return await _shown(request, desk, draft_forms.values(found, zone_of(desk)), draft_id=draft_id, version=version)


@router.post(urls.CAMPAIGNS)
async def save_new(request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Save a draft for the first time."""
    return await _changed(request, host, desk, campaigns, "")


@router.post("/host/campaigns/{draft_id}")
async def save(draft_id: Id, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Save a draft, and do what its button says: add or remove a round, publish it, throw it away."""
    try:
        return await _changed(request, host, desk, campaigns, draft_id)
    except DraftNotFound:  # published a moment ago, by the same button or another host
        if (public := await _public(desk, draft_id)) is None:
            raise
        return see_other(public)


async def _public(desk: Desk, campaign_id: str) -> str | None:
    await desk.catch_up()
    found = desk.streams.campaigns.get(campaign_id)
    return urls.round_desk(found.rounds[0].id) if found and found.id else None


async def _changed(request: Request, host: Caller, desk: Desk, campaigns: Campaigns, draft_id: str) -> Response:
    fields = await posted(request)
    act, count, zone = fields.get("act", "save"), draft_forms.rounds_of(fields), fields.get("zone", "")
    if act == "discard" and draft_id:
        await campaigns.discard(draft_id)
        return led_to(request, urls.DESK, "The draft is thrown away.")
    if act == "add-round" and count >= draft_forms.MOST_ROUNDS:
        return await _wrong(request, desk, fields, draft_id, {"": _TOO_MANY})
    if act == "add-round":
        fields = draft_forms.with_round(fields, _tomorrow(desk, zone_of(desk)), zone)
    elif act.startswith("remove-round-") and count > 1:
        fields = draft_forms.without_round(fields, whole(act.removeprefix("remove-round-")) or 0)
    typed = draft_forms.read(fields)
    if typed.draft is None:
        return await _wrong(request, desk, fields, draft_id, typed.errors)
    try:
        draft_id, _ = await _kept(campaigns, draft_id, fields, typed.draft, host)
    except DraftChanged as changed:
        _, version = await campaigns.draft(draft_id)
        return await _wrong(request, desk, {**fields, "version": str(version)}, draft_id, {"": _CHANGED}, changed.status)
    if act == "publish":
        return await _published(request, host, desk, campaigns, draft_id, fields)
    anchor = f"#round-{count}" if act == "add-round" else ""
    return led_to(request, urls.campaign_desk(draft_id) + anchor, "The draft is saved.")


async def _kept(campaigns: Campaigns, draft_id: str, fields: Fields, typed: DraftCampaign, host: Caller) -> tuple[str, int]:
    version = whole(fields.get("version", "")) or 0
    try:
        return await campaigns.save_draft(draft_id or None, version, typed, host.member, key_of(fields))
    except DraftChanged:
        found, version = await campaigns.draft(draft_id)
        if found == typed:  # the same request again, because its answer was lost
            return draft_id, version
        raise


async def _published(request: Request, host: Caller, desk: Desk, campaigns: Campaigns, draft_id: str, fields: Fields) -> Response:
    saved, version = await campaigns.draft(draft_id)
    fields = {**fields, "version": str(version)}
    if found := gaps(saved, desk.now):
        more = (f"{words.words(len(found) - 2).capitalize()} more: see the list beside the button.",) if len(found) > 2 else ()
        return await _wrong(request, desk, fields, draft_id, {"": " ".join((_NOT_YET, *found[:2], *more))})
    request_body = digest(saved.model_dump_json().encode())
    try:
        _, done = await campaigns.publish(draft_id, asked(host, "publish", draft_id, key_of(fields), request_body))
    except (CampaignIsPublic, DraftNotFound):  # the same button again, or another host, a moment ago
        if (public := await _public(desk, draft_id)) is None:
            raise
        return see_other(public)
    except Refusal as refusal:
        return await _wrong(request, desk, fields, draft_id, {"": f"{refusal.title} {refusal}"}, refusal.status)
    where = await _public(desk, draft_id)
    return led_to(request, where or urls.DESK, PUBLISHED, done.position)


async def _wrong(
    request: Request, desk: Desk, fields: Fields, draft_id: str, errors: dict[str, str], status: int = 422
) -> HTMLResponse:
    version = whole(fields.get("version", "")) or 0
    return await _shown(request, desk, fields, draft_id=draft_id, version=version, errors=errors, status=status)


async def _shown(
    request: Request,
    desk: Desk,
    fields: Fields,
    *,
    draft_id: str = "",
    version: int = 0,
    errors: dict[str, str] | None = None,
    begun_from: str = "",
    status: int = 200,
) -> HTMLResponse:
    typed = draft_forms.read(fields)
    page = DraftPage(
        form=Form(values=fields, errors=errors or {}),
        rounds=draft_forms.rounds_of(fields),
        zones=local_times.with_zone(fields.get("zone") or zone_of(desk)),
        methods=draft_forms.METHODS,
        inputs=draft_forms.INPUTS,
        ties=draft_forms.TIES,
        electorates=draft_forms.ELECTORATES,
        idempotency_key=fresh_key(),
        campaign_id=draft_id,
        begun_from=begun_from,
        missing=gaps(typed.draft, desk.now) if typed.draft else ("Some answers cannot be read yet.",),
        version=version,
    )
    return await show(request, page, section="desk" if draft_id else "new", status=status)
