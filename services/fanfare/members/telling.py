"""Telling a member by mail that a way in was added, removed or changed, so that she notices what was not her doing."""

import secrets

from psycopg import AsyncConnection

from fanfare.members import links, mail
from fanfare.members.joining import founding
from fanfare.platform.desk import Desk


async def brand(desk: Desk) -> str:
    """Return what the brand is called in mails. Raises: SiteNotFounded."""
    await founding(desk)
    return await links.brand_of(desk)


async def tell(connection: AsyncConnection, member: str, recipient: str | None, subject: str, body: str) -> None:
    """Queue a mail in the transaction that causes it; a member without an address is not told."""
    if recipient is not None:
        # Erasing her finds the mail by her id at the end of its key, whatever her address is by then.
        await mail.queue(connection, recipient, subject, body, f"told:{secrets.token_hex(16)}:{member}")
