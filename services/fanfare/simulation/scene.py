"""What the simulation has seen so far: who is there, which ideas stand, who supports what, who holds which paper."""

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from fanfare.simulation import corpus
from fanfare.simulation.corpus import CommentText
from fanfare.simulation.plan import Plan
from fanfare.simulation.tastes import Flavour, Taste, ranked

SUPPORT_WHIM = 0.75


class Standing(msgspec.Struct):
    """An idea that was raised, by a fan of the plan or by a visitor. Owned by the scene."""

    id: str
    flavour: Flavour
    position: str = ""
    """Where its raising stands; a write about it waits until the site has read that."""
    author: int | None = None
    """The place of its author among the fans; none where a visitor raised it."""
    version: int = 1
    followers: int = 0
    withdrawn: bool = False


class Scene:
    """Owned by one event loop."""

    def __init__(self, plan: Plan, tokens: Sequence[str]) -> None:
        """Begin with the fans of *plan* and their tokens."""
        self.tokens = list(tokens)
        self.tastes: list[Taste] = [fan.taste for fan in plan.fans]
        self.ideas: dict[str, Standing] = {}
        self.places: dict[int, str] = {}
        """Ids of the ideas of the corpus that were raised, by their place in it."""
        self.supported: dict[int, list[str]] = defaultdict(list)
        self.papers: dict[tuple[str, int], int] = {}
        """Of round and fan: the number of her next paper."""
        self._said: set[tuple[str, str]] = set()

    def arrived(self, token: str, by: int) -> int:
        """Take in a friend whom a fan brought, and return her place among the fans; friends taste alike."""
        self.tokens.append(token)
        self.tastes.append(self.tastes[by])
        return len(self.tokens) - 1

    def raised(self, place: int, author: int, idea: str, position: str) -> None:
        """Take in an idea of the corpus."""
        text = corpus.ideas()[place]
        self.ideas[idea] = Standing(idea, Flavour(text.tags, text.charm), position, author)
        self.places[place] = idea

    def noticed(self, idea: str, tags: Sequence[str], *, withdrawn: bool) -> None:
        """Take in an idea that a visitor raised, or took back."""
        known = self.ideas.setdefault(idea, Standing(idea, Flavour(tuple(tags))))
        if known.author is None:
            known.withdrawn = withdrawn

    def author_of(self, place: int) -> Standing | None:
        """Return the standing idea of that place in the corpus, none where it was not raised or was taken back."""
        found = self.ideas.get(self.places.get(place, ""))
        return found if found and not found.withdrawn else None

    def wanted(self, fan: int, mood: int, *, new_to_her: bool) -> Standing | None:
        """Return the idea that a fan wants to support (one that is *new_to_her*) or to talk about."""
        mine = self.supported[fan] if new_to_her else ()
        there = [each for each in self.ideas.values() if not each.withdrawn and each.id not in mine]
        if not there:
            return None
        flavours, followers = [each.flavour for each in there], [each.followers for each in there]
        return there[ranked(self.tastes[fan], flavours, followers, mood, SUPPORT_WHIM)[0][1]]

    def remark(self, idea: Standing, mood: int) -> CommentText | None:
        """Return something to say about an idea that nobody has said under it."""
        fitting = [
            each
            for each in corpus.comments()
            if (idea.id, each.text) not in self._said and (not each.about or set(each.about) & set(idea.flavour.tags))
        ]
        if not fitting:
            return None
        # What fits the idea is said three times as readily as what fits any.
        chosen = Random(mood).choices(fitting, [3 if each.about else 1 for each in fitting])[0]
        self._said.add((idea.id, chosen.text))
        return chosen

    def flavours(self, options: Sequence[Any]) -> list[Flavour]:
        """Return the flavours of a round's options; one that was never seen tastes of nothing yet."""
        return [self.ideas[each["id"]].flavour if each["id"] in self.ideas else Flavour(()) for each in options]
