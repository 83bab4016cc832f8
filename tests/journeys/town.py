"""
A town for journeys: one real site that a browser can walk through, with its worker, its mailbox and people of every role.

It listens on http://localhost, since passkeys work there and not on an address of numbers. Two campaigns are public: in one,
ideas are being raised; in the other, a round is sealed and the next one is open for votes.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2

from fanfare.members import joining, mail
from fanfare.members.sessions import open_session
from fanfare.platform.desk import Asked
from fanfare.recognition import service as recognising
from fanfare.recognition import titles
from fanfare.recognition.decide import PointsDraft, RuleDraft
from fanfare.recognition.titles import TitleDraft
from fanfare.simulation import corpus
from tests.integration.api.ground import posted
from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, client_of, listening, round_of, running_site

T = TypeVar("T")
PEOPLE = {
    "host": "Dora Lindqvist",
    "moderator": "Moritz Brandt",
    "admin": "Ada Okonkwo",
    "noor": "Noor A.",
    "tomasz": "Tomasz W.",
    "beatriz": "Beatriz de Almeida Vasconcelos",
}
"""Whom a town has: those of a role under its name, and three fans, of whom Noor votes and writes the most."""
FANS = ("noor", "tomasz", "beatriz")
IDEAS = 12
LONGEST_S = 60.0


@dataclass(frozen=True)
class Townsman:
    """A member of the town and what opens it for her: a browser's session and an API token."""

    id: str
    name: str
    session: str
    token: str


