"""What awards add up to: the tables against a plain count of the same events, and against themselves made anew."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from fanfare.platform.hosts.follower import Follower
from fanfare.platform.logs.port import StoredEntry
from fanfare.platform.logs.postgres import PostgresLog
from fanfare.projecting import PROJECTIONS
from fanfare.record.kinds import Event, digest
from fanfare.record.members import MemberErased
from fanfare.record.position import Position
from fanfare.record.recognition import (
    MOST_KUDOS,
    AwardGranted,
    AwardRevoked,
    KudosGiven,
    KudosTakenBack,
    StandingsJoined,
    StandingsLeft,
)
from fanfare.views import awards, fan_standings
from fanfare.views.recognition import RECOGNITION
from tests.builders import HOST, NOON, body, recorded, text
from tests.integration.rebuilding import filled, replayed, store, tables

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

FANS = [f"fan{n}" for n in range(5)]
SCOPES = ["flavour", "colour", "2026-q3", "2026-q4", ""]


class Told(msgspec.Struct, frozen=True):
    """An event and when it happened."""

    event: Event
    at: datetime


def granted(n: int, turn: int, member: str, **given: object) -> AwardGranted:
    """Return the granting of the award number *n*: points by a rule, unless *given* says a title."""
    by_rule = {"rule": "first-idea", "version": 1, "cause": f"cause{n}", "offset": n}
    told: dict[str, object] = {"kind": "points", "points": 1 + n % 4} | given
    whose = {"by": HOST, "words": text("Namer"), "reason": text("Why")} if told["kind"] == "title" else by_rule
    return msgspec.convert({"award": digest(f"{n}".encode())[:32], "turn": turn, "member": member} | whose | told, AwardGranted)


def revoked(n: int, turn: int, member: str) -> AwardRevoked:
    """Return the revoking of the award number *n*."""
    return AwardRevoked(award=digest(f"{n}".encode())[:32], turn=turn, member=member, cause="fell", offset=7)


def praised(n: int, by: str, to: str) -> KudosGiven:
    """Return kudos number *n*."""
    return KudosGiven(kudos=f"kudos{n}", by=by, to=to, words=text("Well said."))


_fans, _odd, _even = st.sampled_from(FANS), st.sampled_from((1, 3, 5)), st.sampled_from((2, 4, 6))
_awards = st.integers(0, 7)
EVENTS = st.one_of(
    st.builds(granted, _awards, _odd, _fans, campaign=st.sampled_from((None, "flavour", "colour")), points=st.integers(1, 4)),
    st.builds(granted, _awards, _odd, _fans, kind=st.just("badge"), level=st.integers(1, 3), points=st.integers(0, 9)),
    st.builds(granted, _awards, _odd, _fans, kind=st.just("title"), points=st.integers(0, 9)),
    st.builds(revoked, _awards, _even, _fans),
    st.builds(praised, st.integers(0, 40), st.sampled_from(FANS[:2]), _fans),
    st.builds(praised, st.integers(0, 40), st.just(FANS[0]), _fans),
    st.builds(lambda n, by: KudosTakenBack(kudos=f"kudos{n}", by=by), st.integers(0, 40), st.sampled_from(FANS[:2])),
    st.builds(lambda member, turn: StandingsLeft(member=member, turn=turn), _fans, st.integers(1, 4)),
    st.builds(lambda member, turn: StandingsJoined(member=member, turn=turn), _fans, st.integers(1, 4)),
    st.builds(lambda member: MemberErased(member=member), st.sampled_from(FANS[:2])),
)
HISTORIES = st.lists(
    st.builds(Told, EVENTS, st.sampled_from((0, 1, 2, 9, 42)).map(lambda days: NOON - timedelta(days=days))),
    min_size=30,
    max_size=90,
)


class Count:
    """The same question answered as plainly as can be."""

    def __init__(self, history: Sequence[Told]) -> None:
        """Count a history."""
        best: dict[str, tuple[int, Told]] = {}
        turns: dict[str, tuple[int, bool]] = {}
        praise: dict[str, KudosGiven] = {}
        counted: set[tuple[str, str, tuple[int, int]]] = set()
        self.erased: set[str] = set()
        taken_back: set[str] = set()
        for each in history:
            match each.event:
                case AwardGranted(award=award, turn=turn) | AwardRevoked(award=award, turn=turn):
                    if award not in best or turn > best[award][0]:
                        best[award] = (turn, each)
                case StandingsLeft(member=member, turn=turn) | StandingsJoined(member=member, turn=turn):
                    if turn > turns.get(member, (0, False))[0]:
                        turns[member] = (turn, isinstance(each.event, StandingsLeft))
                case KudosGiven(kudos=kudos, by=by, to=to) if kudos not in praise:
                    praise[kudos] = each.event
                    week = each.at.isocalendar()[:2]
                    before = Counter((giver, of) for _, giver, of in counted)
                    if by != to and before[by, week] < MOST_KUDOS:
                        counted.add((kudos, by, week))
                case KudosTakenBack(kudos=kudos, by=by) if kudos in praise and praise[kudos].by == by:
                    taken_back.add(kudos)
                case MemberErased(member=member):
                    self.erased.add(member)
        self.standing = [(each.event, each.at) for _, each in best.values() if isinstance(each.event, AwardGranted)]
        self.kudos = [praise[kudos] for kudos, *_ in counted if kudos not in taken_back]
        self.listed = {each for each in FANS if not turns.get(each, (0, False))[1]} - self.erased

    def points(self, scope: str) -> Counter[str]:
        """Return the points of each member in a scope."""
        found: Counter[str] = Counter()
        for event, at in self.standing:
            if event.kind == "points" and scope in ("", event.campaign, fan_standings.season_of(at)):
                found[event.member] += event.points
        return found

    def standings(self, scope: str) -> list[tuple[int, str, int]]:
        """Return rank, member and points of all who are listed."""
        points = {member: points for member, points in self.points(scope).items() if member in self.listed}
        rank = {member: 1 + sum(other > own for other in points.values()) for member, own in points.items()}
        return [(rank[each], each, points[each]) for each in sorted(points, key=lambda each: (-points[each], each))]


def scoped(scope: str) -> dict[str, str]:
    """Return how a scope is asked for."""
    return {} if not scope else {"season" if "-q" in scope else "campaign": scope}


async def listed(connection: AsyncConnection, scope: str) -> list[tuple[int, str, int]]:
    """Return the standings, read two at a time."""
    found: list[fan_standings.Standing] = []
    after = None
    while True:
        page, after = await fan_standings.standings(connection, limit=2, after=after, **scoped(scope))
        found += page
        if after is None:
            return [(each.rank, each.member, each.points) for each in found]


@pytest.fixture
async def filling(pool: AsyncConnectionPool) -> AsyncConnectionPool:
    """A database with empty tables of recognition, and of what its queries look up beside them."""
    for each in PROJECTIONS:
        await Follower(each, pool, PostgresLog(pool, 4)).prepare()
    return pool


async def apply(connection: AsyncConnection, history: Sequence[Told], size: int) -> None:
    """Apply a history in batches of *size*, as a worker does."""
    await connection.execute("set local search_path = recognition, public")
    seen = [(Position(0, n // 3, n % 3), recorded(each.event, at=each.at)) for n, each in enumerate(history)]
    for start in range(0, len(seen), size):
        await RECOGNITION.apply(connection, seen[start : start + size])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, size=st.integers(1, 25))
async def test_the_tables_agree_with_a_plain_count(filling: AsyncConnectionPool, history: list[Told], size: int) -> None:
    count = Count(history)
    async with filling.connection() as connection:
        await apply(connection, history, size)

        for scope in SCOPES:
            assert await listed(connection, scope) == count.standings(scope), scope
            for each in FANS:
                place = await fan_standings.place_of(connection, each, **scoped(scope))
                rank = {member: rank for rank, member, _ in count.standings(scope)}.get(each)
                assert place == fan_standings.FanPlace(rank, count.points(scope)[each], len(count.standings(scope)))
        human = len(count.kudos) + sum(event.kind == "title" for event, _ in count.standing)
        found = await awards.human_share(connection, handed_over=2)
        assert found == awards.HumanShare(human + 2, len(count.kudos) + len(count.standing) + 2)
        for each in FANS:
            held = await awards.profile(connection, each)
            mine = [event for event, _ in count.standing if event.member == each] if each not in count.erased else []
            assert held.points == sum(event.points for event in mine if event.kind == "points")
            assert len(held.titles) == sum(event.kind == "title" for event in mine)
            assert held.awards == len(mine)
            kudos = [one.kudos for one in count.kudos if one.to == each]
            query = "select kudos from recognition.kudos where to_member = %s and counts and not taken_back order by 1"
            assert [row[0] for row in await (await connection.execute(query, (each,))).fetchall()] == sorted(kudos)
            told = await awards.awards_of(connection, each)
            assert {one.award for one in told if one.stands} == {event.award for event in mine}
        await connection.rollback()


QUERIES: tuple[LiteralString, ...] = (
    "select award, turn, stands, member, kind, points from recognition.awards order by 1",
    "select award, turn, at, reason from recognition.turns order by 1, 2",
    "select * from recognition.sums order by 1, 2",
    "select * from recognition.tallies order by 1",
    "select * from recognition.fans order by 1",
    "select kudos, counts, taken_back from recognition.kudos order by 1",
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
async def test_what_comes_twice_or_in_other_batches_changes_nothing(filling: AsyncConnectionPool, history: list[Told]) -> None:
    found = []
    for feed, size in ((history, 1), (history, 60), ([each for each in history for _ in range(2)], 7)):
        async with filling.connection() as connection:
            await apply(connection, feed, size)
            found.append([await (await connection.execute(each)).fetchall() for each in QUERIES])
            await connection.rollback()

    assert found[1:] == [found[0], found[0]]


async def test_tables_that_are_made_anew_are_equal(pool: AsyncConnectionPool, log: PostgresLog) -> None:
    history = [granted(n, turn, FANS[n % 5], campaign="flavour") for turn in (1, 3) for n in range(8)]
    events: list[Event] = [*history, *(revoked(n, 2, FANS[n % 5]) for n in range(4)), StandingsLeft(member="fan3", turn=1)]
    events += [praised(n, "fan1", "fan2") for n in range(7)]
    await store(pool, [StoredEntry(0, n, body(recorded(each))) for n, each in enumerate(events)])
    await replayed(pool, PROJECTIONS)
    before = await tables(pool, "recognition")

    await filled(pool, log, ["recognition"])

    assert await tables(pool, "recognition") == before
    assert len(before["awards"]) == 8
