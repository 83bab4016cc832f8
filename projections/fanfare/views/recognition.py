"""Recognition as tables: awards with the turn that stands, what they add up to, rules, kudos, and who left the standings."""

from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.record import recognition as record
from fanfare.record.kinds import canonical
from fanfare.record.members import MemberErased
from fanfare.views.fan_standings import season_of
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table rules (
    rule text collate "C", version integer, title text collate "C" not null, words text collate "C" not null,
    deeds text[] not null, earns jsonb not null, campaign text collate "C", by_member text collate "C" not null,
    event_id text collate "C" not null, place bigint not null, at timestamptz not null, primary key (rule, version)
);
create index on rules (by_member);
create table retired (
    rule text collate "C", version integer, by_member text collate "C" not null, reason text collate "C" not null,
    place bigint not null, at timestamptz not null, primary key (rule, version)
);
create table automation (
    place bigint primary key, allowed boolean not null, by_member text collate "C" not null, reason text collate "C" not null,
    at timestamptz not null
);
create table turns (
    award text collate "C", turn integer, place bigint not null, at timestamptz not null, event_id text collate "C" not null,
    by_member text collate "C", cause text collate "C", cause_offset bigint, reason text collate "C", primary key (award, turn)
);
create table awards (
    award text collate "C" primary key, turn integer not null, stands boolean not null, member text collate "C" not null,
    kind text collate "C", points integer not null default 0, level integer not null default 0,
    rule text collate "C", version integer, campaign text collate "C", season text collate "C", by_member text collate "C",
    words text collate "C", reason text collate "C", because text[] not null default '{}', until timestamptz,
    cause text collate "C", cause_offset bigint, place bigint, at timestamptz
) with (fillfactor = 80);
create index on awards (member, place desc);
create index on awards (member) where stands and kind <> 'points';
create index on awards (rule) where stands;
create index on awards (by_member) where by_member is not null;
create table sums (
    scope text collate "C", member text collate "C", points bigint not null, listed boolean not null, primary key (member, scope)
) with (fillfactor = 80);
create index on sums (scope, points desc, member) where listed and points > 0;
create table fans (
    member text collate "C" primary key, turn integer not null default 0, has_left boolean not null default false,
    erased boolean not null default false
);
create table kudos (
    kudos text collate "C" primary key, by_member text collate "C" not null, to_member text collate "C" not null,
    words text collate "C" not null, about text collate "C", campaign text collate "C", week date not null,
    place bigint not null, at timestamptz not null, counts boolean not null, taken_back boolean not null default false
);
create index on kudos (to_member, place desc) where counts and not taken_back;
create index on kudos (by_member, week);
create table tallies (kind text collate "C" primary key, standing bigint not null);
"""
"""
The ``scope`` of a sum is a campaign's id, a season such as 2026-q4, or empty for all. ``tallies`` has, by kind, how many awards
stand and how many kudos count.
"""

# What changed is added to the sums and the tallies: what stands now, less what stood before.
ADD_UP: LiteralString = """
    summed as (
        insert into sums
        select scope, member, sum(points),
               not exists (select from fans where fans.member = change.member and (has_left or erased))
          from change cross join lateral (values (''), (campaign), (season)) as of (scope)
         where scope is not null and kind = 'points' group by scope, member order by member, scope
        on conflict (scope, member) do update set points = sums.points + excluded.points)
    insert into tallies select kind, sum(sign) from change group by kind
        on conflict (kind) do update set standing = tallies.standing + excluded.standing
