"""The feed of sensitive acts: what the views of campaigns, of the site and of erasures hold of them, in one order."""

from collections.abc import Collection
from datetime import datetime
from operator import attrgetter

import msgspec
from psycopg import AsyncConnection

from fanfare.record.campaigns import RoundClosing, RoundOpened
from fanfare.record.kinds import Event
from fanfare.record.members import MemberErased
from fanfare.record.sensitive import SENSITIVE, Kind
from fanfare.views import site, timeline
from fanfare.views.erased import ERASED
from fanfare.views.site import SITE, Decision
from fanfare.views.timeline import TIMELINE, Act

KINDS: dict[str, Kind] = {event.wire: kind for event, kind in SENSITIVE.items()}
"""By wire name."""
_BY_CLOCK = (RoundOpened.wire, RoundClosing.wire)
"""What the clock does, too: then it is an ordinary act."""
_ERASED = """
    select place, erased_at, event_id from erased.members where place < %s order by place desc limit %s
"""


class Erasure(msgspec.Struct, frozen=True):
    """A member had herself erased. Nothing here says who she was."""

    place: int
    at: datetime
    event_id: str
    wire: str = MemberErased.wire

    @property
    def offset(self) -> int:
        """Of its entry."""
        return self.place >> 16

    @property
    def index(self) -> int:
        """Of the event in its entry."""
        return self.place & 0xFFFF


Told = Act | Decision | Erasure


def told_by(event: type[Event]) -> str:
    """Return the view that a sensitive act is read from: the site's where it has it, then that of erasures, then the timeline."""
    owner = next((each.name for each in (SITE, TIMELINE) if event in each.on), "")
    return ERASED.name if event is MemberErased else owner


def _wires(kinds: Collection[Kind], view: str) -> list[str]:
    return [event.wire for event, kind in SENSITIVE.items() if kind in kinds and told_by(event) == view]


async def sensitive(
    connection: AsyncConnection, kinds: Collection[Kind], *, before: int | None = None, limit: int = 50
) -> list[Told]:
    """Return the sensitive acts of these kinds, the latest first; *before* is the place of the page before's last."""
    end, found = before or 2**62, list[Told]()
    if of_site := _wires(kinds, SITE.name):
        found += await site.decisions(connection, wires=of_site, before=end, limit=limit)
    if of_campaigns := _wires(kinds, TIMELINE.name):
        found += await timeline.decisions(connection, of_campaigns, by_clock=_BY_CLOCK, before=end, limit=limit)
    if _wires(kinds, ERASED.name):
        rows = await (await connection.execute(_ERASED, (end, limit))).fetchall()
        found += [Erasure(*row) for row in rows]
    return sorted(found, key=attrgetter("place"), reverse=True)[:limit]
