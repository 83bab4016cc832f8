"""What a member was awarded, as her page and the pages of awards show it."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.platform.texts import read
from fanfare.views import awards, fan_standings, moderation
from fanfare.views.awards import Award
from fanfare.web import urls, words
from fanfare.web.contexts import recognition as shown
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.shell import Action
from fanfare.web.layout import plain
from fanfare.web.pages.rules_in_words import level_of, season_in_words

_A_PAGE, _WEEKS = 40, 12


async def recognised(desk: Desk, connection: AsyncConnection, member: str, before: int | None = None) -> shown.Recognised:
    """Return all that a member was awarded; of the latest those *before* a place."""
    held = await awards.profile(connection, member)
    found = await awards.awards_of(connection, member, before=before, limit=_A_PAGE + 1)
    older = f"{urls.fan(member)}?before={found[_A_PAGE - 1].place}#points" if len(found) > _A_PAGE else ""
    return shown.Recognised(
        points=held.points,
        tier=(held.tier.name or _(words.UNNAMED)) if held.tier else "",
        tier_award=held.tier.award if held.tier else "",
        titles=await titles(connection, held.titles),
        badges=[
            shown.Badge(
                each.emblem,
                each.level,
                each.levels,
                each.title or _(words.UNNAMED),
                each.award,
                level_of(each.level, each.levels),
            )
            for each in held.badges
        ],
        weeks=weeks(await fan_standings.weeks(connection, member, limit=_WEEKS), desk.now),
        latest=lines(found[:_A_PAGE], desk.streams.site.zone),
        older=older,
        places=await places(desk, connection, member, found) if held.in_standings else (),
        in_standings=held.in_standings,
    )


async def titles(connection: AsyncConnection, held: Iterable[awards.Title | Award]) -> list[shown.Title]:
    """Return titles with the contributions that justify them."""
    all_held = list(held)
    found = await contributions(connection, {each for one in all_held for each in one.because})
    return [
        shown.Title(
            award=each.award,
            words=(each.title if isinstance(each, Award) else each.words) or _(words.UNNAMED),
            by=each.by_name or _(words.GONE),
            since=each.at,
            reason=each.reason,
            because=[found[one] for one in each.because if one in found],
            until=each.until,
        )
        for each in all_held
    ]


async def contributions(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Action]:
    """Return ideas and comments that justify something, each with its page; by id, as far as they are known."""
    known = await moderation.in_words(connection, set(ids))
    about = await moderation.in_words(connection, {each.idea for each in known.values()})
    hidden = {each.content for each in (*known.values(), *about.values()) if each.is_hidden}
    return {each: _contribution(found, hidden) for each, found in known.items()}


def _contribution(found: moderation.Words, hidden: Container[str]) -> Action:
    is_hidden = found.content in hidden or found.idea in hidden
    title = _("an idea that is hidden") if is_hidden else found.title or _(words.UNNAMED)
    label = title if found.kind == "idea" else _("A comment on %(idea)s", idea=title)
    return Action(label, urls.idea(found.idea))


def spoken(found: moderation.Words) -> str:
    """Return an idea or a comment in a line, for a list to choose from."""
    title = found.title or _(words.UNNAMED)
    if found.kind == "idea":
        return title
    said = plain(found.text)
    return _("On %(idea)s: “%(words)s”", idea=title, words=said if len(said) <= 80 else said[:79] + "…")


def lines(found: Iterable[Award], zone: str) -> list[shown.AwardLine]:
    """Return awards in lines; points that a rule gave again and again on one day, in *zone*, are one line with its parts."""
    told = []
    for _key, run in groupby(
        found, key=lambda each: (each.kind, each.rule, each.at.astimezone(ZoneInfo(zone)).date(), each.stands)
    ):
        same = list(run)
        parts = [shown.AwardLine(each.award, headline(each), each.at, each.stands) for each in same]
        if same[0].kind == "points" and len(same) > 1:
            told.append(shown.AwardLine("", _sum_of(same), same[0].at, same[0].stands, parts))
        else:
            told += parts
    return told


def _sum_of(same: Sequence[Award]) -> str:
    points = sum(each.points for each in same)
    return ngettext(
        "%(count)s point: %(rule)s, %(times)s times",
        "%(count)s points: %(rule)s, %(times)s times",
        points,
        count=words.number(points),
        rule=same[0].rule_title or _(words.UNNAMED),
        times=words.number(len(same)),
    )


def headline(award: Award) -> str:
    """Return what an award is, in a line: `5 points: An idea raised`, `First spark, level 2`, `Taster`."""
    rule = award.rule_title or _(words.UNNAMED)
    match award.kind:
        case "points":
            said = words.number(award.points)
            return ngettext("%(count)s point: %(rule)s", "%(count)s points: %(rule)s", award.points, count=said, rule=rule)
        case "badge":
            return _("%(badge)s, level %(level)s", badge=rule, level=award.level)
        case "tier":
            return award.tier or _(words.UNNAMED)
        case _:
            return award.title or _(words.UNNAMED)


def weeks(found: Iterable[fan_standings.Week], now: datetime) -> list[shown.Week]:
    """Return the latest weeks up to this one with their points, those without any among them; nothing where there were none."""
    points = {each.begins_at.astimezone(UTC).date(): each.points for each in found}
    today = now.astimezone(UTC).date()
    mondays = [today - timedelta(days=today.weekday(), weeks=back) for back in reversed(range(_WEEKS))]
    if not any(points.get(each) for each in mondays):
        return []
    first = next(at for at, each in enumerate(mondays) if points.get(each))
    kept = mondays[min(first, _WEEKS - 4) :]
    noon = datetime.min.time().replace(hour=12, tzinfo=UTC)
    return [shown.Week(words.day(datetime.combine(each, noon), "UTC", now), points.get(each, 0)) for each in kept]


async def places(desk: Desk, connection: AsyncConnection, member: str, found: Iterable[Award]) -> list[shown.Place]:
    """Return where she stands in this season, and in the campaigns that she earned something in lately."""
    season = fan_standings.season_of(desk.now)
    told = [(await fan_standings.place_of(connection, member, season=season), season_in_words(season), urls.season(season))]
    titled = await campaign_titles(desk, connection)
    for campaign in dict.fromkeys(each.campaign for each in found if each.campaign in titled):
        place = await fan_standings.place_of(connection, member, campaign=campaign)
        told.append((place, titled[campaign or ""], urls.campaign_fans(campaign or "")))
    return [shown.Place(each.rank, each.points, of, href) for each, of, href in told if each.rank is not None]


async def campaign_titles(desk: Desk, connection: AsyncConnection) -> Mapping[str, str]:
    """Return the titles of the campaigns that are public, by id."""
    published = {each.id: each.title for each in desk.streams.campaigns.values() if each.id}
    found = await read(connection, list(published.values()))
    return {campaign: found.get(title) or _(words.UNNAMED) for campaign, title in published.items()}


async def honours(connection: AsyncConnection, members: Iterable[str]) -> Mapping[str, Honours]:
    """Return what stands beside the names of those of *members* who hold a tier or a title."""
    found = await awards.honours(connection, sorted(set(members)))
    return {member: Honours(each.tier, each.titles) for member, each in found.items()}


def in_short(name: str, held: shown.Recognised, ideas: int) -> str:
    """Return who a member is in a sentence, for whoever gets a link to her page."""
    told = [each.words for each in held.titles] + ([held.tier] if held.tier else [])
    if ideas:
        told.append(ngettext("one idea", "%(count)s ideas", ideas, count=words.number(ideas)))
    if held.points:
        told.append(ngettext("%(count)s point", "%(count)s points", held.points, count=words.number(held.points)))
    if held.badges:
        count = len(held.badges)
        told.append(ngettext("one badge", "%(count)s badges", count, count=words.words(count)))
    if not told:
        return _("%(name)s is here, and has not raised an idea yet.", name=name)
    return _("%(name)s: %(what)s.", name=name, what=words.listed(told))
