"""Two API processes over one record: what one of them took, the other knows as soon as it matters."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.settings import Settings
from fanfare.web.app import create_app
from tests.site_fixture import SiteUnderTest, client_of

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.postgres]


@pytest.fixture
async def other(site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    """A second API process of the site, as far behind as it may be: it reads only when it has to."""

    async def idle(parts: Parts) -> None:
        del parts

    monkeypatch.setattr(Parts, "follow", idle)
    app = create_app(Settings(database_url=site.database, home=site.app.state.settings.home))
    async with app.router.lifespan_context(app):
        yield app


async def test_a_role_that_was_granted_at_one_process_holds_at_once_at_the_other(site: SiteUnderTest, other: FastAPI) -> None:
    member = await joining.join(site.parts.desk, "Noor A.")
    async with site.parts.pool.connection() as connection:
        noor = client_of(other, await open_session(connection, member, "token", "test"))
    before = await noor.post("/api/v1/drafts", json={})

    (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "host"})).raise_for_status()
    after = await noor.post("/api/v1/drafts", json={})

    assert (before.status_code, after.status_code) == (403, 201)


async def test_who_waits_for_her_write_at_the_other_process_finds_it_there(site: SiteUnderTest, other: FastAPI) -> None:
    member = await joining.join(site.parts.desk, "Noor A.")
    granted = await site.host.post(f"/api/v1/members/{member}/roles", json={"role": "moderator"})
    waiting = {**site.host.headers, "Fanfare-Wait": granted.raise_for_status().headers["Fanfare-Position"]}

    read = await client_of(other).get("/api/v1/members", params={"role": "moderator"}, headers=waiting)

    assert [each["id"] for each in read.raise_for_status().json()["members"]] == [member]
