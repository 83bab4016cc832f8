"""A teller of histories: whole records of a site, made from a seed, with everything that goes wrong between fans and hosts."""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any

import msgspec

from fanfare.platform.logs.port import StoredEntry
from fanfare.record import campaigns, ideas, members, site
from fanfare.record.ballots import BallotCast, BallotsClosed, Chosen
from fanfare.record.decisions import Streams
from fanfare.record.entry import pack, unpack
from fanfare.record.envelope import Decision, Recorded, derived_id, encode
from fanfare.record.kinds import Event
from fanfare.record.terms import Advanced, FixedList, IdeasRaised, Option, RoundTerms, hash_terms, slot
from fanfare.record.unreadable import Unreadable
from tests.bringing_histories import BROUGHT, Bringing
from tests.builders import ASK, HOST, NOON, SITE, a_plan, founded, site_changed, text, token
from tests.notary_histories import NOTARISED, Notarising
from tests.power_histories import EMPOWERED, Empowering
from tests.reward_histories import REWARDED, Rewarding

MUST_HAPPEN = (
    "late ballot",
    "replaced ballot",
    "counted ballot",
    "void ballot",
    "tied at the cut",
    "repeated event",
    "idea withdrawn",
    "idea withdrawn by a stranger",
    "astray",
    "not offered",
    "too many options",
    "unsorted",
    "same number again",
    "lower number later",
    "unknown terms",
    "extended",
    "reworded",
    *("paused", "voided", "overtaken"),
    "support withdrawn",
    "late support",
    "support for a withdrawn idea",
    *(*BROUGHT, *EMPOWERED, *NOTARISED, *REWARDED),
    "unreadable",
    "ruled",
    "several in an entry",
    "closed in one decision",
)
"""What a run over many histories must have produced, or it proved little."""

_BROKEN = (
    b'{"type":"fanfare.ballot.cast.v1"}',
    b"7",
    b'{"type":"fanfare.member.joined.v1","data":{"member":"M"}}',
    b'{"type":"fanfare.ballot.cast.v1","data":{"terms":"%b"}}',
    b'{"type":"fanfare.idea.supported.v1","subject":"%b"}',
)


