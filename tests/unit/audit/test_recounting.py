"""``fanfare recount``: what a round would have come to by another method, or without some of its ballots."""

from pathlib import Path

import msgspec
import pytest

from fanfare.audit.claims import silent
from fanfare.audit.questions.asking import Without, run_recount
from fanfare.audit.questions.passage import CannotAnswer, opened
from fanfare.audit.questions.recounting import Asked, Recounted, count_again
from fanfare.record.campaigns import RoundClosed, RoundClosing, RoundOpened, RoundSealed, RoundVoided
from fanfare.record.entry import unpack
from fanfare.record.envelope import Recorded
from fanfare.record.ideas import IdeaSupported
from fanfare.record.site import RoleGranted, RoleRevoked
from tests.builders import HOST, a_ballot, a_marker, a_plan, founded, hosted, planned, published, terms_for, text, token
from tests.unit.audit.archives import Record, a_record, cast, recounted, seal, with_choice, write_archive

RELEASED = Path(__file__).parents[2] / "releases" / "0.1.0" / "site.tar"


def asked(path: Path, round_id: str = "final", **how: object) -> Recounted:
    """Count a round of an archive again."""
    with opened(path, silent) as archive:
        return count_again(archive, round_id, Asked(**how))  # type: ignore[arg-type]


def refused(path: Path, round_id: str = "final", **how: object) -> str:
    """Return why a round cannot be counted so."""
    with pytest.raises(CannotAnswer) as caught:
        asked(path, round_id, **how)
    return str(caught.value)


