"""What a replay notices."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fanfare.audit.archives.archive import BLOCK_BYTES, Archive
from fanfare.audit.archives.bundles import StoredText
from fanfare.audit.checks.replay import replay
from fanfare.audit.claims import silent
from fanfare.platform.logs.port import StoredEntry
from fanfare.record.campaigns import RoundSealed
from fanfare.record.entry import pack
from fanfare.record.kinds import text_hash
from fanfare.reports.report import report_digest
from tests.builders import a_ballot, a_marker, a_plan, body, planned, recorded, terms_for
from tests.histories import Teller
from tests.unit.audit.archives import (
    SALT,
    TITLE,
    a_listed_record,
    a_record,
    as_it_is,
    failed,
    opened,
    outcome_of,
    recounted,
    seal,
    with_choice,
    write_archive,
)

ROUND, CAMPAIGN = "report rounds/final", "report campaigns/flavour"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Say where the archive of a test is written."""
    return tmp_path / "archive.tar"


def altered(written: Sequence[StoredEntry], partition: int, offset: int, entry: bytes) -> list[StoredEntry]:
    """Return the record with other bytes in one place."""
    there = (partition, offset)
    return [StoredEntry(*there, entry) if (each.partition, each.offset) == there else each for each in written]


def test_every_claim_of_an_honest_archive_holds(file: Path) -> None:
    outcome = outcome_of(write_archive(file, a_record().written))

    assert [each.name for each in outcome.claims] == [
        "archive",
        "record",
        "texts",
        "reports",
        "report campaigns/flavour",
        "report rounds/ideas",
        "report rounds/final",
        "seal of ideas",
        "seal of final",
        "options of ideas",
        "options of final",
        "awards",
        "rights",
    ]
    assert outcome.exit_code == 0


@pytest.mark.parametrize("seed", range(6))
def test_the_reports_of_any_history_follow_from_its_record(file: Path, seed: int) -> None:
    told = Teller(seed, 4).tell()  # it adds one in the end

    wrong = failed(write_archive(file, told.written, partitions=5, texts=()))

    assert [name for name in wrong if name.startswith("report") or name in ("archive", "record", "texts")] == []


def test_an_altered_choice_is_found_in_the_report_and_in_the_seal(file: Path) -> None:
    written = a_record().written

    wrong = failed(write_archive(file, written, stored=with_choice(written, "fan1", "idea2")))

    assert wrong[ROUND] == (
        "$.ranking[0].votes: published 6, recomputed 5",
        "$.ranking[1].votes: published 3, recomputed 4",
    )
    assert "sealed with SHA-256" in wrong["seal of final"][0]


def test_a_ballot_that_was_made_unreadable_is_missed_and_told(file: Path) -> None:
    written = a_record().written
    ballots = next(each for each in written if each.partition == 1)

    path = write_archive(file, written, stored=altered(written, 1, ballots.offset, ballots.body.replace(b'"web"', b'"fax"', 1)))

    outcome = outcome_of(path)
    assert "1:0:0 (not a valid fanfare.ballot.cast.v1)" in outcome.claims[1].detail
    assert not next(each for each in outcome.claims if each.name == ROUND).passed


def test_an_altered_report_is_compared_byte_by_byte(file: Path) -> None:
    def change(name: str, member: bytes) -> bytes:
        return member.replace(b'"votes":6', b'"votes":7') if name.endswith("final.json") else member

    assert failed(write_archive(file, a_record().written, change=change)) == {
        ROUND: ("$.ranking[0].votes: published 7, recomputed 6",)
    }


def test_a_report_that_only_looks_the_same_is_not_the_same(file: Path) -> None:
    def change(name: str, member: bytes) -> bytes:
        return member.replace(b":", b": ", 1) if name.endswith("flavour.json") else member

    assert failed(write_archive(file, a_record().written, change=change)) == {
        CAMPAIGN: ("$: the same values, but not in canonical JSON",)
    }


def test_a_report_that_is_no_json_is_told(file: Path) -> None:
    wrong = failed(write_archive(file, a_record().written, change=lambda name, each: each[:-1] if "final" in name else each))

    assert wrong[ROUND][0].startswith("$: what was published is no report")


def test_a_report_of_a_moment_beyond_the_record_is_not_believed(file: Path) -> None:
    def change(name: str, member: bytes) -> bytes:
        return member.replace(b'"moment":[17,', b'"moment":[18,') if name.endswith("final.json") else member

    assert "$.moment" in failed(write_archive(file, a_record().written, change=change))[ROUND][0]


def test_a_report_of_an_earlier_moment_is_computed_at_that_moment(file: Path) -> None:
    written = a_record().written
    before = recounted(written[:12]).round_report("final")
    earlier = msgspec.json.encode(before, order="sorted")

    path = write_archive(file, written, change=lambda name, each: earlier if name.endswith("final.json") else each)

    assert failed(path) == {}
    assert before.status == "planned"


