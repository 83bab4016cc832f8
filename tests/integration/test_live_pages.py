"""Live pages over a real socket: the present board at once, each change after, and an end that holds nothing up."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from tests.page_reader import an_open_round, paper, signed_in
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
    assert site.app.state.live[campaign].is_idle
