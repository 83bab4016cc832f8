"""Who belongs to a circle: by a tier that she holds, or by an invitation that she took up."""

from fanfare.record.circles import (
    Circle,
    CircleEntered,
    CircleInvited,
    CircleLeft,
    CircleUninvited,
    Coming,
)
from fanfare.record.recognition import AwardGranted, AwardRevoked

TURNS = (AwardGranted, AwardRevoked, CircleInvited, CircleUninvited, CircleEntered, CircleLeft)
"""What `Belonging` hears: nothing else changes who belongs."""


class Belonging:
    """
    Folds tiers, invitations and who entered or left, in record order. Mutable.

    A fan belongs to a circle that is open if she holds its tier and did not leave, or if she is invited and entered. Of each
    thing the highest turn stands, so what is appended twice is one. An erasure changes nothing here, as it changes no figure:
    whoever was erased cannot come in any more.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._turns: dict[str, int] = {}
        """The highest turn of each tier that was granted, and of whatever was revoked."""
        self._held: dict[tuple[str, str], dict[str, int]] = {}
        """By the member and the rule: the levels that she was ever granted, by their award."""
        self._invited: dict[tuple[str, str], int] = {}
        """By the circle and the member: the highest turn."""
        self._came: dict[tuple[str, str], int] = {}

    def apply(self, event: object) -> str:
        """Take in an event that holds, and return the member whom it may have brought in or sent away; empty where none."""
        match event:
            case AwardGranted(award=award, turn=turn, member=member, kind="tier", rule=rule, level=level) if rule is not None:
                self._turns[award] = max(self._turns.get(award, 0), turn)
                self._held.setdefault((member, rule), {}).setdefault(award, level)
                return member
            case AwardRevoked(award=award, turn=turn, member=member):
                self._turns[award] = max(self._turns.get(award, 0), turn)
                return member
            case CircleInvited() | CircleUninvited() | CircleEntered() | CircleLeft():
                self._come(event)
                return event.member
            case _:
                return ""

    def _come(self, event: Coming) -> None:
        turns = self._invited if isinstance(event, CircleInvited | CircleUninvited) else self._came
        key = (event.circle, event.member)
        turns[key] = max(turns.get(key, 0), event.turn)

    def holds_tier(self, circle: Circle, member: str) -> bool:
        """Tell whether a member holds the tier that opens a circle, or one above it."""
        tier = circle.tier
        return tier is not None and any(
            level >= tier.level and self._turns[award] % 2 for award, level in self._held.get((member, tier.rule), {}).items()
        )

    def belongs(self, circle: Circle, member: str) -> bool:
        """Tell whether a member belongs to a circle now."""
        if circle.closed:
            return False
        came = self._came.get((circle.id, member), 0)
        invited = self._invited.get((circle.id, member), 0)
        return bool(invited % 2 and came % 2) or ((not came or bool(came % 2)) and self.holds_tier(circle, member))

    def of(self, circle: Circle) -> set[str]:
        """Return who belongs to a circle now."""
        asked = {member for each, member in self._invited if each == circle.id}
        asked |= {member for member, rule in self._held if circle.tier is not None and rule == circle.tier.rule}
        return {each for each in asked if self.belongs(circle, each)}
