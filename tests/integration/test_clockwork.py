"""Closing is finished by the next run, wherever the one before it died."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fanfare.campaigns.clockwork import Clockwork
from fanfare.campaigns.drafts import DraftCampaign
from fanfare.campaigns.founding import Founding, found
from fanfare.campaigns.service import Campaigns
from fanfare.members import joining
from fanfare.members.roles import grant_first_admin
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.port import Log, StoredEntry
from fanfare.projecting import PROJECTIONS
from fanfare.record.entry import unpack
from fanfare.record.position import Position
from fanfare.reports import receipts
from fanfare.reports.counted import Counted
from fanfare.voting.credit import credit
from fanfare.voting.service import Voting
from tests.site_fixture import ADDRESS, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


class Died(Exception):
    """The process died at a failpoint."""


class DyingLog:
    """A log whose process dies at one append: before it, or after it was durable and before the answer came."""

    def __init__(self, log: Log, dies_at: int, *, appended: bool) -> None:
        self._log, self._left, self._appended = log, dies_at, appended
        self.partitions = log.partitions

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        self._left -= 1
        if self._left == 0 and not self._appended:
            raise Died
        position = await self._log.append(partition, events, alone=alone)
        if self._left == 0:
            raise Died
        return position

    def written(self, partition: int, offset: int) -> bytes | None:
        return self._log.written(partition, offset)

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        return await self._log.read(partition, start, limit)

    async def heads(self) -> tuple[int, ...]:
        return await self._log.heads()

    async def changed(self, timeout_s: float) -> None:
        await self._log.changed(timeout_s)

    async def settle(self) -> None:
        await self._log.settle()

    async def close(self) -> None:
        await self._log.close()


class Stage:
    """A site without a running worker: the test says when projections and clockwork run."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.worker = Worker(parts.log, [Follower(each, parts.pool, parts.log) for each in PROJECTIONS])

    async def start(self) -> None:
        await self.worker.prepare()

    async def project(self) -> None:
        while await self.worker.drain():
            pass

    def clockwork(self, dies_at: int = 0, *, appended: bool = False) -> Clockwork:
        desk = Desk(self.parts.pool, self.parts.log, self.parts.desk.vault_key)
        if dies_at:
            desk.log = DyingLog(self.parts.log, dies_at, appended=appended)
        return Clockwork(desk, credit, settle_s=0)

    async def events(self) -> list[str]:
        found_events = []
        for partition in range(4):
            for stored in await self.parts.log.read(partition, 0, 5000):
                entry = unpack(stored.partition, stored.offset, stored.body)
                found_events += [recorded.event.wire for _, recorded in entry.positioned()]
        return found_events


async def secret_of(parts: Parts, member: str) -> bytes:
    """Return what a member's voter tokens are made from."""
    async with parts.pool.connection() as connection:
        row = await (await connection.execute("select secret from vault.members where id = %s", (member,))).fetchone()
    assert row
    return bytes(row[0])


@asynccontextmanager
async def an_open_round_with_ballots(database: str, *, closed: bool = True) -> AsyncIterator[tuple[Stage, str]]:
    async with opened(database) as parts:
        stage = Stage(parts)
        await stage.start()
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await parts.desk.catch_up()
        fans = [await joining.join(parts.desk, f"Fan {n}") for n in range(5)]
        await grant_first_admin(parts.desk, fans[0])
        campaigns, voting = Campaigns(parts.desk), Voting(parts.desk)
        draft = DraftCampaign.model_validate({"title": "A", "story": "B", "rounds": [round_of()]})
        draft_id, _ = await campaigns.save_draft(None, 0, draft, fans[0])
        campaign, _ = await campaigns.publish(draft_id, Asked(actor=fans[0], command="publish", target=draft_id, key="p"))
        await stage.clockwork().run()
        await parts.desk.catch_up()
        round_id = parts.desk.streams.campaigns[campaign].rounds[0].id
        for n, fan in enumerate(fans):
            asked = Asked(actor=fan, command="cast", target=round_id, key=f"b{n}")
            await voting.cast(round_id, asked, await secret_of(parts, fan), 1, [f"o{1 + n % 2}"], "api")
        await stage.project()
        if closed:
            await close(parts, round_id)
        yield stage, round_id


async def close(parts: Parts, round_id: str) -> None:
    """Decide by hand that the round closes."""
    campaigns = Campaigns(parts.desk)
    ((admin, _),) = parts.desk.streams.site.roles
    asked = Asked(actor=admin, command="close", target=round_id, key="c")
    await campaigns.close(await campaigns.round(round_id), asked)


async def finish(stage: Stage, clockwork: Clockwork) -> None:
    for _ in range(12):
        await clockwork.run()
        await stage.project()


