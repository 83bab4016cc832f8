"""Turns: of one member and one matter each press has its own number, in the order of the presses, whichever process took them."""

from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.platform.refusals import Refusal
from fanfare.record.kinds import LAST_TURN

NEXT: LiteralString = """
    insert into desk.papers as present (round, voter, number, event_id, key_hash)
    values (%(about)s, %(member)s, case when %(parity)s = 0 then 2 else 1 end, %(event)s, '')
    on conflict (round, voter) do update
       set number = case when present.event_id = excluded.event_id then present.number
                         when present.number %% 2 = %(parity)s then present.number + 2
                         else present.number + 1 end,
           event_id = excluded.event_id
     where present.number + (present.number %% 2 = %(parity)s)::integer < %(most)s or present.event_id = excluded.event_id
    returning number
"""
LATEST: LiteralString = "select number from desk.papers where round = %s and voter = %s"


class TurnsSpent(Refusal):
    """You have pressed this as often as it can be counted."""

    code, advice = "turns-spent", "What you pressed last stands."


async def next_turn(
    connection: AsyncConnection, about: str, member: str, event_id: str, *, parity: int | None = None, most: int = LAST_TURN
) -> int:
    """
    Claim the next turn of a member, from 1, in the connection's transaction; it is to be committed before the event is appended.

    The event that made the latest turn has the same one again, so a crash between the two, or a request that comes twice,
    leaves one turn. Two who ask at once get two.

    Args:
        about: whose turns they are, beside the member's: an idea, a draw, or a matter's name.
        event_id: of the event that tells it.
        parity: 1 for the next odd turn, 0 for the next even one.
        most: the last turn there is.

    Raises:
        TurnsSpent.
    """
    asking = {"about": about, "member": member, "event": event_id, "parity": -1 if parity is None else parity, "most": most}
    row = await (await connection.execute(NEXT, asking)).fetchone()
    if row is None:
        raise TurnsSpent
    return int(row[0])


async def latest_turn(connection: AsyncConnection, about: str, member: str) -> int:
    """Return a member's latest turn, 0 where she has none."""
    row = await (await connection.execute(LATEST, (about, member))).fetchone()
    return int(row[0]) if row else 0
