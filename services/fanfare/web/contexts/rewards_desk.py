"""Contexts of the host's rewards: the shelf, one reward with its offers, the forms, and the list to pack by."""

from collections.abc import Sequence
from datetime import datetime

from fanfare.record.rewards import Kind
from fanfare.rewards.reading import Shown
from fanfare.web.contexts.host import Choice
from fanfare.web.contexts.shell import Action, Form, Page, Part


class DeskReward(Part, frozen=True):
    """A reward on the host's shelf, and what waits in it."""

    id: str
    kind: Kind
    title: str
    stock: int
    left: int
    accepted: int = 0
    """To be prepared."""
    prepared: int = 0
    """To be sent, or to be held."""
    failed: int = 0
    offered: int = 0
    waiting: int = 0
    arrived: int = 0
    is_closed: bool = False

    @property
    def due(self) -> int:
        """How many wait for a host."""
        return self.accepted + self.prepared + self.failed


class RewardsDeskPage(Page, frozen=True):
    """The host's shelf: what waits first."""

    template = "host/rewards.html"

    rewards: Sequence[DeskReward]
    to: str = ""
    """The id of the fan for whom the host came."""
    draw: str = ""
    """The id of the draw for whose winners she came."""
    for_whom: str = ""
    """What the fan is called, or the winners."""


class DeskOffer(Part, frozen=True):
    """An offer as a host handles it."""

    id: str
    member: str
    """Her id; empty where she left."""
    name: str
    state: Shown
    since: datetime
    by: str
    reason: str
    until: datetime | None = None
    why: str = ""
    """Why it failed or was withdrawn."""
    draw: Action | None = None


class RewardDeskPage(Page, frozen=True):
    """One reward with its offers by state, what waits for a host first."""

    template = "host/reward.html"

    id: str
    kind: Kind
    title: str
    words: str
    stock: int
    left: int
    is_sent: bool
    idempotency_key: str
    offers: Sequence[DeskOffer] = ()
    for_whom: Sequence[str] = ()
    answer_h: int = 0
    closed: str = ""
    """Why no more are offered."""
    form: Form = Form()
    """What was refused: fields stock, reason, or the whole."""

    def of(self, *states: Shown) -> list[DeskOffer]:
        """Return the offers in one of *states*."""
        return [each for each in self.offers if each.state in states]


class RewardFormPage(Page, frozen=True):
    """The form that puts a reward on the shelf."""

    template = "host/reward_new.html"

    campaigns: Sequence[Choice]
    """With the empty one first."""
    idempotency_key: str
    form: Form = Form()
    """Fields kind, title, words, stock, sent, answer_h, min_age, guardian_below, countries, campaign."""


class FoundFan(Part, frozen=True):
    """Somebody to offer it to."""

    id: str
    name: str
    since: datetime


class GivePage(Page, frozen=True):
    """Whom a reward is offered to: a fan who is looked for by name, or those whom a draw drew; then why."""

    template = "host/reward_give.html"

    id: str
    title: str
    left: int
    idempotency_key: str
    form: Form = Form()
    """Fields reason, waits."""
    sought: str = ""
    found: Sequence[FoundFan] | None = None
    """None before somebody was looked for."""
    draws: Sequence[Action] = ()
    """Those that are done, each leading to the form for its winners."""
    to: Sequence[FoundFan] = ()
    """Whom it is offered to."""
    draw: str = ""
    """The id of the draw that they won it in."""
    contributions: Sequence[Choice] = ()
    """Of the one fan, from which those are chosen that justify it."""


class PackLine(Part, frozen=True):
    """Whom something is packed for, and where it goes."""

    name: str
    """As she is called here."""
    to: str
    """As she wrote it for the label."""
    lines: Sequence[str]
    country: str
    offer: str
    """Its id."""
    state: Shown


class PackPage(Page, frozen=True):
    """The addresses of those who took it and have not got it, to print; that a host saw them is noted."""

    template = "host/reward_pack.html"

    id: str
    title: str
    lines: Sequence[PackLine]
    by: str
    """Who looks, as it is noted."""
