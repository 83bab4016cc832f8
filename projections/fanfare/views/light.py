"""What a spotlight brought: how much others said to whom it shone on in its hours, and in the same hours of the week before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection

from fanfare.record.ideas import CommentMade, IdeaSupported

BEFORE = timedelta(weeks=1)
# What she did to her own ideas is left out; of kudos those that count.
HEARD: LiteralString = """
    with heard as (
        select case acts.wire when %(supported)s then 'supports' else 'comments' end as what, at
          from ideas.ideas join timeline.acts on acts.idea = ideas.idea and acts.campaign is not null
         where author = any(%(members)s) and acts.wire in (%(supported)s, %(commented)s) and acts.member <> author
        union all
        select 'kudos', at from recognition.kudos where to_member = any(%(members)s) and counts and not taken_back)
    select count(*) filter (where what = 'supports' and lit), count(*) filter (where what = 'supports' and not lit),
           count(*) filter (where what = 'comments' and lit), count(*) filter (where what = 'comments' and not lit),
           count(*) filter (where what = 'kudos' and lit), count(*) filter (where what = 'kudos' and not lit)
      from (select what, at >= %(since)s as lit from heard
             where at >= %(since)s and at < %(until)s or at >= %(since)s - %(before)s and at < %(until)s - %(before)s) as told
"""


class Heard(msgspec.Struct, frozen=True):
    """How often something was said to somebody: in the hours of a spotlight, and in the same hours of the week before."""

    supports: int
    supports_before: int
    comments: int
    comments_before: int
    kudos: int
    kudos_before: int


async def heard(connection: AsyncConnection, members: Sequence[str], since: datetime, until: datetime) -> Heard:
    """Return what others gave to the ideas of *members* and said to them from *since* to before *until*, a week at most."""
    values = {
        "members": list(members),
        "since": since,
        "until": until,
        "before": BEFORE,
        "supported": IdeaSupported.wire,
        "commented": CommentMade.wire,
    }
    row = await (await connection.execute(HEARD, values)).fetchone()
    return Heard(*row) if row else Heard(0, 0, 0, 0, 0, 0)
