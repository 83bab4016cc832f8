"""The pages of people, as samples: signing in, who can act as her, her profile, her page as others see it."""

import msgspec

from fanfare.web.contexts import Page, Shell, ballots, fans, members, shell
from tests.journeys.sample_ground import FIRST, HASH, NOW, SEALED, ago, ahead

MAIL = "saoirse@example.org"
STRANGER = Shell("Pomfret Soda", NOW, "Europe/Berlin", "csrf-token")
HER = msgspec.structs.replace(STRANGER, section="mine", viewer=shell.Viewer("9f86d081884c7d65", "Saoirse K."))
TOLD = msgspec.structs.replace(HER, notice=shell.Notice("This passkey signs you in from now on."))

CHALLENGE = '{"parameters": {"algorithm": "PBKDF2/SHA-256"}, "signature": "ab"}'
EFFORT = members.EffortPage(MAIL, CHALLENGE, "waited", 60, "/me")
CONFIRM = members.ConfirmPage("token", MAIL, asked_here=False, browser="Firefox on Android")

WAYS = members.WaysIn(
    MAIL,
    (
        members.PasskeyLine("k1", "Pixel, the blue one", ago(days=200), ago(hours=2)),
        members.PasskeyLine("k2", "Firefox on Linux", ago(days=3)),
    ),
    device="Firefox on Linux",
)
BROWSERS = (
    members.Access("s1", "Firefox on Linux", ago(minutes=4), ahead(days=30), is_this=True),
    members.Access("s2", "Chrome on Android", ago(days=12), ahead(days=18)),
)
ACCESS = members.AccessPage(
    BROWSERS, (members.Access("t1", "Nightly export", ago(days=40), ahead(days=325)),), "key-1", ways=WAYS
)
STALE = msgspec.structs.replace(ACCESS, ways=msgspec.structs.replace(WAYS, is_fresh=False), shown=False)
LAST_WAY = msgspec.structs.replace(
    ACCESS,
    browsers=BROWSERS[:1],
    tokens=(),
    ways=members.WaysIn(passkeys=WAYS.passkeys[:1], device="Firefox on Linux"),
    form=shell.Form({"email": "saoirse@"}, {"email": "That is not a whole address yet."}),
)
BARE = msgspec.structs.replace(
    ACCESS,
    browsers=BROWSERS[:1],
    tokens=(),
    made="fanfare_pat_5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
    ways=members.WaysIn(MAIL, elsewhere="Passkeys need a name, and this page was opened by number (127.0.0.1)."),
)

PLANNED = ballots.MyAnswer(
    "planned", "We brew a hundred litres in the pilot kitchen in January and invite you.", "Dora Lindqvist", ago(days=3)
)
IDEAS = (
    ballots.MyIdea("i1", "Pine & Lime", "Went on from round 1. Place 2 of 7, with 5,937 votes.", 2204, 31, PLANNED),
    ballots.MyIdea(
        "i9",
        "Sea Buckthorn",
        "Not among the seven. Place 19 of 1,316, with 41 supporters. Seven go on.",
        41,
        6,
        ballots.MyAnswer("declined", "The berries would make a can cost nine euros.", "Dora Lindqvist", ago(days=8)),
    ),
)
SAID = (
    ballots.MyComment("i1", "Rhubarb Gate", "Steep it, never boil it. My aunt would say the same.", ago(days=2)),
    ballots.MyComment("i4", "Plum Smoke", "", ago(days=9), "Its author took this back."),
)
MINE = ballots.MinePage(
    "Saoirse K.",
    ago(days=420),
    (
        ballots.MyBallot(FIRST, "The Eighth Flavour", "counts", ago(minutes=4), 2, HASH[:32]),
        ballots.MyBallot(SEALED, "A bag that lasts", "counted", ago(days=6), 1, HASH[32:]),
    ),
    IDEAS,
    SAID,
    (ballots.MyIdea("i2", "Burnt Orange & Bay", "On the ballot of round 1. Place 5 of 7, with 2,611 votes.", 870, 12),),
    id="9f86d081884c7d65",
)
FAN = fans.FanPage("9f86d081884c7d65", "Saoirse K.", ago(days=420), IDEAS, SAID[:1])
HERS = msgspec.structs.replace(FAN, is_mine=True, address="https://fans.pomfret.example/fans/9f86d081884c7d65")

PAGES: dict[str, tuple[Shell, Page]] = {
    "sign-in-fresh": (STRANGER, members.SignInPage()),
    "sign-in-again": (HER, members.SignInPage(shell.Form({"email": MAIL}), "/me/access", is_again=True)),
    "sign-in-number": (STRANGER, members.SignInPage(elsewhere=BARE.ways.elsewhere)),
    "effort": (STRANGER, EFFORT),
    "effort-early": (STRANGER, msgspec.structs.replace(EFFORT, is_early=True, wait_s=34)),
    "confirm-elsewhere": (STRANGER, CONFIRM),
    "access": (TOLD, ACCESS),
    "access-stale": (HER, STALE),
    "access-last-way": (HER, LAST_WAY),
    "access-token": (HER, BARE),
    "new-address": (HER, members.NewAddressPage("token", "Saoirse K.", MAIL, here=True)),
    "new-address-elsewhere": (STRANGER, members.NewAddressPage("token", "Saoirse K.", MAIL, here=False)),
    "old-address": (STRANGER, members.OldAddressPage("token", "Saoirse K.", MAIL, ahead(days=6))),
    "profile": (HER, MINE),
    "profile-empty": (HER, ballots.MinePage("Saoirse K.", ago(hours=1), id="9f86d081884c7d65")),
    "fan": (STRANGER, FAN),
    "fan-mine": (HER, HERS),
    "fan-hidden": (HER, msgspec.structs.replace(HERS, shown=False, ideas=(), comments=())),
}
