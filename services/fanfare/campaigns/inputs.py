"""Where a round's options come from: what advanced from its declared input, never from anywhere else."""

import msgspec

from fanfare.campaigns.refusals import InputNotReady
from fanfare.platform.desk import Desk
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.terms import Advanced, Option
from fanfare.reports.report import RoundReport
from fanfare.views import ideas


async def options_for(desk: Desk, campaign: Campaign, found: Round) -> list[Option]:
    """
    Return the options that a round would open with now, in the order in which ties fall.

    Ideas that their authors took back since are left out; the others stand in the version of this moment.

    Raises:
        InputNotReady: the round they come from has no sealed result.
    """
    source = found.plan.options
    if not isinstance(source, Advanced):
        return []
    earlier = campaign.round(source.round)
    if earlier is None or earlier.status != "sealed" or earlier.sealed is None:
        raise InputNotReady
    async with desk.pool.connection() as connection:
        query = "select body from desk.reports where digest = %s"
        row = await (await connection.execute(query, (earlier.sealed.report,))).fetchone()
        if row is None:
            raise InputNotReady
        report = msgspec.json.decode(row[0], type=RoundReport)
        advanced = {each.option for each in report.ranking if each.advanced}
        if earlier.terms and earlier.terms.options:
            return [option for option in earlier.terms.options if option.id in advanced]
        order = [idea for idea, _ in await ideas.ranked(connection, earlier.id) if idea in advanced]
        texts = await ideas.many(connection, order)
    return [
        Option(id=idea, label=texts[idea]["title_hash"], version=texts[idea]["version"], body=texts[idea]["body_hash"])
        for idea in order
    ]
