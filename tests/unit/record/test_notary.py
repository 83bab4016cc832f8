"""The notary's keys: one a name, who may name one, and which sign now."""

from datetime import UTC, datetime

import pytest

from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.writing import to_base64
from fanfare.record.notary import (
    Notary,
    NotaryKeyAdded,
    NotaryKeyRetired,
    adding,
    evolve,
    key_name,
    origin,
    promises_name,
    retiring,
)

NAME = "https://fanfare.pomfret.example"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, TWO, THREE = (SignerKey(key_name(NAME), Kind.NOTE, bytes([number]) * 32) for number in (1, 2, 3))
OF_3, OF_3_LATER = (SignerKey(origin(NAME, 3), Kind.NOTE, bytes([number]) * 32) for number in (4, 5))
PROMISES = SignerKey(promises_name(NAME), Kind.NOTE, bytes([6]) * 32)


def added(key: SignerKey, by: SignerKey | None = None, signer: SignerKey | None = None) -> NotaryKeyAdded:
    """Return the event that adds a key, signed by whoever has to, or by *signer*."""
    signature = to_base64((signer or by or key).sign(adding(NAME, str(key.verifier))))
    return NotaryKeyAdded(key=str(key.verifier), by_key=str(by.verifier) if by else None, signature=signature)


def retired(key: SignerKey, by: SignerKey, signer: SignerKey | None = None) -> NotaryKeyRetired:
    """Return the event that retires a key, signed by the other, or by *signer*."""
    signature = to_base64((signer or by).sign(retiring(NAME, str(key.verifier))))
    return NotaryKeyRetired(key=str(key.verifier), by_key=str(by.verifier), signature=signature)


def state_after(*events: NotaryKeyAdded | NotaryKeyRetired) -> Notary:
    """Return the keys after these events."""
    state = Notary()
    for each in events:
        state = evolve(state, each, NAME, NOON)
    return state


def after(*events: NotaryKeyAdded | NotaryKeyRetired) -> tuple[str, ...]:
    """Return the record's keys in force after these events."""
    return state_after(*events).in_force(key_name(NAME))


def words(*keys: SignerKey) -> tuple[str, ...]:
    return tuple(str(each.verifier) for each in keys)


def test_the_first_key_signs_itself_and_each_further_one_is_signed_by_one_in_force() -> None:
    assert after(added(ONE)) == words(ONE)
    assert after(added(ONE), added(TWO, ONE)) == words(ONE, TWO)
    assert after(added(ONE), added(TWO, ONE), retired(ONE, TWO)) == words(TWO)
    assert after(added(ONE), added(TWO, ONE), retired(ONE, TWO), added(THREE, TWO)) == words(TWO, THREE)


@pytest.mark.parametrize(
    "event",
    [
        added(TWO),
        added(ONE),
        added(PROMISES),
        added(PROMISES, OF_3),
        added(TWO, OF_3),
        added(OF_3_LATER, OF_3),
        retired(OF_3, OF_3),
        retired(ONE, OF_3),
        added(SignerKey(origin(NAME, 2), Kind.NOTE, OF_3.seed), ONE),
        added(SignerKey(origin(NAME, 2), Kind.NOTE, ONE.seed), ONE),
        added(TWO, ONE, signer=TWO),
        added(TWO, THREE),
        added(ONE, ONE),
        retired(ONE, ONE),
        retired(ONE, TWO),
        retired(TWO, ONE),
        *(
            added(SignerKey(name, Kind.NOTE, bytes(32)), ONE)
            for name in (
                "elsewhere.example",
                *(f"{key_name(NAME)}/{each}" for each in ("", "record/03", "record/100", "record/", "x")),
            )
        ),
        added(SignerKey("fanfare.pomfret.example", Kind.COSIGNATURE, bytes(32)), ONE),
    ],
    ids=lambda event: f"{type(event).__name__} {event.key[:40]} by {event.by_key}",
)
def test_what_is_not_signed_as_it_has_to_be_changes_nothing(event: NotaryKeyAdded | NotaryKeyRetired) -> None:
    state = state_after(added(ONE), added(OF_3, ONE))

    assert evolve(state, event, NAME, NOON) == state


def test_a_retired_key_signs_no_other_and_is_not_added_again() -> None:
    rotated = (added(ONE), added(TWO, ONE), retired(ONE, TWO))

    assert after(*rotated, added(THREE, ONE)) == words(TWO)
    assert after(*rotated, added(ONE, TWO)) == words(TWO)
    assert after(*rotated, retired(TWO, ONE)) == words(TWO)


def test_a_signature_of_another_record_is_none() -> None:
    elsewhere = to_base64(ONE.sign(adding("https://elsewhere.example", str(ONE.verifier))))

    assert after(NotaryKeyAdded(key=str(ONE.verifier), signature=elsewhere)) == ()


def test_nobody_begins_with_the_key_of_a_partition() -> None:
    assert state_after(added(OF_3)).keys == ()


def test_each_name_has_keys_of_its_own_which_a_key_of_the_record_names_and_retires() -> None:
    named = (added(ONE), added(OF_3, ONE), added(PROMISES, ONE))
    rotated = state_after(*named, added(TWO, ONE), added(OF_3_LATER, TWO), retired(ONE, TWO), retired(OF_3, TWO))

    assert state_after(*named).in_force(origin(NAME, 3)) == words(OF_3)
    assert state_after(*named).in_force(origin(NAME, 0)) == ()
    assert rotated.in_force(key_name(NAME)) == words(TWO)
    assert rotated.in_force(origin(NAME, 3)) == words(OF_3_LATER)
    assert rotated.in_force(promises_name(NAME)) == words(PROMISES)
    assert rotated.verifiers(origin(NAME, 3)) == (OF_3.verifier, OF_3_LATER.verifier)
    assert [each.retired_at for each in rotated.keys] == [NOON, NOON, None, None, None]


def test_a_name_is_that_of_the_record_without_its_scheme() -> None:
    assert key_name("http://localhost:8000") == "localhost:8000"
    assert origin("http://localhost:8000", 0) == "localhost:8000/record/0"
    assert promises_name("http://localhost:8000") == "localhost:8000/promises"
