"""What simulated fans like follows from their taste; what they choose, from that and a mood."""

from random import Random

from fanfare.simulation.tastes import CROWDS, TAGS, Flavour, liking, ranked, taste, tick

SOUR = {"sour": 1.0, "citrus": 0.5, "creamy": -0.8}
LEMON, PUDDING, UNKNOWN = Flavour(("sour", "citrus")), Flavour(("creamy",)), Flavour(())


def test_a_taste_knows_every_tag_and_the_same_seed_gives_the_same() -> None:
    assert list(taste(Random(1))) == list(TAGS)
    assert taste(Random(1)) == taste(Random(1)) != taste(Random(2))


def test_the_shares_of_the_crowds_are_of_a_hundred_and_they_like_only_known_tags() -> None:
    assert sum(share for share, _ in CROWDS.values()) == 100
    assert {tag for _, likes in CROWDS.values() for tag in likes} <= set(TAGS)


def test_a_fan_likes_what_suits_her_what_is_told_well_and_what_others_like() -> None:
    assert liking(SOUR, LEMON) > liking(SOUR, UNKNOWN) > liking(SOUR, PUDDING)
    assert liking(SOUR, Flavour(("sour",), charm=3)) > liking(SOUR, Flavour(("sour",), charm=1))
    assert liking(SOUR, LEMON, followers=50) > liking(SOUR, LEMON, followers=5)


def test_the_same_fan_in_the_same_mood_chooses_alike() -> None:
    flavours = [LEMON, PUDDING, UNKNOWN]

    assert ranked(SOUR, flavours, [0, 0, 0], 5) == ranked(SOUR, flavours, [0, 0, 0], 5)
    assert {tuple(tick(SOUR, flavours, mood, 1)) for mood in range(200)} == {(0,), (1,), (2,)}


def test_over_many_moods_she_chooses_what_she_likes() -> None:
    firsts = [tick(SOUR, [PUDDING, LEMON], mood, 1)[0] for mood in range(200)]

    assert firsts.count(1) > 150


def test_a_ballot_ticks_at_least_one_and_never_more_than_allowed_or_one_twice() -> None:
    flavours = [LEMON, PUDDING, UNKNOWN, Flavour(("sour",)), Flavour(("citrus",))]
    ticks = [tick(SOUR, flavours, mood, 3) for mood in range(200)]

    assert {len(each) for each in ticks} == {1, 2, 3}
    assert all(len(set(each)) == len(each) for each in ticks)
