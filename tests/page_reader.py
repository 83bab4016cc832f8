"""A browser's side of the pages: clients that sign in, fill in forms and read what stands there."""

import asyncio
import re

import httpx2

from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.projecting import PROJECTIONS
from tests.site_fixture import ADDRESS, SiteUnderTest, round_of

PAGE = {"accept": "text/html", "origin": ADDRESS, "sec-fetch-site": "same-origin"}


def browser(site: SiteUnderTest, session: str = "") -> httpx2.AsyncClient:
    """Return a client that behaves like a browser: it asks for pages, keeps cookies, and follows no redirect by itself."""
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(site.app), base_url=ADDRESS, headers=PAGE)
    if session:
        client.cookies.set("fanfare", session)
    return client


async def signed_in(site: SiteUnderTest, name: str = "Noor A.") -> httpx2.AsyncClient:
    """Return the browser of a new fan."""
    member = await joining.join(site.parts.desk, name)
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


def hidden(html: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


async def paper(fan: httpx2.AsyncClient, round_id: str) -> dict[str, str]:
    """Return the hidden fields of the paper that a fan sees."""
    page = await fan.get(f"/rounds/{round_id}/ballot")
    assert page.status_code == 200, page.text
    return {name: hidden(page.text, name) for name in ("csrf", "paper", "key")}


async def all_read(site: SiteUnderTest) -> None:
    """Wait until every projection is there and level with the record."""
    async with asyncio.timeout(20):
        while True:
            lag = (await site.stranger.get("/readyz")).json()["lag"]
            if len(lag) == len(PROJECTIONS) and not any(lag.values()):
                return
            await asyncio.sleep(0.05)


async def an_open_round(site: SiteUnderTest, **changes: object) -> tuple[str, str]:
    """Publish a campaign of one round, wait until it is open, and return both ids."""
    campaign = await site.publish(round_of(**changes))
    await site.until(campaign["rounds"][0]["id"], "open")
    return campaign["id"], campaign["rounds"][0]["id"]


async def an_ideas_round(site: SiteUnderTest) -> tuple[str, str]:
    """Do the same with a round of ideas."""
    return await an_open_round(site, name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2)
