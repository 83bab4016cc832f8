"""Explaining a figure of a published report: the events that it came from, and those that came and are not in it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from fanfare.audit.archives.archive import Archive
from fanfare.audit.checks.course import Address
from fanfare.audit.claims import Progress, silent
from fanfare.audit.questions.as_of import address_of, shown
from fanfare.audit.questions.differing import NAMED_BY
from fanfare.audit.questions.passage import CannotAnswer, Followed, Following, Passage, decisions, within
from fanfare.record.campaigns import RoundClosing, RoundOpened
from fanfare.record.entry import Entry
from fanfare.record.ideas import CommentMade, IdeaRaised
from fanfare.record.kinds import canonical
from fanfare.record.members import MemberJoined
from fanfare.record.position import Moment, Position
from fanfare.record.terms import circle_of
from fanfare.reports.recount import Recount
from fanfare.reports.report import RoundReport

_FATES = {"counted": ("counted",), "replaced": ("replaced", "taken back"), "late": ("late",), "void": ("void",)}
_OF_ALL = ("rank", "advanced", "at_cut")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and its events, each by its position, in the order of the record."""

    schema: str = "fanfare.explained.v1"
    what: str
    moment: Moment
    published: Any
    """As it stands in the published report."""
    counted: tuple[Position, ...]
    """The events that it came from."""
    apart: dict[str, tuple[Position, ...]]
    """Ballots that came and are not in it, by what became of them; ``repeated`` ones are in no figure."""
    counts: bool
    """Whether the figure is the number of these events; else it follows from what they say."""

    @property
    def follows(self) -> bool:
        """Whether the events give the published figure."""
        return not self.counts or (self.published == len(self.counted) and not isinstance(self.published, bool))


def as_json(found: Explained, most: int | None) -> bytes:
    """Return it as one canonical JSON line with the first *most* positions of each kind, or all."""
    fields = msgspec.structs.asdict(found)
    fields["counted"] = [str(each) for each in found.counted[:most]]
    fields["apart"] = {fate: [str(each) for each in some[:most]] for fate, some in found.apart.items()}
    fields["events"] = {"counted": len(found.counted)} | {fate: len(some) for fate, some in found.apart.items()}
    return canonical({**fields, "follows": found.follows}) + b"\n"


def is_figure(what: str) -> bool:
    """Tell whether *what* names a figure, and no award or member."""
    return what.startswith(("round:", "campaign:"))


def explain_figure(archive: Archive, what: str, progress: Progress = silent) -> Explained:
    """
    Explain ``round:ID/PATH`` or ``campaign:ID/PATH``, a figure of the report that the archive has of it.

    The path is that of the report's JSON, parted by strokes; of a list the place, from 0, or the name of the part, such as the id
    of an option: ``round:final/ranking/0/votes``.

    Raises:
        CannotAnswer: there is no such report or figure, or it has no events of its own; with a sentence that says why.
    """
    head, _, rest = what.partition("/")
    address = address_of(head)
    published = next((each for each in archive.manifest.reports if each.member == address.member), None)
    if published is None or not archive.has(address.member) or not within(published.moment, archive.manifest.moment):
        raise CannotAnswer(f"the archive has no published report of {head}")
    try:
        report = msgspec.json.decode(archive.body(address.member))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotAnswer(f"what was published of {head} is no report: {error}") from error
    path, value = resolve(report, [each for each in rest.split("/") if each])
    if isinstance(value, dict | list) and path[:1] not in (("decisions",), ("unreadable",)):
        parts = ", ".join(value if isinstance(value, dict) else map(str, range(min(len(value), 9))))
        raise CannotAnswer(f"{what} is no figure; it has the parts {parts or 'none'}")
    return _Asked(archive, address, what, published.moment, progress).explain(path, value)


