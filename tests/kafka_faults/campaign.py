"""
The release form: two hundred faults and half a million acknowledged ballots, in legs of eight faults, each of which is checked.

`make faults-kafka` runs it. It may be broken off at any time and goes on where it was: a leg counts once its checks have passed,
and is then in the state file with the seed and its number. A leg that fails keeps its folder, and the next run begins with it.
"""

import argparse
import asyncio
import logging
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec
import structlog
import uvloop

from tests.faults.ground import SEED
from tests.kafka_faults.cluster import Cluster, cluster
from tests.kafka_faults.faults import FAULTS
from tests.kafka_faults.nemesis import Leg, Shot, play

STATE = Path(".cache") / "kafka-faults.json"
IN_LEG = 8
"""Faults of a leg: seven, and a worker that dies while it closes the round."""


class State(msgspec.Struct):
    """What was done so far."""

    seed: int
    legs: int = 0
    shots: list[Shot] = []
    voids: int = 0
    ballots: int = 0
    unanswered: int = 0
    doubles: int = 0
    longest_s: float = 0.0
    took_s: float = 0.0

    def add(self, leg: Leg, took_s: float) -> None:
        """Count a leg whose checks have passed."""
        self.legs += 1
        self.shots += leg.shots
        self.voids += leg.voids
        self.ballots += leg.ballots
        self.unanswered += leg.unanswered
        self.doubles += leg.doubles
        self.longest_s = max(self.longest_s, leg.longest_s)
        self.took_s += took_s


def say(line: str) -> None:
    """Tell whoever looks on."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def kinds_of(seed: int, leg: int) -> list[str]:
    """Return the faults of a leg; two legs in a row have each of them once."""
    every = random.Random(seed + leg // 2).sample(list(FAULTS), len(FAULTS))
    half = len(every) // 2
    return every[half:] if leg % 2 else every[:half]


def table(state: State) -> str:
    """Return what was seen as rows of a table in Markdown."""
    rows = []
    for kind in dict.fromkeys(shot.kind for shot in state.shots):
        mine = [shot for shot in state.shots if shot.kind == kind]
        way, served = [shot.in_flight for shot in mine], [shot.recovered_s for shot in mine]
        unanswered = sum(shot.unanswered for shot in mine)
        rows.append(
            f"| {kind} | {len(mine)} | {min(way)} to {max(way)} | {unanswered} | {median(served):.1f} s, {max(served):.1f} s |"
        )
    return "\n".join(rows)


def summary(state: State) -> str:
    """Say in a few lines what was done so far."""
    faults = len(state.shots)
    return (
        f"FANFARE_SEED={state.seed}: {faults} faults in {state.legs} legs and {state.took_s / 60:.0f} minutes; {state.ballots} "
        f"ballots acknowledged, {state.unanswered} requests unanswered, {state.doubles} ballots there twice, {state.voids} void, "
        f"longest answer {state.longest_s:.1f} s.\nNo complaint: with 95 % confidence fewer than {3 / max(faults, 1):.1%} of "
        "such faults lose, double or invent a ballot (3/n)."
    )


async def run_leg(running: Cluster, folder: Path, state: State, ballots: int) -> Leg:
    """Run the next leg and return what was seen."""
    seed, kinds = state.seed + state.legs, kinds_of(state.seed, state.legs)
    say(f"leg {state.legs}, seed {seed}")
    leg = await play(running, folder, kinds, seed, ballots, lambda line: say(f"  {line}"))
    say(f"  {leg.ballots} ballots acknowledged, {leg.doubles} there twice; complaints: {leg.complaints or 'none'}")
    return leg


def run(state: State, place: Path, faults: int, ballots: int, minutes: float) -> int:
    """Run legs until enough is done or *minutes* are over; return the exit status."""
    ends = time.monotonic() + 60 * minutes
    in_leg = -(-ballots * IN_LEG // faults)
    home = Path(tempfile.mkdtemp(prefix="fanfare-faults-"))
    (home / "brokers").mkdir()
    with cluster(home / "brokers") as running:
        while (len(state.shots) < faults or state.ballots < ballots) and time.monotonic() < ends:
            folder = home / f"leg{state.legs}"
            folder.mkdir()
            began = time.monotonic()
            leg = uvloop.run(run_leg(running, folder, state, in_leg))
            if leg.complaints:
                say(f"This leg does not count. What its processes said, its history and its database are in {folder}.")
                return 1
            state.add(leg, time.monotonic() - began)
            fresh = place.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(state))
            fresh.replace(place)
            shutil.rmtree(folder)
            running.clear()
    shutil.rmtree(home)
    return 0


def main() -> int:
    """Run what the command line asks for."""
    told = argparse.ArgumentParser(description="Kill, stop, cut off and fill what a site on Kafka runs on, at length.")
    told.add_argument("--faults", type=int, default=200)
    told.add_argument("--ballots", type=int, default=500_000)
    told.add_argument("--minutes", type=float, default=24 * 60, help="Begin no leg after so many; the next call goes on.")
    told.add_argument("--state", type=Path, default=STATE, help="What was done so far; without it, or removed, all begins anew.")
    asked = told.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every broker that is away
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaving this way ends what runs
    asked.state.parent.mkdir(parents=True, exist_ok=True)
    state = msgspec.json.decode(asked.state.read_bytes(), type=State) if asked.state.exists() else State(SEED)
    try:
        return run(state, asked.state, asked.faults, asked.ballots, asked.minutes)
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("Broken off; the next call goes on with this leg.")
        return 130
    finally:
        say(f"{table(state)}\n{summary(state)}")


if __name__ == "__main__":
    sys.exit(main())
