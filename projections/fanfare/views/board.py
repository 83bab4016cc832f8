"""The board of a round: ranks and the cut as they are now, whatever the method."""

from collections.abc import Sequence

import msgspec
from psycopg import AsyncConnection

from fanfare.counting.cut import Cut, cut
from fanfare.record.campaigns import Round
from fanfare.views import ideas, moderation, standings

HIDDEN_WORDS = "Words that are hidden"
"""What an option is called whose words a moderator hid; the beginning of its id tells two of them apart."""


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


async def leading(connection: AsyncConnection, found: Round, most: int) -> tuple[Board, int]:
    """
    Return the head of a round's board, *most* options or as many as advance, and how many options there are in all.

    A round that takes ideas has them by the hundred thousand; a page shows a dozen.
    """
    plan = found.terms.plan if found.terms else found.plan
    if plan.method != "support.v1":
        whole = await board(connection, found)
        return whole, len(whole.result.ranking)
    head, ideas_in_all, supports = await ideas.leading(connection, found.id, max(most, plan.advance + 1))
    if plan.ties == "all-advance" and len(head) > plan.advance and head[plan.advance - 1][1] == head[plan.advance][1]:
        head = await ideas.ranked(connection, found.id)  # a tie at the cut may be longer than what was asked for
    result = cut([idea for idea, _ in head], dict(head), plan.advance, plan.ties)
    return Board(found.id, supports, result), ideas_in_all


async def labels(connection: AsyncConnection, found: Round, only: Sequence[str] | None = None) -> dict[str, str]:
    """Return the words of each option of a round, or *only* of these; an erased text is empty, a hidden one says so."""
    plan = found.terms.plan if found.terms else found.plan
    if plan.method == "support.v1":
        query = """select idea, case when hidden then %s || ' (' || left(idea, 4) || ')' else coalesce(text, '') end
                     from ideas.ideas join ideas.versions using (idea, version) left join record.texts on hash = title
                    where round = %s"""
        if only is None:
            return dict(await (await connection.execute(query, (HIDDEN_WORDS, found.id))).fetchall())
        query += " and idea = any(%s)"
        return dict(await (await connection.execute(query, (HIDDEN_WORDS, found.id, list(only)))).fetchall())
    options = found.terms.options if found.terms else ()
    query = "select hash, text from record.texts where hash = any(%s)"
    words: dict[str, str] = dict(await (await connection.execute(query, ([each.label for each in options],))).fetchall())
    veiled = await moderation.veiled(connection, [each.label for each in options])
    words |= {each.label: f"{HIDDEN_WORDS} ({each.id[:4]})" for each in options if each.label in veiled}
    return {each.id: words.get(each.label, "") for each in options}
