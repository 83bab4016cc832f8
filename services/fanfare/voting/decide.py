"""What makes a ballot. Pure: an auditor who replays the record reaches the same answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fanfare.campaigns.refusals import RoundNotOpen, RoundPausedNow
from fanfare.counting.method import METHODS
from fanfare.platform.language import gettext as _
from fanfare.record.ballots import BallotCast, Chosen
from fanfare.record.campaigns import Round
from fanfare.record.terms import RoundTerms
from fanfare.voting.refusals import ChoiceNotOffered, NoBallots, NothingChosen, TooManyOptions


def admit(found: Round, now: datetime) -> RoundTerms:
    """
    Return the terms of a round that takes ballots now.

    Raises:
        RoundNotOpen: it has not opened, or its close has come.
        RoundPausedNow: it takes none for a while.
        NoBallots: it is a round of ideas.
    """
    if found.status != "open" or found.terms is None:
        raise RoundNotOpen(_when(found), status_of_round=found.status)
    if found.closes_at is not None and now >= found.closes_at:
        raise RoundNotOpen(_when(found), status_of_round="closing")
    if found.paused:
        raise RoundPausedNow
    if not found.terms.partitions:
        raise NoBallots
    return found.terms


def _when(found: Round) -> str:
    if found.status == "planned":
        return _("This round opens at %(time)s UTC. Come back then.", time=f"{found.plan.opens_at:%Y-%m-%d %H:%M}")
    if found.status == "void":
        return _("This round was given up; its page says why. Ballots already cast stay in the record.")
    closed = f"{found.closes_at:%Y-%m-%d %H:%M:%S} UTC" if found.closes_at else _("its close")
    return _("This round closed at %(time)s. Your ballot came later; an earlier one of yours still counts.", time=closed)


def cast(
    terms: RoundTerms, terms_hash: str, voter: str, number: int, chosen: Sequence[str], channel: Literal["web", "api"]
) -> BallotCast:
    """
    Make the ballot: the fact that this voter chose.

    Raises:
        ChoiceNotOffered, TooManyOptions, NothingChosen.
    """
    offered = frozenset(option.id for option in terms.options)
    options = tuple(sorted(set(chosen)))
    if not options:
        raise NothingChosen
    if unknown := [each for each in options if each not in offered]:
        raise ChoiceNotOffered(options=[each[:40] for each in unknown[:5]])
    if len(options) > terms.plan.most:
        message = _(
            "You chose %(chosen)s options; %(most)s is the most. Take some away; the rest of your ballot is kept.",
            chosen=len(options),
            most=terms.plan.most,
        )
        raise TooManyOptions(message, most=terms.plan.most)
    choice = Chosen(options=options)
    if not METHODS[terms.plan.method].valid(choice, offered, terms.plan.most):
        raise ChoiceNotOffered
    return BallotCast(terms=terms_hash, voter=voter, number=number, choice=choice, channel=channel, admission="member")
