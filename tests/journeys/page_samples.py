"""Realistic contexts for every page, by name: the preview shows them, and a unit test renders them all."""

import msgspec

from fanfare.views.mine import Counts
from fanfare.web.contexts import Page, Shell, ballots, campaigns, ideas, members, results, shell
from fanfare.web.pages.design import specimen
from fanfare.web.words import letter
from tests.journeys import (
    auditor_samples,
    circle_samples,
    draw_samples,
    idea_samples,
    moderation_samples,
    newcomer_samples,
    operator_samples,
    people_samples,
    picture_samples,
    receipt_samples,
    recognition_samples,
    reward_samples,
    right_samples,
    settings_samples,
    thanks_samples,
)
from tests.journeys.host_samples import DESK, DESK_ROUND, MAIL, OVERTAKEN, RULING_DESK, SET_UP
from tests.journeys.news_samples import ASKERS, DEEDS, LAST, NARROWED, TIMELINE, WAY_ON
from tests.journeys.sample_ground import FIRST, HASH, NOW, PINK, SEALED, SUMMARY, ago, ahead

FLAVOURS = (
    ("Sour Cherry Cola", 6104, "Tomasz W.", 1, "Cola with the cherry stone left in: dark, tart, a little almond."),
    ("Pine & Lime", 5937, "Imani O.", -1, "Spring pine tips steeped like tea, then lime until it bites."),
    ("Rhubarb Gate", 4480, "Beatriz L.", 0, "Forced rhubarb and ginger, pink without any dye."),
    ("Salted Watermelon", 3506, "Ewa D.", 0, "August by the pool, with the pinch of salt your aunt adds."),
    ("Burnt Orange & Bay", 2611, "Noor A.", 1, "Orange peel over a flame, one bay leaf, no sugar rush."),
    ("Cardamom Pear", 1744, "Jonah P.", -1, "Slow Sunday pear with green cardamom, barely fizzy."),
    ("Plum Smoke", 1258, "Yuki T.", 0, "Dried plums from a smokehouse; strange, then addictive."),
)

SECOND = campaigns.RoundStub("r2", 2, "Last three", "upcoming", 3, 1, ahead(days=7), ahead(days=12))
PAUSED = msgspec.structs.replace(FIRST, state="paused", reason="The mail with the links did not go out. We send it first.")
STRIP = (FIRST, SECOND, campaigns.RoundStub("r3", 3, "The name", "upcoming", None, 1, ahead(days=21), ahead(days=25)))

POMFRET = shell.CampaignChrome("c1", "The Eighth Flavour", PINK, open_round_id="r1", result_round_id="r1")
SAOIRSE = shell.Viewer("m1", "Saoirse K.")
EMEKA = shell.Viewer("m2", "Emeka Obi", is_host=True)
FAN = Shell("Pomfret Soda", NOW, "Europe/Berlin", "csrf-token", section="campaign", viewer=SAOIRSE, campaign=POMFRET)
HOST = msgspec.structs.replace(FAN, viewer=EMEKA, section="desk", simulation=shell.Simulation("host", 2140))
OPERATOR = msgspec.structs.replace(
    FAN, viewer=shell.Viewer("m3", "Ada N.", is_host=True, is_admin=True), campaign=None, section="operations"
)
STRANGER = Shell("Fanfare", NOW, "Europe/Berlin", "csrf-token")
PLAYED = msgspec.structs.replace(FAN, simulation=shell.Simulation("", 2140), viewer=None)

