"""What the record claims of its rewards: never more given than there were, each for a reason, and prizes went to who won them."""

from collections import Counter
from collections.abc import Iterator, Mapping

from fanfare.audit.archives.archive import Archive
from fanfare.audit.claims import Claim, Progress, claim, silent
from fanfare.lots.lists import Lists
from fanfare.record.entry import Entry, unpack
from fanfare.record.envelope import Recorded
from fanfare.record.position import Position
from fanfare.record.rewards import (
    PLACELESS,
    OfferAccepted,
    OfferLapsed,
    Reward,
    RewardEvent,
    RewardOffered,
)

_TOLD = (b'"after"', b'"fanfare.draw.', b'"fanfare.seat.', b'"fanfare.member.', b"\\")
"""What an entry holds that a reward or the draw behind it may depend on; what hides behind an escape is read too."""


class Given(Lists):
    """Folds partition 0, and judges each decision about a reward where it stands. Mutable; fed in record order."""

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        super().__init__()
        self.wrong: dict[str, list[str]] = {}
        """Of each reward: what its decisions have that they must not."""

    def _decided(self, position: Position, recorded: Recorded, stream: str) -> None:
        before = self.streams.rewards.get(stream)
        super()._decided(position, recorded, stream)
        if isinstance(recorded.event, RewardEvent):
            judged = self._judged(recorded.event, recorded, before, self.streams.rewards.get(stream))
            self.wrong.setdefault(stream, []).extend(f"{position}: {each}" for each in judged)

    def _judged(self, event: RewardEvent, recorded: Recorded, before: Reward | None, after: Reward | None) -> Iterator[str]:
        if after is None or after is before:
            late = isinstance(event, OfferAccepted) and after and after.offers.get(event.offer)
            if late and late.is_over(recorded.time):  # a clock ticked between the answer and its event: it counts for nothing
                return
            yield f"a decision that its reward does not allow there: {event.wire}{_named(event)}"
            return
        if after.taken > after.stock:
            yield f"{after.taken} are given, and there are {after.stock}"
        if isinstance(event, RewardOffered):
            yield from self._reasons(event, recorded)
        if isinstance(event, OfferLapsed) and event.why == "erased":
            member = after.offers[event.offer].offered.member
            if member not in self._erased:
                yield f"the offer {event.offer} lapsed because {member} was erased, and she was not"

    def _reasons(self, event: RewardOffered, recorded: Recorded) -> Iterator[str]:
        if event.by == event.member:
            yield f"{event.by} offered it to herself"
        if event.draw is None:
            return
        draw = self.streams.draws.get(event.draw)
        if draw is None or not any(each.member == event.member for each in self.seats(draw, recorded.time)):
            yield f"{event.member} is said to have won it in the draw {event.draw}, and had no seat there"

    def unserved(self, reward: Reward) -> list[str]:
        """Return who holds a seat in a draw whose prize the reward was, and was never offered one."""
        served = {each.offered.member for each in reward.offers.values()}
        draws = {each.offered.draw for each in reward.offers.values()} - {None}
        found = []
        for draw in sorted(filter(None, draws)):
            state = self.streams.draws.get(draw)
            seats = self.seats(state, reward.closed_at) if state and reward.closed_at else []
            found += [f"{each.member} holds a seat in the draw {draw}" for each in seats if each.state == "held"]
        return [each for each in found if each.partition(" ")[0] not in served]


def reward_claims(archive: Archive, rewards: Mapping[str, Reward], progress: Progress = silent) -> list[Claim]:
    """Return a claim for each reward. Without *rewards* nothing is read."""
    if not rewards:
        return []
    given, of = Given(), archive.manifest.moment[0] if archive.manifest.moment else 0
    for offset, body in archive.entries(0):
        given.apply(unpack(0, offset, body) if any(each in body for each in _TOLD) else Entry(0, offset, ()))
        if offset % 100 == 0:
            progress("looking at the rewards", offset, of)
    return [_claim(given, reward_id, each) for reward_id, each in given.streams.rewards.items()]


def _claim(given: Given, reward_id: str, reward: Reward) -> Claim:
    wrong, states = list(given.wrong.get(reward_id, [])), Counter(each.state for each in reward.offers.values())
    placed = sum(number for state, number in states.items() if state not in PLACELESS)
    if placed != reward.taken or placed > reward.stock:
        wrong.append(f"{placed} are given as their states say, {reward.taken} as counted, and there are {reward.stock}")
    wrong += [f"{each}, and was not offered it before it was closed" for each in given.unserved(reward)]
    said = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none offered"
    return claim(f"reward {reward_id}", f"{placed} of {reward.stock} given, each for a reason: {said}", wrong)


def _named(event: RewardEvent) -> str:
    offer = getattr(event, "offer", "")
    return f" of the offer {offer}" if offer else ""
