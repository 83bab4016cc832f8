"""Throwing away: the objects of pictures that were removed or erased, what nobody used, and what a crash left behind."""

from datetime import UTC, datetime, timedelta

import structlog

from fanfare.pictures import keeping
from fanfare.pictures.keeping import CLEARED, FORGET, LITTER, MISSING
from fanfare.platform.desk import Desk
from fanfare.platform.objects import Objects
from fanfare.views import pictures as view

_log = structlog.get_logger()
UNUSED = timedelta(days=1)
"""So long a form may stay open before a picture in it is thrown away."""
_PAGE = 500


async def clear_litter(desk: Desk, objects: Objects) -> None:
    """
    Delete the objects of pictures whose rows were deleted.

    Each deleted row leaves a line in the same transaction. A crash here deletes again what is gone, which changes nothing.
    """
    async with desk.pool.connection() as connection:
        found = [row[0] for row in await (await connection.execute(LITTER)).fetchall()]
    if found:
        await keeping.throw_away(objects, found)
        async with desk.pool.connection() as connection:
            await connection.execute(CLEARED, (found,))


async def forget_unused(desk: Desk) -> None:
    """Delete the rows of pictures that no event names, a day after they were sent; nothing while the view lags behind."""
    async with desk.pool.connection() as connection:
        old = await keeping.stale(connection, UNUSED)
        if not old:
            return
    heads = await desk.log.heads()
    async with desk.pool.connection() as connection:
        if await view.read_to(connection) >= heads[0] and (unused := await view.unnamed(connection, old)):
            await connection.execute(FORGET, (unused, UNUSED))
            _log.info("pictures that nobody used are gone", pictures=len(unused))


async def clear_orphans(desk: Desk, objects: Objects) -> None:
    """Delete objects without a row that are a day old: a crash came before the row, or a backup from before it was restored."""
    before, waiting = datetime.now(UTC) - UNUSED, set[str]()
    async for name, written_at in objects.names("pictures"):
        if written_at < before:
            waiting.add(name.split("/")[1])
        if len(waiting) >= _PAGE:
            await _clear(desk, objects, waiting)
            waiting.clear()
    await _clear(desk, objects, waiting)


async def _clear(desk: Desk, objects: Objects, pictures: set[str]) -> None:
    if not pictures:
        return
    async with desk.pool.connection() as connection:
        gone = [row[0] for row in await (await connection.execute(MISSING, (sorted(pictures),))).fetchall()]
    await keeping.throw_away(objects, gone)
