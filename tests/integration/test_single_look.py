"""`fanfare witness --once`: one look at a site that is served, and what it says to whoever reads the timer's mail."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanfare.witness.commands import Asked, run_witness
from fanfare.witness.keys import own_key
from tests.site_fixture import listening
from tests.watched import SignedSite

pytestmark = pytest.mark.anyio


def served(site: SignedSite) -> Starlette:
    """Return a site that serves what this one signed."""

    async def answer(request: Request) -> Response:
        found = site.answer(httpx2.Request("GET", str(request.url)))
        return Response(found.content, found.status_code)

    return Starlette(routes=[Route("/{path:path}", answer)])


async def test_a_single_look_says_its_key_and_what_was_cosigned_of_each_partition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SignedSite([[b"one", b"two"], [b"three"], []])
    site.says[1] = site.note(number=1, entries=[b"four", b"five"])

    async with listening(served(site)) as (_, address):  # type: ignore[arg-type]
        code = await asyncio.to_thread(run_witness, Asked(address, tmp_path, name="news.example", once=True))

    said = capsys.readouterr().out.splitlines()
    assert code == 0
    assert said[:2] == [str(own_key(tmp_path, "").verifier), ""]
    assert said[2].startswith(f"{site.origin()}: 2 entries, cosigned at ")
    assert said[3].startswith(f"{site.origin(1)}: 2 entries, cosigned at ")
    assert said[4].startswith(f"{site.origin(2)}: 0 entries, cosigned at ")


async def test_an_alarm_of_a_single_look_is_said_and_its_command_has_ended_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site, rung = SignedSite([[b"one", b"two"]]), tmp_path / "rung"
    asked = Asked("", tmp_path / "home", name="news.example", alarm=f"sh -c 'sleep 0.3; touch {rung}'", once=True)

    async with listening(served(site)) as (_, address):  # type: ignore[arg-type]
        asked = replace(asked, url=address)
        await asyncio.to_thread(run_witness, asked)
        site.logs[0] = [b"other", b"two"]
        code = await asyncio.to_thread(run_witness, asked)

    assert code == 1
    assert rung.exists()
    assert "An alarm stands: " in capsys.readouterr().out
