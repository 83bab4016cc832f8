"""Reports as of now. One over many ballots takes seconds to compute, so it is computed once for all who ask, and kept a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg import Error as PsycopgError

from fanfare.platform.batch import Batcher
from fanfare.platform.desk import Desk
from fanfare.platform.refusals import NotYetThere
from fanfare.record.campaigns import Campaign, Round
from fanfare.reports.counted import Counted
from fanfare.reports.report import encoded
from fanfare.views.projection import hold

KEPT_FROM = 10_000
"""Ballots received. Over fewer a report is computed for each who asks, in a tenth of a second at most."""
_REST = 20
"""A kept report is computed again when so many times as long has passed as it took: that costs a twentieth of one core."""
_LONGEST_S = 600.0
"""One that is older is not shown: whoever asks waits."""
_log = structlog.get_logger()


class LiveReport(msgspec.Struct, frozen=True):
    """A canonical report."""

    body: bytes
    at: datetime
    """When it was computed, UTC; its moment says from what."""


Compute = Callable[[], Awaitable[tuple[LiveReport, int]]]
"""Computes a report, and says how many ballots it is about."""


class _Kept(msgspec.Struct):
    report: LiveReport
    began: float
    took_s: float

    @property
    def age_s(self) -> float:
        return monotonic() - self.began


class LiveReports:
    """The reports of this process. Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Compute from the rows of *desk*'s database."""
        self._desk = desk
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._computing: dict[tuple[str, ...], Batcher[None, LiveReport]] = {}
        self._again: dict[tuple[str, ...], asyncio.Task[None]] = {}

    async def of_round(self, campaign: Campaign, found: Round, *, now: bool = False) -> LiveReport:
        """
        Return the canonical report of a round: the sealed one as it was sealed, else as of now, or of a short while ago.

        Args:
            now: nothing that was kept will do, since the asker waits for what she wrote.

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
            return LiveReport(encoded(report), at), report.ballots.received

        return await self._report((found.id, found.status, sealed), compute, now=now)

    async def of_campaign(self, campaign: Campaign, *, now: bool = False) -> LiveReport:
        """Return the canonical report of a campaign, as :meth:`of_round` does. Raises: NotYetThere."""

        async def compute() -> tuple[LiveReport, int]:
            async with self._snapshot() as connection:
                at = datetime.now(UTC)
                partitions = self._desk.streams.site.partitions
                report = await Counted(connection).campaign_report(campaign.id, partitions)
            return LiveReport(encoded(report), at), sum(each.ballots.received for each in report.rounds)

        return await self._report((campaign.id, *(each.status for each in campaign.rounds)), compute, now=now)

    async def rested(self) -> None:
        """Wait until nothing is computed again behind its readers."""
        await asyncio.gather(*self._again.values(), return_exceptions=True)

    async def _report(self, key: tuple[str, ...], compute: Compute, *, now: bool) -> LiveReport:
        kept = None if now else self._kept.get(key)
        if kept is None or kept.age_s > _LONGEST_S:
            return await self._computed(key, compute)
        if kept.age_s > _REST * kept.took_s and key not in self._again:
            self._again[key] = asyncio.create_task(self._compute_again(key, compute))
        return kept.report

    async def _computed(self, key: tuple[str, ...], compute: Compute) -> LiveReport:
        """Compute a report for all who have asked before it begins; who asks meanwhile gets the next."""

        async def run(asked: Sequence[None]) -> Sequence[LiveReport]:
            began = monotonic()
            report, received = await compute()
            if received >= KEPT_FROM:
                self._kept[key] = _Kept(report, began, monotonic() - began)
            return [report] * len(asked)

        return await self._computing.setdefault(key, Batcher(run))(None)

    async def _compute_again(self, key: tuple[str, ...], compute: Compute) -> None:
        try:
            await self._computed(key, compute)
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
            try:
                yield connection
            except LookupError as error:
                raise NotYetThere from error
