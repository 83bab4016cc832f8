"""Rewards in words, as the API and the pages show them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, LiteralString, get_args

from psycopg import AsyncConnection
from pydantic import BaseModel

from fanfare.platform import texts
from fanfare.record.decisions import Streams
from fanfare.record.rewards import FALLEN, Kind, Offer, Reward, State
from fanfare.rewards import keeping
from fanfare.rewards.keeping import Kept
from fanfare.rewards.refusals import ConsentUnknown

Shown = Literal[
    "accepted", "prepared", "failed", "guardian", "offered", "waiting", "sent", "arrived", "declined", "lapsed", "withdrawn"
]
"""As in the record; ``guardian``: offered, and a guardian was asked. In the order in which a host looks at them."""
_ORDER = {state: place for place, state in enumerate(get_args(Shown))}
_PARCEL = frozenset({"accepted", "prepared", "sent", "failed"})
"""While an offer stands here, somebody may need its address."""
MOST_GOT = 20
KNOWN: LiteralString = "select id, name, shown from vault.members where id = any(%s)"


class Got(BaseModel):
    """Somebody who has a reward in her hands, and whose page everybody may read."""

    member: str
    name: str
    arrived_at: datetime


class Shelved(BaseModel):
    """A reward on the shelf."""

    id: str
    kind: Kind
    title: str
    """Empty where the text is gone."""
    words: str
    campaign: str | None
    stock: int
    left: int
    """How many can still be offered; none of a reward that is closed."""
    states: dict[State, int]
    """How many offers stand at each state; a state without any is missing."""
    answer_h: int
    min_age: int
    guardian_below: int
    countries: tuple[str, ...]
    sent: bool
    added_at: datetime
    closed_at: datetime | None
    closed_because: str
    got: list[Got]
    """Whom it reached, the latest first, as far as everybody may read her page; 20 at most."""

    @property
    def needs_birth(self) -> bool:
        """Whether a date of birth is asked for."""
        return bool(self.min_age or self.guardian_below)

    @property
    def needs_country(self) -> bool:
        """Whether a country is asked for."""
        return bool(self.countries or self.sent)


class AddressRead(BaseModel):
    """Where the post goes."""

    name: str
    lines: str
    country: str


class OfferRead(BaseModel):
    """An offer as hosts see it."""

    id: str
    reward: str
    member: str
    name: str
    """As she is called today; empty for one who left."""
    state: Shown
    since: datetime
    """When it came to that state."""
    until: datetime | None
    """By when it has to be accepted."""
    over: bool
    """That time is over; the offer lapses any moment."""
    place: int
    """On the reserve list, from 1; 0 where she does not wait."""
    by: str
    by_name: str
    offered_at: datetime
    """When a host made the offer."""
    reason: str
    because: tuple[str, ...]
    draw: str | None
    guardian: bool
    """A guardian consented."""
    country: str
    """As she declared it, while it is kept."""
    address: AddressRead | None
    """Of one who accepted, until it arrived; only where a host asked for it."""
    why: str
    """Why it was withdrawn, or failed."""


class MyOffer(BaseModel):
    """An offer as the fan sees whom it is for."""

    id: str
    reward: Shelved
    state: Shown
    since: datetime
    until: datetime | None
    over: bool
    place: int
    by_name: str
    offered_at: datetime
    reason: str
    because: tuple[str, ...]
    draw: str | None
    guardian_name: str
    """Whom we wrote to, while that is awaited; empty otherwise."""
    country: str
    address: AddressRead | None
    """Her own, while it is kept."""
    why: str


class Thing(BaseModel):
    """A reward that reached a member, for her page."""

    reward: str
    title: str
    kind: Kind
    arrived_at: datetime
    reason: str


class ConsentRead(BaseModel):
    """What a guardian reads before she or he consents."""

    guardian: str
    """As the young person named her or him."""
    child: str
    """The name under which the young person is known on this site."""
    reward: Shelved
    reason: str
    """Why it was offered."""
    until: datetime | None
    by_post: bool
    """An address was given, and is used for the parcel alone."""


async def shelf(connection: AsyncConnection, streams: Streams) -> list[Shelved]:
    """Return every reward: those that are given first, then the closed ones; the latest first."""
    latest = sorted(streams.rewards.values(), key=lambda each: (each.closed_at is None, each.added_at), reverse=True)
    return await _shelved(connection, latest)


async def shelved(connection: AsyncConnection, reward: Reward) -> Shelved:
    """Return one reward in words."""
    return (await _shelved(connection, [reward]))[0]


async def _shelved(connection: AsyncConnection, rewards: Sequence[Reward]) -> list[Shelved]:
    hashes = {each for reward in rewards for each in (reward.added.title, reward.added.words, reward.reason)}
    words = await texts.read(connection, hashes)
    reached = {reward.added.reward: _arrived(reward) for reward in rewards}
    known = await _known(connection, {each.offered.member for offers in reached.values() for each in offers})
    return [_shelf(each, words, _got(reached[each.added.reward], known)) for each in rewards]


def _arrived(reward: Reward) -> list[Offer]:
    found = [each for each in reward.offers.values() if each.state == "arrived"]
    return sorted(found, key=lambda each: each.since, reverse=True)


def _got(offers: Iterable[Offer], known: Mapping[str, tuple[str, bool]]) -> list[Got]:
    named = [each for each in offers if known.get(each.offered.member, ("", False))[1]][:MOST_GOT]
    return [Got(member=each.offered.member, name=known[each.offered.member][0], arrived_at=each.since) for each in named]


async def _known(connection: AsyncConnection, members: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Return what members are called, and whether everybody may read their pages."""
    rows = await (await connection.execute(KNOWN, (sorted(members),))).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def _shelf(reward: Reward, words: Mapping[str, str], got: list[Got]) -> Shelved:
    added = reward.added
    return Shelved(
        id=added.reward,
        kind=added.kind,
        title=words.get(added.title, ""),
        words=words.get(added.words, ""),
        campaign=added.campaign,
        stock=reward.stock,
        left=reward.left,
        states=dict(Counter(each.state for each in reward.offers.values())),
        answer_h=added.answer_h,
        min_age=added.min_age,
        guardian_below=added.guardian_below,
        countries=added.countries,
        sent=added.sent,
        added_at=reward.added_at,
        closed_at=reward.closed_at,
        closed_because=words.get(reward.reason, ""),
        got=got,
    )


