"""The operator's page, as samples: all well, and three things wrong."""

from datetime import timedelta

import msgspec

from fanfare.web.contexts.operator import (
    Broker,
    Figure,
    Filling,
    Follows,
    Lateness,
    Mistake,
    Need,
    OperationsPage,
    Place,
    Runner,
    Unreadable,
    WitnessLine,
)
from tests.journeys.sample_ground import ago

WELL = OperationsPage(
    headline="All is well",
    needs=(),
    figures=(
        Figure("2.5 ms", "half of all writes to the record were durable within this"),
        Figure("10 ms", "99 of 100 were durable within this, of 18,204 writes since the start"),
        Figure("25 ms", "99 of 100 were answered within this, of 402,117 requests since the start"),
        Figure("1,204", "live pages are open"),
        Figure("8,312", "sessions and tokens are open"),
        Figure("14", "late or void ballots in sealed rounds"),
    ),
    processes=(
        Runner("api-3f9ac1", "api", ago(days=3), timedelta(seconds=2), "182 MiB", "0.1.0", "taste-1"),
        Runner(
            "worker-b04e77",
            "worker",
            ago(days=3),
            timedelta(seconds=4),
            "141 MiB",
            "0.1.0",
            "taste-1",
            "reads partitions 0, 1, 2 and 3",
        ),
    ),
    projections=(
        Follows("counted", "level", 0, timedelta(0)),
        Follows("ideas", "level", 0, timedelta(0)),
        Follows("standings", "behind", 41, timedelta(seconds=2)),
        Follows("timeline", "level", 0, timedelta(0)),
    ),
    heads=(4_212, 118_204, 117_991, 118_377),
    due=(),
    mail_waits=3,
    mail_failed=0,
    mail_given_up=0,
    mail_failures=(),
    has_mail_server=True,
    mistakes=(),
    disk="412.8 GiB free of 512",
    version="0.1.0",
    backup_at=ago(hours=11),
    witnesses=(
        WitnessLine("fanclub.example/witness", 358_784, ago(minutes=1), None),
        WitnessLine("news.example/w1", 358_784, ago(minutes=2), None),
    ),
)
UNWELL = msgspec.structs.replace(
    WELL,
    headline="The projection “timeline” has stopped, and 2 more things",
    witnesses=(
        WitnessLine("fanclub.example/witness", 358_784, ago(minutes=1), None),
        WitnessLine("news.example/w1", 301_117, ago(hours=5), ago(hours=5), "She answered 503: An alarm stands"),
        WitnessLine("university.example/archive", 0, None, ago(hours=1), "All connection attempts failed"),
    ),
    needs=(
        Need(
            "bad",
            "The projection “timeline” has stopped",
            "It stands at 0:4188: KeyError: 'r7'. What it shows is right up to there.",
        ),
        Need("warn", "A round did not close in time", "It was due 4 minutes ago. Later than ten minutes it waits for a host."),
        Need(
            "warn",
            "2 mails were given up",
            "The server said: SMTPRecipientsRefused. Set right what is wrong, then try again below.",
        ),
    ),
    projections=(*WELL.projections[:3], Follows("timeline", "stopped", 24, timedelta(minutes=6), "0:4188: KeyError: 'r7'")),
    due=(Lateness("A round is due to close", "r1", timedelta(minutes=4)),),
    mail_failed=1,
    mail_given_up=2,
    mail_failures=("SMTPRecipientsRefused",),
    mistakes=(
        Mistake(ago(minutes=6), "projection stopped", "timeline", "KeyError at views/timeline.py:88", "", ""),
        Mistake(
            ago(minutes=9),
            "fault",
            "/api/v1/rounds/{round_id}/report",
            "UndefinedTable at campaigns/results.py:104",
            "4b4718468862",
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
    ),
    unreadable=(Unreadable("2:118:4", "the choice is not a list of options", ("r1",), is_ruled=False),),
    backup_at=None,
    place=Place(
        "Kafka, topic fanfare.record",
        answers=True,
        brokers=(Broker("kafka-1.internal.example:9092", answers=True), Broker("kafka-2.internal.example:9092", answers=False)),
    ),
    rebuilds=(Filling("ideas", 41),),
    processes=(
        Runner("api-3f9ac1", "api", ago(days=3), timedelta(seconds=2), "182 MiB", "0.1.0", "a4f1c0d93b2e"),
        Runner("api-77be02", "api", ago(days=3), timedelta(seconds=1), "179 MiB", "0.1.0", "09bc55d1e7aa"),
        Runner(
            "worker-b04e77",
            "worker",
            ago(days=3),
            timedelta(seconds=4),
            "141 MiB",
            "0.1.0",
            "e1f2a3b4c5d6",
            "reads partitions 0 and 2",
        ),
        Runner(
            "worker-c81d00",
            "worker",
            ago(hours=2),
            timedelta(seconds=3),
            "139 MiB",
            "0.1.0",
            "77aa00bb11cc",
            "reads partitions 1 and 3",
        ),
        Runner("worker-f00d13", "worker", ago(hours=1), timedelta(seconds=3), "96 MiB", "0.1.0", "0b0b0b0b0b0b", "stands by"),
    ),
)
