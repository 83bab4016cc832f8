"""What a teller of histories tells of powers: given, ended, run out; and what fans do by them."""

from datetime import timedelta
from typing import get_args

from fanfare.record import powers
from fanfare.record.campaigns import RoundPaused, RoundResumed
from fanfare.record.powers import May, Power
from tests.builders import HOST, text
from tests.circle_histories import CIRCLED, Circling

EMPOWERED = (
    *CIRCLED,
    "power ended",
    "power laid down",
    "power ran out",
    "power ended twice",
    "power for too long",
    "decided by a power",
)
"""What a run over many histories must have produced of it, and of what moderators, rules, draws and circles do."""


class Empowering(Circling):
    """The part of a teller that gives fans powers, and lets them decide by them."""

    def _moderate(self) -> None:
        """Moderate, recognise somebody, draw, go on with a circle, and now and then with a power."""
        super()._moderate()
        if self.chance(0.7):
            return
        known = list(self.streams.powers.granted.values())
        if not known or self.chance(0.4):
            self._give()
        else:
            self._go_on_with(self.random.choice(known))

    def _give(self) -> None:
        may: May = self.random.choice(get_args(May))
        here = self.random.choice(self.campaigns) if self.campaigns and self.chance(0.6) else None
        if (may == "host") != (here is not None) and may in ("host", "welcome"):
            return
        too_long = self.chance(0.1)
        self.happened["power for too long"] += too_long
        given = powers.PowerGranted(
            power=f"{self.random.getrandbits(64):016x}",
            member=self.random.choice(self._members),
            may=may,
            until=self._now + (powers.LONGEST * 2 if too_long else timedelta(minutes=self.random.choice((2, 30, 600)))),
            by=HOST,
            reason=text("She knows her way around."),
            campaign=here if may != "welcome" else None,
        )
        self.decide(powers.STREAM, given)

    def _go_on_with(self, power: Power) -> None:
        granted = power.granted
        self.happened["power ran out"] += power.ended_at is None and not power.holds(self._now)
        if granted.may == "host" and granted.campaign and power.holds(self._now - timedelta(minutes=1)) and self.chance(0.7):
            self._decide_by(granted.member, granted.campaign)
            return
        by = self.random.choice((HOST, granted.member))
        self.happened["power ended twice"] += power.ended_at is not None
        self.happened["power ended" if by == HOST else "power laid down"] += power.holds(self._now)
        ended = powers.PowerEnded(
            power=granted.power, member=granted.member, may=granted.may, by=by, reason=text("Done."), campaign=granted.campaign
        )
        self.decide(powers.STREAM, ended)

    def _decide_by(self, member: str, campaign: str) -> None:
        rounds = [each for each in self.streams.campaigns[campaign].rounds if each.status == "open"]
        if rounds:
            found = self.random.choice(rounds)
            self.happened["decided by a power"] += 1
            event = (
                RoundResumed(round=found.id, by=member)
                if found.paused
                else RoundPaused(round=found.id, reason=text("One moment."), by=member)
            )
            self.decide(campaign, event)
