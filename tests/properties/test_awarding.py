"""What must hold of awards for every history: whatever is repeated, mixed, cut short or started twice, they are the same."""

from collections import Counter
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanfare.audit.checks.awards import Warranted
from fanfare.awards.deeds import Deeds, Done
from fanfare.awards.earning import Due, Earning
from fanfare.recognition.preview import Trial
from fanfare.record.entry import unpack
from fanfare.record.moderation import ContentHidden, ContentShown
from fanfare.record.recognition import AwardGranted, Badge, Points, Recognition, Rule, RulePublished, Tier
from tests.awarded import awards_in, folded, lane, played, results, standing
from tests.builders import HOST, body, recorded, text
from tests.histories import Teller, interleaved
from tests.properties.test_counting import everything_twice, recount
from tests.recognition_histories import DEEDS

SEEDS = st.integers(0, 2**32)
WORDS = {"title": text("r"), "words": text("w"), "by": HOST}


def without_places(awards: dict[str, AwardGranted]) -> dict[str, AwardGranted]:
    """Return the awards without the offsets of their causes, which move when something is appended in between."""
    return {award: msgspec.structs.replace(each, offset=0) for award, each in awards.items()}


def due_in(bodies: list[bytes], chosen: dict[str, tuple[str, ...]]) -> list[Due]:
    """Return everything that is ever due by a record."""
    return list(folded(bodies, chosen).pending.values())


@settings(max_examples=25)
@given(SEEDS)
def test_a_recogniser_that_dies_anywhere_and_runs_twice_awards_what_one_that_never_stopped_would(seed: int) -> None:
    told = Teller(seed, 4).tell()
    chosen = results(4, told.written)
    wanted = {(due.award, due.turn) for due in due_in(lane(told.written), chosen)}

    stage = played(told.random, lane(told.written), chosen)

    assert {(each.award, each.turn) for each in awards_in(stage.bodies)} == wanted
    warranted = Warranted(chosen)
    for offset, each in enumerate(stage.bodies):
        warranted.apply(unpack(0, offset, each))
    assert (warranted.wrong, warranted.left_out(), warranted.awarding.pending) == ([], [], {})


@settings(max_examples=25)
@given(SEEDS)
def test_every_event_appended_twice_earns_once(seed: int) -> None:
    told = Teller(seed, 4).tell()
    chosen = results(4, told.written)
    once = standing(played(Random(seed), lane(told.written), chosen).bodies)

    twice = standing(played(Random(seed), lane(everything_twice(told.random, told.written)), chosen).bodies)

    assert without_places(twice) == without_places(once)


@settings(max_examples=10)
@given(SEEDS)
def test_every_interleaving_of_the_partitions_awards_the_same(seed: int) -> None:
    told = Teller(seed, 4).tell()
    mixed = list(interleaved(told.random, told.written))

    assert results(4, mixed) == results(4, told.written)
    assert due_in(lane(mixed), results(4, mixed)) == due_in(lane(told.written), results(4, told.written))


@settings(max_examples=25)
@given(SEEDS)
def test_an_idea_that_is_hidden_and_shown_again_leaves_what_there_was(seed: int) -> None:
    told = Teller(seed, 4).tell()
    chosen = results(4, told.written)
    bodies = played(told.random, lane(told.written), chosen).bodies
    before = standing(bodies)
    content = told.random.choice([each.idea for some in told._ideas.values() for each in some])
    where = {"content": content, "campaign": "camp", "idea": content, "by": HOST, "reason": text("It shouts.")}
    if content in told._hidden:
        turns = [ContentShown(kind="idea", **where), ContentHidden(kind="idea", rule="insult", **where)]
    else:
        turns = [ContentHidden(kind="idea", rule="insult", **where), ContentShown(kind="idea", **where)]

    once = played(told.random, [*bodies, *(body(recorded(each)) for each in turns)], chosen).bodies
    twice = played(told.random, [*once, *(body(recorded(each)) for each in turns)], chosen).bodies

    # The first time may add a tier that was published after its points: what comes back looks at the version in force.
    assert _points_in(standing(once)) == _points_in(before) or content in told._hidden
    assert {award: _what(each) for award, each in standing(twice).items()} == {
        award: _what(each) for award, each in standing(once).items()
    }


def _points_in(awards: dict[str, AwardGranted]) -> dict[str, AwardGranted]:
    return {award: _what(each) for award, each in awards.items() if each.kind == "points"}


def _what(granted: AwardGranted) -> AwardGranted:
    """Return what was granted, without when and why."""
    return msgspec.structs.replace(granted, turn=1, cause="cause", offset=0)


