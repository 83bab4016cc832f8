"""Who may remove a text, and what the record says of it."""

import pytest

from fanfare.integrity.decide import KeptText, RemoveTexts, decide
from fanfare.integrity.refusals import ReasonNeeded, TextNotFound
from fanfare.platform.refusals import RoleNeeded
from fanfare.record.texts import TextRemoved
from tests.builders import text

SAOIRSE, DORA = "m4saoirse", "m5dora"
COMMENT = KeptText(text("You live in Elm Street."), SAOIRSE, is_hers=True, campaign="flavour", idea="idea01")
TITLE = KeptText(text("Pine & Lime"), SAOIRSE, campaign="flavour", idea="idea01")
PICTURE = KeptText(text("A pine"), SAOIRSE, "picture", is_hers=True, campaign="flavour", idea="idea01")
WHY = text("It gives away where somebody lives.")


def test_a_moderator_removes_what_others_wrote_and_says_why() -> None:
    events = decide(RemoveTexts(DORA, may_moderate=True, reason=WHY), [COMMENT, TITLE])

    assert events == [
        TextRemoved(text=each.hash, by=DORA, reason=WHY, campaign="flavour", idea="idea01") for each in (COMMENT, TITLE)
    ]


def test_an_author_takes_her_own_comment_back_without_a_reason() -> None:
    events = decide(RemoveTexts(SAOIRSE, may_moderate=False, reason=None), [COMMENT])

    assert events == [TextRemoved(text=COMMENT.hash, by=SAOIRSE, campaign="flavour", idea="idea01")]


def test_an_author_takes_her_own_picture_back_with_what_it_shows() -> None:
    events = decide(RemoveTexts(SAOIRSE, may_moderate=False, reason=None), [PICTURE, COMMENT])

    assert [(each.text, each.kind, each.reason) for each in events] == [
        (PICTURE.hash, "picture", None),
        (COMMENT.hash, "text", None),
    ]


def test_a_moderator_without_a_reason_is_refused() -> None:
    with pytest.raises(ReasonNeeded):
        decide(RemoveTexts(DORA, may_moderate=True, reason=None), [COMMENT])


def test_a_fan_cannot_remove_what_others_wrote() -> None:
    with pytest.raises(RoleNeeded):
        decide(RemoveTexts("m7tomasz", may_moderate=False, reason=WHY), [COMMENT])


def test_an_author_cannot_take_a_title_off_a_ballot_by_removing_it() -> None:
    with pytest.raises(RoleNeeded):
        decide(RemoveTexts(SAOIRSE, may_moderate=False, reason=None), [COMMENT, TITLE])


def test_what_is_gone_cannot_be_removed_again() -> None:
    with pytest.raises(TextNotFound):
        decide(RemoveTexts(DORA, may_moderate=True, reason=WHY), [])
