"""What cannot be read in a running site: its round is not sealed before a host rules on it, and everybody is told why."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.audit.checks.replay import replay
from fanfare.platform.desk import Asked
from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.group import NewEntry
from fanfare.platform.logs.port import Log
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.refusals import ReaderTooOld
from fanfare.projecting import PROJECTIONS
from fanfare.record.entry import pack
from fanfare.record.kinds import digest
from fanfare.reports.quarantined import of_round, quarantined
from tests.builders import planned
from tests.integration import test_projections as rows
from tests.integration.browsing import follow, form, send, signed_in
from tests.integration.test_clockwork import an_open_round_with_ballots, close, finish
from tests.integration.test_export_replay import Told, failing
from tests.page_reader import all_read
from tests.properties.test_quarantine import ABOUT, PLAN, naming, two_rounds
from tests.site_fixture import SiteUnderTest, round_of, served
from tests.unit.audit.archives import recounted

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NEWER = b'{"type":"fanfare.sweepstake.drawn.v1","id":"1","data":{}}'
REASON = "A disk failed. We asked all to vote again."


def a_broken_ballot(terms: str) -> bytes:
    return b'{"type":"fanfare.ballot.cast.v1","data":{"terms":"%b","number":0}}' % terms.encode()


async def plant(log: Log, partition: int, entry: bytes) -> str:
    """Append bytes as no writer of ours would, and return the position of the first event."""
    assert isinstance(log, PostgresLog)
    (offset,) = await log._write([NewEntry(partition, entry)])
    return f"{partition}:{offset}:0"


async def an_open_round(site: SiteUnderTest, **changes: object) -> tuple[str, str, str]:
    """Publish a round, wait until it is open, let one fan vote, and return its campaign, its id and the hash of its terms."""
    campaign = await site.publish(round_of(**changes))
    found = await site.until(campaign["rounds"][0]["id"], "open")
    fan = await site.fan()
    (await fan.put(f"/api/v1/rounds/{found['id']}/ballot", json={"number": 1, "options": ["o1"]})).raise_for_status()
    return campaign["id"], found["id"], found["terms"]


async def closed(site: SiteUnderTest, round_id: str) -> None:
    """Close a round and let the clockwork run for a while, so that it would be sealed if it could be."""
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "closed")
    await all_read(site)
    await asyncio.sleep(1)


async def rule(site: SiteUnderTest, round_id: str, *events: str, reason: str = REASON) -> httpx2.Response:
    return await site.host.post(f"/api/v1/rounds/{round_id}/rulings", json={"events": list(events), "reason": reason})


async def report_of(site: SiteUnderTest, round_id: str) -> dict[str, object]:
    return dict((await site.stranger.get(f"/api/v1/rounds/{round_id}/report")).raise_for_status().json())


async def test_a_round_with_a_ballot_that_cannot_be_read_is_sealed_only_after_a_ruling(
    site: SiteUnderTest, tmp_path: Path
) -> None:
    campaign, round_id, terms = await an_open_round(site)
    broken = a_broken_ballot(terms)
    place = await plant(site.parts.log, 1, pack([broken]))
    await closed(site, round_id)

    waiting = (await site.stranger.get(f"/api/v1/rounds/{round_id}")).json()
    told = (await site.stranger.get(f"/rounds/{round_id}/report", headers={"accept": "text/html"})).text
    lines = (await site.stranger.get(f"/campaigns/{campaign}/timeline", headers={"accept": "text/html"})).text

    assert (waiting["status"], waiting["waiting"]) == ("closed", 1)
    assert "Round 1 waits for a ruling." in told
    assert "Received, but not readable" in told
    assert place in told
    assert "Round 1 waits for a ruling." in lines

    done = await rule(site, round_id, place)

    assert done.status_code == 200, done.text
    assert (await site.until(round_id, "sealed"))["waiting"] == 0
    report = await report_of(site, round_id)
    assert report["unreadable"] == [{"position": place, "sha256": digest(broken), "ruled": True}]
    assert report["ballots"] == {"received": 2, "counted": 1, "replaced": 0, "late": 0, "void": 0, "unreadable": 1}
    await all_read(site)
    told = (await site.stranger.get(f"/rounds/{round_id}/report", headers={"accept": "text/html"})).text
    lines = (await site.stranger.get(f"/campaigns/{campaign}/timeline", headers={"accept": "text/html"})).text
    assert "passed over by a host’s ruling" in told
    assert REASON in told
    assert "ruled on what cannot be read in" in lines
    assert "waits for a ruling" not in told + lines
    async with served(site.app) as url:
        assert await Told(site, url, round_id).export(tmp_path / "site.tar") == 0
    assert replay(tmp_path / "site.tar").exit_code == 0


async def test_a_host_rules_on_the_desk_of_the_round(site: SiteUnderTest) -> None:
    _, round_id, terms = await an_open_round(site)
    host = await signed_in(site, "Emeka Obi", "host")
    address = f"/host/rounds/{round_id}"
    await all_read(site)
    before = await host.get(address)
    place = await plant(site.parts.log, 2, pack([a_broken_ballot(terms)]))
    await all_read(site)
    warned = await host.get(address)
    await closed(site, round_id)
    desk = await host.get(address)
    listed = await host.get("/host")

    refused = await send(host, desk, f"{address}/rule", reason="")
    answer = await follow(host, await send(host, desk, f"{address}/rule", reason=REASON))

    assert "cannot be read" not in before.text
    assert "It is not sealed before a host rules on that." in warned.text
    assert "It waits for a ruling: 1 event that may be of it cannot be read." in desk.text
    assert "It waits for a ruling: 1 event that may be of it cannot be read." in listed.text
    assert form(desk.text, f"{address}/rule").fields["events"] == place
    assert refused.status_code == 422
    assert "Your ruling is in the record." in answer.text
    await site.until(round_id, "sealed")


async def test_a_host_who_was_overtaken_while_she_ruled_is_told_so(site: SiteUnderTest) -> None:
    _, round_id, terms = await an_open_round(site)
    await plant(site.parts.log, 2, pack([a_broken_ballot(terms)]))
    await closed(site, round_id)
    host, address = await signed_in(site, "Emeka Obi", "host"), f"/host/rounds/{round_id}"
    desk = await host.get(address)
    (await site.host.post(f"/api/v1/rounds/{round_id}/void", json={"reason": "We ask again."})).raise_for_status()

    answer = await send(host, desk, f"{address}/rule", reason=REASON)

    assert answer.status_code == 409
    assert "rule on what cannot be read" in answer.text


async def test_a_ruling_is_a_hosts_and_names_what_waits(site: SiteUnderTest) -> None:
    _, round_id, terms = await an_open_round(site)
    nothing = await rule(site, round_id, "1:0:0")
    place = await plant(site.parts.log, 1, pack([a_broken_ballot(terms)]))
    await all_read(site)

    fan = await (await site.fan()).post(f"/api/v1/rounds/{round_id}/rulings", json={"events": [place], "reason": REASON})
    strange = await rule(site, round_id, place, "3:0:0")
    silent = await rule(site, round_id, place, reason="  ")
    empty = await rule(site, round_id)

    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing-to-rule")
    assert fan.status_code == 403
    assert (strange.status_code, strange.json()["code"]) == (422, "ruling-refused")
    assert (silent.status_code, silent.json()["code"]) == (422, "text-refused")
    assert empty.status_code == 422
    assert (await rule(site, round_id, place)).status_code == 200
    assert (await rule(site, round_id, place)).json()["code"] == "nothing-to-rule"


async def test_what_comes_after_a_ruling_needs_one_of_its_own(site: SiteUnderTest) -> None:
    _, round_id, terms = await an_open_round(site)
    first = await plant(site.parts.log, 1, pack([a_broken_ballot(terms)]))
    await all_read(site)
    (await rule(site, round_id, first)).raise_for_status()
    second = await plant(site.parts.log, 1, b"\x00\xff not JSON")
    await closed(site, round_id)

    assert (await site.stranger.get(f"/api/v1/rounds/{round_id}")).json()["status"] == "closed"
    (await rule(site, round_id, second)).raise_for_status()

    await site.until(round_id, "sealed")


async def test_the_operators_page_shows_what_cannot_be_read_with_its_rulings(site: SiteUnderTest) -> None:
    _, round_id, terms = await an_open_round(site)
    async with site.parts.pool.connection() as connection:
        assert await quarantined(connection) == []
    empty = (await site.host.get("/host/operations", headers={"accept": "text/html"})).text
    old, new = [await plant(site.parts.log, 1, pack([event])) for event in (a_broken_ballot(terms), b"7")]
    await all_read(site)
    (await rule(site, round_id, old)).raise_for_status()
    await all_read(site)

    async with site.parts.pool.connection() as connection:
        found = await quarantined(connection)
    page = ""
    async with asyncio.timeout(20):  # the page is looked up every few seconds
        while "not a CloudEvents object" not in page or "A host has ruled on it." not in page:
            page = (await site.host.get("/host/operations", headers={"accept": "text/html"})).text
            await asyncio.sleep(0.2)

    assert [(str(each.position), each.why, each.rounds) for each in found] == [
        (new, "not a CloudEvents object", (round_id,)),
        (old, "not a valid fanfare.ballot.cast.v1", ()),
    ]
    assert [(each.round, each.reason) for each in found[1].rulings] == [(round_id, REASON)]
    assert "It waits for a host’s ruling and keeps from sealing" in page
    assert "None: the whole record can be read." in empty


async def test_an_event_between_the_report_and_the_sealing_is_not_sealed_unseen(database: str) -> None:
    async with an_open_round_with_ballots(database, closed=False) as (stage, round_id):
        parts = stage.parts
        found = parts.desk.streams.round(round_id)
        assert found is not None
        await close(parts, round_id)
        await plant(parts.log, 3, pack([a_broken_ballot(found[1].terms_hash)]))  # the rows have not read it yet
        await finish(stage, stage.clockwork())

        await parts.desk.catch_up()
        found = parts.desk.streams.round(round_id)
        assert found is not None
        assert found[1].status == "closed"


async def test_a_site_that_seals_an_incomplete_round_is_found_by_a_replay(
    site: SiteUnderTest, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, round_id, terms = await an_open_round(site)
    place = await plant(site.parts.log, 1, pack([a_broken_ballot(terms)]))
    monkeypatch.setattr("fanfare.reports.report.RoundReport.waiting", False)
    monkeypatch.setattr("fanfare.reports.report.RoundReport.unread", ())
    await closed(site, round_id)
    await site.until(round_id, "sealed")
    async with served(site.app) as url:
        assert await Told(site, url, round_id).export(tmp_path / "site.tar") == 0

    wrong = failing(tmp_path / "site.tar", capfd)

    assert [*wrong] == [f"seal of {round_id}"]
    assert f"{place} cannot be read" in wrong[f"seal of {round_id}"][0]


async def test_the_rows_tell_of_every_kind_of_name_what_the_fold_tells(pool: AsyncConnectionPool) -> None:
    record = two_rounds()
    record.decide(planned(PLAN, "elsewhere"), stream="another")
    kinds = [
        *ABOUT,
        (0, naming("stream", "another"), []),
        (0, naming("round", "elsewhere"), []),
        (0, naming("x", "final"), ["final", "ideas"]),
    ]
    for partition, event, _ in kinds:
        record.append(pack([event]), partition)
    await rows.store(pool, record.written)
    worker = Worker(PostgresLog(pool, 4), [await rows.follow(pool, 4)])

    while await worker.drain():
        pass

    fold = recounted(record.written)
    async with pool.connection() as connection:
        for each in ("final", "ideas"):
            found = fold.streams.round(each)
            assert found is not None
            assert await of_round(connection, found[1]) == fold.unread(each)
            assert {unread.sha256 for unread in fold.unread(each)} == {digest(event) for _, event, said in kinds if each in said}


async def test_an_event_of_a_newer_version_stops_every_projection_there_and_says_to_upgrade(database: str) -> None:
    async with an_open_round_with_ballots(database, closed=False) as (stage, _):
        log = stage.parts.log
        place = await plant(log, 1, pack([NEWER]))
        heads = await log.heads()
        followers = [Follower(each, stage.parts.pool, log) for each in PROJECTIONS]
        worker = Worker(log, followers)
        await worker.prepare()

        await worker.drain()

        for follower in followers:
            assert "fanfare.sweepstake.drawn.v1 is not known to this version of Fanfare; upgrade it" in follower.stopped
            assert f"{1}:{follower.next_offset(1)}:0" == place
            assert [follower.next_offset(partition) for partition in (0, 2, 3)] == [heads[0], heads[2], heads[3]]
        async with stage.parts.pool.connection() as connection:
            rows = await (await connection.execute("select stopped from platform.projections")).fetchall()
        assert all("upgrade it" in row[0] for row in rows)


async def test_a_decision_of_a_newer_version_refuses_every_write_and_ends_no_process(site: SiteUnderTest) -> None:
    _, round_id, _ = await an_open_round(site)
    await plant(site.parts.log, 0, pack([NEWER.replace(b'"id"', b'"stream":"site","after":3,"id"')]))

    refused = await site.host.post(f"/api/v1/rounds/{round_id}/close")
    alive = await site.stranger.get("/healthz")

    assert (refused.status_code, refused.json()["code"]) == (503, "reader-too-old")
    assert "upgrade it" in refused.json()["detail"]
    assert alive.status_code == 200
    with pytest.raises(ReaderTooOld):
        await site.parts.desk.decide("site", Asked(actor="a", command="b", target="c", key="d"), lambda _: [])