def votes(found: Recounted) -> dict[str, int]:
    """Return the votes that came out, in the order of the ranking."""
    return {each.option: each.votes for each in found.ranking}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Write the archive of a round that idea0 won by 6 to 3, each voter having voted twice."""
    return write_archive(tmp_path / "a.tar", a_record().written)


def approved(*ballots: tuple[str, ...], closed: bool = True) -> Record:
    """Return the record of a round of approval with these ballots, of one voter each."""
    record = Record()
    plan = a_plan(method="approval.v1", most=2)
    record.decide(founded(), hosted(), stream="site")
    record.decide(published(), planned(plan))
    terms = terms_for(plan)
    record.decide(RoundOpened(terms=terms))
    cast(record, [a_ballot(terms, f"fan{fan}", *options) for fan, options in enumerate(ballots)], terms)
    if closed:
        record.decide(RoundClosing(round="final"))
        for partition in terms.partitions:
            record.put(a_marker(terms), partition=partition)
        record.decide(RoundClosed(round="final"))
        seal(record, "final")
    return record


def test_with_nothing_left_out_every_round_of_a_release_comes_out_as_it_was_published() -> None:
    with opened(RELEASED, silent) as archive:
        reports = [each.member for each in archive.manifest.reports if each.member.startswith("reports/rounds/")]
        bodies = [msgspec.json.decode(archive.body(each)) for each in reports]
        found = [count_again(archive, each["round"], Asked()) for each in bodies if each["status"] != "void"]

    assert found
    for again, body in zip(found, (each for each in bodies if each["status"] != "void"), strict=True):
        assert [(each.option, each.votes, each.rank, each.advanced) for each in again.ranking] == [
            (each["option"], each["votes"], each["rank"], each["advanced"]) for each in body["ranking"]
        ]
        assert (again.exit_code, list(again.moment)) == (0, body["moment"])


def test_without_the_voters_of_the_winner_another_wins(archive: Path) -> None:
    found = asked(archive, voters=frozenset(token(f"fan{fan}") for fan in (1, 2, 4, 5)))

    assert votes(found) == {"idea2": 3, "idea0": 2}
    assert [(each.option, each.published_votes, each.published_rank, each.rank) for each in found.ranking] == [
        ("idea2", 3, 2, 1),
        ("idea0", 6, 1, 2),
    ]
    assert (found.left_out, found.changes, found.exit_code) == (8, True, 1)


def test_without_a_ballot_the_one_before_it_of_the_same_voter_counts(archive: Path) -> None:
    newest = {each.id for each in ballots_in(archive) if each.event.voter == token("fan1") and each.event.number == 2}  # type: ignore[attr-defined]

    found = asked(archive, ballots=frozenset(newest))

    assert votes(found) == {"idea0": 6, "idea2": 3}
    assert (found.left_out, found.ballots.counted, found.ballots.replaced) == (1, 9, 8)


def ballots_in(path: Path) -> list[Recorded]:
    """Return the ballots of an archive."""
    with opened(path, silent) as archive:
        entries = [unpack(lane, offset, body) for lane in (1, 2, 3) for offset, body in archive.entries(lane)]
    return [each for entry in entries for _, each in entry.positioned() if hasattr(each.event, "voter")]


def test_without_a_channel_its_ballots_are_gone(archive: Path) -> None:
    assert asked(archive, channels=frozenset({"api"})).exit_code == 0
    assert "of 9 ballots that count in final none is left: nobody wins" in refused(archive, channels=frozenset({"web"}))


def test_without_its_member_support_is_gone_and_her_ideas_stay(archive: Path) -> None:
    found = asked(archive, "ideas", members=frozenset({"fan0", "fan1"}))

    assert votes(found) == {"idea0": 3, "idea1": 3, "idea2": 3}
    assert found.ballots.counted == 9


def test_without_hosts_the_support_of_whoever_was_one_is_gone(tmp_path: Path) -> None:
    record = a_record(closed=False, voted=False)
    record.decide(RoleGranted(member="fan4", role="host"), stream="site")
    record.decide(RoleRevoked(member="fan4", role="host", by=HOST, reason=text("She left.")), stream="site")
    record.decide(RoleGranted(member="fan3", role="moderator"), stream="site")

    found = asked(write_archive(tmp_path / "a.tar", record.written), "ideas", hosts=True)

    assert found.left_out == 3
    assert votes(found) == {"idea0": 4, "idea2": 2}


def test_approval_of_ballots_that_name_one_option_is_the_same_as_plurality(archive: Path) -> None:
    found = asked(archive, method="approval.v1")

    assert (found.method, found.counted_by, found.exit_code) == ("plurality.v1", "approval.v1", 0)
    assert votes(found) == {"idea0": 6, "idea2": 3}


def test_plurality_is_refused_where_a_ballot_that_counts_names_several_options(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar", approved(("a", "b"), ("a",), ("b", "c")).written)

    assert "2 of 3 ballots that count in final do not fit plurality.v1" in refused(path, method="plurality.v1")
    assert asked(path, method="plurality.v1", voters=frozenset({token("fan0"), token("fan2")})).ballots.counted == 1


def test_an_open_round_is_counted_at_the_moment_of_its_published_report(tmp_path: Path) -> None:
    found = asked(
        write_archive(tmp_path / "a.tar", approved(("a",), ("b",), ("b",), closed=False).written), method="plurality.v1"
    )

    assert (found.sealed, votes(found), found.exit_code) == (False, {"b": 2, "a": 1, "c": 0}, 0)


def test_what_was_published_and_does_not_follow_is_nothing_to_compare_with(tmp_path: Path) -> None:
    written = a_record().written

    found = asked(write_archive(tmp_path / "a.tar", written, stored=with_choice(written, "fan1", "idea2")))

    assert (found.follows, found.exit_code) == (False, 2)


def test_what_cannot_be_asked_of_a_round_is_refused_with_what_can(archive: Path) -> None:
    assert "no ballot names a member or a host; leave out voters" in refused(archive, hosts=True)
    assert "leave out members" in refused(archive, "ideas", voters=frozenset({token("fan1")}))
    assert "no other method fits it" in refused(archive, "ideas", method="approval.v1")
    assert "the record knows no round finale" in refused(archive, "finale")


def test_leaving_out_what_is_not_there_is_refused_and_reads_not_as_no_change(archive: Path) -> None:
    said = refused(archive, ballots=frozenset({"f" * 32, "e" * 32}))

    assert (
        said
        == f"final cannot be counted as asked: it has no ballot with the event id {'e' * 32}; nor is there 1 more of those named"
    )
    assert refused(archive, voters=frozenset({"e" * 64, "f" * 64, "d" * 64})).endswith("nor are there 2 more of those named")
    assert "nobody joined as fan9" in refused(archive, "ideas", members=frozenset({"fan9"}))


def test_a_voided_round_has_nothing_to_count_again(tmp_path: Path) -> None:
    record = a_record()
    record.decide(RoundVoided(round="final", reason=text("A fault."), by=HOST))

    assert "it was voided" in refused(write_archive(tmp_path / "a.tar", record.written))


def test_a_support_that_is_left_out_by_its_event_id_is_of_this_round_alone(tmp_path: Path) -> None:
    record = a_record()
    press = next(
        each.id
        for stored in record.written
        if stored.partition == 0
        for _, each in unpack(0, stored.offset, stored.body).positioned()
        if isinstance(each.event, IdeaSupported)
    )
    path = write_archive(tmp_path / "a.tar", record.written)

    assert asked(path, "ideas", ballots=frozenset({press})).ballots.counted == 11
    assert "it has no ballot with the event id" in refused(path, ballots=frozenset({press}))


def test_the_command_prints_both_rankings_and_the_verdict(
    archive: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "voters.txt"
    file.write_text("# those of one street\n" + "\n".join(token(f"fan{fan}") for fan in (1, 2, 4, 5)) + "\n\n")

    assert run_recount(archive, "final", without=Without(voters=file)) == 1

    told = capfd.readouterr().out
    assert "final, counted again by plurality.v1, without 8 ballots" in told
    assert "The winner changes: idea0 as published, idea2 recounted." in told


def test_the_command_answers_in_json_and_says_why_it_could_not(
    archive: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_recount(archive, "final", "approval", json=True) == 0
    answer = msgspec.json.decode(capfd.readouterr().out)
    assert (answer["schema"], answer["changes"], answer["exit_code"]) == ("fanfare.recount.v1", False, 0)

    (tmp_path / "empty").write_text("# nobody\n")
    assert run_recount(archive, "final", without=Without(voters=tmp_path / "empty")) == 2
    assert run_recount(archive, "final", "borda") == 2
    assert run_recount(tmp_path / "none.tar", "final") == 2
    told = capfd.readouterr().out
    assert "empty: it names nothing to leave out" in told
    assert "'borda' is no method of counting ballots; there are plurality.v1, approval.v1" in told
    assert "none.tar: No such file" in told


def test_a_seal_that_its_record_does_not_reach_is_refused(tmp_path: Path) -> None:
    record = a_record(sealed=False)
    report = recounted(record.written).round_report("final")
    record.decide(RoundSealed(round="final", moment=tuple(each + 99 for each in report.moment), report=text("x")))

    assert "no published report of final that its record reaches" in refused(write_archive(tmp_path / "a.tar", record.written))
