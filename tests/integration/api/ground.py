"""What the tests of bad input stand on: a site with one thing of every kind, and people of every role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from fanfare.community import thanking
from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.platform.caller import Caller, Secret
from fanfare.platform.desk import Asked
from tests.page_reader import all_read
from tests.pictures import sent
from tests.site_fixture import SiteUnderTest, client_of, round_of

ROLES = ("host", "moderator", "auditor", "admin")


@dataclass
class Person:
    """A member of the site with a token of hers."""

    member: str
    token: str
    client: httpx2.AsyncClient


@dataclass
class Things:
    """The ids of one thing of each kind, all of one campaign; the draft stands beside it."""

    campaign: str
    ballot_round: str
    ideas_round: str
    planned_round: str
    idea: str
    draft: str
    receipt: str
    """The event of a ballot."""
    comment_text: str
    """The hash of what the author wrote under her idea."""
    picture: str
    """Of the idea."""
    author: str = ""
    """The member who raised the idea."""
    draw: str = ""
    """Open, for all members."""
    reward: str = ""
    offer: str = ""
    """Of the reward, to the author, who has not answered."""
    circle: str = ""
    """Open by invitation; nobody belongs."""
    brief: str = ""
    note: str = ""
    """Below the brief, by the host of the matrix."""


async def person(site: SiteUnderTest, name: str, role: str = "") -> Person:
    """Let somebody join, grant her *role* if one is named, and return her with a token."""
    member = await joining.join(site.parts.desk, name)
    if role:
        (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
    return await with_token(site, member)


async def with_token(site: SiteUnderTest, member: str) -> Person:
    """Return a member with one more token of hers."""
    async with site.parts.pool.connection() as connection:
        token = await open_session(connection, member, "token", "test")
    return Person(member, token, client_of(site.app, token))


async def things(site: SiteUnderTest, author: Person, voter: Person, title: str = "The Eighth Flavour") -> Things:
    """Publish a campaign of three rounds, open two of them, let *author* raise an idea and comment, and *voter* vote."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    times = {"opens_at": tomorrow.isoformat(), "closes_at": (tomorrow + timedelta(days=1)).isoformat()}
    campaign = await site.publish(
        round_of(**times),
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=[], **times),
        round_of(name="Later", **times),
        title=title,
    )
    ballot, ideas, planned = (each["id"] for each in campaign["rounds"])
    for each in (ballot, ideas):
        await posted(site.host, f"/api/v1/rounds/{each}/open")
    idea = {"title": "Sour Cherry Cola", "body": "With the stone left in.", "tags": "cherry, sour"}
    picture = str((await sent(author.client))["picture"])
    shown = {"pictures": [{"picture": picture, "words": "A cherry in a glass"}]}
    raised = await posted(author.client, f"/api/v1/rounds/{ideas}/ideas", {**idea, **shown})
    await all_read(site)
    await posted(author.client, f"/api/v1/ideas/{raised['id']}/comments", {"text": "Will it be pink?"})
    cast = await voter.client.put(f"/api/v1/rounds/{ballot}/ballot", json={"number": 1, "options": ["o1"]})
    found = cast.raise_for_status().json()
    draft = await drafted(site, round_of(**times))
    await all_read(site)
    said = (await author.client.get(f"/api/v1/ideas/{raised['id']}")).raise_for_status().json()["discussion"]
    ids = (campaign["id"], ballot, ideas, planned, raised["id"], draft, found["event_id"], said[0]["text_hash"], picture)
    spotlight = {"purpose": "spotlight", "title": "A day of light", "gets": "The front page.", "who": "All.", "shown_h": 24}
    draw = await posted(site.host, "/api/v1/draws", {**spotlight, "closes_at": tomorrow.isoformat()})
    bottle = {"kind": "thing", "title": "The first bottle", "words": "Numbered by hand.", "stock": 9}
    reward = await posted(site.host, "/api/v1/rewards", bottle)
    given = {"member": author.member, "reason": "She asked for cherry first."}
    offer = await posted(site.host, f"/api/v1/rewards/{reward['id']}/offers", given)
    return Things(*ids, author.member, draw["id"], reward["id"], offer["id"], *await shared(site))


async def shared(site: SiteUnderTest) -> tuple[str, str]:
    """Open a circle by invitation and share a brief with it, and return the ids of both."""
    circle = await posted(site.host, "/api/v1/circles", {"title": "The kitchen", "words": "You taste before anybody else."})
    brief = await posted(site.host, f"/api/v1/circles/{circle['id']}/briefs", {"title": "Two", "words": "Which feels colder?"})
    return circle["id"], brief["id"]


