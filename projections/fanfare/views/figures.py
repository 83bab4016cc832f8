"""Figures of the pages: how much there is of everything, and when rounds did what. No report is made from them."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection

TAGS: LiteralString = """
    select tag from ideas.ideas join ideas.versions using (idea, version) join record.texts on hash = tags
     cross join lateral unnest(string_to_array(text, ', ')) as tag
     where campaign = %s and not withdrawn and tag <> '' group by tag order by count(*) desc, tag limit %s
"""
IDEAS: LiteralString = """
    select count(*) from ideas.ideas join ideas.versions using (idea, version) left join record.texts on hash = tags
     where campaign = %(campaign)s and not withdrawn and (%(tag)s = '' or %(tag)s = any(string_to_array(lower(text), ', ')))
"""
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


async def ideas(connection: AsyncConnection, campaign: str, tag: str = "") -> int:
    """Return how many ideas of a campaign stand, with a tag or (empty) all."""
    row = await (await connection.execute(IDEAS, {"campaign": campaign, "tag": tag.lower()})).fetchone()
    return row[0] if row else 0


async def tags(connection: AsyncConnection, campaign: str, most: int = 12) -> list[str]:
    """Return the tags of a campaign's ideas, the most used first."""
    return [row[0] for row in await (await connection.execute(TAGS, (campaign, most))).fetchall()]


async def acts(connection: AsyncConnection, campaign: str) -> dict[str, int]:
    """Return how many lines of each kind the timeline of a campaign has."""
    query = "select kind, count(*) from timeline.acts where campaign = %s group by kind"
    return dict(await (await connection.execute(query, (campaign,))).fetchall())


async def moments(connection: AsyncConnection, campaign: str) -> dict[tuple[str, str], datetime]:
    """Return when each round of a campaign last did what: by its id and the wire name of the decision."""
    rows = await (await connection.execute(MOMENTS, (campaign,))).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


async def minutes(connection: AsyncConnection, event_ids: Sequence[str]) -> dict[str, datetime]:
    """Return the minute in which each of these ballots was cast; the record tells no more of a ballot's time."""
    query = "select event_id, minute::timestamptz from counted.ballots where event_id = any(%s)"
    return dict(await (await connection.execute(query, (list(event_ids),))).fetchall())


async def authors(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    """Return who raised each of these ideas, as she is called today; empty for one who left."""
    query = """select idea, coalesce(members.name, '') from ideas.ideas left join vault.members on members.id = author
                where idea = any(%s)"""
    return dict(await (await connection.execute(query, (list(ids),))).fetchall())
