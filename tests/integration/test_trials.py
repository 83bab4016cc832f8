"""Trials of drafts on a real record: in a process of their own, one a host, a few on the site, and none that nobody looks at."""

import asyncio
from collections.abc import AsyncIterator
from typing import LiteralString

import pytest

from fanfare.platform.hosts.opening import Parts
from fanfare.platform.settings import Settings
from fanfare.recognition.preview import preview
from fanfare.recognition.refusals import TooManyTrials, TrialBrokeOff, TrialReplaced
from fanfare.recognition.trials import Trial, Trials
from fanfare.record.recognition import Points, RulePublished
from tests.integration.browsing import follow, send, signed_in
from tests.integration.test_recogniser import WELCOME, WORDS, a_site_with_newcomers
from tests.integration.test_recognition_pages import POINTS, RULE
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

OTHER = RulePublished(rule="welcome", version=1, deeds=("joined",), earns=Points(points=3), **WORDS)
TRIAL = "/host/recognition/rule/trial"
FIELDS = {"title": "Welcome", "earns": "points"}


async def never() -> bool:
    """Be there to the end."""
    return False


async def run(parts: Parts, statement: LiteralString) -> None:
    """Change the table from outside."""
    async with parts.pool.connection() as connection:
        await connection.execute(statement)


@pytest.fixture
async def parts(database: str) -> AsyncIterator[Parts]:
    """A site on which a hundred and twenty fans joined."""
    async with a_site_with_newcomers(database, 120) as found:
        yield found


@pytest.fixture
async def trials(parts: Parts, database: str) -> AsyncIterator[Trials]:
    """Trials that always take a process of their own."""
    found = Trials(parts.desk, Settings(database_url=database), short=0)
    yield found
    await found.close()


async def test_a_process_of_its_own_finds_what_is_found_here_and_tells_how_far_it_is(parts: Parts, trials: Trials) -> None:
    begun = await trials.begin("dora", WELCOME, FIELDS)
    over = await trials.settled("dora", begun, 30)
    looked_at = await trials.look("dora")

    assert (begun.state, over.state) == ("running", "done")
    assert over.found == await preview(parts.desk, WELCOME)
    assert looked_at == over
    assert (over.fields, over.rule) == (FIELDS, WELCOME)
    assert over.of == (await parts.log.heads())[0]


async def test_the_same_draft_goes_on_and_another_one_takes_its_place(trials: Trials) -> None:
    begun = await trials.begin("dora", WELCOME, FIELDS)
    again = await trials.begin("dora", WELCOME, FIELDS)
    waiting = asyncio.create_task(trials.settled("dora", begun, 30))
    other = await trials.begin("dora", OTHER, FIELDS)

    with pytest.raises(TrialReplaced):
        await waiting
    over = await trials.settled("dora", other, 30)

    assert begun.run == again.run != other.run
    assert over.found is not None
    assert over.found.points == 3 * 121


async def test_what_was_found_is_there_for_whoever_lost_her_connection(trials: Trials) -> None:
    over = await trials.settled("dora", await trials.begin("dora", WELCOME, FIELDS), 30)

    again = await trials.begin("dora", WELCOME, FIELDS)

    assert again == over


async def test_a_third_host_is_asked_to_come_again_while_two_try_theirs(trials: Trials) -> None:
    begun = [await trials.begin(each, WELCOME, FIELDS) for each in ("dora", "emeka")]

    with pytest.raises(TooManyTrials):
        await trials.begin("noor", WELCOME, FIELDS)
    for host, each in zip(("dora", "emeka"), begun, strict=True):
        await trials.settled(host, each, 30)
    third = await trials.outcome("noor", WELCOME, never)

    assert third.members == 121


async def test_a_trial_at_which_nobody_looks_any_more_ends(parts: Parts, trials: Trials) -> None:
    begun = await trials.begin("dora", WELCOME, FIELDS)
    await run(parts, "update desk.trials set asked_at = now() - interval '16 seconds'")

    async with asyncio.timeout(20):
        while trials.going:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    looked_at = await trials.look("dora")

    assert looked_at is not None
    assert (looked_at.run, looked_at.state, looked_at.found) == (begun.run, "failed", None)


async def test_whoever_hangs_up_is_waited_for_no_more(trials: Trials) -> None:
    async def at_once() -> bool:
        return True

    with pytest.raises(TrialBrokeOff):
        await trials.outcome("dora", WELCOME, at_once)


async def test_a_trial_whose_process_says_nothing_any_more_is_begun_anew(parts: Parts, trials: Trials) -> None:
    begun = await trials.begin("dora", WELCOME, FIELDS)
    await trials.close()  # as a process that is killed leaves it: running, by its row
    await run(parts, "update desk.trials set state = 'running', told_at = now() - interval '11 seconds'")

    silent = await trials.look("dora")
    anew = await trials.begin("dora", WELCOME, FIELDS)

    assert silent is not None
    assert (silent.run, silent.state) == (begun.run, "failed")
    assert anew.run != begun.run
    assert (await trials.settled("dora", anew, 30)).state == "done"


async def test_a_program_that_cannot_read_the_record_leaves_a_trial_that_broke_off(parts: Parts) -> None:
    broken = Trials(parts.desk, Settings(database_url="postgresql://nobody@127.0.0.1:1/none"), short=0)
    begun = await broken.begin("dora", WELCOME, FIELDS)

    over: Trial = await broken.settled("dora", begun, 40)

    assert (over.state, over.found) == ("failed", None)


async def test_a_host_sees_how_far_her_trial_is_and_then_what_it_found(site: SiteUnderTest) -> None:
    host = await signed_in(site, "Emeka Obi", "host")
    nothing = await host.get(TRIAL)
    first = await send(host, await host.get(RULE, params={"earns": "points"}), RULE, act="try", **POINTS)
    await run(site.parts, "update desk.trials set state = 'running', done = 3200, entries = 10000, found = null, told_at = now()")
    going = await host.get(TRIAL)
    await run(site.parts, "update desk.trials set state = 'failed'")
    broken = await host.get(TRIAL)
    await send(host, broken, RULE, act="try")
    over = await host.get(TRIAL)
    published = await follow(host, await send(host, over, RULE, act="publish"))

    assert (nothing.status_code, nothing.headers["location"]) == (303, RULE)
    assert "Nobody would have earned anything by it" in first.text
    assert '<progress aria-labelledby="going" max="10000" value="3200">' in going.text
    assert "3,200 of 10,000 entries are read." in going.text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in going.text
    assert "The trial broke off before its end." in broken.text
    assert "Nobody would have earned anything by it" in over.text
    assert "http-equiv" not in over.text + broken.text
    assert "One rule is in force" in published.text
