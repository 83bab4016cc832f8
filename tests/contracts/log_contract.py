"""What every adapter of the Log port must do. An adapter's suite inherits ``LogContract`` and says how its logs are opened."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol, Self

import msgspec
import pytest

from fanfare.platform.logs.port import Log, LogBusy, StoredEntry
from fanfare.record.entry import MOST_BYTES
from fanfare.record.position import Position

EVENTS, MOST_IN_ENTRY = (1_000_000, 200) if os.environ.get("FANFARE_LONG") == "1" else (10_000, 1)
"""How much the tailing test writes; the long form is for a release, not for every run."""

PARTITIONS = 4
_batch = msgspec.json.Decoder(list[msgspec.Raw])

Fault = Callable[[], Awaitable[None]]
"""Awaited when a write has its numbers and is not durable yet. What it raises must undo the write."""


class Planted(Exception):
    """A fault that a test planted."""


class Opening(Protocol):
    """Opens one more log on the same record, which is closed after the test."""

    async def __call__(self, *, fault: Fault | None = None, most_waiting_bytes: int = 2**23) -> Log:
        """Open a log with so many partitions as ``PARTITIONS``."""


def named(number: int, size_bytes: int = 0) -> bytes:
    """Return an event that a test knows again, padded to a size."""
    event = b'{"n":%d,"pad":""}' % number
    return event[:-2] + b"." * (size_bytes - len(event)) + event[-2:]


def events_of(entry: StoredEntry) -> list[bytes]:
    """Return the events of an entry as they were appended."""
    return [bytes(raw) for raw in _batch.decode(entry.body)]


async def whole(log: Log, partition: int = 0) -> list[StoredEntry]:
    """Return a partition from its beginning to its head."""
    found: list[StoredEntry] = []
    while page := await log.read(partition, len(found)):
        found += page
    return found


def at(entries: list[StoredEntry], position: Position) -> bytes:
    """Return the event at a position of a partition that was read as a whole."""
    return events_of(entries[position.offset])[position.index]


class Gate:
    """A fault that holds a write back until it is released, at the end of its block at the latest."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self) -> None:
        """Wait."""
        self.reached.set()
        await self.released.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.released.set()


class Crowd:
    """Writers who all write into partition 0 until enough is written, and what was acknowledged to them."""

    def __init__(self, events: int, most_in_entry: int) -> None:
        self.acknowledged: dict[bytes, Position] = {}
        self._events = events
        self._most_in_entry = most_in_entry
        self._written = 0
        self._random = Random(events)

    async def fail_at_times(self) -> None:
        """Fail between taking a number and the commit, three times in ten."""
        if self._random.random() < 0.3:
            raise Planted

    async def dawdle(self) -> None:
        """Sleep between taking a number and the commit."""
        await asyncio.sleep(0.005)

    async def write(self, log: Log) -> None:
        """Write entry after entry, several at once, as one of the crowd."""
        while self._written < self._events:
            await asyncio.gather(*(self._append(log) for _ in range(self._random.randint(1, 20))))

    async def _append(self, log: Log) -> None:
        begin = self._written
        self._written += self._random.randint(1, self._most_in_entry)
        events = [named(number) for number in range(begin, self._written)]
        with contextlib.suppress(Planted):
            first = await log.append(0, events, alone=True)
            self.acknowledged |= {event: Position(0, first.offset, first.index + n) for n, event in enumerate(events)}


async def tail(log: Log, done: asyncio.Event) -> list[StoredEntry]:
    """Follow partition 0 as a projection does, until all is written and read."""
    seen: list[StoredEntry] = []
    while True:
        finished = done.is_set()
        page = await log.read(0, seen[-1].offset + 1 if seen else 0)
        seen += page
        if not page and finished:
            return seen
        if not page:
            await log.changed(0.05)


async def write_and_tail(opening: Opening, events: int, most_in_entry: int, *, failing: int = 3) -> None:
    """
    Let 32 writers write into one partition while a reader follows; fail if she missed something or saw it in another order.

    One writer sleeps between taking his numbers and the commit, and so many as *failing* fail there now and then.
    """
    crowd, done = Crowd(events, most_in_entry), asyncio.Event()
    faults: list[Fault | None] = [crowd.dawdle, *[crowd.fail_at_times] * failing, *[None] * (31 - failing)]
    logs = [await opening(fault=fault) for fault in faults]
    reader = asyncio.create_task(tail(await opening(), done))
    await asyncio.gather(*(crowd.write(log) for log in logs))
    done.set()
    seen = await reader

    found = {event: Position(0, entry.offset, n) for entry in seen for n, event in enumerate(events_of(entry))}
    assert [entry.offset for entry in seen] == list(range(len(seen)))
    assert found == crowd.acknowledged
    assert (await logs[-1].heads())[0] == len(seen)
    assert len(found) > events * 0.8


