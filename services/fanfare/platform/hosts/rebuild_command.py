"""``fanfare rebuild``: asks the running site for new tables, and shows how they fill."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic

import msgspec
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID

from fanfare.platform.hosts.rebuild import ask
from fanfare.platform.logs.port import Log

DONE, STOPPED, COULD_NOT = 0, 1, 2
NAMES = "select name from platform.projections where fills is null order by name"
STATES = """
    select old.name, old.filled_at, new.begun_at is not null, coalesce(new.stopped, ''),
           (select coalesce(sum(next_offset), 0)::bigint from platform.positions where projection = new.name)
      from platform.projections as old left join platform.projections as new on new.fills = old.name
     where old.name = any(%s) order by old.name
"""
AGAIN = "The worker tries again every minute, and begins anew when it is started again, with its code mended."
_LOOK_EVERY_S = 0.2
Show = Callable[[str, int, int], None]
"""Told a projection, how many entries its new tables have, and how many there are."""


class _State(msgspec.Struct, frozen=True):
    name: str
    filled_at: datetime | None
    """When its tables last took the place of others."""
    has_begun: bool
    stopped: str
    done: int


async def rebuild(
    pool: AsyncConnectionPool, log: Log, names: Sequence[str], *, everything: bool = False, patience_s: float = 5.0
) -> int:
    """
    Ask for a rebuild, wait for it with a progress bar, and say how it ended; return the exit code.

    0: the new tables are read. 1: the filling stopped. 2: no such projection, or no worker took it up within *patience_s*. The
    old tables are read until the new ones are level; whoever stops waiting stops nothing.
    """
    async with pool.connection() as connection:
        known = [row[0] for row in await (await connection.execute(NAMES)).fetchall()]
        wanted = known if everything else sorted(set(names))
        unknown = [each for each in wanted if each not in known]
        if unknown or not wanted:
            what = f"There is no projection named {', '.join(unknown)}" if unknown else "Name a projection"
            _say(f"{what}. There are: {', '.join(known)}; --all rebuilds every one.")
            return COULD_NOT
        before = {each.name: each.filled_at for each in await _states(pool, wanted)}
        for name in wanted:
            await ask(connection, name)
    with _bars() as show:
        return await _watch(pool, log, before, show, patience_s)


async def _watch(pool: AsyncConnectionPool, log: Log, before: dict[str, datetime | None], show: Show, patience_s: float) -> int:
    began = monotonic()
    while True:
        heads = sum(await log.heads())
        states = await _states(pool, list(before))
        left = [each for each in states if each.filled_at == before[each.name]]
        for each in states:
            show(each.name, each.done if each in left else heads, heads)
        if not left:
            _say(f"Rebuilt and swapped in: {', '.join(before)}.")
            return DONE
        for each in left:
            if each.stopped:
                _say(f"The filling of {each.name} stopped at {each.stopped}\nThe old tables are read as before. {AGAIN}")
                return STOPPED
        if monotonic() - began > patience_s and not any(each.has_begun for each in left):
            _say(f"No worker has taken it up. It stays asked for: a running site (`fanfare up`) begins with {left[0].name}.")
            return COULD_NOT
        await asyncio.sleep(_LOOK_EVERY_S)


async def _states(pool: AsyncConnectionPool, names: Sequence[str]) -> list[_State]:
    async with pool.connection() as connection:
        return [_State(*row) for row in await (await connection.execute(STATES, (list(names),))).fetchall()]


@contextmanager
def _bars() -> Iterator[Show]:
    """Show a bar a projection on standard error, where that is a terminal."""
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"rebuilding {name}")
            bar.update(tasks[name], completed=done, total=max(1, of))

        yield show


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
