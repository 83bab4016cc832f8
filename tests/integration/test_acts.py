"""What was decided by hand: all of it and nothing else, in the order of the record, for strangers and their feed readers."""

from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest
from psycopg_pool import AsyncConnectionPool

from fanfare.record.entry import unpack
from fanfare.record.members import MemberErased
from fanfare.record.position import Position
from fanfare.record.sensitive import SENSITIVE, kind_of
from fanfare.record.site import STREAM
from fanfare.views import sensitive
from fanfare.views.erased import ERASED
from fanfare.views.ideas import IDEAS
from fanfare.views.moderation import MODERATION
from fanfare.views.site import SITE
from fanfare.views.timeline import TIMELINE
from tests.histories import Teller
from tests.integration.rebuilding import replayed, store
from tests.integration.test_erasure import a_member, erase_by_mail, swept
from tests.site_fixture import SiteUnderTest, round_of, running_site

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ATOM = "{http://www.w3.org/2005/Atom}"
KINDS = frozenset(SENSITIVE.values())


@pytest.fixture
async def site(database: str) -> AsyncIterator[SiteUnderTest]:
    async with running_site(database) as found:
        yield found


def folded(told: Teller) -> list[str]:
    """Return the positions of all sensitive acts of a history, by the list alone; what is there twice counts once."""
    streams, seen, found = type(told.streams)(), set[str](), list[str]()
    for stored in told.written:
        if stored.partition != 0:
            continue
        entry = unpack(0, stored.offset, stored.body)
        if not streams.apply(entry):
            continue
        for at, each in entry.positioned():
            once = each.event.member if isinstance(each.event, MemberErased) else each.id
            if kind_of(each.event) and once not in seen:
                found.append(str(at))
            seen.add(once)
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_the_feed_has_every_sensitive_act_of_any_history_and_nothing_else(pool: AsyncConnectionPool, seed: int) -> None:
    told = Teller(seed, 4).tell()
    await store(pool, told.written)
    await replayed(pool, [SITE, TIMELINE, ERASED, IDEAS, MODERATION])

    found, before = list[str](), None
    async with pool.connection() as connection:
        while page := await sensitive.sensitive(connection, KINDS, before=before, limit=7):
            found += [str(Position(0, each.offset, each.index)) for each in page]
            before = page[-1].place

    assert found[::-1] == folded(told)
    assert len(found) > 20


async def test_who_did_what_and_why_is_read_by_strangers_and_leads_into_the_record(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of())
    await site.until(round_id := campaign["rounds"][0]["id"], "open")
    done = await site.host.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": "The mail <came> late."})
    wait = {"Fanfare-Wait": done.headers["Fanfare-Position"]}

    answer = await site.stranger.get("/api/v1/record/acts", params={"limit": 1}, headers=wait)
    (act,) = answer.json()["acts"]
    older = await site.stranger.get("/api/v1/record/acts", params={"cursor": answer.json()["next"]})
    page = (await site.stranger.get("/acts")).text
    of_keys = (await site.stranger.get("/acts", params={"kind": "keys"})).text

    assert (act["who"], act["what"], act["why"]) == ("Dora Lindqvist", "paused round 1", "The mail <came> late.")
    assert (act["type"], act["kind"], act["campaign"]) == ("fanfare.round.paused.v1", "rounds", campaign["id"])
    assert act["position"] == done.headers["Fanfare-Position"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert {each["kind"] for each in older.json()["acts"]} == {"keys", "rights"}
    assert "“The mail &lt;came&gt; late.”" in page
    assert f"/api/v1/receipts/{act['event']}?position=" in page
    assert "paused round 1" not in of_keys
    assert "signs with the key" in of_keys


async def test_a_feed_reader_gets_the_same_acts_as_atom(site: SiteUnderTest) -> None:
    campaign = await site.publish(round_of(), title="Peas & Co")
    done = await site.host.post(
        f"/api/v1/rounds/{campaign['rounds'][0]['id']}/void", json={"reason": "Two labels & one \ufffe can."}
    )

    answer = await site.stranger.get("/acts.atom", headers={"Fanfare-Wait": done.headers["Fanfare-Position"]})
    feed = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    first = feed.findall(f"{ATOM}entry")[0]
    listed = (await site.stranger.get("/api/v1/record/acts")).json()["acts"]

    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert first.findtext(f"{ATOM}title") == "Dora Lindqvist voided round 1"
    assert "Peas & Co. “Two labels & one  can.”" in (first.findtext(f"{ATOM}summary") or "")
    assert len(feed.findall(f"{ATOM}entry")) == len(listed)
    assert len({each.findtext(f"{ATOM}id") for each in feed.iter(f"{ATOM}entry")}) == len(listed)
    links = {each.get("rel"): each.get("href") or "" for each in first.findall(f"{ATOM}link")}
    where = links["alternate"].partition("localhost:8000")[2]
    assert (await site.stranger.get(where)).text.index("voided round 1")


async def test_an_erasure_is_told_without_a_name_and_takes_hers_out_of_what_she_decided(site: SiteUnderTest) -> None:
    member, she = await a_member(site, "Beatriz L.", "beatriz@example.org", "host")
    campaign = await site.publish(round_of())
    await site.until(round_id := campaign["rounds"][0]["id"], "open")
    (await she.post(f"/api/v1/rounds/{round_id}/pause", json={"reason": "Because I say so."})).raise_for_status()
    await erase_by_mail(site, she, "beatriz@example.org")
    await swept(site, member)

    told = (await site.stranger.get("/api/v1/record/acts")).json()["acts"]
    page = (await site.stranger.get("/acts")).text
    feed = (await site.stranger.get("/acts.atom")).text

    (erased,) = [each for each in told if each["kind"] == "erasures"]
    (paused,) = [each for each in told if each["type"] == "fanfare.round.paused.v1"]
    assert (erased["who"], erased["what"], erased["by"]) == ("A member", "had herself erased", "")
    assert (paused["who"], paused["by"], paused["what"]) == ("Somebody who left", "", "paused round 1")
    for text in (page, feed, str(told)):
        assert "Beatriz" not in text
        assert member not in text


async def test_a_change_of_the_site_is_told_by_what_it_changed_also_where_a_page_ends_with_it(site: SiteUnderTest) -> None:
    for colour in ("#2457d6", "#ffc629"):
        after = str(site.parts.desk.streams.decisions(STREAM))
        fields = {"brand": "Pomfret Soda", "colour": colour, "zone": "Europe/Berlin", "after": after, "key": colour}
        done = await site.host.post("/host/settings", data={**fields, "act": "save", "reason": "Brighter."})
        assert done.status_code == 303, done.text
        await site.parts.desk.catch_up()
    wait = {"Fanfare-Wait": f"0:{site.parts.desk.streams.next_offset - 1}:0"}

    answer = await site.stranger.get("/api/v1/record/acts", params={"kind": "settings", "limit": 1}, headers=wait)

    assert [(each["what"], each["why"]) for each in answer.json()["acts"]] == [("changed the colour", "Brighter.")]
