"""Lists of ideas: new, most supported, rising, with a tag; what a search finds and what is like a title."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, LiteralString

from psycopg import AsyncConnection

from fanfare.views.ideas import many

Sort = Literal["new", "top", "rising"]
Cursor = tuple[Decimal, int]
"""What the last idea of the page before is ordered by (its supporters, its rise), and its place."""
START: Cursor = (Decimal("Infinity"), -1)
_NEWEST: Cursor = (Decimal(0), 2**62)

SHORT = 160
"""Characters up to which a text is in the index of short ones: titles and tags always."""
MOST_FOUND = 50
"""Ideas that a search finds at most."""
FEW = 1000
"""Ideas up to which those with a tag are sorted; where there are more of them, a page of them is near."""
SHORTEST = 2
ESCAPED = re.compile(r"[\\%_]")
TITLE_LIKE, TITLE_REMOTE, TITLE_ALIKE, VERY_ALIKE = 0.42, 0.3, 0.4, 0.65
"""
How alike words are from which on they are found: the share of their trigrams, as pg_trgm counts it.

What is like remotely is shown only where nothing else is found.
"""

ORDERS: dict[Sort, LiteralString] = {
    "new": "ideas.place < %(place)s order by ideas.place desc",
    "top": "(supporters, -ideas.place) < (%(value)s, -%(place)s::bigint) order by supporters desc, -ideas.place desc",
    "rising": "(rise, -ideas.place) < (%(value)s, -%(place)s::bigint) order by rise desc, -ideas.place desc",
}
VALUES: dict[Sort, LiteralString] = {"new": "0", "top": "supporters", "rising": "rise"}
STANDS: LiteralString = "ideas.campaign = %(campaign)s and not withdrawn and not hidden"


async def listed(
    connection: AsyncConnection, campaign: str, sort: Sort, *, tag: str = "", after: Cursor | None = None, limit: int = 30
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """
    Return a page of the ideas of a campaign, by the names in ``FIELDS``, and where the page after begins.

    Args:
        after: what the page before gave; none for the first page.
    """
    value, place = after or (_NEWEST if sort == "new" else START)
    values: dict[str, object] = {"campaign": campaign, "value": _bounded(sort, value), "place": place, "limit": limit + 1}
    ids = await _ids(connection, sort, values) if not tag else await _tagged(connection, sort, tag, values)
    found = await many(connection, [idea for idea, *_ in ids[:limit]])
    page = [found[idea] for idea, *_ in ids[:limit]]
    return page, (Decimal(ids[limit - 1][1]), ids[limit - 1][2]) if len(ids) > limit else None


def _bounded(sort: Sort, value: Decimal) -> object:
    return int(min(value, Decimal(2**31 - 1))) if sort == "top" else value


async def _ids(connection: AsyncConnection, sort: Sort, values: dict[str, object]) -> list[Any]:
    query = "select idea, " + VALUES[sort] + ", ideas.place from ideas.ideas where " + STANDS + " and " + ORDERS[sort]
    return await (await connection.execute(query + " limit %(limit)s", values)).fetchall()


HAS_TAG: LiteralString = "record.fold(%(tag)s) = any(string_to_array(record.fold(texts.text), ', '))"
# The index knows a tag by its groups of three letters; a shorter one is found as a word of its own.
WORDED: LiteralString = "select hash from record.texts where length(text) <= 160 and " + HAS_TAG + " and record.fold(text) "
LONG_TAG: LiteralString = WORDED + "like record.fold(%(pattern)s) limit %(few)s"
SHORT_TAG: LiteralString = WORDED + "%%> record.fold(%(tag)s) limit %(few)s"


async def _tagged(connection: AsyncConnection, sort: Sort, tag: str, values: dict[str, object]) -> list[Any]:
    """Return the ideas with a tag: of a rare one all are found and sorted, for a common one the order is walked."""
    await _threshold(connection, "word_similarity", 0.99)
    near = LONG_TAG if len(tag) > SHORTEST else SHORT_TAG
    values |= {"tag": tag, "few": FEW, "pattern": _containing(tag)}
    worded = await (await connection.execute(near, values)).fetchall()
    few: LiteralString = " and versions.tags = any(%(worded)s)" if len(worded) < FEW else ""
    query = (
        "select idea, " + VALUES[sort] + ", ideas.place from ideas.ideas join ideas.versions using (idea, version)"
        " join record.texts on hash = tags where " + STANDS + few + " and " + HAS_TAG + " and " + ORDERS[sort]
    )
    ids = {"worded": [row[0] for row in worded]}
    return await (await connection.execute(query + " limit %(limit)s", values | ids)).fetchall()


async def _threshold(connection: AsyncConnection, kind: Literal["similarity", "word_similarity"], share: float) -> None:
    """Say for this transaction from which share of trigrams on words are alike; the indexes are asked with it."""
    await connection.execute("select set_config(%s, %s, true)", (f"pg_trgm.{kind}_threshold", str(share)))


# Of every idea the best of its texts counts; the index gives candidates, and the order is that of how alike they are.
IN_TITLES: LiteralString = """
    select idea, word_similarity(record.fold(%(words)s), record.fold(text)) as alike,
           similarity(record.fold(%(words)s), record.fold(text)) as whole, supporters, ideas.place
      from record.texts join ideas.versions on versions.title = hash join ideas.ideas using (idea, version)
     where record.fold(text) %%> record.fold(%(words)s) and length(text) <= 160 and """ + STANDS + """
     order by alike desc, whole desc, supporters desc, ideas.place limit %(limit)s
