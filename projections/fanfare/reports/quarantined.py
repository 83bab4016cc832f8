"""The SQL counter's quarantine: which rounds the rows concern that cannot be read. It shares no code with the pure one."""

from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.campaigns import Campaign, PassedOver, Round, RoundRuled
from fanfare.record.position import Position
from fanfare.reports.quarantine import Unread

MOST_SHOWN = 100

OF_ROUND: LiteralString = """
    with standing as (
        select kept.* from counted.quarantined as kept
          left join counted.markers on markers.terms = %(terms)s and markers.partition = kept.partition and kept.partition > 0
         where (kept.partition = 0 or kept.partition = any(%(partitions)s))
           and (markers.terms is null or (kept."offset", kept.index) < (markers."offset", markers.index))
           and (%(sealed)s::bigint[] is null or kept."offset" < (%(sealed)s::bigint[])[kept.partition + 1])),
    known as (
        select hash as name, round, null as campaign from counted.terms
        union all select idea, round, null from counted.ideas where idea in (select unnest(names) from standing)
        union all select round, round, null from counted.decisions where wire = 'fanfare.round.planned.v1'
        union all select id, null, id from counted.campaigns),
    named as (
        select partition, "offset", index, bool_or(round is not null) as a_round,
               coalesce(bool_or(round = %(round)s), false) as this_round,
               bool_and(campaign is distinct from %(campaign)s) as another_campaign
          from standing cross join unnest(names) as name join known using (name)
         group by partition, "offset", index),
    concerned as (
        select partition, "offset", index, sha256 from standing left join named using (partition, "offset", index)
         where case when a_round then this_round
                    else another_campaign is not true
                     and "offset" >= coalesce((%(moment)s::bigint[])[partition + 1], 0) end),
    first as (
        select distinct on (partition, sha256) * from concerned order by partition, sha256, "offset", index)
    select partition, "offset", index, sha256 from first order by 1, 2, 3
"""
LATEST: LiteralString = """
    select partition, "offset", index, sha256, why from counted.quarantined
     order by "offset" desc, partition, index desc limit %(most)s
"""
RULED: LiteralString = """
    select passed ->> 'position', passed ->> 'sha256', round, at, texts.text
      from timeline.acts cross join jsonb_array_elements(details -> 'events') as passed
      left join record.texts on texts.hash = details ->> 'reason'
     where wire = %(wire)s and passed ->> 'position' = any(%(positions)s) order by at
"""


async def of_round(connection: AsyncConnection, found: Round) -> tuple[Unread, ...]:
    """Return what cannot be read and may be of a round, in record order; of equal bytes in one partition, the first."""
    if found.terms is None or found.status == "void":
        return ()
    values = {
        "terms": found.terms_hash,
        "partitions": list(found.terms.partitions),
        "sealed": list(found.sealed.moment) if found.sealed else None,
        "moment": list(found.moment),
        "round": found.id,
        "campaign": found.terms.campaign,
    }
    rows = await (await connection.execute(OF_ROUND, values)).fetchall()
    return tuple(Unread(Position(partition, offset, index), sha256) for partition, offset, index, sha256 in rows)


async def waiting(connection: AsyncConnection, found: Round) -> tuple[PassedOver, ...]:
    """Return what may be of a round, cannot be read, and waits for a host's ruling: while there is any, it is not sealed."""
    unread = [PassedOver(position=str(each.position), sha256=each.sha256) for each in await of_round(connection, found)]
    return tuple(each for each in unread if each not in found.ruled)


class Ruled(msgspec.Struct, frozen=True):
    """A host's ruling on an event that cannot be read."""

    round: str
    at: datetime
    reason: str
    """Empty where the text was erased."""


class Quarantined(msgspec.Struct, frozen=True):
    """An event of the record that cannot be read."""

    position: Position
    sha256: str
    """Of its bytes as they are stored."""
    why: str
    rounds: tuple[str, ...]
    """The rounds that it may be of and that are not sealed: each waits for a ruling, unless there is one."""
    rulings: tuple[Ruled, ...]


async def quarantined(connection: AsyncConnection) -> list[Quarantined]:
    """Return what cannot be read in the whole record, the latest of each partition first, at most 100, with its rulings."""
    rows = await (await connection.execute(LATEST, {"most": MOST_SHOWN})).fetchall()
    if not rows:
        return []
    concerned = await _concerned(connection)
    positions = [str(Position(*row[:3])) for row in rows]
    ruled: dict[tuple[str, str], list[Ruled]] = {}
    values = {"wire": RoundRuled.wire, "positions": positions}
    for position, sha256, round_id, at, reason in await (await connection.execute(RULED, values)).fetchall():
        ruled.setdefault((position, sha256), []).append(Ruled(round_id, at, reason or ""))
    return [
        Quarantined(
            Position(*row[:3]),
            sha256=row[3],
            why=row[4],
            rounds=concerned.get((position, row[3]), ()),
            rulings=tuple(ruled.get((position, row[3]), ())),
        )
        for position, row in zip(positions, rows, strict=True)
    ]


async def _concerned(connection: AsyncConnection) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the rounds that wait, by position and digest of what they wait for a ruling on."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    states = await (await connection.execute("select state from counted.campaigns")).fetchall()
    for (state,) in states:
        for each in msgspec.json.decode(state, type=Campaign).rounds:
            if each.status in ("open", "closing", "closed"):
                for passed in await waiting(connection, each):
                    at = (passed.position, passed.sha256)
                    found[at] = (*found.get(at, ()), each.id)
    return found
