"""A load on a real site over a real socket: what was planned is sent, and the site counts as we do, or is found out."""

import asyncio
import re
from collections import Counter
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from fanfare.cli import app
from fanfare.simulation.client import Client, http_client
from fanfare.simulation.load import Loaded, NoSimulation, Run
from fanfare.simulation.load_plan import Beat, DueBallot, DueIdea, Load, make_load
from fanfare.simulation.load_table import percentile, run_load, table, verdict
from fanfare.simulation.wire import Answer, Wire
from tests.site_fixture import SiteUnderTest, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
SMALL = Load(fans=40, ballots=90, ideas=5, rate=60.0, beat=Beat.WAVE, seed=7)


async def loaded(site: SiteUnderTest, address: str, load: Load = SMALL) -> Loaded:
    """Make a load on a site that is served at an address."""
    wire = Wire(address, 16)
    token = site.host.headers["authorization"].removeprefix("Bearer ")
    try:
        async with http_client(address) as http:
            run = Run(Client(http), wire, token, load)
            await run.prepare()
            return await run.go(lambda _: None)
    finally:
        await wire.close()


def printed(found: Loaded) -> str:
    """Return the table of a load as a wide terminal shows it."""
    console = Console(file=StringIO(), width=200)
    console.print(table(found))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_a_load_is_acknowledged_whole_and_the_leaderboard_equals_its_own_count(database: str) -> None:
    async with running_site(database, simulation=True) as site, served(site.app) as address:
        found = await loaded(site, address)

        board = (await site.stranger.get(f"/api/v1/rounds/{found.round}/leaderboard")).json()
        latest = {each.fan: each.option for each in make_load(SMALL) if isinstance(each, DueBallot)}
        assert (found.ballots.sent, found.ballots.acknowledged, found.ideas.acknowledged) == (90, 90, 5)
        assert found.ballots.refused == Counter()
        assert len(found.ballots.latencies_s) == 90
        assert min(found.ballots.latencies_s) > 0
        assert found.equal_after_s is not None
        assert sorted(found.sites.values()) == sorted(Counter(latest.values())[option] for option in range(7))
        assert board["counted"] == 40
        assert re.search(r"ballots +│ +90 │ +90 ", printed(found))
        assert verdict(found).startswith("The leaderboard equals our own count, 40 fans")


async def test_a_site_that_counts_wrong_is_found_out(database: str) -> None:
    async with running_site(database, simulation=True) as site, served(site.app) as address:
        async with site.parts.pool.connection() as connection:  # each vote for one option is lost as soon as it is counted
            await connection.execute(
                """create function lose() returns trigger language plpgsql as
                   $$ begin new.votes := greatest(new.votes - 1, 0); return new; end $$"""
            )
            await connection.execute("create trigger lose before update on standings.scores for each row execute function lose()")

        found = await loaded(site, address, Load(fans=10, ballots=10, rate=50.0))

    assert found.equal_after_s is None
    assert "differs from our own count" in verdict(found)


async def test_no_load_is_made_on_a_site_of_people(site: SiteUnderTest) -> None:
    async with served(site.app) as address:
        with pytest.raises(NoSimulation):
            await loaded(site, address)
        members = (await site.host.get("/api/v1/members")).json()["members"]
        console = Console(file=StringIO(), width=200)
        code = await asyncio.to_thread(run_load, address, "token", SMALL, console)

    assert [each["name"] for each in members] == ["Dora Lindqvist"]
    assert code == 2
    assert isinstance(console.file, StringIO)
    assert "founded for people" in console.file.getvalue()


async def test_a_ballot_whose_answer_was_lost_is_sent_again_and_counts_once(database: str) -> None:
    async with running_site(database, simulation=True) as site, served(site.app) as address:
        lossy = Lossy(address)
        token = site.host.headers["authorization"].removeprefix("Bearer ")
        async with http_client(address) as http:
            run = Run(
                Client(http), lossy, token, Load(fans=30, ballots=30, rate=60.0)
            )  # one each: a newer one would refuse what is sent again
            await run.prepare()
            found = await run.go(lambda _: None)
        await lossy.close()

    assert found.ballots.again == 3
    assert (found.ballots.acknowledged, found.ballots.unanswered, found.ballots.refused) == (30, 0, Counter())
    assert found.equal_after_s is not None


class Lossy(Wire):
    """A wire that loses every tenth answer, after the site has done what was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked = 0

    async def _over_one(self, request: bytes) -> Answer:
        self.asked += 1
        lost = self.asked in (5, 15, 25)
        answer = await super()._over_one(request)
        if lost:
            raise ConnectionResetError
        return answer


def test_the_same_seed_makes_the_same_load_and_another_makes_another() -> None:
    assert make_load(SMALL) == make_load(SMALL)
    assert make_load(SMALL) != make_load(Load(fans=40, ballots=90, ideas=5, rate=60.0, beat=Beat.WAVE, seed=8))


@pytest.mark.parametrize("beat", list(Beat))
def test_a_load_has_its_size_its_length_and_each_fan_numbers_her_ballots_from_one(beat: Beat) -> None:
    load = Load(fans=100, ballots=1000, ideas=20, rate=50.0, beat=beat)

    due = make_load(load)

    ballots = [each for each in due if isinstance(each, DueBallot)]
    numbers = {fan: [each.number for each in ballots if each.fan == fan] for fan in range(100)}
    assert sum(isinstance(each, DueIdea) for each in due) == 20
    assert all(found == list(range(1, 11)) for found in numbers.values())
    assert [each.at for each in due] == sorted(each.at for each in due)
    assert 0 <= due[0].at <= due[-1].at <= load.length_s == 20.0


def test_a_rush_comes_at_the_end_and_a_wave_in_its_middle() -> None:
    def share(beat: Beat, start: float, end: float) -> float:
        due = make_load(Load(fans=10, ballots=2000, rate=100.0, beat=beat))
        return sum(start <= each.at < end for each in due) / len(due)

    assert share(Beat.RUSH, 15, 20) > 0.5
    assert share(Beat.STEADY, 5, 10) == pytest.approx(0.25, abs=0.05)
    assert share(Beat.WAVE, 5, 15) > 0.6


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (75, 3.0), (99, 4.0), (100, 4.0)])
def test_a_percentile_is_one_of_the_figures(percent: int, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == expected


def test_the_command_says_how_to_get_a_token_and_refuses_an_unknown_rhythm() -> None:
    helped = CliRunner().invoke(app, ["simulate", "--help"], terminal_width=200)
    wrong = CliRunner().invoke(app, ["simulate", "http://localhost:1", "--rhythm", "waltz"])
    unsigned = CliRunner().invoke(app, ["simulate", "http://localhost:1"], env={"FANFARE_SIMULATION_TOKEN": ""})

    assert "make a token" in " ".join(helped.output.split())
    assert wrong.exit_code == 2
    assert unsigned.exit_code == 2
    assert "A host's token is needed" in unsigned.output
