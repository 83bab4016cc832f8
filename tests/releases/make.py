"""
Makes the sample of a release: a small site that was really played, as an archive and as a backup.

`make release-sample` makes that of the present version again, until it is released; from then on its files never change, and
every later version replays the one, restores the other and publishes the same reports.
"""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import httpx2

from fanfare.audit.commands import run_export
from fanfare.operations.backup import backup
from fanfare.operations.places import started
from fanfare.platform.migrations.run import migrate
from tests.site_fixture import SiteUnderTest, round_of, running_site, served

FOLDER = Path(__file__).parent
IDEAS = ("Sour Cherry Cola", "Pine & Lime", "Rhubarb Gate")
NOW = datetime(2026, 11, 11, 13, 2, tzinfo=UTC)
_QUIET_S = 3.0


async def play(site: SiteUnderTest) -> None:
    """Let fans raise ideas, support, comment on and vote for them, until nothing is left to do for the clockwork."""
    campaign = await site.publish(
        round_of(name="Ideas", method="support.v1", options_from="ideas", options=[], advance=2),
        round_of(name="Final", options_from="round", from_round=1, options=[]),
        round_of(name="Colour", method="approval.v1", most=2, options=["Violet", "Amber", "Mint"]),
        round_of(name="Package"),
    )
    raising, final, colour, package = (each["id"] for each in campaign["rounds"])
    fans = [await site.fan(f"Fan {number}") for number in range(6)]
    await site.until(raising, "open")
    ideas = [await _raise(fan, raising, title) for fan, title in zip(fans, IDEAS, strict=False)]
    for fan, liked in zip(fans, (0, 0, 0, 1, 1, 2), strict=True):
        await _sent(fan.put(f"/api/v1/ideas/{ideas[liked]}/support"))
    await _sent(fans[0].post(f"/api/v1/ideas/{ideas[1]}/comments", json={"text": "With *ice*, please."}))
    await site.until(colour, "open")
    for which, fan in enumerate(fans):
        await _vote(fan, colour, [f"o{which % 3 + 1}"])
        await _vote(fan, colour, ["o1", "o2"])
    await _sent(site.host.post(f"/api/v1/rounds/{raising}/close"))
    await site.until(final, "open")
    for fan, choice in zip(fans, (0, 1, 1, 1, 0, 1), strict=True):
        await _vote(fan, final, [ideas[choice]])
    for each in (final, colour):
        await _sent(site.host.post(f"/api/v1/rounds/{each}/close"))
        await site.until(each, "sealed")
    await _sent(site.host.post(f"/api/v1/rounds/{package}/void", json={"reason": "The printer went out of business."}))
    await quiet(site)


async def quiet(site: SiteUnderTest) -> None:
    """Return when nothing was appended for three seconds."""
    before: tuple[int, ...] = ()
    while True:
        now = await site.parts.log.heads()
        if now == before:
            return
        before = now
        await asyncio.sleep(_QUIET_S)


async def _raise(fan: httpx2.AsyncClient, round_id: str, title: str) -> str:
    words = {"title": title, "body": "**Tart**, a little almond.", "tags": "tart, cola"}
    answer = await _sent(fan.post(f"/api/v1/rounds/{round_id}/ideas", json=words))
    return str(answer.json()["id"])


async def _vote(fan: httpx2.AsyncClient, round_id: str, options: list[str]) -> None:
    paper = (await fan.get(f"/api/v1/rounds/{round_id}/paper")).json()
    await _sent(fan.put(f"/api/v1/rounds/{round_id}/ballot", json={"number": paper["number"], "options": options}))


async def _sent(request: object) -> httpx2.Response:
    answer: httpx2.Response = await request  # type: ignore[misc]
    await asyncio.sleep(0.3)  # the next one may need to have read it
    return answer.raise_for_status()


async def write(conninfo: str, folder: Path) -> None:
    """Play a site in the database *conninfo* and write its archive and its backup into *folder*."""
    async with running_site(conninfo) as site:
        await play(site)
        async with served(site.app) as url, site.parts.pool.connection() as connection:
            assert await run_export(site.parts.log, connection, url, folder / "site.tar", now=NOW) == 0
    backup(conninfo, folder, folder / "backup", now=NOW)


def main() -> None:
    """Make the sample of the present version."""
    folder = FOLDER / version("fanfare")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with tempfile.TemporaryDirectory(prefix="fanfare-sample-") as home, started(Path(home) / "home") as conninfo:
        migrate(conninfo)
        asyncio.run(write(conninfo, folder))


if __name__ == "__main__":
    main()