class LogContract:
    """The suite. A subclass provides the fixture ``opening``."""

    async def test_the_first_entry_of_each_partition_has_offset_0_and_the_next_1(self, opening: Opening) -> None:
        log = await opening()

        positions = [await log.append(partition, [named(n)]) for n in range(3) for partition in range(PARTITIONS)]

        assert positions == [Position(partition, n, 0) for n in range(3) for partition in range(PARTITIONS)]
        assert await log.heads() == (3,) * PARTITIONS
        assert [entry.offset for entry in await log.read(2, 0)] == [0, 1, 2]

    async def test_an_empty_record_has_nothing_to_read(self, opening: Opening) -> None:
        log = await opening()

        assert await log.heads() == (0,) * PARTITIONS
        assert await log.read(0, 0) == []

    async def test_what_is_read_is_byte_for_byte_what_was_appended(self, opening: Opening) -> None:
        log = await opening()
        events = ['{"ü": "Mäusespeck \\u0000", "z":1.50,  "a":[ ]}'.encode(), named(2)]

        await log.append(1, events)

        assert await log.read(1, 0) == [StoredEntry(1, 0, b"[" + b",".join(events) + b"]")]

    async def test_reading_begins_where_it_is_asked_to_and_ends_at_its_limit(self, opening: Opening) -> None:
        log = await opening()
        for number in range(5):
            await log.append(0, [named(number)])

        assert [events_of(entry) for entry in await log.read(0, 1, 2)] == [[named(1)], [named(2)]]
        assert await log.read(0, 5) == []
        assert await log.read(0, 99) == []

    async def test_what_arrives_together_is_written_in_few_entries_and_each_caller_gets_her_place(self, opening: Opening) -> None:
        log = await opening()
        decisions = [[named(100 * n + each) for each in range(n % 3 + 1)] for n in range(100)]

        positions = await asyncio.gather(*(log.append(0, events) for events in decisions))

        entries = await whole(log)
        assert len(entries) <= 3
        for events, first in zip(decisions, positions, strict=True):
            found = events_of(entries[first.offset])
            assert found[first.index : first.index + len(events)] == events

    async def test_what_was_written_a_moment_ago_is_at_hand_in_its_stored_bytes_without_reading(self, opening: Opening) -> None:
        log, other = await opening(), await opening()

        positions = await asyncio.gather(*(log.append(n % PARTITIONS, [named(n)]) for n in range(12)))

        stored = {
            (partition, entry.offset): entry.body for partition in range(PARTITIONS) for entry in await log.read(partition, 0)
        }
        assert {(each.partition, each.offset): log.written(each.partition, each.offset) for each in positions} == stored
        assert log.written(0, 99) is None
        assert other.written(0, 0) is None

    async def test_a_decision_that_asks_to_be_alone_shares_its_entry_with_nobody(self, opening: Opening) -> None:
        log = await opening()

        positions = await asyncio.gather(*(log.append(0, [named(n), named(n + 50)], alone=n % 4 == 1) for n in range(12)))

        entries = await whole(log)
        for n in (1, 5, 9):
            assert events_of(entries[positions[n].offset]) == [named(n), named(n + 50)]
            assert positions[n].index == 0

    async def test_a_partition_keeps_the_order_in_which_it_was_called(self, opening: Opening) -> None:
        log, random = await opening(), Random(1)
        calls = [(random.randrange(PARTITIONS), named(n, random.choice((30, 9_000, 40_000)))) for n in range(300)]

        positions = await asyncio.gather(
            *(log.append(partition, [event], alone=random.random() < 0.2) for partition, event in calls)
        )

        for partition in range(PARTITIONS):
            entries = await whole(log, partition)
            mine = [(place, event) for place, (to, event) in zip(positions, calls, strict=True) if to == partition]
            assert [place for place, _ in mine] == sorted(place for place, _ in mine)
            assert [event for entry in entries for event in events_of(entry)] == [event for _, event in mine]
            assert [at(entries, place) for place, _ in mine] == [event for _, event in mine]

    async def test_the_largest_entry_fits_and_one_byte_more_is_refused(self, opening: Opening) -> None:
        log = await opening()

        await log.append(0, [named(1, MOST_BYTES - 2)])
        await log.append(0, [named(1, 1000), named(2, MOST_BYTES - 1003)])
        with pytest.raises(ValueError, match=str(MOST_BYTES)):
            await log.append(0, [named(1, MOST_BYTES - 1)])
        with pytest.raises(ValueError, match=str(MOST_BYTES)):
            await log.append(0, [named(1, 1000), named(2, MOST_BYTES - 1002)])

        assert [len(entry.body) for entry in await whole(log)] == [MOST_BYTES, MOST_BYTES]

    @pytest.mark.parametrize("partition", [-1, PARTITIONS])
    async def test_a_partition_that_does_not_exist_is_refused(self, opening: Opening, partition: int) -> None:
        log = await opening()

        with pytest.raises(ValueError, match=f"partition {partition}"):
            await log.append(partition, [named(1)])

    async def test_a_decision_without_events_is_refused(self, opening: Opening) -> None:
        log = await opening()

        with pytest.raises(ValueError, match="1 event or more"):
            await log.append(0, [])

        assert await log.heads() == (0,) * PARTITIONS

    async def test_the_same_bytes_appended_twice_are_two_entries(self, opening: Opening) -> None:
        log = await opening()

        first, second = await log.append(0, [named(1)]), await log.append(0, [named(1)])

        assert (first.offset, second.offset) == (0, 1)
        assert [events_of(entry) for entry in await whole(log)] == [[named(1)], [named(1)]]

    async def test_beyond_its_bound_the_log_is_busy_and_what_it_refused_is_not_in_the_record(self, opening: Opening) -> None:
        async with Gate() as gate:
            log = await opening(fault=gate, most_waiting_bytes=1000)
            calls = [asyncio.create_task(log.append(0, [named(n, 98)])) for n in range(30)]
            await gate.reached.wait()
            with pytest.raises(LogBusy):
                await asyncio.wait_for(log.append(1, [named(99, 98)]), 20)

        answers = await asyncio.gather(*calls, return_exceptions=True)

        taken = [n for n, answer in enumerate(answers) if isinstance(answer, Position)]
        assert taken == list(range(10))
        assert all(isinstance(answer, LogBusy) for answer in answers[10:])
        assert [event for entry in await whole(log) for event in events_of(entry)] == [named(n, 98) for n in taken]
        assert await whole(log, 1) == []
        assert await log.append(1, [named(99, 98)]) == Position(1, 0, 0)

    async def test_a_write_that_fails_tells_every_caller_leaves_nothing_and_the_next_one_goes_on(self, opening: Opening) -> None:
        faults = [Planted()]

        async def fail_once() -> None:
            if faults:
                raise faults.pop()

        log = await opening(fault=fail_once)
        answers = await asyncio.gather(*(log.append(n % 2, [named(n)]) for n in range(6)), return_exceptions=True)

        after = await log.append(0, [named(7)])

        assert [type(answer) for answer in answers] == [Planted] * 6
        assert after == Position(0, 0, 0)
        assert await log.heads() == (1, 0, 0, 0)

    async def test_an_append_that_is_held_back_lands_late_and_nothing_is_seen_out_of_order(self, opening: Opening) -> None:
        async with Gate() as gate:
            slow, log, third = await opening(fault=gate), await opening(), await opening()
            held = asyncio.create_task(slow.append(0, [named(1)]))
            await gate.reached.wait()
            other = asyncio.create_task(log.append(0, [named(2)]))
            elsewhere = await asyncio.wait_for(third.append(1, [named(3)]), 20)
            before = await whole(log)

        positions = [await held, await other]

        entries = await whole(log)
        assert elsewhere == Position(1, 0, 0)
        assert entries[: len(before)] == before
        assert [at(entries, position) for position in positions] == [named(1), named(2)]
        assert sorted(position.offset for position in positions) == [0, 1]

    async def test_a_caller_who_gives_up_harms_nobody(self, opening: Opening) -> None:
        async with Gate() as gate:
            log = await opening(fault=gate)
            calls = [asyncio.create_task(log.append(0, [named(n)])) for n in range(3)]
            await gate.reached.wait()
            calls[1].cancel()

        answers = await asyncio.gather(*calls, return_exceptions=True)

        assert answers[0] == Position(0, 0, 0)
        assert isinstance(answers[1], asyncio.CancelledError)
        assert answers[2] == Position(0, 0, 2)

    async def test_a_waiting_reader_is_woken_by_an_append_of_another(self, opening: Opening) -> None:
        reader, writer = await opening(), await opening()
        await reader.changed(0.5)
        waiting = asyncio.create_task(reader.changed(600))

        await writer.append(3, [named(1)])

        async with asyncio.timeout(20):
            await waiting

    async def test_a_waiting_reader_is_let_go_after_a_while(self, opening: Opening) -> None:
        log = await opening()

        async with asyncio.timeout(20):
            await log.changed(0.01)
            await log.changed(0.01)

    async def test_a_reader_behind_32_writers_some_failing_and_one_asleep_skips_nothing(self, opening: Opening) -> None:
        await write_and_tail(opening, EVENTS, MOST_IN_ENTRY)
