"""Contexts of the ideas list, an idea and the form that raises or edits one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.campaigns import Voice
from fanfare.web.contexts.shell import Form, Page, Part


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


class IdeasPage(Page, frozen=True):
    """The ideas of a campaign, sorted and filtered by links, paged by cursor."""

    template = "ideas.html"

    campaign_id: str
    ideas: Sequence[IdeaRow]
    total: int
    sort: Literal["top", "new"]
    takes_ideas: bool
    tags: Sequence[str] = ()
    """To filter by."""
    tag: str = ""
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
    comment_key: str = ""
    """`Idempotency-Key` of the comment, so that a double press says it once."""


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
    similar: Sequence[SimilarIdea] = ()
    """Raised already and alike; shown once, before it is sent a second time."""
