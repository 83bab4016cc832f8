"""Voting: papers out, ballots in, receipts back."""

import asyncio
from datetime import datetime
from typing import Literal

import msgspec

from fanfare.campaigns.refusals import RoundNotFound
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.refusals import KeyReused
from fanfare.platform.singly import singly
from fanfare.record.campaigns import Campaign, Round
from fanfare.record.position import Position
from fanfare.record.terms import RoundTerms, slot
from fanfare.reports import receipts
from fanfare.reports.receipts import BallotFound
from fanfare.voting import decide, electing, tokens
from fanfare.voting.papers import Claim, KeyTaken, Outdated, Papers, Repeated
from fanfare.voting.refusals import NotInElectorate, PaperOutOfDate

_LOOKS, _BETWEEN_LOOKS_S = 20, 0.1


class Paper(msgspec.Struct, frozen=True):
    """What a fan fills in: the terms, her next number, and what she has chosen so far."""

    round: str
    terms: str
    number: int
    most: int
    options: tuple[str, ...]
    voter: str
    """Her token in this round, so that she can find a ballot that she never cast."""
    chosen: tuple[str, ...]
    """Her ballot that counts now; empty where she has none."""


class Receipt(msgspec.Struct, frozen=True):
    """The answer to a ballot. It shows no choice."""

    event_id: str
    position: str
    round: str
    terms: str
    voter: str
    number: int
    state: str
    """taken: it is in the record. late: it stands behind its partition's marker and does not count."""
    next_number: int
    promise: str | None = None
    """That a signed checkpoint will cover it within a minute: a signed note."""
    events_proof: tuple[str, ...] = ()
    """That it is in the entry that was promised: hashes in base64."""
    why_no_promise: str | None = None


