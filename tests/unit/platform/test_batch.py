"""Those who come together are answered together, and whoever is alone does not wait."""

import asyncio
from collections.abc import Sequence

from fanfare.platform.batch import Batcher, Pace

APART_S = 0.2
NEARLY_S = APART_S - 0.01
"""The loop's clock counts milliseconds."""


class Runs:
    """Answers each ask with itself, and keeps who was in which run and when it began."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.began_at: list[float] = []

    async def run(self, asks: Sequence[int]) -> Sequence[int]:
        self.asked.append(list(asks))
        self.began_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        return asks


async def test_those_who_come_together_are_answered_in_one_run() -> None:
    runs = Runs()
    batcher = Batcher(runs.run)

    assert await asyncio.gather(*map(batcher, range(5))) == list(range(5))

    assert runs.asked == [[0, 1, 2, 3, 4]]


async def test_behind_a_run_of_many_the_next_gathers_who_comes_meanwhile() -> None:
    runs = Runs()
    batcher = Batcher(runs.run, apart_s=APART_S)

    await asyncio.gather(*map(batcher, (1, 2)))
    early = asyncio.create_task(batcher(3))
    await asyncio.sleep(APART_S / 4)
    await asyncio.gather(early, batcher(4))

    assert runs.asked == [[1, 2], [3, 4]]
    assert runs.began_at[1] - runs.began_at[0] >= NEARLY_S


async def test_whoever_is_alone_does_not_wait() -> None:
    runs = Runs()
    batcher = Batcher(runs.run, apart_s=60)

    async with asyncio.timeout(5):
        for each in range(3):
            assert await batcher(each) == each

    assert runs.asked == [[0], [1], [2]]


async def test_whoever_waits_for_her_turn_is_let_go_when_it_closes() -> None:
    runs = Runs()
    batcher = Batcher(runs.run, apart_s=60)
    await asyncio.gather(*map(batcher, (1, 2)))
    waiting = asyncio.create_task(batcher(3))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(5):
        await batcher.close()
        await asyncio.wait([waiting])

    assert waiting.cancelled()
    assert runs.asked == [[1, 2]]


async def test_turns_are_apart_unless_one_is_skipped() -> None:
    pace, loop = Pace(APART_S), asyncio.get_running_loop()
    began_at = loop.time()
    await pace.turn()
    assert loop.time() - began_at < NEARLY_S
    await pace.turn()
    assert loop.time() - began_at >= NEARLY_S
    pace.skip()
    at = loop.time()
    await pace.turn()
    assert loop.time() - at < NEARLY_S
