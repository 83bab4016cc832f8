"""Contexts of draws: their page, the host's list with its form, and the spotlight on the front page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.web.contexts.shell import Form, Page, Part

State = Literal["open", "closed", "fixed", "done", "void", "missed"]


class DrawnSeat(Part, frozen=True):
    """Somebody who was drawn."""

    name: str
    """As she is called today, or that she left."""
    state: Literal["held", "offered", "declined", "lapsed"]
    place: int
    href: str = ""
    """Her page; empty where nobody may read it."""
    until: datetime | None = None
    """By when she answers; none where no answer is needed."""


class Heard(Part, frozen=True):
    """What the record shows of a spotlight's effect: how often others did this, then and in the same hours a week before."""

    what: str
    """`Supports`."""
    lit: int
    before: int


class DrawPage(Page, frozen=True):
    """A draw: what it is for, who may enter until when, and afterwards who was drawn and how anybody draws again."""

    template = "draw.html"

    id: str
    purpose: Literal["spotlight", "seats", "prize"]
    title: str
    gets: str
    """Markdown."""
    who: str
    """Markdown."""
    state: State
    seats: int
    reserves: int
    entrants: int
    """So far, while it is open."""
    closes_at: datetime
    beacon_at: datetime
    idempotency_key: str
    campaign_id: str = ""
    campaign: str = ""
    simulated: bool = False
    round: int = 0
    """Of drand; 0 where the beacon is simulated."""
    beacon_url: str = ""
    """Where drand shows the value."""
    root: str = ""
    value: str = ""
    done_at: datetime | None = None
    shown_until: datetime | None = None
    """Of a spotlight that shines, or shone."""
    heard: Sequence[Heard] = ()
    """While it shines and afterwards; nothing of any other draw."""
    drawn: Sequence[DrawnSeat] = ()
    reason: str = ""
    """Why it was called off."""
    answer_h: int = 0
    shown_h: int = 0
    is_entered: bool = False
    """The reader is."""
    is_invited: bool = True
    """The reader may enter, or nobody reads."""
    my_seat: DrawnSeat | None = None

    @property
    def winners(self) -> list[DrawnSeat]:
        """Those who hold a seat or are offered one."""
        return [each for each in self.drawn if each.state in ("held", "offered")]


class DrawLine(Part, frozen=True):
    """A draw in the host's list."""

    id: str
    title: str
    state: State
    line: str


class CampaignChoice(Part, frozen=True):
    """An option of the form."""

    value: str
    label: str


class DrawsDeskPage(Page, frozen=True):
    """The host's draws, the latest first, and the form that announces one."""

    template = "host/draws.html"

    draws: Sequence[DrawLine]
    campaigns: Sequence[CampaignChoice]
    """With the empty one first."""
    simulation: bool
    """A simulated beacon may be chosen."""
    idempotency_key: str
    form: Form = Form()
    """Fields purpose, title, gets, who, campaign, open_to, seats, reserves, closes_at, answer_h, shown_h, beacon."""


class Spotlight(Part, frozen=True):
    """Fans who were drawn for the front page."""

    draw_id: str
    seats: Sequence[DrawnSeat]
    since: datetime
    until: datetime
    entrants: int
    simulated: bool = False
