"""Beacons: which round of drand's chain comes when, and whether a value is its value. Nothing is fetched here."""

import hashlib
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from fanfare.record.draws import Beacon, DrandRound

if TYPE_CHECKING:
    from types import ModuleType

_DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
"""The ciphersuite of drand's ``bls-unchained-g1-rfc9380``. Source: RFC 9380, section 8.8.1."""
_SIGNATURE_DIGITS = 96


class Chain(msgspec.Struct, frozen=True):
    """A drand chain whose rounds are signed one by one, on G1, under a key on G2."""

    hash: str
    """Under which drand names it."""
    public_key: str
    """Compressed point of G2, 192 hexadecimal digits."""
    genesis: int
    """When its round 1 was published, in seconds since 1970."""
    period_s: int


QUICKNET = Chain(
    hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key="83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc2"
    "2b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    genesis=1_692_803_367,
    period_s=3,
)
"""What the League of Entropy has published since August 2023. Source: https://api.drand.sh/ and the hash, then /info."""
CHAINS: Mapping[str, Chain] = {QUICKNET.hash: QUICKNET}
"""Each chain whose key this version knows."""


def published_at(chain: Chain, number: int) -> datetime:
    """Return when a round of *chain* is published, UTC."""
    return datetime.fromtimestamp(chain.genesis + (number - 1) * chain.period_s, UTC)


def first_round_from(chain: Chain, at: datetime) -> DrandRound:
    """Return the first round of *chain* that is published at *at* or later."""
    seconds = int(at.timestamp()) + (at.microsecond > 0) - chain.genesis
    number = max(0, -(-seconds // chain.period_s)) + 1
    return DrandRound(chain=chain.hash, round=number, at=published_at(chain, number))


def simulated_value(draw: str, at: datetime) -> str:
    """Return the value of the simulated beacon, 64 hexadecimal digits. Anybody can compute it beforehand."""
    return hashlib.sha256(f"fanfare simulated beacon {draw} {at:%Y-%m-%dT%H:%M:%SZ}".encode()).hexdigest()


def fault(draw: str, beacon: Beacon, randomness: str, signature: str) -> str:
    """Say why a value is not that of the beacon which a draw named; empty where it is. It takes a third of a second."""
    if not isinstance(beacon, DrandRound):
        right = randomness == simulated_value(draw, beacon.at) and not signature
        return "" if right else "it is not the value of the simulated beacon"
    chain = CHAINS.get(beacon.chain)
    if chain is None:
        return f"this version does not know the key of the chain {beacon.chain}"
    if beacon.at != published_at(chain, beacon.round):
        due = f"{published_at(chain, beacon.round):%Y-%m-%d %H:%M:%S} UTC"
        return f"round {beacon.round} is published at {due}, and the draw said another time"
    return drand_fault(chain, beacon.round, randomness, signature)


@lru_cache(maxsize=256)
def drand_fault(chain: Chain, number: int, randomness: str, signature: str) -> str:
    """Say why *randomness* and *signature* are not those of a round of *chain*; empty where they are."""
    try:
        signed = bytes.fromhex(signature)
    except ValueError:
        return "the signature is not hexadecimal"
    if len(signature) != _SIGNATURE_DIGITS or len(signed) * 2 != _SIGNATURE_DIGITS:
        return f"the signature has {len(signature)} digits, not {_SIGNATURE_DIGITS}"
    if hashlib.sha256(signed).hexdigest() != randomness:
        return "the value is not the SHA-256 of the signature"
    try:
        return _signature_fault(chain, number, signed)
    except (ValueError, ArithmeticError, TypeError, AssertionError, LookupError) as error:  # how py_ecc says: not such a point
        return f"the signature, or the chain's key, is no point of its curve ({str(error)[:80]})"


def _signature_fault(chain: Chain, number: int, signed: bytes) -> str:
    """
    Check e(public key, H(message)) = e(generator of G2, signature).

    Source: RFC 9380 for H; drand's documentation for the message, SHA-256 of the round as eight bytes, big-endian.
    """
    # Imported here: it takes a second, and neither a start of the site nor a page waits for that.
    curve: Any = _module("py_ecc.optimized_bls12_381")
    points: Any = _module("py_ecc.bls.point_compression")
    primitives: Any = _module("py_ecc.bls.g2_primitives")
    hashing: Any = _module("py_ecc.bls.hash_to_curve")
    key = bytes.fromhex(chain.public_key)
    public_key = points.decompress_G2((int.from_bytes(key[:48], "big"), int.from_bytes(key[48:], "big")))
    signature = points.decompress_G1(int.from_bytes(signed, "big"))
    if curve.is_inf(signature) or curve.is_inf(public_key):
        return "the signature, or the chain's key, is the point at infinity"
    if not (primitives.subgroup_check(signature) and primitives.subgroup_check(public_key)):
        return "the signature, or the chain's key, is not in the subgroup"
    message = hashing.hash_to_G1(hashlib.sha256(number.to_bytes(8, "big")).digest(), _DST, hashlib.sha256)
    product = curve.pairing(public_key, message, final_exponentiate=False) * curve.pairing(
        curve.neg(curve.G2), signature, final_exponentiate=False
    )
    right = curve.final_exponentiate(product) == curve.FQ12.one()
    return "" if right else f"the signature is not the chain's over round {number}"


def _module(name: str) -> "ModuleType":
    """Import a part of py_ecc, which raises Python's recursion limit. By that limit an entry can be unreadable: it stays ours."""
    limit = sys.getrecursionlimit()
    try:
        return import_module(name)
    finally:
        sys.setrecursionlimit(limit)
