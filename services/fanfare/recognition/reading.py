"""Reading partition 0 for recognition: with what each sealed round of ballots chose, and never for long at once."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from time import monotonic

import msgspec

from fanfare.counting.cut import cut
from fanfare.platform.desk import Desk
from fanfare.record.campaigns import RoundSealed
from fanfare.record.entry import Entry, unpack
from fanfare.record.envelope import Recorded
from fanfare.reports.counted import Counted
from fanfare.reports.report import RoundReport
from fanfare.views.projection import hold

_PAGE = 200
"""Entries at once; each may have 60 KiB."""
_SLICE_S = 0.005
"""How long to keep this process from anything else."""

Chosen = dict[str, tuple[str, ...]]
"""By the round: the options that a sealed round of ballots chose."""


_AWARD, _EVENT = b'"type":"fanfare.award.', b'"specversion":"1.0"'
"""No string of an entry has these bytes within: its quotes would be escaped."""


async def entries(desk: Desk, start: int, chosen: Chosen, *, awards: bool = True) -> AsyncIterator[Entry]:
    """
    Yield the entries of partition 0 from *start* to the head, and put into *chosen* what each of them seals.

    Args:
        awards: whether to decode what a recogniser wrote; else an entry of awards comes empty, in a tenth of the time.

    Raises:
        UnknownEvent: the record holds an event that this version does not know.
    """
    began, more = monotonic(), True
    while more:
        page = await desk.log.read(0, start, _PAGE)
        for stored in page:
            decoded = awards or _AWARD not in stored.body or stored.body.count(_AWARD) != stored.body.count(_EVENT)
            entry = unpack(0, stored.offset, stored.body) if decoded else Entry(0, stored.offset, ())
            for each in entry.events if entry.decision else ():
                if isinstance(each, Recorded) and isinstance(each.event, RoundSealed):
                    await _look_up(desk, entry.offset, each.event.round, chosen)
            yield entry
            if monotonic() - began > _SLICE_S:
                await asyncio.sleep(0)
                began = monotonic()
        start += len(page)
        more = len(page) == _PAGE


async def _look_up(desk: Desk, offset: int, round_id: str, chosen: Chosen) -> None:
    """Put into *chosen* what a round chose, if its sealing was taken: by the sealed report, or by counting where that is gone."""
    if desk.streams.next_offset <= offset:
        await desk.catch_up()
    found = desk.streams.round(round_id)
    if found is None or found[1].sealed is None or found[1].terms is None or round_id in chosen:
        return
    plan, digest = found[1].terms.plan, found[1].sealed.report
    if plan.method == "support.v1":
        return  # what advanced from it is known by the next opening
    async with desk.pool.connection() as connection, connection.transaction():
        row = await (await connection.execute("select body from desk.reports where digest = %s", (digest,))).fetchone()
        if row and sha256(row[0]).hexdigest() == digest:
            report = msgspec.json.decode(row[0], type=RoundReport)
            chosen[round_id] = tuple(each.option for each in report.ranking if each.advanced)
            return
        await hold(connection, "counted.site")
        figures = await Counted(connection).figures(found[1])  # the votes of a closed round can no longer change
    chosen[round_id] = cut(figures.options, figures.votes, plan.advance, plan.ties).advanced
