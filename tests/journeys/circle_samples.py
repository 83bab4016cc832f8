"""Circles as samples: what there are, one as its readers see it, a brief with notes, and the host's desk of circles."""

import msgspec

from fanfare.web.contexts import Page, Shell, circles, community, host, moderation, shell
from fanfare.web.contexts.honours import Honours
from tests.journeys.people_samples import HER, STRANGER
from tests.journeys.sample_ground import ago

HOST = msgspec.structs.replace(HER, section="circles", viewer=shell.Viewer("m2", "Emeka Obi", is_host=True))
WORDS = "Twelve fans who taste **before anybody else**, and say what they think while it can still be changed."
PLAIN = "Twelve fans who taste before anybody else, and say what they think while it can still be changed."
KITCHEN = circles.CircleLine("a9c2d1e0b4a5c637", "The kitchen table", WORDS, 12, PLAIN, "Insider")
LABS = circles.CircleLine("b9c2d1e0b4a5c637", "Bottles and labels", "Shapes.", 1, "Shapes.", "", "invited")
PAST = circles.CircleLine(
    "c9c2d1e0b4a5c637", "The first batch", "It is done.", 0, "It is done.", "", "closed", "The batch is sold."
)
BRIEFS = (
    circles.BriefLine(
        "f1c2d1e0b4a5c637",
        "Two bottles, one shelf: which would you pick up from three metres away?",
        "Emeka Obi",
        ago(hours=3),
        2,
    ),
    circles.BriefLine("f2c2d1e0b4a5c637", "Less sugar", "Somebody who left", ago(days=12), 0),
)


def seen(standing: circles.Standing, line: circles.CircleLine = KITCHEN) -> circles.CirclePage:
    """Return the kitchen as somebody sees it who stands so."""
    found = msgspec.structs.replace(line, standing=standing)
    return circles.CirclePage(found, "key-11", "c1", "The Eighth Flavour", points=500, mine=340)


IN = msgspec.structs.replace(seen("in"), briefs=BRIEFS, by_tier=True)
HONOURED = Honours("Insider", ("Keeper of the Cherry",))
NOTES = (
    circles.NoteLine(
        "n1",
        "Noor A.",
        "/fans/5b1c0d2e3f4a5968",
        "The second, by far.\nThe first looks like a shampoo.",
        ago(hours=2),
        honours=HONOURED,
    ),
    circles.NoteLine("n2", "Saoirse Ní Fhloinn-Kowalczyk", "", "I would like to hold it first.", ago(minutes=40), is_mine=True),
    circles.NoteLine("n3", "Emeka Obi", "/fans/m2", "You can: it is in the post.", ago(minutes=9), is_host=True, reported=True),
    circles.NoteLine("n4", "Jonah P.", "", "", ago(minutes=3), hidden=True),
)
BRIEF = circles.BriefPage(
    id="f1c2d1e0b4a5c637",
    circle_id=KITCHEN.id,
    circle=KITCHEN.title,
    title=BRIEFS[0].title,
    words="Bottle **A** has a long neck; bottle **B** fits any fridge door.\n\nWhich feels colder?",
    by="Emeka Obi",
    at=ago(hours=3),
    notes=NOTES,
    key="key-12",
)
REPORTED = (moderation.ReportedLine("f1c2d1e0b4a5c637", "n4", BRIEFS[0].title, 2, ago(minutes=2)),)
MODERATED = tuple(
    msgspec.structs.replace(
        each,
        words=each.words or "Go home.",
        why="It attacks a member." if each.hidden else "",
        reports=2 * (each.id == "n1"),
        is_mine=False,
    )
    for each in NOTES
)
TIERS = (host.Choice("", "Nobody: by invitation alone"), host.Choice("tiers/1", "“Insider”, from 500 points on"))
CAMPAIGNS = (host.Choice("", "None"), host.Choice("c1", "The Eighth Flavour"))
SEGMENTS = (
    community.SegmentLine("active", "Active", "Interested, involved and interacting, all three.", 41),
    community.SegmentLine("lapsed", "Lapsed", "Did any of this once, and nothing of it for 90 days.", 0),
)
PEOPLE = (
    circles.PersonLine("m7", "Noor A.", "/fans/5b1c0d2e3f4a5968", "tier"),
    circles.PersonLine("m8", "Saoirse Ní Fhloinn-Kowalczyk", "", "in", is_invited=True),
    circles.PersonLine("m9", "Jonah P.", "/fans/m9", "waits", is_invited=True),
    circles.PersonLine("m10", "Ana", "", "declined", is_invited=True),
)
DESK = circles.CirclesDeskPage((KITCHEN, LABS, PAST), (), TIERS, CAMPAIGNS, "key-13")
ONE = circles.CircleDeskPage(
    circle=KITCHEN,
    briefs=BRIEFS,
    people=PEOPLE,
    on_their_way=41,
    segments=SEGMENTS,
    tiers=TIERS,
    key="key-14",
    form=shell.Form({"title": KITCHEN.title, "words": WORDS, "tier": "tiers/1"}),
)
WRONG = shell.Form(
    {"title": KITCHEN.title, "words": WORDS, "tier": "tiers/1", "invite_reason": "x"},
    {"segment": "Choose a fan, or a segment in which somebody is who was not invited before."},
)

PAGES: dict[str, tuple[Shell, Page]] = {
    "circles": (HER, circles.CirclesPage((LABS, msgspec.structs.replace(KITCHEN, standing="in"), PAST))),
    "circles-empty": (STRANGER, circles.CirclesPage(())),
    "circles-moderator": (HER, circles.CirclesPage((KITCHEN,), is_host=True, reported=REPORTED)),
    "circle": (HER, IN),
    "circle-invited": (
        HER,
        msgspec.structs.replace(seen("invited"), invited_by="Emeka Obi", why="You asked why the label peels."),
    ),
    "circle-left": (HER, seen("left")),
    "circle-outside": (HER, seen("outside")),
    "circle-stranger": (STRANGER, seen("stranger")),
    "circle-by-invitation": (
        HER,
        msgspec.structs.replace(seen("outside", msgspec.structs.replace(LABS, standing="outside")), points=0),
    ),
    "circle-new": (HOST, msgspec.structs.replace(IN, briefs=(), may_share=True)),
    "circle-closed": (HER, seen("closed", PAST)),
    "brief": (HER, BRIEF),
    "brief-empty": (
        HER,
        msgspec.structs.replace(BRIEF, notes=(), form=shell.Form({}, {"words": "The note is empty. Write something there."})),
    ),
    "brief-moderator": (HOST, msgspec.structs.replace(BRIEF, notes=MODERATED, may_hide=True, may_remove=True)),
    "brief-new": (HOST, msgspec.structs.replace(BRIEF, notes=(), may_remove=True)),
    "circles-desk": (HOST, DESK),
    "circles-desk-reported": (HOST, msgspec.structs.replace(DESK, reported=REPORTED)),
    "circles-desk-empty": (HOST, circles.CirclesDeskPage((), (), TIERS[:1], CAMPAIGNS[:1], "key-15")),
    "circle-desk": (HOST, ONE),
    "circle-desk-found": (
        HOST,
        msgspec.structs.replace(
            ONE, sought="noor", found=(community.FoundFan("m7", "Noor A."),), people=(), briefs=(), on_their_way=0
        ),
    ),
    "circle-desk-to": (HOST, msgspec.structs.replace(ONE, to=community.FoundFan("m7", "Noor A."), form=WRONG)),
    "circle-desk-closed": (HOST, msgspec.structs.replace(ONE, circle=PAST)),
}
