"""Mail about powers: when one is given, a week before its end, and when somebody else ends it."""

from datetime import datetime, timedelta

from fanfare.members import notices, vault
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.language import marked
from fanfare.platform.texts import read
from fanfare.record.powers import Power

PAGE = "/me/rights"
"""Where she sees what she may do, and lays it down."""
AHEAD = timedelta(days=7)
"""How long before its end she is told that it ends; a power of at most that is told of once."""
EVERYWHERE = {
    "curate": marked("the right to answer ideas for the brand"),
    "moderate": marked("the right to moderate"),
    "welcome": marked("the right to welcome newcomers"),
}
HERE = {
    "host": marked("the right to host “%(campaign)s”"),
    "curate": marked("the right to answer ideas in “%(campaign)s”"),
    "moderate": marked("the right to moderate in “%(campaign)s”"),
}


def right(may: str, campaign: str | None) -> str:
    """Return a power as a noun; *campaign* is the title of the one it holds in, none for the whole site."""
    return _(EVERYWHERE[may]) if campaign is None else _(HERE[may], campaign=campaign)


async def title_of(desk: Desk, campaign: str | None) -> str | None:
    """Return the title of a campaign; none where none is named."""
    found = desk.streams.campaigns.get(campaign or "")
    if found is None:
        return None
    async with desk.pool.connection() as connection:
        return (await read(connection, [found.title])).get(found.title, "")


async def tell_granted(desk: Desk, power: Power, reason: str) -> None:
    """Tell a fan what she may do from now on, who gave it to her and why. It comes after the record."""
    granted = power.granted
    async with desk.pool.connection() as connection:
        giver = await vault.by_id(connection, granted.by)
    named = right(granted.may, await title_of(desk, granted.campaign))
    by = giver.name if giver else _("An admin")
    said = _("%(by)s gave you %(right)s, until %(until)s.", by=by, right=named, until=_when(granted.until))
    foot = _("What you do with it is public, with your name. See what it opens, or lay it down, here:")
    body = f"{said} {reason}\n\n{foot}\n{desk.source}{PAGE}"
    await notices.tell_member(desk.pool, granted.member, _("You have a new right"), body, f"power:{granted.power}")


async def tell_ended(desk: Desk, power: Power, reason: str) -> None:
    """Tell a fan that somebody ended her power before its time, and why. It comes after the record."""
    granted = power.granted
    named = right(granted.may, await title_of(desk, granted.campaign))
    said = _("You no longer have %(right)s: %(reason)s", right=named, reason=reason)
    body = f"{said}\n\n{_('What you did with it stays. Thank you for it.')}\n{desk.source}{PAGE}"
    await notices.tell_member(desk.pool, granted.member, _("A right of yours has ended"), body, f"power-ended:{granted.power}")


async def remind(desk: Desk, now: datetime | None = None) -> None:
    """Tell everybody whose power ends within a week of *now*, once. Mail is kept for longer than that, so its key holds."""
    await desk.catch_up()
    now = now or desk.now
    for power in list(desk.streams.powers.granted.values()):
        granted = power.granted
        if power.holds(now) and granted.until - AHEAD <= now and granted.until - power.since > AHEAD:
            named = right(granted.may, await title_of(desk, granted.campaign))
            said = _("You have %(right)s until %(until)s.", right=named, until=_when(granted.until))
            body = f"{said} {_('After that it ends by itself.')}\n\n{desk.source}{PAGE}"
            await notices.tell_member(
                desk.pool, granted.member, _("A right of yours ends soon"), body, f"power-ends:{granted.power}"
            )


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
