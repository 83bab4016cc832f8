"""A draw as a host announces it, fans enter it and strangers check it: over the API and on pages, on a simulation."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fanfare.audit.checks.draws import verify_draw
from fanfare.audit.checks.replay import replay
from fanfare.audit.commands import run_export
from tests.integration.browsing import follow, send, signed_in
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of, running_site, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

A_DRAW = {"purpose": "seats", "title": "Two seats in the kitchen", "gets": "An evening in Graz.", "who": "Every member."}


async def announced(site: SiteUnderTest, **changes: object) -> str:
    """Announce a draw that closes in some seconds, unless *changes* say otherwise, and return its id."""
    closes_at = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()
    body = {**A_DRAW, "seats": 2, "reserves": 1, "closes_at": closes_at, "beacon": "simulated", **changes}
    made = await site.host.post("/api/v1/draws", json=body)
    await all_read(site)
    return str(made.raise_for_status().json()["id"])


async def read(site: SiteUnderTest, draw: str) -> dict[str, Any]:
    await all_read(site)
    return dict((await site.stranger.get(f"/api/v1/draws/{draw}")).raise_for_status().json())


async def until_done(site: SiteUnderTest, draw: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            if (found := await read(site, draw))["state"] == "done":
                return found
            await asyncio.sleep(0.1)


def failed(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_draw_over_the_api_from_its_announcement_to_the_reserve_and_the_replay(database: str, tmp_path: Path) -> None:
    async with running_site(database, simulation=True) as site, served(site.app) as url:
        fans = [await site.fan(f"Fan {number}") for number in range(5)]
        draw = await announced(site, answer_h=24)
        for fan in fans:
            (await fan.put(f"/api/v1/draws/{draw}/entry")).raise_for_status()
        (await fans[4].delete(f"/api/v1/draws/{draw}/entry")).raise_for_status()
        assert (await read(site, draw))["entrants"] == 4

        done = await until_done(site, draw)

        assert failed(await fans[4].put(f"/api/v1/draws/{draw}/entry")) == (409, "draw-closed")
        assert (done["entrants"], len(done["root"]), done["beacon"]["kind"]) == (4, 64, "simulated")
        assert [each["state"] for each in done["drawn"]] == ["offered", "offered"]
        assert all(each["name"].startswith("Fan ") for each in done["drawn"])
        by_name = {f"Fan {number}": fan for number, fan in enumerate(fans)}
        first, second = (by_name[each["name"]] for each in done["drawn"])
        (await first.put(f"/api/v1/draws/{draw}/seat")).raise_for_status()
        (await second.delete(f"/api/v1/draws/{draw}/seat")).raise_for_status()
        await all_read(site)
        assert failed(await second.put(f"/api/v1/draws/{draw}/seat")) == (409, "seat-gone")
        assert failed(await fans[4].put(f"/api/v1/draws/{draw}/seat")) == (403, "not-drawn")
        seats = (await read(site, draw))["drawn"]
        assert [each["state"] for each in seats] == ["held", "declined", "offered"]

        async with site.parts.pool.connection() as connection:
            assert await run_export(site.parts.log, connection, url, tmp_path / "a.tar", now=datetime.now(UTC)) == 0
        told = verify_draw(tmp_path / "a.tar", draw)
        assert told.exit_code == 0, told
        steps = [each.name for each in told.claims]
        assert steps == ["archive", "announced", "entrants", "beacon", "ranking", "place 1", "place 2", "place 3"]
        assert "SIMULATED" in next(each.detail for each in told.claims if each.name == "beacon")
        assert [each.detail.split()[0] for each in told.claims[5:]] == [each["member"] for each in seats]
        again = replay(tmp_path / "a.tar")
        assert again.exit_code == 0, again
        assert f"draw {draw}" in [each.name for each in again.claims]
        assert verify_draw(tmp_path / "a.tar", "nodraw").exit_code == 2


async def test_only_who_took_part_enters_what_is_for_them(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of())
    voted = campaign["rounds"][0]["id"]
    await site.until(voted, "open")
    voter, other = await site.fan("Noor A."), await site.fan("Jonah P.")
    (await voter.put(f"/api/v1/rounds/{voted}/ballot", json={"number": 1, "options": ["o1"]})).raise_for_status()
    (await site.host.post(f"/api/v1/rounds/{voted}/close")).raise_for_status()
    await site.until(voted, "sealed")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    draw = await announced(site, campaign=campaign["id"], open_to="took-part", closes_at=later, beacon="drand")
    async with asyncio.timeout(20):
        while True:
            entered = await voter.put(f"/api/v1/draws/{draw}/entry")
            if entered.is_success:
                break
            await asyncio.sleep(0.1)  # the credit is written after the sealing

    assert entered.json()["id"] == draw
    assert failed(await other.put(f"/api/v1/draws/{draw}/entry")) == (403, "not-invited")
    assert (await read(site, draw))["entrants"] == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"beacon": "simulated"}, "draw-refused"),
        ({"closes_at": "2020-01-01T00:00:00Z"}, "draw-refused"),
        ({"open_to": "took-part"}, "draw-refused"),
        ({"purpose": "spotlight"}, "draw-refused"),
        ({"shown_h": 3}, "draw-refused"),
        ({"campaign": "nosuchcampaign"}, "draw-refused"),
        ({"title": " "}, "text-refused"),
    ],
)
async def test_an_announcement_that_makes_no_sense_is_refused(site: SiteUnderTest, changes: dict[str, object], code: str) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = await site.host.post("/api/v1/draws", json={**A_DRAW, "closes_at": later, **changes})

    assert failed(answer) == (422, code)
    assert (await site.stranger.get("/api/v1/draws")).json() == {"draws": []}


async def test_a_host_announces_on_her_page_a_fan_enters_and_the_front_page_shows_whom_the_light_is_on(database: str) -> None:
    async with running_site(database, simulation=True) as site:
        host, fan = await signed_in(site, "Dora Lindqvist", "host"), await signed_in(site, "Noor A.")
        empty = await host.get("/host/draws")
        assert "Nothing was drawn yet" in empty.text
        wrong = await send(host, empty, "/host/draws", title="A day of light", purpose="spotlight", closes_at="2999-01-01T12:00")
        assert wrong.status_code == 422
        assert 'value="A day of light"' in wrong.text
        filled = {"title": "A crate", "gets": "The first batch.", "who": "All.", "closes_at": "2998-01-01T12:00", "seats": "3"}
        made = await follow(host, await send(host, empty, "/host/draws", **filled))
        assert "The draw is announced, and in the record." in made.text
        assert "Enter the draw" in made.text
        draw = await announced(site, purpose="spotlight", title="A day of light", seats=1, reserves=0, shown_h=24)

        page = await fan.get(f"/draws/{draw}")
        assert "If you are drawn, your name stands on this page." in page.text
        entered = await follow(fan, await fan.post(f"/draws/{draw}/entry", data=_pressed(page.text, "entry", "yes")))
        assert "You are entered." in entered.text
        assert "Sign in to enter" in (await site.stranger.get(f"/draws/{draw}")).text
        await until_done(site, draw)

        done = (await site.stranger.get(f"/draws/{draw}")).text
        assert "Noor A. was drawn" in done
        assert "This draw is simulated" in done
        assert "<dt>Supports of her ideas</dt><dd>0, against 0</dd>" in done
        assert f"fanfare draw verify record.fanfare {draw}" in done
        front = (await site.stranger.get("/")).text
        assert "In the spotlight" in front
        assert "Drawn from 1 who wished it" in front
        mine = await fan.get(f"/draws/{draw}")
        await follow(fan, await fan.post(f"/draws/{draw}/seat", data=_pressed(mine.text, "seat", "no")))
        await all_read(site)
        assert "In the spotlight" not in (await site.stranger.get("/")).text


def _pressed(page: str, act: str, yes: str) -> dict[str, str]:
    """Return the fields of one button's form."""
    form = next(each for each in page.split("<form")[1:] if f'/{act}"' in each and f'name="yes" value="{yes}"' in each)
    return {name: form.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf", "key", "yes")}


async def test_a_draw_that_was_called_off_says_why_to_everybody(site: SiteUnderTest) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    draw = await announced(site, closes_at=later, beacon="drand")
    host = await signed_in(site, "Dora Lindqvist", "host")
    shown = await host.get("/host/draws")
    assert "One draw is under way" in shown.text

    done = await send(host, shown, f"/host/draws/{draw}/void", reason="The kitchen is closed that week.")
    await follow(host, done)
    await all_read(site)

    page = (await site.stranger.get(f"/draws/{draw}")).text
    assert "This draw was called off" in page
    assert "The kitchen is closed that week." in page
    fan = await site.fan("Noor A.")
    assert failed(await fan.put(f"/api/v1/draws/{draw}/entry")) == (409, "draw-closed")
