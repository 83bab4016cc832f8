"""A record that gets partitions while somebody reads it by its tiles: an honest site, and no claim against it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from fanfare.audit.archives import tiled
from fanfare.audit.archives.export import export
from fanfare.audit.archives.fetching import Site
from fanfare.audit.archives.tiled import NotServed, TiledLog
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.position import Moment
from fanfare.record.site import PartitionsAdded
from tests.builders import founded
from tests.unit.audit.archives import Record
from tests.unit.audit.signed_archives import notarised


def test_a_partition_that_was_added_just_now_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "BETWEEN_TRIES_S", 0)
    site, asked = notarised(), list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        partition = int(request.url.path.split("/")[2])
        there = partition < 3 or asked.count(request.url.path) > 2
        return httpx2.Response(200, content=site.notes[partition][-1][1]) if there else httpx2.Response(404)

    assert asyncio.run(heads(answer)) == site.record.heads


def test_a_partition_that_never_comes_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "_NEW_WITHIN_S", 0)

    with pytest.raises(NotServed, match="of this one nothing is served: it is hidden"):
        asyncio.run(heads(lambda _: httpx2.Response(404)))


async def heads(answer: object) -> Moment:
    """Return how far a site of four partitions, which answers so, is signed."""
    async with Site("http://site.example", transport=httpx2.MockTransport(answer)) as site:  # type: ignore[arg-type]
        log = TiledLog(site)
        log.partitions = 4
        return await log.heads()


class Growing:
    """A log that gets two more partitions once somebody has asked how far it has come."""

    def __init__(self) -> None:
        """Begin with one partition."""
        self.partitions = 1
        self.record = Record(6)
        self.record.decide(founded(), stream="site")

    async def heads(self) -> Moment:
        """Return how far it has come, and grow behind that."""
        found = self.record.heads[: self.partitions]
        if self.record.heads[0] == 1:
            self.record.decide(PartitionsAdded(partitions=6), stream="site")
        return found

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        """Return entries."""
        return [each for each in self.record.written if each.partition == partition][start : start + limit]


def test_an_archive_has_every_partition_that_its_record_tells_of(tmp_path: Path) -> None:
    log = Growing()

    now = datetime(2026, 11, 11, 13, tzinfo=UTC)
    manifest = asyncio.run(export(log, None, "", tmp_path / "site.tar", now=now))  # type: ignore[arg-type]  # read only

    assert log.partitions == 6
    assert len(manifest.moment) == 6
