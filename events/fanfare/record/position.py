"""Where an event stands in the record, and how far the record had come."""

from __future__ import annotations

import re

import msgspec

_WRITTEN = re.compile(r"([0-9]{1,5}):([0-9]{1,18})(?::([0-9]{1,5}))?")


class Position(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in the record: partition, offset of the entry, index of the event in it; each from 0."""

    partition: int
    offset: int
    index: int = 0

    def __str__(self) -> str:
        """Write it as ``partition:offset:index``."""
        return f"{self.partition}:{self.offset}:{self.index}"

    @classmethod
    def parse(cls, written: str) -> Position:
        """
        Read ``partition:offset`` or ``partition:offset:index``.

        Raises:
            ValueError: *written* is neither.
        """
        found = _WRITTEN.fullmatch(written)
        if found is None:
            message = f"a position reads partition:offset:index, such as 2:118:4, not {written[:40]!r}"
            raise ValueError(message)
        return cls(int(found[1]), int(found[2]), int(found[3] or 0))


Moment = tuple[int, ...]
"""How many entries of each partition, from partition 0 on, are included: (118, 40, 0, 7)."""
