"""Every metric is described for operators as the code describes it, and named as Prometheus's users expect."""

import re

import pytest

from fanfare.platform.exposition import CATALOGUE, OF_THE_SITE, PER_PROCESS, Metric
from tests.house import tree


def row(metric: Metric) -> str:
    """Return the line of a metric in the guide's table."""
    labels = ", ".join(f"`{each}`" for each in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.tells} |"


def wrongly_named(metric: Metric) -> bool:
    """Tell whether a name breaks Prometheus's conventions: our prefix, lower case, `_total` for what only counts up."""
    is_plain = re.fullmatch(r"fanfare_[a-z]+(_[a-z]+)*", metric.name) is not None
    return not is_plain or (metric.kind == "counter") != metric.name.endswith("_total")


def test_every_metric_is_described_for_operators_and_nothing_else_is() -> None:
    written = (tree.ROOT / "docs" / "guides" / "operators.md").read_text(encoding="utf-8")

    told = [line for line in written.splitlines() if line.startswith("| `fanfare_")]
    assert sorted(told) == sorted(map(row, CATALOGUE.values()))


def test_every_metric_is_named_by_the_conventions() -> None:
    assert [each.name for each in (*PER_PROCESS, *OF_THE_SITE) if wrongly_named(each)] == []
    assert len(CATALOGUE) == len(PER_PROCESS) + len(OF_THE_SITE)


@pytest.mark.parametrize(
    "metric", [Metric("fanfare_asks", "counter", ""), Metric("asks_total", "counter", ""), Metric("fanfare_x_total", "gauge", "")]
)
def test_a_wrong_name_is_seen(metric: Metric) -> None:
    assert wrongly_named(metric)
