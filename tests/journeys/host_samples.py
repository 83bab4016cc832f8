"""Contexts of the host's pages, of set-up, and of the pages about checking, as samples."""

import msgspec

from fanfare.web import colours
from fanfare.web.contexts import host, ideas, members, results, shell
from fanfare.web.pages.mail_settings import ENCRYPTIONS
from tests.journeys.moderation_samples import ASKED
from tests.journeys.sample_ground import FIRST, PINK, ago

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
    waiting=ASKED,
    unanswered=41,
    cases=2,
    oldest_case=ago(hours=2),
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
OVERTAKEN = host.OvertakenPage(
    FIRST,
    "The Eighth Flavour",
    "You wanted to close the round now.",
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
    remarks=colours.remarks(PINK),
    encryptions=ENCRYPTIONS,
)
