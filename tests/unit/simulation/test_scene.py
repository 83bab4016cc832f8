"""What fans want to do with the ideas that are there, visitors' ideas among them."""

from fanfare.simulation import corpus
from fanfare.simulation.plan import Scale, make_plan
from fanfare.simulation.scene import Scene

PLAN = make_plan(scale=Scale(fans=40, ideas=5, supports=5, comments=1, label_ballots=1))


def scene_with_ideas() -> Scene:
    scene = Scene(PLAN, [f"token {number}" for number in range(40)])
    for place in range(3):
        scene.raised(place, place, f"idea {place}", f"0:{place}:0")
    return scene


def test_where_no_idea_stands_nobody_wants_any() -> None:
    assert Scene(PLAN, []).wanted(0, 1, new_to_her=True) is None


def test_an_idea_of_a_visitor_is_noticed_and_liked_by_some() -> None:
    scene = scene_with_ideas()
    scene.noticed("idea v", ["sour", "my own tag"], withdrawn=False)

    wanted = [found.id for fan in range(40) if (found := scene.wanted(fan, fan, new_to_her=True))]

    assert len(wanted) == 40
    assert 1 <= wanted.count("idea v") < 40


def test_nobody_wants_an_idea_that_was_taken_back_or_that_she_supports_already() -> None:
    scene = scene_with_ideas()
    scene.noticed("idea v", [], withdrawn=True)
    scene.ideas["idea 0"].withdrawn = True
    scene.supported[0].append("idea 1")

    assert {found.id for mood in range(50) if (found := scene.wanted(0, mood, new_to_her=True))} == {"idea 2"}


def test_a_friend_has_a_place_behind_all_fans_and_the_taste_of_whoever_brought_her() -> None:
    scene = scene_with_ideas()

    friend = scene.arrived("token of a friend", 7)

    assert (friend, scene.tokens[friend], scene.tastes[friend]) == (40, "token of a friend", PLAN.fans[7].taste)


def test_noticing_an_idea_of_the_corpus_changes_nothing() -> None:
    scene = scene_with_ideas()

    scene.noticed("idea 0", ["other"], withdrawn=True)

    assert scene.ideas["idea 0"].flavour.tags == corpus.ideas()[0].tags
    assert not scene.ideas["idea 0"].withdrawn


def test_no_comment_is_made_twice_under_an_idea_and_each_fits_it() -> None:
    scene = scene_with_ideas()
    idea = scene.ideas["idea 0"]

    remarks = [said for mood in range(500) if (said := scene.remark(idea, mood))]

    assert len({said.text for said in remarks}) == len(remarks) < 500
    assert all(not said.about or set(said.about) & set(idea.flavour.tags) for said in remarks)