class Teller(Bringing, Empowering, Notarising, Rewarding):
    """Makes one history. Its random numbers come from a seed, so that a failure can be told again."""

    def __init__(self, seed: int, partitions: int) -> None:
        """Start an empty record of so many partitions."""
        self.random = Random(seed)
        self.partitions = partitions
        self.written: list[StoredEntry] = []
        """Every entry, in the order in which they were appended."""
        self.happened: Counter[str] = Counter()
        self.rounds, self.campaigns = list[str](), list[str]()
        self.streams = Streams()
        self._heads = [0] * partitions
        self._pending: dict[int, list[bytes]] = defaultdict(list)
        self._past: list[tuple[int, bytes]] = []
        self._members: list[str] = []
        self._ideas: dict[str, list[ideas.IdeaRaised]] = defaultdict(list)
        self._withdrawn, self._hidden, self._comments = set[str](), set[str](), list[tuple[str, ideas.IdeaRaised]]()
        self._titles, self._kudos, self._brought = [], [], []
        self._terms, self._unread = list[str](), list[campaigns.PassedOver]()
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._made, self._now = 0, NOON

    def chance(self, likelihood: float) -> bool:
        """Tell whether something happens this time."""
        return self.random.random() < likelihood

    def _fresh(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made:04}"

    def _recorded(self, event: Event, decision: Decision | None = None) -> Recorded:
        self._made += 1
        self._now += timedelta(seconds=self.random.choice((0, 0, 20, 60)))
        at, made = self._now.replace(second=0), derived_id("told", str(self._made))
        return Recorded(id=made, source=SITE, subject="told", time=at, event=event, decision=decision)

    # Writing

    def write(self, partition: int, events: list[bytes]) -> None:
        """Append one entry."""
        entry = StoredEntry(partition, self._heads[partition], pack(events))
        self._heads[partition] += 1
        self.written.append(entry)
        self.happened["several in an entry"] += len(events) > 1
        read = unpack(partition, entry.offset, entry.body)
        self._unread += [
            campaigns.PassedOver(position=str(at), sha256=each.sha256) for at, each in read.placed if isinstance(each, Unreadable)
        ]
        if partition == 0:
            self.streams.apply(read)

    def put(self, partition: int, event: Event) -> None:
        """Append an uncontested event, perhaps together with others, perhaps twice, perhaps beside rubbish."""
        encoded = encode(self._recorded(event))
        self._pending[partition].append(encoded)
        self._past.append((partition, encoded))
        if self.chance(0.12):
            self.happened["repeated event"] += 1
            again, copy = self.random.choice(self._past[-30:])
            self._pending[again].append(copy)
        if self.chance(0.02):
            self.happened["unreadable"] += 1
            self._pending[partition].append(self._broken())
        if self.chance(0.4):
            self.flush(partition)

    def _broken(self) -> bytes:
        """Return an event that cannot be read; it names nothing, or a round, its terms, a campaign or an idea."""
        names = [*self.rounds, *self.campaigns, *self._terms, *(each.idea for some in self._ideas.values() for each in some)]
        return self.random.choice(_BROKEN).replace(b"%b", self.random.choice(names or ["site"]).encode())

    def flush(self, *partitions: int) -> None:
        """Append what waits, as a group commit does."""
        for partition in partitions or range(self.partitions):
            if waiting := self._pending.pop(partition, []):
                self.write(partition, waiting)

    def decide(self, stream: str, *events: Event) -> None:
        """Append a contested decision, perhaps with one that was overtaken by it, perhaps twice."""
        self.flush(0)
        after = self.streams.decisions(stream)
        encoded = [encode(self._recorded(event, Decision(stream, after))) for event in events]
        self.write(0, encoded)
        if self.chance(0.2):
            self.happened["repeated event"] += 1
            self.write(0, encoded)
        if self.chance(0.2) and stream != site.STREAM and self.rounds:
            self.happened["overtaken"] += 1
            rival = campaigns.RoundVoided(round=self.rounds[-1], reason=text("Too late."), by=HOST)
            self.write(0, [encode(self._recorded(rival, Decision(stream, after)))])

    # The story

    def tell(self) -> "Teller":
        """Tell all of it: the founding, members, and one or two campaigns at the same time."""
        self.decide(site.STREAM, founded(self.partitions))
        for _ in range(self.random.randint(2, 6)):
            self._join()
        self.decide(site.STREAM, site.RoleGranted(member=HOST, role="host"), site.RoleGranted(member=HOST, role="admin"))
        running = [self._campaign() for _ in range(self.random.choice((1, 2)))]
        while running:
            story = self.random.choice(running)
            if next(story, "over") == "over":
                running.remove(story)
        more = site.PartitionsAdded(partitions=self.partitions + 1)
        self.decide(site.STREAM, more, site_changed(HOST), site.RoleRevoked(member=HOST, role="admin", by=HOST, reason=text("x")))
        self.flush()
        return self

    def _join(self) -> None:
        member = self._fresh("fan")
        self._members.append(member)
        self.put(0, members.MemberJoined(member=member))

    def _campaign(self) -> Iterator[None]:
        campaign = self._fresh("camp")
        rounds = [self._fresh("round") for _ in range(3)]
        letters = [f"opt{letter}" for letter in "abcdef"[: self.random.randint(2, 6)]]
        plans = []
        for place, _ in enumerate(rounds):
            fixed = place == 1 and self.chance(0.3)
            options = FixedList(options=a_plan(*letters).options.options) if fixed else Advanced(round=rounds[place - 1])  # type: ignore[union-attr]
            method = "support.v1" if place == 0 else self.random.choice(("plurality.v1", "approval.v1"))
            plans.append(
                a_plan(
                    method=method,
                    options=IdeasRaised() if place == 0 else options,
                    most=self.random.randint(1, 3) if method == "approval.v1" else 1,
                    advance=self.random.randint(1, 3),
                    ties=self.random.choice(("earliest", "all-advance")),
                    electorate=self.electorate(),
                )
            )
        self.campaigns.append(campaign)
        self.rounds += rounds
        planned = [
            campaigns.RoundPlanned(campaign=campaign, round=each, plan=plan, by=HOST)
            for each, plan in zip(rounds, plans, strict=True)
        ]
        titles = {"title": text(campaign), "story": text("story")}
        self.decide(campaign, campaigns.CampaignPublished(campaign=campaign, by=HOST, **titles), *planned)
        yield
        offered: list[str] = []
        for place, each in enumerate(planned):
            if self.chance(0.3):
                self.decide(campaign, msgspec.structs.replace(each, plan=msgspec.structs.replace(each.plan, advance=2)))
            offered = yield from self._round(campaign, each.round, offered if place else [])

    def _round(self, campaign: str, round_id: str, offered: list[str]) -> Generator[None, None, list[str]]:
        terms = self._open(campaign, round_id, offered)
        supported = terms.plan.method == "support.v1"
        for _ in range(self.random.randint(10, 40)):
            self._act(terms)
            if self.chance(0.06):
                self._amend(campaign, round_id)
            yield
        if self.chance(0.12):
            self._void(campaign, round_id)
        elif not supported or not self.chance(0.3):
            yield from self._close(campaign, terms)
        else:
            self.happened["closed in one decision"] += 1
            self.decide(campaign, campaigns.RoundClosing(round=round_id), campaigns.RoundClosed(round=round_id))
        raised = [idea.idea for idea in self._ideas[round_id] if idea.idea not in self._withdrawn]
        options = raised if supported else [option.id for option in terms.options]
        return options[: self.random.randint(2, 6)]

    def _open(self, campaign: str, round_id: str, offered: list[str]) -> RoundTerms:
        found = self.streams.campaigns[campaign].round(round_id)
        assert found is not None
        plan = found.plan
        if isinstance(plan.options, FixedList):
            offered = [option.id for option in plan.options.options]
        ballots = list(range(1, self.partitions)) or [0]
        if self.chance(0.3):
            ballots = self.random.sample(ballots, self.random.randint(1, len(ballots)))
        terms = RoundTerms(
            campaign=campaign,
            round=round_id,
            plan=msgspec.structs.replace(plan, opens_at=self._now) if self.chance(0.2) else plan,
            options=tuple(Option(id=each, label=text(each), version=1) for each in offered),
            partitions=() if plan.method == "support.v1" else tuple(ballots),
        )
        self._terms.append(hash_terms(terms))
        self.decide(campaign, campaigns.RoundOpened(terms=terms, moment=tuple(self._heads) if self.chance(0.7) else ()))
        return terms

    def _amend(self, campaign: str, round_id: str) -> None:
        why = {"reason": text("Rain."), "by": HOST}
        amendment = self.random.choice(("extended", "reworded", "paused"))
        match amendment:
            case "extended":
                self.decide(campaign, campaigns.RoundExtended(round=round_id, closes_at=self._now + timedelta(hours=2), **why))
            case "reworded":
                ask = msgspec.structs.replace(ASK, question=text("Which one, really?"))
                self.decide(campaign, campaigns.RoundReworded(round=round_id, ask=ask, **why))
            case _:
                self.decide(campaign, campaigns.RoundPaused(round=round_id, **why))
                self.decide(campaign, campaigns.RoundResumed(round=round_id, by=HOST))
        self.happened[amendment] += 1

    def _void(self, campaign: str, round_id: str) -> None:
        self.happened["voided"] += 1
        self.decide(campaign, campaigns.RoundVoided(round=round_id, reason=text("A fault."), by=HOST))

    def _close(self, campaign: str, terms: RoundTerms) -> Iterator[None]:
        self.happened["hidden at the close"] += any(each.idea in self._hidden for each in self._ideas[terms.round])
        self.decide(campaign, campaigns.RoundClosing(round=terms.round))
        for partition in self.random.sample(terms.partitions, len(terms.partitions)):
            self._act(terms)
            self.put(partition, BallotsClosed(terms=hash_terms(terms)))
            yield
        self.flush(*terms.partitions)
        for _ in range(self.random.randint(0, 8)):
            self._act(terms)
        self.decide(campaign, campaigns.RoundClosed(round=terms.round))
        for member in sorted(self.random.sample(self._members, len(self._members) // 2)):
            self.put(0, members.TookPart(member=member, round=terms.round))
        yield
        if self._unread:
            self.happened["ruled"] += 1
            passed = tuple(self.random.sample(self._unread, self.random.randint(1, len(self._unread))))
            self.decide(campaign, campaigns.RoundRuled(round=terms.round, events=passed, reason=text("A fault."), by=HOST))
        self.decide(campaign, campaigns.RoundSealed(round=terms.round, moment=tuple(self._heads), report=text(terms.round)))
        if self.chance(0.1):
            self._void(campaign, terms.round)

    # Fans

    def _act(self, terms: RoundTerms) -> None:
        if self.chance(0.03):
            self._forget()
        if self.chance(0.16):
            self._moderate()
        if self.chance(0.08):
            self._join()
        elif terms.plan.method != "support.v1":
            self._vote(terms)
        elif len(self._ideas[terms.round]) < 3 or self.chance(0.2):
            self._raise(terms)
        else:
            self._respond(terms)

    def _raise(self, terms: RoundTerms) -> None:
        words: dict[str, Any] = {"title": text("t"), "body": text("b"), "tags": text("")}
        author = self.random.choice(self._members)
        raised = ideas.IdeaRaised(idea=self._fresh("idea"), campaign=terms.campaign, round=terms.round, by=author, **words)
        self._ideas[terms.round].append(raised)
        self.put(0, raised)
        if self.chance(0.3):
            self.put(0, ideas.IdeaEdited(idea=raised.idea, version=2, by=author, **words))

    def _respond(self, terms: RoundTerms) -> None:
        raised = self.random.choice(self._ideas[terms.round])
        idea = raised.idea if not self.chance(0.03) else "neverraised"
        member = self.random.choice(self._members)
        deed = self.random.random()
        if deed < 0.1:
            self._comments.append((self._fresh("comment"), raised))
            self.put(0, ideas.CommentMade(comment=self._comments[-1][0], idea=idea, by=member, text=text("Yes!")))
        elif deed < 0.2:
            self.happened["idea withdrawn" if member == raised.by else "idea withdrawn by a stranger"] += 1
            self._withdrawn.update({idea} if member == raised.by else ())
            self.put(0, ideas.IdeaWithdrawn(idea=idea, by=member))
        else:
            self._press(terms, idea, member)

    def _press(self, terms: RoundTerms, idea: str, member: str) -> None:
        found = self.streams.campaigns[terms.campaign].round(terms.round)
        self.happened["late support"] += found is not None and found.status != "open"
        self.happened["support for a withdrawn idea"] += idea in self._withdrawn
        self.happened["support for a hidden idea"] += idea in self._hidden
        number = self._number(idea, member)
        if self.chance(0.7):
            self.put(0, ideas.IdeaSupported(idea=idea, by=member, number=number))
        else:
            self.happened["support withdrawn"] += 1
            self.put(0, ideas.SupportWithdrawn(idea=idea, by=member, number=number))

    def _number(self, what: str, who: str) -> int:
        latest = self._numbers[what, who]
        if latest and self.chance(0.1):
            self.happened["same number again"] += 1
            return latest
        if latest > 1 and self.chance(0.15):
            self.happened["lower number later"] += 1
            return self.random.randint(1, latest - 1)
        self._numbers[what, who] += self.random.choice((1, 1, 2))
        return self._numbers[what, who]

    def _vote(self, terms: RoundTerms) -> None:
        voter = token(f"{terms.round} {self.random.randrange(7)}")
        partition = slot(voter, terms.partitions)
        if self.chance(0.05) and self.partitions > 1:
            self.happened["astray"] += 1
            partition = self.random.choice([each for each in range(self.partitions) if each != partition])
        terms_hash = hash_terms(terms)
        if self.chance(0.02):
            self.happened["unknown terms"] += 1
            terms_hash = text("no terms")
        choice = Chosen(options=self._chosen(terms))
        number = self._number(terms.round, voter)
        ballot = BallotCast(terms=terms_hash, voter=voter, number=number, choice=choice, channel="web", admission="member")
        self.put(partition, ballot)

    def _chosen(self, terms: RoundTerms) -> tuple[str, ...]:
        offered = sorted(option.id for option in terms.options)
        fault = self.random.random()
        if fault < 0.04:
            self.happened["not offered"] += 1
            return ("zebra",)
        if fault < 0.08 and len(offered) > terms.plan.most:
            self.happened["too many options"] += 1
            return tuple(offered[: terms.plan.most + 1])
        if fault < 0.2 and terms.plan.most > 1 and len(offered) > 1:
            self.happened["unsorted"] += 1
            return self.random.choice((tuple(reversed(offered[:2])), (offered[0], offered[0]), ()))
        most = min(terms.plan.most, len(offered))
        return tuple(sorted(self.random.sample(offered, self.random.randint(1, most)))) if offered else ("zebra",)


def interleaved(random: Random, written: list[StoredEntry]) -> Iterator[StoredEntry]:
    """Yield the entries in some other order that keeps the order of each partition."""
    lanes: dict[int, list[StoredEntry]] = defaultdict(list)
    for entry in written:
        lanes[entry.partition].append(entry)
    waiting = {partition: iter(lane) for partition, lane in lanes.items()}
    while waiting:
        partition = random.choice(list(waiting))
        run = list(islice(waiting[partition], random.choice((1, 2, 50))))
        yield from run
        if not run:
            del waiting[partition]
