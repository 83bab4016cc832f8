"""A round of a draft in sentences, what its steps lack, and what is done with a brand's colour."""

from datetime import UTC, datetime, timedelta

import pytest

from fanfare.campaigns.drafts import DraftRound
from fanfare.campaigns.templates import TEMPLATES
from fanfare.web import colours, tints
from fanfare.web.pages import draft_forms
from fanfare.web.pages.draft_gaps import gaps, gaps_by_step
from fanfare.web.pages.draft_steps import mark
from fanfare.web.pages.draft_words import counting, times

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ROUND = DraftRound(opens_at=NOW + timedelta(days=1), closes_at=NOW + timedelta(days=8), zone="Europe/Berlin", options=["a", "b"])


def test_when_a_round_is_open_is_said_in_its_zone_with_the_days_of_the_week() -> None:
    said = "Open for 7 days: from Sunday 22 November, 09:00, to Sunday 29 November, 09:00 (Europe/Berlin)."
    assert times(ROUND, NOW) == said
    assert times(ROUND.model_copy(update={"closes_at": NOW}), NOW) == "It closes before it opens."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Members choose one of your two options. One goes on; of equal ones at the cut the earliest goes on."),
        (
            {"method": "approval.v1", "most": 3, "options_from": "round", "from_round": 1, "advance": 3, "ties": "all-advance"},
            "Members tick up to three of what goes on from round 1. Three go on; of equal ones at the cut all of them go on.",
        ),
        (
            {"method": "support.v1", "options_from": "ideas", "advance": 5},
            "Fans raise ideas and support as many as they like. Five go on; of equal ones at the cut the earliest goes on.",
        ),
    ],
)
def test_how_a_round_counts_is_said_in_plain_words(changes: dict[str, object], said: str) -> None:
    assert counting(ROUND.model_copy(update=changes)) == said


@pytest.mark.parametrize("name", ["dewmocracy", "idea-box"])
def test_a_template_lacks_nothing_but_who_asks(name: str) -> None:
    draft = TEMPLATES[name](NOW + timedelta(days=1), "Europe/Berlin")

    assert gaps(draft, NOW) == [f"Round {number} does not say who asks." for number in range(1, len(draft.rounds) + 1)]


def test_what_is_missing_is_told_in_the_step_where_it_is_mended() -> None:
    draft = TEMPLATES["single-vote"](NOW - timedelta(days=2), "Europe/Berlin").model_copy(update={"title": ""})
    draft.rounds[0].options = []

    found = gaps_by_step(draft, NOW)

    assert found["story"] == ["The campaign has no title yet."]
    assert "Round 1 opens in the past. Choose a later opening." in found["round-1"]
    assert any(each.startswith("Round 1: A list needs") for each in found["round-1"])


def test_the_mark_of_a_step_changes_with_that_step_alone() -> None:
    fields = draft_forms.values(TEMPLATES["dewmocracy"](NOW, "UTC"), "UTC")
    told, elsewhere = {**fields, "title": "Another"}, {**fields, "rounds-1-name": "Another"}

    assert mark(fields, "story") != mark(told, "story")
    assert mark(fields, "story") == mark(elsewhere, "story")
    assert mark(fields, "round-2") != mark(elsewhere, "round-2")
    assert mark(fields, "round-1") == mark(elsewhere, "round-1")


@pytest.mark.parametrize("brand", ["#ff5c7c", "#ffc629", "#2457d6", "#12805c", "#808080", "#ffffff", "#000000"])
def test_what_is_said_of_a_colour_is_what_is_done_with_it(brand: str) -> None:
    light, dark = tints.theme(brand, dark=False), tints.theme(brand, dark=True)
    said = " ".join(colours.remarks(brand))

    assert f"{tints.contrast(light['spot'], light['on-spot']):.1f} to 1" in said
    assert (light["spot"] in said) is (light["spot"] != brand)
    assert ("lifted" in said) is (dark["spot"] != light["spot"])
