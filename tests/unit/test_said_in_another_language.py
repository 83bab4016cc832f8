"""What Python says on pages is translated when it is shown: sentences of the timeline, of a draft, of what is missing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from fanfare.campaigns.drafts import DraftRound
from fanfare.platform import language
from fanfare.record.campaigns import RoundExtended, RoundPaused
from fanfare.record.catalogue import EVENTS
from fanfare.record.moderation import ContentHidden
from fanfare.views.erased import Missing
from fanfare.views.timeline import Act
from fanfare.web.pages import acts, draft_forms, draft_words, hidden
from fanfare.web.pages.forms import spoken
from tests import pseudo

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOLD = acts.Told({"r1": "round 1"}, frozenset(), "UTC", NOW)


@pytest.fixture(scope="module")
def catalogue() -> Iterator[None]:
    """Let the process know the language."""
    with pseudo.spoken():
        yield


@pytest.fixture
def _spoken(catalogue: None) -> Iterator[None]:
    """Speak it."""
    del catalogue
    with language.speaking(pseudo.TAG):
        yield


def act(wire: str, **details: object) -> Act:
    """Return a line of the timeline."""
    told = {"closes_at": NOW.isoformat(), "may": "moderate", "member": "m2", "by": "m1", **details}
    return Act(1, 1, 0, "e1", wire, NOW, "decision", "c1", "r1", "i1", "m1", told, "Dora Lindqvist", "Pine & Lime", "Because.")


def is_translated(said: str) -> bool:
    """Tell whether a sentence came out of the catalogue."""
    return said.startswith(pseudo.OPEN) and said.endswith(pseudo.CLOSE)


@pytest.mark.usefixtures("_spoken")
@pytest.mark.parametrize("wire", sorted(EVENTS))
@pytest.mark.parametrize("kind", ["idea", "comment", "picture"])
def test_every_act_of_the_timeline_is_told_in_the_language_of_the_reader(wire: str, kind: str) -> None:
    assert is_translated(acts.sentence(act(wire, kind=kind, reason="x" if kind == "comment" else ""), TOLD))


@pytest.mark.usefixtures("_spoken")
def test_a_ruling_and_a_rule_are_told_in_the_language_of_the_reader() -> None:
    (extended,) = acts.rulings([act(RoundExtended.wire)], TOLD, "r1")
    (paused,) = acts.rulings([act(RoundPaused.wire)], TOLD)

    assert is_translated(extended.title)
    assert is_translated(paused.title)
    assert is_translated(paused.line)
    assert "Ít íñšúltš" in acts.sentence(act(ContentHidden.wire, rule="insult"), TOLD)


def test_without_a_translation_a_ruling_begins_with_a_capital() -> None:
    (extended,) = acts.rulings([act(RoundExtended.wire)], TOLD, "r1")
    (paused,) = acts.rulings([act(RoundPaused.wire)], TOLD)

    assert extended.title == "Extended until today, 12:00"
    assert paused.title == "Round 1: paused"
    assert paused.line == "“Because.” Dora Lindqvist."


@pytest.mark.usefixtures("_spoken")
@pytest.mark.parametrize("why", get_args(Missing.__annotations__["why"]))
@pytest.mark.parametrize("reason", ["", "An address stood in it."])
def test_what_stands_in_the_place_of_missing_words_is_translated(why: str, reason: str) -> None:
    missing = Missing(why, reason, "insult")  # type: ignore[arg-type]

    assert is_translated(hidden.instead(missing))
    assert is_translated(hidden.instead(missing)) != is_translated(str(missing)), "the API's own is English"


@pytest.mark.parametrize("why", get_args(Missing.__annotations__["why"]))
@pytest.mark.parametrize("reason", ["", "An address stood in it."])
def test_in_english_pages_and_the_api_say_the_same_of_missing_words(why: str, reason: str) -> None:
    missing = Missing(why, reason, "insult")  # type: ignore[arg-type]

    assert hidden.instead(missing) == str(missing)


@pytest.mark.usefixtures("_spoken")
@pytest.mark.parametrize("method", ["plurality.v1", "approval.v1", "support.v1"])
@pytest.mark.parametrize("ties", ["earliest", "all-advance"])
@pytest.mark.parametrize("electorate", ["members", "members-before-opening"])
def test_a_draft_tells_how_it_counts_in_the_language_of_the_reader(method: str, ties: str, electorate: str) -> None:
    draft = DraftRound.model_validate(
        {"opens_at": NOW, "closes_at": NOW + timedelta(days=7), "zone": "UTC"}
        | {"method": method, "ties": ties, "electorate": electorate, "options": ["Pine", "Lime"], "most": 2}
    )

    assert is_translated(draft_words.counting(draft))
    assert is_translated(draft_words.times(draft, NOW))


@pytest.mark.usefixtures("_spoken")
def test_what_a_select_offers_is_translated_when_it_is_shown() -> None:
    offered = spoken((*draft_forms.METHODS, *draft_forms.INPUTS, *draft_forms.TIES, *draft_forms.ELECTORATES))

    assert all(is_translated(each.label) for each in offered)
    assert [each.value for each in offered][:3] == ["plurality.v1", "approval.v1", "support.v1"]
