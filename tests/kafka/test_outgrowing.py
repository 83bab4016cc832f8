"""A site outgrows its machine: voted in on PostgreSQL, carried over, voted in on Kafka, and one record all along."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from fanfare.audit.audit_commands import Answering, Brought, run_audit_of, run_audit_site
from fanfare.audit.checks.replay import replay
from fanfare.audit.commands import run_export, run_replay_of
from fanfare.operations.backup import backup
from fanfare.operations.log_copy import copy
from fanfare.operations.restore import restore
from fanfare.platform.logs import place
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.kafka.which import which
from tests.contracts.log_contract import named
from tests.kafka.test_log_copy import entries_in, entries_of, fill
from tests.site_fixture import SiteUnderTest, client_of, round_of, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AS_JSON = Answering(NOW, json=True)
FANS = 4


async def vote(fan: httpx2.AsyncClient, round_id: str, option: str) -> httpx2.Response:
    """Cast a ballot on a fresh paper."""
    number = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()["number"]
    return await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": number, "options": [option]})


async def waited_for(fan: httpx2.AsyncClient, receipt: httpx2.Response) -> dict[str, Any]:
    """Read what became of a ballot, once the site has read up to where it stands; without what depends on when that is asked."""
    headers = {"Fanfare-Wait": receipt.headers["Fanfare-Position"]}
    told = (await fan.get(receipt.headers["Location"], headers=headers)).raise_for_status().json()
    return {name: each for name, each in told.items() if name not in ("promise", "signed_by", "proof")}


def again(fan: httpx2.AsyncClient, site: SiteUnderTest) -> httpx2.AsyncClient:
    """Return the client of the same member on a site that was started anew."""
    return client_of(site.app, fan.headers["Authorization"].removeprefix("Bearer "))


async def test_a_site_that_moves_keeps_its_reports_its_receipts_and_its_voters(
    database: str, record_topic: Kafka, tmp_path: Path
) -> None:
    async with running_site(database, home=tmp_path) as small:
        sealed, going = (each["id"] for each in (await small.publish(round_of(), round_of(name="Colour")))["rounds"])
        await small.until(sealed, "open")
        await small.until(going, "open")
        fans = [await small.fan(f"Fan {number}") for number in range(FANS)]
        first = [(await vote(fan, sealed, "o1")).raise_for_status() for fan in fans]
        first += [(await vote(fan, going, "o2")).raise_for_status() for fan in fans]
        (await small.host.post(f"/api/v1/rounds/{sealed}/close")).raise_for_status()
        await small.until(sealed, "sealed")
        report = (await small.stranger.get(f"/api/v1/rounds/{sealed}/report")).raise_for_status().content
        became = [await waited_for(small.stranger, each) for each in first]

        same = await copy(database, record_topic)

        refused = await vote(fans[0], going, "o3")
        host = small.host
    assert (refused.status_code, refused.json()["code"]) == (503, "moved")
    assert sum(each.entries for each in same) == len(entries_of(database))
    with pytest.raises(place.WrongPlace, match="Set FANFARE_KAFKA_BROKERS"):
        place.refuse_if_elsewhere(database, None)
    place.refuse_if_elsewhere(database, await asyncio.to_thread(which, record_topic))

    async with running_site(database, founded=False, home=tmp_path, kafka=record_topic) as large:
        assert [await waited_for(large.stranger, each) for each in first] == became
        assert (await large.stranger.get(f"/api/v1/rounds/{sealed}/report")).content == report
        changed = (await vote(again(fans[0], large), going, "o3")).raise_for_status()
        (await vote(await large.fan("Newcomer"), going, "o3")).raise_for_status()
        assert (await waited_for(large.stranger, changed))["state"] == "counted"
        assert (await waited_for(large.stranger, first[FANS]))["state"] == "replaced"
        (await again(host, large).post(f"/api/v1/rounds/{going}/close")).raise_for_status()
        await large.until(going, "sealed")
        async with served(large.app) as url:
            await exported_and_replayed(large, url, tmp_path)
            assert await replayed_from_the_topic(record_topic, url) == 0
    before, now = entries_of(database), await entries_in(record_topic)
    assert set(before) < set(now)


async def exported_and_replayed(site: SiteUnderTest, url: str, folder: Path) -> None:
    """Export a site on Kafka, and look whether its reports follow from its record."""
    async with site.parts.pool.connection() as connection:
        assert await run_export(site.parts.log, connection, url, folder / "site.tar", now=NOW) == 0
    outcome = replay(folder / "site.tar")
    assert [each for each in outcome.claims if not each.passed] == []
    assert outcome.exit_code == 0


async def replayed_from_the_topic(kafka: Kafka, url: str) -> int:
    """Replay a record with nothing but the topic and the published reports, and return the exit code."""
    log = KafkaLog(kafka, 1)
    try:
        return await run_replay_of(log, "kafka://…", url, now=NOW, json=True)
    finally:
        await log.close()


async def audited_from_the_topic(kafka: Kafka, url: str) -> int:
    """Audit a record with nothing but the topic and what the site publishes, and return the exit code."""
    log = KafkaLog(kafka, 1)
    try:
        return await run_audit_of(log, "kafka://…", url, Brought(), AS_JSON)
    finally:
        await log.close()


async def test_a_replay_of_the_topic_finds_a_report_that_was_altered(
    database: str, record_topic: Kafka, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place.settle_place(database, await asyncio.to_thread(which, record_topic))
    async with running_site(database, home=tmp_path, kafka=record_topic) as site:
        (voted,) = (each["id"] for each in (await site.publish(round_of()))["rounds"])
        await site.until(voted, "open")
        (await vote(await site.fan(), voted, "o1")).raise_for_status()
        (await site.host.post(f"/api/v1/rounds/{voted}/close")).raise_for_status()
        await site.until(voted, "sealed")
        async with served(site.app) as url:
            assert await replayed_from_the_topic(record_topic, url) == 0
            assert [each["name"] for each in _claims(capfd)][:2] == ["record", "reports"]
            assert await audited_from_the_topic(record_topic, url) == 0
            assert {"keys", "manifest", *(f"tree {number}" for number in range(4))} <= {each["name"] for each in _claims(capfd)}
            assert await run_audit_site(url, Brought(), AS_JSON) == 0
            async with site.parts.pool.connection() as connection:
                await connection.execute(
                    """update desk.reports set body = convert_to(replace(convert_from(body, 'utf8'),
                       '"votes":1', '"votes":7'), 'utf8')"""
                )

            assert await replayed_from_the_topic(record_topic, url) == 1
            failing = {each["name"]: each["differences"] for each in _claims(capfd) if not each["passed"]}
    assert failing[f"report rounds/{voted}"] == ["$.ranking[0].votes: published 7, recomputed 1"]


def _claims(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: dict[str, Any] = msgspec.json.decode(capfd.readouterr().out.splitlines()[-1])
    return list(found["claims"])


async def test_a_site_that_shrinks_again_comes_back_through_a_backup_with_the_same_record(
    database: str, empty: str, record_topic: Kafka, tmp_path: Path
) -> None:
    fill(database, 50)
    await copy(database, record_topic)
    log = KafkaLog(record_topic, 4)
    await log.append(2, [named(50)])
    await log.close()

    await asyncio.to_thread(partial(backup, database, tmp_path, tmp_path / "backup", now=NOW, kafka=record_topic))
    await asyncio.to_thread(restore, tmp_path / "backup", empty, tmp_path / "home")

    assert entries_of(empty) == await entries_in(record_topic)
    place.refuse_if_elsewhere(empty, None)
