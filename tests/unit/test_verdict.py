"""What is wrong with a site and what to do: judged from its vitals."""

from datetime import UTC, datetime, timedelta

import pytest

from fanfare.record.campaigns import Campaign, Round, Status
from fanfare.web.verdict import findings, headline
from fanfare.web.vitals import (
    Disk,
    Due,
    FaultVitals,
    NotaryVitals,
    OutboxVitals,
    ProjectionVitals,
    QuarantinedVitals,
    RunnerVitals,
    Vitals,
    WitnessVitals,
    due,
)
from tests.builders import a_plan

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
GIB = 1024**3


UNREAD = QuarantinedVitals(position="2:7:0", why="not an object", rounds=["r1"], rulings=0)


def process(kind: str = "worker", version: str = "0.1.0") -> RunnerVitals:
    return RunnerVitals(name=f"{kind}-1", kind=kind, version=version, started_at=NOON, silent_s=2, resident_bytes=0)


def projection(lag_s: float = 0, stopped: str = "") -> ProjectionVitals:
    return ProjectionVitals(name="ideas", version=1, stopped=stopped, positions=[7], lag=[int(lag_s > 0)], lag_s=lag_s)


def signed(doubt: str = "", behind_s: float = 0) -> NotaryVitals:
    return NotaryVitals(partition=1, signed=7, behind=3, behind_s=behind_s, signed_at=NOON, swept_at=None, doubt=doubt)


def witness(silent_s: float, partition: int = 0, name: str = "news.example/witness") -> WitnessVitals:
    since = NOON - timedelta(seconds=silent_s) if silent_s else None
    return WitnessVitals(
        name=name, partition=partition, size=7, at=NOON, silent_s=silent_s, silent_since=since, why="It is away."
    )


def fault(minutes_ago: int) -> FaultVitals:
    at = NOON - timedelta(minutes=minutes_ago)
    return FaultVitals(at=at, what="fault", where="/", error="KeyError", id="1", request="2", process="api-1")


def site(**changes: object) -> Vitals:
    well = Vitals(at=NOON, version="0.1.0", database=True, processes=[process(), process("api")], projections=[projection()])
    return well.model_copy(update=changes)


def codes(vitals: Vitals, *, has_mail_server: bool = True) -> list[str]:
    return [each.code for each in findings(vitals, has_mail_server=has_mail_server)]


def test_a_site_without_trouble_is_well() -> None:
    assert codes(site()) == []
    assert headline([]) == "All is well"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"database": False}, "database-away"),
        ({"processes": [process("api")]}, "worker-away"),
        ({"notary": [signed(doubt="Entry 1:17 of the record reads differently from what was signed.")]}, "notary-doubts"),
        ({"notary": [signed(behind_s=31)]}, "notary-behind"),
        ({"processes": [process(), process("api", "0.2.0")]}, "versions-differ"),
        ({"projections": [projection(stopped="0:7: KeyError")]}, "projection-stopped"),
        ({"projections": [projection(lag_s=31)]}, "projection-behind"),
        ({"due": [Due(step="close", round="r1", campaign="c1", late_s=61)]}, "round-late"),
        ({"outbox": OutboxVitals(given_up=1, failures=["SMTPRecipientsRefused"])}, "mail-given-up"),
        ({"outbox": OutboxVitals(waiting=1, oldest_s=601)}, "mail-waits"),
        ({"quarantined": [UNREAD]}, "quarantine"),
        ({"disk": Disk(free_bytes=GIB, size_bytes=100 * GIB)}, "disk-nearly-full"),
        ({"faults": [fault(14)]}, "faults"),
    ],
)
def test_what_is_wrong_is_found(changes: dict[str, object], code: str) -> None:
    assert codes(site(**changes)) == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"projections": [projection(lag_s=30)]},
        {"due": [Due(step="seal", round="r1", campaign="c1", late_s=60)]},
        {"outbox": OutboxVitals(waiting=1, failed=1, oldest_s=599)},
        {"disk": Disk(free_bytes=2 * GIB, size_bytes=100 * GIB)},
        {"faults": [fault(15)]},
        {"quarantined": [UNREAD.model_copy(update={"rulings": 1, "rounds": []}), UNREAD.model_copy(update={"rounds": []})]},
    ],
)
def test_what_passes_by_itself_alarms_nobody(changes: dict[str, object]) -> None:
    assert codes(site(**changes)) == []


def test_mail_that_waits_where_no_server_is_set_is_what_was_asked_for() -> None:
    assert codes(site(outbox=OutboxVitals(waiting=5, oldest_s=90_000)), has_mail_server=False) == []


def test_the_worst_comes_first_and_the_headline_says_how_much_there_is() -> None:
    found = findings(site(faults=[fault(1)], projections=[projection(stopped="0:7: KeyError")]), has_mail_server=True)

    assert [each.kind for each in found] == ["bad", "warn"]
    assert headline(found) == "The projection “ideas” has stopped, and one more thing"
    assert all(each.advice.endswith((".", "?")) for each in found)


@pytest.mark.parametrize(
    ("status", "step"),
    [("planned", "open"), ("open", "close"), ("closing", "seal"), ("closed", "seal"), ("sealed", None), ("void", None)],
)
def test_a_step_is_due_once_its_time_has_passed_and_until_it_is_done(status: Status, step: str | None) -> None:
    plan = a_plan("o1", "o2")
    campaign = Campaign(id="c1", rounds=(Round(id="r1", plan=plan, status=status, closes_at=plan.closes_at),))
    late = plan.closes_at + timedelta(minutes=3)

    found = due([campaign], late)

    began = plan.opens_at if step == "open" else plan.closes_at
    assert [(each.step, each.late_s) for each in found] == ([(step, int((late - began).total_seconds()))] if step else [])


def test_nothing_is_due_before_its_time_and_a_round_that_was_closed_early_is_not_late() -> None:
    plan = a_plan("o1", "o2")
    before = plan.opens_at - timedelta(seconds=1)
    rounds = (Round(id="r1", plan=plan), Round(id="r2", plan=plan, status="closing", closes_at=plan.closes_at))

    assert [(each.round, each.late_s) for each in due([Campaign(id="c1", rounds=rounds)], before)] == [("r2", 0)]


def test_a_witness_that_is_silent_for_minutes_is_named_once() -> None:
    well, moment = witness(0, name="club.example"), witness(30, name="other.example")
    found = findings(site(witnesses=[well, moment, witness(400), witness(500, 1)]), has_mail_server=True)

    assert [each.code for each in found] == ["witness-silent"]
    assert "news.example/witness" in found[0].title
    assert "It is away." in found[0].advice
