"""The processes of a site, put together: this is the only place, with ``fanfare.web.app``, that knows every part."""

import asyncio
import gc
import signal
from collections.abc import Coroutine, Sequence

import uvicorn
from fastapi import FastAPI

from fanfare.campaigns.announcing import announce
from fanfare.campaigns.clockwork import Clockwork
from fanfare.members import joining, mail, notices
from fanfare.members.smtp import parse_smtp_url
from fanfare.members.sweeping import Sweeper
from fanfare.operations import cut
from fanfare.platform import logging
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.tasks import together
from fanfare.platform.hosts.work import Chore, work
from fanfare.platform.limits import caps, connections
from fanfare.platform.limits.clients import networks
from fanfare.platform.presence import EVERY_S, Presence
from fanfare.platform.settings import Settings
from fanfare.projecting import PROJECTIONS
from fanfare.views import history
from fanfare.voting.credit import credit
from fanfare.web.app import create_app


def run_api(settings: Settings) -> None:
    """Serve HTTP until told to stop; open live pages hold the shutdown for two seconds at most."""
    logging.configure()
    if settings.smtp_url:
        parse_smtp_url(settings.smtp_url, settings.smtp_password.get_secret_value())  # a wrong one refuses to run
    serve(create_app(settings, cut.Guard(settings.home)), settings)


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve *app* over HTTP until told to stop."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=connections.protocol(networks(settings.trusted_proxies)),
        ws="none",
        log_level="error",  # or whoever sends rubbish would fill the log
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
        proxy_headers=False,  # the limits read them, see fanfare.platform.limits.clients
    )
    # What is loaded stays: looking through it again and again for garbage would hold every request up for a tenth of a second.
    gc.freeze()
    uvicorn.Server(config).run()


def run_worker(settings: Settings) -> None:
    """Project, and do the chores, until told to stop."""
    logging.configure()
    working = work(settings.database_url, PROJECTIONS, lambda parts: chores(parts, settings), cut.Guard(settings.home))
    seeing = cut.keep_seen(settings.database_url, settings.home)
    asyncio.run(_until_told(working, seeing))


async def _until_told(*works: Coroutine[object, object, None]) -> None:
    told = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    await together(*works, told.wait())


def chores(parts: Parts, settings: Settings) -> Sequence[Chore]:
    """Return what the worker does again and again."""
    clockwork = Clockwork(parts.desk, credit)
    sweeper = Sweeper(parts.desk, settings.home)

    async def sample() -> None:
        await parts.desk.catch_up()
        async with parts.pool.connection() as connection:
            for campaign in parts.desk.streams.campaigns.values():
                for each in campaign.rounds:
                    if each.status in ("open", "closing"):
                        await history.sample(connection, each)

    async def tell(round_id: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_voters(parts.pool, parts.desk, round_id, subject, body, unique)

    async def tidy() -> None:
        await mail.tidy(parts.pool)
        await caps.tidy(parts.pool)

    return [
        ("presence", EVERY_S, Presence(parts.pool, "worker").tell),
        ("clockwork", 0.2, clockwork.run),
        ("history", 1.0, sample),
        ("mail", 1.0, lambda: mail.send_due(parts.pool, settings)),
        ("tidy", 3600.0, tidy),
        ("joins", 60.0, lambda: joining.finish_joins(parts.desk)),
        ("erasures", 1.0, sweeper.run),
        ("announcements", 2.0, lambda: announce(parts.desk, tell)),
    ]
