"""The database under a site: whether it keeps what it acknowledges, is up to date, and holds the whole record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg

from fanfare.operations import cut
from fanfare.operations.findings import Finding, ok, warning, wrong
from fanfare.platform.migrations.run import MigrationRefused, check_known, known
from fanfare.platform.postgres.binaries import OLDEST_MAJOR

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
             from (select partition, max("offset") + 1 as next from record.entries group by partition) as head
             left join platform.positions as at on at.projection = projections.name and at.partition = head.partition)
      from platform.projections where fills is null order by name
"""
FAR_BEHIND = 1000


def examine(conninfo: str, home: Path, *, running: bool) -> Iterator[Finding]:
    """Look at everything in the database; where it does not answer, only that is said."""
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
                yield record(connection)
                yield seen(connection, home)
                yield projections(connection, running=running)
    except psycopg.OperationalError as error:
        yield wrong("database", str(error).strip().split("\n")[0], "Check FANFARE_DATABASE_URL, and that the server runs.")


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


def seen(connection: psycopg.Connection, home: Path) -> Finding:
    """Look whether the record still holds what this home has last seen."""
    try:
        found = cut.look(connection, cut.last_seen(home))
    except cut.SeenUnreadable as error:
        return wrong("record not cut", str(error), "Put the file back.")
    if found.missing:
        return wrong("record not cut", "; ".join(found.missing), "Stop the site; fanfare record restore SOURCE.")
    return ok("record not cut", "it holds what was last seen of it")


def projections(connection: psycopg.Connection, *, running: bool) -> Finding:
    """Look whether every projection runs and is level."""
    rows = connection.execute(LAG).fetchall()
    if stopped := [f"{name} at {why}" for name, why, _ in rows if why]:
        advice = "Restart the site; if it stops there again, it is a bug: report that line."
        return wrong("projections", f"stopped: {'; '.join(stopped)}"[:500], advice)
    behind = {name: lag for name, _, lag in rows if lag > FAR_BEHIND}
    if running and behind:
        listed = ", ".join(f"{name} by {lag} entries" for name, lag in behind.items())
        return warning("projections", f"behind the record: {listed}", "Wait; if it grows, the worker does not keep up.")
    return ok("projections", f"{len(rows)} projections, {max((row[2] for row in rows), default=0)} entries behind at most")
