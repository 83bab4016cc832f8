"""Contexts of moderation: a flag, what is hidden, and the queue of moderators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.shell import Form, Page, Part


class Rule(Part, frozen=True):
    """A rule that something may be hidden by."""

    code: str
    says: str


class Hiding(Part, frozen=True):
    """Why something is hidden, as its page says it."""

    content: str
    rule: str
    """In a sentence."""
    reason: str
    by: str
    at: datetime
    is_mine: bool = False
    """The reader wrote it: she still sees it, and may ask back."""
    may_moderate: bool = False
    asked: bool = False
    """She asked back, and nobody has come to it yet."""
    standing: str = ""
    """By which right of a fan it was hidden; empty where a moderator or a host did."""


class FlagPage(Page, frozen=True):
    """Tell moderators of an idea or a comment."""

    template = "flag.html"

    content: str
    kind: Literal["idea", "comment"]
    idea_id: str
    words: str
    """The title, or the comment."""
    by: str
    rules: Sequence[Rule]
    form: Form = Form()
    """Fields rule, words."""
    done: bool = False
    """The reader has flagged it already."""


class Flag(Part, frozen=True):
    """What a member told; who she is stays out of it."""

    rule: str
    """In a sentence; empty for an author who asks back."""
    words: str
    at: datetime


class QueueLine(Part, frozen=True):
    """A case in the list of all that wait."""

    content: str
    kind: Literal["idea", "comment"]
    words: str
    by: str
    since: datetime | None
    """None where nobody has flagged it."""
    flags: int
    asked_back: bool = False
    is_hidden: bool = False


class CaseView(Part, frozen=True):
    """The one case that is looked at."""

    line: QueueLine
    idea_id: str
    title: str
    """Of the idea: the case itself, or what the comment stands under."""
    text: str
    flags: Sequence[Flag] = ()
    hiding: Hiding | None = None
    likely_rule: str = ""
    """The code that most flags name."""
    previous: str = ""
    next: str = ""
    number: int = 0
    """In the queue, from 1; 0 where nobody has flagged it."""


class DoneLately(Part, frozen=True):
    """What moderators decided lately, and how it is undone."""

    contents: str
    """Ids, separated by spaces."""
    what: str
    """`hid a comment by Jonah P.`"""
    by: str
    at: datetime
    act: Literal["", "show", "reopen"]
    """What undoes it; empty where it was undone."""
    reason: str = ""
    href: str = ""


class ReportedLine(Part, frozen=True):
    """A note in a circle that somebody reported."""

    brief: str
    note: str
    title: str
    reports: int
    since: datetime


class ModerationPage(Page, frozen=True):
    """The queue of moderators: its length and age, one case at a time, all of them for bulk, and what was done lately."""

    template = "host/moderation.html"

    length: int
    """Counted no further than 1,000."""
    oldest: datetime | None
    case: CaseView | None
    queue: Sequence[QueueLine]
    rules: Sequence[Rule]
    lately: Sequence[DoneLately]
    idempotency_key: str
    form: Form = Form()
    """Fields rule, reason of the case; `bulk` in front of those for many."""
    undo: DoneLately | None = None
    """What this moderator did last, if it can be undone."""
    notes: Sequence[ReportedLine] = ()
    """In circles, that members reported: they are hidden where they stand."""
