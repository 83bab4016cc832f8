"""How what is in a note is written: base64, decimals, names and lines, each in one way, so that one meaning has one form."""

import base64
import binascii
import re

from fanfare.ledger.faults import Malformed
from fanfare.ledger.hashing import HASH_BYTES

LARGEST = 2**63 - 1
"""The largest number that is read: what every implementation can hold."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def to_base64(binary: bytes) -> str:
    """Return the bytes in base64. Source: RFC 4648, section 4."""
    return base64.b64encode(binary).decode("ascii")


def from_base64(text: str) -> bytes:
    """
    Return the bytes that are written so.

    Raises:
        Malformed: it is not base64 as `to_base64` writes it; bits left over at its end would be a second form.
    """
    try:
        binary = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        binary = b""
    if to_base64(binary) != text:
        raise Malformed(f"{_short(text)} is not base64.")
    return binary


def hash_from_base64(text: str) -> bytes:
    """
    Return the hash that is written so.

    Raises:
        Malformed: it is not base64 of 32 bytes.
    """
    binary = from_base64(text)
    if len(binary) != HASH_BYTES:
        raise Malformed(f"{_short(text)} is not a hash: it has {len(binary)} bytes, not 32.")
    return binary


def from_decimal(text: str) -> int:
    """
    Return the number that is written so.

    Raises:
        Malformed: it is not a decimal of ASCII digits without leading zeroes, or larger than 2⁶³ − 1.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST:
        raise Malformed(f"{_short(text)} is not a number without leading zeroes, up to {LARGEST}.")
    return int(text)


def is_name(name: str) -> bool:
    """Tell whether a key may be called so: not empty, without spaces, plus signs and control characters."""
    return bool(name) and not any(each.isspace() or each == "+" or each < " " for each in name)


def lines_of(text: bytes) -> list[str]:
    """
    Return the lines of a text, without their ends.

    Raises:
        Malformed: it is not UTF-8, has other control characters than the ends of lines, or no end after its last line.
    """
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("This is not UTF-8.") from None
    if any(each < " " and each != "\n" for each in words):
        raise Malformed("There is a control character in it.")
    if not words.endswith("\n"):
        raise Malformed("The last line has no end.")
    return words[:-1].split("\n")


def _short(text: str) -> str:
    """Return a text as a message shows it, however long it is."""
    return repr(text if len(text) <= 80 else text[:79] + "…")
