"""
The clockwork of rewards: lets offers lapse, tells fans by mail, and deletes addresses that nobody needs any more.

It keeps nothing of its own. Each run looks at what the record says and does the next missing step under an id that follows from
the step, so it may crash anywhere and be started twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import LiteralString

import structlog

from fanfare.platform.desk import Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Refusal
from fanfare.platform.texts import read
from fanfare.platform.timekeeping import Clock, database_time
from fanfare.record.decisions import Streams
from fanfare.record.kinds import Event
from fanfare.record.rewards import FALLEN, LAPSES_ERASED, Offer, Reward
from fanfare.rewards import decide, keeping

_log = structlog.get_logger()
Tell = Callable[[str, str, str, str], Awaitable[object]]
"""Tells a member by mail: member, subject, body, and what names the occasion, so that nobody is told twice."""
KEPT_AFTER = timedelta(days=30)
"""How long an address is kept after the parcel arrived."""
REMINDED = timedelta(days=1)
"""How long before an offer lapses its fan is told again; an offer that is no longer than two days gets no reminder."""
FRESH = timedelta(days=7)
"""Nobody is told of what is older: the outbox keeps its keys for thirty days, and a site may have been off."""
ERASED: LiteralString = "select member from erased.members where member = any(%s)"


class RewardClock:
    """Owned by one event loop. Several may run at once: contested decisions are taken once."""

    def __init__(self, desk: Desk, clock: Clock = database_time) -> None:
        """Act through *desk* by *clock*."""
        self._desk = desk
        self._clock = clock

    async def run(self) -> None:
        """Let every offer lapse that nobody answered in time, by both clocks."""
        await self._desk.catch_up()
        now = min(await self._clock(self._desk), self._desk.now)
        for reward in list(self._desk.streams.rewards.values()):
            for offer in list(reward.offers.values()):
                if offer.is_over(now):
                    await self._lapse(reward, offer, erased=False)

    async def sweep(self) -> None:
        """Let the offers lapse of those who were erased before anything was sent to them."""
        await self._desk.catch_up()
        rewards = list(self._desk.streams.rewards.values())
        held = [(reward, each) for reward in rewards for each in reward.offers.values() if each.state in LAPSES_ERASED]
        members = sorted({offer.offered.member for _reward, offer in held})
        if not members:
            return
        async with self._desk.pool.connection() as connection:
            gone = {row[0] for row in await (await connection.execute(ERASED, (members,))).fetchall()}
        for reward, offer in held:
            if offer.offered.member in gone:
                await self._lapse(reward, offer, erased=True)

    async def _lapse(self, reward: Reward, offer: Offer, *, erased: bool) -> None:
        of, offer_id = reward.added.reward, offer.offered.offer

        def choose(streams: Streams) -> list[Event]:
            return decide.lapse(streams.rewards.get(of), offer_id, self._desk.now, erased=erased)

        asked = Asked(actor="clockwork", command="lapse", target=offer_id, key="erased" if erased else "")
        try:
            await self._desk.decide(of, asked, choose)
        except Refusal as refusal:
            _log.info("an offer did not lapse", offer=offer_id, code=refusal.code)


async def tidy(desk: Desk) -> None:
    """Delete what the vault keeps of offers that have fallen, or arrived thirty days ago, and looks that are a year old."""
    await desk.catch_up()
    stands = {
        offer_id
        for reward in desk.streams.rewards.values()
        for offer_id, offer in reward.offers.items()
        if offer.state not in FALLEN and not (offer.state == "arrived" and offer.since <= desk.now - KEPT_AFTER)
    }
    async with desk.pool.connection() as connection:
        await keeping.drop(connection, [each for each in await keeping.every_offer(connection) if each not in stands])
        await keeping.forget_looks(connection)


async def tell_offered(desk: Desk, tell: Tell, told: set[str]) -> None:
    """
    Tell fans by mail, once, that an offer was made, is about to lapse, was agreed to by a guardian, sent, withdrawn, or lapsed.

    Args:
        told: the occasions that this process has told already; the mail's own key holds for all of them.
    """
    await desk.catch_up()
    for reward in list(desk.streams.rewards.values()):
        for offer in list(reward.offers.values()):
            occasion = _occasion(offer, desk.now)
            if occasion and (unique := f"offer-{occasion}:{offer.offered.offer}") not in told:
                await _tell(desk, reward, offer, occasion, tell)
                told.add(unique)
        await asyncio.sleep(0)


def _occasion(offer: Offer, now: datetime) -> str:
    """Return what there is to tell of an offer now; empty where nothing is."""
    if offer.state == "offered":
        long = offer.until is not None and offer.until - offer.since > 2 * REMINDED
        if long and offer.until is not None and offer.until - REMINDED <= now < offer.until:
            return "ends"
        return "offered" if now - offer.since <= FRESH and not offer.is_over(now) else ""
    if now - offer.since > FRESH:
        return ""
    if offer.state == "accepted":
        return "agreed" if offer.guardian else ""
    return offer.state if offer.state in ("sent", "withdrawn", "lapsed") else ""


async def _tell(desk: Desk, reward: Reward, offer: Offer, occasion: str, tell: Tell) -> None:
    made = offer.offered
    async with desk.pool.connection() as connection:
        words = await read(connection, [reward.added.title, made.reason, offer.reason])
    title = words.get(reward.added.title, _("a reward"))
    page = f"{desk.source.rstrip('/')}/me/offers/{made.offer}"
    until = f"{offer.until:%Y-%m-%d %H:%M}" if offer.until else ""
    answer_by = _("Say by %(when)s UTC whether you take it; then it goes to somebody else.", when=until)
    match occasion:
        case "offered":
            subject = _("You are offered “%(title)s”", title=title)
            said = [words.get(made.reason, ""), answer_by if until else _("Say whether you take it.")]
        case "ends":
            subject, said = _("“%(title)s” still waits for your answer", title=title), [answer_by]
        case "agreed":
            subject = _("“%(title)s” is yours: your guardian agreed", title=title)
            said = [_("Its page tells how far it has come.")]
        case "sent":
            subject = _("“%(title)s” is on its way to you", title=title)
            said = [_("Tell us on its page when it is there.")]
        case "withdrawn":
            subject = _("The offer of “%(title)s” was withdrawn", title=title)
            said = [words.get(offer.reason, "")]
        case _:
            subject = _("The offer of “%(title)s” is over", title=title)
            said = [_("It was not answered in time, or the reward is no longer given.")]
    await tell(made.member, subject, "\n\n".join([*filter(None, said), page]), f"offer-{occasion}:{made.offer}")
