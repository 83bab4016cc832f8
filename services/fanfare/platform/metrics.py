"""
What a process counts of itself: plain numbers, since a ballot's request has no microseconds to spare for locks.

All of them are owned by the process's one event loop: it counts, and it reads them. Which metrics there are stands in
``platform/exposition.py``; this module knows none of Prometheus's formats.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of what is measured in seconds."""
SIZES = (1, 2, 4, 8, 16, 32, 64, 96, 128)
"""Upper bounds of group sizes: about 117 ballots fill an entry."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"
"""What a request to no address of ours counts under: a raw path would be a label that strangers choose."""


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """A figure of a metric, on its way to whoever shows it."""

    metric: str
    value: float
    """Of a histogram: the sum."""
    labels: tuple[str, ...] = ()
    """Values, in the order of the metric's label names."""
    counts: tuple[int, ...] = ()
    """Of a histogram: how many fell below each bound and above the one before, and last how many above all."""


class Counter:
    """Counts up."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, by: int = 1) -> None:
        """Count *by* more."""
        self.value += by


class Histogram:
    """Counts how many fell below each bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Count below each of *bounds*, which rise."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, amount: float, times: int = 1) -> None:
        """Count *amount*, so many *times*."""
        self.counts[bisect_left(self.bounds, amount)] += times
        self.total += amount * times

    def sample(self, metric: str, labels: tuple[str, ...] = ()) -> Sample:
        """Return what was counted so far."""
        return Sample(metric, round(self.total, 6), labels, tuple(self.counts))


class Appends:
    """What was written to the record, by this process."""

    def __init__(self) -> None:
        self.seconds = Histogram(SECONDS)
        self.write_entries = Histogram(SIZES)
        self.entry_events = Histogram(SIZES)

    def observe_write(self, entries: int, events: int, seconds: float) -> None:
        """Count a write of so many *entries* with so many *events* in all, durable after *seconds*."""
        self.seconds.observe(seconds)
        self.write_entries.observe(entries)
        if entries:
            self.entry_events.observe(events / entries, entries)

    def samples(self) -> list[Sample]:
        """Return what was counted so far."""
        return [
            self.seconds.sample("fanfare_append_seconds"),
            self.write_entries.sample("fanfare_append_write_entries"),
            self.entry_events.sample("fanfare_append_entry_events"),
        ]


class Applies:
    """What projections took, by projection."""

    def __init__(self) -> None:
        self._seconds: dict[str, Histogram] = {}
        self._entries: dict[str, int] = {}

    def observe(self, projection: str, entries: int, seconds: float) -> None:
        """Count a page of so many *entries* that *projection* took in *seconds*."""
        if projection not in self._seconds:
            self._seconds[projection] = Histogram(SECONDS)
        self._seconds[projection].observe(seconds)
        self._entries[projection] = self._entries.get(projection, 0) + entries

    def samples(self) -> list[Sample]:
        """Return what was counted so far."""
        times = [each.sample("fanfare_apply_seconds", (name,)) for name, each in self._seconds.items()]
        return [*times, *(Sample("fanfare_applied_entries_total", each, (name,)) for name, each in self._entries.items())]


class Held:
    """Which partitions of the record this process brings to projections, and how often that changed."""

    def __init__(self) -> None:
        self._partitions: frozenset[int] = frozenset()
        self._rebalances = 0

    def become(self, partitions: Iterable[int]) -> None:
        """Note that from now on it has *partitions*; call it at every assignment, also where nothing changed."""
        self._partitions = frozenset(partitions)
        self._rebalances += 1

    def samples(self) -> list[Sample]:
        """Return what is held now."""
        if not self._rebalances:
            return []  # no worker
        held = [Sample("fanfare_partition_held", 1, (str(each),)) for each in sorted(self._partitions)]
        return [*held, Sample("fanfare_rebalances_total", self._rebalances)]


class _Route:
    __slots__ = ("latency", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.latency = Histogram(SECONDS)


class Requests:
    """What was asked over HTTP, by the template of the route and never by the path, since strangers choose paths."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], _Route] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered with *status* after *seconds*."""
        key = (route, method if method in METHODS else "other")
        found = self._routes.get(key)
        if found is None:
            found = self._routes[key] = _Route()
        found.statuses[status] = found.statuses.get(status, 0) + 1
        found.latency.observe(seconds)

    def samples(self) -> list[Sample]:
        """Return what was counted so far."""
        found: list[Sample] = []
        for (route, method), each in self._routes.items():
            found += [
                Sample("fanfare_requests_total", number, (method, route, str(status)))
                for status, number in sorted(each.statuses.items())
            ]
            found.append(each.latency.sample("fanfare_request_seconds", (method, route)))
        return found


APPENDED = Appends()
"""Whoever writes to the record tells each write."""
REFUSED = Counter()
"""Appends that were refused because too much waited already."""
AWAY = Counter()
"""Appends whose outcome is unknown, since the log did not answer."""
APPLIED = Applies()
"""Whoever feeds projections tells each page that one took."""
PROMISED = Counter()
"""Entries of which this process signed a promise."""
HELD = Held()
"""Whoever brings entries to projections tells which partitions it has."""
REQUESTS = Requests()
STREAMS = Counter()
"""Live pages that are open now: whoever opens one counts 1, and −1 at its end."""
FAULTS = Counter()
"""Errors of ours that were logged."""


def samples() -> list[Sample]:
    """Return all that this process has counted of itself."""
    return [
        *APPENDED.samples(),
        Sample("fanfare_appends_refused_total", REFUSED.value),
        Sample("fanfare_appends_away_total", AWAY.value),
        Sample("fanfare_promises_total", PROMISED.value),
        *APPLIED.samples(),
        *HELD.samples(),
        *REQUESTS.samples(),
        Sample("fanfare_live_pages", STREAMS.value),
        Sample("fanfare_faults_total", FAULTS.value),
    ]
