"""Why somebody got an award, and what earns what: for everybody, without an account."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response
from psycopg import AsyncConnection

from fanfare.audit.archives.offering import NAME
from fanfare.members import vault
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk, asked
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import ForeignOrigin, NotFound, Refusal, SignInNeeded
from fanfare.recognition import titles as giving
from fanfare.record.rewards import handed_over
from fanfare.views import awards, earning_rules, fan_standings
from fanfare.views.awards import Award
from fanfare.web import urls, words
from fanfare.web.contexts.recognition import AwardPage, RecognitionPage
from fanfare.web.contexts.shell import Action
from fanfare.web.pages import rules_in_words
from fanfare.web.pages.award_ways import deed, way
from fanfare.web.pages.forms import fresh_key, known, sent, writer
from fanfare.web.pages.host import led_to
from fanfare.web.pages.recognised import campaign_titles, headline, titles
from fanfare.web.refused import refused_page
from fanfare.web.shells import show, to_sign_in, visitor_of

router = APIRouter()


@router.get(urls.RECOGNITION)
async def recognition_page(request: Request, desk: TheDesk) -> HTMLResponse:
    """Show every rule in words, and how much of all recognition came from people."""
    await desk.catch_up()
    async with desk.pool.connection() as connection:
        campaigns = await campaign_titles(desk, connection)
        rules = [rules_in_words.line(each, campaigns) for each in await earning_rules.rules(connection)]
        share = await awards.human_share(connection, handed_over(desk.streams.rewards.values()))
        automation = await earning_rules.automation(connection)
    season = fan_standings.season_of(desk.now)
    label = _("Standings of fans, %(season)s", season=rules_in_words.season_in_words(season))
    page = RecognitionPage(
        rules=[each for each in rules if not each.is_retired],
        retired=[each for each in rules if each.is_retired],
        human=share.human,
        all=share.all,
        automation=automation.allowed,
        season=Action(label, urls.season(season)),
    )
    return await show(request, page)


@router.get("/awards/{award_id}")
async def award_page(award_id: Annotated[str, Path(max_length=40)], request: Request, desk: TheDesk) -> HTMLResponse:
    """Show the deed behind an award, the rule and its version, and what became of it. Raises: NotFound."""
    await desk.catch_up()
    visitor = await visitor_of(request)
    async with desk.pool.connection() as connection:
        found = await awards.award(connection, award_id) if "\0" not in award_id else None
        if found is None:
            message = _("There is no such award, or its holder left.")
            raise NotFound(message)
        page = await _page(desk, connection, found, visitor.member if visitor else "")
    return await show(request, page)


@router.post("/awards/{award_id}/decline")
async def decline(award_id: Annotated[str, Path(max_length=40)], request: Request, desk: TheDesk) -> Response:
    """Lay a title down that one holds."""
    form, back = await sent(request), urls.award(known(award_id))
    try:
        fan = await writer(request)
        asking = asked(fan, "title-down", award_id, form.key, form.digest("reason"))
        done = await giving.lay_down(desk, asking, award_id, form.value("reason"))
    except (ForeignOrigin, NotFound):
        raise
    except SignInNeeded:
        return to_sign_in(back)
    except Refusal as refusal:
        return await refused_page(request, refusal, action=Action(_("Back to the award"), back), path=back)
    return led_to(request, back, _("You laid the title down."), done.position)


async def _page(desk: Desk, connection: AsyncConnection, found: Award, reader: str) -> AwardPage:
    is_mine = found.member == reader
    holder = await vault.by_id(connection, found.member)
    page = AwardPage(
        award=found.award,
        title=headline(found),
        name=found.name or _(words.GONE),
        member=found.member if holder and (holder.shown or is_mine) else "",
        stands=found.stands,
        is_human=found.is_human,
        way=way(found, desk.streams.site.zone, desk.now),
        deed=deed(found),
        command=f"fanfare explain {NAME} {found.award}",
        is_mine=is_mine,
        was_laid_down=not found.stands and bool(found.steps) and found.steps[-1].by == found.member,
        key=fresh_key() if is_mine and found.kind == "title" and found.stands else "",
    )
    if found.kind == "title":
        return msgspec.structs.replace(page, title_given=(await titles(connection, [found]))[0])
    versions = await earning_rules.versions(connection, found.rule or "")
    rule = next((each for each in versions if each.version == found.version), None)
    if rule is None:
        return page
    line = rules_in_words.line(rule, await campaign_titles(desk, connection))
    return msgspec.structs.replace(
        page,
        rule=line.rule,
        version=line.version,
        rule_title=line.title,
        words=line.words,
        earns=line.earns,
        since=line.since,
        badge=rules_in_words.drawn(rule.earns, line.title, found.level, found.award),
    )
