"""Live pages over a real socket: the present board at once, each change after, and an end that holds nothing up."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from fanfare.web.pages import live
from tests.page_reader import all_read, an_open_round, paper, signed_in
from tests.site_fixture import SiteUnderTest, listening

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.02)


async def events(stream: AsyncIterator[str], wanted: str) -> str:
    """Return the body of the next event of that name."""
    name, lines = "", []
    async for line in stream:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line:
            if name == wanted:
                return "\n".join(lines)
            name, lines = "", []
    return ""


async def test_the_head_of_a_live_page_ends_at_once_and_nobody_is_left_watching(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    async with listening(site.app) as (server, address), httpx2.AsyncClient(base_url=address, timeout=5) as client:
        answer = await client.head(f"/campaigns/{campaign}/live")
        await until(lambda: not server.server_state.tasks)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_who_watches_sees_the_present_board_at_once_each_ballot_after_and_the_close(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    fan = await signed_in(site)
    state = re.search(r'data-stream="([^"]*)"', (await fan.get(f"/campaigns/{campaign}")).text)
    assert state
    async with (
        listening(site.app) as (_, address),
        httpx2.AsyncClient(base_url=address, timeout=10) as watcher,
        watcher.stream("GET", state[1]) as stream,
        asyncio.timeout(20),
    ):
        lines = stream.aiter_lines()
        first = await events(lines, "board")
        await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o2"})
        second = await events(lines, "board")
        (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
        mark = await events(lines, "page")

    assert "Nobody has voted yet" in first
    assert "Pine &amp; Lime is ahead by 1" in second
    assert mark


async def test_a_page_that_comes_back_to_another_state_is_told_to_load_again(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    async with (
        listening(site.app) as (_, address),
        httpx2.AsyncClient(base_url=address, timeout=10) as watcher,
        watcher.stream("GET", f"/campaigns/{campaign}/live?state=before") as stream,
        asyncio.timeout(10),
    ):
        assert await events(stream.aiter_lines(), "page")


async def test_live_pages_hold_no_shutdown_and_no_reader_outlives_them(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    async with (
        listening(site.app) as (server, address),
        httpx2.AsyncClient(base_url=address, timeout=10) as watcher,
        watcher.stream("GET", f"/campaigns/{campaign}/live") as stream,
    ):
        await events(stream.aiter_lines(), "board")
        began = asyncio.get_running_loop().time()
        server.should_exit = True
        await until(lambda: not server.server_state.connections)
        took_s = asyncio.get_running_loop().time() - began

    assert took_s < 2.5
    assert site.app.state.live[campaign, "en"].is_idle


async def seen_until(stream: AsyncIterator[str], wanted: str) -> tuple[dict[str, str], str]:
    """Return the last body of each event up to the first of that name, and the last id."""
    found: dict[str, str] = {}
    name, last_id, lines = "", "", []
    async for line in stream:
        field, _, text = line.partition(": ")
        if field == "event":
            name = text
        elif field == "id":
            last_id = text
        elif field == "data":
            lines.append(text)
        elif not line and name:
            found[name] = "\n".join(lines)
            if name == wanted:
                break
            name, lines = "", []
    return found, last_id


async def test_who_lost_the_line_gets_what_came_meanwhile_and_nothing_twice(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    fans = [await signed_in(site, f"Fan {n}") for n in range(3)]
    papers = [await paper(fan, round_id) for fan in fans]
    async with listening(site.app) as (_, address), httpx2.AsyncClient(base_url=address, timeout=20) as watcher:

        async def look(**how: Any) -> tuple[dict[str, str], str]:  # noqa: ANN401 - whatever a request takes
            async with watcher.stream("GET", f"/campaigns/{campaign}/live", **how) as stream, asyncio.timeout(20):
                return await seen_until(stream.aiter_lines(), "beat")

        first, seen = await look()
        again, _ = await look(headers={"last-event-id": seen})
        for fan, form in zip(fans, papers, strict=True):
            await fan.post(f"/rounds/{round_id}/ballot", data={**form, "option": "o2"})
        await all_read(site)
        missed, later = await look(params={"after": seen})
        known, _ = await look(params={"after": later})

    board = (await site.stranger.get(f"/api/v1/rounds/{round_id}/leaderboard")).json()
    assert set(first) == {"board", "tape", "beat"}
    assert set(again) == {"beat"}
    assert {"board", "beat"} <= set(missed)
    assert [int(n) for n in re.findall(r'<span class="n">(\d+)', missed["board"])] == [each["votes"] for each in board["places"]]
    assert "board" not in known


async def test_a_line_on_which_nothing_changes_says_that_it_is_there(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.2)
    campaign, _ = await an_open_round(site)
    await all_read(site)
    async with (
        listening(site.app) as (_, address),
        httpx2.AsyncClient(base_url=address, timeout=10) as watcher,
        watcher.stream("GET", f"/campaigns/{campaign}/live") as stream,
        asyncio.timeout(10),
    ):
        lines = stream.aiter_lines()
        beats = [await events(lines, "beat") for _ in range(3)]

    assert all(re.fullmatch(r"\S+T\S+\+00:00 \d\d:\d\d:\d\d", each) for each in beats)


async def test_the_more_watch_the_further_apart_frames_come_but_never_so_far_that_they_are_too_old() -> None:
    assert [live.apart_s(each) for each in (1, 500, 1000, 100_000)] == [0.5, 0.5, 1.0, 2.5]
