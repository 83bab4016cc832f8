"""Approval: as many options a ballot as the terms allow; each gets one."""

from collections import Counter
from collections.abc import Mapping

from fanfare.record.ballots import Choice


def valid(choice: Choice, offered: frozenset[str], most: int) -> bool:
    """Tell whether *choice* names from one to *most* different *offered* options, in sorted order."""
    chosen = choice.options
    return 1 <= len(chosen) <= most and list(chosen) == sorted(set(chosen)) and offered.issuperset(chosen)


def count(chosen: Mapping[Choice, int]) -> dict[str, int]:
    """Return how many ballots approve of each option."""
    found: Counter[str] = Counter()
    for choice, ballots in chosen.items():
        for option in choice.options:
            found[option] += ballots
    return dict(found)
