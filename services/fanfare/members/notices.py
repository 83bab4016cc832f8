"""Notices: mail to those who voted in a round, when it is voided or extended, and to an author of whose words something came."""

from psycopg_pool import AsyncConnectionPool

from fanfare.platform.desk import Desk

# One statement for all of them. Whoever has no address, such as a simulated fan, reads it on the round's page. The rows are held,
# so that no mail is queued to a member who is being erased.
TELL = """
    insert into vault.outbox (recipient, subject, body, unique_key)
    select email, %(subject)s, %(body)s, %(unique)s || ':' || members.id
      from vault.took_part join vault.members on members.id = took_part.member
     where took_part.round = %(round)s and email is not null order by members.id for key share of members
    on conflict (unique_key) do nothing
"""

TELL_ONE = """
    insert into vault.outbox (recipient, subject, body, unique_key)
    select email, %(subject)s, %(body)s, %(unique)s || ':' || members.id
      from vault.members where id = %(member)s and email is not null for key share of members
    on conflict (unique_key) do nothing
"""


async def tell_voters(pool: AsyncConnectionPool, desk: Desk, round_id: str, subject: str, body: str, unique: str) -> int:
    """
    Queue one mail for each member who voted in a round, and return how many are new; with the same *unique* again, none.

    Args:
        unique: names the occasion, such as the id of the event that voided the round.
    """
    signed = f"{body.rstrip()}\n\n{desk.source}\n" if desk.source else body
    asked = {"subject": subject, "body": signed, "unique": f"voters:{unique}", "round": round_id}
    async with pool.connection() as connection:
        return (await connection.execute(TELL, asked)).rowcount


async def tell_member(pool: AsyncConnectionPool, member: str, subject: str, body: str, unique: str) -> bool:
    """Queue one mail to a member who has an address, and tell whether it is new; with the same *unique* again, none."""
    asked = {"subject": subject, "body": f"{body.rstrip()}\n", "unique": unique, "member": member}
    async with pool.connection() as connection:
        return (await connection.execute(TELL_ONE, asked)).rowcount == 1
