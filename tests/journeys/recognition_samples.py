"""The pages of recognition, as samples: a proud profile, why somebody got an award, the rules, standings, the host's desk."""

import msgspec

from fanfare.web.contexts import Page, Shell, honours, recognition, recognition_desk, shell
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.ideas import IdeaPage, Step
from tests.journeys.people_samples import FAN, HER, STRANGER
from tests.journeys.sample_ground import HASH, ago, ahead
from tests.journeys.thanks_samples import PRAISE

HOST = msgspec.structs.replace(STRANGER, section="recognition", viewer=shell.Viewer("m2", "Emeka Obi", is_host=True))
SAOIRSE, NOOR = "9f86d081884c7d65", "60303ae22b998861"
AWARD = HASH[:32]
EMBLEMS = ("spark", "bottle", "star", "leaf", "wave", "crown", "megaphone", "handshake", "compass", "heart")

SPARK = recognition.Badge("spark", 2, 3, "First spark", AWARD, "Level 2 of 3")
BADGES = (
    SPARK,
    recognition.Badge("bottle", 1, 1, "On the shelf", AWARD, "The only level"),
    recognition.Badge("handshake", 3, 5, "Made it better together", AWARD, "Level 3 of 5"),
    recognition.Badge("compass", 7, 8, "There in every round", AWARD, "Level 7 of 8"),
)
KEEPER = recognition.Title(
    AWARD,
    "Keeper of the Cherry",
    "Dora Lindqvist",
    ago(days=20),
    "She found out why the cherry turned brown, and wrote it down so that everybody could try it.",
    (shell.Action("Sour Cherry Cola", "/ideas/i0"), shell.Action("A comment on Rhubarb Gate", "/ideas/i2")),
    ahead(days=345),
)
LATEST = (
    recognition.AwardLine(AWARD, "5 points: An idea raised", ago(hours=3)),
    recognition.AwardLine(AWARD, "1 point: A supporter", ago(days=1), stands=False),
    recognition.AwardLine(
        "",
        "3 points: A supporter, 3 times",
        ago(days=1),
        parts=tuple(recognition.AwardLine(AWARD, "1 point: A supporter", ago(days=1, hours=each)) for each in range(3)),
    ),
    recognition.AwardLine(AWARD, "First spark, level 2", ago(days=2)),
    recognition.AwardLine(AWARD, "Taster", ago(days=9)),
)
WEEKS = tuple(
    recognition.Week(label, points)
    for label, points in (
        *(("24 August", 0), ("31 August", 5), ("7 September", 12), ("14 September", 3), ("21 September", 0), ("28 September", 0)),
        *(("5 October", 22), ("12 October", 41), ("19 October", 9), ("26 October", 15), ("2 November", 31), ("9 November", 6)),
    )
)
PLACES = (
    recognition.Place(4, 61, "4th quarter of 2026", "/seasons/2026-q4"),
    recognition.Place(2, 48, "The Eighth Flavour", "/campaigns/c1/fans"),
)
HELD = recognition.Recognised(144, "Taster", AWARD, (KEEPER,), BADGES, WEEKS, LATEST, f"/fans/{SAOIRSE}?before=12#points", PLACES)
PROUD = msgspec.structs.replace(
    FAN, kudos=PRAISE, held=HELD, in_short="Taster, Keeper of the Cherry: two ideas, 144 points, four badges."
)
HERS = msgspec.structs.replace(PROUD, is_mine=True, address=f"https://fans.pomfret.example/fans/{SAOIRSE}")
OUT = msgspec.structs.replace(HERS, held=msgspec.structs.replace(HELD, places=(), in_standings=False))
NEW = msgspec.structs.replace(HERS, ideas=(), comments=(), held=recognition.Recognised())

WORDS = "Somebody has to begin. A title and a few honest words are enough, and we read every one."
RAISED = recognition.RuleLine(
    "idea-raised",
    2,
    "An idea raised",
    WORDS,
    ("5 points each time for raising an idea", "At most 3 times a day"),
    ago(days=40),
    "Emeka Obi",
    awarded=1316,
)
SPARKS = recognition.RuleLine(
    "first-spark",
    1,
    "First spark",
    "Ideas that went onto a ballot.",
    ("A level of the badge for 1, 5 and 20 times: an idea of hers goes onto a ballot",),
    ago(days=12),
    "Dora Lindqvist",
    campaign="The Eighth Flavour",
    badge=recognition.Badge("spark", 3, 3, "First spark"),
)
GONE = msgspec.structs.replace(RAISED, rule="early", title="Early bird", is_retired=True, reason="The first month is over.")
RULES = recognition.RecognitionPage(
    (RAISED, SPARKS), (GONE,), 42, 1358, season=shell.Action("Standings, 4th quarter of 2026", "/seasons/2026-q4")
)

