"""Contexts of newcomers: a fan's own link with who came by it, those who wait for a welcome, and the welcomes on a page."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.web.contexts.shell import Form, Page, Part


class WelcomeLine(Part, frozen=True):
    """A welcome on the page of whoever got it."""

    by_id: str
    """Empty where she left."""
    by: str
    words: str
    at: datetime
    hashes: str = ""
    """Of the words, where the reader may remove them."""


class Arrival(Part, frozen=True):
    """Who brought a fan in, whom she brought in, and how she was welcomed; on her page, and on her own."""

    by_id: str = ""
    by: str = ""
    """Who brought her; empty where nobody is credited."""
    brought: int = 0
    """How many she brought in."""
    welcomes: Sequence[WelcomeLine] = ()
    member: str = ""
    key: str = ""


class BroughtLine(Part, frozen=True):
    """A newcomer whom a fan brought in."""

    id: str
    """Empty where she left."""
    name: str
    at: datetime


class InvitePage(Page, frozen=True):
    """A fan's own link, and who came by it. One button (POST) makes it, or makes another one."""

    template = "invite.html"

    link: str
    """Empty where she never made one."""
    came: int = 0
    waiting: int = 0
    """Of those who came: who has not contributed and can still be credited to her."""
    credited: int = 0
    brought: Sequence[BroughtLine] = ()
    """The latest of those who are credited to her."""


class NewcomerLine(Part, frozen=True):
    """A newcomer whom nobody welcomed yet."""

    id: str
    name: str
    did: str
    """What she did first, after her name."""
    href: str
    """Leads there; empty where it is nowhere to be read."""
    at: datetime
    joined_at: datetime
    answered: bool
    brought_by: str = ""


class WelcomedLine(Part, frozen=True):
    """Who welcomed whom."""

    by: str
    newcomer_id: str
    newcomer: str
    at: datetime


class WelcomePage(Page, frozen=True):
    """Newcomers whom nobody welcomed yet, the earliest first, each with a form: `newcomer`, `words`, `key`."""

    template = "welcome.html"

    newcomers: Sequence[NewcomerLine]
    lately: Sequence[WelcomedLine]
    key: str
    form: Form = Form()
    """Fields newcomer, words: of a welcome that was refused."""
    is_full: bool = False
    """More wait than the page lists."""
