"""Whatever lies in an archive, or is brought along to one: an audit ends with 0, 1 or 2 and a sentence, never a traceback."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from fanfare.audit.archives.archive import MANIFEST, README, SUMS, Manifest, Member, sums
from fanfare.audit.audit_commands import Answering, Brought, run_audit
from tests.tampering.alterations import flipped
from tests.tampering.archived import Parcel, parcel
from tests.tampering.ground import LONG, SEED, occasions
from tests.tampering.kinds import Hand
from tests.tampering.receipts import held
from tests.tampering.tally import TALLY

TIMES = 60 if LONG else 12
NONSENSE: tuple[bytes, ...] = (
    b"",
    b"\n",
    b"\n\n",
    bytes(600),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 5000 + b" 1\nx\n",
    b"0 999999999\nx\n",
    b"-1 1\nx\n",
    b"origin\n99999999999999999999999999999999\nAAAA\n\n\xe2\x80\x94 a b\n",
    "fanfare.pomfret.example/record/0\n٢\nAAAA\n\n".encode(),
    b'{"schema":"fanfare.report.round.v1","moment":[1e400]}',
    b'{"schema":"fanfare.report.round.v1","moment":[-1,-1,-1,-1]}',
    b'{"schema":"fanfare.report.round.v1","moment":[999999999999999999999]}',
    b'{"event_id":"x","position":"0:0:99999","proof":null}',
    b"\xff\xfe\x00",
    b"PRIVATE+KEY+a+b+c",
    b"[7]",
    b"[]",
    b"null\n",
)
Answer = Callable[[Path, Brought], tuple[int, str]]


@pytest.fixture
def answer(capsysbinary: pytest.CaptureFixture[bytes]) -> Answer:
    """Return what audits an archive as `fanfare audit` does, and tells its exit code and all that it printed."""

    def answered(path: Path, brought: Brought) -> tuple[int, str]:
        code = run_audit(str(path), brought, Answering(now=datetime.now(UTC), json=True, html=path.with_suffix(".html")))
        out, err = capsysbinary.readouterr()
        return code, (out + err).decode()

    return answered


def nonsense(random: Random) -> bytes:
    """Return something that nobody expects."""
    return random.choice([*NONSENSE, random.randbytes(random.randint(1, 3000)), random.randbytes(40) + b"\n"])


def sound(code: int, said: str) -> bool:
    """Tell whether a program ended as it should."""
    return code in (0, 1, 2) and "Traceback" not in said and "a fault of this program" not in said


def test_nonsense_in_the_place_of_any_member_is_found_and_told_in_a_sentence(tmp_path: Path, answer: Answer) -> None:
    wrong = []
    for random, site in islice(occasions("nonsense", TIMES), TIMES):
        whole = parcel(site)
        name = random.choice([each for each in whole.names("") if each != README])
        code, said = answer(whole.having(name, body := nonsense(random)).write(tmp_path / "a.tar"), Brought())
        TALLY.add(("nonsense in a member", Hand.FILES, "nothing"), found=code != 0, named=_stem(name) in said, by={str(code)})
        wrong += [] if sound(code, said) and code else [f"{name} of record {site.seed} with {body[:60]!r}: {code} {said[-900:]}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def _stem(name: str) -> str:
    """Return what an audit calls a member at least: a report it names by its round or campaign."""
    return name.removeprefix("reports/").removesuffix(".json")


def _odd(random: Random, found: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value with something odd somewhere in it."""
    if isinstance(found, dict) and found and random.random() < 0.9:
        key = random.choice(sorted(found))
        return {**found, key: _odd(random, found[key])}
    if isinstance(found, list) and found and random.random() < 0.9:
        place = random.randrange(len(found))
        return [*found[:place], _odd(random, found[place]), *found[place + 1 :]]
    odd: list[Any] = [
        None,
        -1,
        0,
        1,
        2**62,
        10**30,
        "",
        "x" * 300,
        "../../etc/passwd",
        "reports/rounds/../x.json",
        [],
        {},
        [[]],
        True,
        0.5,
    ]
    return random.choice([*odd, "\x00", "record/9/000000000000.entries", "é", [10**9] * 4, [0] * 90])


def test_whatever_the_manifest_says_an_audit_ends_in_a_sentence(tmp_path: Path, answer: Answer) -> None:
    wrong = []
    for random, site in islice(occasions("manifests", TIMES), TIMES):
        file = parcel(site).write(tmp_path / "a.tar")
        said = _odd(random, json.loads(_member(file, MANIFEST)))
        code, told = answer(_with_manifest(file, msgspec.json.encode(said)), Brought())
        wrong += [] if sound(code, told) else [f"record {site.seed}: {code} {told[-900:]}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def test_whatever_is_brought_along_an_audit_ends_in_a_sentence(tmp_path: Path, answer: Answer) -> None:
    wrong = []
    for random, site in islice(occasions("brought", TIMES), TIMES):
        file, mine = parcel(site).write(tmp_path / "a.tar"), held(random, site)
        saved, checkpoint = tmp_path / "saved", tmp_path / "checkpoint"
        saved.write_bytes(random.choice([nonsense(random), flipped(random, mine.saved), flipped(random, mine.proof)]))
        checkpoint.write_bytes(random.choice([nonsense(random), flipped(random, site.history[0][-1]), file.read_bytes()[:-600]]))
        words = random.choice([nonsense(random).decode("latin-1")[:200], str(mine.log), str(checkpoint)])
        brought = random.choice(
            [Brought(receipts=(saved,)), Brought(since=(checkpoint,)), Brought(key=words), Brought(witnesses=(words,))]
        )
        code, told = answer(file, brought)
        wrong += [] if sound(code, told) else [f"{brought} of record {site.seed}: {code} {told[-900:]}"]

    assert wrong == [], f"FANFARE_SEED={SEED}"


def _member(file: Path, name: str) -> bytes:
    whole = file.read_bytes()
    at = whole.index(name.encode() + b"\0")
    size = int(whole[at + 124 : at + 135], 8)
    return whole[at + 512 : at + 512 + size]


def _with_manifest(file: Path, body: bytes) -> Path:
    """Put another manifest into an archive, with the sums that fit to it."""
    old = msgspec.json.decode(_member(file, MANIFEST), type=Manifest)
    kept: tuple[Member, ...] = old.members
    with suppress(msgspec.MsgspecError):
        kept = msgspec.json.decode(body, type=Manifest).members
    whole = file.read_bytes()
    head = whole[: whole.index(MANIFEST.encode() + b"\0")]
    with file.open("wb") as stream:
        stream.write(head)
        for name, each in ((MANIFEST, body), (SUMS, sums(kept, body))):
            stream.write(Parcel.framed(name, each))
        stream.write(bytes(1024))
    return file
