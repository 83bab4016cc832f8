"""Every route, called by everybody, with what is there and what is not: answered by the one table, and nothing else changes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx2
import pytest
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from fanfare.members import sessions, vault
from fanfare.platform.allowed import Allowed, Somewhere
from fanfare.platform.caller import Caller
from tests.integration.api.access import TABLE
from tests.integration.api.ground import (
    ROLES,
    Person,
    Things,
    drafted,
    empowered,
    given,
    noted,
    person,
    recognised,
    said,
    shared,
    things,
)
from tests.integration.api.rows import ALL, Row
from tests.site_fixture import ADDRESS, SiteUnderTest, round_of

pytestmark = pytest.mark.postgres

OURS = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
WRONG = ("0000000000000000", "x" * 65, "%00", "1'or'1'='1", "%F0%9F%A5%A4", "..%2F..%2Fme")
"""Ids of nothing, and what is no id at all."""
OPENING = ("/sign-in", "/sign-in/confirm", "/sign-in/passkey", "/sign-in/passkey/options", "/me/address/undo")
"""What needs no session: a link or a passkey says who it is."""
BY_ADDRESS = ("/unsubscribe",)
"""A mail program posts it, from wherever it runs and without a form of ours: what stands in the address says whom it is about."""
WELCOMES = {"GET /api/v1/newcomers", "POST /api/v1/members/{member_id}/welcome", "GET /welcome", "POST /welcome"}
"""What asks for the right to welcome by itself: it is the whole site's, so there is no campaign to forget."""
COUNTED = {"vault.limits", "vault.sessions", "desk.history"}
"""What moves by itself: a count of attempts counts them, each call here has a session, leaders of open rounds are sampled."""


@dataclass
class House:
    """A site, its things, and one person of each kind."""

    site: SiteUnderTest
    things: Things
    people: dict[str, Person]
    bystander: Person
    said: dict[str, str] = field(default_factory=dict)
    """The kudos of the fan, what the author was thanked with; a rule, a title and a season."""

    async def call(
        self,
        route: str,
        caller: str,
        *,
        wrong: str = "",
        send: dict[str, str] | None = None,
        as_page: bool | None = None,
        head: bool = False,
    ) -> httpx2.Response:
        """
        Call a route as somebody.

        Args:
            wrong: what stands in the place of every id.
            send: headers in the place of those that our own pages send.
            as_page: by cookie where true, by token where false; as the table says unless given.
            head: HEAD in the place of GET.
        """
        method, _, path = route.partition(" ")
        is_page = not path.startswith("/api/")
        headers, session = await self._credentials(caller, by_cookie=is_page if as_page is None else as_page)
        headers = {**OURS, **headers} if send is None else {**{k: v for k, v in headers.items() if k != "x-csrf-token"}, **send}
        row = TABLE[route]
        body = {**row.body(self.things), **({"end": sessions.shown_id(session)} if path == "/me/access/end" else {})}
        body |= {"power": self.said["power_id"]} if path == "/me/rights/end" else {}
        if "{session_id}" in path and caller in self.people:
            async with self.site.parts.pool.connection() as connection:
                session = await sessions.open_session(connection, self.people[caller].member, "browser", "another")
        address = self._address(path, row, sessions.shown_id(session) if session else "0" * 32, wrong)
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.site.app), base_url=ADDRESS)
        async with client:
            if method == "GET":
                headers = {"accept": "text/html", **headers} if is_page else headers
                return await client.request("HEAD" if head else "GET", address, headers=headers)
            if is_page:
                headers = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded", **headers}
                return await client.request(method, address, headers=headers, data=dict(body))
            return await client.request(method, address, headers=headers, json=body or None)

    async def _credentials(self, caller: str, *, by_cookie: bool) -> tuple[dict[str, str], str]:
        if caller == "stranger":
            return {}, ""
        by_cookie = (by_cookie or caller == "ended") and caller != "revoked"
        known = self.people.get(caller, self.people["fan"])
        async with self.site.parts.pool.connection() as connection:
            session = await sessions.open_session(connection, known.member, "browser" if by_cookie else "token", "test")
            if caller in ("ended", "revoked"):
                await sessions.end(connection, known.member, sessions.shown_id(session), "browser" if by_cookie else "token")
        if not by_cookie:
            return {"authorization": f"Bearer {session}"}, session
        token = vault.derived(self.site.parts.desk.vault_key, "csrf", session)
        return {"cookie": f"fanfare={session}", "x-csrf-token": token}, session

    def _address(self, path: str, row: Row, session: str, wrong: str) -> str:
        of = self.things
        rounds = {"planned": of.planned_round, "ideas": of.ideas_round}
        ids = {
            "campaign_id": of.campaign,
            "round_id": rounds.get(row.at, of.ballot_round),
            "idea_id": of.idea,
            "draft_id": of.draft,
            "event_id": of.receipt,
            "content": of.idea,
            "text_hash": of.comment_text,
            "picture": of.picture,
            "member_id": self.bystander.member,
            "draw_id": of.draw,
            "reward_id": of.reward,
            "offer_id": of.offer,
            "circle_id": of.circle,
            "brief_id": of.brief,
            "note_id": of.note,
            **self.said,
            "session_id": session,
            "token_id": session,
            "passkey_id": session,
            "partition": "0",
            "path": "0/000.p/2",
        }
        ids = dict.fromkeys(ids, wrong) if wrong else ids
        words = {
            "act": "pause",
            "press": "entry",
            "decision": "leave",
            "deed": "show",
            "change": "change",
            "step": "stock",
            "answer": "decline",
        }
        found = path.replace(":path}", "}").format(**ids, **words, size="small", role="auditor", number=1)
        return found + ("?c=ff5c7c" if path == "/brand.css" else "")


