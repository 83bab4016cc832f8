"""Being sure: adding or removing a way in needs a sign-in of the last quarter of an hour, as a stolen session seldom is."""

from datetime import timedelta

from psycopg import AsyncConnection
from starlette.requests import Request

from fanfare.members import sessions
from fanfare.members.refusals import BrowserNeeded, SignInAgain
from fanfare.platform.caller import Caller
from fanfare.platform.language import gettext as _

LASTS = timedelta(minutes=15)
# Whoever has no way in at all cannot sign in again; her session is all there is to prove who she is.
FRESH = """
    select created_at > now() - %(lasts)s
        or not exists (select from vault.passkeys where passkeys.member = sessions.member)
           and exists (select from vault.members where id = sessions.member and email is null)
      from vault.sessions where hash = %(hash)s and kind = 'browser' and member = %(member)s
"""


async def is_fresh(connection: AsyncConnection, request: Request, member: str) -> bool:
    """Tell whether this browser's sign-in is recent enough to change how she signs in."""
    token = request.cookies.get(sessions.cookie_name(request), "")
    asked = {"lasts": LASTS, "hash": sessions.hashed(token), "member": member}
    row = await (await connection.execute(FRESH, asked)).fetchone()
    return bool(row and row[0])


async def require(connection: AsyncConnection, request: Request, fan: Caller) -> None:
    """
    Let only somebody pass who signed in lately, in a browser.

    Raises:
        BrowserNeeded: she came with an API token.
        SignInAgain: it is longer ago.
    """
    if fan.by_token:
        message = _("An API token changes no way in. Sign in with a browser.")
        raise BrowserNeeded(message)
    if not await is_fresh(connection, request, fan.member):
        raise SignInAgain
