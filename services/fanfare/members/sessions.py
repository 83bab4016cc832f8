"""Sessions: browsers that are signed in and tokens of scripts. Whoever reads the database finds only hashes."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request
from starlette.responses import Response

from fanfare.members.address import is_loopback
from fanfare.members.refusals import TokenUnknown
from fanfare.platform import private
from fanfare.platform.batch import Batcher
from fanfare.platform.caller import Authenticate, Caller, Secret, roles_of
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _
from fanfare.platform.refusals import SessionExpired
from fanfare.platform.singly import singly

Kind = Literal["browser", "token"]
LASTS: dict[Kind, timedelta] = {"browser": timedelta(days=30), "token": timedelta(days=365)}
"""How long each kind lasts, at most."""
SECURE_COOKIE, LOOPBACK_COOKIE = "__Host-fanfare", "fanfare"
_APART_S = 0.012
"""Who comes within this time of others goes the rest of the way with them; longer than what keeps writes to Kafka apart."""
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari"}
_MACHINES = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}

OPEN = """
    insert into vault.sessions (hash, member, kind, label, expires_at)
    select hash, member, %s, %s, now() + %s from unnest(%s::bytea[], %s::text[]) as new (hash, member)
    on conflict (hash) do nothing
"""
WHO = """
    select hash, member, name, kind, expires_at <= now(), secret
      from vault.sessions join vault.members on members.id = sessions.member
     where hash = any(%b::bytea[])
"""
# The id that is shown is half the hash: it names the session to its owner and opens nothing.
LISTED = """
    select encode(substr(hash, 1, 16), 'hex') as id, label, created_at, expires_at from vault.sessions
     where member = %s and kind = %s and expires_at > now() order by created_at desc, id
"""
END = """
    update vault.sessions set expires_at = now()
     where member = %s and kind = %s and encode(substr(hash, 1, 16), 'hex') = %s and expires_at > now()
"""


class Session(msgspec.Struct, frozen=True):
    """A session as its owner sees it."""

    id: str
    label: str
    created_at: datetime
    expires_at: datetime


class Known(NamedTuple):
    """Whom a token names."""

    member: str
    name: str
    kind: str
    has_ended: bool
    secret: Secret


def hashed(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256. Tokens have 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()


def shown_id(token: str) -> str:
    """Return the id under which the owner of a token sees it."""
    return hashed(token)[:16].hex()


async def open_session(
    connection: AsyncConnection, member: str, kind: Kind, label: str, *, token: str = "", lasts: timedelta | None = None
) -> str:
    """
    Open a session and return its token, which is shown once and kept nowhere.

    Args:
        token: a secret of the caller's own making, so that a repeated request opens the same session; none for a random one.
        lasts: how long, at most as long as its kind may.
    """
    token = token or secrets.token_urlsafe(32)
    lasts = min(lasts or LASTS[kind], LASTS[kind])
    await connection.execute(OPEN, (kind, label, lasts, [hashed(token)], [member]))
    return token


async def open_many(connection: AsyncConnection, members: Sequence[str], kind: Kind, label: str) -> list[str]:
    """Open a session for each of *members* in one statement and return the tokens in their order."""
    tokens = [secrets.token_urlsafe(32) for __ in members]
    await connection.execute(OPEN, (kind, label, LASTS[kind], [hashed(each) for each in tokens], list(members)))
    return tokens


async def listed(connection: AsyncConnection, member: str, kind: Kind) -> list[Session]:
    """Return a member's sessions of a kind that have not ended, newest first."""
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        return await (await cursor.execute(LISTED, (member, kind))).fetchall()


async def find(connection: AsyncConnection, token: str) -> Session | None:
    """Return the session of a token, ended or not."""
    query = "select encode(substr(hash, 1, 16), 'hex') as id, label, created_at, expires_at from vault.sessions where hash = %s"
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        return await (await cursor.execute(query, (hashed(token),))).fetchone()