@pytest.fixture
async def house(busy_site: SiteUnderTest) -> AsyncIterator[House]:
    """Return a site where everybody lives."""
    people = {role: await person(busy_site, f"Her the {role}", role) for role in ROLES}
    people |= {name: await person(busy_site, f"Her the {name}") for name in ("fan", "author", "empowered", "lapsed")}
    found = await things(busy_site, people["author"], people["author"])
    found.note = await noted(people["host"], found)
    house = House(busy_site, found, people, await person(busy_site, "Tansy"))
    house.said = await said(busy_site, people, house.bystander) | await recognised(busy_site, house.bystander)
    house.said["power_id"] = await empowered(busy_site, people, house.bystander, found.campaign)
    async with _one_connection(busy_site):
        yield house


@asynccontextmanager
async def _one_connection(site: SiteUnderTest) -> AsyncIterator[None]:
    """
    Leave the application one connection to the database beside those on which it listens.

    A request that holds one and waits for another then waits in vain; on a busy site as many as there are connections would.
    """
    pool, held = site.parts.pool, list[AsyncConnection]()
    with suppress(PoolTimeout):
        while True:
            held.append(await pool.getconn(timeout=1))
    await pool.putconn(held.pop())
    try:
        yield
    finally:
        for each in held:
            await pool.putconn(each)


def _routes(site: SiteUnderTest) -> Iterator[str]:
    for each in iter_route_contexts(site.app.routes):
        yield from (f"{method} {each.path}" for method in each.methods or () if method != "HEAD")


def _turned_away(answer: httpx2.Response) -> bool:
    """Tell whether she was refused for who she is, or told that there is no such thing, or led to sign in."""
    led_to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?")
    return answer.status_code in (401, 403, 404) or led_to_sign_in


class Watch:
    """Notices what changes in the record, the vault and the desk."""

    def __init__(self, site: SiteUnderTest) -> None:
        self._site = site
        self._digests = dict[str, str]()

    async def changes(self) -> list[str]:
        """Return the tables that are other than they were when it was last asked; all of them at first."""
        before, self._digests = self._digests, await self._digested()
        return sorted(name for name, digest in self._digests.items() if digest != before.get(name))

    async def _digested(self) -> dict[str, str]:
        tables = """select table_schema || '.' || table_name from information_schema.tables
                     where table_schema in ('record', 'vault', 'desk')"""
        rows = "select '{0}', md5(string_agg(t::text, chr(10) order by t::text)) from {0} as t"
        async with self._site.parts.pool.connection() as connection:
            names = {name for (name,) in await (await connection.execute(tables)).fetchall()} - COUNTED
            found = await connection.execute(" union all ".join(map(rows.format, sorted(names))).encode())
            return dict(await found.fetchall())


