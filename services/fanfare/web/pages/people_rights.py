"""Fans with rights, on the page of people and roles: given with a scope, an end and a reason; ended with a reason."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import get_args
from zoneinfo import ZoneInfo

from fanfare.members import powers
from fanfare.members.power_reading import shown
from fanfare.members.powers import Grant
from fanfare.members.refusals import PowerRefused
from fanfare.platform import texts
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Acknowledged, Desk
from fanfare.platform.edge import asked
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.record.kinds import canonical, digest
from fanfare.record.powers import May
from fanfare.web import words
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.rights import GivenRight
from fanfare.web.pages.by_right import does
from fanfare.web.pages.typed import Fields, key_of

KINDS = (
    Choice("moderate", marked("Moderate: see what is reported, and hide it")),
    Choice("curate", marked("Curate: answer ideas for the brand")),
    Choice("host", marked("Host: run the rounds of one campaign, and answer its ideas")),
    Choice("welcome", marked("Welcome newcomers")),
)


async def give(desk: Desk, admin: Caller, fields: Fields) -> Acknowledged:
    """Give a fan a right. Raises: PowerRefused, MemberNotFound, CampaignNotFound, PowerHeld, TextRefused, Overtaken, Busy."""
    wanted = Grant(
        member=fields.get("member", "")[:40],
        may=_may(fields),
        campaign=fields.get("campaign", "")[:64] or None,
        until=_end_of_day(fields.get("until", ""), desk.streams.site.zone),
        reason=fields.get("reason", ""),
    )
    asking = asked(admin, "grant-power", wanted.member, key_of(fields), _digest(fields, "may", "campaign", "until", "reason"))
    return (await powers.grant(desk, asking, wanted))[1]


async def end(desk: Desk, admin: Caller, fields: Fields) -> Acknowledged:
    """End a right, for a reason. Raises: PowerNotFound, PowerHasEnded, TextRefused, Overtaken, Busy."""
    power = fields.get("power", "")[:40]
    asking = asked(admin, "end-power", power, key_of(fields), _digest(fields, "power", "reason"))
    return await powers.end(desk, asking, power, texts.checked(fields.get("reason", ""), marked("reason"), texts.LINE))


def _may(fields: Fields) -> May:
    for may in get_args(May):
        if fields.get("may") == may:
            found: May = may
            return found
    raise PowerRefused(_("Choose what the fan may do."), field="may")


def _end_of_day(text: str, zone: str) -> datetime:
    """Return the last second of a day on the clock of the site. Raises: PowerRefused."""
    try:
        day = datetime.strptime(text.strip()[:10], "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise PowerRefused(_("Choose the day on which it ends."), field="until") from error
    return datetime.combine(day.date(), time(23, 59, 59), day.tzinfo)


def _digest(fields: Fields, *names: str) -> str:
    return digest(canonical([fields.get(name, "") for name in names]))


async def given(desk: Desk) -> list[GivenRight]:
    """Return the rights of fans that hold now, the one that ends first before the others."""
    held = sorted((each for each in desk.streams.powers.granted.values() if each.holds(desk.now)), key=lambda each: each.ends)
    return [
        GivenRight(
            id=each.id,
            member=each.member,
            name=each.name or _(words.GONE),
            does=does(each.may, each.title),
            until=each.until,
            since=each.since,
            by=each.by_name or _(words.GONE),
            reason=each.reason,
        )
        for each in await shown(desk, held)
    ]


async def places(desk: Desk) -> Sequence[Choice]:
    """Return where a right may hold: on the whole site, or in a public campaign, the latest first."""
    public = [each for each in desk.streams.campaigns.values() if each.id][::-1]
    async with desk.pool.connection() as connection:
        titles = await texts.read(connection, [each.title for each in public])
    named = [Choice(each.id, titles.get(each.title, "") or _(words.UNNAMED)) for each in public]
    return [Choice("", _("The whole site")), *named]
