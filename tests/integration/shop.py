"""A site with hosts, fans and one reward, whose time the test moves on."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from fanfare.campaigns.founding import Founding, found
from fanfare.members import forgetting, joining, notices
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.record.members import MemberErased
from fanfare.record.rewards import Reward
from fanfare.rewards import reading
from fanfare.rewards.accepting import Accepted
from fanfare.rewards.clockwork import RewardClock, tell_offered
from fanfare.rewards.plan import Address, Answer, Plan
from fanfare.rewards.reading import MyOffer, OfferRead
from fanfare.rewards.service import Rewards
from tests.integration.test_clockwork import DyingLog, Stage
from tests.site_fixture import ADDRESS

START = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
GRAZ = Address("Noor Aziz", "Annenstraße 9\n8020 Graz")
GROWN, CHILD, TODDLER = date(2001, 5, 4), date(2011, 5, 4), date(2022, 5, 4)


class DeskAt(Desk):
    """A desk at a time that the test moves on."""

    at: datetime = START

    @property
    def now(self) -> datetime:
        return self.at


class Shop:
    """A site with hosts and fans, and one reward."""

    def __init__(self, parts: Parts, stage: Stage) -> None:
        self.parts, self.stage = parts, stage
        self.desk = DeskAt(parts.pool, parts.log, parts.desk.vault_key, ADDRESS)
        self.rewards = Rewards(self.desk)
        self.host = self.other_host = self.reward_id = ""
        self.fans: list[str] = []
        self._key = 0

    def asked(self, actor: str, command: str, target: str = "rewards") -> Asked:
        self._key += 1
        return Asked(actor, command, target, f"k{self._key}")

    async def add(self, **changes: object) -> str:
        plan = {"kind": "thing", "title": "The first bottle", "words": "Numbered by hand.", "stock": 2}
        made = Plan(**{**plan, **changes})  # type: ignore[arg-type]
        self.reward_id, _ = await self.rewards.add(self.asked(self.host, "add"), made)
        return self.reward_id

    async def offer(self, fan: str, *, waits: bool = False, rewards: Rewards | None = None, by: str = "") -> str:
        wanted = self.asked(by or self.host, "offer", self.reward_id)
        offer, _ = await (rewards or self.rewards).offer(wanted, self.reward_id, fan, "She asked first.", waits=waits)
        return offer

    async def accept(self, fan: str, offer: str, answer: Answer | None = None) -> Accepted:
        return await self.rewards.accept(self.asked(fan, "accept", offer), offer, answer or Answer(), ADDRESS)

    async def handle(self, offer: str, *states: str) -> None:
        for each in states:
            wanted = self.asked(self.host, "handle", offer)
            await self.rewards.handled(wanted, offer, each, "Lost." if each == "failed" else "")  # type: ignore[arg-type]

    async def state(self) -> Reward:
        return await self.rewards.reward(self.reward_id)

    async def states(self) -> list[str]:
        return [each.state for each in (await self.state()).offers.values()]

    async def mine(self, fan: str) -> list[MyOffer]:
        await self.desk.catch_up()
        async with self.desk.pool.connection() as connection:
            return await reading.mine(connection, self.desk.streams, fan, self.desk.now)

    async def seen(self, by: str = "") -> list[OfferRead]:
        state = await self.state()
        async with self.desk.pool.connection() as connection:
            return await reading.desk_of(connection, state, self.desk.now, looked_by=by)

    def another(self) -> Rewards:
        """Return the service of another process, which has read nothing yet."""
        return Rewards(DeskAt(self.parts.pool, self.parts.log, self.parts.desk.vault_key, ADDRESS))

    def clock(self, dies_at: int = 0, *, appended: bool = False, database: datetime | None = None) -> RewardClock:
        desk = DeskAt(self.parts.pool, self.parts.log, self.parts.desk.vault_key, ADDRESS)
        desk.at = self.desk.at
        if dies_at:
            desk.log = DyingLog(self.parts.log, dies_at, appended=appended)

        async def time(_: Desk) -> datetime:
            return database or self.desk.at

        return RewardClock(desk, clock=time)

    async def mails(self) -> list[tuple[str, str, str]]:
        async with self.desk.pool.connection() as connection:
            query = "select recipient, subject, body from vault.outbox where unique_key ~ '^(offer|guardian)' order by id"
            return [tuple(row) for row in await (await connection.execute(query)).fetchall()]

    async def tell(self) -> None:
        async def by_mail(member: str, subject: str, body: str, unique: str) -> None:
            await notices.tell_member(self.desk.pool, member, subject, body, unique)

        await tell_offered(self.desk, by_mail, set())

    async def token(self) -> str:
        """Return what the latest mail to a guardian leads to."""
        found = [token for _, _, body in await self.mails() for token in re.findall(r"/consent\?token=([0-9a-f]+)", body)]
        return str(found[-1])

    async def erase(self, *members: str) -> None:
        """Let members have themselves erased, as the sweep leaves them."""
        for member in members:
            await self.desk.emit([f"gone-{member}"], [MemberErased(member=member)], member)
        await self.stage.project()
        await forgetting.forget_members(self.desk.pool, list(members))

    async def rows(self, table: str) -> int:
        async with self.desk.pool.connection() as connection:
            row = await (await connection.execute(f"select count(*) from vault.{table}".encode())).fetchone()
        return int(row[0]) if row else 0


@asynccontextmanager
async def a_shop(database: str, fans: int = 5, **plan: Any) -> AsyncIterator[Shop]:  # noqa: ANN401 - fields of a plan
    async with opened(database) as parts:
        stage = Stage(parts)
        await stage.start()
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await parts.desk.catch_up()
        shop = Shop(parts, stage)
        shop.host, shop.other_host = [await joining.join(parts.desk, name) for name in ("Dora", "Emeka")]
        shop.fans = [await joining.join(parts.desk, f"Fan {n}", email=f"fan{n}@example.org") for n in range(fans)]
        await shop.add(**plan)
        yield shop
