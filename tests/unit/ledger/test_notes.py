"""Keys and signed notes: Go's own example, the specification's, and what is refused."""

import pytest

from fanfare.ledger.cosignatures import cosigned, cosigned_at
from fanfare.ledger.faults import Malformed, NotSigned
from fanfare.ledger.keys import Kind, SignerKey, VerifierKey
from fanfare.ledger.notes import MOST_SIGNATURES, Note, Verified, signature_of
from tests.unit.ledger.published import (
    ENOCHS_KEY,
    ENOCHS_LINE,
    PETERS_KEY,
    PETERS_LINE,
    PETERS_SECRET,
    PETERS_TEXT,
    SOFA_LINE,
    SOFA_SEEN_AT,
    SOFA_TEXT,
    SOFA_WITNESS_LINE,
)

PETER, ENOCH = VerifierKey.parse(PETERS_KEY), VerifierKey.parse(ENOCHS_KEY)
PETER_SIGNS = SignerKey.parse(PETERS_SECRET)
WITNESS = SignerKey("witness.example", Kind.COSIGNATURE, bytes(range(32)))
PETERS_NOTE = PETERS_TEXT + b"\n" + PETERS_LINE.encode()


def lines(*signatures: str) -> bytes:
    """Return Peter's text with these lines below it."""
    return PETERS_TEXT + b"\n" + "".join(signatures).encode()


def test_gos_example_is_signed_byte_for_byte() -> None:
    assert bytes(Note(PETERS_TEXT).signed(PETER_SIGNS)) == PETERS_NOTE


def test_gos_example_is_verified_and_unknown_signatures_are_passed_over() -> None:
    note = Note.parse(lines(PETERS_LINE, ENOCHS_LINE))

    assert note.text == PETERS_TEXT
    assert note.check([PETER]) == (Verified(PETER, None),)
    assert note.check([ENOCH, PETER]) == (Verified(PETER, None), Verified(ENOCH, None))


def test_the_keys_of_gos_example_have_their_words_and_ids() -> None:
    assert str(PETER_SIGNS.verifier) == PETERS_KEY
    assert PETER_SIGNS.secret() == PETERS_SECRET
    assert PETER.id.hex() == "c74f20a3"


def test_a_new_key_signs_what_its_public_half_verifies_and_never_shows_its_secret_by_accident() -> None:
    signer = SignerKey.generate("fanfare.example/record/0")

    note = Note.parse(bytes(Note(b"a text\n").signed(signer)))

    assert note.check([VerifierKey.parse(str(signer.verifier))]) == (Verified(signer.verifier, None),)
    assert SignerKey.parse(signer.secret()) == signer
    for secret in (signer.secret().rpartition("+")[2], repr(signer.seed), signer.seed.hex()):
        assert secret not in repr(signer) + str(signer)


def test_no_part_of_a_key_and_no_key_with_another_character_is_a_key() -> None:
    for words, parse in ((PETERS_KEY, VerifierKey.parse), (PETERS_SECRET, SignerKey.parse)):
        parts = {words[at:to] for at in range(len(words)) for to in range(at, len(words) + 1)} - {words}
        changed = {words[:at] + chr(ord(words[at]) + 1) + words[at + 1 :] for at in range(len(words))}
        for other in parts | changed:
            with pytest.raises(Malformed) as refused:
                parse(other)
            assert PETERS_SECRET[-20:] not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # another length, with the id of that
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # an unknown kind, with the id of that
        PETERS_KEY.replace("c74f20a3", "C74F20A3"),
        PETERS_KEY.replace("PeterNeumann", "Peter Neumann"),
    ],
)
def test_a_key_of_another_form_is_refused(words: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(words)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\x00b"])
def test_a_key_has_no_name_that_a_note_cannot_name(name: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey(name, Kind.NOTE, bytes(32))
    with pytest.raises(Malformed):
        SignerKey(name, Kind.NOTE, bytes(32))


def test_a_wrong_signature_of_a_known_key_refuses_the_whole_note() -> None:
    forged = Note.parse(lines(PETERS_LINE, ENOCHS_LINE.replace("Xm2/5n", "Xm2/5o")))

    with pytest.raises(NotSigned, match=r"EnochRoot\+af0cfe78"):
        forged.check([PETER, ENOCH])
    assert forged.check([PETER]) == (Verified(PETER, None),)


def test_a_second_signature_of_a_known_key_must_be_right_as_well() -> None:
    other = str(signature_of(b"another text\n", PETER_SIGNS))

    with pytest.raises(NotSigned):
        Note.parse(lines(PETERS_LINE, other)).check([PETER])


def test_a_signature_under_a_known_name_but_another_id_is_one_of_an_unknown_key() -> None:
    namesake = SignerKey.generate("PeterNeumann")

    with pytest.raises(NotSigned, match="No key that is known"):
        Note(PETERS_TEXT).signed(namesake).check([PETER])


def test_a_text_that_says_something_else_is_not_what_was_signed() -> None:
    with pytest.raises(NotSigned):
        Note.parse(PETERS_NOTE.replace(b"answer", b"Answer")).check([PETER])


def test_a_text_may_have_empty_lines_and_ends_at_the_last_one() -> None:
    text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n".encode()

    note = Note.parse(bytes(Note(text).signed(PETER_SIGNS)))

    assert note.text == text
    assert note.check([PETER])


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        PETERS_TEXT,
        PETERS_TEXT + b"\n",
        PETERS_NOTE[:-1],
        PETERS_NOTE + b"\n",
        PETERS_NOTE.replace(b"\n", b"\r\n"),
        PETERS_NOTE.replace(b"you", b"y\x07u"),
        PETERS_NOTE.replace(b"you", b"y\xffu"),
        PETERS_NOTE.replace("— ".encode(), b"-- "),
        PETERS_NOTE.replace("— ".encode(), "—".encode()),
        PETERS_NOTE.replace(b"PeterNeumann x08", b"PeterNeumann  x08"),
        PETERS_NOTE.replace(b"PeterNeumann x08", b"Peter+Neumann x08"),
        PETERS_NOTE.replace(b"PeterNeumann x08", b"PeterNeumannx08"),
        PETERS_NOTE.replace(b"JnAM=", b"JnAN="),  # the same bytes in another form: bits that base64 leaves over
        PETERS_NOTE.replace(b"JnAM=", b"JnAM"),
        lines("— PeterNeumann x08goA==\n"),  # an id without a signature
        lines(PETERS_LINE * (MOST_SIGNATURES + 1)),
        b"x" * 1_000_000 + b"\n\n" + PETERS_LINE.encode(),
    ],
)
def test_what_is_no_note_is_refused(stored: bytes) -> None:
    with pytest.raises(Malformed):
        Note.parse(stored)


