"""Awarding: what is due by the record, compared with the awards that stand in it already."""

from collections.abc import Mapping, Sequence

from fanfare.awards.deeds import Deeds, Done, Undone
from fanfare.awards.earning import Due, Earning
from fanfare.record.entry import Entry
from fanfare.record.recognition import AwardGranted, AwardRevoked, Recognition

Award = AwardGranted | AwardRevoked
_AWARDS = (AwardGranted, AwardRevoked)


class Awarding:
    """
    Folds partition 0, its awards among the rest. Mutable; fed in record order.

    What is due follows from the deeds and the rules alone; the awards in the record only say how much of it is written.
    """

    def __init__(self, chosen: Mapping[str, Sequence[str]]) -> None:
        """Start at the beginning of the record; *chosen* says, by the round, which options a sealed round of ballots chose."""
        self.deeds = Deeds(chosen)
        self.pending: dict[tuple[str, int], Due] = {}
        """By award and turn, in the order of their causes: what is due and not yet written."""
        self.earning = Earning()
        self.found: list[Done | Undone] = []
        """What the last entry did and undid."""
        self._rules = Recognition()

    @property
    def next_offset(self) -> int:
        """Which entry of partition 0 is the next to be taken in."""
        return self.deeds.streams.next_offset

    def apply(self, entry: Entry) -> list[Due]:
        """
        Take in the next entry of partition 0 and return what is due because of it, in order.

        Raises:
            ValueError: it is not the next entry.
            ResultUnknown: it seals a round of ballots, and nobody said what that chose.
        """
        self.found = self.deeds.apply(entry)
        if self._rules is not self.deeds.streams.recognition:
            self._rules = self.deeds.streams.recognition
            self.earning.hold(self._rules)
        dues = [due for deed in self.found for due in self.earning.take(deed)] if self._rules.rules else []
        self.pending |= {(due.award, due.turn): due for due in dues}
        for each in entry.events if self.pending else ():
            if (award := award_in(each)) is not None:
                self.pending.pop((award.award, award.turn), None)
        return dues


def award_in(recorded: object) -> Award | None:
    """Return the award, or its revocation, that an event of an entry is; none where it is something else or unreadable."""
    event = getattr(recorded, "event", None)
    return event if isinstance(event, _AWARDS) else None
