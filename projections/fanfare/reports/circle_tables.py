"""The SQL counter's tables of circles: who belongs, and who did while a round of theirs was open."""

from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection

from fanfare.record.campaigns import Round
from fanfare.record.circles import (
    STREAM,
    CircleChanged,
    CircleClosed,
    CircleEntered,
    CircleInvited,
    CircleLeft,
    CircleOpened,
    CircleUninvited,
)
from fanfare.record.kinds import Event
from fanfare.record.recognition import AwardGranted, AwardRevoked
from fanfare.record.terms import circle_of
from fanfare.views.projection import Handler, Seen, columns

SCHEMA = """
create table circles (
    circle text collate "C" primary key, rule text collate "C", level integer, closed boolean not null default false
);
create table circle_tiers (
    award text collate "C" primary key, member text collate "C", rule text collate "C", level integer, turn integer not null
);
create index on circle_tiers (member);
create index on circle_tiers (rule, level);
create table circle_turns (
    circle text collate "C", member text collate "C", invited integer not null default 0, came integer not null default 0,
    primary key (circle, member)
);
create index on circle_turns (member);
create table circle_rounds (round text collate "C" primary key, circle text collate "C" not null, closed boolean not null);
create table could_vote (round text collate "C", member text collate "C", primary key (round, member));
create view belonging as
    select circle, member, false as by_invitation
      from circles join circle_tiers on circle_tiers.rule = circles.rule and circle_tiers.level >= circles.level and turn % 2 = 1
     where not closed and not exists (select from circle_turns where circle_turns.circle = circles.circle
                                         and circle_turns.member = circle_tiers.member and came > 0 and came % 2 = 0)
    union
    select circle, member, true from circles join circle_turns using (circle)
     where not closed and invited % 2 = 1 and came % 2 = 1;
"""
"""
``circle_tiers`` has the turns of what was revoked, too, whatever it was. ``belonging`` has a member twice who belongs by her tier
and by an invitation. ``could_vote`` only ever grows.
"""


async def _note(connection: AsyncConnection) -> None:
    """Note who belongs to the circles whose rounds are open; it is called behind whatever may have brought somebody in."""
    await connection.execute(
        """insert into could_vote
           select distinct round, member from circle_rounds join belonging using (circle) where not circle_rounds.closed
           on conflict do nothing"""
    )


async def open_round(connection: AsyncConnection, found: Round) -> None:
    """Note who belongs as a round of a circle opens; of any other nothing is noted."""
    if circle := circle_of(found.plan.electorate):
        await connection.execute("insert into circle_rounds values (%s, %s, false) on conflict do nothing", (found.id, circle))
        await _note(connection)


async def close_round(connection: AsyncConnection, round_id: str) -> None:
    """From here on nobody else could vote in it."""
    await connection.execute("update circle_rounds set closed = true where round = %s", (round_id,))


async def _decide(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for _, each in seen:
        if each.decision is None or each.decision.stream != STREAM:
            continue
        match each.event:
            case CircleOpened(circle=circle, tier=tier):
                opened = (circle, tier.rule if tier else None, tier.level if tier else None)
                await connection.execute("insert into circles values (%s, %s, %s) on conflict do nothing", opened)
            case CircleChanged(circle=circle, tier=tier):
                changed = (tier.rule if tier else None, tier.level if tier else None, circle)
                await connection.execute("update circles set rule = %s, level = %s where circle = %s and not closed", changed)
            case CircleClosed(circle=circle):
                await connection.execute("update circles set closed = true where circle = %s", (circle,))
            case _:
                pass
        await _note(connection)


async def _grant(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.award, e.member, e.rule, e.level, e.turn)
        for _, each in seen
        if isinstance(e := each.event, AwardGranted) and e.kind == "tier" and e.rule is not None
    ]
    if not rows:
        return
    await connection.execute(
        """insert into circle_tiers
           select distinct on (award) * from unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::int[])
                                             as new (award, member, rule, level, turn) order by award, turn desc
           on conflict (award) do update
              set turn = greatest(circle_tiers.turn, excluded.turn), member = coalesce(circle_tiers.member, excluded.member),
                  rule = coalesce(circle_tiers.rule, excluded.rule), level = coalesce(circle_tiers.level, excluded.level)""",
        columns(rows),
    )
    await _note(connection)


async def _revoke(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(e.award, e.turn) for _, each in seen if isinstance(e := each.event, AwardRevoked)]
    await connection.execute(
        """insert into circle_tiers (award, turn)
           select award, max(turn) from unnest(%s::text[], %s::int[]) as new (award, turn) group by award
           on conflict (award) do update set turn = greatest(circle_tiers.turn, excluded.turn)""",
        columns(rows),
    )


async def _come(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (e.circle, e.member, 0 if comes else e.turn, e.turn if comes else 0)
        for _, each in seen
        if isinstance(e := each.event, CircleInvited | CircleUninvited | CircleEntered | CircleLeft)
        for comes in (isinstance(e, CircleEntered | CircleLeft),)
    ]
    await connection.execute(
        """insert into circle_turns
           select circle, member, max(invited), max(came)
             from unnest(%s::text[], %s::text[], %s::int[], %s::int[]) as new (circle, member, invited, came)
            group by circle, member
           on conflict (circle, member) do update
              set invited = greatest(circle_turns.invited, excluded.invited),
                  came = greatest(circle_turns.came, excluded.came)""",
        columns(rows),
    )
    await _note(connection)


ON: Mapping[type[Event], Handler] = {
    CircleOpened: _decide,
    CircleChanged: _decide,
    CircleClosed: _decide,
    AwardGranted: _grant,
    AwardRevoked: _revoke,
    CircleInvited: _come,
    CircleUninvited: _come,
    CircleEntered: _come,
    CircleLeft: _come,
}
