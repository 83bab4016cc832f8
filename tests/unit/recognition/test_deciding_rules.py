"""What a host may decide about rules, automation and titles, and what that makes true."""

from datetime import timedelta

import pytest

from fanfare.recognition import decide
from fanfare.recognition.decide import AwardNow, BadgeDraft, GrantTitle, PointsDraft, RuleDraft, TierDraft
from fanfare.recognition.refusals import (
    AutomationStandsSo,
    AwardByRule,
    AwardHasFallen,
    EarningRuleChanged,
    EarningRuleNotFound,
    EarningRuleRefused,
    EarningRuleRetired,
    TitleForYourself,
    TitleRefused,
)
from fanfare.record.recognition import AutomationSet, AwardRevoked, Badge, Recognition, Rule, RuleRetired, Tier
from tests.builders import HOST, NOON, text

SPARK = RuleDraft("first-idea", "Spark", "Where it begins.", ("idea-raised",), PointsDraft(5, per_day=3))
HASHES = {each: text(each) for each in ("Spark", "Where it begins.", "Taster", "Blender")}
STANDS = Recognition({"first-idea": Rule(decide.published(SPARK, HASHES, 4, HOST))})
RETIRED = Recognition({"first-idea": Rule(decide.published(SPARK, HASHES, 4, HOST), retired=True)})
TITLE = GrantTitle("a" * 32, "m7noor", HOST, text("Namer"), text("Why"), ("idea1",), None, "flavour")
HELD = AwardNow("a" * 32, "m7noor", "title", 1, HOST)


def drafted(**changes: object) -> RuleDraft:
    """Return the draft of a rule, changed as asked."""
    told: dict[str, object] = {each: getattr(SPARK, each) for each in SPARK.__struct_fields__}
    return RuleDraft(**told | changes)  # type: ignore[arg-type]


def test_a_rule_is_published_as_the_version_after_the_last() -> None:
    draft = decide.published(SPARK, HASHES, 1, HOST)

    assert [each.version for each in decide.publish(Recognition(), draft)] == [1]  # type: ignore[attr-defined]
    assert [each.version for each in decide.publish(STANDS, draft)] == [5]  # type: ignore[attr-defined]


def test_whoever_saw_an_older_version_is_told_that_there_is_another() -> None:
    draft = decide.published(SPARK, HASHES, 1, HOST)

    assert decide.publish(STANDS, draft, read=4)
    for read in (0, 3, 5):
        with pytest.raises(EarningRuleChanged):
            decide.publish(STANDS, draft, read=read)


def test_what_a_rule_gives_is_written_with_the_hashes_of_its_words() -> None:
    tier = decide.published(drafted(deeds=(), earns=TierDraft((10, 100), ("Taster", "Blender"))), HASHES, 1, HOST)
    badge = decide.published(drafted(earns=BadgeDraft("spark", (1, 5))), HASHES, 1, HOST)

    assert tier.earns == Tier(levels=(10, 100), names=(text("Taster"), text("Blender")))
    assert badge.earns == Badge(emblem="spark", levels=(1, 5))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rule": "First"}, "rule"),
        ({"rule": "a"}, "rule"),
        ({"rule": "first\n"}, "rule"),
        ({"deeds": ()}, "deeds"),
        ({"deeds": ("paid",)}, "deeds"),
        ({"deeds": ("joined", "joined")}, "deeds"),
        ({"campaign": "nowhere"}, "campaign"),
        ({"earns": PointsDraft(0)}, "points"),
        ({"earns": PointsDraft(1001)}, "points"),
        ({"earns": PointsDraft(5, per_day=-1)}, "per_day"),
        ({"earns": BadgeDraft("dragon", (1,))}, "emblem"),
        ({"earns": BadgeDraft("spark", ())}, "levels"),
        ({"earns": BadgeDraft("spark", (5, 5))}, "levels"),
        ({"earns": BadgeDraft("spark", (0, 5))}, "levels"),
        ({"earns": BadgeDraft("spark", tuple(range(1, 10)))}, "levels"),
        ({"earns": TierDraft((10,), ("Taster",))}, "deeds"),
        ({"deeds": (), "earns": TierDraft((10, 20), ("Taster",))}, "names"),
    ],
)
def test_a_rule_that_does_not_hold_together_is_refused_with_what_to_change(changes: dict[str, object], field: str) -> None:
    decide.check(SPARK, ["flavour"])

    with pytest.raises(EarningRuleRefused) as refused:
        decide.check(drafted(**changes), ["flavour"])

    assert refused.value.extra == {"field": field}
    assert str(refused.value).endswith(".")


