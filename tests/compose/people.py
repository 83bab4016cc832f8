"""Who uses a composed site over HTTP: a host who founds it, and fans who sign in by mail and vote."""

import asyncio
import html
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.integration.browsing import form
from tests.site_fixture import round_of

ANSWERS = {"brand": "Pomfret Soda", "name": "Dora Lindqvist", "email": "dora@example.org", "zone": "Europe/Berlin"}
PATIENCE_S = 30.0


def browser(url: str) -> httpx2.AsyncClient:
    """Return a client that says what a browser says on a page of the site, one connection a request, so that the door chooses."""
    return httpx2.AsyncClient(
        base_url=url,
        headers={"origin": url, "sec-fetch-site": "same-origin"},
        limits=httpx2.Limits(max_keepalive_connections=0),
        timeout=httpx2.Timeout(10.0),
        trust_env=False,
    )


async def asked(client: httpx2.AsyncClient, method: str, path: str, **more: object) -> httpx2.Response:
    """Send a request, again while nobody answers or the site says to come again, and return the answer to it."""
    ends, said = time.monotonic() + PATIENCE_S, ""
    while time.monotonic() < ends:
        try:
            answer = await client.request(method, path, **more)  # type: ignore[arg-type]
        except httpx2.TransportError as error:
            said = repr(error)
        else:
            if answer.status_code not in (502, 503):
                return answer
            said = f"{answer.status_code} {answer.text[:2000]}"
        await asyncio.sleep(0.2)
    message = f"{method} {path} got no answer but this: {said}"
    raise AssertionError(message)


async def found_site(url: str, link: str) -> httpx2.AsyncClient:
    """Open the link that was printed, answer the questions, and return the browser of the host."""
    host = browser(url)
    page = await asked(host, "GET", link.removeprefix(url), headers={"accept": "text/html"})
    assert page.status_code == 200, page.text[:2000]
    fields = {**form(page.text, "/setup").fields, **ANSWERS}
    done = await asked(host, "POST", "/setup", data=fields, headers={"accept": "text/html"})
    assert done.status_code == 303, done.text[:2000]
    return host


async def publish(host: httpx2.AsyncClient) -> dict[str, Any]:
    """Publish a campaign of one round that is open, and return that round."""
    draft = {"title": "The Eighth Flavour", "story": "Seven sodas in ninety years. The eighth is yours.", "rounds": [round_of()]}
    made = (await asked(host, "POST", "/api/v1/drafts", json={})).raise_for_status().json()
    body = {"version": made["version"], "draft": draft}
    (await asked(host, "PUT", f"/api/v1/drafts/{made['id']}", json=body)).raise_for_status()
    (await asked(host, "POST", f"/api/v1/drafts/{made['id']}/publish")).raise_for_status()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await asked(host, "GET", f"/api/v1/campaigns/{made['id']}")
            if answer.status_code == 200 and answer.json()["rounds"][0]["status"] == "open":
                return {**answer.json()["rounds"][0], "campaign": made["id"]}
            await asyncio.sleep(0.1)


@dataclass
class Fan:
    """A fan with her browser."""

    client: httpx2.AsyncClient
    round: str
    number: int
    options: list[str]
    chosen: str = ""
    """What she was told was taken."""
    position: str = ""
    """Where that stands in the record."""

    async def cast(self, key: str, option: str) -> None:
        """Cast a ballot, again under the same key until it is known what became of it."""
        body = {"number": self.number, "options": [option]}
        path = f"/api/v1/rounds/{self.round}/ballot"
        told = await asked(self.client, "PUT", path, json=body, headers={"Idempotency-Key": key})
        assert told.status_code == 200, told.text
        self.number, self.chosen, self.position = self.number + 1, option, told.headers["Fanfare-Position"]

    async def sees(self) -> str:
        """Return what she is told that she chose, at once after she did, by whichever API answers."""
        waiting = {"Fanfare-Wait": self.position}
        answer = await asked(self.client, "GET", f"/api/v1/rounds/{self.round}/paper", headers=waiting)
        return "".join(answer.raise_for_status().json()["chosen"])


async def fans(url: str, round_id: str, count: int) -> list[Fan]:
    """Return *count* fans with a paper each; they signed in by the links in the development mailbox."""
    clients = [browser(url) for _ in range(count)]
    for number, client in enumerate(clients):
        (await asked(client, "POST", "/api/v1/sign-in", json={"email": f"fan-{number}@example.org"})).raise_for_status()
    mails = html.unescape((await asked(clients[0], "GET", "/mailbox", headers={"accept": "text/html"})).text)
    links = dict(reversed(re.findall(r"To fan-(\d+)@example\.org.*?token=([\w-]+)", mails, re.DOTALL)))  # the newest stands first
    found = []
    for number, client in enumerate(clients):
        body = {"token": links[str(number)], "name": f"Noor {number}"}
        (await asked(client, "POST", "/api/v1/sign-in/confirm", json=body)).raise_for_status()
        paper = (await asked(client, "GET", f"/api/v1/rounds/{round_id}/paper")).raise_for_status().json()
        found.append(Fan(client, round_id, paper["number"], paper["options"]))
    return found


async def keep_casting(everybody: Sequence[Fan], each: int, seed: int) -> None:
    """Let every fan cast *each* ballots, all fans at once, and check that each sees her own vote afterwards."""
    choices = random.Random(seed)

    async def one(place: int, fan: Fan) -> None:
        for step in range(each):
            await fan.cast(f"{seed}-{place}-{step}", choices.choice(fan.options))
            assert await fan.sees() == fan.chosen

    await asyncio.gather(*(one(place, fan) for place, fan in enumerate(everybody)))


async def leaderboard(client: httpx2.AsyncClient, round_id: str) -> dict[str, int]:
    """Return the votes of each option as the site tells them."""
    answer = (await asked(client, "GET", f"/api/v1/rounds/{round_id}/leaderboard")).raise_for_status().json()
    return {each["option"]: each["votes"] for each in answer["places"] if each["votes"]}


async def until_it_counts(client: httpx2.AsyncClient, everybody: Sequence[Fan], within_s: float = 20.0) -> None:
    """Return once the leaderboard says what the fans were told was taken."""
    expected, told = Counter(fan.chosen for fan in everybody), dict[str, int]()
    try:
        async with asyncio.timeout(within_s):
            while told != expected:
                told = await leaderboard(client, everybody[0].round)
                await asyncio.sleep(0.1)
    except TimeoutError:
        assert told == expected
