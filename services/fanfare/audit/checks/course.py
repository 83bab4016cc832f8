"""What partition 0 tells beside the figures: which reports there must be, which texts, what was sealed and opened. Pure."""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from fanfare.audit.checks.rights import Entitled
from fanfare.record import moderation
from fanfare.record.campaigns import Campaign, PassedOver, Round, RoundOpened, RoundRuled, RoundSealed
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaRaised, IdeaWithdrawn
from fanfare.record.kinds import TextHash
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.moderation import ContentHidden, ContentShown, ModerationEvent, Veil
from fanfare.record.position import Moment, Position
from fanfare.record.recognition import AwardGranted, AwardRevoked
from fanfare.record.terms import Advanced, RoundPlan, RoundTerms


class Address(msgspec.Struct, frozen=True):
    """Where the report of a campaign or a round is: on a site and in an archive."""

    kind: str
    id: str

    @property
    def path(self) -> str:
        """The path on the site."""
        return f"/api/v1/{self.kind}/{self.id}/report"

    @property
    def member(self) -> str:
        """The member of an archive."""
        return f"reports/{self.kind}/{self.id}.json"


class Seal(msgspec.Struct, frozen=True):
    """A sealing that was taken."""

    position: Position
    round: str
    moment: Moment
    report: str


class Ruling(msgspec.Struct, frozen=True):
    """A ruling that was taken, on events that cannot be read."""

    position: Position
    round: str
    events: tuple[PassedOver, ...]


class Opening(msgspec.Struct, frozen=True):
    """An opening that was taken, and what stood when it was."""

    position: Position
    terms: RoundTerms
    source: Round | None
    """The round that the options come from, as it stood then."""
    read_to: int
    """How many entries of partition 0 the options were read from."""
    left_out: frozenset[str]
    """The ideas that their authors had taken back in those, and the hidden ones that stood on no ballot yet."""
    moment: Moment
    """How far it says that the record had come."""
    planned: RoundPlan
    """As it had been published last."""


_SILENT = (MemberJoined, TookPart)
"""Of these there are millions, and they say nothing of what is asked here: no text, no person who decides, no idea."""


