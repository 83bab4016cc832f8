"""Which contested decisions were taken: the fold that every reader of partition 0 shares."""

from datetime import datetime

import msgspec

from fanfare.record import campaigns, circles, draws, notary, powers, recognition, rewards, site
from fanfare.record.campaigns import Campaign, CampaignEvent, Round, RoundPlanned
from fanfare.record.circles import Circle, CircleEvent
from fanfare.record.draws import Draw, DrawEvent
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.notary import Notary, NotaryEvent
from fanfare.record.powers import PowerEvent, Powers
from fanfare.record.recognition import Recognition, RecognitionEvent
from fanfare.record.rewards import Reward, RewardEvent
from fanfare.record.site import Site, SiteEvent


class Decided:
    """
    How many decisions of each stream were taken. Mutable; owned by one reader of partition 0.

    The first entry whose ``after`` is current is taken; one that repeats or comes too late is passed over. No clock and no lock
    is trusted, because neither fences an append.
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
    The site, campaigns, the rules of recognition, draws and rewards, folded from partition 0. Mutable; owned by one reader.

    Both the deciding services and the projections use it, so they agree on what was taken.
    """

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        self.site = Site()
        self.campaigns: dict[str, Campaign] = {}
        self.recognition = Recognition()
        self.draws: dict[str, Draw] = {}
        self.circles: dict[str, Circle] = {}
        self.powers = Powers()
        self.rewards: dict[str, Reward] = {}
        self.notary = Notary()
        self.decided = Decided()
        self.ids: dict[str, Taken] = {}
        self._stream_of: dict[str, str] = {}
        self.next_offset = 0

    def round(self, round_id: str) -> tuple[Campaign, Round] | None:
        """Return a round with its campaign; none where no campaign has it."""
        campaign = self.campaigns.get(self._stream_of.get(round_id, ""))
        found = campaign.round(round_id) if campaign else None
        return (campaign, found) if campaign and found else None

    def decisions(self, stream: str) -> int:
        """Return how many contested decisions of *stream* were taken: what the next one says it comes after."""
        return self.decided.taken.get(stream, 0)

    def apply(self, entry: Entry) -> bool:
        """
        Take in the next entry of partition 0 and tell whether its events hold.

        Raises:
            ValueError: the entry is not the next one: the record has a gap, or the caller skipped.
        """
        held = self.take(entry)
        if held:
            for _, recorded in entry.positioned():
                self.evolve(recorded)
        return held

    def take(self, entry: Entry) -> bool:
        """
        Count the next entry and tell whether its events hold; the caller then hands each to ``evolve``, in order.

        Raises:
            ValueError: the entry is not the next one.
        """
        if entry.partition != 0 or entry.offset != self.next_offset:
            message = f"expected entry {self.next_offset} of partition 0, got {entry.offset} of partition {entry.partition}"
            raise ValueError(message)
        self.next_offset += 1
        held = self.decided.take(entry)
        if held and entry.decision:
            first = next(each for each in entry.events if isinstance(each, Recorded))
            self.ids[first.id] = Taken(first.id, entry.offset)
        return held

    def evolve(self, recorded: Recorded) -> None:
        """Take in one event of an entry that holds; what fans do without asking anybody changes nothing here."""
        if recorded.decision is None:
            return
        stream, event = recorded.decision.stream, recorded.event
        if isinstance(event, SiteEvent):
            self.site = site.evolve(self.site, event)
        elif isinstance(event, RecognitionEvent):
            self.recognition = recognition.evolve(self.recognition, event)
        elif isinstance(event, DrawEvent):
            self._draw(stream, event, recorded.time)
        elif isinstance(event, RewardEvent):
            self._reward(stream, event, recorded.time)
        elif isinstance(event, PowerEvent):
            if stream == powers.STREAM:
                self.powers = powers.evolve(self.powers, event, recorded.time, self.next_offset - 1)
        elif isinstance(event, NotaryEvent):
            self._key(stream, event, recorded.time)
        elif isinstance(event, CircleEvent):
            self.circles = circles.evolve(self.circles, event) if stream == circles.STREAM else self.circles
        elif isinstance(event, CampaignEvent):
            self.campaigns[stream] = campaigns.evolve(self.campaigns.get(stream, Campaign()), event)
            if isinstance(event, RoundPlanned):
                self._stream_of.setdefault(event.round, stream)

    def _draw(self, stream: str, event: DrawEvent, at: datetime) -> None:
        draw = draws.evolve(self.draws.get(stream), event, at) if event.draw == stream else None
        if draw is not None:
            self.draws[stream] = draw

    def _key(self, stream: str, event: NotaryEvent, at: datetime) -> None:
        founded = self.site.founded
        if founded and stream == notary.STREAM:
            self.notary = notary.evolve(self.notary, event, founded.name, at)

    def _reward(self, stream: str, event: RewardEvent, at: datetime) -> None:
        reward = rewards.evolve(self.rewards.get(stream), event, at) if event.reward == stream else None
        if reward is not None:
            self.rewards[stream] = reward