async def noted(host: Person, things: Things) -> str:
    """Write a note below the brief, and return its id."""
    return str((await posted(host.client, f"/api/v1/briefs/{things.brief}/notes", {"words": "The second."}))["id"])


async def said(site: SiteUnderTest, people: Mapping[str, Person], praised: Person) -> dict[str, str]:
    """Let the fan give kudos to *praised* and a host thank the author, and return the ids of both."""
    words = {"words": "Always kind."}
    kudos = await posted(people["fan"].client, f"/api/v1/members/{praised.member}/kudos", words)
    host = Caller(people["host"].member, "Her the host", frozenset(("host",)), by_token=True, secret=Secret())
    asked = Asked(host.member, "thank", "thanks", "key-1")
    written = thanking.Written("Thank you.", "Would you do it again?", (people["author"].member,))
    thanks = await thanking.write(site.parts.desk, asked, host, written)
    await thanking.deliver(site.parts.desk)
    await all_read(site)
    return {"kudos_id": str(kudos["kudos"]), "thanks_id": thanks}


async def recognised(site: SiteUnderTest, praised: Person) -> dict[str, str]:
    """Let a host publish a rule and give *praised* a title, and return the ids of both, and a season."""
    earns = {"kind": "points", "points": 5}
    rule = {"rule": "first-idea", "title": "Spark", "words": "Where everything begins.", "deeds": ["idea-raised"], "earns": earns}
    await posted(site.host, "/api/v1/recognition/rules", rule)
    title = {"member": praised.member, "words": "Namer of the Eighth", "reason": "Her name for it won."}
    granted = await posted(site.host, "/api/v1/recognition/titles", title)
    await all_read(site)
    return {"rule_id": "first-idea", "award_id": str(granted["award"]), "season": "2026-q4"}


async def empowered(site: SiteUnderTest, people: Mapping[str, Person], bystander: Person, campaign: str) -> str:
    """
    Give one fan every power in *campaign*, and another one the same until a moment ago, and still in another campaign.

    Returns:
        A power of the bystander's.
    """
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    another = await site.publish(round_of(opens_at=tomorrow.isoformat(), closes_at=(tomorrow + timedelta(days=1)).isoformat()))
    for may in ("host", "moderate", "welcome"):
        await given(site, people["empowered"], may, None if may == "welcome" else campaign)
        over = await given(site, people["lapsed"], may, None if may == "welcome" else campaign)
        await posted(site.host, f"/api/v1/powers/{over}/end", {"reason": "The campaign is over."})
        if may != "welcome":
            await given(site, people["lapsed"], may, another["id"])
    return await given(site, bystander, "moderate", campaign)


async def given(site: SiteUnderTest, fan: Person, may: str, campaign: str | None) -> str:
    """Give a fan a power for ten days, and return its id."""
    until = (datetime.now(UTC) + timedelta(days=10)).isoformat()
    wanted = {"may": may, "campaign": campaign, "until": until, "reason": "She knows her way around."}
    return str((await posted(site.host, f"/api/v1/members/{fan.member}/powers", wanted))["id"])


async def drafted(
    site: SiteUnderTest, *rounds: dict[str, object], title: str = "The Ninth Flavour", story: str = "Yours too."
) -> str:
    """Return the id of a draft that can be published as it is."""
    made = await posted(site.host, "/api/v1/drafts", {})
    draft = {"title": title, "story": story, "rounds": rounds}
    saved = await site.host.put(f"/api/v1/drafts/{made['id']}", json={"version": made["version"], "draft": draft})
    return str(saved.raise_for_status().json()["id"])


async def posted(client: httpx2.AsyncClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Post to the API and return what it answers."""
    answer = await client.post(path, json=body) if body is not None else await client.post(path)
    return dict(answer.raise_for_status().json())


async def sealed_round(site: SiteUnderTest) -> str:
    """Publish a campaign of one round, open and close it, wait for its seal, and return its id."""
    campaign = await site.publish(round_of(), title="The Seventh Flavour")
    found = str(campaign["rounds"][0]["id"])
    await site.until(found, "open")
    await posted(site.host, f"/api/v1/rounds/{found}/close")
    await site.until(found, "sealed")
    return found
