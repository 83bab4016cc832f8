"""Kudos and thank-yous, as samples: on a fan's page, as she reads them, on the desk of whoever writes."""

import msgspec

from fanfare.web.contexts import Page, Shell, community, shell
from fanfare.web.contexts.honours import Honours
from tests.journeys.people_samples import FAN, HER, MINE, STRANGER
from tests.journeys.sample_ground import HASH, NOW, ago

HOST = msgspec.structs.replace(HER, section="thanks", viewer=shell.Viewer("m2", "Emeka Obi", is_host=True))
NOOR, JONAH = "5b1c0d2e3f4a5968", "0c9d8e7f6a5b4c3d"
WORDS = (
    "You were the first who asked whether pine can be steeped, and three people tried it in their kitchens because of you.\n\n"
    "We brew it on Thursday. I wanted you to know before anybody else does."
)
QUESTION = "What should the first one who tastes it be told?"
LETTER = community.MyThanksPage("t1", "Emeka Obi", WORDS, QUESTION, ago(days=1))
ANSWER = "That it is meant to taste of the morning, not of the tree."
ANSWERED = msgspec.structs.replace(LETTER, answer=ANSWER, answered_at=ago(hours=2))
LINES = (
    community.ThanksLine("t1", "Emeka Obi", ago(days=1), is_new=True, waits=True),
    community.ThanksLine("t0", "Dora Lindqvist", ago(days=40), is_new=False, waits=False),
)
SEGMENTS = (
    community.SegmentLine("active", "Active", "Interested, involved and interacting, all three.", 204),
    community.SegmentLine("interested", "Interested", "Supported an idea or commented, at any time.", 12_418),
    community.SegmentLine("involved", "Involved", "Raised an idea or took part in a round that has closed, at any time.", 9_880),
    community.SegmentLine("interacting", "Interacting", "Did any of this in two weeks or more of the last 30 days.", 611),
    community.SegmentLine("new", "New", "Joined in the last 30 days.", 0),
    community.SegmentLine("lapsed", "Lapsed", "Did any of this once, and nothing of it for 90 days.", 3_077),
)
HONOURED = Honours("", ("Keeper of the Cherry",))
DESK = community.ThanksDeskPage(
    shell.Form(),
    "key-1",
    SEGMENTS,
    waiting=2,
    answers=(
        community.AnswerLine("9f86d081884c7d65", "Saoirse K.", QUESTION, ANSWER, ago(days=3), honours=HONOURED),
        community.AnswerLine(NOOR, "Noor A.", QUESTION, "Nothing. Let them find out.", ago(hours=5)),
        community.AnswerLine(JONAH, "Jonah P.", "Would you cook it again?", "With less salt, yes.", ago(days=9), ago(days=8)),
    ),
    sent=(
        community.SentLine("Active", WORDS, QUESTION, ago(days=4), 204, 204, 187, 96, 2),
        community.SentLine("Jonah P.", "Thank you for the salt.", "", ago(days=10), 1, 1, 0, 1, 0),
    ),
)
FOUND = msgspec.structs.replace(
    DESK,
    sought="no",
    found=(community.FoundFan(NOOR, "Noor A."), community.FoundFan(JONAH, "Eleanor Vance")),
    answers=(),
    waiting=0,
)
PREVIEW = msgspec.structs.replace(
    DESK,
    form=shell.Form({"segment": "active", "words": WORDS, "question": QUESTION}),
    preview=msgspec.structs.replace(LETTER, id="", at=NOW),
    preview_for=204,
)
TO_ONE = msgspec.structs.replace(PREVIEW, to=(community.FoundFan(NOOR, "Noor A."),), preview_for=1)
_ALL = tuple(community.FoundFan(f"a{n}", n) for n in ("Ewa D.", "Jonah P.", "Noor A.", "Otto V."))
TO_SOME = msgspec.structs.replace(FOUND, to=_ALL)
TO_MOST = msgspec.structs.replace(PREVIEW, to=_ALL, preview_for=4, full=True)
WRONG = msgspec.structs.replace(
    DESK,
    form=shell.Form(
        {"words": WORDS}, {"segment": "Choose a fan or a segment in which somebody is.", "words": "The words are empty."}
    ),
)
NOBODY = community.ThanksDeskPage(shell.Form(), "key-1", tuple(msgspec.structs.replace(each, count=0) for each in SEGMENTS))

SAID = (
    community.KudosLine(
        "k1",
        NOOR,
        "Noor A.",
        "Your bay leaf made my orange better. I would not have dared.",
        ago(hours=3),
        "i1",
        "Burnt Orange & Bay",
        is_mine=True,
    ),
    community.KudosLine("k2", JONAH, "Jonah P.", "Always kind, also to those who are wrong.", ago(days=2), hashes=HASH),
    community.KudosLine(
        "k3", "", "Somebody who left", "The aunt convinced me.", ago(days=60), "i4", "Plum Smoke", about_comment=True
    ),
)
PRAISE = community.Praise("9f86d081884c7d65", "Saoirse K.", SAID, may_give=True, left=3, key="key-2", may_thank=True)
NO_PRAISE = msgspec.structs.replace(PRAISE, given=())
SPENT = msgspec.structs.replace(PRAISE, left=0, may_thank=False)
KUDOS = community.KudosPage("9f86d081884c7d65", "Saoirse K.", shell.Form(), 5, "key-3")
KUDOS_WRONG = msgspec.structs.replace(
    KUDOS,
    form=shell.Form(
        {"words": "Thanks", "about": "i1"}, {"": "You gave your five kudos of this week. You can give five more from Monday on."}
    ),
    left=0,
)

PAGES: dict[str, tuple[Shell, Page]] = {
    "thanks-mine": (HER, LETTER),
    "thanks-mine-answered": (HER, ANSWERED),
    "thanks-mine-wrong": (
        HER,
        msgspec.structs.replace(LETTER, form=shell.Form({"answer": " "}, {"answer": "The answer is empty."})),
    ),
    "thanks-desk": (HOST, DESK),
    "thanks-found": (HOST, FOUND),
    "thanks-preview": (HOST, PREVIEW),
    "thanks-to-one": (HOST, TO_ONE),
    "thanks-to-some": (HOST, TO_SOME),
    "thanks-to-most": (HOST, TO_MOST),
    "thanks-wrong": (HOST, WRONG),
    "thanks-empty": (HOST, NOBODY),
    "unsubscribe": (STRANGER, community.UnsubscribePage("9f86d081884c7d65.ab12")),
    "unsubscribed": (STRANGER, community.UnsubscribePage("9f86d081884c7d65.ab12", done=True)),
    "kudos": (HER, KUDOS),
    "kudos-wrong": (HER, KUDOS_WRONG),
    "fan-praised": (HOST, msgspec.structs.replace(FAN, kudos=PRAISE)),
    "fan-unpraised": (HER, msgspec.structs.replace(FAN, kudos=NO_PRAISE)),
    "fan-praised-spent": (HER, msgspec.structs.replace(FAN, kudos=SPENT)),
    "profile-thanked": (HER, msgspec.structs.replace(MINE, thanks=LINES)),
}
