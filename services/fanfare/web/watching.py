"""Reading how the site is: what its processes have told, and what its tables say."""

import asyncio
import shutil
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from fanfare.members import outbox
from fanfare.notary.state import State, states
from fanfare.notary.witnessing import Witnessed, witnesses
from fanfare.platform import presence
from fanfare.platform.desk import Desk
from fanfare.platform.logging import Noted
from fanfare.platform.logs.port import LogAway
from fanfare.platform.metrics import Sample
from fanfare.platform.presence import VERSION, Presence, Told
from fanfare.platform.settings import Settings
from fanfare.record.position import Moment
from fanfare.reports.quarantined import quarantined
from fanfare.web.brokers import answering
from fanfare.web.vitals import (
    BrokerVitals,
    Disk,
    FaultVitals,
    NotaryVitals,
    OutboxVitals,
    ProjectionVitals,
    QuarantinedVitals,
    RebuildVitals,
    RecordVitals,
    RunnerVitals,
    Vitals,
    WitnessVitals,
    due,
)

FRESH_S = 1.0
"""However many look, the tables are asked once in so long."""
_LOOK_EVERY_S = 2.0
_RECORD_S = 2.0
"""A record that takes longer to tell its heads is away, for whoever looks: Prometheus waits for ten seconds at most."""
_KEPT = 900
"""Heads that are remembered: half an hour of them."""

PROJECTIONS = """
    select name, version, coalesce(stopped, ''),
           coalesce(json_object_agg(partition, next_offset) filter (where partition is not null), '{}')
      from platform.projections left join platform.positions on projection = name where fills is null
     group by name, version, stopped order by name
"""
FILLING = """
    select fills, coalesce(stopped, ''), coalesce(sum(next_offset), 0)::bigint
      from platform.projections left join platform.positions on projection = name where fills is not null
     group by fills, stopped order by fills
"""
SIZE = "select pg_database_size(current_database())"
SESSIONS = "select kind, count(*) from vault.sessions where expires_at > now() group by kind"
SEALED = "select digest, (convert_from(body, 'UTF8')::json)->'ballots' from desk.reports where digest <> all(%s)"


