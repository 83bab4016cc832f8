"""Rewards end to end: the last one given away twice at once, a guardian who is asked, offers that lapse, and what is deleted."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from fanfare.draws.refusals import DrawNotFound
from fanfare.platform.desk import Acknowledged, Asked
from fanfare.platform.refusals import KeyReused, Overtaken
from fanfare.record.decisions import Streams
from fanfare.record.entry import unpack
from fanfare.rewards import reading, refusals
from fanfare.rewards.accepting import Accepted
from fanfare.rewards.clockwork import tidy
from fanfare.rewards.plan import Answer, Guardian
from tests.integration.shop import CHILD, GRAZ, GROWN, START, TODDLER, a_shop
from tests.integration.test_clockwork import Died, DyingLog
from tests.site_fixture import ADDRESS, SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def test_a_thing_goes_from_the_shelf_to_the_fan_by_the_api(site: SiteUnderTest) -> None:
    fan = await site.fan()
    member = (await fan.get("/api/v1/me")).json()["id"]
    form = {"kind": "thing", "title": "A bottle", "words": "Number 1.", "stock": 1, "sent": True, "countries": ["AT"]}
    reward = (await site.host.post("/api/v1/rewards", json=form)).raise_for_status().json()["id"]
    given = {"member": member, "reason": "She asked first."}
    offer = (await site.host.post(f"/api/v1/rewards/{reward}/offers", json=given)).raise_for_status().json()["id"]
    answer = {"country": "AT", "address": {"name": "Noor Aziz", "lines": "Annenstraße 9\n8020 Graz"}}
    assert (await fan.post(f"/api/v1/offers/{offer}/handled", json={"state": "arrived"})).json()["code"] == "not-that-far"
    accepted = (await fan.post(f"/api/v1/offers/{offer}/accept", json=answer)).raise_for_status().json()
    assert accepted["state"] == "accepted"
    (parcel,) = (await site.host.get("/api/v1/host/offers", params={"reward": reward})).raise_for_status().json()["offers"]
    assert parcel["address"] == {"name": "Noor Aziz", "lines": "Annenstraße 9\n8020 Graz", "country": "AT"}
    for state in ("prepared", "sent"):
        (await site.host.post(f"/api/v1/offers/{offer}/handled", json={"state": state})).raise_for_status()
    assert (await fan.post(f"/api/v1/offers/{offer}/handled", json={"state": "sent"})).json()["code"] == "role-needed"
    (await fan.post(f"/api/v1/offers/{offer}/handled", json={"state": "arrived"})).raise_for_status()

    shelf = (await site.stranger.get("/api/v1/rewards")).json()["rewards"]

    assert [(each["left"], each["states"], each["got"][0]["name"]) for each in shelf] == [(0, {"arrived": 1}, "Noor A.")]
    assert "Annen" not in (await site.stranger.get(f"/api/v1/rewards/{reward}")).text
    (mine,) = (await fan.get("/api/v1/me/offers")).json()["offers"]
    assert (mine["state"], mine["reward"]["title"], mine["address"]["country"]) == ("arrived", "A bottle", "AT")


async def test_of_two_hosts_who_give_the_last_one_away_at_once_one_is_told(database: str) -> None:
    async with a_shop(database, stock=1) as shop:
        for _ in range(5):
            await shop.add(stock=1)

            given = await asyncio.gather(
                shop.offer(shop.fans[0], rewards=shop.another()),
                shop.offer(shop.fans[1], rewards=shop.another(), by=shop.other_host),
                return_exceptions=True,
            )

            assert sorted(type(each).__name__ for each in given) == ["NoneLeft", "str"]
            state = await shop.state()
            assert (state.taken, state.left, len(state.offers)) == (1, 0, 1)


async def test_however_many_give_at_once_no_more_are_given_than_there_are(database: str) -> None:
    async with a_shop(database, fans=8, stock=3) as shop:

        async def give(fan: str) -> str:
            for _ in range(9):
                try:
                    return await shop.offer(fan, rewards=shop.another())
                except Overtaken:
                    continue
            raise AssertionError

        given = await asyncio.gather(*map(give, shop.fans), return_exceptions=True)

        assert [type(each).__name__ for each in given].count("NoneLeft") == 5
        assert (await shop.state()).taken == 3


async def test_the_same_request_twice_offers_once_and_a_crash_between_changes_nothing(database: str) -> None:
    async with a_shop(database) as shop:
        wanted = Asked(shop.host, "offer", shop.reward_id, "one key")
        dying = shop.another()
        for dies_at, appended in ((1, False), (1, True)):
            dying = shop.another()
            dying._desk.log = DyingLog(shop.parts.log, dies_at, appended=appended)
            with pytest.raises(Died):
                await dying.offer(wanted, shop.reward_id, shop.fans[0], "She asked first.")
        again = [(await shop.rewards.offer(wanted, shop.reward_id, shop.fans[0], "She asked first."))[0] for _ in range(2)]

        assert again[0] == again[1]
        assert await shop.states() == ["offered"]
        with pytest.raises(KeyReused):
            await shop.rewards.offer(
                Asked(shop.host, "offer", shop.reward_id, "one key", "other"), shop.reward_id, shop.fans[1], "Because."
            )


async def test_what_is_declined_or_not_answered_goes_to_the_next_on_the_reserve_list_and_each_is_told(database: str) -> None:
    async with a_shop(database, stock=1, answer_h=72) as shop:
        first, second, third = [await shop.offer(fan, waits=True) for fan in shop.fans[:3]]
        assert await shop.states() == ["offered", "waiting", "waiting"]
        assert [each.place for each in await shop.mine(shop.fans[2])] == [2]
        await shop.tell()
        await shop.rewards.decline(shop.asked(shop.fans[0], "decline", first), first)
        await shop.tell()
        assert await shop.states() == ["declined", "offered", "waiting"]
        shop.desk.at = START + timedelta(hours=48)
        await shop.tell()
        shop.desk.at = START + timedelta(hours=72)
        with pytest.raises(refusals.OfferOver):
            await shop.accept(shop.fans[1], second)
        await shop.clock(database=START + timedelta(hours=71)).run()  # one clock that is fast lets nothing lapse
        assert await shop.states() == ["declined", "offered", "waiting"]
        for dies_at, appended in ((1, False), (1, True)):
            with pytest.raises(Died):
                await shop.clock(dies_at, appended=appended).run()
        await shop.clock().run()
        await shop.tell()

        assert await shop.states() == ["declined", "lapsed", "offered"]
        assert (await shop.state()).offers[third].until == START + timedelta(hours=144)
        assert [(to, subject.partition("“")[0].strip() or subject) for to, subject, _ in await shop.mails()] == [
            ("fan0@example.org", "You are offered"),
            ("fan1@example.org", "You are offered"),
            ("fan1@example.org", "“The first bottle” still waits for your answer"),
            ("fan1@example.org", "The offer of"),
            ("fan2@example.org", "You are offered"),
        ]


ASKED: dict[str, Any] = {"min_age": 13, "guardian_below": 18, "sent": True, "countries": ("AT", "CH")}


async def test_an_answer_says_what_the_reward_needs_and_no_date_of_birth_is_kept(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offer = await shop.offer(shop.fans[0])
        for wrong, field in (
            (Answer(), "birth"),
            (Answer(date(1066, 5, 4)), "birth"),
            (Answer(GROWN), "country"),
            (Answer(GROWN, "XX"), "country"),
            (Answer(GROWN, "AT"), "lines"),
            (Answer(CHILD, "AT", GRAZ), "guardian_email"),
        ):
            with pytest.raises(refusals.AnswerIncomplete) as refused:
                await shop.accept(shop.fans[0], offer, wrong)
            assert refused.value.extra == {"field": field}
        with pytest.raises(refusals.NotInCountry):
            await shop.accept(shop.fans[0], offer, Answer(GROWN, "DE", GRAZ))
        with pytest.raises(refusals.OfferNotFound):
            await shop.accept(shop.fans[1], offer, Answer(GROWN, "AT", GRAZ))
        grown = await shop.offer(shop.fans[1])
        assert (await shop.accept(shop.fans[1], grown, Answer(GROWN, "at", GRAZ))).state == "accepted"

        async with shop.desk.pool.connection() as connection:
            row = await (
                await connection.execute("select t::text from vault.offer_answers as t where age = 'old-enough'")
            ).fetchone()
        assert row
        assert "2001-05" not in row[0]
        assert "Annenstraße" in row[0]
        for stored in await shop.desk.log.read(0, 0, 500):
            assert not any(each in stored.body for each in (b"2001-05", b"Annen", b"8020 Graz"))


async def test_who_is_too_young_is_told_so_and_cannot_try_another_year(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offer = await shop.offer(shop.fans[0])
        for birth in (TODDLER, GROWN):
            with pytest.raises(refusals.TooYoung):
                await shop.accept(shop.fans[0], offer, Answer(birth, "AT", GRAZ))

        assert await shop.states() == ["offered"]
        assert (await shop.mine(shop.fans[0]))[0].address is None
        child = await shop.offer(shop.fans[1])
        with pytest.raises(refusals.AnswerIncomplete):
            await shop.accept(shop.fans[1], child, Answer(CHILD, "AT", GRAZ))
        with pytest.raises(refusals.AnswerIncomplete):  # grown up meanwhile
            await shop.accept(shop.fans[1], child, Answer(GROWN, "AT", GRAZ))


AGREED = Answer(CHILD, "AT", GRAZ, Guardian("Samira Aziz", "samira@example.org"))


async def test_for_a_young_fan_nothing_is_accepted_before_her_guardian_agrees(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offer = await shop.offer(shop.fans[0])
        wanted = shop.asked(shop.fans[0], "accept", offer)
        for _ in range(2):
            assert await shop.rewards.accept(wanted, offer, AGREED, ADDRESS) == Accepted("guardian", None)
        assert [to for to, _, _ in await shop.mails()] == ["samira@example.org"]
        assert await shop.states() == ["offered"]
        assert [each.state for each in await shop.mine(shop.fans[0])] == ["guardian"]
        token = await shop.token()
        async with shop.desk.pool.connection() as connection:
            read = await reading.consent(connection, shop.desk.streams, token)
        assert (read.guardian, read.child, read.reward.title) == ("Samira Aziz", "Fan 0", "The first bottle")

        await shop.rewards.consent(token, agrees=True)

        assert [(each.state, each.guardian) for each in (await shop.state()).offers.values()] == [("accepted", True)]
        with pytest.raises(refusals.ConsentUnknown):
            await shop.rewards.consent(token, agrees=False)
        async with shop.desk.pool.connection() as connection:
            row = await (await connection.execute("select t::text from vault.offer_answers as t")).fetchone()
        assert row
        assert "amira" not in row[0]
        await shop.tell()
        assert (await shop.mails())[-1][:2] == ("fan0@example.org", "“The first bottle” is yours: your guardian agreed")


async def test_a_guardian_who_refuses_declines_and_what_was_kept_is_gone(database: str) -> None:
    async with a_shop(database, stock=1, **ASKED) as shop:
        offer, _ = [await shop.offer(fan, waits=True) for fan in shop.fans[:2]]
        await shop.accept(shop.fans[0], offer, AGREED)

        await shop.rewards.consent(await shop.token(), agrees=False)

        assert await shop.states() == ["declined", "offered"]
        assert await shop.rows("offer_answers") == 0


async def test_of_a_guardian_who_agrees_and_refuses_at_once_one_answer_stands(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offer = await shop.offer(shop.fans[0])
        await shop.accept(shop.fans[0], offer, AGREED)
        token = await shop.token()

        answers = await asyncio.gather(
            *(shop.another().consent(token, agrees=agrees) for agrees in (True, False, True)), return_exceptions=True
        )

        assert any(isinstance(each, Acknowledged) for each in answers)
        assert await shop.states() in (["accepted"], ["declined"])


async def test_a_guardian_gets_three_mails_for_an_offer_and_only_the_last_link_opens_anything(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offer, tokens = await shop.offer(shop.fans[0]), list[str]()
        for _ in range(3):
            await shop.accept(shop.fans[0], offer, AGREED)
            tokens.append(await shop.token())
        with pytest.raises(refusals.GuardianAskedEnough):
            await shop.accept(shop.fans[0], offer, AGREED)
        with pytest.raises(refusals.AnswerIncomplete):
            await shop.accept(shop.fans[0], offer, Answer(CHILD, "AT", GRAZ, Guardian("Me", "fan0@example.org")))

        assert len(set(tokens)) == len(await shop.mails()) == 3
        for stale in tokens[:2]:
            with pytest.raises(refusals.ConsentUnknown):
                await shop.rewards.consent(stale, agrees=True)
        await shop.rewards.consent(tokens[2], agrees=True)


async def test_every_look_at_an_address_is_noted_and_only_where_there_is_one(database: str) -> None:
    async with a_shop(database, **ASKED) as shop:
        offers = [await shop.offer(fan) for fan in shop.fans[:2]]
        await shop.accept(shop.fans[0], offers[0], Answer(GROWN, "AT", GRAZ))
        assert [each.address for each in await shop.seen()] == [None, None]
        assert await shop.rows("address_looks") == 0

        for host in (shop.host, shop.other_host):
            assert [bool(each.address) for each in await shop.seen(host)] == [True, False]

        assert await shop.rows("address_looks") == 2
        await shop.handle(offers[0], "sent", "arrived")
        assert [each.address for each in await shop.seen(shop.host)] == [None, None]
        assert await shop.rows("address_looks") == 2


async def test_an_address_is_deleted_when_its_offer_falls_or_thirty_days_after_it_arrived(database: str) -> None:
    async with a_shop(database, fans=3, stock=3, **ASKED) as shop:
        offers = [await shop.offer(fan) for fan in shop.fans]
        for fan, offer in zip(shop.fans, offers, strict=True):
            await shop.accept(fan, offer, Answer(GROWN, "AT", GRAZ))
        await shop.rewards.withdraw(shop.asked(shop.host, "withdraw", offers[0]), offers[0], "It broke.")
        await shop.rewards.decline(shop.asked(shop.fans[1], "decline", offers[1]), offers[1])
        assert await shop.rows("offer_answers") == 1
        await shop.handle(offers[2], "prepared", "failed", "sent", "arrived")
        for days, kept in ((29, 1), (30, 0)):
            shop.desk.at = START + timedelta(days=days)
            await tidy(shop.desk)
            assert await shop.rows("offer_answers") == kept


async def test_the_offer_of_somebody_who_left_lapses_unless_it_was_sent(database: str) -> None:
    async with a_shop(database, fans=4, stock=2) as shop:
        offers = [await shop.offer(fan, waits=True) for fan in shop.fans]
        await shop.accept(shop.fans[1], offers[1])
        await shop.handle(offers[1], "sent")
        await shop.erase(*shop.fans[:2])

        await shop.clock().sweep()
        await shop.clock().sweep()

        assert await shop.states() == ["lapsed", "sent", "offered", "waiting"]
        assert [(each.name, each.reason) for each in await shop.seen() if each.member in shop.fans[:2]] == [("", ""), ("", "")]


async def test_a_stock_is_never_set_below_what_was_given_and_more_of_it_reaches_the_reserve_list(database: str) -> None:
    async with a_shop(database, stock=2) as shop:
        for fan in shop.fans[:4]:
            await shop.offer(fan, waits=True)
        with pytest.raises(refusals.StockTaken):
            await shop.rewards.set_stock(shop.asked(shop.host, "stock"), shop.reward_id, 1, "Two broke.")
        await shop.rewards.set_stock(shop.asked(shop.host, "stock"), shop.reward_id, 3, "One more was bottled.")
        assert await shop.states() == ["offered", "offered", "offered", "waiting"]
        await shop.rewards.close(shop.asked(shop.host, "close"), shop.reward_id, "The season is over.")

        assert await shop.states() == ["offered", "offered", "offered", "lapsed"]
        with pytest.raises(refusals.RewardIsClosed):
            await shop.offer(shop.fans[4], waits=True)
        with pytest.raises(refusals.RewardIsClosed):
            await shop.rewards.close(shop.asked(shop.host, "close"), shop.reward_id, "Again.")


async def test_a_host_gives_nothing_to_herself_or_to_nobody_or_twice_or_for_what_another_did(database: str) -> None:
    async with a_shop(database) as shop:
        await shop.offer(shop.fans[0])
        with pytest.raises(refusals.AlreadyOffered):
            await shop.offer(shop.fans[0])
        with pytest.raises(refusals.OfferToYourself):
            await shop.offer(shop.host)
        for because, draw, refusal in (
            (("idea0000",), None, refusals.NotHerWork),
            (("idea0000",) * 21, None, refusals.NotHerWork),
            ((), "draw0000", DrawNotFound),
        ):
            wanted = shop.asked(shop.host, "offer")
            with pytest.raises(refusal):
                await shop.rewards.offer(wanted, shop.reward_id, shop.fans[1], "Why.", because, draw)
        assert (await shop.state()).taken == 1


async def test_what_the_process_folded_is_what_an_auditor_folds_from_the_record(database: str) -> None:
    async with a_shop(database, stock=1) as shop:
        offers = [await shop.offer(fan, waits=True) for fan in shop.fans[:3]]
        await shop.accept(shop.fans[0], offers[0])
        await shop.rewards.withdraw(shop.asked(shop.host, "withdraw", offers[0]), offers[0], "It broke.")
        streams = Streams()
        for stored in await shop.desk.log.read(0, 0, 5000):
            streams.apply(unpack(0, stored.offset, stored.body))

        assert streams.rewards == {shop.reward_id: await shop.state()}