"""
# Of one award the highest turn stands; of equal ones the first, which is also what ``turns`` keeps.
GRANT: LiteralString = (
    """
    with rows as (
        select * from unnest(%s::text[], %s::int[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                             %s::int[], %s::int[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
                             %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[])
               as given (award, turn, place, at, event_id, member, kind, points, level, rule, version, campaign, season,
                         by_member, words, reason, because, until, cause, cause_offset)),
    new as (select distinct on (award, turn) * from rows order by award, turn, place),
    told as (
        insert into turns select award, turn, place, at, event_id, by_member, cause, cause_offset, reason from new
        on conflict do nothing),
    best as (select distinct on (award) * from new order by award, turn desc),
    old as (select awards.* from awards join best using (award)),
    newer as (select best.* from best left join old using (award) where old.turn is null or best.turn > old.turn),
    kept as (
        insert into awards
        select award, turn, true, member, kind, points, level, rule, version, campaign, season, by_member, words, reason,
               string_to_array(because, ' '), until, cause, cause_offset, place, at
          from newer order by place
        on conflict (award) do update set
               (turn, stands, member, kind, points, level, rule, version, campaign, season, by_member, words, reason, because,
                until, cause, cause_offset, place, at)
             = (excluded.turn, true, excluded.member, excluded.kind, excluded.points, excluded.level, excluded.rule,
                excluded.version, excluded.campaign, excluded.season, excluded.by_member, excluded.words, excluded.reason,
                excluded.because, excluded.until, excluded.cause, excluded.cause_offset, excluded.place, excluded.at)),
    change as (
        select member, kind, points, campaign, season, 1 as sign from newer
        union all
        select old.member, old.kind, -old.points, old.campaign, old.season, -1
          from old join newer using (award) where old.stands),
"""
    + ADD_UP
)
REVOKE: LiteralString = (
    """
    with rows as (
        select * from unnest(%s::text[], %s::int[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                             %s::text[], %s::text[], %s::bigint[])
               as taken (award, turn, place, at, event_id, member, by_member, reason, cause, cause_offset)),
    new as (select distinct on (award, turn) * from rows order by award, turn, place),
    told as (
        insert into turns select award, turn, place, at, event_id, by_member, cause, cause_offset, reason from new
        on conflict do nothing),
    best as (select distinct on (award) * from new order by award, turn desc),
    old as (select awards.* from awards join best using (award)),
    newer as (select best.* from best left join old using (award) where old.turn is null or best.turn > old.turn),
    kept as (
        insert into awards (award, turn, stands, member) select award, turn, false, member from newer order by place
        on conflict (award) do update set (turn, stands) = (excluded.turn, false)),
    change as (
        select old.member, old.kind, -old.points as points, old.campaign, old.season, -1 as sign
          from old join newer using (award) where old.stands),
"""
    + ADD_UP
)


async def _grant(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows: list[tuple[Any, ...]] = []
    for at, each in seen:
        if isinstance(e := each.event, record.AwardGranted):
            earned = (e.member, e.kind, e.points, e.level, e.rule, e.version, e.campaign, season_of(each.time))
            given = (e.by, e.words, e.reason, " ".join(e.because), e.until, e.cause, e.offset)
            rows.append((e.award, e.turn, place(at), each.time, each.id, *earned, *given))
    await connection.execute(GRANT, columns(rows))


async def _revoke(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.award, e.turn, place(at), each.time, each.id, e.member, e.by, e.reason, e.cause, e.offset)
        for at, each in seen
        if isinstance(e := each.event, record.AwardRevoked)
    ]
    await connection.execute(REVOKE, columns(rows))


# The latest word of each member, the highest turn; whoever is erased stays out for good.
MOVE: LiteralString = """
    insert into fans (member, turn, has_left)
    select distinct on (member) member, turn, has_left
      from unnest(%s::text[], %s::int[], %s::boolean[]) with ordinality as new (member, turn, has_left, nth)
     order by member, turn desc, nth
    on conflict (member) do update set turn = excluded.turn, has_left = excluded.has_left where excluded.turn > fans.turn
"""
LIST: LiteralString = """
    update sums set listed = not (has_left or erased) from fans
     where fans.member = sums.member and fans.member = any(%s) and listed = (has_left or erased)
"""


async def _move(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.member, e.turn, isinstance(e, record.StandingsLeft))
        for _, each in seen
        if isinstance(e := each.event, record.StandingsLeft | record.StandingsJoined)
    ]
    await connection.execute(MOVE, columns(rows))
    await connection.execute(LIST, ([member for member, *_ in rows],))


async def _erase(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    gone = sorted({e.member for _, each in seen if isinstance(e := each.event, MemberErased)})
    query = """insert into fans (member, erased) select member, true from unnest(%s::text[]) as new (member)
               on conflict (member) do update set erased = true"""
    await connection.execute(query, (gone,))
    await connection.execute(LIST, (gone,))


# Of one giver the first few of a week count, and none for herself; one that is taken back still has its place among them.
PRAISE: LiteralString = """
    with new as (
        select distinct on (kudos) *, date_trunc('week', at at time zone 'UTC')::date as week
          from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
               as rows (kudos, by_member, to_member, words, about, campaign, place, at)
         where not exists (select from kudos where kudos.kudos = rows.kudos) order by kudos, place),
    numbered as (
        select new.*, row_number() over (partition by by_member, week, by_member = to_member order by place)
               + (select count(*) from kudos where kudos.by_member = new.by_member and kudos.week = new.week
                                               and kudos.by_member <> kudos.to_member) as nth
          from new),
    kept as (
        insert into kudos
        select kudos, by_member, to_member, words, about, campaign, week, place, at, by_member <> to_member and nth <= %s
          from numbered order by place returning counts)
    insert into tallies select 'kudos', count(*) from kept where counts having count(*) > 0
        on conflict (kind) do update set standing = tallies.standing + excluded.standing
"""
TAKE_BACK: LiteralString = """
    with gone as (
        update kudos set taken_back = true from unnest(%s::text[], %s::text[]) as rows (kudos, by_member)
         where kudos.kudos = rows.kudos and kudos.by_member = rows.by_member and not taken_back returning counts)
    update tallies set standing = standing - (select count(*) from gone where counts) where kind = 'kudos'
"""


async def _praise(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.kudos, e.by, e.to, e.words, e.about, e.campaign, place(at), each.time)
        for at, each in seen
        if isinstance(e := each.event, record.KudosGiven)
    ]
    await connection.execute(PRAISE, (*columns(rows), record.MOST_KUDOS))


async def _take_back(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = sorted({(e.kudos, e.by) for _, each in seen if isinstance(e := each.event, record.KudosTakenBack)})
    await connection.execute(TAKE_BACK, columns(rows))


async def _publish(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Rules are few: they go row by row, and one counts only as the version after the last."""
    for at, each in seen:
        if isinstance(e := each.event, record.RulePublished):
            row = (e.rule, e.version, e.title, e.words, list(e.deeds), Jsonb(msgspec.json.decode(canonical(e.earns))))
            await connection.execute(
                """insert into rules select %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
                    where %s = 1 + coalesce((select max(version) from rules where rule = %s), 0)""",
                (*row, e.campaign, e.by, each.id, place(at), each.time, e.version, e.rule),
            )


async def _retire(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for at, each in seen:
        if isinstance(e := each.event, record.RuleRetired):
            await connection.execute(
                """insert into retired select rule, max(version), %s, %s, %s, %s from rules where rule = %s group by rule
                   on conflict do nothing""",
                (e.by, e.reason, place(at), each.time, e.rule),
            )


async def _automate(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (place(at), e.allowed, e.by, e.reason, each.time)
        for at, each in seen
        if isinstance(e := each.event, record.AutomationSet)
    ]
    await connection.execute(
        """insert into automation select * from unnest(%s::bigint[], %s::boolean[], %s::text[], %s::text[], %s::timestamptz[])
           on conflict do nothing""",
        columns(rows),
    )


RECOGNITION = Projection(
    name="recognition",
    version=2,
    schema=SCHEMA,
    on={
        record.RulePublished: _publish,
        record.RuleRetired: _retire,
        record.AutomationSet: _automate,
        record.AwardGranted: _grant,
        record.AwardRevoked: _revoke,
        record.StandingsLeft: _move,
        record.StandingsJoined: _move,
        record.KudosGiven: _praise,
        record.KudosTakenBack: _take_back,
        MemberErased: _erase,
    },
)
