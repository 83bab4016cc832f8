"""How an audit is asked: addresses that are none, sites that never end, Ctrl-C, faults of ours, and what it is all called."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import msgspec
import pytest

from fanfare.audit.archives.fetching import Site, SiteAway
from fanfare.audit.audit_commands import Answering, Brought, concluded, run_audit
from fanfare.audit.claims import Outcome, as_table, claim
from fanfare.audit.commands import counting, run_explain
from fanfare.record.members import MemberJoined
from tests.unit.audit.signed_archives import audited, notarised

NOW = datetime(2026, 11, 11, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://localhost:99999", "http://localhost:x", "HTTP://127.0.0.1:1", "http://"]
)
def test_an_address_that_is_none_is_told_in_a_sentence(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_audit(address, Brought(), Answering(now=NOW))

    said = capsys.readouterr()
    assert (code, said.err) == (2, "")
    assert "is no address of a site" in said.out or "does not answer" in said.out


def test_what_is_brought_along_and_cannot_be_used_is_told_before_a_site_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_audit("http://127.0.0.1:1", Brought(key="nonsense"), Answering(now=NOW)) == 2
    assert "is no key" in capsys.readouterr().out


def got(answer: Callable[[httpx2.Request], httpx2.Response], most_bytes: int = 1000) -> list[tuple[int, bytes]]:
    """Return the history that a site answers with."""

    async def ask() -> list[tuple[int, bytes]]:
        site = Site("http://site.example", transport=httpx2.MockTransport(answer), patience_s=0)
        site.most_bytes = most_bytes
        async with site:
            return await site.history(0, 100)

    return asyncio.run(ask())


def test_pages_of_checkpoints_that_lead_in_a_circle_are_not_followed() -> None:
    page = msgspec.json.encode({"checkpoints": [{"size": 5, "note": "n"}], "next": "101"})

    with pytest.raises(SiteAway, match="names a next page that is none of smaller checkpoints: '101'"):
        got(lambda _: httpx2.Response(200, content=page))


def test_an_answer_that_nobody_could_keep_is_not_read_to_its_end() -> None:
    with pytest.raises(SiteAway, match="answers with more than 1000 bytes"):
        got(lambda _: httpx2.Response(200, content=b"x" * 2000))


def test_the_conclusion_says_no_more_than_was_signed(tmp_path: Path) -> None:
    site = notarised()
    whole = concluded(audited(site.archive(tmp_path / "whole.tar")))
    site.record.put(MemberJoined(member="later"))

    ahead = concluded(audited(site.archive(tmp_path / "ahead.tar")))

    assert whole.conclusion == "the record is the one that was signed, and every published report follows from it"
    assert ahead.exit_code == 0
    assert ahead.verdict.endswith("which is the one that was signed but for its end: that is not signed yet.")


def test_an_answer_is_told_also_where_its_page_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notarised().archive(tmp_path / "record.tar")

    code = run_audit(str(path), Brought(), Answering(now=NOW, html=tmp_path / "nowhere" / "page.html"))

    said = capsys.readouterr()
    assert code == 2
    assert "claims hold" in said.out
    assert "could not be written" in said.err


def test_ctrl_c_ends_the_counting_also_within_an_event_loop() -> None:
    async def count() -> None:
        with counting():
            signal.raise_signal(signal.SIGINT)
            pytest.fail("it counted on")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(count())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_however_an_audit_of_a_site_is_ended_its_folder_is_gone(tmp_path: Path, how: signal.Signals) -> None:
    program = (
        "import asyncio; from fanfare.audit.commands import room\n"
        "async def audit():\n"
        "    with room('fanfare-audit-') as folder:\n"
        "        (folder / 'record.tar').write_bytes(b'entries')\n"
        "        print(folder, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(audit())"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE) as running:
        assert running.stdout
        folder = Path(running.stdout.readline().decode().strip())
        assert (folder / "record.tar").exists()
        running.send_signal(how)

        assert running.wait(30) != 0

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("failing", "verdict"), [(1, "1 of 3 claims does not hold."), (2, "2 of 3 claims do not hold.")])
def test_a_verdict_agrees_with_its_number(failing: int, verdict: str) -> None:
    claims = tuple(claim(f"record {each}", "", ["wrong"] if each < failing else []) for each in range(3))

    assert Outcome(claims).verdict == verdict


def test_a_folder_is_no_archive_and_called_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_audit(".", Brought(), Answering(now=NOW)) == 2
    assert capsys.readouterr().out == "Could not check: .: Is a directory.\n"


def test_a_fault_of_ours_does_not_read_as_an_award_that_does_not_follow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fanfare.audit.commands.explain", lambda *_: 1 // 0)

    assert run_explain(tmp_path, "anything") == 2
    assert "Could not explain: a fault of this program" in capsys.readouterr().out


def test_no_name_in_an_archive_can_move_the_cursor() -> None:
    table = as_table(Outcome((claim("report \x1b[2J\x1b[H", "\x1b[32m", ["$\x1b[1A: all claims hold\r"], ["\x07"]),), "\x1b[2J"))

    assert b"\x1b" not in table
    assert b"\r" not in table
