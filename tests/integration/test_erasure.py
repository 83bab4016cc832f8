"""A member has herself erased: what she wrote, is called and lives at is found nowhere, and no figure changes."""

import asyncio
import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from fanfare.audit.archives.export import export
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import silent
from fanfare.members import erasing, erasures, joining
from fanfare.members.erasures import ErasedMember
from fanfare.members.sessions import open_session
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.members import MemberErased
from tests import pictures
from tests.integration import letters
from tests.integration.traces import in_database, of_api, on_pages, traces
from tests.page_reader import all_read, browser, hidden
from tests.site_fixture import SiteUnderTest, client_of, round_of, served

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NAME, MAIL, TITLE, BODY = "Quetzalina Vorpal", "vorpal.quetzal@zanzibor.example", "Brillig Toves Fizz", "Slithy gyre and gimble"
TAG, VERSION, COMMENT, LABEL = "mimsyborogove", "Outgrabe momeraths", "Frumious bandersnatch bit me", "Jubjub nightly script"
DRAFT, ASKER, CALLED = "Galumphing draft of mine", "Vorpal Q, head of snark", "Vorpal of the Eighth"
SHOWN, FLAG, WHY_CALLED = "Bandersnatch beneath a tumtum", "Manxome foe lurks there", "Snicker snack went her blade"
HERS = (NAME, MAIL, TITLE, BODY, TAG, VERSION, COMMENT, LABEL, DRAFT, ASKER, SHOWN, FLAG, CALLED, WHY_CALLED, *letters.WORDS)
"""What is planted, each in a place of its own; no two words of them stand anywhere else."""
STORY, REASON, OPTION, ANSWER = "Callooh callay story", "Beamish boys burst in", "Tulgey Wood Tonic", "Snicker-snack we brew it"
BRANDS = (STORY, REASON, OPTION, ANSWER)
"""What she said for the brand."""


async def a_member(site: SiteUnderTest, name: str, email: str | None = None, *roles: str) -> tuple[str, httpx2.AsyncClient]:
    """Return a new member with the browser she is signed in with."""
    member = await joining.join(site.parts.desk, name, email=email)
    for role in roles:
        (await site.host.post(f"/api/v1/members/{member}/roles", json={"role": role})).raise_for_status()
    async with site.parts.pool.connection() as connection:
        return member, browser(site, await open_session(connection, member, "browser", "test"))


async def link_in_mail(site: SiteUnderTest, email: str) -> str:
    """Return the secret of the link that was mailed last."""
    async with site.parts.pool.connection() as connection:
        query = "select body from vault.outbox where recipient = %s order by id desc limit 1"
        row = await (await connection.execute(query, (email,))).fetchone()
    assert row
    return str(re.findall(r"token=(\S+)", row[0])[0])


async def erase_by_mail(site: SiteUnderTest, fan: httpx2.AsyncClient, email: str) -> httpx2.Response:
    """Go the whole way that a person goes: her page, the mail, two typed words."""
    kept = await fan.get("/me/kept")
    sent = await fan.post("/me/kept/link", data={"csrf": hidden(kept.text, "csrf")})
    assert sent.status_code == 303, sent.text
    token = await link_in_mail(site, email)
    asks = await fan.get(f"/me/erase?token={token}")
    assert asks.status_code == 200
    return await fan.post("/me/erase", data={"csrf": hidden(asks.text, "csrf"), "token": token, "words": "Erase me "})


async def cast(fan: httpx2.AsyncClient, round_id: str, option: str) -> None:
    """Vote."""
    paper = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).json()
    (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": paper["number"], "options": [option]})).raise_for_status()


async def her_campaign(site: SiteUnderTest, she: httpx2.AsyncClient) -> tuple[str, list[str]]:
    """Let her publish a campaign: a round that will be sealed, one that stays open, one of ideas. Return all ids."""
    rounds = [
        round_of(asked_by=ASKER, options=[OPTION, "Pine & Lime"]),
        round_of(name="Open", asked_by="Dora"),
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=list[str](), advance=1),
    ]
    made = (await she.post("/api/v1/drafts", json={})).json()
    draft = {"title": "The Eighth Flavour", "story": STORY, "rounds": rounds}
    (await she.put(f"/api/v1/drafts/{made['id']}", json={"version": made["version"], "draft": draft})).raise_for_status()
    published = (await she.post(f"/api/v1/drafts/{made['id']}/publish")).raise_for_status()
    where = {"Fanfare-Wait": published.headers["Fanfare-Position"]}
    campaign = (await site.stranger.get(f"/api/v1/campaigns/{made['id']}", headers=where)).json()
    return campaign["id"], [each["id"] for each in campaign["rounds"]]


