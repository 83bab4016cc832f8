"""
The lease: of all workers of a site one grows the trees. It fences: what was begun under an older epoch commits nothing.

Time only says who may try. That no size has two roots rests on the commit of a tree alone, see ``tree.COMMIT``.
"""

import secrets

from psycopg_pool import AsyncConnectionPool

LASTS_S = 5
TAKE = """
    update notary.lease
       set epoch = epoch + (holder <> %(holder)s)::int, holder = %(holder)s, until = now() + %(lasts)s * interval '1 s'
     where holder = %(holder)s or until < now()
    returning epoch
"""


class Lease:
    """The wish of one process to be the notary. Taken only when there is something to do, so an idle site writes nothing."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        """Take it through *pool*, under a name of this process's own."""
        self._pool = pool
        self._holder = secrets.token_hex(8)

    async def take(self) -> int | None:
        """Return the epoch under which this process may write for some seconds; none while another process may."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(TAKE, {"holder": self._holder, "lasts": LASTS_S})).fetchone()
        return row[0] if row else None
