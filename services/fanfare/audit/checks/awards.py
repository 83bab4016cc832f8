"""The claim about awards: each follows from a rule and a deed, none that was due is left out, and none is there twice."""

from collections.abc import Iterator

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.fold import Fold
from fanfare.audit.claims import Claim, Progress, claim
from fanfare.awards.awarding import Award, Awarding, award_in
from fanfare.awards.earning import Due
from fanfare.counting.cut import cut
from fanfare.record.entry import Entry, unpack
from fanfare.record.position import Position


def awards_claim(archive: Archive, fold: Fold, progress: Progress) -> Claim:
    """Check every award that a rule gave; *fold* has come to the end. Where no rule was ever published there must be none."""
    rules = len(fold.course.streams.recognition.rules)
    if not rules and not fold.course.awarded:
        return claim("awards", "no rule has been published", [])
    warranted = Warranted(chosen(fold))
    for entry in entries(archive, progress):
        warranted.apply(entry)
    wrong = [*warranted.wrong, *warranted.left_out()]
    behind = len(warranted.awarding.pending) - len(warranted.left_out())
    later = f"; {behind} that are due since then are not written yet" if behind and not wrong else ""
    return claim("awards", f"{warranted.written} awards and revocations of {rules} rules follow from what fans did{later}", wrong)


def entries(archive: Archive, progress: Progress) -> Iterator[Entry]:
    """Yield the entries of partition 0."""
    of = archive.manifest.moment[0]
    for offset, body in archive.entries(0):
        yield unpack(0, offset, body)
        if offset % 100 == 0:
            progress("following the awards", offset, of)


def chosen(fold: Fold) -> dict[str, tuple[str, ...]]:
    """Return what each sealed round of ballots chose; its votes can no longer change, so the end tells it."""
    found = {}
    for campaign in fold.recount.streams.campaigns.values():
        for each in campaign.rounds:
            if each.sealed is not None and each.terms is not None and each.plan.method != "support.v1":
                figures, plan = fold.recount.figures(each), each.terms.plan
                found[each.id] = cut(figures.options, figures.votes, plan.advance, plan.ties).advanced
    return found


class Warranted:
    """Compares the awards in the record with what is due. Mutable; fed partition 0 in order."""

    def __init__(self, chosen: dict[str, tuple[str, ...]]) -> None:
        """Start at the beginning; *chosen* says, by the round, which options a sealed round of ballots chose."""
        self.awarding = Awarding(chosen)
        self.wrong: list[str] = []
        self.written = 0
        """How many that a rule gave or took follow from a deed."""
        self.due: dict[tuple[str, int], Due] = {}
        """By award and turn; also what is written."""
        self._last = -1
        """The offset of the last cause whose award is written."""

    def apply(self, entry: Entry) -> None:
        """Take in the next entry."""
        for due in self.awarding.apply(entry):
            self.due[due.award, due.turn] = due
        for position, recorded in entry.positioned():
            if (award := award_in(recorded)) is not None:
                self._check(position, award)

    def _check(self, position: Position, award: Award) -> None:
        due = self.due.get((award.award, award.turn))
        if award.by is not None:
            if due or (award.award, 1) in self.due:
                self.wrong.append(f"{position}: {award.by} wrote about the award {award.award}, which a rule gave")
        elif due is None:
            self.wrong.append(f"{position}: no rule and no deed before it makes {_named(award)} due")
        elif differing := _differing(award, due):
            self.wrong.append(f"{position}: {_named(award)} has {differing}")
        else:
            self.written += 1
            self._last = max(self._last, due.offset)

    def left_out(self) -> list[str]:
        """Name each award that was due at a cause before the last one that was written about, and is not there."""
        return [
            f"0:{due.offset}: {_named(due.event())} is due because of {due.cause} and was left out"
            for due in self.awarding.pending.values()
            if due.offset < self._last
        ]


def _differing(award: Award, due: Due) -> str:
    wanted = due.event()
    if type(wanted) is not type(award):
        return "another kind of turn than is due"
    fields = [each.name for each in msgspec.structs.fields(type(award))]
    return ", ".join(
        f"{name} {getattr(award, name)}, and due is {getattr(wanted, name)}"
        for name in fields
        if getattr(award, name) != getattr(wanted, name)
    )


def _named(award: Award) -> str:
    done = "the revocation of" if award.turn % 2 == 0 else "the"
    return f"{done} award {award.award}, turn {award.turn}, of {award.member}"
