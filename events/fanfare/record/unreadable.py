"""What cannot be read: an event that is invalid under its own known schema. It is quarantined, alone, by a rule on its bytes."""

import re

import msgspec

from fanfare.record.kinds import Digest, digest

_NAMED = re.compile(rb'"(?:terms|round|idea|campaign|stream|subject)"[ \t\r\n]*:[ \t\r\n]*"([a-z0-9]{4,64})"')
"""What an event says it is about, wherever in it that stands. On the bytes, so that no two JSON readers can differ about it."""


class Unreadable(msgspec.Struct, frozen=True):
    """An event that is invalid under its own known schema, or that cannot stand where it does. It is passed over, alone."""

    why: str
    """For people. Another version may say it otherwise, so it stands in no report."""
    sha256: Digest
    """Of its bytes as they are stored; of the whole entry, where that is no JSON array."""
    names: tuple[str, ...] = ()
    """The ids and hashes that may tell which round it is about, in the order in which they stand, each once."""


def unreadable(why: str, raw: bytes) -> Unreadable:
    """Return what is known of an event whose bytes *raw* cannot be read. Total: any bytes have an answer."""
    return Unreadable(why, digest(raw), tuple(dict.fromkeys(found.decode("ascii") for found in _NAMED.findall(raw))))


def unreadable_entry(why: str, body: bytes) -> Unreadable:
    """
    Return what is known of an entry that is no JSON array.

    It may have held the ballots of many rounds, and what is still legible of it need not be all: it names nothing.
    """
    return Unreadable(why, digest(body))
