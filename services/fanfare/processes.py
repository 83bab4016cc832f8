"""The worker's process, put together: what it projects and what it does again and again. It loads nothing that serves pages."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence

from fanfare.campaigns.announcing import announce
from fanfare.campaigns.clockwork import Clockwork
from fanfare.community.thanking import deliver
from fanfare.draws.beacon import Drand
from fanfare.draws.clockwork import DrawClock, tell_drawn
from fanfare.members import joining, mail, notices, sending
from fanfare.members.sweeping import Sweeper
from fanfare.operations import cut
from fanfare.pictures import tidying
from fanfare.platform import logging, tracing
from fanfare.platform.hosts.alive import keep_touching
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.tasks import together
from fanfare.platform.hosts.work import Chore, work
from fanfare.platform.limits import caps
from fanfare.platform.objects import objects
from fanfare.platform.settings import Settings
from fanfare.projecting import PROJECTIONS
from fanfare.recognition.recogniser import Recogniser
from fanfare.views import history
from fanfare.voting.credit import credit


def run_worker(settings: Settings) -> None:
    """Project, and do the chores, until told to stop."""
    logging.configure()
    tracing.start(settings.otlp_url, "worker")
    guard = cut.Guard(settings.home)
    working = work(settings.database_url, PROJECTIONS, lambda parts: chores(parts, settings), guard, settings.kafka)
    # What is seen of a record in Kafka, the guard writes down.
    seeing = [] if settings.kafka else [cut.keep_seen(settings.database_url, settings.home)]
    living = [keep_touching(settings.alive_file)] if settings.alive_file else []
    asyncio.run(_until_told(working, *seeing, *living))
    tracing.stop()


async def _until_told(*works: Coroutine[object, object, None]) -> None:
    told = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    await together(*works, told.wait())


async def _sample(parts: Parts) -> None:
    """Note how the rounds that are under way stand."""
    await parts.desk.catch_up()
    async with parts.pool.connection() as connection:
        for campaign in parts.desk.streams.campaigns.values():
            for each in campaign.rounds:
                if each.status in ("open", "closing"):
                    await history.sample(connection, each)


def chores(parts: Parts, settings: Settings) -> Sequence[Chore]:
    """Return what one worker of the site does again and again; for a moment two may."""
    clockwork = Clockwork(parts.desk, credit)
    recogniser = Recogniser(parts.desk)
    sweeper = Sweeper(parts.desk, settings.home)
    kept = objects(settings.home, settings.objects)

    async def tell(round_id: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_voters(parts.pool, parts.desk, round_id, subject, body, unique)

    draw_clock, told_drawn = DrawClock(parts.desk, Drand(settings.beacon_urls.split(","))), set[tuple[str, str]]()

    async def tell_fan(member: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_member(parts.pool, member, subject, body, unique)

    async def tidy() -> None:
        await mail.tidy(parts.pool)
        await caps.tidy(parts.pool)

    return [
        ("clockwork", 0.2, clockwork.run),
        ("recogniser", 0.5, recogniser.run),
        ("history", 1.0, lambda: _sample(parts)),
        ("mail", 1.0, lambda: sending.send_due(parts.pool, settings)),
        ("tidy", 3600.0, tidy),
        ("joins", 60.0, lambda: joining.finish_joins(parts.desk)),
        ("erasures", 1.0, sweeper.run),
        ("litter", 1.0, lambda: tidying.clear_litter(parts.desk, kept)),
        ("unused pictures", 3600.0, lambda: tidying.forget_unused(parts.desk)),
        ("orphans", 86_400.0, lambda: tidying.clear_orphans(parts.desk, kept)),
        ("draws", 1.0, draw_clock.run),
        ("drawn", 10.0, lambda: tell_drawn(parts.desk, tell_fan, told_drawn)),
        ("thank-yous", 1.0, lambda: deliver(parts.desk)),
        ("announcements", 2.0, lambda: announce(parts.desk, tell)),
    ]
