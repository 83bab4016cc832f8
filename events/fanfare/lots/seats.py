"""Who holds the seats of a draw that is done: winners, and reserves in the place of those who declined or did not answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Literal

import msgspec

SeatState = Literal["held", "offered", "declined", "lapsed"]
"""``held``: accepted, or needing no answer. ``offered``: an answer is awaited. ``lapsed``: none came in time."""


class Answer(msgspec.Struct, frozen=True):
    """What a drawn member said; an erased member counts as one who declined when she was erased."""

    member: str
    accepts: bool
    at: datetime


class Seat(msgspec.Struct, frozen=True):
    """A seat that was offered to a member."""

    member: str
    place: int
    """In the order of the draw, from 1."""
    offered_at: datetime
    state: SeatState
    until: datetime | None
    """By when it has to be accepted; none where it needs no answer."""


class _Offer(msgspec.Struct, frozen=True):
    place: int
    member: str
    at: datetime
    until: datetime | None
    accepted: bool
    ends_at: datetime | None
    lapses: bool


def seats_at(
    ranking: Sequence[str],
    *,
    seats: int,
    reserves: int,
    answer_h: int,
    done_at: datetime,
    answers: Iterable[Answer],
    now: datetime,
) -> list[Seat]:
    """
    Return every seat that was offered until *now*, by place: the winners', then those of the reserves who were lifted.

    It follows from what was said and when, in whatever order that is taken in. A reserve's time to answer begins when the seat
    became free.

    Args:
        ranking: all entrants in the order of the draw.
        answer_h: within how many hours a seat has to be accepted; 0: it needs no answer.
    """
    said = _Said(answers)
    waiting = iter(enumerate(ranking[: seats + reserves], 1))
    offers: list[_Offer] = []
    ending: list[tuple[datetime, int]] = []

    def offer(at: datetime) -> None:
        if found := next(waiting, None):
            made = said.offer(*found, at, answer_h)
            offers.append(made)
            if made.ends_at:
                heappush(ending, (made.ends_at, made.place))

    for _ in range(seats):
        offer(done_at)
    while ending and ending[0][0] <= now:
        offer(heappop(ending)[0])
    return [_seat(each, now) for each in sorted(offers, key=lambda each: each.place)]


def _seat(offer: _Offer, now: datetime) -> Seat:
    state: SeatState = "held" if offer.accepted or offer.until is None else "offered"
    if offer.ends_at is not None and offer.ends_at <= now:
        state = "lapsed" if offer.lapses else "declined"
    return Seat(offer.member, offer.place, offer.at, state, offer.until)


class _Said:
    """What each member said first of each kind."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._first: dict[tuple[str, bool], datetime] = {}
        for each in answers:
            key = (each.member, each.accepts)
            self._first[key] = min(each.at, self._first.get(key, each.at))

    def offer(self, place: int, member: str, at: datetime, answer_h: int) -> _Offer:
        until = at + timedelta(hours=answer_h) if answer_h else None
        accepted_at, declined_at = self._first.get((member, True)), self._first.get((member, False))
        accepted = until is not None and accepted_at is not None and accepted_at <= until
        lapses_at = None if accepted else until
        refused_at = max(at, declined_at) if declined_at else None
        ends_at = min((each for each in (lapses_at, refused_at) if each), default=None)
        lapses = ends_at is not None and ends_at != refused_at
        return _Offer(place, member, at, until, accepted, ends_at, lapses)
