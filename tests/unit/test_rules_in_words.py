"""Rules of recognition in words, and their form as a draft and back."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from fanfare.recognition.decide import BadgeDraft, PointsDraft, TierDraft
from fanfare.recognition.refusals import EarningRuleRefused
from fanfare.record.recognition import Badge, DeedKind, Earns, Emblem, Points, Tier
from fanfare.views.awards import Award
from fanfare.views.earning_rules import EarningRule
from fanfare.views.fan_standings import Week
from fanfare.web.contexts.recognition_desk import Earning
from fanfare.web.layout import STATIC
from fanfare.web.pages import rules_in_words
from fanfare.web.pages.recognised import lines, weeks
from fanfare.web.pages.rule_drafts import draft_of, fields_of

NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)
HASH = "0" * 64


def a_rule(earns: Earns, deeds: tuple[DeedKind, ...], names: tuple[str, ...] = ()) -> EarningRule:
    return EarningRule(
        rule="first-spark",
        version=3,
        title="First spark",
        words="Somebody has to begin.",
        deeds=deeds,
        earns=earns,
        tier_names=names,
        campaign=None,
        by="m1",
        by_name="Emeka Obi",
        at=NOW,
        place=0,
        event_id="e1",
        is_current=True,
        retired_at=None,
        retired_by=None,
        retired_by_name="",
        retired_because="",
        awards=0,
    )


def test_every_deed_and_every_emblem_has_its_words_and_every_emblem_its_drawing() -> None:
    sprite = (STATIC / "sprite.svg").read_text(encoding="utf-8")

    assert set(rules_in_words.deeds()) == set(get_args(DeedKind))
    assert set(rules_in_words.emblems()) == set(get_args(Emblem))
    assert [each for each in get_args(Emblem) if f'<symbol id="{each}"' not in sprite] == []


@pytest.mark.parametrize(
    ("earns", "names", "said"),
    [
        (Points(1), (), ("1 point: raising an idea",)),
        (Points(5, 1, 3), (), ("5 points: raising an idea", "At most once a day", "At most 3 times for one idea or round")),
        (Badge("leaf", (1, 5, 20)), (), ("Counts: raising an idea", "Its levels come at 1, 5 and 20")),
        (Badge("leaf", (1,)), (), ("Counts: raising an idea", "It comes with the first")),
        (
            Tier((10, 100), (HASH, HASH)),
            ("Taster", ""),
            ("Taster from 10 points on", "Words that were deleted from 100 points on"),
        ),
    ],
)
def test_a_rule_says_what_it_gives_for_what_and_no_more_than_how_much(
    earns: Earns, names: tuple[str, ...], said: tuple[str, ...]
) -> None:
    looks_at: tuple[DeedKind, ...] = () if isinstance(earns, Tier) else ("idea-raised",)

    assert rules_in_words.earns(earns, looks_at, names) == said


def test_a_rule_of_one_campaign_says_so() -> None:
    assert rules_in_words.earns(Points(2), ("joined",), (), "The Eighth Flavour")[-1] == "Only in The Eighth Flavour"


@pytest.mark.parametrize(
    ("earns", "deeds", "names", "draft"),
    [
        (Points(5, 3, 0), ("idea-raised", "took-part"), (), PointsDraft(5, 3, 0)),
        (Badge("wave", (1, 5)), ("comment-made",), (), BadgeDraft("wave", (1, 5))),
        (Tier((10, 100), (HASH, HASH)), (), ("Taster", "Master brewer"), TierDraft((10, 100), ("Taster", "Master brewer"))),
    ],
)
def test_the_form_of_a_rule_holds_the_rule(
    earns: Earns, deeds: tuple[DeedKind, ...], names: tuple[str, ...], draft: PointsDraft | BadgeDraft | TierDraft
) -> None:
    earning, fields = fields_of(a_rule(earns, deeds, names))
    found = draft_of(fields, earning, ("first-spark",))

    assert (found.rule, found.title, found.words, set(found.deeds)) == (
        *("first-spark", "First spark", "Somebody has to begin."),
        set(deeds),
    )
    assert found.earns == draft


@pytest.mark.parametrize(
    ("title", "rule"),
    [
        ("An idea raised", "an-idea-raised"),
        ("Crème brûlée, 2nd!", "creme-brulee-2nd"),
        ("2026", "rule"),
        ("вишня", "rule"),
        ("Taken", "taken-3"),
        ("x" * 90, "x" * 36),
    ],
)
def test_a_new_rule_gets_an_id_of_its_own_from_its_name(title: str, rule: str) -> None:
    assert draft_of({"title": title, "points": "1"}, "points", {"taken", "taken-2"}).rule == rule


@pytest.mark.parametrize(
    ("earning", "fields", "field"),
    [
        ("points", {"points": ""}, "points"),
        ("points", {"points": "5", "per_day": "often"}, "per_day"),
        ("badge", {"levels": "one, two"}, "levels"),
        ("badge", {"levels": ""}, "levels"),
        ("tier", {"tiers": "Taster 20"}, "tiers"),
    ],
)
def test_what_is_no_number_is_named_by_its_field(earning: Earning, fields: dict[str, str], field: str) -> None:
    with pytest.raises(EarningRuleRefused) as refused:
        draft_of(fields, earning, ())

    assert refused.value.extra["field"] == field


def test_weeks_begin_with_the_first_that_brought_points_and_end_with_this_one() -> None:
    found = [Week(datetime(2026, 10, 19, tzinfo=UTC), 7, 2), Week(datetime(2026, 9, 28, tzinfo=UTC), 3, 1)]

    assert [(each.label, each.points) for each in weeks(found, NOW)] == [
        *(("28 September", 3), ("5 October", 0), ("12 October", 0), ("19 October", 7)),
        *(("26 October", 0), ("2 November", 0), ("9 November", 0)),
    ]
    assert weeks([], NOW) == []


def test_points_that_a_rule_gives_again_and_again_on_a_day_are_one_line_with_its_parts() -> None:
    evening = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # the next day in Berlin begins in half an hour
    found = [
        an_award("a", evening + timedelta(hours=1)),
        an_award("b", evening),
        an_award("c", evening - timedelta(hours=1)),
        an_award("d", evening - timedelta(hours=2), stands=False),
        an_award("e", evening - timedelta(hours=3), rule="other"),
        an_award("f", evening - timedelta(hours=4), kind="badge"),
        an_award("g", evening - timedelta(hours=5), kind="badge"),
    ]

    told = lines(found, "Europe/Berlin")

    assert [(each.award, each.text, [part.award for part in each.parts]) for each in told] == [
        ("a", "2 points: Spark", []),
        ("", "4 points: Spark, 2 times", ["b", "c"]),
        ("d", "2 points: Spark", []),
        ("e", "2 points: Spark", []),
        ("f", "Spark, level 1", []),
        ("g", "Spark, level 1", []),
    ]
    assert [each.stands for each in told] == [True, True, False, True, True, True]


def an_award(award: str, at: datetime, *, kind: str = "points", rule: str = "spark", stands: bool = True) -> Award:
    """Return an award of a rule that is called Spark."""
    return Award(
        award=award,
        member="m1",
        name="Ada",
        kind=kind,
        points=2,
        level=1,
        stands=stands,
        at=at,
        place=0,
        season="2026-q4",
        campaign=None,
        rule=rule,
        version=1,
        rule_title="Spark",
        rule_words="",
        emblem=None,
        tier="",
        title="",
        by=None,
        by_name="",
        reason="",
        because=(),
        until=None,
        cause=None,
    )
