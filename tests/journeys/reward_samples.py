"""Rewards as samples: the public shelf, an offer in each of its states, a guardian's consent, the host's shelf and its forms."""

import zlib

import msgspec

from fanfare.rewards.reading import Shown
from fanfare.web.contexts import Page, Shell, rewards, rewards_desk, shell
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.ideas import Step
from tests.journeys.people_samples import FAN, HER, MINE, STRANGER
from tests.journeys.sample_ground import ago, ahead
from tests.journeys.thanks_samples import PRAISE

HOST = msgspec.structs.replace(HER, section="rewards", viewer=shell.Viewer("m2", "Emeka Obi", is_host=True))
FOR = ("From the age of 16.", "Younger than 18: a guardian consents.", "In Austria, Germany and Switzerland.")
CRATE = rewards.ShelfLine(
    "4c8e2d1f0a9b7c63",
    "thing",
    "A crate of the first batch",
    "Twelve bottles of **Sour Cherry Cola**, numbered by hand, before any shop has one.",
    stock=30,
    left=12,
    arrived=9,
    waiting=0,
    for_whom=FOR,
    holders=(shell.Action("Noor A.", "/fans/5b1c0d2e3f4a5968"), shell.Action("Tomasz W.", "/fans/7d1c0d2e3f4a5968")),
    campaign=shell.Action("The Eighth Flavour", "/campaigns/c1"),
)
EVENING = rewards.ShelfLine(
    "9b7c634c8e2d1f0a",
    "experience",
    "An evening in the kitchen",
    "You cook the next three with us, in Graz. We pay the fare.",
    stock=4,
    left=0,
    arrived=1,
    waiting=7,
    holders=(shell.Action("Saoirse Ní Fhloinn-Kowalczyk", "/fans/9f86d081884c7d65"),),
)
SHUT = rewards.ShelfLine(
    "0a9b7c634c8e2d1f", "thing", "The enamel sign", "From the old factory’s gate.", 1, 0, 1, closed="It found its wall."
)
OFFERED = rewards.OfferLine("51c0ffee51c0ffee", CRATE.title, "offered", "Dora Lindqvist", ago(hours=3), ahead(days=6))
LINES = (
    OFFERED,
    rewards.OfferLine("61c0ffee51c0ffee", EVENING.title, "waiting", "Dora Lindqvist", ago(days=2)),
    rewards.OfferLine("71c0ffee51c0ffee", SHUT.title, "arrived", "Dora Lindqvist", ago(days=40)),
)
SHELF = rewards.RewardsPage((CRATE, EVENING, SHUT))
GIVEN = rewards.RewardsPage((EVENING,))

COUNTRIES = (Choice("", "Choose one"), Choice("AT", "Austria"), Choice("DE", "Germany"), Choice("CH", "Switzerland"))
OFFER = rewards.OfferPage(
    id="51c0ffee51c0ffee",
    kind="thing",
    title=CRATE.title,
    words=CRATE.words,
    by="Dora Lindqvist",
    reason="Your cherry with the stone left in is what we have been cooking since May.",
    state="offered",
    at=ago(hours=3),
    idempotency_key="key-1",
    because=(shell.Action("Sour Cherry Cola", "/ideas/i1"), shell.Action("A comment on Pine & Lime", "/ideas/i2")),
    until=ahead(days=6),
    asks_birth=True,
    asks_address=True,
    for_whom=FOR,
    countries=COUNTRIES,
)
EASY = msgspec.structs.replace(
    OFFER,
    kind="experience",
    title=EVENING.title,
    words=EVENING.words,
    until=None,
    asks_birth=False,
    asks_address=False,
    for_whom=(),
    countries=(),
    because=(),
    draw=shell.Action("Four seats in the kitchen", "/draws/3f9c2d1e0b4a5c67"),
    reason="You won it in a draw: Four seats in the kitchen.",
)
YOUNG = msgspec.structs.replace(
    OFFER,
    asks_guardian=True,
    form=shell.Form(
        {"birth": "2010-02-28", "country": "AT", "name": "Saoirse K.", "lines": "Am Ring 4\n8010 Graz"},
        {"guardian_name": "Somebody who decides for you has to consent. Say who that is."},
    ),
)


def _way(*states: str) -> tuple[Step, ...]:
    told = (
        ("You took it", "8 November, 19:20"),
        ("It is packed", "9 November, 10:02"),
        ("It is on its way", "Dora Lindqvist, 9 November, 16:40"),
        ("It arrives", "You say so, with one press."),
    )
    return tuple(msgspec.convert({"title": t, "line": n, "state": s}, Step) for (t, n), s in zip(told, states, strict=True))


