"""Who answers an idea for the brand, and when an answer says something new."""

import msgspec
import pytest

from fanfare.ideas.decide import AnswerIdea, IdeaNow, Said, answer, press
from fanfare.ideas.refusals import IdeaIsHidden, IdeaWasWithdrawn
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.answers import IdeaAnswered

IDEA = IdeaNow("idea1", "m7noor", 1, withdrawn=False, frozen=False)
PLANNED = Said("planned", "We cook it on 3 December.")
COMMAND = AnswerIdea("m5dora", may_answer=True, campaign="flavour", said=PLANNED, reason="a" * 64)


def changed(**changes: object) -> IdeaNow:
    """Return the idea, changed as asked."""
    return msgspec.structs.replace(IDEA, **changes)


def test_a_host_answers_an_idea() -> None:
    made = answer(COMMAND, IDEA, None)

    assert made == [IdeaAnswered(idea="idea1", campaign="flavour", status="planned", reason="a" * 64, by="m5dora")]


def test_a_fan_cannot_answer_for_the_brand() -> None:
    with pytest.raises(RoleNeeded):
        answer(msgspec.structs.replace(COMMAND, may_answer=False), IDEA, None)


def test_the_same_answer_again_changes_nothing() -> None:
    assert answer(COMMAND, IDEA, PLANNED) == []


@pytest.mark.parametrize("stands", [Said("considered", PLANNED.reason), Said("planned", "Soon.")])
def test_another_status_or_another_reason_is_a_new_answer(stands: Said) -> None:
    assert len(answer(COMMAND, IDEA, stands)) == 1


def test_an_idea_that_was_withdrawn_or_hidden_takes_no_answer() -> None:
    with pytest.raises(IdeaWasWithdrawn):
        answer(COMMAND, changed(withdrawn=True), None)
    with pytest.raises(IdeaIsHidden):
        answer(COMMAND, changed(hidden=True), None)


def test_a_hidden_idea_takes_no_support_and_no_comment() -> None:
    with pytest.raises(IdeaIsHidden):
        press(changed(hidden=True))


def test_an_idea_that_is_frozen_on_a_ballot_is_answered_all_the_same() -> None:
    assert len(answer(COMMAND, changed(frozen=True), None)) == 1
