"""What a site shows to strangers, for tests of exports and audits: a story told on it, and addresses that show something else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI, Request, Response

from tests.site_fixture import ADDRESS, SiteUnderTest, round_of, served

Alter = Callable[[str, httpx2.Response], bytes | int | None]
"""Of a path and the site's answer: another body, another status, or none: as it is."""


async def told_story(site: SiteUnderTest, fans: int, *more: dict[str, object]) -> str:
    """Let fans raise ideas in one round and choose in another, which is sealed and returned; *more* rounds are planned."""
    campaign = await site.publish(
        round_of(), round_of(name="Ideas", method="support.v1", options_from="ideas", options=[]), *more
    )
    voted, ideas, *_ = (each["id"] for each in campaign["rounds"])
    await site.until(voted, "open")
    await site.until(ideas, "open")
    for number in range(fans):
        fan = await site.fan(f"Fan {number}")
        paper = (await fan.get(f"/api/v1/rounds/{voted}/paper")).json()["number"]
        ballot = {"number": paper, "options": ["o1" if number else "o2"]}
        (await fan.put(f"/api/v1/rounds/{voted}/ballot", json=ballot)).raise_for_status()
        idea = {"title": f"Idea {number}", "body": "Cold,\nand with *bubbles*.", "tags": ""}
        (await fan.post(f"/api/v1/rounds/{ideas}/ideas", json=idea)).raise_for_status()
    (await site.host.post(f"/api/v1/rounds/{voted}/close")).raise_for_status()
    await site.until(voted, "sealed")
    return str(voted)


@asynccontextmanager
async def liar(app: FastAPI, alter: Alter) -> AsyncIterator[str]:
    """Serve what *app* serves, altered; give the address."""
    behind = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ADDRESS)

    async def answer(request: Request) -> Response:
        path = request.url.path
        honest = await behind.get(path, params=request.query_params)
        lie = alter(path, honest)
        if isinstance(lie, int):
            return Response(status_code=lie)
        return Response(honest.content if lie is None else lie, honest.status_code)

    async with _answering(answer) as url:
        yield url


@asynccontextmanager
async def stranger(status: int, body: bytes) -> AsyncIterator[str]:
    """Answer everything with the same; give the address."""

    async def answer(_: Request) -> Response:
        return Response(body, status)

    async with _answering(answer) as url:
        yield url


@asynccontextmanager
async def _answering(answer: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[str]:
    front = FastAPI()
    front.add_route("/{path:path}", answer)
    async with served(front) as url:
        yield url