def test_a_missing_report_is_missed(file: Path) -> None:
    record = a_record()
    before = len(record.written)
    record.decide(planned(a_plan(), "another"))

    wrong = failed(write_archive(file, record.written[:before], stored=record.written, moment=record.heads))

    assert wrong["reports"] == ("reports/rounds/another.json: the record has it, and its report is missing",)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (StoredText(text_hash(SALT, TITLE), SALT.hex(), "Tame cherry"), "is not the hash of its salt and text"),
        (StoredText(text_hash(SALT, "stray"), SALT.hex(), "stray"), "no event names this text"),
        (StoredText(text_hash(SALT, TITLE), "no hex", TITLE), "is not the hash of its salt and text"),
        (StoredText(text_hash(SALT, TITLE), SALT[:-1].hex(), chr(SALT[-1]) + TITLE), "is not the hash of its salt and text"),
    ],
)
def test_a_text_that_does_not_belong_there_is_found(file: Path, held: StoredText, told: str) -> None:
    assert told in failed(write_archive(file, a_record().written, texts=[held]))["texts"][0]


def test_an_erased_text_is_only_counted(file: Path) -> None:
    outcome = outcome_of(write_archive(file, a_record().written, texts=()))

    assert outcome.exit_code == 0
    assert outcome.claims[2].detail.startswith("0 texts match their salted hashes; 15 that")


def test_a_gap_in_the_record_ends_the_audit(file: Path) -> None:
    written = a_record().written
    kept = [each for each in written if (each.partition, each.offset) != (0, 7)]

    wrong = failed(write_archive(file, written, stored=kept))

    assert wrong == {"record": ("record/0/000000000005.entries: entry 0:7 is missing; 0:8 comes next",)}


def test_a_record_that_was_cut_short_ends_the_audit(file: Path) -> None:
    written = a_record().written

    wrong = failed(write_archive(file, written, stored=written[:-1]))

    assert wrong == {"record": ("partition 0 ends at 16; the manifest says 17",)}


def test_an_entry_behind_the_moment_of_the_manifest_ends_the_audit(file: Path) -> None:
    written = a_record().written

    wrong = failed(write_archive(file, written[:-1], stored=written))

    assert wrong == {"record": ("partition 0 holds more entries than the 16 of the manifest",)}


def test_an_event_that_this_version_does_not_know_cannot_be_checked(file: Path) -> None:
    record = a_record()
    newer = body(recorded(a_marker(terms_for(a_plan())))).replace(b"closed.v1", b"closed.v9")
    before = len(record.written)
    record.put(a_marker(terms_for(a_plan())), partition=1)
    written = [*record.written[:before], StoredEntry(1, record.heads[1] - 1, newer)]

    outcome = replay(write_archive(file, record.written, stored=written))

    assert outcome.exit_code == 2
    assert "fanfare.ballots.closed.v9 is not known to this version" in outcome.unchecked


def test_a_report_with_a_newer_schema_cannot_be_checked(file: Path) -> None:
    outcome = replay(write_archive(file, a_record().written, change=lambda _, each: each.replace(b"round.v1", b"round.v2")))

    assert outcome.exit_code == 2
    assert "upgrade it" in outcome.unchecked


# What the record itself claims


def test_a_seal_over_another_report_does_not_hold(file: Path) -> None:
    record = a_record(sealed=False)
    record.decide(RoundSealed(round="final", moment=record.heads, report="0" * 64))

    assert "sealed with SHA-256 000000" in failed(write_archive(file, record.written))["seal of final"][0]


def test_a_seal_from_before_the_markers_does_not_hold(file: Path) -> None:
    record = a_record(sealed=False)
    heads = (record.heads[0], *(each - 2 for each in record.heads[1:]))
    early = recounted([each for each in record.written if each.offset < heads[each.partition]]).round_report("final")
    record.decide(RoundSealed(round="final", moment=heads, report=report_digest(early)))

    wrong = failed(write_archive(file, record.written))["seal of final"]

    assert "does not hold the marker of partition 2" in "".join(wrong)


def test_a_seal_from_the_future_does_not_hold(file: Path) -> None:
    record = a_record(sealed=False)
    record.decide(RoundSealed(round="final", moment=(record.heads[0] + 1, *record.heads[1:]), report="0" * 64))

    assert "which had not been when it was sealed" in failed(write_archive(file, record.written))["seal of final"][0]


