"""The operator's page: for admins, calm, true, and with something to do about what is wrong."""

import asyncio
import re
import socket

import httpx2
import pytest

from fanfare.members.mail import queue
from fanfare.members.sessions import open_session
from fanfare.platform import presence
from fanfare.web import urls, watching
from tests.integration.browsing import browser, follow, send, signed_in
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FRESH_S", -1.0)


async def told(site: SiteUnderTest) -> None:
    """Wait until the API, and the worker with its four partitions, have told of themselves and every projection is level."""
    await all_read(site)
    async with asyncio.timeout(20):
        while True:
            async with site.parts.pool.connection() as connection:
                there = {each.kind: each.samples() for each in await presence.told(connection)}
            held = [each for each in there.get("worker", ()) if each.metric == "fanfare_partition_held"]
            if "api" in there and len(held) == 4:
                return
            await asyncio.sleep(0.05)


async def an_admin(site: SiteUnderTest) -> httpx2.AsyncClient:
    """Return the browser of the site's admin."""
    member = (await site.host.get("/api/v1/me")).json()["id"]
    async with site.parts.pool.connection() as connection:
        return browser(site, await open_session(connection, member, "browser", "test"))


async def test_an_admin_sees_that_all_is_well_and_the_same_as_json(site: SiteUnderTest) -> None:
    await told(site)
    admin = await an_admin(site)

    page = await admin.get(urls.OPERATIONS)
    twin = (await site.host.get("/api/v1/operations")).raise_for_status().json()

    assert page.status_code == 200
    assert "<h1>All is well</h1>" in page.text
    assert (twin["headline"], twin["findings"]) == ("All is well", [])
    assert {each["name"] for each in twin["vitals"]["projections"]} >= {"standings", "ideas", "timeline", "counted"}
    assert twin["vitals"]["record"] == {"place": "postgresql", "topic": "", "brokers": [], "answers": True}
    assert {(each["kind"], each["machine"]) for each in twin["vitals"]["processes"]} == {
        ("api", socket.gethostname()),
        ("worker", socket.gethostname()),
    }
    # Here both are one process, which tells one figure of what it holds.
    assert [len(each["partitions"]) for each in twin["vitals"]["processes"] if each["kind"] == "worker"] == [4]
    assert "In PostgreSQL." in page.text
    assert f"on {socket.gethostname()}, reads partitions 0, 1, 2 and 3" in page.text
    assert {each["kind"] for each in twin["vitals"]["processes"]} == {"api", "worker"}
    assert all(each["resident_bytes"] > 1_000_000 for each in twin["vitals"]["processes"])
    assert all(each["name"] in page.text for each in twin["vitals"]["processes"])


async def test_the_page_is_for_admins_and_only_they_are_led_there(site: SiteUnderTest) -> None:
    host, fan, admin = await signed_in(site, "Emeka Obi", "host"), await signed_in(site, "Noor A."), await an_admin(site)

    assert (await host.get(urls.OPERATIONS)).status_code == 403
    assert (await fan.get(urls.OPERATIONS)).status_code == 403
    assert (await browser(site).get(urls.OPERATIONS)).status_code in (401, 303)
    assert (await host.post(urls.OPERATIONS)).status_code == 403
    assert f'href="{urls.OPERATIONS}"' in (await admin.get(urls.DESK)).text
    assert f'href="{urls.OPERATIONS}"' not in (await host.get(urls.DESK)).text


async def test_mail_that_was_given_up_is_said_and_can_be_tried_again(site: SiteUnderTest) -> None:
    await told(site)
    async with site.parts.pool.connection() as connection:
        await queue(connection, "ada@example.org", "Hello", "there")
        query = """update vault.outbox set attempts = 12, next_try_at = 'infinity',
                          failure = 'SMTPRecipientsRefused: ada@example.org is unknown'"""
        await connection.execute(query)
    admin = await an_admin(site)

    before = await admin.get(urls.OPERATIONS)
    after = await follow(admin, await send(admin, before, urls.OPERATIONS))

    assert "<h1>One mail was given up</h1>" in before.text
    assert "The server said: SMTPRecipientsRefused." in before.text
    assert "ada@example.org" not in before.text
    assert "1 mail will be tried again now." in after.text
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select attempts, next_try_at <= now() from vault.outbox")).fetchone()
    assert row == (0, True)


async def test_a_projection_that_stopped_is_the_headline_with_its_position(site: SiteUnderTest) -> None:
    await told(site)
    async with site.parts.pool.connection() as connection:
        await connection.execute(
            """create function refuse() returns trigger language plpgsql as $$ begin raise exception 'a broken table'; end $$"""
        )
        await connection.execute("create trigger refuse before insert on timeline.acts for each row execute function refuse()")
    await site.publish(round_of())
    await stopped(site, "timeline")

    page = await (await an_admin(site)).get(urls.OPERATIONS)

    assert "<h1>The projection “timeline” has stopped" in page.text
    assert re.search(r"0:\d+: RaiseException", page.text)


async def stopped(site: SiteUnderTest, projection: str) -> None:
    """Wait until a projection has stopped."""
    query = "select from platform.projections where name = %s and stopped is not null"
    async with asyncio.timeout(20):
        while True:
            async with site.parts.pool.connection() as connection:
                if (await connection.execute(query, (projection,))).rowcount:
                    return
            await asyncio.sleep(0.05)


async def test_a_worker_that_died_is_missed(site: SiteUnderTest) -> None:
    await told(site)
    async with site.parts.pool.connection() as connection:
        await connection.execute("update platform.running set seen_at = now() - interval '1 minute' where kind = 'worker'")

    twin = (await site.host.get("/api/v1/operations")).json()

    assert [each["code"] for each in twin["findings"]][:1] == ["worker-away"]


async def test_without_a_script_the_page_comes_again_by_itself(site: SiteUnderTest) -> None:
    page = await (await an_admin(site)).get(urls.OPERATIONS)

    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page.text
