"""What kudos and thank-yous are allowed, and what they make true."""

from datetime import UTC, datetime

import pytest

from fanfare.community import decide
from fanfare.community.decide import MOST_A_DAY, GiveKudos, KudosNow, Newcomer, Welcome
from fanfare.community.refusals import (
    AlreadyAnswered,
    KudosForYourself,
    KudosNotFound,
    KudosSpent,
    NoNewcomer,
    NotHers,
    NothingAsked,
    NotYourKudos,
    ThanksSpent,
    WelcomedAlready,
    WelcomedOften,
    WelcomeForYourself,
)
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.bringing import MOST_WELCOMES, NewcomerWelcomed
from fanfare.record.recognition import MOST_KUDOS, KudosGiven, KudosTakenBack

ANNA, BERT, WORDS = "a" * 16, "b" * 16, "ab" * 32


def test_kudos_say_who_praised_whom_for_what() -> None:
    given = decide.give(GiveKudos("k123", ANNA, BERT, WORDS, "i123", BERT, "c123"), 0)

    assert given == [KudosGiven(kudos="k123", by=ANNA, to=BERT, words=WORDS, about="i123", campaign="c123")]


def test_nobody_praises_herself() -> None:
    with pytest.raises(KudosForYourself):
        decide.give(GiveKudos("k123", ANNA, ANNA, WORDS), 0)


def test_kudos_are_about_what_she_did_herself() -> None:
    with pytest.raises(NotHers):
        decide.give(GiveKudos("k123", ANNA, BERT, WORDS, "i123", ANNA), 0)
    with pytest.raises(NotHers):
        decide.give(GiveKudos("k123", ANNA, BERT, WORDS, "nothing"), 0)


def test_the_fifth_of_a_week_is_given_and_the_sixth_refused() -> None:
    assert decide.give(GiveKudos("k123", ANNA, BERT, WORDS), MOST_KUDOS - 1)
    with pytest.raises(KudosSpent):
        decide.give(GiveKudos("k123", ANNA, BERT, WORDS), MOST_KUDOS)


def test_a_week_runs_from_monday_to_sunday() -> None:
    sunday, monday = datetime(2026, 11, 22, 23, 59, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)

    assert (decide.week_of(sunday), decide.week_of(monday)) == ("2026-W47", "2026-W48")
    assert decide.week_of(datetime(2027, 1, 3, tzinfo=UTC)) == decide.week_of(datetime(2026, 12, 28, tzinfo=UTC)) == "2026-W53"


def test_only_whoever_gave_kudos_takes_them_back_and_only_once() -> None:
    given = KudosNow("k123", ANNA, BERT)

    assert decide.take_back(given, ANNA) == [KudosTakenBack(kudos="k123", by=ANNA)]
    assert decide.take_back(KudosNow("k123", ANNA, BERT, taken_back=True), ANNA) == []
    with pytest.raises(NotYourKudos):
        decide.take_back(given, BERT)
    with pytest.raises(KudosNotFound):
        decide.take_back(None, ANNA)


def test_only_hosts_thank_and_so_many_times_a_day() -> None:
    decide.thank(may_thank=True, today=MOST_A_DAY - 1)
    with pytest.raises(ThanksSpent):
        decide.thank(may_thank=True, today=MOST_A_DAY)
    with pytest.raises(RoleNeeded):
        decide.thank(may_thank=False, today=0)


def test_a_question_is_answered_once_and_the_same_answer_again_changes_nothing() -> None:
    assert decide.answer("Gladly.", asks=True, answered=None)
    assert not decide.answer("Gladly.", asks=True, answered="Gladly.")
    with pytest.raises(AlreadyAnswered):
        decide.answer("Not so.", asks=True, answered="Gladly.")
    with pytest.raises(NothingAsked):
        decide.answer("Gladly.", asks=False, answered=None)


def test_a_newcomer_is_welcomed_in_words_that_the_record_names_by_their_hash() -> None:
    welcomed = decide.welcome(Welcome(ANNA, WORDS), Newcomer(BERT, is_new=True))

    assert welcomed == [NewcomerWelcomed(newcomer=BERT, by=ANNA, words=WORDS)]


@pytest.mark.parametrize(
    ("by", "found", "refusal"),
    [
        (BERT, Newcomer(BERT, is_new=True), WelcomeForYourself),
        (ANNA, Newcomer(BERT, is_new=False), NoNewcomer),
        (ANNA, Newcomer(BERT, is_new=True, welcomed_by=(ANNA,)), WelcomedAlready),
        (ANNA, Newcomer(BERT, is_new=True, welcomed_by=tuple(f"m{n}" for n in range(MOST_WELCOMES))), WelcomedOften),
    ],
)
def test_a_welcome_that_would_not_count_is_refused(by: str, found: Newcomer, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        decide.welcome(Welcome(by, WORDS), found)
