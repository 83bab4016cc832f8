"""What an audit says of receipts that somebody holds: of bare proofs, of what the API answers, and of promises."""

from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.replay import replay, replay_gathered
from fanfare.audit.checks.trust import trust
from fanfare.ledger.growing import grow
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.notes import Note
from fanfare.ledger.proofs import prove_inclusion
from fanfare.ledger.ranges import CompactRange
from fanfare.ledger.receipts import Receipt
from fanfare.ledger.tiles import hashes_from
from fanfare.record.entry import unpack
from fanfare.record.notary import promises_name
from fanfare.record.promises import Ids, Promise
from tests.builders import NOON, SITE
from tests.unit.audit.archives import with_choice
from tests.unit.audit.signed_archives import OF_FAN1, Notarised, audited, claim_of, lane_of, notarised, saved, wrong_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def a_receipt(site: Notarised, partition: int, offset: int) -> bytes:
    """Return the receipt of an entry."""
    lane = lane_of(site.record.written, partition)
    files = grow(CompactRange(), {}, lane)
    proof = prove_inclusion(offset, len(lane), hashes_from(len(lane), files.__getitem__))
    return bytes(Receipt(offset, tuple(proof), Note.parse(site.notes[partition][-1][1])))


@pytest.mark.parametrize("form", ["bare", "json"])
def test_a_receipt_shows_an_entry_of_the_record_and_no_other(file: Path, tmp_path: Path, form: str) -> None:
    site = notarised()
    proof = a_receipt(site, OF_FAN1, 0)
    (first, *_) = unpack(OF_FAN1, 0, lane_of(site.record.written, OF_FAN1)[0]).events
    answer = {"event_id": first.id, "position": f"{OF_FAN1}:0:0", "proof": proof.decode(), **promised(site, OF_FAN1, 0)}  # type: ignore[union-attr]  # a ballot
    brought = trust(receipts=[saved(tmp_path, "receipt", proof if form == "bare" else msgspec.json.encode(answer))])

    outcome = audited(site.archive(file), brought)
    wrong = wrong_of(site.archive(file, with_choice(site.record.written, "fan1", "idea2")), brought)

    assert claim_of(outcome, "receipt receipt").passed
    assert "inclusion: The proof leads to another root" in " ".join(wrong["receipt receipt"])


def promised(site: Notarised, partition: int, offset: int) -> dict[str, object]:
    """Return the promise of an entry as an answer has it, for its first event."""
    entry = lane_of(site.record.written, partition)[offset]
    ids = Ids([each.id for _, each in unpack(partition, offset, entry).positioned()])
    promise = Promise(SITE, partition, offset, leaf_hash(entry), len(ids), ids.root, NOON)
    return {"promise": bytes(promise.signed(site.keys[promises_name(SITE)])).decode(), "events_proof": ids.proof(0)}


def test_a_promise_that_was_not_kept_is_held_against_the_record(file: Path, tmp_path: Path) -> None:
    site = notarised()
    (first, *_) = unpack(OF_FAN1, 0, lane_of(site.record.written, OF_FAN1)[0]).positioned()
    answer = {"event_id": first[1].id, "position": f"{OF_FAN1}:0:0", "proof": None, **promised(site, OF_FAN1, 0)}
    brought = trust(receipts=[saved(tmp_path, "promise", msgspec.json.encode(answer))])
    site.record.written[:] = with_choice(site.record.written, "fan1", "idea2")
    site.notes[OF_FAN1].clear()
    site.publish()

    wrong = wrong_of(site.archive(file), brought)

    assert wrong["receipt promise"] == (
        f"promise: its promise does not hold: Entry {OF_FAN1}:0 has other bytes than were promised.",
    )
    assert f"tree {OF_FAN1}" not in wrong


def test_a_receipt_of_another_event_fails_and_is_not_told_in_the_words_of_a_good_one(file: Path, tmp_path: Path) -> None:
    site = notarised()
    other = {"event_id": "somebody-elses", "position": "1:0:0", "proof": a_receipt(site, 1, 0).decode()}
    brought = trust(receipts=[saved(tmp_path, "other", msgspec.json.encode(other))])

    found = claim_of(audited(site.archive(file), brought), "receipt other")

    assert (found.passed, found.detail) == (False, "whether entry 1:0 is there, as it shows it")
    assert found.differences == ("other: at 1:0:0 stands another event than somebody-elses",)


def test_an_archive_from_before_a_receipt_cannot_tell_and_a_site_that_has_no_such_entry_fails(file: Path, tmp_path: Path) -> None:
    site = notarised()
    saved_by_her = saved(tmp_path, "hers", msgspec.json.encode({"event_id": "hers", "position": "1:99:0", "proof": None}))
    brought = trust(receipts=[saved_by_her])

    of_then = replay(site.archive(file), trust=brought)
    of_now = replay_gathered(file, SITE, trust=brought)

    assert (of_then.exit_code, all(each.passed for each in of_then.claims)) == (2, True)
    assert of_then.verdict == (
        "Could not check: hers is for entry 1:99, which came after this archive was made; take a newer archive and audit that."
    )
    assert (of_now.exit_code, claim_of(of_now, "receipt hers").differences) == (
        1,
        ("hers: it is for entry 1:99, which is not here",),
    )
