"""A small computation, or a minute, before a link is sent: only while many are asked for, once each, over all processes."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import altcha
import msgspec
import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from psycopg_pool import AsyncConnectionPool

from fanfare.members import sealed
from fanfare.members.effort import WAIT
from fanfare.platform.desk import Desk
from fanfare.platform.limits.caps import Caps
from fanfare.platform.limits.rules import EASY_LINKS, EASY_LINKS_OF_A_NETWORK, EASY_LINKS_TO_A_MAILBOX, LINKS_WAITED_FOR, Rule
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
MAIL, CARRIER = "anna@example.org", "203.0.113.7"


@pytest.fixture
async def crowd(site: SiteUnderTest) -> AsyncIterator[AsyncClient]:
    """Yield somebody whose mailbox got all the easy links of this hour."""
    await filled(site, EASY_LINKS_TO_A_MAILBOX, MAIL)
    async with coming_from(site) as client:
        yield client


def coming_from(site: SiteUnderTest, address: str = CARRIER) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(site.app, client=(address, 4711)), base_url=ADDRESS)


async def filled(site: SiteUnderTest, rule: Rule, subject: str) -> None:
    """Use up what passes under a rule."""
    known = Caps(site.parts.pool, site.parts.desk.vault_key)
    await known.claim(rule, subject, site.parts.desk.now)
    key = known.window(rule, subject, site.parts.desk.now).key
    async with site.parts.pool.connection() as connection:
        await connection.execute("update vault.limits set used = %s where key = %s", (rule.most, key))


async def asks(client: AsyncClient, email: str = MAIL, **more: str) -> Response:
    return await client.post("/api/v1/sign-in", json={"email": email, **more})


def solved(answer: Response) -> str:
    """Solve the challenge of a refusal, as a browser does."""
    challenge = altcha.Challenge.from_dict(answer.json()["challenge"])
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return str(altcha.Payload(challenge, solution).to_base64())


async def sent(site: SiteUnderTest) -> int:
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select count(*) from vault.outbox")).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize(
    ("rule", "subject"), [(EASY_LINKS_TO_A_MAILBOX, MAIL), (EASY_LINKS_OF_A_NETWORK, CARRIER), (EASY_LINKS, "site")]
)
async def test_above_the_easy_links_one_costs_a_computation_and_a_quiet_hour_none(
    site: SiteUnderTest, rule: Rule, subject: str
) -> None:
    async with coming_from(site) as client:
        quiet = await asks(client)
        await filled(site, rule, subject)
        asked = await asks(client)
        done = await asks(client, work=solved(asked))

    assert quiet.status_code == 202
    assert (asked.status_code, asked.json()["code"]) == (428, "work-needed")
    assert done.status_code == 202
    assert await sent(site) == 2


async def test_a_solution_works_once_and_for_its_mailbox_only(site: SiteUnderTest, crowd: AsyncClient) -> None:
    await filled(site, EASY_LINKS_TO_A_MAILBOX, "bea@example.org")
    work = solved(await asks(crowd))

    for_another = await asks(crowd, "bea@example.org", work=work)
    first = await asks(crowd, work=work)
    spelled_anew = base64.b64encode(json.dumps(json.loads(base64.b64decode(work)), indent=1).encode()).decode()
    again = [await asks(crowd, work=each) for each in (work, spelled_anew)]

    assert [for_another.status_code, first.status_code] == [428, 202]
    assert [each.status_code for each in again] == [428, 428]
    assert await sent(site) == 1


async def test_what_was_not_solved_or_not_ours_is_no_solution(site: SiteUnderTest, crowd: AsyncClient) -> None:
    told = (await asks(crowd)).json()["challenge"]
    lazy = {"challenge": told, "solution": {"counter": 0, "derivedKey": "00" * 32}}
    easy = json.loads(json.dumps(told))
    easy["parameters"]["keyPrefix"] = "00"
    cheaper = altcha.Payload(
        altcha.Challenge.from_dict(easy), altcha.solve_challenge(altcha.Challenge.from_dict(easy)) or altcha.Solution(0, "")
    ).to_base64()
    late = json.loads(json.dumps(told))
    late["parameters"]["expiresAt"] += 3600

    answers = [await asks(crowd, work=each) for each in (_spelled(lazy), cheaper, _spelled(late), "x", "e30=", "A" * 4000)]

    assert [each.status_code for each in answers] == [428] * 6
    assert await sent(site) == 0


def _spelled(payload: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


async def test_who_has_no_script_waits_a_minute_and_is_let_through_once(site: SiteUnderTest, crowd: AsyncClient) -> None:
    waited = (await asks(crowd)).json()["waited"]
    early = await asks(crowd, waited=waited)
    desk = site.parts.desk
    a_minute_ago = sealed.seal(desk.vault_key, "waited-for", MAIL, desk.now - WAIT, 15 * WAIT)

    others = await asks(crowd, "bea@example.org", waited=a_minute_ago)
    done = await asks(crowd, waited=a_minute_ago)
    again = await asks(crowd, waited=a_minute_ago)

    assert early.status_code == 428
    assert early.json()["waited"] == waited, "the minute goes on from when it began"
    assert early.json()["wait_s"] <= 60
    assert [others.status_code, done.status_code, again.status_code] == [202, 202, 428]
    await filled(site, LINKS_WAITED_FOR, CARRIER)
    over = sealed.seal(desk.vault_key, "waited-for", MAIL, desk.now - WAIT, 15 * WAIT)
    assert (await asks(crowd, waited=over)).status_code == 429


async def test_another_process_knows_what_was_spent(pool: AsyncConnectionPool) -> None:
    desk = Desk(pool, None, b"v" * 32)  # type: ignore[arg-type]
    text = sealed.seal(desk.vault_key, "waited-for", MAIL, desk.now, WAIT)
    found = sealed.opened(desk.vault_key, "waited-for", MAIL, text, desk.now)
    assert found

    async with pool.connection() as one, pool.connection() as other:
        first = await sealed.spend(one, text, found.ends_at)
        await one.commit()
        second = await sealed.spend(other, text, found.ends_at)

    assert [first, second] == [True, False]
    assert sealed.opened(desk.vault_key, "another", MAIL, text, desk.now) is None
    assert sealed.opened(desk.vault_key, "waited-for", "bea@example.org", text, desk.now) is None
    assert sealed.opened(desk.vault_key, "waited-for", MAIL, text, found.ends_at) is None
    assert sealed.opened(desk.vault_key, "waited-for", MAIL, msgspec.json.encode(text).decode(), desk.now) is None
