"""The HTTP edge that all routes share: who calls, with which key, and how a refusal is answered."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from fanfare.platform.caller import Authenticate, Caller, roles_of
from fanfare.platform.desk import Acknowledged, Asked, Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import Invalid, Refusal, RoleNeeded, SessionExpired, SignInNeeded
from fanfare.platform.requests import RANDOM
from fanfare.platform.warrants import Warrant
from fanfare.record.position import Position
from fanfare.record.site import Role

PROBLEM = "application/problem+json"
POSITION_HEADER = "Fanfare-Position"
WAIT_COOKIE = "fanfare_wait"
KEY_DESCRIPTION = "Any string of yours, at most 200 characters. The same request with the same key takes effect once."


async def _desk(request: Request) -> Desk:  # no plain function: FastAPI would call it in a thread
    desk: Desk = request.app.state.desk
    return desk


async def _visitor(request: Request) -> Caller | None:
    authenticate: Authenticate = request.app.state.authenticate
    return await authenticate(request)


async def _fan(request: Request, visitor: "Visitor") -> Caller:
    return visitor or _turn_away(request)


def _turn_away(request: Request) -> NoReturn:
    raise SessionExpired if getattr(request.state, "session_expired", False) else SignInNeeded


async def signed_in(request: Request) -> Caller:
    """Return who calls; for raw routes. Raises: SignInNeeded, SessionExpired, TokenUnknown."""
    return await _visitor(request) or _turn_away(request)


async def _host(fan: "Fan", desk: "TheDesk") -> Caller:
    return await holding(fan, ("host",), desk, _("Only hosts may do this. Ask an admin of this site for the role."))


async def _moderator(fan: "Fan", desk: "TheDesk") -> Caller:
    return await holding(fan, ("moderator", "host"), desk, _("Only a moderator, a host or an admin does this. Ask one of them."))


async def _admin(fan: "Fan", desk: "TheDesk") -> Caller:
    return await holding(fan, ("admin",), desk, _("Only admins may do this."))


async def holding(fan: Caller, roles: Sequence[Role], desk: Desk, refusal: str) -> Caller:
    """Return a member who holds one of *roles*, as they stand by now. Raises: RoleNeeded: with the sentence *refusal*."""
    if any(map(fan.may, roles)):
        return fan
    await desk.catch_up()  # only before a no: another process may have granted it, and this one not read it yet
    known = msgspec.structs.replace(fan, roles=roles_of(desk, fan.member))
    if not any(map(known.may, roles)):
        raise RoleNeeded(refusal)
    return known


class RawRoute(APIRoute):
    """
    A route that FastAPI documents and otherwise leaves alone, which saves half of the time of a quick answer.

    Its endpoint takes the request and the parameters of the path as they came; it authenticates, guards and decodes by itself.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:  # noqa: ANN401 - as FastAPI has it
        """Describe the route, and call its endpoint without any dependency and without the stacks that close them."""
        super().__init__(path, endpoint, **described)
        self.app = self.answer

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the endpoint and send what it returns."""
        answer: Response = await self.endpoint(request=Request(scope, receive, send), **scope["path_params"])
        await answer(scope, receive, send)


async def waited(request: Request) -> None:
    """Hold a raw route back until what its sender wrote can be read. Raises: Invalid, NotYetThere."""
    wait: Callable[[Request], Awaitable[None]] = request.app.state.wait
    await wait(request)


Cursor = Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before; none for the first page.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many a page holds at most.")]

TheDesk = Annotated[Desk, Depends(_desk)]
Visitor = Annotated[Caller | None, Depends(_visitor)]
"""Who calls, or none for a stranger."""
Fan = Annotated[Caller, Depends(_fan)]
"""A signed-in member."""
Host = Annotated[Caller, Depends(_host)]
"""A member who is a host."""
Moderator = Annotated[Caller, Depends(_moderator)]
"""A member who is a moderator, a host or an admin."""
Admin = Annotated[Caller, Depends(_admin)]
"""A member who is an admin."""


async def _key(
    idempotency_key: Annotated[
        str | None,
        Header(description=KEY_DESCRIPTION),
    ] = None,
) -> str:
    return checked_key(idempotency_key)


def checked_key(idempotency_key: str | None) -> str:
    """Return a client's Idempotency-Key, or a random one where it sent none. Raises: Invalid."""
    if idempotency_key is None:
        return RANDOM + secrets.token_hex(16)
    if not 1 <= len(idempotency_key) <= 200 or not idempotency_key.isprintable():
        message = _("Idempotency-Key needs 1 to 200 printable characters.")
        raise Invalid(message)
    return idempotency_key


async def _body_digest(request: Request) -> str:
    return hashlib.sha256(await request.body()).hexdigest()


Key = Annotated[str, Depends(_key)]
"""The client's Idempotency-Key, or a random one."""
BodyDigest = Annotated[str, Depends(_body_digest)]
"""SHA-256 of the request's body, hexadecimal."""


def asked(fan: Caller | Warrant, command: str, target: str, key: str, body: str = "") -> Asked:
    """Say who asks for what."""
    return Asked(actor=fan.member, command=command, target=target, key=key, body=body)


def acknowledge(response: Response, done: Acknowledged) -> None:
    """Tell the client where her write stands; a later read can wait for it with Fanfare-Wait, a browser's does by itself."""
    note_position(response, done.position)


def note_position(response: Response, position: Position) -> None:
    """Set the header and the short-lived cookie that make the next read wait for *position*."""
    response.headers[POSITION_HEADER] = str(position)
    written = f"{position.partition}.{position.offset}"
    response.headers.append("set-cookie", f"{WAIT_COOKIE}={written}; HttpOnly; Max-Age=60; Path=/; SameSite=lax")


def problem(refusal: Refusal, instance: str) -> dict[str, Any]:
    """Return the RFC 9457 problem of a refusal."""
    return {
        "type": f"/problems#{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": str(refusal),
        "code": refusal.code,
        "instance": instance,
        **refusal.extra,
    }


def problem_response(refusal: Refusal, instance: str) -> JSONResponse:
    """Answer with the problem of a refusal."""
    headers = {"Retry-After": "1"} if refusal.status == 503 else {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem(refusal, instance), refusal.status, headers, media_type=PROBLEM)
