"""Contexts of kudos and thank-yous: on a fan's page, on her own, on the desk of whoever writes; and the end of such mail."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.shell import Form, Page, Part


class KudosLine(Part, frozen=True):
    """Praise of a fan."""

    id: str
    by_id: str
    by: str
    words: str
    at: datetime
    idea_id: str = ""
    """What it is about, or under which idea the comment stands."""
    idea_title: str = ""
    about_comment: bool = False
    is_mine: bool = False
    """Whoever reads this gave it, and may take it back."""
    hashes: str = ""
    """Of the words, where the reader may remove them."""
    honours: Honours | None = None


class Praise(Part, frozen=True):
    """The kudos on a fan's page, and the form that gives some."""

    member: str = ""
    name: str = ""
    given: Sequence[KudosLine] = ()
    may_give: bool = False
    """Whoever reads this is signed in, and somebody else."""
    is_hers: bool = False
    left: int = 0
    """How many the reader can still give this week."""
    key: str = ""
    may_thank: bool = False
    """The reader is a host, who can write to her in private."""


class KudosPage(Page, frozen=True):
    """The form that gives kudos, alone: with what was typed where it was refused."""

    template = "kudos.html"

    member: str
    name: str
    form: Form
    """Fields words, about."""
    left: int
    key: str


class ThanksLine(Part, frozen=True):
    """A thank-you on the page of whoever got it."""

    id: str
    by: str
    at: datetime
    is_new: bool
    """She has not opened it."""
    waits: bool
    """It asks something that she has not answered."""


class MyThanksPage(Page, frozen=True):
    """A thank-you as whoever got it reads it: who wrote it, what it asks, and what she answered."""

    template = "my_thanks.html"

    id: str
    by: str
    words: str
    question: str
    at: datetime
    answer: str = ""
    answered_at: datetime | None = None
    form: Form = Form()
    """Field answer."""


class UnsubscribePage(Page, frozen=True):
    """The link of a mail that ends mail of its kind was opened; a button (POST) does it, signed in or not."""

    template = "unsubscribe.html"

    token: str
    done: bool = False


class SegmentLine(Part, frozen=True):
    """A segment in words, and how many are in it now."""

    value: str
    name: str
    rule: str
    count: int


class FoundFan(Part, frozen=True):
    """A fan to thank."""

    id: str
    name: str


class AnswerLine(Part, frozen=True):
    """What a fan answered."""

    member: str
    by: str
    question: str
    answer: str
    at: datetime
    written_back_at: datetime | None = None
    honours: Honours | None = None


class SentLine(Part, frozen=True):
    """A thank-you of hers, and how far it came."""

    to: str
    words: str
    question: str
    at: datetime
    fans: int
    delivered: int
    mailed: int
    opened: int
    answered: int


class ThanksDeskPage(Page, frozen=True):
    """Thank-yous of a host: what waits for her, the form, a preview, and what became of those that she wrote."""

    template = "host/thanks.html"

    form: Form
    """Fields to (members), segment, words, question; posts act: preview, send."""
    key: str
    segments: Sequence[SegmentLine]
    to: Sequence[FoundFan] = ()
    """The fans whom it is for, if they are named."""
    full: bool = False
    """No more of them can be named."""
    sought: str = ""
    found: Sequence[FoundFan] = ()
    preview: MyThanksPage | None = None
    preview_for: int = 0
    """How many would get it now."""
    waiting: int = 0
    """Answers that she has not written back to."""
    answers: Sequence[AnswerLine] = ()
    sent: Sequence[SentLine] = ()
