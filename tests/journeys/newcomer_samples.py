"""Newcomers, as samples: a link, who came by it, who waits for a welcome, and how she was welcomed."""

import msgspec

from fanfare.web.contexts import Page, Shell, members, newcomers, shell
from tests.journeys.people_samples import FAN, HER, MINE, STRANGER
from tests.journeys.sample_ground import HASH, ago
from tests.journeys.thanks_samples import HOST, JONAH, NOOR

WELCOMER = msgspec.structs.replace(HOST, section="welcome")
LINK = "https://fanfare.pomfret.example/join?from=qK3v0bJx0E3J"
INVITE = newcomers.InvitePage(
    LINK,
    came=12,
    waiting=3,
    credited=7,
    brought=(
        newcomers.BroughtLine(NOOR, "Noor A.", ago(days=1)),
        newcomers.BroughtLine("", "Somebody who left", ago(days=9)),
        newcomers.BroughtLine(JONAH, "Jonah P.", ago(days=12)),
    ),
)
WAITING = (
    newcomers.NewcomerLine(
        NOOR,
        "Noor A.",
        "raised Burnt Orange & Bay",
        "/ideas/i1",
        ago(days=6),
        ago(days=7),
        answered=False,
        brought_by="Saoirse K.",
    ),
    newcomers.NewcomerLine(JONAH, "Jonah P.", "commented on Plum Smoke", "/ideas/i4", ago(days=2), ago(days=2), answered=True),
    newcomers.NewcomerLine("3c9d8e7f6a5b4c3d", "Wren", "voted in a round", "", ago(hours=5), ago(days=20), answered=False),
)
LATELY = (
    newcomers.WelcomedLine("Emeka Obi", "9f86d081884c7d65", "Saoirse K.", ago(hours=3)),
    newcomers.WelcomedLine("Dora Lindqvist", "5f86d081884c7d65", "Imani O.", ago(days=2)),
)
QUEUE = newcomers.WelcomePage(WAITING, LATELY, "key-1")
WELCOMES = (
    newcomers.WelcomeLine(
        "m2", "Emeka Obi", "A pine that wants to be tea. Good that you are here, and that you asked.", ago(days=5), hashes=HASH
    ),
    newcomers.WelcomeLine("", "Somebody who left", "Come in, and stay.", ago(days=4)),
)
ARRIVAL = newcomers.Arrival(JONAH, "Jonah P.", 3, WELCOMES, "9f86d081884c7d65", "key-2")
COMING = members.SignInPage(by="Saoirse K.", code="qK3v0bJx0E3J")
CONFIRM = members.ConfirmPage("x", "noor@example.org", "/", asks_name=True, browser="Firefox on Linux", by="Saoirse K.")

PAGES: dict[str, tuple[Shell, Page]] = {
    "join": (STRANGER, COMING),
    "join-stale": (STRANGER, members.SignInPage(is_stale=True)),
    "join-simulation": (
        msgspec.structs.replace(STRANGER, simulation=shell.Simulation(joined_as="", programs=240)),
        COMING,
    ),
    "join-confirm": (STRANGER, CONFIRM),
    "invite": (HER, INVITE),
    "invite-empty": (HER, newcomers.InvitePage("")),
    "invite-nobody-yet": (HER, newcomers.InvitePage(LINK)),
    "welcome": (WELCOMER, QUEUE),
    "welcome-empty": (WELCOMER, newcomers.WelcomePage((), (), "key-1")),
    "welcome-wrong": (
        WELCOMER,
        msgspec.structs.replace(
            QUEUE, form=shell.Form({"newcomer": JONAH, "words": " "}, {"words": "The words are empty. Write something there."})
        ),
    ),
    "fan-welcomed": (WELCOMER, msgspec.structs.replace(FAN, arrival=ARRIVAL)),
    "fan-brought": (HER, msgspec.structs.replace(FAN, arrival=newcomers.Arrival("", "Somebody who left"))),
    "profile-welcomed": (HER, msgspec.structs.replace(MINE, arrival=ARRIVAL, may_welcome=True)),
}