@pytest.mark.parametrize("appended", [False, True], ids=["before it is durable", "after it is durable"])
@pytest.mark.parametrize("dies_at", range(1, 7))
async def test_a_crash_at_any_append_of_a_closing_is_finished_by_the_next_run(
    database: str, dies_at: int, *, appended: bool
) -> None:
    async with an_open_round_with_ballots(database) as (stage, round_id):
        with pytest.raises(Died):
            await finish(stage, stage.clockwork(dies_at, appended=appended))

        await stage.project()
        await finish(stage, stage.clockwork())

        await stage.parts.desk.catch_up()
        found_round = stage.parts.desk.streams.round(round_id)
        assert found_round is not None
        assert found_round[1].status == "sealed"
        events = await stage.events()
        assert events.count("fanfare.round.closed.v1") == 1
        assert events.count("fanfare.round.sealed.v1") == 1
        assert set(events) >= {"fanfare.ballots.closed.v1", "fanfare.member.took-part.v1"}
        async with stage.parts.pool.connection() as connection:
            row = await (
                await connection.execute("select count(*) from counted.took_part where round = %s", (round_id,))
            ).fetchone()
        assert row == (5,)


async def test_what_is_more_than_ten_minutes_late_waits_for_a_host(database: str) -> None:
    async with opened(database) as parts:
        stage = Stage(parts)
        await stage.start()
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await parts.desk.catch_up()
        host = await joining.join(parts.desk, "Dora")
        await grant_first_admin(parts.desk, host)
        campaigns = Campaigns(parts.desk)
        long_ago = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
        draft = DraftCampaign.model_validate({"title": "A", "story": "B", "rounds": [round_of(opens_at=long_ago)]})
        draft_id, _ = await campaigns.save_draft(None, 0, draft, host)
        campaign, _ = await campaigns.publish(draft_id, Asked(actor=host, command="publish", target=draft_id, key="p"))

        await stage.clockwork().run()

        await parts.desk.catch_up()
        assert parts.desk.streams.campaigns[campaign].rounds[0].status == "planned"


async def test_two_clockworks_at_once_open_and_close_a_round_once(database: str) -> None:
    async with an_open_round_with_ballots(database) as (stage, round_id):
        one, two = stage.clockwork(), stage.clockwork()
        for _ in range(12):
            await one.run()
            await two.run()
            await stage.project()

        await stage.parts.desk.catch_up()
        found_round = stage.parts.desk.streams.round(round_id)
        assert found_round is not None
        assert found_round[1].status == "sealed"
        async with stage.parts.pool.connection() as connection:
            row = await (
                await connection.execute("select count(*) from counted.took_part where round = %s", (round_id,))
            ).fetchone()
        assert row == (5,)


class HoldingLog(DyingLog):
    """A log that holds appends to the ballot partitions back until it is let go."""

    def __init__(self, log: Log) -> None:
        super().__init__(log, 0, appended=False)
        self.held, self.go = asyncio.Event(), asyncio.Event()

    async def append(self, partition: int, events: Sequence[bytes], *, alone: bool = False) -> Position:
        if partition != 0:
            self.held.set()
            await self.go.wait()
        return await self._log.append(partition, events, alone=alone)


async def test_a_ballot_behind_the_closing_marker_is_told_that_it_is_late(database: str) -> None:
    async with an_open_round_with_ballots(database, closed=False) as (stage, round_id):
        parts = stage.parts
        log = HoldingLog(parts.log)
        desk = Desk(parts.pool, log, parts.desk.vault_key)
        voting, fan = Voting(desk), await joining.join(parts.desk, "Late Fan")
        asked = Asked(actor=fan, command="cast", target=round_id, key="late")
        casting = asyncio.create_task(voting.cast(round_id, asked, await secret_of(parts, fan), 1, ["o1"], "api"))
        await log.held.wait()
        await close(parts, round_id)
        clockwork = Clockwork(
            Desk(parts.pool, parts.log, parts.desk.vault_key), credit
        )  # as it runs: markers come a second later
        async with asyncio.timeout(20):
            while "fanfare.round.closed.v1" not in await stage.events():
                await finish(stage, clockwork)

        log.go.set()
        receipt, done = await casting

        await stage.project()
        assert receipt.state == "late"
        async with parts.pool.connection() as connection:
            assert (await receipts.find(connection, done.event_id)).state == "late"  # type: ignore[union-attr]
            report = await Counted(connection).round_report(parts.desk.streams.round(round_id)[0].id, round_id, 4)  # type: ignore[index]
        assert (report.ballots.counted, report.ballots.late) == (5, 1)
