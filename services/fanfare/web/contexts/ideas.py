"""Contexts of the ideas list, an idea and the form that raises or edits one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.record.answers import AnswerStatus
from fanfare.views.pictures import Shown
from fanfare.web.contexts.answers import Answer
from fanfare.web.contexts.campaigns import Voice
from fanfare.web.contexts.honours import Honours
from fanfare.web.contexts.moderation import Hiding
from fanfare.web.contexts.shell import Form, Page, Part
from fanfare.web.differences import Piece


class IdeaRow(Part, frozen=True):
    """An idea in the list."""

    id: str
    title: str
    line: str
    """First line of the fan's words, plain."""
    by: str
    raised_at: datetime
    supports: int
    comments: int
    tags: Sequence[str] = ()
    stage: str = ""
    """Where it stands: `On the ballot`, `Withdrawn`; empty for raised."""
    picture: Shown | None = None
    """Its first."""
    answer: AnswerStatus | Literal[""] = ""
    """What the brand answered; empty where it has not yet."""


class IdeasPage(Page, frozen=True):
    """The ideas of a campaign, sorted and filtered by links, paged by cursor."""

    template = "ideas.html"

    campaign_id: str
    ideas: Sequence[IdeaRow]
    total: int
    """That stand in the campaign, with every tag."""
    sort: Literal["top", "new", "rising"]
    takes_ideas: bool
    tags: Sequence[str] = ()
    """To filter by."""
    tag: str = ""
    q: str = ""
    """What is searched for; a search has its own order."""
    look: Literal["list", "grid"] = "list"
    older: str = ""


class Version(Part, frozen=True):
    """One version of an idea; ballots name the one they saw."""

    number: int
    at: datetime
    words: str
    """What it is: `first written`, `edited by Imani O.`"""
    hashes: str = ""
    """Of its texts, separated by spaces, where the reader may remove them."""


class Step(Part, frozen=True):
    """One step of an idea's way, of the host's clock, of a check."""

    title: str
    line: str
    state: Literal["done", "now", "next", "failed"]


class IdeaPage(Page, frozen=True):
    """An idea: the fan's words first and large, versions, comments, its way through the rounds."""

    template = "idea.html"

    id: str
    title: str
    text: str
    """Markdown."""
    by: str
    raised_at: datetime
    version: int
    versions: Sequence[Version]
    comments: Sequence[Voice]
    supports: int
    supported: bool
    """By the reader."""
    said: int
    """Comments in all; ``comments`` are a page of them."""
    is_mine: bool
    can_edit: bool
    """Mine, and the vote has not opened."""
    can_support: bool
    """Its round takes support now, from whoever is signed in."""
    way: Sequence[Step]
    tags: Sequence[str] = ()
    ballot_round_id: str = ""
    """The open round whose ballot it is on."""
    stage: str = ""
    form: Form = Form()
    """Of the comment."""
    is_withdrawn: bool = False
    gone: str = ""
    """What stands in the place of its words, where they were removed or erased."""
    removal_key: str = ""
    """Of the forms that remove a text."""
    comments_begin: int = 0
    """The place behind which this page of them begins; 0 on the first."""
    comments_after: int = 0
    """Where the next page of them begins; 0 on the last."""
    answers: Sequence[Answer] = ()
    """Of the brand; the one that stands first."""
    hiding: Hiding | None = None
    """Why it is hidden; its words are empty but for its author and moderators."""
    may_answer: bool = False
    """The reader is a host."""
    may_moderate: bool = False
    pictures: Sequence[Shown] = ()
    pictures_gone: Sequence[str] = ()
    """What stands in the place of those that were removed."""
    may_remove_pictures: bool = False
    """The reader: its author, or a moderator."""
    comment_key: str = ""
    """`Idempotency-Key` of the comment, so that a double press says it once."""
    honours: Honours | None = None
    """What stands beside its author's name."""


class SimilarIdea(Part, frozen=True):
    """An idea that may be the same."""

    id: str
    title: str
    line: str
    supports: int


class IdeaFormPage(Page, frozen=True):
    """Raise an idea, or write a new version of it."""

    template = "idea_form.html"

    campaign_id: str
    form: Form
    """Fields title, text, tags."""
    idempotency_key: str
    idea_id: str = ""
    """Empty when it is raised."""
    version: int = 0
    """The one that is edited."""
    pictures: Sequence[Shown] = ()
    """Those that the form holds already."""
    similar: Sequence[SimilarIdea] = ()
    """Raised already and alike; shown once, before it is sent a second time."""
    tags: Sequence[str] = ()
    """Of other ideas, to choose from."""


class DifferencesPage(Page, frozen=True):
    """A version of an idea, with what changed since the one before."""

    template = "idea_version.html"

    idea_id: str
    now: str
    """The idea's title today."""
    by: str
    number: int
    at: datetime
    latest: int
    title: Sequence[Piece]
    text: Sequence[Piece]
    gone: str = ""
    """What stands in the place of words that were deleted; there is nothing to compare then."""
    hiding: Hiding | None = None


class Supporter(Part, frozen=True):
    """Who supports an idea."""

    id: str
    name: str
    is_here: bool = True


class SupportersPage(Page, frozen=True):
    """Who supports an idea, those who came last first."""

    template = "idea_supporters.html"

    idea_id: str
    title: str
    total: int
    people: Sequence[Supporter]
    older: str = ""
