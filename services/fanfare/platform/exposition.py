"""The metrics: what each is called and means, and how they are told to Prometheus."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Literal

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from fanfare.platform.metrics import SECONDS, SIZES, Sample

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PROCESS = "process"
"""The label that says which process counted: its kind and a number of its own."""


class Metric(msgspec.Struct, frozen=True):
    """A metric as Prometheus and the operators' guide know it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    tells: str
    labels: tuple[str, ...] = ()
    bounds: Sequence[float] = ()


_PROJECTION = ("projection", "partition")
PER_PROCESS = (
    Metric("fanfare_append_seconds", "histogram", "How long a write to the record took until it was durable", bounds=SECONDS),
    Metric("fanfare_append_write_entries", "histogram", "Entries a write", bounds=SIZES),
    Metric("fanfare_append_entry_events", "histogram", "Events an entry, as the mean of its write", bounds=SIZES),
    Metric("fanfare_appends_refused_total", "counter", "Appends refused because too much waited already"),
    Metric("fanfare_appends_away_total", "counter", "Appends whose outcome is unknown, since the log did not answer"),
    Metric("fanfare_promises_total", "counter", "Entries of which a promise was signed"),
    Metric("fanfare_apply_seconds", "histogram", "How long a projection took for a page of entries", ("projection",), SECONDS),
    Metric("fanfare_applied_entries_total", "counter", "Entries that a projection was given", ("projection",)),
    Metric("fanfare_partition_held", "gauge", "1 for each partition that a worker brings to projections", ("partition",)),
    Metric("fanfare_rebalances_total", "counter", "How often a worker was told which partitions it has"),
    Metric("fanfare_requests_total", "counter", "Requests by method, route and status", ("method", "route", "status")),
    Metric(
        "fanfare_request_seconds",
        "histogram",
        "How long a request took; a live page: until it began",
        ("method", "route"),
        SECONDS,
    ),
    Metric("fanfare_live_pages", "gauge", "Live pages that are open"),
    Metric("fanfare_faults_total", "counter", "Errors of ours that were logged"),
    Metric("fanfare_pool_connections", "gauge", "Connections to PostgreSQL by state: used or idle", ("state",)),
    Metric("fanfare_pool_most_connections", "gauge", "How many connections the process may have"),
    Metric("fanfare_pool_waiting", "gauge", "Requests that wait for a connection"),
    Metric("fanfare_running", "gauge", "Always 1; its label is the machine, or the container", ("machine",)),
    Metric("fanfare_resident_bytes", "gauge", "Memory in use"),
    Metric("fanfare_cpu_seconds_total", "counter", "Processor time used"),
    Metric("fanfare_started_timestamp_seconds", "gauge", "When the process started, in Unix time"),
    Metric("fanfare_seen_seconds", "gauge", "How long ago the process last told of itself"),
)
"""What each process counts of itself. All carry the label `process`."""
OF_THE_SITE = (
    Metric("fanfare_site", "gauge", "Always 1; its label is the version", ("version",)),
    Metric(
        "fanfare_database_up", "gauge", "1 where the database answers; where it does not, the figures of the site are missing"
    ),
    Metric("fanfare_record_up", "gauge", "1 where the record can be read; where it cannot, its heads are those seen last"),
    Metric("fanfare_record_place", "gauge", "Always 1; its label is where the record is kept: postgresql or kafka", ("place",)),
    Metric("fanfare_broker_up", "gauge", "1 where a broker of FANFARE_KAFKA_BROKERS takes connections", ("broker",)),
    Metric("fanfare_record_head", "gauge", "The next offset of a partition: how many entries it has", ("partition",)),
    Metric(
        "fanfare_consumer_lag_entries",
        "gauge",
        "Entries that no projection has been given yet: what the workers still have to bring",
        ("partition",),
    ),
    Metric("fanfare_projection_position", "gauge", "The next offset that a projection applies", _PROJECTION),
    Metric("fanfare_projection_lag_entries", "gauge", "Entries that a projection has not applied yet", _PROJECTION),
    Metric("fanfare_projection_lag_seconds", "gauge", "How long a projection has been behind, at least", ("projection",)),
    Metric(
        "fanfare_projection_stopped",
        "gauge",
        "1 where a projection has stopped at an event that it cannot apply",
        ("projection",),
    ),
    Metric("fanfare_rebuild_done_entries", "gauge", "Entries that new tables of a projection have", ("projection",)),
    Metric("fanfare_rebuild_of_entries", "gauge", "Entries that they will have", ("projection",)),
    Metric(
        "fanfare_sealed_ballots",
        "gauge",
        "Ballots of sealed rounds by what became of them: counted, replaced, late, void",
        ("fate",),
    ),
    Metric(
        "fanfare_due_commands", "gauge", "Rounds whose time has passed and whose step is not done: open, close, seal", ("step",)
    ),
    Metric("fanfare_due_late_seconds", "gauge", "How long the latest of them has been due", ("step",)),
    Metric(
        "fanfare_outbox_mails", "gauge", "Mails that have not left by state: waiting, failed (tried again), given-up", ("state",)
    ),
    Metric("fanfare_outbox_oldest_seconds", "gauge", "How long the oldest mail that has not left has waited"),
    Metric("fanfare_sessions", "gauge", "Sessions that have not ended by kind: browser or token", ("kind",)),
    Metric("fanfare_quarantined_events", "gauge", "Events that are invalid under their own schema and were passed over"),
    Metric(
        "fanfare_quarantine_waiting_events", "gauge", "Those of them for which a round waits for a host's ruling to be sealed"
    ),
    Metric("fanfare_notary_signed_entries", "gauge", "Entries that the last checkpoint of a partition covers", ("partition",)),
    Metric("fanfare_notary_behind_entries", "gauge", "Entries that it does not cover yet", ("partition",)),
    Metric("fanfare_notary_behind_seconds", "gauge", "How long the notary has been behind, at least", ("partition",)),
    Metric("fanfare_notary_doubt", "gauge", "1 where the notary doubts and signs nothing more", ("partition",)),
    Metric(
        "fanfare_witness_cosigned_entries",
        "gauge",
        "Entries that the checkpoint covers that a witness cosigned last",
        ("partition", "witness"),
    ),
    Metric(
        "fanfare_witness_silent_seconds",
        "gauge",
        "How long a witness has not cosigned what is newer; 0 while all is well",
        ("partition", "witness"),
    ),
    Metric("fanfare_database_bytes", "gauge", "How large the database is"),
    Metric("fanfare_disk_free_bytes", "gauge", "Space left where the data folder lies"),
    Metric("fanfare_backup_age_seconds", "gauge", "How old the last backup is; missing where there is none"),
)
"""What any process can find out of the site; told once."""
CATALOGUE: Mapping[str, Metric] = {
    **{each.name: msgspec.structs.replace(each, labels=(*each.labels, PROCESS)) for each in PER_PROCESS},
    **{each.name: each for each in OF_THE_SITE},
}


class _Collected(Collector):
    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Family]:
        found: dict[str, list[Sample]] = {name: [] for name in CATALOGUE}
        for each in self._samples:
            found[each.metric].append(each)
        for name, samples in found.items():
            if samples:
                yield _family(CATALOGUE[name], samples)


def _family(metric: Metric, samples: Sequence[Sample]) -> Family:
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.tells, labels=metric.labels)
        bounds = [*(str(float(bound)) for bound in metric.bounds), "+Inf"]
        for each in samples:
            buckets = list(zip(bounds, accumulate(each.counts), strict=True))
            histogram.add_metric(each.labels, buckets, sum_value=each.value)
        return histogram
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.tells, labels=metric.labels)
    for each in samples:
        family.add_metric(each.labels, each.value)
    return family


def exposed(samples: Iterable[Sample]) -> bytes:
    """Return figures in Prometheus's text format. Raises: KeyError: one of no metric of the catalogue."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(samples)))
    return generate_latest(registry)


def of_process(samples: Iterable[Sample], process: str) -> list[Sample]:
    """Return the figures that a process counted of itself, with its name on them."""
    return [msgspec.structs.replace(each, labels=(*each.labels, process)) for each in samples]