class Voting:
    """Owned by one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Write ballots through *desk*."""
        self._desk = desk
        self._papers = Papers(desk.pool)
        self._round_keys: dict[str, bytes] = {}

    async def find(self, round_id: str) -> tuple[Campaign, Round]:
        """
        Return a round with its campaign, as of this process's latest reading.

        Raises:
            RoundNotFound: there is none.
        """
        found = self._desk.streams.round(round_id)
        if found is None:
            await self._desk.catch_up()
            found = self._desk.streams.round(round_id)
        if found is None:
            raise RoundNotFound
        return found

    async def token(self, round_id: str, member: str) -> str:
        """Return the voter token of a member: HMAC under the round's key of a secret that an erasure destroys."""
        async with singly(self._desk.pool) as connection:
            row = await (await connection.execute("select secret from vault.members where id = %s", (member,))).fetchone()
        if row is None:  # erased in this very moment
            raise NotInElectorate
        return await self._token(round_id, row[0])

    async def _token(self, round_id: str, secret: bytes) -> str:
        if round_id not in self._round_keys:
            async with self._desk.pool.connection() as connection:
                self._round_keys[round_id] = await tokens.round_key(connection, round_id)
        return tokens.token(self._round_keys[round_id], secret)

    async def paper(self, round_id: str, member: str) -> Paper:
        """
        Return the paper that a fan would fill in now.

        Raises:
            RoundNotFound, RoundNotOpen, RoundPausedNow, NoBallots, NotInElectorate, NotYetThere.
        """
        await self._desk.catch_up()
        _, found = await self.find(round_id)
        terms = decide.admit(found, self._desk.now)
        await electing.demand(self._desk, found, member)
        return await self._paper(found, terms, await self.token(round_id, member))

    async def _paper(self, found: Round, terms: RoundTerms, voter: str) -> Paper:
        async with self._desk.pool.connection() as connection:
            chosen = await receipts.counting_choice(connection, found.terms_hash, voter)
        return Paper(
            round=found.id,
            terms=found.terms_hash,
            number=await self._papers.latest(found.id, voter) + 1,
            most=terms.plan.most,
            options=tuple(option.id for option in terms.options),
            voter=voter,
            chosen=chosen,
        )

    async def cast(
        self, round_id: str, asked: Asked, secret: bytes, number: int, chosen: list[str], channel: Literal["web", "api"]
    ) -> tuple[Receipt, Acknowledged]:
        """
        Cast or replace a ballot, durably.

        The same request twice is one ballot, also where the second comes after the close. A crash after the claim and before the
        append leaves a number without a ballot; the client's retry under the same key appends it.

        Raises:
            RoundNotFound, RoundNotOpen, RoundPausedNow, NoBallots, NotInElectorate: not here, not now or not you.
            ChoiceNotOffered, TooManyOptions, NothingChosen: not such a ballot.
            PaperOutOfDate: she has cast a newer one; the present paper comes with the refusal.
            KeyReused: her latest ballot came with the same key and another body.
            Busy: the record takes no more for a moment.
        """
        _, found = await self.find(round_id)
        voter = await self._token(round_id, secret)
        event_id = asked.event_id(self._desk.vault_key)
        if not _takes_ballots(found, self._desk.now) and (known := await self._cast_before(round_id, voter, event_id)):
            return _receipt(known, found, "late" if known.late else "taken"), Acknowledged(event_id, known.position)
        terms = decide.admit(found, self._desk.now)
        await electing.demand(self._desk, found, asked.actor)
        ballot = decide.cast(terms, found.terms_hash, voter, number, chosen, channel)
        answer = await self._papers.claim(Claim(round_id, voter, asked.actor, number, event_id, asked.key))
        if isinstance(answer, KeyTaken):
            raise KeyReused
        if isinstance(answer, Outdated):
            present = await self._paper(found, terms, voter)
            raise PaperOutOfDate(paper=msgspec.to_builtins(present))
        if isinstance(answer, Repeated) and (known := await self._known(event_id)):
            return _receipt(known, found, "late" if known.late else "taken"), Acknowledged(event_id, known.position)
        partition = slot(voter, terms.partitions)
        position = await self._desk.emit([event_id], [ballot], round_id, partition, to_the_minute=True)
        cast = BallotFound(event_id, position, found.terms_hash, voter, number, late=False, replaced=False, void=False)
        return _receipt(cast, found, await self._fate(round_id, position)), Acknowledged(event_id, position)

    async def _fate(self, round_id: str, position: Position) -> str:
        """
        Tell whether a ballot that was just appended came in time. Only one that met the close has to look for the marker.

        A marker is appended a second after the decision to close at the earliest, so a ballot behind it finds that decision in
        what was read half a second ago.
        """
        await self._desk.be_at_most(0.5)
        _, found = await self.find(round_id)
        if _takes_ballots(found, self._desk.now):
            return "taken"
        await self._desk.catch_up()
        _, found = await self.find(round_id)
        if found.status in ("open", "void"):
            return "taken"
        return "late" if await self._marker_before(found.terms_hash, position) else "taken"

    async def _marker_before(self, terms_hash: str, position: Position) -> bool:
        """Look for the marker in the entries right before *position*: a late ballot follows it by seconds at most."""
        start = max(0, position.offset - 2000)
        needle = f'"terms":"{terms_hash}"'.encode()
        entries = await self._desk.log.read(position.partition, start, position.offset - start)
        return any(b'"fanfare.ballots.closed.v1"' in each.body and needle in each.body for each in entries)

    async def _cast_before(self, round_id: str, voter: str, event_id: str) -> BallotFound | None:
        """Return the ballot of a request that came before the close; where its number was claimed, the rows may be behind it."""
        for _ in range(_LOOKS):
            known = await self._known(event_id)
            if known or not await self._papers.holds(round_id, voter, event_id):
                return known
            await asyncio.sleep(_BETWEEN_LOOKS_S)
        return None

    async def _known(self, event_id: str) -> BallotFound | None:
        async with self._desk.pool.connection() as connection:
            return await receipts.find(connection, event_id)


def _takes_ballots(found: Round, now: datetime) -> bool:
    return found.status == "open" and (found.closes_at is None or now < found.closes_at)


def _receipt(found: BallotFound, of: Round, state: str) -> Receipt:
    return Receipt(
        event_id=found.event_id,
        position=str(found.position),
        round=of.id,
        terms=found.terms,
        voter=found.voter,
        number=found.number,
        state=state,
        next_number=found.number + 1,
    )
