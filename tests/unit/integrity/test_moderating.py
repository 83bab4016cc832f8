"""Who may flag, hide, show again and ask back, and what that makes true."""

import msgspec
import pytest

from fanfare.integrity.decide import MOST_CASES, Content, Moderate, ask_back, flag, moderate
from fanfare.integrity.refusals import (
    ContentNotFound,
    FlagOfYourOwn,
    NotHidden,
    NotYourWords,
    ReasonNeeded,
    RuleUnknown,
    TooManyCases,
)
from fanfare.platform.refusals import RoleNeeded
from fanfare.platform.warrants import Warrant
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.views.rules import RULES

WHY = "a" * 64
COMMENT = Content("comment1", "comment", "m8jonah", "flavour", "idea1")
HIDDEN = Content("idea2", "idea", "m7noor", "flavour", "idea2", hidden_by="insult")


def hiding(**changes: object) -> Moderate:
    """Return a moderator's wish to hide, changed as asked."""
    return msgspec.structs.replace(Moderate(Warrant("m6ife", "Ife", "moderate", everywhere=True), WHY, "insult"), **changes)


def test_a_moderator_hides_by_a_rule_and_with_a_reason() -> None:
    made = moderate(hiding(), [COMMENT], RULES)

    assert made == [
        ContentHidden(content="comment1", kind="comment", rule="insult", reason=WHY, by="m6ife", campaign="flavour", idea="idea1")
    ]


def test_what_is_hidden_by_that_rule_already_is_not_hidden_again() -> None:
    assert moderate(hiding(), [HIDDEN], RULES) == []
    assert [each.content for each in moderate(hiding(), [HIDDEN, COMMENT], RULES)] == ["comment1"]


def test_what_is_hidden_by_another_rule_is_hidden_by_this_one_from_now_on() -> None:
    (made,) = moderate(hiding(rule="off-topic"), [HIDDEN], RULES)

    assert isinstance(made, ContentHidden)
    assert made.rule == "off-topic"


def test_what_is_hidden_is_shown_again_and_what_is_not_stays_as_it_is() -> None:
    made = moderate(hiding(rule=None), [HIDDEN, COMMENT], RULES)

    assert made == [ContentShown(content="idea2", kind="idea", reason=WHY, by="m6ife", campaign="flavour", idea="idea2")]


def test_a_fan_hides_nothing() -> None:
    with pytest.raises(RoleNeeded):
        moderate(hiding(warrant=Warrant("m7noor", "Noor", "moderate")), [COMMENT], RULES)


def test_a_fan_with_the_right_to_moderate_a_campaign_hides_there_and_nowhere_else() -> None:
    noor = Warrant("m7noor", "Noor", "moderate", campaigns=frozenset(("flavour",)))

    (made,) = moderate(hiding(warrant=noor), [COMMENT], RULES)
    assert made.by == "m7noor"
    with pytest.raises(RoleNeeded):
        moderate(hiding(warrant=noor), [COMMENT, msgspec.structs.replace(HIDDEN, campaign="colour")], RULES)


def test_nothing_is_hidden_without_a_reason_or_by_a_rule_that_nobody_knows() -> None:
    with pytest.raises(ReasonNeeded):
        moderate(hiding(reason=""), [COMMENT], RULES)
    with pytest.raises(RuleUnknown):
        moderate(hiding(rule="ugly"), [COMMENT], RULES)


def test_one_decision_is_about_something_and_about_fifty_at_most() -> None:
    with pytest.raises(ContentNotFound):
        moderate(hiding(), [], RULES)
    with pytest.raises(TooManyCases):
        moderate(hiding(), [COMMENT] * (MOST_CASES + 1), RULES)


def test_a_member_flags_what_others_wrote_by_a_rule() -> None:
    flag(COMMENT, "m7noor", "insult", RULES)
    with pytest.raises(FlagOfYourOwn):
        flag(COMMENT, "m8jonah", "insult", RULES)
    with pytest.raises(RuleUnknown):
        flag(COMMENT, "m7noor", "ugly", RULES)


def test_the_author_of_hidden_words_asks_back_and_nobody_else_does() -> None:
    ask_back(HIDDEN, "m7noor")
    with pytest.raises(NotYourWords):
        ask_back(HIDDEN, "m8jonah")
    with pytest.raises(NotHidden):
        ask_back(COMMENT, "m8jonah")
