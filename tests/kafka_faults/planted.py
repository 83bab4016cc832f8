"""Bugs that the checks have to catch. They live here alone: a product setting that makes one does not exist."""

from collections import deque
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fanfare.platform.hosts.follower import CHANNEL, MOVE, Follower
from fanfare.platform.hosts.tail import Tail
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.entry import Entry

ONE_ACKNOWLEDGEMENT: Mapping[str, Any] = {"acks": 1, "enable_idempotence": False}
"""The leader alone acknowledges, before anybody else has what was written."""
LIKELIHOOD = 0.1


class Killed(BaseException):
    """A worker's process ended here."""


class Mortal(Follower):
    """The real one, in a process that is killed now and then, before or after a commit."""

    chance: Random

    async def _commit(self, entries: Sequence[Entry], decisions_to: int) -> None:
        self.maybe_die()
        await super()._commit(entries, decisions_to)
        self.maybe_die()

    def maybe_die(self) -> None:
        """Die, or not."""
        if self.chance.random() < LIKELIHOOD:
            raise Killed


class PositionsFirst(Mortal):
    """Planted: it commits how far it is, and only then the rows."""

    async def _commit(self, entries: Sequence[Entry], decisions_to: int) -> None:
        del decisions_to
        before = dict(self._next)
        async with self._pool.connection() as connection:
            end = entries[-1].offset + 1
            await connection.execute(MOVE, (self.name, entries[0].partition, end, CHANNEL))
        self.maybe_die()
        async with self._pool.connection() as connection, connection.transaction():
            await self.load(connection)
            self._next = before
            await self.write(connection, entries)


class Trusting(Follower):
    """Planted: no guard. It applies what is delivered as it is delivered."""

    async def _contiguous(self, entries: Sequence[Entry]) -> list[Entry]:
        return list(entries)

    async def _commit(self, entries: Sequence[Entry], decisions_to: int) -> None:
        del decisions_to
        async with self._pool.connection() as connection, connection.transaction():
            await self.load(connection)
            await self.write(connection, entries)


class TrustingTail(Tail):
    """Planted: no guard here, either. What was delivered is what is read."""

    async def deliver(self, entry: StoredEntry) -> None:
        """Take it."""
        self._waiting.setdefault(entry.partition, deque()).append(entry)

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Return it."""
        del start, limit
        found = list(self._waiting.get(partition, ()))
        self._waiting.pop(partition, None)
        return found
