"""The host's desk of recognition: the rules there are, the titles that are held, and whether rules may award at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, assert_never

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from psycopg import AsyncConnection

from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import Host, TheDesk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotFound, Refusal
from fanfare.recognition import service
from fanfare.recognition import titles as giving
from fanfare.record.recognition import STREAM
from fanfare.record.rewards import handed_over
from fanfare.views import awards, earning_rules
from fanfare.views.titles_held import titles_held
from fanfare.web import urls, words
from fanfare.web.contexts.recognition_desk import RecognitionDeskPage, TitleHeld
from fanfare.web.contexts.shell import Form
from fanfare.web.pages import rules_in_words
from fanfare.web.pages.forms import fresh_key, known
from fanfare.web.pages.host import desk_router, led_to
from fanfare.web.pages.recognised import campaign_titles, titles
from fanfare.web.pages.typed import Fields, decision_asked, posted
from fanfare.web.shells import show

router = desk_router()
Act = Literal["retire", "revoke", "automation"]


@router.get(urls.RECOGNITION_DESK)
async def recognition_desk(request: Request, host: Host, desk: TheDesk) -> HTMLResponse:
    """Show the rules with what they have awarded, the titles that are held, and the switch."""
    del host
    return await _shown(request, desk)


@router.post(urls.RECOGNITION_DESK + "/{act}")
async def decide(act: Act, request: Request, host: Host, desk: TheDesk) -> Response:
    """Retire a rule, take a title back, or let rules award or not; on a refusal what was typed is kept."""
    fields = await posted(request)
    try:
        done, said = await _done(act, desk, host, fields)
    except NotFound:
        raise
    except Refusal as refusal:
        target = {"retire": "rule", "revoke": "award"}.get(act, "")
        failed = f"{act}-{fields.get(target, '')[:40]}" if target else act
        is_reason = refusal.extra.get("field") == "reason"
        error = {"reason": str(refusal)} if is_reason else {"": f"{refusal.title} {refusal}"}
        return await _shown(request, desk, Form(fields, error), failed, refusal.status)
    return led_to(request, urls.RECOGNITION_DESK, said, done.position)


async def _done(act: Act, desk: Desk, host: Caller, fields: Fields) -> tuple[Acknowledged, str]:
    reason = fields.get("reason", "")
    match act:
        case "retire":
            rule = fields.get("rule", "")[:40]
            done = await service.retire_rule(desk, decision_asked(host, "retire-rule", rule, fields), rule, reason)
            return done, _("The rule is retired. What it gave stays.")
        case "revoke":
            award = known(fields.get("award", ""))
            done = await giving.revoke(desk, decision_asked(host, "revoke-title", award, fields), award, reason)
            return done, _("The title is taken back.")
        case "automation":
            allowed = fields.get("allowed") == "yes"
            asking = decision_asked(host, "set-automation", STREAM, fields)
            done = await service.set_automation(desk, asking, reason, allowed=allowed)
            return done, _("Rules award from now on.") if allowed else _("No rule awards anything from now on.")
        case _:
            assert_never(act)


async def _shown(request: Request, desk: Desk, form: Form | None = None, failed: str = "", status: int = 200) -> HTMLResponse:
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        campaigns = await campaign_titles(desk, connection)
        rules = [rules_in_words.line(each, campaigns) for each in await earning_rules.rules(connection)]
        share = await awards.human_share(connection, handed_over(desk.streams.rewards.values()))
        page = RecognitionDeskPage(
            rules=[each for each in rules if not each.is_retired],
            retired=[each for each in rules if each.is_retired],
            titles=await _held(connection, desk.now),
            automation=desk.streams.recognition.automation,
            human=share.human,
            all=share.all,
            idempotency_key=fresh_key(),
            after=desk.streams.decisions(STREAM),
            form=form or Form(),
            failed=failed,
        )
    return await show(request, page, section="recognition", status=status)


async def _held(connection: AsyncConnection, now: datetime) -> Sequence[TitleHeld]:
    found = await titles_held(connection, now)
    told = await titles(connection, found)
    return [TitleHeld(each, of.member, of.name or _(words.GONE)) for each, of in zip(told, found, strict=True)]
