"""Checkpoints, policies and receipts: their bytes, whose word is taken, and which step of a receipt fails."""

from dataclasses import replace

import pytest

from fanfare.ledger.checkpoints import Checkpoint, Policy, open_signed
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.hashing import EMPTY_ROOT, leaf_hash
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.notes import Note
from fanfare.ledger.receipts import Receipt, ReceiptRefused, Step, verify_receipt
from tests import naive_tree
from tests.unit.ledger.published import SOFA_TEXT

LOG = SignerKey("fanfare.example/record/1", Kind.NOTE, bytes(32))
NEXT_KEY = SignerKey("fanfare.example/record/1", Kind.NOTE, bytes(31) + b"\x01")
OTHER_LOG = SignerKey("fanfare.example/record/2", Kind.NOTE, bytes(31) + b"\x02")
ONE, TWO, THREE = (SignerKey(f"witness{n}.example", Kind.COSIGNATURE, bytes([n]) * 32) for n in (1, 2, 3))
POLICY = Policy((LOG.verifier,), (ONE.verifier, TWO.verifier, THREE.verifier), quorum=2)
ENTRIES = [b"entry %d" % at for at in range(6)]
CHECKPOINT = Checkpoint(LOG.name, 6, naive_tree.root(ENTRIES))
NOTE = Note(CHECKPOINT.text).signed(LOG).signed(ONE, at_s=1000).signed(TWO, at_s=2000)
RECEIPT = Receipt(4, tuple(naive_tree.inclusion(4, ENTRIES)), NOTE)


def failing(receipt: Receipt | bytes, entry: bytes = ENTRIES[4], policy: Policy = POLICY) -> tuple[Step, str]:
    """Return at which step a receipt fails, and why."""
    with pytest.raises(ReceiptRefused) as refused:
        verify_receipt(bytes(receipt), entry, policy)
    return refused.value.step, refused.value.reason


def test_the_checkpoint_of_the_specification_is_read_and_written_the_same() -> None:
    checkpoint = Checkpoint.parse(SOFA_TEXT)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text == SOFA_TEXT


def test_a_checkpoint_may_have_further_lines_which_are_signed_with_it() -> None:
    checkpoint = Checkpoint.parse(SOFA_TEXT + b"one more\nand another\n")

    assert checkpoint.extensions == ("one more", "and another")
    assert checkpoint.text == SOFA_TEXT + b"one more\nand another\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"20852163", b"020852163"),
        (b"20852163", b"+20852163"),
        (b"20852163", b"-1"),
        (b"20852163", b""),
        (b"20852163", b"2_0"),
        (b"20852163", "٢٠".encode()),
        (b"20852163", b"9223372036854775808"),
        (b"20852163", b"0"),
        (b"q2I=", b"q2J="),
        (b"q2I=", b"q2I"),
        (b"CsUY", b"CsUYCsUY"),
        (b"CsUYapGG", b""),
        (b"example.com/behind-the-sofa\n", b"\n"),
        (b"example.com/behind-the-sofa\n", b""),
        (b"sofa", b"s\tfa"),
        (b"q2I=\n", b"q2I=\n\nafter an empty line\n"),
        (b"q2I=\n", b"q2I="),
    ],
)
def test_what_is_no_checkpoint_is_refused(old: bytes, new: bytes) -> None:
    assert old in SOFA_TEXT
    with pytest.raises(Malformed):
        Checkpoint.parse(SOFA_TEXT.replace(old, new))


def test_a_tree_without_entries_has_the_hash_of_nothing_as_its_root() -> None:
    text = Checkpoint("fanfare.example/record/1", 0, EMPTY_ROOT).text

    assert Checkpoint.parse(text).text == text == b"fanfare.example/record/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def test_a_checkpoint_is_believed_when_a_key_of_its_own_origin_signed_it() -> None:
    opened = open_signed(NOTE, Policy((LOG.verifier, OTHER_LOG.verifier)))

    assert (opened.checkpoint, opened.by, opened.witnessed) == (CHECKPOINT, LOG.verifier, {})
    with pytest.raises(NotSigned, match=r"No known key of fanfare\.example/record/1"):
        open_signed(Note(CHECKPOINT.text).signed(OTHER_LOG), Policy((LOG.verifier, OTHER_LOG.verifier)))


def test_an_old_and_a_new_key_of_a_log_may_both_have_signed() -> None:
    note = Note(CHECKPOINT.text).signed(LOG).signed(NEXT_KEY)

    for policy in (Policy((LOG.verifier,)), Policy((NEXT_KEY.verifier,)), Policy((NEXT_KEY.verifier, LOG.verifier))):
        assert open_signed(note, policy).checkpoint == CHECKPOINT


def test_a_witness_who_cosigned_twice_counts_once_at_the_later_time() -> None:
    twice = Note(NOTE.text, (*NOTE.signatures, *Note(NOTE.text).signed(ONE, at_s=1500).signatures))

    assert open_signed(twice, POLICY).witnessed == {ONE.verifier: 1500, TWO.verifier: 2000}


