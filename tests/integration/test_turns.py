"""Turns: one number a press, the same one for the same event, whoever asks at the same time."""

import asyncio
from collections import Counter

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.turns import TurnsSpent, latest_turn, next_turn

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ANNA, BERT, IDEA = "a" * 16, "b" * 16, "idea0001"


async def turn(
    pool: AsyncConnectionPool, event_id: str, *, member: str = ANNA, parity: int | None = None, most: int = 100_000
) -> int:
    """Claim a turn, each in a transaction of its own."""
    async with pool.connection() as connection:
        return await next_turn(connection, IDEA, member, event_id, parity=parity, most=most)


async def test_each_press_has_the_next_turn_and_each_member_her_own(pool: AsyncConnectionPool) -> None:
    turns = [await turn(pool, "e1"), await turn(pool, "e2"), await turn(pool, "e3", member=BERT), await turn(pool, "e4")]

    assert turns == [1, 2, 1, 3]


async def test_the_event_that_made_the_latest_turn_has_it_again(pool: AsyncConnectionPool) -> None:
    turns = [await turn(pool, each) for each in ("e1", "e1", "e2", "e2", "e2")]

    assert turns == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("parities", "expected"),
    [((1, 0, 1, 0), [1, 2, 3, 4]), ((0, 0, 1, 1), [2, 4, 5, 7]), ((1, 1, 0, 0), [1, 3, 4, 6])],
)
async def test_odd_turns_do_and_even_ones_undo(pool: AsyncConnectionPool, parities: tuple[int, ...], expected: list[int]) -> None:
    turns = [await turn(pool, f"e{number}", parity=parity) for number, parity in enumerate(parities)]
    again = await turn(pool, f"e{len(parities) - 1}", parity=parities[-1])

    assert [*turns, again] == [*expected, expected[-1]]


async def test_those_who_press_at_once_get_a_turn_each_and_one_event_gets_one(pool: AsyncConnectionPool) -> None:
    others = await asyncio.gather(*(turn(pool, f"e{number}") for number in range(8)))
    same = await asyncio.gather(*(turn(pool, "again") for _ in range(8)))

    assert sorted(others) == list(range(1, 9))
    assert Counter(same) == {9: 8}


async def test_after_the_last_turn_nothing_is_claimed_and_the_event_that_made_it_still_has_it(pool: AsyncConnectionPool) -> None:
    assert [await turn(pool, f"e{number}", most=2) for number in (1, 2)] == [1, 2]

    with pytest.raises(TurnsSpent):
        await turn(pool, "e3", most=2)
    assert await turn(pool, "e2", most=2) == 2
    with pytest.raises(TurnsSpent):
        await turn(pool, "e4", parity=0, most=3)  # the next even one would be the fourth
    async with pool.connection() as connection:
        assert (await latest_turn(connection, IDEA, ANNA), await latest_turn(connection, IDEA, BERT)) == (2, 0)