@settings(max_examples=25)
@given(SEEDS)
def test_the_support_that_earns_is_the_support_that_the_report_counts(seed: int) -> None:
    told = Teller(seed, 4).tell()
    report = recount(4, told.written)
    deeds, given_to, received = Deeds(results(4, told.written)), Counter[str](), Counter[str]()
    for offset, each in enumerate(lane(told.written)):
        for deed in deeds.apply(unpack(0, offset, each)):
            step = 1 if isinstance(deed, Done) else -1
            given_to[deed.target] += step * (deed.kind == "support-given")
            received[deed.target] += step * (deed.kind == "idea-supported")

    for campaign in report.streams.campaigns.values():
        for found in campaign.rounds:
            if found.plan.method == "support.v1" and found.status != "void":
                box = report._community.support_box(found.id)
                for idea in report._community._ideas.values():
                    if idea.raised.round != found.id:
                        continue
                    own = (idea.raised.idea, idea.raised.by) in box._given and box._given[
                        idea.raised.idea, idea.raised.by
                    ].supports
                    votes = box.votes().get(idea.raised.idea, 0) - own
                    assert given_to[idea.raised.idea] == votes
                    assert received[idea.raised.idea] in (0, votes)


@settings(max_examples=25)
@given(SEEDS)
def test_the_figures_of_each_rule_follow_from_the_deeds_that_stand(seed: int) -> None:
    told = Teller(seed, 4).tell()
    every = {
        "each": RulePublished(rule="each", version=1, deeds=DEEDS, earns=Points(points=3), **WORDS),
        "much": RulePublished(rule="much", version=1, deeds=DEEDS, earns=Badge(emblem="star", levels=(1, 4, 9)), **WORDS),
        "high": RulePublished(
            rule="high", version=1, deeds=(), earns=Tier(levels=(2, 20), names=(text("a"), text("b"))), **WORDS
        ),
    }
    earning, deeds, stands = Earning(), Deeds(results(4, told.written)), dict[str, str]()
    earning.hold(Recognition(rules={name: Rule(each) for name, each in every.items()}))
    for offset, each in enumerate(lane(told.written)):
        for deed in deeds.apply(unpack(0, offset, each)):
            earning.take(deed)
            assert (deed.key in stands) != isinstance(deed, Done), "a deed is done and undone in turn"
            stands.update({deed.key: deed.member}) if isinstance(deed, Done) else stands.pop(deed.key)

    counts = Counter(stands.values())
    assert dict(earning.standing("each").points) == {member: 3 * count for member, count in counts.items()}
    levels = {member: sum(count >= level for level in (1, 4, 9)) for member, count in counts.items()}
    assert earning.standing("much").levels == levels
    tiers = {member: sum(3 * count >= level for level in (2, 20)) for member, count in counts.items()}
    assert earning.standing("high").levels == tiers


DRAFTS = (
    RulePublished(rule="draft", version=1, deeds=DEEDS, earns=Points(points=3, per_day=4, per_target=2), **WORDS),
    RulePublished(rule="draft", version=1, deeds=("support-given",), earns=Points(points=1), campaign="camp", **WORDS),
    RulePublished(rule="draft", version=1, deeds=DEEDS, earns=Badge(emblem="star", levels=(1, 4, 9)), **WORDS),
    RulePublished(rule="draft", version=1, deeds=(), earns=Tier(levels=(2, 20), names=(text("a"), text("b"))), **WORDS),
)


@settings(max_examples=15)
@given(SEEDS)
def test_a_trial_finds_what_a_recogniser_would_have_awarded_had_the_draft_held_from_the_beginning(seed: int) -> None:
    told = Teller(seed, 4).tell()
    chosen, bodies = results(4, told.written), lane(told.written)
    for draft in DRAFTS:
        deeds, trial, awarding = Deeds(chosen), Trial(draft), Earning()
        for offset, each in enumerate(bodies):
            found = deeds.apply(unpack(0, offset, each))
            trial.look_at(deeds.streams.recognition)
            known = deeds.streams.recognition
            points = {name: rule for name, rule in known.rules.items() if isinstance(rule.published.earns, Points)}
            beside = points if isinstance(draft.earns, Tier) and known.automation else {}
            awarding.hold(Recognition(beside | {"draft": Rule(draft)}))
            for deed in found:
                trial.earning.take(deed)
                awarding.take(deed)

        assert trial.earning.standing("draft") == awarding.standing("draft")


@pytest.mark.parametrize("partitions", [1, 4])
def test_the_histories_award_and_revoke_by_every_kind_of_rule_and_for_every_deed(partitions: int) -> None:
    seen: Counter[str] = Counter()
    wanted = {f"Done {each}" for each in DEEDS} | {f"Undone {each}" for each in DEEDS if each != "joined"}
    wanted |= {f"{turn} {kind}" for turn in ("granted", "revoked") for kind in ("Points", "Badge", "Tier")} | {"granted again"}
    for seed in range(240):
        if seen.keys() >= wanted:
            break
        told = Teller(seed, partitions).tell()
        chosen = results(partitions, told.written)
        deeds = Deeds(chosen)
        for offset, each in enumerate(lane(told.written)):
            seen.update(f"{type(deed).__name__} {deed.kind}" for deed in deeds.apply(unpack(0, offset, each)))
        dues = due_in(lane(told.written), chosen)
        seen.update(f"{'granted' if due.granted else 'revoked'} {type(due.by.earns).__name__}" for due in dues)
        seen.update("granted again" for due in dues if due.turn == 3)

    assert sorted(wanted - seen.keys()) == []
