"""What somebody writes in a circle, and why she was invited, so that both can be looked for after she was erased."""

import asyncio

import httpx2

from fanfare.circles import inviting
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest

NOTE, INVITED, UNINVITED = "Gimbled note of mine", "Borogove invited for her mimsy", "Rath uninvited for now"
WORDS = (NOTE, INVITED, UNINVITED)


async def gathered(site: SiteUnderTest, member: str, she: httpx2.AsyncClient) -> None:
    """Invite her to a circle, let her enter and leave a note below a brief, and take the invitation back."""
    opened = await site.host.post("/api/v1/circles", json={"title": "The kitchen", "words": "You taste before anybody else."})
    circle = f"/api/v1/circles/{opened.raise_for_status().json()['id']}"
    brief = await site.host.post(f"{circle}/briefs", json={"title": "Two bottles", "words": "Which feels colder?"})
    brief_id = brief.raise_for_status().json()["id"]
    (await site.host.post(f"{circle}/invitations", json={"member": member, "reason": INVITED})).raise_for_status()
    await inviting.deliver(site.parts.desk)
    await all_read(site)
    (await she.put(f"{circle}/entry")).raise_for_status()
    async with asyncio.timeout(10):
        while (said := await she.post(f"/api/v1/briefs/{brief_id}/notes", json={"words": NOTE})).status_code == 403:
            await all_read(site)
    said.raise_for_status()
    (await site.host.post(f"{circle}/uninvite", json={"member": member, "reason": UNINVITED})).raise_for_status()