def test_a_policy_neither_counts_one_witness_under_two_names_nor_asks_for_more_than_it_names() -> None:
    alias = replace(ONE.verifier, name="somebody.else")

    with pytest.raises(ValueError, match="named twice"):
        Policy((LOG.verifier,), (ONE.verifier, alias), quorum=2)
    with pytest.raises(ValueError, match="no more witnesses"):
        Policy((LOG.verifier,), (ONE.verifier,), quorum=2)
    with pytest.raises(ValueError, match="names a log's key"):
        Policy(())
    with pytest.raises(ValueError, match="kind 1"):
        Policy((ONE.verifier,))
    with pytest.raises(ValueError, match="kind 4"):
        Policy((LOG.verifier,), (OTHER_LOG.verifier,))


def test_a_receipt_is_written_as_the_specification_says() -> None:
    proof = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    receipt = Receipt(5, (EMPTY_ROOT, EMPTY_ROOT), NOTE, extra=b"extra information")

    assert bytes(receipt) == (
        f"c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 5\n{proof}\n{proof}\n\n".encode() + bytes(NOTE)
    )
    assert Receipt.parse(bytes(receipt)) == receipt
    assert bytes(Receipt(0, (), NOTE)).startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nfanfare.example/record/1\n6\n")


def test_a_receipt_shows_where_the_entry_stands_and_who_says_so() -> None:
    shown = verify_receipt(bytes(RECEIPT), ENTRIES[4], POLICY)

    assert shown.index == 4
    assert shown.opened.checkpoint == CHECKPOINT
    assert shown.opened.witnessed == {ONE.verifier: 1000, TWO.verifier: 2000}


def test_extra_is_not_part_of_what_is_shown() -> None:
    assert verify_receipt(bytes(replace(RECEIPT, extra=b"anything")), ENTRIES[4], POLICY).index == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"index 4", b"index 04"),
        (b"index 4", b"index -4"),
        (b"index 4", b"index  4"),
        (b"index 4", b"Index 4"),
        (b"index 4", b"extra QQ==\nextra QQ==\nindex 4"),
        (b"index 4", b"index 4\nextra QQ=="),
        (b"index 4", b"extra QQ=\nindex 4"),
        (b"index 4\n", b"index 4\nAAAA\n"),
        (b"index 4\n", b"index 4\n" + b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n" * 64),
        (b"index 4\n", b"index 4\r\n"),
        (b"index 4\n", b""),
        (b"\n\nfanfare", b"\nfanfare"),
        (b"\n\nfanfare", b"\n\n\nfanfare"),
        ("— fanfare".encode(), b"- fanfare"),
    ],
)
def test_what_is_no_receipt_fails_at_its_form_or_finds_no_signature(old: bytes, new: bytes) -> None:
    stored = bytes(RECEIPT)
    assert old in stored

    step, _ = failing(stored.replace(old, new, 1))

    assert step is (Step.SIGNATURE if new.startswith(b"\n\n\n") else Step.FORM)


def test_nothing_at_all_fails_at_its_form() -> None:
    assert failing(b"")[0] is Step.FORM
    assert failing(bytes(RECEIPT)[:-1])[0] is Step.FORM
    assert failing(replace(RECEIPT, extra=bytes(1_000_000))) == (Step.FORM, "A receipt has at most a million bytes.")
    assert failing(b"c2sp.org/tlog-proof@v1\n\n" + bytes(NOTE))[0] is Step.FORM


def test_a_checkpoint_that_nobody_known_signed_fails_at_the_signature() -> None:
    other = Note(CHECKPOINT.text).signed(OTHER_LOG).signed(ONE, at_s=1000).signed(TWO, at_s=2000)
    larger = Note(replace(CHECKPOINT, size=7).text, NOTE.signatures)

    assert failing(replace(RECEIPT, checkpoint=other)) == (Step.SIGNATURE, f"No known key of {LOG.name} signed this checkpoint.")
    assert failing(replace(RECEIPT, checkpoint=larger))[0] is Step.SIGNATURE


def test_a_log_that_signed_something_else_fails_at_the_checkpoint() -> None:
    assert failing(replace(RECEIPT, checkpoint=Note(b"anything else\n").signed(LOG)))[0] is Step.CHECKPOINT


def test_too_few_witnesses_fail_at_the_witnesses() -> None:
    note = Note(CHECKPOINT.text).signed(LOG).signed(ONE, at_s=1000)

    assert failing(replace(RECEIPT, checkpoint=note)) == (
        Step.WITNESSES,
        "1 of the witnesses that are known cosigned; 2 are asked for.",
    )


def test_another_entry_place_or_proof_fails_at_the_inclusion() -> None:
    assert failing(RECEIPT, ENTRIES[4] + b" ")[0] is Step.INCLUSION
    assert failing(replace(RECEIPT, index=5))[0] is Step.INCLUSION
    assert failing(replace(RECEIPT, index=6)) == (Step.INCLUSION, "There is no leaf 6 in a tree of 6.")
    assert failing(replace(RECEIPT, proof=RECEIPT.proof[:-1]))[0] is Step.INCLUSION
    assert failing(replace(RECEIPT, proof=(*RECEIPT.proof, leaf_hash(b""))))[0] is Step.INCLUSION


@pytest.mark.parametrize("wrong", [{"index": -1}, {"index": 2**63}, {"proof": (b"short",)}, {"proof": (EMPTY_ROOT,) * 64}])
def test_a_receipt_that_could_not_be_written_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        replace(RECEIPT, **wrong)  # type: ignore[arg-type]
