"""
Sweeping: what the record or the list of erasures says is gone is deleted, again at every start.

So a backup from before an erasure, once it is restored, loses what it should no longer hold.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from math import inf
from pathlib import Path
from time import monotonic

import structlog

from fanfare.members import erasures, forgetting, powers, roles
from fanfare.members.erasing import asked_erasure, in_thread
from fanfare.members.erasures import ErasedMember, Line, RemovedText
from fanfare.platform import warrants
from fanfare.platform.desk import Desk
from fanfare.platform.logs.port import Log
from fanfare.record.entry import UnknownEvent, unpack
from fanfare.record.envelope import derived_id
from fanfare.record.members import MemberErased
from fanfare.record.texts import TextRemoved
from fanfare.views import erased
from fanfare.views.erased import Removal

_log = structlog.get_logger()
_ALL_EVERY_S = 3600.0
_AGAIN_WITHIN = timedelta(minutes=5)
"""What a request of hers wrote that was under way when she was erased is there by then, and goes too."""
_BEFORE_LAST = timedelta(hours=2)
"""Space that a long statement held when it was given free is given free an hour later."""


class Sweeper:
    """
    Deletes what was erased. Owned by one worker; it keeps only how far it has come, so a restart sweeps everything.

    Each run is whole or repeated: the record and the list are the truth, and deleting twice changes nothing.
    """

    def __init__(self, desk: Desk, home: Path) -> None:
        """Sweep the database of *desk*, with the list that lies in *home*."""
        self._desk = desk
        self._home = home
        self._members_to = self._texts_to = -1
        self._swept_all_at = -inf

    async def run(self) -> None:
        """Sweep what is new or lately erased, and once an hour everything."""
        everything = monotonic() - self._swept_all_at >= _ALL_EVERY_S
        if everything:
            self._members_to = self._texts_to = -1
        lately = _BEFORE_LAST if everything else _AGAIN_WITHIN
        async with self._desk.pool.connection() as connection:
            members = await erased.members(connection, after=self._members_to)
            texts = await erased.texts(connection, after=self._texts_to)
            late = await erased.members(connection, within=lately)
            late_texts = await erased.texts(connection, within=lately)
        listed = await self._listed() if everything else []
        rows = await self._delete([*members, *late], [*texts, *late_texts], listed)
        await self._without_roles([each for each, _ in (*members, *late)])
        await in_thread(lambda: erasures.add(self._home, _lines(members, texts)))
        if everything:
            self._swept_all_at = monotonic()
            await self._tell_again(listed)
            fresh = bool(late or late_texts)
        else:
            fresh = bool(members or texts)
        if rows or fresh:
            await forgetting.overwrite(self._desk.pool)
        self._members_to = max((place for _, place in members), default=self._members_to)
        self._texts_to = max((each.place for each in texts), default=self._texts_to)

    async def _delete(self, members: Sequence[tuple[str, int]], texts: Sequence[Removal], listed: Sequence[Line]) -> int:
        gone = {each for each, _ in members} | {each.member for each in listed if isinstance(each, ErasedMember)}
        removed = {each.text for each in texts} | {each.text for each in listed if isinstance(each, RemovedText)}
        rows = await forgetting.forget_members(self._desk.pool, sorted(gone))
        rows += await forgetting.forget_texts(self._desk.pool, sorted(removed))
        if rows:
            _log.info("swept", members=len(gone), texts=len(removed), rows=rows)
        return rows

    async def _listed(self) -> list[Line]:
        found: list[Line] = []

        def read() -> int:
            found.extend(erasures.read(self._home))
            return len(found)

        await in_thread(read)
        return found

    async def _without_roles(self, members: Sequence[str]) -> None:
        """End the roles and powers of whoever was erased and has one: given at the same moment, or by a record that was cut."""
        for member in members:
            if warrants.powers_now(self._desk.streams, member, self._desk.now):
                await powers.leave(self._desk, member)
            if any(holder == member for holder, _ in self._desk.streams.site.roles):
                await roles.leave(self._desk, member, even_last=True)

    async def _tell_again(self, listed: Sequence[Line]) -> None:
        """Append what the list holds and the record does not: a backup from before it was restored."""
        await self._desk.catch_up()
        async with self._desk.pool.connection() as connection:
            if await erased.read_to(connection) < self._desk.streams.next_offset:
                self._swept_all_at = -inf  # the view lags behind: look again at the next run
                return
            told = {each for each, _ in await erased.members(connection)}
            gone = [each.member for each in listed if isinstance(each, ErasedMember) and each.member not in told]
            again = await forgetting.known(connection, gone)
            removed = {each.text for each in await erased.texts(connection)}
            lost = [each for each in listed if isinstance(each, RemovedText) and each.text not in removed]
        named = await forgetting.named(self._desk.log, [each.text for each in lost])
        for member in again:
            await roles.leave(self._desk, member, even_last=True)
            await powers.leave(self._desk, member)
            await self._desk.publish(asked_erasure(member), [MemberErased(member=member)], member)
        for each in lost:
            if each.text in named:
                event = TextRemoved(text=each.text, by=each.by, kind=each.kind, reason=each.reason)
                await self._desk.emit([derived_id("removed", each.text)], [event], each.text)


def _lines(members: Sequence[tuple[str, int]], texts: Sequence[Removal]) -> list[Line]:
    removals = [RemovedText(each.text, each.by, each.reason, each.kind) for each in texts]
    return [*(ErasedMember(each) for each, _ in members), *removals]


async def sweep_at_start(desk: Desk, home: Path) -> None:
    """
    Delete what the list and the record say is gone, before anybody is served. The worker's sweeper does the rest.

    The record is read to its head, since a database that was put back from an older copy has not heard of the latest erasures.
    """
    listed = erasures.read(home)
    async with desk.pool.connection() as connection:
        gone = {each for each, _ in await erased.members(connection)}
        removed = {each.text for each in await erased.texts(connection)}
        read_to = await erased.read_to(connection)
    for each in (*listed, *await _told_since(desk.log, read_to)):
        if isinstance(each, ErasedMember | MemberErased):
            gone.add(each.member)
        else:
            removed.add(each.text)
    await forgetting.forget_members(desk.pool, sorted(gone))
    await forgetting.forget_texts(desk.pool, sorted(removed))


async def _told_since(log: Log, start: int) -> list[MemberErased | TextRemoved]:
    """Return the erasures of the record from offset *start* on, up to what this version can read."""
    found: list[MemberErased | TextRemoved] = []
    with suppress(UnknownEvent):
        while page := await log.read(0, start):
            for stored in page:
                events = [each.event for _, each in unpack(0, stored.offset, stored.body).positioned()]
                found += [each for each in events if isinstance(each, MemberErased | TextRemoved)]
            start = page[-1].offset + 1
    return found