def resolve(report: Any, path: list[str]) -> tuple[tuple[str, ...], Any]:  # noqa: ANN401 - JSON
    """
    Return what stands at *path*, with names in the place of places.

    Raises:
        CannotAnswer: nothing stands there.
    """
    value, found = report, list[str]()
    for key in path:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            field = NAMED_BY.get(found[-1], "")
            by_name = next((each for each in value if each.get(field) == key), None)
            value = by_name if by_name is not None else _at(value, key)
            key = value[field] if value and field in value else key  # noqa: PLW2901 - the name is what the place means
        elif isinstance(value, dict):
            value = value.get(key, msgspec.UNSET)
        else:
            value = _at(value, key) if isinstance(value, list) else msgspec.UNSET
        if value is msgspec.UNSET:
            raise CannotAnswer(f"the report has nothing at {'/'.join(path)}: there is no {key!r}")
        found.append(key)
    return tuple(found), value


def _at(value: list[Any], key: str) -> Any:  # noqa: ANN401 - JSON
    return value[int(key)] if key.isdecimal() and key.isascii() and int(key) < len(value) else msgspec.UNSET


class _Asked:
    """One question. Folds the record up to the moment of the report."""

    def __init__(self, archive: Archive, address: Address, what: str, moment: Moment, progress: Progress) -> None:
        self._archive, self._address, self._what, self._moment, self._progress = archive, address, what, moment, progress

    def explain(self, path: tuple[str, ...], value: object) -> Explained:
        """Return the events behind what stands at *path*."""
        if self._address.kind == "campaigns":
            return self._of_campaign(path, value)
        match path:
            case ("ranking", option, "votes"):
                return self._of_ballots(value, lambda each: option in each.options and each.fate == "counted", option)
            case ("ballots", "counted" | "replaced" | "late" | "void" as fate):
                return self._of_ballots(value, lambda each: each.fate in _FATES[fate])
            case ("ballots", "received"):
                return self._of_ballots(value, lambda each: each.fate != "repeated", unread=True)
            case ("turnout", minute, "ballots"):
                return self._of_ballots(value, lambda each: each.minute == minute and each.fate != "repeated")
            case ("ballots", "unreadable") | ("unreadable", *_):
                positions = [Position.parse(each.position) for each in self._round(self._fold(self._nothing)).unreadable]
                return self._answer(value, positions, counts=path[0] == "ballots")
            case ("members",):
                return self._of_members(value)
            case (*_, last) if last in _OF_ALL or "at_cut" in path:
                raise CannotAnswer(f"{self._what} follows from the votes of all options; ask for round:ID/ranking/OPTION/votes")
            case _:
                taken = self._round(self._fold(self._nothing)).decisions
                return self._answer(value, [Position.parse(each.position) for each in taken], counts=False)

    def _of_ballots(
        self, value: object, is_in: Callable[[Followed], bool], option: str = "", *, unread: bool = False
    ) -> Explained:
        found = decisions(self._archive, self._moment[0]).round(self._address.id)
        if found is None:
            raise CannotAnswer(f"the record knows no round {self._address.id}")
        fold = Recount(len(self._moment))
        following = Following(fold, found[1])
        for entry in Passage(self._archive, self._progress).to(self._moment):
            fold.apply(entry)
            following.take(entry)
        counted, apart = list[Position](), dict[str, list[Position]]()
        for each in following.ballots():
            if is_in(each):
                counted.append(each.position)
            elif option in each.options:
                apart.setdefault(each.fate, []).append(each.position)
        counted += [each.position for each in fold.unread(self._address.id)] if unread else ()
        return self._answer(value, counted, apart)

    def _of_members(self, value: object) -> Explained:
        joined: dict[str, Position] = {}
        fold = self._fold(lambda entry, _: _note(joined, _joins(entry)))
        report = self._round(fold)
        if circle := circle_of(report.electorate):
            raise CannotAnswer(f"who could vote belonged to the circle {circle}; `fanfare as-of … --against …` names its events")
        until = RoundOpened.wire if report.electorate == "members-before-opening" else RoundClosing.wire
        last = next((Position.parse(each.position) for each in report.decisions if each.type == until), None)
        return self._answer(value, [each for each in joined.values() if last is None or each < last])

    def _of_campaign(self, path: tuple[str, ...], value: object) -> Explained:
        first: dict[str, Position] = {}
        ideas: dict[str, str] = {}
        match path:
            case ("members",):
                self._fold(lambda entry, _: _note(first, _joins(entry)))
            case ("activity", "ideas" | "comments" as kind):
                self._fold(lambda entry, _: _note(first, _said(entry, kind, ideas, self._address.id)))
            case ("decisions",):
                self._fold(lambda entry, fold: _note(first, _decided(entry, fold, self._address.id)))
            case ("rounds", name, *_):
                raise CannotAnswer(f"{self._what} is a figure of the round; ask for round:{name}/…")
            case _:
                raise CannotAnswer(f"{self._what} is no number of events; `fanfare as-of … --against …` names what moved it")
        return self._answer(value, first.values())

    def _fold(self, heard: Callable[[Entry, Recount], None]) -> Recount:
        fold = Recount(len(self._moment))
        for entry in Passage(self._archive, self._progress).to(self._moment):
            fold.apply(entry)
            heard(entry, fold)
        return fold

    @staticmethod
    def _nothing(entry: Entry, fold: Recount) -> None:
        """Hear nothing."""

    def _round(self, fold: Recount) -> RoundReport:
        try:
            return fold.round_report(self._address.id)
        except LookupError as error:
            raise CannotAnswer(f"{error.args[0]} at the moment {shown(self._moment)}") from error

    def _answer(
        self, value: object, counted: Iterable[Position], apart: dict[str, list[Position]] | None = None, *, counts: bool = True
    ) -> Explained:
        return Explained(
            what=self._what,
            moment=self._moment,
            published=value,
            counted=tuple(sorted(counted)),
            apart={fate: tuple(sorted(some)) for fate, some in sorted((apart or {}).items())},
            counts=counts,
        )


