"""Ranks, and the cut: which options go on."""

from collections.abc import Mapping, Sequence

import msgspec

from fanfare.record.terms import TieRule


class Standing(msgspec.Struct, frozen=True):
    """An option's place in the ranking."""

    option: str
    votes: int
    rank: int
    """Options with equal votes share a rank: 1, 2, 2, 4."""
    advanced: bool


class Cut(msgspec.Struct, frozen=True):
    """A ranking with its cut. *tied* are the options that the tie rule decided on; empty where the votes did."""

    ranking: tuple[Standing, ...]
    tied: tuple[str, ...]

    @property
    def advanced(self) -> tuple[str, ...]:
        """The options that go on, in the order of the ranking."""
        return tuple(each.option for each in self.ranking if each.advanced)


def cut(options: Sequence[str], votes: Mapping[str, int], places: int, ties: TieRule) -> Cut:
    """
    Rank *options* by votes and decide which of them advance.

    Args:
        options: in the order in which ties fall, the earliest first. One without votes has none, and can still advance.
        votes: the figure of each option.
        places: how many go on: the carry-over rule.
        ties: at the cut, ``earliest`` or ``all-advance``.
    """
    order = sorted(options, key=lambda option: -votes.get(option, 0))  # stable: equal votes keep the order of *options*
    figures = [votes.get(option, 0) for option in order]
    at_cut = figures[places - 1] if len(order) >= places else None
    tied = tuple(option for option, figure in zip(order, figures, strict=True) if figure == at_cut)
    straddles = at_cut is not None and len(order) > places and figures[places] == at_cut
    last = sum(figure >= at_cut for figure in figures) if straddles and ties == "all-advance" and at_cut is not None else places
    first_of: dict[int, int] = {}
    for place, figure in enumerate(figures, start=1):
        first_of.setdefault(figure, place)
    ranking = tuple(
        Standing(option, figure, first_of[figure], place < last)
        for place, (option, figure) in enumerate(zip(order, figures, strict=True))
    )
    return Cut(ranking, tied if straddles else ())