SENT = msgspec.structs.replace(OFFER, state="sent", until=None, way=_way("done", "done", "done", "now"))
WAITING = msgspec.structs.replace(EASY, state="waiting", place=3, draw=None)

CONSENT = rewards.ConsentPage(
    "token",
    CRATE.title,
    CRATE.words,
    "Saoirse K.",
    "Maeve Kowalczyk",
    OFFER.reason,
    is_sent=True,
    until=ahead(days=6),
)

IMPRINT = """## Pomfret Soda GmbH

Fassbinderstraße 3, 1100 Vienna, Austria

Write to [hello@pomfret.example](mailto:hello@pomfret.example)"""

ON_DESK = (
    rewards_desk.DeskReward(CRATE.id, "thing", CRATE.title, 30, 12, accepted=2, prepared=1, failed=1, offered=4, arrived=9),
    rewards_desk.DeskReward(EVENING.id, "experience", EVENING.title, 4, 0, prepared=1, offered=2, waiting=7, arrived=1),
    rewards_desk.DeskReward(SHUT.id, "thing", SHUT.title, 1, 0, arrived=1, is_closed=True),
)
DESK = rewards_desk.RewardsDeskPage(ON_DESK)


def _offer(name: str, state: Shown, **given: object) -> rewards_desk.DeskOffer:
    said = {"by": "Dora Lindqvist", "reason": OFFER.reason, "since": ago(hours=30), **given}
    number = f"{zlib.crc32(name.encode()):08x}"
    told = {"id": f"51c0ffee{number}", "member": number, "name": name, "state": state, **said}
    return msgspec.convert(told, rewards_desk.DeskOffer)


OFFERS = (
    _offer("Jonah P.", "failed", why="It came back: nobody was in."),
    _offer("Noor A.", "accepted", draw=shell.Action("Won in: A crate", "/draws/3f9c2d1e0b4a5c67")),
    _offer("Saoirse Ní Fhloinn-Kowalczyk", "accepted"),
    _offer("Beatriz de Almeida Vasconcelos", "prepared"),
    _offer("Tomasz W.", "sent"),
    _offer("Yuki T.", "offered", until=ahead(days=2)),
    _offer("Ewa D.", "guardian", until=ahead(days=5)),
    _offer("Imani O.", "waiting"),
    _offer("Wren S.", "arrived"),
    _offer("Somebody who left", "lapsed", member=""),
    _offer("Otto V.", "declined"),
)
REWARD = rewards_desk.RewardDeskPage(
    CRATE.id,
    "thing",
    CRATE.title,
    CRATE.words,
    stock=30,
    left=12,
    is_sent=True,
    idempotency_key="key-2",
    offers=OFFERS,
    for_whom=FOR,
    answer_h=168,
)
NEW_REWARD = msgspec.structs.replace(REWARD, offers=())
HELD = msgspec.structs.replace(
    REWARD, kind="experience", title=EVENING.title, words=EVENING.words, stock=4, left=0, is_sent=False, for_whom=(), answer_h=0,
    offers=(_offer("Beatriz de Almeida Vasconcelos", "prepared"), *OFFERS[4:8]),
)  # fmt: skip
SHUT_DESK = msgspec.structs.replace(
    REWARD, offers=OFFERS[8:], closed="The last crate is given.", left=0, form=shell.Form({}, {"": "There is none left."})
)
OVERTAKEN = msgspec.structs.replace(
    REWARD, form=shell.Form({"stock": "3"}, {"stock": "Seventeen have been given. Set at least as many."})
)

