"""Opening a site's parts for a process: the pool, the log, the desk."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Desk
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.port import Log, LogAway
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.refusals import ReaderTooOld

if TYPE_CHECKING:
    from fanfare.platform.logs.kafka.log import KafkaLog

_log = structlog.get_logger()
_AWAY_S = 5.0
"""How long a request waits for a connection before it is told that the database is away."""
_RETRY_S = 2.0
"""After this the pool gives an attempt up, and we begin another. It doubles its pauses: with a long time-out it would sleep on
for as long as an outage had lasted."""
_START_S = 15.0
"""How long a process waits for its first connections; then it ends, and its supervisor starts it again."""
_OLD_S = 60.0
"""Between two alarms that say to upgrade."""


class Admit(Protocol):
    """Keeps a process from writing to a record that was cut, wherever it is kept."""

    async def __call__(self, connection: AsyncConnection) -> None:
        """Look at a new connection to the database that keeps the record; raise where nothing may go through it."""

    def watching(self, pool: AsyncConnectionPool, log: "KafkaLog") -> AbstractAsyncContextManager[None]:
        """Look at a record in Kafka before the block begins and as long as it lasts; raise where nothing may be written to it."""


@dataclass
class Parts:
    """What a process works with. Owned by one event loop."""

    pool: AsyncConnectionPool
    log: Log
    desk: Desk

    async def follow(self) -> None:
        """Keep up with the record's decisions for as long as the process lives; what does not answer is waited for."""
        while True:
            try:
                await self.desk.catch_up()
            except OperationalError as error:
                _log.warning("the database does not answer", error=str(error))
                await asyncio.sleep(0.5)
            except LogAway as error:
                _log.warning("the record does not answer", error=str(error))
            except ReaderTooOld as error:
                _log.error("this version is too old for the record", error=str(error))
                await asyncio.sleep(_OLD_S)
            await self.log.changed(0.25)
            await asyncio.sleep(0.05)  # under load the record changes hundreds of times a second

    async def founded(self) -> None:
        """Return when the site has been founded."""
        while not self.desk.streams.site.founded:
            await self.desk.catch_up()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def opened(
    conninfo: str,
    connections: int = 12,
    admit: Admit | None = None,
    kafka: Kafka | None = None,
) -> AsyncIterator[Parts]:
    """
    Open the parts of the site in the database *conninfo*, and close them in order: pending appends first.

    Args:
        admit: looks at the record before anything is written to it; what it raises keeps us out.
        kafka: keeps the record; without it PostgreSQL does.
    """
    options = {"options": "-c timezone=UTC"}
    pool = AsyncConnectionPool(
        conninfo,
        min_size=2,
        max_size=connections,
        open=False,
        kwargs=options,
        configure=None if kafka else admit,
        timeout=_AWAY_S,
        reconnect_timeout=_RETRY_S,
        reconnect_failed=_asking_again(),
    )
    try:
        await pool.open(wait=True, timeout=_START_S)  # whoever is told to stop while it waits leaves nothing running
        async with _log_of(pool, kafka, admit) as log:
            parts = Parts(pool, log, Desk(pool, log, await _vault_key(pool)))
            with suppress(ReaderTooOld):  # it starts all the same: what it can read it shows, and every write is refused
                await parts.desk.catch_up()
            yield parts
    finally:
        await pool.close()


@asynccontextmanager
async def _log_of(pool: AsyncConnectionPool, kafka: Kafka | None, admit: Admit | None) -> AsyncIterator[Log]:
    """Open the right log, and close it before the pool, through which it may write."""
    if kafka is None:
        log: Log = PostgresLog(pool, 1)
        watching: AbstractAsyncContextManager[None] = nullcontext()
    else:
        from fanfare.platform.logs.kafka.log import KafkaLog

        log = in_kafka = KafkaLog(kafka, 1)
        watching = admit.watching(pool, in_kafka) if admit else nullcontext()
    try:
        async with watching:
            yield log
    finally:
        await log.close()


def _asking_again() -> Callable[[AsyncConnectionPool], Awaitable[None]]:
    """Return what begins another attempt where the pool gave one up; those who wait for a connection would else wait in vain."""
    asking: set[asyncio.Task[None]] = set()

    async def ask(pool: AsyncConnectionPool) -> None:
        with suppress(OperationalError):
            async with pool.connection():
                return

    async def begin(pool: AsyncConnectionPool) -> None:
        task = asyncio.create_task(ask(pool))
        asking.add(task)
        task.add_done_callback(asking.discard)

    return begin


async def _vault_key(pool: AsyncConnectionPool) -> bytes:
    """Return the key under which event ids are made; the first process makes it."""
    async with pool.connection() as connection:
        await connection.execute(
            "insert into vault.keys (name, key) values ('events', %s) on conflict do nothing", (secrets.token_bytes(32),)
        )
        row = await (await connection.execute("select key from vault.keys where name = 'events'")).fetchone()
    if row is None:
        message = "the vault has no key for event ids"
        raise LookupError(message)
    return bytes(row[0])
