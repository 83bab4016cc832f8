"""Stories: random histories in which everything is in order, so that whatever an audit says of one was put there by somebody."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from fanfare.audit.archives.bundles import StoredText
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.writing import to_base64
from fanfare.platform.logs.port import StoredEntry
from fanfare.record import campaigns, ideas, members, notary, recognition
from fanfare.record.ballots import BallotCast, BallotsClosed, Chosen
from fanfare.record.entry import pack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event, text_hash
from fanfare.record.terms import Advanced, FixedList, IdeasRaised, Option, RoundPlan, RoundTerms, hash_terms, slot
from fanfare.reports.report import report_digest
from tests.awarded import folded, lane, results
from tests.builders import HOST, NOON, SITE, a_plan, founded, hosted, token
from tests.unit.audit.archives import Record, recounted

MEMBERS = (6, 14)
"""How many fans a story has, at least and at most."""


def keys_of(random: Random, partitions: int) -> dict[str, SignerKey]:
    """Return a fresh key for each name that the record knows: its own, one a partition, and that of promises."""
    names = [
        notary.key_name(SITE),
        *(notary.origin(SITE, each) for each in range(partitions)),
        notary.promises_name(SITE),
    ]
    return {name: SignerKey(name, Kind.NOTE, random.randbytes(32)) for name in names}


def naming(keys: dict[str, SignerKey], by: SignerKey | None, old: dict[str, SignerKey]) -> list[Event]:
    """Return the decision that names keys: the record's own signs itself or is signed *by* its elder, and signs all others."""
    own, events = keys[notary.key_name(SITE)], list[Event]()
    for signer in keys.values():
        elder = by if signer is own else own
        words = str(signer.verifier)
        signature = to_base64((elder or signer).sign(notary.adding(SITE, words)))
        events.append(notary.NotaryKeyAdded(key=words, by_key=str(elder.verifier) if elder else None, signature=signature))
    for signer in old.values():
        words = str(signer.verifier)
        signature = to_base64(own.sign(notary.retiring(SITE, words)))
        events.append(notary.NotaryKeyRetired(key=words, by_key=str(own.verifier), signature=signature))
    return events


