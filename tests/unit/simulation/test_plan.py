"""A seed becomes the same simulation wherever it is planned, and one that a site can bear."""

import os
import subprocess
import sys
from collections import Counter

import msgspec
import pytest

from fanfare.simulation import corpus
from fanfare.simulation.plan import (
    AnyAct,
    Bring,
    Comment,
    Edit,
    Extend,
    Plan,
    Raise,
    Scale,
    Support,
    Unsupport,
    Vote,
    Withdraw,
    make_plan,
)

AROUND_THE_CLOSE_S = 1.0
DIGEST = """
import hashlib, msgspec
from fanfare.simulation.plan import make_plan
print(hashlib.sha256(msgspec.json.encode(make_plan(), order="deterministic")).hexdigest())
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


def kinds(acts: tuple[AnyAct, ...]) -> Counter[type]:
    return Counter(type(act) for act in acts)


def most_in_a_second(acts: tuple[AnyAct, ...]) -> int:
    return max(Counter(int(act.at) for act in acts).values())


def test_the_same_seed_gives_the_same_plan_and_another_seed_another(plan: Plan) -> None:
    assert make_plan() == plan
    assert make_plan(seed=7) != plan


def test_another_process_with_another_hash_seed_plans_the_same() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_thousands_of_fans_have_each_a_name_of_their_own(plan: Plan) -> None:
    assert len({fan.name for fan in plan.fans}) == len(plan.fans) == 3000


def test_each_round_has_as_many_acts_as_a_lively_campaign_and_a_small_machine_allow(plan: Plan) -> None:
    ideas, vote, final = kinds(plan.ideas), kinds(plan.vote), kinds(plan.final)

    assert 60 <= ideas[Raise] <= 90
    assert 2500 <= ideas[Support] <= 3500
    assert 5 <= ideas[Edit] <= 20
    assert 1 <= ideas[Withdraw] <= 5
    assert 20 <= ideas[Unsupport] <= 100
    assert 150 <= ideas[Comment] <= 400
    assert 20 <= ideas[Bring] <= 60
    assert vote[Extend] == 1
    assert 2000 <= vote[Vote] <= 4000
    assert 2000 <= final[Vote] <= 4000
    assert max(most_in_a_second(acts) for acts in (plan.ideas, plan.vote, plan.final)) <= 200


def test_acts_stand_in_order_within_their_rounds_but_for_ballots_right_around_the_close(plan: Plan) -> None:
    scale = plan.scale
    lengths = (scale.ideas_s, scale.vote_s + scale.extended_s, scale.final_s, scale.label_s)
    for acts, length in zip((plan.ideas, plan.vote, plan.final, plan.label), lengths, strict=True):
        assert [act.at for act in acts] == sorted(act.at for act in acts)
        assert acts[0].at > 0
        late = [act for act in acts if act.at >= length]
        assert all(isinstance(act, Vote) and act.at < length + AROUND_THE_CLOSE_S for act in late)
    assert any(act.at >= lengths[1] for act in plan.vote)


def test_people_come_at_the_opening_and_before_the_close_and_hardly_in_between(plan: Plan) -> None:
    seconds = Counter(int(act.at) for act in plan.final)
    first, middle, last = (sum(seconds[second] for second in range(start, start + 8)) for start in (0, 18, 36))

    assert first > 2 * middle
    assert last > 2 * middle


def test_between_five_and_ten_of_a_hundred_voters_change_their_mind(plan: Plan) -> None:
    ballots = Counter(act.fan for act in plan.final if isinstance(act, Vote))
    again = sum(number > 1 for number in ballots.values())

    assert 0.05 * len(ballots) <= again <= 0.10 * len(ballots)


def test_some_send_a_ballot_twice_and_some_on_an_older_paper(plan: Plan) -> None:
    manners = Counter(act.manner for act in plan.final if isinstance(act, Vote))

    assert manners["twice"] >= 10
    assert manners["older-tab"] >= 5


def test_an_author_raises_one_idea_and_touches_it_only_after_that(plan: Plan) -> None:
    raised = {act.idea: act for act in plan.ideas if isinstance(act, Raise)}
    touched = [act for act in plan.ideas if isinstance(act, Edit | Withdraw)]

    assert len({act.fan for act in raised.values()}) == len(raised)
    assert all(raised[act.idea].at < act.at for act in touched)
    assert len({act.idea for act in touched}) == len(touched)
    assert all(corpus.ideas()[act.idea].charm == 1 for act in touched if isinstance(act, Withdraw))


def test_a_fan_brings_one_friend_at_most_whose_name_nobody_has(plan: Plan) -> None:
    brought = [act for act in plan.ideas if isinstance(act, Bring)]

    assert len({act.fan for act in brought}) == len({act.name for act in brought}) == len(brought)
    assert {act.name for act in brought}.isdisjoint(fan.name for fan in plan.fans)


def test_a_smaller_scale_has_the_same_shape() -> None:
    scale = Scale(fans=60, ideas=12, supports=80, comments=10, ideas_s=6, vote_s=5, extended_s=1, final_s=5, label_ballots=10)

    small = make_plan(scale=scale)

    assert len(small.fans) == 60
    assert kinds(small.ideas)[Raise] == 12
    assert kinds(small.ideas)[Bring] == 15
    assert kinds(small.vote)[Extend] == 1
    assert max(act.at for act in small.final) < scale.final_s + AROUND_THE_CLOSE_S
    assert msgspec.json.encode(small)
