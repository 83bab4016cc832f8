"""The port of voting methods: what each must answer, and which there are."""

from collections.abc import Mapping
from typing import Protocol

from fanfare.counting import approval, plurality
from fanfare.record.ballots import Choice


class Counting(Protocol):
    """A voting method: a module with these two functions."""

    def valid(self, choice: Choice, offered: frozenset[str], most: int) -> bool:
        """Tell whether *choice* may stand on a ballot that offers these options, of which it may name *most*."""

    def count(self, chosen: Mapping[Choice, int]) -> dict[str, int]:
        """Return the figure of each option that was chosen, of how many ballots make each choice; pure, in any order the same."""


METHODS: dict[str, Counting] = {"plurality.v1": plurality, "approval.v1": approval}
"""By the name that terms use. ``support.v1`` has no ballots: it ranks ideas by their supporters."""
