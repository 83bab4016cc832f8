"""Clocks that are wrong or jump: they may keep a round from opening or closing by itself, and never let it close too early."""

import asyncio

import pytest

from tests.faults.checker import complaints
from tests.faults.driving import Fan
from tests.faults.ground import LONG
from tests.faults.stage import Stage

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

HOUR_S = 3600
SOON_S = 9 if LONG else 6


async def test_a_database_clock_that_jumps_ahead_closes_and_opens_nothing_that_it_passed(stage: Stage, fans: list[Fan]) -> None:
    closing = await stage.open_round(closes_in_s=HOUR_S - 300)  # five minutes late after the jump: not late enough to wait
    opening = await stage.publish(opens_in_s=HOUR_S - 300, closes_in_s=2 * HOUR_S)
    driver = await stage.driver(fans, closing)
    stage.set_clock(database_s=HOUR_S)
    await asyncio.sleep(2)
    statuses = [(await stage.must("GET", f"/api/v1/rounds/{each}"))["status"] for each in (closing, opening)]
    await asyncio.gather(*(driver.cast(fan, ("o1",)) for fan in driver.fans))
    stage.set_clock()
    on_time = await stage.open_round(closes_in_s=SOON_S)
    await stage.until(on_time, "sealed")
    await stage.close(closing)

    assert statuses == ["open", "planned"]
    assert driver.statuses == {"200": len(fans)}
    assert complaints(await stage.evidence()) == {}


async def test_our_own_clock_an_hour_ahead_closes_nothing_and_refuses_what_seems_late(stage: Stage, fans: list[Fan]) -> None:
    round_id = await stage.open_round(closes_in_s=HOUR_S / 2)
    driver = await stage.driver(fans, round_id)
    stage.set_clock(ours_s=HOUR_S)
    await asyncio.gather(*(driver.cast(fan, ("o1",)) for fan in fans))
    await asyncio.sleep(1)
    status = (await stage.must("GET", f"/api/v1/rounds/{round_id}"))["status"]
    stage.set_clock()
    await asyncio.gather(*(driver.cast(fan, ("o2",)) for fan in fans))
    await stage.close(round_id)

    assert status == "open"
    assert driver.statuses == {"409 round-not-open": len(fans), "200": len(fans)}
    assert complaints(await stage.evidence()) == {}


async def test_our_own_clock_an_hour_behind_takes_ballots_only_until_the_round_is_closing(stage: Stage, fans: list[Fan]) -> None:
    round_id = await stage.open_round(closes_in_s=SOON_S)
    driver = await stage.driver(fans, round_id)
    driver.pause_s = 0.05
    stage.set_clock(ours_s=-HOUR_S)
    driver.start()
    await stage.until(round_id, "sealed")
    await driver.stop()

    assert {status for status in driver.statuses if status != "200"} == {"409 round-not-open"}
    assert complaints(await stage.evidence()) == {}
