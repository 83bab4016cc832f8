"""Contexts of the front page, a campaign's page, its live board and its timeline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.platform.language import gettext as _
from fanfare.platform.language import ngettext
from fanfare.web import words
from fanfare.web.contexts.draws import Spotlight
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.moderation import Hiding
from fanfare.web.contexts.shell import Page, Part

RoundState = Literal["upcoming", "open", "paused", "closing", "closed", "sealed", "void"]
Standing = Literal["can-vote", "voted", "signed-out", "not-eligible"]
"""What the reader can do in the round: `voted` may change her ballot."""


class RoundStub(Part, frozen=True):
    """A round on the strip: `7 → 3`, and where it stands."""

    id: str
    number: int
    """From 1, in the order of the campaign."""
    name: str
    state: RoundState
    takes: int | None
    """Options on the ballot; None where they are not known yet."""
    keeps: int
    opens_at: datetime
    closes_at: datetime
    reason: str = ""
    """Why it is paused or void."""
    takes_ideas: bool = False
    """Fans raise ideas in it and support them; there is no ballot."""
    waiting: int = 0
    """Of a closed round: how much of it cannot be read and waits for a host's ruling; it is not sealed before."""


class Ticket(Part, frozen=True):
    """The head of a campaign: who asks, for what, and the stub with the clock and the next action."""

    campaign_id: str
    title: str
    summary: str
    """Plain text, one sentence or two."""
    host_name: str
    fans: int
    colour: str
    round: RoundStub | None
    """The one that is open, else the next one, else the last one."""
    standing: Standing
    takes_ideas: bool
    reason: str = ""
    """Why the reader may not vote, and how one becomes eligible."""
    circle: str = ""
    """Where the circle is that may vote; only for a reader who may not."""


class BoardRow(Part, frozen=True):
    """One option on the leaderboard."""

    id: str
    """Of the option; also names the row's view transition."""
    title: str
    rank: int
    """Equal for equal counts."""
    count: int
    href: str = ""
    by: str = ""
    change: int | None = None
    """Ranks gained since the last count shown; None is not said."""


class Board(Part, frozen=True):
    """The leaderboard of a round, live or final."""

    round: RoundStub
    rows: Sequence[BoardRow]
    """In ranking order."""
    ballots: int
    """That count right now."""
    as_of: datetime
    is_approval: bool = False
    cut: int | None = None
    """How many go on, where a tie lets more or fewer through than the terms foresee."""
    more: int = 0
    """Options below that are not shown."""

    @property
    def keeps(self) -> int:
        """How many go on: rows above the cut."""
        return min(self.round.keeps if self.cut is None else self.cut, len(self.rows))

    @property
    def is_settled(self) -> bool:
        """Whether these figures can no longer change."""
        return self.round.state in ("closed", "sealed")

    @property
    def unit(self) -> str:
        """What the figures count."""
        if self.round.takes_ideas:
            return _("Supporters")
        return _("Approvals") if self.is_approval else _("Ballots")

    @property
    def most(self) -> int:
        """The longest bar."""
        return max((row.count for row in self.rows), default=0)

    @property
    def headline(self) -> str:
        """The news in one sentence."""
        if self.is_settled:
            return words.goes_on([row.title for row in self.rows[: self.keeps]], self.round.keeps)
        leaders = [row.title for row in self.rows if row.count == self.most]
        if self.most == 0:
            return _("Nobody has supported an idea yet") if self.round.takes_ideas else _("Nobody has voted yet")
        if len(leaders) > 1:
            names = words.words(len(leaders)).capitalize() if len(leaders) > 3 else words.listed(leaders)
            return ngettext("%(names)s is level", "%(names)s are level", len(leaders), names=names)
        rest = [row.count for row in self.rows if row.count < self.most]
        ahead = words.number(self.most - max(rest, default=0))
        return _("%(name)s is ahead by %(number)s", name=leaders[0], number=ahead)


class Term(Part, frozen=True):
    """One line of `How this vote counts`."""

    name: str
    value: str
    href: str = ""


class Voice(Part, frozen=True):
    """What a person wrote, always signed."""

    text: str
    """Plain text."""
    by: str
    at: datetime
    about: str = ""
    href: str = ""
    is_host: bool = False
    gone: str = ""
    """What stands in the place of words that were removed or erased."""
    hashes: str = ""
    """Of the text, where the reader may remove it."""
    is_mine: bool = False
    """The reader wrote it, and takes it back without a reason."""
    content: str = ""
    """The comment's id, where it can be flagged or hidden."""
    hiding: Hiding | None = None
    """Why it is hidden; whoever has its words beside this is its author, or moderates."""
    honours: Honours | None = None
    """What stands beside the name."""


