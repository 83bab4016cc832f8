"""``fanfare as-of``: every figure as of a moment, and what changed between two of them."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.course import Course
from fanfare.audit.claims import silent
from fanfare.audit.questions.as_of import as_of, moment_of, shown
from fanfare.audit.questions.asking import run_as_of
from fanfare.audit.questions.between import Difference, between
from fanfare.audit.questions.passage import CannotAnswer, opened
from fanfare.record.campaigns import RoundOpened
from fanfare.record.entry import unpack
from fanfare.record.position import Moment
from fanfare.reports.report import encoded
from tests.builders import NOON, a_ballot, a_plan, body, founded, planned, published, recorded, terms_for
from tests.unit.audit.archives import Record, a_record, write_archive

RELEASED = Path(__file__).parents[2] / "releases" / "0.1.0" / "site.tar"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Write the archive of a round that idea0 won by 6 to 3, each voter having voted twice."""
    return write_archive(tmp_path / "a.tar", a_record().written)


def changed(path: Path, what: str, *moments: Moment, most: int | None = None) -> Difference:
    """Return what changed between two moments of an archive."""
    before, after = moments
    with opened(path, silent) as archive:
        return between(archive, what, (before, after), most)


def said(path: Path, written: str) -> Moment:
    """Return what moment is meant."""
    with opened(path, silent) as archive:
        return moment_of(archive, written)


def refused(path: Path, written: str) -> str:
    """Return why no moment is meant."""
    with pytest.raises(CannotAnswer) as caught:
        said(path, written)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["rounds", "campaigns"])
def test_as_of_the_moment_of_each_published_report_of_a_release_it_is_that_report(kind: str) -> None:
    with opened(RELEASED, silent) as archive:
        reports = [each for each in archive.manifest.reports if each.member.startswith(f"reports/{kind}/")]
        for each in reports:
            what = f"{kind.removesuffix('s')}:{each.member.removesuffix('.json').rpartition('/')[2]}"
            (found,) = as_of(archive, each.moment, what)
            assert encoded(found) == archive.body(each.member)


def test_as_of_the_moment_of_a_seal_the_round_is_what_was_sealed(archive: Path) -> None:
    course = Course()
    with opened(archive, silent) as found:
        for offset, stored in found.entries(0):
            course.apply(unpack(0, offset, stored))
        sealed = [as_of(found, each.moment, f"round:{each.round}")[0] for each in course.seals]

    assert [msgspec.json.decode(encoded(each))["status"] for each in sealed] == ["closed", "closed"]
    assert [msgspec.json.decode(encoded(each))["ballots"]["counted"] for each in sealed] == [12, 9]


def test_of_nothing_named_every_report_that_there_was_is_told(archive: Path) -> None:
    with opened(archive, silent) as found:
        early, late = as_of(found, (2, 0, 0, 0)), as_of(found, found.manifest.moment)

    assert (len(early), len(late)) == (0, 3)


def timed() -> Record:
    """Return the record of a round that opened at noon, with a ballot a minute, one of them by a clock that is slow."""
    record = Record()
    record.decide(founded(), stream="site")
    terms = terms_for(a_plan())
    record.decide(published(), planned(a_plan()))
    record.decide(RoundOpened(terms=terms))
    for late in (1, 2, 3, 2, 4):
        ballot = a_ballot(terms, f"fan{len(record.written)}", "a")
        record.append(body(recorded(ballot, at=NOON + timedelta(minutes=late))), 1)
    return record


