"""Deeds: what fans did and what became of their ideas, each once, undone where it fell and done again where it came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from fanfare.awards.newcomers import CONTRIBUTIONS, Brought, Newcomers
from fanfare.awards.raised import GIVEN, NUMBER, RECEIVED, SUPPORTS, Raised, Remark
from fanfare.record import ideas
from fanfare.record.answers import IdeaAnswered
from fanfare.record.bringing import NewcomerBrought
from fanfare.record.campaigns import Round, RoundClosing, RoundOpened, RoundSealed, RoundVoided
from fanfare.record.decisions import Streams
from fanfare.record.entry import Entry
from fanfare.record.envelope import Recorded, derived_id
from fanfare.record.ideas import CommentMade, IdeaEdited, IdeaRaised, IdeaSupported, IdeaWithdrawn, SupportWithdrawn
from fanfare.record.members import MemberJoined, TookPart
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.recognition import AwardGranted, AwardRevoked, DeedKind
from fanfare.record.texts import TextRemoved

_NO_DEEDS = (AwardGranted, AwardRevoked)
"""Of a record with rules every second event is one of these."""


class Deed(msgspec.Struct, frozen=True, gc=False):
    """Something that a fan did, or that became of an idea of hers."""

    kind: DeedKind
    about: tuple[str, ...]
    """What it is about, its target first. With the kind this makes it one, however often it comes."""
    member: str
    """Whose deed it is."""
    campaign: str | None
    at: datetime
    event_id: str
    """Of the event that did or undid it."""
    offset: int
    """Where that event stands in partition 0."""

    @property
    def key(self) -> str:
        """32 hexadecimal digits that follow from the kind and from what it is about."""
        return derived_id("deed", self.kind, *self.about)

    @property
    def target(self) -> str:
        """What it was done to: an idea, a round, the newcomer who was brought, or for a joining herself."""
        return self.about[0]


class Done(Deed, frozen=True, gc=False):
    """A deed was done."""

    again: bool = False
    """It had been done before, and undone."""


class Undone(Deed, frozen=True, gc=False):
    """A deed fell: it was taken back, hidden or removed, or its round was voided."""


class ResultUnknown(LookupError):
    """A round of ballots was sealed, and the caller did not say what it chose."""


class Deeds:
    """
    Folds partition 0 into deeds. Mutable; fed in record order.

    It follows the rules of the report: which support counts, until when an idea can be taken back, what is hidden. With an idea
    falls what is its author's; what others did for it in good faith stays theirs.
    """

    def __init__(self, chosen: Mapping[str, Sequence[str]]) -> None:
        """Start at the beginning of the record; *chosen* says, by the round, which options a sealed round of ballots chose."""
        self.streams = Streams()
        self._chosen = chosen
        self._members: dict[str, str] = {}
        """Each id once, however many events name it."""
        self._joined: set[str] = set()
        self._newcomers = Newcomers()
        self._ideas: dict[str, Raised] = {}
        self._ideas_of: dict[str, list[Raised]] = {}
        """By the round that they were raised in."""
        self._remarks: dict[str, Remark] = {}
        self._voters: dict[str, dict[str, None]] = {}
        """By the round, in the order in which it is written that they took part."""
        self._frozen: set[str] = set()
        self._shut: set[str] = set()
        """The rounds that take no support any more: closing, or void."""
        self._removed: set[str] = set()
        self._found: list[Done | Undone] = []
        self._cause: tuple[datetime, str, int]
        """Of the event that is taken in: its time, its id and its offset."""

    def apply(self, entry: Entry) -> list[Done | Undone]:
        """
        Take in the next entry of partition 0 and return what was done and undone by it, in order.

        Raises:
            ValueError: it is not the next entry.
            ResultUnknown: it seals a round of ballots, and nobody said what that chose.
        """
        self._found = []
        if self.streams.take(entry):
            for recorded in entry.events:
                if isinstance(recorded, Recorded) and not isinstance(recorded.event, _NO_DEEDS):
                    self._cause = recorded.time, recorded.id, entry.offset
                    self._take(recorded) if recorded.decision is None else self._decided(recorded, recorded.decision.stream)
        return self._found

    def _take(self, recorded: Recorded) -> None:
        match recorded.event:
            case IdeaSupported(idea=idea) | SupportWithdrawn(idea=idea) as event if idea in self._ideas:
                self._press(self._ideas[idea], event)
            case MemberJoined(member=member) if member not in self._joined:
                self._joined.add(self._one(member))
                self._done("joined", self._one(member), (member,), None)
            case TookPart(member=member, round=round_id):
                self._took_part(round_id, self._one(member))
            case NewcomerBrought() as event:
                if brought := self._newcomers.bring(event):
                    self._settle_brought(event.newcomer, brought)
            case CommentMade() as event if event.idea in self._ideas and event.comment not in self._remarks:
                self._comment(self._ideas[event.idea], event)
            case IdeaRaised() as event if event.idea not in self._ideas:
                raised = Raised(ideas.begin(event), self._one(event.by))
                self._ideas[event.idea] = raised
                self._ideas_of.setdefault(event.round, []).append(raised)
                self._befall(raised, "idea-raised")
            case IdeaEdited(idea=idea) | IdeaWithdrawn(idea=idea) as event if idea in self._ideas and idea not in self._frozen:
                self._ideas[idea].idea = ideas.evolve(self._ideas[idea].idea, event)
                self._settle(self._ideas[idea])
            case IdeaAnswered(idea=idea, by=by) if idea in self._ideas and by != self._ideas[idea].author:
                self._befall(self._ideas[idea], "idea-answered")
            case ContentHidden() | ContentShown() as event:
                if event.kind == "idea" and event.content in self._ideas:
                    self._ideas[event.content].veil(event, recorded.id)
                    self._settle(self._ideas[event.content])
                elif event.kind == "comment" and event.content in self._remarks:
                    self._remarks[event.content].veil(event, recorded.id)
                    self._settle_remark(self._remarks[event.content])
            case TextRemoved(kind="text") as event if event.text not in self._removed:
                self._removed.add(event.text)
                if event.reason is not None:  # without one its author took it back
                    self._remove(event)
            case _:
                pass

    def _one(self, member: str) -> str:
        return self._members.setdefault(member, member)

    # Telling

    def _done(self, kind: DeedKind, member: str, about: tuple[str, ...], campaign: str | None, *, again: bool = False) -> None:
        """Tell of a deed; *about* is what it is about, its target first."""
        at, event_id, offset = self._cause
        self._found.append(Done(kind, about, member, campaign, at, event_id, offset, again))
        if kind in CONTRIBUTIONS and (brought := self._newcomers.contribute(member, 1)):
            self._settle_brought(member, brought)

    def _undone(self, kind: DeedKind, member: str, about: tuple[str, ...], campaign: str | None) -> None:
        at, event_id, offset = self._cause
        self._found.append(Undone(kind, about, member, campaign, at, event_id, offset))
        if kind in CONTRIBUTIONS and (brought := self._newcomers.contribute(member, -1)):
            self._settle_brought(member, brought)

    def _settle_brought(self, newcomer: str, found: Brought) -> None:
        """Tell that whoever brought a newcomer is credited, or no more: as long as anything stands that she contributed."""
        if found.stood == found.stands:
            return
        found.stood = found.stands
        if found.stood:
            self._done("fan-brought", self._one(found.by), (newcomer,), None, again=found.told)
            found.told = True
        else:
            self._undone("fan-brought", self._one(found.by), (newcomer,), None)

    # What is its author's as long as an idea stands

    def _befall(self, raised: Raised, kind: DeedKind, round_id: str = "") -> None:
        """Note what became of an idea, once; it is told as soon as the idea stands."""
        if (kind, round_id) not in raised.fates:
            raised.fates[kind, round_id] = raised.stood
            if raised.stood:
                self._of_author(raised, kind, (round_id,) if round_id else (), done=True)

    def _of_author(self, raised: Raised, kind: DeedKind, more: tuple[str, ...], *, done: bool, again: bool = False) -> None:
        about, event = (raised.idea.raised.idea, *more), raised.idea.raised
        if done:
            self._done(kind, raised.author, about, event.campaign, again=again)
        else:
            self._undone(kind, raised.author, about, event.campaign)

    def _settle(self, raised: Raised) -> None:
        """Tell what falls with an idea that stands no more, or comes back with one that stands again."""
        if raised.stood == raised.stands:
            return
        raised.stood = raised.stands
        for (kind, round_id), told in raised.fates.items():
            self._of_author(raised, kind, (round_id,) if round_id else (), done=raised.stood, again=told)
            raised.fates[kind, round_id] = True
        for member, kept in raised.supporters.items():
            if kept & SUPPORTS:
                self._of_author(raised, "idea-supported", (member,), done=raised.stood, again=bool(kept & RECEIVED))
                raised.supporters[member] = kept | RECEIVED

    # Support

    def _press(self, raised: Raised, event: IdeaSupported | SupportWithdrawn) -> None:
        """Take in support, or that it was taken back: as the report counts it, and never an author's own."""
        if event.by == raised.author or raised.idea.raised.round in self._shut:
            return
        if not raised.takes_support:
            raised.void.add((event.by, event.number))
            return
        kept = raised.supporters.get(event.by, 0)
        if event.number <= kept >> NUMBER or (raised.void and (event.by, event.number) in raised.void):
            return
        member = self._one(event.by)
        supports = isinstance(event, IdeaSupported)
        if supports and not kept & SUPPORTS:
            kept = self._support(raised, member, kept)
        elif kept & SUPPORTS and not supports:
            self._unsupport(raised, member)
        raised.supporters[member] = event.number << NUMBER | kept & (GIVEN | RECEIVED) | supports

    def _support(self, raised: Raised, member: str, kept: int) -> int:
        """Tell of support, to her who gave it and to the author, and return what is *kept* of it with that."""
        event = raised.idea.raised
        about = (event.idea, member)
        self._done("support-given", member, about, event.campaign, again=bool(kept & GIVEN))
        if not raised.stood:
            return kept | GIVEN
        self._done("idea-supported", raised.author, about, event.campaign, again=bool(kept & RECEIVED))
        return kept | GIVEN | RECEIVED

    def _unsupport(self, raised: Raised, member: str) -> None:
        event = raised.idea.raised
        self._undone("support-given", member, (event.idea, member), event.campaign)
        if raised.stood:
            self._of_author(raised, "idea-supported", (member,), done=False)

    # Comments

    def _comment(self, raised: Raised, event: CommentMade) -> None:
        """Take in a comment; below an idea of her own it is no deed, but its id is taken."""
        remark = Remark(event.comment, self._one(event.by), raised, bytes.fromhex(event.text))
        self._remarks[event.comment] = remark
        raised.remarks.append(remark)
        if remark.author != raised.author:
            self._done("comment-made", remark.author, (raised.idea.raised.idea, remark.id), raised.idea.raised.campaign)

    def _settle_remark(self, remark: Remark) -> None:
        event = remark.below.idea.raised
        if remark.stood == remark.stands or remark.author == event.by:
            return
        remark.stood = remark.stands
        if remark.stood:
            self._done("comment-made", remark.author, (event.idea, remark.id), event.campaign, again=True)
        else:
            self._undone("comment-made", remark.author, (event.idea, remark.id), event.campaign)

    def _remove(self, event: TextRemoved) -> None:
        """Take in that a moderator removed a text, wherever it stands; it is rare, so nothing is kept to find it by."""
        named = [self._ideas[event.idea]] if event.idea in self._ideas else list(self._ideas.values())
        text = bytes.fromhex(event.text)
        for raised in named:
            if event.text in (raised.idea.title, raised.idea.body):
                raised.removed |= {event.text}
                self._settle(raised)
            for remark in raised.remarks:
                if remark.text == text:
                    remark.removed = True
                    self._settle_remark(remark)

    # Rounds

    def _decided(self, recorded: Recorded, stream: str) -> None:
        event = recorded.event
        round_id = event.terms.round if isinstance(event, RoundOpened) else getattr(event, "round", "")
        campaign = self.streams.campaigns.get(stream)
        before = campaign.round(round_id) if campaign else None
        self.streams.evolve(recorded)
        after = self.streams.campaigns[stream].round(round_id) if before else None
        if before is None or after is None or after.status == before.status:
            return
        match event:
            case RoundOpened(terms=terms):
                self._frozen.update(option.id for option in terms.options)
                self._on_ballot(stream, [option.id for option in terms.options], "idea-advanced", round_id)
            case RoundClosing():
                self._shut.add(round_id)
            case RoundSealed() if after.plan.method != "support.v1":
                if round_id not in self._chosen:
                    raise ResultUnknown(f"nobody said what the round {round_id} chose")
                self._on_ballot(stream, self._chosen[round_id], "idea-won", round_id)
            case RoundVoided():
                self._void(after)
            case _:
                pass

    def _on_ballot(self, campaign: str, options: Sequence[str], kind: DeedKind, round_id: str) -> None:
        for idea in options:
            if idea in self._ideas and self._ideas[idea].idea.raised.campaign == campaign:
                self._befall(self._ideas[idea], kind, round_id)

    def _took_part(self, round_id: str, member: str) -> None:
        """Take in that a member voted; of a round that is not closed, or void, nobody can say so."""
        found = self.streams.round(round_id)
        voters = self._voters.setdefault(round_id, {})
        if found and found[1].status in ("closed", "sealed") and member not in voters:
            voters[member] = None
            self._done("took-part", member, (round_id, member), found[0].id)

    def _void(self, found: Round) -> None:
        """Undo whatever its ballots, or the support in it, had brought. For good: a void round is never opened again."""
        self._shut.add(found.id)
        campaign = self.streams.round(found.id)
        for member in self._voters.pop(found.id, {}):
            self._undone("took-part", member, (found.id, member), campaign[0].id if campaign else None)
        for raised in self._ideas_of.get(found.id, ()):
            for member, kept in raised.supporters.items():
                if kept & SUPPORTS:
                    self._unsupport(raised, member)
            raised.supporters = {}
        for option in found.terms.options if found.terms else ():
            if option.id in self._ideas:
                self._unfate(self._ideas[option.id], "idea-advanced", found.id)
                self._unfate(self._ideas[option.id], "idea-won", found.id)

    def _unfate(self, raised: Raised, kind: DeedKind, round_id: str) -> None:
        if raised.fates.pop((kind, round_id), None) is not None and raised.stood:
            self._of_author(raised, kind, (round_id,), done=False)
