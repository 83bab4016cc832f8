"""A campaign in draft: begun from a template, written step by step, saved at each of them, published once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from fanfare.campaigns.refusals import CampaignIsPublic, DraftChanged, DraftNotFound
from fanfare.campaigns.routes import Id, TheCampaigns
from fanfare.campaigns.service import Campaigns
from fanfare.campaigns.templates import TEMPLATES
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.refusals import Refusal
from fanfare.record.kinds import digest
from fanfare.web import urls
from fanfare.web.contexts.host import NewCampaignPage
from fanfare.web.pages import draft_forms
from fanfare.web.pages.campaign import zone_of
from fanfare.web.pages.draft_gaps import gaps
from fanfare.web.pages.draft_steps import CHECK, STORY, Draft, after, known, mark, shown
from fanfare.web.pages.forms import fresh_key
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.typed import Fields, key_of, posted, whole
from fanfare.web.shells import brand_of, see_other, show

router = desk_router()
PUBLISHED = marked("The campaign is public, and in the record under your name.")
SAVED = marked("The draft is saved.")


@router.get(urls.NEW_CAMPAIGN)
async def begin(request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> HTMLResponse:
    """Offer the templates; a button begins a draft from one."""
    del host
    is_first = not desk.streams.campaigns and not await campaigns.drafts()
    return await show(request, NewCampaignPage(fresh_key(), is_first), section="new")


@router.get(urls.CAMPAIGNS)
async def back_to_the_desk() -> Response:
    """Lead whoever loads the address of a first save again to the desk."""
    return see_other(urls.DESK)


@router.post(urls.CAMPAIGNS)
async def save_new(request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Begin a draft from a template and keep it, so that it has a place from its first step on."""
    fields = await posted(request)
    base = await _from_template(desk, host, fields.get("template", ""))
    typed = draft_forms.read({**base, **fields, "rounds": base["rounds"]})
    if typed.draft is None:
        return await shown(request, desk, Draft("", 0, {**base, **fields}, STORY), errors=typed.errors, status=422)
    draft_id, __ = await campaigns.save_draft(None, 0, typed.draft, host.member, key_of(fields))
    return led_to(request, urls.draft_step(draft_id, STORY))


async def _from_template(desk: Desk, host: Caller, name: str) -> dict[str, str]:
    zone = zone_of(desk)
    tomorrow = _tomorrow(desk, zone)
    made = TEMPLATES.get(name, TEMPLATES["empty"])(tomorrow, zone)
    asks = f"{host.name}, {await brand_of(desk) or 'Fanfare'}"
    rounds = [each.model_copy(update={"asked_by": each.asked_by or asks}) for each in made.rounds]
    fields = draft_forms.values(made.model_copy(update={"rounds": rounds}), zone)
    return fields if rounds else draft_forms.with_round(fields, tomorrow, zone)


def _tomorrow(desk: Desk, zone: str) -> datetime:
    """Return tomorrow at nine on the clock of *zone*: a time that a person would choose."""
    local = (desk.now + timedelta(days=1)).astimezone(ZoneInfo(zone))
    return local.replace(hour=9, minute=0, second=0).astimezone(UTC)


@router.get("/host/campaigns/{draft_id}")
async def draft(
    draft_id: Id, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns, step: str = STORY
) -> Response:
    """Show a step of a draft; a campaign that was published since leads to the desk of its first round."""
    del host
    try:
        found, version = await campaigns.draft(draft_id)
    except DraftNotFound:
        if (public := await _public(desk, draft_id)) is None:
            raise
        return see_other(public)
    return await shown(request, desk, Draft(draft_id, version, draft_forms.values(found, zone_of(desk)), known(step, found)))


