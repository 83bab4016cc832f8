"""Plurality: one option a ballot; the most ballots win."""

from collections import Counter
from collections.abc import Iterable

from fanfare.record.ballots import Choice


def valid(choice: Choice, offered: frozenset[str], most: int) -> bool:
    """Tell whether *choice* names exactly one of the *offered* options, whatever *most* says."""
    return len(choice.options) == 1 <= most and choice.options[0] in offered


def count(choices: Iterable[Choice]) -> dict[str, int]:
    """Return how many ballots chose each option."""
    return dict(Counter(choice.options[0] for choice in choices))
