"""
The recogniser: writes into the record what the rules award and what fell.

It keeps nothing of its own. It folds partition 0 in memory, and what is due by that and not yet written it writes, in the order
of the causes, under ids that follow from the award and its turn. So it may crash anywhere and be started twice.
"""

from collections.abc import Sequence
from itertools import islice

from fanfare.awards.awarding import Awarding
from fanfare.awards.earning import Due
from fanfare.platform.desk import Desk
from fanfare.recognition.reading import Chosen, entries

AT_ONCE = 50
"""Awards in an entry. One has at most 1,150 bytes, an entry 60 KiB."""


class Recogniser:
    """Owned by one event loop. Several may run at once: what two write is one award."""

    def __init__(self, desk: Desk) -> None:
        """Act through *desk*."""
        self._desk = desk
        self._chosen: Chosen = {}
        self._awarding = Awarding(self._chosen)

    @property
    def read_to(self) -> int:
        """How many entries of partition 0 it has folded."""
        return self._awarding.next_offset

    async def run(self) -> None:
        """Write what is due. While no rule was ever published nothing is: then only decisions are looked at."""
        await self._desk.catch_up()
        if not self._desk.streams.recognition.rules:
            return
        await self._read()
        while batch := list(islice(self._awarding.pending.items(), AT_ONCE)):
            await self._write([each for _, each in batch])
            await self._read()
            if batch[0][0] in self._awarding.pending:
                return  # it cannot be read back yet; the next run finds it, or writes it again

    async def _write(self, due: Sequence[Due]) -> None:
        """Append an entry of awards. Where it dies behind this, the next run reads them back and does not write them again."""
        await self._desk.emit([each.event_id for each in due], [each.event() for each in due], "recognition")

    async def _read(self) -> None:
        async for entry in entries(self._desk, self._awarding.next_offset, self._chosen):
            self._awarding.apply(entry)
