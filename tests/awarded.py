"""Awarded histories: a teller's record with a recogniser beside it that is now slow, now twice there, and dies anywhere."""

from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random

import msgspec

from fanfare.awards.awarding import Awarding, award_in
from fanfare.counting.cut import cut
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.entry import Entry, pack, unpack
from fanfare.record.envelope import Recorded, encode
from fanfare.record.recognition import AwardGranted, AwardRevoked
from fanfare.reports.recount import Recount
from tests.builders import recorded

Results = dict[str, tuple[str, ...]]
MADE_UP = b'"cause":"cause"'


def results(partitions: int, written: Iterable[StoredEntry]) -> Results:
    """Return what each sealed round of ballots chose."""
    fold = Recount(partitions)
    for stored in written:
        fold.apply(unpack(stored.partition, stored.offset, stored.body))
    found: Results = {}
    for campaign in fold.streams.campaigns.values():
        for each in campaign.rounds:
            if each.sealed and each.terms:
                figures, plan = fold.figures(each), each.terms.plan
                found[each.id] = cut(figures.options, figures.votes, plan.advance, plan.ties).advanced
    return found


def lane(written: Iterable[StoredEntry]) -> list[bytes]:
    """Return the entries of partition 0, without the awards by rules that a history makes up: here recognisers write them."""
    return [_without_awards(each.body) for each in written if each.partition == 0]


def _without_awards(stored: bytes) -> bytes:
    if MADE_UP not in stored:
        return stored
    return pack([bytes(each) for each in msgspec.json.decode(stored, type=list[msgspec.Raw]) if MADE_UP not in bytes(each)])


def folded(bodies: Sequence[bytes], chosen: Results) -> Awarding:
    """Fold entries of partition 0 from the beginning, as a recogniser does that was started anew."""
    awarding = Awarding(chosen)
    for offset, each in enumerate(bodies):
        awarding.apply(unpack(0, offset, each))
    return awarding


class Stage:
    """A record to which fans write, and recognisers. Mutable."""

    def __init__(self, random: Random, chosen: Results) -> None:
        """Start with two recognisers that have read nothing."""
        self.bodies: list[bytes] = []
        self.crashes = 0
        self._random = random
        self._chosen = chosen
        self._recognisers = [Awarding(chosen), Awarding(chosen)]

    def append(self, body: bytes) -> None:
        """Append what fans and hosts did."""
        self.bodies.append(body)

    def run(self, index: int, *, at_once: int = 3) -> bool:
        """
        Let a recogniser do one run, and tell whether it found nothing to do.

        It may die before its append, after it, or after half of it was read back; then another starts from the beginning.
        """
        one = self._recognisers[index]
        self._read(one)
        batch = list(islice(one.pending.values(), at_once))
        fate = self._random.random()
        if fate < 0.1:
            self._die(index)
            return False
        if batch:
            self.bodies.append(pack([encode(recorded(each.event(), id=each.event_id)) for each in batch]))
        if fate < 0.2:
            self._die(index)
        return not batch

    def finish(self) -> None:
        """Let both run until nothing is due."""
        for _ in range(100 + len(self.bodies)):
            if all([self.run(0, at_once=50), self.run(1, at_once=50)]):
                return
        message = "the recognisers find no end"
        raise AssertionError(message)

    def _read(self, one: Awarding) -> None:
        for offset in range(one.next_offset, len(self.bodies)):
            one.apply(unpack(0, offset, self.bodies[offset]))

    def _die(self, index: int) -> None:
        self.crashes += 1
        self._recognisers[index] = Awarding(self._chosen)


def played(random: Random, bodies: Sequence[bytes], chosen: Results) -> Stage:
    """Return the record that comes of a history with recognisers beside it."""
    stage = Stage(random, chosen)
    for each in bodies:
        stage.append(each)
        if random.random() < 0.3:
            stage.run(random.randrange(2))
    stage.finish()
    return stage


def awards_in(bodies: Iterable[bytes]) -> list[AwardGranted | AwardRevoked]:
    """Return every award in the record that a rule gave or took."""
    entries: Iterable[Entry] = (unpack(0, offset, each) for offset, each in enumerate(bodies))
    found = [award_in(each) for entry in entries for each in entry.events if isinstance(each, Recorded)]
    return [each for each in found if each is not None and each.by is None]


def standing(bodies: Iterable[bytes]) -> dict[str, AwardGranted]:
    """Return the awards that stand, as any reader of the record finds them: of each the highest turn, of equal ones the first."""
    latest: dict[str, AwardGranted | AwardRevoked] = {}
    for each in awards_in(bodies):
        if each.award not in latest or each.turn > latest[each.award].turn:
            latest[each.award] = each
    return {award: each for award, each in latest.items() if isinstance(each, AwardGranted)}
