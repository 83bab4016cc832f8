"""Each request is answered in the language that its reader asked for, where a catalogue has it."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform import language

_SAID = ("text/html", "application/problem+json", "text/event-stream")
"""What is said in words; files and figures are the same in every language."""


class Spoken:
    """Speaks the language of each request, and says so in its answer. Costs nothing on a site that speaks English alone."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*, outside of whatever answers in words."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in its language."""
        if scope["type"] != "http" or not language.known():
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if headers.get("content-type", "").startswith(_SAID):
                    headers["Content-Language"] = language.tag()
                    headers.add_vary_header("Accept-Language")
            await send(message)

        with language.speaking(language.wanted(Headers(scope=scope).get("accept-language", ""))):
            await self._app(scope, receive, told)
