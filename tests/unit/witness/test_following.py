"""A witness follows a site: what it cosigns by itself, what it takes for a fork, and what is none."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.faults import NotProven, NotSigned
from fanfare.ledger.keys import SignerKey
from fanfare.witness.commands import run_evidence
from fanfare.witness.forks import Fork, verify_evidence
from tests.watched import SignedSite, Watch, seeded

ENTRIES = [b"entry %d" % number for number in range(600)]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(SignedSite([ENTRIES[:5], ENTRIES[:3]]), tmp_path)


async def test_what_grows_rightly_is_cosigned_without_anybody_asking(watch: Watch) -> None:
    for size in (5, 6, 255, 300, 512, 600):
        watch.site.logs[0] = ENTRIES[:size]
        await watch.follower.look()
        assert watch.cosigned() == Checkpoint.parse(watch.site.note().text)

    assert watch.cosigned(1) == Checkpoint.parse(watch.site.note(number=1).text)
    assert watch.evidence() == []
    assert watch.follower.troubles == {}


async def test_a_checkpoint_that_stays_the_newest_is_cosigned_anew_every_ten_minutes(watch: Watch) -> None:
    await watch.follower.look()
    kept = watch.cosigner.seen(watch.site.origin()).kept

    watch.now += timedelta(minutes=9)
    await watch.follower.look()
    same = watch.cosigner.seen(watch.site.origin()).kept
    watch.now += timedelta(minutes=2)
    await watch.follower.look()
    newer = watch.cosigner.seen(watch.site.origin()).kept

    assert kept is same
    assert newer is not None
    assert newer.at_s == int(watch.now.timestamp())


async def test_a_clock_that_goes_back_is_not_followed(watch: Watch) -> None:
    await watch.follower.look()
    before = watch.cosigner.seen(watch.site.origin()).kept

    watch.now -= timedelta(days=2)
    watch.site.logs[0] = ENTRIES[:9]
    await watch.follower.look()
    watch.start()

    after = watch.cosigner.seen(watch.site.origin()).kept
    assert before is not None
    assert after is not None
    assert (after.checkpoint.size, after.at_s) == (9, before.at_s)


async def test_a_site_that_is_away_or_shows_no_tiles_is_no_fork_and_gets_no_cosignature(watch: Watch) -> None:
    await watch.follower.look()

    watch.site.logs[0] = ENTRIES[:9]
    watch.site.hides_tiles = True
    await watch.follower.look()
    hidden = dict(watch.follower.troubles)
    watch.site.away = True
    await watch.follower.look()
    away = dict(watch.follower.troubles)

    assert list(hidden) == [watch.site.origin()]
    assert set(away) == {"", watch.site.origin(), watch.site.origin(1)}
    cosigned = watch.cosigned()
    assert cosigned is not None
    assert cosigned.size == 5
    assert watch.evidence() == []

    watch.site.away = watch.site.hides_tiles = False
    await watch.follower.look()
    assert watch.follower.troubles == {}
    assert watch.cosigned() == Checkpoint.parse(watch.site.note().text)


async def test_tiles_that_do_not_lead_to_what_was_signed_are_no_fork_and_get_no_cosignature(watch: Watch) -> None:
    await watch.follower.look()

    watch.site.says[0] = watch.site.note(entries=[b"other", *ENTRIES[1:9]])
    watch.site.logs[0] = ENTRIES[:9]
    await watch.follower.look()

    assert "do not lead to the root" in watch.follower.troubles[watch.site.origin()][1]
    assert watch.evidence() == []
    cosigned = watch.cosigned()
    assert cosigned is not None
    assert cosigned.size == 5


@dataclass
class Pushing(SignedSite):
    """A site that shows a newer checkpoint to the witness itself while she reads an older one."""

    while_asked_for: str = ""
    push: Callable[[], None] = lambda: None

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Serve what there was before."""
        told = super().answer(request)
        if self.while_asked_for and request.url.path.startswith(self.while_asked_for):
            self.while_asked_for = ""
            self.push()
        return told


@pytest.mark.parametrize("path", ["/record/0/checkpoint", "/record/0/tile/0"])
async def test_what_the_site_shows_by_itself_while_it_is_read_is_no_trouble(tmp_path: Path, path: str) -> None:
    site = Pushing([ENTRIES[:5]])
    watch = Watch(site, tmp_path)
    await watch.follower.look()

    def push() -> None:
        site.logs[0] = ENTRIES[:9]
        watch.cosigner.add(site.submission(5))

    site.logs[0] = ENTRIES[:7]
    site.while_asked_for, site.push = path, push
    await watch.follower.look()

    assert site.while_asked_for == ""
    assert watch.follower.troubles == {}
    assert watch.cosigned() == Checkpoint.parse(site.note(9).text)


