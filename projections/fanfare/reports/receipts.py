"""Receipts: what became of one ballot, and what counts for one voter now."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.position import Position

_BEHIND_ALL = 2**62
Row = tuple[str, int, int, int, str, str, int, bool, int]


class BallotFound(msgspec.Struct, frozen=True):
    """A ballot in the record. Its choice is not told, so no receipt can sell a vote."""

    event_id: str
    position: Position
    terms: str
    voter: str
    number: int
    late: bool
    replaced: bool
    """A ballot of hers with a higher number counts instead."""
    void: bool
    """It cannot count: astray, or not a choice of this round."""

    @property
    def place(self) -> int:
        """Return one number for its place among its voter's ballots; there are fewer than 2**8 partitions."""
        return self.number << 8 | self.position.partition

    @property
    def state(self) -> str:
        """Return late, void, replaced or counted."""
        if self.late:
            return "late"
        if self.void:
            return "void"
        return "replaced" if self.replaced else "counted"


_BALLOTS: LiteralString = """
    select ballots.event_id, ballots.partition, ballots."offset", ballots.index, ballots.terms, ballots.voter, ballots.number,
           coalesce((ballots."offset", ballots.index) > (markers."offset", markers.index), false), coalesce(choices.number, 0)
      from counted.ballots left join counted.markers using (terms, partition)
      left join standings.choices on choices.terms = ballots.terms and choices.voter = ballots.voter
"""


async def find(connection: AsyncConnection, event_id: str) -> BallotFound | None:
    """Return the ballot of that id; none where no such ballot was read yet."""
    rows = await connection.execute(_BALLOTS + " where event_id = %s limit 1", (event_id,))
    return next((_found(row) for row in await rows.fetchall()), None)


async def find_all(connection: AsyncConnection, event_ids: Sequence[str]) -> dict[str, BallotFound]:
    """Return those of the ballots that were read, by their ids."""
    rows = await connection.execute(_BALLOTS + " where event_id = any(%s)", (list(event_ids),))
    return {each.event_id: each for each in map(_found, await rows.fetchall())}


async def of_voter(
    connection: AsyncConnection, terms_hash: str, voter: str, *, before: int | None = None, limit: int = 100
) -> list[BallotFound]:
    """Return a voter's ballots in a round, the latest first, also one that she never cast; those behind the place *before*."""
    query = """ where ballots.terms = %s and ballots.voter = %s and (ballots.number::bigint << 8 | ballots.partition) < %s
                order by ballots.number desc, ballots.partition desc limit %s"""
    rows = await connection.execute(_BALLOTS + query, (terms_hash, voter, _BEHIND_ALL if before is None else before, limit))
    return [_found(row) for row in await rows.fetchall()]


async def counting(connection: AsyncConnection, terms_hash: str, voter: str) -> BallotFound | None:
    """Return the ballot of a voter that counts now; none where there is none."""
    query = " where ballots.terms = %s and ballots.voter = %s and ballots.number = choices.number"
    rows = await connection.execute(_BALLOTS + query, (terms_hash, voter))
    return next((each for row in await rows.fetchall() if (each := _found(row)).state == "counted"), None)


async def papers(connection: AsyncConnection, terms_hash: str, voter: str) -> int:
    """Return how many ballots a voter has in a round."""
    query = "select count(*) from counted.ballots where terms = %s and voter = %s"
    row = await (await connection.execute(query, (terms_hash, voter))).fetchone()
    return int(row[0]) if row else 0


def _found(row: Row) -> BallotFound:
    event_id, partition, offset, index, terms, voter, number, late, counts = row
    position = Position(partition, offset, index)
    replaced, void = not late and counts > number, not late and counts < number
    return BallotFound(event_id, position, terms, voter, number, late=late, replaced=replaced, void=void)


async def counting_choice(connection: AsyncConnection, terms_hash: str, voter: str) -> tuple[str, ...]:
    """Return the options of the ballot that counts for a voter now; empty where there is none."""
    query = "select options from standings.choices where terms = %s and voter = %s"
    row = await (await connection.execute(query, (terms_hash, voter))).fetchone()
    return tuple(row[0]) if row else ()


async def joined_before_opening(connection: AsyncConnection, round_id: str, member: str) -> bool:
    """Tell whether a member had joined when the round opened."""
    query = """select members.at < rounds.opened_at from counted.members, counted.rounds where member = %s and round = %s"""
    row = await (await connection.execute(query, (member, round_id))).fetchone()
    return bool(row and row[0])