async def her_story(site: SiteUnderTest) -> dict[str, Any]:
    """Let her do all that leaves words behind: as a fan and as a host, in sealed and in open rounds, beside another fan."""
    member, she = await a_member(site, NAME, MAIL, "host")
    _, other = await a_member(site, "Noor A.", "noor@example.org")
    campaign, (sealed, running, ideas) = await her_campaign(site, she)
    for each in (sealed, running, ideas):
        await site.until(each, "open")
    hers = await an_idea(she, ideas, TITLE, BODY, TAG, {"picture": (await pictures.sent(she))["picture"], "words": SHOWN})
    others = await an_idea(other, ideas, "Elder Mill", "Pink without any dye.", "pink")
    await all_read(site)
    (await she.put(f"/api/v1/ideas/{hers}", json={"title": TITLE, "body": VERSION, "tags": TAG, "version": 1})).raise_for_status()
    (await she.post(f"/api/v1/ideas/{others}/comments", json={"text": COMMENT})).raise_for_status()
    (await other.post(f"/api/v1/ideas/{hers}/comments", json={"text": "I would drink that."})).raise_for_status()
    (await she.post("/api/v1/flags", json={"content": others, "rule": "insult", "words": FLAG})).raise_for_status()
    (await she.put(f"/api/v1/ideas/{others}/answer", json={"status": "planned", "reason": ANSWER})).raise_for_status()
    (await she.put(f"/api/v1/ideas/{others}/support")).raise_for_status()
    (await other.put(f"/api/v1/ideas/{hers}/support")).raise_for_status()
    named = {"member": member, "words": CALLED, "reason": WHY_CALLED, "because": [hers]}
    (await site.host.post("/api/v1/recognition/titles", json=named)).raise_for_status()
    await letters.exchanged(site, member, she, other)
    for fan in (she, other):
        await cast(fan, sealed, "o1")
        await cast(fan, running, "o2")
    (await she.post("/api/v1/tokens", json={"label": LABEL})).raise_for_status()
    begun = (await she.post("/api/v1/drafts", json={})).json()
    saved = {"version": begun["version"], "draft": {"title": DRAFT}}
    (await she.put(f"/api/v1/drafts/{begun['id']}", json=saved)).raise_for_status()
    for fan, act, why in ((she, f"{running}/pause", REASON), (she, f"{running}/resume", ""), (site.host, f"{sealed}/close", "")):
        (await fan.post(f"/api/v1/rounds/{act}", json={"reason": why} if why else None)).raise_for_status()
    await site.until(sealed, "sealed")
    await all_read(site)
    ids = {"campaign": campaign, "sealed": sealed, "running": running, "ideas": ideas, "hers": hers, "others": others}
    return {**ids, "member": member, "she": she, "other": other}


async def an_idea(fan: httpx2.AsyncClient, round_id: str, title: str, body: str, tags: str, *shown: dict[str, str]) -> str:
    """Raise an idea and return its id."""
    words = {"title": title, "body": body, "tags": tags, "pictures": shown}
    made = await fan.post(f"/api/v1/rounds/{round_id}/ideas", json=words)
    return str(made.raise_for_status().json()["id"])


async def figures(site: SiteUnderTest, told: dict[str, Any]) -> dict[str, Any]:
    """Return every report: of sealed rounds as bytes, of others without the moment, which grows with the record."""
    found: dict[str, Any] = {}
    for path in (
        f"rounds/{told['sealed']}",
        f"rounds/{told['running']}",
        f"rounds/{told['ideas']}",
        f"campaigns/{told['campaign']}",
    ):
        body = (await site.stranger.get(f"/api/v1/{path}/report")).raise_for_status().content
        report = msgspec.json.decode(body)
        report.pop("moment")
        found[path] = body if path.endswith(told["sealed"]) else report
    return found


