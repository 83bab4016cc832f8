"""
The API of receipts: what became of an event, what the site promised of its entry, and the proof that it is in the signed record.

Source: C2SP tlog-proof (c2sp.org/tlog-proof); waiting is RFC 7240's preference `wait`.
"""

import re
from time import monotonic
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from fanfare.ledger.writing import to_base64
from fanfare.notary.promising import Promising
from fanfare.notary.receipts import Event, Receipts
from fanfare.platform.desk import Desk
from fanfare.platform.edge import TheDesk
from fanfare.platform.refusals import Invalid
from fanfare.record.notary import origin, promises_name
from fanfare.record.position import Position

router = APIRouter(prefix="/api/v1", tags=["record"])
MOST_WAIT_S = 10
_WAIT = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?([0-9]{1,6})"?(?=$|[,;\s])', re.IGNORECASE)
_PLAIN = "text/plain; charset=utf-8"
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_PLACE = {"pattern": r"^[0-9]{1,5}:[0-9]{1,18}(:[0-9]{1,5})?$"}


class EventReceipt(BaseModel):
    """Where an event stands, what was promised of its entry, and the proof. A ballot's choice is told by the entry alone."""

    event_id: str
    position: str
    type: str = Field(description="The event's wire name, as the entry says.", examples=["fanfare.ballot.cast.v1"])
    state: str = Field(description="Of a ballot taken, counted, replaced, late or void; of any other event recorded.")
    terms: str | None = Field(description="Of a ballot that was read: the hash of its round's terms.")
    number: int | None = Field(description="Of a ballot that was read: that of its paper.")
    promise: str | None = Field(description="A signed note: that a checkpoint will cover the entry in time.")
    events_proof: list[str] = Field(description="That the event is in the promised entry: hashes in base64, from its sibling up.")
    signed_by: str | None = Field(description="The promise's deadline.", examples=["2026-11-23T12:00:00Z"])
    why_no_promise: str | None
    proof: str | None = Field(description="tlog-proof@v1 of the entry; none while it is not signed yet.")
    leaf: str = Field(description="The entry's stored bytes, in base64: what the proof proves.")
    keys: list[str] = Field(description="What the proof's checkpoint is verified with: every key that this partition ever had.")
    promise_keys: list[str] = Field(description="What the promise is verified with: every key that ever signed promises.")


class _Answer(msgspec.Struct):
    event_id: str
    position: str
    type: str
    state: str
    terms: str | None
    number: int | None
    promise: str | None
    events_proof: tuple[str, ...]
    signed_by: str | None
    why_no_promise: str | None
    proof: str | None
    leaf: str
    keys: list[str]
    promise_keys: list[str]


@router.get(
    "/receipts/{event_id}",
    summary="The receipt of an event",
    response_model=EventReceipt,
    responses={
        200: {"content": _TEXT},
        202: {"model": EventReceipt, "content": _TEXT, "description": "Not signed yet: ask again after Retry-After."},
    },
)
async def get_receipt(
    event_id: Annotated[str, Path(max_length=64)],
    request: Request,
    desk: TheDesk,
    position: Annotated[
        str | None,
        Query(
            max_length=32,
            description="Where it stands, partition:offset:index. Ballots are found without.",
            json_schema_extra=_PLACE,
        ),
    ] = None,
    prefer: Annotated[str, Header(description="`wait=5` waits so many seconds for the proof, ten at most.")] = "",
) -> Response:
    """
    Return what became of an event, with the proof that it is in the signed record as soon as there is one.

    `Accept: text/plain` asks for the proof alone, as C2SP's tlog-proof writes it.
    """
    receipts: Receipts = request.app.state.receipts
    with receipts.waiting(_wait_s(prefer)) as wait_s:
        ends = monotonic() + (wait_s or 0)
        found = await receipts.find(event_id, _place(position), ends)
        proof = await receipts.proof(found.position.partition, found.position.offset, ends)
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Prefer"}
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s}"
    if proof is None:
        headers["Retry-After"] = "1"
    status = 202 if proof is None else 200
    accept = request.headers.get("accept", "")
    if "text/plain" in accept and "application/json" not in accept:
        return Response(proof or b"", status, {**headers, "Content-Type": _PLAIN})
    answer = await _answer(request.app.state.promising, desk, found, proof)
    return Response(msgspec.json.encode(answer), status, headers, media_type="application/json")


async def _answer(promising: Promising, desk: Desk, found: Event, proof: bytes | None) -> _Answer:
    promised = await promising.of(found.position, found.entry)
    notary = desk.streams.notary
    return _Answer(
        event_id=found.event_id,
        position=str(found.position),
        type=found.type,
        state=found.state,
        terms=found.ballot.terms if found.ballot else None,
        number=found.ballot.number if found.ballot else None,
        promise=promised.promise,
        events_proof=promised.events_proof,
        signed_by=promised.deadline,
        why_no_promise=promised.why_no_promise,
        proof=proof.decode() if proof else None,
        leaf=to_base64(found.entry),
        keys=list(map(str, notary.verifiers(origin(desk.source, found.position.partition)))),
        promise_keys=list(map(str, notary.verifiers(promises_name(desk.source)))),
    )


def _place(position: str | None) -> Position | None:
    try:
        return Position.parse(position) if position is not None else None
    except ValueError as error:
        raise Invalid(str(error)) from error


def _wait_s(prefer: str) -> int | None:
    """Return for how long to wait; none where nobody asked for it."""
    found = _WAIT.search(prefer)
    return min(int(found[1]), MOST_WAIT_S) if found else None