async def desk_of(
    connection: AsyncConnection, reward: Reward, now: datetime, *, looked_by: str = "", states: Collection[Shown] = ()
) -> list[OfferRead]:
    """
    Return the offers of a reward: what waits for a host first, then what waits for fans, the reserve list in its order.

    Args:
        looked_by: a host who sees the addresses; each look is noted. Empty: no address is shown.
        states: only these; empty for all.
    """
    kept = await keeping.of_offers(connection, list(reward.offers))
    chosen = [(_shown(each, kept), each) for each in reward.offers.values() if not states or _shown(each, kept) in states]
    words = await texts.read(connection, {each for _, offer in chosen for each in (offer.offered.reason, offer.reason)})
    members = {each for _, offer in chosen for each in (offer.offered.member, offer.offered.by)}
    known = await _known(connection, members)
    if looked_by:
        parcels = [offer.offered.offer for _, offer in chosen if offer.state in _PARCEL]
        await keeping.note_looks(connection, parcels, looked_by)
    places = {each: place for place, each in enumerate(reward.waiting, start=1)}
    found = [
        OfferRead(
            member=offer.offered.member,
            name=known.get(offer.offered.member, ("", False))[0],
            by=offer.offered.by,
            guardian=offer.guardian,
            **_told(shown, offer, kept, words, places, now),
            by_name=known.get(offer.offered.by, ("", False))[0],
            address=_address(offer, kept) if looked_by and offer.state in _PARCEL else None,
        )
        for shown, offer in chosen
    ]
    return sorted(found, key=lambda each: (_ORDER[each.state], each.place, each.since))


def _shown(offer: Offer, kept: Mapping[str, Kept]) -> Shown:
    answer = kept.get(offer.offered.offer)
    return "guardian" if offer.state == "offered" and answer and answer.guardian_until else offer.state


