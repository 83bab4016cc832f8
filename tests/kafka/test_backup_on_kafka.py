"""Backup and restore of a site on Kafka: taken while ballots are cast, restored there or on one machine, and nothing is lost."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psycopg
import pytest

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import silent
from fanfare.members import erasing, joining
from fanfare.operations.backup import backup
from fanfare.operations.folder import RECORD, Backup
from fanfare.operations.held import NotItsTail
from fanfare.operations.restore import HoldsARecord, restore
from fanfare.operations.verify import verify
from fanfare.platform.logs import place
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.log import KafkaLog
from fanfare.platform.logs.kafka.which import which
from tests.integration.test_backup import holds, level, numbers_in_the_record, report
from tests.integration.traces import in_database
from tests.kafka.test_log_copy import entries_in, entries_of, kept
from tests.site_fixture import SiteUnderTest, client_of, round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORGOTTEN = "Quetzalina Vorpal"


@dataclass
class Story:
    """A site that ran on Kafka, with one sealed round and an open one, a backup that was taken meanwhile, and what came after."""

    folder: Path
    backup: Backup
    home: Path
    sealed: str
    going: str
    reports: tuple[bytes, bytes]
    """Of the sealed round, and of the campaign as it was when the site stopped."""
    campaign: str
    fans: list[str]
    """Their tokens."""
    late: str
    """The token of a member who joined after the heads had been taken."""


async def vote(fan: httpx2.AsyncClient, round_id: str) -> str:
    """Cast a ballot on a fresh paper, and return where it stands."""
    number = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()["number"]
    answer = await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": number, "options": [f"o{number % 3 + 1}"]})
    return str(answer.raise_for_status().json()["position"])


def token_of(fan: httpx2.AsyncClient) -> str:
    """Return the API token of a fan."""
    return fan.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def story(database: str, record_topic: Kafka, tmp_path: Path) -> Story:
    """Seal a round, open another, back the site up while its fans vote, and go on for a while."""
    home, folder = tmp_path / "home", tmp_path / "backup"
    place.settle_place(database, await asyncio.to_thread(which, record_topic))
    async with running_site(database, home=home, kafka=record_topic) as site:
        campaign = await site.publish(round_of(), round_of(name="Colour"))
        sealed, going = (each["id"] for each in campaign["rounds"])
        await site.until(sealed, "open")
        await site.until(going, "open")
        fans = [await site.fan(f"Fan {number}") for number in range(3)]
        for each in fans:
            await vote(each, sealed)
        (await site.host.post(f"/api/v1/rounds/{sealed}/close")).raise_for_status()
        await site.until(sealed, "sealed")
        gone = await joining.join(site.parts.desk, FORGOTTEN)
        before = [await vote(each, going) for each in fans]
        done, behind, late = await backed_up(site, fans, going, database, home, folder, record_topic)
        await erasing.erase(site.parts.desk, home, gone)
        await level(site, await site.parts.log.heads())
        published = await report(site, f"rounds/{sealed}"), await report(site, f"campaigns/{campaign['id']}")
    assert [each for each in before if not holds(done.moment, each)] == []
    assert [each for each in behind if not holds(done.moment, each)] != []
    return Story(folder, done, home, sealed, going, published, campaign["id"], [token_of(each) for each in fans], late)


async def backed_up(
    site: SiteUnderTest, fans: list[httpx2.AsyncClient], going: str, database: str, home: Path, folder: Path, kafka: Kafka
) -> tuple[Backup, list[str], str]:
    """Take a backup while fans vote; return it, what was acknowledged since, and the token of one who joined afterwards."""
    done = asyncio.Event()
    positions: list[str] = []

    async def again_and_again(fan: httpx2.AsyncClient) -> None:
        while not done.is_set():
            positions.append(await vote(fan, going))

    async with asyncio.TaskGroup() as group:
        for each in fans:
            group.create_task(again_and_again(each))
        taken = await asyncio.to_thread(lambda: backup(database, home, folder, now=NOW, kafka=kafka))
        late = await site.fan("Too late")
        positions.append(await vote(late, going))
        done.set()
    return taken, positions, token_of(late)


def recorded(story: Story) -> list[tuple[int, int, bytes]]:
    """Return the entries of a backup."""
    with (story.folder / RECORD).open("rb") as stream:
        archive = Archive(stream, silent)
        return [(each, *stored) for each in range(len(archive.manifest.moment)) for stored in archive.entries(each)]


async def papers_go_on(site: SiteUnderTest, story: Story) -> None:
    """Check that sessions still sign in, and that no voter is given a number that the record has."""
    for token in story.fans:
        fan = client_of(site.app, token)
        paper = (await fan.get(f"/api/v1/rounds/{story.going}/paper")).raise_for_status().json()
        assert paper["number"] > numbers_in_the_record(story, paper["voter"])  # type: ignore[arg-type]  # it has a folder
        answer = await fan.put(f"/api/v1/rounds/{story.going}/ballot", json={"number": paper["number"], "options": ["o1"]})
        assert answer.json()["state"] == "taken"


async def test_a_backup_of_kafka_is_restored_into_a_fresh_topic_with_the_same_reports(
    story: Story, record_topic: Kafka, empty: str, tmp_path: Path
) -> None:
    elsewhere = Kafka(brokers=record_topic.brokers, topic=f"{record_topic.topic}-again")
    verified = verify(story.folder)
    await asyncio.to_thread(lambda: restore(story.folder, empty, tmp_path / "elsewhere", kafka=elsewhere))

    assert [(each.name, each.differences) for each in verified.claims if not each.passed] == []
    assert await entries_in(elsewhere) == recorded(story)
    row = kept(empty)
    assert row is not None
    assert row.topic.name == elsewhere.topic
    async with running_site(empty, founded=False, kafka=elsewhere) as site:
        await level(site, story.backup.moment)
        assert await report(site, f"rounds/{story.sealed}") == story.reports[0]
        await papers_go_on(site, story)
    with pytest.raises(HoldsARecord):
        await asyncio.to_thread(lambda: restore(story.folder, empty, tmp_path / "elsewhere"))


async def test_where_the_topic_survived_only_the_vault_is_restored_and_caught_up_with_the_record(
    story: Story, record_topic: Kafka, empty: str, tmp_path: Path
) -> None:
    before = await entries_in(record_topic)

    done = await asyncio.to_thread(lambda: restore(story.folder, empty, tmp_path / "elsewhere", kafka=record_topic))

    assert await entries_in(record_topic) == before
    assert (done.missing, done.healed.unkeyed) == ((), ())
    assert done.healed.raised > 0
    assert done.healed.strangers >= 1, "she who joined after the backup"
    assert in_database(empty, [FORGOTTEN]) != {}
    async with running_site(empty, founded=False, kafka=record_topic) as site:
        await level(site, await site.parts.log.heads())
        async with asyncio.timeout(20):
            while True:
                if in_database(empty, [FORGOTTEN]) == {}:
                    break
                await asyncio.sleep(0.1)
        assert await report(site, f"campaigns/{story.campaign}") == story.reports[1]
        await papers_go_on(site, story)


async def test_a_backup_of_kafka_makes_a_site_on_one_machine(story: Story, empty: str, tmp_path: Path) -> None:
    restore(story.folder, empty, tmp_path / "elsewhere")

    assert entries_of(empty) == recorded(story)
    assert kept(empty) is None
    async with running_site(empty, founded=False) as site:
        await level(site, story.backup.moment)
        assert await report(site, f"rounds/{story.sealed}") == story.reports[0]
        await papers_go_on(site, story)


async def test_what_the_vault_says_of_the_record_and_is_not_in_it_is_taken_back(
    database: str, record_topic: Kafka, empty: str, tmp_path: Path
) -> None:
    async with running_site(database, kafka=record_topic) as site:
        fan = await site.fan("Here")
        campaign = await site.publish(round_of())
        await site.until(campaign["rounds"][0]["id"], "open")
        heads = await site.parts.log.heads()
        with psycopg.connect(database) as connection:
            connection.execute(
                "insert into vault.members (id, name, secret, recorded) values ('m0notheard', 'Not yet heard of', '', true)"
            )
            query = "insert into desk.requests (key_hash, request_hash, answer) values (%s, '', convert_to(%s, 'UTF8'))"
            connection.execute(query, (b"ahead", f"event 0:{heads[0] + 9}:0"))
            connection.execute(query, (b"there", "event 0:1:0"))
            published = (
                "insert into notary.checkpoints (partition, size, root, note) values (0, %s, '', '') on conflict do nothing"
            )
            connection.cursor().executemany(published, [(1,), (heads[0] + 9,)])
        await asyncio.to_thread(lambda: backup(database, tmp_path, tmp_path / "backup", now=NOW, kafka=record_topic))
    assert fan is not None

    restore(tmp_path / "backup", empty, tmp_path / "elsewhere")

    with psycopg.connect(empty) as connection:
        unheard = connection.execute("select name from vault.members where not recorded").fetchall()
        answered = connection.execute(
            "select key_hash from desk.requests where answer is not null and request_hash = ''"
        ).fetchall()
        signed = connection.execute("select max(size) from notary.checkpoints where partition = 0").fetchone()
    assert unheard == [("Not yet heard of",)]
    assert [bytes(row[0]) for row in answered] == [b"there"]
    assert signed is not None
    assert 0 < signed[0] <= heads[0]


async def test_a_topic_with_something_else_in_it_is_not_filled(
    story: Story, record_topic: Kafka, empty: str, tmp_path: Path
) -> None:
    elsewhere = Kafka(brokers=record_topic.brokers, topic=f"{record_topic.topic}-other")
    await asyncio.to_thread(place_something, elsewhere)

    with pytest.raises(NotItsTail, match="entry 0:0 here is another than the one there"):
        await asyncio.to_thread(lambda: restore(story.folder, empty, tmp_path / "elsewhere", kafka=elsewhere))

    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regclass('vault.members') is null").fetchone() == (True,)


def place_something(kafka: Kafka) -> None:
    """Make a topic with one entry in it."""
    from fanfare.platform.logs.kafka.topic import create

    async def append() -> None:
        log = KafkaLog(kafka, 1)
        await log.append(0, [b"{}"])
        await log.close()

    create(kafka)
    asyncio.run(append())
