"""Draws: who wishes to be drawn, who was, what the drawn ones said, and what one member entered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.lots.seats import Answer, Seat, seats_at
from fanfare.record.draws import (
    Draw,
    DrawAnnounced,
    DrawDone,
    DrawEntered,
    DrawLeft,
    DrawVoided,
    EntrantsFixed,
    SeatAccepted,
    SeatDeclined,
)
from fanfare.record.envelope import Recorded
from fanfare.views.projection import Projection, Seen, columns, hold, place

SCHEMA = """
create table draws (
    draw text collate "C" primary key, status text collate "C" not null, offered integer not null,
    closes_at timestamptz not null, beacon_at timestamptz not null
);
create table presses (
    draw text collate "C", member text collate "C", turn integer, place bigint not null, primary key (draw, member, turn)
);
create index on presses (member);
create table entrants (draw text collate "C", member text collate "C", primary key (draw, member));
create table ranked (draw text collate "C", place integer, member text collate "C" not null, primary key (draw, place));
create index on ranked (member);
create table answers (
    event_id text collate "C" primary key, draw text collate "C" not null, member text collate "C" not null,
    accepts boolean not null, at timestamptz not null
);
create index on answers (draw);
"""
"""``presses`` holds every entering and leaving with its first place; ``entrants`` are those of a draw whose entrants are fixed;
``ranked`` are the first of them, in the order of the draw: as many as there are seats and reserves."""


async def _announce(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.draw, "open", e.seats + e.reserves, e.closes_at, e.beacon.at)
        for _, each in seen
        if isinstance(e := each.event, DrawAnnounced) and _stands(each, e.draw)
    ]
    if rows:
        await connection.execute(
            """insert into draws select * from unnest(%s::text[], %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[])
                   on conflict do nothing""",
            columns(rows),
        )


def _stands(recorded: Recorded, draw: str) -> bool:
    return recorded.decision is not None and recorded.decision.stream == draw


async def _press(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(e.draw, e.member, e.turn, place(at)) for at, each in seen if isinstance(e := each.event, DrawEntered | DrawLeft)]
    await connection.execute(
        """insert into presses select * from unnest(%s::text[], %s::text[], %s::int[], %s::bigint[])
                                          as new (draw, member, turn, place)
            order by place on conflict do nothing""",
        columns(rows),
    )


WISHED: LiteralString = """
    select member from presses where draw = %(draw)s and place < %(read_to)s::bigint << 16
     group by member having max(turn) %% 2 = 1
"""
FIX: LiteralString = f"""
    with held as (update draws set status = 'fixed'
                   where draw = %(draw)s and status = 'open' and closes_at <= %(at)s and beacon_at > %(at)s returning draw)
    insert into entrants select held.draw, member from held cross join ({WISHED}) as wished on conflict do nothing
"""
# SHA-256(randomness, draw, member), as the pure ranking computes it: two counters, which a property test compares.
RANK: LiteralString = """
    with held as (update draws set status = 'done'
                   where draw = %(draw)s and status = 'fixed' and beacon_at <= %(at)s returning draw, offered)
    insert into ranked
    select draw, row_number() over (order by sha256(%(randomness)s || convert_to(draw || member, 'UTF8')), member), member
      from held join entrants using (draw)
     order by 2 limit (select offered from held) on conflict do nothing
"""


async def _decide(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Decisions are few: they go one by one; one that makes no sense where the draw stands changes nothing."""
    for _, each in seen:
        event = each.event
        if not isinstance(event, EntrantsFixed | DrawDone | DrawVoided) or not _stands(each, event.draw):
            continue
        asked: dict[str, object] = {"draw": event.draw, "at": each.time}
        match event:
            case EntrantsFixed(read_to=read_to):
                await connection.execute(FIX, asked | {"read_to": read_to})
            case DrawDone(randomness=randomness):
                await connection.execute(RANK, asked | {"randomness": bytes.fromhex(randomness)})
            case DrawVoided():
                query = "update draws set status = 'void' where draw = %(draw)s and status in ('open', 'fixed')"
                await connection.execute(query, asked)


