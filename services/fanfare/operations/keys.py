"""`fanfare keys`: show, make and rotate what signs the record, of a site that runs or is stopped."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg

from fanfare.audit.commands import COULD_NOT
from fanfare.notary import keys
from fanfare.operations.commands import say
from fanfare.operations.held import NothingRecorded
from fanfare.operations.places import NoSite, database_of, site_of
from fanfare.platform.desk import Desk
from fanfare.platform.hosts.opening import opened
from fanfare.platform.logs.kafka.reaching import KafkaUnfit
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import WrongPlace, refuse_if_elsewhere
from fanfare.platform.logs.port import LogAway
from fanfare.platform.postgres.errors import PostgresUnavailable
from fanfare.platform.refusals import Refusal
from fanfare.platform.settings import Settings
from fanfare.record.notary import key_name

_REFUSED = (
    *(KafkaUnfit, LogAway, NoSite, NothingRecorded, PostgresUnavailable, Refusal, WrongPlace, keys.KeyLost),
    psycopg.OperationalError,
)
"""What is told in a sentence; anything else is a bug, and shows its trace."""


def run_show() -> int:
    """Print the keys; return 0, or 2 where there are none."""

    async def show(desk: Desk) -> None:
        for line in shown(desk):
            say(line)

    return _done(show)


def run_make() -> int:
    """Make the keys that are lacking; return 0, or 2 where that could not be done."""

    async def make(desk: Desk) -> None:
        say(f"The record is signed with {await keys.make(desk)}")
        say("It signed a key for each partition and one for promises: see `fanfare keys show`.")

    return _done(make)


def run_rotate() -> int:
    """Sign with new keys from now on; return 0, or 2 where that could not be done."""

    async def rotate(desk: Desk) -> None:
        say(f"From now on the record is signed with {await keys.rotate(desk)}")
        say(
            "The old key signed that into the record, and the new one keys for partitions and promises. All old ones are retired."
        )
        say("Make a backup: the vault holds the private halves.")

    return _done(rotate)


def shown(desk: Desk) -> list[str]:
    """
    Return what there is to say of the keys.

    Raises:
        KeyMissing: there are none.
    """
    known, name = desk.streams.notary, key_name(desk.source)
    if not known.keys:
        raise keys.KeyMissing
    lines = []
    for each in known.keys:
        state = f"retired {each.retired_at:%Y-%m-%d %H:%M} UTC" if each.retired_at else "signs now"
        lines.append(f"{each.added.key}  since {each.since:%Y-%m-%d %H:%M} UTC, {state}")
    lines += [
        f"Those of {name} sign the manifest and the other keys, those of {name}/promises promises.",
        f"Those of {name}/record/… sign a partition's checkpoints, which are verified with these words as they stand.",
    ]
    return lines


def _done(act: Callable[[Desk], Awaitable[None]]) -> int:
    settings = site_of(Settings())
    kafka = settings.kafka

    async def with_desk(conninfo: str) -> None:
        async with opened(conninfo, 2, kafka=kafka) as parts:
            await parts.desk.catch_up()
            if not parts.desk.streams.site.founded:
                raise NothingRecorded("this record has no beginning yet: found the site first")
            await act(parts.desk)

    try:
        with database_of(settings) as place:
            refuse_if_elsewhere(place.conninfo, which(kafka) if kafka else None)
            asyncio.run(with_desk(place.conninfo))
    except _REFUSED as refused:
        say(f"{refused.title} {refused}" if isinstance(refused, Refusal) else f"It could not be done. {refused}")
        return COULD_NOT
    return 0
