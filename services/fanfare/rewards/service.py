"""Rewards: put on the shelf and offered by hosts, accepted or declined by fans, and handled until they arrive."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from fanfare.draws import decide as draws_decide
from fanfare.members import vault
from fanfare.members.refusals import MemberNotFound
from fanfare.platform import requests, texts
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.rewards import Handled, Offer, Reward, RewardAdded, RewardOffered
from fanfare.rewards import accepting, decide, keeping, refusals
from fanfare.rewards.accepting import Accepted
from fanfare.rewards.plan import Answer, Plan
from fanfare.views import draws as draws_view
from fanfare.views import moderation

Choose = Callable[[Streams, Mapping[str, str]], list[Event]]
"""A decider with its command bound: from the present state and the hashes of what was said to events, or it refuses."""
MOST_REASONS = 20
"""Contributions that justify one offer."""


class _NoHashes(dict[str, str]):
    """Stands for the hashes of texts before they are kept: only to see whether a decision would be refused."""

    def __missing__(self, name: str) -> str:
        return "0" * 64


class Rewards:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Decide through *desk*."""
        self._desk = desk

    async def reward(self, reward_id: str) -> Reward:
        """Return a reward as it stands. Raises: RewardNotFound."""
        await self._desk.catch_up()
        return decide.known(self._desk.streams.rewards.get(reward_id))

    async def of_offer(self, offer_id: str) -> tuple[Reward, Offer]:
        """Return an offer with its reward. Raises: OfferNotFound."""
        await self._desk.catch_up()
        for reward in self._desk.streams.rewards.values():
            if offer_id in reward.offers:
                return reward, reward.offers[offer_id]
        raise refusals.OfferNotFound

    async def add(self, asked: Asked, plan: Plan) -> tuple[str, Acknowledged]:
        """
        Put a reward on the shelf and return its id; the same request twice adds one.

        Raises:
            TextRefused, RewardRefused, Overtaken, KeyReused, Busy.
        """
        plan, reward = plan.checked(), asked.event_id(self._desk.vault_key)[:16]
        facts = msgspec.structs.asdict(plan) | {"reward": reward, "by": asked.actor}

        def choose(streams: Streams, kept: Mapping[str, str]) -> list[Event]:
            public = frozenset(each for each, campaign in streams.campaigns.items() if campaign.id)
            event = RewardAdded(**{**facts, "title": kept["title"], "words": kept["words"]})
            return decide.add(streams.rewards.get(reward), event, public)

        # What a brand gives is its own, and stays when its author leaves.
        return reward, await self._decide(reward, asked, choose, {"title": plan.title, "words": plan.words})

    async def set_stock(self, asked: Asked, reward_id: str, stock: int, reason: str) -> Acknowledged:
        """
        Say how many there are in all; more of them go to the reserve list at once.

        Raises:
            RewardNotFound, RewardIsClosed, RewardRefused, StockTaken, TextRefused, Overtaken, KeyReused, Busy.
        """
        stock, said = Plan.counted(stock), {"reason": texts.checked(reason, "reason", texts.LINE)}
        return await self._decide(
            reward_id,
            asked,
            lambda streams, kept: decide.set_stock(streams.rewards.get(reward_id), stock, kept["reason"], asked.actor),
            said,
        )

    async def close(self, asked: Asked, reward_id: str, reason: str) -> Acknowledged:
        """
        Offer a reward to nobody any more, with a reason.

        Raises:
            RewardNotFound, RewardIsClosed, TextRefused, Overtaken, KeyReused, Busy.
        """
        said = {"reason": texts.checked(reason, "reason", texts.LINE)}
        return await self._decide(
            reward_id,
            asked,
            lambda streams, kept: decide.close(streams.rewards.get(reward_id), kept["reason"], asked.actor),
            said,
        )

    async def offer(
        self,
        asked: Asked,
        reward_id: str,
        member: str,
        reason: str,
        because: Sequence[str] = (),
        draw: str | None = None,
        *,
        waits: bool = False,
    ) -> tuple[str, Acknowledged]:
        """
        Offer a reward to a member, and return the id of the offer; the same request twice offers once.

        Raises:
            RewardNotFound, RewardIsClosed, MemberNotFound, OfferToYourself, AlreadyOffered, NotHerWork, NoSeatInDraw,
            NoneLeft (and she does not wait), TextRefused, Overtaken, KeyReused, Busy.
        """
        offer = asked.event_id(self._desk.vault_key)[:16]
        said = {"reason": texts.checked(reason, "reason", texts.LINE)}
        if done := await requests.earlier(self._desk.pool, asked):
            return offer, done
        await self.reward(reward_id)
        await self._check(member, because, draw)

        def choose(streams: Streams, kept: Mapping[str, str]) -> list[Event]:
            event = RewardOffered(
                reward=reward_id,
                offer=offer,
                member=member,
                by=asked.actor,
                reason=kept["reason"],
                because=tuple(dict.fromkeys(because)),
                draw=draw,
                waits=waits,
            )
            return decide.offer(streams.rewards.get(reward_id), event)

        # Its reason is about her, so it goes when she has herself erased.
        return offer, await self._decide(reward_id, asked, choose, said, member)

    async def _check(self, member: str, because: Sequence[str], draw: str | None) -> None:
        """Raises: MemberNotFound, NotHerWork, NoSeatInDraw, DrawNotFound."""
        async with self._desk.pool.connection() as connection:
            known = await vault.by_id(connection, member)
            if known is None or not known.recorded:
                raise MemberNotFound
            found = await moderation.in_words(connection, because)
            if len(because) > MOST_REASONS:
                raise refusals.NotHerWork(_("Name at most %(most)s contributions.", most=MOST_REASONS), field="because")
            if any(each not in found or found[each].author != member or found[each].is_hidden for each in because):
                raise refusals.NotHerWork(field="because")
            if draw is not None:
                state = draws_decide.known(self._desk.streams.draws.get(draw))
                seats = [each.seat for each in await draws_view.drawn(connection, state, self._desk.now)]
                if not any(each.member == member and each.state in ("held", "offered") for each in seats):
                    raise refusals.NoSeatInDraw(field="draw")

    async def accept(self, asked: Asked, offer_id: str, answer: Answer, site: str) -> Accepted:
        """
        Accept what one was offered; who is young has her guardian asked first, and it is accepted once she or he consents.

        Args:
            site: what a link in a mail begins with, see :func:`fanfare.members.links.site_address`.

        Raises:
            OfferNotFound, OfferOver, AnswerIncomplete, TooYoung, NotInCountry, GuardianAskedEnough, AddressRefused, TextRefused,
            Overtaken, KeyReused, Busy.
        """
        answer = answer.checked()
        if done := await requests.earlier(self._desk.pool, asked):
            return Accepted("accepted", done)
        reward, offer = await self.of_offer(offer_id)
        if (done := self._desk.taken(asked)) is None:
            decide.accept(reward, offer_id, asked.actor, self._desk.now)
            if await accepting.declare(self._desk, reward, offer, answer) == "needs-guardian":
                await accepting.ask_guardian(self._desk, asked, reward, offer, answer, site)
                return Accepted("guardian", None)
        of = reward.added.reward
        done = await self._decide(
            of,
            asked,
            lambda streams, _kept: decide.accept(streams.rewards.get(of), offer_id, asked.actor, self._desk.now),
        )
        if (await self.of_offer(offer_id))[1].state == "offered":  # the time was over when it was written
            raise refusals.OfferOver
        return Accepted("accepted", done)

    async def decline(self, asked: Asked, offer_id: str) -> Acknowledged:
        """
        Decline an offer, or give it back before it is prepared; it goes to the next fan for good.

        Raises:
            OfferNotFound, OfferOver, NotThatFar, Overtaken, KeyReused, Busy.
        """
        of = await self._of(offer_id)
        done = await self._decide(
            of, asked, lambda streams, _kept: decide.decline(streams.rewards.get(of), offer_id, asked.actor)
        )
        await self._drop(offer_id)
        return done

    async def withdraw(self, asked: Asked, offer_id: str, reason: str) -> Acknowledged:
        """
        Take an offer back before it is sent, or after that failed, with a reason.

        Raises:
            OfferNotFound, OfferOver, NotThatFar, TextRefused, Overtaken, KeyReused, Busy.
        """
        said, (reward, offer) = {"reason": texts.checked(reason, "reason", texts.LINE)}, await self.of_offer(offer_id)
        of = reward.added.reward
        done = await self._decide(
            of,
            asked,
            lambda streams, kept: decide.withdraw(streams.rewards.get(of), offer_id, kept["reason"], asked.actor),
            said,
            offer.offered.member,
        )
        await self._drop(offer_id)
        return done

    async def handled(
        self, asked: Asked, offer_id: str, state: Handled, reason: str = "", *, by_fan: bool = False
    ) -> Acknowledged:
        """
        Say how far an offer has come.

        Args:
            reason: may be empty, but where it failed.
            by_fan: whoever asks is the fan herself, who may say that it arrived.

        Raises:
            OfferNotFound, NotThatFar, TextRefused, Overtaken, KeyReused, Busy.
        """
        said = {"reason": texts.checked(reason, "reason", texts.LINE)} if reason.strip() or state == "failed" else {}
        reward, offer = await self.of_offer(offer_id)
        if by_fan and (state != "arrived" or offer.offered.member != asked.actor):
            raise refusals.OfferNotFound
        of = reward.added.reward
        return await self._decide(
            of,
            asked,
            lambda streams, kept: decide.handle(
                streams.rewards.get(of), offer_id, state, asked.actor, kept["reason"] if said else None
            ),
            said,
            offer.offered.member,
        )

    async def consent(self, token: str, *, agrees: bool) -> Acknowledged:
        """
        Consent or refuse, as a guardian with the link of a mail; a refusal declines the offer.

        Raises:
            ConsentUnknown, OfferOver, Overtaken, Busy.
        """
        async with self._desk.pool.connection() as connection:
            kept = await keeping.by_token(connection, token)
        if kept is None:
            raise refusals.ConsentUnknown
        of, member, offer_id = await self._of(kept.offer), kept.member, kept.offer
        asked = Asked("guardian", "consent" if agrees else "refuse", offer_id, keeping.hashed(token).hex())

        def choose(streams: Streams) -> list[Event]:
            reward = streams.rewards.get(of)
            if not agrees:
                return decide.decline(reward, offer_id, member)
            return decide.accept(reward, offer_id, member, self._desk.now, guardian=True)

        # A crash behind this leaves a link that still works, and is answered by the same event.
        done = await self._desk.decide(of, asked, choose)
        async with self._desk.pool.connection() as connection:
            await (keeping.consented(connection, offer_id) if agrees else keeping.drop(connection, [offer_id]))
        return done

    async def _of(self, offer_id: str) -> str:
        return (await self.of_offer(offer_id))[0].added.reward

    async def _drop(self, offer_id: str) -> None:
        """Delete what was kept of an offer that fell. A crash before this leaves it to the chore."""
        async with self._desk.pool.connection() as connection:
            await keeping.drop(connection, [offer_id])

    async def _decide(
        self, stream: str, asked: Asked, choose: Choose, said: Mapping[str, str] | None = None, of: str | None = None
    ) -> Acknowledged:
        """Carry a contested decision out; *said* is kept before it, as *of* a member where it is about her."""
        desk, said = self._desk, said or {}
        if done := await requests.earlier(desk.pool, asked):
            return done
        await desk.catch_up()
        if (done := desk.taken(asked)) is None:
            choose(desk.streams, _NoHashes())  # refuses before words are kept
            hashes: dict[str, str] = {}
            if said:
                async with desk.pool.connection() as connection:
                    kept = await texts.keep(connection, said.values(), of)
                hashes = {name: kept[text] for name, text in said.items()}
            done = await desk.decide(stream, asked, lambda streams: choose(streams, hashes))
        return await requests.finished(desk.pool, asked, done)
