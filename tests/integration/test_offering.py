"""The archive for download: the same for everybody for a while, and never with words that were taken away meanwhile."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from tests.page_reader import all_read
from tests.site_fixture import SiteUnderTest, round_of

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]
ARCHIVE = "/record/archive"
PLANTED = "quokka-marmalade-7731"


async def idea_of(site: SiteUnderTest) -> tuple[str, str]:
    """Let a fan raise an idea with planted words, and return its id and the hash of these words."""
    (opened,) = (await site.publish(round_of(method="support.v1", options_from="ideas", options=[])))["rounds"]
    await site.until(opened["id"], "open")
    fan = await site.fan()
    written = {"title": "Pine & Lime", "body": PLANTED, "tags": ""}
    raised = (await fan.post(f"/api/v1/rounds/{opened['id']}/ideas", json=written)).raise_for_status().json()
    await all_read(site)
    return raised["id"], (await fan.get(f"/api/v1/ideas/{raised['id']}")).raise_for_status().json()["body_hash"]


async def test_who_asks_soon_gets_the_same_archive_and_it_has_no_name_on_the_disk(
    site: SiteUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await idea_of(site)
    first, second = [await site.stranger.get(ARCHIVE) for _ in range(2)]

    assert PLANTED in first.text
    assert int(first.headers["content-length"]) == len(first.content)
    assert second.content == first.content
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_words_that_were_removed_are_in_no_archive_that_is_asked_for_afterwards(site: SiteUnderTest) -> None:
    _, words = await idea_of(site)
    assert PLANTED in (await site.stranger.get(ARCHIVE)).text

    (await site.host.post(f"/api/v1/texts/{words}/removal", json={"reason": "It names somebody."})).raise_for_status()
    await all_read(site)

    assert PLANTED not in (await site.stranger.get(ARCHIVE)).text


async def test_words_that_were_hidden_are_in_no_archive_that_is_asked_for_afterwards(site: SiteUnderTest) -> None:
    idea, _ = await idea_of(site)
    assert PLANTED in (await site.stranger.get(ARCHIVE)).text

    hidden = {"contents": [idea], "rule": "insult", "reason": "It calls her names."}
    (await site.host.post("/api/v1/moderation/hide", json=hidden)).raise_for_status()
    await all_read(site)

    assert PLANTED not in (await site.stranger.get(ARCHIVE)).text