class Watching:
    """Reads how the site is. Owned by one event loop."""

    def __init__(self, desk: Desk, own: Presence, settings: Settings) -> None:
        """Read through *desk*, and the data folder of *settings*; *own* tells of this process."""
        self._desk = desk
        self._own = own
        self._settings = settings
        self._heads: deque[tuple[float, Moment]] = deque(maxlen=_KEPT)
        self._brokers: list[BrokerVitals] = []
        self._sealed: dict[str, dict[str, int]] = {}
        self._lock = asyncio.Lock()
        self._read: tuple[float, Vitals, list[Told]] | None = None

    async def keep_looking(self) -> None:
        """Note the record's heads for as long as the process lives: how long a projection is behind follows from them."""
        while True:
            try:
                await self._record()
            except (psycopg.OperationalError, PoolTimeout):
                self._heads.clear()
            self._brokers = await answering(self._settings.kafka_brokers)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _record(self) -> tuple[RecordVitals, Moment]:
        """Return where the record is kept and its heads, and note them. Raises: OperationalError, PoolTimeout: PostgreSQL's."""
        answers = True
        try:
            async with asyncio.timeout(_RECORD_S):
                self._heads.append((monotonic(), await self._desk.log.heads()))
        except (LogAway, TimeoutError):
            answers = False
        heads = self._heads[-1][1] if self._heads else (0,) * self._desk.log.partitions
        kafka = self._settings.kafka
        if kafka is None:
            return RecordVitals(answers=answers), heads
        return RecordVitals(place="kafka", topic=kafka.topic, brokers=self._brokers, answers=answers), heads

    async def vitals(self) -> Vitals:
        """Return how the site is, as of a second ago at most."""
        return (await self._now())[0]

    async def samples(self) -> list[tuple[str, list[Sample]]]:
        """Return what each process that is here has counted, by its name; this one's as of now."""
        _, others = await self._now()
        told = [
            (each.name, [*each.samples(), Sample("fanfare_seen_seconds", round(each.silent_s, 1))])
            for each in others
            if each.is_here and each.name != self._own.name
        ]
        return [(self._own.name, [*self._own.samples(), Sample("fanfare_seen_seconds", 0)]), *told]

    async def _now(self) -> tuple[Vitals, list[Told]]:
        async with self._lock:
            if self._read is None or monotonic() - self._read[0] > FRESH_S:
                found, told = await self._look()
                self._read = (monotonic(), found, told)
            return self._read[1], self._read[2]

    async def _look(self) -> tuple[Vitals, list[Told]]:
        now = datetime.now(UTC)
        try:
            record, heads = await self._record()
            async with self._desk.pool.connection(timeout=2.0) as connection:
                told = list(await presence.told(connection))
                found = await self._from_tables(connection, heads)
        except (psycopg.OperationalError, PoolTimeout):
            return Vitals(at=now, version=VERSION, database=False, disk=_disk(self._settings.home)), []
        faults = [(each.name, noted) for each in told for noted in each.noted()]
        vitals = Vitals(
            at=now,
            version=VERSION,
            database=True,
            record=record,
            heads=list(heads),
            due=due(self._desk.streams.campaigns.values(), now),
            processes=[_process(each) for each in told if each.is_here],
            faults=_latest(faults),
            backup_at=_backup_at(self._settings.last_backup),
            disk=_disk(self._settings.home),
            **found,
        )
        return vitals, told

    async def _from_tables(self, connection: AsyncConnection, heads: Moment) -> dict[str, Any]:
        rows = await (await connection.execute(PROJECTIONS)).fetchall()
        filling = await (await connection.execute(FILLING)).fetchall()
        size = await (await connection.execute(SIZE)).fetchone()
        mail = await outbox.state(connection)
        sessions: dict[str, int] = dict(await (await connection.execute(SESSIONS)).fetchall())
        for digest, ballots in await (await connection.execute(SEALED, (list(self._sealed),))).fetchall():
            self._sealed[digest] = ballots or {}
        fates = ("counted", "replaced", "late", "void")
        return {
            "quarantined": await _quarantined(connection),
            "notary": [self._notary(heads, each) for each in await states(connection)],
            "witnesses": [_witness(each) for each in await witnesses(connection)],
            "database_bytes": size[0] if size else 0,
            "rebuilds": [RebuildVitals(name=name, done=done, of=sum(heads), stopped=why) for name, why, done in filling],
            "projections": [self._projection(heads, *row) for row in rows],
            "outbox": OutboxVitals(
                waiting=mail.waiting,
                failed=mail.failed,
                given_up=mail.given_up,
                oldest_s=round(mail.oldest_s, 1),
                failures=mail.failures,
            ),
            "sessions": {kind: sessions.get(kind, 0) for kind in ("browser", "token")},
            "sealed_ballots": {fate: sum(each.get(fate, 0) for each in self._sealed.values()) for fate in fates},
        }

    def _projection(self, heads: Moment, name: str, version: int, stopped: str, at: dict[str, int]) -> ProjectionVitals:
        positions = [at.get(str(partition), 0) for partition in range(len(heads))]
        lag = [max(0, head - position) for head, position in zip(heads, positions, strict=True)]
        lag_s = self._behind_s(positions) if any(lag) else 0.0
        return ProjectionVitals(name=name, version=version, stopped=stopped, positions=positions, lag=lag, lag_s=lag_s)

    def _notary(self, heads: Moment, told: State) -> NotaryVitals:
        head = heads[told.partition] if told.partition < len(heads) else 0
        behind = max(0, head - told.signed_size)
        alone = [told.signed_size if number == told.partition else 2**62 for number in range(len(heads))]
        return NotaryVitals(
            partition=told.partition,
            signed=told.signed_size,
            behind=behind,
            behind_s=self._behind_s(alone) if behind else 0,
            signed_at=told.signed_at,
            swept_at=told.swept_at,
            doubt=told.doubt,
        )

    def _behind_s(self, positions: Sequence[int]) -> float:
        """Return how long ago the record was first seen to be further than *positions*."""
        for at, heads in self._heads:
            if any(head > position for head, position in zip(heads, positions, strict=False)):
                return round(monotonic() - at, 1)
        return 0.0


def _witness(told: Witnessed) -> WitnessVitals:
    silent_s = (datetime.now(UTC) - told.silent_since).total_seconds() if told.silent_since else 0.0
    return WitnessVitals(
        name=told.name,
        partition=told.partition,
        size=told.size,
        at=told.at,
        silent_s=round(max(0.0, silent_s), 1),
        silent_since=told.silent_since,
        why=told.why,
    )


async def _quarantined(connection: AsyncConnection) -> list[QuarantinedVitals]:
    try:
        async with connection.transaction():
            found = await quarantined(connection)
    except psycopg.errors.UndefinedTable:
        return []  # the worker has not made the tables of this version yet
    return [
        QuarantinedVitals(position=str(each.position), why=each.why, rounds=list(each.rounds), rulings=len(each.rulings))
        for each in found
    ]


def _backup_at(noted: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(noted.read_text().strip())
    except (OSError, ValueError):
        return None


def _process(told: Told) -> RunnerVitals:
    samples = told.samples()
    resident = next((each.value for each in samples if each.metric == "fanfare_resident_bytes"), 0)
    return RunnerVitals(
        name=told.name,
        kind=told.kind,
        version=told.version,
        started_at=told.started_at,
        silent_s=round(told.silent_s, 1),
        resident_bytes=int(resident),
        machine=next((each.labels[0] for each in samples if each.metric == "fanfare_running"), ""),
        partitions=sorted(int(each.labels[0]) for each in samples if each.metric == "fanfare_partition_held"),
    )


def _latest(faults: Sequence[tuple[str, Noted]], most: int = 50) -> list[FaultVitals]:
    newest = sorted(faults, key=lambda each: each[1].at, reverse=True)[:most]
    return [
        FaultVitals(
            at=each.at, what=each.what, where=each.where, error=each.error, id=each.id, request=each.request, process=name
        )
        for name, each in newest
    ]


def _disk(home: Path) -> Disk | None:
    if not home.exists():
        return None
    usage = shutil.disk_usage(home)
    return Disk(free_bytes=usage.free, size_bytes=usage.total)
