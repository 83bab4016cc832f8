"""Replay: compute every published report again from the record of an archive, and compare; or audit all of it. No network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable, Published
from fanfare.audit.archives.bundles import Broken, record_member
from fanfare.audit.checks.awards import awards_claim
from fanfare.audit.checks.circles import circle_claims
from fanfare.audit.checks.compare import differences
from fanfare.audit.checks.course import Address, Course, Seal
from fanfare.audit.checks.draws import draw_claims
from fanfare.audit.checks.eligibility import eligibility_claims
from fanfare.audit.checks.fold import Fold, Sizes, chains, folding
from fanfare.audit.checks.held import older_than
from fanfare.audit.checks.readers import ReaderDied
from fanfare.audit.checks.rewards import reward_claims
from fanfare.audit.checks.rights import rights_claim
from fanfare.audit.checks.rounds import opening_claim, ruling_claim, seal_claim
from fanfare.audit.checks.signed import signed_claims, sizes_wanted
from fanfare.audit.checks.terms import terms_claims
from fanfare.audit.checks.trust import CannotTrust, Trust
from fanfare.audit.checks.unread import broken_claim, signed_alone
from fanfare.audit.claims import Claim, Outcome, Progress, claim, silent
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry, UnknownEvent, unpack
from fanfare.record.position import Moment
from fanfare.reports.recount import Recount
from fanfare.reports.report import encoded

_OLDER = (
    "what the entries changed that came after the moment of a report, where its claim says that some did: it was published, and "
    "is true, of then. A newer one tells, or `fanfare as-of`"
)
SCHEMAS = {"rounds": "fanfare.report.round.v1", "campaigns": "fanfare.report.campaign.v1"}


class ReaderTooOld(Exception):
    """A report has a schema that this version does not know: upgrade it."""


class Due(msgspec.Struct, frozen=True):
    """A claim that is checked when the fold has come to *moment*."""

    moment: Moment
    check: Callable[[Fold], Claim]


def replay(
    path: Path, progress: Progress = silent, name: str = "", trust: Trust | None = None, *, is_all: bool = False
) -> Outcome:
    """
    Check everything that the archive at *path* claims of its figures.

    Args:
        name: what to call it, if not by its file's name.
        trust: what an auditor brings along; with it, also what was signed is checked, and who took part: the whole audit.
        is_all: the archive is all that the site has now, so that a receipt of more is not of a later day.
    """
    name = name or path.name or str(path)
    try:
        with path.open("rb") as stream:
            archive = Archive(stream, progress)
            try:
                return _check(archive, progress, trust, is_all=is_all)
            except UnknownEvent as error:
                return Outcome(signed_alone(archive, trust) if trust else (), f"{name}: {error}")
    except (ArchiveUnreadable, ReaderTooOld, ReaderDied, CannotTrust) as error:
        return Outcome(unchecked=f"{name}: {error}")
    except OSError as error:
        return Outcome(unchecked=f"{name}: {error.strerror}")


def replay_gathered(path: Path, source: str, progress: Progress = silent, trust: Trust | None = None) -> Outcome:
    """Check a record that was just gathered into an archive: that this is whole and has no texts says nothing of *source*."""
    outcome = replay(path, progress, source, trust, is_all=True)
    of_ours = ("archive", "texts")
    claims = tuple(each for each in outcome.claims if not (each.passed and each.name in of_ours))
    return msgspec.structs.replace(outcome, claims=claims)


def _check(archive: Archive, progress: Progress, trust: Trust | None, *, is_all: bool) -> Outcome:
    manifest = archive.manifest
    whole = claim("archive", f"{len(manifest.members)} members, {archive.size_bytes} bytes", archive.damage)
    if not whole.passed:
        return Outcome((whole,))
    try:
        decided = _decisions(archive)
        due = [*(_report(archive, each) for each in manifest.reports), *(_seal(each, manifest.moment) for each in decided.seals)]
        sizes = None if trust is None else sizes_wanted(archive, trust)
        claims, fold = _fold(archive, due, decided.streams, progress, sizes)
        texts, awards = _texts(archive, fold.course), awards_claim(archive, fold, progress)
    except Broken as error:
        return Outcome((whole, broken_claim(error)))
    draws = draw_claims(archive, fold.course.streams.draws)
    rewards = reward_claims(archive, fold.course.streams.rewards, progress)
    rights = rights_claim(fold.course.entitled)
    openings = [opening_claim(fold, each) for each in fold.course.openings]
    rulings = [ruling_claim(fold, each) for each in fold.course.rulings]
    signed = [] if trust is None else signed_claims(archive, fold.roots, fold.course.streams.notary, trust, is_all=is_all)
    taken_part = [] if trust is None else [*terms_claims(fold), *eligibility_claims(fold)]
    return Outcome(
        (
            whole,
            *signed,
            _record(archive, fold),
            texts,
            _complete(archive, fold.course),
            *claims,
            *openings,
            *rulings,
            *taken_part,
            *circle_claims(fold),
            *draws,
            *rewards,
            awards,
            rights,
        ),
        "" if trust is None or is_all else older_than(archive, trust.receipts),
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
    said = (manifest.site, manifest.simulation, len(manifest.moment))
    found = (founded.name, founded.simulation, fold.course.streams.site.partitions) if founded else None
    passed_over = (
        f"; {len(unreadable)} events cannot be read and count for nothing: {', '.join(unreadable[:9])}" if unreadable else ""
    )
    wrong = f"the manifest says (site, simulation, partitions) = {said}, and " + (
        f"the record {found}" if found else f"nothing in {record_member(0, 0)} and what follows it founds a site"
    )
    return claim(
        "record",
        f"{sum(manifest.moment)} entries in {len(manifest.moment)} partitions, no gap{passed_over}",
        [] if said == found else [wrong],
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
        came = sum(archive.manifest.moment) - sum(stamp.moment)
        behind = "" if _is_final(recount, address) or not came else f"; {came} entries of the record came after it"
        wrong = differences(archive.body(published.member), encoded(report))
        return claim(name, f"at {_shown(stamp.moment)}{behind}", wrong, [_OLDER] if behind else [])

    return Due(stamp.moment, check)


class _Stamp(msgspec.Struct):
    schema: str
    moment: Moment


def _is_final(recount: Recount, address: Address) -> bool:
    """Tell whether a report stays as it is, whatever comes after it."""
    found = recount.streams.round(address.id) if address.kind == "rounds" else None
    return found is not None and found[1].status == "sealed"


def _seal(seal: Seal, end: Moment) -> Due | Claim:
    name = f"seal of {seal.round}"
    if not seal.moment or not _within(seal.moment, end) or seal.moment[0] > seal.position.offset:
        return claim(name, "", [f"{seal.position}: it was computed from {seal.moment}, which had not been when it was sealed"])
    return Due(seal.moment, lambda fold: seal_claim(fold, name, seal))


def _fold(
    archive: Archive, due: Sequence[Due | Claim], decided: Streams, progress: Progress, sizes: Sizes | None
) -> tuple[list[Claim], Fold]:
    """Return the claims in the order of *due*, from as few folds as their moments allow, and the fold that came to the end."""
    end = archive.manifest.moment
    answers = {place: each for place, each in enumerate(due) if isinstance(each, Claim)}
    waiting: dict[Moment, list[tuple[int, Due]]] = {}
    for place, each in enumerate(due):
        if isinstance(each, Due):
            waiting.setdefault(each.moment, []).append((place, each))
    last = []
    for chain in chains([*waiting, end]):
        with folding(archive, chain, decided, progress, sizes=sizes if chain[-1] == end else None) as fold:
            for moment in chain:
                fold.advance(moment)
                answers |= {place: each.check(fold) for place, each in waiting.pop(moment, ())}
        last += [fold] if chain[-1] == end else []
    return [answers[place] for place in range(len(due))], last[0]


def _within(moment: Moment, end: Moment) -> bool:
    return len(moment) <= len(end) and all(0 <= held <= head for held, head in zip(moment, end, strict=False))


def _shown(moment: Moment) -> str:
    return f"the moment {', '.join(map(str, moment))}"
