"""What voters are told by mail: that their round was voided or extended, and why."""

from collections.abc import Awaitable, Callable

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.texts import read
from fanfare.record.campaigns import Round

Tell = Callable[[str, str, str, str], Awaitable[object]]
"""Tells those who voted in a round: round id, subject, body, and what names the occasion, so that nobody is told twice."""


async def announce(desk: Desk, tell: Tell) -> None:
    """Tell the voters of every round that was voided or extended, once for each occasion."""
    await desk.catch_up()
    for campaign in list(desk.streams.campaigns.values()):
        for found in campaign.rounds:
            if found.terms and (found.status == "void" or found.extended):
                await _announce(desk, found, tell)


async def _announce(desk: Desk, found: Round, tell: Tell) -> None:
    async with desk.pool.connection() as connection:
        words = await read(connection, [found.plan.name, found.reason])
    name, reason = words.get(found.plan.name) or _("the round"), words.get(found.reason, "")
    if found.status == "void":
        said = _("The round “%(name)s”, in which you voted, was given up: %(reason)s", name=name, reason=reason)
        body = f"{said}\n\n{_('Your ballot stays in the record.')}"
        await tell(found.id, _("“%(name)s” has no result", name=name), body, f"{found.id}:void")
        return
    until = f"{found.closes_at:%Y-%m-%d %H:%M} UTC" if found.closes_at else _("later")
    said = _("The round “%(name)s”, in which you voted, closes later: %(until)s.", name=name, until=until)
    body = f"{said} {reason}\n\n{_('You can change your ballot until then.')}"
    await tell(found.id, _("“%(name)s” closes later", name=name), body, f"{found.id}:extended:{found.extended}")
