"""The fans' pages over the real site: what is typed is kept, what is cast is found again, and nothing works from elsewhere."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fanfare.record.kinds import digest
from fanfare.record.position import Position
from fanfare.web.policy import CONTENT_SECURITY_POLICY
from tests.page_reader import all_read, an_ideas_round, an_open_round, browser, hidden, paper, signed_in
from tests.site_fixture import ADDRESS, SiteUnderTest, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


def called(html: str) -> list[str]:
    """Return what the masthead calls who is signed in."""
    return re.findall(r'href="/me"[^>]*>([^<]*)<', html)


def order(html: str) -> list[str]:
    return re.findall(r'name="option" value="([^"]*)"', html)


IDEA = {"title": "Pine & Lime", "text": "Tips **steeped** like tea.", "tags": "citrus"}


async def raised(fan: httpx2.AsyncClient, campaign: str) -> str:
    form = (await fan.get(f"/campaigns/{campaign}/ideas/new")).text
    fields = {"csrf": hidden(form, "csrf"), "key": hidden(form, "key")}
    done = await fan.post(f"/campaigns/{campaign}/ideas", data={**IDEA, **fields})
    assert done.status_code == 303, done.text
    return str(done.headers["location"])


async def test_a_fan_votes_and_finds_her_receipt_and_her_ballot(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)

    done = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o2"})
    receipt = await fan.get(done.headers["location"])
    again = await fan.get(f"/rounds/{round_id}/ballot")
    mine = await fan.get("/me")

    assert done.status_code == 303
    assert done.headers["location"].startswith(f"/rounds/{round_id}/receipt?event=")
    assert "It counts now" in receipt.text
    assert "Pine &amp; Lime" not in receipt.text
    assert "Replace my ballot" in again.text
    assert hidden(again.text, "paper") == "2"
    assert re.search(r'value="o2"[^>]* checked', again.text)
    assert "counts now" in mine.text


async def test_a_paper_from_an_older_tab_is_answered_with_the_present_one_and_what_she_marked(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    old = await paper(fan, round_id)
    other = {**await paper(fan, round_id), "key": "the other tab"}
    await fan.post(f"/rounds/{round_id}/ballot", data={**other, "option": "o1"})

    answer = await fan.post(f"/rounds/{round_id}/ballot", data={**old, "option": "o3"})
    back = await fan.post(f"/rounds/{round_id}/ballot", data={**other, "option": "o3"})

    for each in (answer, back):
        assert each.status_code == 409
        assert "you chose Sour Cherry Cola" in each.text
        assert re.search(r'value="o3"[^>]* checked', each.text)
        assert hidden(each.text, "paper") == "2"


async def test_the_same_ballot_sent_twice_is_one(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    form = {**await paper(fan, round_id), "option": "o1"}

    answers = await asyncio.gather(*(fan.post(f"/rounds/{round_id}/ballot", data=form) for _ in range(3)))

    assert {each.status_code for each in answers} == {303}
    assert len({each.headers["location"] for each in answers}) == 1


async def test_too_many_ticks_come_back_with_the_sentence_and_the_ticks(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site, method="approval.v1", most=2)
    fan = await signed_in(site)

    answer = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": ["o1", "o2", "o3"]})

    assert answer.status_code == 422
    assert "2 is the most" in answer.text
    assert answer.text.count(" checked") == 3


async def test_each_voter_has_an_order_of_her_own_and_keeps_it(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site, options=[f"Flavour {n}" for n in range(12)])
    fans = [await signed_in(site, f"Fan {n}") for n in range(3)]

    orders = [[order((await fan.get(f"/rounds/{round_id}/ballot")).text) for _ in range(2)] for fan in fans]

    assert all(first == second for first, second in orders)
    assert len({tuple(first) for first, _ in orders}) == 3
    assert {tuple(sorted(first)) for first, _ in orders} == {tuple(sorted(orders[0][0]))}


async def test_a_stranger_is_led_to_sign_in_and_back(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    stranger = browser(site)
    ballot = f"/rounds/{round_id}/ballot"

    seen = await stranger.get(ballot)
    cast = await stranger.post(ballot, data={"option": "o1", "paper": "1"})

    for answer in (seen, cast):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next=%2Frounds%2F{round_id}%2Fballot"
    assert (await stranger.get(f"/campaigns/{campaign}/ideas/new")).headers["location"].startswith("/sign-in?next=")
    assert (await stranger.get("/me")).headers["location"] == "/sign-in?next=%2Fme"


async def test_a_form_of_another_site_or_without_its_token_changes_nothing(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    form = {**await paper(fan, round_id), "option": "o1"}

    foreign = await fan.post(f"/rounds/{round_id}/ballot", data=form, headers={"origin": "https://evil.example"})
    forged = await fan.post(f"/rounds/{round_id}/ballot", data={**form, "csrf": "guessed"})
    out = await fan.post("/sign-out", data={"csrf": "guessed"})

    assert foreign.status_code == forged.status_code == out.status_code == 403
    assert re.search(r'value="o1"[^>]* checked', forged.text), "what she marked is kept on the paper"
    board = (await site.stranger.get(f"/api/v1/rounds/{round_id}/leaderboard")).json()
    assert board["counted"] == 0


async def test_another_fans_receipt_is_not_shown(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan, other = await signed_in(site), await signed_in(site, "Ewa D.")
    done = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o1"})
    await fan.get(done.headers["location"])

    seen = await other.get(done.headers["location"])
    nul = await fan.get(f"/rounds/{round_id}/receipt?event=%00")

    assert (seen.status_code, nul.status_code) == (404, 404)


async def test_a_receipt_is_found_in_the_record_itself_while_no_projection_has_read_it(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    done = await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o1"})
    await fan.get(done.headers["location"])
    async with site.parts.pool.connection() as connection:
        await connection.execute("delete from counted.ballots")

    receipt = await fan.get(done.headers["location"])

    position = Position.parse(done.headers["fanfare-position"])
    assert receipt.status_code == 200
    assert f"Entry {position.offset} of partition {position.partition} holds your ballot" in receipt.text


async def test_a_closed_round_takes_no_ballot_and_says_what_is_kept(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await signed_in(site)
    form = await paper(fan, round_id)
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "sealed")

    late = await fan.post(f"/rounds/{round_id}/ballot", data={**form, "option": "o1"})
    seen = await fan.get(f"/rounds/{round_id}/ballot")

    assert (late.status_code, seen.status_code) == (409, 409)
    assert "You had marked Sour Cherry Cola. No ballot was written." in late.text
    assert "See the count" in late.text


async def test_an_idea_is_raised_edited_supported_discussed_and_withdrawn(site: SiteUnderTest) -> None:
    campaign, _ = await an_ideas_round(site)
    author, fan = await signed_in(site, "Imani O."), await signed_in(site)
    where = await raised(author, campaign)
    page = await author.get(where)
    assert "Your idea is public" in page.text
    assert "Your idea is public" not in (await author.get(where)).text
    assert "<strong>steeped</strong>" in page.text

    form = (await author.get(f"{where}/edit")).text
    fields = {name: hidden(form, name) for name in ("csrf", "key", "version")}
    assert (await author.post(where, data={**IDEA, **fields, "title": "Pine and Lime"})).status_code == 303
    assert "Pine and Lime</h1>" in (await author.get(where)).text

    token = hidden((await fan.get(where)).text, "csrf")
    assert (await fan.post(f"{where}/support", data={"csrf": token, "support": "yes"})).status_code == 303
    supported = await fan.get(where)
    assert (await fan.post(f"{where}/support", data={"csrf": token, "support": "no"})).status_code == 303
    assert "Take my support back" in supported.text
    assert "Support this idea" in (await fan.get(where)).text

    said = await fan.post(f"{where}/comments", data={"csrf": token, "text": "Cold as the first morning."})
    assert "Cold as the first morning." in (await fan.get(said.headers["location"])).text

    assert (await fan.post(f"{where}/withdraw", data={"csrf": token})).status_code == 403
    own = hidden((await author.get(where)).text, "csrf")
    assert (await author.post(f"{where}/withdraw", data={"csrf": own})).status_code == 303
    assert "Its author took it back." in (await author.get(where)).text
    assert "You took the idea back." not in (await fan.get(where)).text
    assert "Its author took it back." in (await author.get("/me")).text


async def test_nothing_that_was_typed_is_lost(site: SiteUnderTest) -> None:
    campaign, round_id = await an_ideas_round(site)
    fan = await signed_in(site)
    where = f"/campaigns/{campaign}/ideas"
    token = hidden((await fan.get(f"{where}/new")).text, "csrf")
    typed = {**IDEA, "csrf": token}

    tags = await fan.post(where, data={**typed, "tags": "a, b, c, d, e, f"})
    hidden_characters = await fan.post(where, data={**typed, "title": "Pine\u202eemiL"})
    huge = await fan.post(where, data={**typed, "text": "x" * 20_000})
    other_session = await fan.post(where, data={**typed, "csrf": "of another sign-in"})
    ended = await browser(site).post(where, data=typed)
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    closed = await fan.post(where, data=typed)

    for answer, status in ((tags, 422), (hidden_characters, 422), (huge, 422), (other_session, 403), (ended, 401), (closed, 409)):
        assert answer.status_code == status, answer.text
        assert "Pine" in answer.text
        assert 'role="alert"' in answer.text
    assert 'id="tags-wrong"' in tags.text
    assert 'id="title-wrong"' in hidden_characters.text
    assert "x" * 20_000 in huge.text
    assert "Tips **steeped** like tea." in ended.text
    assert (await site.stranger.get(f"/api/v1/campaigns/{campaign}/ideas")).json()["ideas"] == []


async def test_signing_in_by_link_asks_for_a_name_and_a_button(site: SiteUnderTest) -> None:
    stranger = browser(site)
    sent = await stranger.post("/sign-in", data={"email": "saoirse@example.org", "next": "/me"})
    told = await stranger.get(sent.headers["location"])
    mailbox = (await stranger.get("/mailbox")).text
    found = re.search(r'href="([^"]*/sign-in/confirm[^"]*)"', mailbox)
    assert found, mailbox
    link = found[1].removeprefix(ADDRESS)

    looked = [await stranger.get(link) for _ in range(2)]
    form = {"token": hidden(looked[1].text, "token"), "name": "Saoirse K."}
    wrong = await stranger.post("/sign-in/confirm", data={**form, "name": "\u202e"})
    done = await stranger.post("/sign-in/confirm", data=form)
    used = await browser(site).post("/sign-in/confirm", data=form)
    mine = await stranger.get(done.headers["location"])

    assert "saoirse@example.org" in told.text
    assert "saoirse" not in sent.headers["location"]
    assert "What shall we call you?" in looked[1].text
    assert (wrong.status_code, done.status_code, used.status_code) == (422, 303, 410)
    assert done.headers["location"] == "/me"
    assert "Saoirse K.</h1>" in mine.text
    assert mine.headers["cache-control"] == "no-store"
    out = await stranger.post("/sign-out", data={"csrf": hidden(mine.text, "csrf")})
    assert out.status_code == 303
    assert (await stranger.get("/me")).status_code == 303


async def test_signing_in_never_leads_to_another_site(site: SiteUnderTest) -> None:
    fan = await signed_in(site)

    answer = await fan.get("/sign-in", params={"next": "//evil.example/ballot"})
    asked = await browser(site).get("/sign-in", params={"next": "https://evil.example"})

    assert answer.headers["location"] == "/"
    assert "evil.example" not in asked.text


async def test_every_page_answers_under_the_policy_and_leaves_no_page_blank(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    stranger = browser(site)
    paths = ("/", "", "/ideas", "/timeline", "/timeline?kind=decision", "/report")
    pages = [path if path == "/" else f"/campaigns/{campaign}{path}" for path in paths]

    for path in (*pages, f"/rounds/{round_id}/report", "/sign-in"):
        answer = await stranger.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert " style=" not in answer.text, path
    static = re.search(r'href="(/static/css/base.css\?v=[^"]*)"', (await stranger.get("/")).text)
    assert static
    assert "immutable" in (await stranger.get(static[1])).headers["cache-control"]
    assert "--spot" in (await stranger.get("/brand.css?c=ff5c7c")).text


async def test_what_is_not_there_is_said_on_a_page(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    fan = await signed_in(site)

    for path in ("/nowhere", "/campaigns/none", "/rounds/none/ballot", "/rounds/none/report", "/ideas/none", "/ideas/%00"):
        answer = await fan.get(path)
        assert answer.status_code == 404, path
        assert "<h1>" in answer.text, path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    for path in ("/brand.css?c=zz", f"/campaigns/{campaign}/ideas?cursor=x", f"/campaigns/{campaign}/ideas?sort=x"):
        assert (await fan.get(path)).status_code == 422, path
    assert (await fan.get(f"/campaigns/{campaign}/ideas?tag=%00")).status_code == 200
    assert (await fan.post("/simulation/join", data={"role": "host"})).status_code == 404


async def test_the_report_shows_the_sealed_bytes_and_what_hosts_did_out_of_turn(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    fan = await signed_in(site)
    await fan.post(f"/rounds/{round_id}/ballot", data={**await paper(fan, round_id), "option": "o2"})
    later = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    extension = {"closes_at": later, "reason": "The mail went out late."}
    (await site.host.post(f"/api/v1/rounds/{round_id}/extend", json=extension)).raise_for_status()
    before = await fan.get(f"/rounds/{round_id}/report")
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "sealed")

    await all_read(site)
    page = await fan.get(f"/rounds/{round_id}/report")

    body = (await site.stranger.get(f"/api/v1/rounds/{round_id}/report")).content
    fingerprint = digest(body)
    assert "Drawn from" not in before.text
    assert "Pine &amp; Lime wins" in page.text
    assert f"{fingerprint[:4]} {fingerprint[4:8]} … {fingerprint[-4:]}" in page.text
    assert "The mail went out late." in page.text
    assert "Closed by hand" in page.text
    assert "fanfare replay record.fanfare" in page.text
    assert "Pine &amp; Lime wins" in (await fan.get("/")).text
    assert "extended round 1 until" in (await fan.get(f"/campaigns/{campaign}/timeline")).text
    assert "was counted" in (await fan.get(f"/rounds/{round_id}/receipt")).text


async def test_a_seal_is_not_shown_over_bytes_that_are_not_the_sealed_ones(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    (await site.host.post(f"/api/v1/rounds/{round_id}/close")).raise_for_status()
    await site.until(round_id, "sealed")
    await all_read(site)
    async with site.parts.pool.connection() as connection:
        query = (
            "update desk.reports set body = convert_to(replace(convert_from(body, 'UTF8'), '\"void\":0', '\"void\":7'), 'UTF8')"
        )
        await connection.execute(query)

    page = await browser(site).get(f"/rounds/{round_id}/report")

    assert page.status_code == 200
    assert "Drawn from" not in page.text


async def test_a_paused_and_a_voided_round_say_why(site: SiteUnderTest) -> None:
    campaign, round_id = await an_open_round(site)
    fan = await signed_in(site)
    form = await paper(fan, round_id)
    (await site.host.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": "We look into a burst."})).raise_for_status()

    paused = await fan.post(f"/rounds/{round_id}/ballot", data={**form, "option": "o1"})
    ticket = await fan.get(f"/campaigns/{campaign}")
    (await site.host.post(f"/api/v1/rounds/{round_id}/void", json={"reason": "The list lacked a flavour."})).raise_for_status()
    void = await fan.get(f"/rounds/{round_id}/report")

    assert paused.status_code == 409
    assert "You had marked Sour Cherry Cola" in paused.text
    assert "We look into a burst." in ticket.text
    assert "Round 1 is void" in void.text
    assert "The list lacked a flavour." in void.text


async def test_one_press_joins_a_simulation_as_a_fan_and_another_as_a_host(database: str) -> None:
    async with running_site(database, simulation=True) as site:
        await all_read(site)
        guest = browser(site)
        banner = (await guest.get("/")).text

        as_fan = await guest.post("/simulation/join", data={"role": "fan", "next": "/me"})
        first = await guest.get("/me")
        token = hidden(first.text, "csrf")
        as_host = await guest.post("/simulation/join", data={"role": "host", "next": "/", "csrf": token})
        second = await guest.get("/")

        assert "its fans are programs, not people" in banner
        assert (as_fan.status_code, as_fan.headers["location"]) == (303, "/me")
        assert as_host.status_code == 303
        assert "You have joined in as a fan." in first.text
        assert "You have joined in as a host." in second.text
        assert 'href="/host"' in second.text
        assert called(first.text) == called(second.text)
