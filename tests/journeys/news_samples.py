"""Contexts of what is news: the front page, a campaign's way, its timeline, as samples."""

import msgspec

from fanfare.web.contexts import campaigns
from tests.journeys.sample_ground import HASH, ago

LATE_MONDAY = "A bag that lasts, until Monday 16 November, 12:00."
DEEDS = (
    campaigns.Deed("Vote on the seven", "The Eighth Flavour, until Saturday 14 November, 18:00.", "/rounds/r1/ballot"),
    campaigns.Deed("Support the ideas that you like", LATE_MONDAY, "/campaigns/c2/ideas"),
    campaigns.Deed("Raise an idea of your own", LATE_MONDAY, "/campaigns/c2/ideas/new"),
)
LAST = campaigns.Outcome(
    "r7",
    "c2",
    "A bag that lasts",
    "Material",
    "Waxed canvas goes on",
    "We sew twelve of the one that wins, and the first goes to whoever raised it.",
    "Harriet Lund, Halden Works",
    HASH[7:] + HASH[:7],
    ago(days=2),
    (
        campaigns.Answered(
            "Waxed canvas",
            "/ideas/i4",
            "started",
            "The first bolt is on the table. It smells of a boat.",
            "Harriet Lund",
            ago(days=1),
        ),
    ),
)
WAY_ON = (
    campaigns.Stage("Ideas", "Pine & Lime, Rhubarb Gate and five more go on.", "done", href="/rounds/r0/report"),
    campaigns.Stage(
        "Flavour", "Open until Saturday 14 November, 18:00. Seven go in, three go on.", "now", href="/rounds/r1/report"
    ),
    campaigns.Stage("Last three", "Opens Wednesday 18 November, 09:00. Three go in, one goes on.", "next"),
)
ASKERS = (
    campaigns.Asker(
        "Dora Lindqvist, head of flavour",
        "We can brew three in the pilot kitchen, and cannot tell which.",
        "Which flavour goes on to the kitchen?",
    ),
    campaigns.Asker("Emeka Obi, brand", "The can has to be drawn before March.", "Which name does it get?"),
)
TIMELINE = campaigns.TimelinePage(
    (
        campaigns.TimelineKind("", "All", 91406),
        campaigns.TimelineKind("hosts", "Hosts", 41),
        campaigns.TimelineKind("ideas", "Ideas", 3204),
        campaigns.TimelineKind("comments", "Comments", 9404),
        campaigns.TimelineKind("ballots", "Ballots", 78757),
    ),
    "",
    (
        campaigns.TimelineEntry(ago(seconds=4), "41 fans", False, "cast ballots in round 1", "3/30,441"),
        campaigns.TimelineEntry(
            ago(minutes=9), "Noor A.", False, "commented on Pine & Lime", "0/8,204", "/ideas/i1", member="m7"
        ),
        campaigns.TimelineEntry(
            ago(minutes=40),
            "Wren L.",
            False,
            "hid a comment",
            "0/8,201",
            "/ideas/i1",
            "It calls her names.",
            "m9",
            standing="fan with the right to moderate until 3 December",
        ),
        campaigns.TimelineEntry(
            ago(hours=5),
            "Emeka Obi",
            True,
            "extended round 1 until Saturday, 20:00",
            "0/8,190",
            reason="The mail went out late.",
        ),
        campaigns.TimelineEntry(
            ago(days=5), "Dora Lindqvist", True, "opened round 1 and froze its terms", "0/7,011", "/rounds/r1/report"
        ),
    ),
    older="7011",
    rounds=(campaigns.TimelineChoice("", "All rounds"), campaigns.TimelineChoice("r1", "Round 1, Flavour")),
    whos=(
        campaigns.TimelineChoice("", "Everybody"),
        campaigns.TimelineChoice("hosts", "Hosts"),
        campaigns.TimelineChoice("fans", "Fans"),
    ),
)
NARROWED = msgspec.structs.replace(TIMELINE, entries=(), kind="ideas", round="r1", who="hosts", older="", begins=False)