def test_a_rule_is_retired_once_and_published_again_later() -> None:
    assert decide.retire(STANDS, "first-idea", text("Why"), HOST) == [RuleRetired(rule="first-idea", by=HOST, reason=text("Why"))]
    with pytest.raises(EarningRuleRetired):
        decide.retire(RETIRED, "first-idea", text("Why"), HOST)
    with pytest.raises(EarningRuleNotFound):
        decide.retire(STANDS, "nothing", text("Why"), HOST)
    assert decide.publish(RETIRED, decide.published(SPARK, HASHES, 1, HOST))


def test_automation_is_changed_and_never_said_to_be_what_it_is() -> None:
    off = decide.set_automation(Recognition(), text("Why"), HOST, allowed=False)

    assert off == [AutomationSet(allowed=False, by=HOST, reason=text("Why"))]
    with pytest.raises(AutomationStandsSo):
        decide.set_automation(Recognition(), text("Why"), HOST, allowed=True)


def test_a_title_names_whoever_gives_it_and_what_justifies_it() -> None:
    (made,) = decide.grant(TITLE, ["idea1"], ["flavour"], NOON)

    assert (made.turn, made.kind, made.by, made.because, made.points, made.rule) == (1, "title", HOST, ("idea1",), 0, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"because": ("idea2",)}, "because"),
        ({"because": ("idea1", "idea1")}, "because"),
        ({"because": tuple(f"idea{n}" for n in range(21))}, "because"),
        ({"until": NOON}, "until"),
        ({"campaign": "nowhere"}, "campaign"),
    ],
)
def test_a_title_that_nothing_of_hers_justifies_or_that_has_ended_is_refused(changes: dict[str, object], field: str) -> None:
    told: dict[str, object] = {each: getattr(TITLE, each) for each in TITLE.__struct_fields__}
    with pytest.raises(TitleRefused) as refused:
        decide.grant(GrantTitle(**told | changes), [*(f"idea{n}" for n in range(21) if n != 2)], ["flavour"], NOON)  # type: ignore[arg-type]

    assert refused.value.extra == {"field": field}
    assert decide.grant(GrantTitle(**told | {"until": NOON + timedelta(seconds=1)}), ["idea1"], ["flavour"], NOON)  # type: ignore[arg-type]


def test_nobody_gives_herself_a_title() -> None:
    mine = GrantTitle("a" * 32, HOST, HOST, text("Namer"), text("Why"))

    with pytest.raises(TitleForYourself):
        decide.grant(mine, [], [], NOON)


def test_a_title_is_taken_back_by_the_next_turn_and_what_a_rule_gave_by_nobody() -> None:
    assert decide.revoke(HELD, text("Why"), "m9other") == [
        AwardRevoked(award="a" * 32, turn=2, member="m7noor", by="m9other", reason=text("Why"))
    ]
    with pytest.raises(AwardHasFallen):
        decide.revoke(AwardNow("a" * 32, "m7noor", "title", 2, HOST), text("Why"), HOST)
    with pytest.raises(AwardByRule):
        decide.revoke(AwardNow("a" * 32, "m7noor", "points", 1, None), text("Why"), HOST)
