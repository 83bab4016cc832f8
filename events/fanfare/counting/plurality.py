"""Plurality: one option a ballot; the most ballots win."""

from collections import Counter
from collections.abc import Mapping

from fanfare.record.ballots import Choice


def valid(choice: Choice, offered: frozenset[str], most: int) -> bool:
    """Tell whether *choice* names exactly one of the *offered* options, whatever *most* says."""
    return len(choice.options) == 1 <= most and choice.options[0] in offered


def count(chosen: Mapping[Choice, int]) -> dict[str, int]:
    """Return how many ballots chose each option."""
    found: Counter[str] = Counter()
    for choice, ballots in chosen.items():
        found[choice.options[0]] += ballots
    return dict(found)