def test_a_time_counts_each_partition_up_to_its_first_later_event(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", timed().written)

    assert said(path, "2026-11-11T11:59:59Z") == (0, 0, 0, 0)
    assert said(path, "2026-11-11T12:00:00Z") == (3, 0, 0, 0)
    assert said(path, "2026-11-11T13:02:00+01:00") == (3, 2, 0, 0)
    assert said(path, "2026-11-11T12:03:59Z") == (3, 4, 0, 0)
    assert said(path, "2027-01-01T00:00:00Z") == (3, 5, 0, 0)


def test_a_moment_that_cannot_be_meant_is_refused_with_one_that_can(archive: Path) -> None:
    with opened(archive, silent) as found:
        end = shown(found.manifest.moment)

    assert said(archive, end) == tuple(map(int, end.split(",")))
    assert said(archive, "3, 1") == (3, 1)
    assert f"beyond the record, which ends at the moment {end}" in refused(archive, "99999,0,0,0")
    assert "beyond the record" in refused(archive, "1,,2,3")
    assert "neither a moment, such as" in refused(archive, "noon")
    assert "does not say its zone" in refused(archive, "2026-11-11T12:00:00")


def ends(path: Path) -> Moment:
    """Return how far an archive goes."""
    with opened(path, silent) as archive:
        return archive.manifest.moment


def test_a_difference_names_each_figure_the_ballots_by_option_and_every_event(archive: Path) -> None:
    end = ends(archive)
    before = (end[0], 0, 0, 0)

    found = changed(archive, "round:final", before, end)

    changes = {each.path: (each.before, each.after) for each in found.changes}
    assert changes["ballots/counted"] == (0, 9)
    assert changes["ranking/idea0/votes"] == (0, 6)
    assert changes["ranking/idea2/votes"] == (0, 3)
    assert "ranking/idea0/rank" not in changes
    assert found.ballots == {"final": {"idea0": {"counted": 6, "replaced": 6}, "idea2": {"counted": 3, "replaced": 3, "late": 1}}}
    assert found.events == {"fanfare.ballots.closed.v1": 3}
    assert found.caused == len(found.causes) == 22
    assert all(each.instead_of for each in found.causes if each.fate == "counted")


def test_a_difference_goes_from_the_earlier_moment_whichever_is_named_first(archive: Path) -> None:
    end = ends(archive)
    before = (end[0], 0, 0, 0)

    assert changed(archive, "round:final", end, before) == changed(archive, "round:final", before, end)


def test_moments_of_which_neither_holds_the_other_have_no_difference(archive: Path) -> None:
    with pytest.raises(CannotAnswer, match="holds the other"):
        changed(archive, "round:final", (9, 1, 0, 0), (9, 0, 1, 0))


def test_a_moment_of_fewer_partitions_stands_before_one_of_more(archive: Path) -> None:
    end = ends(archive)

    found = changed(archive, "round:final", end[:1], end)

    assert (found.before, found.after) == ((end[0], 0, 0, 0), end)


def test_causes_are_named_up_to_a_number_and_all_are_counted(archive: Path) -> None:
    end = ends(archive)

    some = changed(archive, "round:final", (end[0], 0, 0, 0), end, most=3)

    assert (len(some.causes), some.caused) == (3, 22)
    assert some.causes == changed(archive, "round:final", (end[0], 0, 0, 0), end).causes[:3]


def test_in_a_campaign_comments_and_ideas_are_causes_too(archive: Path) -> None:
    found = changed(archive, "campaign:flavour", (3, 0, 0, 0), ends(archive))

    assert found.events["fanfare.idea.raised.v1"] == 3
    assert found.ballots["ideas"] == {f"idea{each}": {"counted": 5 - each} for each in range(3)}


def test_the_command_prints_a_moment_a_difference_and_why_not(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    end = shown(ends(archive))

    assert run_as_of(archive, end, "round:final") == 0
    assert "ranking/0" in capfd.readouterr().out
    assert run_as_of(archive, end, "round:final", against=f"{end.split(',')[0]},0,0,0") == 0
    told = capfd.readouterr().out
    assert "ranking/idea0/votes" in told
    assert "fanfare.ballot.cast.v1 replaced" in told
    assert run_as_of(archive, end, against=end) == 2
    assert run_as_of(archive, end, "final") == 2
    assert run_as_of(archive, "0,0,0,0", "round:final") == 2
    told = capfd.readouterr().out
    assert "a difference is one of a round or a campaign" in told
    assert "'final' is neither round:ID nor campaign:ID" in told
    assert "the record knows no round final at the moment 0,0,0,0" in told


def test_the_command_answers_in_json_with_the_reports_as_they_would_be_published(
    archive: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_as_of(archive, shown(ends(archive)), "round:final", json=True) == 0

    answer = msgspec.json.decode(capfd.readouterr().out)
    with opened(archive, silent) as found:
        assert answer["reports"] == [msgspec.json.decode(found.body("reports/rounds/final.json"))]
