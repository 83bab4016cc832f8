"""
Cosignatures: a witness says that at this time the largest tree that it had seen of a log had this root.

Source: C2SP tlog-cosignature (c2sp.org/tlog-cosignature), its Ed25519 form, cosignature/v1.
"""

from fanfare.ledger.keys import Kind, SignerKey, VerifierKey
from fanfare.ledger.writing import LARGEST

_TIME_BYTES = 8


def cosigned(signer: SignerKey, text: bytes, at_s: int) -> bytes:
    """
    Return the signature of a witness under a checkpoint's text, 72 bytes: the time, then Ed25519.

    Args:
        at_s: when the witness says that it saw the checkpoint, in seconds since 1970.

    Raises:
        ValueError: a key that is not a witness's, or a time before 1970.
    """
    if signer.kind is not Kind.COSIGNATURE or not 0 <= at_s <= LARGEST:
        raise ValueError("A cosignature needs a witness's key (kind 4), and a time since 1970.")
    return at_s.to_bytes(_TIME_BYTES) + signer.sign(_message(text, at_s))


def cosigned_at(key: VerifierKey, text: bytes, signature: bytes) -> int | None:
    """Return when the witness says that it saw this text, in seconds since 1970; none where it did not sign it so."""
    at_s, ed25519 = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
    return at_s if at_s <= LARGEST and key.accepts(ed25519, _message(text, at_s)) else None


def _message(text: bytes, at_s: int) -> bytes:
    """Return what is signed."""
    return b"cosignature/v1\ntime %d\n%s" % (at_s, text)
