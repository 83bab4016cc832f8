"""Joining: a member is written into the vault first, then the record hears of her."""

import asyncio
from collections.abc import Sequence

from fanfare.members import address, arriving, sessions, vault
from fanfare.members.refusals import NotASimulation, SiteNotFounded
from fanfare.platform import texts
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.language import marked
from fanfare.record.members import MemberJoined
from fanfare.record.position import Position
from fanfare.record.site import SiteFounded

NAME = 60
"""The most characters of a member's name."""


def checked_name(name: str) -> str:
    """Return *name* as it may be shown. Raises: TextRefused."""
    return texts.checked(name, marked("name"), NAME)


async def record_joined(desk: Desk, members: Sequence[str]) -> list[Position]:
    """
    Append that these members joined. The ids of the events follow from theirs, so doing it twice changes nothing.

    A crash before the note leaves them to be appended again at their next sign-in, or by :func:`finish_joins`.
    """
    asked = [Asked(actor=member, command="join", target=member, key="") for member in members]
    done = await asyncio.gather(*(desk.publish(each, [MemberJoined(member=each.actor)], subject=each.actor) for each in asked))
    async with desk.pool.connection() as connection:
        await vault.note_recorded(connection, members)
    return [each.position for each in done]


async def finish_joins(desk: Desk) -> int:
    """Append the joins that a crash cut short, and return how many there were; for the start of the site."""
    async with desk.pool.connection() as connection:
        left = await vault.unrecorded(connection)
    if left:
        await record_joined(desk, left)
    return len(left)


async def join(desk: Desk, name: str, *, email: str | None = None, simulated: bool = False, brought_by: str = "") -> str:
    """
    Make somebody a member and return her id; the address of a member returns hers.

    Args:
        brought_by: by whose link a newcomer came, where it is to be credited.

    Raises:
        TextRefused, AddressRefused: the name or the address cannot be taken.
        SiteNotFounded: nobody can join before.
        NotASimulation: simulated fans exist only on a site that was founded as a simulation.
        Busy: she is in the vault and joins the record later.
    """
    founded = await founding(desk)
    if simulated and not founded.simulation:
        raise NotASimulation
    new = vault.new_member(checked_name(name) if name else "", None if email is None else address.normalised(email))
    async with desk.pool.connection() as connection:
        await vault.add(connection, [new], simulated=simulated)
        known = None if new.email is None else await vault.by_email(connection, new.email)
        if brought_by and not (known and known.recorded):
            await arriving.arrived(connection, known.id if known else new.id, brought_by)
    if known is None or not known.recorded:
        await record_joined(desk, [known.id if known else new.id])
    return known.id if known else new.id


async def join_many(desk: Desk, names: Sequence[str]) -> list[tuple[str, str]]:
    """
    Make simulated fans in one go: two statements and as few entries as hold their events.

    Returns:
        Each one's member id and bearer token, in the order of *names*.

    Raises:
        TextRefused, NotASimulation, SiteNotFounded, Busy.
    """
    if not (await founding(desk)).simulation:
        raise NotASimulation
    new = [vault.new_member(checked_name(name)) for name in names]
    async with desk.pool.connection() as connection:
        await vault.add(connection, new, simulated=True)
    ids = [each.id for each in new]
    await record_joined(desk, ids)
    async with desk.pool.connection() as connection:
        tokens = await sessions.open_many(connection, ids, "token", "simulation")
    return list(zip(ids, tokens, strict=True))


async def founding(desk: Desk) -> SiteFounded:
    """Return how the site was founded: nothing may stand before that in the record. Raises: SiteNotFounded."""
    if desk.streams.site.founded is None:
        await desk.catch_up()
    if desk.streams.site.founded is None:
        raise SiteNotFounded
    return desk.streams.site.founded
