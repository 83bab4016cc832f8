"""Electing: who may take part in a round, asked before a paper, a ballot, an idea or support."""

from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import NotYetThere
from fanfare.record.campaigns import Round
from fanfare.record.terms import circle_of
from fanfare.reports import electorate
from fanfare.voting.refusals import NotInElectorate


async def demand(desk: Desk, found: Round, member: str) -> None:
    """
    Refuse whoever is not of the electorate of a round that is open.

    Raises:
        NotInElectorate.
        NotYetThere: the round opened a moment ago, and who may take part was not read yet.
    """
    if found.plan.electorate == "members":
        return
    async with desk.pool.connection() as connection:
        admitted = await electorate.admits(connection, found, member)
    if admitted is None:
        message = _("This round opened a moment ago. Try again in a second.")
        raise NotYetThere(message)
    if not admitted:
        raise refused(found)


def refused(found: Round) -> NotInElectorate:
    """Return the refusal of somebody who is not of the electorate of a round."""
    if not circle_of(found.plan.electorate):
        return NotInElectorate()
    message = _("Only who belongs to this round’s circle may take part in it. The page of the circle says how to get in.")
    return NotInElectorate(message)
