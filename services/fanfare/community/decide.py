"""What kudos, welcomes and thank-yous are allowed, and what they make true. Pure."""

from datetime import datetime

import msgspec

from fanfare.community.refusals import (
    AlreadyAnswered,
    KudosForYourself,
    KudosNotFound,
    KudosSpent,
    NoNewcomer,
    NotHers,
    NothingAsked,
    NotYourKudos,
    ThanksSpent,
    WelcomedAlready,
    WelcomedOften,
    WelcomeForYourself,
)
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.bringing import MOST_WELCOMES, NewcomerWelcomed
from fanfare.record.recognition import MOST_KUDOS, KudosGiven, KudosTakenBack

MOST_A_DAY = 20
"""Thank-yous of one host on one day, UTC; each may go to a whole segment."""


def week_of(at: datetime) -> str:
    """Return the week, Monday to Sunday, UTC, such as 2026-W47."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"


def turns_of_week(at: datetime) -> str:
    """Return what the turns of the kudos of a week are about: the fold counts the first ones, and no more are taken."""
    return f"kudos {week_of(at)}"


class GiveKudos(msgspec.Struct, frozen=True):
    """Praise a fan, in words."""

    kudos: str
    by: str
    to: str
    words: str
    """The hash of the words; empty before they are kept."""
    about: str = ""
    """An idea or a comment; empty where they are about none."""
    author: str = ""
    """Who wrote it; empty where there is no such thing."""
    campaign: str | None = None


def give(command: GiveKudos, given: int) -> list[KudosGiven]:
    """
    Answer a command with the fact it makes true.

    Args:
        given: how many she gave this week before.

    Raises:
        KudosForYourself, NotHers, KudosSpent.
    """
    if command.to == command.by:
        raise KudosForYourself
    if command.about and command.author != command.to:
        raise NotHers(field="about")
    if given >= MOST_KUDOS:
        raise KudosSpent
    about = command.about or None
    return [
        KudosGiven(kudos=command.kudos, by=command.by, to=command.to, words=command.words, about=about, campaign=command.campaign)
    ]


class KudosNow(msgspec.Struct, frozen=True):
    """Kudos as they stand."""

    kudos: str
    by: str
    to: str
    taken_back: bool = False


def take_back(found: KudosNow | None, by: str) -> list[KudosTakenBack]:
    """
    Answer whoever takes kudos back: nothing where that was done before.

    Raises:
        KudosNotFound, NotYourKudos.
    """
    if found is None:
        raise KudosNotFound
    if found.by != by:
        raise NotYourKudos
    return [] if found.taken_back else [KudosTakenBack(kudos=found.kudos, by=by)]


class Newcomer(msgspec.Struct, frozen=True):
    """A member whom somebody wants to welcome."""

    member: str
    is_new: bool
    """She joined in the last thirty days, and is no host."""
    welcomed_by: tuple[str, ...] = ()
    """Whose welcomes count."""


class Welcome(msgspec.Struct, frozen=True):
    """Welcome a newcomer, in words."""

    by: str
    words: str
    """The hash of the words; empty before they are kept."""


def welcome(command: Welcome, found: Newcomer) -> list[NewcomerWelcomed]:
    """
    Answer a command with the fact it makes true.

    Raises:
        WelcomeForYourself, NoNewcomer, WelcomedAlready, WelcomedOften.
    """
    if command.by == found.member:
        raise WelcomeForYourself
    if not found.is_new:
        raise NoNewcomer
    if command.by in found.welcomed_by:
        raise WelcomedAlready
    if len(found.welcomed_by) >= MOST_WELCOMES:
        raise WelcomedOften
    return [NewcomerWelcomed(newcomer=found.member, by=command.by, words=command.words)]


def thank(*, may_thank: bool, today: int) -> None:
    """Refuse a thank-you of somebody who is no host, or beyond the most of one day. Raises: RoleNeeded, ThanksSpent."""
    if not may_thank:
        message = "Only hosts thank for the brand. Give kudos to say what you think."
        raise RoleNeeded(message)
    if today >= MOST_A_DAY:
        raise ThanksSpent


def answer(words: str, *, asks: bool, answered: str | None) -> bool:
    """
    Tell whether an answer is new.

    Args:
        answered: what was answered before.

    Raises:
        NothingAsked, AlreadyAnswered.
    """
    if not asks:
        raise NothingAsked
    if answered is not None and answered != words:
        raise AlreadyAnswered
    return answered is None
