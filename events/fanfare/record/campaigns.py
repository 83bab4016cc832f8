"""Campaigns and their rounds: the contested decisions of hosts and of the clock. One stream a campaign."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from fanfare.record.kinds import CampaignId, Count, Digest, Event, Fact, Instant, MemberId, RoundId, TextHash, check_utc
from fanfare.record.position import Moment
from fanfare.record.terms import Ask, RoundPlan, RoundTerms, hash_terms


class CampaignPublished(Event, frozen=True):
    """A host made a campaign public."""

    wire: ClassVar[str] = "fanfare.campaign.published.v1"
    campaign: CampaignId
    by: MemberId
    title: TextHash
    story: TextHash


class RoundPlanned(Event, frozen=True):
    """A round was added, or (its id being known and the round not opened) its plan replaced."""

    wire: ClassVar[str] = "fanfare.round.planned.v1"
    campaign: CampaignId
    round: RoundId
    plan: RoundPlan
    by: MemberId


class RoundOpened(Event, frozen=True):
    """The terms are frozen and ballots are taken."""

    wire: ClassVar[str] = "fanfare.round.opened.v1"
    terms: RoundTerms
    read_to: Count = 0
    """How many entries of partition 0 its options were read from: a withdrawal that came later no longer takes an idea off."""
    moment: tuple[Count, ...] = ()
    """How far the record had come before it opened: none of its ballots stands before that."""
    by: MemberId | None = None
    """The host who opened it early; none where it was due."""


class RoundExtended(Event, frozen=True):
    """The close moved to a later time; the terms stay."""

    wire: ClassVar[str] = "fanfare.round.extended.v1"
    round: RoundId
    closes_at: Instant
    reason: TextHash
    by: MemberId

    def __post_init__(self) -> None:
        """Refuse a time that is not in UTC."""
        check_utc(self.closes_at)


class RoundReworded(Event, frozen=True):
    """The wording of the ask was amended; options, method and electorate stay."""

    wire: ClassVar[str] = "fanfare.round.reworded.v1"
    round: RoundId
    ask: Ask
    reason: TextHash
    by: MemberId


class RoundPaused(Event, frozen=True):
    """No ballots are admitted for a while. An admission rule: a ballot that is in the record counts all the same."""

    wire: ClassVar[str] = "fanfare.round.paused.v1"
    round: RoundId
    reason: TextHash
    by: MemberId


class RoundResumed(Event, frozen=True):
    """Ballots are admitted again."""

    wire: ClassVar[str] = "fanfare.round.resumed.v1"
    round: RoundId
    by: MemberId


class RoundVoided(Event, frozen=True):
    """The round has no result. Its ballots stay in the record."""

    wire: ClassVar[str] = "fanfare.round.voided.v1"
    round: RoundId
    reason: TextHash
    by: MemberId


class RoundClosing(Event, frozen=True):
    """The decision to close: from here on markers go into the ballot partitions. Support that comes later is late."""

    wire: ClassVar[str] = "fanfare.round.closing.v1"
    round: RoundId
    by: MemberId | None = None
    """The host who closed it by hand; none where it was due."""


class RoundClosed(Event, frozen=True):
    """Every marker was read back: the set of ballots can no longer change."""

    wire: ClassVar[str] = "fanfare.round.closed.v1"
    round: RoundId


class PassedOver(Fact, frozen=True):
    """An event that cannot be read, and is passed over."""

    position: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,5}:[0-9]{1,18}:[0-9]{1,5}(?!\n)$")]
    """``partition:offset:index``."""
    sha256: Digest
    """Of its bytes."""


MOST_RULED = 200
"""A ruling is one entry of at most 60 KiB; 200 events fit."""


class RoundRuled(Event, frozen=True):
    """A host ruled on events that cannot be read and may be of the round: it may be sealed without them."""

    wire: ClassVar[str] = "fanfare.round.ruled.v1"
    round: RoundId
    events: Annotated[tuple[PassedOver, ...], msgspec.Meta(min_length=1, max_length=MOST_RULED)]
    reason: TextHash
    by: MemberId


class RoundSealed(Event, frozen=True):
    """The tally is fixed: the digest of the canonical report, and the moment it was computed from."""

    wire: ClassVar[str] = "fanfare.round.sealed.v1"
    round: RoundId
    moment: tuple[Count, ...]
    report: Digest


RoundEvent = (
    RoundPlanned
    | RoundOpened
    | RoundExtended
    | RoundReworded
    | RoundPaused
    | RoundResumed
    | RoundVoided
    | RoundClosing
    | RoundClosed
    | RoundRuled
    | RoundSealed
)
CampaignEvent = CampaignPublished | RoundEvent

Status = Literal["planned", "open", "closing", "closed", "sealed", "void"]


class Round(msgspec.Struct, frozen=True):
    """A round as the decisions so far have made it."""

    id: str
    plan: RoundPlan
    status: Status = "planned"
    paused: bool = False
    terms: RoundTerms | None = None
    terms_hash: str = ""
    ask: Ask | None = None
    """The wording in force."""
    closes_at: datetime | None = None
    """The close in force; the plan's until somebody extends it."""
    extended: Annotated[int, msgspec.Meta(ge=0)] = 0
    reason: str = ""
    """The text hash of the latest host's reason: of a pause, an extension, a void."""
    moment: Moment = ()
    """How far the record had come before it opened."""
    ruled: tuple[PassedOver, ...] = ()
    """Events that cannot be read and that hosts have ruled to pass over."""
    sealed: RoundSealed | None = None


