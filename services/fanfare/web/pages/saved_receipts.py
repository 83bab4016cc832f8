"""Hands out a receipt as a file that checks itself."""

from datetime import UTC, datetime
from time import monotonic

from fastapi import Request
from fastapi.responses import Response

from fanfare.ledger.writing import to_base64
from fanfare.members.links import site_address
from fanfare.notary.promising import Promising
from fanfare.notary.receipts import Receipts
from fanfare.platform.desk import Desk
from fanfare.record.position import Position
from fanfare.voting.refusals import ReceiptNotFound
from fanfare.web.contexts.ballots import ReceiptPage
from fanfare.web.layout import render
from fanfare.web.policy import HEADERS
from fanfare.web.saved import saved_page
from fanfare.web.shells import shell_of

WAIT_S = 3.0
"""So long the next checkpoint is waited for; a copy without it holds the promise."""


async def answered(request: Request, page: ReceiptPage) -> Response:
    """
    Answer with the file of a receipt, as far as its proof has come.

    Raises:
        ReceiptNotFound: the record has no keys yet, so that nothing could be checked.
    """
    desk: Desk = request.app.state.desk
    if page.check is None:
        raise ReceiptNotFound
    saved = saved_page(page, page.check, await _receipt(request, page), site_address(request, desk), datetime.now(UTC))
    name = f"receipt-{page.event_id[:12]}.html"
    headers = {**HEADERS, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(render(await shell_of(request), saved), media_type="text/html", headers=headers)


async def _receipt(request: Request, page: ReceiptPage) -> dict[str, object]:
    """Return what `GET /api/v1/receipts/…` answers, without the keys: the file pins those of the page."""
    receipts: Receipts = request.app.state.receipts
    promising: Promising = request.app.state.promising
    position, ends = Position(page.partition, page.offset, page.index), monotonic() + WAIT_S
    found = await receipts.find(page.event_id, position, ends)
    proof = await receipts.proof(position.partition, position.offset, ends)
    promised = await promising.of(position, found.entry)
    return {
        "event_id": found.event_id,
        "position": str(position),
        "type": found.type,
        "state": found.state,
        "promise": promised.promise,
        "events_proof": promised.events_proof,
        "signed_by": promised.deadline,
        "proof": proof.decode() if proof else None,
        "leaf": to_base64(found.entry),
    }
