"""What a change is: whose hand does it, what it alters, and what has to be named for it to be found."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from fanfare.audit.claims import Outcome
from fanfare.record.entry import unpack
from fanfare.reports.recount import Recount
from fanfare.reports.report import report_digest
from tests.tampering.published import Published, reported, signed, with_entries


class Hand(StrEnum):
    """How far somebody goes: what is made anew so that it fits to the change."""

    CARRIER = "carrier"
    """Alters bytes of what is handed out, and no more."""
    FILES = "files"
    """Alters a file, or an entry in the database; and makes sums and the archive's manifest anew."""
    SITE = "site"
    """Makes reports and tiles anew, too; has no key."""
    KEYS = "keys"
    """Seals, awards and signs anew, too: has every key of the site."""


@dataclass(frozen=True)
class Forgery:
    """A record that somebody altered."""

    site: Published
    what: str
    """In a few words, for whoever reads of one that nobody found."""
    where: tuple[str, ...]
    """Expressions of which one has to be found in what an audit says."""
    partition: int = 0
    offset: int = 0
    """Of the first entry that is other than it was."""
    resealed: bool = True
    """Whether somebody with the keys would seal rounds again, too: not where the seal itself is what was forged."""


Forge = Callable[[Random, Published], Forgery | None]
"""Forges something in a record; nothing where it has nothing of the kind."""


def at(partition: int, offset: int) -> str:
    """Return the expression of a place in the record."""
    return rf"(?<![\d:]){partition}:{offset}(?!\d)"


def tree(partition: int) -> str:
    """Return the expression of what is said of a partition as a whole."""
    return rf"\b(tree|history|since|tiles|markers) (\S+ )?{partition}\b|[Pp]artition {partition}\b"


def done(forgery: Forgery, honest: Published, hand: Hand) -> Published:
    """Return what is published after the forgery, as far as the hand goes."""
    forged = forgery.site
    match hand:
        case Hand.CARRIER | Hand.FILES:
            return replace(forged, reports=honest.reports, history=honest.history, manifest=honest.manifest)
        case Hand.SITE:
            return replace(reported(forged), history=honest.history, manifest=honest.manifest)
        case Hand.KEYS:
            return signed(reported(resealed(forged) if forgery.resealed else forged))


def resealed(site: Published) -> Published:
    """Seal every round again, so that the digests are those of what the record says now."""
    for seal in site.course.seals:
        fold = Recount(site.partitions)
        for partition, lane in enumerate(site.lanes):
            for offset, body in enumerate(lane[: seal.moment[partition]]):
                fold.apply(unpack(partition, offset, body))
        digest = report_digest(fold.round_report(seal.round))
        old = site.lanes[0][seal.position.offset]
        site = with_entries(site, {(0, seal.position.offset): old.replace(seal.report.encode(), digest.encode())})
    return site


def told(outcome: Outcome) -> str:
    """Return all that an audit says of what does not hold."""
    failing = [each for each in outcome.claims if not each.passed]
    return "\n".join([outcome.unchecked, *(f"{each.name}: {line}" for each in failing for line in each.differences)])


def names(said: str, where: Sequence[str]) -> bool:
    """Tell whether one of the places is named."""
    return any(re.search(each, said) for each in where)
