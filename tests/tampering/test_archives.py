"""Whoever alters an archive, or the record that it is made of, is found: by name of the place, and by a claim, not by a crash."""

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from fanfare.audit.checks.trust import NOTHING, Trust
from tests.tampering.alterations import ALTERATIONS, DAMAGES, Alter, Damage
from tests.tampering.archived import parcel
from tests.tampering.asking import audited, kept, member_at
from tests.tampering.forgeries import FORGERIES, TOLD_ANYWAY
from tests.tampering.ground import CLEAN, LONG, SEED, occasions, record
from tests.tampering.kinds import Forge, Forgery, Hand, done, names, told
from tests.tampering.published import Published
from tests.tampering.rewound import REWINDS, Rewind, never_signed, partition_hidden, pinned, tail_written_anew, told_anew
from tests.tampering.tally import TALLY, claims_of

FORGED, ALTERED, DAMAGED, REWOUND = (6, 8, 16, 12) if LONG else (1, 1, 3, 2)
"""How often each is done."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def words(function: object) -> str:
    """Return a function's name in words."""
    return getattr(function, "__name__", "").replace("_", " ")


def looked_at(file: Path, kind: str, hand: str, forgery: Forgery, trust: Trust, brought: str, *, can_be: bool = True) -> str:
    """Audit a forged archive, count what was found, and return what is wrong with that; nothing where nothing is."""
    outcome = audited(file, trust)
    said = told(outcome)
    found, named = outcome.exit_code in (1, 2), names(said, forgery.where)
    TALLY.add((kind, hand, brought), found=found, named=named, by=claims_of(outcome), can_be=can_be)
    if not can_be or (found and named):
        return ""
    return f"{forgery.what}, by {hand}, before {brought}: " + (
        f"the place is not named in {said[:600]!r}" if found else "not found"
    )


def forged(what: str, times: int, forge: Forge | Rewind) -> list[tuple[Published, Forgery]]:
    """Return so many forgeries with the honest sites that they began with."""
    made = ((site, forge(random, site)) for random, site in occasions(what, times))
    found = list(islice(((site, forgery) for site, forgery in made if forgery is not None), times))
    assert len(found) == times, f"FANFARE_SEED={SEED}: these records gave too few occasions to {what}"
    return found