@dataclass
class Town:
    """The running town; its coroutines run in a thread of their own."""

    url: str
    site: SiteUnderTest
    loop: asyncio.AbstractEventLoop
    people: dict[str, Townsman] = field(default_factory=dict)
    ideas_campaign: str = ""
    ideas_round: str = ""
    """Open; fans raise ideas in it and support them."""
    ideas: list[str] = field(default_factory=list)
    """A dozen, in the order in which they were raised; Noor wrote the first, and it has the most support and comments."""
    vote_campaign: str = ""
    sealed_round: str = ""
    vote_round: str = ""
    """Open, approval of up to two; its options are those that advanced from the sealed round. Tomasz has voted in it."""
    draft: str = ""
    """A campaign that is not public yet."""
    draw: str = ""
    """Open to all members."""
    reward: str = ""
    """On the shelf; one is left."""
    circle: str = ""
    """Open by invitation; nobody belongs."""
    brief: str = ""
    award: str = ""
    """Tomasz's title, which a host gave him for an idea of his."""
    planned_round: str = ""
    """The second of the campaign of ideas; its options will be those that advance."""
    clients: dict[str, httpx2.Client] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = LONGEST_S) -> T:
        """Return what a coroutine of the site returns, such as `town.run(town.site.until(round_id, "sealed"))`."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def api(self, who: str = "") -> httpx2.Client:
        """Return the client of the API that speaks for somebody of the town, or for a stranger."""
        if who not in self.clients:
            headers = {"Authorization": f"Bearer {self.people[who].token}"} if who else {}
            self.clients[who] = httpx2.Client(base_url=self.url, headers=headers, timeout=20)
        return self.clients[who]

    def join(self, name: str, role: str = "", email: str | None = None) -> Townsman:
        """Let somebody move in, for a journey that must not disturb those who live here; sign her in by the key she is under."""
        made = self.run(_settled(self.site, name, role, email))
        self.people[made.id] = made
        return made

    def caught_up(self) -> None:
        """Wait until every page shows all that was written."""
        self.run(all_read(self.site))

    def mails(self, recipient: str = "") -> list[dict[str, str]]:
        """Return what lies in the development mailbox, newest first: recipient, subject, body and link."""
        return self.run(_mails(self.site, recipient))


async def _mails(site: SiteUnderTest, recipient: str) -> list[dict[str, str]]:
    async with site.parts.pool.connection() as connection:
        found = await mail.mailbox(connection)
    return [
        {"recipient": each.recipient, "subject": each.subject, "body": each.body, "link": each.link}
        for each in found
        if not recipient or each.recipient == recipient
    ]


async def _settled(site: SiteUnderTest, name: str, role: str = "", email: str | None = None) -> Townsman:
    member = await joining.join(site.parts.desk, name, email=email)
    if role:
        await posted(site.host, f"/api/v1/members/{member}/roles", {"role": role})
    return await _opened(site, member, name)


async def _opened(site: SiteUnderTest, member: str, name: str) -> Townsman:
    async with site.parts.pool.connection() as connection:
        session = await open_session(connection, member, "browser", "Chrome on Linux")
        return Townsman(member, name, session, await open_session(connection, member, "token", "journeys"))


@contextmanager
def living(database: str) -> Iterator[Town]:
    """Run a town on *database* in a thread until the block ends."""
    began: Future[tuple[Town, asyncio.Event]] = Future()

    async def live() -> None:
        try:
            with socket.create_server(("127.0.0.1", 0)) as taken:
                url = f"http://localhost:{taken.getsockname()[1]}"
                async with running_site(database, address=url) as site, listening(site.app, taken=taken):
                    town, told = Town(url, site, asyncio.get_running_loop()), asyncio.Event()
                    await _settle(town)
                    began.set_result((town, told))
                    await told.wait()
        except BaseException as error:
            if began.done():
                raise
            began.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="town")
    thread.start()
    try:
        town, told = began.result(4 * LONGEST_S)
        try:
            yield town
        finally:
            for each in town.clients.values():
                each.close()
            town.loop.call_soon_threadsafe(told.set)
    finally:
        thread.join(LONGEST_S)


async def _settle(town: Town) -> None:
    """Fill a town with its people, ideas and votes."""
    site = town.site
    for key, name in PEOPLE.items():
        role = key if key not in FANS else ""
        town.people[key] = await _settled(site, name, role)
    clients = {key: client_of(site.app, each.token) for key, each in town.people.items()}
    await _publish_rule(town)
    await _raise_ideas(town, clients)
    await _give_title(town)
    draw = {"purpose": "prize", "title": "A crate", "gets": "The first batch.", "who": "All.", "closes_at": _later(hours=50)}
    town.draw = str((await posted(clients["host"], "/api/v1/draws", draw))["id"])
    reward = {"kind": "thing", "title": "An enamel sign", "words": "From the old gate.", "stock": 1}
    town.reward = str((await posted(clients["host"], "/api/v1/rewards", reward))["id"])
    circle = {"title": "The kitchen table", "words": "You taste **before** anybody else."}
    town.circle = str((await posted(clients["host"], "/api/v1/circles", circle))["id"])
    brief = {"title": "Two bottles, one shelf", "words": "Which would you pick up from three metres away?"}
    town.brief = str((await posted(clients["host"], f"/api/v1/circles/{town.circle}/briefs", brief))["id"])
    await _vote(town, clients)
    town.draft = str((await posted(clients["host"], "/api/v1/drafts", {"template": "single-vote"}))["id"])
    await all_read(site)
    for each in clients.values():
        await each.aclose()


def _asked(town: Town, command: str) -> Asked:
    return Asked(actor=town.people["host"].id, command=command, target="town", key=f"town-{command}")


async def _publish_rule(town: Town) -> None:
    """Publish a rule before anything is done that it looks at."""
    words = "Somebody has to begin: a title and a few honest words."
    draft = RuleDraft("idea-raised", "An idea raised", words, ("idea-raised",), PointsDraft(5, per_day=3))
    await recognising.publish_rule(town.site.parts.desk, _asked(town, "publish-rule"), draft)


async def _give_title(town: Town) -> None:
    draft = TitleDraft(town.people["tomasz"].id, "Keeper of the Yard", "He measures twice.", (town.ideas[1],))
    town.award, _ = await titles.grant(town.site.parts.desk, _asked(town, "grant-title"), draft)


async def _raise_ideas(town: Town, clients: dict[str, httpx2.AsyncClient]) -> None:
    site, words = town.site, corpus.campaigns().eighth
    later = _later(hours=50)
    campaign = await site.publish(
        round_of(**_words(words.rounds[0]), method="support.v1", options_from="ideas", options=[], advance=7, closes_at=later),
        round_of(
            **_words(words.rounds[1]), method="approval.v1", most=3, options_from="round", from_round=1, options=[], advance=3,
            opens_at=later, closes_at=_later(hours=100),
        ),
        title=words.title,
    )  # fmt: skip
    town.ideas_campaign, town.ideas_round = campaign["id"], campaign["rounds"][0]["id"]
    town.planned_round = campaign["rounds"][1]["id"]
    await site.until(town.ideas_round, "open", timeout_s=LONGEST_S)
    for number, idea in enumerate(corpus.ideas()[:IDEAS]):
        author = clients[FANS[number % len(FANS)]]
        body = {"title": idea.title, "body": idea.body, "tags": ", ".join(idea.tags)}
        town.ideas.append(str((await posted(author, f"/api/v1/rounds/{town.ideas_round}/ideas", body))["id"]))
    await all_read(site)
    for number, idea_id in enumerate(town.ideas):
        for fan in FANS[: 3 - number % 4]:
            (await clients[fan].put(f"/api/v1/ideas/{idea_id}/support")).raise_for_status()
    said = corpus.comments()
    for number, (who, place) in enumerate((("tomasz", 0), ("beatriz", 0), ("host", 0), ("noor", 1), ("tomasz", 2))):
        await posted(clients[who], f"/api/v1/ideas/{town.ideas[place]}/comments", {"text": said[number].text})


async def _vote(town: Town, clients: dict[str, httpx2.AsyncClient]) -> None:
    site, words = town.site, corpus.campaigns().label
    labels = [each.label for each in words.options][:6] or ["Plain", "Striped", "Round"]
    first = _words(words.rounds[0])
    campaign = await site.publish(
        round_of(**first, method="plurality.v1", options=labels, advance=3, zone="Europe/Berlin"),
        round_of(
            **{**first, "name": "Final"}, method="approval.v1", most=2, options_from="round", from_round=1, options=[], advance=1,
            opens_at=_later(hours=1), closes_at=_later(hours=73),
        ),
        title=words.title,
    )  # fmt: skip
    town.vote_campaign = campaign["id"]
    town.sealed_round, town.vote_round = (each["id"] for each in campaign["rounds"])
    await site.until(town.sealed_round, "open", timeout_s=LONGEST_S)
    for number, who in enumerate((*FANS, "moderator")):
        await cast(clients[who], town.sealed_round, [number % 2])
    await posted(clients["host"], f"/api/v1/rounds/{town.sealed_round}/close")
    await site.until(town.sealed_round, "sealed", timeout_s=LONGEST_S)
    await _opened_when_it_may(clients["host"], town.vote_round)
    await site.until(town.vote_round, "open", timeout_s=LONGEST_S)
    await cast(clients["tomasz"], town.vote_round, [0, 1])


async def _opened_when_it_may(host: httpx2.AsyncClient, round_id: str) -> None:
    """Open a round as soon as its options are known: a seal may be on a page before this process has read it."""
    async with asyncio.timeout(30):
        while (answer := await host.post(f"/api/v1/rounds/{round_id}/open")).status_code == 409:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.3)
    answer.raise_for_status()


async def cast(fan: httpx2.AsyncClient, round_id: str, places: list[int], number: int = 1) -> None:
    """Cast somebody's ballot for the options at these places of her paper."""
    paper = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()
    options = sorted(paper["options"])
    body = {"number": number, "options": [options[place] for place in places]}
    (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json=body)).raise_for_status()


def _words(of: corpus.RoundText) -> dict[str, object]:
    return {"name": of.name, "question": of.question, "asked_by": of.asked_by, "why": of.why, "outcome": of.outcome}


def _later(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
