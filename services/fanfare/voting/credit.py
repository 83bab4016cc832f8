"""Credit for having voted: written after the close, in member-id order, so that its place tells nothing of the ballot."""

from fanfare.platform.desk import Desk
from fanfare.record.campaigns import Round
from fanfare.record.envelope import derived_id
from fanfare.record.members import TookPart
from fanfare.voting.tokens import token

_AT_ONCE = 100
"""An entry holds about 170 of them."""


async def credit(desk: Desk, found: Round) -> bool:
    """
    Write who took part in a sealed round, in member-id order, and tell whether nothing is missing.

    Only a member whose ballot counted took part. What was written before is not written again, and a repeat would change nothing.
    """
    async with desk.pool.connection() as connection:
        query = """select member, secret, key from vault.took_part join vault.members on members.id = member
                     join vault.round_keys using (round)
                    where round = %s and not exists (
                       select from counted.took_part as told
                        where told.round = took_part.round and told.member = took_part.member)"""
        rows = await (await connection.execute(query, (found.id,))).fetchall()
        query = "select voter from standings.choices where terms = %s"
        voters = {row[0] for row in await (await connection.execute(query, (found.terms_hash,))).fetchall()}
    missing = sorted(member for member, secret, key in rows if token(bytes(key), bytes(secret)) in voters)
    for start in range(0, len(missing), _AT_ONCE):
        members = missing[start : start + _AT_ONCE]
        ids = [derived_id("took part", found.id, member) for member in members]
        await desk.emit(ids, [TookPart(member=each, round=found.id) for each in members], found.id)
    return not missing
