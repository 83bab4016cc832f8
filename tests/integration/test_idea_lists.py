"""Ideas are found with spelling mistakes in them, stand in three orders, and what was erased is found no more."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle

import psycopg
import pytest

from fanfare.ideas.routes import parse_cursor
from fanfare.members import joining
from fanfare.platform import texts
from fanfare.record.envelope import encode
from fanfare.record.ideas import IdeaRaised, IdeaSupported, SupportWithdrawn
from fanfare.record.kinds import Event
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.simulation import corpus
from fanfare.views import figures, idea_lists
from fanfare.views.ideas import BEGAN, DAYS_A_STEP, step
from tests.builders import NOON, recorded
from tests.page_reader import all_read, an_ideas_round, hidden, signed_in
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

SWAPS = cycle(("drop", "double", "swap", "wrong", "accent"))


def misspelt(title: str, how: str) -> str:
    """Return a title with one mistake in its longest word."""
    words = title.split()
    at = max(range(len(words)), key=lambda n: len(words[n]))
    word = words[at]
    mid = len(word) // 2
    made = {
        "drop": word[:mid] + word[mid + 1 :],
        "double": word[:mid] + word[mid] + word[mid:],
        "swap": word[: mid - 1] + word[mid] + word[mid - 1] + word[mid + 1 :],
        "wrong": word[:mid] + ("x" if word[mid] != "x" else "y") + word[mid + 1 :],
        "accent": word.replace("a", "á").replace("e", "è").replace("o", "ö").upper(),
    }
    words[at] = made[how]
    return " ".join(words)


def fan(number: int) -> str:
    """Return the id of a member of whom nothing else is known."""
    return f"{number:016x}"


async def written(site: SiteUnderTest, *events: Event, at: datetime = NOON) -> None:
    """Append events to the record and wait until every page shows them."""
    for start in range(0, len(events), 40):
        await site.parts.log.append(0, [encode(recorded(each, at=at)) for each in events[start : start + 40]])
    await all_read(site)


async def raised(site: SiteUnderTest, campaign: str, round_id: str, *said: tuple[str, str, str], by: str = "") -> list[str]:
    """Raise ideas of these titles, texts and tags, by the record alone, and return their ids."""
    ids, events = [], list[Event]()
    member = by or await joining.join(site.parts.desk, "Noor A.")
    for title, text, tags in said:
        async with site.parts.pool.connection() as connection:
            hashes = await texts.keep(connection, (title, text, tags), member)
        ids.append(hashes[title][:16])
        words = hashes[title], hashes[text], hashes[tags]
        events.append(IdeaRaised(ids[-1], campaign, round_id, member, *words))
    await written(site, *events)
    return ids


async def found(site: SiteUnderTest, campaign: str, query: str) -> list[str]:
    """Return the titles of the ideas that the API finds."""
    answer = await site.stranger.get(f"/api/v1/campaigns/{campaign}/ideas", params={"q": query})
    return [each["title"] for each in answer.raise_for_status().json()["ideas"]]


async def test_thirty_misspelt_titles_among_a_few_hundred_are_found_first_of_all(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    ideas = corpus.ideas()
    others = [(f"{one.title} with {two.title}", one.body, "") for one, two in zip(ideas[::2], ideas[1::2], strict=False)]
    await raised(site, campaign, round_id, *((each.title, each.body, ", ".join(each.tags)) for each in ideas), *others)
    asked = {misspelt(each.title, how): each.title for each, how in zip(ideas[:30], SWAPS, strict=False)}

    missed = {query: title for query, title in asked.items() if title not in (await found(site, campaign, query))[:3]}

    assert len(asked) == 30
    assert missed == {}


async def test_words_of_a_text_are_found_behind_titles_without_accents_and_capitals(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    long = "A bottle for the last train, with the ÉLDERFLOWER that grows along the line. " * 4
    await raised(
        site, campaign, round_id, ("Night Train", long, "late"), ("Elderflower Mill", "Pink.", ""), ("Pine", "Tips.", "Zürich")
    )

    assert await found(site, campaign, "elderflower") == ["Elderflower Mill", "Night Train"]
    assert await found(site, campaign, "zurich") == ["Pine"]
    assert await found(site, campaign, "100%_\\") == []
    assert await found(site, campaign, "\0 ?!") == []


async def test_what_was_erased_or_hidden_is_found_no_more_and_no_statistics_keep_it(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    she = await joining.join(site.parts.desk, "Quetzalina Vorpal")
    (hers,) = await raised(site, campaign, round_id, ("Mimsy Borogove Fizz", "Outgrabe momeraths " * 12, "jubjub"), by=she)
    (other,) = await raised(site, campaign, round_id, ("Borogrove Cola", "Plain.", "jubjub"))
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("analyze record.texts")
        kept = connection.execute("select stavalues1::text from pg_statistic where stavalues1::text ilike '%borog%'").fetchall()
    assert kept == []
    assert set(await found(site, campaign, "borogove")) == {"Mimsy Borogove Fizz", "Borogrove Cola"}
    reason = "0" * 64
    await written(site, ContentHidden(other, "idea", "spam", reason, she, campaign, other))
    assert await found(site, campaign, "borogove") == ["Mimsy Borogove Fizz"]

    async with site.parts.pool.connection() as connection:
        await connection.execute("delete from record.texts where member = %s", (she,))

    assert await found(site, campaign, "borogove") == []
    assert await found(site, campaign, "momeraths") == []
    assert await found(site, campaign, "jubjub") == []
    assert hers


async def test_rising_is_what_the_published_rule_says(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    old, new, dull = await raised(site, campaign, round_id, ("Old", "o", ""), ("New", "n", ""), ("Dull", "d", ""))
    month_ago = NOON - timedelta(days=30)
    await written(site, *(IdeaSupported(old, fan(n), 1) for n in range(9)), at=month_ago)
    await written(site, IdeaSupported(new, fan(1), 1), IdeaSupported(new, fan(2), 1), IdeaSupported(dull, fan(3), 1), at=NOON)
    await written(site, SupportWithdrawn(dull, fan(3), 2), IdeaSupported(old, fan(1), 2), at=NOON)

    async def order(sort: idea_lists.Sort) -> list[str]:
        async with site.parts.pool.connection() as connection:
            return [each["idea"] for each in (await idea_lists.listed(connection, campaign, sort))[0]]

    assert await order("top") == [old, new, dull]
    assert await order("rising") == [new, old, dull]
    assert await order("new") == [dull, new, old]
    async with site.parts.pool.connection() as connection:
        rows = await (await connection.execute("select idea, rise from ideas.ideas order by place")).fetchall()
    assert dict(rows) == {old: 9 * 2 ** step(month_ago), new: 2 * 2 ** step(NOON), dull: 0}


def test_a_step_is_three_days_and_none_lies_before_2026() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)

    assert int(first.timestamp()) // 86_400 == BEGAN
    assert [step(first + timedelta(days=each)) for each in (-400, 0, 2, DAYS_A_STEP, 365)] == [0, 0, 0, 1, 121]


async def test_pages_of_each_order_give_every_idea_once(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    ids = await raised(site, campaign, round_id, *((f"Idea {n}", "x", "even" if n % 2 else "odd, all") for n in range(11)))
    await written(site, *(IdeaSupported(ids[n], fan(m), 1) for n in range(11) for m in range(n % 3)))

    for query in ({}, {"tag": "odd"}, {"tag": "ODD"}):
        for sort in ("new", "top", "rising"):
            seen, cursor, more = list[str](), "", True
            while more:
                params = {"sort": sort, "limit": "2", **query, **({"cursor": cursor} if cursor else {})}
                page = (await site.stranger.get(f"/api/v1/campaigns/{campaign}/ideas", params=params)).raise_for_status().json()
                seen += [each["id"] for each in page["ideas"]]
                cursor, more = page["next"], bool(page["next"])
            assert sorted(seen) == sorted(ids[::2] if query else ids), (sort, query)


async def test_how_many_ideas_stand_is_kept_whatever_is_hidden_shown_and_taken_back(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    ids = await raised(site, campaign, round_id, *((f"Idea {n}", "x", "") for n in range(4)))
    hiding = ContentHidden(ids[0], "idea", "spam", "0" * 64, fan(1), campaign, ids[0])
    again = encode(recorded(hiding))
    await site.parts.log.append(0, [again])
    await site.parts.log.append(0, [again])
    await written(site, ContentHidden(ids[1], "idea", "spam", "0" * 64, fan(1), campaign, ids[1]))
    await written(site, ContentShown(ids[1], "idea", "0" * 64, fan(1), campaign, ids[1]))

    async with site.parts.pool.connection() as connection:
        assert await figures.ideas(connection, campaign) == 3


async def test_a_title_that_is_there_is_shown_once_before_it_is_raised_again(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    await raised(site, campaign, round_id, ("Sour Cherry Cola", "Cola with the stone left in.", ""))
    reader = await signed_in(site, "Tomasz W.")
    form = await reader.get(f"/campaigns/{campaign}/ideas/new")
    kept = {name: hidden(form.text, name) for name in ("csrf", "key")}
    typed = {"title": "Sour Chery Cola", "text": "Mine.", "tags": "", **kept}

    first = await reader.post(f"/campaigns/{campaign}/ideas", data=typed)
    again = await reader.post(f"/campaigns/{campaign}/ideas", data=typed | {"seen-similar": hidden(first.text, "seen-similar")})

    assert first.status_code == 200
    assert "Somebody may have raised it already" in first.text
    assert 'value="Sour Chery Cola"' in first.text
    assert again.status_code == 303, again.text
    part = await site.stranger.get(f"/campaigns/{campaign}/ideas/similar", params={"title": "sour chery"})
    assert "Sour Cherry Cola" in part.text
    assert "<html" not in part.text


def test_a_cursor_of_the_year_2036_is_still_one() -> None:
    value = 2**1300

    assert parse_cursor(f"{value}.5") == (Decimal(value), 5)
