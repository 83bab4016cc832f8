"""Builders of terms, plans, events and entries, with defaults that read well in a test."""

from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec

from fanfare.record.ballots import BallotCast, BallotsClosed, Chosen
from fanfare.record.campaigns import CampaignPublished, RoundPlanned
from fanfare.record.entry import Entry, pack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event, digest
from fanfare.record.site import RoleGranted, SiteChanged, SiteFounded
from fanfare.record.terms import Ask, FixedList, Option, PlannedOption, RoundPlan, RoundTerms, hash_terms

SITE = "https://fanfare.pomfret.example"
NOON = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
HOST = "m5dora"
_ids = count(1)


def text(words: str) -> str:
    """Return what the record holds of a text."""
    return digest(words.encode())


def token(voter: str) -> str:
    """Return the token of a voter, 32 hexadecimal digits."""
    return digest(voter.encode())[:32]


ASK = Ask(question=text("Which one?"), asked_by=text("Dora"), why=text("We bottle one."), outcome=text("It is made."))


def a_plan(*options: str, **changes: object) -> RoundPlan:
    """Return a plan for a plurality round over a fixed list of *options*, changed as asked."""
    plan = RoundPlan(
        name=text("The final"),
        ask=ASK,
        opens_at=NOON,
        closes_at=NOON + timedelta(hours=1),
        zone="Europe/Berlin",
        electorate="members",
        method="plurality.v1",
        most=1,
        options=FixedList(options=tuple(PlannedOption(id=each, label=text(each)) for each in options or ("a", "b", "c"))),
        advance=1,
        ties="earliest",
    )
    return msgspec.structs.replace(plan, **changes)


def terms_for(plan: RoundPlan, *, options: tuple[str, ...] = (), partitions: tuple[int, ...] = (1, 2, 3)) -> RoundTerms:
    """Return the terms of round ``final`` of campaign ``flavour``, with the plan's options where none are given."""
    fixed = tuple(option.id for option in plan.options.options) if isinstance(plan.options, FixedList) else ()
    return RoundTerms(
        campaign="flavour",
        round="final",
        plan=plan,
        options=tuple(Option(id=each, label=text(each), version=0) for each in options or fixed),
        partitions=partitions,
    )


def recorded(event: Event, *, stream: str | None = None, after: int = 0, at: datetime = NOON, id: str = "") -> Recorded:  # noqa: A002
    """Return *event* in its envelope; with a *stream* it is contested, decided upon *after*."""
    decision = None if stream is None else Decision(stream, after)
    return Recorded(
        id=id or derived_id("built", str(next(_ids))), source=SITE, subject="built", time=at, event=event, decision=decision
    )


def body(*events: Recorded) -> bytes:
    """Return the stored bytes of the entry that holds *events*."""
    return pack([encode(each) for each in events])


def an_entry(offset: int, *events: Recorded, partition: int = 0) -> Entry:
    """Return an entry as it is read back."""
    return Entry(partition, offset, events)


def site_changed(by: str) -> SiteChanged:
    """Return a change of the brand and the colour."""
    return SiteChanged(brand=text("Pomfret & Daughters"), colour="#12805c", zone="UTC", by=by)


def founded(partitions: int = 4) -> SiteFounded:
    """Return the founding of the site."""
    return SiteFounded(
        name=SITE, brand=text("Pomfret"), colour="#ff5c7c", zone="Europe/Berlin", partitions=partitions, simulation=False
    )


def hosted() -> RoleGranted:
    """Return the grant that lets the host of all builders decide: audits ask who was allowed to."""
    return RoleGranted(member=HOST, role="admin")


def published() -> CampaignPublished:
    """Return the publication of the campaign ``flavour``."""
    return CampaignPublished(campaign="flavour", by=HOST, title=text("The eighth flavour"), story=text("Once more."))


def planned(plan: RoundPlan, round_id: str = "final") -> RoundPlanned:
    """Return the planning of a round of the campaign ``flavour``."""
    return RoundPlanned(campaign="flavour", round=round_id, plan=plan, by=HOST)


def a_ballot(terms: RoundTerms, voter: str, *options: str, number: int = 1) -> BallotCast:
    """Return a ballot of *voter* for *options*, as given."""
    return BallotCast(
        terms=hash_terms(terms),
        voter=token(voter),
        number=number,
        choice=Chosen(options=options),
        channel="web",
        admission="member",
    )


def a_marker(terms: RoundTerms) -> BallotsClosed:
    """Return the marker that ends a round in a partition."""
    return BallotsClosed(terms=hash_terms(terms))
