"""The lists of draws: a fold of partition 0 that knows who had entered, who may, what was drawn and what the drawn ones said."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from fanfare.lots.ranking import ranked
from fanfare.lots.seats import Answer, Seat, seats_at
from fanfare.record.decisions import Streams
from fanfare.record.draws import Draw, DrawEntered, DrawLeft, Press, SeatAccepted, SeatAnswer, SeatDeclined
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.members import MemberErased, MemberJoined, TookPart
from fanfare.record.position import Position


class Turned(msgspec.Struct, frozen=True):
    """A step of a draw that was taken: where it stands, and when."""

    position: Position
    at: datetime


class Lists:
    """Folds partition 0. Mutable; fed in record order."""

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        self.streams = Streams()
        self.steps: dict[str, dict[str, Turned]] = {}
        """Of each draw: by its status, the step that led there."""
        self.joined: set[str] = set()
        self._took_part: dict[str, dict[str, int]] = {}
        """By round: the offset of each member's credit."""
        self._presses: dict[str, dict[str, list[tuple[int, int]]]] = {}
        """By draw and member: offset and turn."""
        self._answers: dict[str, list[Answer]] = {}
        self._erased: dict[str, datetime] = {}

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of partition 0. Raises: ValueError: it is not the next one."""
        if not self.streams.take(entry):
            return
        for position, recorded in entry.positioned():
            if recorded.decision is not None:
                self._decided(position, recorded, recorded.decision.stream)
            else:
                self._told(position.offset, recorded)

    def _decided(self, position: Position, recorded: Recorded, stream: str) -> None:
        before = self.streams.draws.get(stream)
        self.streams.evolve(recorded)
        after = self.streams.draws.get(stream)
        if after is not None and (before is None or after.status != before.status):
            self.steps.setdefault(stream, {})[after.status] = Turned(position, recorded.time)

    def _told(self, offset: int, recorded: Recorded) -> None:
        match recorded.event:
            case DrawEntered() | DrawLeft():
                self._press(offset, recorded.event)
            case SeatAccepted() | SeatDeclined():
                self._answer(recorded.event, recorded.time)
            case MemberJoined(member=member):
                self.joined.add(member)
            case TookPart(member=member, round=round_id):
                self._took_part.setdefault(round_id, {}).setdefault(member, offset)
            case MemberErased(member=member):
                self._erased.setdefault(member, recorded.time)
            case _:
                pass

    def _press(self, offset: int, event: Press) -> None:
        self._presses.setdefault(event.draw, {}).setdefault(event.member, []).append((offset, event.turn))

    def _answer(self, event: SeatAnswer, at: datetime) -> None:
        self._answers.setdefault(event.draw, []).append(Answer(event.member, isinstance(event, SeatAccepted), at))

    def entrants(self, draw: str, read_to: int) -> list[str]:
        """Return the members who wished to be drawn as the first *read_to* entries tell it, sorted."""
        found = []
        for member, presses in self._presses.get(draw, {}).items():
            turns = [turn for offset, turn in presses if offset < read_to]
            if turns and max(turns) % 2:
                found.append(member)
        return sorted(found)

    def uninvited(self, draw: Draw, entrants: list[str], read_to: int) -> Iterator[str]:
        """Yield a sentence for each of *entrants* who is no member, or had not taken part where that was asked."""
        announced = draw.announced
        campaign = self.streams.campaigns.get(announced.campaign or "")
        credits_ = [self._took_part.get(each.id, {}) for each in campaign.rounds] if campaign else []
        for member in entrants:
            if member not in self.joined:
                yield f"{member} is an entrant and never joined"
            elif announced.open_to == "took-part" and not any(each.get(member, read_to) < read_to for each in credits_):
                yield f"{member} is an entrant and had not taken part in {announced.campaign}"

    def ranking(self, draw: Draw) -> list[str]:
        """Return the entrants of a draw that is done in the order in which they were drawn; nobody of any other."""
        if draw.fixed is None or draw.done is None:
            return []
        return ranked(draw.done.randomness, draw.done.draw, self.entrants(draw.done.draw, draw.fixed.read_to))

    def seats(self, draw: Draw, now: datetime) -> list[Seat]:
        """Return the seats of a draw that is done as they stand at *now*; none of any other."""
        announced, ranking = draw.announced, self.ranking(draw)
        if draw.done_at is None:
            return []
        drawn = set(ranking[: announced.seats + announced.reserves])
        left = [Answer(member, accepts=False, at=at) for member, at in self._erased.items() if member in drawn]
        return seats_at(
            ranking,
            seats=announced.seats,
            reserves=announced.reserves,
            answer_h=announced.answer_h,
            done_at=draw.done_at,
            answers=[*self._answers.get(announced.draw, []), *left],
            now=now,
        )
