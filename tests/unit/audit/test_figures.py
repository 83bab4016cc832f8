"""``fanfare explain`` of a figure: the events that it came from."""

from pathlib import Path

import msgspec
import pytest

from fanfare.audit.claims import silent
from fanfare.audit.questions.asking import run_explain_figure
from fanfare.audit.questions.figures import Explained, explain_figure, lines
from fanfare.audit.questions.passage import CannotAnswer, opened
from tests.histories import Teller
from tests.unit.audit.archives import a_record, with_choice, write_archive

RELEASED = Path(__file__).parents[2] / "releases" / "0.1.0" / "site.tar"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Write the archive of a round that idea0 won by 6 to 3, each voter having voted twice."""
    return write_archive(tmp_path / "a.tar", a_record().written)


def explained(path: Path, what: str) -> Explained:
    """Explain a figure of an archive."""
    with opened(path, silent) as archive:
        return explain_figure(archive, what)


def refused(path: Path, what: str) -> str:
    """Return why it cannot be explained."""
    with pytest.raises(CannotAnswer) as caught:
        explained(path, what)
    return str(caught.value)


def test_votes_are_the_ballots_that_count_and_the_others_stand_apart(archive: Path) -> None:
    found = explained(archive, "round:final/ranking/1/votes")

    assert (found.published, len(found.counted), found.follows) == (3, 3, True)
    assert {fate: len(some) for fate, some in found.apart.items()} == {"late": 1, "replaced": 3}
    assert found.counted == explained(archive, "round:final/ranking/idea2/votes").counted


def figures(path: Path) -> list[str]:
    """Return each figure of the rounds of an archive that is a number of events."""
    with opened(path, silent) as archive:
        rounds = [each.member for each in archive.manifest.reports if each.member.startswith("reports/rounds/")]
        reports = [msgspec.json.decode(archive.body(each)) for each in rounds]
    return [
        f"round:{report['round']}/{path}"
        for report in reports
        for path in (
            "members",
            *(f"ballots/{each}" for each in report["ballots"]),
            *(f"ranking/{place}/votes" for place in range(len(report["ranking"]))),
            *(f"turnout/{place}/ballots" for place in range(min(2, len(report["turnout"])))),
        )
    ]


def test_every_count_of_a_release_is_the_number_of_its_events() -> None:
    for each in figures(RELEASED):
        assert explained(RELEASED, each).follows, each


@pytest.mark.parametrize("seed", range(4))
def test_every_count_of_any_history_is_the_number_of_its_events(tmp_path: Path, seed: int) -> None:
    path = write_archive(tmp_path / "a.tar", Teller(seed, 4).tell().written, texts=())

    for each in figures(path)[::3]:
        try:
            assert explained(path, each).follows, each
        except CannotAnswer as refusal:
            assert "belonged to the circle" in str(refusal)  # noqa: PT017 - the only figure that has no such events


def test_of_a_campaign_members_ideas_comments_and_decisions_are_explained() -> None:
    with opened(RELEASED, silent) as archive:
        campaign = next(each.member for each in archive.manifest.reports if "/campaigns/" in each.member)
    what = f"campaign:{campaign.removesuffix('.json').rpartition('/')[2]}"

    found = [explained(RELEASED, f"{what}/{each}") for each in ("members", "activity/ideas", "activity/comments", "decisions")]

    assert [each.follows for each in found] == [True] * 4
    assert all(each.counted for each in found)


def test_what_is_no_number_names_the_decisions_that_it_follows_from(archive: Path) -> None:
    found = explained(archive, "round:final/status")

    assert (found.published, found.counts, found.follows) == ("sealed", False, True)
    assert len(found.counted) == 5


def test_a_published_figure_that_its_events_do_not_give_is_marked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written = a_record().written
    path = write_archive(tmp_path / "a.tar", written, stored=with_choice(written, "fan1", "idea2"))

    assert run_explain_figure(path, "round:final/ranking/0/votes") == 1
    assert "this does NOT follow from the record, which has 5" in capfd.readouterr().out


def test_what_is_no_figure_is_refused_with_what_to_ask_instead(archive: Path) -> None:
    assert "it has the parts counted, late" in refused(archive, "round:final/ballots")
    assert "there is no '9'" in refused(archive, "round:final/ranking/9/votes")
    assert "ask for round:ID/ranking/OPTION/votes" in refused(archive, "round:final/ranking/0/rank")
    assert "no published report of round:none" in refused(archive, "round:none/members")
    assert "ask for round:ideas/" in refused(archive, "campaign:flavour/rounds/0/ballots/counted")
    assert "as-of" in refused(archive, "campaign:flavour/activity/contributors")


def test_positions_are_named_up_to_a_number_and_all_of_them_are_counted(archive: Path) -> None:
    told = list(lines(explained(archive, "round:final/ballots/received"), 3))

    assert told[1].endswith("19")
    assert told[-1] == "    and 16 more; --all names every one"


def test_the_command_answers_in_json(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_explain_figure(archive, "round:final/ranking/idea2/votes", json=True) == 0

    answer = msgspec.json.decode(capfd.readouterr().out)
    assert answer["events"] == {"counted": 3, "late": 1, "replaced": 3}
    assert (answer["published"], answer["follows"], len(answer["counted"])) == (3, True, 3)
