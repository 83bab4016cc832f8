"""Contexts of the ballot paper, the receipt, and a fan's own page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from fanfare.web.contexts.campaigns import RoundStub
from fanfare.web.contexts.community import ThanksLine
from fanfare.web.contexts.shell import Page, Part

BallotState = Literal["counts", "counted", "replaced", "late", "void"]
"""`counts` while the round is open, `counted` once it is closed."""


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
    late_by: timedelta | None = None
    reason: str = ""
    """Why it is void."""


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
    thanks: Sequence[ThanksLine] = ()
