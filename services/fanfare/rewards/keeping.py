"""What the vault keeps of whoever accepts a reward: that she is old enough, her country and address, whom we ask for consent."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row

from fanfare.rewards.decide import Age
from fanfare.rewards.plan import Address

# An address that is given anew replaces the one before; what she said of her age stands.
DECLARE: LiteralString = """
    insert into vault.offer_answers as known (offer, member, age, country, name, lines)
    values (%(offer)s, %(member)s, %(age)s, %(country)s, %(name)s, %(lines)s)
    on conflict (offer) do update set country = excluded.country, name = excluded.name, lines = excluded.lines
    returning age
"""
ASK: LiteralString = """
    update vault.offer_answers
       set guardian_name = %(name)s, guardian_email = %(email)s, guardian_mails = guardian_mails + 1,
           guardian_hash = %(hash)s, guardian_until = %(until)s
     where offer = %(offer)s and (guardian_mails < %(most)s or guardian_hash = %(hash)s)
"""
KEPT: LiteralString = """
    select offer, member, age, country, name, lines, guardian_name, guardian_until, consented_at from vault.offer_answers
"""
CONSENTED: LiteralString = """
    update vault.offer_answers set consented_at = now(), guardian_name = '', guardian_email = '', guardian_hash = null,
           guardian_until = null where offer = %s
"""
LOOK: LiteralString = """
    insert into vault.address_looks (offer, member, by_member)
    select offer, member, %s from vault.offer_answers where offer = any(%s) and lines <> ''
"""
LOOKS_KEPT: LiteralString = "delete from vault.address_looks where at < now() - interval '1 year'"


class Kept(msgspec.Struct, frozen=True):
    """What the vault holds of an offer's answer."""

    offer: str
    member: str
    age: Age
    country: str
    name: str
    lines: str
    guardian_name: str
    guardian_until: datetime | None
    """Until when a guardian's consent is awaited; none where nobody was asked, or it was answered."""
    consented_at: datetime | None


def hashed(token: str) -> bytes:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).digest()


async def declare(connection: AsyncConnection, offer: str, member: str, age: Age, country: str, address: Address | None) -> Age:
    """Keep what she says and return what stands of her age. The caller holds her row."""
    held = address if address and age != "too-young" else Address("", "")
    said = {"offer": offer, "member": member, "age": age, "country": country, "name": held.name, "lines": held.lines}
    row = await (await connection.execute(DECLARE, said)).fetchone()
    stands: Age = row[0] if row else age
    return stands


async def ask(connection: AsyncConnection, offer: str, name: str, email: str, token: str, until: datetime, most: int) -> bool:
    """Keep whom we ask for consent, and tell whether we may: *most* mails go out for an offer. An earlier link ends."""
    asked = {"offer": offer, "name": name, "email": email, "hash": hashed(token), "until": until, "most": most}
    return (await connection.execute(ASK, asked)).rowcount == 1


async def by_token(connection: AsyncConnection, token: str) -> Kept | None:
    """Return the answer that a guardian's link is about, while it waits."""
    query = KEPT + " where guardian_hash = %s and guardian_until > now()"
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        return await (await cursor.execute(query, (hashed(token),))).fetchone()


async def of_offers(connection: AsyncConnection, offers: Sequence[str]) -> Mapping[str, Kept]:
    """Return what is kept, by the offer."""
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        rows = await (await cursor.execute(KEPT + " where offer = any(%s)", (list(offers),))).fetchall()
    return {each.offer: each for each in rows}


async def every_offer(connection: AsyncConnection) -> list[str]:
    """Return the offers of which anything is kept."""
    return [row[0] for row in await (await connection.execute("select offer from vault.offer_answers order by offer")).fetchall()]


async def consented(connection: AsyncConnection, offer: str) -> None:
    """Note that a guardian consented, and forget who that was."""
    await connection.execute(CONSENTED, (offer,))


async def drop(connection: AsyncConnection, offers: Sequence[str]) -> None:
    """Delete what is kept of these offers."""
    await connection.execute("delete from vault.offer_answers where offer = any(%s)", (list(offers),))


async def note_looks(connection: AsyncConnection, offers: Sequence[str], by: str) -> None:
    """Note that a host saw the addresses of these offers."""
    await connection.execute(LOOK, (by, list(offers)))


async def forget_looks(connection: AsyncConnection) -> None:
    """Delete what was noted a year ago."""
    await connection.execute(LOOKS_KEPT)
