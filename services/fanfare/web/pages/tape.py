"""The tape: the latest entries of the record, at the foot of live pages."""

from collections.abc import AsyncIterator

from fanfare.platform.desk import Desk
from fanfare.platform.language import ngettext
from fanfare.record.ballots import BallotCast
from fanfare.record.entry import unpack
from fanfare.views import timeline
from fanfare.views.timeline import Act
from fanfare.web import words
from fanfare.web.contexts.campaigns import Tape, TapeEntry
from fanfare.web.pages.acts import Told, told_of

_SHOWN, _EACH, _ACTS = 10, 2, 6


async def latest(desk: Desk, told: Told) -> Tape:
    """
    Return the latest entries of all partitions: ballots as numbers, everything else as who did what.

    Nobody may hold a connection meanwhile: where as many as there are did that, all would wait for one more.
    """
    heads = await desk.log.heads()
    found: list[TapeEntry] = []
    for partition, head in enumerate(heads[1:], 1):
        found += [each async for each in _ballots(desk, partition, head)]
    async with desk.pool.connection() as connection:
        found += [_of(act, told) for act in await timeline.acts(connection, limit=_ACTS)]
    # Ballots tell no second, so they are told from the others by the minute, and stand before them.
    newest = sorted(found, key=lambda each: each.at.replace(second=0, microsecond=0), reverse=True)
    return Tape(entries=tuple(newest[:_SHOWN]), total=sum(heads))


def _of(act: Act, told: Told) -> TapeEntry:
    return TapeEntry(f"0/{words.number(act.offset)}", told_of(act, told), act.at)


async def _ballots(desk: Desk, partition: int, head: int) -> AsyncIterator[TapeEntry]:
    start = max(0, head - _EACH)
    for stored in reversed(await desk.log.read(partition, start, _EACH)):
        cast = [
            each for _, each in unpack(partition, stored.offset, stored.body).positioned() if isinstance(each.event, BallotCast)
        ]
        if cast:
            text = ngettext("a ballot was cast", "%(count)s ballots were cast", len(cast), count=words.number(len(cast)))
            yield TapeEntry(f"{partition}/{words.number(stored.offset)}", text, cast[-1].time, to_the_minute=True)
