"""Claims of the same voters at several APIs at once, in any order, never stand in each other's way."""

import asyncio

from psycopg_pool import AsyncConnectionPool

from fanfare.voting.papers import Claim, Claimed, Outdated, Papers

VOTERS, TURNS = 300, 12
IN_TIME_S = 30


def claims_of(number: int, api: str) -> list[Claim]:
    """Return a claim of every voter's paper of this number, under a key that differs from API to API."""
    return [
        Claim("r", f"voter{n:04}", f"member{n:04}", number, f"{api}{number}-{n}", f"{api}{number}-{n}") for n in range(VOTERS)
    ]


async def test_two_apis_claim_for_the_same_voters_in_opposite_orders(pool: AsyncConnectionPool) -> None:
    here, there = Papers(pool), Papers(pool)

    async with asyncio.timeout(IN_TIME_S):
        for number in range(1, TURNS + 1):
            ours, theirs = claims_of(number, "a"), list(reversed(claims_of(number, "b")))
            answered = await asyncio.gather(*map(here.claim, ours), *map(there.claim, theirs))
            assert sum(isinstance(each, Claimed) for each in answered) == VOTERS
            assert sum(isinstance(each, Outdated) for each in answered) == VOTERS