class Campaign(msgspec.Struct, frozen=True):
    """A campaign as its decisions have made it. Rounds keep the order in which they were planned."""

    id: str = ""
    title: str = ""
    story: str = ""
    by: str = ""
    rounds: tuple[Round, ...] = ()

    def round(self, round_id: str) -> Round | None:
        """Return the round of that id, or none."""
        return next((each for each in self.rounds if each.id == round_id), None)


def evolve(state: Campaign, event: Event) -> Campaign:
    """Return *state* with *event* taken in; what makes no sense there changes nothing."""
    match event:
        case CampaignPublished(campaign=campaign, title=title, story=story, by=by):
            return state if state.id else Campaign(id=campaign, title=title, story=story, by=by, rounds=state.rounds)
        case RoundPlanned(round=round_id, plan=plan):
            return _plan(state, round_id, plan)
        case RoundOpened(terms=terms):
            return _replace(state, terms.round, event)
        case (
            RoundExtended(round=round_id)
            | RoundReworded(round=round_id)
            | RoundPaused(round=round_id)
            | RoundResumed(round=round_id)
            | RoundVoided(round=round_id)
            | RoundClosing(round=round_id)
            | RoundClosed(round=round_id)
            | RoundRuled(round=round_id)
            | RoundSealed(round=round_id)
        ):
            return _replace(state, round_id, event)
        case _:
            return state


def _plan(state: Campaign, round_id: str, plan: RoundPlan) -> Campaign:
    known = state.round(round_id)
    planned = Round(id=round_id, plan=plan, ask=plan.ask, closes_at=plan.closes_at)
    if known is None:
        return msgspec.structs.replace(state, rounds=(*state.rounds, planned))
    if known.status != "planned":
        return state
    return msgspec.structs.replace(state, rounds=tuple(planned if each.id == round_id else each for each in state.rounds))


def _replace(state: Campaign, round_id: str, event: Event) -> Campaign:
    rounds = tuple(evolve_round(each, event) if each.id == round_id else each for each in state.rounds)
    return msgspec.structs.replace(state, rounds=rounds)


def evolve_round(state: Round, event: Event) -> Round:
    """Return the round with *event* taken in; only what the life cycle allows changes it."""
    change = msgspec.structs.replace
    match state.status, event:
        case "planned", RoundOpened(terms=terms, moment=moment):
            return change(
                state,
                moment=moment,
                plan=terms.plan,
                status="open",
                terms=terms,
                terms_hash=hash_terms(terms),
                ask=terms.plan.ask,
                closes_at=terms.plan.closes_at,
            )
        case "open", RoundExtended(closes_at=closes_at, reason=reason):
            return change(state, closes_at=closes_at, reason=reason, extended=state.extended + 1)
        case "open", RoundReworded(ask=ask, reason=reason):
            return change(state, ask=ask, reason=reason)
        case "open", RoundPaused(reason=reason):
            return change(state, paused=True, reason=reason)
        case "open", RoundResumed():
            return change(state, paused=False)
        case "open", RoundClosing():
            return change(state, status="closing", paused=False)
        case "closing", RoundClosed():
            return change(state, status="closed")
        case (("open" | "closing" | "closed"), RoundRuled(events=events)):
            return change(state, ruled=(*state.ruled, *(each for each in events if each not in state.ruled)))
        case "closed", RoundSealed():
            return change(state, status="sealed", sealed=event)
        case (("planned" | "open" | "closing" | "closed" | "sealed"), RoundVoided(reason=reason)):
            return change(state, status="void", paused=False, reason=reason)
        case _:
            return state
