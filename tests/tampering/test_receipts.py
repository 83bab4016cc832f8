"""What a fan holds: a wrong bit of it is named by the step that fails, and what was altered behind her back by its place."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest

from fanfare.audit.checks.trust import Trust
from fanfare.ledger.checkpoints import Policy
from fanfare.ledger.faults import Malformed, NotProven, NotSigned
from fanfare.ledger.receipts import ReceiptRefused, Step, verify_receipt
from fanfare.record.promises import check_entry, check_promise
from tests.tampering.alterations import flipped
from tests.tampering.archived import parcel
from tests.tampering.asking import audited
from tests.tampering.forgeries import ballot_altered, ballot_voided, entries_swapped, entry_removed, event_redated
from tests.tampering.ground import CLEAN_SITES, LONG, SEED, occasions
from tests.tampering.kinds import Forge, Hand, done, names, told
from tests.tampering.receipts import Mine, held
from tests.tampering.tally import TALLY, claims_of
from tests.tampering.test_archives import forged, words

BITS, TIMES = (40, 8) if LONG else (6, 1)


def step_of(mine: Mine, proof: bytes, entry: bytes) -> str:
    """Return at which step a receipt fails; nothing where it holds."""
    try:
        verify_receipt(proof, entry, Policy((mine.log,)))
    except ReceiptRefused as refused:
        return refused.step
    return ""


def broken(mine: Mine, promise: bytes, event_id: str, entry: bytes) -> str:
    """Return how a promise fails; nothing where it holds."""
    try:
        found = check_promise(promise, [mine.promises], event_id, mine.place.index, mine.ids)
        check_entry(found, mine.place.partition, mine.place.offset, entry)
    except (Malformed, NotSigned, NotProven) as error:
        return type(error).__name__
    return ""


def test_a_wrong_bit_of_a_receipt_or_its_entry_is_named_by_its_step() -> None:
    wrong = []
    for random, site in islice(occasions("receipts", BITS), BITS):
        mine = held(random, site)
        for what, proof, entry in (
            ("bit of a receipt", flipped(random, mine.proof), mine.entry),
            ("bit of a receipt's entry", mine.proof, flipped(random, mine.entry)),
        ):
            step = step_of(mine, proof, entry)
            TALLY.add((what, Hand.CARRIER, "a receipt"), found=bool(step), named=step in set(Step), by={step} - {""})
            wrong += [] if step else [f"{what} of {mine.place} of record {site.seed}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def test_a_wrong_bit_of_a_promise_is_named_by_what_it_fails() -> None:
    wrong = []
    for random, site in islice(occasions("promises", BITS), BITS):
        mine = held(random, site)
        for what, promise, event_id, entry in (
            ("bit of a promise", flipped(random, mine.promise), mine.event_id, mine.entry),
            ("a promise of another event", mine.promise, mine.event_id[::-1], mine.entry),
            ("a promised entry altered", mine.promise, mine.event_id, flipped(random, mine.entry)),
        ):
            how = broken(mine, promise, event_id, entry)
            TALLY.add((what, Hand.CARRIER, "a promise"), found=bool(how), named=bool(how), by={how} - {""})
            wrong += [] if how else [f"{what} of {mine.place} of record {site.seed}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("forge", [ballot_altered, ballot_voided, event_redated, entries_swapped, entry_removed], ids=words)
def test_whoever_holds_a_receipt_finds_that_her_entry_was_altered(tmp_path: Path, forge: Forge) -> None:
    wrong = []
    for honest, forgery in forged(f"held {words(forge)}", TIMES, forge):
        mine = held(Random(SEED), honest, forgery.partition, forgery.offset)
        file = parcel(done(forgery, honest, Hand.KEYS)).write(tmp_path / "archive.tar")
        outcome = audited(file, mine.trust(mine.saved))
        said = told(outcome)
        # Of a record that ends before her entry nobody can tell whether it is an old one: that is said, and it is not passed.
        beyond = forge is entry_removed and f"entry {forgery.partition}:{forgery.offset}, which came after this archive" in said
        found, named = outcome.exit_code in ((1, 2) if beyond else (1,)), beyond or names(said, forgery.where)
        TALLY.add((words(forge), Hand.KEYS, "a receipt"), found=found, named=named, by=claims_of(outcome))
        wrong += [] if found and named else [f"{forgery.what}: {said}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def test_a_receipt_in_which_a_bit_is_wrong_is_told_by_an_audit_in_a_sentence(tmp_path: Path) -> None:
    wrong = []
    for random, site in islice(occasions("held", BITS), BITS):
        mine = held(random, site)
        file = parcel(site).write(tmp_path / "archive.tar")
        outcome = audited(file, mine.trust(flipped(random, mine.proof)))
        said = told(outcome)
        found = outcome.exit_code in (1, 2)
        TALLY.add(("bit of a receipt", Hand.CARRIER, "an archive"), found=found, named="mine" in said, by=claims_of(outcome))
        wrong += [] if found and "mine" in said else [f"{mine.place} of record {site.seed}: {said}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def test_honest_receipts_and_promises_hold(tmp_path: Path) -> None:
    wrong = []
    for number, (random, site) in enumerate(islice(occasions("honest", CLEAN_SITES), CLEAN_SITES)):
        mine = held(random, site)
        wrong += list(
            filter(None, [step_of(mine, mine.proof, mine.entry), broken(mine, mine.promise, mine.event_id, mine.entry)])
        )
        trust: Trust = mine.trust(mine.saved if number % 2 else None)
        outcome = audited(parcel(site).write(tmp_path / "archive.tar"), trust)
        wrong += [told(outcome)] if outcome.exit_code else []
        TALLY.clean["receipts with their promises"] += not wrong

    assert wrong == [], f"FANFARE_SEED={SEED}"
