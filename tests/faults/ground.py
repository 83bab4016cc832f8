"""What both kinds of ground share: founding a site from outside, and asking it for all that the checks look at."""

import asyncio
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from fanfare.members import joining
from fanfare.members.sessions import open_session
from fanfare.platform.hosts.follower import Follower
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.platform.hosts.worker import Worker
from fanfare.platform.logs.kafka.connecting import Kafka
from fanfare.platform.migrations.run import migrate
from fanfare.projecting import PROJECTIONS, make_tables
from fanfare.record.entry import Entry, unpack
from fanfare.running import found_simulation
from fanfare.views.fan_standings import season_of
from tests.faults.checker import Evidence, Rows, every_deed_is_awarded_once
from tests.faults.credit import RULES, awards_in
from tests.faults.driving import Answer, Connection, Driver, Fan
from tests.faults.history import UNANSWERED, Count, History, ballots, read_history, remarks
from tests.faults.remarking import Remarks
from tests.site_fixture import round_of

Result = TypeVar("Result")
SEED = int(os.environ.get("FANFARE_SEED") or time.time_ns() % 1_000_000)
LONG = bool(os.environ.get("FANFARE_LONG"))
"""The long form, as `make faults` runs it."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Tell whoever runs the tests what was seen."""
    with capsys.disabled():
        sys.stdout.write(f"\n  {line}")
        sys.stdout.flush()


