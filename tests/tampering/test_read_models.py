"""Whoever alters rows of the read models alters what is published; an audit of the running site names the figure."""

import re
from datetime import UTC, datetime
from random import Random
from typing import Any, LiteralString

import msgspec
import pytest

from fanfare.audit.audit_commands import Answering, Brought, run_audit_site
from tests.site_fixture import SiteUnderTest, round_of, served
from tests.tampering.ground import LONG, SEED
from tests.tampering.tally import TALLY

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

TIMES = 3 if LONG else 1
FIGURE = re.compile(r"(?m)^report \S+: \$\.")
TABLES = (
    "counted.ballots",
    "counted.support",
    "counted.ideas",
    "counted.members",
    "counted.terms",
    "counted.markers",
    "desk.reports",
)
VOTERS: LiteralString = """
    select voter from counted.ballots join counted.terms on terms.hash = ballots.terms
     where not exists (select from counted.markers where markers.terms = ballots.terms) order by voter
"""
"""Of the round that is open: the report of a sealed one is kept byte for byte, and no row makes it other."""
TOUCHES: dict[str, LiteralString] = {
    "a ballot's row altered": "update counted.ballots set options = array[%(option)s] where voter = %(voter)s",
    "a ballot's row deleted": "delete from counted.ballots where voter = %(voter)s",
    "a ballot's row added": """
        insert into counted.ballots
        select terms, md5(voter), number, partition, "offset", index + 100, options, minute, event_id
          from counted.ballots where voter = %(voter)s
    """,
    "a row of support deleted": "delete from counted.support where by_member = %(member)s",
    "a row of support added": """
        insert into counted.support
        select idea, 'ghost', number, supports, minute, at, void from counted.support where by_member = %(member)s
    """,
    "an idea's row withdrawn": "update counted.ideas set withdrawn_at = 1 where by_member = %(member)s",
    "a member's row deleted": "delete from counted.members where member = %(member)s",
    "the terms' row altered": "update counted.terms set options = array['o3'] where method = 'plurality.v1'",
    "a sealed report's row altered": """
        update desk.reports set body = convert_to(replace(convert_from(body, 'UTF8'), '"votes":3', '"votes":4'), 'UTF8')
    """,
    "a marker's row moved": 'update counted.markers set "offset" = 0, index = -1',
}
"""What is done to the rows of which the published reports are made."""


@pytest.fixture
async def told(site: SiteUnderTest) -> SiteUnderTest:
    """Let fans raise and support ideas in one round, and choose in two others, of which one is closed and sealed."""
    campaign = await site.publish(
        round_of(),
        round_of(name="Name"),
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=[]),
    )
    voted, open_, ideas = (each["id"] for each in campaign["rounds"])
    for each in (voted, open_, ideas):
        await site.until(each, "open")
    raised = ""
    for number in range(5):
        fan = await site.fan(f"Fan {number}")
        for each in (voted, open_):
            paper = (await fan.get(f"/api/v1/rounds/{each}/paper")).json()["number"]
            ballot = {"number": paper, "options": [f"o{number % 2 + 1}"]}
            (await fan.put(f"/api/v1/rounds/{each}/ballot", json=ballot)).raise_for_status()
        idea = {"title": f"Idea {number}", "body": "Cold.", "tags": ""}
        made = (await fan.post(f"/api/v1/rounds/{ideas}/ideas", json=idea)).raise_for_status()
        raised = raised or made.json()["id"]
        position = made.headers["Fanfare-Position"]
        (await fan.put(f"/api/v1/ideas/{raised}/support", headers={"Fanfare-Wait": position})).raise_for_status()
    (await site.host.post(f"/api/v1/rounds/{voted}/close")).raise_for_status()
    await site.until(voted, "sealed")
    return site


def _copy(table: str) -> str:
    return f"kept_{table.replace('.', '_')}"


async def rows(site: SiteUnderTest, statement: LiteralString, **values: object) -> list[Any]:
    """Do something to the tables that the site does not do, or ask them."""
    async with site.parts.pool.connection() as connection:
        cursor = await connection.execute(statement, values)
        return await cursor.fetchall() if cursor.description else []


async def test_a_row_that_was_altered_is_named_by_the_figure_that_no_longer_follows(
    told: SiteUnderTest, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    voters = [row[0] for row in await rows(told, VOTERS)]
    members = [row[0] for row in await rows(told, "select distinct by_member from counted.support order by 1")]
    for table in TABLES:
        await rows(told, f"create table public.{_copy(table)} as table {table}")
    wrong = []
    async with served(told.app) as url:

        async def heard() -> tuple[int, str]:
            capsysbinary.readouterr()
            code = await run_audit_site(url, Brought(), Answering(now=datetime.now(UTC), json=True))
            answer = msgspec.json.decode(capsysbinary.readouterr().out)
            failing = [each for each in answer["claims"] if not each["passed"]]
            return code, "\n".join([answer["unchecked"] or "", *(f"{c['name']}: {d}" for c in failing for d in c["differences"])])

        assert await heard() == (0, "")
        for what, statement in TOUCHES.items():
            for number in range(TIMES):
                random = Random(f"{SEED} {what} {number}")
                await rows(told, statement, voter=random.choice(voters), member=random.choice(members), option="o3")
                code, said = await heard()
                found, named = code == 1, FIGURE.search(said) is not None
                TALLY.add((what, "database", "the address"), found=found, named=named, by={"report"} if found else set())
                wrong += [] if found and named else [f"{what} {number}: {code} {said!r}"]
                for table in TABLES:
                    await rows(told, f"truncate {table}")
                    await rows(told, f"insert into {table} select * from public.{_copy(table)}")
        assert await heard() == (0, "")
        TALLY.clean["audits of a running site"] += 2

    assert wrong == [], f"FANFARE_SEED={SEED}"
