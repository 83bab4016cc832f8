"""The worker's process, put together: what it projects and what it does again and again. It loads nothing that serves pages."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from functools import partial

from fanfare.campaigns.announcing import announce
from fanfare.campaigns.clockwork import Clockwork
from fanfare.circles import inviting
from fanfare.community import bringing
from fanfare.community.thanking import deliver
from fanfare.draws.beacon import Drand
from fanfare.draws.clockwork import DrawClock, tell_drawn
from fanfare.members import joining, mail, notices, power_mail, sending
from fanfare.members.sweeping import Sweeper
from fanfare.notary import history as checkpoints
from fanfare.notary import notary, witnessing
from fanfare.operations import cut
from fanfare.pictures import tidying
from fanfare.platform import logging, tracing
from fanfare.platform.hosts.alive import keep_touching
from fanfare.platform.hosts.opening import Parts
from fanfare.platform.hosts.work import Chore, work
from fanfare.platform.limits import caps
from fanfare.platform.memory import give_back
from fanfare.platform.objects import objects
from fanfare.platform.settings import Settings
from fanfare.platform.tasks import together
from fanfare.projecting import PROJECTIONS
from fanfare.recognition import trials
from fanfare.recognition.recogniser import Recogniser
from fanfare.rewards import clockwork as rewards_clockwork
from fanfare.rewards.clockwork import RewardClock, tell_offered
from fanfare.views import history
from fanfare.voting.credit import credit


def run_worker(settings: Settings) -> None:
    """Project, and do the chores, until told to stop."""
    logging.configure()
    give_back()
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
        for campaign in list(parts.desk.streams.campaigns.values()):  # more may be published meanwhile
            for each in campaign.rounds:
                if each.status in ("open", "closing"):
                    await history.sample(connection, each)


def _giving(parts: Parts, settings: Settings) -> list[Chore]:
    """Return what is done for draws and rewards."""
    draw_clock, told_drawn = DrawClock(parts.desk, Drand(settings.beacon_urls.split(","))), set[tuple[str, str]]()
    reward_clock, told_offered = RewardClock(parts.desk), set[str]()

    async def tell_fan(member: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_member(parts.pool, member, subject, body, unique)

    return [
        ("draws", 1.0, draw_clock.run),
        ("drawn", 10.0, lambda: tell_drawn(parts.desk, tell_fan, told_drawn)),
        ("rewards", 1.0, reward_clock.run),
        ("rewards of those who left", 10.0, reward_clock.sweep),
        ("offered", 10.0, lambda: tell_offered(parts.desk, tell_fan, told_offered)),
    ]


def chores(parts: Parts, settings: Settings) -> Sequence[Chore]:
    """Return what one worker of the site does again and again; for a moment two may."""
    clockwork = Clockwork(parts.desk, credit)
    recogniser = Recogniser(parts.desk)
    sweeper = Sweeper(parts.desk, settings.home)
    kept = objects(settings.home, settings.objects)
    showing = witnessing.Witnessing(parts.pool, kept, witnessing.addresses(settings.witnesses))
    signing = notary.Notary(parts.desk, kept, showing)

    async def tell(round_id: str, subject: str, body: str, unique: str) -> None:
        await notices.tell_voters(parts.pool, parts.desk, round_id, subject, body, unique)

    async def tidy() -> None:
        await mail.tidy(parts.pool)
        await rewards_clockwork.tidy(parts.desk)
        await caps.tidy(parts.pool)
        await trials.tidy(parts.pool)
        await checkpoints.thin(parts.pool)

    return [
        ("clockwork", 0.2, clockwork.run),
        ("notary", notary.EVERY_S, signing.run),
        *((f"witness {each.key.name}", witnessing.EVERY_S, partial(showing.tend, each, signing.take)) for each in showing.among),
        ("recogniser", 0.5, recogniser.run),
        ("history", 1.0, lambda: _sample(parts)),
        ("mail", 1.0, lambda: sending.send_due(parts.pool, settings)),
        ("tidy", 3600.0, tidy),
        ("joins", 60.0, lambda: joining.finish_joins(parts.desk)),
        ("erasures", 1.0, sweeper.run),
        ("litter", 1.0, lambda: tidying.clear_litter(parts.desk, kept)),
        ("unused pictures", 3600.0, lambda: tidying.forget_unused(parts.desk)),
        ("orphans", 86_400.0, lambda: tidying.clear_orphans(parts.desk, kept)),
        *_giving(parts, settings),
        ("thank-yous", 1.0, lambda: deliver(parts.desk)),
        ("newcomers", 2.0, lambda: bringing.bring(parts.desk)),
        ("rights that end", 3600.0, lambda: power_mail.remind(parts.desk)),
        ("invitations", 1.0, lambda: inviting.deliver(parts.desk)),
        ("announcements", 2.0, lambda: announce(parts.desk, tell)),
    ]
