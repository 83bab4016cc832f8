"""The console's lines."""

from collections import Counter
from typing import Any

from fanfare.simulation import news


def board(**votes: int) -> dict[str, Any]:
    places = [{"label": label, "votes": number, "advances": place < 1} for place, (label, number) in enumerate(votes.items())]
    return {"places": places, "counted": sum(votes.values())}


def test_it_says_who_is_ahead_and_by_how_much() -> None:
    assert news.standing(board(Plum=1240, Lime=1200)) == "Plum is ahead of Lime by 40 (1,240 to 1,200)."


def test_it_says_so_where_nobody_is_ahead() -> None:
    assert news.standing(board()) == "Nobody is ahead yet."
    assert news.standing(board(Plum=0, Lime=0)) == "Nobody is ahead yet."
    assert news.standing(board(Plum=3, Lime=3)) == "Plum and Lime are level with 3."
    assert news.standing(board(Plum=3)) == "Plum stands alone with 3."


def test_it_says_when_a_round_closes_in_the_zone_of_the_campaign() -> None:
    found = {"name": "Ideas", "closes_at": "2026-11-14T17:00:05Z", "question": "Which?"}

    assert news.opened(found) == "“Ideas” is open until 18:00:05. Which?"


def test_it_says_what_goes_on_and_who_has_won() -> None:
    final = {"name": "The final", "method": "plurality.v1"}

    assert (
        news.sealed(final, board(Plum=3, Lime=2), last=True)
        == "“The final” is sealed, 5 ballots; the eighth flavour is Plum (3)."
    )
    assert news.sealed(final, board(Plum=3, Lime=2), last=False).endswith("; goes on: Plum (3).")


def test_it_ends_with_the_addresses_and_the_commands_to_go_on_with() -> None:
    lines = "\n".join(news.done("http://localhost:8000", "r3", "c1"))

    assert "http://localhost:8000/rounds/r3/report" in lines
    assert "fanfare export demo.fanfare --url http://localhost:8000 && fanfare replay demo.fanfare" in lines
    assert "sealed" not in "".join(news.done("http://localhost:8000", "", "c1"))


def test_its_figures_are_what_took_effect() -> None:
    answers = Counter(
        {"idea 201": 2, "idea 409 round-not-open": 9, "comment 201": 3, "answer 201": 1, "support 200": 1500, "ballot 200": 4}
    )

    assert news.figures(answers, 3000) == (
        "3,000 fans raised 2 ideas, wrote 4 comments, gave support 1,500 times and cast 4 ballots."
    )
