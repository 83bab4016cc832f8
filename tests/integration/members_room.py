"""The members room as the tests of it enter it: a founded site, browsers, mailed links."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from httpx2 import ASGITransport, AsyncClient, Response
from psycopg_pool import AsyncConnectionPool

from fanfare.members import links, sessions
from fanfare.members.first_admin import first_admin_link
from fanfare.members.routes import router
from fanfare.platform import texts
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.edge import problem_response
from fanfare.platform.limits.edge import Limits
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.platform.refusals import Refusal
from fanfare.platform.settings import Settings
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.members import MemberJoined
from fanfare.record.site import SiteFounded

SITE = "https://fans.example"
API = "/api/v1"
OURS = {"origin": SITE, "sec-fetch-site": "same-origin"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
Browse = Callable[..., AsyncClient]
"""Opens a browser of its own, with the headers that pages of ours send or those that are given."""


async def a_desk(pool: AsyncConnectionPool, *, simulation: bool = False) -> Desk:
    """Found a site and return its desk."""
    desk = Desk(pool, PostgresLog(pool, 4), b"v" * 32, SITE)
    async with pool.connection() as connection:
        brand = (await texts.keep(connection, ["Pomfret Soda"], None))["Pomfret Soda"]
    founded = SiteFounded(name=SITE, brand=brand, colour="#ff5c7c", zone="Europe/Berlin", partitions=4, simulation=simulation)
    await desk.decide("site", Asked("console", "found", "site", "1"), lambda _: [founded])
    return desk


@asynccontextmanager
async def browsers(desk: Desk) -> AsyncIterator[Browse]:
    """Serve the members room of *desk* to browsers, and close them all afterwards."""
    app = FastAPI()
    app.state.desk, app.state.authenticate = desk, sessions.authenticator(desk)
    app.state.limits = Limits(Settings())
    app.include_router(router)

    @app.exception_handler(Refusal)
    async def refuse(request: Request, refusal: Refusal) -> JSONResponse:
        return problem_response(refusal, request.url.path)

    opened: list[AsyncClient] = []

    def client(**headers: str) -> AsyncClient:
        opened.append(AsyncClient(transport=ASGITransport(app), base_url=SITE + API, headers=headers or OURS))
        return opened[-1]

    yield client
    for each in opened:
        await each.aclose()


async def one(desk: Desk, query: str, *given: object) -> Any:  # noqa: ANN401 - whatever the database answers
    """Return the first column of the first row."""
    async with desk.pool.connection() as connection:
        row = await (await connection.execute(query.encode(), given)).fetchone()
    return row[0] if row else None


async def change(desk: Desk, query: str, *given: object) -> None:
    """Do something to the database behind the back of the site."""
    async with desk.pool.connection() as connection:
        await connection.execute(query.encode(), given)


async def joined(desk: Desk) -> list[str]:
    """Return the members of the record, each once: an event that was appended twice is one."""
    found: dict[str, str] = {}
    for stored in await desk.log.read(0, 0, 1000):
        for each in unpack(0, stored.offset, stored.body).events:
            if isinstance(each, Recorded) and isinstance(each.event, MemberJoined):
                found[each.id] = each.event.member
    return list(found.values())


async def link_for(desk: Desk, email: str, after: str = "/", key: str = "") -> str:
    """Have a link sent and return the token in it."""
    await links.send_link(desk, SITE, email, after, key)
    body = await one(desk, "select body from vault.outbox where recipient = %s order by id desc limit 1", email)
    return str(re.findall(r"token=(\S+)", body)[0])


async def sign_in(desk: Desk, client: AsyncClient, email: str, name: str = "") -> Response:
    """Sign a browser in by a mailed link."""
    return await client.post("/sign-in/confirm", json={"token": await link_for(desk, email), "name": name})


async def an_admin(desk: Desk, client: AsyncClient) -> str:
    """Make a browser the first admin's and return her id."""
    link = await first_admin_link(desk, SITE)
    assert link is not None
    answer = await client.post("/sign-in/confirm", json={"token": link.partition("token=")[2], "name": "Ada"})
    return str(answer.json()["member"])


def code(answer: Response) -> tuple[int, str]:
    """Return the status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]
