"""No request is larger than it needs to be, and none is packed so that reading it costs more than sending it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform.edge import problem_response
from fanfare.platform.limits.refusals import BodyEncoded, TooManyFields
from fanfare.platform.limits.rules import READS
from fanfare.platform.refusals import Refusal, TooLarge

MOST_BYTES = 256 * 1024
MOST_FIELDS = 2000
_FORM = b"application/x-www-form-urlencoded"


class BodyLimit:
    """
    Answers 413 to a body over MOST_BYTES, by its length where it is told, else as it arrives. Nothing of it is kept.

    How long a body may take is the business of ``fanfare.platform.limits.connections``.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["method"] in READS:
            await self._app(scope, receive, send)
            return
        told, encoding, kind = b"0", b"", b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                told = value
            elif name == b"content-encoding":
                encoding = value.strip().lower()
            elif name == b"content-type":
                kind = value.strip().lower()
        refusal: Refusal | None = None
        if encoding not in (b"", b"identity"):
            refusal = BodyEncoded()
        elif not told.isdigit() or int(told[:20]) > MOST_BYTES:
            refusal = TooLarge()
        body, more = bytearray(), True
        while more and refusal is None:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MOST_BYTES:
                refusal = TooLarge()
        if refusal is None and kind.startswith(_FORM) and body.count(b"&") >= MOST_FIELDS:
            refusal = TooManyFields()
        if refusal is not None:
            await problem_response(refusal, scope["path"])(scope, receive, send)
            return
        await self._app(scope, _replay(bytes(body), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
