"""Explaining: the deeds and the version of the rule behind an award, behind all awards of a member, or behind standings."""

import re
from pathlib import Path

import msgspec

from fanfare.audit.archives.archive import Archive, ArchiveUnreadable
from fanfare.audit.archives.bundles import Broken
from fanfare.audit.checks.awards import Warranted, chosen, entries
from fanfare.audit.checks.fold import Fold, folding
from fanfare.audit.checks.readers import ReaderDied
from fanfare.audit.claims import Progress, silent
from fanfare.audit.questions.passage import decisions
from fanfare.audit.questions.standings import Standings
from fanfare.awards.awarding import Award, award_in
from fanfare.awards.deeds import Deed, Done
from fanfare.record.entry import Entry, UnknownEvent
from fanfare.record.position import Position
from fanfare.record.recognition import AwardGranted, RulePublished

_SEASON = re.compile(r"[0-9]{4}-q[1-4]")


class CannotExplain(Exception):
    """The archive cannot be read, or its record knows no such award, member, campaign or season."""


class Explanation(msgspec.Struct, frozen=True):
    """What was found, for people, and whether all of it follows from the record."""

    lines: tuple[str, ...]
    follows: bool


def explain(path: Path, what: str, progress: Progress = silent) -> Explanation:
    """
    Explain the award *what*, all awards of the member *what*, or the standings of the campaign or the season *what*.

    Raises:
        CannotExplain: with a sentence that says why.
    """
    try:
        with path.open("rb") as stream:
            return _explain(Archive(stream, progress), what, progress)
    except (ArchiveUnreadable, Broken, UnknownEvent, ReaderDied) as error:
        raise CannotExplain(f"{path.name}: {error}") from error
    except OSError as error:
        raise CannotExplain(f"{path.name}: {error.strerror}") from error


def _explain(archive: Archive, what: str, progress: Progress) -> Explanation:
    if archive.damage:
        raise Broken(archive.damage[0])
    end = archive.manifest.moment
    with folding(archive, [end], decisions(archive), progress) as fold:
        fold.advance(end)
    if what in fold.course.streams.campaigns or _SEASON.fullmatch(what):
        return _standings(archive, fold, what, progress)
    reading = _Reading(chosen(fold), _members(archive, what, progress))
    for entry in entries(archive, progress):
        reading.apply(entry)
    if not (lines := reading.told(what)):
        raise CannotExplain(f"the record has no award {what}, and none of a member {what}")
    return Explanation(tuple(lines), not reading.unwarranted)


def _standings(archive: Archive, fold: Fold, scope: str, progress: Progress) -> Explanation:
    """Add up the standings of a campaign or a season, and check every award that a rule gave."""
    warranted, standings = Warranted(chosen(fold)), Standings(scope)
    for entry in entries(archive, progress):
        warranted.apply(entry)
        standings.apply(entry)
    if not (ranked := list(standings.ranked())):
        raise CannotExplain(f"nobody who is listed has points in {scope}")
    lines = [f"The standings of {scope}: rank, points, member", *(f"{rank:>6} {points:>8} {fan}" for rank, points, fan in ranked)]
    return Explanation((*lines, *warranted.wrong), not warranted.wrong)


def _members(archive: Archive, what: str, progress: Progress) -> set[str]:
    """Return whose award *what* is, or herself."""
    awards = (award_in(each) for entry in entries(archive, progress) for each in entry.events)
    return {each.member for each in awards if each is not None and what in (each.award, each.member)}


class _Reading:
    """Folds partition 0 and keeps what concerns some members. Mutable."""

    def __init__(self, chosen: dict[str, tuple[str, ...]], members: set[str]) -> None:
        self.unwarranted = False
        """Whether one of their awards follows from no rule and no deed."""
        self._warranted = Warranted(chosen)
        self._members = members
        self._deeds: dict[str, Deed] = {}
        """By their keys: those that stand."""
        self._turns: dict[str, list[tuple[Position, Award]]] = {}
        self._rules: dict[tuple[str, int | None], Position] = {}
        """Where each version of a rule was published."""

    def apply(self, entry: Entry) -> None:
        """Take in the next entry."""
        self._warranted.apply(entry)
        for deed in self._warranted.awarding.found:
            if deed.member in self._members:
                self._deeds[deed.key] = deed
                if not isinstance(deed, Done):
                    del self._deeds[deed.key]
        for position, recorded in entry.positioned():
            if isinstance(recorded.event, RulePublished):
                self._rules.setdefault((recorded.event.rule, recorded.event.version), position)
            award = award_in(recorded)
            if award is not None and award.member in self._members:
                self._turns.setdefault(award.award, []).append((position, award))

    def told(self, what: str) -> list[str]:
        """Return the lines on an award, or on all of a member."""
        lines = []
        for award, turns in self._turns.items():
            if what in (award, turns[0][1].member):
                lines += [*self._told(turns), ""]
        return lines

    def _told(self, turns: list[tuple[Position, Award]]) -> list[str]:
        first = turns[0][1]
        lines = [f"{_named(first)}: award {first.award} of {first.member}"]
        if isinstance(first, AwardGranted) and first.by is not None:
            because = f" for {', '.join(first.because)}" if first.because else ""
            lines.append(f"  given by {first.by}{because}, with the reason {first.reason}")
        elif isinstance(first, AwardGranted):
            at = self._rules.get((first.rule or "", first.version), "nowhere in this record")
            lines.append(f"  by the rule {first.rule}, version {first.version}, published at {at}")
        lines += [self._turn(*each) for each in turns]
        highest = max(turns, key=lambda each: each[1].turn)[1]
        lines.append("  it stands" if isinstance(highest, AwardGranted) else "  it does not stand")
        if isinstance(first, AwardGranted) and first.rule and isinstance(highest, AwardGranted):
            lines += self._counted(first)
        return lines

    def _turn(self, position: Position, award: Award) -> str:
        what = f"  {position}: turn {award.turn}, {'granted' if isinstance(award, AwardGranted) else 'revoked'}"
        if award.by is not None:
            return f"{what} by {award.by}"
        due = self._warranted.due.get((award.award, award.turn))
        if due is None or due.event() != award:
            self.unwarranted = True
            return f"{what}, and this does NOT follow from any rule and deed"
        deed, fell = due.deed, "" if isinstance(due.deed, Done) else ", which fell"
        return f"{what} because of {deed.kind} on {deed.target}{fell}, at 0:{deed.offset}, event {deed.event_id}"

    def _counted(self, granted: AwardGranted) -> list[str]:
        """Return the deeds behind a badge, and the points behind a tier."""
        earning = self._warranted.awarding.earning
        if granted.kind == "tier":
            rules = sorted({each.by.rule for each in self._warranted.due.values() if each.member == granted.member})
            sums = {rule: earning.standing(rule).points.get(granted.member, 0) for rule in rules}
            return [f"    counts {points} points by the rule {rule}" for rule, points in sums.items() if points]
        if granted.kind != "badge":
            return []
        counted = [each for each in self._deeds.values() if earning.counts(granted.rule or "", each)]
        mine = [each for each in counted if each.member == granted.member]
        return [f"    counts {each.kind} on {each.target}, at 0:{each.offset}, event {each.event_id}" for each in mine]


def _named(award: Award) -> str:
    if not isinstance(award, AwardGranted):
        return "Something that was only revoked"
    if award.kind == "points":
        return f"{award.points} points"
    return "A title" if award.kind == "title" else f"Level {award.level} of a {award.kind}"
