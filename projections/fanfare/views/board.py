"""The board of a round: ranks and the cut as they are now, whatever the method."""

import msgspec
from psycopg import AsyncConnection

from fanfare.counting.cut import Cut, cut
from fanfare.record.campaigns import Round
from fanfare.views import ideas, standings


class Board(msgspec.Struct, frozen=True):
    """Who is ahead."""

    round: str
    counted: int
    """Ballots that count now; in a support round, supports given."""
    result: Cut


async def board(connection: AsyncConnection, found: Round) -> Board:
    """Return the board of a round; before it opens there is nobody on it."""
    plan = found.terms.plan if found.terms else found.plan
    if plan.method == "support.v1":
        supported = await ideas.ranked(connection, found.id)
        result = cut([idea for idea, _ in supported], dict(supported), plan.advance, plan.ties)
        return Board(found.id, sum(count for _, count in supported), result)
    now = await standings.scores(connection, found.id)
    return Board(found.id, now.counted, cut(now.options, now.votes, plan.advance, plan.ties))


async def labels(connection: AsyncConnection, found: Round) -> dict[str, str]:
    """Return the words of each option of a round; an erased text is empty."""
    plan = found.terms.plan if found.terms else found.plan
    if plan.method == "support.v1":
        query = """select idea, coalesce(text, '') from ideas.ideas join ideas.versions using (idea, version)
                     left join record.texts on hash = title where round = %s"""
        return dict(await (await connection.execute(query, (found.id,))).fetchall())
    options = found.terms.options if found.terms else ()
    query = "select hash, text from record.texts where hash = any(%s)"
    words: dict[str, str] = dict(await (await connection.execute(query, ([each.label for each in options],))).fetchall())
    return {each.id: words.get(each.label, "") for each in options}