WAY = (
    Step("Sea Buckthorn was raised", "11 November, 10:12, by Saoirse K. Position 0:812:0 of the record.", "done"),
    Step("The rule gave 5 points", "The same minute, by itself. Position 0:814:3.", "done"),
)
FELL = (*WAY, Step("The idea was taken back", "11 November, 12:40. With it the points fell. Position 0:911:0.", "failed"))
POINTS = recognition.AwardPage(
    AWARD,
    "5 points: An idea raised",
    "Saoirse K.",
    SAOIRSE,
    stands=True,
    is_human=False,
    way=WAY,
    deed=shell.Action("The deed on the timeline", "/campaigns/c1/timeline"),
    rule="idea-raised",
    version=2,
    rule_title="An idea raised",
    words=WORDS,
    earns=RAISED.earns,
    since=ago(days=40),
    command=f"fanfare explain pomfret.fanfare {AWARD}",
)
BADGE = msgspec.structs.replace(
    POINTS, title="First spark, level 2", stands=False, way=FELL, badge=SPARK, is_mine=True, rule="first-spark"
)
TITLE = recognition.AwardPage(
    AWARD,
    "Keeper of the Cherry",
    "Saoirse K.",
    SAOIRSE,
    stands=True,
    is_human=True,
    way=(Step("Dora Lindqvist gave it", "22 October, 09:30. Position 0:402:0 of the record.", "done"),),
    title_given=KEEPER,
    command=f"fanfare explain pomfret.fanfare {AWARD}",
)

ROWS = (
    recognition.Standing(1, NOOR, "Noor A.", 120, honours.Honours("Brewer", ("Keeper of the Cherry",))),
    recognition.Standing(2, SAOIRSE, "Saoirse K.", 61, honours.Honours("Taster"), is_me=True),
    recognition.Standing(2, "m7", "Jonah Pettersson-Oyelaran of Kirkby Lonsdale", 61, has_page=False),
    recognition.Standing(4, "m8", "Ewa D.", 5),
)
OTHERS = (shell.Action("3rd quarter of 2026", "/seasons/2026-q3"), shell.Action("The Eighth Flavour", "/campaigns/c1/fans"))
SEASON = recognition.StandingsPage(
    "4th quarter of 2026",
    ROWS,
    "/seasons/2026-q4",
    120,
    "/seasons/2026-q4?cursor=5.812",
    mine=recognition.Place(2, 61, "4th quarter of 2026", "/seasons/2026-q4"),
    others=OTHERS,
)
FIRST_TWO = [msgspec.structs.replace(each, rank=1, points=61, is_me=False) for each in ROWS[:2]]
TIED = msgspec.structs.replace(SEASON, rows=FIRST_TWO, most=61, older="", mine=None)
LEFT = msgspec.structs.replace(TIED, rows=(ROWS[0],), most=120, left=True)

