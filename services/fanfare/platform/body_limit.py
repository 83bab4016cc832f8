"""No request is larger than it needs to be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform.edge import problem_response
from fanfare.platform.refusals import TooLarge

MOST_BYTES = 256 * 1024


class BodyLimit:
    """Answers 413 to a body over MOST_BYTES, by its length where it is told, else as it arrives. Nothing of it is kept."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        body, more = b"", True
        too_large = not told.isdigit() or int(told) > MOST_BYTES
        while more and not too_large:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > MOST_BYTES
        if too_large:
            await problem_response(TooLarge(), scope["path"])(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