ROWS = tuple(
    campaigns.BoardRow(f"o{at}", title, at + 1, count, f"/ideas/i{at}", by, change)
    for at, (title, count, by, change, _) in enumerate(FLAVOURS)
)
BOARD = campaigns.Board(FIRST, ROWS, 25640, ago(seconds=2))
TERMS = (
    campaigns.Term("Method", "One choice each"),
    campaigns.Term("Who may vote", "Members"),
    campaigns.Term("Your last ballot", "is the one"),
    campaigns.Term("A tie at the cut", "the earliest idea"),
    campaigns.Term("Terms frozen", "6 November, 09:00"),
)
VOICES = (
    campaigns.Voice(
        "Pine & Lime tastes like the first cold morning when you still refuse to close the window.",
        "Noor A.",
        ago(minutes=40),
        "Pine & Lime",
        "/ideas/i1",
    ),
    campaigns.Voice(
        "Will Rhubarb Gate really be pink without dye? I have been lied to by pink drinks before.",
        "Jonah P.",
        ago(hours=3),
        "Rhubarb Gate",
        "/ideas/i2",
    ),
    campaigns.Voice(
        "Yes. Forced rhubarb, pressed cold. It fades to peach in sunlight and we’ll leave it that way.",
        "Dora Lindqvist",
        ago(hours=2),
        "Rhubarb Gate",
        "/ideas/i2",
        is_host=True,
    ),
)
TAPE = campaigns.Tape(
    tuple(
        campaigns.TapeEntry(f"{n % 3 + 1}/{30441 - n:,}", "ballot cast" if n % 3 else "Noor A. commented", ago(seconds=3 * n))
        for n in range(9)
    ),
    91406,
)
TICKET = campaigns.Ticket("c1", "The Eighth Flavour", SUMMARY, "Pomfret Soda", 38112, PINK, FIRST, "can-vote", takes_ideas=False)
CAMPAIGN = campaigns.CampaignPage(
    TICKET,
    STRIP,
    BOARD,
    TERMS,
    "/rounds/r1/report#terms",
    VOICES,
    TAPE,
    "Seven sodas in ninety years. **The eighth is yours.**",
    1316,
    "Dora Lindqvist’s team brews all three by 1 December, and you taste them on the tour.",
    "Dora Lindqvist, head of flavour",
    WAY_ON,
    ASKERS,
)
YOUNG = msgspec.structs.replace(
    CAMPAIGN,
    ticket=msgspec.structs.replace(TICKET, round=msgspec.structs.replace(SECOND, number=1), takes_ideas=True),
    rounds=(msgspec.structs.replace(SECOND, number=1, name="Flavour", takes=None), *STRIP[2:]),
    board=None,
    voices=(),
)
FRONT = campaigns.FrontPage(
    TICKET,
    DEEDS,
    LAST,
    (
        campaigns.CampaignStrip("c2", "A bag that lasts", "Halden Works", "open", "Round 2 of 3 closes on Saturday.", "#2457d6"),
        campaigns.CampaignStrip("c3", "Breakfast, again", "Morrow Mill", "upcoming", "Ideas are open until Monday.", "#ffc629"),
    ),
    (
        campaigns.SealedRow("r7", "A bag that lasts", "Waxed canvas goes on", HASH, ago(days=6), "#2457d6"),
        campaigns.SealedRow("r8", "Breakfast, again", "Oats and rye win", HASH[::-1], ago(days=9), "#ffc629"),
    ),
    draw_samples.SPOTLIGHT,
)

OPTIONS = tuple(
    ballots.BallotOption(f"o{at}", letter(at), FLAVOURS[at][0], FLAVOURS[at][4], chosen=at == 1) for at in (6, 1, 2, 0, 5, 3, 4)
)
WHY = "we can brew three in the pilot kitchen, and cannot tell which."
BALLOT = ballots.BallotPage(
    FIRST,
    "Which flavour goes on to the kitchen?",
    "Dora Lindqvist, head of flavour,",
    WHY,
    OPTIONS,
    "plurality",
    1,
    "key-1",
    HASH,
    HASH[:12],
)
APPROVAL = msgspec.structs.replace(BALLOT, method="approval", most=3, question="Which would you drink?")
OUTDATED = msgspec.structs.replace(BALLOT, paper_number=3, replaces=("Rhubarb Gate",), cast_at=ago(minutes=4))
WRONG = msgspec.structs.replace(APPROVAL, error="You ticked four, and this paper takes three. Take one tick away.")
MINE = ballots.MinePage(
    "Saoirse K.",
    ago(days=420),
    (
        ballots.MyBallot(FIRST, "The Eighth Flavour", "counts", ago(minutes=4), 2, HASH[:32]),
        ballots.MyBallot(SEALED, "A bag that lasts", "counted", ago(days=6), 1, HASH[32:]),
    ),
    (ballots.MyIdea("i9", "Sea Buckthorn", "Not on the ballot: the berries cost 9 € a can. Dora Lindqvist, 3 November.", 41, 6),),
    (ballots.MyComment("i1", "Pine & Lime", "Steep it, never boil it. My aunt would say the same.", ago(days=2)),),
)