DESK = recognition_desk.RecognitionDeskPage(
    (RAISED, SPARKS),
    (GONE,),
    (recognition_desk.TitleHeld(KEEPER, SAOIRSE, "Saoirse K."),),
    automation=True,
    human=42,
    all=1358,
    idempotency_key="key-1",
    after=7,
)
NOTHING = msgspec.structs.replace(DESK, rules=(), retired=(), titles=(), human=0, all=0)
PEOPLE_ONLY = msgspec.structs.replace(
    DESK,
    automation=False,
    form=shell.Form({"reason": ""}, {"reason": "Say why: everybody reads it."}),
    failed="retire-idea-raised",
)
DEEDS = (
    Choice("idea-raised", "Raising an idea"),
    Choice("idea-supported", "Each supporter of an idea of hers"),
    Choice("comment-made", "A comment under somebody else’s idea"),
    Choice("took-part", "Voting in a round, credited after its close"),
    Choice("fan-brought", "A newcomer who came by her link and contributes"),
)
EMBLEM_CHOICES = tuple(Choice(each, each.capitalize()) for each in EMBLEMS)
WHERE = (Choice("", "In every campaign"), Choice("c1", "The Eighth Flavour only"))
POINTS_FORM = recognition_desk.RuleFormPage("points", shell.Form(), DEEDS, EMBLEM_CHOICES, WHERE, "key-1", 7)
TRIED = msgspec.structs.replace(
    POINTS_FORM,
    form=shell.Form({"title": "An idea raised", "words": WORDS, "points": "5", "per_day": "3", "deed-idea-raised": "on"}),
    sentences=RAISED.earns,
    tried=recognition_desk.Tried(
        412,
        1316,
        (("Noor A.", "45 points"), ("Imani O.", "40 points")),
        (("1 to 9 points", "300"), ("10 to 49 points", "112")),
    ),
)
TRYING = msgspec.structs.replace(TRIED, tried=None, trial=recognition_desk.TrialShown(6_400, 10_000))
BADGE_FORM = recognition_desk.RuleFormPage(
    "badge",
    shell.Form({"title": "First spark", "levels": "5, 1"}, {"levels": "They rise: 1, 5, 20.", "deed": "Tick at least one."}),
    DEEDS,
    EMBLEM_CHOICES,
    WHERE,
    "key-1",
    7,
    rule="first-spark",
    version=2,
)
TIER_FORM = msgspec.structs.replace(POINTS_FORM, earning="tier", form=shell.Form({"tiers": "20 Taster\n100 Brewer"}))
FOUND = recognition_desk.FoundFan(SAOIRSE, "Saoirse K.", ago(days=420))
WHOM = recognition_desk.TitleFormPage(shell.Form(), "key-1", "sao", (FOUND,))
WHAT_FOR = recognition_desk.TitleFormPage(
    shell.Form({"words": "Keeper of the Cherry", "because-i0": "on"}, {"reason": "Say why: everybody reads it."}),
    "key-1",
    member=SAOIRSE,
    name="Saoirse K.",
    contributions=(Choice("i0", "Sour Cherry Cola"), Choice("k3", "On Rhubarb Gate: “Steep it, never boil it.”")),
)


def honoured(idea: IdeaPage) -> IdeaPage:
    """Return an idea whose author and first commentator hold something."""
    first, *others = idea.comments
    said = (msgspec.structs.replace(first, honours=honours.Honours("Taster")), *others)
    return msgspec.structs.replace(idea, honours=honours.Honours("Brewer", ("Keeper of the Cherry",)), comments=said)


PAGES: dict[str, tuple[Shell, Page]] = {
    "fan-proud": (STRANGER, PROUD),
    "fan-proud-mine": (HER, HERS),
    "fan-left": (HER, OUT),
    "fan-new": (HER, NEW),
    "award-points": (STRANGER, POINTS),
    "award-fell": (HER, BADGE),
    "award-title": (STRANGER, TITLE),
    "award-title-mine": (HER, msgspec.structs.replace(TITLE, is_mine=True, key="key-1")),
    "award-laid-down": (STRANGER, msgspec.structs.replace(TITLE, stands=False, was_laid_down=True)),
    "recognition": (STRANGER, RULES),
    "recognition-none": (STRANGER, recognition.RecognitionPage((), automation=False)),
    "standings": (HER, SEASON),
    "standings-tied": (STRANGER, TIED),
    "standings-left": (HER, LEFT),
    "standings-empty": (STRANGER, recognition.StandingsPage("The Eighth Flavour", (), "/campaigns/c1/fans", campaign_id="c1")),
    "host-recognition": (HOST, DESK),
    "host-recognition-none": (HOST, NOTHING),
    "host-recognition-people": (HOST, PEOPLE_ONLY),
    "host-rule-points": (HOST, POINTS_FORM),
    "host-rule-tried": (HOST, TRIED),
    "host-rule-trying": (HOST, TRYING),
    "host-rule-broke-off": (HOST, msgspec.structs.replace(TRYING, trial=recognition_desk.TrialShown(broke_off=True))),
    "host-rule-badge": (HOST, BADGE_FORM),
    "host-rule-tier": (HOST, TIER_FORM),
    "host-title-whom": (HOST, WHOM),
    "host-title": (HOST, WHAT_FOR),
}
