"""Contexts of answers and of moderation, as samples."""

import msgspec

from fanfare.record.answers import AnswerStatus
from fanfare.web.contexts import Page, Shell, answers, ideas, moderation, shell
from fanfare.web.pages.flags import offered
from tests.journeys.sample_ground import ago


def given(status: AnswerStatus, text: str, **when: int) -> answers.Answer:
    """Return an answer of so long ago."""
    return answers.Answer(status, text, "Dora Lindqvist", ago(**when), "0:412:0")


PLANNED = given("planned", "The kitchen steeps the tips on **3 December**, in public. Come and taste.", hours=4)
ANSWERS = (PLANNED, given("considered", "We look for somebody who picks young tips without hurting the trees.", days=9))
ASKED = (
    answers.Asked("i6", "Plum Smoke", "Yuki T.", ago(hours=26), 1258),
    answers.Asked("i4", "Burnt Orange & Bay", "Noor A.", ago(hours=9), 2611),
    answers.Asked("i3", "Salted Watermelon", "Ewa D.", ago(minutes=40), 3506),
)
WAITING = answers.AnswersPage("c1", ASKED, 41, "next")
ALL_ANSWERED = answers.AnswersPage("c1", (), 0)
ANSWER = answers.AnswerPage(
    ASKED[0],
    "Dried plums from a smokehouse. Strange on the first sip, then you finish the bottle.",
    shell.Form(
        {"status": "declined", "reason": "Smoke clings to the line for a week, and every other flavour would taste of it."}
    ),
    "key-5",
    (given("considered", "We ask the smokehouse in Mostar.", days=3),),
    given("declined", "Smoke clings to the line for a week, and every other flavour would taste of it.", seconds=0),
    "i4",
)
ANSWER_FIRST = msgspec.structs.replace(
    ANSWER, form=shell.Form({}, {"reason": "The reason is empty. Write something there."}), given=(), preview=None
)

OFFERED = offered()
HIDING = moderation.Hiding("k2", OFFERED[1].says, "The second half calls her names.", "Moritz Brandt", ago(hours=3))
FLAG = moderation.FlagPage(
    "k2", "comment", "i1", "Only somebody with no tongue votes for this. Go back to your tap water.", "Jonah P.", OFFERED
)
FLAGGED = msgspec.structs.replace(FLAG, done=True)
QUEUE = (
    moderation.QueueLine("k2", "comment", FLAG.words, "Jonah P.", ago(hours=2), 3),
    moderation.QueueLine("i9", "idea", "Cheap sunglasses, any brand", "Somebody who left", ago(hours=1), 1),
    moderation.QueueLine(
        "k7", "comment", "I quoted him, I did not say it.", "Ewa D.", ago(minutes=9), 1, asked_back=True, is_hidden=True
    ),
)
CASE = moderation.CaseView(
    QUEUE[0],
    "i1",
    "Pine & Lime",
    FLAG.words,
    (
        moderation.Flag(OFFERED[1].says, "The second sentence.", ago(hours=2)),
        moderation.Flag(OFFERED[1].says, "", ago(minutes=80)),
        moderation.Flag(OFFERED[3].says, "", ago(minutes=31)),
    ),
    None,
    OFFERED[1].code,
    "",
    "i9",
    1,
)
LATELY = (
    moderation.DoneLately(
        "k1",
        "hid a comment by Tomasz W.",
        "Moritz Brandt",
        ago(minutes=3),
        "show",
        "It is her address.",
        "/host/moderation?case=k1",
    ),
    moderation.DoneLately(
        "i2", "left an idea by Noor A. as it is", "Emeka Obi", ago(hours=5), "reopen", "", "/host/moderation?case=i2"
    ),
    moderation.DoneLately(
        "k0", "showed a comment by Ewa D. again", "Emeka Obi", ago(days=1), "", "It was a quotation.", "/host/moderation?case=k0"
    ),
)
MODERATION = moderation.ModerationPage(3, ago(hours=2), CASE, QUEUE, OFFERED, LATELY, "key-6", undo=LATELY[0])
ASKED_BACK = msgspec.structs.replace(
    MODERATION,
    case=msgspec.structs.replace(
        CASE,
        line=QUEUE[2],
        text="He said that it tastes of the sea, and of an old boat.",
        flags=(moderation.Flag("", "I quoted the label of the old bottle.", ago(minutes=9)),),
        hiding=HIDING,
        previous="i9",
        next="",
        number=3,
    ),
    undo=None,
)
IN_CIRCLES = (moderation.ReportedLine("b1", "n4", "Two bottles, one shelf: which would you pick up?", 2, ago(minutes=2)),)
EMPTY = moderation.ModerationPage(0, None, None, (), OFFERED, (), "key-7")


def pages(fan: Shell, host: Shell, idea: ideas.IdeaPage, hers: ideas.IdeaPage) -> dict[str, tuple[Shell, Page]]:
    """Return the samples by name, in the shells of a *fan* and a *host*; *idea* and *hers* are what is answered and hidden."""
    moderator = msgspec.structs.replace(
        fan, viewer=shell.Viewer("m6", "Moritz Brandt", may_moderate=True), campaign=None, section="moderation"
    )
    nobody = {"comments": (), "tags": (), "can_support": False, "ballot_round_id": ""}
    hidden = msgspec.structs.replace(idea, title="A hidden idea", text="", hiding=HIDING, **nobody)
    own = msgspec.structs.replace(hers, hiding=msgspec.structs.replace(HIDING, is_mine=True), ballot_round_id="")
    return {
        "idea-answered": (fan, msgspec.structs.replace(idea, answers=ANSWERS, may_answer=True)),
        "idea-hidden": (fan, hidden),
        "idea-hidden-mine": (fan, own),
        "flag": (fan, FLAG),
        "flag-done": (fan, FLAGGED),
        "host-answers": (host, WAITING),
        "host-answers-none": (host, ALL_ANSWERED),
        "host-answer": (host, ANSWER),
        "host-answer-wrong": (host, ANSWER_FIRST),
        "moderation": (moderator, MODERATION),
        "moderation-asked-back": (moderator, ASKED_BACK),
        "moderation-empty": (moderator, EMPTY),
        "moderation-circles": (moderator, msgspec.structs.replace(EMPTY, notes=IN_CIRCLES)),
        "moderation-both": (moderator, msgspec.structs.replace(MODERATION, notes=IN_CIRCLES)),
    }
