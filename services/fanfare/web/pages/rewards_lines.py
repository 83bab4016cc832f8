"""What the pages of rewards have in common: who may take one, which draw it was won in, how far it has come."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

from psycopg import AsyncConnection

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.texts import read
from fanfare.record.rewards import FALLEN
from fanfare.rewards import reading
from fanfare.rewards.reading import MyOffer, Shelved, Shown
from fanfare.web import countries, urls, words
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.rewards import OfferLine, ThingLine
from fanfare.web.contexts.shell import Action

_TOLD = timedelta(days=30)
"""How long her page tells of an offer that fell."""
_FAR: Mapping[Shown, int] = {"accepted": 0, "prepared": 1, "sent": 2, "failed": 2, "arrived": 3}


def for_whom(found: Shelved) -> Sequence[str]:
    """Return what it takes to take one, in sentences."""
    said = []
    if found.min_age:
        said.append(_("From the age of %(years)s.", years=found.min_age))
    if found.guardian_below:
        said.append(_("Younger than %(years)s: a guardian consents.", years=found.guardian_below))
    if found.countries:
        said.append(_("In %(countries)s.", countries=words.listed([countries.named(each) for each in found.countries])))
    return said


async def draws_named(desk: Desk, connection: AsyncConnection, ids: set[str]) -> Mapping[str, Action]:
    """Return draws with their pages, by id."""
    found = {each: desk.streams.draws[each].announced.title for each in ids if each in desk.streams.draws}
    titles = await read(connection, list(found.values()))
    return {each: Action(titles.get(title) or _(words.UNNAMED), urls.draw(each)) for each, title in found.items()}


async def things(desk: Desk, connection: AsyncConnection, member: str) -> Sequence[ThingLine]:
    """Return what reached a member, for her page."""
    found = await reading.arrived(connection, desk.streams, member)
    return [ThingLine(each.title or _(words.UNNAMED), each.kind, each.reason, each.arrived_at) for each in found]


async def offers(desk: Desk, connection: AsyncConnection, member: str) -> Sequence[OfferLine]:
    """Return a member's offers, for her own page."""
    found = await reading.mine(connection, desk.streams, member, desk.now)
    return [offer_line(each) for each in found if each.state not in FALLEN or each.since > desk.now - _TOLD]


def due(desk: Desk) -> int:
    """Return how many wait for a host to hand them over."""
    found = (offer.state for reward in desk.streams.rewards.values() for offer in reward.offers.values())
    return sum(state in ("accepted", "prepared", "failed") for state in found)


def offer_line(found: MyOffer) -> OfferLine:
    """Return an offer as her own pages list it."""
    return OfferLine(
        id=found.id,
        title=found.reward.title or _(words.UNNAMED),
        state=standing(found.state, is_over=found.over),
        by=found.by_name or _(words.GONE),
        at=found.since,
        until=found.until,
    )


def standing(state: Shown, *, is_over: bool) -> Shown:
    """Return where an offer stands for whoever reads it: what was not answered in time has lapsed, also before it is written."""
    return "lapsed" if is_over else state


def way(found: MyOffer, since: str) -> Sequence[Step]:
    """
    Return the steps from her yes to her door; none before she took it, and none once it fell.

    Args:
        since: when it came to where it stands, in words.
    """
    told = _way_by_post(found) if found.reward.sent else _way(found)
    at = _FAR.get(found.state)
    if at is None:
        return ()
    last = len(told) - 1
    here = last if found.state == "arrived" else min(at, last - 1)
    is_lost = found.state == "failed"
    return [
        Step(title, since if number == here else line, _state(number - here, is_lost=is_lost))
        for number, (title, line) in enumerate(told)
    ]


def _way_by_post(found: MyOffer) -> Sequence[tuple[str, str]]:
    return (
        (_("You took it"), _("%(name)s offered it.", name=found.by_name or _(words.GONE))),
        (_("It is packed"), _("Whoever packs it sees your address; each look is noted.")),
        (_("It is on its way"), _("To the address that you gave.")),
        (_("You have it"), _("You say so, with one press.")),
    )


def _way(found: MyOffer) -> Sequence[tuple[str, str]]:
    here = _("You have it") if found.reward.kind == "thing" else _("You were there")
    return (
        (_("You took it"), _("%(name)s offered it.", name=found.by_name or _(words.GONE))),
        (_("It is prepared"), _("A host sees to it.")),
        (here, _("You say so, with one press.")),
    )


def _state(ahead: int, *, is_lost: bool) -> Literal["done", "now", "next", "failed"]:
    """Return the state of a step that is so far *ahead* of where the offer stands."""
    if ahead == 0 and is_lost:
        return "failed"
    if ahead <= 0:
        return "done"
    return "now" if ahead == 1 and not is_lost else "next"
