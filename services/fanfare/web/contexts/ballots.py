"""Contexts of the ballot paper, the receipt, and a fan's own page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from markupsafe import Markup

from fanfare.web.contexts.campaigns import RoundStub
from fanfare.web.contexts.circles import CircleLine
from fanfare.web.contexts.community import ThanksLine
from fanfare.web.contexts.newcomers import Arrival
from fanfare.web.contexts.rewards import OfferLine
from fanfare.web.contexts.shell import Page, Part

BallotState = Literal["counts", "counted", "replaced", "late", "void"]
"""`counts` while the round is open, `counted` once it is closed."""
ProofState = Literal["promised", "overdue", "signed"]
"""`promised` until a checkpoint covers the entry; `overdue` where none does after the promise has run out."""
_JUST_NOW = datetime.max.replace(tzinfo=UTC)


class BallotOption(Part, frozen=True):
    """One option on the paper, in the order drawn for this voter."""

    id: str
    letter: str
    """Fixed per option, so that all papers say the same."""
    title: str
    line: str
    chosen: bool = False


class BallotPage(Page, frozen=True):
    """
    The ballot paper; also its answers 409 (`replaces` set: an older paper) and 422 (`error` set).

    The form posts `option` (once or several times), `paper`, `key` (`Idempotency-Key`) and `csrf`.
    """

    template = "ballot.html"

    round: RoundStub
    question: str
    asked_by: str
    why: str
    options: Sequence[BallotOption]
    method: Literal["plurality", "approval"]
    paper_number: int
    idempotency_key: str
    terms_hash: str
    voter: str
    """The start of her token: what is kept on a device is hers alone, also where somebody else signs in."""
    most: int | None = None
    """At most so many ticks; None for no limit."""
    cast_at: datetime | None = None
    """When the ballot that she has in the record was cast."""
    replaces: Sequence[str] | None = None
    """Titles on the ballot that overtook an older paper; None where the paper is the present one."""
    error: str = ""


class Later(Part, frozen=True):
    """The ballot of hers that counts in the place of another one."""

    event_id: str
    position: str
    paper_number: int


class Check(Part, frozen=True):
    """What "check it in my browser" needs, and where the keys stand that it trusts."""

    address: str
    """Of the receipt as JSON; empty in a saved copy, which has it in itself."""
    trusted: str
    """JSON for `js/check.js`: the record's name, the keys in words, and whose ballot it has to be."""
    keys: Sequence[str] = ()
    """Those that sign this partition's checkpoints, in words."""


class ReceiptPage(Page, frozen=True):
    """After casting: where the ballot lies, and what that shows to whom. It prints no choice."""

    template = "receipt.html"

    round: RoundStub
    campaign_title: str
    state: BallotState
    cast_at: datetime
    partition: int
    offset: int
    index: int
    event_id: str
    token: str
    """Her pseudonym in this round."""
    paper_number: int
    reason: str = ""
    """Why it is void."""
    later: Later | None = None
    """Where it was replaced: by which one."""
    proof: ProofState = "promised"
    size: int = 0
    """Entries under the checkpoint that covers it."""
    witnesses: Sequence[str] = ()
    """Who cosigned that checkpoint."""
    is_blind: bool = False
    check: Check | None = None
    """None while the record has no key that could have signed."""

    @property
    def position(self) -> str:
        """Return where it stands, as the record has it: `1:17:4`."""
        return f"{self.partition}:{self.offset}:{self.index}"


class SavedPage(Page, frozen=True):
    """One file for her to keep: a receipt that checks itself without a network. No page of the site; it has its own policy."""

    template = "saved_receipt.html"

    policy: str
    """Lets this file's one style and one script be used, and nothing else, from nowhere."""
    style: Markup
    script: Markup
    saved: Markup
    """The receipt and the keys, as a block of JSON."""
    drawings: Markup
    receipt: ReceiptPage
    saved_at: datetime
    taken_from: str
    """The address of the site."""


class CastBallot(Part, frozen=True):
    """A ballot that she cast, on the page of all of hers."""

    event_id: str
    position: str
    paper_number: int
    state: BallotState
    cast_at: datetime | None = None
    later: Later | None = None


class RoundOfMine(Part, frozen=True):
    """A round that she voted in, with her ballots in it, the latest first."""

    round: RoundStub
    token: str
    ballots: Sequence[CastBallot]
    reason: str = ""
    """Why the round is paused or void."""
    older: str = ""
    """Where the older ones begin, which are on a page of their own; empty where these are the first that she cast."""


class CampaignOfMine(Part, frozen=True):
    """A campaign that she voted in."""

    id: str
    title: str
    rounds: Sequence[RoundOfMine]


class MyBallotsPage(Page, frozen=True):
    """The ballots that she cast, for herself alone. It prints no choice."""

    template = "my_ballots.html"

    campaigns: Sequence[CampaignOfMine] = ()
    only_round: str = ""
    """The one round that this page is about; empty where it is about all of them."""
    begins: bool = True
    """Whether it has the latest ones."""

    @property
    def latest(self) -> tuple[str, str] | None:
        """Return round and event of the ballot that she cast last, to the minute; none where there is none."""
        first = [(each.ballots[0], each.round.id) for campaign in self.campaigns for each in campaign.rounds]
        cast, of = max(first, key=lambda each: each[0].cast_at or _JUST_NOW, default=(None, ""))
        return (of, cast.event_id) if cast else None


class MyBallot(Part, frozen=True):
    """A round that she voted in."""

    round: RoundStub
    campaign_title: str
    state: BallotState
    cast_at: datetime
    papers: int
    """Ballots she cast in it; the last one counts."""
    token: str


class MyAnswer(Part, frozen=True):
    """What a host answered to an idea, as it stands."""

    status: str
    reason: str
    by: str
    at: datetime


class MyIdea(Part, frozen=True):
    """An idea of hers, and what came of it."""

    id: str
    title: str
    came_of_it: str
    supports: int
    comments: int
    answer: MyAnswer | None = None


class MyComment(Part, frozen=True):
    """What she wrote on an idea."""

    idea_id: str
    idea_title: str
    text: str
    at: datetime
    gone: str = ""
    """What stands in its place, where it was removed."""


class MinePage(Page, frozen=True):
    """A fan's own page: what came of what she did."""

    template = "mine.html"

    name: str
    since: datetime
    ballots: Sequence[MyBallot] = ()
    ideas: Sequence[MyIdea] = ()
    comments: Sequence[MyComment] = ()
    supported: Sequence[MyIdea] = ()
    id: str = ""
    """Hers, for the page that others see."""
    shown: bool = True
    """Others may read that page."""
    offers: Sequence[OfferLine] = ()
    thanks: Sequence[ThanksLine] = ()
    circles: Sequence[CircleLine] = ()
    """Those she is invited to, and those she belongs to."""
    arrival: Arrival = Arrival()
    may_welcome: bool = False
    """She may welcome newcomers."""
