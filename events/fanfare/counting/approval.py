"""Approval: as many options a ballot as the terms allow; each gets one."""

from collections import Counter
from collections.abc import Iterable

from fanfare.record.ballots import Choice


def valid(choice: Choice, offered: frozenset[str], most: int) -> bool:
    """Tell whether *choice* names from one to *most* different *offered* options, in sorted order."""
    chosen = choice.options
    return 1 <= len(chosen) <= most and list(chosen) == sorted(set(chosen)) and offered.issuperset(chosen)


def count(choices: Iterable[Choice]) -> dict[str, int]:
    """Return how many ballots approve of each option."""
    return dict(Counter(option for choice in choices for option in choice.options))
