"""What a site tells Prometheus: whole, valid, for operators only, and nothing that names a person."""

import re

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fanfare.members import outbox
from fanfare.members.mail import queue
from fanfare.platform import presence
from fanfare.platform.exposition import CATALOGUE
from fanfare.platform.metrics import APPENDED, NO_ROUTE, REFUSED
from fanfare.platform.presence import Presence
from fanfare.platform.settings import Settings
from fanfare.web import watching
from fanfare.web.operations import within
from tests.integration.test_live_pages import events
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import ADDRESS, SiteUnderTest, listening

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def figures(client: httpx2.AsyncClient) -> Figures:
    """Return what /metrics tells of the site and of this API, as Prometheus's own parser reads it."""
    answer = (await client.get("/metrics")).raise_for_status()
    return {
        (sample.name, frozenset((name, value) for name, value in sample.labels.items() if name != "process")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.labels.get("process", "").startswith("worker")
    }


def of(found: Figures, metric: str, **labels: str) -> float:
    """Return one figure; 0 where it is not told."""
    return found.get((metric, frozenset(labels.items())), 0)


@pytest.fixture(autouse=True)
def _looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FRESH_S", -1.0)


async def test_prometheus_can_read_every_figure_and_the_catalogue_has_each(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]})).raise_for_status()
    await all_read(site)

    answer = await site.host.get("/metrics")

    families = list(text_string_to_metric_families(answer.text))
    told = {f"{each.name}_total" if each.type == "counter" else each.name: each for each in families}
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert set(told) <= set(CATALOGUE)
    assert set(CATALOGUE) - set(told) <= {
        "fanfare_disk_free_bytes",
        "fanfare_backup_age_seconds",
        "fanfare_quarantined_events",
        *{"fanfare_broker_up", "fanfare_rebuild_done_entries", "fanfare_rebuild_of_entries"},  # of sites that have such
        *{"fanfare_witness_cosigned_entries", "fanfare_witness_silent_seconds"},  # the same
    }
    assert all(each.type == CATALOGUE[name].kind and each.documentation for name, each in told.items())
    for each in families:
        assert {name for sample in each.samples for name in sample.labels} <= {
            *CATALOGUE[f"{each.name}_total" if each.type == "counter" else each.name].labels,
            "le",
        }