@pytest.mark.parametrize("hand", [Hand.FILES, Hand.SITE], ids=str)
@pytest.mark.parametrize("forge", FORGERIES, ids=words)
def test_an_altered_record_is_found_where_its_keys_are_safe(file: Path, forge: Forge, hand: Hand) -> None:
    wrong = []
    for honest, forgery in forged(f"{words(forge)} {hand}", FORGED, forge):
        parcel(done(forgery, honest, hand)).write(file)
        wrong.append(looked_at(file, words(forge), hand, forgery, NOTHING, "nothing"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("forge", FORGERIES, ids=words)
def test_a_record_that_was_altered_and_signed_anew_is_found_by_whoever_kept_a_checkpoint(file: Path, forge: Forge) -> None:
    wrong = []
    for honest, forgery in forged(f"{words(forge)} keys", FORGED, forge):
        parcel(done(forgery, honest, Hand.KEYS)).write(file)
        anyway = forge in TOLD_ANYWAY
        wrong.append(looked_at(file, words(forge), Hand.KEYS, forgery, NOTHING, "nothing", can_be=anyway))
        trust = kept(honest, forgery.partition, forgery.offset)
        wrong.append(looked_at(file, words(forge), Hand.KEYS, forgery, trust, "a checkpoint"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("rewind", REWINDS, ids=words)
def test_the_past_and_a_hidden_partition_are_found_by_whoever_kept_a_checkpoint(file: Path, rewind: Rewind) -> None:
    wrong = []
    for honest, forgery in forged(words(rewind), REWOUND, rewind):
        parcel(forgery.site).write(file)
        alone = rewind is partition_hidden
        wrong.append(looked_at(file, words(rewind), Hand.KEYS, forgery, NOTHING, "nothing", can_be=alone))
        trust = kept(honest, forgery.partition, forgery.offset)
        wrong.append(looked_at(file, words(rewind), Hand.KEYS, forgery, trust, "a checkpoint"))
        if rewind is told_anew:
            wrong.append(looked_at(file, words(rewind), Hand.KEYS, forgery, Trust(key=pinned(honest)), "the record's key"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


def test_a_record_that_is_said_to_have_never_been_signed_is_found_by_whoever_kept_anything(file: Path) -> None:
    wrong, kind = [], words(never_signed)
    for honest, forgery in forged(kind, REWOUND, never_signed):
        parcel(forgery.site).write(file)
        wrong.append(looked_at(file, kind, Hand.SITE, forgery, NOTHING, "nothing", can_be=False))
        unshown = " ".join(audited(file).unshown)
        wrong.append("" if "nothing of this record is signed" in unshown else f"{forgery.what}, and that is not said: {unshown}")
        wrong.append(looked_at(file, kind, Hand.SITE, forgery, kept(honest, forgery.partition, forgery.offset), "a checkpoint"))
        pin = replace(forgery, where=(*forgery.where, "keys: "))
        wrong.append(looked_at(file, kind, Hand.SITE, pin, Trust(key=pinned(honest)), "the record's key"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


def test_a_tail_that_was_written_anew_behind_an_old_checkpoint_is_told_as_unsigned(file: Path) -> None:
    wrong, kind = [], words(tail_written_anew)
    for honest, forgery in forged(kind, REWOUND, tail_written_anew):
        parcel(forgery.site).write(file)
        wrong.append(looked_at(file, kind, Hand.SITE, forgery, NOTHING, "nothing", can_be=False))
        unshown = " ".join(audited(file).unshown)
        where = f"entries of partition {forgery.partition} are not signed yet"
        wrong.append("" if where in unshown else f"{forgery.what}, and that is not said: {unshown}")
        wrong.append(looked_at(file, kind, Hand.SITE, forgery, kept(honest, forgery.partition, forgery.offset), "a checkpoint"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("alter", ALTERATIONS, ids=words)
def test_an_altered_member_is_found_although_the_sums_fit(file: Path, alter: Alter) -> None:
    wrong = []
    made = ((site, alter(random, site, parcel(site))) for random, site in occasions(words(alter), ALTERED))
    for site, altered in islice(((site, each) for site, each in made if each is not None), ALTERED):
        altered.parcel.write(file)
        forgery = Forgery(site, altered.what, altered.where)
        wrong.append(looked_at(file, words(alter), Hand.FILES, forgery, NOTHING, "nothing"))

    assert len(wrong) == ALTERED
    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


@pytest.mark.parametrize("damage", DAMAGES, ids=words)
def test_a_file_that_was_damaged_on_the_way_is_found(file: Path, damage: Damage) -> None:
    wrong = []
    for random, site in islice(occasions(words(damage), DAMAGED), DAMAGED):
        whole = parcel(site).write(file).read_bytes()
        other, place = damaged(random, whole, damage)
        file.write_bytes(other)
        where = (
            re.escape(member_at(whole, place)),
            r"at byte \d+",
            "its (end|manifest|member)",
            "the manifest (lists|does not list) it",
            "SHA256SUMS",
        )
        forgery = Forgery(site, f"{words(damage)} at byte {place}", where)
        wrong.append(looked_at(file, words(damage), Hand.CARRIER, forgery, NOTHING, "nothing"))

    assert list(filter(None, wrong)) == [], f"FANFARE_SEED={SEED}"


def damaged(random: Random, whole: bytes, damage: Damage) -> tuple[bytes, int]:
    """Damage a file until it differs."""
    while True:
        other, place = damage(random, whole)
        if other != whole:
            return other, place


def test_clean_audits_raise_nothing(file: Path) -> None:
    wrong = []
    for number in range(CLEAN):
        site = record(number)
        parcel(site).write(file)
        random = Random(f"{SEED} clean {number}")
        partition = random.choice([each for each in range(site.partitions) if site.lanes[each]])
        trust = kept(site, partition, random.randrange(len(site.lanes[partition]))) if number % 2 else NOTHING
        outcome = audited(file, trust)
        TALLY.clean["audits of archives"] += not outcome.exit_code
        if outcome.exit_code:
            wrong.append(f"record {number}: {told(outcome)}")

    assert wrong == [], f"FANFARE_SEED={SEED}"