def _note(first: dict[str, Position], found: Iterable[tuple[Position, str]]) -> None:
    for position, name in found:
        first.setdefault(name, position)


def _joins(entry: Entry) -> Iterator[tuple[Position, str]]:
    for position, recorded in entry.positioned() if entry.partition == 0 else ():
        if isinstance(recorded.event, MemberJoined):
            yield position, recorded.event.member


def _said(entry: Entry, kind: str, ideas: dict[str, str], campaign: str) -> Iterator[tuple[Position, str]]:
    """Yield the ideas or comments of a campaign; *ideas* learns the campaign of each."""
    for position, recorded in entry.positioned() if entry.partition == 0 else ():
        match recorded.event:
            case IdeaRaised(idea=idea, campaign=of):
                if ideas.setdefault(idea, of) == campaign and kind == "ideas":
                    yield position, idea
            case CommentMade(comment=comment, idea=idea) if idea in ideas and kind == "comments":
                ideas.setdefault(f"comment {comment}", ideas[idea])
                if ideas[f"comment {comment}"] == campaign:
                    yield position, comment
            case _:
                pass


def _decided(entry: Entry, fold: Recount, stream: str) -> Iterator[tuple[Position, str]]:
    """Yield a decision of a stream that was taken, by its entry."""
    if entry.decision and entry.decision.stream == stream:
        position, first = entry.positioned()[0]
        taken = fold.streams.ids.get(first.id)
        if taken and taken.offset == entry.offset:
            yield position, str(entry.offset)


def lines(found: Explained, most: int | None) -> Iterator[str]:
    """Yield what was found, for people."""
    value = msgspec.json.encode(found.published).decode()
    yield f"{found.what}: {value[:80]}, at the moment {shown(found.moment)}"
    how = "the number of these events" if found.counts else "what these decisions and events say"
    yield f"  it is {how}: {len(found.counted)}"
    yield from _listed(found.counted, most)
    for fate, some in found.apart.items():
        yield f"  {fate}, and not in it: {len(some)}"
        yield from _listed(some, most)
    if not found.follows:
        yield f"  this does NOT follow from the record, which has {len(found.counted)}"


def _listed(positions: tuple[Position, ...], most: int | None) -> Iterator[str]:
    for start in range(0, len(positions[:most]), 8):
        yield f"    {'  '.join(map(str, positions[:most][start : start + 8]))}"
    if most is not None and len(positions) > most:
        yield f"    and {len(positions) - most} more; --all names every one"
