"""
Following: the site is read every few seconds, and what it newly signed is looked at through its own tiles.

A site that is away, slow or confused is no fork: it gets no cosignature, the page says since when, and it is asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.growth import Submission
from fanfare.ledger.notes import Note
from fanfare.witness.alarms import say
from fanfare.witness.cosigning import Alarm, Conflict, Cosigner, Stopped, UnknownLog
from fanfare.witness.forks import Fork
from fanfare.witness.pinned import NotTheSite
from fanfare.witness.seen import Kept, Seen
from fanfare.witness.site import Site, SiteAway

EVERY_S = 5.0
"""Between two looks at the site."""
AGAIN_S = 600
"""A checkpoint that stays the newest is cosigned anew after so long, so that readers see that the witness is there."""
INSISTS_S = 300.0
"""A site that serves less than it signed, for so long, means it."""
_NOT_SHOWN = (SiteAway, NotTheSite, NotSigned, NotProven, Malformed, Conflict, Stopped, UnknownLog)


class Follower:
    """Follows one site. Owned by one event loop."""

    def __init__(self, site: Site, cosigner: Cosigner, alarm: Alarm, insists_s: float = INSISTS_S) -> None:
        """Read *site*, and have *cosigner* sign."""
        self._site, self._cosigner, self._alarm, self._insists_s = site, cosigner, alarm, insists_s
        self._behind = dict[str, float]()
        """By origin, since when less is served than was signed."""
        self.troubles = dict[str, tuple[datetime, str]]()
        """Since when something of the site could not be read or was not shown, and why; by origin, or empty for all of it."""
        self.looked_at: datetime | None = None
        """When the site last answered."""

    async def follow(self, every_s: float = EVERY_S) -> None:
        """Look again and again. Raises: OSError, SeenDamaged: what was seen could not be written down."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Look at everything that the site signed once. Raises: OSError, SeenDamaged."""
        await self._trying("", self._manifest)
        for origin, number in self._cosigner.pinned.origins().items():

            async def newest(origin: str = origin, number: int = number) -> None:
                await self._newest(origin, number)

            await self._trying(origin, newest)
            if suspect := self._cosigner.suspects.pop(origin, None):
                await self._weigh(number, suspect)

    async def _trying(self, what: str, action: Callable[[], Awaitable[None]]) -> None:
        """Do it, and note what came in its way."""
        try:
            await action()
        except _NOT_SHOWN as error:
            if what not in self.troubles or self.troubles[what][1] != str(error):
                say(f"{what or self._site.url}: {error}")
            since = self.troubles[what][0] if what in self.troubles else self._cosigner.clock()
            self.troubles[what] = (since, str(error))
        else:
            self.troubles.pop(what, None)
            self.looked_at = self._cosigner.clock()

    async def _manifest(self) -> None:
        stored = await self._site.manifest()
        await asyncio.to_thread(self._cosigner.pinned.take, stored)

    async def _newest(self, origin: str, number: int) -> None:
        """Look at the newest checkpoint of a log."""
        seen = self._cosigner.seen(origin)
        kept = seen.kept  # before the site is asked, which may itself show a newer one meanwhile
        note, checkpoint = self._cosigner.opened(Note.parse(await self._site.checkpoint(number)))
        if checkpoint.origin != origin:
            raise NotTheSite(f"Where {origin} is due, a checkpoint of {checkpoint.origin} is served.")
        if kept and checkpoint.size < kept.checkpoint.size:
            await self._served_less(number, seen, kept, note)
            return
        self._behind.pop(origin, None)
        if kept and checkpoint == kept.checkpoint and self._cosigner.clock().timestamp() < kept.at_s + AGAIN_S:
            return
        fork, proof = await self._compared(number, seen, kept, note)
        if fork:
            await asyncio.to_thread(self._alarm, seen, fork)
        submission = Submission(kept.checkpoint.size if kept else 0, proof, note)
        try:
            await asyncio.to_thread(self._cosigner.add, submission)
        except Conflict:
            if seen.kept is kept:  # else the site has shown this one, or a later one, by itself
                raise

    async def _served_less(self, number: int, seen: Seen, kept: Kept, note: Note) -> None:
        """Look at a checkpoint that is smaller than one before: an old copy for a while, or a site that takes something back."""
        await self._weigh(number, note)
        checkpoint = Checkpoint.parse(note.text)
        since = self._behind.setdefault(checkpoint.origin, monotonic())
        if monotonic() - since >= self._insists_s:
            await asyncio.to_thread(self._alarm, seen, Fork(note, kept.note))
        raise NotProven(f"The site serves {checkpoint.size} entries, and had signed {kept.checkpoint.size}.")

    async def _weigh(self, number: int, note: Note) -> None:
        """Raise the alarm if a checkpoint that the log signed contradicts what was cosigned; without tiles nothing is known."""
        seen = self._cosigner.seen(Checkpoint.parse(note.text).origin)
        try:
            fork, _ = await self._compared(number, seen, seen.kept, note)
        except SiteAway:
            return
        if fork:
            await asyncio.to_thread(self._alarm, seen, fork)

    async def _compared(self, number: int, seen: Seen, kept: Kept | None, note: Note) -> tuple[Fork | None, tuple[bytes, ...]]:
        """Return how a checkpoint contradicts the last one, if it does, and how it goes on from it. Raises: SiteAway."""
        checkpoint = Checkpoint.parse(note.text)
        if kept is None or not kept.checkpoint.size or not checkpoint.size:
            return None, ()
        old = kept.checkpoint
        if checkpoint.size == old.size:
            return (None if checkpoint.root == old.root else Fork(kept.note, note)), ()
        if checkpoint.size < old.size:
            known = await asyncio.to_thread(seen.of_size, checkpoint.size)
            if known:
                same = Checkpoint.parse(known.text).root == checkpoint.root
                return (None if same else Fork(known, note)), ()
            shown = await self._site.shown(number, checkpoint.size, old)
            return (None if shown.root == checkpoint.root else Fork(note, kept.note, shown.root, shown.proof)), shown.proof
        shown = await self._site.shown(number, old.size, checkpoint)
        return (None if shown.root == old.root else Fork(kept.note, note, shown.root, shown.proof)), shown.proof
