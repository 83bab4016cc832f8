"""Replay: compute every published report again from an archive's record, and compare. No database, no network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fanfare.audit.archive import Archive, ArchiveUnreadable, Published
from fanfare.audit.awards import awards_claim
from fanfare.audit.bundles import Broken
from fanfare.audit.claims import Claim, Outcome, Progress, claim, silent
from fanfare.audit.compare import differences
from fanfare.audit.course import Address, Course, Seal
from fanfare.audit.draws import draw_claims
from fanfare.audit.fold import Fold, chains
from fanfare.audit.rounds import opening_claim, ruling_claim, seal_claim
from fanfare.record.entry import Entry, UnknownEvent, unpack
from fanfare.record.position import Moment
from fanfare.reports.report import encoded

SCHEMAS = {"rounds": "fanfare.report.round.v1", "campaigns": "fanfare.report.campaign.v1"}


class ReaderTooOld(Exception):
    """A report has a schema that this version does not know: upgrade it."""


class Due(msgspec.Struct, frozen=True):
    """A claim that is checked when the fold has come to *moment*."""

    moment: Moment
    check: Callable[[Fold], Claim]


def replay(path: Path, progress: Progress = silent, name: str = "") -> Outcome:
    """Check everything that the archive at *path* claims; *name* is what to call it, if not by its file's name."""
    try:
        with path.open("rb") as stream:
            return _check(Archive(stream, progress), progress)
    except (ArchiveUnreadable, UnknownEvent, ReaderTooOld) as error:
        return Outcome(unchecked=f"{name or path.name}: {error}")
    except OSError as error:
        return Outcome(unchecked=f"{name or path.name}: {error.strerror}")


def replay_gathered(path: Path, source: str, progress: Progress = silent) -> Outcome:
    """Check a record that was just gathered into an archive: that this is whole and has no texts says nothing of *source*."""
    outcome = replay(path, progress, source)
    of_ours = ("archive", "texts")
    claims = tuple(each for each in outcome.claims if not (each.passed and each.name in of_ours))
    return msgspec.structs.replace(outcome, claims=claims)


def _check(archive: Archive, progress: Progress) -> Outcome:
    manifest = archive.manifest
    whole = claim("archive", f"{len(manifest.members)} members, {archive.size_bytes} bytes", archive.damage)
    if not whole.passed:
        return Outcome((whole,))
    try:
        seals = _decisions(archive).seals
        due = [*(_report(archive, each) for each in manifest.reports), *(_seal(each, manifest.moment) for each in seals)]
        claims, fold = _fold(archive, due, progress)
        texts, awards = _texts(archive, fold.course), awards_claim(archive, fold, progress)
    except Broken as error:
        return Outcome((whole, claim("record", "offsets without a gap, each entry as long as it says", [str(error)])))
    draws = draw_claims(archive, fold.course.streams.draws)
    openings = [opening_claim(fold, each) for each in fold.course.openings]
    rulings = [ruling_claim(fold, each) for each in fold.course.rulings]
    return Outcome(
        (whole, _record(archive, fold), texts, _complete(archive, fold.course), *claims, *openings, *rulings, *draws, awards)
    )


def _decisions(archive: Archive) -> Course:
    """Fold the decisions alone, to know beforehand at which moments to stop. What may hide one behind an escape is read too."""
    course = Course()
    for offset, body in archive.entries(0):
        course.apply(unpack(0, offset, body) if b'"after"' in body or b"\\" in body else Entry(0, offset, ()))
    return course


def _record(archive: Archive, fold: Fold) -> Claim:
    manifest, founded = archive.manifest, fold.course.streams.site.founded
    unreadable = [f"{each.position} ({why})" for each, why in fold.unreadable.items()]
    said = (manifest.site, manifest.simulation)
    found = (founded.name, founded.simulation) if founded else None
    passed_over = (
        f"; {len(unreadable)} events cannot be read and count for nothing: {', '.join(unreadable[:9])}" if unreadable else ""
    )
    return claim(
        "record",
        f"{sum(manifest.moment)} entries in {len(manifest.moment)} partitions, no gap{passed_over}",
        [] if said == found else [f"the manifest says (site, simulation) = {said}, and the record {found}"],
    )


