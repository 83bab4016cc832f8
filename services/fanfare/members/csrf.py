"""Requests that another site made a browser send: refused, by where they come from and by a token that only our pages know."""

import contextlib
import hmac
import secrets
from typing import Annotated

from fastapi import Depends, Request

from fanfare.members import sessions, vault
from fanfare.members.refusals import FormOutdated
from fanfare.platform.desk import Desk
from fanfare.platform.refusals import ForeignOrigin

FIELD, HEADER = "csrf", "X-CSRF-Token"
_READS = {"GET", "HEAD", "OPTIONS"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What a page of another site can send without asking first. Source: Fetch, CORS-safelisted request-header."""


def csrf_token(request: Request) -> str:
    """Return the token for forms of this browser's session; empty for a stranger, whose forms need none."""
    session = request.cookies.get(sessions.cookie_name(request))
    desk: Desk = request.app.state.desk
    return vault.derived(desk.vault_key, "csrf", session) if session else ""


def masked(token: str) -> str:
    """Return a token as a page carries it: another text each time, since a compressed page's length tells of what is in it."""
    if not token:
        return ""
    mask = secrets.token_bytes(len(token) // 2)
    return mask.hex() + _xor(bytes.fromhex(token), mask).hex()


def _unmasked(given: str, length: int) -> str:
    """Return the token of *length* that was masked; whatever is not masked, as it is."""
    try:
        both = bytes.fromhex(given)
    except ValueError:
        return given
    return _xor(both[: length // 2], both[length // 2 :]).hex() if len(both) == length else given


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


async def guard(request: Request) -> None:
    """
    Let a write pass only where our own page, or a script with a bearer token, sent it. Reads pass.

    A form needs both a fitting origin and the token in its field; a request of JSON needs either the header or the browser's word
    that it comes from here.

    Raises:
        ForeignOrigin: the browser says that another site sent it.
        FormOutdated: it is signed in, and the token is missing or another session's.
    """
    if request.method in _READS or sessions.bearer(request) is not None:
        return
    own = check_origin(request)
    expected = csrf_token(request)
    if not expected:
        return
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        given = request.headers.get(HEADER) or await _field(request)
    else:
        given = request.headers.get(HEADER, "")
        if own and not given:
            return
    if not hmac.compare_digest(_unmasked(given, len(expected)).encode(), expected.encode()):
        raise FormOutdated


async def guard_origin(request: Request) -> None:
    """Let a write pass that uses no session (signing in), unless another site sent it. Raises: ForeignOrigin."""
    if request.method not in _READS and sessions.bearer(request) is None:
        check_origin(request)


def check_origin(request: Request) -> bool:
    """
    Tell whether the browser says that this site sent the request; a program that is no browser says nothing.

    Raises:
        ForeignOrigin: it says that another one did.
    """
    fetched = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin")
    # "none" is what somebody typed or opened from a bookmark: no other site's doing, but no word of ours either.
    if fetched not in {"", "same-origin", "none"}:
        raise ForeignOrigin
    if origin is not None and not _is_own(origin, request.headers.get("host", "")):
        raise ForeignOrigin
    return fetched == "same-origin" or (origin is not None and not fetched)


def _is_own(origin: str, host: str) -> bool:
    scheme, _, netloc = origin.lower().partition("://")
    # Browsers leave a scheme's own port out of both; some proxies write it into Host.
    return bool(netloc) and netloc == host.lower().removesuffix(":443" if scheme == "https" else ":80")


async def _field(request: Request) -> str:
    with contextlib.suppress(RuntimeError):  # FastAPI has read the form already, and the request keeps that
        await request.body()  # kept by the request, so that whoever reads it next finds it
    given = (await request.form()).get(FIELD, "")
    return given if isinstance(given, str) else ""


Guarded = Annotated[None, Depends(guard)]
"""A route that writes under a session takes this."""
