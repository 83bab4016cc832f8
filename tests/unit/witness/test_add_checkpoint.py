"""What a witness answers to a log that shows it a checkpoint: each status of C2SP tlog-witness."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fanfare.ledger.checkpoints import Checkpoint
from fanfare.ledger.growth import Submission
from fanfare.ledger.hashing import leaf_hash
from fanfare.ledger.keys import SignerKey
from fanfare.ledger.notes import Note, Signature
from fanfare.ledger.writing import to_base64
from fanfare.witness.forks import verify_evidence
from fanfare.witness.seen import MARK
from tests.watched import NAME, WITNESS, SignedSite, Watch, seeded

ENTRIES = [b"entry %d" % number for number in range(300)]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(SignedSite([list(ENTRIES)]), tmp_path)


async def answer(watch: Watch, body: object) -> tuple[int, str, str]:
    """Return status, content type and text of what is answered to a submission."""
    async with watch.client() as client:
        told = await client.post("/add-checkpoint", content=body if isinstance(body, bytes) else bytes(body))  # type: ignore[call-overload]
    return told.status_code, told.headers["content-type"].partition(";")[0], told.text


async def test_the_first_checkpoint_of_a_log_is_cosigned_and_the_signature_is_right(watch: Watch) -> None:
    submission = watch.site.submission(0, 7)

    status, _, text = await answer(watch, submission)

    assert status == 200
    signed = Note.parse(submission.checkpoint.text + b"\n" + text.encode())
    assert signed.check([WITNESS.verifier])[0].at_s == int(watch.now.timestamp())
    assert text.startswith("— news.example/witness ")


async def test_a_checkpoint_that_goes_on_from_the_last_one_is_cosigned(watch: Watch) -> None:
    sizes = [1, 2, 7, 255, 256, 257, 300]

    answers = [(await answer(watch, watch.site.submission(old, new)))[0] for old, new in zip([0, *sizes], sizes, strict=False)]

    assert answers == [200] * len(sizes)
    assert watch.cosigned() == Checkpoint.parse(watch.site.note(300).text)


async def test_the_same_checkpoint_gets_the_same_cosignature_for_a_minute_and_then_a_newer_one(watch: Watch) -> None:
    first = await answer(watch, watch.site.submission(0, 7))
    size = sum(path.stat().st_size for path in watch.home.glob("logs/0/*"))

    again = [await answer(watch, watch.site.submission(7, 7)) for _ in range(5)]
    written = sum(path.stat().st_size for path in watch.home.glob("logs/0/*")) - size
    watch.now += timedelta(minutes=2)
    later = await answer(watch, watch.site.submission(7, 7))

    assert again == [first] * 5
    assert written == 0
    assert later[0] == 200
    assert later != first


async def test_a_submission_that_begins_elsewhere_is_told_the_size(watch: Watch) -> None:
    before = await answer(watch, watch.site.submission(3, 7))
    await answer(watch, watch.site.submission(0, 7))

    after = [await answer(watch, watch.site.submission(old, size)) for old, size in ((0, 9), (6, 9), (0, 5), (8, 9))]

    assert before == (409, "text/x.tlog.size", "0\n")
    assert after == [(409, "text/x.tlog.size", "7\n")] * 4
    assert watch.cosigned() == Checkpoint.parse(watch.site.note(7).text)


async def test_a_log_that_nobody_follows_is_unknown(watch: Watch) -> None:
    stranger = SignerKey.generate("elsewhere.example/record/0")
    note = Note(Checkpoint(stranger.name, 1, leaf_hash(b"")).text).signed(stranger)

    assert (await answer(watch, b"old 0\n\n" + bytes(note)))[0] == 404


@pytest.mark.parametrize("by", ["another key", "the record's key", "nobody who is known", "a broken signature"])
async def test_a_checkpoint_that_the_logs_key_did_not_sign_is_forbidden(watch: Watch, by: str) -> None:
    note = watch.site.note(7)
    right = note.signatures[0]
    signatures = {
        "another key": note.signed(seeded(watch.site.origin(), 5)).signatures[1:],
        "the record's key": note.signed(watch.site.record_key).signatures[1:],
        "nobody who is known": (Signature("a.example", b"1234", bytes(64)),),
        "a broken signature": (replace(right, bare=bytes([right.bare[0] ^ 1]) + right.bare[1:]),),
    }

    status, _, _ = await answer(watch, b"old 0\n\n" + bytes(replace(note, signatures=signatures[by])))

    assert status == 403
    assert watch.cosigned() is None


async def test_a_proof_that_does_not_lead_there_is_not_processed_and_the_checkpoint_is_kept_for_a_look(watch: Watch) -> None:
    await answer(watch, watch.site.submission(0, 7))
    right = watch.site.submission(7, 12)
    wrong = [
        replace(right, proof=right.proof[:-1]),
        replace(right, proof=(bytes(32), *right.proof[1:])),
        replace(right, proof=()),
    ]

    answers = [(await answer(watch, each))[0] for each in wrong]

    assert answers == [422] * 3
    assert watch.cosigner.suspects == {watch.site.origin(): right.checkpoint}
    assert (watch.home / "logs/0/2026-07-04.notes").read_text().count("unproven ") == 1
    assert watch.evidence() == []
    assert (await answer(watch, right))[0] == 200


async def test_a_proof_where_there_is_nothing_to_prove_is_not_processed(watch: Watch) -> None:
    submission = watch.site.submission(0, 7)

    first = await answer(watch, replace(submission, proof=(bytes(32),)))
    await answer(watch, submission)
    same = await answer(watch, replace(watch.site.submission(7, 7), proof=(bytes(32),)))

    assert (first[0], same[0]) == (422, 422)


MALFORMED = {
    "nothing": b"",
    "no old size": b"proof\n\n{note}",
    "a leading zero": b"old 00\n\n{note}",
    "a negative size": b"old -1\n\n{note}",
    "no empty line": b"old 0\n{note}",
    "a proof that is no hash": b"old 0\nabcd\n\n{note}",
    "64 hashes": b"old 0\n" + f"{to_base64(bytes(32))}\n".encode() * 64 + b"\n{note}",
    "no signature": b"old 0\n\nfanfare.example/record/0\n1\nAAAA\n",
    "an old size above the new one": b"old 8\n\n{note}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_no_submission_is_a_bad_request(watch: Watch, body: bytes) -> None:
    status, _, text = await answer(watch, body.replace(b"{note}", bytes(watch.site.note(7))))

    assert status == 400
    assert text
    assert watch.cosigned() is None


async def test_a_submission_as_large_as_a_book_is_refused_before_it_is_read(watch: Watch) -> None:
    assert (await answer(watch, b"old 0\n" + bytes(100_000)))[0] == 413


async def test_signatures_of_strangers_are_neither_asked_nor_kept(watch: Watch) -> None:
    note = watch.site.note(7)
    crowd = tuple(Signature(f"n{number}.example", b"1234", bytes(64)) for number in range(90))

    status, _, _ = await answer(watch, b"old 0\n\n" + bytes(replace(note, signatures=(*crowd, *note.signatures))))

    assert status == 200
    assert (watch.home / "logs/0/2026-07-04.notes").read_text().count("— ") == 2


async def test_two_roots_of_one_size_raise_the_alarm_with_evidence_that_anybody_can_check(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    await answer(watch, watch.site.submission(0, 7))
    watch.site.logs[0][3] = b"another entry"

    conflict = await answer(watch, watch.site.submission(7, 7))
    after = await answer(watch, watch.site.submission(7, 9))

    assert conflict == (409, "text/x.tlog.size", "7\n")
    assert after[0] == 503
    (folder,) = watch.evidence()
    assert verify_evidence(folder, (seeded(watch.site.origin()).verifier,)).endswith("signed two different roots of 7 entries.")
    assert "This shows to anybody" in (folder / "README").read_text()
    assert capsys.readouterr().err.count("  ALARM. ") == 1


async def test_after_an_alarm_nothing_is_cosigned_until_a_human_removes_the_mark_and_then_only_what_fits(watch: Watch) -> None:
    await answer(watch, watch.site.submission(0, 7))
    honest, watch.site.logs[0] = watch.site.logs[0], [b"other", *ENTRIES[1:]]
    await answer(watch, watch.site.submission(7, 7))
    watch.site.logs[0] = honest

    watch.start()
    marked = await answer(watch, watch.site.submission(7, 9))
    (watch.home / "logs/0" / MARK).unlink()
    unmarked = await answer(watch, watch.site.submission(7, 9))

    assert (marked[0], unmarked[0]) == (503, 200)


async def test_a_log_of_the_site_that_did_not_fork_is_cosigned_all_the_same(tmp_path: Path) -> None:
    watch = Watch(SignedSite([list(ENTRIES), list(ENTRIES)]), tmp_path)
    await answer(watch, watch.site.submission(0, 7))
    watch.site.logs[0][0] = b"other"
    await answer(watch, watch.site.submission(7, 7))

    assert (await answer(watch, watch.site.submission(0, 7, number=1)))[0] == 200


async def test_everybody_reads_the_last_cosigned_checkpoints(watch: Watch) -> None:
    await answer(watch, watch.site.submission(0, 7))

    async with watch.client() as client:
        listed, page = (await client.get("/checkpoints")).json(), await client.get("/")

    (log,) = listed["checkpoints"]
    assert Note.parse(log["note"].encode()).check([WITNESS.verifier])
    assert (log["origin"], log["size"], log["alarm"]) == (watch.site.origin(), 7, "")
    assert listed["record"] == NAME
    assert listed["record_key"] == str(watch.site.record_key.verifier)
    assert "7 entries, cosigned at 2026-07-04T12:00:00Z." in page.text
    assert "Alarm" not in page.text


async def test_the_page_shows_an_alarm(watch: Watch) -> None:
    await answer(watch, watch.site.submission(0, 7))
    watch.site.logs[0][0] = b"<b>other</b>"
    await answer(watch, watch.site.submission(7, 7))

    async with watch.client() as client:
        page = await client.get("/")

    assert 'role="alert"' in page.text
    assert "what it signed at 7 and at 7 entries does not fit" in page.text
    assert str(watch.home) not in page.text


def test_many_who_ask_at_once_get_one_history(tmp_path: Path) -> None:
    for at in range(30):
        watch = Watch(SignedSite([[b"one", b"two"]]), tmp_path / str(at))
        asked = [watch.site.submission(0, 1), *(Submission(0, (), watch.site.note(entries=[b"%d" % n])) for n in range(3))]

        with ThreadPoolExecutor(8) as many:
            looked = [many.submit(watch.cosigner.seen, watch.site.origin()) for _ in range(4)]
            added = [many.submit(watch.cosigner.add, each) for each in asked]

        assert len({id(each.result()) for each in looked}) == 1
        assert sum(each.exception() is None for each in added) == 1
