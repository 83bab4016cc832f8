"""Draws as samples: open, entered, waiting for the beacon, done, called off; the host's list; the spotlight."""

import msgspec

from fanfare.web.contexts import Page, Shell, draws, shell
from tests.journeys.people_samples import HER, STRANGER
from tests.journeys.sample_ground import HASH, ago, ahead

HOST = msgspec.structs.replace(HER, section="draws", viewer=shell.Viewer("m2", "Emeka Obi", is_host=True))
OPEN = draws.DrawPage(
    id="3f9c2d1e0b4a5c67",
    purpose="seats",
    title="Twelve seats in the tasting kitchen",
    gets="An evening in **Graz** with the three finalists, the fare, and a bottle of what comes of it.",
    who="Whoever voted in one of the rounds of The Eighth Flavour.",
    state="open",
    seats=12,
    reserves=6,
    entrants=1316,
    closes_at=ahead(days=3, hours=4),
    beacon_at=ahead(days=3, hours=4, minutes=10),
    idempotency_key="key-8",
    campaign_id="c1",
    campaign="The Eighth Flavour",
    round=34_301_212,
    beacon_url="https://api.drand.sh/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/public/34301212",
    answer_h=72,
)
SEATS = (
    draws.DrawnSeat("Noor A.", "held", 1, "/fans/5b1c0d2e3f4a5968", ahead(days=2)),
    draws.DrawnSeat("Jonah P.", "declined", 2, "", ahead(days=2)),
    draws.DrawnSeat("Somebody who left", "lapsed", 3, "", ago(hours=1)),
    draws.DrawnSeat("Saoirse Ní Fhloinn-Kowalczyk", "offered", 13, "/fans/9f86d081884c7d65", ahead(days=3)),
)
PAST = msgspec.structs.replace(OPEN, closes_at=ago(days=1), beacon_at=ago(hours=23), root=HASH)
WAITS = msgspec.structs.replace(PAST, state="fixed", closes_at=ago(minutes=2), beacon_at=ahead(minutes=8))
DONE = msgspec.structs.replace(PAST, state="done", done_at=ago(hours=23), value=HASH[::-1], drawn=SEATS)
MINE = msgspec.structs.replace(DONE, my_seat=SEATS[3], is_entered=True)
LIGHT = msgspec.structs.replace(
    DONE, purpose="spotlight", title="A week of light", simulated=True, round=0, beacon_url="", drawn=SEATS[:1], shown_h=168,
    shown_until=ahead(days=6), campaign_id="", campaign="",
    heard=(draws.Heard("Supports of her ideas", 41, 6), draws.Heard("Comments under them", 9, 0), draws.Heard("Kudos", 3, 1)),
)  # fmt: skip
VOID = msgspec.structs.replace(PAST, state="void", reason="The kitchen is closed that week. We announce it anew.", root="")
SPOTLIGHT = draws.Spotlight("3f9c2d1e0b4a5c67", SEATS[:1], ago(days=1), ahead(days=6), 1316)
LINES = (
    draws.DrawLine("d1", OPEN.title, "open", "1,316 wish to be drawn. It closes Saturday 14 November, 18:00."),
    draws.DrawLine("d2", "A crate of the first batch", "done", "Drawn: Noor A. and Jonah P."),
    draws.DrawLine("d3", "A day of light", "missed", "The site was down until the beacon’s value was known."),
)
CAMPAIGNS = (draws.CampaignChoice("", "None"), draws.CampaignChoice("c1", "The Eighth Flavour"))
DESK = draws.DrawsDeskPage(LINES, CAMPAIGNS, simulation=False, idempotency_key="key-9")
WRONG = msgspec.structs.replace(
    DESK,
    simulation=True,
    form=shell.Form(
        {"title": "A crate", "seats": "0", "purpose": "prize"},
        {"closes_at": "The draw closes in the past. Set a later close.", "seats": "Write a number from 1 to 100."},
    ),
)
EMPTY = draws.DrawsDeskPage((), CAMPAIGNS[:1], simulation=False, idempotency_key="key-10")

PAGES: dict[str, tuple[Shell, Page]] = {
    "draw": (HER, OPEN),
    "draw-stranger": (STRANGER, OPEN),
    "draw-entered": (HER, msgspec.structs.replace(OPEN, is_entered=True)),
    "draw-not-invited": (HER, msgspec.structs.replace(OPEN, is_invited=False)),
    "draw-waits": (HER, WAITS),
    "draw-done": (STRANGER, DONE),
    "draw-mine": (HER, MINE),
    "draw-held": (HER, msgspec.structs.replace(MINE, my_seat=SEATS[0])),
    "draw-spotlight": (HER, LIGHT),
    "draw-nobody": (HER, msgspec.structs.replace(DONE, drawn=(), entrants=0)),
    "draw-void": (HER, VOID),
    "draw-missed": (HER, msgspec.structs.replace(PAST, state="missed", root="")),
    "draws-desk": (HOST, DESK),
    "draws-desk-wrong": (HOST, WRONG),
    "draws-desk-empty": (HOST, EMPTY),
}
