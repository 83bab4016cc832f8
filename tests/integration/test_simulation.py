"""A short simulation against a real site: from joining to exactly one winner."""

import httpx2
import pytest

from fanfare.community.bringing import bring
from fanfare.record.kinds import digest
from fanfare.simulation import corpus
from fanfare.simulation.client import Client, SiteSilent, http_client
from fanfare.simulation.driver import Played, simulate
from fanfare.simulation.plan import Bring, Scale, make_plan
from tests.page_reader import all_read
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.postgres]

SMALL = Scale(
    fans=80,
    ideas=14,
    supports=110,
    comments=12,
    lead_s=1,
    ideas_s=6,
    vote_s=4,
    extended_s=1,
    final_s=4,
    margin_s=4,
    label_s=10,
    label_ballots=12,
)


async def play(site: SiteUnderTest, lines: list[str]) -> Played:
    async with http_client(ADDRESS, httpx2.ASGITransport(site.app)) as http:
        token = site.host.headers["authorization"].removeprefix("Bearer ")
        return await simulate(Client(http), token, make_plan(scale=SMALL), ADDRESS, lines.append)


async def test_a_simulation_ends_with_a_sealed_final_and_exactly_one_winner_and_is_not_begun_twice(database: str) -> None:
    async with running_site(database, simulation=True) as site:
        lines: list[str] = []
        played = await play(site, lines)

        rounds = [(await site.stranger.get(f"/api/v1/rounds/{each}")).json() for each in played.campaign.rounds]
        reports = [await site.stranger.get(f"/api/v1/rounds/{each['id']}/report") for each in rounds]
        advanced = [sum(each["advanced"] for each in report.json()["ranking"]) for report in reports]
        assert [each["status"] for each in rounds] == ["sealed"] * 3
        assert [digest(report.content) for report in reports] == [each["report"] for each in rounds]
        assert advanced == [7, 3, 1]
        assert rounds[1]["reason"] == corpus.campaigns().extension
        assert reports[2].json()["ballots"]["counted"] >= 0.5 * SMALL.turnout * SMALL.fans
        assert reports[1].json()["ballots"]["replaced"] >= 1
        assert failures(played) == {}
        await friends_are_credited(site)
        assert [line for line in lines if "the eighth flavour is" in line]

        winner = (await site.stranger.get(f"/api/v1/rounds/{rounds[2]['id']}/leaderboard")).json()["places"][0]["option"]
        author = (await site.stranger.get(f"/api/v1/ideas/{winner}")).json()["author"]
        await all_read(site)
        held = (await site.stranger.get(f"/api/v1/members/{author}/recognition")).json()
        assert [each["words"] for each in held["titles"]] == [corpus.praise().title]
        assert (await site.stranger.get(f"/api/v1/members/{author}/kudos")).json()["kudos"]
        (spotlight,) = (await site.stranger.get("/api/v1/draws")).json()["draws"]
        assert spotlight["title"] == corpus.praise().spotlight.title
        (reward,) = (await site.stranger.get("/api/v1/rewards")).json()["rewards"]
        assert (reward["title"], reward["left"]) == (corpus.praise().reward["title"], 0)
        (circle,) = (await site.stranger.get("/api/v1/circles")).json()["circles"]
        assert circle["title"] == corpus.praise().circle["title"]

        again = await play(site, lines)

        campaigns = (await site.stranger.get("/api/v1/campaigns")).json()["campaigns"]
        assert again.campaign == played.campaign
        assert not again.began
        assert {each["title"] for each in campaigns} == {corpus.campaigns().eighth.title, corpus.campaigns().label.title}
        assert len(campaigns) == 2


async def friends_are_credited(site: SiteUnderTest) -> None:
    """Check that fans brought friends, and are credited for those who did something."""
    names = [each.name for each in make_plan(scale=SMALL).ideas if isinstance(each, Bring)]
    await bring(site.parts.desk)
    await all_read(site)
    async with site.parts.pool.connection() as connection:
        found = await connection.execute("select id from vault.members where name = any(%s)", (names,))
        friends = [row[0] for row in await found.fetchall()]
    arrivals = [(await site.stranger.get(f"/api/v1/members/{each}/arrival")).json() for each in friends]
    assert 0 < len(friends) <= len(names) == 20, "on a slow machine the round closes before all have come"
    assert any(each["brought_by"] for each in arrivals)
    assert (await site.host.get("/api/v1/newcomers")).json()


def failures(played: Played) -> dict[str, int]:
    """
    Return the answers that nobody expects: not those that took effect, nor refusals by the clock or of an older paper.

    What is under way when a round ends is cut short; within one process the site itself is, and answers that it stops.
    """
    expected = ("round-not-open", "draw-closed", "paper-out-of-date", "idea-withdrawn", "kudos-for-yourself", "stopping")
    return {
        what: number
        for what, number in played.answers.items()
        if not what.split()[-1].startswith("2") and what.split()[-1] not in expected
    }


async def test_an_ordinary_site_takes_no_simulated_fans(site: SiteUnderTest) -> None:
    with pytest.raises(SiteSilent, match="404"):
        await play(site, [])

    assert (await site.stranger.get("/api/v1/campaigns")).json()["campaigns"] == []
