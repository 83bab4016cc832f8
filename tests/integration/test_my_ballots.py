"""A fan's own ballots: all of them can be reached, the one to check is the latest, and what is private is kept nowhere."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.reports import receipts
from fanfare.web.pages import my_ballots
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
PAPER = re.compile(r"<b>Paper (\d+)</b>")


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    async with running_site(database) as found:
        yield found


async def opened(site: SiteUnderTest, title: str) -> str:
    """Publish a campaign of one round, and return the round once it is open."""
    campaign = await site.publish(round_of(), title=title)
    await site.until(round_id := campaign["rounds"][0]["id"], "open")
    return str(round_id)


async def cast(fan: httpx2.AsyncClient, round_id: str, papers: int = 1) -> str:
    """Cast so many ballots, one after the other, and return the id of the last."""
    answer: dict[str, Any] = {}
    for at in range(papers):
        number = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()["number"]
        body = {"number": number, "options": [f"o{at % 3 + 1}"]}
        answer = (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json=body)).raise_for_status().json()
    return str(answer["event_id"])


async def test_every_ballot_is_on_a_page_that_the_first_one_leads_to(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(my_ballots, "A_PAGE", 2)
    fan, round_id = await site.fan("Noor"), await opened(site, "The Eighth Flavour")
    await cast(fan, round_id, 5)
    await all_read(site)

    page, seen, address = "", list[list[str]](), "/me/ballots"
    while address:
        page = (await fan.get(address)).raise_for_status().text
        seen.append(PAPER.findall(page))
        older = re.search(r'href="([^"]+)">Older ones of this round', page)
        address = older[1].replace("&amp;", "&") if older else ""

    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    assert "These are the first that you cast." in page
    assert "Your paper 5, at position" in page  # which is on another page
    assert "You have more than 2 ballots in this round." in (await fan.get("/me/ballots")).text


async def test_the_api_hands_out_all_ballots_page_by_page(site: SiteUnderTest) -> None:
    fan, round_id = await site.fan("Noor"), await opened(site, "The Eighth Flavour")
    await cast(fan, round_id, 5)
    await all_read(site)

    seen, query = list[tuple[int, str]](), dict[str, Any](limit=2)
    while query:
        answer = (await fan.get(f"/api/v1/rounds/{round_id}/my-ballots", params=query)).raise_for_status().json()
        seen += [(each["number"], each["state"]) for each in answer["ballots"]]
        query = {"limit": 2, "cursor": answer["next"]} if answer["next"] else {}

    assert seen == [(5, "counted"), (4, "replaced"), (3, "replaced"), (2, "replaced"), (1, "replaced")]


async def test_the_ballot_to_check_is_the_one_that_she_cast_last_and_not_the_one_of_the_newest_campaign(
    site: SiteUnderTest, pool: AsyncConnectionPool
) -> None:
    fan = await site.fan("Noor")
    older, newer = await opened(site, "The Eighth Flavour"), await opened(site, "A bag that lasts")
    first, last = await cast(fan, newer), await cast(fan, older)
    await all_read(site)
    async with pool.connection() as connection:  # the record tells minutes, and a test takes none
        await connection.execute("update counted.ballots set minute = '2026-01-01T00:00Z' where event_id = %s", (first,))

    page = (await fan.get("/me/ballots")).text

    assert f"/rounds/{older}/receipt?event={last}#mine" in page


async def test_a_page_of_a_round_in_which_she_has_nothing_more_leads_back_to_all(site: SiteUnderTest) -> None:
    fan, round_id = await site.fan("Noor"), await opened(site, "The Eighth Flavour")
    await cast(fan, round_id)
    await all_read(site)

    for query in (f"round={round_id}&cursor=0", "round=nothing", "round=%00"):
        answer = await fan.get(f"/me/ballots?{query}")

        assert (answer.status_code, answer.headers["location"]) == (303, "/me/ballots")


async def test_whoever_signed_in_again_for_a_copy_comes_back_to_the_receipt(site: SiteUnderTest) -> None:
    fan, round_id = await site.fan("Noor"), await opened(site, "The Eighth Flavour")
    event = await cast(fan, round_id)

    told = await site.stranger.get(f"/rounds/{round_id}/receipt/copy", params={"event": event})
    taken = await fan.get(f"/rounds/{round_id}/receipt/copy", params={"event": event})

    assert told.status_code == 303
    assert "copy" not in told.headers["location"]
    assert taken.headers["content-disposition"].startswith("attachment")
    assert taken.headers["cache-control"] == "no-store"


async def test_her_ballots_and_receipts_are_kept_by_no_cache(site: SiteUnderTest) -> None:
    fan, round_id = await site.fan("Noor"), await opened(site, "The Eighth Flavour")
    await cast(fan, round_id)

    for path in ("/me/ballots", f"/rounds/{round_id}/receipt"):
        assert (await fan.get(path)).headers.get("cache-control") == "no-store", path


async def test_a_place_tells_apart_ballots_of_one_number_in_two_partitions(site: SiteUnderTest) -> None:
    rows = [(3, 1), (2, 2), (2, 1), (1, 3)]
    async with site.parts.pool.connection() as connection:
        for number, partition in rows:
            query = """insert into counted.ballots values ('t', 'v', %s, %s, 7, 0, '{o1}', '2026-01-01T00:00Z', %s)"""
            await connection.execute(query, (number, partition, f"e{number}{partition}"))
        found = await receipts.of_voter(connection, "t", "v", limit=2)
        rest = await receipts.of_voter(connection, "t", "v", before=found[-1].place, limit=2)

    assert [(each.number, each.position.partition) for each in [*found, *rest]] == rows
