"""`kill -9` of every part under load: nothing that was acknowledged is lost, and nothing is there that nobody sent."""

import random
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.attacked import FANFARE, PARTS, Attacked, attacked
from tests.faults.checker import complaints
from tests.faults.credit import awards_in
from tests.faults.driving import Driver, Fan
from tests.faults.ground import LONG, SEED, say
from tests.faults.nemesis import LEAST_IN_FLIGHT, Nemesis, Shot

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

FANS, COMMENTING = 64, 8
LEGS = 10 if LONG else 1


@pytest.mark.parametrize("leg", range(LEGS))
async def test_a_killed_part_loses_no_acknowledged_ballot_and_invents_none(
    tmp_path: Path, leg: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with attacked(tmp_path / "home", tmp_path) as site:
        driver, shots, voids = await play(site, await site.fans(FANS), SEED + leg)
        say(capsys, f"FANFARE_SEED={SEED}, leg {leg}: {voids} void, longest answer {driver.longest_s:.1f} s")
        for shot in shots:
            say(capsys, str(shot))
        say(capsys, f"{sum(each.unanswered for each in shots)} requests unanswered; answers: {dict(driver.statuses)}")
        evidence = await site.evidence()
        awards = awards_in(evidence.entries)
        twice = len(awards) - len({(award.award, award.turn) for _, _, award in awards})
        said = Counter(each.status for each in evidence.remarks)
        say(capsys, f"{len(awards)} awards, {twice} appended twice; comments: {dict(said)}\n")
        assert complaints(evidence) == {}
        assert len(awards) > FANS
        export_and_replay(site, tmp_path / "archive.zip")

    assert sorted(shot.part for shot in shots) == sorted(PARTS)
    assert min(shot.in_flight for shot in shots) >= LEAST_IN_FLIGHT
    assert {status[:3] for status in driver.statuses if status[0] == "5"} <= {"503"}


async def play(site: Attacked, fans: Sequence[Fan], seed: int) -> tuple[Driver, list[Shot], int]:
    """Open a round, kill each part once in an order from the seed, close the round while fans go on, and see it sealed."""
    round_id = await site.open_round()
    driver = await site.driver(fans, round_id, seed)
    remarks = await site.remarks(await site.fans(COMMENTING), seed)
    nemesis = Nemesis(site, driver, seed)
    driver.start()
    remarks.start()
    shots = [await nemesis.shoot(part) for part in random.Random(seed).sample(PARTS, len(PARTS))]
    await site.close(round_id)
    await driver.stop()
    await remarks.stop()
    return driver, shots, nemesis.voids


def export_and_replay(site: Attacked, archive: Path) -> None:
    """Export the site and replay the archive; both have to succeed."""
    for command in (["export", str(archive), "--url", f"http://127.0.0.1:{site.port}"], ["replay", str(archive)]):
        done = subprocess.run([FANFARE, *command], env=site.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
