"""What a teller of histories tells of draws: announced, entered, left, fixed, called off, and what the drawn ones say."""

from datetime import datetime, timedelta

from fanfare.lots.beacon import QUICKNET, first_round_from
from fanfare.lots.root import entrants_root
from fanfare.record import draws
from fanfare.record.kinds import digest
from tests.builders import HOST, text
from tests.recognition_histories import RECOGNISED, Recognised

DRAWN = (
    *RECOGNISED,
    "entrants fixed in time",
    "entrants fixed out of time",
    "draw called off",
    "value before its time",
)
"""What a run over many histories must have produced of it, and of what moderators and rules do."""


class Drawing(Recognised):
    """
    The part of a teller that draws.

    No draw of a history is done: nobody here can sign for its beacon. The tests of draws have one with a published value.
    """

    _now: datetime

    def _moderate(self) -> None:
        """Moderate or recognise somebody, and now and then go on with a draw."""
        super()._moderate()
        if self.chance(0.6):
            return
        if not self.streams.draws or self.chance(0.1):
            self._announce()
        else:
            self._go_on(list(self.streams.draws.values())[-1])

    def _announce(self) -> None:
        closes_at = self._now + timedelta(minutes=self.random.choice((1, 3)))
        beacon = first_round_from(QUICKNET, closes_at + timedelta(minutes=self.random.choice((2, 500))))
        draw = self._fresh("draw")
        made = draws.DrawAnnounced(
            draw=draw,
            purpose="seats",
            title=text("Two seats"),
            gets=text("An evening"),
            who=text("Everybody"),
            seats=2,
            reserves=1,
            closes_at=closes_at,
            beacon=beacon,
            by=HOST,
        )
        self.decide(draw, made)

    def _go_on(self, draw: draws.Draw) -> None:
        draw_id, member = draw.announced.draw, self.random.choice(self._members)
        match self.random.random():
            case chance if chance < 0.5:
                turn = self.random.randint(1, 4)
                press = draws.DrawEntered if turn % 2 else draws.DrawLeft
                self.put(0, press(draw=draw_id, member=member, turn=turn))
            case chance if chance < 0.7:
                self._fix(draw)
            case chance if chance < 0.8:
                self.happened["value before its time"] += draw.status == "fixed"
                self.decide(draw_id, draws.DrawDone(draw=draw_id, randomness=digest(b"value"), signature="ab" * 48))
            case chance if chance < 0.85:
                self.happened["draw called off"] += draw.status in ("open", "fixed")
                self.decide(draw_id, draws.DrawVoided(draw=draw_id, reason=text("The kitchen is closed."), by=HOST))
            case _:
                answer = draws.SeatAccepted if self.chance(0.5) else draws.SeatDeclined
                self.put(0, answer(draw=draw_id, member=member))

    def _fix(self, draw: draws.Draw) -> None:
        is_open = draw.status == "open"
        draw_id, entrants = draw.announced.draw, sorted(set(self.random.sample(self._members, min(2, len(self._members)))))
        self.decide(draw_id, draws.EntrantsFixed(draw=draw_id, read_to=1, count=len(entrants), root=entrants_root(entrants)))
        now_fixed = is_open and self.streams.draws[draw_id].status == "fixed"
        self.happened["entrants fixed in time"] += now_fixed
        self.happened["entrants fixed out of time"] += is_open and not now_fixed