class TapeEntry(Part, frozen=True):
    """One of the latest entries of the record."""

    position: str
    """`0/1,204`: partition and offset."""
    text: str
    at: datetime
    to_the_minute: bool = False
    """The record tells no more: so it is with ballots."""


class Tape(Part, frozen=True):
    """The foot of a live page: the record, still running."""

    entries: Sequence[TapeEntry]
    """Newest first."""
    total: int


StageState = Literal["done", "now", "next", "failed"]


class Stage(Part, frozen=True):
    """A round on a campaign's way."""

    title: str
    line: str
    """What came of it, or when it is."""
    state: StageState
    question: str = ""
    href: str = ""


class Asker(Part, frozen=True):
    """Somebody of the brand who asks."""

    name: str
    """As she signs: `Dora Lindqvist, head of flavour`."""
    why: str
    question: str


class Answered(Part, frozen=True):
    """What the brand has answered to an idea that goes on."""

    title: str
    href: str
    status: str
    """`considered`, `planned`, `started`, `done` or `declined`."""
    reason: str
    """Plain text."""
    by: str
    at: datetime


class Outcome(Part, frozen=True):
    """What came of a sealed round."""

    round_id: str
    campaign_id: str
    campaign: str
    round_name: str
    headline: str
    promise: str
    """What the brand said, before anybody voted, that it would do with the answer."""
    by: str
    """Who said so."""
    fingerprint: str
    sealed_at: datetime
    answers: Sequence[Answered] = ()


class CampaignPage(Page, frozen=True):
    """A campaign: ticket, strip, live board, what happens with a vote, its way, who asks, voices, tape."""

    template = "campaign.html"

    ticket: Ticket
    rounds: Sequence[RoundStub]
    board: Board | None
    """None before the first ballot paper is known."""
    terms: Sequence[Term]
    terms_href: str
    voices: Sequence[Voice]
    tape: Tape
    about: str = ""
    """Markdown: what the host wrote about the campaign."""
    ideas: int = 0
    promise: str = ""
    """What the brand says it will do with the answers of the round that is shown."""
    promised_by: str = ""
    way: Sequence[Stage] = ()
    askers: Sequence[Asker] = ()
    stream: str = ""
    """Which state of the rounds this page shows: a live stream that knows another one tells the page to load again."""


class CampaignStrip(Part, frozen=True):
    """Another campaign, one strip on the front page."""

    id: str
    title: str
    host_name: str
    state: Literal["open", "upcoming", "over"]
    line: str
    """What it is at: `Round 2 of 3 closes on Saturday`."""
    colour: str


class SealedRow(Part, frozen=True):
    """A round that was sealed lately."""

    round_id: str
    campaign: str
    headline: str
    fingerprint: str
    sealed_at: datetime
    colour: str


class Deed(Part, frozen=True):
    """Something that a fan can do in a minute."""

    label: str
    line: str
    href: str


class FrontPage(Page, frozen=True):
    """The front page: one ticket, what a minute is enough for, what came of the last round, seals; or an empty site."""

    template = "front.html"

    ticket: Ticket | None
    deeds: Sequence[Deed] = ()
    last: Outcome | None = None
    others: Sequence[CampaignStrip] = ()
    sealed: Sequence[SealedRow] = ()
    spotlight: Spotlight | None = None


class TimelineKind(Part, frozen=True):
    """A filter of the timeline."""

    name: str
    """As in the query; empty for all."""
    label: str
    count: int
    """Of the whole campaign."""


class TimelineEntry(Part, frozen=True):
    """One decision of a host or a fan."""

    at: datetime
    who: str
    is_host: bool
    text: str
    """What was done, after the name: `raised Pine & Lime`."""
    position: str
    href: str = ""
    reason: str = ""
    member: str = ""
    """Whose other lines her name leads to; empty for the clock and for many at once."""
    standing: str = ""
    """By which right of a fan she did it; empty for everybody else."""


class TimelineChoice(Part, frozen=True):
    """What the timeline can be narrowed to."""

    value: str
    label: str


class TimelinePage(Page, frozen=True):
    """Every decision of hosts and fans, newest first, by cursor."""

    template = "timeline.html"

    kinds: Sequence[TimelineKind]
    kind: str
    entries: Sequence[TimelineEntry]
    rounds: Sequence[TimelineChoice] = ()
    round: str = ""
    """Only this round's; empty for all."""
    whos: Sequence[TimelineChoice] = ()
    who: str = ""
    """`hosts`, `fans` or a member's id; empty for everybody."""
    begins: bool = True
    """These are the newest lines."""
    waiting: Sequence[RoundStub] = ()
    """Rounds that are not sealed before a host rules on what cannot be read."""
    older: str = ""
    """Cursor of the next page; empty at the end."""

    @property
    def is_narrowed(self) -> bool:
        """Whether some lines of this kind are left out: then their number is not known."""
        return bool(self.round or self.who)
