"""What infra/ hands to Prometheus and Grafana names only what Fanfare tells, and every alarm is explained and tried."""

import json
import re

import pytest

from fanfare.platform.exposition import CATALOGUE, Metric
from tests.house import tree

DASHBOARD = tree.ROOT / "infra" / "grafana" / "fanfare.json"
ALARMS = tree.ROOT / "infra" / "prometheus" / "alerts.yml"
TRIED = tree.ROOT / "infra" / "prometheus" / "alerts_test.yml"
GUIDE = tree.ROOT / "docs" / "guides" / "production.md"
SELECTED = re.compile(r'\b(fanfare_[a-z_]+)(?:\{((?:[^"{}]|"[^"]*")*)\})?')
"""A metric and its matchers; the template of a route has braces of its own, in quotes."""
MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')


def queries() -> list[str]:
    """Return every query of the dashboard."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


def conditions() -> list[str]:
    """Return the expression of every alarm, with what follows it on lines of its own."""
    return re.findall(r"expr: (.+?)\n +(?:for|labels):", ALARMS.read_text(encoding="utf-8"), re.DOTALL)


def series(metric: Metric) -> list[str]:
    """Return the names under which Prometheus stores a metric."""
    return [f"{metric.name}_{each}" for each in ("bucket", "sum", "count")] if metric.kind == "histogram" else [metric.name]


STORED = {name: metric for metric in CATALOGUE.values() for name in series(metric)}


def unknown(query: str) -> list[str]:
    """Return what a query names that is no series of ours, or no label of it."""
    wrong = []
    for name, matchers in SELECTED.findall(query):
        if name not in STORED:
            wrong.append(name)
            continue
        labels = {*STORED[name].labels, "le", "instance", "job"}
        wrong += [f"{name}: {label}" for label in MATCHER.findall(matchers) if label not in labels]
    return wrong


def alarms() -> list[str]:
    """Return the names of all alarms."""
    return re.findall(r"- alert: (\w+)", ALARMS.read_text(encoding="utf-8"))


def test_dashboard_and_alarms_name_only_what_is_told() -> None:
    asked = [*queries(), *conditions()]

    assert len(queries()) > 40
    assert len(conditions()) == len(alarms())
    assert {query: unknown(query) for query in asked if unknown(query)} == {}


def test_every_metric_is_shown_or_watched() -> None:
    asked = {STORED[name].name for query in (*queries(), *conditions()) for name, _ in SELECTED.findall(query) if name in STORED}

    assert sorted(set(CATALOGUE) - asked) == []


def test_every_query_takes_once_what_several_apis_tell() -> None:
    alone = re.compile(r"^(?:\w+ \()?(?:rate|increase|fanfare_)")

    assert [query for query in queries() if alone.match(query) or not re.search(r"\b(?:max|min|count)\b", query)] == []


def test_every_alarm_was_seen_to_come_and_to_stay_away() -> None:
    tried = TRIED.read_text(encoding="utf-8")

    assert [each for each in alarms() if f'alertname="{each}"' not in tried] == []
    assert "name: a site that is well" in tried


def test_every_alarm_is_explained_for_operators_and_nothing_else_is() -> None:
    told = re.findall(r"^\| `(Fanfare\w+)` \| (page|ticket) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    severities = re.findall(r"severity: (page|ticket)\}", ALARMS.read_text(encoding="utf-8"))

    assert told == list(zip(alarms(), severities, strict=True))


@pytest.mark.parametrize(
    "query",
    [
        "max(fanfare_nothing)",
        'rate(fanfare_requests_total{path="/"}[5m])',
        "fanfare_append_seconds",
        'sum(fanfare_requests_total{route="/rounds/{round_id}/ballot",member="x"})',
    ],
)
def test_a_query_that_asks_in_vain_is_seen(query: str) -> None:
    assert unknown(query) != []


def test_a_query_of_what_there_is_passes() -> None:
    query = 'sum by (le) (rate(fanfare_request_seconds_bucket{route="/rounds/{round_id}/ballot",le="0.5"}[5m]))'

    assert unknown(query) == []