async def test_every_route_stands_in_the_table_and_every_row_is_a_route(site: SiteUnderTest) -> None:
    assert set(_routes(site)) == set(TABLE)


async def test_a_route_that_takes_powers_names_its_campaign_and_is_tried_by_who_has_them_elsewhere(site: SiteUnderTest) -> None:
    takes: dict[str, list[Allowed | Somewhere]] = {}
    for each in iter_route_contexts(site.app.routes):
        of: Dependant | None = getattr(each, "dependant", None)  # that of the description itself has none
        asks = [found for found in _asked(of) if isinstance(found, Allowed | Somewhere)] if of else []
        takes |= {f"{method} {each.path}": asks for method in each.methods or () if asks and method != "HEAD"}

    wrong = []
    for route, asks in takes.items():
        who, only_looks = TABLE[route].who, route.startswith("GET ")
        for found in asks:
            if isinstance(found, Allowed) and f"{{{found.where}}}" not in route:
                wrong.append(f"{route} asks for the campaign of {found.where}, which its address does not have")
            if "empowered" not in who:
                wrong.append(f"{route} lets in who has the power to {found.what}; its row says that she is turned away")
            if "lapsed" in who and not (isinstance(found, Somewhere) and only_looks):
                wrong.append(f"{route} would let in who may {found.what} in another campaign alone")
    assert not wrong, "\n".join(wrong)
    assert len(takes) > 20
    fans = {route for route, row in TABLE.items() if "empowered" in row.who and "fan" not in row.who}
    assert sorted(fans - takes.keys() - WELCOMES) == []


def _asked(of: Dependant) -> Iterator[object]:
    for each in of.dependencies:
        yield each.call
        yield from _asked(each)


async def test_what_a_member_is_answered_says_how_it_is_kept_and_her_own_is_kept_nowhere(house: House) -> None:
    authenticate, asked = house.site.app.state.authenticate, list[bool]()

    async def watched(request: Request) -> Caller | None:
        found: Caller | None = await authenticate(request)
        asked.append(found is not None)
        return found

    house.site.app.state.authenticate = watched
    kept = dict[str, str]()
    for route, row in TABLE.items():
        if route.startswith("GET ") and not row.streams:
            asked.clear()
            answer = await house.call(route, "admin")
            if any(asked):
                kept[route] = answer.headers.get("cache-control", "")

    assert sorted(route for route, said in kept.items() if not said) == []
    assert kept["GET /api/v1/rounds/{round_id}/my-ballots"] == kept["GET /api/v1/me"] == "private, no-store"
    assert "cache-control" not in (await house.call("GET /api/v1/campaigns", "stranger")).headers


async def test_an_address_says_which_methods_it_takes(site: SiteUnderTest) -> None:
    routes = [each for each in iter_route_contexts(site.app.routes) if each.methods]
    for path in {route.partition(" ")[2].replace("{", "").replace("}", "") for route in TABLE}:
        methods = {method for each in routes if each.path_regex.match(path) for method in each.methods or ()}
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - methods):
            answer = await site.stranger.request(method, path)

            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == methods | ({"HEAD"} if "GET" in methods else set()), path


async def test_head_answers_wherever_get_does_and_as_it_does_without_a_body(house: House) -> None:
    gets = [route for route, row in TABLE.items() if route.startswith("GET ") and not row.streams]
    for route in gets:
        for caller in ("stranger", "admin"):
            got, asked = await house.call(route, caller), await house.call(route, caller, head=True)

            heads = [(each.status_code, each.headers.get("content-type"), each.headers.get("etag")) for each in (got, asked)]
            assert heads[0] == heads[1], (route, caller)
            assert asked.content == b"", (route, caller)
            assert asked.headers.get("content-length") != "0" or got.content == b"", (route, caller)


