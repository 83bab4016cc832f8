"""Mail about thank-yous and kudos: whether a member gets it, and the link by which she ends it without signing in."""

import hmac
from urllib.parse import urlencode

from psycopg import AsyncConnection

from fanfare.community.refusals import UnsubscribeUnknown
from fanfare.members import vault
from fanfare.platform.desk import Desk

ADDRESS = "/unsubscribe"
SET = "update vault.members set thanks_by_mail = %s where id = %s"


def token(vault_key: bytes, member: str) -> str:
    """Return what the link says: whom it is about, and that we wrote it. It never ends, since old mail is read too."""
    return f"{member}.{vault.derived(vault_key, 'unsubscribe', member)[:40]}"


def link(desk: Desk, member: str) -> str:
    """Return the link as a mail carries it."""
    return f"{desk.source.rstrip('/')}{ADDRESS}?{urlencode({'token': token(desk.vault_key, member)})}"


def whose(vault_key: bytes, given: str) -> str:
    """Return the member that a token is about. Raises: UnsubscribeUnknown: we did not write it."""
    member = given.partition(".")[0]
    if not hmac.compare_digest(given.encode(), token(vault_key, member).encode()):
        raise UnsubscribeUnknown
    return member


async def choose(connection: AsyncConnection, member: str, *, by_mail: bool) -> None:
    """Send her thank-yous and kudos by mail from now on, or no longer; somebody who left gets none anyway."""
    await connection.execute(SET, (by_mail, member))


async def by_mail(connection: AsyncConnection, member: str) -> bool:
    """Tell whether thank-yous and kudos come to her by mail, if she has an address."""
    row = await (await connection.execute("select thanks_by_mail from vault.members where id = %s", (member,))).fetchone()
    return bool(row and row[0])