@pytest.mark.parametrize("size", [5, 6, 8, 300])
async def test_a_changed_entry_is_a_fork_that_a_third_party_can_check(watch: Watch, size: int) -> None:
    await watch.follower.look()

    watch.site.logs[0] = [b"another", *ENTRIES[1:size]]
    await watch.follower.look()

    (folder,) = watch.evidence()
    assert folder.name.endswith("-0-fork")
    told = verify_evidence(folder, (seeded(watch.site.origin()).verifier,))
    assert "signed two different roots of 5" in told if size == 5 else f"signed {size} entries, the first 5 of which" in told
    with pytest.raises(NotSigned):
        verify_evidence(folder, (SignerKey.generate(watch.site.origin()).verifier,))
    assert run_evidence(folder, []) == 0
    cosigned = watch.cosigned()
    assert cosigned is not None
    assert cosigned.size == 5
    await watch.follower.look()
    assert watch.evidence() == [folder]


async def test_a_smaller_checkpoint_with_other_entries_is_a_fork_at_once(watch: Watch) -> None:
    await watch.follower.look()

    watch.site.says[0] = watch.site.note(entries=[b"another", *ENTRIES[1:4]])
    await watch.follower.look()

    (folder,) = watch.evidence()
    assert verify_evidence(folder, (seeded(watch.site.origin()).verifier,))


async def test_a_smaller_checkpoint_of_a_size_that_was_cosigned_before_needs_no_tiles(watch: Watch) -> None:
    await watch.follower.look()
    watch.site.logs[0] = ENTRIES[:9]
    await watch.follower.look()

    watch.site.logs[0] = [b"another", *ENTRIES[1:5]]
    watch.site.hides_tiles = True
    await watch.follower.look()

    (folder,) = watch.evidence()
    assert "two different roots of 5 entries" in verify_evidence(folder)


async def test_an_old_checkpoint_served_for_a_moment_is_no_alarm_and_one_that_stays_is(watch: Watch) -> None:
    await watch.follower.look()

    watch.site.says[0] = watch.site.note(4)
    await watch.follower.look()
    moment = watch.evidence()
    watch.follower._insists_s = 0
    await watch.follower.look()

    assert moment == []
    (folder,) = watch.evidence()
    assert folder.name.endswith("-0-shorter")
    assert "proves nothing to others" in (folder / "README").read_text()
    with pytest.raises(NotProven):
        verify_evidence(folder)
    assert run_evidence(folder, []) in (1, 2)


async def test_a_site_that_was_set_back_is_told_of_and_its_fork_is_proven_once_it_grows(watch: Watch) -> None:
    watch.site.logs[0] = ENTRIES[:9]
    await watch.follower.look()

    watch.follower._insists_s = 0
    watch.site.logs[0] = ENTRIES[:6]
    await watch.follower.look()
    watch.site.logs[0] = [*ENTRIES[:6], *(b"other %d" % number for number in range(9))]
    await watch.follower.look()
    watch.site.logs[0].append(b"more")
    await watch.follower.look()

    assert [each.name.rpartition("-")[2] for each in watch.evidence()] == ["fork", "shorter"]
    assert verify_evidence(watch.evidence()[0])
    assert "-fork" in watch.cosigner.seen(watch.site.origin()).alarm


async def test_what_somebody_submitted_without_a_right_proof_is_looked_at_through_the_tiles(watch: Watch) -> None:
    await watch.follower.look()
    honest = watch.site.logs[0]
    watch.site.logs[0] = [b"another", *ENTRIES[1:8]]
    submission = replace(watch.site.submission(5), proof=())

    async with watch.client() as client:
        answer = await client.post("/add-checkpoint", content=bytes(submission))
    watch.site.says[0] = watch.site.note(entries=honest)  # to the witness that asks, the site shows the honest one
    await watch.follower.look()

    assert answer.status_code == 422
    (folder,) = watch.evidence()
    assert verify_evidence(folder, (seeded(watch.site.origin()).verifier,))


def test_a_fork_that_two_threads_find_at_once_is_told_of_once(watch: Watch) -> None:
    seen = watch.cosigner.seen(watch.site.origin())
    fork = Fork(watch.site.note(), watch.site.note(entries=[b"another", *ENTRIES[1:5]]))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: watch.alarms(seen, fork), range(8)))

    assert len(watch.evidence()) == 1


async def test_evidence_that_was_touched_is_none(watch: Watch) -> None:
    await watch.follower.look()
    watch.site.logs[0] = [b"another", *ENTRIES[1:8]]
    await watch.follower.look()
    (folder,) = watch.evidence()

    for name in ("smaller", "larger", "proof"):
        body = (folder / name).read_bytes()
        signed, _, _ = body.partition("— news.example/witness".encode())  # by when it was seen nothing stands or falls
        for at in range(0, len(signed), 7):
            (folder / name).write_bytes(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])
            assert run_evidence(folder, []) != 0, (name, at)
        (folder / name).write_bytes(body)
    assert run_evidence(folder, []) == 0


async def test_an_alarm_runs_a_command_with_the_folder(tmp_path: Path) -> None:
    watch = Watch(SignedSite([ENTRIES[:5]]), tmp_path / "home", command=f"cp -r -t {tmp_path}")
    await watch.follower.look()
    watch.site.logs[0][0] = b"another"

    await watch.follower.look()
    watch.alarms.settle()

    (folder,) = watch.evidence()
    assert (tmp_path / folder.name / "README").read_text() == (folder / "README").read_text()