class Course:
    """Folds partition 0. Mutable; fed in record order."""

    def __init__(self) -> None:
        """Start at the beginning of the record."""
        self.streams = Streams()
        self.references: set[str] = set()
        """The hash of each public text that an event names."""
        self.pictures: set[str] = set()
        """The hash of each picture that an event names."""
        self.seals: list[Seal] = []
        self.openings: list[Opening] = []
        self.rulings: list[Ruling] = []
        self.awarded = False
        """Whether there is an award that no person gave or took."""
        self.entitled = Entitled()
        self._authors: dict[str, str] = {}
        self._withdrawn: dict[str, int] = {}
        """The offset of each withdrawal."""
        self._veils: dict[str, list[tuple[int, Veil]]] = {}
        """Of each idea that was ever hidden: how it stood from an offset on."""
        self._frozen: set[str] = set()

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of partition 0; what was overtaken changes nothing, and its texts are not public."""
        if not self.streams.take(entry):
            return
        for index, recorded in enumerate(entry.events):
            if not isinstance(recorded, Recorded) or type(recorded.event) in _SILENT:
                continue
            self.entitled.take(self.streams, Position(0, entry.offset, index), recorded)
            if _places(type(recorded.event)):
                self.references.update(text_hashes(recorded.event))
            if pictures := getattr(recorded.event, "pictures", ()):
                self.pictures.update(each.picture for each in pictures)
            if recorded.decision is not None:
                self._decided(Position(0, entry.offset, index), recorded, recorded.decision.stream)
            elif isinstance(recorded.event, IdeaRaised):
                self._authors.setdefault(recorded.event.idea, recorded.event.by)
            elif isinstance(recorded.event, IdeaWithdrawn):
                self._withdraw(recorded.event, entry.offset)
            elif isinstance(recorded.event, ContentHidden | ContentShown):
                self._veil(recorded.event, recorded.id, entry.offset)
            elif isinstance(recorded.event, AwardGranted | AwardRevoked):
                self.awarded = self.awarded or recorded.event.by is None

    def _withdraw(self, event: IdeaWithdrawn, offset: int) -> None:
        if self._authors.get(event.idea) == event.by and event.idea not in self._frozen:
            self._withdrawn.setdefault(event.idea, offset)

    def _veil(self, event: ModerationEvent, event_id: str, offset: int) -> None:
        if event.kind == "idea" and event.content in self._authors:
            turns = self._veils.setdefault(event.content, [(0, Veil())])
            turns.append((offset, moderation.evolve(turns[-1][1], event, event_id)))

    def _left_out(self, read_to: int) -> frozenset[str]:
        withdrawn = {idea for idea, offset in self._withdrawn.items() if offset < read_to}
        latest = {idea: [veil for offset, veil in turns if offset < read_to] for idea, turns in self._veils.items()}
        hidden = {idea for idea, turns in latest.items() if turns and turns[-1].hidden}
        return frozenset(withdrawn | (hidden - self._frozen))

    def _decided(self, position: Position, recorded: Recorded, stream: str) -> None:
        before = self.streams.campaigns.get(stream, Campaign())
        self.streams.evolve(recorded)
        match recorded.event:
            case RoundOpened(terms=terms, read_to=read_to, moment=moment) if _status(before, terms.round) == "planned":
                options = terms.plan.options
                source = before.round(options.round) if isinstance(options, Advanced) else None
                planned = found.plan if (found := before.round(terms.round)) else terms.plan
                self.openings.append(Opening(position, terms, source, read_to, self._left_out(read_to), moment, planned))
                self._frozen.update(option.id for option in terms.options)
            case RoundRuled(round=round_id, events=events) if _status(before, round_id) in ("open", "closing", "closed"):
                self.rulings.append(Ruling(position, round_id, events))
            case RoundSealed(round=round_id, moment=moment, report=report) if _status(before, round_id) == "closed":
                self.seals.append(Seal(position, round_id, moment, report))
            case _:
                pass

    def addresses(self) -> list[Address]:
        """Return where the report of each public campaign and each of its rounds is, each once, in a fixed order."""
        found: dict[Address, None] = {}
        for campaign_id, campaign in sorted(self.streams.campaigns.items()):
            if campaign.id:
                found[Address("campaigns", campaign_id)] = None
                found.update((Address("rounds", each.id), None) for each in campaign.rounds)
        return list(found)


def _status(campaign: Campaign, round_id: str) -> str:
    found = campaign.round(round_id)
    return found.status if found else ""


def text_hashes(value: msgspec.Struct) -> Iterator[str]:
    """Yield the hash of each text that an event, or a part of one, names."""
    for name, is_text in _places(type(value)):
        found = getattr(value, name)
        for each in found if isinstance(found, tuple) else (found,):
            if is_text and isinstance(each, str):
                yield each
            elif isinstance(each, msgspec.Struct):
                yield from text_hashes(each)


@cache
def _places(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """Return the fields in which texts may be named, and whether they are hashes of texts themselves."""
    hints = get_type_hints(kind, include_extras=True)
    parts = {each.name: list(_parts(hints[each.name])) for each in msgspec.structs.fields(kind)}
    return tuple(
        (name, TextHash in found)
        for name, found in parts.items()
        if TextHash in found or any(isinstance(each, type) and issubclass(each, msgspec.Struct) for each in found)
    )


def _parts(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - a type as typing spells it is of no one type
    origin = get_origin(hint)
    if hint == TextHash or (origin not in (Annotated, Union, UnionType, tuple)):
        yield hint
    elif origin is Annotated:
        yield from _parts(get_args(hint)[0])
    else:
        for each in get_args(hint):
            yield from _parts(each)
