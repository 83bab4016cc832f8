"""Which kudos count."""

from datetime import datetime, timedelta

from fanfare.awards.kudos import Kudos
from fanfare.record.recognition import MOST_KUDOS, KudosGiven, KudosTakenBack
from tests.builders import NOON, recorded, text

MONDAY = NOON - timedelta(days=NOON.weekday())


def given(kudos: Kudos, number: int, at: datetime = MONDAY, to: str = "rosa") -> None:
    """Let Ida give kudos."""
    kudos.apply(recorded(KudosGiven(kudos=f"kudos{number}", by="ida1", to=to, words=text("Well done.")), at=at))


def test_the_first_five_of_a_week_count_and_the_next_week_has_its_own() -> None:
    kudos = Kudos()
    for number in range(MOST_KUDOS + 2):
        given(kudos, number, MONDAY + timedelta(days=number % 7))
    given(kudos, 7, MONDAY + timedelta(days=7))

    assert [each.given.kudos for each in kudos.standing("rosa")] == ["kudos0", "kudos1", "kudos2", "kudos3", "kudos4", "kudos7"]
    assert (kudos.left("ida1", MONDAY), kudos.left("ida1", MONDAY + timedelta(days=7))) == (0, 4)


def test_what_she_gives_herself_or_took_back_does_not_stand_and_what_comes_twice_is_one() -> None:
    kudos = Kudos()
    given(kudos, 1, to="ida1")
    for _ in range(2):
        given(kudos, 2)
    kudos.apply(recorded(KudosTakenBack(kudos="kudos2", by="rosa"), at=MONDAY))
    assert len(kudos.standing("rosa")) == 1, "nobody else takes them back"

    kudos.apply(recorded(KudosTakenBack(kudos="kudos2", by="ida1"), at=MONDAY))

    assert kudos.standing("rosa") == kudos.standing("ida1") == []
    assert kudos.left("ida1", MONDAY) == MOST_KUDOS - 1, "they still count towards her week"