async def _answer(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (each.id, e.draw, e.member, isinstance(e, SeatAccepted), each.time)
        for _, each in seen
        if isinstance(e := each.event, SeatAccepted | SeatDeclined)
    ]
    await connection.execute(
        """insert into answers select * from unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::timestamptz[])
               on conflict do nothing""",
        columns(rows),
    )


DRAWS = Projection(
    name="draws",
    version=1,
    schema=SCHEMA,
    on={
        DrawAnnounced: _announce,
        DrawEntered: _press,
        DrawLeft: _press,
        EntrantsFixed: _decide,
        DrawDone: _decide,
        DrawVoided: _decide,
        SeatAccepted: _answer,
        SeatDeclined: _answer,
    },
)

PRESENT: LiteralString = """
    select member from draws.presses where draw = %s group by member having max(turn) %% 2 = 1 order by member
"""
READ_TO: LiteralString = "select next_offset from platform.positions where projection = 'draws' and partition = 0"


async def entrants_now(connection: AsyncConnection, draw: str) -> tuple[int, list[str]]:
    """Return how many entries of partition 0 this view has read, and who is entered as these tell it, sorted."""
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await hold(connection, "draws.presses")
        row = await (await connection.execute(READ_TO)).fetchone()
        rows = await (await connection.execute(PRESENT, (draw,))).fetchall()
    return (row[0] if row else 0), [each[0] for each in rows]


async def entered(connection: AsyncConnection, draw: str) -> int:
    """Return how many are entered in a draw that is open."""
    query = "select count(*) from (select from draws.presses where draw = %s group by member having max(turn) %% 2 = 1) as found"
    row = await (await connection.execute(query, (draw,))).fetchone()
    return row[0] if row else 0


async def is_entered(connection: AsyncConnection, draw: str, member: str) -> bool:
    """Tell whether a member wishes to be drawn."""
    query = "select max(turn) from draws.presses where draw = %s and member = %s"
    row = await (await connection.execute(query, (draw, member))).fetchone()
    return bool(row and row[0] and row[0] % 2)


class Drawn(msgspec.Struct, frozen=True):
    """A seat with whom it was offered to, as she is called today."""

    seat: Seat
    name: str
    """Empty for one who left."""
    shown: bool
    """Everybody may read her page."""


RANKED: LiteralString = """
    select ranked.member, coalesce(known.name, ''), coalesce(known.shown, false), gone.erased_at
      from draws.ranked left join vault.members as known on known.id = ranked.member
      left join erased.members as gone on gone.member = ranked.member
     where draw = %s order by ranked.place
"""


async def drawn(connection: AsyncConnection, draw: Draw, now: datetime) -> list[Drawn]:
    """Return the seats of a draw that is done as they stand at *now*, by place; none of any other."""
    announced, done_at = draw.announced, draw.done_at
    if done_at is None:
        return []
    rows = await (await connection.execute(RANKED, (announced.draw,))).fetchall()
    query = "select member, accepts, at from draws.answers where draw = %s"
    said = [Answer(*row) for row in await (await connection.execute(query, (announced.draw,))).fetchall()]
    said += [Answer(row[0], accepts=False, at=row[3]) for row in rows if row[3]]
    seats = seats_at(
        [row[0] for row in rows],
        seats=announced.seats,
        reserves=announced.reserves,
        answer_h=announced.answer_h,
        done_at=done_at,
        answers=said,
        now=now,
    )
    known: Mapping[str, tuple[str, bool]] = {row[0]: (row[1], row[2]) for row in rows}
    return [Drawn(each, *known[each.member]) for each in seats]


async def has_taken_part(connection: AsyncConnection, member: str, rounds: Iterable[str]) -> bool:
    """Tell whether the record credits a member with having voted in one of these rounds."""
    query = "select from counted.took_part where member = %s and round = any(%s)"
    return await (await connection.execute(query, (member, list(rounds)))).fetchone() is not None
