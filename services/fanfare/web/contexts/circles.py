"""Contexts of circles: what there are, one of them, a brief with its notes, and the host's desk of circles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.community import FoundFan, SegmentLine
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.moderation import ReportedLine
from fanfare.web.contexts.shell import Form, Page, Part

Standing = Literal["stranger", "outside", "invited", "in", "left", "closed"]
"""``stranger``: nobody is signed in. ``left``: she left or declined, and it is still open to her."""


class CircleLine(Part, frozen=True):
    """A circle in a list."""

    id: str
    title: str
    words: str
    """Markdown."""
    members: int
    summary: str = ""
    """The beginning of its words, plain."""
    tier: str = ""
    """What the tier is called that opens it; empty where it opens by invitation alone."""
    standing: Standing = "outside"
    reason: str = ""
    """Why it was closed."""


class CirclesPage(Page, frozen=True):
    """What circles there are, what opens them, and how many belong."""

    template = "circles.html"

    circles: Sequence[CircleLine]
    is_host: bool = False
    reported: Sequence[ReportedLine] = ()
    """Notes that wait; only for who may hide them."""


class BriefLine(Part, frozen=True):
    """A brief in the list of its circle."""

    id: str
    title: str
    by: str
    """As she is called today; empty where she left."""
    at: datetime
    notes: int


class CirclePage(Page, frozen=True):
    """A circle: its briefs for who belongs, and for everybody else what it takes to get in."""

    template = "circle.html"

    circle: CircleLine
    key: str
    campaign_id: str = ""
    campaign: str = ""
    points: int = 0
    """That its tier takes; 0 where no rule awards it."""
    mine: int = 0
    """The points of whoever reads this."""
    why: str = ""
    """Why she was invited."""
    invited_by: str = ""
    """As she is called today; empty where she left."""
    by_tier: bool = False
    """She belongs by her tier, not by an invitation."""
    briefs: Sequence[BriefLine] | None = None
    """None for whoever may not read them."""
    may_share: bool = False


class NoteLine(Part, frozen=True):
    """A note below a brief."""

    id: str
    by: str
    href: str
    """Her page; empty where she hides it."""
    words: str
    """Empty where it is hidden from the reader."""
    at: datetime
    is_mine: bool = False
    is_host: bool = False
    hidden: bool = False
    why: str = ""
    """Why it is hidden, for whoever may read that."""
    reports: int = 0
    """How many reported it; only for who may hide it."""
    reported: bool = False
    """The reader reported it."""
    honours: Honours | None = None


class BriefPage(Page, frozen=True):
    """A brief, what was written below it, and the form of a note."""

    template = "brief.html"

    id: str
    circle_id: str
    circle: str
    title: str
    words: str
    """Markdown."""
    by: str
    at: datetime
    notes: Sequence[NoteLine]
    key: str
    may_hide: bool = False
    may_remove: bool = False
    form: Form = Form()
    """Field words; reason of the note that is hidden."""


class CirclesDeskPage(Page, frozen=True):
    """The host's circles, what waits in them, and the form that opens one."""

    template = "host/circles.html"

    circles: Sequence[CircleLine]
    reported: Sequence[ReportedLine]
    tiers: Sequence[Choice]
    campaigns: Sequence[Choice]
    key: str
    form: Form = Form()
    """Fields title, words, tier, campaign."""


class PersonLine(Part, frozen=True):
    """Somebody who belongs to a circle, or is invited."""

    id: str
    name: str
    href: str
    state: Literal["in", "tier", "waits", "declined"]
    """``tier``: she belongs by it. ``declined``: she was invited, and left or said no."""
    is_invited: bool = False


class CircleDeskPage(Page, frozen=True):
    """A host's page of one circle: share a brief, invite, who is in, change, close."""

    template = "host/circle.html"

    circle: CircleLine
    briefs: Sequence[BriefLine]
    people: Sequence[PersonLine]
    on_their_way: int
    """Invitations that are not delivered yet."""
    segments: Sequence[SegmentLine]
    tiers: Sequence[Choice]
    key: str
    to: FoundFan | None = None
    """The fan who is chosen by name."""
    sought: str = ""
    found: Sequence[FoundFan] = ()
    form: Form = Form()
    """Fields brief_title, brief; invite_reason, segment; title, words, tier; close_reason."""
