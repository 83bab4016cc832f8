"""Mail of thank-yous and kudos: queued for those who want it, each with the link that ends it."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import AsyncConnection

from fanfare.community import unsubscribing
from fanfare.platform.desk import Desk
from fanfare.platform.language import gettext as _

# The rows are held, so that no mail is queued to a member who is being erased.
WANTING: LiteralString = """
    select id, email from vault.members where id = any(%s) and email is not null and thanks_by_mail order by id for key share
"""
QUEUE: LiteralString = """
    insert into vault.outbox (recipient, subject, body, unique_key, unsubscribe)
    select * from unnest(%s::text[], array_fill(%s::text, array[%s]), %s::text[], %s::text[], %s::text[])
    on conflict (unique_key) do nothing
"""


async def tell(
    connection: AsyncConnection, desk: Desk, members: Sequence[str], subject: str, body: str, unique: str
) -> list[str]:
    """
    Queue one mail for each of *members* who has an address and wants mail of this kind, and return those.

    Args:
        unique: names the occasion; with the same again nobody gets another mail.
    """
    wanting = await (await connection.execute(WANTING, (list(members),))).fetchall()
    if not wanting:
        return []
    links = [unsubscribing.link(desk, member) for member, _email in wanting]
    foot = _("You get this because thank-yous, kudos, welcomes and invitations come to you by mail. To end that, open this link:")
    bodies = [f"{body.rstrip()}\n\n-- \n{foot}\n{link}\n" for link in links]
    # Erasing her finds the mail by her id at the end of its key.
    keys = [f"{unique}:{member}" for member, _email in wanting]
    await connection.execute(QUEUE, ([email for _member, email in wanting], subject, len(wanting), bodies, keys, links))
    return [member for member, _email in wanting]
