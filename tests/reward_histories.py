"""What a teller of histories tells of rewards: put on the shelf, offered, waited for, accepted, lapsed, sent and withdrawn."""

from datetime import timedelta

from fanfare.record import rewards
from tests.builders import HOST, text
from tests.draw_histories import Drawing

REWARDED = (
    "reserve lifted",
    "none left",
    "second offer to one fan",
    "accepted too late",
    "reward closed with a reserve list",
)
"""What a run over many histories must have produced of it."""


class Rewarding(Drawing):
    """The part of a teller that gives rewards away."""

    def _moderate(self) -> None:
        """Moderate, recognise or draw, and now and then go on with a reward."""
        super()._moderate()
        if self.chance(0.6):
            return
        open_ = [each for each in self.streams.rewards.values() if not each.closed_at]
        if not open_ or self.chance(0.05):
            self._add_reward()
        else:
            self._give_away(open_[-1])

    def _add_reward(self) -> None:
        reward = self._fresh("rwrd")
        added = rewards.RewardAdded(
            reward=reward, kind="thing", title=text("A bottle"), words=text("By hand."), stock=2, answer_h=1, by=HOST
        )
        self.decide(reward, added)

    def _give_away(self, reward: rewards.Reward) -> None:
        of, offers = reward.added.reward, list(reward.offers.values())
        match self.random.random():
            case chance if chance < 0.4 or not offers:
                self._offer_reward(reward)
            case chance if chance < 0.86:
                self._go_on_with_offer(of, self.random.choice(offers))
            case chance if chance < 0.92:
                self.decide(of, rewards.StockSet(reward=of, stock=self.random.randint(1, 4), by=HOST, reason=text("Counted.")))
            case _:
                self.happened["reward closed with a reserve list"] += bool(reward.waiting)
                self.decide(of, rewards.RewardClosed(reward=of, by=HOST, reason=text("All are given.")))
        self.happened["reserve lifted"] += len(self.streams.rewards[of].waiting) < len(reward.waiting)

    def _offer_reward(self, reward: rewards.Reward) -> None:
        member, waits = self.random.choice(self._members), self.chance(0.7)
        self.happened["none left"] += not reward.left and not waits
        self.happened["second offer to one fan"] += reward.of_member(member) is not None
        made = rewards.RewardOffered(
            reward=reward.added.reward,
            offer=self._fresh("offr"),
            member=member,
            by=HOST,
            reason=text("She asked first."),
            waits=waits,
        )
        self.decide(reward.added.reward, made)

    def _go_on_with_offer(self, of: str, offer: rewards.Offer) -> None:
        named = {"reward": of, "offer": offer.offered.offer}
        member = offer.offered.member
        match self.random.random():
            case chance if chance < 0.35:
                self.happened["accepted too late"] += offer.is_over(self._now)
                self.decide(of, rewards.OfferAccepted(member=member, guardian=self.chance(0.2), **named))
            case chance if chance < 0.5:
                self.decide(of, rewards.OfferDeclined(member=member, **named))
            case chance if chance < 0.65:
                self._now += timedelta(minutes=self.random.choice((0, 70)))
                self.decide(of, rewards.OfferLapsed(why=self.random.choice(("unanswered", "erased")), **named))
            case chance if chance < 0.75:
                self.decide(of, rewards.OfferWithdrawn(by=HOST, reason=text("It broke."), **named))
            case _:
                state: rewards.Handled = self.random.choice(("prepared", "sent", "arrived", "failed"))
                self.decide(of, rewards.OfferHandled(state=state, by=self.random.choice((HOST, member)), **named))
