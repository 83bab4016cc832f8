"""Whether somebody is of the electorate of a round that is open, as the SQL counter knows it."""

from psycopg import AsyncConnection

from fanfare.record.campaigns import Round
from fanfare.record.terms import circle_of
from fanfare.reports.receipts import joined_before_opening

CIRCLED = """
    select exists (select from counted.could_vote where could_vote.round = rounds.round and member = %s)
      from counted.circle_rounds as rounds where round = %s
"""


async def admits(connection: AsyncConnection, found: Round, member: str) -> bool | None:
    """
    Tell whether a member may take part in a round that has opened; none where these tables have not read its opening yet.

    In a round of a circle may vote who belonged at any time since it opened: exactly those whom its report counts, so there are
    never more voters than that. Who was in and left may still change her ballot.
    """
    if found.plan.electorate == "members":
        return True
    if not circle_of(found.plan.electorate):
        return await joined_before_opening(connection, found.id, member)
    row = await (await connection.execute(CIRCLED, (member, found.id))).fetchone()
    return bool(row[0]) if row else None
