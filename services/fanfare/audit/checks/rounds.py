"""What the record itself claims of its rounds: the digest of each sealing, and the options of each opening."""

from fanfare.audit.checks.course import Opening, Ruling, Seal
from fanfare.audit.checks.fold import Fold
from fanfare.audit.claims import Claim, claim
from fanfare.counting.cut import cut
from fanfare.record.terms import Advanced, FixedList, IdeasRaised, hash_terms
from fanfare.reports.report import report_digest


def seal_claim(fold: Fold, name: str, seal: Seal) -> Claim:
    """Check a sealing against the *fold* at its moment: every marker was there, and the report has the digest."""
    try:
        report = fold.recount.round_report(seal.round)
    except LookupError as error:
        return claim(name, "", [f"{seal.position}: {error.args[0]} at the moment of its sealing"])
    found = fold.recount.streams.round(seal.round)
    terms = found[1].terms if found else None
    wrong = []
    if report.status != "closed" or terms is None:
        wrong.append(f"{seal.position}: at the moment of its sealing the round was {report.status}, not closed")
    wrong += [
        f"{seal.position}: its moment does not hold the marker of partition {partition}"
        for partition in (terms.partitions if terms else ())
        if (report.terms, partition) not in fold.markers
    ]
    wrong += [
        f"{seal.position}: {each.position} cannot be read and may be of the round, and no ruling on it came before its sealing"
        for each in report.unreadable
        if not each.ruled
    ]
    if report_digest(report) != seal.report:
        wrong.append(f"{seal.position}: the report was sealed with SHA-256 {seal.report}, recomputed {report_digest(report)}")
    return claim(name, f"{seal.position}: the digest of the report at {', '.join(map(str, seal.moment))}", wrong)


def ruling_claim(fold: Fold, ruling: Ruling) -> Claim:
    """Check that what a host ruled to pass over stood in the record with these bytes and cannot be read."""
    read = [
        f"{ruling.position}: it passes over {each.position} with SHA-256 {each.sha256}, and nothing like it is there"
        for each in ruling.events
        if each not in fold.unreadable
    ]
    return claim(f"ruling on {ruling.round}", f"{ruling.position}: {len(ruling.events)} events that cannot be read", read)


def opening_claim(fold: Fold, opening: Opening) -> Claim:
    """Check an opened round: where its ballots begin, and its options against what its terms declare them to be."""
    found = _options_claim(fold, opening)
    early = _begun_too_early(fold, opening)
    return claim(found.name, found.detail, [*early, *found.differences]) if early else found


def _begun_too_early(fold: Fold, opening: Opening) -> list[str]:
    """Name each partition in which a ballot stands before the moment that the opening says, or where there was none such."""
    at, terms_hash, heads = opening.position, hash_terms(opening.terms), (opening.position.offset, *fold.recount.moment[1:])
    wrong = []
    for partition, (start, head) in enumerate(zip(opening.moment, heads, strict=False)):
        first = fold.first_ballots.get((terms_hash, partition), start)
        if start > head or first < start:
            wrong.append(f"{at}: it opened at offset {start} of partition {partition}, and {_but(start, head, first)}")
    return wrong


def _but(start: int, head: int, first: int) -> str:
    return f"there were only {head}" if start > head else f"its first ballot stands at {first}"


def _options_claim(fold: Fold, opening: Opening) -> Claim:
    """Check the options of an opened round against what its terms declare them to be; *fold* has come to the end."""
    terms, source = opening.terms, opening.terms.plan.options
    name, at = f"options of {terms.round}", f"{opening.position}: "
    match source:
        case FixedList(options=listed):
            wanted, found = [(each.id, each.label) for each in listed], [(each.id, each.label) for each in terms.options]
            wrong = [] if found == wanted else [f"{at}they are {found}, and the plan lists {wanted}"]
            return claim(name, f"{at}as the plan lists them", wrong)
        case IdeasRaised():
            wrong = [f"{at}the ideas that fans raise are its options, and there are {len(terms.options)} beforehand"]
            return claim(name, f"{at}the ideas that fans raise", wrong if terms.options else [])
        case Advanced(round=earlier):
            said = f"{at}what advanced from {earlier} and was neither withdrawn nor hidden"
            return claim(name, said, _advanced(fold, opening, earlier))


def _advanced(fold: Fold, opening: Opening, earlier: str) -> list[str]:
    """Compare ids: all of what advanced, in the order of the ranking or in the order in which ties fell there."""
    at = opening.position
    found = fold.recount.streams.round(earlier)
    status = opening.source.status if opening.source else "not planned"
    if found is None or found[1].terms is None or status != "sealed":
        return [f"{at}: they come from {earlier}, which was {status} then"]
    sealings = [seal.position.offset for seal in fold.course.seals if seal.round == earlier]
    if not sealings or not min(sealings) < opening.read_to <= at.offset:
        return [
            f"{at}: they were read from {opening.read_to} entries, which is not between the sealing of {earlier} and the opening"
        ]
    plan, figures = found[1].terms.plan, fold.recount.figures(found[1])
    ranked = [
        each for each in cut(figures.options, figures.votes, plan.advance, plan.ties).advanced if each not in opening.left_out
    ]
    earliest = [each for each in figures.options if each in set(ranked)]
    offered = [option.id for option in opening.terms.options]
    if offered in (ranked, earliest):
        return []
    missing, added = [each for each in ranked if each not in offered], [each for each in offered if each not in ranked]
    return [
        *(f"{at}: {each} advanced from {earlier} and is not offered" for each in missing),
        *(f"{at}: {each} is offered and did not advance from {earlier}" for each in added),
    ] or [f"{at}: their order {offered} is neither that of the ranking {ranked} nor the earliest first {earliest}"]
