"""How fast a site on Kafka and Faust is, beside one on PostgreSQL alone in the same run, with one broker on the same machine."""

import secrets
from collections.abc import Iterator

import pytest

from fanfare.platform.logs.kafka.connecting import Kafka
from tests.bench.fandom import Fandom
from tests.bench.filling import IN_ENTRY
from tests.bench.stand import Stand, stand
from tests.bench.tables import Row, faults, shown
from tests.kafka_fixture import broker

pytestmark = [pytest.mark.postgres]
FANS, MANY, FEW = 20_000, 300_000, 20_000


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """Run a broker and give its address."""
    with broker() as address:
        yield address


def a_topic(brokers: str) -> Kafka:
    """Name a topic that is not there yet."""
    return Kafka(brokers=brokers, topic=f"bench-{secrets.token_hex(4)}")


def test_casting(brokers: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for name, kafka in (("on PostgreSQL", None), ("on Kafka", a_topic(brokers))):
        with stand(kafka) as site:
            fans = Fandom(site, FANS)
            fans.cast("warming up")
            whole = fans.cast(f"{name}, as fast as they are acknowledged")
            rows += [whole, fans.cast(f"{name}, at half of that load (latency from when it was due)", rate=whole.rate / 2)]
    shown(capsys, "a ballot over HTTP, 64 connections, one API process", rows)
    assert faults(rows) == {}


def taken(site: Stand, fans: Fandom, name: str, count: int, in_entry: int) -> tuple[Row, float]:
    """Let the workers take *count* ballots, and return at what rate, and what 1,000 cost them and PostgreSQL in seconds."""
    before = site.cpu_s()
    took_s = fans.fill(count, in_entry)
    spent = sum(now - before[part] for part, now in site.cpu_s().items() if part.startswith(("worker", "postgres")))
    cost_s = 1000 * spent / count
    return Row(f"{name}, entries of {in_entry}", count / took_s, f"1,000 ballots cost {1000 * cost_s:.1f} ms of CPU"), cost_s


def test_workers(brokers: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows, costs = [], []
    for workers in (1, 2):
        with stand(a_topic(brokers), workers) as site:
            fans = Fandom(site, 1)
            taken(site, fans, "warming up", FEW, IN_ENTRY)
            for count, in_entry in ((MANY, IN_ENTRY), (FEW, 1)):
                row, cost_s = taken(site, fans, f"{workers} {'worker' if workers == 1 else 'workers'}", count, in_entry)
                rows.append(row)
                costs.append(cost_s)
    dearer = f"{costs[2] / costs[0]:.2f} times the CPU of one in entries of {IN_ENTRY}, {costs[3] / costs[1]:.2f} in entries of 1"
    shown(capsys, "all projections, as Faust brings the tail", rows, [f"two workers cost {dearer}"])
    assert faults(rows) == {}
