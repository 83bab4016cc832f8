"""A request that is cut short because its process stops is told so, and told to come again."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanfare.platform.edge import problem_response
from fanfare.platform.refusals import Refusal


class Stopping(Refusal):
    """The site is stopping or starting again."""

    code, status, advice = "stopping", 503, "Try again in a second, with the same Idempotency-Key: it takes effect once."


class AnsweredWhenStopped:
    """Answers 503 where the server cancels a request that waits too long, such as for a database that is gone already."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; where it is cancelled before its answer began, answer it."""
        began = False

        async def note(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except asyncio.CancelledError:
            if began or scope["type"] != "http":
                raise
            await problem_response(Stopping(), scope["path"])(scope, receive, send)
