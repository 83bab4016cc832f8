"""What somebody writes to others in private and about them in public, so that it can be looked for after she was erased."""

import re

import httpx2

from fanfare.community import thanking
from fanfare.members import joining
from fanfare.members.sessions import open_session
from tests.integration import gatherings, parcels
from tests.page_reader import browser, hidden
from tests.site_fixture import SiteUnderTest

PRAISE, LETTER, ASKED, REPLY, WELCOME = (
    "Uffish thought praised",
    "Whiffling thanks to you",
    "Calloohed the frabjous?",
    "Burbled reply of mine",
    "Beware, and welcome by me",
)
WORDS = (PRAISE, LETTER, ASKED, REPLY, WELCOME, *parcels.WORDS, *gatherings.WORDS)


async def exchanged(site: SiteUnderTest, member: str, she: httpx2.AsyncClient, other: httpx2.AsyncClient) -> None:
    """Let a host praise another fan and write to her, answer a letter to herself, accept two rewards and enter a circle."""
    await parcels.accepted(site, member, she)
    await gatherings.gathered(site, member, she)
    praised = (await other.get("/api/v1/me")).json()["id"]
    (await she.post(f"/api/v1/members/{praised}/kudos", json={"words": PRAISE})).raise_for_status()
    (await she.post(f"/api/v1/members/{praised}/welcome", json={"words": WELCOME})).raise_for_status()
    await written(await a_host(site), member, "Thank you.", "Once more?")
    await written(she, praised, LETTER, ASKED)
    await thanking.deliver(site.parts.desk)
    mine = await she.get("/me")
    letter = re.findall(r'href="(/me/thanks/[0-9a-f]+)"', mine.text)[0]
    answered = await she.post(letter, data={"csrf": hidden(mine.text, "csrf"), "answer": REPLY})
    assert answered.status_code == 303, answered.text


async def a_host(site: SiteUnderTest) -> httpx2.AsyncClient:
    """Return the browser of another host."""
    member = await joining.join(site.parts.desk, "Emeka Obi")
    (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "host"})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


async def written(host: httpx2.AsyncClient, to: str, words: str, question: str) -> None:
    """Let a host thank a fan."""
    page = await host.get(f"/host/thanks?to={to}")
    fields = {"csrf": hidden(page.text, "csrf"), "to": to, "words": words, "question": question, "key": words, "act": "send"}
    sent = await host.post("/host/thanks", data=fields)
    assert sent.status_code == 303, sent.text
