"""How far the proof of an event has come, and what a browser has to trust to check it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from fastapi import Request

from fanfare.ledger.checkpoints import Policy, open_signed
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import VerifierKey
from fanfare.ledger.notes import Note
from fanfare.notary.routes import Latest
from fanfare.notary.witnessing import addresses
from fanfare.platform.desk import Desk
from fanfare.platform.settings import Settings
from fanfare.record.notary import origin, promises_name
from fanfare.record.position import Position
from fanfare.reports.receipts import BallotFound
from fanfare.web.contexts.ballots import Check, ProofState

PROMISED = timedelta(minutes=2)
"""A promise runs for a minute, and the minute in which a ballot was cast is all that the record tells."""


class Proven(msgspec.Struct, frozen=True):
    """The newest checkpoint that covers an event: how many entries it is over, and who cosigned it."""

    size: int = 0
    """0 while there is none."""
    witnesses: tuple[str, ...] = ()

    def state(self, cast_at: datetime) -> ProofState:
        """Return what is said of it."""
        if self.size:
            return "signed"
        return "overdue" if datetime.now(UTC) > cast_at + PROMISED else "promised"


async def proven(request: Request, position: Position) -> Proven:
    """Return how far the proof of what stands at *position* has come."""
    desk, latest = _of(request)
    stored = await latest.of(str(position.partition))
    keys = _signers(desk, position.partition)
    if stored is None or not keys:
        return Proven()
    try:
        opened = open_signed(Note.parse(stored), Policy(keys, tuple(witnesses_of(request))))
    except (Malformed, NotSigned):
        return Proven()
    if opened.checkpoint.size <= position.offset:
        return Proven()
    return Proven(opened.checkpoint.size, tuple(sorted(each.name for each in opened.witnessed)))


def witnesses_of(request: Request) -> Sequence[VerifierKey]:
    """Return the keys of the witnesses that this site names."""
    settings: Settings = request.app.state.settings
    return [each.key for each in addresses(settings.witnesses)]


def check_of(request: Request, ballot: BallotFound) -> Check | None:
    """Return what checking a ballot's receipt needs; none while the record has no key for its partition."""
    desk, __ = _of(request)
    words = list(map(str, _signers(desk, ballot.position.partition)))
    if not words:
        return None
    trusted = {
        "record": desk.source,
        "keys": words,
        "promises": list(map(str, desk.streams.notary.verifiers(promises_name(desk.source)))),
        "witnesses": list(map(str, witnesses_of(request))),
        "quorum": 0,  # the page says who cosigned, and asks for nobody: what a witness is worth is the reader's to judge
        "mine": {
            "event_id": ballot.event_id,
            "position": str(ballot.position),
            "voter": ballot.voter,
            "number": ballot.number,
        },
    }
    address = f"/api/v1/receipts/{ballot.event_id}?position={ballot.position}"
    return Check(address, msgspec.json.encode(trusted).decode(), words)


def _of(request: Request) -> tuple[Desk, Latest]:
    desk: Desk = request.app.state.desk
    latest: Latest = request.app.state.latest
    return desk, latest


def _signers(desk: Desk, partition: int) -> tuple[VerifierKey, ...]:
    return desk.streams.notary.verifiers(origin(desk.source, partition)) if desk.streams.site.founded else ()
