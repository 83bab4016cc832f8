"""Who holds titles now, for the desk of hosts."""

from datetime import datetime
from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.views import awards
from fanfare.views.awards import Award

MOST = 200
HOLDERS: LiteralString = """
    select member from recognition.awards
     where kind = 'title' and stands and (until is null or until > %s)
       and not exists (select from recognition.fans where fans.member = awards.member and erased)
     group by member order by max(place) desc limit %s
"""


async def titles_held(connection: AsyncConnection, now: datetime) -> list[Award]:
    """Return the titles that stand and have not ended, of whoever got one last first."""
    rows = await (await connection.execute(HOLDERS, (now, MOST))).fetchall()
    held = [each for row in rows for each in await awards.awards_of(connection, row[0], kind="title", limit=MOST)]
    return [each for each in held if each.stands and (each.until is None or each.until > now)]