@router.post("/host/campaigns/{draft_id}")
async def save(draft_id: Id, request: Request, host: Host, desk: TheDesk, campaigns: TheCampaigns) -> Response:
    """Save a step of a draft, and do what its button says: go on, add or remove a round, publish it, throw it away."""
    fields = await posted(request)
    try:
        if fields.get("act") == "discard":
            await campaigns.discard(draft_id)
            return led_to(request, urls.DESK, _("The draft is thrown away."))
        saved, version = await campaigns.draft(draft_id)
        before = draft_forms.values(saved, zone_of(desk))
        step = known(fields.get("step", STORY), saved)
        # A step sends its own fields; all others are as they were saved last, whoever saved them.
        now = Draft(draft_id, whole(fields.get("version", "")) or 0, {**before, **fields}, step)
        if now.version != version and (fields.get("seen") == mark(before, step) or _same(before, now.fields, fields)):
            now = msgspec.structs.replace(now, version=version)  # nobody changed this step, or it is the same request again
        return await _changed(request, host, desk, campaigns, now, before)
    except DraftNotFound:  # published a moment ago, by the same button or another host
        if (public := await _public(desk, draft_id)) is None:
            raise
        return see_other(public)


def _same(before: Fields, now: Fields, sent: Fields) -> bool:
    told = [name for name in before if name in sent]
    return all(_plain(before[name]) == _plain(now[name]) for name in told)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


async def _public(desk: Desk, campaign_id: str) -> str | None:
    await desk.catch_up()
    found = desk.streams.campaigns.get(campaign_id)
    return urls.round_desk(found.rounds[0].id) if found and found.id else None


async def _changed(
    request: Request, host: Caller, desk: Desk, campaigns: Campaigns, now: Draft, before: Mapping[str, str]
) -> Response:
    fields, step, act = now.fields, now.step, now.fields.get("act", "save")
    count = draft_forms.rounds_of(fields)
    if act == "add-round" and count >= draft_forms.MOST_ROUNDS:
        said = _("A campaign has at most %(most)s rounds.", most=draft_forms.MOST_ROUNDS)
        return await shown(request, desk, now, errors={"": said}, status=422)
    if act == "add-round":
        fields, step = draft_forms.with_round(fields, _tomorrow(desk, zone_of(desk)), fields["zone"]), f"round-{count + 1}"
    elif act.startswith("remove-round-") and count > 1:
        fields, step = draft_forms.without_round(fields, whole(act.removeprefix("remove-round-")) or 0), CHECK
    typed = draft_forms.read(fields)
    if typed.draft is None:
        return await shown(request, desk, now, errors=typed.errors, status=422)
    try:
        await campaigns.save_draft(now.id, now.version, typed.draft, host.member)
    except DraftChanged as changed:
        return await _overtaken(request, desk, campaigns, now, before, changed.status)
    if act == "publish":
        return await _published(request, host, desk, campaigns, now)
    if act == "next":
        step = after(step, typed.draft)
    return led_to(request, urls.draft_step(now.id, step), _(SAVED))


async def _overtaken(
    request: Request, desk: Desk, campaigns: Campaigns, now: Draft, before: Mapping[str, str], status: int
) -> Response:
    """Answer with what she wrote, who saved the draft meanwhile, and what it says where that differs."""
    __, version = await campaigns.draft(now.id)
    by = await campaigns.saved_last_by(now.id)
    fresh = msgspec.structs.replace(now, version=version, fields={**now.fields, "seen": mark(before, now.step)})
    return await shown(request, desk, fresh, status=status, changed_by=by or _("Somebody else"), theirs=before)


async def _published(request: Request, host: Caller, desk: Desk, campaigns: Campaigns, now: Draft) -> Response:
    saved, version = await campaigns.draft(now.id)
    now = msgspec.structs.replace(now, version=version, step=CHECK)
    if gaps(saved, desk.now):
        said = _("It is saved, and not published yet: something is missing.")
        return await shown(request, desk, now, errors={"": said}, status=422)
    body = digest(saved.model_dump_json().encode())
    try:
        __, done = await campaigns.publish(now.id, asked(host, "publish", now.id, key_of(now.fields), body))
    except (CampaignIsPublic, DraftNotFound):  # the same button again, or another host, a moment ago
        if (public := await _public(desk, now.id)) is None:
            raise
        return see_other(public)
    except Refusal as refusal:
        return await shown(request, desk, now, errors={"": f"{refusal.title} {refusal}"}, status=refusal.status)
    return led_to(request, await _public(desk, now.id) or urls.DESK, _(PUBLISHED), done.position)
