"""Which contested decisions were taken: the fold that every reader of partition 0 shares."""

import msgspec

from fanfare.record import campaigns, site
from fanfare.record.campaigns import Campaign
from fanfare.record.entry import Entry
from fanfare.record.envelope import Decision, Recorded
from fanfare.record.site import STREAM, Site


class Decided:
    """
    How many decisions of each stream were taken. Mutable; owned by one reader of partition 0.

    The first entry whose ``after`` is current is taken; one that repeats or comes too late is passed over. No clock and no lock is
    trusted, because neither fences an append.
    """

    def __init__(self, taken: dict[str, int] | None = None) -> None:
        """Start from *taken* (a stored count per stream), or from the beginning of the record."""
        self.taken: dict[str, int] = dict(taken or {})

    def take(self, entry: Entry) -> bool:
        """Tell whether the entry's events hold, and count it; uncontested entries always hold."""
        decision = entry.decision
        if decision is None:
            return True
        if entry.partition != 0 or self.taken.get(decision.stream, 0) != decision.after:
            return False
        self.taken[decision.stream] = decision.after + 1
        return True


class Taken(msgspec.Struct, frozen=True):
    """A decision that was taken: the id of its first event and the offset of its entry."""

    id: str
    offset: int


class Streams:
    """
    The site and all campaigns, folded from partition 0. Mutable; owned by one reader.

    Both the deciding services and the projections use it, so they agree on what was taken.
    """

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        self.site = Site()
        self.campaigns: dict[str, Campaign] = {}
        self.decided = Decided()
        self.ids: dict[str, Taken] = {}
        self.next_offset = 0

    def decisions(self, stream: str) -> int:
        """Return how many contested decisions of *stream* were taken: what the next one says it comes after."""
        return self.decided.taken.get(stream, 0)

    def apply(self, entry: Entry) -> bool:
        """
        Take in the next entry of partition 0 and tell whether its events hold.

        Raises:
            ValueError: the entry is not the next one: the record has a gap, or the caller skipped.
        """
        if entry.partition != 0 or entry.offset != self.next_offset:
            message = f"expected entry {self.next_offset} of partition 0, got {entry.offset} of partition {entry.partition}"
            raise ValueError(message)
        self.next_offset += 1
        held = self.decided.take(entry)
        if held and (decision := entry.decision):
            events = [each for each in entry.events if isinstance(each, Recorded)]
            self.ids[events[0].id] = Taken(events[0].id, entry.offset)
            self._evolve(decision, events)
        return held

    def _evolve(self, decision: Decision, events: list[Recorded]) -> None:
        for recorded in events:
            if decision.stream == STREAM:
                self.site = site.evolve(self.site, recorded.event)
            else:
                before = self.campaigns.get(decision.stream, Campaign())
                self.campaigns[decision.stream] = campaigns.evolve(before, recorded.event)
