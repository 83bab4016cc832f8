"""What an audit notices of what was signed: each claim holds of an honest record, and a planted fault is named with its place."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.checks.replay import replay
from fanfare.audit.checks.trust import NOTHING, CannotTrust, Trust, trust
from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.ranges import CompactRange
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.members import MemberJoined
from fanfare.record.notary import key_name, origin
from tests.builders import SITE
from tests.unit.audit.archives import with_choice, write_archive
from tests.unit.audit.signed_archives import (
    NAMES,
    OF_FAN1,
    Notarised,
    added,
    audited,
    claim_of,
    fresh,
    notarised,
    saved,
    wrong_of,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def since(*paths: Path) -> Trust:
    """Return the trust of an auditor who kept these."""
    return trust(since=paths)


def test_every_claim_of_an_honest_record_that_was_signed_holds(file: Path) -> None:
    site = notarised()
    site.record.put(MemberJoined(member="later"))
    site.publish()

    outcome = audited(site.archive(file))

    assert [each for each in outcome.claims if not each.passed] == []
    names = {each.name for each in outcome.claims}
    assert {"keys", "manifest", *(f"{kind} {number}" for kind in ("tree", "history") for number in range(4))} <= names
    assert {"terms", "terms of final", "markers of final", "eligibility of final", "eligibility of ideas"} <= names
    assert claim_of(outcome, "tree 0").detail == "19 entries lead to the root that was signed"
    assert claim_of(outcome, "history 0").detail.startswith("the site kept 2, of 18 to 19 entries")


def test_a_replay_claims_nothing_of_what_was_signed(file: Path) -> None:
    claims = replay(notarised().archive(file)).claims

    assert not {each.name.split()[0] for each in claims} & {"keys", "manifest", "tree", "history", "terms", "eligibility"}


def test_what_is_not_signed_yet_is_said_and_does_not_fail(file: Path) -> None:
    site = notarised()
    site.record.put(MemberJoined(member="later"))

    outcome = audited(site.archive(file))

    assert outcome.exit_code == 0
    assert claim_of(outcome, "tree 0").detail == "18 entries lead to the root that was signed; 1 behind them are not signed yet"
    assert any("the last 1 of 19 entries of partition 0 are not signed yet" in each for each in outcome.unshown)


def test_a_record_without_a_key_says_that_nothing_is_signed(file: Path) -> None:
    record = notarised().record
    unsigned = [each for each in record.written if (each.partition, each.offset) != (0, 17)]

    outcome = audited(write_archive(file, unsigned))

    assert outcome.exit_code == 0
    assert "nothing of this record is signed: it names no key of a notary yet" in outcome.unshown


def test_an_entry_that_was_altered_is_placed_between_the_checkpoints_around_it(file: Path) -> None:
    site = Notarised()
    site.notes[0].append((5, site.checkpoint(0, 5)))
    site.publish()
    stored = with_bytes(site.record.written, 0, 7, lambda body: body.replace(b'"fan1"', b'"fan2"', 1))

    wrong = wrong_of(site.archive(file, stored))

    assert wrong["tree 0"][1] == "an entry from 0:5 to 0:17 was altered, taken out or put in after it was signed"
    assert len(wrong["history 0"]) == 1
    assert "of 18: the first 18 entries of partition 0 lead to the root" in wrong["history 0"][0]
    assert {"manifest", "tree 0", "history 0"} <= wrong.keys()
    assert "tree 1" not in wrong


def test_an_entry_whose_type_was_altered_is_no_newer_record_but_another_one_than_was_signed(file: Path) -> None:
    site = notarised()
    newer = with_bytes(site.record.written, 0, 7, lambda body: body.replace(b".v1", b".v9", 1))

    outcome = replay(site.archive(file, newer), trust=NOTHING)

    assert outcome.exit_code == 1
    assert "0:7" in outcome.unchecked
    assert [each.name for each in outcome.claims if not each.passed] == ["manifest", "tree 0", "history 0"]
    assert outcome.verdict.startswith("3 of ")
    assert "The rest could not be checked: archive.tar: " in outcome.verdict


def test_a_key_that_is_none_and_too_long_for_a_file_is_told_in_a_sentence() -> None:
    with pytest.raises(CannotTrust, match="is no key"):
        trust(key="k" * 5000)


def with_bytes(written: Sequence[StoredEntry], partition: int, offset: int, change: object) -> list[StoredEntry]:
    """Return the record with one entry changed."""
    assert callable(change)
    return [
        msgspec.structs.replace(each, body=change(each.body)) if (each.partition, each.offset) == (partition, offset) else each
        for each in written
    ]


def test_a_ballot_that_was_changed_shows_in_the_tree_of_its_partition(file: Path) -> None:
    site = notarised()

    wrong = wrong_of(site.archive(file, with_choice(site.record.written, "fan1", "idea2")))

    assert [name for name in wrong if name.startswith("tree")] == [f"tree {OF_FAN1}"]
    assert "report rounds/final" in wrong


def test_a_tail_that_was_cut_after_it_was_signed_is_missed(file: Path) -> None:
    site = Notarised()
    site.record.put(MemberJoined(member="later"))
    site.publish()
    cut = site.record.written[:-1]

    wrong = wrong_of(write_archive(file, cut, signed=site.signed()))

    assert wrong["tree 0"] == (
        "checkpoints/0: 19 entries of partition 0 were signed, and 18 are here: what stood from 0:18 on is missing",
    )
    assert {"manifest", "history 0"} <= wrong.keys()


@pytest.mark.parametrize("member", ["p0", "h2", "manifest"])
def test_a_signature_by_another_key_is_none(file: Path, member: str) -> None:
    site = notarised()
    honest = dict(zip(("manifest", "p0", "h0", "p1", "h1", "p2", "h2", "p3", "h3"), site.signed(), strict=True))[member][1]
    text = (honest.split(b"\n", 1)[1] if member == "h2" else honest).rpartition(b"\n\n")[0] + b"\n"
    name = text.split(b"\n")[0].decode() if member != "manifest" else NAMES[0]
    forged = bytes(Note(text).signed(fresh(name)))
    framed = b"%d %d\n%b\n" % (site.record.heads[2], len(forged), forged)

    wrong = wrong_of(site.archive(file, None, **{member: framed if member == "h2" else forged}))

    claim = {"p0": "tree 0", "h2": "history 2", "manifest": "manifest"}[member]
    assert list(wrong) == [claim]
    assert "No key that is known signed this" in wrong[claim][0]


@pytest.mark.parametrize("member", ["p0", "h2", "manifest"])
def test_every_bit_of_what_was_signed_counts(file: Path, member: str) -> None:
    site = notarised()
    names = dict(zip(("manifest", "p0", "h0", "p1", "h1", "p2", "h2", "p3", "h3"), site.signed(), strict=True))
    honest = names[member][1]
    for at in range(0, len(honest), 31):
        changed = honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1 :]

        assert wrong_of(site.archive(file, None, **{member: changed})) != {}, (at, changed)


def test_a_checkpoint_that_was_left_out_is_missed_where_there_is_a_key(file: Path) -> None:
    site = notarised()

    wrong = wrong_of(site.archive(file, p3=b"", manifest=b""))

    assert wrong == {
        "tree 3": ("checkpoints/3: it is missing, and the record names a key that signs one",),
        "manifest": ("checkpoints/manifest: it is missing, and the record names a key that signs one",),
    }


def test_the_checkpoint_of_one_partition_does_not_pass_for_another(file: Path) -> None:
    site = notarised()

    assert list(wrong_of(site.archive(file, p2=site.notes[3][-1][1]))) == ["tree 2"]


def test_a_partition_that_the_manifest_lists_and_that_is_not_here_is_missed(file: Path) -> None:
    site = notarised()
    listed = Note.parse(site.manifest).text.replace(b"key ", b"partition 4 0 " + EMPTY + b" " + b"0" * 64 + b"\nkey ", 1)
    more = bytes(Note(listed).signed(site.keys[NAMES[0]]))

    assert wrong_of(site.archive(file, manifest=more)) == {
        "manifest": ("checkpoints/manifest: it lists partition 4, of which nothing is here",)
    }


EMPTY = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_keys_that_were_rotated_are_followed_from_the_first_and_from_the_last(file: Path) -> None:
    site = notarised()
    first = site.own
    site.rotate()
    site.publish()
    path = site.archive(file)

    for key in ("", first, site.own):
        outcome = audited(path, Trust(key=key))
        assert [each.name for each in outcome.claims if not each.passed] == []
        said = any("the keys are the record's own word" in each for each in outcome.unshown)
        assert said is (key == "")


def test_another_pinned_key_is_not_followed_by_any_other(file: Path) -> None:
    wrong = wrong_of(notarised().archive(file), Trust(key=str(fresh(NAMES[0]).verifier)))

    assert "the record names no key" in wrong["keys"][0]
    assert {"keys", "manifest", "tree 0", "tree 1", "tree 2", "tree 3"} <= wrong.keys()


def test_a_record_made_anew_that_leads_to_the_pinned_key_is_not_led_to_by_it(file: Path) -> None:
    genuine = fresh(NAMES[0])
    forged = Notarised()
    forged.decide(added(genuine, forged.keys[NAMES[0]]))
    forged.publish()

    wrong = wrong_of(forged.archive(file), Trust(key=str(genuine.verifier)))

    assert "does not follow from" in wrong["keys"][0]
    assert "tree 0" in wrong


def test_a_key_that_nobody_in_force_signed_is_named_with_its_place(file: Path) -> None:
    site = Notarised()
    stranger = fresh(NAMES[1])
    site.decide(added(stranger, fresh(NAMES[0])))
    site.publish()

    assert wrong_of(site.archive(file)) == {
        "keys": (f"0:18:0: it names the key {stranger.verifier}, and no key in force signed that",)
    }


def test_a_record_goes_on_from_a_checkpoint_that_was_kept(file: Path, tmp_path: Path) -> None:
    site = notarised()
    kept = saved(tmp_path, "kept.txt", site.notes[0][-1][1])
    site.record.put(MemberJoined(member="later"))
    site.publish()

    outcome = audited(site.archive(file), since(kept))

    assert outcome.exit_code == 0
    assert claim_of(outcome, "since kept.txt 0").detail == "the 18 entries of then are the first of now; 1 came since"
    assert not any("the keys are the record's own word" in each for each in outcome.unshown)


def test_an_archive_that_was_kept_is_compared_entry_by_entry_also_where_nothing_was_signed(file: Path, tmp_path: Path) -> None:
    site = notarised()
    earlier = write_archive(tmp_path / "earlier.tar", site.record.written)
    site.record.put(MemberJoined(member="later"))
    site.publish()
    changed = with_choice(site.record.written, "fan2", "idea2")

    held = audited(site.archive(file), since(earlier))
    outcome = audited(site.archive(file, changed), since(earlier))

    assert held.exit_code == 0
    assert not any("the keys are the record's own word" in each for each in held.unshown)
    wrong = {each.name: each.differences for each in outcome.claims if not each.passed}
    (partition,) = [name[-1] for name in wrong if name.startswith("since")]
    assert claim_of(outcome, f"since earlier.tar {partition}").detail.startswith("whether the ")
    assert wrong[f"since earlier.tar {partition}"][0].endswith("is what you kept: history was changed since")


def test_an_older_state_than_the_one_that_was_kept_is_an_old_one_shown_again(file: Path, tmp_path: Path) -> None:
    site = notarised()
    old = site.archive(file)
    site.record.put(MemberJoined(member="later"))
    site.publish()
    kept = saved(tmp_path, "kept.txt", site.notes[0][-1][1])

    (said,) = wrong_of(old, since(kept))["since kept.txt 0"]

    assert said.startswith(
        "kept.txt: you kept a state of 19 entries of partition 0, and 18 are here: an older state is served again"
    )


def test_a_history_that_was_written_anew_under_the_same_keys_contradicts_what_was_kept(file: Path, tmp_path: Path) -> None:
    site = notarised()
    kept = saved(tmp_path, "kept.txt", site.notes[OF_FAN1][-1][1])
    site.record.written[:] = with_choice(site.record.written, "fan1", "idea2")
    site.notes[OF_FAN1].clear()
    site.publish()

    wrong = wrong_of(site.archive(file), since(kept))

    assert f"tree {OF_FAN1}" not in wrong
    assert "is what you kept: history was changed since" in wrong[f"since kept.txt {OF_FAN1}"][0]


def test_a_record_made_anew_under_other_keys_contradicts_what_was_kept(file: Path, tmp_path: Path) -> None:
    kept = saved(tmp_path, "kept.txt", notarised().notes[3][-1][1])

    wrong = wrong_of(notarised().archive(file), since(kept))

    assert "or the record was made anew under other keys" in wrong["since kept.txt 3"][0]


def test_what_was_kept_of_another_site_cannot_be_compared(file: Path, tmp_path: Path) -> None:
    other = bytes(
        Note(Checkpoint("other.example/record/0", 0, CompactRange().root()).text).signed(fresh("other.example/record/0"))
    )
    path = notarised().archive(file)

    outcome = replay(path, trust=since(saved(tmp_path, "other.txt", other)))

    assert outcome.exit_code == 2
    assert "other.txt is of other.example/record/0, and this is the record of" in outcome.unchecked


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"key": "no key"}, "is no key"),
        ({"witnesses": [str(fresh("w.example").verifier)]}, "is not a witness's"),
        ({"since": [Path("nowhere.txt")]}, "No such file"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(given: dict[str, list[object]], said: str) -> None:
    with pytest.raises(CannotTrust, match=said):
        trust(**given)  # type: ignore[arg-type]  # one option each


def test_a_file_that_is_neither_checkpoint_nor_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotTrust, match="neither a checkpoint, as SITE/record/0/checkpoint serves it, nor an archive"):
        since(saved(tmp_path, "letter.txt", b"Dear auditor,\n"))


def test_a_key_of_a_partition_cannot_be_pinned(file: Path) -> None:
    site = notarised()

    outcome = replay(site.archive(file), trust=Trust(key=str(site.keys[origin(SITE, 0)].verifier)))

    assert outcome.exit_code == 2
    assert f"pin the record's own, whose name is {key_name(SITE)}" in outcome.unchecked


WITNESS = SignerKey("witness.example", Kind.COSIGNATURE, b"w" * 32)


def test_a_witness_who_was_named_must_have_cosigned_every_partition(file: Path) -> None:
    site = notarised()
    cosigned = {f"p{each}": bytes(Note.parse(site.notes[each][-1][1]).signed(WITNESS, 1_800_000_000)) for each in range(4)}
    named = Trust(witnesses=(WITNESS.verifier,))

    outcome = audited(site.archive(file, None, **cosigned), named)
    del cosigned["p2"]
    wrong = wrong_of(site.archive(file, None, **cosigned), named)

    assert claim_of(outcome, "witnesses 0").detail == "witness.example: 18 entries, seen 2027-01-15 08:00:00 UTC"
    assert outcome.exit_code == 0
    assert wrong == {"witnesses 2": ("partition 2: witness.example cosigned no checkpoint that is here",)}


def test_a_cosignature_under_another_text_is_wrong(file: Path) -> None:
    site = notarised()
    stolen = Note.parse(site.notes[1][-1][1]).signed(WITNESS, 1_800_000_000).signatures[-1]
    moved = bytes(Note.parse(site.notes[0][-1][1]).having(stolen))

    wrong = wrong_of(site.archive(file, p0=moved), Trust(witnesses=(WITNESS.verifier,)))

    assert "witness.example" in wrong["witnesses 0"][0]
    assert "is not that of this text" in wrong["witnesses 0"][0]


def test_the_tree_notes_the_same_roots_however_its_leaves_come() -> None:
    from fanfare.audit.checks.leaves import Leaves
    from fanfare.ledger.ranges import root_of

    bodies = [str(each).encode() for each in range(700)]
    one, other = Leaves([0, 1, 255, 256, 257, 700, 701]), Leaves([256, 0, 1, 700, 255, 701, 257])
    for each in bodies:
        one.take(each)
    for at in range(0, 700, 33):
        other.take_hashes([leaf_hash(each) for each in bodies[at : at + 33]])

    assert one.finish() == other.finish()
    assert one.finish() == {size: root_of(map(leaf_hash, bodies[:size])) for size in (0, 1, 255, 256, 257, 700)}
