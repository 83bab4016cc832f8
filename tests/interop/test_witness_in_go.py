"""What our witness cosigns, read by the Go team's and transparency-dev's own code; and what theirs cosigns, read by our site."""

from pathlib import Path

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.notes import Note
from fanfare.notary.witnessing import verified
from tests.interop.oracle_program import Oracle
from tests.watched import WITNESS, SignedSite, Watch, seeded


def test_go_verifies_a_checkpoint_with_our_witnesss_cosignature(oracle: Oracle, tmp_path: Path) -> None:
    watch = Watch(SignedSite([[b"entry %d" % number for number in range(300)]]), tmp_path)
    log, witness = seeded(watch.site.origin()).verifier, WITNESS.verifier

    for old, size in ((0, 7), (7, 300)):
        submission = watch.site.submission(old, size)
        cosigned = submission.checkpoint.having(watch.cosigner.add(submission))

        read = oracle.ask("open", str(log), str(witness), given=bytes(cosigned)).decode().splitlines()

        assert read == [
            f"{log.name} {log.id.hex()}",
            f"{witness.name} {witness.id.hex()} {int(watch.now.timestamp())}",
        ]


def test_our_site_takes_a_cosignature_that_go_made(oracle: Oracle) -> None:
    note = SignedSite([[b"one", b"two"]]).note()

    made = oracle.ask("cosign", WITNESS.secret(), given=bytes(note))
    answer = made.removeprefix(bytes(note))
    signature = verified(WITNESS.verifier, note, answer)

    assert Note.parse(made) == note.having(signature)
    assert Checkpoint.parse(note.text).size == 2
