"""What a teller of histories tells of circles: opened, changed, closed, who holds a tier, is invited, enters and leaves."""

from fanfare.record import circles, recognition
from fanfare.record.circles import Circle, CircleTier
from fanfare.record.kinds import digest
from tests.builders import HOST, text
from tests.draw_histories import DRAWN, Drawing

CIRCLED = (
    *DRAWN,
    "belongs by a tier",
    "belongs by an invitation",
    "tier lost",
    "left a circle",
    "circle closed",
    "round of a circle",
)
"""What a run over many histories must have produced of it, and of what moderators, rules and draws do."""
TIERS = "tiers"


class Circling(Drawing):
    """The part of a teller that opens circles; the teller's rounds are now and then for one of them."""

    def electorate(self) -> str:
        """Return who may vote in the next round."""
        circle = self._some_circle() if self.chance(0.4) else None
        self.happened["round of a circle"] += circle is not None
        return f"circle:{circle.id}" if circle else self.random.choice(("members", "members-before-opening"))

    def _some_circle(self) -> Circle | None:
        known = list(self.streams.circles.values())
        if not known or self.chance(0.2):
            self._open_circle()
            known = list(self.streams.circles.values())
        return self.random.choice(known[-2:])

    def _moderate(self) -> None:
        """Moderate, recognise somebody, draw, and now and then go on with a circle."""
        super()._moderate()
        while self.chance(0.7):
            self._move(self._some_circle())

    def _open_circle(self) -> None:
        opened = circles.CircleOpened(
            circle=self._fresh("circle"), title=text("Kitchen"), words=text("Taste first."), by=HOST, tier=self._tier()
        )
        self.decide(circles.STREAM, opened)

    def _tier(self) -> CircleTier | None:
        return CircleTier(rule=TIERS, level=self.random.randint(1, 3)) if self.chance(0.7) else None

    def _move(self, circle: Circle | None) -> None:
        assert circle is not None
        why, member, turn = text("She asked."), self.random.choice(self._members), self.random.randint(1, 4)
        match self.random.random():
            case chance if chance < 0.35:
                self._earn(member, turn)
            case chance if chance < 0.6 and turn % 2:
                self.put(
                    0, circles.CircleInvited(circle=circle.id, member=member, turn=turn, chosen="by-name", reason=why, by=HOST)
                )
                if self.chance(0.7):
                    self.happened["belongs by an invitation"] += 1
                    self.put(0, circles.CircleEntered(circle=circle.id, member=member, turn=turn))
            case chance if chance < 0.6 and not turn % 2:
                self.put(0, circles.CircleUninvited(circle=circle.id, member=member, turn=turn, reason=why, by=HOST))
            case chance if chance < 0.85:
                self.happened["left a circle"] += not turn % 2
                came = circles.CircleEntered if turn % 2 else circles.CircleLeft
                self.put(0, came(circle=circle.id, member=member, turn=turn))
            case chance if chance < 0.9:
                self.put(0, circles.BriefShared(circle=circle.id, brief=self._fresh("brief"), by=HOST))
            case chance if chance < 0.97:
                changed = circles.CircleChanged(circle=circle.id, title=why, words=why, by=HOST, tier=self._tier())
                self.decide(circles.STREAM, changed)
            case _:
                self.happened["circle closed"] += not circle.closed
                self.decide(circles.STREAM, circles.CircleClosed(circle=circle.id, reason=why, by=HOST))

    def _earn(self, member: str, turn: int) -> None:
        level = self.random.randint(1, 3)
        award = digest(f"{TIERS} {member} {level}".encode())[:32]
        self.happened["tier lost"] += not turn % 2
        self.happened["belongs by a tier"] += turn % 2
        if turn % 2 == 0:
            self.put(0, recognition.AwardRevoked(award=award, turn=turn, member=member, cause="cause", offset=1))
            return
        earned = recognition.AwardGranted(
            award=award,
            turn=turn,
            member=member,
            kind="tier",
            level=level,
            rule=TIERS,
            version=1,
            cause="cause",
            offset=1,
        )
        self.put(0, earned)
