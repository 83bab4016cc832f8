"""The site's own decisions: how it was founded and changed, who got or lost which role or power, and which keys sign for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from fanfare.record import notary, powers, site
from fanfare.record.kinds import canonical
from fanfare.views.projection import Projection, Seen, columns, place

SCHEMA = """
create table decisions (
    place bigint primary key,
    "offset" bigint not null, event_id text collate "C" unique not null, wire text collate "C" not null,
    at timestamptz not null, by_member text collate "C", member text collate "C", role text collate "C", details jsonb not null
);
create index on decisions (member, role, place desc);
"""


def _row(seen: Seen) -> tuple[Any, ...]:
    position, recorded = seen
    event = recorded.event
    return (
        place(position),
        position.offset,
        recorded.id,
        event.wire,
        recorded.time,
        getattr(event, "by", None),
        getattr(event, "member", None),
        getattr(event, "role", None),
        Jsonb(msgspec.json.decode(canonical(event))),
    )


async def _note(connection: AsyncConnection, seen: Sequence[Seen]) -> None:
    await connection.execute(
        """insert into decisions (place, "offset", event_id, wire, at, by_member, member, role, details)
           select * from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
                                %s::text[], %s::jsonb[])
           on conflict (event_id) do nothing""",
        columns([_row(each) for each in seen]),
    )


SITE = Projection(
    name="site",
    version=3,
    schema=SCHEMA,
    on=dict.fromkeys(
        (
            *(site.SiteFounded, site.SiteChanged, site.RoleGranted, site.RoleRevoked, site.PartitionsAdded),
            *(powers.PowerGranted, powers.PowerEnded, notary.NotaryKeyAdded, notary.NotaryKeyRetired),
        ),
        _note,
    ),
)


class Decision(msgspec.Struct, frozen=True):
    """A decision about the site."""

    place: int
    offset: int
    wire: str
    at: datetime
    details: dict[str, Any]
    by: str
    """Who decided, as she is called today; empty for the console and for those who left."""
    by_member: str | None
    name: str
    """Whom it concerns, as she is called today; empty where nobody, and for those who left."""
    member: str | None
    role: str | None
    reason: str
    event_id: str = ""

    @property
    def index(self) -> int:
        """Of the event in its entry."""
        return self.place & 0xFFFF


_SELECT = """
    select place, "offset", wire, at, details, coalesce(deciders.name, ''), by_member, coalesce(members.name, ''),
           decisions.member, role, coalesce(texts.text, ''), event_id
      from site.decisions left join vault.members as deciders on deciders.id = by_member
      left join vault.members on members.id = decisions.member left join record.texts on texts.hash = details ->> 'reason'
"""


async def decisions(
    connection: AsyncConnection,
    *,
    before: int | None = None,
    limit: int = 50,
    with_others: bool = True,
    wires: Sequence[str] | None = None,
) -> list[Decision]:
    """
    Return the decisions about the site, the latest first.

    Args:
        with_others: with those of other streams, on powers and keys.
        wires: only those under these wire names.
    """
    query = (
        _SELECT
        + """ where place < %(before)s and wire <> all(%(but)s)
                            and (%(wires)s::text[] is null or wire = any(%(wires)s)) order by place desc limit %(limit)s"""
    )
    others = (powers.PowerGranted, powers.PowerEnded, notary.NotaryKeyAdded, notary.NotaryKeyRetired)
    but = [] if with_others else [each.wire for each in others]
    values = {"before": before or 2**62, "limit": limit, "but": but, "wires": None if wires is None else list(wires)}
    rows = await (await connection.execute(query, values)).fetchall()
    return [Decision(*row) for row in rows]


async def grants(connection: AsyncConnection, members: Sequence[str]) -> list[Decision]:
    """Return the last time that each of these members was granted each role, the earliest first."""
    query = f"""{_SELECT} where place in (select max(place) from site.decisions
                where member = any(%s) and wire = %s group by member, role) order by place"""
    rows = await (await connection.execute(query, (list(members), site.RoleGranted.wire))).fetchall()
    return [Decision(*row) for row in rows]
