"""The notary: it grows with the record, goes on after any death, signs no size twice, and refuses where it doubts."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.ledger import growing
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import CompactRange
from fanfare.notary.keys import keep, make, names, rotate
from fanfare.notary.lease import Lease
from fanfare.notary.tree import Superseded, Tree
from fanfare.platform.desk import Asked
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.objects import Objects
from fanfare.platform.tasks import ended
from fanfare.record.notary import key_name, origin, promises_name
from fanfare.record.site import PartitionsAdded
from tests.notarised import NAME, Notarised, execute, expire, level, notarised

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
async def site(pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path) -> Notarised:
    return await notarised(pool, log, tmp_path / "objects")


async def test_it_names_its_keys_and_signs_every_partition(site: Notarised) -> None:
    assert await level(site) == [2, 0, 0, 0]
    notary = site.desk.streams.notary
    assert [each.verifier.name for each in notary.keys] == [
        key_name(NAME),
        *(origin(NAME, n) for n in range(4)),
        promises_name(NAME),
    ]
    assert [each.added.by_key for each in notary.keys] == [None, *[notary.keys[0].added.key] * 5]
    assert len({each.verifier.public for each in notary.keys}) == 6
    assert (await site.state(0)).signed_size == 2


async def test_it_grows_with_the_record_over_bundles_and_tiles_and_leaves_no_partial_file_of_a_full_one(site: Notarised) -> None:
    notary, size = site.notary(), 0
    for more in (1, 254, 1, 1, 300, 40):
        await site.append(1, more)
        size += more

        assert (await level(site, notary))[1] == size

    assert site.partial_files(1)[-1].startswith("tile/entries/002.p/")
    assert not [each for each in site.partial_files(1) if "/000.p/" in each and "tile/1/" not in each]


async def test_a_notary_that_begins_anew_goes_on_from_what_was_committed(site: Notarised) -> None:
    for more in (3, 255, 600):
        await site.append(2, more)
        await level(site)

    assert await level(site) == [2, 0, 858, 0]


async def test_where_nothing_is_written_a_run_writes_nothing(site: Notarised) -> None:
    notary = site.notary()
    for _ in range(3):
        await level(site, notary)
    rows = "select xmin::text from notary.trees union all select xmin::text from notary.lease order by 1"
    async with site.pool.connection() as connection:
        before = await (await connection.execute(rows)).fetchall()

    await notary.run()

    async with site.pool.connection() as connection:
        assert await (await connection.execute(rows)).fetchall() == before


class Died(BaseException):
    """The process is gone: nobody catches this."""


class Steps:
    """Counts what a notary does to the world, statements and objects, and ends it at one of them."""

    def __init__(self, last: int, *, done: bool) -> None:
        """End it at step *last*, *done* or not."""
        self._left, self._done = last, done
        self.died = asyncio.Event()

    async def step(self, action: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever it answers
        """Do something, unless this is where it ends."""
        self._left -= 1
        if self._left == 0 and not self._done:
            self._die()
        answer = await action()
        if self._left == 0:
            self._die()
        return answer

    def _die(self) -> NoReturn:
        self.died.set()  # whoever waits for a task that ends like this waits for ever
        raise Died


class Mortal(Objects):
    """Objects, each use of which is a step."""

    def __init__(self, objects: Objects, steps: Steps) -> None:
        """Use *objects*."""
        self._real, self._steps = objects, steps

    async def put(self, name: str, body: bytes) -> None:
        await self._steps.step(lambda: self._real.put(name, body))

    async def create(self, name: str, body: bytes) -> bool:
        created: bool = await self._steps.step(lambda: self._real.create(name, body))
        return created

    async def get(self, name: str) -> bytes | None:
        found: bytes | None = await self._steps.step(lambda: self._real.get(name))
        return found

    async def delete(self, names: Any) -> None:  # noqa: ANN401 - as the real one
        await self._steps.step(lambda: self._real.delete(names))

    def names(self, prefix: str) -> AsyncIterator[Any]:
        return self._real.names(prefix)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_death_at_any_step_leaves_a_log_that_goes_on(
    pool: AsyncConnectionPool, log: PostgresLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> None:
    site = await notarised(pool, log, tmp_path / "objects", partitions=2)
    execute_really = psycopg.AsyncConnection.execute
    steps: list[Steps] = []

    async def counted(connection: Any, query: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - psycopg's own
        def really() -> Awaitable[Any]:
            return execute_really(connection, query, *arguments, **named)

        return await (steps[0].step(really) if steps else really())

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
    deaths, sizes = 0, [2, 0]
    while True:
        more = 100 if deaths % 6 == 0 else 1
        await site.append(1, more)
        sizes[1] += more
        await expire(site)
        steps.append(Steps(deaths + 1, done=done))
        notary = site.notary()
        notary._objects = Mortal(site.objects, steps[0])
        running, dying = asyncio.ensure_future(notary.run()), asyncio.ensure_future(steps[0].died.wait())
        await asyncio.wait((running, dying), return_when=asyncio.FIRST_COMPLETED)
        died = steps.pop().died.is_set()
        await ended([running, dying])
        if not died:
            break
        deaths += 1
        assert all(size <= most for size, most in zip([await site.audit(n) for n in range(2)], sizes, strict=True))

        assert await level(site) == sizes
    assert deaths > 20


async def test_two_notaries_at_once_that_take_the_lease_from_each_other_never_sign_two_roots_of_a_size(site: Notarised) -> None:
    chance = random.Random(8)

    async def tend(times: int) -> None:
        notary = site.notary()
        notary._objects = Slow(site.objects, chance)
        for _ in range(times):
            await notary.run()
            await asyncio.sleep(0)

    async def write() -> None:
        for _ in range(40):
            await site.append(chance.randrange(4), chance.choice((1, 2, 90)))
            await expire(site)
            for partition in range(4):
                site.seen += [(partition, found)] if (found := site.checkpoint(partition)) else []

    await level(site)
    await asyncio.gather(tend(30), tend(30), tend(30), write())
    heads = list(await site.log.heads())

    assert len({(number, each.size) for number, each in site.seen}) == len({(n, each.size, each.root) for n, each in site.seen})
    site.seen = [(number, each) for number, each in site.seen if each.size <= heads[number]]
    assert await level(site) == heads


class Altered(PostgresLog):
    """The record as somebody reads it who is shown other entries."""

    async def read(self, partition: int, start: int, limit: int = 500) -> list[StoredEntry]:
        return [
            StoredEntry(each.partition, each.offset, each.body + b" ") for each in await super().read(partition, start, limit)
        ]


async def test_of_two_who_read_different_records_one_commits_and_the_other_is_superseded(site: Notarised) -> None:
    await level(site)
    await site.append(1, 5)
    lease = Lease(site.pool)
    await expire(site)
    epoch = await lease.take()
    one, other = (Tree(1, site.pool, log, site.objects) for log in (site.log, Altered(site.pool, 4)))
    await one.load()
    await other.load()
    assert epoch is not None

    await one.grow(5, epoch, None)
    with pytest.raises(Superseded):
        await other.grow(5, epoch, None)

    assert (await site.state(1)).root == one.grown.root
    await level(site)
    assert await site.audit(1) == 5, "the other has replaced a file of the tree"
    await expire(site)
    await Lease(site.pool).take()
    await site.append(1, 1)
    with pytest.raises(Superseded):
        await one.grow(6, epoch, None)


async def test_one_who_lost_the_lease_and_reads_another_record_replaces_no_file_that_is_about_to_be_committed(
    site: Notarised, monkeypatch: pytest.MonkeyPatch
) -> None:
    await level(site)
    await site.append(1, 5)
    await expire(site)
    old = await Lease(site.pool).take()
    await expire(site)
    new = await Lease(site.pool).take()
    one, other = (Tree(1, site.pool, log, site.objects) for log in (site.log, Altered(site.pool, 4)))
    await one.load()
    await other.load()
    assert old is not None
    assert new is not None
    commit = one._commit

    async def late(*arguments: Any) -> None:  # noqa: ANN401 - as the real one
        with pytest.raises(Superseded):
            await other.grow(5, old, None)
        await commit(*arguments)

    monkeypatch.setattr(one, "_commit", late)

    await one.grow(5, new, None)

    assert await level(site) == [2, 5, 0, 0]


async def test_files_of_entries_that_a_crash_took_from_the_record_are_replaced(site: Notarised) -> None:
    await level(site)
    crashed = Tree(1, site.pool, site.log, site.objects)
    await crashed._put(growing.grow(CompactRange(), {}, [b"an entry that was never acknowledged"] * 5), known=False)

    await site.append(1, 5)

    assert await level(site) == [2, 5, 0, 0]


class Slow(Objects):
    """Objects that take a moment, so that others get between two steps."""

    def __init__(self, objects: Objects, chance: random.Random) -> None:
        """Use *objects*."""
        self._real, self._chance = objects, chance

    async def _wait(self) -> None:
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)

    async def put(self, name: str, body: bytes) -> None:
        await self._wait()
        await self._real.put(name, body)

    async def create(self, name: str, body: bytes) -> bool:
        await self._wait()
        return await self._real.create(name, body)

    async def get(self, name: str) -> bytes | None:
        await self._wait()
        return await self._real.get(name)

    async def delete(self, names: Any) -> None:  # noqa: ANN401 - as the real one
        await self._real.delete(names)

    def names(self, prefix: str) -> AsyncIterator[Any]:
        return self._real.names(prefix)


async def test_an_older_checkpoint_that_a_writer_put_late_is_replaced(site: Notarised) -> None:
    notary = site.notary()
    await site.append(1, 3)
    await level(site, notary)
    file = site.folder / "record" / "1" / "checkpoint"
    old = file.read_bytes()
    await site.append(1, 3)
    await level(site, notary)
    file.write_bytes(old)
    notary._looked = 0.0

    await notary.run()

    assert await site.audit(1) == 6


async def test_a_rotated_key_signs_everything_anew_and_the_record_says_how_it_came(site: Notarised) -> None:
    notary = site.notary()
    await level(site, notary)
    known = site.desk.streams.notary
    old = {name: known.in_force(name) for name in names(site.desk)}

    new = await rotate(site.desk)
    await notary._desk.catch_up()
    await notary.run()
    await notary.run()

    rotated = {name: site.desk.streams.notary.in_force(name) for name in names(site.desk)}
    assert rotated[key_name(NAME)] == (new,)
    assert all(len(each) == 1 and each != old[name] for name, each in rotated.items())
    assert [await site.audit(each) for each in range(4)] == [3, 0, 0, 0]
    manifest = (site.folder / "record" / "manifest").read_text()
    assert all(f"retired {each} {new}" in manifest for (each,) in old.values())
    assert len(Note.parse(manifest.encode()).check(site.desk.streams.notary.verifiers(key_name(NAME)))) == 1


async def test_a_partition_that_was_added_gets_a_key_of_its_own(site: Notarised) -> None:
    notary = site.notary()
    await level(site, notary)
    await site.desk.decide("site", Asked("console", "grow", "site", "k"), lambda _: [PartitionsAdded(partitions=6)])
    await site.append(5, 3)
    await notary._desk.catch_up()

    assert await level(site, notary) == [4, 0, 0, 0, 0, 3]
    assert len(site.desk.streams.notary.keys) == 8


async def test_a_site_of_many_partitions_gets_and_rotates_its_keys(site: Notarised) -> None:
    await site.desk.decide("site", Asked("console", "grow", "site", "k"), lambda _: [PartitionsAdded(partitions=64)])

    await make(site.desk)
    await rotate(site.desk)

    known = site.desk.streams.notary
    assert (len(known.keys), [len(known.in_force(name)) for name in names(site.desk)]) == (132, [1] * 66)


async def test_a_key_of_a_partition_that_the_vault_lost_is_replaced_by_rotating(site: Notarised) -> None:
    await level(site)
    (lost,) = site.desk.streams.notary.verifiers(origin(NAME, 1))
    await execute(site, "delete from vault.keys where name = %s", f"notary {lost.id.hex()}")

    await rotate(site.desk)

    assert await level(site) == [3, 0, 0, 0]


async def test_private_keys_that_a_crash_left_in_the_vault_are_used(site: Notarised) -> None:
    left = SignerKey.generate(origin(NAME, 2))
    async with site.pool.connection() as connection:
        await keep(connection, left)

    await level(site)

    assert site.desk.streams.notary.verifiers(origin(NAME, 2)) == (left.verifier,)


async def test_a_vault_without_the_key_signs_nothing_and_says_so(site: Notarised) -> None:
    await level(site)
    await execute(site, "delete from vault.keys where name like 'notary %%'")
    await site.append(1, 1)
    await expire(site)

    await site.notary().run()

    assert "vault lacks the private half" in (await site.state(1)).doubt
    assert site.checkpoint(1).size == 0  # type: ignore[union-attr]
