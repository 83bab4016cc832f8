"""The terms of a round: what it asks, who may vote, how it is counted. Frozen and hashed when the round opens."""

import hashlib
from typing import Annotated, Literal

import msgspec

from fanfare.record.kinds import (
    CampaignId,
    Count,
    Digest,
    Fact,
    Instant,
    OptionId,
    RoundId,
    TermsHash,
    TextHash,
    Zone,
    canonical,
    check_utc,
    digest,
)

MOST_OPTIONS = 200
"""An opening is one entry of at most 60 KiB; 200 options fit."""

Method = Literal["support.v1", "plurality.v1", "approval.v1"]
"""The counting rule with its version, kept like a wire name."""

TieRule = Literal["earliest", "all-advance"]
"""At the cut: the earliest option goes on, or all that are tied do."""

Electorate = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(members|members-before-opening|circle:[a-z0-9]{4,40})(?!\n)$",
        description="Who may vote: every member, those who had joined before the opening, or who belongs to a circle.",
    ),
]


def circle_of(electorate: str) -> str:
    """Return the circle that may vote; empty where it is no circle."""
    return electorate.removeprefix("circle:") if electorate.startswith("circle:") else ""


class Ask(Fact, frozen=True):
    """What every ask must say (who asks, why, and what happens with the answers), or it is not published."""

    question: TextHash
    asked_by: TextHash
    why: TextHash
    outcome: TextHash


class PlannedOption(Fact, frozen=True):
    """An option of a fixed list."""

    id: OptionId
    label: TextHash


class FixedList(Fact, frozen=True, tag="fixed", tag_field="from"):
    """The options are written in the plan."""

    options: tuple[PlannedOption, ...]


class Advanced(Fact, frozen=True, tag="advanced", tag_field="from"):
    """The options are what advanced from an earlier round of the campaign."""

    round: RoundId


class IdeasRaised(Fact, frozen=True, tag="ideas", tag_field="from"):
    """The options are the ideas that fans raise while the round is open; support ranks them."""


OptionSource = FixedList | Advanced | IdeasRaised


class RoundPlan(Fact, frozen=True):
    """What a round is going to be. It may be replaced until the round opens."""

    name: TextHash
    ask: Ask
    opens_at: Instant
    closes_at: Instant
    zone: Zone
    """The zone in which the times were set."""
    electorate: Electorate
    method: Method
    most: Annotated[int, msgspec.Meta(ge=1, le=MOST_OPTIONS)]
    """How many options one ballot may choose."""
    options: OptionSource
    advance: Annotated[int, msgspec.Meta(ge=1, le=MOST_OPTIONS)]
    """How many options go on: the carry-over rule."""
    ties: TieRule

    def __post_init__(self) -> None:
        """Refuse times that are not in UTC."""
        check_utc(self.opens_at, self.closes_at)


class Option(Fact, frozen=True):
    """An option as it stood when the round opened."""

    id: OptionId
    label: TextHash
    version: Count
    """The idea's version that voters saw, from 1; 0 for an option of a fixed list."""
    body: TextHash | None = None


class RoundTerms(Fact, frozen=True):
    """Everything a counter needs, fixed at the opening. Ballots carry its hash, so the terms came first."""

    campaign: CampaignId
    round: RoundId
    plan: RoundPlan
    options: tuple[Option, ...]
    """In the order in which ties fall: the earliest first. Empty where fans raise them."""
    partitions: tuple[Count, ...]
    """The partitions that take this round's ballots; empty where support is counted."""
    blind_key: Digest | None = None
    """SHA-256 of the round key of a blind round; none in an open one."""


def hash_terms(terms: RoundTerms) -> TermsHash:
    """Return the SHA-256 of the canonical *terms*, 64 hexadecimal digits."""
    return digest(canonical(terms))


def slot(voter: str, partitions: tuple[int, ...]) -> int:
    """
    Return the partition in which this voter's ballots of the round belong.

    Args:
        voter: her token in this round, 32 hexadecimal digits.
        partitions: those of the terms, in their order; SHA-256(token) mod their number picks one.
    """
    first = hashlib.sha256(bytes.fromhex(voter)).digest()[:4]
    return partitions[int.from_bytes(first, "big") % len(partitions)]