def test_sealings_whose_moments_cross_are_folded_apart(file: Path) -> None:
    written = a_record().written
    end = recounted(written).moment
    early, late = (end[0], 0, *end[2:]), (end[0], *end[1:3], 0)
    reports = {
        name: msgspec.json.encode(
            recounted([each for each in written if each.offset < at[each.partition]]).round_report(name), order="sorted"
        )
        for name, at in (("ideas", early), ("final", late))
    }

    def change(name: str, member: bytes) -> bytes:
        return next((body for round_id, body in reports.items() if name == f"reports/rounds/{round_id}.json"), member)

    assert failed(write_archive(file, written, change=change)) == {}


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (("idea0", "idea1", "idea2"), "idea1 is offered and did not advance from ideas"),
        (("idea0",), "idea2 advanced from ideas and is not offered"),
        (("idea0", "idea0", "idea2"), "is neither that of the ranking"),
    ],
)
def test_options_that_did_not_advance_are_found(file: Path, offered: tuple[str, ...], told: str) -> None:
    assert told in failed(write_archive(file, a_record(offered=offered).written))["options of final"][0]


def test_options_of_a_round_that_had_not_closed_are_found(file: Path) -> None:
    record = a_record(offered=(), voted=False, closed=False)
    opened(record, ("idea0", "idea2"))

    assert "which was open then" in failed(write_archive(file, record.written))["options of final"][0]


def test_a_list_that_is_not_the_planned_one_is_found(file: Path) -> None:
    record = a_listed_record(a_plan("a", "b"), ("a", "z"))

    assert "the plan lists" in failed(write_archive(file, record.written, texts=()))["options of final"][0]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    written = a_record().written

    one, other = (write_archive(tmp_path / name, written).read_bytes() for name in ("one", "other"))

    assert one == other


# A damaged file


def regions(path: Path) -> dict[str, list[int]]:
    """Return places of every kind in an archive: of each member its header, body and padding, and the end."""
    found: dict[str, list[int]] = {}
    with path.open("rb") as stream:
        places = Archive(stream, silent)._places
    for name, place in places.items():
        end = place.start + place.size_bytes
        padded = end + -place.size_bytes % BLOCK_BYTES
        header = range(place.start - BLOCK_BYTES, place.start, 7)
        found[name] = [*header, *range(place.start, end, max(1, place.size_bytes // 40)), end - 1, *range(end, padded, 50)]
    size = path.stat().st_size
    found["the end"] = [size - 2 * BLOCK_BYTES, size - BLOCK_BYTES, size - 1]
    return found


@pytest.mark.parametrize("bit", [0, 5, 7])
def test_no_flipped_bit_anywhere_goes_unnoticed(file: Path, tmp_path: Path, bit: int) -> None:
    whole = write_archive(file, a_record().written).read_bytes()
    damaged, codes = tmp_path / "damaged.tar", {}
    for name, places in regions(file).items():
        for place in places:
            damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            codes[name, place] = replay(damaged).exit_code

    assert len(codes) > 1000
    assert {each for each, code in codes.items() if code not in (1, 2)} == set()


@pytest.mark.parametrize("cut", [1, 511, 512, 1024, 1025, 2000, 20_000])
def test_a_truncated_archive_cannot_be_checked(file: Path, cut: int) -> None:
    whole = write_archive(file, a_record().written).read_bytes()
    file.write_bytes(whole[:-cut])

    outcome = replay(file)

    assert outcome.exit_code == 2
    assert outcome.claims == ()


def test_something_behind_the_end_is_noticed(file: Path) -> None:
    file.write_bytes(write_archive(file, a_record().written).read_bytes() + bytes(512))

    assert replay(file).exit_code == 2


def test_members_that_were_exchanged_are_noticed(file: Path, tmp_path: Path) -> None:
    honest = write_archive(file, a_record().written).read_bytes()
    forged = write_archive(tmp_path / "forged.tar", a_record().written, change=lambda _, each: each.replace(b":6,", b":7,"))
    tail = honest.index(b"manifest.json\0")
    file.write_bytes(forged.read_bytes()[:tail] + honest[tail:])

    assert [*failed(file)] == ["archive"]


@pytest.mark.parametrize("content", [b"", b"not an archive", bytes(1024), bytes(10240)])
def test_what_is_no_archive_cannot_be_checked(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    assert replay(file).exit_code == 2


def test_a_file_that_is_not_there_cannot_be_checked(file: Path) -> None:
    assert replay(file).exit_code == 2


def test_an_entry_may_hold_any_bytes(file: Path) -> None:
    record = a_record()
    for strange in (b"", b"\n", b"5 3\nabc\n", pack([b"7"]), b"\xff\x00"):
        record.append(strange, 1)

    outcome = outcome_of(write_archive(file, record.written, change=as_it_is))

    assert outcome.exit_code == 0
    assert "5 events cannot be read" in outcome.claims[1].detail


def test_a_seal_by_hand_is_the_seal_of_the_record(file: Path) -> None:
    record = a_record(sealed=False)
    seal(record, "final")
    record.put(a_ballot(terms_for(a_plan()), "fan1", "a"), partition=2)

    assert failed(write_archive(file, record.written)) == {}
