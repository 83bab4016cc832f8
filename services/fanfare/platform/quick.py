"""The quick door: what has to be quick is answered before the layers that only pages and forms need."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from fanfare.platform.edge import RawRoute


class QuickDoor:
    """
    Answers raw routes, and hands every other request on.

    It stands inside of what counts, limits and reads requests, so all of that holds for them, too.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], handlers: Mapping[Any, Callable[..., Any]]) -> None:
        """Answer the raw ones of *routes*; *handlers* make answers of their refusals, as they do of all others."""
        self._app = app
        # A fault is not answered here: it goes on outwards, to what logs it.
        refusals = {kind: handler for kind, handler in handlers.items() if kind not in (500, Exception)}
        self._quick = [(each, ExceptionMiddleware(each.answer, refusals)) for each in routes if isinstance(each, RawRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "http":
            for route, answer in self._quick:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)
