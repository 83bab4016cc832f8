"""Draws end to end: entrants, the beacon that comes over the network, a crash at each step, and who holds the seats."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from fanfare.campaigns.founding import Founding, found
from fanfare.draws.beacon import BeaconAway, Drand
from fanfare.draws.clockwork import DrawClock, tell_drawn
from fanfare.draws.decide import MARGIN
from fanfare.draws.refusals import DrawClosed
from fanfare.draws.service import Draws, Plan
from fanfare.lots.beacon import QUICKNET, published_at
from fanfare.lots.lists import Lists
from fanfare.lots.root import entrants_root
from fanfare.members import joining
from fanfare.platform.desk import Asked, Desk
from fanfare.platform.hosts.opening import Parts, opened
from fanfare.record.draws import DrandRound, Draw
from fanfare.record.entry import unpack
from fanfare.views import draws as view
from tests.integration.test_clockwork import Died, DyingLog, Stage
from tests.site_fixture import ADDRESS
from tests.unit.lots.test_beacon import FROM_THE_OTHER_CHAIN, SIGNATURE, VALUE

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

DUE = published_at(QUICKNET, 1000)
CLOSE = DUE - MARGIN
NAMED = DrandRound(chain=QUICKNET.hash, round=1000, at=DUE)
RIGHT = json.dumps({"round": 1000, "randomness": VALUE, "signature": SIGNATURE}).encode()


class DeskOf2023(Desk):
    """A desk at whose time round 1000 of quicknet was still to come."""

    at: datetime = CLOSE - timedelta(days=1)

    @property
    def now(self) -> datetime:
        return self.at


class Mirror:
    """A server that answers as it is told to, one answer after the other; the last one again and again."""

    def __init__(self, *answers: tuple[int, bytes], silent: bool = False) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self._silent = silent

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode())
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self._silent:
            await reader.read()  # until the other side has had enough
            writer.close()
            return
        writer.write(b"HTTP/1.1 %d So\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        writer.close()


@asynccontextmanager
async def served(*mirrors: Mirror) -> AsyncIterator[list[str]]:
    """Serve these mirrors and return their addresses."""
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", 0) for each in mirrors]
    try:
        yield [f"http://127.0.0.1:{each.sockets[0].getsockname()[1]}" for each in servers]
    finally:
        for each in servers:
            each.close()


async def test_the_first_mirror_that_gives_the_right_value_is_believed_and_no_other() -> None:
    number, signature, _ = FROM_THE_OTHER_CHAIN
    of_another = json.dumps({"round": number, "signature": signature}).encode()
    pretended = json.dumps({"round": 1000, "signature": signature}).encode()
    mirrors = [
        Mirror((404, b"too early")),
        Mirror((200, b"x" * 5_000_000)),
        Mirror((200, b"[1]")),
        Mirror((200, of_another)),
        Mirror((200, pretended)),
        Mirror((302, b"")),
        Mirror((200, RIGHT)),
    ]
    async with served(*mirrors) as urls:
        found = await Drand(["http://127.0.0.1:1", *urls]).value("draw4b", NAMED)

    assert (found.randomness, found.signature) == (VALUE, SIGNATURE)
    assert [each.asked for each in mirrors] == [[f"/{QUICKNET.hash}/public/1000"]] * 7


async def test_where_no_mirror_is_right_each_is_named_with_what_it_gave() -> None:
    pretended = json.dumps({"round": 1000, "signature": FROM_THE_OTHER_CHAIN[1]}).encode()
    async with served(Mirror((404, b"")), Mirror((200, b"x" * 5000)), Mirror((200, pretended)), Mirror((200, b"{}"))) as urls:
        with pytest.raises(BeaconAway) as away:
            await Drand(urls).value("draw4b", NAMED)

    said = str(away.value)
    assert [said.count(each) for each in urls] == [1, 1, 1, 1]
    for part in ("404", "more than a value", "not the chain's over round 1000", "something else than a value"):
        assert part in said


async def test_a_mirror_that_does_not_answer_is_left_after_its_time() -> None:
    async with served(Mirror((200, RIGHT), silent=True), Mirror((200, RIGHT))) as urls:
        async with asyncio.timeout(10):
            found = await Drand(urls, timeout_s=0.3).value("draw4b", NAMED)

    assert found.signature == SIGNATURE


class Hall:
    """A site in August 2023, whose time the test moves on."""

    def __init__(self, parts: Parts, stage: Stage) -> None:
        self.stage = stage
        self.desk = DeskOf2023(parts.pool, parts.log, parts.desk.vault_key)
        self.draws = Draws(self.desk)
        self.fans: list[str] = []
        self.host = self.draw_id = ""
        self._key = 0
        self._desks = [self.desk]

    def asked(self, actor: str, command: str) -> Asked:
        self._key += 1
        return Asked(actor, command, "draws", f"k{self._key}")

    async def announce(self, **changes: object) -> str:
        plan = {"purpose": "seats", "title": "Two seats", "gets": "An evening.", "who": "All.", "seats": 2, "reserves": 1}
        made = Plan(**{**plan, "closes_at": CLOSE, "answer_h": 24, **changes})  # type: ignore[arg-type]
        self.draw_id, _ = await self.draws.announce(self.asked(self.host, "announce"), made)
        return self.draw_id

    async def press(self, fan: str, *, enters: bool = True) -> None:
        await self.draws.press(self.draw_id, self.asked(fan, "press"), enters=enters)

    def clock(self, urls: list[str], dies_at: int = 0, *, appended: bool = False) -> DrawClock:
        desk = DeskOf2023(self.desk.pool, self.desk.log, self.desk.vault_key)
        self._desks.append(desk)
        desk.at = self.desk.at
        if dies_at:
            desk.log = DyingLog(self.desk.log, dies_at, appended=appended)

        async def time(_: Desk) -> datetime:
            return self.desk.at

        return DrawClock(desk, Drand(urls, timeout_s=2), clock=time)

    def move(self, at: datetime) -> None:
        """Set the time of every desk."""
        for each in self._desks:
            each.at = at

    async def run(self, at: datetime, urls: list[str], dies_at: int = 0, *, appended: bool = False) -> None:
        """Let the chore run once at a time, on tables that are level."""
        self.move(at)
        await self.stage.project()
        await self.clock(urls, dies_at, appended=appended).run()
        await self.stage.project()

    async def state(self) -> Draw:
        return await self.draws.draw(self.draw_id)

    async def seats(self) -> dict[str, str]:
        await self.stage.project()
        async with self.desk.pool.connection() as connection:
            found = await view.drawn(connection, await self.state(), self.desk.at)
        return {each.seat.member: each.seat.state for each in found}

    async def lists(self) -> Lists:
        """Return the pure fold of the record."""
        fold = Lists()
        for stored in await self.desk.log.read(0, 0, 5000):
            fold.apply(unpack(0, stored.offset, stored.body))
        return fold

    async def agrees(self) -> dict[str, str]:
        """Return the seats as the pure fold has them."""
        fold = await self.lists()
        found = fold.seats(fold.streams.draws[self.draw_id], self.desk.at)
        return {each.member: each.state for each in found}


@asynccontextmanager
async def a_hall(database: str, fans: int = 5) -> AsyncIterator[Hall]:
    async with opened(database) as parts:
        stage = Stage(parts)
        await stage.start()
        await found(parts.desk, Founding(url=ADDRESS, brand="Pomfret", colour="#ff5c7c", zone="UTC"))
        await parts.desk.catch_up()
        hall = Hall(parts, stage)
        hall.host = await joining.join(parts.desk, "Dora")
        hall.fans = [await joining.join(parts.desk, f"Fan {n}", email=f"fan{n}@example.org") for n in range(fans)]
        await hall.announce()
        yield hall


LATER = CLOSE + timedelta(seconds=2)


async def test_a_clock_that_jumped_over_the_close_fixes_no_entrants(database: str) -> None:
    async with a_hall(database) as hall, served(Mirror((404, b""))) as urls:
        await hall.press(hall.fans[0])
        await hall.stage.project()
        hall.move(CLOSE - timedelta(minutes=30))
        clock = hall.clock(urls)
        await clock.run()
        hall.move(LATER)

        await clock.run()

        assert (await hall.state()).status == "open"
        await hall.clock(urls).run()  # which has seen no jump
        assert (await hall.state()).status == "fixed"


async def test_entrants_are_fixed_at_the_close_and_drawn_when_the_published_value_is_there(database: str) -> None:
    mirror = Mirror((404, b""), (200, RIGHT))
    async with a_hall(database) as hall, served(mirror) as urls:
        for fan in (*hall.fans, hall.fans[0]):
            await hall.press(fan)
        await hall.press(hall.fans[4], enters=False)
        await hall.press(hall.fans[3], enters=False)
        await hall.press(hall.fans[3])
        await hall.run(CLOSE - timedelta(seconds=1), urls)
        assert (await hall.state()).status == "open"
        await hall.run(LATER, urls)
        fixed = (await hall.state()).fixed
        assert fixed is not None
        assert (fixed.count, fixed.root) == (4, entrants_root(hall.fans[:4]))
        with pytest.raises(DrawClosed):
            await hall.press(hall.fans[4])

        await hall.run(DUE - timedelta(seconds=1), urls)
        assert mirror.asked == []
        await hall.run(DUE, urls)  # 404: it is not there yet
        assert (await hall.state()).status == "fixed"
        await hall.run(DUE, urls)

        state = await hall.state()
        assert state.status == "done"
        assert state.done
        assert (state.done.randomness, state.done.signature) == (VALUE, SIGNATURE)
        assert list((await hall.seats()).values()) == ["offered", "offered"]
        assert await hall.seats() == await hall.agrees()
        fold = await hall.lists()
        async with hall.desk.pool.connection() as connection:
            rows = await (await connection.execute("select member from draws.ranked order by place")).fetchall()
        assert [row[0] for row in rows] == fold.ranking(state)[:3]


@pytest.mark.parametrize("appended", [False, True], ids=["before it is durable", "after it is durable"])
@pytest.mark.parametrize("step", ["fix", "draw"])
async def test_a_crash_at_each_step_is_finished_by_the_next_run(database: str, step: str, *, appended: bool) -> None:
    async with a_hall(database) as hall, served(Mirror((200, RIGHT))) as urls:
        for fan in hall.fans:
            await hall.press(fan)
        if step == "draw":
            await hall.run(LATER, urls)

        with pytest.raises(Died):
            await hall.run(LATER if step == "fix" else DUE, urls, dies_at=1, appended=appended)
        for at in (LATER, LATER, DUE, DUE, DUE + timedelta(seconds=5)):
            await hall.run(at, urls)

        assert (await hall.state()).status == "done"
        events = await hall.stage.events()
        assert events.count("fanfare.draw.entrants-fixed.v1") == 1
        assert events.count("fanfare.draw.done.v1") == 1
        assert await hall.seats() == await hall.agrees()


async def test_two_clocks_at_once_fix_and_draw_once(database: str) -> None:
    async with a_hall(database) as hall, served(Mirror((200, RIGHT))) as urls:
        await hall.press(hall.fans[0])
        for at in (LATER, DUE):
            hall.desk.at = at
            await hall.stage.project()
            await asyncio.gather(*(hall.clock(urls).run() for _ in range(3)))
            await hall.stage.project()

        fold = await hall.lists()
        assert fold.streams.decisions(hall.draw_id) == 3
        assert fold.streams.draws[hall.draw_id].status == "done"


async def test_a_site_that_was_down_until_the_value_was_known_does_not_draw(database: str) -> None:
    async with a_hall(database) as hall, served(Mirror((200, RIGHT))) as urls:
        await hall.press(hall.fans[0])
        await hall.run(DUE, urls)
        await hall.run(DUE + timedelta(days=1), urls)

        assert (await hall.state()).status == "open"
        await hall.draws.void(hall.draw_id, hall.asked(hall.host, "void"), "The site was down. We announce it anew.")
        assert (await hall.state()).status == "void"


async def test_entrants_are_not_fixed_while_the_tables_are_behind_the_record(database: str) -> None:
    async with a_hall(database) as hall:
        await hall.stage.project()
        await hall.press(hall.fans[0])
        hall.desk.at = LATER

        await hall.clock([]).run()
        assert (await hall.state()).status == "open"

        await hall.run(LATER, [])
        fixed = (await hall.state()).fixed
        assert fixed is not None
        assert fixed.count == 1


async def test_entrants_are_fixed_however_much_is_appended_after_the_close(database: str) -> None:
    async with a_hall(database) as hall:
        await hall.stage.project()
        await hall.press(hall.fans[0])
        hall.move(LATER)
        clock = hall.clock([])

        await clock.run()
        await hall.stage.project()
        await joining.join(hall.desk, "Somebody else")
        await clock.run()

        fixed = (await hall.state()).fixed
        assert fixed is not None
        assert fixed.count == 1


async def test_a_seat_goes_on_to_reserves_and_each_is_told_once(database: str) -> None:
    async with a_hall(database) as hall, served(Mirror((200, RIGHT))) as urls:
        for fan in hall.fans:
            await hall.press(fan)
        for at in (LATER, DUE):
            await hall.run(at, urls)
        first, second = await hall.seats()
        told: list[tuple[str, str]] = []

        async def tell(member: str, subject: str, body: str, unique: str) -> None:
            assert "Two seats" in subject
            assert hall.draw_id in body
            told.append((member, unique))

        already: set[tuple[str, str]] = set()
        await tell_drawn(hall.desk, tell, already)
        await hall.draws.answer(hall.draw_id, hall.asked(first, "accept"), accepts=True)
        await hall.draws.answer(hall.draw_id, hall.asked(second, "decline"), accepts=False)
        await hall.stage.project()
        await tell_drawn(hall.desk, tell, already)

        seats = await hall.seats()
        assert list(seats.values()) == ["held", "declined", "offered"]
        assert [each for each, _ in told] == list(seats)
        hall.desk.at = DUE + timedelta(hours=25)
        assert list((await hall.seats()).values()) == ["held", "declined", "lapsed"]
        assert await hall.seats() == await hall.agrees()
