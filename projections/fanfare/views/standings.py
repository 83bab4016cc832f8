"""The live leaderboard: who is ahead, kept up to date with every batch of ballots."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.counting.method import METHODS
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.campaigns import RoundOpened
from fanfare.record.terms import hash_terms, slot
from fanfare.views.projection import Projection, Seen, array, numbers

SCHEMA = """
create table rounds (
    terms text collate "C" primary key, round text collate "C" unique not null, method text not null, most integer not null,
    options text[] not null, partitions integer[] not null, closed integer[] not null default '{}',
    counted bigint not null default 0
);
create table choices (
    terms text collate "C", voter text collate "C", number integer not null, options text[] not null, primary key (terms, voter)
) with (fillfactor = 80);
create table scores (
    terms text collate "C", option text collate "C", place integer not null,
    votes bigint not null default 0, primary key (terms, option)
) with (fillfactor = 50);
"""

# One statement for a whole batch: the highest number of each voter against what she had before; the difference goes to scores.
# What she had is joined once: a batch joined with itself, by a plan that was made for few rows, takes the square of its size.
CAST: LiteralString = """
    with new as (
        select distinct on (terms, voter) terms, voter, number, options::text[] as options
          from unnest(%s::text[], %s::text[], %s::int[], %s::text[]) with ordinality
               as rows (terms, voter, number, options, place)
         order by terms, voter, number desc, place),
    newer as (
        select terms, voter, new.number, new.options, choices.options as before
          from new left join choices using (terms, voter) where choices.number is null or new.number > choices.number),
    kept as (
        insert into choices select terms, voter, number, options from newer
        on conflict (terms, voter) do update set number = excluded.number, options = excluded.options),
    change as (
        select terms, option, sum(weight) as weight from (
            select terms, unnest(options) as option, 1 as weight from newer
            union all
            select terms, unnest(before), -1 from newer) as weights
         group by terms, option),
    scored as (
        update scores set votes = scores.votes + change.weight from change
         where scores.terms = change.terms and scores.option = change.option and change.weight <> 0)
    update rounds set counted = rounds.counted + fresh.count
      from (select terms, count(*) filter (where before is null) as count from newer group by terms) as fresh
     where rounds.terms = fresh.terms
"""


class _Rules(msgspec.Struct, frozen=True):
    method: str
    most: int
    offered: frozenset[str]
    partitions: tuple[int, ...]
    closed: frozenset[int]

    def admits(self, partition: int, event: BallotCast) -> bool:
        """Tell whether the ballot counts if it is its voter's latest."""
        return (
            partition not in self.closed
            and bool(self.partitions)
            and slot(event.voter, self.partitions) == partition
            and METHODS[self.method].valid(event.choice, self.offered, self.most)
        )


async def _rules(connection: AsyncConnection, hashes: set[str]) -> dict[str, _Rules]:
    query = "select terms, method, most, options, partitions, closed from rounds where terms = any(%s)"
    rows = await (await connection.execute(query, (sorted(hashes),))).fetchall()
    return {row[0]: _Rules(row[1], row[2], frozenset(row[3]), tuple(row[4]), frozenset(row[5])) for row in rows}


async def _open(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for _, recorded in seen:
        if not isinstance(recorded.event, RoundOpened) or not recorded.event.terms.partitions:
            continue
        terms = recorded.event.terms
        hashed, options = hash_terms(terms), [option.id for option in terms.options]
        row = await (
            await connection.execute(
                "insert into rounds values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning terms",
                (hashed, terms.round, terms.plan.method, terms.plan.most, options, list(terms.partitions)),
            )
        ).fetchone()
        if row:
            await connection.execute(
                "insert into scores select %s, option, place from unnest(%s::text[]) with ordinality as new (option, place)",
                (hashed, options),
            )


async def _cast(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    ballots = [(at.partition, each.event) for at, each in seen if isinstance(each.event, BallotCast)]
    rules = await _rules(connection, {event.terms for _, event in ballots})
    cast = [event for partition, event in ballots if event.terms in rules and rules[event.terms].admits(partition, event)]
    if cast:
        options = ["{" + ",".join(each.choice.options) + "}" for each in cast]  # an option's id needs no escaping
        numbered = numbers(each.number for each in cast)
        terms, voters = array([each.terms for each in cast]), array([each.voter for each in cast])
        await connection.execute(CAST, (terms, voters, numbered, array(options)))


async def _close(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for at, recorded in seen:
        if isinstance(recorded.event, BallotsClosed):
            await connection.execute(
                """update rounds set closed = array(select distinct unnest(closed || %s) order by 1)
                    where terms = %s and not %s = any(closed)""",
                ([at.partition], recorded.event.terms, at.partition),
            )


STANDINGS = Projection(
    name="standings", version=1, schema=SCHEMA, on={RoundOpened: _open, BallotCast: _cast, BallotsClosed: _close}
)


class Scores(msgspec.Struct, frozen=True):
    """The figures of a round, now."""

    counted: int
    options: tuple[str, ...]
    """In the order in which ties fall."""
    votes: dict[str, int]


async def scores(connection: AsyncConnection, round_id: str) -> Scores:
    """Return the figures of a ballot round; all empty before it opens."""
    query = """select counted, option, votes from standings.rounds join standings.scores using (terms)
                where round = %s order by place"""
    rows = await (await connection.execute(query, (round_id,))).fetchall()
    return Scores(rows[0][0] if rows else 0, tuple(row[1] for row in rows), {row[1]: row[2] for row in rows})


async def closed_partitions(connection: AsyncConnection, round_id: str) -> frozenset[int]:
    """Return the partitions of a round whose marker was read back."""
    row = await (await connection.execute("select closed from standings.rounds where round = %s", (round_id,))).fetchone()
    return frozenset(row[0]) if row else frozenset()
