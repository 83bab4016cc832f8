"""A whole site for a test: the real application, the real worker, a fresh database."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from fanfare.campaigns.founding import Founding, found
from fanfare.members import joining
from fanfare.members.roles import grant_first_admin
from fanfare.members.sessions import open_session
from fanfare.notary import keys
from fanfare.platform import logging
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.work import work
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.settings import Settings
from fanfare.platform.tasks import ended
from fanfare.processes import chores
from fanfare.projecting import PROJECTIONS, make_tables
from fanfare.web.app import create_app

ADDRESS = "http://localhost:8000"


@dataclass
class SiteUnderTest:
    """A founded site with an admin who is also its host."""

    app: FastAPI
    parts: Parts
    database: str
    host: httpx2.AsyncClient
    stranger: httpx2.AsyncClient

    async def fan(self, name: str = "Noor A.") -> httpx2.AsyncClient:
        """Return the client of a new fan."""
        member = await joining.join(self.parts.desk, name)
        async with self.parts.pool.connection() as connection:
            return client_of(self.app, await open_session(connection, member, "token", "test"))

    async def publish(self, *rounds: dict[str, object], title: str = "The Eighth Flavour") -> dict[str, Any]:
        """Publish a campaign of these rounds and return it as the API tells it."""
        draft = {"title": title, "story": "Seven sodas in ninety years. The eighth is yours.", "rounds": list(rounds)}
        made = (await self.host.post("/api/v1/drafts", json={})).json()
        body = {"version": made["version"], "draft": draft}
        (await self.host.put(f"/api/v1/drafts/{made['id']}", json=body)).raise_for_status()
        done = (await self.host.post(f"/api/v1/drafts/{made['id']}/publish")).raise_for_status()
        answer = await self.host.get(
            f"/api/v1/campaigns/{made['id']}", headers={"Fanfare-Wait": done.headers["Fanfare-Position"]}
        )
        return dict(answer.raise_for_status().json())

    async def until(self, round_id: str, *statuses: str, timeout_s: float = 20) -> dict[str, Any]:
        """Return a round once it has one of these statuses."""
        async with asyncio.timeout(timeout_s):
            while True:
                found = (await self.stranger.get(f"/api/v1/rounds/{round_id}")).raise_for_status().json()
                if found["status"] in statuses:
                    return dict(found)
                await asyncio.sleep(0.05)


def client_of(app: FastAPI, token: str = "") -> httpx2.AsyncClient:
    """Return a client of *app*, signed in by an API token if there is one."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ADDRESS, headers=headers)


def round_of(**changes: object) -> dict[str, object]:
    """Return a round of a draft: open from now on for an hour, three options, one answer, unless *changes* say otherwise."""
    now = datetime.now(UTC)
    return {
        "name": "Flavour",
        "question": "Which flavour goes on to the kitchen?",
        "asked_by": "Dora Lindqvist, head of flavour",
        "why": "The kitchen has room for one.",
        "outcome": "The winner is cooked and tasted in public.",
        "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(hours=1)).isoformat(),
        "zone": "Europe/Berlin",
        "method": "plurality.v1",
        "options_from": "list",
        "options": ["Sour Cherry Cola", "Pine & Lime", "Rhubarb Gate"],
        **changes,
    }


@asynccontextmanager
async def running_site(
    database: str,
    *,
    simulation: bool = False,
    founded: bool = True,
    home: Path | None = None,
    kafka: Kafka | None = None,
    address: str = ADDRESS,
) -> AsyncIterator[SiteUnderTest]:
    """
    Run the application and the worker in this loop until the block ends, on a FANFARE_HOME of their own or the given one.

    The record is in *kafka*, or else in the database; *address* is the site's name.
    """
    # The library of objects finishes in its own thread what it was writing as it was cancelled, at times while this is removed.
    with tempfile.TemporaryDirectory(prefix="fanfare-site-", ignore_cleanup_errors=True) as own:
        settings = Settings(database_url=database, home=home or Path(own))
        if kafka is not None:
            settings = settings.model_copy(update={"kafka_brokers": kafka.brokers, "kafka_topic": kafka.topic})
        async with _running(settings, address, simulation=simulation, founded=founded) as site:
            yield site


@asynccontextmanager
async def _running(settings: Settings, address: str, *, simulation: bool, founded: bool) -> AsyncIterator[SiteUnderTest]:
    database = settings.database_url
    logging.forget_errors()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        parts: Parts = app.state.parts
        token = ""
        if founded:
            await make_tables(parts)  # with nothing to fill them from yet, they are made in one go
            await found(
                parts.desk,
                Founding(url=address, brand="Pomfret Soda", colour="#ff5c7c", zone="Europe/Berlin", simulation=simulation),
            )
            await parts.desk.catch_up()
            await keys.make(parts.desk)  # or the notary writes it, at a moment that no test knows
            host = await joining.join(parts.desk, "Dora Lindqvist")
            await grant_first_admin(parts.desk, host)
            async with parts.pool.connection() as connection:
                token = await open_session(connection, host, "token", "test")
        worker = asyncio.create_task(work(database, PROJECTIONS, lambda parts: chores(parts, settings), kafka=settings.kafka))
        site = SiteUnderTest(app, parts, database, client_of(app, token), client_of(app))
        try:
            yield site
        finally:
            await ended([worker])


@asynccontextmanager
async def listening(
    app: FastAPI, http: type[asyncio.Protocol] | None = None, taken: socket.socket | None = None
) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """Serve *app* on a free port, or on *taken*, by *http* or else uvicorn's own protocol; give the server and its address."""
    with taken or socket.create_server(("127.0.0.1", 0)) as heard:
        config = uvicorn.Config(app, lifespan="off", log_config=None, http=http or "auto", ws="none", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[heard]))
        try:
            yield server, f"http://127.0.0.1:{heard.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve *app* on a free port of this machine, and give its address."""
    async with listening(app) as (_, address):
        yield address


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    """A founded site with its worker running."""
    async with running_site(database) as found_running:
        yield found_running
