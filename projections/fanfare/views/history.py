"""The leaderboard's history: samples that the worker takes while a round is open. A view of convenience, as reported."""

from datetime import datetime

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.record.campaigns import Round
from fanfare.views.board import board


class Sample(msgspec.Struct, frozen=True):
    """The figures at one time."""

    at: datetime
    counted: int
    votes: dict[str, int]


async def sample(connection: AsyncConnection, found: Round) -> None:
    """Keep the figures of a round, where they changed since the last sample. Of a round of ideas only the leading twenty."""
    now = await board(connection, found)
    votes = {each.option: each.votes for each in now.result.ranking[:20]}
    await connection.execute(
        """insert into desk.history (round, at, counted, votes) select %(round)s, clock_timestamp(), %(counted)s, %(votes)s
            where %(votes)s is distinct from (select votes from desk.history where round = %(round)s order by at desc limit 1)""",
        {"round": found.id, "counted": now.counted, "votes": Jsonb(votes)},
    )


async def samples(connection: AsyncConnection, round_id: str, most: int = 120) -> list[Sample]:
    """Return at most *most* samples of a round, evenly chosen, the earliest first; the last one is always among them."""
    query = """
        with numbered as (
            select at, counted, votes, row_number() over (order by at) as place, count(*) over () as total
              from desk.history where round = %(round)s)
        select at, counted, votes from numbered
         where place = total or place %% greatest(1, ceil(total::numeric / %(most)s)::int) = 0 order by at
    """
    rows = await (await connection.execute(query, {"round": round_id, "most": most})).fetchall()
    return [Sample(*row) for row in rows]
