"""Sealing: the report of a closed round, kept byte for byte."""

from fanfare.platform.desk import Desk
from fanfare.record.campaigns import Campaign, Round
from fanfare.reports.counted import Counted
from fanfare.reports.report import RoundReport, encoded, report_digest
from fanfare.views.projection import hold


async def seal(desk: Desk, campaign: Campaign, found: Round) -> RoundReport | None:
    """
    Compute the report of a closed round, keep it, and return it; none while the rows lag behind, or the round is incomplete.

    What cannot be read is judged at the very moment that the report is computed from, so nothing slips in between. A crash before
    the decision leaves a report that nothing refers to; the next run makes another.
    """
    founded = desk.streams.site.founded
    if founded is None or found.terms is None:
        return None
    async with desk.pool.connection() as connection, connection.transaction():
        await connection.execute("set transaction isolation level repeatable read")
        await hold(connection, "counted.site")
        query = "select count(*) from counted.markers where terms = %s and partition = any(%s)"
        row = await (await connection.execute(query, (found.terms_hash, list(found.terms.partitions)))).fetchone()
        if row is None or row[0] < len(found.terms.partitions):
            return None
        try:
            report = await Counted(connection).round_report(campaign.id, found.id, desk.streams.site.partitions)
        except LookupError:
            return None
        if report.status != "closed" or report.waiting:
            return None
        await connection.execute(
            "insert into desk.reports (digest, round, body) values (%s, %s, %s) on conflict do nothing",
            (report_digest(report), found.id, encoded(report)),
        )
    return report
