"""A worker that stands still or is not there while rounds close: late ballots are told so, and the next run closes."""

import signal
import time
from datetime import datetime

import pytest

from tests.faults.checker import complaints
from tests.faults.driving import Fan
from tests.faults.failing import Failpoint
from tests.faults.ground import LONG
from tests.faults.stage import Stage

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

APPEND = "sql:record.append("


async def vote_past_the_close(stage: Stage, fans: list[Fan], round_id: str, past_s: float) -> float:
    """Let fans vote until *past_s* after the close by the clock, and return when that close was."""
    found = await stage.must("GET", f"/api/v1/rounds/{round_id}")
    closes_at = datetime.fromisoformat(found["closes_at"]).timestamp()
    driver = await stage.driver(fans, round_id)
    driver.pause_s = 0.05
    driver.start()
    await driver.until(lambda: time.time() > closes_at + past_s)
    board = await stage.must("GET", f"/api/v1/rounds/{round_id}/leaderboard")
    await driver.stop()
    assert board["status"] == "open"
    assert {each for each in driver.statuses if each[0] in "05"} == set()
    return closes_at


@pytest.mark.parametrize("how", ["stopped", "not there"][: 1 + LONG])
async def test_ballots_that_come_after_the_close_are_told_so_while_no_worker_closes(
    stage: Stage, fans: list[Fan], how: str
) -> None:
    round_id = await stage.open_round(closes_in_s=12 if LONG else 7)
    if how == "stopped":
        stage.send("worker", signal.SIGSTOP)
    else:
        await stage.end("worker")

    closes_at = await vote_past_the_close(stage, fans, round_id, past_s=1.5)
    if how == "stopped":
        stage.send("worker", signal.SIGCONT)
    else:
        await stage.start("worker")
    await stage.until(round_id, "sealed")

    evidence = await stage.evidence()
    assert complaints(evidence) == {}
    mine = [each for each in evidence.history if each.asked.round == round_id]
    after = [each for each in mine if each.asked.at > closes_at]
    assert len(after) > len(fans)
    assert {(told.status, told.code) for each in after for told in each.told} == {(409, "round-not-open")}
    assert {each.outcome for each in mine} == {"taken", "refused"}


async def test_a_worker_that_stands_still_inside_an_append_does_not_hold_the_others_up(stage: Stage) -> None:
    stage.arm(Failpoint("worker", APPEND, "after", how="stops"))
    round_id = await stage.publish()
    await stage.stopped_itself()
    began = time.monotonic()
    new = await stage.fans(1)  # joining appends to the same partition
    waited_s = time.monotonic() - began
    stage.send("worker", signal.SIGCONT)
    await stage.until(round_id, "open")

    driver = await stage.driver(new, round_id)
    await driver.cast(new[0], ("o1",))
    await stage.close(round_id)
    assert waited_s < 15
    assert complaints(await stage.evidence()) == {}