async def test_whoever_may_not_is_turned_away_and_nothing_changes(house: House) -> None:
    wrong: list[str] = []
    watch = Watch(house.site)
    assert "record.entries" in await watch.changes()
    for route, row in TABLE.items():
        for caller in sorted(ALL - row.who):
            answer = await house.call(route, caller)
            expected = _turned_away(answer) or (not row.who and answer.status_code in (409, 410))
            if caller in ("stranger", "ended", "revoked") and route.partition(" ")[2].startswith("/api/") and row.who:
                expected = answer.status_code == 401
            if not expected:
                wrong.append(f"{caller} got {answer.status_code} from {route}: {answer.text[:200]}")
        if changed := await watch.changes():
            wrong.append(f"{route} changed {changed}")

    assert not wrong, "\n".join(wrong)


async def _put_back(house: House, route: str) -> None:
    """Put there again what somebody may have taken away who called a route like this one."""
    if "{draft_id}" in route:
        house.things.draft = await drafted(house.site, round_of())
    if "/texts/" in route or "/pictures/" in route:  # a moderator
        house.things = await things(house.site, house.people["author"], house.people["author"])
        for may in ("host", "moderate"):
            await given(house.site, house.people["empowered"], may, house.things.campaign)
    if "notes/{" in route or "briefs/{" in route:  # a host
        house.things.circle, house.things.brief = await shared(house.site)
    if "/notes/" in route:  # its author
        house.things.note = await noted(house.people["host"], house.things)


async def test_whoever_may_is_let_in_however_often_others_were_first(house: House) -> None:
    wrong: list[str] = []
    for route, row in TABLE.items():
        for number, caller in enumerate(sorted(row.who) if not row.streams else ()):
            if not (number and route.startswith("GET ")):
                await _put_back(house, route)
            answer = await house.call(route, caller)
            fits = answer.status_code < 500 and not _turned_away(answer)
            if not fits and not (caller == "revoked" and answer.status_code == 401):
                wrong.append(f"{caller} got {answer.status_code} from {route}: {answer.text[:200]}")

    assert not wrong, "\n".join(wrong)


async def test_what_is_not_there_is_nowhere_found(house: House) -> None:
    wrong: list[str] = []
    watch = Watch(house.site)
    await watch.changes()
    for route, row in TABLE.items():
        if "{" not in route or route.endswith(("/{act}", "/{decision}")) or row.passes:
            continue
        for each in WRONG:
            for caller in ("stranger", "author", "admin"):
                answer = await house.call(route, caller, wrong=each)
                is_known = answer.status_code in (404, 405, 422) or (answer.status_code == 409 and route.endswith("/{role}"))
                if not is_known and not _turned_away(answer):
                    wrong.append(f"{caller} got {answer.status_code} from {route} of {each[:20]}: {answer.text[:200]}")
        if changed := [each for each in await watch.changes() if each != "record.texts"]:
            wrong.append(f"{route} changed {changed}")  # a reason is kept before its decision; what nothing names is never served

    assert not wrong, "\n".join(wrong)


async def test_no_other_site_makes_a_browser_do_anything(house: House) -> None:
    house.people["author"] = house.people["admin"]
    writes = [each for each in TABLE if not each.startswith("GET ")]
    wrong: list[str] = []
    watch = Watch(house.site)
    await watch.changes()
    for route in writes:
        if route.endswith(BY_ADDRESS):
            continue
        opens = route.endswith(OPENING)  # no session is asked for: only another site's word is refused
        for says, send in (("foreign", FOREIGN), ("silent", {}), ("no token", OURS)):
            if (opens and says != "foreign") or (says == "no token" and "/api/" in route):
                continue  # a page of ours that sends JSON is known by where it comes from
            answer = await house.call(route, "admin", send=send, as_page=True)
            code = "foreign-origin" if says == "foreign" else "form-outdated"
            if answer.status_code != 403 or (
                answer.headers["content-type"] == "application/problem+json" and code not in answer.text
            ):
                wrong.append(f"{says}: {answer.status_code} from {route}: {answer.text[:300]}")
        if changed := await watch.changes():
            wrong.append(f"{route} changed {changed}")

    assert not wrong, "\n".join(wrong)
