"""No request is larger than it needs to be, and none is packed so that reading it costs more than sending it."""

import re
from collections.abc import Mapping

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform.edge import problem_response
from fanfare.platform.limits.refusals import BodyEncoded, TooManyFields, TooManyUploads
from fanfare.platform.limits.rules import READS
from fanfare.platform.refusals import Refusal, TooLarge, UploadTooLarge

MOST_BYTES = 256 * 1024
UPLOAD_BYTES = 12_500_000
"""A picture of 12 MB, and the other fields of its form."""
UPLOADS_AT_ONCE = 12
"""Larger bodies that a process holds at the same time: each is in memory while it comes and while it is read."""
UPLOADS: Mapping[str, str] = {
    "/api/v1/pictures": "",
    "/campaigns/*/ideas": "multipart/form-data",
    "/campaigns/*/ideas/new": "multipart/form-data",
    "/host/settings": "multipart/form-data",
    "/ideas/*": "multipart/form-data",
    "/ideas/*/edit": "multipart/form-data",
}
"""Where a file may be posted, `*` standing for an id, and how such a body says what it is."""
MOST_FIELDS = 2000
_FORM = b"application/x-www-form-urlencoded"
_PATTERNS = [(re.compile(re.escape(path).replace(r"\*", "[^/]+")), kind.encode()) for path, kind in UPLOADS.items()]


class _Head(msgspec.Struct):
    """What the head of a request tells of its body."""

    told: bytes = b"0"
    encoding: bytes = b""
    kind: bytes = b""


class BodyLimit:
    """
    Answers 413 to a body over its limit, by its length where it is told, else as it arrives. Nothing of it is kept.

    How long a body may take is the business of ``fanfare.platform.limits.connections``. Owned by one event loop.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard *app*."""
        self._app = app
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["method"] in READS:
            await self._app(scope, receive, send)
            return
        head = _head(scope)
        takes_file = _takes_file(scope, head)
        if not takes_file or (head.told.isdigit() and 0 < int(head.told[:20]) <= MOST_BYTES):
            await self._read(scope, receive, send, head, TooLarge() if not takes_file else UploadTooLarge(), MOST_BYTES)
        elif self._uploads >= UPLOADS_AT_ONCE:
            await problem_response(TooManyUploads(), scope["path"])(scope, receive, send)
        else:
            self._uploads += 1
            try:
                await self._read(scope, receive, send, head, UploadTooLarge(), UPLOAD_BYTES)
            finally:
                self._uploads -= 1

    async def _read(self, scope: Scope, receive: Receive, send: Send, head: _Head, over: Refusal, most_bytes: int) -> None:
        refusal: Refusal | None = None
        if head.encoding not in (b"", b"identity"):
            refusal = BodyEncoded()
        elif not head.told.isdigit() or int(head.told[:20]) > most_bytes:
            refusal = over
        body, more = bytearray(), True
        while more and refusal is None:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most_bytes:
                refusal = over
        if refusal is None and head.kind.startswith(_FORM) and body.count(b"&") >= MOST_FIELDS:
            refusal = TooManyFields()
        if refusal is not None:
            await problem_response(refusal, scope["path"])(scope, receive, send)
            return
        await self._app(scope, _replay(bytes(body), receive), send)


def _head(scope: Scope) -> _Head:
    found = _Head()
    for name, value in scope["headers"]:
        if name == b"content-length":
            found.told = value
        elif name == b"content-encoding":
            found.encoding = value.strip().lower()
        elif name == b"content-type":
            found.kind = value.strip().lower()
    return found


def _takes_file(scope: Scope, head: _Head) -> bool:
    if scope["method"] != "POST":
        return False
    return any(pattern.fullmatch(scope["path"]) and head.kind.startswith(kind) for pattern, kind in _PATTERNS)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
