"""The compose file as anybody would use it: one command, a link, a vote over two API processes, and crashes in the middle."""

import asyncio
from collections.abc import Iterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.compose import people
from tests.compose.composed import Composed, composed, told
from tests.kafka_fixture import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.docker]
FANS = 12


@pytest.fixture(scope="module")
def site() -> Iterator[Composed]:
    """A site that one command brought up, and that another takes down without a trace."""
    with composed(free_port()) as running:
        yield running
    assert running.left() == []


async def who_took_ballots(site: Composed) -> set[str]:
    """Return the API processes that took ballots, as the site's own metrics tell."""
    headers = {"Authorization": f"Bearer {site.metrics_token}"}
    async with people.browser(site.url) as client:
        page = (await people.asked(client, "GET", "/metrics", headers=headers)).raise_for_status().text
    requests = next(each for each in text_string_to_metric_families(page) if each.name == "fanfare_requests")
    ballots = {"method": "PUT", "route": "/api/v1/rounds/{round_id}/ballot", "status": "200"}
    return {each.labels["process"] for each in requests.samples if ballots.items() <= each.labels.items()}


async def frames(client: httpx2.AsyncClient, campaign: str, begun: asyncio.Event) -> list[str]:
    """Watch a campaign's live page through the door for a few frames, and return them."""
    found: list[str] = []
    path = f"/campaigns/{campaign}/live"
    async with asyncio.timeout(20), client.stream("GET", path, headers={"accept": "text/event-stream"}) as stream:
        async for line in stream.aiter_lines():
            begun.set()
            if line.startswith("event:"):
                found.append(line)
            if len(found) >= 3:
                return found
    return found


async def test_a_vote_over_two_api_processes_is_counted_right_though_an_api_and_a_worker_crash_meanwhile(site: Composed) -> None:
    host = await people.found_site(site.url, site.link())
    opened = await people.publish(host)
    everybody = await people.fans(site.url, opened["id"], FANS)

    begun = asyncio.Event()
    watching = asyncio.create_task(frames(host, opened["campaign"], begun))
    await begun.wait()
    await people.keep_casting(everybody, 5, seed=1)
    await people.until_it_counts(host, everybody)
    assert len(await watching) == 3

    api, worker = site.containers("api")[0], site.containers("worker")[0]
    casting = asyncio.create_task(people.keep_casting(everybody, 10, seed=2))
    for container in (api, worker):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(site.crash, container)
    await casting
    await people.until_it_counts(host, everybody)
    for container in (api, worker):
        await asyncio.to_thread(site.until_restarted, container)

    await people.keep_casting(everybody, 5, seed=3)
    await people.until_it_counts(host, everybody)
    await asyncio.sleep(6)  # each process tells of itself every five seconds
    assert len(await who_took_ballots(site)) >= 2


async def test_the_migration_step_may_run_again_and_prints_no_link_where_there_is_an_admin(site: Composed) -> None:
    said = await asyncio.to_thread(site.call, "run", "--rm", "migrate")

    assert "Everything is of this version" in said
    assert "token=" not in said


def test_no_password_stands_in_what_docker_tells_of_the_containers(site: Composed) -> None:
    password = site.call("exec", "-T", "postgres", "cat", "/run/secrets/fanfare/postgres")
    assert len(password) == 64
    assert password not in told(["docker", "inspect", *site.call("ps", "-aq").split()])


def test_what_runs_our_code_is_no_root_and_cannot_write_into_its_image(site: Composed) -> None:
    probe = "id -u; touch /opt/fanfare/x 2>&1 || true; touch /var/lib/fanfare/x && rm /var/lib/fanfare/x && echo may write"

    for service in ("api", "worker"):
        uid, refused, home = site.call("exec", "-T", service, "sh", "-c", probe).strip().splitlines()
        assert (uid, home) == ("10001", "may write")
        assert "Read-only file system" in refused


def test_the_file_for_three_brokers_is_one_that_compose_understands(site: Composed) -> None:
    three = Composed(site.project, site.port, site.metrics_token, (*site.files, "infra/compose.three-brokers.yml"))

    assert {"kafka", "kafka-2", "kafka-3"} <= set(three.call("config", "--services").split())
