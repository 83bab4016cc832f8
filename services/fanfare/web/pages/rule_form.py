"""The form of a rule: a new one or the next version of one, tried on the whole history before it is published."""

from typing import Annotated, get_args

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse

from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.recognition import service
from fanfare.recognition.decide import RuleDraft, TierDraft
from fanfare.recognition.refusals import EarningRuleNotFound
from fanfare.recognition.rule_routes import TheTrials
from fanfare.recognition.trials import Trial
from fanfare.record.recognition import STREAM
from fanfare.views import earning_rules
from fanfare.web import urls
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.recognition_desk import Earning, RuleFormPage, TrialShown
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import rules_in_words
from fanfare.web.pages.forms import fresh_key
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import campaign_titles
from fanfare.web.pages.rule_drafts import draft_of, fields_of, tried
from fanfare.web.pages.typed import Fields, decision_asked, posted, whole
from fanfare.web.shells import see_other, show

router = desk_router()
_FIELDS = {"deeds": "deed", "per_day": "per_day", "name of a tier": "tiers", "names": "tiers"}
_AT_ONCE_S = 1.5
"""A trial that is over by then is shown right away, without a bar."""
_SHOWN = ("title", "words", "campaign", "points", "per_day", "per_target", "emblem", "levels", "tiers")


@router.get(urls.RECOGNITION_DESK + "/rule")
async def rule_form(
    request: Request,
    host: Host,
    desk: TheDesk,
    rule: Annotated[str, Query(max_length=40)] = "",
    earns: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    """Show the form of a new rule, or of the next version of one. Raises: EarningRuleNotFound."""
    del host
    await desk.catch_up()
    if not rule:
        return await _shown(request, desk, _earning(earns), {"points": "5"})
    if rule not in desk.streams.recognition.rules:
        raise EarningRuleNotFound
    async with desk.pool.connection() as connection:
        found = next(iter(await earning_rules.versions(connection, rule)), None)
    if found is None:
        raise EarningRuleNotFound
    earning, fields = fields_of(found)
    return await _shown(request, desk, earning, fields)


@router.post(urls.RECOGNITION_DESK + "/rule")
async def write(request: Request, host: Host, desk: TheDesk, trials: TheTrials) -> Response:
    """Try a rule on the whole history, or publish it; on a refusal the form comes back with everything that was typed."""
    fields = await posted(request)
    earning = _earning(fields.get("earns", ""))
    await desk.catch_up()
    try:
        draft = draft_of(fields, earning, desk.streams.recognition.rules)
        event = await service.drafted(desk, draft, host.member)
        if fields.get("act") == "publish":
            return await _published(request, desk, host, fields, draft)
        kept = {name: text for name, text in fields.items() if name in (*_SHOWN, "rule", "earns") or name.startswith("deed-")}
        trial = await trials.settled(host.member, await trials.begin(host.member, event, kept), _AT_ONCE_S)
        return await _tried(request, desk, trial) if trial.found else see_other(urls.RULE_TRIAL)
    except Refusal as refusal:
        field = str(refusal.extra.get("field", ""))
        at = "tiers" if earning == "tier" and field == "levels" else _FIELDS.get(field, field)
        is_shown = at in (*_SHOWN, "deed")
        said = {at: str(refusal)} if is_shown else {"": f"{refusal.title} {refusal}"}
        return await _shown(request, desk, earning, fields, said, status=refusal.status)


@router.get(urls.RULE_TRIAL)
async def trial(request: Request, host: Host, desk: TheDesk, trials: TheTrials) -> Response:
    """Show the draft that a host tries, and how far that is or what was found. It ends where nobody asks for fifteen seconds."""
    found = await trials.look(host.member)
    if found is None or not found.fields:
        return see_other(urls.rule_form())
    await desk.catch_up()
    return await _tried(request, desk, found)


def _earning(text: str) -> Earning:
    for each in get_args(Earning):
        if text == each:
            found: Earning = each
            return found
    return "points"


async def _published(request: Request, desk: Desk, host: Caller, fields: Fields, draft: RuleDraft) -> Response:
    read = whole(fields.get("version", ""))
    asking = decision_asked(host, "publish-rule", draft.rule, fields)
    done = await service.publish_rule(desk, asking, draft, read=read - 1 if read else None)
    return led_to(request, urls.RECOGNITION_DESK, _("The rule holds from now on."), done.position)


async def _tried(request: Request, desk: Desk, trial: Trial) -> Response:
    """Show the form of a draft that is tried, with how far that is, or with what it found."""
    fields, earning, event = dict(trial.fields), _earning(trial.fields.get("earns", "")), trial.rule
    draft = draft_of(fields, earning, desk.streams.recognition.rules)
    async with desk.pool.connection() as connection:
        would = await tried(connection, trial.found, draft) if trial.found else None
        campaigns = await campaign_titles(desk, connection)
    names = draft.earns.names if isinstance(draft.earns, TierDraft) else ()
    campaign = campaigns.get(draft.campaign, "") if draft.campaign else ""
    page = msgspec.structs.replace(
        await _page(desk, earning, fields),
        tried=would,
        trial=None if trial.found else TrialShown(trial.done, trial.of, broke_off=trial.state == "failed"),
        sentences=rules_in_words.earns(event.earns, event.deeds, names, campaign),
        drawn=rules_in_words.drawn(event.earns, draft.title),
    )
    return await show(request, page, section="recognition")


async def _shown(
    request: Request, desk: Desk, earning: Earning, fields: Fields, errors: dict[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    page = await _page(desk, earning, fields, errors)
    return await show(request, page, section="recognition", status=status)


async def _page(desk: Desk, earning: Earning, fields: Fields, errors: dict[str, str] | None = None) -> RuleFormPage:
    rule = fields.get("rule", "")
    known = desk.streams.recognition.rules.get(rule)
    async with desk.pool.connection() as connection:
        campaigns = await campaign_titles(desk, connection)
    only = [Choice(each, _("Only in %(campaign)s", campaign=title)) for each, title in campaigns.items()]
    return RuleFormPage(
        earning=earning,
        form=Form(fields, errors or {}),
        deeds=[Choice(each, said[:1].upper() + said[1:]) for each, said in rules_in_words.deeds().items()],
        emblems=[Choice(each, said) for each, said in rules_in_words.emblems().items()],
        campaigns=[Choice("", _("In every campaign")), *only],
        idempotency_key=fresh_key(),
        after=desk.streams.decisions(STREAM),
        rule=rule if known else "",
        version=known.published.version + 1 if known else 1,
    )
