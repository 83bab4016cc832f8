"""Where a round's options come from: what advanced from its declared input, never from anywhere else."""

import asyncio

import msgspec
from psycopg import AsyncConnection

from fanfare.campaigns.refusals import InputNotReady
from fanfare.platform.desk import Desk
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.terms import Advanced, Option
from fanfare.reports.report import RoundReport
from fanfare.views import ideas
from fanfare.views.projection import hold


class Offered(msgspec.Struct, frozen=True):
    """Options, and how many entries of partition 0 they were read from."""

    options: tuple[Option, ...]
    read_to: int


async def options_for(desk: Desk, campaign: Campaign, found: Round) -> Offered:
    """
    Return the options that a round would open with now, in the order in which ties fall, and what they were read from.

    Ideas that their authors took back since, or that were hidden, are left out; the others stand in the version of this moment.

    Raises:
        InputNotReady: the round they come from has no sealed result, or the view of ideas lags behind.
    """
    source = found.plan.options
    if not isinstance(source, Advanced):
        return Offered((), 0)
    earlier = campaign.round(source.round)
    if earlier is None or earlier.status != "sealed" or earlier.sealed is None:
        raise InputNotReady
    await _caught_up(desk)
    async with desk.pool.connection() as connection, connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        await hold(connection, "ideas.ideas")
        query = "select body from desk.reports where digest = %s"
        row = await (await connection.execute(query, (earlier.sealed.report,))).fetchone()
        if row is None:
            raise InputNotReady
        report = msgspec.json.decode(row[0], type=RoundReport)
        advanced = {each.option for each in report.ranking if each.advanced}
        if earlier.terms and earlier.terms.options:
            return Offered(tuple(option for option in earlier.terms.options if option.id in advanced), desk.streams.next_offset)
        read_to = await _read_to(connection)
        ranked = [idea for idea, _ in await ideas.ranked(connection, earlier.id) if idea in advanced]
        texts = await ideas.many(connection, ranked)
        order = [idea for idea in ranked if texts[idea]["frozen"] or not texts[idea]["hidden"]]
    options = [
        Option(id=idea, label=texts[idea]["title_hash"], version=texts[idea]["version"], body=texts[idea]["body_hash"])
        for idea in order
    ]
    return Offered(tuple(options), read_to)


async def _read_to(connection: AsyncConnection) -> int:
    query = "select next_offset from platform.positions where projection = 'ideas' and partition = 0"
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else 0


async def _caught_up(desk: Desk) -> None:
    """Wait until the view of ideas has read what this process has read. Raises: InputNotReady: it takes over two seconds."""
    wanted = desk.streams.next_offset
    for _ in range(40):
        async with desk.pool.connection() as connection:
            if await _read_to(connection) >= wanted:
                return
        await asyncio.sleep(0.05)
    raise InputNotReady
