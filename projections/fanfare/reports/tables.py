"""The SQL counter's tables: every ballot, press and decision as a row, the first of a number only."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from psycopg import AsyncConnection

from fanfare.record import campaigns, ideas, members, site
from fanfare.record.ballots import BallotCast, BallotsClosed
from fanfare.record.campaigns import Campaign, RoundClosing, RoundEvent, RoundOpened
from fanfare.record.kinds import canonical
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.position import Position
from fanfare.record.terms import hash_terms
from fanfare.record.unreadable import Unreadable
from fanfare.reports import circle_tables
from fanfare.views.projection import Projection, Seen, array, columns, numbers

SCHEMA = """
create table site (name text not null, simulation boolean not null);
create table campaigns (id text collate "C" primary key, state bytea not null);
create table decisions (round text collate "C", "offset" bigint, index integer, wire text, primary key (round, "offset", index));
create table rounds (round text collate "C" primary key, opened_at bigint, closing_at bigint);
create table terms (
    hash text collate "C" primary key, method text not null, most integer not null,
    options text[] not null, partitions integer[] not null, round text collate "C" not null
);
create table frozen (idea text collate "C" primary key);
create table members (member text collate "C" primary key, at bigint not null);
create table took_part (member text collate "C", round text collate "C", primary key (member, round));
create table ideas (
    idea text collate "C" primary key, campaign text collate "C" not null, round text collate "C" not null,
    by_member text collate "C" not null, at bigint not null, withdrawn_at bigint
);
create table veils (
    event_id text collate "C" primary key, idea text collate "C" not null, at bigint not null, hides boolean not null
);
create index on veils (idea, at);
create table comments (comment text collate "C" primary key, idea text collate "C" not null, by_member text collate "C" not null);
create table support (
    idea text collate "C", by_member text collate "C", number integer, supports boolean not null,
    minute text not null, at bigint not null, void boolean not null,
    primary key (idea, by_member, number)
);
create table ballots (
    terms text collate "C", voter text collate "C", number integer, partition integer,
    "offset" bigint not null, index integer not null, options text[] not null, minute text not null,
    event_id text collate "C" not null,
    primary key (terms, voter, number, partition)
);
create index on ballots using hash (event_id);
create table markers (
    terms text collate "C", partition integer, "offset" bigint not null, index integer not null, primary key (terms, partition)
);
create table quarantined (
    partition integer, "offset" bigint, index integer, sha256 text collate "C" not null, why text not null,
    names text[] not null, primary key (partition, "offset", index)
);
"""


def _at(position: Position) -> int:
    """Return one number for a place in partition 0 that grows with it; an entry holds fewer than 2**16 events."""
    return position.offset << 16 | position.index


async def _found_site(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    for _, recorded in seen:
        if isinstance(recorded.event, site.SiteFounded):
            await connection.execute(
                "insert into site select %s, %s where not exists (select from site)",
                (recorded.event.name, recorded.event.simulation),
            )


async def _decide(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    """Contested decisions are few: they go row by row, through the same ``evolve`` that everybody uses."""
    for position, recorded in seen:
        if recorded.decision is None:
            continue
        stream = recorded.decision.stream
        row = await (await connection.execute("select state from campaigns where id = %s", (stream,))).fetchone()
        before = msgspec.json.decode(row[0], type=Campaign) if row else Campaign()
        after = campaigns.evolve(before, recorded.event)
        await connection.execute(
            "insert into campaigns (id, state) values (%s, %s) on conflict (id) do update set state = excluded.state",
            (stream, canonical(after)),
        )
        if isinstance(recorded.event, RoundEvent):
            await _mark(connection, position, recorded.event, after)


async def _mark(connection: AsyncConnection, position: Position, event: RoundEvent, after: Campaign) -> None:
    round_id = event.terms.round if isinstance(event, RoundOpened) else event.round
    await connection.execute(
        "insert into decisions values (%s, %s, %s, %s) on conflict do nothing",
        (round_id, position.offset, position.index, event.wire),
    )
    found = after.round(round_id)
    if found is None:
        return
    if isinstance(event, RoundOpened) and found.terms == event.terms:
        terms = event.terms
        options = [option.id for option in terms.options]
        await connection.execute(
            "insert into terms values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (hash_terms(terms), terms.plan.method, terms.plan.most, options, list(terms.partitions), round_id),
        )
        await connection.execute("insert into frozen select unnest(%s::text[]) on conflict do nothing", (options,))
        await connection.execute(
            """insert into rounds (round, opened_at) values (%s, %s)
               on conflict (round) do update set opened_at = coalesce(rounds.opened_at, excluded.opened_at)""",
            (round_id, _at(position)),
        )
        await circle_tables.open_round(connection, found)
    elif isinstance(event, RoundClosing) and found.status == "closing":
        await connection.execute(
            """insert into rounds (round, closing_at) values (%s, %s)
               on conflict (round) do update set closing_at = coalesce(rounds.closing_at, excluded.closing_at)""",
            (round_id, _at(position)),
        )
        await circle_tables.close_round(connection, round_id)


async def _join(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(each.event.member, _at(at)) for at, each in seen if isinstance(each.event, members.MemberJoined)]
    await connection.execute(
        "insert into members select * from unnest(%s::text[], %s::bigint[]) on conflict do nothing", columns(rows)
    )


async def _took_part(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(each.event.member, each.event.round) for _, each in seen if isinstance(each.event, members.TookPart)]
    await connection.execute(
        "insert into took_part select * from unnest(%s::text[], %s::text[]) on conflict do nothing", columns(rows)
    )


async def _raise(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (each.event.idea, each.event.campaign, each.event.round, each.event.by, _at(at))
        for at, each in seen
        if isinstance(each.event, ideas.IdeaRaised)
    ]
    await connection.execute(
        """insert into ideas select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
           on conflict do nothing""",
        columns(rows),
    )


async def _withdraw(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(each.event.idea, each.event.by, _at(at)) for at, each in seen if isinstance(each.event, ideas.IdeaWithdrawn)]
    await connection.execute(
        """update ideas set withdrawn_at = new.at
             from (select idea, by_member, min(at) as at
                     from unnest(%s::text[], %s::text[], %s::bigint[]) as rows (idea, by_member, at)
                    group by idea, by_member) as new
            where ideas.idea = new.idea and ideas.by_member = new.by_member and withdrawn_at is null
              and not exists (select from frozen where frozen.idea = ideas.idea)""",
        columns(rows),
    )


async def _comment(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(each.event.comment, each.event.idea, each.event.by) for _, each in seen if isinstance(each.event, ideas.CommentMade)]
    await connection.execute(
        """insert into comments select comment, idea, new.by_member
             from unnest(%s::text[], %s::text[], %s::text[]) with ordinality as new (comment, idea, by_member, place)
             join ideas using (idea) order by place
           on conflict do nothing""",
        columns(rows),
    )


async def _support(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (
            each.event.idea,
            each.event.by,
            each.event.number,
            isinstance(each.event, ideas.IdeaSupported),
            _minute(each.time),
            _at(at),
        )
        for at, each in seen
        if isinstance(each.event, ideas.IdeaSupported | ideas.SupportWithdrawn)
    ]
    await connection.execute(
        """insert into support
           select idea, new.by_member, number, supports, minute, new.at,
                  ideas.withdrawn_at is not null
                  or coalesce((select hides from veils where veils.idea = new.idea order by veils.at desc limit 1), false)
             from unnest(%s::text[], %s::text[], %s::int[], %s::boolean[], %s::text[], %s::bigint[])
                  with ordinality as new (idea, by_member, number, supports, minute, at, place) join ideas using (idea)
            order by place
           on conflict do nothing""",
        columns(rows),
    )


async def _veil(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [
        (each.id, each.event.content, _at(at), isinstance(each.event, ContentHidden))
        for at, each in seen
        if isinstance(each.event, ContentHidden | ContentShown) and each.event.kind == "idea"
    ]
    if rows:
        await connection.execute(
            """insert into veils
               select event_id, idea, new.at, hides
                 from unnest(%s::text[], %s::text[], %s::bigint[], %s::boolean[]) as new (event_id, idea, at, hides)
                 join ideas using (idea) order by new.at
               on conflict do nothing""",
            columns(rows),
        )


async def _cast(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    found = [(at, each, each.event) for at, each in seen if isinstance(each.event, BallotCast)]
    ballots = [event for _, _, event in found]
    # Rows arrive in record order and the first of a number stays, so a repeat within one batch is dropped as well.
    await connection.execute(
        """insert into ballots
           select terms, voter, number, partition, at, index, options::text[], minute, event_id
             from unnest(%s::text[], %s::text[], %s::int[], %s::int[], %s::bigint[], %s::int[], %s::text[],
                         %s::text[], %s::text[])
                  with ordinality as new (terms, voter, number, partition, at, index, options, minute, event_id, place)
            order by place
           on conflict do nothing""",
        (
            array([each.terms for each in ballots]),
            array([each.voter for each in ballots]),
            numbers(each.number for each in ballots),
            numbers(at.partition for at, _, _ in found),
            numbers(at.offset for at, _, _ in found),
            numbers(at.index for at, _, _ in found),
            array(["{" + ",".join(each.choice.options) + "}" for each in ballots]),  # an option's id needs no escaping
            array([_minute(each.time) for _, each, _ in found]),
            array([each.id for _, each, _ in found]),
        ),
    )


@lru_cache(maxsize=1000)
def _minute(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:00Z")


async def _close(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    rows = [(each.event.terms, at.partition, at.offset, at.index) for at, each in seen if isinstance(each.event, BallotsClosed)]
    await connection.execute(
        """insert into markers select distinct on (terms, partition) *
             from unnest(%s::text[], %s::int[], %s::bigint[], %s::int[]) as new (terms, partition, at, index)
            order by terms, partition, at, index
           on conflict do nothing""",
        columns(rows),
    )


async def _keep(connection: AsyncConnection, kept: Sequence[tuple[Position, Unreadable]]) -> None:
    """Events that cannot be read should not exist, and are few: they go row by row."""
    for at, each in kept:
        await connection.execute(
            "insert into quarantined values (%s, %s, %s, %s, %s, %s)",
            (at.partition, at.offset, at.index, each.sha256, each.why, list(each.names)),
        )


COUNTED = Projection(
    name="counted",
    version=5,
    schema=SCHEMA + circle_tables.SCHEMA,
    keep_unreadable=_keep,
    on={
        site.SiteFounded: _found_site,
        campaigns.CampaignPublished: _decide,
        **dict.fromkeys(RoundEvent.__args__, _decide),
        members.MemberJoined: _join,
        members.TookPart: _took_part,
        ideas.IdeaRaised: _raise,
        ideas.IdeaWithdrawn: _withdraw,
        ideas.CommentMade: _comment,
        ideas.IdeaSupported: _support,
        ideas.SupportWithdrawn: _support,
        ContentHidden: _veil,
        ContentShown: _veil,
        BallotCast: _cast,
        BallotsClosed: _close,
        **circle_tables.ON,
    },
)
