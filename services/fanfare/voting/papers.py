"""Papers: each voter's ballots in a round are numbered, and a number is claimed before its ballot is appended."""

import hashlib
from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.batch import Batcher
from fanfare.platform.singly import singly
from fanfare.views.projection import array, numbers

# The look at what is there stays a scalar: of an "exists" beside an "or" PostgreSQL would make a hash of the whole table.
CLAIM: LiteralString = """
    with new as (
        select * from unnest(%s::text[], %s::text[], %s::int[], %s::text[], %b::bytea[], %s::text[])
                      as rows (round, voter, number, event_id, key_hash, member)),
    claimed as (
        insert into desk.papers select round, voter, number, event_id, key_hash from new
         where number = 1 or (select true from desk.papers where papers.round = new.round and papers.voter = new.voter)
        on conflict (round, voter) do update
           set number = excluded.number, event_id = excluded.event_id, key_hash = excluded.key_hash
         where papers.number = excluded.number - 1 and papers.key_hash <> excluded.key_hash
        returning round, voter),
    part as (
        insert into vault.took_part select round, member from new join claimed using (round, voter) where number = 1
        on conflict do nothing)
    select round, voter from claimed
"""
PRESENT: LiteralString = """
    select round, voter, papers.number, event_id, key_hash
      from desk.papers join unnest(%s::text[], %s::text[]) as asked (round, voter) using (round, voter)
"""


class Claim(msgspec.Struct, frozen=True):
    """A voter hands in her paper of this number."""

    round: str
    voter: str
    member: str
    number: int
    event_id: str
    key: str

    @property
    def key_hash(self) -> bytes:
        """What is kept of the Idempotency-Key."""
        return hashlib.sha256(self.key.encode()).digest()


class Claimed(msgspec.Struct, frozen=True):
    """The number is hers."""


class Repeated(msgspec.Struct, frozen=True):
    """The very same request claimed it before; its ballot may or may not have been appended."""


class KeyTaken(msgspec.Struct, frozen=True):
    """Her latest ballot came with the same key and another body."""


class Outdated(msgspec.Struct, frozen=True):
    """She has handed in another paper since; *latest* is its number (0 where she has handed in none)."""

    latest: int


Answer = Claimed | Repeated | KeyTaken | Outdated


class Papers:
    """Claims numbers, many in one statement. Owned by one event loop; the table holds the truth for all processes."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        """Keep the papers in ``desk.papers``."""
        self._pool = pool
        self.claim: Batcher[Claim, Answer] = Batcher(self._claim)

    async def latest(self, round_id: str, voter: str) -> int:
        """Return the number of a voter's latest paper, 0 where she has handed in none."""
        query = "select number from desk.papers where round = %s and voter = %s"
        async with self._pool.connection() as connection:
            row = await (await connection.execute(query, (round_id, voter))).fetchone()
        return row[0] if row else 0

    async def holds(self, round_id: str, voter: str, event_id: str) -> bool:
        """Tell whether a voter's latest paper was handed in by this very request."""
        query = "select from desk.papers where round = %s and voter = %s and event_id = %s"
        async with singly(self._pool) as connection:
            return await (await connection.execute(query, (round_id, voter, event_id))).fetchone() is not None

    async def _claim(self, claims: Sequence[Claim]) -> Sequence[Answer]:
        answers: dict[int, Answer] = {}
        remaining = list(enumerate(claims))
        while remaining:
            firsts: dict[tuple[str, str], tuple[int, Claim]] = {}
            for place, claim in remaining:  # two papers of one voter cannot go through one statement
                firsts.setdefault((claim.round, claim.voter), (place, claim))
            # In one order everywhere: two APIs that claim for the same voters would else each wait for the other.
            answers.update(await self._claim_once([firsts[voter] for voter in sorted(firsts)]))
            remaining = [each for each in remaining if each[0] not in answers]
        return [answers[place] for place in range(len(claims))]

    async def _claim_once(self, numbered: Sequence[tuple[int, Claim]]) -> dict[int, Answer]:
        claims = [claim for _, claim in numbered]
        rounds, voters = [each.round for each in claims], [each.voter for each in claims]
        columns = (
            array(rounds),
            array(voters),
            numbers(each.number for each in claims),
            array([each.event_id for each in claims]),
            [each.key_hash for each in claims],
            array([each.member for each in claims]),
        )
        async with singly(self._pool) as connection:
            taken = set(await (await connection.execute(CLAIM, columns)).fetchall())
            present = {}
            if len(taken) < len(claims):
                found = await (await connection.execute(PRESENT, (rounds, voters))).fetchall()
                present = {(row[0], row[1]): (row[2], row[3], bytes(row[4])) for row in found}
        return {place: _answer(claim, taken, present.get((claim.round, claim.voter))) for place, claim in numbered}


def _answer(claim: Claim, taken: set[tuple[str, str]], present: tuple[int, str, bytes] | None) -> Answer:
    if (claim.round, claim.voter) in taken:
        return Claimed()
    if present is None:
        return Outdated(0)
    latest, event_id, key_hash = present
    if event_id == claim.event_id:
        return Repeated()
    return KeyTaken() if key_hash == claim.key_hash else Outdated(latest)