def test_a_hundred_signatures_are_read() -> None:
    assert len(Note.parse(lines(PETERS_LINE, ENOCHS_LINE * (MOST_SIGNATURES - 1))).signatures) == MOST_SIGNATURES


@pytest.mark.parametrize("text", [b"", b"no end", b"a\tb\n", b"\xff\n"])
def test_a_text_that_no_note_can_have_is_not_signed(text: bytes) -> None:
    with pytest.raises(Malformed):
        Note(text).signed(PETER_SIGNS)


def test_signing_again_replaces_what_this_key_had_signed_and_keeps_the_others() -> None:
    note = Note.parse(lines(PETERS_LINE.replace("x08go/ZJ", "x08go/ZK"), ENOCHS_LINE))

    assert bytes(note.signed(PETER_SIGNS)) == lines(ENOCHS_LINE, PETERS_LINE)


def test_the_example_of_the_specification_has_a_cosignature_with_its_time() -> None:
    note = Note.parse(SOFA_TEXT + b"\n" + (SOFA_LINE + SOFA_WITNESS_LINE).encode())

    assert [each.name for each in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert len(note.signatures[1].bare) == 8 + 64
    assert int.from_bytes(note.signatures[1].bare[:8]) == SOFA_SEEN_AT
    assert str(note.signatures[1]) == SOFA_WITNESS_LINE


def test_a_cosignature_is_over_the_lines_that_the_specification_shows() -> None:
    signed = b"cosignature/v1\ntime 1679315147\n" + SOFA_TEXT

    signature = cosigned(WITNESS, SOFA_TEXT, SOFA_SEEN_AT)

    assert signature == SOFA_SEEN_AT.to_bytes(8) + WITNESS.sign(signed)
    assert cosigned_at(WITNESS.verifier, SOFA_TEXT, signature) == SOFA_SEEN_AT


def test_a_witness_says_when_she_saw_a_text_and_not_another_time() -> None:
    note = Note(SOFA_TEXT).signed(WITNESS, at_s=SOFA_SEEN_AT)
    bare = note.signatures[0].bare
    later = (SOFA_SEEN_AT + 1).to_bytes(8) + bare[8:]

    assert note.check([WITNESS.verifier]) == (Verified(WITNESS.verifier, SOFA_SEEN_AT),)
    too_late = (2**63).to_bytes(8) + WITNESS.sign(b"cosignature/v1\ntime %d\n%s" % (2**63, SOFA_TEXT))
    for other in (later, bare[8:], bare[:-1], bare + b"\x00", b"", too_late):
        assert cosigned_at(WITNESS.verifier, SOFA_TEXT, other) is None
    assert cosigned_at(WITNESS.verifier, SOFA_TEXT + b"x\n", bare) is None


def test_a_logs_signature_is_no_cosignature_and_the_other_way_round() -> None:
    as_log = SignerKey(WITNESS.name, Kind.NOTE, WITNESS.seed)

    assert as_log.verifier.id != WITNESS.verifier.id
    with pytest.raises(ValueError, match="witness's key"):
        Note(SOFA_TEXT).signed(WITNESS)
    with pytest.raises(ValueError, match="witness's key"):
        Note(SOFA_TEXT).signed(as_log, at_s=SOFA_SEEN_AT)
    with pytest.raises(ValueError, match="kind 4"):
        cosigned(as_log, SOFA_TEXT, SOFA_SEEN_AT)
    with pytest.raises(ValueError, match="since 1970"):
        cosigned(WITNESS, SOFA_TEXT, -1)
