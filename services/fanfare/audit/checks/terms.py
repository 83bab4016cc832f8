"""What the record claims of terms and markers: nothing was changed when a round opened, and each partition ends where it says."""

from collections.abc import Mapping

from fanfare.audit.checks.course import Opening
from fanfare.audit.checks.fold import Fold
from fanfare.audit.claims import Claim, claim
from fanfare.record.position import Moment
from fanfare.record.terms import hash_terms

_BEHIND = "the archive does not go so far in partition 0 that it must be there"


def terms_claims(fold: Fold) -> list[Claim]:
    """Return a claim for each opening, one on what carries the hash of no opening, and one for the markers of each round."""
    openings = {hash_terms(each.terms): each for each in fold.course.openings}
    moments = [each.moment for each in fold.course.openings] + [each.moment for each in fold.course.seals]
    opened = [_opening_claim(hash_, each) for hash_, each in openings.items()]
    markers = [_markers_claim(fold, hash_, each, moments) for hash_, each in openings.items() if each.terms.partitions]
    return [*opened, _strays_claim(fold, openings, moments), *markers]


def _opening_claim(hash_: str, opening: Opening) -> Claim:
    at, terms = opening.position, opening.terms
    wrong = [] if opening.planned == terms.plan else [f"{at}: it opened with another plan than the one that was published before"]
    blind = [f"round {terms.round} is blind, and no key of it is published here: its choices cannot be read"]
    said = f"{at}: the plan is the one that was published, and the terms have the SHA-256 {hash_}"
    return claim(f"terms of {terms.round}", said, wrong, blind if terms.blind_key else [])


def _strays_claim(fold: Fold, openings: Mapping[str, Opening], moments: list[Moment]) -> Claim:
    """Check that every ballot and every marker carries the hash of an opening; one that is just ahead of its opening is said."""
    wrong, ahead = list[str](), list[str]()
    for what, found in (("a ballot", fold.first_ballots), ("a marker", fold.markers)):
        for (hash_, partition), offset in sorted(found.items()):
            if hash_ in openings:
                continue
            place = f"{partition}:{offset}: {what} carries the hash of terms that no round opened with, {hash_}"
            (wrong if _held(moments, partition, offset) else ahead).append(place)
    said = f"each ballot and each marker carries the hash of the terms that one of {len(openings)} rounds opened with"
    return claim("terms", said, wrong, _said(ahead))


def _markers_claim(fold: Fold, hash_: str, opening: Opening, moments: list[Moment]) -> Claim:
    """Check where a round ends: at one marker in each partition of its terms, once it is closed and not before."""
    terms, at = opening.terms, opening.position
    found = fold.recount.streams.round(terms.round)
    status = found[1].status if found else "planned"
    there = {partition: offset for (of, partition), offset in fold.markers.items() if of == hash_}
    wrong = [
        f"{p}:{offset}: a marker of a partition that is not in the terms"
        for p, offset in there.items()
        if p not in terms.partitions
    ]
    ahead = list[str]()
    if status == "open":
        for partition, offset in there.items():
            early = f"{partition}:{offset}: a marker, and the round was not to be closed"
            (wrong if _held(moments, partition, offset) else ahead).append(early)
    lacking = [str(each) for each in terms.partitions if each not in there] if status in ("closed", "sealed") else []
    if lacking:
        missing = f"{at}: the round is {status}, and partition {', '.join(lacking)} has no marker of it"
        (wrong if status == "sealed" else ahead).append(missing)
    ends = ", ".join(f"{partition}:{offset}" for partition, offset in sorted(there.items())) or "none yet"
    said = f"{status}, its markers: {ends}"
    if found and there:
        said += f"; {fold.recount.figures(found[1]).ballots.late} ballots behind them are late"
    return claim(f"markers of {terms.round}", said, wrong, _said(ahead))


def _held(moments: list[Moment], partition: int, offset: int) -> bool:
    """Tell whether something in partition 0 was written when this was there, so that what had to come before it is there, too."""
    return any(len(moment) > partition and moment[partition] > offset for moment in moments)


def _said(ahead: list[str]) -> list[str]:
    return [f"{each}; {_BEHIND}" for each in ahead]