class Ground:
    """A founded simulation site that can be attacked, seen from outside. Its kinds say how it is started."""

    port: int
    conninfo: str
    kafka: Kafka | None = None
    """What keeps the record; none where PostgreSQL does."""
    others: tuple[int, ...] = ()
    """Ports of more APIs."""
    patience_s = 60.0
    """How long a request of the host is repeated until it is answered."""

    def __init__(self, folder: Path) -> None:
        """Keep the history in *folder*."""
        self._history_path = folder / "history.jsonl"
        self.history = History(self._history_path)
        self.rounds: dict[str, str] = {}
        """The rounds that were opened, with their campaigns."""
        self.members: dict[str, str] = {}
        """By the fan."""
        self.token = ""
        self._fans: list[Fan] = []
        self._drivers: list[Driver | Remarks] = []

    async def calm_down(self) -> None:
        """Let no driver go on beyond its test."""
        for driver in self._drivers:
            await driver.abandon()
        self._drivers.clear()

    async def hang_up(self) -> None:
        """End the fans' connections, and put the history on the disk."""
        await self.calm_down()
        for fan in self._fans:
            fan.connection.close()
        self.history.close()

    @property
    def host(self) -> Connection:
        """A connection of the host, to be closed by whoever asked for it."""
        return Connection(self.token, self.port, *self.others)

    async def tell(self, method: str, path: str, body: object = None, key: str = "") -> Answer:
        """Send a request of the host until it is answered, and return the answer."""
        connection = self.host
        try:
            async with asyncio.timeout(self.patience_s):
                while True:
                    answer = await connection.ask(method, path, body, key)
                    if answer.status not in (UNANSWERED, 503):
                        return answer
                    connection.move()
                    await asyncio.sleep(0.05)
        finally:
            connection.close()

    async def must(self, method: str, path: str, body: object = None, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Do the same with what has to take effect, and return its body."""
        answer = await self.tell(method, path, body, key)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body!r}"
        return answer.body

    async def found(self) -> None:
        """Found the site, learn the host's token, and publish the rules by which everything later earns."""

        async def act(parts: Parts) -> str:
            await make_tables(parts)
            return await found_simulation(parts, f"http://localhost:{self.port}")

        self.token = await self.with_parts(act)
        async with asyncio.timeout(30):
            while True:
                answer = await self.tell("GET", "/api/v1/drafts/none")
                if answer.status == 404:  # before that, 403: the API has not read yet that she is a host
                    break
                await asyncio.sleep(0.05)
        for rule in RULES:
            await self.must("POST", "/api/v1/recognition/rules", rule, key=rule["rule"])

    async def with_parts(self, action: Callable[[Parts], Awaitable[Result]]) -> Result:
        """Do something in this process over the site's database."""
        async with opened(self.conninfo, 4, kafka=self.kafka) as parts:
            return await action(parts)

    async def fans(self, number: int) -> list[Fan]:
        """Make fans."""
        made = await self.must("POST", "/api/v1/simulation/fans", {"names": [f"Fan {n}" for n in range(number)]})
        fans = [Fan(f"fan-{n}", self._connection(each["token"], n)) for n, each in enumerate(made, len(self._fans))]
        self.members |= {fan.name: each["member"] for fan, each in zip(fans, made, strict=True)}
        self._fans += fans
        return fans

    def _connection(self, token: str, number: int) -> Connection:
        """Return a connection that begins at one of the APIs: they share the fans."""
        ports = [self.port, *self.others]
        first = number % len(ports)
        return Connection(token, *ports[first:], *ports[:first])

    async def somebody(self, name: str, email: str) -> Fan:
        """Make a fan who can be written to."""

        async def join(parts: Parts) -> str:
            self.members[email] = member = await joining.join(parts.desk, name, email=email)
            async with parts.pool.connection() as connection:
                return await open_session(connection, member, "token", "test")

        self._fans.append(Fan(email, self._connection(await self.with_parts(join), len(self._fans))))
        return self._fans[-1]

    async def publish(self, closes_in_s: float = 3600, opens_in_s: float = 0, **changes: object) -> str:
        """Publish a campaign with one round that takes ballots from now on, or later, or is as *changes* say; return its id."""
        opens_at, closes_at = (datetime.now(UTC) + timedelta(seconds=each) for each in (opens_in_s, closes_in_s))
        found = round_of(opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat(), **changes)
        draft = {"title": "The Eighth Flavour", "story": "Yours.", "rounds": [found]}
        made = await self.must("POST", "/api/v1/drafts", {})
        await self.must("PUT", f"/api/v1/drafts/{made['id']}", {"version": made["version"], "draft": draft})
        await self.must("POST", f"/api/v1/drafts/{made['id']}/publish", key=made["id"])
        round_id = str((await self.campaign(made["id"]))["rounds"][0]["id"])
        self.rounds[round_id] = made["id"]
        return round_id

    async def campaign(self, campaign_id: str) -> dict[str, Any]:
        """Return a campaign once the read models have it."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.tell("GET", f"/api/v1/campaigns/{campaign_id}")
                if answer.status == 200 and answer.body["rounds"]:
                    return dict(answer.body)
                await asyncio.sleep(0.05)

    async def open_round(self, closes_in_s: float = 3600) -> str:
        """Publish a round and return its id once it is open."""
        round_id = await self.publish(closes_in_s)
        await self.until(round_id, "open")
        return round_id

    async def until(self, round_id: str, *statuses: str, within_s: float = 40) -> dict[str, Any]:
        """Return a round once it has one of these statuses."""
        async with asyncio.timeout(within_s):
            while True:
                answer = await self.tell("GET", f"/api/v1/rounds/{round_id}")
                if answer.status == 200 and answer.body["status"] in statuses:
                    return dict(answer.body)
                await asyncio.sleep(0.05)

    async def driver(self, fans: Sequence[Fan], round_id: str, seed: int = SEED) -> Driver:
        """Return a driver of these fans, each with her paper for the round."""
        await asyncio.gather(*(fan.take_paper(round_id) for fan in fans))
        self._drivers.append(found := Driver(list(fans), self.history, seed))
        return found

    async def remarks(self, fans: Sequence[Fan], seed: int = SEED) -> Remarks:
        """Return fans who comment below an idea of the host's."""
        round_id = await self.publish(method="support.v1", options_from="ideas", options=[])
        await self.until(round_id, "open")
        words = {"title": "Sour Cherry Cola", "body": "Cola with the cherry stone left in."}
        made = await self.must("POST", f"/api/v1/rounds/{round_id}/ideas", words, key=f"idea-{round_id}")
        self._drivers.append(found := Remarks(fans, made["id"], self.history, seed))
        return found

    async def close(self, round_id: str) -> None:
        """Close a round by the host's hand, and return when it is sealed and everybody is credited."""
        await self.must("POST", f"/api/v1/rounds/{round_id}/close", key=f"close-{round_id}")
        await self.until(round_id, "sealed")

    async def published(self, round_id: str) -> dict[str, Count]:
        """Return the figures of a sealed round as the leaderboard and the report give them."""
        board = await self.must("GET", f"/api/v1/rounds/{round_id}/leaderboard")
        report = await self.must("GET", f"/api/v1/rounds/{round_id}/report")
        return {
            "the leaderboard": _count(board["counted"], board["places"]),
            "the report": _count(report["ballots"]["counted"], report["ranking"]),
        }

    async def evidence(self) -> Evidence:
        """Return all that the checks look at, once the worker has nothing left to do. Nothing may be written meanwhile."""
        await self.level()
        rounds = {each: await self.published(each) for each in self.rounds if await self.is_sealed(each)}
        found = await self._awarded(rounds)
        async with fresh_database(self.conninfo) as fresh:
            replayed = await self.with_parts(lambda parts: clean_replay(parts, fresh))
        return msgspec.structs.replace(found, replayed=replayed)

    async def _awarded(self, rounds: dict[str, dict[str, Count]], within_s: float = 20) -> Evidence:
        """Return the evidence once everything that was earned is awarded, or else after a while."""
        lines = read_history(self._history_path)
        gives_up_at = time.monotonic() + within_s
        while True:
            await self.level()
            entries, tables = await self.record(), await self.with_parts(read_tables)
            standings = await self.standings(entries)
            found = Evidence(ballots(lines), entries, rounds, tables, {}, remarks(lines), self.members, standings)
            if time.monotonic() > gives_up_at or not every_deed_is_awarded_once(found):
                return found
            await asyncio.sleep(0.3)

    async def standings(self, entries: Sequence[Entry]) -> dict[str, int]:
        """Return the points of each member by the site's standings of fans, of all seasons in which an award was written."""
        points: Counter[str] = Counter()
        written = {position for position, _, _ in awards_in(entries)}
        placed = [pair for entry in entries if entry.partition == 0 for pair in entry.positioned()]
        for season in sorted({season_of(recorded.time) for position, recorded in placed if str(position) in written}):
            cursor: str | None = ""
            while cursor is not None:
                page = await self.must("GET", f"/api/v1/seasons/{season}/fans?limit=100&cursor={cursor}")
                points.update({each["member"]: each["points"] for each in page["fans"]})
                cursor = page["next"]
        return dict(points)

    async def record(self) -> list[Entry]:
        """Return the whole record."""
        return await self.with_parts(read_record)

    async def is_sealed(self, round_id: str) -> bool:
        """Tell whether a round is sealed."""
        return bool((await self.must("GET", f"/api/v1/rounds/{round_id}"))["status"] == "sealed")

    async def level(self, within_s: float = 40) -> None:
        """Return when every projection has applied the whole record, and nothing was appended for a while."""
        async with asyncio.timeout(within_s):
            before: tuple[int, ...] = ()
            while True:
                now = (await self.tell("GET", "/readyz")).body
                heads = tuple(now["heads"])
                if now["status"] == "ok" and not any(now["lag"].values()) and heads == before:
                    return
                before = heads
                await asyncio.sleep(0.6)


def _count(voters: int, ranking: Sequence[dict[str, Any]]) -> Count:
    return Count(voters, {each["option"]: each["votes"] for each in ranking if each["votes"]})


async def read_record(parts: Parts) -> list[Entry]:
    """Return the whole record through the log."""
    found: list[Entry] = []
    for partition in range(parts.log.partitions):
        start = 0
        while page := await parts.log.read(partition, start, 1000):
            found += [unpack(each.partition, each.offset, each.body) for each in page]
            start = page[-1].offset + 1
    return found


async def read_tables(parts: Parts) -> dict[str, Rows]:
    """Return the rows of every table of the projections."""
    return await rows_of(parts.pool)


async def rows_of(pool: AsyncConnectionPool) -> dict[str, Rows]:
    """Return the rows of every table of the projections in a database."""
    found = {}
    async with pool.connection() as connection:
        query = """select table_schema, table_name, array_agg(column_name::text order by ordinal_position)
                                filter (where is_identity = 'NO' and table_schema <> 'platform'
                                           or table_name in ('positions', 'decided')),
                          array_agg(column_name::text) filter (where is_identity = 'YES')
                     from information_schema.columns
                    where table_schema = any(%s) or table_schema = 'platform' and table_name in ('positions', 'decided')
                    group by table_schema, table_name"""
        rows = await (await connection.execute(query, ([each.name for each in PROJECTIONS],))).fetchall()
        for schema, table, columns, identity in rows:
            select = sql.SQL("select {} from {}.{}").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema), sql.Identifier(table)
            )
            # A number that PostgreSQL deals out skips at a rollback: its order has to be the same, not the number itself.
            order = sql.SQL(" order by {}").format(sql.Identifier(identity[0])) if identity else sql.SQL("")
            read = [tuple(map(_comparable, row)) for row in await (await connection.execute(select + order)).fetchall()]
            found[f"{schema}.{table}"] = read if identity else sorted(read, key=repr)
    return found


def _comparable(value: object) -> object:
    """Partitions close in any order: the list of those that have is a set."""
    if isinstance(value, list) and value and isinstance(value[0], int):
        return sorted(value)
    return bytes(value) if isinstance(value, memoryview) else value


async def clean_replay(parts: Parts, fresh: str) -> dict[str, Rows]:
    """Apply the whole record to a fresh database and return the rows of every table."""
    async with AsyncConnectionPool(fresh, min_size=1, open=False) as pool:
        followers = [Follower(each, pool, parts.log) for each in PROJECTIONS]
        worker = Worker(parts.log, followers)
        await worker.prepare()
        while await worker.drain():
            pass
        assert [each.stopped for each in followers if each.stopped] == []
        return await rows_of(pool)


@asynccontextmanager
async def fresh_database(conninfo: str) -> AsyncIterator[str]:
    """Make a migrated database beside the one of *conninfo* until the block ends."""
    name = f"replay_{time.time_ns():x}"
    made = sql.Identifier(name)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template template0").format(made))
    other = urlunsplit(urlsplit(conninfo)._replace(path=f"/{name}"))
    try:
        await asyncio.to_thread(migrate, other)
        yield other
    finally:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(made))
