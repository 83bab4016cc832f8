"""How active each fan is: one row a fan, so that segments are counted without reading all that anybody ever did."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.record.ideas import CommentMade, IdeaRaised, IdeaSupported
from fanfare.record.members import TookPart
from fanfare.views.projection import Projection, Seen, columns

SCHEMA = """
create table fans (
    member text collate "C" primary key, interested boolean not null, involved boolean not null,
    last_at timestamptz not null, week_before_at timestamptz
) with (fillfactor = 80);
"""
"""
``last_at`` is when she did any of this last, ``week_before_at`` when she last did in a week (Monday to Sunday, UTC) before that
one: whether it was in two weeks since some day is whether both are later than that.
"""
# The latest time of all, and the latest of an earlier week, follow from the two that are kept and the new ones, in any order.
NOTE: LiteralString = """
    with rows as (
        select * from unnest(%s::text[], %s::boolean[], %s::boolean[], %s::timestamptz[])
               as new (member, interested, involved, at)),
    deeds as (select member, bool_or(interested) as interested, bool_or(involved) as involved from rows group by member),
    times as (
        select member, at from rows
        union all
        select member, kept.at
          from fans join deeds using (member) cross join lateral (values (last_at), (week_before_at)) as kept (at)
         where kept.at is not null),
    latest as (select member, max(at) as last_at from times group by member),
    both_times as (
        select member, last_at,
               max(at) filter (where date_trunc('week', at at time zone 'UTC') < date_trunc('week', last_at at time zone 'UTC'))
                   as week_before_at
          from times join latest using (member) group by member, last_at)
    insert into fans
    select member, interested, involved, last_at, week_before_at from deeds join both_times using (member) order by member
    on conflict (member) do update set interested = fans.interested or excluded.interested,
           involved = fans.involved or excluded.involved, last_at = excluded.last_at, week_before_at = excluded.week_before_at
"""


async def _note(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows: list[tuple[object, ...]] = []
    for _, each in seen:
        if isinstance(e := each.event, IdeaSupported | CommentMade):
            rows.append((e.by, True, False, each.time))
        elif isinstance(e, IdeaRaised):
            rows.append((e.by, False, True, each.time))
        elif isinstance(e, TookPart):
            rows.append((e.member, False, True, each.time))
    await connection.execute(NOTE, columns(rows))


ACTIVITY = Projection(
    name="activity",
    version=1,
    schema=SCHEMA,
    on=dict.fromkeys((IdeaSupported, CommentMade, IdeaRaised, TookPart), _note),
)