def _told(
    shown: Shown,
    offer: Offer,
    kept: Mapping[str, Kept],
    words: Mapping[str, str],
    places: Mapping[str, int],
    now: datetime,
) -> dict[str, Any]:
    """Return what hosts and the fan herself are told alike."""
    made = offer.offered
    return {
        "id": made.offer,
        "reward": made.reward,
        "state": shown,
        "since": offer.since,
        "until": offer.until,
        "over": offer.is_over(now),
        "place": places.get(made.offer, 0),
        "offered_at": offer.at,
        "reason": words.get(made.reason, ""),
        "because": made.because,
        "draw": made.draw,
        "country": kept[made.offer].country if made.offer in kept else "",
        "why": words.get(offer.reason, ""),
    }


def _address(offer: Offer, kept: Mapping[str, Kept]) -> AddressRead | None:
    found = kept.get(offer.offered.offer)
    return AddressRead(name=found.name, lines=found.lines, country=found.country) if found and found.lines else None


async def mine(connection: AsyncConnection, streams: Streams, member: str, now: datetime) -> list[MyOffer]:
    """Return a member's offers: those that wait for her first, then what is on its way; the latest first."""
    held = [(reward, each) for reward in streams.rewards.values() for each in _of(reward, member)]
    kept = await keeping.of_offers(connection, [offer.offered.offer for _, offer in held])
    hashes = {each for _, offer in held for each in (offer.offered.reason, offer.reason)}
    words = await texts.read(connection, hashes)
    known = await _known(connection, {offer.offered.by for _, offer in held})
    rewards = {each.id: each for each in await _shelved(connection, [reward for reward, _ in held])}
    found = []
    for reward, offer in held:
        places = {each: place for place, each in enumerate(reward.waiting, start=1)}
        told = _told(_shown(offer, kept), offer, kept, words, places, now) | {"reward": rewards[reward.added.reward]}
        answer = kept.get(offer.offered.offer)
        found.append(
            MyOffer(
                **told,
                by_name=known.get(offer.offered.by, ("", False))[0],
                guardian_name=answer.guardian_name if answer else "",
                address=_address(offer, kept),
            )
        )
    found.sort(key=lambda each: each.since, reverse=True)
    return sorted(found, key=lambda each: (each.state != "offered" or each.over, each.state in FALLEN))


def _of(reward: Reward, member: str) -> list[Offer]:
    return [each for each in reward.offers.values() if each.offered.member == member] if member in reward.of else []


async def arrived(connection: AsyncConnection, streams: Streams, member: str) -> list[Thing]:
    """Return what reached a member, the latest first. Whether others may see it, her page decides."""
    held = [(reward, each) for reward in streams.rewards.values() for each in _of(reward, member) if each.state == "arrived"]
    hashes = {each for reward, offer in held for each in (reward.added.title, offer.offered.reason)}
    words = await texts.read(connection, hashes)
    found = [
        Thing(
            reward=reward.added.reward,
            title=words.get(reward.added.title, ""),
            kind=reward.added.kind,
            arrived_at=offer.since,
            reason=words.get(offer.offered.reason, ""),
        )
        for reward, offer in held
    ]
    return sorted(found, key=lambda each: each.arrived_at, reverse=True)


async def consent(connection: AsyncConnection, streams: Streams, token: str) -> ConsentRead:
    """Return what a guardian's link is about, without using it up. Raises: ConsentUnknown."""
    kept = await keeping.by_token(connection, token)
    held = [each for each in streams.rewards.values() if kept and kept.offer in each.offers]
    if kept is None or not held:
        raise ConsentUnknown
    offer = held[0].offers[kept.offer]
    words = await texts.read(connection, [offer.offered.reason])
    known = await _known(connection, [kept.member])
    return ConsentRead(
        guardian=kept.guardian_name,
        child=known.get(kept.member, ("", False))[0],
        reward=await shelved(connection, held[0]),
        reason=words.get(offer.offered.reason, ""),
        until=offer.until,
        by_post=bool(kept.lines),
    )