def _texts(archive: Archive, course: Course) -> Claim:
    wrong, count, last = [], 0, ""
    for each in archive.texts():
        count += 1
        if not each.matches():
            wrong.append(f"{each.hash}: is not the hash of its salt and text")
        if each.hash not in course.references:
            wrong.append(f"{each.hash}: no event names this text")
        if each.hash <= last:
            wrong.append(f"{each.hash}: out of order, or there twice")
        last = each.hash
    if count != archive.manifest.texts:
        wrong.append(f"the manifest says {archive.manifest.texts} texts, and there are {count}")
    absent, pictures = len(course.references) - count, len(course.pictures)
    erased = f"; {absent} that the record names {'is' if absent == 1 else 'are'} erased or hidden" if absent > 0 else ""
    elsewhere = f"; of {pictures} {'picture' if pictures == 1 else 'pictures'} only the site has the bytes" if pictures else ""
    return claim("texts", f"{count} texts match their salted hashes{erased}{elsewhere}", wrong)


def _complete(archive: Archive, course: Course) -> Claim:
    wanted = {each.member for each in course.addresses()}
    found = {each.member for each in archive.manifest.reports}
    stored = {each.name for each in archive.manifest.members if each.name.startswith("reports/")}
    return claim(
        "reports",
        f"each of {len(wanted)} campaigns and rounds has its report",
        [
            *(f"{name}: the record has it, and its report is missing" for name in sorted(wanted - found)),
            *(f"{name}: the record knows no such campaign or round" for name in sorted(found - wanted)),
            *(f"{name}: stored, and not in the manifest's list of reports" for name in sorted(stored - found)),
        ],
    )


def _report(archive: Archive, published: Published) -> Due | Claim:
    """Return what to compare, and when; or at once the claim that fails."""
    name = f"report {published.member.removeprefix('reports/').removesuffix('.json')}"
    kind, _, rest = published.member.removeprefix("reports/").partition("/")
    address = Address(kind, rest.removesuffix(".json"))
    if kind not in SCHEMAS or published.member != address.member or not published.url.endswith(address.path):
        return claim(name, "", [f"{published.url} is not where {published.member} is published"])
    if not archive.has(published.member):
        return claim(name, "", [f"{published.member} is missing"])
    try:
        stamp = msgspec.json.decode(archive.body(published.member), type=_Stamp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return claim(name, "", [f"$: what was published is no report: {error}"])
    if stamp.schema not in SCHEMAS.values():
        raise ReaderTooOld(
            f"{published.member} has the schema {stamp.schema[:80]!r}, which this version does not know; upgrade it"
        )
    if stamp.moment != published.moment:
        return claim(name, "", [f"$.moment: published {stamp.moment}, in the manifest {published.moment}"])
    if not _within(stamp.moment, archive.manifest.moment):
        return claim(name, "", [f"$.moment: {stamp.moment} is beyond the record, which ends at {archive.manifest.moment}"])

    def check(fold: Fold) -> Claim:
        recount = fold.recount
        try:
            report = recount.round_report(address.id) if kind == "rounds" else recount.campaign_report(address.id)
        except LookupError as error:
            return claim(name, "", [f"$: {error.args[0]}, at the moment {stamp.moment}"])
        return claim(name, f"at {_shown(stamp.moment)}", differences(archive.body(published.member), encoded(report)))

    return Due(stamp.moment, check)


class _Stamp(msgspec.Struct):
    schema: str
    moment: Moment


def _seal(seal: Seal, end: Moment) -> Due | Claim:
    name = f"seal of {seal.round}"
    if not seal.moment or not _within(seal.moment, end) or seal.moment[0] > seal.position.offset:
        return claim(name, "", [f"{seal.position}: it was computed from {seal.moment}, which had not been when it was sealed"])
    return Due(seal.moment, lambda fold: seal_claim(fold, name, seal))


def _fold(archive: Archive, due: Sequence[Due | Claim], progress: Progress) -> tuple[list[Claim], Fold]:
    """Return the claims in the order of *due*, from as few folds as their moments allow, and the fold that came to the end."""
    end = archive.manifest.moment
    answers = {place: each for place, each in enumerate(due) if isinstance(each, Claim)}
    waiting: dict[Moment, list[tuple[int, Due]]] = {}
    for place, each in enumerate(due):
        if isinstance(each, Due):
            waiting.setdefault(each.moment, []).append((place, each))
    last = Fold(archive, len(end), progress)
    for chain in chains([*waiting, end]):
        fold = last if chain[-1] == end else Fold(archive, len(chain[0]), progress)
        for moment in chain:
            fold.advance(moment)
            answers |= {place: each.check(fold) for place, each in waiting.pop(moment, ())}
    last.finish()
    return [answers[place] for place in range(len(due))], last


def _within(moment: Moment, end: Moment) -> bool:
    return len(moment) <= len(end) and all(0 <= held <= head for held, head in zip(moment, end, strict=False))


def _shown(moment: Moment) -> str:
    return f"the moment {', '.join(map(str, moment))}"
