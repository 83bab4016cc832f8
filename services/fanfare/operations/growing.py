"""More partitions: a record that outgrows those of its founding gets further ones, which rounds that open later list."""

import asyncio
from secrets import token_hex

import psycopg

from fanfare.audit.commands import COULD_NOT
from fanfare.operations.commands import say
from fanfare.operations.held import NothingRecorded
from fanfare.operations.places import NoSite, database_of
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.hosts.opening import opened
from fanfare.platform.logs.kafka import topic
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.reaching import KafkaUnfit
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import WrongPlace, refuse_if_elsewhere
from fanfare.platform.logs.port import LogAway
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.refusals import Overtaken
from fanfare.platform.settings import Settings
from fanfare.record.site import STREAM, PartitionsAdded

_REFUSED = (KafkaUnfit, LogAway, NoSite, NothingRecorded, Overtaken, PostgresUnavailable, WrongPlace, psycopg.OperationalError)
"""What is told in a sentence; anything else is a bug, and shows its trace."""


class HasMore(Exception):
    """A record never gets fewer partitions: what is in them could not be read any more."""


def run_grow(partitions: int) -> int:
    """Give the record of this site so many *partitions*; return 0, or 2 where that could not be done."""
    settings = Settings()
    kafka = settings.kafka
    try:
        with database_of(settings) as place:
            refuse_if_elsewhere(place.conninfo, which(kafka) if kafka else None)
            before = asyncio.run(_grown(place.conninfo, kafka, partitions))
    except HasMore as refused:
        say(f"The record has {refused} partitions already, and never gets fewer: name a greater number.")
        return COULD_NOT
    except _REFUSED as refused:
        say(f"The record has the partitions that it had. {refused}")
        return COULD_NOT
    say(
        f"The record had {before} partitions and has {partitions} from here on. Rounds that open from now on use all of them; "
        "a round that is open goes on with its own, so nobody's ballots move."
    )
    return 0


async def _grown(conninfo: str, kafka: Kafka | None, partitions: int) -> int:
    async with opened(conninfo, 2, kafka=kafka) as parts:
        return await grow(parts.desk, kafka, partitions)


async def grow(desk: Desk, kafka: Kafka | None, partitions: int) -> int:
    """
    Give the record so many *partitions* and return how many it had.

    The topic first: a crash before the decision leaves partitions that nothing is written to, and the next run goes on.

    Raises:
        NothingRecorded: the site has not been founded.
        HasMore: it has as many, or more.
        KafkaUnfit, LogAway: the topic could not be given them.
        Overtaken: the site's decisions went on meanwhile; ask again.
    """
    await desk.catch_up()
    before = desk.streams.site.partitions
    if not desk.streams.site.founded:
        raise NothingRecorded("this record has no beginning yet: found the site first")
    if partitions <= before:
        raise HasMore(before)
    if kafka is not None:
        await asyncio.to_thread(topic.widen, kafka, partitions)
    asked = Asked(actor="operator", command="add-partitions", target=STREAM, key=token_hex(16))
    await desk.decide(STREAM, asked, lambda _: [PartitionsAdded(partitions=partitions)])
    return before
