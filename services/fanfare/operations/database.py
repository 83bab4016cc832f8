"""The database under a site: whether it keeps what it acknowledges, is up to date, and holds or follows the whole record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg

from fanfare.operations import cut
from fanfare.operations.findings import Finding, ok, warning, wrong
from fanfare.operations.held import Held, held, partitions
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.logs.kafka.which import which
from fanfare.platform.logs.place import HOLDS, elsewhere, misfit
from fanfare.platform.logs.port import LogAway, RecordGap
from fanfare.platform.migrations.run import MigrationRefused, check_known, known
from fanfare.platform.postgres.binaries import OLDEST_MAJOR
from fanfare.platform.presence import GONE_AFTER_S
from fanfare.record.entry import UnknownEvent
from fanfare.record.position import Moment

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
SETTING: LiteralString = "select current_setting(%s)"
HELD: LiteralString = """
    select partition, max("offset") + 1, count(*) from record.entries group by partition order by partition
"""
FIRST_GAP: LiteralString = """
    select coalesce(min("offset") + 1, 0) from record.entries as one
     where partition = %(partition)s and exists (select from record.entries where partition = %(partition)s and "offset" = 0)
       and not exists (
           select from record.entries as other where other.partition = %(partition)s and other."offset" = one."offset" + 1)
"""
LAG: LiteralString = """
    select name, coalesce(stopped, ''), (
           select coalesce(sum(greatest(0, head.next - coalesce(at.next_offset, 0))), 0)::bigint
             from unnest(%s::int[], %s::bigint[]) as head (partition, next)
             left join platform.positions as at on at.projection = projections.name and at.partition = head.partition)
      from platform.projections where fills is null order by name
"""
HERE: LiteralString = """
    select kind, count(*) from platform.running where seen_at > now() - make_interval(secs => %s) group by kind
"""
FAR_BEHIND = 1000


def examine(conninfo: str, home: Path, *, running: bool, kafka: Kafka | None = None) -> Iterator[Finding]:
    """Look at everything in the database, and at the record wherever it is; a database that is away is all that is told."""
    try:
        with psycopg.connect(conninfo, connect_timeout=10) as connection:
            yield server(connection)
            yield durable(connection)
            yield clock(connection)
            if connection.execute("select to_regclass('platform.migrations'), to_regclass('record.entries')").fetchone() == (
                None,
                None,
            ):
                yield warning("migrations", "the database is empty", "The first `fanfare up` makes the tables.")
                return
            yield (upgrade := migrations(connection))
            if upgrade.state == "ok":
                yield from _record(connection, home, kafka, running=running)
    except psycopg.OperationalError as error:
        yield wrong("database", str(error).strip().split("\n")[0], "Check FANFARE_DATABASE_URL, and that the server runs.")


def _record(connection: psycopg.Connection, home: Path, kafka: Kafka | None, *, running: bool) -> Iterator[Finding]:
    yield (fitting := place(connection, kafka))
    if fitting.state == "wrong":  # what it leads to is not this site's record
        return
    with held(connection, home, kafka) as kept:
        try:
            heads = kept.heads(partitions(kept))
            yield in_topic(heads) if kafka else record(connection)
            yield seen(kept)
            if kafka:
                yield workers(connection)
            yield projections(connection, heads, running=running)
        except (LogAway, RecordGap) as error:
            yield wrong("record", str(error), "The line on the brokers says what to do.")
        except UnknownEvent as error:
            yield wrong("record", str(error), "It was written by a newer version of Fanfare: upgrade this one.")


def place(connection: psycopg.Connection, kafka: Kafka | None) -> Finding:
    """Look whether the settings lead to where the record is kept."""
    try:
        named = which(kafka) if kafka else None
    except LogAway as error:
        return wrong("place of the record", str(error), "The line on the brokers says what to do.")
    kept = elsewhere(connection)
    if why := misfit(kept, named, holds=connection.execute(HOLDS).fetchone() == (True,)):
        return wrong("place of the record", why, "Correct the settings, of every process of the site alike.")
    return ok("place of the record", str(kept.topic) if kept and named else "PostgreSQL")


def in_topic(heads: Moment) -> Finding:
    """Tell how long the record in Kafka is; its offsets have no gaps, or reading it stops."""
    return ok("record", f"{sum(heads)} entries in {sum(1 for head in heads if head)} partitions of the topic")


def workers(connection: psycopg.Connection) -> Finding:
    """Look whether somebody serves and somebody works: each process tells of itself every few seconds."""
    counted: dict[str, int] = dict(connection.execute(HERE, (GONE_AFTER_S,)).fetchall())
    found = ", ".join(f"{counted.get(kind, 0)} {kind}" for kind in ("api", "worker"))
    if not counted:
        return ok("processes", "none runs")
    missing = [kind for kind in ("api", "worker") if kind not in counted]
    if missing:
        return wrong("processes", f"{found} lately", f"Start `fanfare {missing[0]}`, or read the log of the one that ended.")
    return ok("processes", f"{found} lately")


def server(connection: psycopg.Connection) -> Finding:
    """Look at the server's version."""
    major = connection.info.server_version // 10000
    if major < OLDEST_MAJOR:
        return wrong("database", f"PostgreSQL {major} answers", f"Upgrade it to {OLDEST_MAJOR} or later.")
    return ok("database", f"PostgreSQL {major} answers")


