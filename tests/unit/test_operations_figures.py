"""What the site tells Prometheus of itself, from how it is."""

import asyncio
from datetime import UTC, datetime

import pytest

from fanfare.platform.metrics import Applies, Held
from fanfare.web.brokers import answering
from fanfare.web.operations import of_site
from fanfare.web.verdict import findings
from fanfare.web.vitals import BrokerVitals, ProjectionVitals, QuarantinedVitals, RebuildVitals, RecordVitals, Vitals

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


def vitals(**changes: object) -> Vitals:
    """Return how a site is that is well, but for *changes*."""
    return Vitals.model_validate({"at": AT, "version": "1", "database": True, "heads": [10, 20], **changes})


def projection(name: str, lag: list[int], stopped: str = "") -> ProjectionVitals:
    """Return a projection that lacks *lag* entries of each partition."""
    return ProjectionVitals(name=name, version=1, stopped=stopped, positions=[0, 0], lag=lag, lag_s=0)


def figures(found: Vitals, metric: str) -> dict[tuple[str, ...], float]:
    """Return the figures of a metric by their labels."""
    return {each.labels: each.value for each in of_site(found) if each.metric == metric}


def test_what_the_workers_still_have_to_bring_is_what_even_the_furthest_projection_lacks() -> None:
    found = vitals(projections=[projection("standings", [3, 0]), projection("ideas", [1, 7])])

    assert figures(found, "fanfare_consumer_lag_entries") == {("0",): 1, ("1",): 0}


def test_a_projection_that_stopped_says_nothing_of_what_the_workers_bring() -> None:
    found = vitals(projections=[projection("standings", [3, 5]), projection("ideas", [0, 0], stopped="0:1: KeyError")])

    assert figures(found, "fanfare_consumer_lag_entries") == {("0",): 3, ("1",): 5}
    assert figures(found, "fanfare_projection_stopped") == {("standings",): 0, ("ideas",): 1}


def test_where_no_projection_runs_nothing_is_said_of_the_consumer() -> None:
    assert figures(vitals(), "fanfare_consumer_lag_entries") == {}


def test_a_rebuild_tells_how_far_it_has_come() -> None:
    found = vitals(rebuilds=[RebuildVitals(name="ideas", done=12, of=30, stopped="")])

    assert figures(found, "fanfare_rebuild_done_entries") == {("ideas",): 12}
    assert figures(found, "fanfare_rebuild_of_entries") == {("ideas",): 30}


def test_only_events_that_a_round_waits_for_call_for_somebody() -> None:
    ruled = QuarantinedVitals(position="0:1:0", why="…", rounds=[], rulings=1)
    open_one = QuarantinedVitals(position="0:2:0", why="…", rounds=["r1"], rulings=0)

    found = vitals(quarantined=[ruled, open_one])

    assert figures(found, "fanfare_quarantined_events") == {(): 2}
    assert figures(found, "fanfare_quarantine_waiting_events") == {(): 1}


def test_a_record_that_does_not_answer_is_told_and_named_first() -> None:
    brokers = [BrokerVitals(address="kafka-1:9092", answers=False), BrokerVitals(address="kafka-2:9092", answers=True)]
    away = vitals(record=RecordVitals(place="kafka", topic="fanfare.record", brokers=brokers, answers=False))

    assert figures(away, "fanfare_record_up") == {(): 0}
    assert figures(away, "fanfare_record_place") == {("kafka",): 1}
    assert figures(away, "fanfare_broker_up") == {("kafka-1:9092",): 0, ("kafka-2:9092",): 1}
    assert [each.code for each in findings(away, has_mail_server=False)] == ["record-away", "worker-away", "broker-away"]


def test_a_worker_tells_which_partitions_it_has_now_and_how_often_that_changed() -> None:
    held = Held()
    assert held.samples() == []  # an API has none and is no worker

    held.become({0, 2})
    held.become({2})

    assert [(each.metric, each.labels, each.value) for each in held.samples()] == [
        ("fanfare_partition_held", ("2",), 1),
        ("fanfare_rebalances_total", (), 2),
    ]


def test_what_projections_take_is_counted_for_each_of_them() -> None:
    applies = Applies()

    applies.observe("standings", 5, 0.004)
    applies.observe("standings", 2, 0.2)
    applies.observe("ideas", 1, 0.001)

    found = {(each.metric, each.labels): (each.value, sum(each.counts)) for each in applies.samples()}
    assert found == {
        ("fanfare_apply_seconds", ("standings",)): (0.204, 2),
        ("fanfare_apply_seconds", ("ideas",)): (0.001, 1),
        ("fanfare_applied_entries_total", ("standings",)): (7, 0),
        ("fanfare_applied_entries_total", ("ideas",)): (1, 0),
    }


@pytest.mark.anyio
async def test_a_broker_answers_where_something_takes_connections() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        here = await answering(f"127.0.0.1:{port}")
    gone = await answering(f"127.0.0.1:{port}, nonsense")

    assert [each.answers for each in here] == [True]
    assert [(each.address, each.answers) for each in gone] == [(f"127.0.0.1:{port}", False), ("nonsense", False)]
    assert await answering("") == []