FORM = rewards_desk.RewardFormPage((Choice("", "None"), Choice("c1", "The Eighth Flavour")), "key-3")
FORM_WRONG = msgspec.structs.replace(
    FORM,
    form=shell.Form(
        {"title": "A crate", "countries": "AT, XX", "stock": "0"},
        {"countries": "These are no countries’ codes: XX.", "stock": "Say how many there are, from 1 to 10,000."},
    ),
)
NOOR = rewards_desk.FoundFan("5b1c0d2e3f4a5968", "Noor A.", ago(days=200))
JONAH = rewards_desk.FoundFan("6b1c0d2e3f4a5968", "Jonah P.", ago(days=80))
GIVE = rewards_desk.GivePage(
    CRATE.id, CRATE.title, 12, "key-4", draws=(shell.Action("Four seats in the kitchen", "/host/rewards/r/offer?draw=d1"),)
)
FOUND = msgspec.structs.replace(GIVE, sought="no", found=(NOOR, JONAH))
NOBODY = msgspec.structs.replace(GIVE, sought="xyz", found=(), draws=())
TO_HER = msgspec.structs.replace(
    GIVE,
    to=(NOOR,),
    contributions=(Choice("i1", "Sour Cherry Cola"), Choice("k2", "On Pine & Lime: “Cold as the first morning.”")),
)
TOO_LATE = msgspec.structs.replace(
    TO_HER,
    left=0,
    form=shell.Form({"reason": OFFER.reason}, {"": "There is none left: the last one has just been given, or was given before."}),
)
TO_DRAWN = msgspec.structs.replace(
    GIVE,
    left=2,
    draw="d1",
    to=(NOOR, JONAH, *(rewards_desk.FoundFan(f"a{n}", n, ago(days=9)) for n in ("Ewa D.", "Otto V."))),
    form=shell.Form({"reason": "You won it in a draw: Four seats in the kitchen."}),
)
Line = rewards_desk.PackLine
PACK = rewards_desk.PackPage(
    CRATE.id,
    CRATE.title,
    (
        Line("Noor A.", "Noor Al-Amin", ("Am Ring 4, Stiege 2", "8010 Graz"), "Austria", "51c0ffee51c0ffee", "prepared"),
        Line("Saoirse K.", "Saoirse Ní Fhloinn-Kowalczyk", ("Langer Weg 18a", "10243 Berlin"), "Germany", "6" * 16, "accepted"),
        Line("Jonah P.", "Jonah Peters", ("Dorfstrasse 1", "8001 Zürich"), "Switzerland", "71c0ffee51c0ffee", "failed"),
    ),
    "Emeka Obi",
)

THINGS = (
    rewards.ThingLine(CRATE.title, "thing", OFFER.reason, ago(days=2)),
    rewards.ThingLine(EVENING.title, "experience", "", ago(days=30)),
)

_change = msgspec.structs.replace
PAGES: dict[str, tuple[Shell, Page]] = {
    "rewards": (STRANGER, SHELF),
    "rewards-offered": (HER, _change(SHELF, mine=LINES[:1])),
    "rewards-given": (STRANGER, GIVEN),
    "rewards-empty": (STRANGER, rewards.RewardsPage(())),
    "offer": (HER, OFFER),
    "offer-easy": (HER, EASY),
    "offer-young": (HER, YOUNG),
    "offer-guardian": (HER, _change(YOUNG, state="guardian", guardian="Maeve Kowalczyk", form=shell.Form())),
    "offer-waiting": (HER, WAITING),
    "offer-accepted": (HER, _change(SENT, state="accepted", way=_way("done", "now", "next", "next"))),
    "offer-sent": (HER, SENT),
    "offer-failed": (HER, _change(SENT, state="failed", why="It came back.", way=_way("done", "done", "failed", "next"))),
    "offer-arrived": (HER, _change(SENT, state="arrived", way=_way("done", "done", "done", "done"))),
    "offer-declined": (HER, _change(OFFER, state="declined", until=None)),
    "offer-withdrawn": (HER, _change(OFFER, state="withdrawn", until=None, why="The press broke. We are sorry.")),
    "consent": (STRANGER, CONSENT),
    "consent-imprint": (STRANGER, _change(CONSENT, imprint=IMPRINT)),
    "consent-agreed": (STRANGER, _change(CONSENT, done="agreed")),
    "consent-refused": (STRANGER, _change(CONSENT, done="refused")),
    "fan-rewarded": (HOST, _change(FAN, rewards=THINGS, kudos=PRAISE)),
    "profile-offered": (HER, _change(MINE, offers=LINES)),
    "rewards-desk": (HOST, DESK),
    "rewards-desk-for-her": (HOST, _change(DESK, to=NOOR.id, for_whom=NOOR.name)),
    "rewards-desk-empty": (HOST, rewards_desk.RewardsDeskPage(())),
    "reward-desk": (HOST, REWARD),
    "reward-desk-new": (HOST, NEW_REWARD),
    "reward-desk-held": (HOST, HELD),
    "reward-desk-closed": (HOST, SHUT_DESK),
    "reward-desk-overtaken": (HOST, OVERTAKEN),
    "reward-new": (HOST, FORM),
    "reward-new-wrong": (HOST, FORM_WRONG),
    "reward-give": (HOST, GIVE),
    "reward-give-found": (HOST, FOUND),
    "reward-give-nobody": (HOST, NOBODY),
    "reward-give-her": (HOST, TO_HER),
    "reward-give-late": (HOST, TOO_LATE),
    "reward-give-drawn": (HOST, TO_DRAWN),
    "reward-pack": (HOST, PACK),
    "reward-pack-empty": (HOST, _change(PACK, lines=())),
}