def durable(connection: psycopg.Connection) -> Finding:
    """Look whether what is acknowledged is on the disk."""
    found = {name: str((connection.execute(SETTING, (name,)).fetchone() or ("?",))[0]) for name in DURABLE}
    if off := [f"{name} = {value}" for name, value in found.items() if value == "off"]:
        return wrong("durability", ", ".join(off), "Set them to on: a ballot that was acknowledged could be lost with the power.")
    return ok("durability", ", ".join(f"{name} = {value}" for name, value in found.items()))


def clock(connection: psycopg.Connection) -> Finding:
    """Compare this machine's clock with the database's, by which rounds fall due."""
    row = connection.execute("select clock_timestamp()").fetchone()
    apart = abs((datetime.now(UTC) - row[0]).total_seconds()) if row else 0.0
    return told("clock", "the database's", apart)


def told(name: str, whose: str, apart_s: float) -> Finding:
    """Return what a difference between this clock and another means."""
    found = f"{apart_s:.0f} s between this clock and {whose}"
    advice = "Let both follow a time server (chrony or systemd-timesyncd): rounds open and close by them."
    if apart_s > 60:
        return wrong(name, found, advice)
    return warning(name, found, advice) if apart_s > 3 else ok(name, found)


def migrations(connection: psycopg.Connection) -> Finding:
    """Look whether the database and this program are of the same version."""
    try:
        missing = check_known(known(connection))
    except MigrationRefused as error:
        return wrong("migrations", str(error), "Install the Fanfare that fits; nothing was changed.")
    if missing:
        return warning(
            "migrations", f"{', '.join(missing)} to be applied", "The next `fanfare up` does it. Make a backup before."
        )
    return ok("migrations", "up to date")


def record(connection: psycopg.Connection) -> Finding:
    """Look whether each partition has every offset up to its head."""
    rows = connection.execute(HELD).fetchall()
    for partition, head, count in rows:
        if head != count:
            first = (connection.execute(FIRST_GAP, {"partition": partition}).fetchone() or (0,))[0]
            advice = "Stop the site; fanfare record restore SOURCE, with a backup or an archive that holds it."
            return wrong(
                "record", f"{head - count} entries are missing from partition {partition}, {partition}:{first} first", advice
            )
    return ok("record", f"{sum(row[2] for row in rows)} entries in {len(rows)} partitions, no gap")


def seen(kept: Held) -> Finding:
    """Look whether the record still holds what was last seen of it."""
    try:
        found = kept.look(kept.last_seen())
    except cut.SeenUnreadable as error:
        return wrong("record not cut", str(error), "Put the file back.")
    if found.missing:
        return wrong("record not cut", "; ".join(found.missing), "Stop the site; fanfare record restore SOURCE.")
    return ok("record not cut", "it holds what was last seen of it")


def projections(connection: psycopg.Connection, heads: Moment, *, running: bool) -> Finding:
    """Look whether every projection runs and is level."""
    rows = connection.execute(LAG, (list(range(len(heads))), list(heads))).fetchall()
    if stopped := [f"{name} at {why}" for name, why, _ in rows if why]:
        advice = "Restart the site; if it stops there again, it is a bug: report that line."
        return wrong("projections", f"stopped: {'; '.join(stopped)}"[:500], advice)
    behind = {name: lag for name, _, lag in rows if lag > FAR_BEHIND}
    if running and behind:
        listed = ", ".join(f"{name} by {lag} entries" for name, lag in behind.items())
        return warning("projections", f"behind the record: {listed}", "Wait; if it grows, the worker does not keep up.")
    return ok("projections", f"{len(rows)} projections, {max((row[2] for row in rows), default=0)} entries behind at most")