IDEA_ROWS: tuple[ideas.IdeaRow, ...] = tuple(
    ideas.IdeaRow(f"i{at}", title, line, by, ago(days=9 * at + 1), count // 3, 12 - at, ("citrus",) if at % 2 else (), stage)
    for at, ((title, count, by, _, line), stage) in enumerate(zip(FLAVOURS, ("On the ballot",) * 4 + ("",) * 3, strict=True))
)
PICTURES = picture_samples.shown()
PICTURED_ROWS = tuple(
    msgspec.structs.replace(row, picture=each) for row, each in zip(IDEA_ROWS, (*PICTURES, None) * 2, strict=False)
)
IDEAS = ideas.IdeasPage("c1", IDEA_ROWS, 1316, "top", True, ("citrus", "summer", "not sweet", "berries"), older="next")
IDEA_TEXT = (
    "My grandmother kept a jar of pine syrup behind the tea. In May she sent us out for the soft green tips, and for a week the "
    "kitchen smelled like the inside of a tree.\n\nI want that, cold, in a can: pine tips **steeped like tea**, not boiled, then "
    "lime until it bites.\n\n- bitter at the end\n- no sugar rush"
)
WAY = (
    ideas.Step("Raised", "2 September, by Imani O.", "done"),
    ideas.Step("Refined", "Three versions.", "done"),
    ideas.Step("On the ballot", "Round 1 closes on Saturday, 18:00. Votes are bound to version 3.", "now"),
    ideas.Step("Into the kitchen", "If it is among the three.", "next"),
)
IDEA = ideas.IdeaPage(
    "i1",
    "Pine & Lime",
    IDEA_TEXT,
    "Imani O.",
    ago(days=70),
    3,
    (ideas.Version(3, ago(days=6), "edited by Imani O."), ideas.Version(1, ago(days=70), "first written")),
    tuple(msgspec.structs.replace(voice, about="") for voice in VOICES),
    2204,
    supported=False,
    said=2,
    is_mine=False,
    can_edit=False,
    can_support=True,
    way=WAY,
    tags=("citrus", "not sweet"),
)
HASHES = "9f2c" * 16
MODERATED = msgspec.structs.replace(
    IDEA,
    gone="Removed by a moderator: It gives away where somebody lives.",
    versions=tuple(msgspec.structs.replace(each, hashes=HASHES) for each in IDEA.versions),
    comments=(
        msgspec.structs.replace(IDEA.comments[0], hashes=HASHES),
        msgspec.structs.replace(IDEA.comments[1], gone="Its author took this back."),
        msgspec.structs.replace(IDEA.comments[1], hashes=HASHES, is_mine=True),
    ),
    removal_key="key-3",
)
PICTURED = msgspec.structs.replace(IDEA, pictures=PICTURES, pictures_gone=("Removed by a moderator: It shows a house number.",))
MY_PICTURED = msgspec.structs.replace(PICTURED, is_mine=True, can_edit=True, may_remove_pictures=True, removal_key="key-3")
COUNTS = Counts(ideas=2, comments=14, rounds=3, sessions=2, texts=41, drafts=0)
KEPT = members.KeptPage("Saoirse K.", "saoirse@example.org", ago(days=80), COUNTS, is_last_admin=False, mailbox=True)
WRONG_WORDS = shell.Form({"words": "erase"}, {"words": "Type the two words: erase me"})
KEPT_WRONG = msgspec.structs.replace(KEPT, email="", mailbox=False, form=WRONG_WORDS)
LAST_ADMIN = msgspec.structs.replace(KEPT, counts=msgspec.structs.replace(COUNTS, drafts=1), is_last_admin=True)
ERASE = members.ErasePage("Saoirse K.", "token-1")
MY_IDEA = msgspec.structs.replace(IDEA, is_mine=True, can_edit=True, can_support=False, said=0, comments=())
SIMILAR = (ideas.SimilarIdea("i1", "Pine & Lime", "Spring pine tips steeped like tea.", 2204),)
IDEA_FORM = ideas.IdeaFormPage("c1", shell.Form(), "key-2", tags=("citrus", "summer", "not sweet"))
TYPED = {"title": "Pine", "text": "Pine tips, but without the lime.", "tags": "a, b, c, d, e, f"}
IDEA_WRONG = ideas.IdeaFormPage("c1", shell.Form(TYPED, {"tags": "Six tags; five fit. Take one away."}), "key-2", similar=SIMILAR)
IDEA_PICTURED = ideas.IdeaFormPage(
    "c1", shell.Form(TYPED, {"words-2": "The description of picture 2 is empty."}), "key-2", pictures=PICTURES
)

TURNOUT = tuple(
    results.Column(str(6 + at), count) for at, count in enumerate((8412, 6105, 4230, 2918, 2604, 3377, 3902, 4481, 5833))
)
TIED = {"o3": (3, 4480), "o6": (7, 284)}
FINAL_ROWS = tuple(
    msgspec.structs.replace(row, change=None, rank=TIED.get(row.id, (row.rank, 0))[0], count=TIED.get(row.id, (0, row.count))[1])
    for row in ROWS
)
HISTORY = results.LeaderHistory(
    tuple(ago(hours=8 * (8 - at)) for at in range(9)),
    tuple(
        results.Line(row.title, (*(row.count * step * (10 - (step * at) % 4) // 80 for step in range(8)), row.count), at < 3)
        for at, row in enumerate(FINAL_ROWS)
    ),
)
COMMAND = "fanfare replay eighth-flavour.fanfare --round r1"
ORIGIN = results.Origin(
    ago(minutes=1),
    (8204, 30102, 30441, 29877),
    COMMAND,
    "/rounds/r1/report.json",
    "/rounds/r1/report.csv",
    "fanfare.report.round.v1",
)
REPORT = results.ReportPage(
    SEALED,
    (SEALED, *STRIP[1:]),
    "Which flavour goes on to the kitchen?",
    msgspec.structs.replace(BOARD, round=SEALED, rows=FINAL_ROWS, as_of=SEALED.closes_at),
    results.Accounting(27093, 25640, 1204, 37, 212),
    38112,
    25801,
    TURNOUT,
    "day",
    TERMS,
    HASH,
    tuple(row.title for row in ROWS[:3]),
    "Dora Lindqvist’s team brews all three by 1 December. The second vote, three to one, opens on 18 November.",
    ORIGIN,
    ties=(
        results.Tie(
            ("Rhubarb Gate", "Salted Watermelon"), 4480, "Rhubarb Gate goes first: it was raised earlier, on 2 September."
        ),
    ),
    rulings=(results.Ruling("Extended by two hours", "The mail went out late. Emeka Obi.", ago(days=1)),),
    history=HISTORY,
    seal=results.Seal(HASH, ago(hours=19)),
)
LIVE_REPORT = msgspec.structs.replace(REPORT, round=FIRST, rounds=STRIP, board=BOARD, advanced=(), seal=None, ties=(), rulings=())
CAMPAIGN_REPORT = results.CampaignReportPage(
    "The Eighth Flavour",
    "c1",
    "Pomfret Soda",
    "Pine & Lime wins, out of 1,316 ideas",
    (
        results.RoundSummary(SEALED, "Sour Cherry Cola, Pine & Lime and Rhubarb Gate go on", 25640, 25801),
        results.RoundSummary(msgspec.structs.replace(SECOND, state="sealed"), "Pine & Lime wins", 22017, 22301),
    ),
    38112,
    1316,
    9404,
    30128,
    REPORT.rulings,
    results.Moderated(
        3,
        1,
        (campaigns.Term("It insults or threatens somebody.", "2"), campaigns.Term("It advertises something else.", "1")),
        9,
        4,
    ),
    msgspec.structs.replace(ORIGIN, schema="fanfare.report.campaign.v1"),
)
PROBLEM = shell.ProblemPage(
    409,
    "round-not-open",
    "The round closed at 18:00:00",
    "Yours came 4 seconds later and is kept as late; it does not count.",
    "Your earlier ballot counts as you cast it.",
    shell.Action("See the count", "/rounds/r1/report"),
    "018f3c9e-7d2b",
)


def _in(section: shell.Section, around: Shell = FAN) -> Shell:
    return msgspec.structs.replace(around, section=section)


SAMPLES: dict[str, tuple[Shell, Page]] = {
    "front": (STRANGER, FRONT),
    "front-empty": (STRANGER, campaigns.FrontPage(None)),
    "campaign": (FAN, CAMPAIGN),
    "campaign-simulated": (
        PLAYED,
        msgspec.structs.replace(CAMPAIGN, ticket=msgspec.structs.replace(TICKET, standing="signed-out")),
    ),
    "campaign-voted": (FAN, msgspec.structs.replace(CAMPAIGN, ticket=msgspec.structs.replace(TICKET, standing="voted"))),
    "campaign-paused": (FAN, msgspec.structs.replace(CAMPAIGN, ticket=msgspec.structs.replace(TICKET, round=PAUSED))),
    "campaign-young": (FAN, YOUNG),
    "ideas": (_in("ideas"), IDEAS),
    **idea_samples.pages(_in("ideas"), IDEAS, PICTURED_ROWS, IDEA),
    "idea-moderated": (_in("ideas"), MODERATED),
    "kept": (_in("mine"), KEPT),
    "kept-wrong": (_in("mine"), KEPT_WRONG),
    "kept-no-thanks": (_in("mine"), msgspec.structs.replace(KEPT, thanks_by_mail=False)),
    "kept-last-admin": (HOST, LAST_ADMIN),
    "erase": (STRANGER, ERASE),
    "ideas-empty": (_in("ideas"), msgspec.structs.replace(IDEAS, ideas=(), tag="smoke", older="")),
    "idea": (_in("ideas"), IDEA),
    "idea-mine": (_in("ideas"), MY_IDEA),
    "idea-honoured": (_in("ideas"), recognition_samples.honoured(IDEA)),
    "ideas-pictured": (_in("ideas"), msgspec.structs.replace(IDEAS, ideas=PICTURED_ROWS)),
    "idea-pictured": (_in("ideas"), PICTURED),
    "idea-pictured-mine": (_in("ideas"), MY_PICTURED),
    "idea-form-pictured": (_in("ideas"), IDEA_PICTURED),
    "idea-form": (_in("ideas"), IDEA_FORM),
    "idea-form-wrong": (_in("ideas"), IDEA_WRONG),
    "ballot": (_in("vote"), BALLOT),
    "ballot-approval": (_in("vote"), WRONG),
    "ballot-outdated": (_in("vote"), OUTDATED),
    **receipt_samples.pages(_in("vote"), _in("mine", msgspec.structs.replace(FAN, campaign=None))),
    "mine": (_in("mine"), MINE),
    "report": (_in("results"), REPORT),
    "report-live": (_in("results"), LIVE_REPORT),
    "campaign-report": (_in("results"), CAMPAIGN_REPORT),
    "timeline": (_in("timeline"), TIMELINE),
    "timeline-narrowed": (_in("timeline"), NARROWED),
    "sign-in": (STRANGER, members.SignInPage(shell.Form({"email": "saoirse@"}, {"email": "That is not a whole address yet."}))),
    "link-sent": (STRANGER, members.LinkSentPage("saoirse@example.org", mailbox=True)),
    "confirm": (STRANGER, members.ConfirmPage("token", "saoirse@example.org", asks_name=True)),
    "mailbox": (msgspec.structs.replace(STRANGER, development=True), members.MailboxPage((MAIL,))),
    "setup": (STRANGER, SET_UP),
    **auditor_samples.pages(STRANGER, msgspec.structs.replace(STRANGER, simulation=shell.Simulation("fan", 2140))),
    "problem": (FAN, PROBLEM),
    "design": (FAN, specimen(PINK, NOW)),
    "host-desk": (msgspec.structs.replace(HOST, campaign=None, simulation=None), DESK),
    "host-round": (HOST, DESK_ROUND),
    "host-ruling": (HOST, RULING_DESK),
    "host-overtaken": (HOST, OVERTAKEN),
    "operations": (OPERATOR, operator_samples.WELL),
    "operations-unwell": (OPERATOR, operator_samples.UNWELL),
    **moderation_samples.pages(_in("ideas"), HOST, IDEA, MY_IDEA),
    **people_samples.PAGES,
    **settings_samples.PAGES,
    **right_samples.PAGES,
    **recognition_samples.PAGES,
    **thanks_samples.PAGES,
    **newcomer_samples.PAGES,
    **draw_samples.PAGES,
    **circle_samples.PAGES,
    **reward_samples.PAGES,
}
