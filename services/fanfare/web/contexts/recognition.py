"""Contexts of recognition for everybody: what a fan earned, why she got it, the rules in words, and who stands where."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.record.recognition import Emblem
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.shell import Action, Page, Part


class Badge(Part, frozen=True):
    """A badge as it is drawn: as many slips behind its emblem are printed as levels are reached."""

    emblem: Emblem
    level: int
    """Reached; 0 is none yet."""
    levels: int
    """That there are."""
    title: str
    """Of its rule."""
    award: str = ""
    """The id of the level reached last."""
    line: str = ""
    """`Level 2 of 3`."""


class Title(Part, frozen=True):
    """A title that a host gave, with what justifies it."""

    award: str
    words: str
    by: str
    since: datetime
    reason: str = ""
    because: Sequence[Action] = ()
    """The contributions, each with its page."""
    until: datetime | None = None


class AwardLine(Part, frozen=True):
    """Something that was earned, in one line."""

    award: str
    text: str
    """`5 points: An idea raised`."""
    at: datetime
    stands: bool = True
    """It was not revoked since."""
    parts: "Sequence[AwardLine]" = ()
    """The same earned several times in a day: each of them."""


class Week(Part, frozen=True):
    """A week and the points earned in it."""

    label: str
    """`9 November`: its Monday."""
    points: int


class Place(Part, frozen=True):
    """Where somebody stands in the standings of a season or a campaign."""

    rank: int
    points: int
    of: str
    """`4th quarter of 2026`, or a campaign's title."""
    href: str


class Recognised(Part, frozen=True):
    """All that a member was awarded, as her page shows it."""

    points: int = 0
    tier: str = ""
    tier_award: str = ""
    titles: Sequence[Title] = ()
    badges: Sequence[Badge] = ()
    weeks: Sequence[Week] = ()
    latest: Sequence[AwardLine] = ()
    older: str = ""
    """Behind which earlier ones begin; empty where these are all."""
    places: Sequence[Place] = ()
    in_standings: bool = True


class AwardPage(Page, frozen=True):
    """Why somebody got this: the deed, the rule's words and version, and what became of it."""

    template = "award.html"

    award: str
    title: str
    """`5 points: An idea raised`, `First spark, level 2`, `Keeper of the Cherry`."""
    name: str
    member: str
    """Empty where she is gone or hides her page."""
    stands: bool
    is_human: bool
    way: Sequence[Step]
    """The deed, the rule, the award; and how it fell and came back, each with its time."""
    deed: Action | None = None
    """What was done, and its place on the timeline."""
    rule: str = ""
    """Its id."""
    version: int = 0
    rule_title: str = ""
    words: str = ""
    """Of the rule: what it rewards and why."""
    earns: Sequence[str] = ()
    """What the rule gives for what, in sentences."""
    since: datetime | None = None
    """From when this version of the rule holds."""
    title_given: Title | None = None
    badge: Badge | None = None
    command: str = ""
    """Explains it from an archive."""
    is_mine: bool = False
    was_laid_down: bool = False
    """She who held it did that."""
    key: str = ""
    """Of the form that lays a title down; empty where the reader may not."""


class RuleLine(Part, frozen=True):
    """A rule in words, and what it has awarded."""

    rule: str
    version: int
    title: str
    words: str
    earns: Sequence[str]
    """What it gives for what, and its caps, in sentences."""
    since: datetime
    by: str
    awarded: int = 0
    """Awards of it that stand."""
    campaign: str = ""
    """The only one that it looks at."""
    badge: Badge | None = None
    is_retired: bool = False
    reason: str = ""
    """Why it was retired."""


class RecognitionPage(Page, frozen=True):
    """What earns what: every rule in words, and how much of it all came from people."""

    template = "recognition.html"

    rules: Sequence[RuleLine]
    retired: Sequence[RuleLine] = ()
    human: int = 0
    """Awards that a person gave."""
    all: int = 0
    automation: bool = True
    season: Action | None = None
    """Where the present standings are."""


class Standing(Part, frozen=True):
    """A fan in the standings."""

    rank: int
    member: str
    name: str
    points: int
    honours: Honours = Honours()
    is_me: bool = False
    has_page: bool = True
    """She shows her page to others."""


class StandingsPage(Page, frozen=True):
    """The fans of a campaign or a season by their points; who left is in none."""

    template = "standings.html"

    of: str
    """`The Eighth Flavour`, `4th quarter of 2026`."""
    rows: Sequence[Standing]
    here: str
    """The page's own address."""
    most: int = 0
    """The points of the first."""
    older: str = ""
    begins: bool = True
    """The page shows the first ones."""
    mine: Place | None = None
    left: bool = False
    """The reader left the standings."""
    others: Sequence[Action] = ()
    """Other standings."""
    campaign_id: str = ""
