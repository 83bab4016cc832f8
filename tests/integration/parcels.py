"""What somebody says of herself when she accepts rewards, so that it can be looked for after she was erased."""

import httpx2

from tests.site_fixture import SiteUnderTest

ON_PARCEL, STREET, GUARDIAN, WHY = (
    "Quetzalina of Wabe",
    "Raths Alley forty-two",
    "Aunt Vorpalina Mome",
    "Chortled first of everybody",
)
WORDS = (ON_PARCEL, STREET, GUARDIAN, WHY)


async def accepted(site: SiteUnderTest, member: str, she: httpx2.AsyncClient) -> None:
    """Let a host offer her two rewards; she accepts one with her address, and for the other her guardian is asked."""
    address = {"name": ON_PARCEL, "lines": STREET}
    for title, born in (("A bottle", "1999-05-04"), ("A crate", "2012-05-04")):
        form = {"kind": "thing", "title": title, "words": "By hand.", "stock": 2, "guardian_below": 18, "sent": True}
        reward = (await site.host.post("/api/v1/rewards", json=form)).raise_for_status().json()["id"]
        given = {"member": member, "reason": WHY}
        offer = (await site.host.post(f"/api/v1/rewards/{reward}/offers", json=given)).raise_for_status().json()["id"]
        said = {"birth": born, "country": "AT", "address": address}
        said |= {"guardian": {"name": GUARDIAN, "email": "vorpalina@example.org"}} if title == "A crate" else {}
        (await she.post(f"/api/v1/offers/{offer}/accept", json=said)).raise_for_status()
        (await site.host.get("/api/v1/host/offers", params={"reward": reward})).raise_for_status()