class Story(Record):
    """One story. Mutable while it is told; its random numbers come from a seed."""

    def __init__(self, seed: int, partitions: int = 4) -> None:
        """Begin with nothing."""
        super().__init__(partitions)
        self.random = Random(seed)
        self.seed = seed
        self.texts: dict[str, StoredText] = {}
        """What the site still has of the texts that the record names, by their hashes."""
        self.keys = keys_of(self.random, partitions)
        """What signs at the end."""
        self.signed_from: list[tuple[int, dict[str, SignerKey]]] = []
        """From so many entries of the whole record on: what signs."""
        self.members: list[str] = []
        self.terms: list[RoundTerms] = []
        """Of the rounds that were opened."""
        self.titles: dict[str, str] = {}
        """Of the ideas that were raised."""
        self._made, self._now = 0, NOON
        self._numbers: Counter[tuple[str, str]] = Counter()

    def chance(self, likelihood: float) -> bool:
        """Tell whether something happens this time."""
        return self.random.random() < likelihood

    def recorded(self, event: Event, stream: str | None = None) -> Recorded:
        """Return an event in an envelope of its own; with a *stream* it is contested."""
        self._made += 1
        decision = Decision(stream, self._streams.decisions(stream)) if stream else None
        made = derived_id("story", str(self.seed), str(self._made))
        return Recorded(id=made, source=SITE, subject="story", time=self._now, event=event, decision=decision)

    def put(self, *events: Event, partition: int = 0) -> None:
        """Append uncontested events as one entry, now and then twice."""
        self._write([self.recorded(each) for each in events], partition)

    def decide(self, *events: Event, stream: str = "") -> None:
        """Append a decision."""
        self._write([self.recorded(each, stream) for each in events], 0)

    def _write(self, events: Sequence[Recorded], partition: int) -> None:
        encoded = [encode(each) for each in events]
        packed = pack(encoded)
        self.append(packed, partition)
        if self.chance(0.04) and events[0].decision is None:
            self.append(packed, partition)

    def said(self, words: str) -> str:
        """Keep a text beside the record and return what the record has of it."""
        salt = self.random.randbytes(16)
        hashed = text_hash(salt, words)
        self.texts[hashed] = StoredText(hashed, salt.hex(), words)
        return hashed

    # The story

    def tell(self) -> "Story":
        """Tell all of it: the founding, keys, members, rules, and one or two campaigns."""
        self.decide(founded(self.partitions), hosted(), stream="site")
        self._name_keys(self.keys, None)
        self._join(self.random.randint(*MEMBERS))
        if self.chance(0.7):
            self._publish_rule()
        for number in range(self.random.choice((1, 1, 2))):
            self._campaign(f"camp{number}")
            if self.chance(0.3):
                self._rotate()
        return self

    def _join(self, count: int) -> None:
        fresh = [f"fan{len(self.members) + number}" for number in range(count)]
        self.members += fresh
        self.put(*(members.MemberJoined(member=each) for each in fresh))

    def _name_keys(self, keys: dict[str, SignerKey], by: SignerKey | None) -> None:
        """Name keys in the record, and retire those that there were."""
        self.decide(*naming(keys, by, self.keys if by else {}), stream=notary.STREAM)
        self.keys = keys
        self.signed_from.append((len(self.written), keys))

    def _rotate(self) -> None:
        self._name_keys(keys_of(self.random, self.partitions), self.keys[notary.key_name(SITE)])

    def _publish_rule(self) -> None:
        words = {"title": self.said("First idea"), "words": self.said("For those who begin."), "by": HOST}
        deeds = tuple(self.random.sample(("idea-raised", "idea-supported", "took-part", "idea-advanced", "idea-won"), 2))
        earns = recognition.Points(points=self.random.randint(1, 9))
        self.decide(
            recognition.RulePublished(rule="first", version=1, deeds=deeds, earns=earns, **words),  # type: ignore[arg-type]
            stream=recognition.STREAM,
        )

    def recognise(self) -> None:
        """Write the awards that are due, as the recogniser does."""
        due = folded(lane(self.written), results(self.partitions, self.written)).pending.values()
        if due:
            self.put(*(each.event() for each in due))

    def _campaign(self, campaign: str) -> None:
        most = self.random.choice((1, 1, 2))
        raising = a_plan(method="support.v1", options=IdeasRaised(), advance=self.random.randint(2, 3))
        voting = a_plan(
            method="plurality.v1" if most == 1 else "approval.v1",
            options=Advanced(round=f"{campaign}ideas"),
            most=most,
            ties=self.random.choice(("earliest", "all-advance")),
        )
        listed = a_plan("opta", "optb", "optc")
        published = campaigns.CampaignPublished(campaign=campaign, by=HOST, title=self.said("Flavour"), story=self.said("Why."))
        plans = {f"{campaign}ideas": raising, f"{campaign}final": voting, f"{campaign}name": listed}
        planned = [campaigns.RoundPlanned(campaign=campaign, round=each, plan=plan, by=HOST) for each, plan in plans.items()]
        self.decide(published, *planned, stream=campaign)
        advanced = self._raising(campaign, f"{campaign}ideas", raising)
        self.recognise()
        if advanced:
            self._voting(campaign, f"{campaign}final", voting, advanced, sealed=True)
        self._now += timedelta(minutes=1)
        if self.chance(0.7):
            self._voting(campaign, f"{campaign}name", listed, ("opta", "optb", "optc"), sealed=self.chance(0.4))
        self.recognise()

    def _open(self, campaign: str, round_id: str, plan: RoundPlan, offered: Sequence[str]) -> RoundTerms:
        labels = {each.id: each.label for each in plan.options.options} if isinstance(plan.options, FixedList) else {}
        options = tuple(
            Option(id=each, label=labels.get(each) or self.titles[each], version=0 if each in labels else 1) for each in offered
        )
        ballots = tuple(range(1, self.partitions)) if plan.method != "support.v1" else ()
        terms = RoundTerms(campaign=campaign, round=round_id, plan=plan, options=options, partitions=ballots)
        opening = campaigns.RoundOpened(terms=terms, read_to=self.heads[0], moment=self.heads)
        self.decide(opening, stream=campaign)
        self.terms.append(terms)
        return terms

    def _raising(self, campaign: str, round_id: str, plan: RoundPlan) -> tuple[str, ...]:
        """Raise and support ideas, close and seal, and return what advanced, without what was taken back afterwards."""
        self._open(campaign, round_id, plan, ())
        raised = [f"{campaign}idea{number}" for number in range(self.random.randint(3, 5))]
        authors = {each: self.random.choice(self.members) for each in raised}
        self.titles |= {each: self.said(f"Idea {each}") for each in raised}
        for idea, by in authors.items():
            words: dict[str, Any] = {"title": self.titles[idea], "body": self.said("It tastes."), "tags": self.said("")}
            self.put(ideas.IdeaRaised(idea=idea, campaign=campaign, round=round_id, by=by, **words))
            fans = self.random.sample(self.members, self.random.randint(0, len(self.members)))
            for fan in fans:
                self.put(ideas.IdeaSupported(idea=idea, by=fan, number=1))
            if fans and self.chance(0.3):
                self.put(ideas.SupportWithdrawn(idea=idea, by=fans[0], number=2))
        self.decide(campaigns.RoundClosing(round=round_id), campaigns.RoundClosed(round=round_id), stream=campaign)
        self.seal(campaign, round_id)
        ranking = recounted(self.written, self.partitions).round_report(round_id).ranking
        advanced = [each.option for each in ranking if each.advanced]
        if len(advanced) > 1 and self.chance(0.3):
            gone = advanced.pop()
            self.put(ideas.IdeaWithdrawn(idea=gone, by=authors[gone]))
        return tuple(advanced)

    def _voting(self, campaign: str, round_id: str, plan: RoundPlan, offered: Sequence[str], *, sealed: bool) -> None:
        terms = self._open(campaign, round_id, plan, offered)
        voters = self.random.sample(self.members, self.random.randint(4, len(self.members)))
        for first in range(0, len(voters), 3):
            self._cast(terms, voters[first : first + self.random.randint(3, 4)])
        self._cast(terms, self.random.sample(voters, 2))
        for _ in range(self.random.randint(260, 300) if self.chance(0.1) else 0):  # so that a tile is full, and has one above it
            self._cast(terms, voters[:1])
        if not sealed:
            return
        self.decide(campaigns.RoundClosing(round=round_id), stream=campaign)
        for partition in terms.partitions:
            self.put(BallotsClosed(terms=hash_terms(terms)), partition=partition)
        self._cast(terms, self.random.sample(voters, self.random.randint(1, 3)))
        self.decide(campaigns.RoundClosed(round=round_id), stream=campaign)
        self.put(*(members.TookPart(member=each, round=round_id) for each in sorted(voters)))
        self.seal(campaign, round_id)

    def _cast(self, terms: RoundTerms, voters: Sequence[str]) -> None:
        lanes: dict[int, list[BallotCast]] = defaultdict(list)
        for each in voters:
            ballot = self.ballot(terms, each)
            lanes[slot(ballot.voter, terms.partitions)].append(ballot)
        for partition, found in sorted(lanes.items()):
            self.put(*found, partition=partition)

    def ballot(self, terms: RoundTerms, voter: str) -> BallotCast:
        """Return the next ballot of a voter, with a choice that the terms allow."""
        hers = token(f"{terms.round} {voter}")
        self._numbers[terms.round, hers] += 1
        offered = sorted(each.id for each in terms.options)
        many = self.random.randint(1, min(terms.plan.most, len(offered)))
        return BallotCast(
            terms=hash_terms(terms),
            voter=hers,
            number=self._numbers[terms.round, hers],
            choice=Chosen(options=tuple(sorted(self.random.sample(offered, many)))),
            channel="web",
            admission="member",
        )

    def seal(self, campaign: str, round_id: str) -> None:
        """Seal a closed round with the report of this moment."""
        report = recounted(self.written, self.partitions).round_report(round_id)
        sealed = campaigns.RoundSealed(round=round_id, moment=report.moment, report=report_digest(report))
        self.decide(sealed, stream=campaign)


def told(seed: int) -> Story:
    """Return the story of a seed."""
    return Story(seed).tell()


def lanes(written: Sequence[StoredEntry], partitions: int) -> list[list[bytes]]:
    """Return the stored bytes of each partition's entries, in their order."""
    found: list[list[bytes]] = [[] for _ in range(partitions)]
    for each in written:
        found[each.partition].append(each.body)
    return found
