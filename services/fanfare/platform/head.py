"""HEAD: every address that answers GET answers it too, with the same head and no body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """
    Hands HEAD on as GET and keeps the body back, so that no route, limit or rule needs to know of it.

    Source: RFC 9110, section 9.3.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*, outside of whatever decides by the method."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; of the answer to HEAD, the head."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})  # the answer has ended, so a live page hears that its reader is gone

        await self._app({**scope, "method": "GET"}, receive, send_head)
