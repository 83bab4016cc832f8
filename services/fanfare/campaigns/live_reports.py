"""Reports as of now. One over many ballots takes seconds to compute, so it is computed once for all who ask, and kept a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import msgspec
import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg import Error as PsycopgError
from psycopg.errors import InvalidSchemaName, UndefinedTable

from fanfare.platform.batch import Batcher
from fanfare.platform.desk import Desk
from fanfare.platform.logs.port import LogAway
from fanfare.platform.refusals import NotYetThere, ReaderTooOld
from fanfare.platform.tasks import ended
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Moment, Position
from fanfare.reports.counted import Counted
from fanfare.reports.report import encoded
from fanfare.views.projection import hold

KEPT_FROM = 10_000
"""Ballots received. Over fewer a report is computed for each who asks, in a tenth of a second at most."""
_REST = 20
"""A kept report is computed again when so many times as long has passed as it took: that costs a twentieth of one core."""
_LONGEST_S = 600.0
"""One that is older is not shown: whoever asks waits. And one that takes longer is given up: nobody could be shown it."""
_WARMED = 20
"""How many reports are computed at the start, at most: each may fill a core for seconds."""
_NO_TABLES = (UndefinedTable, InvalidSchemaName)
"""Of a site that nobody founded, or whose worker makes them just now."""
_log = structlog.get_logger()


class LiveReport(msgspec.Struct, frozen=True):
    """A canonical report."""

    body: bytes
    at: datetime
    """When it was computed, UTC."""
    moment: Moment = ()
    """From what; none of one that was sealed."""

    def has_read(self, position: Position) -> bool:
        """Tell whether it is of a moment that includes a position."""
        return position.partition < len(self.moment) and position.offset < self.moment[position.partition]


Compute = Callable[[], Awaitable[tuple[LiveReport, int]]]
"""Computes a report, and says how many ballots it is about."""
Key = tuple[str, ...]


class _Kept(msgspec.Struct):
    report: LiveReport
    began: float
    took_s: float

    @property
    def age_s(self) -> float:
        return monotonic() - self.began

    def will_do(self, awaited: Position | None) -> bool:
        """Tell whether it may be shown to whoever waits for a position."""
        return self.age_s <= _LONGEST_S and (awaited is None or self.report.has_read(awaited))


class _Ask(msgspec.Struct, frozen=True):
    """What somebody wants of a report."""

    awaited: Position | None = None
    anew: bool = False
    """Computed after the ask came, whatever is kept."""


class LiveReports:
    """The reports of this process. Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Compute from the rows of *desk*'s database."""
        self._desk = desk
        self._kept: dict[Key, _Kept] = {}
        self._computing: dict[Key, Batcher[_Ask, LiveReport]] = {}
        self._again: dict[Key, asyncio.Task[None]] = {}

    async def of_round(self, campaign: Campaign, found: Round, *, awaited: Position | None = None) -> LiveReport:
        """
        Return the canonical report of a round: the sealed one as it was sealed, else as of now, or of a short while ago.

        Args:
            awaited: the tables have read it, and so has the report: what the asker wrote.

        Raises:
            NotYetThere: the rows have not read the round yet.
        """
        sealed = found.sealed.report if found.sealed and found.status == "sealed" else ""

        async def compute() -> tuple[LiveReport, int]:
            async with self._snapshot() as connection:
                at = datetime.now(UTC)
                if sealed:
                    query = "select body from desk.reports where digest = %s"
                    row = await (await connection.execute(query, (sealed,))).fetchone()
                    if row:
                        return LiveReport(bytes(row[0]), at), 0
                partitions = self._desk.streams.site.partitions
                report = await Counted(connection).round_report(campaign.id, found.id, partitions)
            return LiveReport(encoded(report), at, report.moment), report.ballots.received

        return await self._report((found.id, found.status, sealed), compute, awaited)

    async def of_campaign(self, campaign: Campaign, *, awaited: Position | None = None) -> LiveReport:
        """Return the canonical report of a campaign, as :meth:`of_round` does. Raises: NotYetThere."""

        async def compute() -> tuple[LiveReport, int]:
            async with self._snapshot() as connection:
                at = datetime.now(UTC)
                partitions = self._desk.streams.site.partitions
                report = await Counted(connection).campaign_report(campaign.id, partitions)
            return LiveReport(encoded(report), at, report.moment), sum(each.ballots.received for each in report.rounds)

        return await self._report((campaign.id, *(each.status for each in campaign.rounds)), compute, awaited)

    async def warm(self) -> None:
        """
        Compute what takes long of what can still change, one after another, so that no first reader after a start waits for it.

        Who comes meanwhile gets what is being computed. What cannot be computed now is left to its first reader.
        """
        try:
            await self._desk.catch_up()
            for campaign, found in await self._long():
                await (self.of_round(campaign, found) if found else self.of_campaign(campaign))
        except (NotYetThere, ReaderTooOld, LogAway, OperationalError, *_NO_TABLES) as error:
            _log.warning("reports not computed ahead", error=type(error).__name__)

    async def rested(self) -> None:
        """Wait until nothing is computed again behind its readers."""
        await asyncio.gather(*self._again.values(), return_exceptions=True)

    async def close(self) -> None:
        """Give up what is being computed."""
        await ended(self._again.values())
        for each in self._computing.values():
            await each.close()

    async def _long(self) -> list[tuple[Campaign, Round | None]]:
        """Return the rounds with many ballots that were opened and are not sealed, each followed by its campaign (none)."""
        found: list[tuple[Campaign, Round | None]] = []
        campaigns = self._desk.streams.campaigns.values()
        going = [(each, [one for one in each.rounds if one.status in ("open", "closing", "closed")]) for each in campaigns]
        if not any(rounds for _, rounds in going):
            return []
        async with self._snapshot() as connection:
            for campaign, rounds in going:
                long = [each for each in rounds if await Counted(connection).receives(each, KEPT_FROM)]
                found += [(campaign, each) for each in (*long, None)] if long else []
        return found[:_WARMED]

    async def _report(self, key: Key, compute: Compute, awaited: Position | None) -> LiveReport:
        kept = self._kept.get(key)
        if kept is None or not kept.will_do(awaited):
            return await self._computed(key, compute, _Ask(awaited))
        if kept.age_s > _REST * kept.took_s and key not in self._again:
            self._again[key] = asyncio.create_task(self._compute_again(key, compute))
        return kept.report

    async def _computed(self, key: Key, compute: Compute, ask: _Ask) -> LiveReport:
        """Compute a report for all who have asked before it begins; who asks meanwhile gets it, too, if it does, or the next."""

        async def run(asked: Sequence[_Ask]) -> Sequence[LiveReport]:
            kept = self._kept.get(key)
            if kept and all(kept.will_do(each.awaited) and not each.anew for each in asked):
                return [kept.report] * len(asked)
            began = monotonic()
            report, received = await compute()
            if received >= KEPT_FROM:
                self._kept[key] = _Kept(report, began, monotonic() - began)
            return [report] * len(asked)

        return await self._computing.setdefault(key, Batcher(run))(ask)

    async def _compute_again(self, key: Key, compute: Compute) -> None:
        try:
            await self._computed(key, compute, _Ask(anew=True))
        except (NotYetThere, PsycopgError) as error:
            _log.warning("report not computed again", of=key[0], error=type(error).__name__)
        finally:
            del self._again[key]

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that sees one moment. Raises: NotYetThere: what is asked for has not been read into the rows."""
        async with self._desk.pool.connection() as connection, connection.transaction():
            await connection.execute("set transaction isolation level repeatable read, read only")
            await hold(connection, "counted.site")
            await connection.execute("select set_config('statement_timeout', %s, true)", (f"{1000 * _LONGEST_S:.0f}ms",))
            try:
                yield connection
            except LookupError as error:
                raise NotYetThere from error
