"""The beacon: published values of drand are right, and one byte that differs anywhere is not."""

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from fanfare.lots.beacon import QUICKNET, drand_fault, fault, first_round_from, published_at, simulated_value
from fanfare.record.draws import DrandRound, SimulatedRound
from tests.builders import NOON

# Source: drand's own quicknet chain, rounds 1000 and 657413, as its public API and the README of noislabs/drand-verify show them.
VECTORS = (
    (
        1000,
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
        "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    ),
    (
        657413,
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
        "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
    ),
)
ROUND, SIGNATURE, VALUE = VECTORS[0]
INFINITY = "c0" + "00" * 47
ON_THE_CURVE_ALONE = "80" + "00" * 46 + "04"
"""x = 4: a point of the curve that is in no subgroup of ours."""
FROM_THE_OTHER_CHAIN = VECTORS[1]


def value_of(signature: str) -> str:
    """Return the value that drand makes of a signature."""
    return hashlib.sha256(bytes.fromhex(signature)).hexdigest()


@pytest.mark.parametrize(("number", "signature", "value"), VECTORS)
def test_what_drand_published_is_right(number: int, signature: str, value: str) -> None:
    assert drand_fault(QUICKNET, number, value, signature) == ""


def test_the_time_of_a_round_follows_from_the_chain() -> None:
    assert published_at(QUICKNET, 1) == datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
    assert published_at(QUICKNET, 1000) == datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)


@pytest.mark.parametrize("late_by_s", [0, 1, 2, 3])
def test_the_first_round_from_a_time_is_never_published_before_it(late_by_s: int) -> None:
    at = NOON + timedelta(seconds=late_by_s)

    found = first_round_from(QUICKNET, at)

    assert at <= found.at < at + timedelta(seconds=3)
    assert found.at == published_at(QUICKNET, found.round)


@pytest.mark.parametrize("place", [0, 1, 17, 46, 47])
def test_a_byte_of_the_signature_that_differs_is_wrong_also_with_the_value_that_fits_it(place: int) -> None:
    changed = bytearray.fromhex(SIGNATURE)
    changed[place] ^= 1

    found = drand_fault(QUICKNET, ROUND, value_of(changed.hex()), changed.hex())

    assert found != ""
    assert drand_fault(QUICKNET, ROUND, VALUE, changed.hex()) == "the value is not the SHA-256 of the signature"


@pytest.mark.parametrize("place", [0, 31])
def test_a_byte_of_the_value_that_differs_is_wrong(place: int) -> None:
    changed = bytearray.fromhex(VALUE)
    changed[place] ^= 0x80

    assert drand_fault(QUICKNET, ROUND, changed.hex(), SIGNATURE) == "the value is not the SHA-256 of the signature"


@pytest.mark.parametrize("number", [1, 999, 1001, 657413])
def test_the_signature_of_another_round_is_wrong(number: int) -> None:
    assert drand_fault(QUICKNET, number, VALUE, SIGNATURE) == f"the signature is not the chain's over round {number}"


@pytest.mark.parametrize("place", [0, 1, 48, 95])
def test_a_byte_of_the_key_that_differs_is_wrong(place: int) -> None:
    changed = bytearray.fromhex(QUICKNET.public_key)
    changed[place] ^= 1
    chain = msgspec.structs.replace(QUICKNET, public_key=changed.hex())

    assert drand_fault(chain, ROUND, VALUE, SIGNATURE) != ""


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        ("", "digits"),
        (SIGNATURE[:-2], "digits"),
        (SIGNATURE + "00", "digits"),
        ("zz" * 48, "hexadecimal"),
        (" " + SIGNATURE[:-1], "hexadecimal"),
        (INFINITY, "infinity"),
        ("00" * 48, "no point"),
        ("ff" * 48, "no point"),
        ("80" + "00" * 46 + "01", "no point"),
        (ON_THE_CURVE_ALONE, "subgroup"),
        ("a" + SIGNATURE[1:], "no point"),
    ],
)
def test_what_is_no_signature_is_said_to_be_none_and_never_raises(signature: str, says: str) -> None:
    value = value_of(signature) if all(each in "0123456789abcdef" for each in signature) else VALUE

    assert says in drand_fault(QUICKNET, ROUND, value, signature)


def test_a_key_at_infinity_is_refused() -> None:
    chain = msgspec.structs.replace(QUICKNET, public_key="c0" + "00" * 95)

    assert "infinity" in drand_fault(chain, ROUND, VALUE, SIGNATURE)


def test_a_draw_is_held_to_the_chain_the_round_and_the_time_that_it_named() -> None:
    named = DrandRound(chain=QUICKNET.hash, round=ROUND, at=published_at(QUICKNET, ROUND))

    assert fault("draw", named, VALUE, SIGNATURE) == ""
    later = msgspec.structs.replace(named, at=named.at + timedelta(seconds=3))
    assert "said another time" in fault("draw", later, VALUE, SIGNATURE)
    unknown = msgspec.structs.replace(named, chain="0" * 64)
    assert "does not know the key" in fault("draw", unknown, VALUE, SIGNATURE)
    assert fault("draw", named, FROM_THE_OTHER_CHAIN[2], FROM_THE_OTHER_CHAIN[1]) != ""


def test_the_simulated_value_follows_from_the_draw_and_the_time_alone() -> None:
    beacon = SimulatedRound(at=NOON)

    assert fault("draw1", beacon, simulated_value("draw1", NOON), "") == ""
    assert fault("draw2", beacon, simulated_value("draw1", NOON), "") != ""
    assert fault("draw1", beacon, simulated_value("draw1", NOON), SIGNATURE) != ""
    assert fault("draw1", beacon, VALUE, SIGNATURE) != ""


def test_the_check_leaves_the_recursion_limit_by_which_entries_are_read_as_it_was() -> None:
    told = "import sys; from fanfare.lots.beacon import QUICKNET, drand_fault; before = sys.getrecursionlimit()"
    asked = f"wrong = drand_fault(QUICKNET, {ROUND}, '{VALUE}', '{SIGNATURE}')"
    program = f"{told}; {asked}; print(before, sys.getrecursionlimit(), repr(wrong))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    before, after, fault_found = done.stdout.split()
    assert (after, fault_found) == (before, "''")
