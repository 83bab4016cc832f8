"""What the front page and a campaign's page say is news: what a minute is enough for, where a campaign is, who asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fanfare.campaigns.reading import CampaignRead, OptionRead, RoundRead
from fanfare.web import words
from fanfare.web.pages import front, outcomes

NOW = datetime(2026, 11, 14, 11, 0, tzinfo=UTC)


def a_round(number: int = 1, **changes: Any) -> RoundRead:  # noqa: ANN401 - whatever a round has
    soon = datetime.now(UTC) + timedelta(hours=1)
    given: dict[str, Any] = {"id": f"r{number}", "campaign": "c1", "number": number, "name": f"Part {number}", "zone": "UTC"}
    given |= {"question": "Which one?", "asked_by": "Dora Lindqvist", "why": "There is room for one.", "outcome": "It is cooked."}
    given |= {"status": "open", "paused": False, "opens_at": NOW, "closes_at": soon, "planned_close": soon, "reason": ""}
    given |= {"method": "plurality.v1", "most": 1, "electorate": "members", "options_from": "list", "from_round": None}
    given |= {"advance": 1, "ties": "earliest", "terms": None, "report": None, "options": [], "waiting": 0}
    return RoundRead(**(given | changes))


def a_campaign(*rounds: RoundRead) -> CampaignRead:
    return CampaignRead(id="c1", title="The Eighth Flavour", story="", rounds=list(rounds))


def options(count: int) -> list[OptionRead]:
    return [OptionRead(id=f"o{n}", label=f"Option {n}", version=0) for n in range(count)]


def test_a_minute_is_enough_for_a_vote_before_support_and_an_idea() -> None:
    read = [a_campaign(a_round(1, method="support.v1"), a_round(2, options=options(3)))]

    assert [(each.label, each.href) for each in front.deeds(read, "UTC")] == [
        ("Vote on the three", "/rounds/r2/ballot"),
        ("Support the ideas that you like", "/campaigns/c1/ideas"),
        ("Raise an idea of your own", "/campaigns/c1/ideas/new"),
    ]


@pytest.mark.parametrize(
    "changes", [{"status": "planned"}, {"paused": True}, {"status": "sealed"}, {"closes_at": NOW - timedelta(days=400)}]
)
def test_nobody_is_sent_to_a_round_that_takes_nothing(changes: dict[str, Any]) -> None:
    assert front.deeds([a_campaign(a_round(**changes))], "UTC") == []


def test_who_asks_in_two_rounds_is_named_once_with_what_she_said_first() -> None:
    read = a_campaign(a_round(1), a_round(2, why="The can must be drawn."), a_round(3, asked_by="Emeka Obi"))

    assert [(each.name, each.why) for each in outcomes.askers(read)] == [
        ("Dora Lindqvist", "There is room for one."),
        ("Emeka Obi", "There is room for one."),
    ]


@pytest.mark.parametrize(
    ("state", "stage", "line"),
    [
        ("upcoming", "next", "Opens today, 11:00. Three go in, one goes on."),
        ("open", "now", "Open until Sunday 15 November, 11:00. Three go in, one goes on."),
        ("sealed", "done", "Pine & Lime wins."),
        ("void", "failed", "Given up: The mail did not go out."),
        ("paused", "now", "Paused: The mail did not go out."),
    ],
)
def test_the_way_of_a_campaign_says_what_came_and_what_is_ahead(state: str, stage: str, line: str) -> None:
    each = a_round(opens_at=NOW, closes_at=NOW + timedelta(days=1), reason="The mail did not go out.")

    found = outcomes.stage(3, each, state, "Pine & Lime wins", "UTC", NOW)

    assert (found.state, found.line) == (stage, line)
    assert bool(found.href) == (state != "upcoming")


@pytest.mark.parametrize(
    ("zone", "said"), [("Europe/Berlin", "Berlin time"), ("America/New_York", "New York time"), ("UTC", "UTC")]
)
def test_a_zone_is_named_by_its_city(zone: str, said: str) -> None:
    assert words.zone_name(zone) == said
