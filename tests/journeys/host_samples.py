"""Contexts of the host's pages, of set-up, and of the pages about checking, as samples."""

import msgspec

from fanfare.web.contexts import host, ideas, members, results, shell
from tests.journeys.sample_ground import FIRST, PINK, SUMMARY, ago

CLOCK = (
    ideas.Step(
        "Terms frozen, 6 November, 09:00",
        "One choice each, seven to three, members. Nobody can change them unseen, you included.",
        "done",
    ),
    ideas.Step("Open until Saturday 14 November, 18:00", "3 days and 4 hours left. 26,318 ballots so far.", "now"),
    ideas.Step("Close and count", "By itself at 18:00. You only need to be there if a tie falls on the cut.", "next"),
)
DESK_ROUND = host.RoundDeskPage(
    FIRST,
    3,
    "The Eighth Flavour",
    "c1",
    CLOCK,
    26318,
    25801,
    38112,
    tuple(results.Column(f"{(14 + at) % 24}:00", 60 + 37 * ((at * 7) % 11)) for at in range(24)),
    "hour",
    ("extend", "pause", "close", "void"),
    12,
    "key-3",
    (
        host.PublicAct(ago(hours=5), "Emeka Obi extended round 1"),
        host.PublicAct(ago(hours=9), "Dora Lindqvist answered Jonah P."),
    ),
    shell.Form(
        {"closes_at": "2026-11-10T10:00"}, {"closes_at": "That is before the present closing time. A round can only get longer."}
    ),
    "extend",
)
CLOCK_WAITS = ideas.Step("Seal", "It waits for a ruling on what cannot be read.", "now")
UNREAD = (results.Unread("2:118:4", "9f2c41d0" * 8, is_ruled=False), results.Unread("3:9041:0", "7be8a613" * 8, is_ruled=False))
RULING_DESK = msgspec.structs.replace(
    DESK_ROUND,
    round=msgspec.structs.replace(FIRST, state="closed", closes_at=ago(minutes=20)),
    acts=("rule", "void"),
    form=shell.Form(),
    failed_act="",
    waits="It waits for a ruling: 2 events that may be of it cannot be read.",
    unread=UNREAD,
    clock=(CLOCK[0], ideas.Step("Closed on Saturday 14 November, 18:00", "26,318 ballots came in.", "done"), CLOCK_WAITS),
)
CHOICES = (host.Choice("plurality", "One choice each"), host.Choice("approval", "Approve of as many as you like"))
INPUTS = (
    host.Choice("ideas", "the ideas with most support"),
    host.Choice("round", "the round before"),
    host.Choice("list", "my own list"),
)
TIES = (host.Choice("earliest", "the earliest idea goes on"), host.Choice("all", "all of them go on"))
DRAFT_VALUES = {
    "title": "The Eighth Flavour",
    "summary": SUMMARY,
    "colour": PINK,
    "rounds-0-name": "Flavour",
    "rounds-0-question": "Which flavour goes on?",
    "rounds-0-opens_at": "2026-11-14T09:00",
    "rounds-0-closes_at": "2026-11-14T18:00",
    "rounds-0-keeps": "3",
}
DRAFT = host.DraftPage(
    shell.Form(DRAFT_VALUES, {"rounds-0-why": "Fans want to know why you ask. One sentence is enough."}),
    2,
    ("Europe/Berlin", "Europe/London", "UTC"),
    CHOICES,
    INPUTS,
    TIES,
    "key-4",
    "c9",
    "DEWmocracy",
    ("Round 1 does not say why you ask.", "Round 2 has no question yet.", "Round 2 does not say what happens with the answers."),
)
OVERTAKEN = host.OvertakenPage(
    FIRST,
    "The Eighth Flavour",
    "close the round now",
    "Emeka Obi extended the round until Saturday, 20:00",
    ago(seconds=20),
    "0/8,190",
    "Everybody who wanted to has voted.",
)
DESK = host.DeskPage(
    (
        host.DeskCampaign("c1", "The Eighth Flavour", "open", "Round 1 of 3 is open; 26,318 ballots.", "r1"),
        host.DeskCampaign("c9", "Winter labels", "draft", "Two rounds have no question yet."),
        host.DeskCampaign("c8", "A straw, or none", "over", "Sealed on 3 May; 9,112 ballots.", "r9"),
    )
)
LIMITS = """Fanfare shows that its numbers follow from its record. This page says what that does not show.

## One person, one ballot

An address is not a person. *Somebody with two addresses can vote twice.*

## One record for everybody

- a stranger can replay what we gave them
- only comparing with others shows that all were given the same
"""
CHECK = members.CheckPage(
    "taste.pomfret.example/record",
    (members.PartitionHead(0, 8205, 12044), *(members.PartitionHead(p, 30442 - 91 * p, 28001 + 17 * p) for p in (1, 2, 3))),
    "fanfare export https://taste.pomfret.example --output eighth-flavour.fanfare",
    "fanfare replay eighth-flavour.fanfare",
    is_simulation=True,
)
MAIL = members.Mail(
    "saoirse@example.org",
    "Your link to Pomfret Soda",
    ago(seconds=20),
    "Press the button, and you are in.",
    "/sign-in/confirm?token=x",
)
SET_UP = members.SetupPage(
    shell.Form(
        {"public_url": "http://taste.example.org", "brand": "Pomfret Soda", "colour": PINK},
        {"public_url": "Without https anybody on the way could read sign-in links. Plain http is for this machine alone."},
    ),
    ("Europe/Berlin", "Europe/London", "UTC"),
    preview=PINK,
)
