"""Pages travel compressed: a third of their bytes on a phone's line."""

import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES = 800
"""What is shorter fits into one packet anyway."""
_KINDS = ("text/html", "text/css")
_LEVEL = 5


class Compressed:
    """
    Compresses pages that are read, whole ones only: a live stream is never held back.

    The length of a compressed page tells whether what an attacker put into it repeats a secret that stands in it. So the token of
    forms is another text in every answer (`fanfare.members.csrf`), an answer to a form is sent as it is, and so is one that says
    ``no-transform``, as pages with a one-time secret do.

    Source: BREACH (Gluck, Harris, Prado 2013).
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*, inside of what counts and limits requests."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; compress the answer where it is a whole page and the browser takes it so."""
        if scope["type"] != "http" or scope["method"] != "GET" or not takes_gzip(scope):
            await self._app(scope, receive, send)
            return
        start: Message = {}

        async def compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if _is_page(Headers(raw=message["headers"])):
                    start = message
                else:
                    await send(message)
                return
            if start:
                head, start = start, {}
                if not message.get("more_body") and len(message.get("body", b"")) >= LEAST_BYTES:
                    message = {**message, "body": gzip.compress(message["body"], _LEVEL, mtime=0)}
                    _tell(head, len(message["body"]))
                await send(head)
            await send(message)

        await self._app(scope, receive, compressed)


def takes_gzip(scope: Scope) -> bool:
    """Tell whether whoever asks can read gzip."""
    return "gzip" in Headers(scope=scope).get("accept-encoding", "")


def _is_page(headers: Headers) -> bool:
    return (
        headers.get("content-type", "").startswith(_KINDS)
        and "content-encoding" not in headers
        and "no-transform" not in headers.get("cache-control", "")
    )


def _tell(head: Message, length: int) -> None:
    headers = MutableHeaders(raw=head["headers"])
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(length)
    headers.add_vary_header("Accept-Encoding")