"""  # fmt: skip
# In a long text words are looked for as they are written, but for accents and capitals: to compare each with a misspelt one costs
# half a millisecond a text.
IN_TEXTS: LiteralString = """
    with said as (
        (select hash from record.texts where {all} and length(text) <= 160 limit 500)
        union all
        (select hash from record.texts where {all} and length(text) > 160 limit 500)),
    of as (select idea, version from said join ideas.versions on versions.body = hash
           union select idea, version from said join ideas.versions on versions.tags = hash)
    select idea from of join ideas.ideas using (idea, version)
     where """ + STANDS + """
     order by supporters desc, ideas.place limit %(limit)s
"""  # fmt: skip
EACH: Sequence[LiteralString] = (
    "record.fold(text) like record.fold(%(word0)s)",
    "record.fold(text) like record.fold(%(word1)s)",
    "record.fold(text) like record.fold(%(word2)s)",
    "record.fold(text) like record.fold(%(word3)s)",
    "record.fold(text) like record.fold(%(word4)s)",
    "record.fold(text) like record.fold(%(word5)s)",
)
"""One for each word: an index is asked for several patterns only where they are written out."""


async def search(
    connection: AsyncConnection, campaign: str, words: str, *, tag: str = "", limit: int = MOST_FOUND
) -> list[dict[str, Any]]:
    """
    Return the ideas of a campaign in which *words* stand: those with something like them in the title first.

    In titles spelling mistakes do not matter, accents and capitals nowhere. There are ``MOST_FOUND`` at most, and no second page.
    """
    if not any(each.isalnum() for each in words):
        return []
    values: dict[str, object] = {"campaign": campaign, "words": words, "limit": limit}
    ids = await _in_titles(connection, TITLE_LIKE, values)
    if len(ids) < limit:
        ids += await _in_texts(connection, words, values)
    ids = ids or await _in_titles(connection, TITLE_REMOTE, values)
    found = await many(connection, ids)
    folded = tag.casefold()
    kept = [each for each in dict.fromkeys(ids) if not tag or folded in found[each]["tags"].casefold().split(", ")]
    return [found[each] for each in kept[:limit]]


async def _in_titles(connection: AsyncConnection, share: float, values: dict[str, object]) -> list[str]:
    await _threshold(connection, "word_similarity", share)
    return [row[0] for row in await (await connection.execute(IN_TITLES, values)).fetchall()]


async def _in_texts(connection: AsyncConnection, words: str, values: dict[str, object]) -> list[str]:
    some = words.split()[: len(EACH)]
    query = IN_TEXTS.replace("{all}", " and ".join(EACH[: len(some)]))
    patterns = {f"word{n}": _containing(word) for n, word in enumerate(some)}
    return [row[0] for row in await (await connection.execute(query, values | patterns)).fetchall()]


def _containing(word: str) -> str:
    return "%" + ESCAPED.sub(r"\\\g<0>", word) + "%"


ALIKE: LiteralString = """
    select idea, similarity(record.fold(text), record.fold(%(title)s)) as alike
      from record.texts join ideas.versions on versions.title = hash join ideas.ideas using (idea, version)
     where record.fold(text) %% record.fold(%(title)s) and length(text) <= 160 and """ + STANDS + """
     order by alike desc, supporters desc, ideas.place limit %(limit)s
"""  # fmt: skip


async def similar(
    connection: AsyncConnection, campaign: str, title: str, *, limit: int = 3, very: bool = False
) -> list[dict[str, Any]]:
    """
    Return the ideas of a campaign whose title is like *title*, the most alike first.

    Args:
        very: only those that are so alike that they may well be the same.
    """
    if not any(each.isalnum() for each in title):
        return []
    await _threshold(connection, "similarity", VERY_ALIKE if very else TITLE_ALIKE)
    values = {"campaign": campaign, "title": title, "limit": limit}
    ids = [row[0] for row in await (await connection.execute(ALIKE, values)).fetchall()]
    found = await many(connection, ids)
    return [found[each] for each in ids]


TAGS: LiteralString = """
    select tag from (select tags from ideas.ideas join ideas.versions using (idea, version)
                      where campaign = %s and not withdrawn and not hidden order by ideas.place desc limit 500) as late
      join record.texts on hash = tags cross join lateral unnest(string_to_array(text, ', ')) as tag
     where tag <> '' group by tag order by count(*) desc, tag limit %s
"""


async def tags(connection: AsyncConnection, campaign: str, most: int = 12) -> list[str]:
    """Return the tags of the latest 500 ideas of a campaign, the most used first."""
    return [row[0] for row in await (await connection.execute(TAGS, (campaign, most))).fetchall()]


async def supporters(
    connection: AsyncConnection, idea: str, *, after: tuple[int, str] | None = None, limit: int = 60
) -> tuple[list[tuple[str, str]], tuple[int, str] | None]:
    """
    Return who supports an idea, the latest first, and where the page after begins.

    Each is an id with the name as it is today, which is empty for one who left.
    """
    query = """select member, coalesce(name, ''), step
                 from (select member, step from ideas.support where idea = %(idea)s and supports and
                              (step < %(step)s or (step = %(step)s and member > %(member)s))
                        order by step desc, member limit %(limit)s) as latest
                 left join vault.members on id = member order by step desc, member"""
    step, member = after or (2**31 - 1, "")
    values = {"idea": idea, "step": step, "member": member, "limit": limit + 1}
    rows = await (await connection.execute(query, values)).fetchall()
    people = [(row[0], row[1]) for row in rows[:limit]]
    return people, (rows[limit - 1][2], rows[limit - 1][0]) if len(rows) > limit else None
