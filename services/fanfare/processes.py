"""The processes of a site, put together: this is the only place, with ``fanfare.web.app``, that knows every part."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence

import uvicorn

from fanfare.campaigns.announcing import announce
from fanfare.campaigns.clockwork import Clockwork
from fanfare.members import joining, mail, notices
from fanfare.members.smtp import parse_smtp_url
from fanfare.platform import logging
from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.tasks import together
from fanfare.platform.hosts.work import Chore, work
from fanfare.platform.settings import Settings
from fanfare.reports.tables import COUNTED
from fanfare.views import history
from fanfare.views.ideas import IDEAS
from fanfare.views.projection import Projection
from fanfare.views.standings import STANDINGS
from fanfare.views.timeline import TIMELINE
from fanfare.voting.credit import credit
from fanfare.web.app import create_app

PROJECTIONS: Sequence[Projection] = (COUNTED, STANDINGS, IDEAS, TIMELINE)


def run_api(settings: Settings) -> None:
    """Serve HTTP until told to stop; open live pages hold the shutdown for two seconds at most."""
    logging.configure()
    if settings.smtp_url:
        parse_smtp_url(settings.smtp_url, settings.smtp_password.get_secret_value())  # a wrong one refuses to run
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run()


def run_worker(settings: Settings) -> None:
    """Project, and do the chores, until told to stop."""
    logging.configure()
    asyncio.run(_until_told(work(settings.database_url, PROJECTIONS, lambda parts: chores(parts, settings))))


async def make_tables(parts: Parts) -> None:
    """Make the tables of every projection before anybody asks them; those of a new version are filled by the worker."""
    for each in PROJECTIONS:
        await Follower(each, parts.pool, parts.log).prepare()


async def _until_told(main: Coroutine[object, object, None]) -> None:
    told = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    await together(main, told.wait())


def chores(parts: Parts, settings: Settings) -> Sequence[Chore]:
    """Return what the worker does again and again."""
    clockwork = Clockwork(parts.desk, credit)

    async def sample() -> None:
        await parts.desk.catch_up()
        async with parts.pool.connection() as connection:
            for campaign in parts.desk.streams.campaigns.values():
                for each in campaign.rounds:
                    if each.status in ("open", "closing"):
                        await history.sample(connection, each)

    async def tell(round_id: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_voters(parts.pool, parts.desk, round_id, subject, body, unique)

    return [
        ("clockwork", 0.2, clockwork.run),
        ("history", 1.0, sample),
        ("mail", 1.0, lambda: mail.send_due(parts.pool, settings)),
        ("tidy", 3600.0, lambda: mail.tidy(parts.pool)),
        ("joins", 60.0, lambda: joining.finish_joins(parts.desk)),
        ("announcements", 2.0, lambda: announce(parts.desk, tell)),
    ]
