"""Hard limits, counted in the database: they hold over all processes and restarts. Only hashes are kept, for a day at most."""

import hmac
from datetime import UTC, datetime

import msgspec
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.limits.rules import Rule

# One statement, so that of many who claim the last one at the same time one gets it.
CLAIM = """
    insert into vault.limits as known (key, used, ends_at) values (%(key)s, 1, %(ends_at)s)
    on conflict (key) do update set used = known.used + 1 where known.used < %(most)s
"""
GIVE_BACK = "update vault.limits set used = used - 1 where key = %s and used > 0"
TIDY = "delete from vault.limits where ends_at < now()"


class Window(msgspec.Struct, frozen=True):
    """The count of one key under one rule, in the hour or day that *now* falls into."""

    key: bytes
    ends_at: datetime
    wait_s: int
    """Whole seconds until it ends, at least one."""


class Caps:
    """Counts under hard rules."""

    def __init__(self, pool: AsyncConnectionPool, vault_key: bytes) -> None:
        """Count through *pool*; addresses become hashes under *vault_key*, other ones in each window."""
        self._pool = pool
        self._vault_key = vault_key

    async def claim(self, rule: Rule, subject: str, now: datetime) -> int:
        """Count one of *subject* and return 0, or count nothing and return the whole seconds to wait."""
        found = self.window(rule, subject, now)
        async with self._pool.connection() as connection:
            given = {"key": found.key, "ends_at": found.ends_at, "most": rule.most}
            taken = (await connection.execute(CLAIM, given)).rowcount
        return 0 if taken else found.wait_s

    async def give_back(self, rule: Rule, subject: str, now: datetime) -> None:
        """Take one off the count: what was claimed came to nothing, or turned out to be no abuse."""
        async with self._pool.connection() as connection:
            await connection.execute(GIVE_BACK, (self.window(rule, subject, now).key,))

    def window(self, rule: Rule, subject: str, now: datetime) -> Window:
        """Return where *subject* is counted now."""
        second = int(now.timestamp())
        number = second // rule.per_s
        ends = (number + 1) * rule.per_s
        spelled = "\x1f".join(("limits", rule.name, str(number), subject)).encode()
        key = hmac.digest(self._vault_key, spelled, "sha256")
        return Window(key, datetime.fromtimestamp(ends, UTC), ends - second)


async def tidy(pool: AsyncConnectionPool) -> None:
    """Delete the counts of windows that have ended; for the worker, about once an hour."""
    async with pool.connection() as connection:
        await connection.execute(TIDY)
