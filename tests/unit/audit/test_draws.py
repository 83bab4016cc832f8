"""What drawing again from an archive finds: nothing in an honest draw, and each thing that was changed, by its step."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.draws import verify_draw
from fanfare.audit.checks.replay import replay
from fanfare.audit.draw_commands import run_draw_verify
from fanfare.draws.decide import beacon_for
from fanfare.lots.beacon import simulated_value
from fanfare.lots.ranking import ranked
from fanfare.lots.root import entrants_root
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.draws import DrawAnnounced, DrawDone, DrawEntered, DrawLeft, DrawVoided, EntrantsFixed, SeatDeclined
from fanfare.record.kinds import Event, text_hash
from fanfare.record.members import MemberErased, MemberJoined
from tests.builders import HOST, body, founded, hosted, recorded, text
from tests.unit.audit.archives import SALT, TITLE, Record, write_archive
from tests.unit.draws.test_decide import BEFORE, CLOSE, DONE, DUE, announced
from tests.unit.lots.test_beacon import FROM_THE_OTHER_CHAIN, VALUE

FANS = ("anna", "bert", "carl", "dora")
DRAWN = ranked(VALUE, "draw4b", FANS[:3])


class Drawn(Record):
    """A record of August 2023, in which a draw of two seats is done."""

    def at(self, time: datetime, *events: Event, stream: str | None = None) -> None:
        after = self._streams.decisions(stream) if stream else 0
        self.append(body(*(recorded(each, at=time, stream=stream, after=after) for each in events)), 0)


def a_draw(
    *,
    plan: DrawAnnounced | None = None,
    fixed: EntrantsFixed | None = None,
    done: DrawDone | None = None,
    joined: tuple[str, ...] = FANS,
    announced_at: datetime = BEFORE,
    until: str = "done",
) -> list[StoredEntry]:
    """Return the record of a draw, honest but for what is given: Anna, Bert and Carl stay in it, Dora left."""
    record = Drawn()
    record.at(BEFORE, founded(), hosted(), stream="site")
    record.at(BEFORE, *(MemberJoined(member=each) for each in joined))
    kept = msgspec.structs.replace(plan or announced(), gets=text_hash(SALT, TITLE))  # the one text that these archives hold
    record.at(announced_at, kept, stream="draw4b")
    record.at(BEFORE, *(DrawEntered(draw="draw4b", member=each, turn=1) for each in FANS))
    record.at(BEFORE, DrawLeft(draw="draw4b", member="dora", turn=2), DrawEntered(draw="draw4b", member="dora", turn=1))
    read_to = record.heads[0]
    record.at(CLOSE, DrawEntered(draw="draw4b", member="dora", turn=3))  # too late
    honest = EntrantsFixed(draw="draw4b", read_to=read_to, count=3, root=entrants_root(FANS[:3]))
    if until == "void":
        record.at(CLOSE, DrawVoided(draw="draw4b", reason=text("r"), by=HOST), stream="draw4b")
    if until != "done":
        return record.written
    record.at(CLOSE + timedelta(seconds=2), fixed or honest, stream="draw4b")
    record.at(DUE, done or DONE, stream="draw4b")
    record.at(DUE + timedelta(hours=1), SeatDeclined(draw="draw4b", member=DRAWN[0]))
    return record.written


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive.tar"


def failing(file: Path, written: list[StoredEntry]) -> list[str]:
    """Return the steps that do not hold, having seen that a replay finds it too."""
    outcome = verify_draw(write_archive(file, written), "draw4b")
    failed = [each.name for each in outcome.claims if not each.passed]
    again = [each.name for each in replay(file).claims if not each.passed]
    assert again == (["draw draw4b"] if failed else [])
    assert outcome.exit_code == (1 if failed else 0)
    return failed


def test_an_honest_draw_holds_step_by_step_and_names_who_has_the_seats(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert failing(file, a_draw()) == []

    assert run_draw_verify(file, "draw4b") == 0
    told = capfd.readouterr().out
    assert "All 8 claims hold: whoever draws again draws the same." in told
    assert f"{DRAWN[0]} declined, or left" in told
    assert f"{DRAWN[1]} holds a seat" in told
    assert f"{DRAWN[2]} holds a seat" in told
    assert "dora" not in told


HONEST = EntrantsFixed(draw="draw4b", read_to=5, count=3, root=entrants_root(FANS[:3]))


@pytest.mark.parametrize(
    ("fixed", "says"),
    [
        (msgspec.structs.replace(HONEST, root=entrants_root(FANS)), "the root"),
        (msgspec.structs.replace(HONEST, count=4), "4 entrants, counted again 3"),
        (msgspec.structs.replace(HONEST, count=4, root=entrants_root(FANS)), "the root"),
        (msgspec.structs.replace(HONEST, read_to=6), "counted again 4"),
        (msgspec.structs.replace(HONEST, read_to=900, count=4, root=entrants_root(FANS)), "were not there yet"),
    ],
)
def test_entrants_that_are_others_than_the_record_tells_are_found(file: Path, fixed: EntrantsFixed, says: str) -> None:
    assert failing(file, a_draw(fixed=fixed)) == ["entrants"]

    (claim,) = [each for each in verify_draw(file, "draw4b").claims if not each.passed]
    assert says in " ".join(claim.differences)


def test_an_entrant_who_never_joined_is_found(file: Path) -> None:
    assert failing(file, a_draw(joined=FANS[1:])) == ["entrants"]


@pytest.mark.parametrize(
    "done",
    [
        DrawDone(draw="draw4b", randomness=text("wished for"), signature=DONE.signature),
        DrawDone(draw="draw4b", randomness=FROM_THE_OTHER_CHAIN[2], signature=FROM_THE_OTHER_CHAIN[1]),
        DrawDone(draw="draw4b", randomness=VALUE, signature=""),
        DrawDone(draw="draw4b", randomness=VALUE, signature="ff" * 48),
    ],
)
def test_a_value_that_is_not_the_beacons_is_found(file: Path, done: DrawDone) -> None:
    assert failing(file, a_draw(done=done)) == ["beacon"]


def test_a_draw_that_was_announced_when_it_had_closed_is_found(file: Path) -> None:
    assert failing(file, a_draw(announced_at=CLOSE)) == ["announced"]


def test_a_simulated_beacon_on_a_site_that_is_no_simulation_is_found(file: Path) -> None:
    plan = announced(beacon=beacon_for(CLOSE, simulated=True))
    done = DrawDone(draw="draw4b", randomness=simulated_value("draw4b", plan.beacon.at), signature="")

    assert failing(file, a_draw(plan=plan, done=done)) == ["announced"]


def test_who_took_part_is_looked_up_in_the_record(file: Path) -> None:
    assert failing(file, a_draw(plan=announced(campaign="flavour", open_to="took-part"))) == ["entrants"]


def test_an_erased_member_keeps_her_place_and_her_seat_goes_on(file: Path) -> None:
    record = Drawn()
    for each in a_draw():
        record.append(each.body, 0)
    record.at(DUE + timedelta(hours=2), MemberErased(member=DRAWN[1]))
    outcome = verify_draw(write_archive(file, record.written), "draw4b")

    assert outcome.exit_code == 0
    states = [each.detail.partition(" ")[2] for each in outcome.claims[-3:]]
    assert states == ["declined, or left", "declined, or left", "holds a seat"]


@pytest.mark.parametrize(
    ("until", "draw", "says"),
    [
        ("open", "draw4b", "its entrants are not fixed"),
        ("void", "draw4b", "it was called off"),
        ("done", "another", "knows no draw 'another'; those that it knows: draw4b"),
    ],
)
def test_what_is_not_done_or_not_there_could_not_be_checked(file: Path, until: str, draw: str, says: str) -> None:
    outcome = verify_draw(write_archive(file, a_draw(until=until)), draw)

    assert outcome.exit_code == 2
    assert says in outcome.unchecked


def test_a_file_that_is_no_archive_could_not_be_checked(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")

    assert verify_draw(tmp_path / "notes.txt", "draw4b").exit_code == 2
    assert verify_draw(tmp_path / "missing.tar", "draw4b").exit_code == 2
