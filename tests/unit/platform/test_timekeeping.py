"""What is due, where a clock goes as time does, and where it jumps."""

from datetime import UTC, datetime, timedelta

import pytest

from fanfare.platform.timekeeping import TOO_LATE, Timekeeper

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


class Clocks:
    """A clock on a wall and the ticks of a machine, each moved by the test."""

    def __init__(self) -> None:
        self.wall, self.ticks = NOON, 0.0
        self.keeper = Timekeeper(ticks=lambda: self.ticks)
        self.keeper.note(self.wall)

    def pass_by(self, wall: timedelta, time: timedelta) -> datetime:
        """Let so much time pass, of which the clock shows so much, and note it."""
        self.wall += wall
        self.ticks += time.total_seconds()
        self.keeper.note(self.wall)
        return self.wall


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_what_was_set_for_a_time_is_due_from_then_on_until_it_is_too_late(clocks: Clocks) -> None:
    due = clocks.pass_by(HOUR, HOUR)

    found = [clocks.keeper.is_due(due, due + late) for late in (-SECOND, timedelta(0), TOO_LATE, TOO_LATE + SECOND)]

    assert found == [False, True, True, False]


def test_what_the_clock_jumped_over_is_not_due_and_what_comes_after_is(clocks: Clocks) -> None:
    jumped = clocks.pass_by(HOUR, SECOND)
    later = clocks.pass_by(MINUTE, MINUTE)

    assert [clocks.keeper.is_due(jumped - 5 * MINUTE, now) for now in (jumped, later)] == [False, False]
    assert clocks.keeper.is_due(jumped + 30 * SECOND, later)


def test_a_jump_back_undoes_one_ahead(clocks: Clocks) -> None:
    clocks.pass_by(HOUR, SECOND)
    clocks.pass_by(-HOUR, SECOND)

    now = clocks.pass_by(HOUR, HOUR)

    assert clocks.keeper.is_due(now - 5 * MINUTE, now)


def test_a_clock_that_is_set_right_by_seconds_has_not_jumped(clocks: Clocks) -> None:
    now = clocks.pass_by(50 * SECOND, SECOND)

    assert clocks.keeper.is_due(NOON + 30 * SECOND, now)
