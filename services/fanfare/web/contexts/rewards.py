"""Contexts of rewards, things and experiences: the public shelf, an offer as its fan reads it, and a guardian's consent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.record.rewards import Kind
from fanfare.rewards.reading import Shown
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.ideas import Step
from fanfare.web.contexts.shell import Action, Form, Page, Part


class ShelfLine(Part, frozen=True):
    """A reward on the public shelf."""

    id: str
    kind: Kind
    title: str
    words: str
    """Markdown."""
    stock: int
    left: int
    arrived: int = 0
    """How many have one."""
    waiting: int = 0
    """How many are on the reserve list."""
    for_whom: Sequence[str] = ()
    """What it takes, in sentences; empty where it is for everybody."""
    holders: Sequence[Action] = ()
    """Who got one, of those who show themselves."""
    campaign: Action | None = None
    closed: str = ""
    """Why no more of it are offered."""


class OfferLine(Part, frozen=True):
    """An offer on the page of whoever got it."""

    id: str
    title: str
    state: Shown
    by: str
    at: datetime
    until: datetime | None = None
    """By when she answers."""


class ThingLine(Part, frozen=True):
    """Something that reached a fan, on her page."""

    title: str
    kind: Kind
    reason: str
    at: datetime


class RewardsPage(Page, frozen=True):
    """What there is to be given, how many are left, and who got one."""

    template = "rewards.html"

    rewards: Sequence[ShelfLine]
    mine: Sequence[OfferLine] = ()
    """What the reader is offered and has not answered."""

    @property
    def left(self) -> int:
        """How many of all are still to be given."""
        return sum(each.left for each in self.rewards if not each.closed)


class OfferPage(Page, frozen=True):
    """An offer: what it is, who offers it and why; the form that takes it, and then how far it has come."""

    template = "reward_offer.html"

    id: str
    kind: Kind
    title: str
    words: str
    """Markdown."""
    by: str
    reason: str
    state: Shown
    at: datetime
    idempotency_key: str
    form: Form = Form()
    """Fields birth, country, name, lines, guardian_name, guardian_email."""
    because: Sequence[Action] = ()
    draw: Action | None = None
    """In which she won it."""
    until: datetime | None = None
    place: int = 0
    """On the reserve list, from 1."""
    asks_birth: bool = False
    asks_guardian: bool = False
    """She is younger than the age from which she decides alone."""
    asks_address: bool = False
    for_whom: Sequence[str] = ()
    countries: Sequence[Choice] = ()
    """With the empty one first; none where it is for everywhere and nothing is sent."""
    guardian: str = ""
    """Who was asked, and has not answered yet."""
    way: Sequence[Step] = ()
    why: str = ""
    """Why it failed or was withdrawn."""

    @property
    def asks_anything(self) -> bool:
        """Taking it needs more than a press."""
        return self.asks_birth or bool(self.countries)


class ConsentPage(Page, frozen=True):
    """What a guardian is asked, without signing in; looking at it uses nothing up."""

    template = "consent.html"

    token: str
    title: str
    words: str
    name: str
    """Of the fan."""
    guardian: str
    reason: str = ""
    """Why it was offered."""
    is_sent: bool = False
    """It goes to an address that the fan wrote."""
    until: datetime | None = None
    imprint: str = ""
    """Who answers for the site, in Markdown; empty where that is not written."""
    done: Literal["", "agreed", "refused"] = ""
