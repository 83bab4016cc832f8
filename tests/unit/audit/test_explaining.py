"""``fanfare explain``: what is behind an award, and behind all awards of a member."""

import re
from pathlib import Path

import pytest

from fanfare.audit.commands import run_explain
from fanfare.record.members import MemberErased
from fanfare.record.recognition import AwardGranted, StandingsJoined, StandingsLeft
from tests.awarded import awards_in, lane
from tests.builders import HOST, text
from tests.unit.audit.archives import a_record, write_archive
from tests.unit.audit.test_awards import a_recognised_record, raised, recognise

FLAVOUR = "flavour"


def test_points_that_fell_tell_what_earned_and_what_undid_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = a_recognised_record()
    fallen = next(each for each in awards_in(lane(record.written)) if each.turn == 2)

    assert run_explain(write_archive(tmp_path / "a.tar", record.written), fallen.award) == 0

    told = re.sub(r"[0-9a-f]{32}", "<id>", capfd.readouterr().out).splitlines()
    assert told == [
        "5 points: award <id> of fan1",
        "  by the rule first-idea, version 1, published at 0:13:0",
        "  0:17:2: turn 1, granted because of idea-raised on late2, at 0:16, event <id>",
        "  0:23:0: turn 2, revoked because of idea-raised on late2, which fell, at 0:18, event <id>",
        "  it does not stand",
    ]


def test_of_a_member_every_award_is_told_with_the_deeds_that_a_badge_counts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_explain(write_archive(tmp_path / "a.tar", a_recognised_record().written), "fan0") == 0

    told = capfd.readouterr().out
    assert "Level 1 of a badge" in told
    assert len(re.findall(r"counts idea-(?:advanced|won) on idea0, at 0:\d+", told)) == 2


def test_a_title_tells_who_gave_it_and_for_what(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = a_record()
    words = {"words": text("Friend of rhubarb"), "reason": text("She asked first."), "by": HOST}
    record.put(AwardGranted(award="a" * 32, turn=1, member="fan1", kind="title", because=("idea1",), **words))  # type: ignore[arg-type]

    assert run_explain(write_archive(tmp_path / "a.tar", record.written), "a" * 32) == 0
    assert f"given by {HOST} for idea1" in capfd.readouterr().out


def test_a_forged_award_is_marked_and_ends_with_exit_code_1(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = a_record()
    forged = AwardGranted(
        award="0" * 32, turn=1, member="fan1", kind="points", points=5, rule="gift", version=1, cause="x", offset=1
    )
    record.put(forged)

    assert run_explain(write_archive(tmp_path / "a.tar", record.written), "fan1") == 1
    assert "this does NOT follow from any rule and deed" in capfd.readouterr().out


def test_what_nobody_was_awarded_cannot_be_explained(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_explain(write_archive(tmp_path / "a.tar", a_record().written), "fan1") == 2
    assert "the record has no award fan1" in capfd.readouterr().out
    assert run_explain(tmp_path / "none.tar", "fan1") == 2
    assert "none.tar: No such file" in capfd.readouterr().out


def test_standings_are_added_up_again_without_whoever_left_and_ties_share_a_rank(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    record = a_recognised_record()
    for number, member in enumerate(("fan0", "fan2", "fan3", "fan4", "fan4"), start=3):
        record.put(raised(number, member))
    recognise(record)
    record.put(StandingsLeft(member="fan2", turn=1))
    record.put(StandingsLeft(member="fan1", turn=1))
    record.put(StandingsJoined(member="fan1", turn=2))
    record.put(MemberErased(member="fan3"))
    archive = write_archive(tmp_path / "a.tar", record.written)

    told = {}
    for scope in ("flavour", "2026-q4"):
        assert run_explain(archive, scope) == 0
        told[scope] = [tuple(each.split()) for each in capfd.readouterr().out.splitlines()[1:]]

    assert told["flavour"] == [("1", "10", "fan4"), ("2", "5", "fan0"), ("2", "5", "fan1")]
    assert told["2026-q4"] == told["flavour"]


def test_standings_with_an_award_that_does_not_follow_say_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record = a_recognised_record()
    forged = AwardGranted(
        award="0" * 32,
        turn=1,
        member="fan1",
        kind="points",
        points=5,
        rule="gift",
        version=1,
        cause="x",
        offset=1,
        campaign="flavour",
    )
    record.put(forged)

    assert run_explain(write_archive(tmp_path / "a.tar", record.written), FLAVOUR) == 1
    assert "no rule and no deed before it" in capfd.readouterr().out
    assert run_explain(tmp_path / "a.tar", "1999-q1") == 2
