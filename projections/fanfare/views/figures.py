"""Figures of the pages: how much there is of everything, and when rounds did what. No report is made from them."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.record.campaigns import RoundSealed

MOMENTS: LiteralString = """
    select round, wire, max(at) from timeline.acts
     where campaign = %s and kind = 'decision' and round is not null group by round, wire
"""


async def members(connection: AsyncConnection) -> int:
    """Return how many have joined this site."""
    row = await (await connection.execute("select count(*) from counted.members")).fetchone()
    return row[0] if row else 0


async def simulated(connection: AsyncConnection) -> int:
    """Return how many of the members are programs."""
    row = await (await connection.execute("select count(*) from vault.members where simulated")).fetchone()
    return row[0] if row else 0


async def ideas(connection: AsyncConnection, campaign: str) -> int:
    """Return how many ideas of a campaign stand: neither taken back nor hidden."""
    row = await (await connection.execute("select standing from ideas.tallies where campaign = %s", (campaign,))).fetchone()
    return row[0] if row else 0


async def acts(connection: AsyncConnection, campaign: str) -> dict[str, int]:
    """Return how many lines of each kind the timeline of a campaign has."""
    query = "select kind, lines from timeline.tallies where campaign = %s"
    return dict(await (await connection.execute(query, (campaign,))).fetchall())


async def moments(connection: AsyncConnection, campaign: str) -> dict[tuple[str, str], datetime]:
    """Return when each round of a campaign last did what: by its id and the wire name of the decision."""
    rows = await (await connection.execute(MOMENTS, (campaign,))).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def sealed_last(connection: AsyncConnection, rounds: Sequence[str]) -> str:
    """Return which of these rounds was sealed last; empty where none was."""
    query = """select round from timeline.acts where round = any(%s) and kind = 'decision' and wire = %s
                order by place desc limit 1"""
    row = await (await connection.execute(query, (list(rounds), RoundSealed.wire))).fetchone()
    return row[0] if row else ""


async def minutes(connection: AsyncConnection, event_ids: Sequence[str]) -> dict[str, datetime]:
    """Return the minute in which each of these ballots was cast; the record tells no more of a ballot's time."""
    query = "select event_id, minute::timestamptz from counted.ballots where event_id = any(%s)"
    return dict(await (await connection.execute(query, (list(event_ids),))).fetchall())


async def authors(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    """Return who raised each of these ideas, as she is called today; empty for one who left."""
    query = """select idea, coalesce(members.name, '') from ideas.ideas left join vault.members on members.id = author
                where idea = any(%s)"""
    return dict(await (await connection.execute(query, (list(ids),))).fetchall())