async def test_the_figures_of_a_vote_say_what_happened(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    route = {"method": "PUT", "route": "/api/v1/rounds/{round_id}/ballot"}
    before = await figures(site.host)

    for number in (1, 2, 3):
        (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": number, "options": ["o1"]})).raise_for_status()
    await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o2"]})
    await all_read(site)
    after = await figures(site.host)

    def grew(metric: str, **labels: str) -> float:
        return of(after, metric, **labels) - of(before, metric, **labels)

    heads = (await site.stranger.get("/readyz")).json()["heads"]
    assert grew("fanfare_requests_total", **route, status="200") == 3
    assert grew("fanfare_requests_total", **route, status="409") == 1
    assert grew("fanfare_request_seconds_count", **route) == 4
    assert grew("fanfare_request_seconds_bucket", **route, le="+Inf") == 4
    assert [of(after, "fanfare_record_head", partition=str(number)) for number in range(4)] == heads
    assert of(after, "fanfare_projection_lag_entries", projection="standings", partition="0") == 0
    assert of(after, "fanfare_projection_stopped", projection="standings") == 0
    assert of(after, "fanfare_sessions", kind="token") == 2
    assert of(after, "fanfare_database_up") == 1


async def test_a_route_is_counted_by_its_template_and_what_is_none_of_ours_under_one_name(site: SiteUnderTest) -> None:
    before = await figures(site.host)

    await site.stranger.get("/api/v1/rounds/no-such-round")
    await site.stranger.get("/api/v1/me")
    await site.stranger.get("/no/such/place?token=secret")
    await site.stranger.request("BREW", "/no/such/place")
    await site.stranger.get("/static/css/base.css")
    text = (await site.host.get("/metrics")).text
    after = await figures(site.host)

    def grew(method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return of(after, "fanfare_requests_total", **labels) - of(before, "fanfare_requests_total", **labels)

    assert grew("GET", "/api/v1/rounds/{round_id}", "404") == 1
    assert grew("GET", "/api/v1/me", "401") == 1  # of a router in a router: the whole template
    assert grew("GET", NO_ROUTE, "404") == 1
    assert grew("other", NO_ROUTE, "404") + grew("other", NO_ROUTE, "405") == 1
    assert grew("GET", "/static", "200") == 1
    assert "no-such-round" not in text
    assert "secret" not in text
    assert "/no/such/place" not in text


async def test_every_write_to_the_record_is_measured(site: SiteUnderTest) -> None:
    _, round_id = await an_open_round(site)
    fan = await site.fan()
    before = await figures(site.host)

    (await fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": 1, "options": ["o1"]})).raise_for_status()
    after = await figures(site.host)

    for metric in ("fanfare_append_seconds_count", "fanfare_append_write_entries_sum", "fanfare_append_entry_events_sum"):
        assert of(after, metric) == of(before, metric) + 1
    assert of(after, "fanfare_append_seconds_sum") > of(before, "fanfare_append_seconds_sum")


async def test_what_a_write_of_the_record_tells_becomes_histograms_of_time_and_sizes(site: SiteUnderTest) -> None:
    before = await figures(site.host)

    APPENDED.observe_write(2, 200, 0.004)
    REFUSED.inc()
    after = await figures(site.host)

    def grew(metric: str, **labels: str) -> float:
        return of(after, metric, **labels) - of(before, metric, **labels)

    assert grew("fanfare_append_seconds_bucket", le="0.0025") == 0
    assert grew("fanfare_append_seconds_bucket", le="0.005") == 1
    assert grew("fanfare_append_write_entries_sum") == 2
    assert grew("fanfare_append_entry_events_count") == 2
    assert grew("fanfare_append_entry_events_bucket", le="96.0") == 0
    assert grew("fanfare_append_entry_events_bucket", le="128.0") == 2
    assert grew("fanfare_appends_refused_total") == 1


async def test_live_pages_are_counted_while_they_are_open(site: SiteUnderTest) -> None:
    campaign, _ = await an_open_round(site)
    before = of(await figures(site.host), "fanfare_live_pages")
    async with (
        listening(site.app) as (_, address),
        httpx2.AsyncClient(base_url=address, timeout=10) as watcher,
        watcher.stream("GET", f"/campaigns/{campaign}/live") as stream,
    ):
        lines = stream.aiter_lines()  # held, since the stream ends with whoever reads it
        await events(lines, "board")
        during = of(await figures(site.host), "fanfare_live_pages")

    assert during - before == 1
    assert of(await figures(site.host), "fanfare_live_pages") == before


async def test_any_api_tells_what_every_other_process_has_counted(site: SiteUnderTest) -> None:
    await all_read(site)  # so the worker runs
    other = Presence(site.parts.pool, "api")
    await other.tell()

    found = re.findall(r'fanfare_started_timestamp_seconds\{process="([a-z0-9-]+)"\}', (await site.host.get("/metrics")).text)

    assert other.name in found
    assert sorted(name.partition("-")[0] for name in found) == ["api", "api", "worker"]


async def test_a_process_that_has_told_nothing_for_long_is_gone_and_forgotten_a_day_later(site: SiteUnderTest) -> None:
    gone = Presence(site.parts.pool, "worker")
    await gone.tell()
    query = "update platform.running set seen_at = now() - make_interval(hours => %s) where name = %s"
    async with site.parts.pool.connection() as connection:
        await connection.execute(query, (1, gone.name))
        hour_old = [each.is_here for each in await presence.told(connection) if each.name == gone.name]
        await connection.execute(query, (25, gone.name))
    await Presence(site.parts.pool, "worker").tell()
    async with site.parts.pool.connection() as connection:
        day_old = [each for each in await presence.told(connection) if each.name == gone.name]

    assert hour_old == [False]
    assert day_old == []


async def test_metrics_are_for_operators_only(site: SiteUnderTest) -> None:
    elsewhere = httpx2.ASGITransport(site.app, client=("203.0.113.9", 1234))
    fan = await site.fan()
    async with httpx2.AsyncClient(transport=elsewhere, base_url=ADDRESS) as far:
        strangers = await far.get("/metrics")
        admins = await far.get("/metrics", headers={"Authorization": site.host.headers["authorization"]})
        operators = await far.get("/api/v1/operations")

    assert strangers.status_code == 403
    assert strangers.json()["code"] == "role-needed"
    assert admins.status_code == 200
    assert operators.status_code == 401
    assert (await fan.get("/metrics")).status_code == 403
    assert (await fan.get("/api/v1/operations")).status_code == 403
    assert (await site.stranger.get("/metrics")).status_code == 200  # a site of this machine's own, asked from this machine
    assert (await site.stranger.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 403


async def test_the_token_of_the_setting_opens_them_and_a_public_site_trusts_no_machine(site: SiteUnderTest) -> None:
    site.app.state.settings = Settings(database_url=site.database, metrics_token="ink-and-paper")  # noqa: S106 - a sample
    site.parts.desk.source = "https://fans.example"

    unknown = await site.stranger.get("/metrics")
    wrong = await site.stranger.get("/metrics", headers={"Authorization": "Bearer ink-and-papers"})
    right = await site.stranger.get("/metrics", headers={"Authorization": "Bearer ink-and-paper"})

    assert (unknown.status_code, wrong.status_code, right.status_code) == (403, 401, 200)


async def test_while_the_database_is_away_the_processs_own_figures_are_told_all_the_same(site: SiteUnderTest) -> None:
    await figures(site.host)
    pool = site.app.state.watching._desk.pool
    connection, pool.connection = pool.connection, away
    try:
        found = await figures(site.stranger)
    finally:
        pool.connection = connection

    assert of(found, "fanfare_database_up") == 0
    assert of(found, "fanfare_resident_bytes") > 0
    assert ("fanfare_record_head", frozenset({("partition", "0")})) not in found


def away(*_: object, **__: object) -> None:
    message = "the server closed the connection"
    raise psycopg.OperationalError(message)


async def test_mail_that_did_not_leave_is_counted_by_what_becomes_of_it(site: SiteUnderTest) -> None:
    async with site.parts.pool.connection() as connection:
        for name in ("one", "two", "three"):
            await queue(connection, f"{name}@example.org", "Hello", "there")
        await connection.execute(
            """update vault.outbox set failure = 'SMTPRecipientsRefused: one@example.org is unknown', next_try_at = 'infinity'
                where recipient like 'one@%'"""
        )
        found = await outbox.state(connection)

    told = await site.host.get("/metrics")
    assert (found.waiting, found.failed, found.given_up) == (2, 0, 1)
    assert found.failures == ["SMTPRecipientsRefused"]
    assert "example.org" not in told.text


@pytest.mark.parametrize(
    ("counts", "half", "most"),
    [
        ([0, 10], 0.0025, 0.0025),
        ([99, 0, 1], 0.001, 0.001),
        ([98, 0, 2], 0.001, 0.005),
        ([0] * 12 + [5], None, None),
        ([], None, None),
    ],
)
def test_a_quantile_is_the_bound_that_so_many_lie_below(counts: list[int], half: float | None, most: float | None) -> None:
    filled = [*counts, *[0] * (13 - len(counts))]

    assert (within(filled, 50), within(filled, 99)) == (half, most)