async def end(connection: AsyncConnection, member: str, session_id: str, kind: Kind) -> bool:
    """End one of a member's sessions at once and tell whether it was there."""
    return (await connection.execute(END, (member, kind, session_id))).rowcount == 1


async def end_others(connection: AsyncConnection, request: Request, member: str) -> int:
    """End every browser's session of a member but that of the browser that sent *request*, and return how many those were."""
    query = """update vault.sessions set expires_at = now()
                where member = %s and kind = 'browser' and hash <> %s and expires_at > now()"""
    here = hashed(request.cookies.get(cookie_name(request), ""))
    return (await connection.execute(query, (member, here))).rowcount


async def end_this(connection: AsyncConnection, request: Request) -> None:
    """End the session of the browser that sent *request*."""
    if token := request.cookies.get(cookie_name(request)):
        query = "update vault.sessions set expires_at = now() where hash = %s and kind = 'browser' and expires_at > now()"
        await connection.execute(query, (hashed(token),))


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie: one that browsers guard (``__Host-``), except on this machine's own http."""
    if request.url.scheme == "https":
        return SECURE_COOKIE
    desk: Desk = request.app.state.desk
    # A proxy that forgets X-Forwarded-Proto must not take the guard away from a public site.
    public = desk.source.startswith("https:") and not is_loopback(request.url.hostname or "")
    return SECURE_COOKIE if public else LOOPBACK_COOKIE


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Sign the browser in."""
    name = cookie_name(request)
    age_s = int(LASTS["browser"].total_seconds())
    response.set_cookie(name, token, max_age=age_s, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="lax")


def clear_cookie(request: Request, response: Response) -> None:
    """Take the browser's session away from it."""
    name = cookie_name(request)
    response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="lax")


def bearer(request: Request) -> str | None:
    """Return the API token of a request; none where it has no such header. Other schemes are a proxy's business."""
    scheme, __, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def authenticator(desk: Desk) -> Authenticate:
    """
    Return what finds the caller of a request, for ``app.state.authenticate``.

    It asks by the hash's primary key, in one query for all requests that come together, and keeps nothing. A bearer token goes
    before a cookie, and never falls back to it. An ended session of a browser leaves her a stranger, so that public pages and the
    sign-in page still open; what needs a member then answers ``session-expired``.
    """
    who: Batcher[bytes, Known | None] = Batcher(lambda hashes: _who(desk.pool, hashes), apart_s=_APART_S)

    async def authenticate(request: Request) -> Caller | None:
        token = bearer(request)
        kind: Kind = "browser" if token is None else "token"
        presented = request.cookies.get(cookie_name(request)) if token is None else token
        if not presented:
            if token is not None:
                raise TokenUnknown
            return None
        known = await who(hashed(presented))
        if known is None or known.kind != kind or known.has_ended:
            ended = known is not None and known.kind == kind
            if kind == "token":
                raise SessionExpired if ended else TokenUnknown
            request.state.session_expired = ended
            return None
        private.known(request.scope)
        return Caller(known.member, known.name, roles_of(desk, known.member), kind == "token", known.secret)

    return authenticate


async def _who(pool: AsyncConnectionPool, hashes: Sequence[bytes]) -> list[Known | None]:
    async with singly(pool) as connection:
        rows = await (await connection.execute(WHO, (list(hashes),), binary=True)).fetchall()
    found = {row[0]: Known(row[1], row[2], row[3], row[4], Secret(row[5])) for row in rows}
    return [found.get(each) for each in hashes]


def described(user_agent: str) -> str:
    """Return what a browser calls itself, cut down to what its owner recognises it by; the whole would identify her."""
    browser = next((name for sign, name in _BROWSERS.items() if f"{sign}/" in user_agent), "")
    machine = next((name for sign, name in _MACHINES.items() if re.search(rf"\b{sign}\b", user_agent)), "")
    if browser and machine:
        return _("%(browser)s on %(machine)s", browser=browser, machine=machine)
    return browser or machine or _("A program")
