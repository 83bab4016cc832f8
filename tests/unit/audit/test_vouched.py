"""Whose word an audit takes for what was signed, and of how much: witnesses, pinned keys, what was kept, and what is unknown."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.replay import replay
from fanfare.audit.checks.trust import NOTHING, Trust, trust
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.members import MemberJoined
from tests.unit.audit.archives import a_record, with_choice, write_archive
from tests.unit.audit.signed_archives import (
    NAMES,
    OF_FAN1,
    Notarised,
    added,
    audited,
    fresh,
    notarised,
    retired,
    saved,
    wrong_of,
)

WITNESS = SignerKey("witness.example", Kind.COSIGNATURE, b"w" * 32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def altered(written: Sequence[StoredEntry], offset: int, old: bytes, new: bytes) -> list[StoredEntry]:
    """Return the record with something in an entry of partition 0 replaced."""
    return [
        msgspec.structs.replace(each, body=each.body.replace(old, new)) if (each.partition, each.offset) == (0, offset) else each
        for each in written
    ]


def test_what_a_witness_cosigned_is_compared_with_the_entries_also_where_the_record_names_no_key(file: Path) -> None:
    site = notarised()
    cosigned = {f"p{each}": bytes(Note.parse(site.notes[each][-1][1]).signed(WITNESS, 1_800_000_000)) for each in range(4)}
    unsigned = [each for each in site.record.written if (each.partition, each.offset) != (0, 17)]
    other = with_choice(unsigned, "fan1", "idea2")
    path = write_archive(file, other, signed=[each for each in site.signed(**cosigned) if each[0] != "checkpoints/manifest"])

    wrong = wrong_of(path, Trust(witnesses=(WITNESS.verifier,)))

    assert wrong[f"witnesses {OF_FAN1}"][0].endswith("is what witness.example cosigned")
    assert "18 entries of partition 0 were signed, and 17 are here" in wrong["witnesses 0"][0]


def test_what_came_after_a_witness_looked_is_said(file: Path) -> None:
    site = notarised()
    seen = bytes(Note.parse(site.notes[0][-1][1]).signed(WITNESS, 1_800_000_000))
    site.notes[0][-1] = (site.notes[0][-1][0], seen)
    for partition in range(1, 4):
        size, note = site.notes[partition][-1]
        site.notes[partition][-1] = (size, bytes(Note.parse(note).signed(WITNESS, 1_800_000_000)))
    site.record.put(MemberJoined(member="later"))
    site.publish()

    outcome = audited(site.archive(file), Trust(witnesses=(WITNESS.verifier,)))

    assert outcome.exit_code == 0
    assert "that witness.example saw the last 1 of 19 entries of partition 0" in outcome.unshown


def test_a_checkpoint_of_another_partition_does_not_say_whose_the_keys_are(file: Path, tmp_path: Path) -> None:
    site = notarised()
    kept = saved(tmp_path, "kept.txt", site.notes[3][-1][1])

    outcome = audited(site.archive(file), trust(since=[kept]))

    assert outcome.exit_code == 0
    assert any("the keys are the record's own word" in each for each in outcome.unshown)


def test_who_stole_a_key_that_was_retired_makes_no_record_that_passes_for_the_new_one(file: Path) -> None:
    forged, genuine = Notarised(), fresh(NAMES[0])
    stolen = forged.keys[NAMES[0]]
    forged.decide(added(genuine, stolen), retired(stolen, genuine))  # both are in the genuine record, for everybody to copy
    forged.publish()

    wrong = wrong_of(forged.archive(file), Trust(key=str(genuine.verifier)))

    assert {"manifest", "tree 0", "tree 1", "tree 2", "tree 3"} == wrong.keys()
    assert wrong["tree 0"][0].endswith("One from before the pinned key did: its holder could have made this record")


def test_a_partition_that_was_left_out_of_an_archive_is_missed(file: Path) -> None:
    record = notarised().record
    three = [each for each in record.written if each.partition != 3]

    wrong = wrong_of(write_archive(file, three, partitions=3))

    assert "the manifest says (site, simulation, partitions) = " in wrong["record"][0]


def unknown_openings(site: Notarised) -> list[StoredEntry]:
    """Return the record with each opening under a name that is not known."""
    return [
        msgspec.structs.replace(each, body=each.body.replace(b"fanfare.round.opened.v1", b"fanfare.round.hat-worn.v1"))
        for each in site.record.written
    ]


def test_a_record_with_a_decision_that_is_not_known_is_followed_to_the_keys_behind_it(file: Path) -> None:
    site = notarised()

    outcome = replay(site.archive(file, unknown_openings(site)), trust=NOTHING)

    assert "hat-worn" in outcome.unchecked
    assert {each.name for each in outcome.claims} >= {"keys", "tree 0", "tree 3"}


def test_a_decision_about_keys_that_is_not_known_leaves_open_what_was_signed(file: Path) -> None:
    site = notarised()
    newer = altered(site.record.written, 17, b"key-added.v1", b"key-added.v2")

    outcome = replay(site.archive(file, newer), trust=NOTHING)

    assert (outcome.exit_code, outcome.claims) == (2, ())
    assert "key-added.v2" in outcome.unchecked


def test_a_damaged_record_of_a_newer_version_is_a_damaged_one(file: Path) -> None:
    site = notarised()
    newer = unknown_openings(site)
    cut = [each for each in newer if (each.partition, each.offset) != (2, 0)]

    outcome = replay(site.archive(file, cut), trust=NOTHING)

    assert outcome.exit_code == 1
    assert [each.name for each in outcome.claims if not each.passed] == ["record"]


def test_a_manifest_that_keeps_a_partition_back_is_said(file: Path) -> None:
    site = notarised()
    lines = Note.parse(site.manifest).text.splitlines(keepends=True)
    fewer = bytes(Note(b"".join(each for each in lines if not each.startswith(b"partition 3 "))).signed(site.keys[NAMES[0]]))

    outcome = audited(site.archive(file, manifest=fewer))

    assert outcome.exit_code == 0
    assert "that the signed manifest keeps no partition back: it lists 3, and the record has 4" in outcome.unshown


def test_an_archive_that_was_kept_before_there_was_a_key_says_nothing_of_whose_the_keys_are(file: Path, tmp_path: Path) -> None:
    record = a_record()
    earlier = write_archive(tmp_path / "earlier.tar", record.written)

    outcome = audited(notarised(record).archive(file), trust(since=[earlier]))

    assert outcome.exit_code == 0
    assert any("bring a checkpoint or an archive that you kept" in each for each in outcome.unshown)
