"""Reports as of now: fresh for whoever asks while they are quick to compute, and kept for a while where they are not."""

from typing import Any

import pytest

from fanfare.campaigns import live_reports
from tests.page_reader import all_read, an_open_round
from tests.site_fixture import SiteUnderTest

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


async def vote(site: SiteUnderTest, round_id: str) -> str:
    """Let a new fan cast a ballot, and return its position once every table has it."""
    ballot = {"number": 1, "options": ["o1"]}
    answer = (await (await site.fan()).put(f"/api/v1/rounds/{round_id}/ballot", json=ballot)).raise_for_status()
    await all_read(site)
    return str(answer.headers["Fanfare-Position"])


async def received(site: SiteUnderTest, path: str, wait: str = "") -> int:
    """Return how many ballots a report is about."""
    headers = {"Fanfare-Wait": wait} if wait else {}
    report: dict[str, Any] = (await site.stranger.get(path, headers=headers)).raise_for_status().json()
    found = report["rounds"][0]["ballots"] if "rounds" in report else report["ballots"]
    return int(found["received"])


@pytest.mark.parametrize("kind", ["rounds", "campaigns"])
async def test_a_report_of_few_ballots_is_always_of_now(site: SiteUnderTest, kind: str) -> None:
    campaign, voting = await an_open_round(site)
    path = f"/api/v1/{kind}/{voting if kind == 'rounds' else campaign}/report"

    seen = []
    for _ in range(3):
        await vote(site, voting)
        seen.append(await received(site, path))

    assert seen == [1, 2, 3]


@pytest.mark.parametrize("kind", ["rounds", "campaigns"])
async def test_a_report_of_many_ballots_is_kept_made_again_behind_the_reader_and_new_for_who_waits(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(live_reports, "KEPT_FROM", 2)
    monkeypatch.setattr(live_reports, "_REST", 10**6)
    campaign, voting = await an_open_round(site)
    path = f"/api/v1/{kind}/{voting if kind == 'rounds' else campaign}/report"
    for _ in range(2):
        await vote(site, voting)

    first = await received(site, path)
    wait = await vote(site, voting)
    kept = await received(site, path)
    waited = await received(site, path, wait)
    await vote(site, voting)
    monkeypatch.setattr(live_reports, "_REST", 0)
    stale = await received(site, path)
    await site.app.state.reports.rested()
    monkeypatch.setattr(live_reports, "_REST", 10**6)

    assert (first, kept, waited, stale) == (2, 2, 3, 3)
    assert await received(site, path) == 4


@pytest.mark.parametrize("kind", ["rounds", "campaigns"])
async def test_who_waits_for_what_a_kept_report_has_read_makes_nobody_compute_it_again(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(live_reports, "KEPT_FROM", 1)
    monkeypatch.setattr(live_reports, "_REST", 10**6)
    campaign, voting = await an_open_round(site)
    path = f"/api/v1/{kind}/{voting if kind == 'rounds' else campaign}/report"
    first = await vote(site, voting)
    assert await received(site, path) == 1
    second = await vote(site, voting)

    seen = [await received(site, path, wait) for wait in ("0:0:0", first, second, first)]

    assert seen == [1, 1, 2, 2]


async def test_a_round_that_closes_has_its_report_at_once(site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_reports, "KEPT_FROM", 1)
    monkeypatch.setattr(live_reports, "_REST", 10**6)
    _, voting = await an_open_round(site)
    await vote(site, voting)
    assert await received(site, f"/api/v1/rounds/{voting}/report") == 1
    await vote(site, voting)

    (await site.host.post(f"/api/v1/rounds/{voting}/close")).raise_for_status()
    await site.until(voting, "sealed")

    report = (await site.stranger.get(f"/api/v1/rounds/{voting}/report")).json()
    assert (report["status"], report["ballots"]["received"]) == ("closed", 2)
