"""Context of the operator's page: how the site is, in words and figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from fanfare.web.contexts.shell import Page, Part


class Need(Part, frozen=True):
    """Something that is wrong and what to do about it."""

    kind: Literal["bad", "warn"]
    title: str
    advice: str


class Runner(Part, frozen=True):
    """A process of the site."""

    name: str
    kind: str
    started_at: datetime
    silent: timedelta
    memory: str
    version: str
    machine: str = ""
    reads: str = ""
    """The partitions that a worker brings to projections, in words; empty for what is no worker."""


class Broker(Part, frozen=True):
    """A broker that keeps the record."""

    address: str
    answers: bool


class Place(Part, frozen=True):
    """Where the record is kept."""

    name: str
    answers: bool = True
    brokers: Sequence[Broker] = ()


class Signed(Part, frozen=True):
    """How far the notary is with a partition."""

    partition: int
    size: int
    behind: int
    at: datetime | None
    compared_at: datetime | None
    doubt: str = ""


class WitnessLine(Part, frozen=True):
    """A witness, over all partitions."""

    name: str
    size: int
    at: datetime | None
    silent_since: datetime | None
    why: str = ""


class Filling(Part, frozen=True):
    """New tables of a projection that fill beside the old ones."""

    name: str
    percent: int


class Follows(Part, frozen=True):
    """A projection."""

    name: str
    state: Literal["level", "behind", "stopped"]
    lag: int
    lag_for: timedelta
    stopped: str = ""


class Lateness(Part, frozen=True):
    """A step of a round whose time has come."""

    what: str
    round_id: str
    late: timedelta


class Mistake(Part, frozen=True):
    """An error of ours that was logged."""

    at: datetime
    what: str
    where: str
    error: str
    id: str
    request: str


class Unreadable(Part, frozen=True):
    """An event of the record that cannot be read."""

    position: str
    why: str
    rounds: Sequence[str]
    is_ruled: bool


class Figure(Part, frozen=True):
    """A great number with its words."""

    big: str
    says: str


class OperationsPage(Page, frozen=True):
    """How the site is. Posts to itself `mail`: try again what did not leave."""

    template = "host/operations.html"

    headline: str
    needs: Sequence[Need]
    figures: Sequence[Figure]
    processes: Sequence[Runner]
    projections: Sequence[Follows]
    heads: Sequence[int]
    due: Sequence[Lateness]
    mail_waits: int
    mail_failed: int
    mail_given_up: int
    mail_failures: Sequence[str]
    has_mail_server: bool
    mistakes: Sequence[Mistake]
    disk: str
    version: str
    unreadable: Sequence[Unreadable] = ()
    place: Place = Place("PostgreSQL")
    rebuilds: Sequence[Filling] = ()
    signed: Sequence[Signed] = ()
    witnesses: Sequence[WitnessLine] = ()
    backup_at: datetime | None = None
    """When the last one was made; none where no backup is known."""
