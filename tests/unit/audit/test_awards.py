"""The claim about awards: forged, left out, altered and doubled ones are found, each with its place; honest ones hold."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from fanfare.audit.claims import Claim
from fanfare.awards.awarding import Award
from fanfare.record.ideas import IdeaRaised, IdeaWithdrawn
from fanfare.record.members import MemberJoined
from fanfare.record.recognition import AwardGranted, AwardRevoked, Badge, Points, RulePublished, Tier
from tests.awarded import folded, lane, results
from tests.builders import HOST, text
from tests.unit.audit.archives import Record, a_record, opened, outcome_of, seal, write_archive
from tests.unit.audit.archives import _vote as vote

WORDS = {"title": text("First idea"), "words": text("For those who begin."), "by": HOST}
FIRST = RulePublished(rule="first-idea", version=1, deeds=("idea-raised",), earns=Points(points=5), **WORDS)
WON = RulePublished(
    rule="winner", version=1, deeds=("idea-won", "idea-advanced"), earns=Badge(emblem="crown", levels=(2,)), **WORDS
)
HIGH = RulePublished(rule="tier", version=1, deeds=(), earns=Tier(levels=(5, 10), names=(text("a"), text("b"))), **WORDS)
Change = Callable[[list[Award]], list[Award]]


def recognise(record: Record, change: Change = list) -> None:
    """Write what is due, as the recogniser does, changed as asked."""
    due = folded(lane(record.written), results(4, record.written)).pending.values()
    if events := change([each.event() for each in due]):
        record.put(*events)


def raised(number: int, by: str = "fan1") -> IdeaRaised:
    """Return the raising of an idea."""
    title, rest = text(f"t{number}"), text("")
    return IdeaRaised(idea=f"late{number}", campaign="flavour", round="ideas", by=by, title=title, body=rest, tags=rest)


def a_recognised_record(change: Change = list) -> Record:
    """Rules are published after the ideas of a campaign were sealed; two more are raised, one withdrawn, and the final is won."""
    record = a_record(voted=False)
    record.decide(FIRST, stream="recognition")
    record.decide(WON, HIGH, stream="recognition")
    record.put(raised(1))
    record.put(raised(2))
    recognise(record, change)
    record.put(IdeaWithdrawn(idea="late2", by="fan1"))
    vote(record, opened(record, ("idea0", "idea2")))
    seal(record, "final")
    recognise(record)
    return record


def awards_claim(path: Path, record: Record) -> Claim:
    """Return what the replay of a record's archive says of awards."""
    return next(each for each in outcome_of(write_archive(path, record.written)).claims if each.name == "awards")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def test_honest_awards_of_every_kind_follow_from_the_record(file: Path) -> None:
    record = a_recognised_record()

    found = awards_claim(file, record)

    assert found.differences == ()
    assert found.detail == "7 awards and revocations of 3 rules follow from what fans did"


def test_a_record_without_a_rule_says_so(file: Path) -> None:
    assert awards_claim(file, a_record()).detail == "no rule has been published"


def test_an_award_without_any_rule_is_found(file: Path) -> None:
    record = a_record()
    forged = AwardGranted(
        award="0" * 32, turn=1, member="fan1", kind="points", points=5, rule="gift", version=1, cause="x", offset=1
    )
    record.put(forged)

    assert awards_claim(file, record).differences == (
        f"0:{record.heads[0] - 1}:0: no rule and no deed before it makes the award {'0' * 32}, turn 1, of fan1 due",
    )


def test_an_award_that_stands_before_its_cause_is_found(file: Path) -> None:
    record = a_record(voted=False)
    record.decide(FIRST, stream="recognition")
    record.put(raised(1))
    recognise(record)
    cause, award = record.written[-2:]
    record.written[-2:] = [replace(cause, body=award.body), replace(award, body=cause.body)]

    assert "no rule and no deed before it makes" in awards_claim(file, record).differences[0]


def test_an_award_that_was_left_out_is_found(file: Path) -> None:
    record = a_recognised_record()
    place, first = next((place, each) for place, each in enumerate(record.written) if b"fanfare.award." in each.body)
    record.written[place] = replace(first, body=msgspec.json.encode(msgspec.json.decode(first.body)[1:], order="sorted"))

    differences = awards_claim(file, record).differences

    assert len(differences) == 1
    assert re.fullmatch(r"0:\d+: the award [0-9a-f]{32}, turn 1, of fan1 is due because of .* and was left out", differences[0])


def test_an_altered_number_of_points_is_found(file: Path) -> None:
    def more(due: list[Award]) -> list[Award]:
        return [replace(due[0], points=50), *due[1:]]

    differences = awards_claim(file, a_recognised_record(more)).differences

    assert len(differences) == 1
    assert differences[0].endswith("of fan1 has points 50, and due is 5")


def test_a_second_award_for_one_cause_is_found(file: Path) -> None:
    def doubled(due: list[Award]) -> list[Award]:
        return [due[0], replace(due[0], award="f" * 32), *due[1:]]

    differences = awards_claim(file, a_recognised_record(doubled)).differences

    assert len(differences) == 1
    assert f"no rule and no deed before it makes the award {'f' * 32}" in differences[0]


def test_an_award_that_was_appended_twice_is_one(file: Path) -> None:
    assert awards_claim(file, a_recognised_record(lambda due: due * 2)).passed


def test_a_person_cannot_take_what_a_rule_gave(file: Path) -> None:
    def taken(due: list[Award]) -> list[Award]:
        return [*due, AwardRevoked(award=due[0].award, turn=2, member="fan1", by=HOST, reason=text("I do not like her."))]

    assert f"{HOST} wrote about the award" in awards_claim(file, a_recognised_record(taken)).differences[0]


def test_what_is_due_since_the_last_award_may_still_be_written(file: Path) -> None:
    record = a_recognised_record()
    record.put(raised(3), raised(4))
    record.put(MemberJoined(member="fan9"))

    found = awards_claim(file, record)

    assert found.passed
    assert found.detail.endswith("; 3 that are due since then are not written yet")