async def archived(site: SiteUnderTest, folder: Path) -> Path:
    """Export the site and return the archive."""
    async with served(site.app) as url, site.parts.pool.connection() as connection:
        await export(site.parts.log, connection, url, folder / "site.tar", now=datetime.now(UTC), progress=silent)
    return folder / "site.tar"


async def swept(site: SiteUnderTest, *members: str) -> None:
    """Wait until the worker has swept these members: they are on the list, and the space is given free."""
    home = site.app.state.settings.home
    async with asyncio.timeout(20):
        while True:
            if {ErasedMember(each) for each in members} <= set(erasures.read(home)):
                break
            await asyncio.sleep(0.05)
    await all_read(site)
    await asyncio.sleep(2.5)  # the sweeper runs every second


async def test_after_an_erasure_nothing_of_her_is_found_and_every_figure_stays(
    site: SiteUnderTest, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = await her_story(site)
    member, she, other = told["member"], told["she"], told["other"]
    async with site.parts.pool.connection() as connection:
        await connection.execute("analyze")
    before, there = await figures(site, told), in_database(site.database, HERS)
    assert {each for found in there.values() for each in found} == set(HERS), "the search does not see what is there"
    assert "pg_catalog.pg_statistic" not in there
    assert len(pictures.files(site)) == 3

    erased = await erase_by_mail(site, she, MAIL)

    assert erased.status_code == 303, erased.text
    await swept(site, member)
    assert (in_database(site.database, HERS), pictures.files(site)) == ({}, [])
    stay = in_database(site.database, BRANDS)
    assert {each for found in stay.values() for each in found} == set(BRANDS)
    await everywhere(site, told)
    assert await figures(site, told) == before
    archive = await archived(site, tmp_path)
    assert traces(archive.read_bytes(), HERS) == []
    outcome = replay(archive)
    assert [each for each in outcome.claims if not each.passed] == []
    list_of_erasures = (site.app.state.settings.home / erasures.NAME).read_bytes()
    logged = "".join(capfd.readouterr())
    assert traces(list_of_erasures + logged.encode(), HERS) == []
    assert "processor failed" not in logged
    assert (await other.get("/me")).status_code == 200


async def everywhere(site: SiteUnderTest, told: dict[str, Any]) -> None:
    """Read every page and every answer of the API as a stranger, a fan, a host and she herself, and find nothing."""
    token = site.host.headers["authorization"].removeprefix("Bearer ")
    admin = browser(site)
    admin.headers["authorization"] = f"Bearer {token}"
    places = {"campaign_id": told["campaign"], "idea_id": told["hers"], "member_id": told["member"]}
    addresses = []
    for round_id in ("sealed", "running", "ideas"):
        addresses += await of_api(site, {**places, "round_id": told[round_id]})
    pages = ["/", "/me", "/host", "/mailbox", f"/ideas/{told['hers']}", f"/campaigns/{told['campaign']}/timeline?kind=support"]
    pages += [f"/rounds/{told['running']}/ballot", f"/ideas/{told['others']}"]
    for reader in (site.stranger, browser(site), told["other"], admin, told["she"]):
        count, found = await on_pages(reader, [*pages, *addresses], HERS)
        assert (found, count > 15) == ({}, True)
    idea = await told["other"].get(f"/ideas/{told['hers']}")
    assert "Its author erased this text." in idea.text
    assert "Somebody who left" in idea.text


async def test_her_sessions_end_at_once_and_a_ballot_in_flight_changes_nothing_that_was_sealed(site: SiteUnderTest) -> None:
    told = await her_story(site)
    async with site.parts.pool.connection() as connection:
        token = client_of(site.app, await open_session(connection, told["member"], "token", "script"))
    paper = (await token.get(f"/api/v1/rounds/{told['running']}/paper")).json()
    voting = [
        token.put(f"/api/v1/rounds/{told['running']}/ballot", json={"number": paper["number"] + n, "options": ["o1"]})
        for n in range(8)
    ]

    answers = await asyncio.gather(erase_by_mail(site, told["she"], MAIL), *voting)

    assert answers[0].status_code == 303
    assert {each.status_code for each in answers[1:]} <= {200, 401, 403, 409}
    assert (await token.get("/api/v1/me")).status_code == 401
    assert (await told["she"].get("/me")).headers["location"].startswith("/sign-in")
    (await site.host.post(f"/api/v1/rounds/{told['running']}/close")).raise_for_status()
    await site.until(told["running"], "sealed")
    await swept(site, told["member"])
    assert in_database(site.database, HERS) == {}
    async with site.parts.pool.connection() as connection:
        query = "select count(*) from vault.took_part where member = %s"
        row = await (await connection.execute(query, (told["member"],))).fetchone()
    assert row == (0,)


async def test_she_joins_again_as_somebody_new(site: SiteUnderTest) -> None:
    member, she = await a_member(site, NAME, MAIL)
    await erase_by_mail(site, she, MAIL)

    again = await joining.join(site.parts.desk, NAME, email=MAIL)

    assert again != member


async def test_the_words_the_link_and_whose_it_is_are_checked(site: SiteUnderTest) -> None:
    _, she = await a_member(site, NAME, MAIL)
    _, without = await a_member(site, "No Address")
    script = await site.fan("Script")
    kept = await she.get("/me/kept")
    await she.post("/me/kept/link", data={"csrf": hidden(kept.text, "csrf")})
    token = await link_in_mail(site, MAIL)
    (await site.stranger.post("/api/v1/sign-in", json={"email": MAIL})).raise_for_status()
    sign_in = await link_in_mail(site, MAIL)

    async def erased(client: httpx2.AsyncClient, **form: str) -> tuple[int, str]:
        answer = await client.post("/api/v1/me/erasure", json={"words": "erase me", **form})
        return answer.status_code, answer.json().get("code", "")

    assert await erased(site.stranger, words="erase") == (401, "sign-in-needed")
    assert await erased(she, words="erase you") == (422, "words-differ")
    assert await erased(she) == (403, "erasure-unconfirmed")
    assert await erased(script) == (403, "erasure-unconfirmed")
    assert await erased(site.stranger, token=sign_in) == (404, "link-unknown")
    assert await erased(site.stranger, token=token, words="no") == (422, "words-differ")
    confirmed = await site.stranger.post("/api/v1/sign-in/confirm", json={"token": token})
    assert (confirmed.status_code, confirmed.json()["code"]) == (404, "link-unknown")
    assert await erased(site.stranger, token=token) == (200, "")
    assert await erased(site.stranger, token=token) == (404, "link-unknown")
    assert await erased(without) == (200, "")
    assert (await without.get("/api/v1/me")).status_code == 401


async def test_a_form_of_another_site_erases_nobody(site: SiteUnderTest) -> None:
    _, she = await a_member(site, "No Address")
    page = await she.get("/me/kept")

    foreign = await she.post(
        "/me/erase", data={"words": "erase me"}, headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    )
    without_token = await she.post("/me/erase", data={"words": "erase me"})
    wrong_words = await she.post("/me/erase", data={"words": "please", "csrf": hidden(page.text, "csrf")})

    assert (foreign.status_code, without_token.status_code, wrong_words.status_code) == (403, 403, 422)
    assert "Type the two words: erase me" in wrong_words.text
    assert (await she.get("/me")).status_code == 200


async def test_the_only_admin_hands_over_first_and_then_her_roles_end_with_her(site: SiteUnderTest) -> None:
    dora = (await site.host.get("/api/v1/me")).json()["id"]
    async with site.parts.pool.connection() as connection:
        page = browser(site, await open_session(connection, dora, "browser", "test"))
    alone = await page.post("/api/v1/me/erasure", json={"words": "erase me"})
    shown = await page.get("/me/kept")
    successor, _ = await a_member(site, "Emeka Obi", None, "admin")

    done = await page.post("/api/v1/me/erasure", json={"words": "erase me"})

    assert (alone.status_code, alone.json()["code"]) == (409, "last-admin")
    assert "You are the only admin" in shown.text
    assert done.status_code == 200
    await site.parts.desk.catch_up()
    assert site.parts.desk.streams.site.roles == {(successor, "admin")}


async def test_two_admins_who_leave_at_once_leave_one(site: SiteUnderTest) -> None:
    pages = []
    for name in ("Emeka Obi", "Ife Okoye"):
        _, page = await a_member(site, name, None, "admin")
        pages.append(page)
    dora = (await site.host.get("/api/v1/me")).json()["id"]
    (await site.host.request("DELETE", f"/api/v1/members/{dora}/roles/admin", json={"reason": "Moves on."})).raise_for_status()

    answers = await asyncio.gather(*(page.post("/api/v1/me/erasure", json={"words": "erase me"}) for page in pages))

    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_erasing_twice_is_erasing_once(site: SiteUnderTest) -> None:
    member, _ = await a_member(site, NAME, MAIL)
    home = site.app.state.settings.home

    done = [await erasing.erase(site.parts.desk, home, member) for _ in range(2)]

    assert done[0].event_id == done[1].event_id
    await swept(site, member)
    assert erasures.read(home) == [ErasedMember(member)]


async def events_of(site: SiteUnderTest) -> list[Recorded]:
    """Return every event of partition 0."""
    entries = [unpack(each.partition, each.offset, each.body) for each in await site.parts.log.read(0, 0, 5000)]
    return [recorded for entry in entries for _, recorded in entry.positioned()]


async def credited(site: SiteUnderTest, member: str) -> None:
    """Wait until the record says that she took part: that is written behind the sealing."""
    async with asyncio.timeout(20):
        while True:
            async with site.parts.pool.connection() as connection:
                query = "select from counted.took_part where member = %s"
                if (await connection.execute(query, (member,))).rowcount:
                    return
            await asyncio.sleep(0.05)


async def test_a_download_holds_all_that_is_hers_and_nothing_of_others(site: SiteUnderTest) -> None:
    told = await her_story(site)
    await told["she"].post("/api/v1/me/erasure/link")
    await credited(site, told["member"])

    answer = await told["she"].get("/api/v1/me/export")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="fanfare-{told["member"]}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    listed = set(re.findall(r"^(\w+\.json)", files["README.txt"].decode(), re.MULTILINE))
    assert listed == {name for name in files if name.endswith(".json")}
    assert traces(b"\n".join(files.values()), HERS) == list(HERS)
    assert (
        traces(b"\n".join(files.values()), ("Noor A.", "noor@example.org", "Elder Mill", "Pink without", "I would drink")) == []
    )
    parsed = {name: msgspec.json.decode(body) for name, body in files.items() if name.endswith(".json")}
    assert (parsed["profile.json"]["email"], parsed["profile.json"]["roles"]) == (MAIL, ["host"])
    assert [each["version"] for each in parsed["ideas.json"][0]["versions"]] == [1, 2]
    assert {each["round"]: [ballot["options"] for ballot in each["ballots"]] for each in parsed["ballots.json"]} == {
        told["sealed"]: [["o1"]],
        told["running"]: [["o2"]],
    }
    assert parsed["credits.json"] == [{"round": told["sealed"]}]
    assert [(each["content"], each["words"]) for each in parsed["flags.json"]] == [(told["others"], FLAG)]
    assert [(each["idea"], each["said"], each["reason"]) for each in parsed["answers.json"]] == [
        (told["others"], "planned", ANSWER)
    ]
    assert re.search(rb"token=[\w-]", files["mail.json"]) is None
    async with site.parts.pool.connection() as connection:
        row = await (await connection.execute("select secret from vault.members where id = %s", (told["member"],))).fetchone()
    assert row
    assert row[0].hex() not in answer.text
    assert traces(b"\n".join(files.values()), [row[0].hex()]) == []


async def test_the_record_says_that_she_was_erased_once_and_nothing_of_her(site: SiteUnderTest) -> None:
    member, she = await a_member(site, NAME, MAIL)

    await erase_by_mail(site, she, MAIL)

    assert [each.event for each in await events_of(site) if isinstance(each.event, MemberErased)] == [MemberErased(member=member)]
